//! Messages of nobody's: changed, cut and made up. They change nothing, and never harm.

use ipsec_ikev1::Mode;
use proptest::prelude::*;

use crate::world::{EAST, Fate, WEST, World};

/// The messages of a tunnel that comes up, each with the end that it is for.
fn tunnel(mode: Mode) -> Vec<(usize, Vec<u8>)> {
    let mut world = World::new(|_, connection| connection.mode = mode);
    world.initiate(WEST);
    let mut seen = Vec::new();
    while let Some(flight) = world.flights.first().cloned() {
        world.flights.remove(0);
        world.deliver(flight.to, &flight.octets);
        seen.push((flight.to, flight.octets));
    }
    seen
}

/// Changed copies of a message: bits flipped, octets cut off and added.
fn changed(octets: &[u8]) -> Vec<Vec<u8>> {
    let flipped = (0..octets.len()).map(|at| {
        let mut copy = octets.to_vec();
        copy[at] ^= 1 << (at % 8);
        copy
    });
    let cut = (0..octets.len()).step_by(7).map(|length| octets[..length].to_vec());
    flipped.chain(cut).chain([[octets, &[0; 4]].concat()]).collect()
}

/// A changed copy of each protected message comes before the message itself: it is dropped, and the tunnel comes up.
#[test]
fn changed_copies_of_protected_messages_change_nothing() {
    let encrypted = |octets: &[u8]| octets.get(19).is_some_and(|flags| flags & 1 != 0);
    let mut world = World::new(|_, _| {});
    world.initiate(WEST);
    let mut count = 0;
    while let Some(flight) = world.flights.first().cloned() {
        world.flights.remove(0);
        if encrypted(&flight.octets) {
            for copy in changed(&flight.octets) {
                let before = (world.pairs_of(flight.to), world.established());
                world.deliver(flight.to, &copy);
                // The reserved bits of a header are nobody's business, and one flip leaves a repeat a repeat.
                assert!(
                    (world.pairs_of(flight.to), world.established()) == before
                        || copy[20..] == flight.octets[20..]
                );
                count += 1;
            }
        }
        world.deliver(flight.to, &flight.octets);
    }
    assert!(count > 500, "{count}");
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{}", world.log.join("\n"));
}

#[test]
fn changed_copies_of_any_message_never_harm_who_was_not_asked() {
    for mode in [Mode::Main, Mode::Aggressive] {
        let messages = tunnel(mode);
        let mut world = World::new(|_, connection| connection.mode = mode).unlucky(|_| Fate::Lost);
        for (to, octets) in &messages {
            for copy in changed(octets) {
                world.deliver(*to, &copy);
            }
        }
        assert_eq!((world.pairs(), world.established()), ([0, 0], [0, 0]));
        world.run(100);
        assert!(world.ends.iter().all(|end| end.status().ike.is_empty()), "nothing half open is left");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_dropped_with_a_reason(octets in prop::collection::vec(any::<u8>(), 0..120), version in any::<bool>()) {
        let mut octets = octets;
        if version && octets.len() >= 28 {
            octets[17] = 0x10;
            let length = octets.len() as u32;
            octets[24..28].copy_from_slice(&length.to_be_bytes());
        }
        let mut world = World::new(|_, _| {}).unlucky(|_| Fate::Lost);
        world.deliver(EAST, &octets);
        prop_assert!(!world.events[EAST].is_empty());
        prop_assert!(world.ends[EAST].status().children.is_empty());
    }
}

#[test]
fn strangers_cannot_fill_memory() {
    let first = tunnel(Mode::Main)[0].1.clone();
    let mut world = World::new(|_, _| {}).unlucky(|_| Fate::Lost);
    for cookie in 1..=1_500_u64 {
        let mut copy = first.clone();
        copy[..8].copy_from_slice(&cookie.to_be_bytes());
        world.deliver(EAST, &copy);
    }
    assert_eq!(world.ends[EAST].status().ike.len(), 1_000);
    assert!(world.drops(EAST).contains(&"ike-half-open-limit"));
    assert_eq!(world.sent, 1_000, "one answer each, and nothing is repeated by itself");
    world.run(100);
    assert_eq!((world.ends[EAST].status().ike.len(), world.sent), (0, 1_000));
}

/// Where the exchange type, the flags and the commit bit of a header are (RFC 2408 §3.1).
const EXCHANGE_AT: usize = 18;
const FLAGS_AT: usize = 19;
const COMMIT: u8 = 0x02;

/// Sets up an ISAKMP SA, changes the first message of quick mode, and lets that arrive.
fn with_changed_quick_mode(change: impl Fn(&mut Vec<u8>)) -> World {
    let mut world = World::new(|_, _| {});
    world.initiate(WEST);
    while let Some(mut flight) = world.flights.first().cloned() {
        world.flights.remove(0);
        if flight.octets[EXCHANGE_AT] == 32 && flight.to == EAST && world.pairs_of(WEST) == 0 {
            change(&mut flight.octets);
        }
        world.deliver(flight.to, &flight.octets);
    }
    world
}

/// Nothing protects the exchange type: another one must not use up the message ID.
#[test]
fn quick_mode_under_another_exchange_type_is_nothing_and_the_true_message_is_taken() {
    for exchange in [5, 6, 33] {
        let mut world = with_changed_quick_mode(|octets| octets[EXCHANGE_AT] = exchange);
        assert_eq!(world.drops(EAST), ["ike-undecipherable"], "{exchange}");
        assert_eq!(world.pairs(), [0, 0], "{exchange}");
        world.run(60);
        assert_eq!(world.pairs(), [1, 1], "{exchange}: {}", world.log.join("\n"));
    }
}

#[test]
fn the_commit_bit_changes_nothing() {
    let world = with_changed_quick_mode(|octets| octets[FLAGS_AT] |= COMMIT);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{}", world.log.join("\n"));
}
