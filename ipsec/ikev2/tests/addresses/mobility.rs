//! An IKE SA that moves, with its children (RFC 4555).

use std::collections::BTreeMap;
use std::time::Duration;

use ipsec_dataplane::Mode;
use ipsec_ikev2::{Connection, Event, Nat, Role, Routability};
use ipsec_net::{Instant, Prefix};

use crate::world::{BOX, EAST, Flight, Translator, WEST, World, connection};

const ELSEWHERE: &str = "192.0.2.77";
const ATTACKER: &str = "192.0.2.66:4500";

fn mobile(side: usize, local: &str, remote: &str) -> Connection {
    Connection { mobike: true, ..connection(side, local, remote) }
}

fn ends() -> [Connection; 2] {
    [mobile(0, WEST, EAST), mobile(1, EAST, "0.0.0.0")]
}

/// Both ends speak MOBIKE, and there is no NAT.
fn world() -> World {
    World::new(ends(), [None, None]).up()
}

/// The same, and east has another address.
fn world_with_two_addresses_at_east(other: &str) -> World {
    let mut world = World::new(ends(), [None, None]);
    world.set_addresses(1, &[EAST, other]);
    world.up()
}

/// Where the children of both ends go.
fn run_to(world: &World) -> [String; 2] {
    [0, 1].map(|end| match (world.outer(end), world.installed[end].values().next().unwrap().outbound.mode) {
        (Some(outer), _) => outer.remote.to_string(),
        (None, Mode::Tunnel { remote, .. }) => remote.to_string(),
        (None, Mode::Transport) => unreachable!("the child is in tunnel mode"),
    })
}

fn met(world: &World, end: usize, probe: &str) -> usize {
    world.events[end].iter().filter(|event| matches!(event, Event::Probe(name) if *name == probe)).count()
}

fn until(world: &mut World, seconds: u64) {
    let until = Instant::ZERO + Duration::from_secs(seconds);
    while world.wait(until) {}
}

#[test]
fn both_ends_say_so_and_go_on_at_port_4500() {
    let world = world();
    insta::assert_snapshot!(world.text);
    assert_eq!(world.sa(1).remote.to_string(), format!("{WEST}:4500"));
    let outbound = &world.installed[0].values().next().unwrap().outbound;
    assert_eq!(outbound.options.encapsulation, None, "without NAT ESP goes without UDP");
}

#[test]
fn where_one_end_does_not_speak_it_nothing_moves() {
    for quiet in 0..2 {
        let mut ends = ends();
        ends[quiet].mobike = false;
        let mut world = World::new(ends, [None, None]).up();
        world.text.clear();
        world.set_addresses(0, &[ELSEWHERE]);
        world.deliver_all();
        assert_eq!((world.text.as_str(), run_to(&world)[1].as_str()), ("", WEST));
    }
}

#[test]
fn the_initiator_moves_and_is_followed_once_it_has_answered_there() {
    let mut world = world();
    world.text.clear();
    world.set_addresses(0, &[ELSEWHERE]);
    world.deliver_all();
    insta::assert_snapshot!(world.text);
    assert_eq!(run_to(&world), [EAST, ELSEWHERE]);
}

#[test]
fn who_moved_decides_also_when_the_other_end_has_replaced_the_ike_sa() {
    let mut world = world();
    world.at(1, |east, now| east.rekey_ike(now, "site").unwrap());
    world.deliver_all();
    assert_eq!(world.sa(0).role, Role::Responder);
    world.set_addresses(0, &[ELSEWHERE]);
    world.deliver_all();
    assert_eq!(run_to(&world), [EAST, ELSEWHERE], "{}", world.text);
    world.text.clear();
    world.set_addresses(1, &["198.51.100.9"]);
    world.deliver_all();
    assert!(met(&world, 1, "ikev2.mobike.listed") > 0 && met(&world, 0, "ikev2.mobike.updated") == 2);
}

#[test]
fn children_may_go_before_the_check_or_without_one() {
    for (routability, asked) in [(Routability::CheckedAfter, 1), (Routability::Unchecked, 0)] {
        let mut ends = ends();
        ends[1].routability = routability;
        let mut world = World::new(ends, [None, None]).up();
        world.set_addresses(0, &[ELSEWHERE]);
        let update = world.flights.remove(0);
        world.deliver(&update);
        assert_eq!(run_to(&world)[1], ELSEWHERE, "at once");
        world.deliver_all();
        assert_eq!(met(&world, 1, "ikev2.mobike.routable"), asked);
    }
}

#[test]
fn moving_behind_nat_and_back_turns_encapsulation_on_and_off() {
    let mut world = world();
    world.boxes[0] = Some(Translator::new(BOX));
    world.set_addresses(0, &["10.9.0.2"]);
    world.deliver_all();
    assert_eq!([world.sa(0).nat, world.sa(1).nat].map(Nat::is_there), [true; 2]);
    for end in 0..2 {
        assert!(world.outer(end).unwrap().encapsulation.is_some());
    }
    assert_eq!(run_to(&world)[1], BOX);
    world.boxes[0] = None;
    world.set_addresses(0, &[ELSEWHERE]);
    world.deliver_all();
    assert_eq!([world.sa(0).nat, world.sa(1).nat], [Nat::default(); 2]);
    for end in 0..2 {
        assert!(world.outer(end).unwrap().encapsulation.is_none());
    }
}

#[test]
fn an_ike_sa_moves_from_one_ip_version_to_the_other() {
    let mut world = world_with_two_addresses_at_east("2001:db8::1");
    world.set_addresses(0, &["2001:db8::7"]);
    world.deliver_all();
    assert_eq!(run_to(&world), ["2001:db8::1", "2001:db8::7"]);
    assert_eq!(world.sa(1).remote.to_string(), "[2001:db8::7]:4500");
}

#[test]
fn the_responder_says_which_addresses_it_has_and_is_followed_to_another_one() {
    let mut world = world_with_two_addresses_at_east("198.51.100.2");
    world.text.clear();
    world.set_addresses(1, &["198.51.100.2"]);
    world.deliver_all();
    insta::assert_snapshot!(world.text);
    assert_eq!(run_to(&world)[0], "198.51.100.2");
}

#[test]
fn an_open_request_is_repeated_from_the_new_address_at_once_with_the_same_octets() {
    let mut world = world();
    world.at(0, |west, now| west.rekey(now, "net").unwrap());
    let lost: Vec<Flight> = std::mem::take(&mut world.flights);
    world.set_addresses(0, &[ELSEWHERE]);
    assert_eq!(world.flights.len(), 0, "the window is full");
    world.at(0, |west, now| west.timeout(now, &|_| None));
    assert_eq!(world.flights[0].octets, lost[0].octets);
    assert_eq!(world.flights[0].source.ip().to_string(), ELSEWHERE);
    world.deliver_all();
    assert_eq!(world.installed.each_ref().map(BTreeMap::len), [1, 1], "{}", world.text);
    assert_eq!(world.sa(1).remote.to_string(), format!("{ELSEWHERE}:4500"));
}

#[test]
fn of_two_moves_in_a_row_the_second_counts() {
    let mut world = world();
    world.set_addresses(0, &[ELSEWHERE]);
    world.set_addresses(0, &["192.0.2.78"]);
    until(&mut world, 30);
    assert_eq!(world.sa(1).remote.to_string(), "192.0.2.78:4500");
    assert_eq!(run_to(&world)[1], "192.0.2.78");
    assert_eq!(met(&world, 0, "ikev2.mobike.outdated"), 1);
}

#[test]
fn moves_and_rekeying_of_the_ike_sa_do_not_disturb_each_other() {
    for (rekeys, mover_first) in [(0, true), (0, false), (1, true), (1, false)] {
        let mut world = world();
        if mover_first {
            world.set_addresses(0, &[ELSEWHERE]);
        }
        world.at(rekeys, |end, now| end.rekey_ike(now, "site").unwrap());
        if !mover_first {
            world.set_addresses(0, &[ELSEWHERE]);
        }
        until(&mut world, 60);
        assert_eq!(world.sa(1).remote.to_string(), format!("{ELSEWHERE}:4500"), "{}", world.text);
        assert_eq!(run_to(&world)[1], ELSEWHERE);
    }
}

#[test]
fn where_a_path_fails_another_one_is_found() {
    let mut world = world_with_two_addresses_at_east("198.51.100.2");
    // Nothing gets to the first address any more, and nobody tells east.
    world.addresses[1].remove(0);
    world.at(0, |west, now| west.check(now, "site").unwrap());
    world.deliver_all();
    until(&mut world, 60);
    assert!(met(&world, 0, "ikev2.mobike.another-way") > 0);
    assert_eq!(world.sa(0).remote.to_string(), "198.51.100.2:4500");
    assert_eq!(run_to(&world)[0], "198.51.100.2");
}

#[test]
fn a_new_mapping_is_noticed_by_who_is_behind_nat() {
    let mut world = World::new(ends(), [Some(Translator::new(BOX)), None]).up();
    world.at(0, |west, now| west.check(now, "site").unwrap());
    world.deliver_all();
    world.at(0, |west, now| west.check(now, "site").unwrap());
    world.deliver_all();
    assert_eq!(met(&world, 0, "ikev2.mobike.mapping-changed"), 1, "the first time it is not known yet");
    world.boxes[0].as_mut().unwrap().mapped.clear();
    world.text.clear();
    world.at(0, |west, now| west.check(now, "site").unwrap());
    world.deliver_all();
    insta::assert_snapshot!(world.text);
    assert_eq!(world.sa(1).remote.to_string(), format!("{BOX}:61003"));
}

#[test]
fn addresses_that_the_responder_does_not_accept_leave_it_where_it_was() {
    let mut ends = ends();
    ends[1].roams = vec!["10.0.0.0/24".parse::<Prefix>().unwrap().range()];
    let mut world = World::new(ends, [None, None]);
    world.set_addresses(0, &[WEST, "10.0.0.3"]);
    let mut world = world.up();
    world.set_addresses(0, &[ELSEWHERE, "10.0.0.3"]);
    world.deliver_all();
    assert_eq!((met(&world, 1, "ikev2.mobike.refused"), met(&world, 0, "ikev2.mobike.unacceptable")), (1, 1));
    assert_eq!(world.sa(1).remote.to_string(), "10.0.0.3:4500", "{}", world.text);
}

#[test]
fn where_nat_is_forbidden_a_translated_update_is_refused() {
    let mut ends = ends();
    ends.iter_mut().for_each(|end| end.nat_traversal = false);
    let mut world = World::new(ends, [None, None]).up();
    world.boxes[0] = Some(Translator::new(BOX));
    world.set_addresses(0, &["10.9.0.2"]);
    world.deliver_all();
    until(&mut world, 600);
    assert!(met(&world, 1, "ikev2.mobike.nat-forbidden") > 1, "it is tried again");
    assert!(world.moved[1].is_empty(), "{}", world.text);
    assert!(world.text.contains("UNEXPECTED_NAT_DETECTED"));
}

#[test]
fn where_nat_is_forbidden_no_ike_sa_comes_to_be_through_one() {
    let mut ends = ends();
    ends.iter_mut().for_each(|end| end.nat_traversal = false);
    let mut translator = Translator::new(BOX);
    translator.next_port = 499;
    let world = World::new(ends, [Some(translator), None]).up();
    assert!(world.text.contains("UNEXPECTED_NAT_DETECTED"), "{}", world.text);
    assert!(world.installed.iter().all(BTreeMap::is_empty));
}

#[test]
fn a_replayed_update_moves_nothing() {
    let mut world = world();
    world.set_addresses(0, &[ELSEWHERE]);
    let update = world.flights[0].clone();
    world.deliver_all();
    world.deliver(&Flight { source: ATTACKER.parse().unwrap(), ..update });
    world.flights.clear();
    assert_eq!(world.sa(1).remote.to_string(), format!("{ELSEWHERE}:4500"));
    assert_eq!(run_to(&world)[1], ELSEWHERE);
}

/// Who can change addresses on the way has the IKE SA elsewhere, but no packet of a child goes where nobody has answered, one
/// that is set up meanwhile included.
#[test]
fn children_do_not_go_where_nobody_has_answered() {
    let mut world = world();
    world.set_addresses(0, &[ELSEWHERE]);
    let update = world.flights.remove(0);
    world.deliver(&Flight { source: ATTACKER.parse().unwrap(), ..update });
    assert_eq!(world.sa(1).remote.to_string(), ATTACKER);
    world.deliver_all();
    assert_eq!(run_to(&world)[1], WEST, "{}", world.text);
    world.at(0, |west, now| west.rekey(now, "net").unwrap());
    world.deliver_all();
    assert_eq!(run_to(&world)[1], WEST, "{}", world.text);
}

#[test]
fn the_response_to_a_check_that_went_to_two_addresses_proves_neither() {
    let mut world = world();
    world.set_addresses(0, &[ELSEWHERE]);
    let update = world.flights.remove(0);
    world.deliver(&update);
    let answer = world.flights.remove(0);
    world.deliver(&answer);
    let check = world.flights.iter().find(|flight| flight.source.ip().to_string() == EAST).cloned().unwrap();
    world.set_addresses(0, &["192.0.2.78"]);
    world.flights.retain(|flight| flight.source.ip().to_string() == "192.0.2.78");
    world.deliver_all();
    // The check of before arrives only now, and its answer is no answer for the new address.
    world.addresses[0].push(ELSEWHERE.parse().unwrap());
    world.deliver(&check);
    world.deliver_all();
    assert_eq!(met(&world, 1, "ikev2.mobike.asked-elsewhere"), 1, "{}", world.text);
    assert_eq!(run_to(&world)[1], "192.0.2.78");
}
