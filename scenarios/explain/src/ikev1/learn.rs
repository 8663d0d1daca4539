//! What follows from a message of version 1: what was agreed on, NAT, IPsec SAs set up and deleted, how the ISAKMP SA stands.

use std::net::{IpAddr, SocketAddr};

use ipsec_crypto::HashAlgorithm;
use ipsec_wire::registry::v1::{EncapsulationMode, ExchangeType, NotifyType, ProtocolId, transform_name};
use ipsec_wire::v1::{
    Header, Identification, Payload, Phase1, Phase2, Proposal, SecurityAssociation, Subject,
};

use super::cipher::hash_of;
use super::{Exchange, Sa, keyed};
use crate::flow::Flows;
use crate::keys::Keys;
use crate::teller::Teller;
use crate::told::ChildSummary;
use crate::transport::Course;

/// Takes from a message that stays closed what its place tells.
pub(super) fn sealed(sa: &mut Sa, header: &Header, course: Course) {
    moved(sa, course);
    match header.exchange {
        ExchangeType::MAIN | ExchangeType::AGGRESSIVE => phase1_goes_on(sa),
        ExchangeType::QUICK if !sa.is_ended => {
            sa.summary.is_established = true;
            sa.summary.outcome = "established, as quick mode shows".to_owned();
        }
        _ => {}
    }
}

/// Takes from payloads what there is to know.
pub(super) fn from(
    sa: &mut Sa,
    header: &Header,
    payloads: &[Payload],
    course: Course,
    (teller, keys, flows): (&mut Teller<'_>, &Keys, &mut Flows),
) {
    moved(sa, course);
    let sender = sa.end_of(course.from);
    match header.exchange {
        ExchangeType::MAIN | ExchangeType::AGGRESSIVE => {
            phase1(sa, payloads, sender);
            nat(sa, header, payloads, course, teller);
            let was = sa.summary.is_established;
            phase1_goes_on(sa);
            if sa.summary.is_established && !was {
                teller.note(course.from.ip(), format!("ISAKMP SA {} is established", sa.summary.number));
            }
        }
        ExchangeType::QUICK => quick(sa, header, payloads, course, (teller, keys, flows)),
        ExchangeType::INFORMATIONAL => informational(sa, payloads, course, teller),
        _ => {}
    }
}

/// Ports change when a NAT is found.
fn moved(sa: &mut Sa, course: Course) {
    let sender = sa.end_of(course.from);
    sa.ends[sender] = course.from;
    sa.ends[1 - sender] = course.to;
}

fn association(payloads: &[Payload]) -> Option<&SecurityAssociation> {
    payloads.iter().find_map(|payload| match payload {
        Payload::Sa(association) => Some(association),
        _ => None,
    })
}

fn phase1(sa: &mut Sa, payloads: &[Payload], sender: usize) {
    for payload in payloads {
        match payload {
            Payload::Sa(association) if sender == 0 => sa.offered = Some(association.clone()),
            Payload::Sa(association) => {
                let transform =
                    association.proposals.first().and_then(|proposal| proposal.transforms.first());
                if let Some(said) = transform.and_then(|transform| Phase1::read(&transform.attributes).ok()) {
                    sa.summary.method = said.auth.map(|method| method.to_string());
                    sa.summary.suite = suite(&said);
                }
                sa.taken = Some(association.clone());
            }
            Payload::Ke(public) => sa.publics[sender] = Some(public.clone()),
            Payload::Nonce(nonce) => sa.nonces[sender] = Some(nonce.clone()),
            Payload::Id(id) => sa.summary.identities[sender] = Some(identity(id)),
            _ => {}
        }
    }
}

fn suite(said: &Phase1) -> Vec<String> {
    let bits = said.key_bits.map_or(String::new(), |bits| format!("-{bits}"));
    let encryption = said.encryption.map(|encryption| format!("{encryption}{bits}"));
    let hash = said.hash.map(|hash| hash.to_string());
    let group = said.group.map(|group| group.to_string());
    [encryption, hash, group].into_iter().flatten().collect()
}

/// Counts a message of phase 1: main mode has six, aggressive mode three.
fn phase1_goes_on(sa: &mut Sa) {
    sa.phase1 += 1;
    let needed = if sa.summary.mode.as_deref() == Some("main mode") { 6 } else { 3 };
    if !sa.begins() || sa.is_ended {
        return;
    }
    if sa.phase1 >= needed {
        sa.summary.is_established = true;
        sa.summary.outcome = "established".to_owned();
    } else {
        sa.summary.outcome = format!("{} of {needed} messages of phase 1", sa.phase1);
    }
}

/// Compares the hashes of addresses and ports with where the message came by (RFC 3947 §3.2).
fn nat(sa: &mut Sa, header: &Header, payloads: &[Payload], course: Course, teller: &mut Teller<'_>) {
    let hash = sa.taken.as_ref().and_then(|taken| {
        let transform = taken.proposals.first()?.transforms.first()?;
        hash_of(Phase1::read(&transform.attributes).ok()?.hash?)
    });
    let Some(hash) = hash else { return };
    let hashes: Vec<&Vec<u8>> = payloads
        .iter()
        .filter_map(|payload| match payload {
            Payload::NatD(hash) | Payload::NatDDraft(hash) => Some(hash),
            _ => None,
        })
        .collect();
    let [destination, sources @ ..] = &hashes[..] else { return };
    if header.flags.encryption {
        // They were sent from another port than the one they tell of.
        return;
    }
    let sender = sa.end_of(course.from);
    let of = |end: SocketAddr| nat_hash(hash, header, end);
    let fits = [sources.contains(&&of(course.from)), **destination == of(course.to)];
    for (fits, end, address) in [(fits[0], sender, course.from), (fits[1], 1 - sender, course.to)] {
        if !fits && !std::mem::replace(&mut sa.summary.behind_nat[end], true) {
            teller.note(address.ip(), format!("is behind a NAT: no NAT-D payload has the hash of {address}"));
        }
    }
}

fn nat_hash(hash: HashAlgorithm, header: &Header, end: SocketAddr) -> Vec<u8> {
    let address = match end.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let (spi_i, spi_r) = (header.spi_i.0.to_be_bytes(), header.spi_r.0.to_be_bytes());
    hash.digest(&[&spi_i, &spi_r, &address, &end.port().to_be_bytes()])
}

/// Quick mode: the third message takes the SAs of the first two into use.
fn quick(
    sa: &mut Sa,
    header: &Header,
    payloads: &[Payload],
    course: Course,
    (teller, keys, flows): (&mut Teller<'_>, &Keys, &mut Flows),
) {
    let sender = sa.end_of(course.from);
    if sa.exchanges.get(&header.message_id).is_none() {
        let exchange = Exchange {
            kind: header.exchange,
            asker: sender,
            messages: 0,
            offered: None,
            taken: None,
            selectors: [String::new(), String::new()],
            nonces: [None, None],
            publics: [None, None],
        };
        sa.exchanges.add(header.message_id, exchange);
    }
    let Some(exchange) = sa.exchanges.get_mut(&header.message_id) else { return };
    exchange.messages += 1;
    match association(payloads) {
        Some(association) if sender == exchange.asker => exchange.offered = Some(association.clone()),
        Some(association) => exchange.taken = Some(association.clone()),
        None => {}
    }
    let end = usize::from(sender != exchange.asker);
    for payload in payloads {
        match payload {
            Payload::Nonce(nonce) => exchange.nonces[end] = Some(nonce.clone()),
            Payload::Ke(public) => exchange.publics[end] = Some(public.clone()),
            _ => {}
        }
    }
    let mut ids = payloads.iter().filter_map(|payload| match payload {
        Payload::Id(id) => Some(identity(id)),
        _ => None,
    });
    if let (Some(i), Some(r)) = (ids.next(), ids.next()) {
        exchange.selectors = [i, r];
    }
    if exchange.messages != 3 || exchange.kind != ExchangeType::QUICK {
        return;
    }
    let (Some(offered), Some(taken)) = (exchange.offered.take(), exchange.taken.take()) else { return };
    let (nonces, publics) = (exchange.nonces.clone(), exchange.publics.clone());
    let exchange = (exchange.asker, exchange.selectors.clone());
    agreed(sa, (&offered, &taken), exchange, course, (teller, flows));
    let (Some(root), [Some(nonce_i), Some(nonce_r)]) = (&sa.root, &nonces) else { return };
    let publics = publics.each_ref().map(Option::as_deref);
    let quick = keyed::Quick { nonces: [nonce_i, nonce_r], publics };
    for (proposal, spis) in pairs(&offered, &taken) {
        keyed::child(root, proposal, spis, &quick, (keys, &mut flows.owners));
    }
}

/// The proposals for IPsec SAs that were taken, with the SPIs of both ends: of who asked, then of who answered.
fn pairs<'a>(
    offered: &'a SecurityAssociation,
    taken: &'a SecurityAssociation,
) -> impl Iterator<Item = (&'a Proposal, [u32; 2])> {
    let spi = |octets: &[u8]| <[u8; 4]>::try_from(octets).ok().map(u32::from_be_bytes);
    let of_ipsec = taken.proposals.iter().filter(|p| matches!(p.protocol, ProtocolId::ESP | ProtocolId::AH));
    of_ipsec.filter_map(move |proposal| {
        let offer = offered
            .proposals
            .iter()
            .find(|offer| offer.protocol == proposal.protocol && offer.number == proposal.number)?;
        Some((proposal, [spi(&offer.spi)?, spi(&proposal.spi)?]))
    })
}

/// The SAs that a quick mode came to.
fn agreed(
    sa: &mut Sa,
    (offered, taken): (&SecurityAssociation, &SecurityAssociation),
    (asker, selectors): (usize, [String; 2]),
    course: Course,
    (teller, flows): (&mut Teller<'_>, &mut Flows),
) {
    for (proposal, [asked, answered]) in pairs(offered, taken) {
        let (spi_i, spi_r) = if asker == 1 { (answered, asked) } else { (asked, answered) };
        flows.owners.add(spi_i, sa.summary.number);
        flows.owners.add(spi_r, sa.summary.number);
        let mut selectors =
            selectors.clone().map(|text| if text.is_empty() { Vec::new() } else { vec![text] });
        if asker == 1 {
            selectors.swap(0, 1);
        }
        let transform = proposal.transforms.first();
        let said = transform.and_then(|transform| Phase2::read(&transform.attributes).ok());
        let mode = said.as_ref().and_then(|said| said.mode);
        let suite = match (transform, &said) {
            (Some(transform), Some(said)) => child_suite(proposal.protocol, transform.id, said),
            _ => Vec::new(),
        };
        let transport = [
            EncapsulationMode::TRANSPORT,
            EncapsulationMode::UDP_TRANSPORT,
            EncapsulationMode::UDP_TRANSPORT_DRAFT,
        ];
        let text = format!(
            "{} SAs {spi_i:08x} to the initiator and {spi_r:08x} to the responder: {}",
            proposal.protocol,
            suite.join(" ")
        );
        teller.note(course.from.ip(), text);
        sa.summary.children.push(ChildSummary {
            protocol: proposal.protocol.to_string(),
            spi_i: format!("{spi_i:08x}"),
            spi_r: format!("{spi_r:08x}"),
            suite,
            selectors,
            is_transport: mode.is_some_and(|mode| transport.contains(&mode)),
            by_responder: asker == 1,
            outcome: "set up".to_owned(),
            at_nanos: teller.at,
        });
        if sa.summary.children.len() > MOST_CHILDREN {
            sa.summary.children.remove(0);
        }
    }
}

/// The names of what protects packets.
fn child_suite(protocol: ProtocolId, transform: u8, said: &Phase2) -> Vec<String> {
    let bits = said.key_bits.map_or(String::new(), |bits| format!("-{bits}"));
    let name = format!("{}{bits}", transform_name(protocol, transform));
    let authentication = said.authentication.map(|authentication| authentication.to_string());
    let group = said.group.map(|group| group.to_string());
    let numbers = said.sequence_numbers.map(|numbers| numbers.to_string());
    [Some(name), authentication, group, numbers].into_iter().flatten().collect()
}

fn informational(sa: &mut Sa, payloads: &[Payload], course: Course, teller: &mut Teller<'_>) {
    let who = course.from.ip();
    for payload in payloads {
        match payload {
            Payload::Delete(delete) => {
                for (spi_i, _) in delete.ike_spis() {
                    teller.note(who, format!("deletes ISAKMP SA {spi_i}"));
                    if spi_i == sa.cookies.0 {
                        sa.is_ended = true;
                        sa.summary.outcome = format!("deleted by {who}");
                    }
                }
                for spi in delete.ipsec_spis() {
                    teller.note(who, format!("deletes {} SA {spi}", delete.protocol));
                    let text = spi.to_string();
                    let child = sa
                        .summary
                        .children
                        .iter_mut()
                        .find(|child| [&child.spi_i, &child.spi_r].contains(&&text));
                    if let Some(child) = child {
                        child.outcome = "deleted".to_owned();
                    }
                }
            }
            Payload::Notify(notify) if notify.kind.is_error() => {
                teller.note(who, format!("tells of {}", notify.kind));
                if !sa.summary.is_established {
                    sa.summary.outcome = format!("refused with {}", notify.kind);
                }
            }
            Payload::Notify(notify) if notify.kind == NotifyType::INITIAL_CONTACT => {
                teller.note(who, "knows of no other SA with its peer");
            }
            _ => {}
        }
    }
}

fn identity(id: &Identification) -> String {
    match id.subject() {
        Some(Subject::Address(address)) => format!("{} {address}", id.kind),
        Some(Subject::Subnet { address, mask }) => format!("{} {address}/{mask}", id.kind),
        Some(Subject::Range { first, last }) => format!("{} {first}-{last}", id.kind),
        None => format!("{} {}", id.kind, id.data.escape_ascii()),
    }
}

/// So many pairs of SAs of an ISAKMP SA are told.
const MOST_CHILDREN: usize = 64;
