//! A new pair of SAs protects the same traffic in the same way as the one that it replaces (RFC 7296 §2.8, §2.9.2), under
//! keys of its own.

use ipsec_crypto::{IntegrityAlgorithm, KeyExchangeAlgorithm};
use ipsec_dataplane::Mode;
use ipsec_ikev2::{ChildRecord, Connection, Event, MessageRecord};
use ipsec_net::Prefix;
use ipsec_wire::registry::PayloadType;

use crate::world::{Lowest, Order, World, connection};

fn ups(world: &World, end: usize) -> Vec<&ChildRecord> {
    fn up(event: &Event) -> Option<&ChildRecord> {
        if let Event::ChildUp(record) = event { Some(record) } else { None }
    }
    world.events[end].iter().filter_map(up).collect()
}

/// Rekeys the child from each end in turn and compares all its pairs, which are returned for the first end.
fn rekeyed(ends: [Connection; 2]) -> (World, Vec<ChildRecord>) {
    let mut world = World::of(ends, Lowest::ALL[0]);
    for end in [0, 1, 1, 0] {
        world.order(end, Order::RekeyChild);
        world.deliver_all();
    }
    for end in 0..2 {
        let records = ups(&world, end);
        assert_eq!(records.len(), 5);
        for (old, new) in records.iter().zip(&records[1..]) {
            assert_eq!(new.replaces, Some(old.inbound));
            assert_eq!((&new.local, &new.remote), (&old.local, &old.remote));
            assert_eq!((new.mode, new.protection), (old.mode, old.protection));
            assert_eq!(new.extended_sequence_numbers, old.extended_sequence_numbers);
            assert!(new.inbound_key != old.inbound_key && new.outbound_key != old.outbound_key);
            assert!(new.inbound != old.inbound && new.outbound != old.outbound);
        }
        assert_eq!(world.installed[end].len(), 1);
    }
    let records = ups(&world, 0).into_iter().cloned().collect();
    (world, records)
}

#[test]
fn narrowed_selectors_stay_as_narrow() {
    let mut ends = [connection(0), connection(1)];
    ends[1].children[0].remote = vec!["10.1.0.64/26".parse::<Prefix>().unwrap().range()];
    let (_, records) = rekeyed(ends);
    assert_eq!(records[0].local[0].to_string(), "10.1.0.64-10.1.0.127");
}

#[test]
fn transport_mode_stays_where_both_want_it_and_tunnel_mode_where_one_does_not() {
    for (wanted, transport) in [([true, true], true), ([true, false], false), ([false, true], false)] {
        let mut ends = [connection(0), connection(1)];
        for (end, wanted) in ends.iter_mut().zip(wanted) {
            end.children[0].transport = wanted;
        }
        let (_, records) = rekeyed(ends);
        assert_eq!(records[4].mode == Mode::Transport, transport, "{wanted:?}");
    }
}

#[test]
fn an_ah_pair_is_replaced_by_an_ah_pair() {
    let mut ends = [connection(0), connection(1)];
    for end in &mut ends {
        let proposal = &mut end.children[0].proposals[0];
        proposal.encryption.clear();
        proposal.integrity = vec![IntegrityAlgorithm::HmacSha2_256_128];
    }
    rekeyed(ends);
}

#[test]
fn a_key_exchange_comes_with_each_new_pair_where_it_is_configured() {
    let mut ends = [connection(0), connection(1)];
    for end in &mut ends {
        end.children[0].proposals[0].key_exchange = vec![KeyExchangeAlgorithm::Ecp256];
    }
    let (world, _) = rekeyed(ends);
    let with_ke = |message: &MessageRecord| message.payloads.iter().any(|(kind, _)| *kind == PayloadType::KE);
    let sent = |event: &&Event| matches!(event, Event::Sent(message) if with_ke(message));
    assert_eq!(world.events[0].iter().filter(sent).count(), 1 + 4, "IKE_SA_INIT, and one in each rekeying");
}

#[test]
fn the_ike_sa_may_change_its_prf_and_its_group() {
    use ipsec_crypto::PrfAlgorithm::{HmacSha2_256, HmacSha2_384};
    let mut ends = [connection(0), connection(1)];
    for end in &mut ends {
        end.proposals[0].prf = vec![HmacSha2_256, HmacSha2_384];
    }
    // The responder's preference decides, and each end responds once.
    ends[1].proposals[0].prf = vec![HmacSha2_384, HmacSha2_256];
    let mut world = World::of(ends, Lowest::ALL[0]);
    for end in [1, 0] {
        world.order(end, Order::RekeyIke);
        world.deliver_all();
    }
    let prf = |event: &Event| if let Event::IkeUp { suite, .. } = event { Some(suite.prf) } else { None };
    for end in 0..2 {
        let prfs: Vec<_> = world.events[end].iter().filter_map(prf).collect();
        assert_eq!(prfs, [HmacSha2_384, HmacSha2_256, HmacSha2_384]);
    }
    assert_eq!(world.keys[0], world.keys[1]);
    assert_eq!(world.keys[0].len(), 3);
    world.check();
}

#[test]
fn an_ike_sa_is_rekeyed_with_the_group_that_made_it_though_another_comes_first() {
    use ipsec_crypto::KeyExchangeAlgorithm::{Ecp256, X25519};
    let mut ends = [connection(0), connection(1)];
    ends[0].proposals[0].key_exchange = vec![X25519, Ecp256];
    ends[1].proposals[0].key_exchange = vec![Ecp256, X25519];
    let mut world = World::of(ends, Lowest::ALL[0]);
    let probes = |world: &World, end: usize| {
        let sent = |event: &&Event| matches!(event, Event::Probe("ikev2.invalid-ke.sent"));
        world.events[end].iter().filter(sent).count()
    };
    assert_eq!(probes(&world, 1), 1, "IKE_SA_INIT began with the other one");
    world.order(0, Order::RekeyIke);
    world.deliver_all();
    assert_eq!(probes(&world, 1), 1);
    // East answers by west's offer, and west by its own preference.
    world.order(1, Order::RekeyIke);
    world.deliver_all();
    assert_eq!(probes(&world, 0), 1);
    assert_eq!((world.keys[0].len(), &world.keys[0]), (3, &world.keys[1]));
    world.check();
}
