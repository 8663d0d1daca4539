//! Post-quantum preshared keys (RFC 8784 §3, RFC 9867 §3.1), and proofs of the whole of `IKE_SA_INIT`
//! (draft-ietf-ipsecme-ikev2-downgrade-prevention).

use ipsec::ikev2::{FullTranscript, PpkConfig, PpkMethod};

use super::{Exchange, Matter, Refusal};
use crate::file::IkeEnd;

/// The initiator's end, and the responder's.
type Both<'a> = [&'a IkeEnd; 2];

/// What the initiator misses in the `IKE_SA_INIT` response that it requires.
pub(super) fn hello(ends: Both<'_>) -> Result<(), Refusal> {
    let [initiator, responder] = ends;
    let missing = |what: &str| {
        let why = format!("{} requires {what}, {} has none", initiator.peer, responder.peer);
        Err(Refusal::unheard(Exchange::IkeSaInit, Matter::Proof, why))
    };
    let [own, other] = ends.map(|end| end.quantum.full_transcript);
    if own == FullTranscript::Require && other == FullTranscript::Off {
        return missing("proof of the whole of IKE_SA_INIT");
    }
    match agreed_method(ends) {
        None if requires(initiator) => missing("a post-quantum preshared key"),
        _ => Ok(()),
    }
}

/// The PPKs in `IKE_INTERMEDIATE`, where both ends mix them in there.
pub(super) fn in_intermediate(ends: Both<'_>) -> Result<(), Refusal> {
    let [initiator, responder] = ends;
    if agreed_method(ends) != Some(PpkMethod::Intermediate) || has_common_key(ends) {
        return Ok(());
    }
    let (exchange, why) = (Exchange::IkeIntermediate, "they have no post-quantum preshared key in common");
    match (requires(responder), requires(initiator)) {
        (true, _) => Err(Refusal::answered(exchange, Matter::Proof, "AUTHENTICATION_FAILED", why.to_owned())),
        (_, true) => Err(Refusal::unheard(exchange, Matter::Proof, why.to_owned())),
        _ => Ok(()),
    }
}

/// Why the initiator's first proof, with a PPK in it or not, is none for the responder, if it is none.
pub(super) fn disbelief(ends: Both<'_>) -> Option<String> {
    let [initiator, responder] = ends;
    if agreed_method(ends) != Some(PpkMethod::Auth) {
        return None;
    }
    let named = initiator.quantum.ppk.iter().find_map(|ppk| ppk.keys.first());
    let mut known = responder.quantum.ppk.iter().flat_map(|ppk| &ppk.keys);
    match known.find(|known| named.is_some_and(|named| named.id == known.id)) {
        Some(known) if Some(known) == named => None,
        Some(_) => Some("their post-quantum preshared keys of one name differ".to_owned()),
        // There is a proof without it beside.
        None if !requires(initiator) => None,
        None => Some("they have no post-quantum preshared key in common".to_owned()),
    }
}

/// What the responder misses in the end that it requires.
pub(super) fn missing(ends: Both<'_>) -> Option<String> {
    let [initiator, responder] = ends;
    if requires(responder) && (agreed_method(ends).is_none() || !has_common_key(ends)) {
        return Some(format!("{} requires a post-quantum preshared key", responder.peer));
    }
    let [first, second] = ends.map(|end| end.quantum.full_transcript);
    let unproven = second == FullTranscript::Require && first == FullTranscript::Off;
    unproven.then(|| format!("{} does not prove the whole of IKE_SA_INIT", initiator.peer))
}

fn has_common_key(ends: Both<'_>) -> bool {
    let keys = ends.map(|end| end.quantum.ppk.iter().flat_map(|ppk| ppk.keys.clone()).collect::<Vec<_>>());
    keys[0].iter().any(|key| keys[1].contains(key))
}

/// Where both ends mix PPKs in, if they do: in `IKE_INTERMEDIATE` if they can.
fn agreed_method(ends: Both<'_>) -> Option<PpkMethod> {
    let allows = |end: &IkeEnd, method| {
        let speaks = end.quantum.intermediate || method == PpkMethod::Auth;
        speaks && end.quantum.ppk.as_ref().is_some_and(|ppk: &PpkConfig| ppk.methods.contains(&method))
    };
    let both = |method: &PpkMethod| ends.iter().all(|end| allows(end, *method));
    [PpkMethod::Intermediate, PpkMethod::Auth].into_iter().find(both)
}

fn requires(end: &IkeEnd) -> bool {
    end.quantum.ppk.as_ref().is_some_and(|ppk| ppk.required)
}
