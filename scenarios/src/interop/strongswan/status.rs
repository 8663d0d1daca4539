//! What strongSwan holds, as it tells over VICI, in the form in which a virtual peer tells it.

use std::net::{IpAddr, SocketAddr};

use ipsec::Status;
use ipsec::dataplane::{Direction, Outer, Protection, SaStatus, UdpEncapsulation};
use ipsec::ikev1;
use ipsec::ikev2::{ChildStatus, IkeSaStatus, Nat, Role, Stage};
use ipsec::wire::{IkeSpi, Spi};

use super::super::vici::Section;
use super::algorithms;

/// The state of a daemon from the messages of `list-sas`, one for each IKE SA.
pub(super) fn status(messages: &[Section]) -> Status {
    let mut status = Status::default();
    for (connection, sa) in messages.iter().flat_map(|message| message.sections("")) {
        match sa.text("version") {
            "1" => older(&mut status, connection, sa),
            _ => newer(&mut status, connection, sa),
        }
        for (_, child) in sa.sections("child-sas").filter(|(_, child)| is_there(child)) {
            status.sas.extend(sas(sa, child));
        }
    }
    status
}

/// Whether the SA pair carries packets in both directions: one that was replaced or deleted stays a while, to receive what is
/// on its way.
fn is_there(child: &Section) -> bool {
    ["INSTALLED", "UPDATING", "REKEYING", "RETRYING"].contains(&child.text("state"))
}

fn newer(status: &mut Status, connection: &str, sa: &Section) {
    let role = if sa.text("initiator") == "yes" { Role::Initiator } else { Role::Responder };
    let stage = match (sa.text("state"), role) {
        ("ESTABLISHED" | "REKEYING", _) => Stage::Established,
        ("DELETING" | "REKEYED", _) => Stage::Deleting,
        ("CREATED" | "CONNECTING", Role::Initiator) => Stage::Init,
        ("CREATED" | "CONNECTING", Role::Responder) => Stage::HalfOpen,
        _ => return,
    };
    let Some((local, remote)) = ends(sa) else { return };
    let children = sa.sections("child-sas").filter(|(_, child)| is_there(child));
    status.ike.push(IkeSaStatus {
        connection: connection.to_owned(),
        role,
        spi_i: ike_spi(sa.text("initiator-spi")),
        spi_r: ike_spi(sa.text("responder-spi")),
        stage,
        suite: algorithms::suite(sa),
        local,
        remote,
        nat: Nat { here: sa.text("nat-local") == "yes", there: sa.text("nat-remote") == "yes" },
        peer: None,
        next_request: 0,
        next_expected: 0,
        pending: sa.list("tasks-active").len() + sa.list("tasks-queued").len(),
        inside: inside(sa),
        children: children
            .map(|(_, child)| ChildStatus {
                name: child.text("name").to_owned(),
                inbound: spi(child.text("spi-in")),
                outbound: spi(child.text("spi-out")),
                deleting: false,
            })
            .collect(),
    });
}

fn older(status: &mut Status, connection: &str, sa: &Section) {
    let established = match sa.text("state") {
        "ESTABLISHED" | "REKEYING" => true,
        "CREATED" | "CONNECTING" => false,
        _ => return,
    };
    let Some((local, remote)) = ends(sa) else { return };
    status.ikev1.ike.push(ikev1::IkeSaStatus {
        connection: connection.to_owned(),
        role: if sa.text("initiator") == "yes" { ikev1::Role::Initiator } else { ikev1::Role::Responder },
        cookie_i: ike_spi(sa.text("initiator-spi")),
        cookie_r: ike_spi(sa.text("responder-spi")),
        established,
        suite: None,
        local,
        remote,
        peer: None,
        user: None,
        inside: inside(sa),
        pending: sa.list("tasks-active").len() + sa.list("tasks-queued").len(),
    });
    for (_, child) in sa.sections("child-sas").filter(|(_, child)| is_there(child)) {
        status.ikev1.children.push(ikev1::ChildStatus {
            name: child.text("name").to_owned(),
            inbound: spi(child.text("spi-in")),
            outbound: spi(child.text("spi-out")),
            replaced: false,
        });
    }
}

/// Both SAs of a pair.
fn sas(sa: &Section, child: &Section) -> Vec<SaStatus> {
    let (Some((local, remote)), Some(suite)) = (ends(sa), algorithms::child_suite(child)) else {
        return Vec::new();
    };
    let encapsulation = (child.text("encap") == "yes").then_some(UdpEncapsulation {
        local_port: local.port(),
        remote_port: remote.port(),
        keepalive: None,
        original: None,
    });
    let number = |key: &str| child.text(key).parse().unwrap_or(0);
    let one = |direction, spi, packets, octets| SaStatus {
        policy: child.text("name").to_owned(),
        direction,
        spi,
        protection: Protection::Esp(suite),
        packets,
        octets,
        dropped: 0,
        sequence: 0,
        last_used: None,
        outer: Some(Outer { local: local.ip(), remote: remote.ip(), encapsulation }),
        fingerprint: [0; 8],
    };
    vec![
        one(Direction::Inbound, spi(child.text("spi-in")), number("packets-in"), number("bytes-in")),
        one(Direction::Outbound, spi(child.text("spi-out")), number("packets-out"), number("bytes-out")),
    ]
}

/// Where the two ends of an IKE SA are, the daemon's own first.
fn ends(sa: &Section) -> Option<(SocketAddr, SocketAddr)> {
    let end = |side: &str| {
        let address: IpAddr = sa.text(&format!("{side}-host")).parse().ok()?;
        Some(SocketAddr::new(address, sa.text(&format!("{side}-port")).parse().ok()?))
    };
    Some((end("local")?, end("remote")?))
}

/// The addresses that are lent: to the daemon, or by it.
fn inside(sa: &Section) -> Vec<IpAddr> {
    let lent = sa.list("local-vips").iter().chain(sa.list("remote-vips"));
    lent.filter_map(|address| address.parse().ok()).collect()
}

fn ike_spi(text: &str) -> IkeSpi {
    IkeSpi(u64::from_str_radix(text, 16).unwrap_or(0))
}

fn spi(text: &str) -> Spi {
    Spi(u32::from_str_radix(text, 16).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(state: &str) -> Section {
        Section::default()
            .with("name", "net")
            .with("state", state)
            .with("encap", "yes")
            .with("spi-in", "849d2b18")
            .with("spi-out", "fdaa785d")
            .with("encr-alg", "AES_GCM_16")
            .with("encr-keysize", "128")
            .with("packets-in", "7")
    }

    fn told(version: &str, state: &str) -> Section {
        let mut children = Section::default();
        children.add("net-1", child("INSTALLED"));
        children.add("net-2", child("DELETED"));
        let mut sa = Section::default()
            .with("version", version)
            .with("state", state)
            .with("local-host", "192.0.2.1")
            .with("local-port", "4500")
            .with("remote-host", "192.0.2.2")
            .with("remote-port", "4500")
            .with("initiator", "yes")
            .with("initiator-spi", "2b3631b34f5d2b92")
            .with("responder-spi", "d499ee6350ec0af8")
            .with("encr-alg", "AES_GCM_16")
            .with("encr-keysize", "128")
            .with("prf-alg", "PRF_HMAC_SHA2_256")
            .with("dh-group", "CURVE_25519");
        sa.add("child-sas", children);
        let mut message = Section::default();
        message.add("site", sa);
        message
    }

    #[test]
    fn an_established_sa_with_its_pair_is_read() {
        let status = status(&[told("2", "ESTABLISHED")]);
        let [sa] = &status.ike[..] else { panic!("{status:?}") };
        assert_eq!(
            (sa.connection.as_str(), sa.stage, sa.role),
            ("site", Stage::Established, Role::Initiator)
        );
        assert_eq!(sa.spi_i, IkeSpi(0x2b36_31b3_4f5d_2b92));
        assert_eq!(sa.children.len(), 1, "a deleted one is none");
        let [inbound, outbound] = &status.sas[..] else { panic!("{status:?}") };
        assert_eq!((inbound.spi, inbound.packets), (Spi(0x849d_2b18), 7));
        assert_eq!(outbound.spi, Spi(0xfdaa_785d));
        assert!(inbound.outer.is_some_and(|outer| outer.encapsulation.is_some()));
    }

    #[test]
    fn version_1_goes_into_its_own_lists_and_what_is_being_destroyed_nowhere() {
        let both = status(&[told("1", "CONNECTING"), told("2", "DESTROYING")]);
        assert_eq!((both.ike.len(), both.ikev1.ike.len(), both.ikev1.children.len()), (0, 1, 1));
        assert!(!both.ikev1.ike[0].established);
    }
}
