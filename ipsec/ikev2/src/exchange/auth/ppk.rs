//! A post-quantum preshared key in `IKE_AUTH` (RFC 8784 §3): mixed into `SK_d`, `SK_pi` and `SK_pr` before either end proves
//! who it is. Where it is optional, the initiator proves itself without it, too.
//!
//! ```text
//! SK {IDi AUTH(PPK) SAi2 TSi TSr N(PPK_IDENTITY) [N(NO_PPK_AUTH)]}   ------->
//!                                                                   <-------   SK {IDr AUTH(PPK) SAr2 … N(PPK_IDENTITY)}
//! ```
//!
//! The notifies stand beside the initiator's first AUTH: with EAP in the last request of the first exchange, so that the
//! responder's first AUTH is made without.

use ipsec_auth::Identity;
use ipsec_crypto::Provider;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Authentication, Notify, Payload};

use super::HalfOpen;
use super::responder::refuse;
use crate::config::{Connection, FullTranscript, Ppk, PpkMethod};
use crate::context::Context;
use crate::effect::{Effect, Mixed};
use crate::event::Event;
use crate::features::Features;
use crate::keys::{self, Keys};
use crate::message::{Opened, find_notify};
use crate::refusal::{Failure, Refusal};
use crate::sa::Role;

/// Whether both ends have said that they do this: what the responder has answered, counts.
fn is_agreed(half_open: HalfOpen<'_>) -> bool {
    Features::of(&half_open.said_by(Role::Responder)).ppk
}

fn with(half_open: HalfOpen<'_>, ppk: &Ppk, provider: &Provider) -> Option<Keys> {
    let crypto = half_open.crypto;
    keys::mix_ppk(provider, crypto.suite.prf, crypto.keys(), &ppk.secret).ok()
}

/// The PPK that we use as initiator.
fn ours(half_open: HalfOpen<'_>) -> Option<&Ppk> {
    let connection = &half_open.sa.connection;
    let ppk = connection.ppk.as_ref().filter(|_| connection.allows_ppk(PpkMethod::Auth))?;
    ppk.keys.first().filter(|_| is_agreed(half_open))
}

/// PPK_IDENTITY: an initiator's says which PPK it uses, a responder's that it does so, too.
pub(super) fn identity(data: Vec<u8>) -> Payload {
    Payload::Notify(Notify::new(NotifyType::PPK_IDENTITY, data))
}

/// What proves an initiator, as `prove` makes it with the keys of an IKE SA, and says by which PPK.
pub(super) fn proofs(
    half_open: HalfOpen<'_>,
    provider: &Provider,
    mut prove: impl FnMut(HalfOpen<'_>) -> Result<Vec<Payload>, Failure>,
) -> Result<Vec<Payload>, Failure> {
    let used = ours(half_open).and_then(|ppk| Some((ppk, with(half_open, ppk, provider)?)));
    let Some((ppk, keys)) = used else {
        return prove(half_open);
    };
    let mut payloads = prove(HalfOpen { ppk: Some(&keys), ..half_open })?;
    payloads.push(identity(ppk.wire_id()));
    if !half_open.sa.connection.requires_ppk() {
        let data = prove(half_open)?.into_iter().find_map(|payload| match payload {
            Payload::Auth(auth) => Some(auth.data),
            _ => None,
        });
        payloads.extend(data.map(|data| Payload::Notify(Notify::new(NotifyType::NO_PPK_AUTH, data))));
    }
    Ok(payloads)
}

/// The keys that an initiator goes on with, if the responder says in its answer to [`proofs`] that it uses the PPK.
pub(super) fn answered(
    half_open: HalfOpen<'_>,
    message: &Opened<'_>,
    cx: &Context<'_>,
) -> Result<Option<Keys>, Failure> {
    let uses = find_notify(&message.payloads, NotifyType::PPK_IDENTITY).is_some();
    let ppk = ours(half_open).filter(|_| uses);
    let proves_itself = message.payloads.iter().any(|payload| matches!(payload, Payload::Auth(_)));
    let lacks = half_open.sa.connection.requires_ppk() && !half_open.transcript.has_ppk;
    if ppk.is_none() && lacks && proves_itself {
        return Err(Failure::Authentication(
            "the responder does not use the post-quantum preshared key, which is required".to_owned(),
        ));
    }
    Ok(ppk.and_then(|ppk| with(half_open, ppk, cx.provider)))
}

/// What a responder makes of an initiator's PPK: the keys with it, and the proof that counts (RFC 8784 §3, table 1).
pub(super) fn offered(
    half_open: HalfOpen<'_>,
    (connection, initiator): (&Connection, &Identity),
    auth: &Authentication,
    message: &Opened<'_>,
    cx: &Context<'_>,
) -> Result<(Option<Keys>, Authentication), Refusal> {
    let denied = |why: &str| refuse(Failure::Authentication(format!("{initiator} {why}")));
    let notify = |kind| find_notify(&message.payloads, kind).map(|notify| &notify.data);
    let named = notify(NotifyType::PPK_IDENTITY).filter(|_| is_agreed(half_open));
    let keys = connection.ppk.iter().flat_map(|ppk| &ppk.keys);
    let known = keys.into_iter().find(|ppk| named == Some(&ppk.wire_id()));
    if let Some(keys) = known.and_then(|ppk| with(half_open, ppk, cx.provider)) {
        return Ok((Some(keys), auth.clone()));
    }
    if !is_agreed(half_open) {
        return Ok((None, auth.clone()));
    }
    match (named, notify(NotifyType::NO_PPK_AUTH)) {
        (Some(_), Some(data)) => Ok((None, Authentication { method: auth.method, data: data.clone() })),
        (Some(_), None) => Err(denied("requires a post-quantum preshared key that is not known here")),
        (None, _) => Err(denied("names no post-quantum preshared key, though it said that it would")),
    }
}

/// Whether `connection` takes an initiator that has proven itself so far.
pub(super) fn admit(
    half_open: HalfOpen<'_>,
    connection: &Connection,
    initiator: &Identity,
) -> Result<(), Refusal> {
    let denied = |why: &str| refuse(Failure::Authentication(format!("{initiator} {why}")));
    let has_ppk = half_open.ppk.is_some() || half_open.transcript.has_ppk;
    if connection.requires_ppk() && !has_ppk {
        return Err(denied("uses none of our post-quantum preshared keys, of which one is required"));
    }
    let proves_all = !half_open.transcript.full[0].is_empty();
    if connection.full_transcript == FullTranscript::Require && !proves_all {
        return Err(denied("does not prove the whole of IKE_SA_INIT, which is required"));
    }
    Ok(())
}

/// What makes the keys with the PPK those of the IKE SA, if there are such.
pub(super) fn mixed(half_open: HalfOpen<'_>) -> Vec<Effect> {
    let Some(keys) = half_open.ppk.cloned() else { return Vec::new() };
    let int_auth = half_open.transcript.int_auth.clone();
    let mixed = Mixed { keys: Some(keys), int_auth, to_come: Vec::new(), has_ppk: true };
    vec![Effect::Report(Event::Probe("ikev2.ppk.mixed")), Effect::Mixed(Box::new(mixed))]
}
