//! The initiator's half of a child's negotiation: what is offered, and what the response makes of it.

use std::net::IpAddr;

use ipsec_wire::Spi;
use ipsec_wire::registry::{NotifyType, ProtocolId};
use ipsec_wire::v2::{Payload, Proposal, SecurityAssociation, TrafficSelector};

use super::terms::Terms;
use super::{Agreed, Offered, Secrets, Wish};
use crate::config::ChildConfig;
use crate::context::Context;
use crate::effect::{Effect, NewChild};
use crate::event::Event;
use crate::exchange::through_nat::understand;
use crate::message::{Opened, find_error, find_notify};
use crate::negotiate::{self, Disagreement};
use crate::path::Path;
use crate::refusal::Failure;
use crate::sa::IkeSa;

/// What we, as initiator of the exchange, offer for a child.
pub(crate) struct ChildOffer {
    config: ChildConfig,
    wish: Wish,
    spi: Spi,
    proposals: Vec<Proposal>,
    local: Vec<TrafficSelector>,
    remote: Vec<TrafficSelector>,
}

impl ChildOffer {
    /// An offer under a fresh SPI; `fresh` if the child can have a key exchange of its own.
    pub(crate) fn new(config: ChildConfig, wish: Wish, fresh: bool, cx: &mut Context<'_>) -> Self {
        let spi = cx.child_spi();
        let proposals = negotiate::child_offer(&config.proposals, spi, fresh);
        let (mut local, mut remote) = (negotiate::local_side(&config), negotiate::remote_side(&config));
        if let Some(packet) = &wish.packet {
            let [here, there] = negotiate::of_flow(packet);
            local.insert(0, here);
            remote.insert(0, there);
        }
        for side in [&mut local, &mut remote] {
            side.extend(config.labels.iter().cloned().map(TrafficSelector::Label));
        }
        Self { config, wish, spi, proposals, local, remote }
    }

    /// The same offer for nothing but the packet that it was made for, if there is one and more was offered: a responder
    /// that wants a single pair of addresses takes no other (RFC 7296 §2.9).
    pub(crate) fn for_packet_alone(&self, cx: &mut Context<'_>) -> Option<Self> {
        let [here, there] = negotiate::of_flow(self.wish.packet.as_ref()?);
        if negotiate::is_single_pair([&self.local, &self.remote]) {
            return None;
        }
        let mut alone = Self::new(self.config.clone(), self.wish.clone(), true, cx);
        (alone.local, alone.remote) = (vec![here], vec![there]);
        Some(alone)
    }

    pub(crate) fn config(&self) -> &ChildConfig {
        &self.config
    }

    pub(crate) fn wish(&self) -> &Wish {
        &self.wish
    }

    /// The notifies that go before SA, TSi and TSr.
    pub(crate) fn terms(&self) -> Vec<Payload> {
        Terms::wanted(&self.config, self.wish.resource).payloads()
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
    pub(in crate::exchange) fn promised(&self) -> (ProtocolId, Spi) {
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
    pub(in crate::exchange) fn agreed(
        &self,
        path: &Path,
        message: &Opened<'_>,
        replaces: Option<Spi>,
    ) -> Result<Agreed, Failure> {
        // An error means that there is no child, whatever stands beside it (RFC 7296 §3.10.1).
        let Some(answer) = Offered::of(message).filter(|_| find_error(&message.payloads).is_none()) else {
            return Err(self.refused(message));
        };
        let chosen = negotiate::check_choice(&self.proposals, answer.proposals)
            .map_err(|what| Failure::Syntax(format!("Child SA response: {what}")))?;
        let suite = negotiate::ChildSuite::of(&chosen)
            .ok_or_else(|| Failure::Syntax("Child SA response: the choice is incomplete".to_owned()))?;
        let terms = self.agreed_terms(message)?;
        let (mut local, mut remote, mut original) =
            (answer.initiator.to_vec(), answer.responder.to_vec(), None);
        if terms.transport && path.nat.is_there() {
            let Some(understood) = understand(path, answer.responder, answer.initiator) else {
                let text = "Child SA response: transport mode through NAT is between two hosts".to_owned();
                return Err(Failure::Selectors(text));
            };
            (local, remote, original) = (understood.local, understood.remote, Some(understood.original));
        }
        if !(negotiate::subset(&local, &self.local) && negotiate::subset(&remote, &self.remote)) {
            return Err(Failure::Selectors(format!(
                "the responder's {} === {} is not within our {}",
                negotiate::show(&local),
                negotiate::show(&remote),
                self.shown()
            )));
        }
        self.check_label(&answer)?;
        Ok(Agreed {
            config: self.config.clone(),
            initiator: true,
            inbound: self.spi,
            replaces,
            suite,
            terms,
            resource: self.wish.resource,
            local,
            remote,
            original,
        })
    }

    /// Where labels were offered, the responder has chosen one, at both sides the same (RFC 9478 §3).
    fn check_label(&self, answer: &Offered<'_>) -> Result<(), Failure> {
        let labels = |side: &[TrafficSelector]| -> Vec<Vec<u8>> {
            side.iter().filter_map(TrafficSelector::label).map(<[u8]>::to_vec).collect()
        };
        let (ours, theirs) = (labels(answer.initiator), labels(answer.responder));
        let expected = usize::from(!self.config.labels.is_empty());
        if ours.len() == expected && ours == theirs {
            return Ok(());
        }
        Err(Failure::Selectors(format!(
            "the responder's {} === {} does not have one of the labels in our {}",
            negotiate::show(answer.initiator),
            negotiate::show(answer.responder),
            self.shown()
        )))
    }

    fn agreed_terms(&self, message: &Opened<'_>) -> Result<Terms, Failure> {
        let unwanted =
            |what: &str| Failure::Syntax(format!("Child SA response: {what}, which we did not ask for"));
        let wanted = Terms::wanted(&self.config, self.wish.resource);
        let theirs = Terms::of(&message.payloads);
        if theirs.transport && !wanted.transport {
            return Err(unwanted("transport mode"));
        }
        if find_notify(&message.payloads, NotifyType::IPCOMP_SUPPORTED).is_some() {
            return Err(unwanted("compression"));
        }
        let non_first_fragments = wanted.non_first_fragments && theirs.non_first_fragments;
        Ok(Terms { non_first_fragments, ..theirs })
    }

    /// Why the responder made no child of the offer, with the offer.
    pub(crate) fn refused(&self, message: &Opened<'_>) -> Failure {
        let error = find_error(&message.payloads);
        match error.map(|notify| notify.kind) {
            Some(NotifyType::NO_PROPOSAL_CHOSEN) => Failure::Proposal(Disagreement::told(&self.proposals)),
            Some(NotifyType::INVALID_KE_PAYLOAD) => {
                Failure::group(error.map_or(&[], |notify| &notify.data), &self.proposals)
            }
            Some(NotifyType::TS_UNACCEPTABLE) => {
                Failure::Selectors(format!("the responder accepts no part of our {}", self.shown()))
            }
            Some(other) => Failure::Refused(other),
            None => Failure::Syntax("Child SA response without SA and traffic selectors".to_owned()),
        }
    }

    /// Whether a child whose one side is what we are assigned is for these addresses.
    ///
    /// # Errors
    /// When it is for another.
    pub(crate) fn check_assigned(&self, addresses: &[IpAddr], child: &NewChild) -> Result<(), Failure> {
        let own: Vec<TrafficSelector> =
            addresses.iter().map(|address| TrafficSelector::any(*address, *address)).collect();
        let local: Vec<TrafficSelector> =
            child.record.local.iter().filter(|selector| selector.label().is_none()).cloned().collect();
        if !self.config.assigned || negotiate::subset(&local, &own) {
            return Ok(());
        }
        Err(Failure::Selectors(format!(
            "the responder's {} is not what it assigned: {}",
            negotiate::show(&local),
            negotiate::show(&own)
        )))
    }

    /// That no child came of it, and why.
    pub(crate) fn failed(&self, failure: Failure) -> Effect {
        Effect::Report(Event::ChildFailed { child: self.config.name.clone(), failure })
    }

    fn shown(&self) -> String {
        format!("{} === {}", negotiate::show(&self.local), negotiate::show(&self.remote))
    }
}
