//! Children as they are configured.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipsec_auth::{Identity, IdentityPattern};
use ipsec_dataplane::{LifetimePolicy, SaOptions, Selector};
use ipsec_net::{AddressRange, Prefix};
use ipsec_wire::v2::TrafficSelector;

use super::{Connection, OnClose};
use crate::negotiate::{self, ChildProposal};

/// One Child SA configuration.
#[derive(Clone, Debug)]
pub struct ChildConfig {
    /// Its name, unique in the endpoint; the SPD's policy has the same name.
    pub name: String,
    /// What we offer and accept, best first.
    pub proposals: Vec<ChildProposal>,
    /// Networks at our side.
    pub local: Vec<AddressRange>,
    /// Networks at the peer's side.
    pub remote: Vec<AddressRange>,
    /// Anti-replay window in packets; 0 turns the check off.
    pub replay_window: u32,
    /// Whether to ask for transport mode, and to agree to it (RFC 7296 §1.3.1). Where the peer does not want it, the
    /// child comes in tunnel mode.
    pub transport: bool,
    /// What else its SAs do.
    pub options: SaOptions,
    /// How long its SAs may be used.
    pub lifetime: LifetimePolicy,
    /// Whether a soft limit replaces them.
    pub rekey: bool,
    /// Whether it is set up as soon as its endpoint is started.
    pub start: bool,
    /// How often we ask for it before we give it up, with growing waits between.
    pub attempts: u32,
    /// What follows when the peer deletes it.
    pub on_close: OnClose,
    /// Whether one side is what the responder assigns: ours where the connection asks for addresses, the peer's where it
    /// assigns them. The networks of that side are the bounds.
    pub assigned: bool,
    /// The names of the SPD's entry: a responder has it only for peers that have proven one of these identities, and only for
    /// the one address that the peer says it sends from, within the networks of its side (RFC 4301 §4.4.1.1). Without any it
    /// is for all peers of the connection.
    pub names: Vec<IdentityPattern>,
    /// Which packets between the networks it carries, those of any of these; all of them when there are none.
    pub services: Vec<Service>,
    /// The security labels that it may have (RFC 9478), best first; its SAs have one of them, and the peer has to agree to
    /// one. Without any it has none.
    pub labels: Vec<Vec<u8>>,
    /// Whether a packet that it would carry and for which there is no SA sets one up (RFC 7296 §2.9).
    pub on_demand: bool,
    /// Whether each of its SAs is only for one address at either end, which the peer has to say (RFC 7296 §2.9,
    /// SINGLE_PAIR_REQUIRED).
    pub single_pair: bool,
    /// How many SAs it has beside the first, each for one resource such as a processor (RFC 9611). As initiator we ask
    /// for so many, as responder we grant no more.
    pub resources: u32,
    /// Whether we take packets with padding against traffic analysis (RFC 7296 §1.3.1); if not, the peer is told.
    pub takes_padding: bool,
    /// Whether later fragments go with the first one, whose ports they do not show, where its SAs are only for some ports
    /// (RFC 7296 §1.3.1); both ends have to want that.
    pub non_first_fragments: bool,
}

/// Some of the packets between two networks, by what stands behind their IP header (RFC 7296 §3.13.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The upper-layer protocol; any when nothing.
    pub protocol: Option<u8>,
    /// Ports at our side. Of ICMP, 256 times the type and the code, here and at the peer's side alike.
    pub local_ports: RangeInclusive<u16>,
    /// Ports at the peer's side.
    pub remote_ports: RangeInclusive<u16>,
}

impl Service {
    /// All packets of a protocol, or of any.
    #[must_use]
    pub fn of(protocol: Option<u8>) -> Self {
        Self { protocol, local_ports: Selector::ANY, remote_ports: Selector::ANY }
    }
}

impl ChildConfig {
    /// A child in tunnel mode between these networks: replay window of 64, no limits, rekeyed at none.
    #[must_use]
    pub fn new(
        name: &str,
        proposals: Vec<ChildProposal>,
        local: Vec<AddressRange>,
        remote: Vec<AddressRange>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            proposals,
            local,
            remote,
            replay_window: 64,
            transport: false,
            options: SaOptions::default(),
            lifetime: LifetimePolicy::default(),
            rekey: true,
            start: false,
            attempts: 1,
            on_close: OnClose::default(),
            assigned: false,
            services: Vec::new(),
            labels: Vec::new(),
            on_demand: false,
            single_pair: false,
            names: Vec::new(),
            resources: 0,
            takes_padding: true,
            non_first_fragments: true,
        }
    }

    /// The same child where these addresses are assigned: the side that they are for is cut down to them. An initiator that
    /// has none yet asks for all that is configured.
    pub(crate) fn with_assigned(&self, connection: &Connection, addresses: &[IpAddr]) -> Self {
        let mut child = self.clone();
        let asks = !connection.asks.is_empty();
        if !self.assigned || asks && addresses.is_empty() {
            return child;
        }
        let side = if asks { &mut child.local } else { &mut child.remote };
        let hosts = addresses.iter().map(|address| Prefix::host(*address).range());
        *side = hosts.filter(|host| side.iter().any(|bounds| bounds.contains_range(host))).collect();
        child
    }

    /// Whether a side of it is empty, as it is where nobody has an address that it is for.
    pub(crate) fn carries_nothing(&self) -> bool {
        self.local.is_empty() || self.remote.is_empty()
    }

    /// Whether a peer of this identity may have it.
    pub(crate) fn is_for(&self, peer: Option<&Identity>) -> bool {
        self.names.is_empty() || peer.is_some_and(|peer| self.names.iter().any(|name| name.matches(peer)))
    }

    /// The same child for the peer that offers these selectors: one with names is bound to the address that it sends from,
    /// which is what the first selector is for (RFC 4301 §4.4.1.1).
    pub(crate) fn bound_to_sender(mut self, offered: &[TrafficSelector]) -> Self {
        if !self.names.is_empty() {
            let first = offered.iter().find_map(TrafficSelector::addresses);
            let sender = first.filter(|(one, last)| one == last).map(|(one, _)| Prefix::host(one).range());
            let within = sender.filter(|host| self.remote.iter().any(|bounds| bounds.contains_range(host)));
            self.remote = within.into_iter().collect();
        }
        self
    }

    /// The packets that it is for: those between a network of ours and one of the peer's with the same IP version.
    #[must_use]
    pub fn selectors(&self) -> Vec<Selector> {
        negotiate::pairs(&negotiate::local_side(self), &negotiate::remote_side(self))
    }
}
