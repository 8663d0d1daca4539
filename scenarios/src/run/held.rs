//! What a peer holds, whichever version of IKE set it up.

use std::net::{IpAddr, SocketAddr};

use ipsec::Status;
use ipsec::ikev1::{self, Role};
use ipsec::ikev2::{ChildRecord, Stage};
use ipsec::wire::v2::TrafficSelector;

/// An IKE SA of either version.
pub(super) struct IkeSa<'a> {
    pub(super) connection: &'a str,
    pub(super) stage: Stage,
    /// The algorithms of an established one, in keywords.
    pub(super) suite: Option<String>,
    /// Where the other end is.
    pub(super) remote: SocketAddr,
    pub(super) pending: usize,
    /// The inside addresses that were assigned.
    pub(super) inside: &'a [IpAddr],
}

/// All IKE SAs of a peer, those of version 2 first.
pub(super) fn ike_sas(status: &Status) -> impl Iterator<Item = IkeSa<'_>> {
    let newer = status.ike.iter().map(|sa| IkeSa {
        connection: &sa.connection,
        stage: sa.stage,
        suite: sa.suite.as_ref().map(ToString::to_string),
        remote: sa.remote,
        pending: sa.pending,
        inside: &sa.inside,
    });
    let older = status.ikev1.ike.iter().map(|sa| IkeSa {
        connection: &sa.connection,
        stage: match (sa.established, sa.role) {
            (true, _) => Stage::Established,
            (false, Role::Initiator) => Stage::Init,
            (false, Role::Responder) => Stage::HalfOpen,
        },
        suite: sa.suite.as_ref().map(with_prf),
        remote: sa.remote,
        pending: sa.pending,
        inside: &sa.inside,
    });
    newer.chain(older)
}

/// The algorithms of an ISAKMP SA as a proposal names them: the hash of version 1 is integrity and PRF in one.
fn with_prf(suite: &ikev1::IkeSuite) -> String {
    let text = suite.to_string();
    let mut words = text.splitn(3, '-');
    match (words.next(), words.next(), words.next()) {
        (Some(cipher), Some(hash), Some(group)) => format!("{cipher}-{hash}-prf{hash}-{group}"),
        _ => text,
    }
}

/// How many pairs of SAs a peer has of this child.
pub(super) fn children(status: &Status, child: &str) -> usize {
    let newer = status.ike.iter().flat_map(|sa| &sa.children).filter(|own| own.name == child).count();
    newer + status.ikev1.children.iter().filter(|own| own.name == child).count()
}

/// A pair of SAs that version 1 has set up, in the words of version 2.
pub(crate) fn as_newer(record: &ikev1::ChildRecord) -> ChildRecord {
    let pair = &record.pair;
    let side = |local: bool| {
        let selector = |selector: &ipsec::dataplane::Selector| {
            let (range, ports) = match local {
                true => (selector.local, &selector.local_ports),
                false => (selector.remote, &selector.remote_ports),
            };
            TrafficSelector::Addresses {
                protocol: selector.protocol.unwrap_or(0),
                ports: (*ports.start(), *ports.end()),
                first: range.first(),
                last: range.last(),
            }
        };
        pair.inbound.selectors.iter().map(selector).collect()
    };
    ChildRecord {
        child: record.child.clone(),
        initiator: record.initiator,
        inbound: pair.inbound.spi,
        outbound: pair.outbound.spi,
        replaces: None,
        protection: pair.inbound.protection,
        mode: pair.inbound.mode,
        extended_sequence_numbers: pair.inbound.extended_sequence_numbers,
        local: side(true),
        remote: side(false),
        resource: None,
        addresses: record.addresses,
        inbound_key: pair.inbound.key.clone(),
        outbound_key: pair.outbound.key.clone(),
    }
}
