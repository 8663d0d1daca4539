//! Child SAs: what `IKE_AUTH` and `CREATE_CHILD_SA` agree on alike (RFC 7296 §1.2, §1.3.1, §2.9, §2.17): suites,
//! SPIs, traffic selectors and keys.

use std::net::IpAddr;

use ipsec_crypto::{KeyExchangeAlgorithm, PrfAlgorithm, Secret};
use ipsec_dataplane::{Mode, Protection, SaPair, SaParameters, UdpEncapsulation};
use ipsec_net::AddressRange;
use ipsec_wire::Spi;
use ipsec_wire::registry::{NotifyType, ProtocolId};
use ipsec_wire::v2::{Notify, Payload, Proposal, SecurityAssociation, TrafficSelector};

use super::Answer;
use super::through_nat::{Understood, understand};
use crate::config::{ChildConfig, Connection};
use crate::context::Context;
use crate::effect::{Effect, NewChild};
use crate::event::ChildRecord;
use crate::keys;
use crate::message::{Opened, find_error, find_notify};
use crate::negotiate::{self, ChildSuite};
use crate::path::Path;
use crate::refusal::Failure;
use crate::sa::{ChildSa, IkeSa};

/// What the keys of a child are made of.
#[derive(Clone, Copy)]
pub(crate) struct Secrets<'a> {
    /// The PRF of its IKE SA, and `SK_d`.
    pub(crate) prf: PrfAlgorithm,
    pub(crate) sk_d: &'a Secret,
    /// The nonces of the exchange that makes it.
    pub(crate) nonce_i: &'a [u8],
    pub(crate) nonce_r: &'a [u8],
    /// What its own key exchange has given, if it had one, and the additional ones behind it.
    pub(crate) shared: Option<&'a [Secret]>,
}

/// What we, as initiator of the exchange, offer for a child.
pub(crate) struct ChildOffer {
    config: ChildConfig,
    spi: Spi,
    proposals: Vec<Proposal>,
    local: Vec<TrafficSelector>,
    remote: Vec<TrafficSelector>,
}

impl ChildOffer {
    /// An offer under a fresh SPI; `fresh` if the child can have a key exchange of its own.
    pub(crate) fn new(config: ChildConfig, fresh: bool, cx: &mut Context<'_>) -> Self {
        let spi = cx.child_spi();
        let proposals = negotiate::child_offer(&config.proposals, spi, fresh);
        let (local, remote) = (negotiate::to_wire(&config.local), negotiate::to_wire(&config.remote));
        Self { config, spi, proposals, local, remote }
    }

    pub(super) fn config(&self) -> &ChildConfig {
        &self.config
    }

    /// The notify that asks for transport mode, if that is wanted.
    pub(crate) fn mode(&self) -> Option<Payload> {
        self.config.transport.then(use_transport_mode)
    }

    /// SA, TSi and TSr.
    pub(crate) fn payloads(&self) -> [Payload; 3] {
        [
            Payload::Sa(SecurityAssociation { proposals: self.proposals.clone() }),
            Payload::TsI(self.local.clone()),
            Payload::TsR(self.remote.clone()),
        ]
    }

    /// The protocol and the SPI under which the responder believes that we receive once it has answered.
    pub(super) fn promised(&self) -> (ProtocolId, Spi) {
        (self.proposals.first().map_or(ProtocolId::ESP, |proposal| proposal.protocol), self.spi)
    }

    /// Reads the response: the child that it makes, in the place of the one that we receive under `replaces`.
    ///
    /// # Errors
    /// Why there is none. The IKE SA lives on either way.
    pub(crate) fn conclude(
        &self,
        sa: &IkeSa,
        secrets: Secrets<'_>,
        message: &Opened<'_>,
        replaces: Option<Spi>,
        cx: &mut Context<'_>,
    ) -> Result<NewChild, Failure> {
        self.agreed(&sa.path, message, replaces)?.child(sa, secrets, cx)
    }

    /// What the response agrees on, before there are keys.
    ///
    /// # Errors
    /// Why nothing is agreed on.
    pub(super) fn agreed(
        &self,
        path: &Path,
        message: &Opened<'_>,
        replaces: Option<Spi>,
    ) -> Result<Agreed, Failure> {
        let Some(offer) = Offer::of(message) else {
            return Err(self.refused(message));
        };
        if wants_transport(message) && !self.config.transport {
            let text = "Child SA response: transport mode, which we did not ask for".to_owned();
            return Err(Failure::Syntax(text));
        }
        let chosen = negotiate::check_choice(&self.proposals, offer.proposals)
            .map_err(|what| Failure::Syntax(format!("Child SA response: {what}")))?;
        let suite = negotiate::child_suite(&chosen)
            .ok_or_else(|| Failure::Syntax("Child SA response: the choice is incomplete".to_owned()))?;
        let transport = wants_transport(message);
        let mut carried = Carried {
            transport,
            local: offer.initiator.to_vec(),
            remote: offer.responder.to_vec(),
            original: None,
        };
        if transport && path.nat.is_there() {
            let Some(Understood { local, remote, original }) =
                understand(path, offer.responder, offer.initiator)
            else {
                let text = "Child SA response: transport mode through NAT is between two hosts".to_owned();
                return Err(Failure::Selectors(text));
            };
            carried = Carried { transport, local, remote, original: Some(original) };
        }
        let narrowed = negotiate::subset(&carried.local, &self.local)
            && negotiate::subset(&carried.remote, &self.remote);
        if !narrowed {
            let text = "the responder's traffic selectors are not within ours".to_owned();
            return Err(Failure::Selectors(text));
        }
        Ok(Agreed {
            config: self.config.clone(),
            initiator: true,
            inbound: self.spi,
            replaces,
            suite,
            transport: carried.transport,
            local: carried.local,
            remote: carried.remote,
            original: carried.original,
        })
    }

    pub(super) fn refused(&self, message: &Opened<'_>) -> Failure {
        match find_error(&message.payloads).map(|notify| notify.kind) {
            Some(NotifyType::NO_PROPOSAL_CHOSEN) => {
                let offer: Vec<String> = self.proposals.iter().map(ToString::to_string).collect();
                Failure::Proposal(format!("the responder accepts none of ours: {}", offer.join("; ")))
            }
            Some(NotifyType::TS_UNACCEPTABLE) => Failure::Selectors(format!(
                "the responder accepts no part of {} === {}",
                negotiate::show(&self.local),
                negotiate::show(&self.remote)
            )),
            Some(other) => Failure::Refused(other),
            None => Failure::Syntax("Child SA response without SA and traffic selectors".to_owned()),
        }
    }
}

/// What a child carries, as this end understands the response.
struct Carried {
    transport: bool,
    local: Vec<TrafficSelector>,
    remote: Vec<TrafficSelector>,
    original: Option<(IpAddr, IpAddr)>,
}

/// Whether the message asks for a child.
pub(crate) fn is_asked_for(message: &Opened<'_>) -> bool {
    message.payloads.iter().any(|payload| matches!(payload, Payload::Sa(_)))
}

/// A refusal of a child: what to tell the peer, the child's name if it was found, and why.
pub(crate) type ChildRefusal = (Notify, String, Failure);

/// What the peer's offer of a child comes to: the choice, and the configuration that it fits.
pub(super) struct Choice<'a> {
    config: &'a ChildConfig,
    replaces: Option<Spi>,
    proposal: Proposal,
    suite: ChildSuite,
    /// Whether both want transport mode.
    transport: bool,
    /// The peer's networks and ours, both narrowed.
    initiator: Vec<TrafficSelector>,
    responder: Vec<TrafficSelector>,
    /// Source and destination of what the peer sends as it sees them, where transport mode goes through NAT.
    original: Option<(IpAddr, IpAddr)>,
}

impl Choice<'_> {
    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    /// The key exchange of the child's own, if one was chosen.
    pub(super) fn key_exchange(&self) -> Option<KeyExchangeAlgorithm> {
        self.suite.key_exchange
    }

    /// The additional key exchanges.
    pub(super) fn additional(&self) -> impl Iterator<Item = KeyExchangeAlgorithm> {
        self.suite.additional.into_iter().flatten()
    }
}

/// Answers the peer's offer of a child in `IKE_AUTH` with SA, TSi and TSr.
pub(crate) fn answer(
    connection: &Connection,
    sa: &IkeSa,
    message: &Opened<'_>,
    secrets: Secrets<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, ChildRefusal> {
    let choice = choose(connection, &sa.path, message, false, None)?;
    install(&choice, sa, secrets, cx)
}

/// The choice from an offer, with or without a `fresh` key exchange. One that is to replace the child `old` has the same
/// configuration and is no narrower (RFC 7296 §2.9.2).
pub(super) fn choose<'a>(
    connection: &'a Connection,
    path: &Path,
    message: &Opened<'_>,
    fresh: bool,
    old: Option<&'a ChildSa>,
) -> Result<Choice<'a>, ChildRefusal> {
    let unnamed = || connection.children.first().map_or_else(String::new, |child| child.name.clone());
    let refuse = |kind, child, failure| (Notify::new(kind, Vec::new()), child, failure);
    let offer = Offer::of(message).ok_or_else(|| {
        let failure = Failure::Syntax("Child SA request without SA and traffic selectors".to_owned());
        refuse(NotifyType::INVALID_SYNTAX, unnamed(), failure)
    })?;
    // Of several children the first whose networks have something in common with the offer is meant.
    let meant = connection.children.iter().filter(|config| old.is_none_or(|old| old.name == config.name));
    let fitting = |config: &'a ChildConfig, initiator: &[TrafficSelector], responder: &[TrafficSelector]| {
        let initiator = negotiate::narrow(initiator, &config.remote);
        let responder = negotiate::narrow(responder, &config.local);
        let covers = old.is_none_or(|old| {
            negotiate::subset(&old.remote, &initiator) && negotiate::subset(&old.local, &responder)
        });
        (covers && !initiator.is_empty() && !responder.is_empty()).then_some((config, initiator, responder))
    };
    // Through NAT transport mode is for what the hosts are called here; where it may not be, a tunnel is for what the peer
    // calls them.
    let wanted = wants_transport(message);
    let through_nat = wanted && path.nat.is_there();
    let understood = through_nat.then(|| understand(path, offer.initiator, offer.responder)).flatten();
    let translated = understood.and_then(|Understood { remote, local, original }| {
        let mut allowed = meant.clone().filter(|config| config.transport);
        let found = allowed.find_map(|config| fitting(config, &remote, &local));
        found.map(|found| (found, true, Some(original)))
    });
    let found = translated.or_else(|| {
        let found = meant.clone().find_map(|config| fitting(config, offer.initiator, offer.responder))?;
        let transport = found.0.transport && wanted && !through_nat;
        Some((found, transport, None))
    });
    let ((config, initiator, responder), transport, original) = found.ok_or_else(|| {
        let ours: Vec<String> = match old {
            Some(old) => {
                vec![format!("{} === {}", negotiate::show(&old.local), negotiate::show(&old.remote))]
            }
            None => meant.map(show_networks).collect(),
        };
        let failure = Failure::Selectors(format!(
            "offered {} === {}, {} {}",
            negotiate::show(offer.responder),
            negotiate::show(offer.initiator),
            if old.is_some() { "in use" } else { "configured" },
            ours.join("; ")
        ));
        refuse(NotifyType::TS_UNACCEPTABLE, unnamed(), failure)
    })?;
    let configured = negotiate::child_offer(&config.proposals, Spi(0), fresh);
    let proposal = negotiate::select(&configured, offer.proposals).map_err(|why| {
        refuse(NotifyType::NO_PROPOSAL_CHOSEN, config.name.clone(), Failure::Proposal(why.to_string()))
    })?;
    let suite = negotiate::child_suite(&proposal).ok_or_else(|| {
        let failure = Failure::Syntax("Child SA request: an SPI that is not four octets".to_owned());
        refuse(NotifyType::NO_PROPOSAL_CHOSEN, config.name.clone(), failure)
    })?;
    Ok(Choice {
        config,
        replaces: old.map(|old| old.inbound),
        proposal,
        suite,
        transport,
        initiator,
        responder,
        original,
    })
}

pub(super) fn install(
    choice: &Choice<'_>,
    sa: &IkeSa,
    secrets: Secrets<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, ChildRefusal> {
    let (agreed, payloads) = accept(choice, cx);
    let child = agreed.child(sa, secrets, cx).map_err(|failure| {
        (Notify::new(NotifyType::NO_PROPOSAL_CHOSEN, Vec::new()), choice.config.name.clone(), failure)
    })?;
    Ok(Answer { payloads, effects: vec![Effect::AddChild(Box::new(child))] })
}

/// What a choice comes to under a fresh SPI, and the payloads that say so.
pub(super) fn accept(choice: &Choice<'_>, cx: &mut Context<'_>) -> (Agreed, Vec<Payload>) {
    let inbound = cx.child_spi();
    let agreed = Agreed {
        config: choice.config.clone(),
        initiator: false,
        inbound,
        replaces: choice.replaces,
        suite: choice.suite,
        transport: choice.transport,
        local: choice.responder.clone(),
        remote: choice.initiator.clone(),
        original: choice.original,
    };
    let mut proposal = choice.proposal.clone();
    proposal.spi = inbound.0.to_be_bytes().to_vec();
    let mut payloads = vec![
        Payload::Sa(SecurityAssociation { proposals: vec![proposal] }),
        Payload::TsI(choice.initiator.clone()),
        Payload::TsR(choice.responder.clone()),
    ];
    payloads.extend(choice.transport.then(use_transport_mode));
    (agreed, payloads)
}

fn use_transport_mode() -> Payload {
    Payload::Notify(Notify::new(NotifyType::USE_TRANSPORT_MODE, Vec::new()))
}

/// Whether the message asks for transport mode, or agrees to it.
fn wants_transport(message: &Opened<'_>) -> bool {
    find_notify(&message.payloads, NotifyType::USE_TRANSPORT_MODE).is_some()
}

/// The three payloads of an offer or a choice.
struct Offer<'a> {
    proposals: &'a [Proposal],
    initiator: &'a [TrafficSelector],
    responder: &'a [TrafficSelector],
}

impl<'a> Offer<'a> {
    fn of(message: &'a Opened<'_>) -> Option<Self> {
        let (mut proposals, mut initiator, mut responder) = (None, None, None);
        for payload in &message.payloads {
            match payload {
                Payload::Sa(sa) => proposals = Some(sa.proposals.as_slice()),
                Payload::TsI(selectors) => initiator = Some(selectors.as_slice()),
                Payload::TsR(selectors) => responder = Some(selectors.as_slice()),
                _ => {}
            }
        }
        Some(Self { proposals: proposals?, initiator: initiator?, responder: responder? })
    }
}

/// All that a child follows from, but the keys.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    config: ChildConfig,
    initiator: bool,
    inbound: Spi,
    replaces: Option<Spi>,
    suite: ChildSuite,
    transport: bool,
    local: Vec<TrafficSelector>,
    remote: Vec<TrafficSelector>,
    original: Option<(IpAddr, IpAddr)>,
}

impl Agreed {
    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    /// The child that it is to replace, by our SPI of it.
    pub(super) fn replaces(&self) -> Option<Spi> {
        self.replaces
    }

    /// The key exchange of the child's own, if there is one.
    pub(super) fn key_exchange(&self) -> Option<KeyExchangeAlgorithm> {
        self.suite.key_exchange
    }

    /// The additional key exchanges, those that are left out as nothing.
    pub(super) fn additional(&self) -> &[Option<KeyExchangeAlgorithm>] {
        &self.suite.additional
    }

    /// The child, now that there are keys.
    pub(super) fn child(
        &self,
        sa: &IkeSa,
        secrets: Secrets<'_>,
        cx: &mut Context<'_>,
    ) -> Result<NewChild, Failure> {
        if sa.path.nat.is_there() && matches!(self.suite.protection, Protection::Ah(_)) {
            return Err(Failure::Proposal("AH does not get through NAT (RFC 3948 §1)".to_owned()));
        }
        let length = self.suite.protection.key_material_len();
        let Secrets { prf, sk_d, nonce_i, nonce_r, shared } = secrets;
        let shared = shared.and_then(<[Secret]>::split_first);
        let shared = shared.map_or((None, &[][..]), |(first, additional)| (Some(first), additional));
        let (first, second) = keys::child_keys(cx.provider, prf, sk_d, shared, (nonce_i, nonce_r), length)
            .map_err(|error| Failure::KeyExchange(error.to_string()))?;
        let (outbound_key, inbound_key) = if self.initiator { (first, second) } else { (second, first) };
        let selectors = negotiate::pairs(&self.local, &self.remote);
        let mode = match self.transport {
            true => Mode::Transport,
            false => Mode::Tunnel { local: sa.path.local.ip(), remote: sa.path.remote.ip() },
        };
        let mut options = self.config.options;
        if let Some(udp) = sa.path.outer(&sa.connection).encapsulation {
            options.encapsulation = Some(UdpEncapsulation { original: self.original, ..udp });
        }
        let parameters = |spi, key: &Secret| SaParameters {
            spi,
            protection: self.suite.protection,
            key: key.clone(),
            mode,
            selectors: selectors.clone(),
            extended_sequence_numbers: self.suite.extended_sequence_numbers,
            replay_window: self.config.replay_window,
            options,
        };
        let (inbound, outbound) =
            (parameters(self.inbound, &inbound_key), parameters(self.suite.spi, &outbound_key));
        let mut pair = SaPair::new(&self.config.name, inbound, outbound);
        pair.lifetime = self.config.lifetime.draw(cx.entropy);
        let record = ChildRecord {
            child: self.config.name.clone(),
            initiator: self.initiator,
            inbound: self.inbound,
            outbound: self.suite.spi,
            replaces: self.replaces,
            protection: self.suite.protection,
            mode,
            extended_sequence_numbers: self.suite.extended_sequence_numbers,
            local: self.local.clone(),
            remote: self.remote.clone(),
            addresses: (sa.path.local.ip(), sa.path.remote.ip()),
            inbound_key,
            outbound_key,
        };
        Ok(NewChild { record, pair, nonces: [nonce_i.to_vec(), nonce_r.to_vec()] })
    }
}

fn show_networks(child: &ChildConfig) -> String {
    let list = |ranges: &[AddressRange]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    format!("{} === {}", list(&child.local), list(&child.remote))
}
