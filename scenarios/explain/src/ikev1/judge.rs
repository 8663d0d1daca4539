//! What a message of version 1 has to be (RFC 2408 §3.1 and §4.2, RFC 2409 §5).

use ipsec_wire::registry::v1::{ExchangeType, PayloadType as Type};
use ipsec_wire::v1::{Attribute, Header, Payload, SecurityAssociation};

use super::Sa;
use crate::rules::Rule;
use crate::teller::Teller;
use crate::transport::Course;

/// Judges what stands in the clear before all payloads.
pub(super) fn header(header: &Header, octets: &[u8], course: Course, teller: &mut Teller<'_>) {
    let who = course.from.ip();
    let flags = octets[FLAGS_AT];
    if flags & !DEFINED_FLAGS != 0 {
        teller.broke(who, Rule::V1_FLAGS, format!("the flags are {flags:#04x}"));
    }
    if header.spi_i.0 == 0 {
        teller.broke(who, Rule::V1_COOKIE, "the initiator's cookie is zero");
    }
    let is_phase2 =
        matches!(header.exchange, ExchangeType::QUICK | ExchangeType::NEW_GROUP | ExchangeType::TRANSACTION);
    let is_phase1 =
        matches!(header.exchange, ExchangeType::MAIN | ExchangeType::AGGRESSIVE | ExchangeType::BASE);
    if is_phase1 && header.message_id != 0 {
        teller.broke(
            who,
            Rule::V1_MESSAGE_ID,
            format!("phase 1 with the message ID {:08x}", header.message_id),
        );
    }
    // A piece has no message ID, whatever it is a piece of (MS-IKEE §2.2.3.1).
    if is_phase2 && header.message_id == 0 && header.next_payload != Type::FRAGMENT {
        teller.broke(who, Rule::V1_MESSAGE_ID, format!("{} with the message ID zero", header.exchange));
    }
    if is_phase2 && !header.flags.encryption && header.next_payload != Type::FRAGMENT {
        teller.broke(who, Rule::V1_CLEAR, format!("{} in the clear", header.exchange));
    }
}

/// Judges the payloads of a message, by its place in its exchange.
pub(super) fn payloads(
    sa: &Sa,
    header: &Header,
    payloads: &[Payload],
    course: Course,
    teller: &mut Teller<'_>,
) {
    let who = course.from.ip();
    let kinds: Vec<Type> = payloads.iter().map(Payload::kind).collect();
    for payload in payloads {
        if let Payload::Nonce(nonce) = payload
            && !(8..=256).contains(&nonce.len())
            // Encrypted for the peer's key it is longer (§5.2).
            && kinds.contains(&Type::SA) | (header.exchange == ExchangeType::QUICK)
        {
            teller.broke(
                who,
                Rule::V1_NONCE,
                format!("a nonce of {} octets, expected 8 to 256", nonce.len()),
            );
        }
    }
    let association = payloads.iter().find_map(|payload| match payload {
        Payload::Sa(association) => Some(association),
        _ => None,
    });
    match header.exchange {
        ExchangeType::MAIN | ExchangeType::AGGRESSIVE => {
            if kinds.contains(&Type::SA) && kinds.first() != Some(&Type::SA) {
                let first = kinds.first().copied().unwrap_or(Type::NONE);
                teller.broke(who, Rule::V1_SA_FIRST, format!("{first} comes before SA"));
            }
            let missing = match (header.exchange, sa.phase1) {
                (_, 0) | (ExchangeType::MAIN, 1) if !kinds.contains(&Type::SA) => Some("SA"),
                (ExchangeType::AGGRESSIVE, 0 | 1) | (ExchangeType::MAIN, 2 | 3)
                    if !kinds.contains(&Type::KE) =>
                {
                    Some("KE")
                }
                (ExchangeType::AGGRESSIVE, 0 | 1) | (ExchangeType::MAIN, 2 | 3)
                    if !kinds.contains(&Type::NONCE) =>
                {
                    Some("Nonce")
                }
                _ => None,
            };
            if let Some(missing) = missing.filter(|_| sa.begins() && !is_notice(&kinds)) {
                let what = format!("no {missing} in message {} of {}", sa.phase1 + 1, header.exchange);
                teller.broke(who, Rule::V1_MISSING, what);
            }
            choice(sa.offered.as_ref().filter(|_| sa.end_of(course.from) == 1), association, course, teller);
        }
        ExchangeType::QUICK if header.flags.encryption => {
            if kinds.first() != Some(&Type::HASH) {
                teller.broke(who, Rule::V1_HASH_FIRST, "quick mode without HASH as first payload");
            } else if kinds.contains(&Type::SA) && kinds.get(1) != Some(&Type::SA) {
                teller.broke(who, Rule::V1_HASH_FIRST, "SA does not follow HASH in quick mode");
            }
            if kinds.contains(&Type::SA) && !kinds.contains(&Type::NONCE) {
                teller.broke(who, Rule::V1_MISSING, "no Nonce in quick mode");
            }
            let offered = sa.exchanges.get(&header.message_id).filter(|exchange| exchange.messages == 1);
            choice(offered.and_then(|exchange| exchange.offered.as_ref()), association, course, teller);
        }
        _ => {}
    }
}

fn is_notice(kinds: &[Type]) -> bool {
    kinds.iter().all(|kind| matches!(*kind, Type::NOTIFY | Type::DELETE | Type::HASH))
}

/// Judges what a response takes of an offer: one transform of each proposal, as it was offered.
fn choice(
    offered: Option<&SecurityAssociation>,
    taken: Option<&SecurityAssociation>,
    course: Course,
    teller: &mut Teller<'_>,
) {
    let (Some(offered), Some(taken)) = (offered, taken) else { return };
    for proposal in &taken.proposals {
        let [transform] = &proposal.transforms[..] else {
            let what = format!("{} transforms are taken, expected one", proposal.transforms.len());
            teller.broke(course.from.ip(), Rule::V1_PROPOSAL, what);
            return;
        };
        // Numbers of proposals and transforms need not be kept (RFC 2408 §4.2 recommends it), nor the order of attributes.
        let is_offered = offered
            .proposals
            .iter()
            .filter(|offer| offer.protocol == proposal.protocol)
            .flat_map(|offer| &offer.transforms)
            .any(|offer| offer.id == transform.id && are_same(&offer.attributes, &transform.attributes));
        if !is_offered {
            teller.broke(course.from.ip(), Rule::V1_PROPOSAL, format!("{proposal} was not offered"));
        }
    }
}

/// Whether two lists hold the same attributes, in any order.
fn are_same(one: &[Attribute], other: &[Attribute]) -> bool {
    one.len() == other.len() && one.iter().all(|attribute| other.contains(attribute))
}

/// The offset of the flags.
const FLAGS_AT: usize = 19;
/// Those that mean something: encryption, commit, authentication only.
const DEFINED_FLAGS: u8 = 0x07;
