//! The responder's half of quick mode.

use std::net::IpAddr;

use ipsec_crypto::Secret;
use ipsec_wire::registry::v1::{NotifyType, ProtocolId};
use ipsec_wire::v1::{Identification, Payload, Subject};

use super::outcome::Outcome;
use super::{Hashes, check_hash, hashed, sides_of};
use crate::config::ChildConfig;
use crate::context::Context;
use crate::exchange::phase1::{check_nonce, there};
use crate::exchange::{Exchange, Guise, Reply, Step};
use crate::grammar::{self, Form};
use crate::message::Opened;
use crate::nat;
use crate::negotiate::{Agreed, Side, Spis, choose, responder_lifetime};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IsakmpSa, Role};
use crate::through_nat;

/// The exchange, waiting for its third message.
pub(crate) struct Responder {
    config: ChildConfig,
    message_id: u32,
    agreed: Agreed,
    spis: Spis,
    secret: Option<Secret>,
    nonces: (Vec<u8>, Vec<u8>),
    original: Option<(IpAddr, IpAddr)>,
    over: bool,
}

/// What is refused of a first message that is the peer's own: what to say, about which SA, and which child was meant.
pub(crate) struct Unfit {
    pub(crate) kind: NotifyType,
    pub(crate) failure: Failure,
    pub(crate) protocol: ProtocolId,
    pub(crate) spi: Vec<u8>,
    pub(crate) child: String,
}

impl Responder {
    /// The exchange, and its second message. Where the first is the peer's but cannot be agreed to, why.
    ///
    /// # Errors
    /// When the first message is not the peer's.
    pub(crate) fn begin(
        sa: &IsakmpSa,
        message: &Opened,
        cx: &mut Context<'_>,
    ) -> Result<Result<(Self, Step), Box<Unfit>>, Refusal> {
        let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
        grammar::check(Form::Quick, &message.payloads)
            .map_err(|_| Refusal::Ignore(DropReason::Undecipherable))?;
        let message_id = message.header.message_id;
        let prf = crypto.authenticator(cx.provider);
        let hashes = Hashes { prf: &prf, message_id };
        check_hash(message, &hashes.first(message.behind_hash()))?;
        let nonce_i = check_nonce(there(message.nonce())?)?;
        let offered = there(message.sa())?;
        let unfit = |kind, failure, child: &str| {
            let first = offered.proposals.first();
            let protocol = first.map_or(ProtocolId::ESP, |proposal| proposal.protocol);
            let spi = first.map_or(Vec::new(), |proposal| proposal.spi.clone());
            Ok(Err(Box::new(Unfit { kind, failure, protocol, spi, child: child.to_owned() })))
        };
        let Meant { config, ids, original } = match meant(sa, message) {
            Ok(meant) => meant,
            Err(what) => {
                let kind = NotifyType::INVALID_ID_INFORMATION;
                return unfit(kind, Failure::Identities(what), &sa.connection.name);
            }
        };
        let agreed = match choose(&config, nat::mode(sa, config.transport), offered) {
            Ok(agreed) => agreed,
            Err(what) => {
                return unfit(NotifyType::NO_PROPOSAL_CHOSEN, Failure::Proposal(what), &config.name);
            }
        };
        let answer = match (agreed.group, message.ke()) {
            (None, None) => Ok(None),
            (Some(group), Some(public)) => {
                (cx.provider.respond)(group, public, cx.entropy).map(Some).map_err(|bad| bad.to_string())
            }
            _ => Err("a group without a public value, or a public value without a group".to_owned()),
        };
        let (public, secret) = match answer {
            Ok(answer) => answer.unzip(),
            Err(what) => {
                let kind = NotifyType::INVALID_KEY_INFORMATION;
                return unfit(kind, Failure::KeyExchange(what), &config.name);
            }
        };
        let fresh = Spis { ah: agreed.suite.ah.map(|_| cx.spi()), esp: agreed.suite.esp.map(|_| cx.spi()) };
        let nonce_r = cx.nonce();
        let mut payloads = vec![Payload::Sa(agreed.answer(fresh)), Payload::Nonce(nonce_r.clone())];
        payloads.extend(public.map(Payload::Ke));
        payloads.extend(ids.into_iter().map(Payload::Id));
        if config.transport {
            payloads.extend(through_nat::originals(sa, Role::Responder));
        }
        payloads.extend(responder_lifetime(&agreed, &config.lifetime.hard, fresh).map(Payload::Notify));
        let reply = hashed(payloads, |rest| hashes.second(&nonce_i, rest));
        let step = Step { effects: Vec::new(), reply: Some(Reply::encrypted(reply)), done: false };
        let nonces = (nonce_i, nonce_r);
        Ok(Ok((
            Self { config, message_id, agreed, spis: fresh, secret, nonces, original, over: false },
            step,
        )))
    }
}

impl Exchange for Responder {
    fn awaits(&self) -> String {
        "quick mode, message 3".to_owned()
    }

    fn guise(&self) -> Guise {
        Guise::Encrypted
    }

    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
        grammar::check(Form::QuickProof, &message.payloads)
            .map_err(|_| Refusal::Ignore(DropReason::Undecipherable))?;
        let prf = crypto.authenticator(cx.provider);
        let (nonce_i, nonce_r) = (&self.nonces.0, &self.nonces.1);
        let hashes = Hashes { prf: &prf, message_id: self.message_id };
        check_hash(message, &hashes.third(nonce_i, nonce_r))?;
        if std::mem::replace(&mut self.over, true) {
            return Err(Refusal::Ignore(DropReason::State));
        }
        let outcome = Outcome {
            config: &self.config,
            initiator: false,
            suite: self.agreed.suite,
            inbound: self.spis,
            outbound: self.agreed.spis,
            secret: self.secret.as_ref(),
            nonces: (nonce_i, nonce_r),
            original: self.original,
            limits: self.agreed.limits,
        };
        Ok(Step { effects: vec![outcome.child(sa, crypto, cx)], reply: None, done: true })
    }
}

/// The child that an initiator means.
struct Meant {
    config: ChildConfig,
    /// The identities that say so, as they came.
    ids: Vec<Identification>,
    /// Source and destination of what the peer sends as it sees them, where transport mode goes through NAT.
    original: Option<(IpAddr, IpAddr)>,
}

/// The child that the initiator means, by its identities, and these; without identities the packets between the two ends
/// themselves are meant (RFC 2409 §5.5).
///
/// Where transport mode goes through NAT, the hosts are those that are seen here, and the child may be for more than them.
fn meant(sa: &IsakmpSa, message: &Opened) -> Result<Meant, String> {
    let ids: Vec<Identification> = message.ids().into_iter().cloned().collect();
    let sides: [Identification; 2] = match ids.as_slice() {
        [] => [sa.path.remote.ip(), sa.path.local.ip()].map(|end| Identification::of(Subject::Address(end))),
        [theirs, ours] => [theirs.clone(), ours.clone()],
        _ => return Err("one identity, expected two or none".to_owned()),
    };
    let [theirs, ours] = sides.each_ref().map(Side::read);
    let hosts = ours.zip(theirs).filter(|_| nat::in_udp(sa));
    let hosts = hosts.and_then(|(ours, theirs)| through_nat::understood(&sa.path, ours, theirs));
    let is_for = |child: &ChildConfig, [local, remote]: [Side; 2]| {
        child.local.has_room_for(&local) && child.remote.has_room_for(&remote)
    };
    let fits = |child: &&ChildConfig| match hosts.filter(|_| child.transport) {
        Some(hosts) => is_for(child, hosts),
        None => sides_of(sa, child).map(Some) == [ours, theirs],
    };
    match sa.connection.children.iter().find(fits) {
        Some(child) => {
            let config = child.clone();
            Ok(match hosts.filter(|_| child.transport) {
                Some([local, remote]) => Meant {
                    config: ChildConfig { local, remote, ..config },
                    ids,
                    original: through_nat::told(&message.payloads, Role::Initiator),
                },
                None => {
                    let [local, remote] = sides_of(sa, child);
                    Meant { config: ChildConfig { local, remote, ..config }, ids, original: None }
                }
            })
        }
        None => {
            let shown = |side: &Option<Side>, id: &Identification| match side {
                Some(side) => side.to_string(),
                None => format!("{} of {} octets", id.kind, id.data.len()),
            };
            let offered = format!("{} === {}", shown(&ours, &sides[1]), shown(&theirs, &sides[0]));
            let own =
                sa.connection.children.iter().map(|child| format!("{} === {}", child.local, child.remote));
            let own: Vec<String> = own.collect();
            Err(format!("offered {offered}, configured {}", own.join("; ")))
        }
    }
}
