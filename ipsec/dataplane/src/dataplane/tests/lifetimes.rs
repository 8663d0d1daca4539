//! Limits of use, idle time, dummies and keepalives.

use std::time::Duration;

use ipsec_net::{Instant, udp};

use super::setup::*;
use crate::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Instant {
    NOW + SECOND * seconds as u32
}

/// What a plane tells when the time has come.
fn at_time(plane: &mut Dataplane, now: Instant) -> Vec<Due> {
    plane.timeout(now, &mut Counting(1));
    std::iter::from_fn(|| plane.poll()).collect()
}

fn expired(due: &[Due]) -> Vec<(Limit, Measure)> {
    let of = |due: &Due| match due {
        Due::Expired(expired) => (expired.limit, expired.measure),
        Due::Send(_) | Due::Moved { .. } => panic!("{due:?}"),
    };
    due.iter().map(of).collect()
}

fn drained(plane: &mut Dataplane) -> Vec<(Limit, Measure)> {
    expired(&std::iter::from_fn(|| plane.poll()).collect::<Vec<_>>())
}

#[test]
fn time_first_reaches_the_soft_limit_and_then_the_hard_one() {
    let limits = |seconds| Limits { time: Some(SECOND * seconds), ..Limits::default() };
    let mut west = PLAIN.west_with(|pair| {
        pair.lifetime = Lifetime { soft: limits(50), hard: limits(60), idle: None };
    });
    assert_eq!(west.next_timeout(), Some(at(50)));
    assert_eq!(expired(&at_time(&mut west, at(49))), []);
    assert_eq!(expired(&at_time(&mut west, at(50))), [(Limit::Soft, Measure::Time)]);
    sent(&mut west, PLAIN.packet(1));
    assert_eq!(expired(&at_time(&mut west, at(60))), [(Limit::Hard, Measure::Time)]);
    assert!(west.status().is_empty() && west.next_timeout().is_none());
}

#[test]
fn time_and_octets_limit_an_sa_together() {
    let limits = Limits { time: Some(SECOND * 60), octets: Some(200), ..Limits::default() };
    let limited = |pair: &mut SaPair| {
        pair.lifetime = Lifetime { soft: Limits::default(), hard: limits, idle: None };
    };
    let mut quiet = PLAIN.west_with(limited);
    sent(&mut quiet, PLAIN.packet(100));
    assert_eq!(expired(&at_time(&mut quiet, at(60))), [(Limit::Hard, Measure::Time)]);
    let mut busy = PLAIN.west_with(limited);
    (0..2).for_each(|_| drop(sent(&mut busy, PLAIN.packet(100))));
    assert_eq!(drained(&mut busy), [(Limit::Hard, Measure::Octets)]);
    assert!(busy.status().is_empty());
}

#[test]
fn the_packet_that_reaches_a_limit_is_carried_and_the_next_one_is_not() {
    for (measure, soft, hard) in [
        (
            Measure::Packets,
            Limits { packets: Some(2), ..Limits::default() },
            Limits { packets: Some(4), ..Limits::default() },
        ),
        (
            Measure::Octets,
            Limits { octets: Some(200), ..Limits::default() },
            Limits { octets: Some(480), ..Limits::default() },
        ),
    ] {
        let limit = |pair: &mut SaPair| pair.lifetime = Lifetime { soft, hard, idle: None };
        let (mut west, mut east) = (PLAIN.west_with(limit), PLAIN.east_with(limit));
        for number in 1..=4 {
            let outer = sent(&mut west, PLAIN.packet(100));
            delivered(&mut east, outer);
            for plane in [&mut west, &mut east] {
                let expected: &[_] = match number {
                    2 => &[(Limit::Soft, measure)],
                    4 => &[(Limit::Hard, measure)],
                    _ => &[],
                };
                assert_eq!(drained(plane), expected, "packet {number}");
            }
        }
        let again = west.outbound(NOW, &mut Counting(1), PLAIN.packet(100));
        assert!(matches!(again, Outbound::Acquire { .. }));
    }
}

#[test]
fn a_pair_in_use_is_not_idle_and_an_unused_one_ends() {
    let mut west = PLAIN.west_with(|pair| pair.lifetime.idle = Some(SECOND * 10));
    west.outbound(at(6), &mut Counting(1), PLAIN.packet(1));
    assert_eq!(expired(&at_time(&mut west, at(10))), []);
    assert_eq!(west.next_timeout(), Some(at(16)));
    assert_eq!(expired(&at_time(&mut west, at(16))), [(Limit::Hard, Measure::Idle)]);
}

#[test]
fn the_last_sixteenth_of_the_sequence_numbers_asks_for_new_keys_once() {
    let edge = u64::from(u32::MAX) - u64::from(u32::MAX) / 16 - 1;
    let mut west = PLAIN.west_with(|pair| pair.outbound.options.sequence = edge);
    sent(&mut west, PLAIN.packet(1));
    assert_eq!(drained(&mut west), []);
    sent(&mut west, PLAIN.packet(1));
    assert_eq!(drained(&mut west), [(Limit::Soft, Measure::Sequence)]);
    sent(&mut west, PLAIN.packet(1));
    assert_eq!(drained(&mut west), []);
}

#[test]
fn dummies_come_in_time_and_are_as_long_as_padded_packets() {
    let dummies = |pair: &mut SaPair| {
        pair.outbound.options.dummies = Some(SECOND);
        pair.outbound.options.pad_to = Some(600);
    };
    let (mut west, mut east) = (PLAIN.west_with(dummies), PLAIN.planes().1);
    let length = sent(&mut west, PLAIN.packet(30)).len();
    for second in 1..4 {
        let [Due::Send(dummy)] = <[Due; 1]>::try_from(at_time(&mut west, at(second))).unwrap() else {
            panic!("no packet");
        };
        assert_eq!(dummy.len(), length);
        assert_eq!(dropped(&mut east, dummy), DropReason::Dummy);
    }
    assert_eq!(east.status()[0].sequence, 4);
}

#[test]
fn a_keepalive_is_sent_when_nothing_else_was() {
    let keepalive = Some(SECOND * 20);
    let mut west = PLAIN.west_with(|pair| {
        let udp = UdpEncapsulation { local_port: 4500, remote_port: 1024, keepalive, original: None };
        pair.outbound.options.encapsulation = Some(udp);
    });
    west.outbound(at(15), &mut Counting(1), PLAIN.packet(1));
    assert!(at_time(&mut west, at(20)).is_empty());
    let [Due::Send(packet)] = <[Due; 1]>::try_from(at_time(&mut west, at(35))).unwrap() else {
        panic!("no packet");
    };
    let datagram = udp::read(&packet).unwrap();
    assert_eq!((datagram.destination.port(), datagram.payload), (1024, &KEEPALIVE[..]));
    assert_eq!(west.next_timeout(), Some(at(55)));
}

#[test]
fn what_would_happen_all_the_time_never_does() {
    let none = Some(Duration::ZERO);
    let mut west = PLAIN.west_with(|pair| {
        let udp = UdpEncapsulation { local_port: 4500, remote_port: 4500, keepalive: none, original: None };
        pair.outbound.options.dummies = none;
        pair.outbound.options.encapsulation = Some(udp);
    });
    assert_eq!((west.next_timeout(), at_time(&mut west, at(100))), (None, vec![]));
}

#[test]
fn a_removed_pair_leaves_no_timer_that_lasts() {
    let hour = Limits { time: Some(SECOND * 3600), ..Limits::default() };
    let mut west = PLAIN.west_with(|pair| pair.lifetime = Lifetime { soft: hour, hard: hour, idle: None });
    assert!(west.remove(WEST).is_some());
    assert_eq!(west.next_timeout(), None);
}
