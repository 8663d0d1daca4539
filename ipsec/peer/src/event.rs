//! What a peer tells of itself.

use std::net::IpAddr;

use ipsec_dataplane::{Expired, Unselected};
use ipsec_net::{Refused, udp::NotUdp};
use ipsec_wire::Spi;

use crate::config::ManualSa;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// In IKEv2.
    Ikev2(ipsec_ikev2::Event),
    /// In IKEv1.
    Ikev1(ipsec_ikev1::Event),
    /// A manual SA pair is there from the beginning. For key logs; its keys are secret.
    Manual(Box<ManualSa>),
    /// An SA pair has reached a limit of its lifetime; at a hard one it is gone.
    Expired(Expired),
    /// A packet was dropped.
    Dropped(Dropped),
}

/// A packet that was dropped, and why: what an audit log holds, the time apart, which is that of the event (RFC 4301 §5.2,
/// RFC 4302 §4, RFC 4303 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Why.
    pub reason: DropReason,
    /// Its source address.
    pub source: IpAddr,
    /// Its destination address.
    pub destination: IpAddr,
    /// The flow label of an IPv6 packet.
    pub flow_label: Option<u32>,
    /// The SPI and the sequence number that it carried, if it was ESP or AH from outside; of a packet from inside the SPI of
    /// its SA, and the last number that was sent under it.
    pub carried: Option<(Spi, u32)>,
    /// The packet inside and the SA's selectors, where these do not match it (RFC 4301 §5.2).
    pub inside: Option<Box<Unselected>>,
}

impl Dropped {
    /// A packet of which no more is known than its addresses.
    #[must_use]
    pub fn new(reason: DropReason, source: IpAddr, destination: IpAddr) -> Self {
        Self { reason, source, destination, flow_label: None, carried: None, inside: None }
    }
}

/// Why a packet was dropped. IKE messages have reasons of their own ([`ipsec_ikev2::DropReason`],
/// [`ipsec_ikev1::DropReason`]).
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
    /// A packet of ours from an outer address that we have no longer.
    #[error("from an outer address that is gone")]
    NoAddress,
    /// An ICMP message for this host that nothing here acts on.
    #[error("ICMP for this host")]
    Icmp,
}

impl DropReason {
    /// The names that [`DropReason::name`] gives to what is not the data plane's.
    pub const OWN_NAMES: &[&str] = &[
        "fragment-refused",
        "fragment-timeout",
        "udp-checksum",
        "udp-malformed",
        "udp-port",
        "not-for-us",
        "no-address",
        "icmp",
    ];

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
            Self::NoAddress => "no-address",
            Self::Icmp => "icmp",
        }
    }
}
