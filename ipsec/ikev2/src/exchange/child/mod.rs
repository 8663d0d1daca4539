//! Child SAs: what `IKE_AUTH` and `CREATE_CHILD_SA` agree on alike (RFC 7296 §1.2, §1.3.1, §2.9, §2.17): suites,
//! SPIs, traffic selectors, terms and keys. The initiator's half is in [`offer`], the responder's in [`choice`].

mod choice;
mod offer;
mod terms;

use std::net::IpAddr;

use ipsec_crypto::{KeyExchangeAlgorithm, PrfAlgorithm, Secret};
use ipsec_dataplane::{Flow, Mode, Protection, SaOptions, SaPair, SaParameters, UdpEncapsulation};
use ipsec_wire::Spi;
use ipsec_wire::v2::{Payload, Proposal, TrafficSelector};

use crate::config::{ChildConfig, Connection};
use crate::context::Context;
use crate::effect::NewChild;
use crate::event::ChildRecord;
use crate::keys;
use crate::message::Opened;
use crate::negotiate::{self, ChildSuite, Disagreement};
use crate::refusal::Failure;
use crate::sa::IkeSa;

pub(crate) use choice::{Asker, ChildRefusal, answer};
pub(super) use choice::{accept, choose, install};
pub(crate) use offer::ChildOffer;

use terms::Terms;

/// A child that is wanted, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The child's name.
    pub(crate) child: String,
    /// The packet that there is no SA for.
    pub(crate) packet: Option<Flow>,
    /// The resource that it is for (RFC 9611).
    pub(crate) resource: Option<u32>,
}

impl Wish {
    /// The child itself.
    pub(crate) fn of(child: &str) -> Self {
        Self { child: child.to_owned(), packet: None, resource: None }
    }

    /// The child, and beside it one for each resource.
    pub(crate) fn all_of(config: &ChildConfig) -> Vec<Self> {
        let beside =
            (0..config.resources).map(|resource| Self { resource: Some(resource), ..Self::of(&config.name) });
        std::iter::once(Self::of(&config.name)).chain(beside).collect()
    }

    /// The children of these names, each with those beside it.
    pub(crate) fn named(connection: &Connection, names: &[String]) -> Vec<Self> {
        let named = connection.children.iter().filter(|child| names.contains(&child.name));
        named.flat_map(Self::all_of).collect()
    }

    /// The child's configuration for this IKE SA.
    pub(crate) fn config(&self, sa: &IkeSa) -> Option<ChildConfig> {
        sa.child_config(&self.child)
    }
}

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

/// Whether the message asks for a child.
pub(crate) fn is_asked_for(message: &Opened<'_>) -> bool {
    message.payloads.iter().any(|payload| matches!(payload, Payload::Sa(_)))
}

/// The three payloads of an offer or a choice.
struct Offered<'a> {
    proposals: &'a [Proposal],
    initiator: &'a [TrafficSelector],
    responder: &'a [TrafficSelector],
}

impl<'a> Offered<'a> {
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
    terms: Terms,
    /// The resource that we use it for.
    resource: Option<u32>,
    local: Vec<TrafficSelector>,
    remote: Vec<TrafficSelector>,
    /// Source and destination of what the peer sends as it sees them, where transport mode goes through NAT.
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
        let path = sa.children_path();
        if path.nat.is_there() && matches!(self.suite.protection, Protection::Ah(_)) {
            return Err(Failure::Proposal(Disagreement::because(
                "AH does not get through NAT (RFC 3948 §1)",
            )));
        }
        let length = self.suite.protection.key_material_len();
        let Secrets { prf, sk_d, nonce_i, nonce_r, shared } = secrets;
        let shared = shared.and_then(<[Secret]>::split_first);
        let shared = shared.map_or((None, &[][..]), |(first, additional)| (Some(first), additional));
        let (first, second) = keys::child_keys(cx.provider, prf, sk_d, shared, (nonce_i, nonce_r), length)
            .map_err(|error| Failure::KeyExchange(error.to_string()))?;
        let (outbound_key, inbound_key) = if self.initiator { (first, second) } else { (second, first) };
        let selectors = negotiate::pairs(&self.local, &self.remote);
        let mode = match self.terms.transport {
            true => Mode::Transport,
            false => Mode::Tunnel { local: path.local.ip(), remote: path.remote.ip() },
        };
        let options = self.options(sa);
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
        pair.resource = self.resource;
        pair.yields = self.replaces.is_some() && !self.initiator;
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
            resource: self.resource,
            addresses: (path.local.ip(), path.remote.ip()),
            inbound_key,
            outbound_key,
        };
        Ok(NewChild { record, pair, nonces: [nonce_i.to_vec(), nonce_r.to_vec()] })
    }

    /// What its SAs do beside protecting packets, as far as the peer agrees.
    fn options(&self, sa: &IkeSa) -> SaOptions {
        let configured = self.config.options;
        let in_udp =
            sa.children_path().outer(sa.connection.encapsulate, sa.connection.keepalive).encapsulation;
        let in_udp = in_udp.map(|udp| UdpEncapsulation { original: self.original, ..udp });
        SaOptions {
            encapsulation: in_udp.or(configured.encapsulation),
            pad_to: configured.pad_to.filter(|_| !self.terms.no_padding),
            later_fragments: self.terms.non_first_fragments || !terms::has_ports(&self.config),
            ..configured
        }
    }
}
