//! How a translator behaves, in the words of RFC 4787.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;
use std::time::Duration;

use ipsec_net::protocol;

use super::super::{ErrorRate, FragmentLimits};

/// On what of the remote endpoint something depends: whether a mapping is used again (RFC 4787 §4.1), or
/// whether a packet from outside is let in (§5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dependence {
    /// On nothing.
    EndpointIndependent,
    /// On its address.
    AddressDependent,
    /// On its address and port.
    AddressAndPortDependent,
}

impl Dependence {
    /// All remote endpoints that count as one with `remote`.
    #[must_use]
    pub fn scope(self, remote: SocketAddrV4) -> Scope {
        match self {
            Self::EndpointIndependent => Scope::Anywhere,
            Self::AddressDependent => Scope::Address(*remote.ip()),
            Self::AddressAndPortDependent => Scope::Endpoint(remote),
        }
    }
}

/// Remote endpoints that count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All of them.
    Anywhere,
    /// Those with this address.
    Address(Ipv4Addr),
    /// This one.
    Endpoint(SocketAddrV4),
}

/// Which outside addresses one inside host gets (RFC 4787 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pooling {
    /// The same one as long as it has a mapping.
    Paired,
    /// Any, for each mapping anew.
    Arbitrary,
}

/// Which outside port a new mapping gets (RFC 4787 §4.2.1). Ports below 1024 come from those below 1024,
/// others from the others, as long as there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortAssignment {
    /// The inside port where it is free, else a random one.
    Preserving,
    /// The inside port even where another mapping has it; answers are told apart by where they come from.
    Overloading,
    /// The one behind the last.
    Sequential,
    /// A random one.
    Random,
}

/// Whether inside hosts reach each other by their outside endpoints (RFC 4787 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hairpinning {
    /// No.
    Off,
    /// Yes; the receiver sees the sender's inside endpoint.
    InternalSource,
    /// Yes; the receiver sees the sender's outside endpoint.
    ExternalSource,
}

/// What becomes of protocols that have neither ports nor identifiers, such as ESP and AH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OtherProtocols {
    /// They are dropped.
    Drop,
    /// Each outside address serves one inside host at a time in each protocol ("IPsec pass-through").
    PassThrough,
}

/// How long a mapping lasts after the last packet that refreshes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// UDP: at least two minutes (RFC 4787 REQ-5).
    pub udp: Duration,
    /// TCP, whatever its state: at least 2 h 4 min for what is established (RFC 5382 REQ-5).
    pub tcp: Duration,
    /// ICMP echo: at least 60 s (RFC 5508 REQ-2).
    pub icmp: Duration,
    /// What [`OtherProtocols::PassThrough`] passes.
    pub other: Duration,
}

impl Default for Timers {
    /// 5 min for UDP (RFC 4787 REQ-5c) and other protocols, 2 h 4 min for TCP, 60 s for ICMP echo.
    fn default() -> Self {
        Self {
            udp: Duration::from_secs(300),
            tcp: Duration::from_secs(7440),
            icmp: Duration::from_secs(60),
            other: Duration::from_secs(300),
        }
    }
}

impl Timers {
    pub(super) fn of(&self, number: u8) -> Duration {
        match number {
            protocol::UDP => self.udp,
            protocol::TCP => self.tcp,
            protocol::ICMP => self.icmp,
            _ => self.other,
        }
    }
}

/// A static port forward: a mapping that neither expires nor filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Forward {
    /// The protocol.
    pub protocol: u8,
    /// Where packets come to; the address is one of the pool's.
    pub outside: SocketAddrV4,
    /// Where they go.
    pub inside: SocketAddrV4,
}

/// Everything that one translator may do differently from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// When an inside endpoint's mapping is used again.
    pub mapping: Dependence,
    /// Whom a mapping lets in: what depends on an endpoint is let in once a packet went out to it.
    pub filtering: Dependence,
    /// Which outside address a mapping gets.
    pub pooling: Pooling,
    /// Which outside port a mapping gets.
    pub assignment: PortAssignment,
    /// Whether an even port stays even and an odd one odd, as long as there are any (RFC 4787 §4.2.2).
    pub parity: bool,
    /// Whether neighbouring ports of a host get neighbouring outside ports where these are free (RFC 4787
    /// §4.2.3).
    pub contiguity: bool,
    /// The outside ports and echo identifiers that there are.
    pub ports: RangeInclusive<u16>,
    /// How long mappings last.
    pub timers: Timers,
    /// Whether packets from inside refresh a mapping (RFC 4787 §4.3).
    pub outbound_refresh: bool,
    /// Whether packets from outside that are let in refresh a mapping (RFC 4787 §4.3).
    pub inbound_refresh: bool,
    /// Whether inside hosts reach each other by their outside endpoints.
    pub hairpinning: Hairpinning,
    /// What becomes of ESP, AH and the like.
    pub other_protocols: OtherProtocols,
    /// How fragments are handled; `held` of 0 lets pass in-order fragments only (RFC 4787 §11).
    pub fragments: FragmentLimits,
    /// Whether echo requests to the translator's own addresses are answered.
    pub answers_echo: bool,
    /// How many ICMP errors the translator itself sends.
    pub error_rate: ErrorRate,
    /// Static port forwards.
    pub forwards: Vec<Forward>,
}

/// What RFC 4787 requires and recommends, with address-dependent filtering.
impl Default for Behaviour {
    fn default() -> Self {
        Self {
            mapping: Dependence::EndpointIndependent,
            filtering: Dependence::AddressDependent,
            pooling: Pooling::Paired,
            assignment: PortAssignment::Preserving,
            parity: true,
            contiguity: false,
            ports: 1..=u16::MAX,
            timers: Timers::default(),
            outbound_refresh: true,
            inbound_refresh: false,
            hairpinning: Hairpinning::ExternalSource,
            other_protocols: OtherProtocols::PassThrough,
            fragments: FragmentLimits::default(),
            answers_echo: true,
            error_rate: ErrorRate::default(),
            forwards: Vec::new(),
        }
    }
}

/// The four kinds of RFC 3489 §5.
impl Behaviour {
    /// One mapping for all remote endpoints, which lets everybody in.
    #[must_use]
    pub fn full_cone() -> Self {
        Self { filtering: Dependence::EndpointIndependent, ..Self::default() }
    }

    /// One mapping for all remote endpoints, which lets in the addresses that it was used for.
    #[must_use]
    pub fn restricted_cone() -> Self {
        Self { filtering: Dependence::AddressDependent, ..Self::default() }
    }

    /// One mapping for all remote endpoints, which lets in the endpoints that it was used for.
    #[must_use]
    pub fn port_restricted_cone() -> Self {
        Self { filtering: Dependence::AddressAndPortDependent, ..Self::default() }
    }

    /// A mapping with a random port for each remote endpoint, which lets in that endpoint.
    #[must_use]
    pub fn symmetric() -> Self {
        Self {
            mapping: Dependence::AddressAndPortDependent,
            filtering: Dependence::AddressAndPortDependent,
            assignment: PortAssignment::Random,
            ..Self::default()
        }
    }
}

/// Whether a protocol has ports, or identifiers in their place.
pub(super) fn has_ports(number: u8) -> bool {
    matches!(number, protocol::UDP | protocol::TCP | protocol::ICMP)
}
