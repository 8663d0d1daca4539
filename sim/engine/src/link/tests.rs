use std::time::Duration;

use ipsec_net::{Buffer, IpHeader, protocol};

use super::*;
use crate::{Decision, Ratio};

fn packet(number: u8) -> IpPacket {
    let header = IpHeader::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), protocol::ESP);
    IpPacket::build(&header, Buffer::copy_of(&[number; 20])).unwrap()
}

fn link(settings: LinkSettings, fate: &Fate) -> Link<()> {
    let ends = [(NodeId(0), Port(0)), (NodeId(1), Port(0))];
    Link::new("wan", ends, [settings.clone(), settings], Streams::new(1), fate)
}

#[test]
fn a_list_of_decisions_goes_by_link_direction_and_number() {
    let decision =
        |link: &str, direction, ordinal, fault| Decision { link: link.into(), direction, ordinal, fault };
    let list = Fate::List(Arc::new([
        decision("wan", Direction::Forward, 1, Fault::HeldBack(Duration::from_millis(3))),
        decision("wan", Direction::Forward, 1, Fault::Corrupted { bit: 9 }),
        decision("wan", Direction::Backward, 0, Fault::Lost),
        decision("lan", Direction::Forward, 0, Fault::Lost),
    ]));
    let [mut forward, mut backward] = link(LinkSettings::default(), &list).lanes;
    assert_eq!(forward.faults(0, &packet(0)), []);
    let both = [Fault::HeldBack(Duration::from_millis(3)), Fault::Corrupted { bit: 9 }];
    assert_eq!(forward.faults(1, &packet(0)), both);
    assert_eq!(backward.faults(0, &packet(0)), [Fault::Lost]);
}

#[test]
fn a_rule_befalls_the_packets_that_it_was_made_for_and_no_others() {
    let [mut lane, _] = link(LinkSettings::default(), &Fate::Seed).lanes;
    let is_seven = |packet: &IpPacket| packet.payload()[0] == 7;
    lane.add_rule(Rule::new(is_seven, 2..=3, vec![Fault::Lost]));
    lane.add_rule(Rule::nth(3..=3, vec![Fault::Corrupted { bit: 1 }]));
    let hit: Vec<Vec<Fault>> =
        (0..).zip([7, 1, 7, 7, 7]).map(|(n, number)| lane.faults(n, &packet(number))).collect();
    let corrupted = Fault::Corrupted { bit: 1 };
    assert_eq!(hit, [vec![], vec![], vec![Fault::Lost, corrupted], vec![Fault::Lost], vec![]]);
    assert!(lane.rules.is_empty(), "rules that have seen their packets are gone");
}

#[test]
fn rules_do_nothing_where_a_list_says_what_befell_packets() {
    let [mut lane, _] = link(LinkSettings::default(), &Fate::List(Arc::new([]))).lanes;
    lane.add_rule(Rule::nth(1..=9, vec![Fault::Lost]));
    assert_eq!(lane.faults(0, &packet(0)), []);
}

#[test]
fn an_outage_comes_when_it_is_told_to_and_comes_again() {
    let second = |seconds: u64| Instant::from_nanos(seconds * 1_000_000_000);
    let outage =
        Outage { first: second(10), lasts: Duration::from_secs(2), every: Some(Duration::from_secs(60)) };
    let covered = [9, 10, 11, 12, 69, 70, 71, 72].map(|seconds| outage.covers(second(seconds)));
    assert_eq!(covered, [false, true, true, false, false, true, true, false]);
    let once = Outage { every: None, ..outage };
    assert_eq!([10, 11, 12, 70].map(|seconds| once.covers(second(seconds))), [true, true, false, false]);
}

#[test]
fn a_kind_of_misfortune_that_is_added_later_begins_and_the_others_go_on() {
    let half = Ratio::new(1, 2).unwrap();
    let lossy = LinkSettings { loss: Loss::Independent(half), ..LinkSettings::default() };
    let both = LinkSettings { duplicate: half, ..lossy.clone() };
    let draws = |change: bool| -> Vec<bool> {
        let [mut lane, _] = link(lossy.clone(), &Fate::Seed).lanes;
        let lost = |range: std::ops::Range<u64>, lane: &mut Lane<()>| -> Vec<bool> {
            range.map(|number| lane.faults(number, &packet(0)) == [Fault::Lost]).collect()
        };
        let mut all = lost(0..100, &mut lane);
        if change {
            lane.change("wan", Direction::Forward, both.clone(), Streams::new(1));
        }
        all.extend(lost(100..200, &mut lane));
        all
    };
    assert_eq!(draws(false), draws(true));
}

#[test]
fn impossible_settings_are_named() {
    let good = LinkSettings::default;
    let ratio = Ratio::new(1, 2).unwrap();
    let problem = |settings: LinkSettings| settings.check().unwrap_err().to_string();
    let bursts = Loss::Bursts { begin: ratio, end: Ratio::ZERO, good: Ratio::ZERO, bad: Ratio::ONE };
    assert_eq!(problem(LinkSettings { loss: bursts, ..good() }), "bursts of losses begin, but never end");
    let table = Jitter::Table(Arc::new([]));
    assert_eq!(problem(LinkSettings { jitter: table, ..good() }), "the table of delays is empty");
    let second = Duration::from_secs(1);
    let outage = Outage { first: Instant::ZERO, lasts: second, every: Some(second) };
    let text = "an outage of 1s has to last some time, and to end before it begins again";
    assert_eq!(problem(LinkSettings { outage: Some(outage), ..good() }), text);
    let places = Hold::Places { places: 0, within: second };
    let text = "packets are reordered, but held back by nothing";
    assert_eq!(problem(LinkSettings { reorder: ratio, hold: places, ..good() }), text);
    let bottleneck = Bottleneck::new(0, second);
    let text = "a rate of 0 bits per second carries nothing; cut the link instead";
    assert_eq!(problem(LinkSettings { bottleneck: Some(bottleneck), ..good() }), text);
}
