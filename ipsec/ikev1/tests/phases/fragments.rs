//! Messages in pieces, and pieces of nobody knows what.

use ipsec_ikev1::{Event, Mode};
use ipsec_wire::v1::{Flags, Fragment, Header, Message, Payload};

use crate::world::{EAST, Fate, WEST, World};

/// Both ends cut messages for packets of 140 octets.
fn small() -> World {
    World::new(|_, connection| connection.fragments = Some(140))
}

fn happened(world: &World, end: usize, probe: &'static str) -> bool {
    world.events[end].contains(&Event::Probe(probe))
}

#[test]
fn messages_that_do_not_fit_go_in_pieces_both_ways_in_either_mode() {
    for mode in [Mode::Main, Mode::Aggressive] {
        let mut world = World::new(|_, connection| {
            connection.fragments = Some(140);
            connection.mode = mode;
        });
        world.initiate(WEST);
        world.run(1);
        assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{}", world.log.join("\n"));
        for end in [WEST, EAST] {
            assert!(happened(&world, end, "ikev1.fragments.sent"), "{mode:?}");
            assert!(happened(&world, end, "ikev1.fragments.whole"), "{mode:?}");
        }
        // The first message comes before anybody knows what the other one can do.
        assert!(world.lengths[1..].iter().all(|length| *length + 28 <= 140), "{:?}", world.lengths);
    }
}

#[test]
fn who_does_not_put_pieces_together_gets_whole_messages_and_drops_pieces() {
    let mut world = World::new(|end, connection| connection.fragments = Some(140).filter(|_| end == WEST));
    world.initiate(WEST);
    world.run(1);
    assert_eq!(world.pairs(), [1, 1]);
    assert!(!happened(&world, WEST, "ikev1.fragments.sent"));
    let piece = piece_of(&world, EAST, Fragment { id: 1, number: 1, last: true, data: vec![0; 40] });
    world.deliver(EAST, &piece);
    assert_eq!(world.drops(EAST), ["ike-fragment"]);
}

#[test]
fn pieces_are_lost_doubled_and_late() {
    for fate in [Fate::Lost, Fate::Twice, Fate::Late] {
        for victim in 1..16 {
            let mut world =
                small().unlucky(move |number| if number == victim { fate } else { Fate::Arrives });
            world.initiate(WEST);
            world.run(60);
            let what = format!("{fate:?} {victim}: {}", world.log.join("\n"));
            assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{what}");
        }
    }
}

/// A piece with the cookies of the one ISAKMP SA of an end.
fn piece_of(world: &World, end: usize, piece: Fragment) -> Vec<u8> {
    let status = world.ends[end].status();
    let header = Header {
        spi_i: status.ike[0].cookie_i,
        spi_r: status.ike[0].cookie_r,
        next_payload: ipsec_wire::registry::v1::PayloadType::FRAGMENT,
        version: ipsec_wire::Version::V1,
        exchange: ipsec_wire::registry::v1::ExchangeType::MAIN,
        flags: Flags::default(),
        message_id: 0,
        length: 0,
    };
    Message { header, payloads: vec![Payload::Fragment(piece)] }.emit()
}

#[test]
fn pieces_that_make_no_message_change_nothing() {
    let mut world = small();
    world.initiate(WEST);
    world.run(1);
    let whole = |data: Vec<u8>| Fragment { id: 99, number: 1, last: true, data };
    let nested = piece_of(&world, EAST, whole(vec![7; 60]));
    let mut other = nested.clone();
    other[0] ^= 1;
    // Too short for a header, of another ISAKMP SA, a piece in a piece, a length that is not there, nothing at all.
    let mut short = nested.clone();
    short.truncate(40);
    for data in [vec![1; 5], other, nested, short, Vec::new()] {
        let piece = piece_of(&world, EAST, whole(data));
        let before = world.drops(EAST).len();
        world.deliver(EAST, &piece);
        assert_eq!(world.drops(EAST).len(), before + 1);
    }
    assert!(world.drops(EAST).iter().all(|drop| ["ike-fragment", "ike-malformed"].contains(drop)));
    world.order(EAST, |now, east| east.rekey(now, "net").expect("it is there"));
    world.run(10);
    assert_eq!(world.pairs(), [1, 1]);
}
