//! Packets from inside that wait for an SA which is being set up on their behalf (RFC 4301 §5.1 leaves it to the
//! implementation whether they wait or are dropped).

use std::collections::VecDeque;

use ipsec_net::IpPacket;

/// How many packets wait at most; memory is bounded however many are sent meanwhile.
const MOST: usize = 32;

/// Packets in the order in which they came, with the child that each waits for.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    held: VecDeque<(String, IpPacket)>,
    /// Those whose SA may be there.
    released: Vec<IpPacket>,
}

impl Waiting {
    /// Keeps a packet until there is an SA of this child; not if too many wait already.
    pub(crate) fn hold(&mut self, child: &str, packet: IpPacket) -> bool {
        let room = self.held.len() < MOST;
        if room {
            self.held.push_back((child.to_owned(), packet));
        }
        room
    }

    /// An SA of this child has come: its packets may go.
    pub(crate) fn release(&mut self, child: &str) {
        let packets = self.take(child);
        self.released.extend(packets);
    }

    /// The packets that may go.
    pub(crate) fn take_released(&mut self) -> Vec<IpPacket> {
        std::mem::take(&mut self.released)
    }

    /// Takes the packets out that wait for this child.
    pub(crate) fn take(&mut self, child: &str) -> Vec<IpPacket> {
        let (taken, left) = std::mem::take(&mut self.held).into_iter().partition(|(own, _)| own == child);
        self.held = left;
        let taken: VecDeque<(String, IpPacket)> = taken;
        taken.into_iter().map(|(_, packet)| packet).collect()
    }
}

#[cfg(test)]
mod tests {
    use ipsec_net::{Buffer, IpHeader};

    use super::*;

    fn packet(last: u8) -> IpPacket {
        let header = IpHeader::new([10, 1, 0, 1].into(), [10, 2, 0, last].into(), 17);
        IpPacket::build(&header, Buffer::copy_of(&[0; 8])).unwrap()
    }

    fn destinations(packets: &[IpPacket]) -> Vec<String> {
        packets.iter().map(|packet| packet.destination().to_string()).collect()
    }

    #[test]
    fn packets_go_in_their_order_once_their_child_is_there_and_others_stay() {
        let mut waiting = Waiting::default();
        for (child, last) in [("a", 1), ("b", 2), ("a", 3)] {
            assert!(waiting.hold(child, packet(last)));
        }
        waiting.release("a");
        assert_eq!(destinations(&waiting.take_released()), ["10.2.0.1", "10.2.0.3"]);
        assert!(waiting.take_released().is_empty());
        assert_eq!(destinations(&waiting.take("b")), ["10.2.0.2"]);
    }

    #[test]
    fn no_more_wait_than_there_is_room_for() {
        let mut waiting = Waiting::default();
        let held = (0..100).filter(|last| waiting.hold("a", packet(*last))).count();
        assert_eq!(held, MOST);
    }
}
