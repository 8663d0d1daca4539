//! The responder's half of a child's negotiation: which of the configured children the offer fits, and what comes of it.

use std::net::IpAddr;

use ipsec_auth::Identity;
use ipsec_crypto::KeyExchangeAlgorithm;
use ipsec_wire::Spi;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload, Proposal, SecurityAssociation, TrafficSelector};

use super::terms::Terms;
use super::{Agreed, Offered, Secrets};
use crate::config::{ChildConfig, Connection};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::Answer;
use crate::exchange::through_nat::{Understood, understand};
use crate::message::Opened;
use crate::negotiate::{self, ChildSuite};
use crate::refusal::Failure;
use crate::sa::{ChildSa, IkeSa};

/// A refusal of a child: what to tell the peer, the child's name if it was found, and why.
pub(crate) type ChildRefusal = (Notify, String, Failure);

/// What the peer's offer of a child comes to: the choice, and the configuration that it fits.
pub(in crate::exchange) struct Choice {
    replaces: Option<Spi>,
    proposal: Proposal,
    suite: ChildSuite,
    /// What the peer states.
    theirs: Terms,
    /// What we use it for.
    resource: Option<u32>,
    fit: Fit,
}

impl Choice {
    pub(in crate::exchange) fn name(&self) -> &str {
        &self.fit.config.name
    }

    /// The key exchange of the child's own, if one was chosen.
    pub(in crate::exchange) fn key_exchange(&self) -> Option<KeyExchangeAlgorithm> {
        self.suite.key_exchange
    }

    /// The additional key exchanges.
    pub(in crate::exchange) fn additional(&self) -> impl Iterator<Item = KeyExchangeAlgorithm> {
        self.suite.additional.into_iter().flatten()
    }
}

/// A configured child and what it has in common with an offer.
struct Fit {
    config: ChildConfig,
    /// The peer's side and ours, both narrowed.
    initiator: Vec<TrafficSelector>,
    responder: Vec<TrafficSelector>,
    transport: bool,
    /// Source and destination of what the peer sends as it sees them, where transport mode goes through NAT.
    original: Option<(IpAddr, IpAddr)>,
    /// Another child would carry something else of the offer.
    more_possible: bool,
}

/// Who asks for a child.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    /// Who it has proven to be.
    pub(crate) identity: Option<&'a Identity>,
    /// What is assigned to it.
    pub(crate) addresses: &'a [IpAddr],
}

/// Answers the peer's offer of a child in `IKE_AUTH` with SA, TSi and TSr.
pub(crate) fn answer(
    connection: &Connection,
    sa: &IkeSa,
    asker: Asker<'_>,
    message: &Opened<'_>,
    secrets: Secrets<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, ChildRefusal> {
    let choice = choose(connection, sa, asker, message, false, None)?;
    install(&choice, sa, secrets, cx)
}

/// The choice from an offer, with or without a `fresh` key exchange. One that is to replace the child `old` has the same
/// configuration and is no narrower (RFC 7296 §2.9.2).
pub(in crate::exchange) fn choose(
    connection: &Connection,
    sa: &IkeSa,
    asker: Asker<'_>,
    message: &Opened<'_>,
    fresh: bool,
    old: Option<&ChildSa>,
) -> Result<Choice, ChildRefusal> {
    let refuse = |kind, child: &str, failure| (Notify::new(kind, Vec::new()), child.to_owned(), failure);
    let unnamed = connection.children.first().map_or("", |child| &child.name);
    let offer = Offered::of(message).ok_or_else(|| {
        let failure = Failure::Syntax("Child SA request without SA and traffic selectors".to_owned());
        refuse(NotifyType::INVALID_SYNTAX, unnamed, failure)
    })?;
    let theirs = Terms::of(&message.payloads);
    let fit = match through_nat(connection, (sa, asker), (&offer, &theirs), old) {
        Some(fit) => fit,
        None => fit(connection, asker, &offer, old, |_| true).map_err(|why| {
            refuse(NotifyType::TS_UNACCEPTABLE, old.map_or(unnamed, |old| &old.name), Failure::Selectors(why))
        })?,
    };
    let transport =
        fit.config.transport && theirs.transport && (fit.original.is_some() || !sa.path.nat.is_there());
    let fit = Fit { transport, ..fit };
    let config = &fit.config;
    if config.single_pair && !negotiate::is_single_pair([offer.initiator, offer.responder]) {
        let why = format!("offered {}, a single pair of addresses is wanted", shown(&offer));
        return Err(refuse(NotifyType::SINGLE_PAIR_REQUIRED, &config.name, Failure::Selectors(why)));
    }
    let resource = resource(sa, config, &theirs, old)
        .map_err(|why| refuse(NotifyType::TS_MAX_QUEUE, &config.name, Failure::Limit(why)))?;
    let configured = negotiate::child_offer(&config.proposals, Spi(0), fresh);
    let proposal = negotiate::select(&configured, offer.proposals).map_err(|why| {
        refuse(NotifyType::NO_PROPOSAL_CHOSEN, &config.name, Failure::Proposal(Box::new(why)))
    })?;
    let suite = negotiate::ChildSuite::of(&proposal).ok_or_else(|| {
        let failure = Failure::Syntax("Child SA request: an SPI that is not four octets".to_owned());
        refuse(NotifyType::NO_PROPOSAL_CHOSEN, &config.name, failure)
    })?;
    Ok(Choice { replaces: old.map(|old| old.inbound), proposal, suite, theirs, resource, fit })
}

/// The child that is meant by an offer of transport mode through NAT, which is for what the hosts are called here
/// (RFC 7296 §2.23.1). Where it may not be, there is none, and a tunnel is for what the peer calls them.
fn through_nat(
    connection: &Connection,
    (sa, asker): (&IkeSa, Asker<'_>),
    (offer, theirs): (&Offered<'_>, &Terms),
    old: Option<&ChildSa>,
) -> Option<Fit> {
    if !theirs.transport || !sa.path.nat.is_there() {
        return None;
    }
    let Understood { remote, local, original } = understand(&sa.path, offer.initiator, offer.responder)?;
    let seen = Offered { proposals: offer.proposals, initiator: &remote, responder: &local };
    let fit = fit(connection, asker, &seen, old, |config| config.transport).ok()?;
    Some(Fit { original: Some(original), ..fit })
}

/// The child that is meant, one of those that are `wanted` and for this peer: of several that have something in common with
/// the offer the first that has room for the packet which its first selectors may be those of, or else the first
/// (RFC 7296 §2.9).
fn fit(
    connection: &Connection,
    asker: Asker<'_>,
    offer: &Offered<'_>,
    old: Option<&ChildSa>,
    wanted: fn(&ChildConfig) -> bool,
) -> Result<Fit, String> {
    let meant = connection.children.iter().filter(|config| old.is_none_or(|old| old.name == config.name));
    let meant = meant.filter(|config| wanted(config) && config.is_for(asker.identity));
    let meant = meant.map(|config| config.with_assigned(connection, asker.addresses));
    let bound = meant.clone().map(|config| config.bound_to_sender(offer.initiator));
    let mut fits: Vec<Fit> = bound.filter_map(|config| common(config, offer, old)).collect();
    let first_packet = |fit: &Fit| {
        let has = |first: Option<&TrafficSelector>, narrowed: &[TrafficSelector]| {
            first.is_some_and(|first| negotiate::subset(std::slice::from_ref(first), narrowed))
        };
        has(offer.initiator.first(), &fit.initiator) && has(offer.responder.first(), &fit.responder)
    };
    if fits.is_empty() {
        let ours: Vec<String> = match old {
            Some(old) => {
                vec![format!("{} === {}", negotiate::show(&old.local), negotiate::show(&old.remote))]
            }
            None => meant.map(|child| configured(&child)).collect(),
        };
        let whose = match old {
            Some(_) => "in use".to_owned(),
            None if ours.is_empty() => {
                format!(
                    "configured nothing for {}",
                    asker.identity.map_or(String::new(), ToString::to_string)
                )
            }
            None => "configured".to_owned(),
        };
        return Err(format!("offered {}, {whose} {}", shown(offer), ours.join("; ")));
    }
    let chosen = fits.iter().position(first_packet).unwrap_or(0);
    let mut fit = fits.swap_remove(chosen);
    let beyond = |other: &Fit| {
        !negotiate::subset(&other.initiator, &fit.initiator)
            || !negotiate::subset(&other.responder, &fit.responder)
    };
    fit.more_possible = old.is_none() && fits.iter().any(beyond);
    Ok(fit)
}

/// What a configured child has in common with an offer, a label among it where there are labels.
fn common(config: ChildConfig, offer: &Offered<'_>, old: Option<&ChildSa>) -> Option<Fit> {
    let mut initiator = negotiate::narrow(offer.initiator, &negotiate::remote_side(&config));
    let mut responder = negotiate::narrow(offer.responder, &negotiate::local_side(&config));
    if negotiate::pairs(&responder, &initiator).is_empty() {
        return None;
    }
    let label = negotiate::common_label([offer.initiator, offer.responder], &config.labels).ok()?;
    initiator.extend(label.clone());
    responder.extend(label);
    let covers = old.is_none_or(|old| {
        negotiate::subset(&old.remote, &initiator) && negotiate::subset(&old.local, &responder)
    });
    covers.then_some(Fit {
        config,
        initiator,
        responder,
        transport: false,
        original: None,
        more_possible: false,
    })
}

/// The resource that we use the child for, if the peer wants it for one of its own (RFC 9611 §3): that of the child that it
/// replaces, or the first that has none.
fn resource(
    sa: &IkeSa,
    config: &ChildConfig,
    theirs: &Terms,
    old: Option<&ChildSa>,
) -> Result<Option<u32>, String> {
    if theirs.resource.is_none() {
        return Ok(None);
    }
    if let Some(old) = old {
        return Ok(old.resource);
    }
    let current = || sa.children.iter().filter(|child| child.name == config.name && child.is_current());
    let free = (0..config.resources).find(|one| !current().any(|child| child.resource == Some(*one)));
    free.map(Some).ok_or_else(|| {
        format!("{} has SAs for {} resources, which is all that there are", config.name, config.resources)
    })
}

pub(in crate::exchange) fn install(
    choice: &Choice,
    sa: &IkeSa,
    secrets: Secrets<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, ChildRefusal> {
    let (agreed, payloads) = accept(choice, cx);
    let child = agreed.child(sa, secrets, cx).map_err(|failure| {
        (Notify::new(NotifyType::NO_PROPOSAL_CHOSEN, Vec::new()), choice.name().to_owned(), failure)
    })?;
    let mut effects = vec![Effect::AddChild(Box::new(child))];
    if choice.fit.more_possible {
        effects.push(Effect::Report(Event::Probe("ikev2.additional-ts.sent")));
    }
    Ok(Answer { payloads, effects })
}

/// What a choice comes to under a fresh SPI, and the payloads that say so.
pub(in crate::exchange) fn accept(choice: &Choice, cx: &mut Context<'_>) -> (Agreed, Vec<Payload>) {
    let inbound = cx.child_spi();
    let fit = &choice.fit;
    let ours = Terms::answered(&fit.config, &choice.theirs, fit.transport, choice.resource);
    let agreed = Agreed {
        config: fit.config.clone(),
        initiator: false,
        inbound,
        replaces: choice.replaces,
        suite: choice.suite,
        terms: Terms { no_padding: choice.theirs.no_padding, ..ours.clone() },
        resource: choice.resource,
        local: fit.responder.clone(),
        remote: fit.initiator.clone(),
        original: fit.original,
    };
    let mut proposal = choice.proposal.clone();
    proposal.spi = inbound.0.to_be_bytes().to_vec();
    let mut payloads = vec![
        Payload::Sa(SecurityAssociation { proposals: vec![proposal] }),
        Payload::TsI(fit.initiator.clone()),
        Payload::TsR(fit.responder.clone()),
    ];
    payloads.extend(ours.payloads());
    if fit.more_possible {
        payloads.push(Payload::Notify(Notify::new(NotifyType::ADDITIONAL_TS_POSSIBLE, Vec::new())));
    }
    (agreed, payloads)
}

/// An offer as the responder sees it, its own side at the left.
fn shown(offer: &Offered<'_>) -> String {
    format!("{} === {}", negotiate::show(offer.responder), negotiate::show(offer.initiator))
}

fn configured(child: &ChildConfig) -> String {
    let labels = child.labels.iter().cloned().map(TrafficSelector::Label);
    let [mut local, mut remote] = [negotiate::local_side(child), negotiate::remote_side(child)];
    local.extend(labels.clone());
    remote.extend(labels);
    let named = if child.names.is_empty() { "" } else { " by the one address of a peer" };
    format!("{} === {}{named}", negotiate::show(&local), negotiate::show(&remote))
}
