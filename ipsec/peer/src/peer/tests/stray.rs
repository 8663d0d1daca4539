//! Packets that their SA is not for.

use ipsec_dataplane::{Action, Policy, SaOptions, SaPair, SaParameters, Selector, Settings};

use super::*;

/// West's packet under the SA of the tunnel that is up, though the SA is not for it: its sender has other selectors.
fn stray(pair: &Pair, sequence: u64, packet: IpPacket) -> IpPacket {
    let record = pair.ikev2(0).find_map(|event| match event {
        Ikev2::ChildUp(record) => Some((**record).clone()),
        _ => None,
    });
    let record = record.unwrap();
    let everywhere: Prefix = "0.0.0.0/0".parse().unwrap();
    let selectors = vec![Selector::between(everywhere.range(), everywhere.range())];
    let sa = |spi, key: &Secret| SaParameters {
        spi,
        protection: record.protection,
        key: key.clone(),
        mode: record.mode,
        selectors: selectors.clone(),
        extended_sequence_numbers: record.extended_sequence_numbers,
        replay_window: 64,
        options: SaOptions { sequence, ..SaOptions::default() },
    };
    let policy = Policy::new("any", selectors.clone(), Action::Protect);
    let mut west = Dataplane::new(&PORTABLE, vec![policy], Settings::default());
    let (inbound, outbound) =
        (sa(record.inbound, &record.inbound_key), sa(record.outbound, &record.outbound_key));
    west.install(pair.now, SaPair::new("any", inbound, outbound));
    match west.outbound(pair.now, &mut *luck(9).esp, packet) {
        Outbound::Send(packet) => packet,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_packet_that_its_sa_is_not_for_is_told_to_its_sender_but_not_each_time() {
    let mut pair = Pair::new(west_config(), east_config());
    pair.initiate();
    let stranger = inner("10.9.0.1", "10.2.0.1", 100);
    let probes = |pair: &Pair, side: usize, name: &str| {
        pair.ikev2(side).filter(|event| matches!(event, Ikev2::Probe(probe) if *probe == name)).count()
    };
    for sequence in 0..3 {
        let packet = stray(&pair, sequence, stranger.clone());
        pair.give(1, Input::Outside(packet));
    }
    let strays =
        pair.events[1].iter().filter(|event| matches!(event, Event::Dropped(d) if d.inside.is_some()));
    assert_eq!(strays.count(), 3);
    assert_eq!(probes(&pair, 1, "ikev2.invalid-selectors.sent"), 1);
    assert_eq!(probes(&pair, 0, "ikev2.invalid-selectors.received"), 1);
    let inside = pair.events[1].iter().find_map(|event| match event {
        Event::Dropped(dropped) => dropped.inside.clone(),
        _ => None,
    });
    let inside = inside.unwrap();
    let expected = "10.2.0.1 === 10.9.0.1 [17/1799:1799], where the SA is for 10.2.0.0/16 === 10.1.0.0/16";
    assert_eq!(inside.to_string(), expected);
    assert_eq!(inside.head.len(), 120, "the whole packet");
    assert_eq!(pair.children(1), 1, "nothing else comes of it");
}

#[test]
fn nobody_is_told_of_packets_that_their_sa_is_not_for_where_that_is_off() {
    let mut east = east_config();
    east.ikev2.connections[0].selector_notices = None;
    let mut pair = Pair::new(west_config(), east);
    pair.initiate();
    let packet = stray(&pair, 0, inner("10.9.0.1", "10.2.0.1", 100));
    pair.give(1, Input::Outside(packet));
    assert!(!pair.ikev2(1).any(|event| matches!(event, Ikev2::Probe("ikev2.invalid-selectors.sent"))));
    assert!(
        pair.events[1].iter().any(|event| matches!(event, Event::Dropped(drop) if drop.inside.is_some()))
    );
}
