//! What a packet filter lets through: prohibitions that hold for every packet, and rules for those that begin
//! a flow.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipsec_net::{Prefix, protocol};

use super::super::{Flow, FragmentLimits, Side};
use super::inspect::Inspected;
use super::note::FirewallDrop;

/// What becomes of a packet that begins a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It goes on, and so do the flow's other packets and their answers.
    Pass,
    /// It is dropped.
    Drop,
}

/// A rule. What it does not name matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The side that the packet comes from.
    pub from: Option<Side>,
    /// The upper-layer protocol.
    pub protocol: Option<u8>,
    /// Where the source address lies.
    pub source: Option<Prefix>,
    /// Where the destination address lies.
    pub destination: Option<Prefix>,
    /// Which source ports; protocols without ports have 0.
    pub source_ports: Option<RangeInclusive<u16>>,
    /// Which destination ports; protocols without ports have 0.
    pub destination_ports: Option<RangeInclusive<u16>>,
    /// What becomes of a packet that matches.
    pub verdict: Verdict,
}

impl Rule {
    /// A rule that every packet matches.
    #[must_use]
    pub fn all(verdict: Verdict) -> Self {
        Self {
            from: None,
            protocol: None,
            source: None,
            destination: None,
            source_ports: None,
            destination_ports: None,
            verdict,
        }
    }

    fn matches(&self, side: Side, flow: Flow) -> bool {
        let lies = |end: SocketAddr, net: &Option<Prefix>, ports: &Option<RangeInclusive<u16>>| {
            net.as_ref().is_none_or(|net| net.contains(end.ip()))
                && ports.as_ref().is_none_or(|ports| ports.contains(&end.port()))
        };
        self.from.is_none_or(|from| from == side)
            && self.protocol.is_none_or(|number| number == flow.protocol)
            && lies(flow.source, &self.source, &self.source_ports)
            && lies(flow.destination, &self.destination, &self.destination_ports)
    }
}

/// How long a flow is remembered after its last packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTimers {
    /// UDP.
    pub udp: Duration,
    /// TCP, whatever its state.
    pub tcp: Duration,
    /// ICMP in both versions.
    pub icmp: Duration,
    /// Every other protocol.
    pub other: Duration,
}

impl Default for StateTimers {
    /// 2 min for UDP (RFC 6092 REC-14) and other protocols, 2 h 4 min for TCP, 60 s for ICMP.
    fn default() -> Self {
        Self {
            udp: Duration::from_secs(120),
            tcp: Duration::from_secs(7440),
            icmp: Duration::from_secs(60),
            other: Duration::from_secs(120),
        }
    }
}

impl StateTimers {
    pub(super) fn of(&self, number: u8) -> Duration {
        match number {
            protocol::UDP => self.udp,
            protocol::TCP => self.tcp,
            protocol::ICMP | protocol::ICMPV6 => self.icmp,
            _ => self.other,
        }
    }
}

/// Everything that one packet filter may do differently from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Drops every fragment.
    pub drop_fragments: bool,
    /// Drops ESP in UDP: port 4500 on either end, and four first octets that are not the zeros of the non-ESP
    /// marker (RFC 3948 §2.2).
    pub drop_udp_encapsulated_esp: bool,
    /// Drops ESP.
    pub drop_esp: bool,
    /// Drops AH.
    pub drop_ah: bool,
    /// Drops ICMP errors.
    pub drop_icmp_errors: bool,
    /// Drops UDP with one of these ports on either end.
    pub drop_udp_ports: BTreeSet<u16>,
    /// Drops every packet from outside that begins a flow, whatever the rules say.
    pub block_new_inbound: bool,
    /// Judge a packet that begins a flow; the first that matches counts.
    pub rules: Vec<Rule>,
    /// What becomes of a packet from inside that begins a flow and matches no rule.
    pub outbound: Verdict,
    /// What becomes of a packet from outside that begins a flow and matches no rule.
    pub inbound: Verdict,
    /// How long flows are remembered.
    pub timers: StateTimers,
    /// How many flows are remembered; none begins beyond that.
    pub states: usize,
    /// How fragments are handled: later ones share the fate of the first.
    pub fragments: FragmentLimits,
}

/// No prohibitions; what begins inside passes, what begins outside does not; 65,536 flows.
impl Default for Policy {
    fn default() -> Self {
        Self {
            drop_fragments: false,
            drop_udp_encapsulated_esp: false,
            drop_esp: false,
            drop_ah: false,
            drop_icmp_errors: false,
            drop_udp_ports: BTreeSet::new(),
            block_new_inbound: false,
            rules: Vec::new(),
            outbound: Verdict::Pass,
            inbound: Verdict::Drop,
            timers: StateTimers::default(),
            states: 1 << 16,
            fragments: FragmentLimits::default(),
        }
    }
}

impl Policy {
    /// No prohibitions, and everything passes that no prohibition or rule set later forbids.
    #[must_use]
    pub fn open() -> Self {
        Self { inbound: Verdict::Pass, ..Self::default() }
    }

    /// The prohibition that holds for this packet, whatever flow it belongs to.
    pub(super) fn forbids(&self, packet: &Inspected) -> Option<FirewallDrop> {
        let Inspected::Flow { flow, is_udp_encapsulated_esp } = packet else {
            return self.drop_icmp_errors.then_some(FirewallDrop::IcmpError);
        };
        let ports = [flow.source.port(), flow.destination.port()];
        match flow.protocol {
            protocol::ESP if self.drop_esp => Some(FirewallDrop::Esp),
            protocol::AH if self.drop_ah => Some(FirewallDrop::Ah),
            protocol::UDP if ports.iter().any(|port| self.drop_udp_ports.contains(port)) => {
                Some(FirewallDrop::UdpPort)
            }
            protocol::UDP if self.drop_udp_encapsulated_esp && *is_udp_encapsulated_esp => {
                Some(FirewallDrop::UdpEncapsulatedEsp)
            }
            _ => None,
        }
    }

    /// Whether a packet from `side` may begin this flow.
    pub(super) fn admits(&self, side: Side, flow: Flow) -> Result<(), FirewallDrop> {
        if side == Side::Outside && self.block_new_inbound {
            return Err(FirewallDrop::NewInbound);
        }
        if let Some((number, rule)) = self.rules.iter().enumerate().find(|(_, rule)| rule.matches(side, flow))
        {
            return match rule.verdict {
                Verdict::Pass => Ok(()),
                Verdict::Drop => Err(FirewallDrop::Rule(number)),
            };
        }
        let default = if side == Side::Inside { self.outbound } else { self.inbound };
        match default {
            Verdict::Pass => Ok(()),
            Verdict::Drop => Err(FirewallDrop::Default),
        }
    }
}
