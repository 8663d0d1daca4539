//! What the payloads of a message have to be (RFC 7296 §1.2 to §1.4, §2.6, §2.10, §3.3), as functions without state.

use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType as Type, Prf, ProtocolId, TransformType};
use ipsec_wire::v2::{Notify, Payload, Proposal, SecurityAssociation};

use super::chain::Breach;
use crate::rules::Rule;

pub(super) fn notifies(payloads: &[Payload]) -> impl Iterator<Item = &Notify> {
    payloads.iter().filter_map(|payload| match payload {
        Payload::Notify(notify) => Some(notify),
        _ => None,
    })
}

pub(super) fn association(payloads: &[Payload]) -> Option<&SecurityAssociation> {
    payloads.iter().find_map(|payload| match payload {
        Payload::Sa(sa) => Some(sa),
        _ => None,
    })
}

pub(super) fn has(payloads: &[Payload], kind: Type) -> bool {
    payloads.iter().any(|payload| payload.kind() == kind)
}

/// The first error that a message tells of.
pub(super) fn error(payloads: &[Payload]) -> Option<NotifyType> {
    notifies(payloads).map(|notify| notify.kind).find(|kind| kind.is_error())
}

/// Whether a response refuses or puts off what was asked, so that it need not have what it otherwise would.
fn refuses(payloads: &[Payload]) -> bool {
    error(payloads).is_some()
        || notifies(payloads).any(|notify| matches!(notify.kind, NotifyType::COOKIE | NotifyType::REDIRECT))
}

/// Payloads that a message has to have.
pub(super) fn missing(exchange: ExchangeType, is_response: bool, payloads: &[Payload]) -> Option<Breach> {
    let for_child = association(payloads).is_some_and(|sa| {
        sa.proposals.iter().any(|proposal| matches!(proposal.protocol, ProtocolId::ESP | ProtocolId::AH))
    });
    let needed: &[Type] = match exchange {
        _ if is_response && refuses(payloads) => &[],
        ExchangeType::IKE_SA_INIT => &[Type::SA, Type::KE, Type::NONCE],
        ExchangeType::IKE_SESSION_RESUME => &[Type::NONCE],
        ExchangeType::CREATE_CHILD_SA if for_child => &[Type::SA, Type::NONCE, Type::TS_I, Type::TS_R],
        ExchangeType::CREATE_CHILD_SA => &[Type::SA, Type::NONCE, Type::KE],
        ExchangeType::IKE_AUTH if has(payloads, Type::SA) => &[Type::TS_I, Type::TS_R],
        _ => &[],
    };
    let missing: Vec<String> =
        needed.iter().filter(|kind| !has(payloads, **kind)).map(ToString::to_string).collect();
    if missing.is_empty() {
        return None;
    }
    Some((Rule::MISSING, format!("no {} in {exchange}", missing.join(", "))))
}

/// What is wrong with the nonces of a message, where this PRF was agreed on.
pub(super) fn nonce(payloads: &[Payload], prf: Option<Prf>) -> Option<Breach> {
    let least = (prf.map_or(0, prf_key) / 2).max(16);
    payloads.iter().find_map(|payload| match payload {
        Payload::Nonce(nonce) if !(least..=256).contains(&nonce.len()) => {
            Some((Rule::NONCE, format!("a nonce of {} octets, expected {least} to 256", nonce.len())))
        }
        _ => None,
    })
}

/// The length in octets of the key that a PRF prefers.
fn prf_key(prf: Prf) -> usize {
    match prf {
        Prf::HMAC_SHA1 => 20,
        Prf::HMAC_SHA2_256 => 32,
        Prf::HMAC_SHA2_384 => 48,
        Prf::HMAC_SHA2_512 => 64,
        _ => 16,
    }
}

/// The PRF of a proposal that was taken.
pub(super) fn prf(sa: &SecurityAssociation) -> Option<Prf> {
    let transforms = sa.proposals.first()?.transforms.iter();
    transforms.clone().find(|transform| transform.kind == TransformType::PRF).map(|prf| Prf(prf.id))
}

/// What is wrong with what a response takes of an offer.
pub(super) fn choice(offered: &SecurityAssociation, taken: &SecurityAssociation) -> Option<Breach> {
    let wrong = |what: String| Some((Rule::PROPOSAL, what));
    let [taken] = &taken.proposals[..] else {
        return wrong(format!("{} proposals, expected one", taken.proposals.len()));
    };
    let same = |proposal: &&Proposal| proposal.number == taken.number && proposal.protocol == taken.protocol;
    let Some(offer) = offered.proposals.iter().find(same) else {
        return wrong(format!("proposal {} of {} was not offered", taken.number, taken.protocol));
    };
    for (at, transform) in taken.transforms.iter().enumerate() {
        if !offer.transforms.contains(transform) {
            return wrong(format!("{transform} was not offered in proposal {}", taken.number));
        }
        if taken.transforms[..at].iter().any(|other| other.kind == transform.kind) {
            return wrong(format!("more than one transform for {}", transform.kind));
        }
    }
    // No integrity, no key exchange and sequence numbers of 32 bits all have the number 0, and go without saying (§3.3.6).
    let goes_unsaid =
        |kind| offer.transforms.iter().any(|transform| transform.kind == kind && transform.id == 0);
    let left_out = offer.transforms.iter().find(|offered| {
        !goes_unsaid(offered.kind) && !taken.transforms.iter().any(|taken| taken.kind == offered.kind)
    });
    match left_out {
        Some(transform) => wrong(format!("no transform for {}, which was offered", transform.kind)),
        None => None,
    }
}

/// SPIs of Child SAs that no SA may have.
pub(super) fn child_spis(sa: &SecurityAssociation) -> Option<Breach> {
    sa.proposals.iter().find_map(|proposal| {
        let is_child = matches!(proposal.protocol, ProtocolId::ESP | ProtocolId::AH);
        let spi = child_spi(proposal);
        match spi {
            _ if !is_child => None,
            Some(spi) if spi > 255 => None,
            Some(spi) => Some((Rule::CHILD_SPI, format!("the SPI {spi:08x} is reserved"))),
            None => Some((Rule::CHILD_SPI, format!("an SPI of {} octets, expected 4", proposal.spi.len()))),
        }
    })
}

/// The SPI of a proposal for a Child SA.
pub(super) fn child_spi(proposal: &Proposal) -> Option<u32> {
    <[u8; 4]>::try_from(proposal.spi.as_slice()).ok().map(u32::from_be_bytes)
}

/// The names of a proposal's transforms, an additional key exchange with its place; that sequence numbers have 32 bits goes
/// without saying.
pub(super) fn suite(proposal: &Proposal) -> Vec<String> {
    let said = proposal
        .transforms
        .iter()
        .filter(|transform| transform.kind != TransformType::SN || transform.id != 0);
    said.map(|transform| match transform.kind.0 {
        kind @ 6..=12 => format!("ADDKE{} {transform}", kind - 5),
        _ => transform.to_string(),
    })
    .collect()
}
