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
//!
//! With encryption the first two messages say who the ends are for each other's eyes (`introduction`), and hashes prove it.

use std::mem;
use std::time::Duration;

use ipsec_crypto::Initiator as KeyExchange;
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::v1::NotifyType;
use ipsec_wire::v1::{Identification, Payload, SecurityAssociation};

use super::phase1::{
    self, Begun, Introduction, Proof, Said, Unproven, check_identity, established, introduce, introduced,
    nat_found, there, unexpected,
};
use super::{Exchange, Guise, Reply, Step};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::features::Features;
use crate::grammar::{self, Form};
use crate::message::Opened;
use crate::nat::{self, Hashing};
use crate::negotiate::{Disagreement, Method, Phase1Suite, ike_accepted, ike_choose, ike_offer};
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
    /// The exchange, and its first message.
    ///
    /// # Errors
    /// When there is nothing to offer, or the responder has to be known and is not.
    pub(crate) fn begin(
        connection: &Connection,
        cookie: IkeSpi,
        cx: &mut Context<'_>,
    ) -> Result<(Self, Vec<Payload>), Failure> {
        let offered = connection.offered();
        let first = offered
            .first()
            .ok_or_else(|| Failure::Proposal(Disagreement::because("there is nothing to offer")))?;
        let methods: Vec<Method> = offered.iter().map(|one| one.method).collect();
        let offer = ike_offer(&offered, connection.lifetime.hard.time);
        let kx = (cx.provider.initiate)(first.suite.group, cx.entropy);
        let nonce = cx.nonce();
        let said = introduce(connection, *first, (Role::Initiator, cookie), (kx.public(), &nonce), None, cx);
        let said = said.map_err(|refusal| match refusal {
            Refusal::Close(_, failure) => failure,
            Refusal::Ignore(reason) => Failure::Authentication(reason.to_string()),
        })?;
        let told = (Features::offered(connection), Vec::new());
        let (sa, said) = (Payload::Sa(offer.clone()), (said.payloads, Vec::new()));
        let payloads = self::message(connection, &methods, sa, said, told);
        Ok((Self { offer, stage: Ours::Answer { kx, nonce } }, payloads))
    }
}

/// A message of an end: what it chooses or offers, what it says of itself and what proves that, what it can do, whose
/// certificates it asks for, and which addresses it sees. The methods, best first, say where these stand.
fn message(
    connection: &Connection,
    methods: &[Method],
    sa: Payload,
    (said, proof): (Vec<Payload>, Vec<Payload>),
    (features, addresses): (Vec<Payload>, Vec<Payload>),
) -> Vec<Payload> {
    let mut payloads = vec![sa];
    if methods.first().is_some_and(|method| method.hides_identities()) {
        // Behind the nonce of the revised method nothing but the proof should stand in the clear.
        payloads.extend(features.into_iter().chain(addresses).chain(said).chain(proof));
        return payloads;
    }
    payloads.extend(said);
    payloads.push(Payload::Id(connection.local_id.to_v1()));
    payloads.extend(proof.into_iter().chain(features));
    payloads.extend(phase1::requests(connection, methods));
    payloads.extend(addresses);
    payloads
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
        grammar::check(Form::AggressiveAnswer(chosen.agreed.means(Role::Responder)), &message.payloads)?;
        let theirs = (Role::Responder, message.header.spi_r);
        let said = introduced(&sa.connection, chosen.agreed, theirs, message, cx)?;
        let (id, octets) = who_of(&said, message)?;
        if let Some(failure) = said.who.as_ref().and_then(|who| unexpected(&sa.connection, who)) {
            return Err(Refusal::Close(NotifyType::INVALID_ID_INFORMATION, failure));
        }
        check_identity(&sa.connection, &id)?;
        let Ours::Answer { kx, nonce } = mem::replace(&mut self.stage, Ours::Over) else {
            return Err(Refusal::Ignore(DropReason::State));
        };
        let features = Features::of(&sa.connection, &message.payloads);
        let hashing =
            Hashing { hash: chosen.agreed.suite.hash, cookies: (sa.cookie_i, message.header.spi_r) };
        let nat = nat_found(features.nat, hashing, message);
        let path = nat.map_or(sa.path, |nat| nat::path_with(sa, nat));
        let begun = Begun { kx, nonce, offer: &self.offer };
        let theirs = (said.public, said.nonce);
        let (proof, keyed) = begun.finish(sa, message.header.spi_r, chosen.agreed, theirs, cx)?;
        let proven = proof
            .verify(&sa.connection, Role::Responder, (&id, &octets), message, cx)
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
        let theirs = (Role::Initiator, sa.cookie_i);
        let told =
            introduced(&sa.connection, agreed, theirs, message, cx).map_err(|refusal| match refusal {
                // Which certificate is meant everybody sees, and nothing is lost that was there.
                Refusal::Ignore(reason @ DropReason::UnknownKey) => {
                    let failure = Failure::Authentication(reason.to_string());
                    Refusal::Close(NotifyType::INVALID_CERTIFICATE, failure)
                }
                other => other,
            })?;
        let (id, id_octets) = who_of(&told, message)?;
        let Introduction { public: public_i, nonce: nonce_i, who } = told;
        if who.is_none() {
            check_identity(&sa.connection, &id)?;
        }
        let (public_r, secret) = phase1::answer(agreed, &public_i, cx).map_err(|bad| {
            let failure = Failure::KeyExchange(bad.to_string());
            Refusal::Close(NotifyType::INVALID_KEY_INFORMATION, failure)
        })?;
        let nonce_r = cx.nonce();
        let ours = (Role::Responder, sa.cookie_r);
        let answer = introduce(&sa.connection, agreed, ours, (&public_r, &nonce_r), who.as_ref(), cx)?;
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
        let proven = proof.prove(&sa.connection, Role::Responder, message, cx)?;
        let addresses = nat::detection(&sa.connection, features.nat, hashing, &sa.path);
        let told = (features.answered(&sa.connection), addresses);
        let reply = self::message(&sa.connection, &[agreed.method], chosen, (answer.payloads, proven), told);
        let mut effects = phase1::doubted(answer.doubt);
        effects.extend([Effect::Note(features), keyed]);
        let step = Step { effects, reply: Some(Reply::clear(reply)), done: false };
        Ok((Self { proof, id, id_octets, life, hashing, over: false }, step))
    }
}

/// Who the peer says it is, hidden or not, and the content of its ID payload.
fn who_of(said: &Introduction, message: &Opened) -> Result<(Identification, Vec<u8>), Refusal> {
    match &said.who {
        Some(who) => Ok((who.id.clone(), who.octets.clone())),
        None => {
            let octets = message.body(|payload| matches!(payload, Payload::Id(_)));
            Ok((there(message.ids().first().copied())?.clone(), octets.to_vec()))
        }
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
        let form = Form::AggressiveProof(self.proof.means(Role::Initiator));
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
        check_identity(&sa.connection, &self.id)?;
        self.over = true;
        let nat = nat_found(sa.features.nat, self.hashing, message).map(Effect::Nat);
        let effects = nat.into_iter().chain(established(sa, proven, self.life)).collect();
        Ok(Step { effects, reply: None, done: true })
    }
}
