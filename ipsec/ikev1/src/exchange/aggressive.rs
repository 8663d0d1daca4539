//! Aggressive mode (RFC 2409 §5): three messages, and everybody sees who the ends are.
//!
//! ```text
//! initiator                             responder
//! SA KE Nonce ID V            ------->
//!                             <-------    SA KE Nonce ID HASH_R V                 with a shared key
//! {HASH_I}                    ------->
//! SA KE Nonce ID V CERTREQ    ------->
//!                             <-------    SA KE Nonce ID CERT SIG_R V CERTREQ     with signatures
//! {CERT SIG_I}                ------->
//! ```

use std::mem;
use std::time::Duration;

use ipsec_crypto::Initiator as KeyExchange;
use ipsec_wire::registry::v1::NotifyType;
use ipsec_wire::v1::{Identification, Payload, SecurityAssociation};

use super::phase1::{
    self, Begun, Proof, Said, Unproven, check_identity, check_nonce, established, nat_found, there,
};
use super::{Exchange, Guise, Reply, Step};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::features::Features;
use crate::grammar::{self, Form};
use crate::message::Opened;
use crate::nat::{self, Hashing};
use crate::negotiate::{Method, Phase1Suite, ike_accepted, ike_choose, ike_offer};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IsakmpSa, Role};

/// The initiator's half.
pub(crate) struct Initiator {
    offer: SecurityAssociation,
    stage: Ours,
}

enum Ours {
    /// Message 2 is to come.
    Answer { kx: KeyExchange, nonce: Vec<u8> },
    /// It has come.
    Over,
}

impl Initiator {
    /// The exchange, and its first message; nothing if there is nothing to offer.
    pub(crate) fn begin(connection: &Connection, cx: &mut Context<'_>) -> Option<(Self, Vec<Payload>)> {
        let group = connection.proposals.first()?.group;
        let offered = connection.offered();
        let methods: Vec<Method> = offered.iter().map(|one| one.method).collect();
        let offer = ike_offer(&offered, connection.lifetime.hard.time);
        let kx = (cx.provider.initiate)(group, cx.entropy);
        let nonce = cx.nonce();
        let mut first = vec![
            Payload::Sa(offer.clone()),
            Payload::Ke(kx.public().to_vec()),
            Payload::Nonce(nonce.clone()),
            Payload::Id(connection.local_id.to_v1()),
        ];
        first.extend(Features::offered(connection));
        first.extend(phase1::requests(connection, &methods));
        Some((Self { offer, stage: Ours::Answer { kx, nonce } }, first))
    }
}

impl Exchange for Initiator {
    fn awaits(&self) -> String {
        "aggressive mode, message 2".to_owned()
    }

    fn guise(&self) -> Guise {
        Guise::Clear
    }

    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        let wrong = |what| Refusal::Ignore(DropReason::Malformed(what));
        let chosen = ike_accepted(&self.offer, there(message.sa())?).map_err(wrong)?;
        grammar::check(Form::AggressiveAnswer(chosen.agreed.method.means()), &message.payloads)?;
        let nonce_r = check_nonce(there(message.nonce())?)?;
        let public_r = there(message.ke())?.to_vec();
        let id = there(message.ids().first().copied())?;
        check_identity(&sa.connection, id)?;
        let Ours::Answer { kx, nonce } = mem::replace(&mut self.stage, Ours::Over) else {
            return Err(Refusal::Ignore(DropReason::State));
        };
        let features = Features::of(&sa.connection, &message.payloads);
        let hashing =
            Hashing { hash: chosen.agreed.suite.hash, cookies: (sa.cookie_i, message.header.spi_r) };
        let nat = nat_found(features.nat, hashing, message);
        let path = nat.map_or(sa.path, |nat| nat::path_with(sa, nat));
        let begun = Begun { kx, nonce, offer: &self.offer };
        let theirs = (public_r, nonce_r);
        let (proof, keyed) = begun.finish(sa, message.header.spi_r, chosen.agreed, theirs, cx)?;
        let octets = message.body(|payload| matches!(payload, Payload::Id(_)));
        let proven = proof
            .verify(&sa.connection, Role::Responder, (id, octets), message, cx)
            .map_err(Unproven::told)?;
        let mut effects = vec![Effect::Note(features), keyed];
        effects.extend(nat.map(Effect::Nat));
        effects.extend(established(sa, proven, chosen.life));
        let mut reply = proof.prove(&sa.connection, Role::Initiator, message, cx)?;
        reply.extend(nat::detection(&sa.connection, features.nat, hashing, &path));
        Ok(Step { effects, reply: Some(Reply::encrypted(reply)), done: true })
    }
}

/// The responder's half.
pub(crate) struct Responder {
    proof: Proof,
    id: Identification,
    /// The initiator's ID payload without its generic header.
    id_octets: Vec<u8>,
    life: Option<Duration>,
    hashing: Hashing,
    over: bool,
}

/// What a responder would choose of an offer, before it answers anything else of it.
fn agreed(
    connection: &Connection,
    message: &Opened,
) -> Result<(Phase1Suite, Option<Duration>, Payload), Refusal> {
    let refuse = |what| Refusal::Close(NotifyType::NO_PROPOSAL_CHOSEN, Failure::Proposal(what));
    let chosen = ike_choose(&connection.accepted(), there(message.sa())?).map_err(refuse)?;
    Ok((chosen.agreed, chosen.life, Payload::Sa(chosen.answer)))
}

impl Responder {
    /// The exchange, and its second message.
    ///
    /// # Errors
    /// When nothing that was offered is configured, or the initiator is not whom the connection means.
    pub(crate) fn begin(
        sa: &IsakmpSa,
        message: &Opened,
        cx: &mut Context<'_>,
    ) -> Result<(Self, Step), Refusal> {
        grammar::check(Form::AggressiveOffer, &message.payloads)?;
        let (agreed, life, chosen) = agreed(&sa.connection, message)?;
        let nonce_i = check_nonce(there(message.nonce())?)?;
        let public_i = there(message.ke())?.to_vec();
        let id = there(message.ids().first().copied())?.clone();
        check_identity(&sa.connection, &id)?;
        let (public_r, secret) =
            (cx.provider.respond)(agreed.suite.group, &public_i, cx.entropy).map_err(|bad| {
                let failure = Failure::KeyExchange(bad.to_string());
                Refusal::Close(NotifyType::INVALID_KEY_INFORMATION, failure)
            })?;
        let nonce_r = cx.nonce();
        let (ke, nonce) = (Payload::Ke(public_r.clone()), Payload::Nonce(nonce_r.clone()));
        let said = Said {
            cookie_i: sa.cookie_i,
            cookie_r: sa.cookie_r,
            public_i,
            public_r,
            nonce_i,
            nonce_r,
            sa_i: message.body(|payload| matches!(payload, Payload::Sa(_))).to_vec(),
        };
        let (proof, keyed) = said.key(&sa.connection, agreed, &secret, cx);
        let features = Features::of(&sa.connection, &message.payloads);
        let hashing = Hashing { hash: agreed.suite.hash, cookies: (sa.cookie_i, sa.cookie_r) };
        let mut reply = vec![chosen, ke, nonce, Payload::Id(sa.connection.local_id.to_v1())];
        reply.extend(proof.prove(&sa.connection, Role::Responder, message, cx)?);
        reply.extend(features.answered(&sa.connection));
        reply.extend(phase1::requests(&sa.connection, &[agreed.method]));
        reply.extend(nat::detection(&sa.connection, features.nat, hashing, &sa.path));
        let effects = vec![Effect::Note(features), keyed];
        let step = Step { effects, reply: Some(Reply::clear(reply)), done: false };
        let id_octets = message.body(|payload| matches!(payload, Payload::Id(_))).to_vec();
        Ok((Self { proof, id, id_octets, life, hashing, over: false }, step))
    }
}

impl Exchange for Responder {
    fn awaits(&self) -> String {
        "aggressive mode, message 3".to_owned()
    }

    fn guise(&self) -> Guise {
        Guise::Either
    }

    fn repeats(&self) -> bool {
        false
    }

    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        let undecipherable = message.header.flags.encryption;
        let form = Form::AggressiveProof(self.proof.means());
        grammar::check(form, &message.payloads).map_err(|refusal| match undecipherable {
            true => Refusal::Ignore(DropReason::Undecipherable),
            false => refusal,
        })?;
        if self.over {
            return Err(Refusal::Ignore(DropReason::State));
        }
        let id = (&self.id, self.id_octets.as_slice());
        let proven = self
            .proof
            .verify(&sa.connection, Role::Initiator, id, message, cx)
            .map_err(Unproven::hash_ignored)?;
        self.over = true;
        let nat = nat_found(sa.features.nat, self.hashing, message).map(Effect::Nat);
        let effects = nat.into_iter().chain(established(sa, proven, self.life)).collect();
        Ok(Step { effects, reply: None, done: true })
    }
}
