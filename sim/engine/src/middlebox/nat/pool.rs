//! Which outside address and port a new mapping gets (RFC 4787 §4.1 and §4.2).

use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::RangeInclusive;

use ipsec_net::protocol;

use super::behaviour::{Behaviour, Pooling, PortAssignment, has_ports};
use super::mapping::Mappings;
use super::note::NatDrop;
use crate::RandomStream;

/// The outside addresses, and the luck that chooses among them.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    addresses: Vec<Ipv4Addr>,
    random: RandomStream,
    /// Where sequential assignment goes on.
    next_port: u16,
}

impl Pool {
    pub(super) fn new(addresses: Vec<Ipv4Addr>, random: RandomStream) -> Self {
        Self { addresses, random, next_port: 0 }
    }

    pub(super) fn contains(&self, address: Ipv4Addr) -> bool {
        self.addresses.contains(&address)
    }

    pub(super) fn first(&self) -> Option<Ipv4Addr> {
        self.addresses.first().copied()
    }

    /// Begins sequential assignment anew.
    pub(super) fn restart(&mut self) {
        self.next_port = 0;
    }

    /// An outside endpoint for a new mapping of `inside`.
    pub(super) fn choose(
        &mut self,
        behaviour: &Behaviour,
        mappings: &Mappings,
        number: u8,
        inside: SocketAddrV4,
    ) -> Result<SocketAddrV4, NatDrop> {
        let paired = mappings.address_of(*inside.ip()).filter(|_| behaviour.pooling == Pooling::Paired);
        let count = self.addresses.len();
        let first = self.random.below(count as u64) as usize;
        let tries = if paired.is_some() { 1 } else { count };
        for step in 0..tries {
            let any = self.addresses.get((first + step) % count).copied();
            let Some(address) = paired.or(any) else { break };
            if let Some(port) = self.port(behaviour, mappings, number, inside, address) {
                return Ok(SocketAddrV4::new(address, port));
            }
        }
        Err(if has_ports(number) { NatDrop::PortsExhausted } else { NatDrop::PassThroughTaken })
    }

    fn port(
        &mut self,
        behaviour: &Behaviour,
        mappings: &Mappings,
        number: u8,
        inside: SocketAddrV4,
        address: Ipv4Addr,
    ) -> Option<u16> {
        let free = |port: u16| mappings.is_free(number, SocketAddrV4::new(address, port));
        if !has_ports(number) {
            return free(0).then_some(0);
        }
        let port = inside.port();
        if behaviour.assignment == PortAssignment::Overloading {
            return Some(port);
        }
        let whole = behaviour.ports.clone();
        let neighbour = behaviour.contiguity.then(|| beside(mappings, number, inside, address)).flatten();
        if let Some(port) = neighbour.filter(|port| whole.contains(port) && free(*port)) {
            return Some(port);
        }
        if behaviour.assignment == PortAssignment::Preserving && whole.contains(&port) && free(port) {
            return Some(port);
        }
        if number == protocol::ICMP {
            return self.scan(behaviour.assignment, whole, free, |_| true);
        }
        let class = same_class(port, &whole);
        let wanted = |candidate: u16| !behaviour.parity || candidate % 2 == port % 2;
        self.scan(behaviour.assignment, class, free, wanted)
            .or_else(|| self.scan(behaviour.assignment, whole, free, wanted))
    }

    /// A free port of the range: if there is one, a wanted one.
    fn scan(
        &mut self,
        assignment: PortAssignment,
        range: RangeInclusive<u16>,
        free: impl Fn(u16) -> bool,
        wanted: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        if range.is_empty() {
            return None;
        }
        let low = *range.start();
        let count = u32::from(range.end() - low) + 1;
        let start = match assignment {
            PortAssignment::Sequential if range.contains(&self.next_port) => u32::from(self.next_port - low),
            PortAssignment::Sequential => 0,
            _ => self.random.below(u64::from(count)) as u32,
        };
        let mut second_best = None;
        let in_turn = (0..count).map(|step| low + ((start + step) % count) as u16);
        let best = in_turn.filter(|port| free(*port)).find(|port| {
            second_best = second_best.or(Some(*port));
            wanted(*port)
        });
        let port = best.or(second_best)?;
        self.next_port = port.wrapping_add(1);
        Some(port)
    }
}

/// The outside port that continues the neighbouring inside port's.
fn beside(mappings: &Mappings, number: u8, inside: SocketAddrV4, address: Ipv4Addr) -> Option<u16> {
    let outside_of = |port: Option<u16>| {
        let neighbour = SocketAddrV4::new(*inside.ip(), port?);
        mappings.outside_of(number, neighbour).filter(|outside| *outside.ip() == address)
    };
    let after = outside_of(inside.port().checked_sub(1)).and_then(|outside| outside.port().checked_add(1));
    after.or_else(|| {
        outside_of(inside.port().checked_add(1)).and_then(|outside| outside.port().checked_sub(1))
    })
}

/// The ports of the range that are well-known if `port` is, and the others if it is not (RFC 4787 REQ-3a).
fn same_class(port: u16, range: &RangeInclusive<u16>) -> RangeInclusive<u16> {
    const WELL_KNOWN: u16 = 1023;
    if port <= WELL_KNOWN {
        *range.start()..=WELL_KNOWN.min(*range.end())
    } else {
        (WELL_KNOWN + 1).max(*range.start())..=*range.end()
    }
}
