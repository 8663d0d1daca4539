//! What follows from a message: algorithms, NAT, Child SAs set up, replaced and deleted, and how the IKE SA stands.

use std::net::{IpAddr, SocketAddr};

use ipsec_crypto::HashAlgorithm;
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::{ExchangeType, IdType, NotifyType, PayloadType, Prf, ProtocolId};
use ipsec_wire::v2::{Identification, Payload, Proposal, TrafficSelector};

use super::content::{association, child_spi, error, has, notifies, prf, suite};
use super::keyed::{self, Beginning, Keyed};
use super::sa::{MOST_CHILDREN, Stage};
use super::{Asks, Incoming, Sa, inherit, proof};
use crate::flow::Flows;
use crate::keys::Keys;
use crate::rules::Rule;
use crate::teller::Teller;
use crate::told::ChildSummary;

/// An IKE SA that takes the place of another.
pub(super) struct Made {
    pub(super) spis: (IkeSpi, IkeSpi),
    pub(super) ends: [SocketAddr; 2],
    pub(super) suite: Vec<String>,
    pub(super) prf: Option<Prf>,
    pub(super) beginning: Beginning,
    pub(super) keyed: Option<Keyed>,
}

/// Takes from a message that stays closed what its place tells.
pub(super) fn sealed(sa: &mut Sa, incoming: &Incoming<'_>) {
    let is_response = incoming.header.flags.response;
    match (incoming.header.exchange, sa.stage) {
        (_, Stage::Ended) => {}
        (ExchangeType::IKE_AUTH | ExchangeType::IKE_INTERMEDIATE, Stage::Established) => {}
        (ExchangeType::IKE_AUTH, _) if is_response => {
            sa.becomes(Stage::Authenticating, "IKE_AUTH answered; without keys nobody knows how");
        }
        (ExchangeType::IKE_AUTH, Stage::Answered) => sa.becomes(Stage::Authenticating, "IKE_AUTH under way"),
        (ExchangeType::CREATE_CHILD_SA, Stage::Authenticating) => {
            sa.becomes(Stage::Established, "established, as what follows shows");
        }
        _ => {}
    }
}

/// Takes from the payloads of a message what there is to know; `asks` is what its request asks.
pub(super) fn from(
    sa: &mut Sa,
    incoming: &Incoming<'_>,
    (payloads, asks): (&[Payload], &Asks),
    (teller, keys, flows): (&mut Teller<'_>, &Keys, &mut Flows),
) -> Option<Made> {
    let (sender, is_response) = (incoming.sender(), incoming.header.flags.response);
    ends(sa, incoming, teller);
    for notify in notifies(payloads).filter(|notify| notify.kind == NotifyType::SET_WINDOW_SIZE) {
        if let Ok(size) = <[u8; 4]>::try_from(notify.data.as_slice()) {
            sa.sides[1 - sender].window = u32::from_be_bytes(size).max(1);
        }
    }
    if is_response && let Some(error) = error(payloads) {
        teller.note(incoming.course.from.ip(), format!("refuses: {error}"));
    }
    match incoming.header.exchange {
        ExchangeType::IKE_SA_INIT | ExchangeType::IKE_SESSION_RESUME => {
            nat(sa, incoming, payloads, teller);
            if !keys.shared().is_empty() && (!is_response || has(payloads, PayloadType::SA)) {
                sa.beginning.messages[sender] = incoming.octets.to_vec();
            }
            if is_response {
                first_response(sa, payloads);
                if let Some(chosen) = association(payloads).and_then(|sa| sa.proposals.first()) {
                    keyed::begin(sa, incoming.header.spi_r, chosen, (asks, payloads), keys);
                }
            } else {
                returned(sa, incoming, payloads, teller);
            }
        }
        ExchangeType::IKE_AUTH => {
            let with_ppk = [NotifyType::PPK_IDENTITY, NotifyType::PPK_IDENTITY_KEY];
            sa.beginning.has_ppk |= notifies(payloads).any(|notify| with_ppk.contains(&notify.kind));
            auth(sa, incoming, payloads, teller);
            proof::check(sa, incoming, payloads, (keys, teller));
            if is_response {
                child(sa, incoming, (payloads, asks), (teller, keys, flows));
            }
        }
        ExchangeType::IKE_INTERMEDIATE => {
            sa.is_intermediate = true;
            if is_response {
                keyed::further(sa, asks, payloads, keys);
            }
        }
        ExchangeType::CREATE_CHILD_SA if is_response => {
            child(sa, incoming, (payloads, asks), (teller, keys, flows));
            return replacement(sa, incoming, (payloads, asks), keys);
        }
        ExchangeType::INFORMATIONAL => deleted(sa, incoming, payloads, teller),
        _ => {}
    }
    None
}

/// Where the ends are, as their last authentic message shows.
fn ends(sa: &mut Sa, incoming: &Incoming<'_>, teller: &mut Teller<'_>) {
    let sender = incoming.sender();
    let (was, is) = (sa.ends[sender], incoming.course.from);
    let other = sa.ends[1 - sender];
    if was.ip() != other.ip() && is.ip() == other.ip() {
        // Somebody sends a message back where it came from.
        return;
    }
    if was.ip() != is.ip() && was.is_ipv4() == is.is_ipv4() {
        teller.note(is.ip(), format!("was at {} before", was.ip()));
    }
    sa.ends[sender] = is;
    if sa.stage == Stage::Begun || sa.ends[1 - sender].ip() == incoming.course.to.ip() {
        sa.ends[1 - sender] = incoming.course.to;
    }
}

/// Compares the hashes of addresses and ports with where the message came by (§2.23).
fn nat(sa: &mut Sa, incoming: &Incoming<'_>, payloads: &[Payload], teller: &mut Teller<'_>) {
    let (spi_i, spi_r) = (incoming.header.spi_i, incoming.header.spi_r);
    let sender = incoming.sender();
    let checks = [
        (NotifyType::NAT_DETECTION_SOURCE_IP, sender, incoming.course.from),
        (NotifyType::NAT_DETECTION_DESTINATION_IP, 1 - sender, incoming.course.to),
    ];
    for (kind, end, address) in checks {
        let mut hashes = notifies(payloads).filter(|notify| notify.kind == kind).peekable();
        let expected = nat_hash((spi_i, spi_r), address);
        if hashes.peek().is_none() || hashes.any(|notify| notify.data == expected) {
            continue;
        }
        if !std::mem::replace(&mut sa.summary.behind_nat[end], true) {
            teller
                .note(address.ip(), format!("is behind a NAT: the hash in {kind} is not that of {address}"));
        }
    }
}

/// SHA-1 over SPIs, address and port.
fn nat_hash(spis: (IkeSpi, IkeSpi), end: SocketAddr) -> Vec<u8> {
    let address = match end.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let (spi_i, spi_r) = (spis.0.0.to_be_bytes(), spis.1.0.to_be_bytes());
    HashAlgorithm::Sha1.digest(&[&spi_i, &spi_r, &address, &end.port().to_be_bytes()])
}

fn first_response(sa: &mut Sa, payloads: &[Payload]) {
    let cookie = notifies(payloads).find(|notify| notify.kind == NotifyType::COOKIE);
    if let Some(cookie) = cookie {
        sa.cookie = Some(cookie.data.clone());
        sa.becomes(Stage::Begun, "asked for a cookie");
    } else if let Some(error) = error(payloads) {
        sa.becomes(Stage::Begun, format!("refused with {error}"));
    } else if let Some(redirect) = notifies(payloads).find(|notify| notify.kind == NotifyType::REDIRECT) {
        sa.becomes(Stage::Ended, format!("sent elsewhere with {}", redirect.kind));
    } else {
        if let Some(chosen) = association(payloads).and_then(|sa| sa.proposals.first()) {
            sa.summary.suite = suite(chosen);
        }
        sa.prf = association(payloads).and_then(prf);
        sa.becomes(Stage::Answered, "keys agreed on, not authenticated");
    }
}

/// Whether a cookie is returned that was asked for (§2.6).
fn returned(sa: &mut Sa, incoming: &Incoming<'_>, payloads: &[Payload], teller: &mut Teller<'_>) {
    let Some(cookie) = &sa.cookie else { return };
    let first = match payloads.first() {
        Some(Payload::Notify(notify)) if notify.kind == NotifyType::COOKIE => Some(&notify.data),
        _ => None,
    };
    if first != Some(cookie) {
        let what =
            if first.is_some() { "another cookie than was given" } else { "no cookie, though one was given" };
        teller.broke(incoming.course.from.ip(), Rule::COOKIE, what);
    }
}

fn auth(sa: &mut Sa, incoming: &Incoming<'_>, payloads: &[Payload], teller: &mut Teller<'_>) {
    let is_response = incoming.header.flags.response;
    for payload in payloads {
        match payload {
            Payload::IdI(id) => sa.summary.identities[0] = Some(identity(id)),
            Payload::IdR(id) if is_response => sa.summary.identities[1] = Some(identity(id)),
            Payload::Auth(auth) if is_response && has(payloads, PayloadType::ID_R) => {
                sa.summary.method = Some(auth.method.to_string());
            }
            Payload::Sa(offer) if !is_response => sa.beginning.offered = Some(offer.clone()),
            _ => {}
        }
    }
    match error(payloads) {
        _ if !is_response => {
            if sa.stage == Stage::Answered {
                sa.becomes(Stage::Authenticating, "IKE_AUTH under way");
            }
        }
        Some(error) if !has(payloads, PayloadType::AUTH) => {
            sa.becomes(Stage::Ended, format!("failed: {error} from {}", incoming.course.from.ip()));
        }
        refused => {
            // What EAP goes on with is not proven yet (§2.16).
            let is_proven = has(payloads, PayloadType::AUTH) && !has(payloads, PayloadType::EAP);
            if is_proven && sa.stage != Stage::Established {
                let refused = refused.map_or(String::new(), |error| format!(", without a Child SA: {error}"));
                sa.becomes(Stage::Established, format!("established{refused}"));
                teller
                    .note(incoming.course.from.ip(), format!("IKE SA {} is established", sa.summary.number));
            }
        }
    }
}

fn identity(id: &Identification) -> String {
    let text = match (id.kind(), id.data()) {
        (IdType::IPV4_ADDR, [a, b, c, d]) => IpAddr::from([*a, *b, *c, *d]).to_string(),
        (IdType::IPV6_ADDR, data) => match <[u8; 16]>::try_from(data) {
            Ok(octets) => IpAddr::from(octets).to_string(),
            Err(_) => data.escape_ascii().to_string(),
        },
        (_, data) => data.escape_ascii().to_string(),
    };
    format!("{} {text}", id.kind())
}

/// A Child SA that a response agrees to.
fn child(
    sa: &mut Sa,
    incoming: &Incoming<'_>,
    (payloads, asks): (&[Payload], &Asks),
    (teller, keys, flows): (&mut Teller<'_>, &Keys, &mut Flows),
) {
    let taken = association(payloads).and_then(|sa| sa.proposals.first());
    let Some(taken) = taken.filter(|taken| matches!(taken.protocol, ProtocolId::ESP | ProtocolId::AH)) else {
        return;
    };
    let offer = |proposal: &&Proposal| proposal.number == taken.number && proposal.protocol == taken.protocol;
    // With EAP the offer came in an earlier request of IKE_AUTH.
    let earlier =
        sa.beginning.offered.as_ref().filter(|_| incoming.header.exchange == ExchangeType::IKE_AUTH);
    let offered = asks.offered.as_ref().or(earlier).and_then(|sa| sa.proposals.iter().find(offer)).cloned();
    let (Some(answered), Some(asked)) = (child_spi(taken), offered.as_ref().and_then(child_spi)) else {
        return;
    };
    let by_responder = incoming.asker() == 1;
    let (spi_i, spi_r) = if by_responder { (answered, asked) } else { (asked, answered) };
    flows.owners.add(spi_i, sa.summary.number);
    flows.owners.add(spi_r, sa.summary.number);
    keyed::child(sa, taken, (asked, answered), (asks, payloads), (keys, &mut flows.owners));
    // Within the exchange the asker is the initiator; here it is the initiator of the IKE SA.
    let mut selectors = agreed(payloads);
    if by_responder {
        selectors.swap(0, 1);
    }
    let is_transport = notifies(payloads).any(|notify| notify.kind == NotifyType::USE_TRANSPORT_MODE);
    let summary = ChildSummary {
        protocol: taken.protocol.to_string(),
        spi_i: format!("{spi_i:08x}"),
        spi_r: format!("{spi_r:08x}"),
        suite: suite(taken),
        selectors,
        is_transport,
        by_responder,
        outcome: "set up".to_owned(),
        at_nanos: teller.at,
    };
    let replaces = asks.rekeys.map_or(String::new(), |spi| format!(", in place of {spi:08x}"));
    teller.note(
        incoming.course.from.ip(),
        format!(
            "{} SAs {:08x} to the initiator and {:08x} to the responder{replaces}: {}",
            summary.protocol,
            spi_i,
            spi_r,
            summary.suite.join(" ")
        ),
    );
    if let Some(old) = asks.rekeys
        && let Some(old) = sa.child(incoming.asker(), taken.protocol, old)
    {
        old.outcome = "rekeyed".to_owned();
    }
    if sa.summary.children.len() >= MOST_CHILDREN {
        sa.summary.children.remove(0);
    }
    sa.summary.children.push(summary);
}

fn agreed(payloads: &[Payload]) -> [Vec<String>; 2] {
    let mut selectors = [Vec::new(), Vec::new()];
    for payload in payloads {
        match payload {
            Payload::TsI(list) => selectors[0] = list.iter().map(TrafficSelector::to_string).collect(),
            Payload::TsR(list) => selectors[1] = list.iter().map(TrafficSelector::to_string).collect(),
            _ => {}
        }
    }
    selectors
}

/// The IKE SA that a response agrees to put in the place of this one (§1.3.2).
fn replacement(
    sa: &Sa,
    incoming: &Incoming<'_>,
    (payloads, asks): (&[Payload], &Asks),
    keys: &Keys,
) -> Option<Made> {
    let spi = |proposal: &Proposal| {
        let octets = <[u8; 8]>::try_from(proposal.spi.as_slice()).ok()?;
        (proposal.protocol == ProtocolId::IKE).then_some(IkeSpi(u64::from_be_bytes(octets)))
    };
    let taken = association(payloads)?.proposals.first()?;
    let offered = asks.offered.as_ref()?.proposals.iter().find(|offer| offer.number == taken.number)?;
    let (asker, answerer) = (incoming.asker(), 1 - incoming.asker());
    let spis = (spi(offered)?, spi(taken)?);
    let (beginning, keyed) = keyed::replacement(sa, spis, taken, (asks, payloads), keys);
    let (suite, prf) = (suite(taken), association(payloads).and_then(prf));
    Some(Made { spis, ends: [sa.ends[asker], sa.ends[answerer]], suite, prf, beginning, keyed })
}

/// SAs that a message deletes, and failures that it tells of (§1.4.1).
fn deleted(sa: &mut Sa, incoming: &Incoming<'_>, payloads: &[Payload], teller: &mut Teller<'_>) {
    let (who, sender) = (incoming.course.from.ip(), incoming.sender());
    for payload in payloads {
        let Payload::Delete(delete) = payload else { continue };
        if delete.protocol == ProtocolId::IKE {
            teller.note(who, format!("deletes IKE SA {}", sa.summary.number));
            let before = if sa.stage == Stage::Ended {
                format!("{}, then ", sa.summary.outcome)
            } else {
                String::new()
            };
            sa.becomes(Stage::Ended, format!("{before}deleted by {who}"));
            for child in sa.summary.children.iter_mut().filter(|child| child.outcome == "set up") {
                inherit::GONE.clone_into(&mut child.outcome);
            }
        }
        for spi in delete.child_spis() {
            if !incoming.header.flags.response {
                teller.note(who, format!("deletes {} SA {spi}", delete.protocol));
            }
            if let Some(child) = sa.child(sender, delete.protocol, spi.0)
                && !child.outcome.ends_with("deleted")
            {
                child.outcome =
                    if child.outcome == "rekeyed" { "rekeyed, then deleted" } else { "deleted" }.to_owned();
            }
        }
    }
    if !incoming.header.flags.response
        && let Some(error) = error(payloads)
    {
        teller.note(who, format!("tells of {error}"));
        if error == NotifyType::AUTHENTICATION_FAILED {
            sa.becomes(Stage::Ended, format!("failed: {error} from {who}"));
        }
    }
}
