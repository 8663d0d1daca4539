//! Main mode (RFC 2409 §5): who the ends are is said under encryption.
//!
//! ```text
//! initiator                           responder
//! SA V                    ------->
//!                         <-------    SA V
//! KE Nonce                ------->
//!                         <-------    KE Nonce [CERTREQ]
//! {ID HASH_I}             ------->                                with a shared key
//!                         <-------    {ID HASH_R}
//! {ID CERT SIG_I CERTREQ} ------->                                with signatures
//!                         <-------    {ID CERT SIG_R}
//! {HASH_I}                ------->                                with encryption, where messages 3 and 4
//!                         <-------    {HASH_R}                    have said who the ends are (`introduction`)
//! ```

use std::mem;
use std::time::Duration;

use ipsec_crypto::{BadPublicValue, Initiator as KeyExchange};
use ipsec_wire::registry::v1::NotifyType;
use ipsec_wire::v1::{Payload, SecurityAssociation};

use super::phase1::{
    self, Begun, Introduction, Proof, Said, Unproven, Who, check_identity, established, introduce,
    introduced, nat_found, there, unexpected,
};
use super::{Exchange, Guise, Reply, Step};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::features::Features;
use crate::grammar::{self, Form};
use crate::message::Opened;
use crate::nat::{self, Hashing};
use crate::negotiate::{Chosen, Method, Phase1Suite, ike_accepted, ike_choose, ike_offer};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IsakmpSa, Role};

/// The initiator's half.
pub(crate) struct Initiator {
    offer: SecurityAssociation,
    stage: Ours,
}

enum Ours {
    /// Message 2 is to come.
    Choice,
    /// Message 4 is to come.
    Public { chosen: Chosen, kx: Box<KeyExchange>, nonce: Vec<u8> },
    /// Message 6 is to come.
    Proof { proof: Box<Proof>, who: Option<Who>, life: Option<Duration> },
    /// Between two of them, or after the last.
    Over,
}

impl Initiator {
    /// The exchange, and its first message.
    pub(crate) fn begin(connection: &Connection) -> (Self, Vec<Payload>) {
        let offer = ike_offer(&connection.offered(), connection.lifetime.hard.time);
        let mut first = vec![Payload::Sa(offer.clone())];
        first.extend(Features::offered(connection));
        (Self { offer, stage: Ours::Choice }, first)
    }

    fn choice(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        grammar::check(Form::MainSa, &message.payloads)?;
        // Nothing proves yet that it comes from the peer: a wrong choice may be anybody's.
        let wrong = |what| Refusal::Ignore(DropReason::Malformed(what));
        let chosen = ike_accepted(&self.offer, there(message.sa())?).map_err(wrong)?;
        let kx = (cx.provider.initiate)(chosen.agreed.suite.group, cx.entropy);
        let nonce = cx.nonce();
        let ours = (Role::Initiator, sa.cookie_i);
        let said = introduce(&sa.connection, chosen.agreed, ours, (kx.public(), &nonce), None, cx)?;
        let mut reply = said.payloads;
        let features = Features::of(&sa.connection, &message.payloads);
        let hashing =
            Hashing { hash: chosen.agreed.suite.hash, cookies: (sa.cookie_i, message.header.spi_r) };
        reply.extend(nat::detection(&sa.connection, features.nat, hashing, &sa.path));
        self.stage = Ours::Public { chosen, kx: Box::new(kx), nonce };
        let effects = vec![Effect::Answered(message.header.spi_r), Effect::Note(features)];
        Ok(Step { effects, reply: Some(Reply::clear(reply)), done: false })
    }

    fn public(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        let Ours::Public { chosen, .. } = &self.stage else { return Err(Refusal::Ignore(DropReason::State)) };
        let agreed = chosen.agreed;
        grammar::check(second(agreed), &message.payloads)?;
        let theirs = (Role::Responder, message.header.spi_r);
        let Introduction { public, nonce: nonce_r, who } =
            introduced(&sa.connection, agreed, theirs, message, cx)?;
        let Ours::Public { chosen, kx, nonce } = mem::replace(&mut self.stage, Ours::Over) else {
            return Err(Refusal::Ignore(DropReason::State));
        };
        let hashing =
            Hashing { hash: chosen.agreed.suite.hash, cookies: (sa.cookie_i, message.header.spi_r) };
        let mut effects: Vec<Effect> =
            nat_found(sa.features.nat, hashing, message).map(Effect::Nat).into_iter().collect();
        let begun = Begun { kx: *kx, nonce, offer: &self.offer };
        let (proof, keyed) = begun.finish(sa, message.header.spi_r, agreed, (public, nonce_r), cx)?;
        let mut reply = identity(sa, agreed.method);
        reply.extend(proof.prove(&sa.connection, Role::Initiator, message, cx)?);
        reply.extend(phase1::requests(&sa.connection, &[agreed.method]));
        effects.extend(phase1::doubted(who.as_ref().and_then(|who| unexpected(&sa.connection, who))));
        self.stage = Ours::Proof { proof: Box::new(proof), who, life: chosen.life };
        effects.push(keyed);
        Ok(Step { effects, reply: Some(Reply::encrypted(reply)), done: false })
    }
}

impl Exchange for Initiator {
    fn awaits(&self) -> String {
        let message = match self.stage {
            Ours::Choice => "2",
            Ours::Public { .. } => "4",
            Ours::Proof { .. } | Ours::Over => "6",
        };
        format!("main mode, message {message}")
    }

    fn guise(&self) -> Guise {
        if matches!(self.stage, Ours::Proof { .. }) { Guise::Encrypted } else { Guise::Clear }
    }

    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        match &self.stage {
            Ours::Choice => self.choice(sa, message, cx),
            Ours::Public { .. } => self.public(sa, message, cx),
            Ours::Proof { proof, who, life } => {
                let peer = (Role::Responder, who.as_ref());
                let effects = peer_proof(sa, proof, peer, *life, message, cx)?;
                self.stage = Ours::Over;
                Ok(Step { effects, reply: None, done: true })
            }
            Ours::Over => Err(Refusal::Ignore(DropReason::State)),
        }
    }
}

/// The responder's half.
pub(crate) struct Responder {
    sa_i: Vec<u8>,
    agreed: Phase1Suite,
    life: Option<Duration>,
    stage: Theirs,
}

enum Theirs {
    /// Message 3 is to come.
    Public,
    /// Message 5 is to come.
    Proof { proof: Box<Proof>, who: Option<Who> },
    /// Message 5 has come.
    Over,
}

impl Responder {
    /// The exchange, and its second message.
    ///
    /// # Errors
    /// When nothing that was offered is configured.
    pub(crate) fn begin(connection: &Connection, message: &Opened) -> Result<(Self, Step), Refusal> {
        grammar::check(Form::MainSa, &message.payloads)?;
        let refuse = |what| Refusal::Close(NotifyType::NO_PROPOSAL_CHOSEN, Failure::Proposal(what));
        let chosen = ike_choose(&connection.accepted(), there(message.sa())?).map_err(refuse)?;
        let sa_i = message.body(|payload| matches!(payload, Payload::Sa(_))).to_vec();
        let features = Features::of(connection, &message.payloads);
        let mut reply = vec![Payload::Sa(chosen.answer)];
        reply.extend(features.answered(connection));
        let effects = vec![Effect::Note(features)];
        let step = Step { effects, reply: Some(Reply::clear(reply)), done: false };
        Ok((Self { sa_i, agreed: chosen.agreed, life: chosen.life, stage: Theirs::Public }, step))
    }

    fn public(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        grammar::check(second(self.agreed), &message.payloads)?;
        let theirs = (Role::Initiator, sa.cookie_i);
        let Introduction { public: public_i, nonce: nonce_i, who } =
            introduced(&sa.connection, self.agreed, theirs, message, cx)?;
        let bad = |bad: BadPublicValue| Refusal::Ignore(DropReason::PublicValue(bad.to_string()));
        let (public_r, secret) = phase1::answer(self.agreed, &public_i, cx).map_err(bad)?;
        let nonce_r = cx.nonce();
        let ours = (Role::Responder, sa.cookie_r);
        let answer = introduce(&sa.connection, self.agreed, ours, (&public_r, &nonce_r), who.as_ref(), cx)?;
        let mut reply = answer.payloads;
        reply.extend(phase1::requests(&sa.connection, &[self.agreed.method]));
        let hashing = Hashing { hash: self.agreed.suite.hash, cookies: (sa.cookie_i, sa.cookie_r) };
        let mut effects: Vec<Effect> =
            nat_found(sa.features.nat, hashing, message).map(Effect::Nat).into_iter().collect();
        reply.extend(nat::detection(&sa.connection, sa.features.nat, hashing, &sa.path));
        let said = Said {
            cookie_i: sa.cookie_i,
            cookie_r: sa.cookie_r,
            public_i,
            public_r,
            nonce_i,
            nonce_r,
            sa_i: self.sa_i.clone(),
        };
        let (proof, keyed) = said.key(&sa.connection, self.agreed, &secret, cx);
        self.stage = Theirs::Proof { proof: Box::new(proof), who };
        effects.extend(phase1::doubted(answer.doubt));
        effects.push(keyed);
        Ok(Step { effects, reply: Some(Reply::clear(reply)), done: false })
    }
}

impl Exchange for Responder {
    fn awaits(&self) -> String {
        let message = if matches!(self.stage, Theirs::Public) { "3" } else { "5" };
        format!("main mode, message {message}")
    }

    fn guise(&self) -> Guise {
        if matches!(self.stage, Theirs::Public) { Guise::Clear } else { Guise::Encrypted }
    }

    fn repeats(&self) -> bool {
        !matches!(self.stage, Theirs::Public)
    }

    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        match &self.stage {
            Theirs::Public => self.public(sa, message, cx),
            Theirs::Proof { proof, who } => {
                let peer = (Role::Initiator, who.as_ref());
                let effects = peer_proof(sa, proof, peer, self.life, message, cx)?;
                let mut reply = identity(sa, self.agreed.method);
                reply.extend(proof.prove(&sa.connection, Role::Responder, message, cx)?);
                self.stage = Theirs::Over;
                Ok(Step { effects, reply: Some(Reply::encrypted(reply)), done: true })
            }
            Theirs::Over => Err(Refusal::Ignore(DropReason::State)),
        }
    }
}

/// The form of messages 3 and 4.
fn second(agreed: Phase1Suite) -> Form {
    if agreed.method.hides_identities() { Form::MainSealed } else { Form::MainKe }
}

/// Our identity, if we have not said it with our public value.
fn identity(sa: &IsakmpSa, method: Method) -> Vec<Payload> {
    let id = (!method.hides_identities()).then(|| Payload::Id(sa.connection.local_id.to_v1()));
    id.into_iter().collect()
}

/// Message 5 or 6: who the peer is, unless it has said so, and its proof.
fn peer_proof(
    sa: &IsakmpSa,
    proof: &Proof,
    (peer, who): (Role, Option<&Who>),
    life: Option<Duration>,
    message: &Opened,
    cx: &Context<'_>,
) -> Result<Vec<Effect>, Refusal> {
    let form = if who.is_some() { Form::MainProof } else { Form::MainId(proof.means(peer)) };
    grammar::check(form, &message.payloads)
        // It was decrypted, perhaps with a wrong key, so what it is shows nothing about its sender.
        .map_err(|_| Refusal::Ignore(DropReason::Undecipherable))?;
    let (id, octets) = match who {
        Some(who) => (&who.id, who.octets.as_slice()),
        None => {
            let octets = message.body(|payload| matches!(payload, Payload::Id(_)));
            (there(message.ids().first().copied())?, octets)
        }
    };
    let proven = proof.verify(&sa.connection, peer, (id, octets), message, cx);
    let proven = proven.map_err(Unproven::hash_ignored)?;
    check_identity(&sa.connection, id)?;
    Ok(established(sa, proven, life))
}
