//! The ports of later fragments: those of the first one of the same packet (RFC 4301 §7.3, stateful fragment checking).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Instant, IpPacket};

use crate::Flow;

/// What first fragments have told of their packets' ports.
#[derive(Default)]
pub(crate) struct FragmentPorts {
    known: BTreeMap<Key, (Ports, Instant)>,
}

/// Source, destination, protocol and identification: what tells one packet's fragments from another's.
type Key = (IpAddr, IpAddr, u8, u32);
/// On the protected and on the far side.
type Ports = (u16, u16);

/// For so long later fragments may come (RFC 8200 §4.5).
const KEPT_FOR: Duration = Duration::from_secs(60);
/// So many packets are remembered at a time.
const MOST: usize = 1024;

impl FragmentPorts {
    /// The flow of a packet, with the ports of its first fragment if this is a later one.
    pub(crate) fn complete(&mut self, now: Instant, packet: &IpPacket, flow: Flow) -> Flow {
        let Some(fragment) = packet.fragment() else { return flow };
        let key = (packet.source(), packet.destination(), packet.protocol(), fragment.identification);
        match flow.ports {
            Some(ports) => {
                if self.known.len() >= MOST {
                    self.known.retain(|_, (_, until)| now < *until);
                }
                if self.known.len() < MOST {
                    self.known.insert(key, (ports, now + KEPT_FOR));
                }
                flow
            }
            None => {
                let known = self.known.get(&key).filter(|(_, until)| now < *until);
                Flow { ports: known.map(|(ports, _)| *ports), ..flow }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ipsec_net::{Buffer, IpHeader, fragment, protocol};

    use super::*;

    fn pieces(identification: u16) -> Vec<IpPacket> {
        let mut header = IpHeader::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol::UDP);
        header.identification = identification;
        let payload = [&[0, 7, 0, 9][..], &[0; 3000]].concat();
        fragment(IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap(), 1500, 0).unwrap()
    }

    #[test]
    fn later_fragments_have_the_ports_of_the_first_one_once_it_was_seen() {
        let mut known = FragmentPorts::default();
        let pieces = pieces(1);
        let mut ports = |now, piece: &IpPacket| known.complete(now, piece, Flow::outbound(piece)).ports;
        assert_eq!(ports(Instant::ZERO, &pieces[1]), None);
        for piece in &pieces {
            assert_eq!(ports(Instant::ZERO, piece), Some((7, 9)));
        }
        assert_eq!(ports(Instant::ZERO + KEPT_FOR, &pieces[1]), None);
    }

    #[test]
    fn fragments_of_other_packets_do_not_borrow_ports() {
        let mut known = FragmentPorts::default();
        let (one, two) = (pieces(1), pieces(2));
        known.complete(Instant::ZERO, &one[0], Flow::outbound(&one[0]));
        assert_eq!(known.complete(Instant::ZERO, &two[1], Flow::outbound(&two[1])).ports, None);
    }

    #[test]
    fn no_more_packets_are_remembered_than_the_bound() {
        let mut known = FragmentPorts::default();
        for identification in 0..2 * MOST as u16 {
            let first = &pieces(identification)[0];
            known.complete(Instant::ZERO, first, Flow::outbound(first));
        }
        assert_eq!(known.known.len(), MOST);
    }
}
