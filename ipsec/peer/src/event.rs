//! What a peer tells of itself.

use std::net::IpAddr;

use ipsec_dataplane::Expired;
use ipsec_net::{Refused, udp::NotUdp};
use ipsec_wire::Spi;

use crate::config::ManualSa;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// In IKEv2.
    Ikev2(ipsec_ikev2::Event),
    /// A manual SA pair is there from the beginning. For key logs; its keys are secret.
    Manual(Box<ManualSa>),
    /// An SA pair has reached a limit of its lifetime; at a hard one it is gone.
    Expired(Expired),
    /// A packet was dropped.
    Dropped(Dropped),
}

/// A packet that was dropped, and why: what an audit log holds (RFC 4303 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Why.
    pub reason: DropReason,
    /// Its source address.
    pub source: IpAddr,
    /// Its destination address.
    pub destination: IpAddr,
    /// The SPI and the sequence number that it carried, if it was ESP or AH from outside.
    pub carried: Option<(Spi, u32)>,
}

/// Why a packet was dropped. IKE messages have reasons of their own ([`ipsec_ikev2::DropReason`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum DropReason {
    /// The data plane's reasons.
    #[error(transparent)]
    Dataplane(#[from] ipsec_dataplane::DropReason),
    /// A fragment that fits no datagram.
    #[error(transparent)]
    Fragment(#[from] Refused),
    /// Fragments that waited too long for the others.
    #[error("fragments without the rest of their datagram")]
    FragmentTimeout,
    /// A UDP datagram that is none.
    #[error(transparent)]
    Udp(#[from] NotUdp),
    /// A UDP port that nobody listens on.
    #[error("nobody listens on UDP port {0}")]
    Port(u16),
    /// An outer packet for another host.
    #[error("not for an address of this peer")]
    NotForUs,
    /// An ICMP message for this host that nothing here acts on.
    #[error("ICMP for this host")]
    Icmp,
}

impl DropReason {
    /// A short stable name for filters and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dataplane(reason) => reason.name(),
            Self::Fragment(_) => "fragment-refused",
            Self::FragmentTimeout => "fragment-timeout",
            Self::Udp(NotUdp::Checksum) => "udp-checksum",
            Self::Udp(_) => "udp-malformed",
            Self::Port(_) => "udp-port",
            Self::NotForUs => "not-for-us",
            Self::Icmp => "icmp",
        }
    }
}
