//! Ends that have lost each other over a gap of 2³² packets.

use super::setup::*;
use crate::*;

fn lost(ahead: u64) -> (Dataplane, Dataplane) {
    let setup = Setup { extended: true, ..PLAIN };
    let west = setup.west_with(|pair| pair.outbound.options.sequence = (ahead << 32) + 5);
    (west, setup.planes().1)
}

#[test]
fn the_receiver_finds_the_sender_again_after_a_few_packets() {
    for ahead in 1..=4 {
        let (mut west, mut east) = lost(ahead);
        let mut refused = 0;
        while let Inbound::Drop { reason, .. } = east.inbound(NOW, sent(&mut west, PLAIN.packet(9))) {
            assert_eq!(reason, DropReason::Integrity);
            refused += 1;
        }
        assert_eq!(refused, 8);
        assert_eq!(east.status()[0].sequence >> 32, ahead);
        delivered(&mut east, sent(&mut west, PLAIN.packet(9)));
    }
}

#[test]
fn a_gap_that_is_too_wide_is_not_bridged() {
    let (mut west, mut east) = lost(5);
    for _ in 0..40 {
        assert_eq!(dropped(&mut east, sent(&mut west, PLAIN.packet(9))), DropReason::Integrity);
    }
}

#[test]
fn forged_packets_do_not_bring_the_receiver_out_of_step() {
    let setup = Setup { extended: true, ..PLAIN };
    let (mut west, mut east) = setup.planes();
    for _ in 0..40 {
        let mut forged = sent(&mut west, setup.packet(9));
        let last = forged.payload().len() - 1;
        forged.payload_mut()[last] ^= 1;
        assert_eq!(dropped(&mut east, forged), DropReason::Integrity);
    }
    delivered(&mut east, sent(&mut west, setup.packet(9)));
    assert_eq!(east.status()[0].sequence, 41);
}
