//! Policies, and traffic between protected hosts.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipsec_net::Prefix;

/// Packets between two protected hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Its name.
    pub name: String,
    /// The hosts, in the order of the file.
    pub ends: [Host; 2],
    /// What kind of packets.
    pub kind: TrafficKind,
    /// The time from one packet to the next, in each direction.
    pub interval: Duration,
    /// Octets of UDP payload or of ICMP echo data, both ends of the range included; at least [`Traffic::SMALLEST`].
    pub sizes: RangeInclusive<u16>,
    /// Whether the second host sends too.
    pub both: bool,
    /// Whether routers may not cut its packets. The hosts then cut them to what the path takes once they know that.
    pub dont_fragment: bool,
    /// How far its packets go.
    pub hop_limit: u8,
    /// Their DSCP (upper six bits) and ECN (lower two).
    pub traffic_class: u8,
    /// The UDP port at both ends.
    pub port: u16,
    /// The hosts cut packets longer than this, in octets, before they send them.
    pub fragments: Option<u16>,
}

impl Traffic {
    /// The least octets of payload, so that each packet can carry its name and number.
    pub const SMALLEST: u16 = 16;
    /// The most octets of payload that fit an IPv4 packet with its header and a UDP header.
    pub const LARGEST: u16 = 65_507;
}

/// A host behind a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its address.
    pub address: IpAddr,
    /// The peer that protects it.
    pub peer: String,
}

/// Kinds of traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrafficKind {
    /// UDP datagrams.
    #[default]
    Udp,
    /// ICMP echo requests, which the other host answers.
    Ping,
    /// UDP datagrams to the echo port, which the other host sends back (RFC 862).
    Echo,
}

impl TrafficKind {
    /// Whether the second host answers what the first one sends, and sends nothing else.
    #[must_use]
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Ping | Self::Echo)
    }
}

/// A policy for packets that need no protection, or get nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The peers that have it.
    pub at: Vec<String>,
    /// What it does.
    pub action: PolicyAction,
    /// The networks between which the packets go, from either to the other.
    pub between: [Vec<Prefix>; 2],
    /// The upper-layer protocol; any when nothing.
    pub protocol: Option<u8>,
    /// The destination port of packets to the second networks; any when nothing.
    pub port: Option<u16>,
    /// Which way its packets go, seen from its peers; both when nothing.
    pub direction: Option<ipsec::dataplane::Direction>,
}

/// What a policy does with its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAction {
    /// They pass as they are.
    Bypass,
    /// They are dropped.
    Discard,
}
