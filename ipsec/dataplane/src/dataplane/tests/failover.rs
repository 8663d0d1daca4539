//! What becomes of SAs when another member of a cluster goes on with them.

use super::*;

const LEAP: u64 = 1 << 30;

#[test]
fn no_number_is_sent_twice_though_the_standby_member_knows_only_of_the_first_packet() {
    let (mut west, mut east) = PLAIN.planes();
    delivered(&mut east, sent(&mut west, PLAIN.packet(10)));
    let standby = west.standby();
    for _ in 0..5 {
        delivered(&mut east, sent(&mut west, PLAIN.packet(10)));
    }
    west.take_over(&standby, LEAP, |_| false);
    let outer = sent(&mut west, PLAIN.packet(10));
    assert_eq!(Header::parse(outer.payload()).unwrap().sequence, (1 << 30) + 2);
    delivered(&mut east, outer);
}

#[test]
fn a_packet_that_the_member_before_has_taken_is_too_old_where_the_peer_skips() {
    let (mut west, mut east) = PLAIN.planes();
    delivered(&mut east, sent(&mut west, PLAIN.packet(10)));
    let standby = east.standby();
    let second = sent(&mut west, PLAIN.packet(10));
    delivered(&mut east, second.clone());
    east.take_over(&standby, LEAP, |_| true);
    assert_eq!(dropped(&mut east, second.clone()), DropReason::TooOld);
    assert_eq!(dropped(&mut east, sent(&mut west, PLAIN.packet(10))), DropReason::TooOld);
    assert!(west.skip(WEST, LEAP));
    delivered(&mut east, sent(&mut west, PLAIN.packet(10)));
    // Where the peer does not skip, nothing tells such a packet from a new one.
    let (_, mut east) = PLAIN.planes();
    delivered(&mut east, second.clone());
    east.take_over(&standby, LEAP, |_| false);
    delivered(&mut east, second);
}

#[test]
fn what_is_beyond_the_last_number_is_not_sent() {
    let (mut west, _) = PLAIN.planes();
    for _ in 0..4 {
        assert!(west.skip(WEST, LEAP));
    }
    assert_eq!(refused(&mut west, PLAIN.packet(10)), DropReason::SequenceOverflow);
    assert!(!west.skip(EAST, LEAP), "there is no such pair");
}
