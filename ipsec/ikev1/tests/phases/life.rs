//! What happens to SAs while they live: limits, replacement, deletion, and peers that are gone.

use std::time::Duration;

use ipsec_dataplane::{LifetimePolicy, Limits};
use ipsec_ikev1::{Cause, Event};

use crate::world::{EAST, Fate, WEST, World};

fn up(world: &mut World) {
    world.initiate(WEST);
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]));
}

fn life(seconds: u64, margin: u8) -> LifetimePolicy {
    let time = Some(Duration::from_secs(seconds));
    LifetimePolicy { hard: Limits { time, ..Limits::default() }, margin, ..LifetimePolicy::default() }
}

fn causes(world: &World, end: usize) -> Vec<&Cause> {
    let cause = |event| match event {
        &Event::ChildDown { ref cause, .. } | &Event::IkeDown { ref cause, .. } => Some(cause),
        _ => None,
    };
    world.events[end].iter().filter_map(cause).collect()
}

#[test]
fn a_replaced_child_goes_after_a_while_at_both_ends() {
    let mut world = World::new(|_, _| {});
    up(&mut world);
    let old = *world.installed[WEST].keys().next().unwrap();
    world.order(EAST, |now, east| east.rekey(now, "net").unwrap());
    world.run(1);
    assert_eq!(world.pairs(), [2, 2], "packets that are on their way still find it");
    world.run(10);
    assert_eq!(world.pairs(), [1, 1]);
    assert!(!world.installed[WEST].contains_key(&old));
    assert_eq!(
        (causes(&world, EAST), causes(&world, WEST)),
        (vec![&Cause::Replaced], vec![&Cause::DeletedByPeer])
    );
}

#[test]
fn both_ends_may_replace_a_child_at_once() {
    let mut world = World::new(|_, _| {});
    up(&mut world);
    world.order(EAST, |now, east| east.rekey(now, "net").unwrap());
    world.order(WEST, |now, west| west.rekey(now, "net").unwrap());
    world.run(60);
    let left = world.pairs();
    assert!(left == [1, 1] || left == [2, 2], "{left:?}");
    world.order(EAST, |now, east| east.rekey(now, "net").unwrap());
    world.run(60);
    assert_eq!(world.pairs(), [1, 1]);
}

#[test]
fn a_pair_that_has_been_replaced_is_not_replaced_again() {
    let mut world = World::new(|_, _| {});
    up(&mut world);
    let old = *world.installed[WEST].keys().next().unwrap();
    for _ in 0..2 {
        // The second time a quick mode for it is under way.
        world.order(WEST, |now, west| west.age(now, old));
    }
    world.run(1);
    assert_eq!(world.pairs(), [2, 2]);
    world.order(WEST, |now, west| west.age(now, old));
    world.run(1);
    assert_eq!(world.pairs(), [2, 2]);
}

#[test]
fn soft_and_hard_limits_of_a_child_are_the_data_planes_word() {
    let mut world = World::new(|_, _| {});
    up(&mut world);
    let old = *world.installed[WEST].keys().next().unwrap();
    world.order(WEST, |now, west| west.age(now, old));
    world.run(1);
    assert_eq!(world.pairs(), [2, 2]);
    world.order(WEST, |now, west| west.expire(now, old));
    world.run(1);
    assert_eq!(world.pairs(), [1, 1]);
    assert_eq!(causes(&world, WEST), [&Cause::Expired]);
}

#[test]
fn an_isakmp_sa_is_replaced_at_its_soft_limit_and_children_stay() {
    let mut world =
        World::new(|end, connection| connection.lifetime = life(100, if end == WEST { 20 } else { 10 }));
    up(&mut world);
    world.run(85);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]));
    assert_eq!(
        (causes(&world, WEST), causes(&world, EAST)),
        (vec![&Cause::Replaced], vec![&Cause::DeletedByPeer])
    );
    world.run(1000);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]));
}

#[test]
fn the_shorter_life_of_both_ends_counts_and_children_outlive_their_isakmp_sa() {
    let mut world = World::new(|end, connection| connection.lifetime = life([1_000, 50][end], 0));
    up(&mut world);
    world.run(60);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [0, 0]));
    assert_eq!(causes(&world, EAST), [&Cause::Expired]);
    world.order(WEST, |now, west| west.rekey(now, "net").unwrap());
    world.run(20);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "under another ISAKMP SA");
}

#[test]
fn a_responder_with_shorter_limits_for_a_child_says_so() {
    let mut world = World::new(|end, connection| {
        let child = &mut connection.children[0];
        child.lifetime = life([7_200, 600][end], 0);
        child.lifetime.hard.octets = [None, Some(1 << 20)][end];
    });
    up(&mut world);
    for end in [WEST, EAST] {
        let lifetime = world.installed[end].values().next().unwrap().lifetime;
        assert_eq!(lifetime.hard.time, Some(Duration::from_secs(600)));
        assert_eq!(lifetime.hard.octets, Some(1 << 20));
    }
    assert!(world.log.iter().any(|line| line.contains("RESPONDER-LIFETIME")), "{}", world.log.join("\n"));
}

#[test]
fn a_silent_peer_is_asked_and_given_up_with_all_that_it_had() {
    let mut world = World::new(|_, connection| connection.liveness = Some(Duration::from_secs(20)));
    up(&mut world);
    world.run(60);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "it answers");
    world.ends[EAST].forget_ike(world.now, "site").unwrap();
    world.run(120);
    assert!(world.ends[WEST].status().ike.is_empty() && world.installed[WEST].is_empty());
    let failed = |cause: &&Cause| cause.to_string() == "the peer does not answer: R-U-THERE-ACK did not come";
    assert_eq!(causes(&world, WEST).into_iter().filter(failed).count(), 2);
}

#[test]
fn who_has_lost_everything_says_so_and_the_peer_forgets_the_old() {
    let mut world = World::new(|_, _| {});
    up(&mut world);
    world.crash(EAST);
    world.initiate(EAST);
    world.run(5);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]));
    assert_eq!(causes(&world, WEST), [&Cause::Superseded, &Cause::Superseded]);
}

#[test]
fn a_forged_or_replayed_delete_changes_nothing() {
    let mut world = World::new(|_, _| {});
    up(&mut world);
    world.order(EAST, |now, east| east.delete(now, "net").unwrap());
    let delete = world.flights[0].clone();
    let mut forged = delete.octets.clone();
    *forged.last_mut().unwrap() ^= 1;
    world.deliver(WEST, &forged);
    assert_eq!(world.installed[WEST].len(), 1);
    world.run(1);
    assert_eq!(world.pairs(), [0, 0]);
    up(&mut world);
    world.deliver(WEST, &delete.octets);
    assert_eq!(world.pairs(), [1, 1]);
    assert!(world.events[WEST].contains(&Event::Probe("ikev1.delete.repeated")));
}

#[test]
fn both_ends_may_begin_at_once() {
    let mut world = World::new(|_, _| {}).unlucky(|_| Fate::Arrives);
    world.initiate(EAST);
    world.initiate(WEST);
    world.run(60);
    let (pairs, established) = (world.pairs(), world.established());
    assert!(
        pairs[WEST] >= 1 && established[WEST] >= 1,
        "{pairs:?} {established:?}\n{}",
        world.log.join("\n")
    );
}

/// Each message by itself may overtake another one, and who hears first that the ISAKMP SA is gone hears no more of its children.
#[test]
fn the_end_of_a_connection_is_told_in_one_message() {
    let mut world = World::new(|_, _| {});
    up(&mut world);
    let before = world.sent;
    world.order(WEST, |now, west| west.terminate(now, "site").unwrap());
    assert_eq!(world.sent, before + 1);
    assert!(world.log.iter().any(|line| line == "west -> informational [HASH D D] encrypted"));
    world.run(1);
    assert_eq!(world.installed.each_ref().map(std::collections::BTreeMap::len), [0, 0]);
    assert!(world.ends.iter().all(|end| end.status().ike.is_empty()));
}

/// Somebody waits for what was under way, perhaps with packets.
#[test]
fn an_isakmp_sa_that_ends_tells_of_its_open_quick_modes() {
    let expected = ["it was given up before it was done"];
    for by in [WEST, EAST] {
        let mut world = World::new(|_, _| {}).unlucky(|number| match number {
            10 => Fate::Lost,
            _ => Fate::Arrives,
        });
        up(&mut world);
        world.order(WEST, |now, west| west.rekey(now, "net").unwrap());
        world.order(by, |now, end| end.terminate(now, "site").unwrap());
        world.run(1);
        assert_eq!(world.failures(WEST), expected, "{}", world.log.join("\n"));
        assert!(world.ends.iter().all(|end| end.status().ike.is_empty()));
    }
}

/// The last message of west's quick mode comes when east has had an ISAKMP SA in the place of that one for a while.
#[test]
fn a_responder_keeps_a_replaced_isakmp_sa_until_the_peer_has_had_its_last_word() {
    let mut world = World::new(|_, _| {}).unlucky(|number| match number {
        14 => Fate::Late,
        _ => Fate::Arrives,
    });
    up(&mut world);
    world.order(WEST, |now, west| west.rekey(now, "net").unwrap());
    world.order(EAST, |now, east| east.rekey_ike(now, "site").unwrap());
    world.run(1);
    let told = world.log.join("\n");
    assert_eq!((world.pairs(), world.common_pairs(), world.established()), ([2, 2], 2, [1, 1]), "{told}");
    assert_eq!((world.drops(WEST).len(), world.drops(EAST).len()), (0, 0), "{told}");
}

/// East would wait for ever.
#[test]
fn a_replaced_isakmp_sa_goes_when_the_last_word_does_not_come() {
    let mut world = World::new(|_, _| {}).unlucky(|number| match number {
        14 => Fate::Lost,
        _ => Fate::Arrives,
    });
    up(&mut world);
    world.order(WEST, |now, west| west.rekey(now, "net").unwrap());
    world.order(EAST, |now, east| east.rekey_ike(now, "site").unwrap());
    world.run(1);
    assert_eq!(world.established(), [2, 2]);
    world.run(100);
    assert_eq!(world.established(), [1, 1], "{}", world.log.join("\n"));
}

#[test]
fn what_is_under_way_goes_on_under_the_isakmp_sa_that_replaces_its_own() {
    let mut world = World::new(|_, _| {}).unlucky(|number| match number {
        10 => Fate::Lost,
        _ => Fate::Arrives,
    });
    up(&mut world);
    world.order(WEST, |now, west| west.rekey(now, "net").unwrap());
    world.order(WEST, |now, west| west.rekey_ike(now, "site").unwrap());
    world.run(1);
    assert_eq!((world.pairs(), world.failures(WEST)), ([2, 2], vec![]), "{}", world.log.join("\n"));
}
