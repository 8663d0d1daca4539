//! IKE SAs that grow old (RFC 7296 §2.8).

use std::time::Duration;

use ipsec_dataplane::{LifetimePolicy, Limits};
use ipsec_ikev2::{Cause, Event};
use ipsec_net::Instant;

use crate::explore::{Left, settled};
use crate::world::{Lowest, World, connection};

fn hours(hard: u64) -> LifetimePolicy {
    let time = Some(Duration::from_secs(3600 * hard));
    LifetimePolicy { hard: Limits { time, ..Limits::default() }, margin: 10, jitter: 5, idle: None }
}

fn ends_with(world: &World, end: usize, cause: &Cause) -> usize {
    let ended = |event: &&Event| matches!(event, Event::IkeDown { cause: other, .. } if other == cause);
    world.events[end].iter().filter(ended).count()
}

fn live_until(world: &mut World, hour: u64) {
    while world.now < Instant::ZERO + Duration::from_secs(3600 * hour) && world.wait() {
        world.deliver_all();
    }
}

#[test]
fn an_ike_sa_is_replaced_before_its_lifetime_is_over_again_and_again() {
    for young in 0..2 {
        let mut ends = [connection(0), connection(1)];
        ends[young].lifetime = hours(1);
        let mut world = World::of(ends, Lowest::ALL[0]);
        live_until(&mut world, 10);
        // Each is replaced after 51 to 54 minutes.
        assert!((11..=12).contains(&ends_with(&world, 0, &Cause::Rekeyed)));
        assert_eq!(ends_with(&world, 0, &Cause::Expired) + ends_with(&world, 1, &Cause::Expired), 0);
        let messages = world.events[young].iter().filter(|event| matches!(event, Event::Sent(_))).count();
        assert!(messages < 40, "two for each time, and no storm of them: {messages}");
        for end in 0..2 {
            let children: usize = world.ends[end].status().iter().map(|sa| sa.children.len()).sum();
            assert_eq!((children, world.installed[end].len()), (1, 1));
        }
    }
}

#[test]
fn both_ends_may_have_the_same_lifetime() {
    let mut ends = [connection(0), connection(1)];
    ends.iter_mut().for_each(|end| end.lifetime = hours(1));
    let mut world = World::of(ends, Lowest::ALL[0]);
    live_until(&mut world, 20);
    assert!(ends_with(&world, 0, &Cause::Rekeyed) >= 20);
    assert_eq!(ends_with(&world, 1, &Cause::Expired), 0);
    assert!((0..2).all(|end| world.installed[end].len() == 1));
}

#[test]
fn without_a_margin_an_ike_sa_ends_with_its_lifetime() {
    let mut ends = [connection(0), connection(1)];
    ends[0].lifetime = LifetimePolicy { margin: 0, jitter: 0, ..hours(1) };
    let mut world = World::of(ends, Lowest::ALL[0]);
    live_until(&mut world, 2);
    assert_eq!(ends_with(&world, 0, &Cause::Expired), 1);
    assert_eq!(ends_with(&world, 1, &Cause::DeletedByPeer), 1);
    settled(&mut world, Left::Nothing).unwrap();
}

/// What is not answered for a minute is given up, which ends an IKE SA at both ends.
#[test]
fn an_ike_sa_whose_peer_is_silent_is_not_replaced_but_given_up() {
    let mut ends = [connection(0), connection(1)];
    ends[0].lifetime = hours(1);
    let mut world = World::of(ends, Lowest::ALL[0]);
    while world.wait() {
        world.flights.clear();
    }
    let failed = |event: &&Event| matches!(event, Event::IkeDown { cause: Cause::Failed(_), .. });
    assert_eq!(world.events[0].iter().filter(failed).count(), 1);
    assert!(world.ends[0].status().is_empty() && world.installed[0].is_empty());
}
