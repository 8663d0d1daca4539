//! Where the packets of SAs run, and how that changes: by order of key management, which alone knows what may move an SA
//! (RFC 7296 §2.23, RFC 4555 §3.5). The data plane tells it what it sees.

use std::net::SocketAddr;

use ipsec_net::{Instant, IpPacket};
use ipsec_wire::Spi;

use super::{Dataplane, Due, lifetimes};
use crate::Outer;
use crate::inbound::Arrived;
use crate::sad::Pair;

impl Dataplane {
    /// Lets the packets of the pair that receives under this SPI run there from now on; in transport mode only the UDP
    /// ports change. Returns whether there is such a pair.
    pub fn readdress(&mut self, now: Instant, inbound: Spi, outer: &Outer) -> bool {
        let Some(pair) = self.sad.pair_mut(inbound) else { return false };
        pair.inbound.sa.parameters.readdress(outer);
        pair.outbound.sa.parameters.readdress(outer);
        lifetimes::begin_keepalives(&mut self.timers, now, pair);
        true
    }
}

/// The destination and the source of a packet with ESP in UDP; nothing for any other.
pub(super) fn run(packet: &IpPacket, arrived: &Arrived) -> Option<(SocketAddr, SocketAddr)> {
    if arrived.encapsulation == 0 {
        return None;
    }
    let [a, b, c, d, ..] = packet.payload() else { return None };
    let port = |high: &u8, low: &u8| u16::from_be_bytes([*high, *low]);
    Some(((packet.destination(), port(c, d)).into(), (packet.source(), port(a, b)).into()))
}

/// What is to be told of a packet that `ran` so, when the newest one of its SA was `before`. An old one that comes again
/// from somewhere else says nothing, nor does any where replay is not noticed.
pub(super) fn moved(pair: &Pair, ran: Option<(SocketAddr, SocketAddr)>, before: u64) -> Option<Due> {
    let (local, remote) = ran?;
    let replay = &pair.inbound.replay;
    if replay.highest() <= before || pair.inbound.sa.parameters.replay_window == 0 {
        return None;
    }
    let outer = pair.inbound.sa.parameters.outer()?;
    let udp = outer.encapsulation?;
    let expected = ((outer.local, udp.local_port).into(), (outer.remote, udp.remote_port).into());
    ((local, remote) != expected).then(|| Due::Moved { inbound: pair.spi(), local, remote })
}
