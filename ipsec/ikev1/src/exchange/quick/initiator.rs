//! The initiator's half of quick mode.

use std::mem;
use std::net::IpAddr;

use ipsec_crypto::Initiator as KeyExchange;
use ipsec_dataplane::Limits;
use ipsec_wire::registry::v1::{EncapsulationMode, LifeType, NotifyType};
use ipsec_wire::v1::{Lifetime, Payload, SecurityAssociation};

use super::outcome::Outcome;
use super::{Hashes, check_hash, hashed, host, sides_of};
use crate::config::ChildConfig;
use crate::context::Context;
use crate::exchange::phase1::{check_nonce, there};
use crate::exchange::{Exchange, Guise, Reply, Step};
use crate::grammar::{self, Form};
use crate::message::Opened;
use crate::nat;
use crate::negotiate::{Disagreement, Side, Spis, accepted, offer};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IsakmpSa, Role};
use crate::through_nat;

/// The exchange, waiting for its second message.
pub(crate) struct Initiator {
    config: ChildConfig,
    message_id: u32,
    mode: EncapsulationMode,
    offer: SecurityAssociation,
    spis: Spis,
    nonce: Vec<u8>,
    kx: Option<KeyExchange>,
    over: bool,
}

impl Initiator {
    /// The exchange, and its first message.
    ///
    /// # Errors
    /// When the ISAKMP SA has no keys, or nothing can be offered under it.
    pub(crate) fn begin(
        config: &ChildConfig,
        sa: &IsakmpSa,
        message_id: u32,
        cx: &mut Context<'_>,
    ) -> Result<(Self, Vec<Payload>), Failure> {
        let mut config = config.clone();
        if nat::in_udp(sa) {
            config.proposals.retain(|suite| suite.ah.is_none());
        }
        if config.proposals.is_empty() {
            return Err(Failure::Proposal(Disagreement::because("AH does not get through NAT")));
        }
        // Where packets come from elsewhere than their hosts believe, a child that is for more can only be for these two.
        if config.transport && nat::in_udp(sa) {
            let [local, remote] = [sa.path.local, sa.path.remote].map(|end| host(end.ip()));
            let hosts = [(config.local, local), (config.remote, remote)].map(|(side, addresses)| {
                addresses.map(|addresses| Side { addresses, ..side }).filter(|host| side.has_room_for(host))
            });
            if let [Some(local), Some(remote)] = hosts {
                config = ChildConfig { local, remote, ..config };
            }
        }
        [config.local, config.remote] = sides_of(sa, &config);
        let wants = |pick: fn(&crate::negotiate::ChildSuite) -> bool| config.proposals.iter().any(pick);
        let esp = wants(|suite| suite.esp.is_some()).then(|| cx.spi());
        let ah = wants(|suite| suite.ah.is_some()).then(|| cx.spi());
        let spis = Spis { ah, esp };
        let mode = nat::mode(sa, config.transport);
        let offer = offer(&config, mode, spis);
        let nonce = cx.nonce();
        let kx = config.group.map(|group| (cx.provider.initiate)(group, cx.entropy));
        let mut payloads = vec![Payload::Sa(offer.clone()), Payload::Nonce(nonce.clone())];
        payloads.extend(kx.as_ref().map(|kx| Payload::Ke(kx.public().to_vec())));
        payloads.extend([&config.local, &config.remote].map(|side| Payload::Id(side.identification())));
        if config.transport {
            payloads.extend(through_nat::originals(sa, Role::Initiator));
        }
        let crypto = sa.crypto.as_ref().ok_or(Failure::Abandoned)?;
        let prf = crypto.authenticator(cx.provider);
        let first = hashed(payloads, |rest| Hashes { prf: &prf, message_id }.first(rest));
        Ok((Self { config, message_id, mode, offer, spis, nonce, kx, over: false }, first))
    }

    /// The child with the hosts where they are seen here, and what checksums of the peer's packets are over.
    fn seen(&self, sa: &IsakmpSa, message: &Opened) -> (ChildConfig, Option<(IpAddr, IpAddr)>) {
        let config = self.config.clone();
        let hosts = through_nat::understood(&sa.path, config.local, config.remote);
        match hosts.filter(|_| config.transport && nat::in_udp(sa)) {
            Some([local, remote]) => (
                ChildConfig { local, remote, ..config },
                through_nat::told(&message.payloads, Role::Responder),
            ),
            None => (config, None),
        }
    }
}

impl Exchange for Initiator {
    fn awaits(&self) -> String {
        "quick mode, message 2".to_owned()
    }

    fn guise(&self) -> Guise {
        Guise::Encrypted
    }

    fn child(&self) -> Option<(&str, Vec<Vec<u8>>)> {
        let spis = self.spis.each().map(|(_, spi)| spi.0.to_be_bytes().to_vec()).collect();
        Some((&self.config.name, spis))
    }

    fn receive(&mut self, sa: &IsakmpSa, message: &Opened, cx: &mut Context<'_>) -> Result<Step, Refusal> {
        let crypto = sa.crypto.as_ref().ok_or(Refusal::Ignore(DropReason::State))?;
        grammar::check(Form::Quick, &message.payloads)
            .map_err(|_| Refusal::Ignore(DropReason::Undecipherable))?;
        let prf = crypto.authenticator(cx.provider);
        let hashes = Hashes { prf: &prf, message_id: self.message_id };
        check_hash(message, &hashes.second(&self.nonce, message.behind_hash()))?;
        if mem::replace(&mut self.over, true) {
            return Err(Refusal::Ignore(DropReason::State));
        }
        let proposal = |what: String| {
            Refusal::Close(NotifyType::BAD_PROPOSAL_SYNTAX, Failure::Proposal(Disagreement::because(what)))
        };
        let agreed =
            accepted(&self.config, self.mode, &self.offer, there(message.sa())?).map_err(proposal)?;
        let sides = [&self.config.local, &self.config.remote].map(Side::identification);
        let ids = message.ids();
        if !ids.is_empty() && !ids.iter().copied().eq(&sides) {
            let what = "the answer is about other packets than the offer".to_owned();
            return Err(Refusal::Close(NotifyType::INVALID_ID_INFORMATION, Failure::Identities(what)));
        }
        let nonce_r = check_nonce(there(message.nonce())?)?;
        let key =
            |what: String| Refusal::Close(NotifyType::INVALID_KEY_INFORMATION, Failure::KeyExchange(what));
        let secret = match (self.kx.take(), message.ke()) {
            (Some(kx), Some(public)) => Some(kx.finish(public).map_err(|bad| key(bad.to_string()))?),
            (None, None) => None,
            _ => return Err(key("only one end has sent a public value".to_owned())),
        };
        let (config, original) = self.seen(sa, message);
        let outcome = Outcome {
            config: &config,
            initiator: true,
            suite: agreed.suite,
            inbound: self.spis.needed(&agreed.suite),
            outbound: agreed.spis,
            secret: secret.as_ref(),
            nonces: (&self.nonce, &nonce_r),
            original,
            limits: told(message).unwrap_or(agreed.limits),
        };
        let effects = vec![outcome.child(sa, crypto, cx)];
        let proof = hashes.third(&self.nonce, &nonce_r).as_bytes().to_vec();
        Ok(Step { effects, reply: Some(Reply::encrypted(vec![Payload::Hash(proof)])), done: true })
    }
}

/// What the responder tells of shorter lifetimes (RFC 2407 §4.6.3.1).
fn told(message: &Opened) -> Option<Limits> {
    let lives = message.payloads.iter().find_map(|payload| match payload {
        Payload::Notify(notify) if notify.kind == NotifyType::RESPONDER_LIFETIME => {
            Lifetime::of(&notify.responder_lifetime().ok()?).ok()
        }
        _ => None,
    })?;
    let of = |kind| lives.iter().find(|life| life.kind == kind).map(|life| life.duration);
    Some(Limits {
        time: of(LifeType::SECONDS).map(std::time::Duration::from_secs),
        octets: of(LifeType::KILOBYTES).map(|kilobytes| kilobytes.saturating_mul(1024)),
        packets: None,
    })
}
