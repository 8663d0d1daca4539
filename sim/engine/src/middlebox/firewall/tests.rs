use std::time::Duration;

use ipsec_net::icmp::{Echo, echo_reply, echo_request};
use ipsec_net::icmp_error::{IcmpError, build};
use ipsec_net::{fragment, protocol};
use proptest::prelude::*;

use super::*;
use crate::middlebox::FragmentLimits;
use crate::middlebox::testing::{
    Done, address, any_packet, datagram, datagram_with, drain, hand, raw, seconds, segment,
};

const INSIDE: u16 = 0;
const OUTSIDE: u16 = 1;
const A: &str = "10.1.0.1:500";
const PEER: &str = "10.2.0.1:500";

fn drops(done: &Done<FirewallNote>) -> Vec<FirewallDrop> {
    let drop = |note: &FirewallNote| match note {
        FirewallNote::Dropped { reason, .. } => Some(*reason),
        _ => None,
    };
    done.notes.iter().filter_map(drop).collect()
}

/// Whether a packet from this side goes on, or why not.
fn passes(firewall: &mut Firewall, now: Instant, port: u16, packet: IpPacket) -> Result<(), FirewallDrop> {
    let done = hand(firewall, now, port, packet.clone());
    match drops(&done).first() {
        Some(reason) => {
            assert!(done.sent.is_empty());
            Err(*reason)
        }
        None => {
            assert_eq!(done.sent, [(Port(1 - port), packet)], "unchanged");
            Ok(())
        }
    }
}

#[test]
fn answers_to_what_began_inside_pass_and_nothing_else_from_outside() {
    for (source, destination, stranger) in
        [(A, PEER, "10.2.0.1:501"), ("[2001:db8:1::1]:500", "[2001:db8:2::1]:500", "[2001:db8:2::1]:501")]
    {
        let mut firewall = Firewall::new(Policy::default());
        let answer = datagram(destination, source, b"");
        assert_eq!(passes(&mut firewall, seconds(0), OUTSIDE, answer.clone()), Err(FirewallDrop::Default));
        assert_eq!(passes(&mut firewall, seconds(0), INSIDE, datagram(source, destination, b"")), Ok(()));
        assert_eq!(passes(&mut firewall, seconds(0), OUTSIDE, answer), Ok(()));
        let other = datagram(stranger, source, b"");
        assert_eq!(passes(&mut firewall, seconds(0), OUTSIDE, other), Err(FirewallDrop::Default));
    }
}

#[test]
fn each_protocol_has_its_flows_and_timer() {
    let timers = StateTimers::default();
    let echo =
        echo_request(address("10.1.0.1"), address("10.2.0.1"), Echo { identifier: 7, sequence: 1 }, b"");
    let echo = echo.unwrap();
    let reply = echo_reply(&echo).unwrap();
    let esp = |source, destination| raw(source, destination, protocol::ESP, b"\x00\x00\x10\x00");
    for (there, back, lasts) in [
        (datagram(A, PEER, b""), datagram(PEER, A, b""), timers.udp),
        (segment(A, PEER), segment(PEER, A), timers.tcp),
        (echo, reply, timers.icmp),
        (esp("10.1.0.1", "10.2.0.1"), esp("10.2.0.1", "10.1.0.1"), timers.other),
    ] {
        let mut firewall = Firewall::new(Policy::default());
        let end = Instant::ZERO + lasts;
        assert_eq!(passes(&mut firewall, seconds(0), INSIDE, there.clone()), Ok(()));
        let nearly = end - Duration::from_secs(1);
        assert_eq!(passes(&mut firewall, nearly, OUTSIDE, back.clone()), Ok(()), "{there:?}");
        let refreshed = nearly + lasts;
        assert_eq!(firewall.states().map(|state| state.expires).collect::<Vec<_>>(), [refreshed]);
        firewall.wake(end);
        let done = drain(&mut firewall, end);
        assert_eq!((done.notes.len(), done.until), (0, Some(refreshed)));
        firewall.wake(refreshed);
        let done = drain(&mut firewall, refreshed);
        assert!(matches!(done.notes[..], [FirewallNote::Expired { begun: Side::Inside, .. }]));
        assert_eq!(passes(&mut firewall, refreshed, OUTSIDE, back), Err(FirewallDrop::Default));
    }
}

#[test]
fn the_first_rule_that_matches_counts() {
    let rules = vec![
        Rule { protocol: Some(protocol::TCP), ..Rule::all(Verdict::Drop) },
        Rule {
            from: Some(Side::Outside),
            source: Some("10.2.0.0/24".parse().unwrap()),
            destination_ports: Some(500..=500),
            ..Rule::all(Verdict::Pass)
        },
        Rule { source_ports: Some(600..=699), ..Rule::all(Verdict::Drop) },
        Rule { destination: Some("10.2.9.0/24".parse().unwrap()), ..Rule::all(Verdict::Drop) },
    ];
    let mut firewall = Firewall::new(Policy { rules, ..Policy::default() });
    for (port, packet, verdict) in [
        (INSIDE, segment(A, PEER), Err(FirewallDrop::Rule(0))),
        (OUTSIDE, datagram("10.2.0.7:650", A, b""), Ok(())),
        (OUTSIDE, datagram("10.2.1.7:500", A, b""), Err(FirewallDrop::Default)),
        (OUTSIDE, datagram("10.2.0.7:500", "10.1.0.1:501", b""), Err(FirewallDrop::Default)),
        (INSIDE, datagram("10.1.0.1:650", PEER, b""), Err(FirewallDrop::Rule(2))),
        (INSIDE, datagram(A, "10.2.9.1:500", b""), Err(FirewallDrop::Rule(3))),
        (INSIDE, datagram(A, PEER, b""), Ok(())),
    ] {
        assert_eq!(passes(&mut firewall, seconds(0), port, packet.clone()), verdict, "{packet:?}");
    }
    assert_eq!(
        passes(&mut firewall, seconds(1), INSIDE, datagram(A, "10.2.0.7:650", b"")),
        Ok(()),
        "an answer"
    );
}

#[test]
fn new_flows_from_outside_can_be_blocked_while_others_go_on() {
    let mut firewall = Firewall::new(Policy::open());
    assert_eq!(passes(&mut firewall, seconds(0), OUTSIDE, datagram(PEER, A, b"")), Ok(()));
    firewall.policy_mut().block_new_inbound = true;
    assert_eq!(passes(&mut firewall, seconds(1), OUTSIDE, datagram(PEER, A, b"")), Ok(()));
    let other = datagram("10.2.0.2:500", A, b"");
    assert_eq!(passes(&mut firewall, seconds(1), OUTSIDE, other), Err(FirewallDrop::NewInbound));
    assert_eq!(passes(&mut firewall, seconds(1), INSIDE, datagram(A, "10.2.0.3:500", b"")), Ok(()));
    assert!(firewall.policy().block_new_inbound);
}

#[test]
fn each_prohibition_drops_what_it_names_and_nothing_else() {
    let udp = |port: u16, payload: &[u8]| {
        datagram(&format!("10.1.0.1:{port}"), &format!("10.2.0.1:{port}"), payload)
    };
    let ike = udp(4500, &[0, 0, 0, 0, 9, 9, 9, 9]);
    let encapsulated = udp(4500, &[0, 0, 0x10, 0, 9, 9, 9, 9]);
    let keepalive = udp(4500, &[0xff]);
    let plain = udp(500, &[1, 2, 3, 4]);
    let esp = raw("10.1.0.1", "10.2.0.1", protocol::ESP, &[0, 0, 0x10, 0]);
    let ah = raw("10.1.0.1", "10.2.0.1", protocol::AH, &[0; 24]);
    let all = [&ike, &encapsulated, &keepalive, &plain, &esp, &ah];
    let policy = Policy::default();
    for (policy, forbidden, reason) in [
        (
            Policy { drop_udp_encapsulated_esp: true, ..policy.clone() },
            vec![&encapsulated],
            FirewallDrop::UdpEncapsulatedEsp,
        ),
        (Policy { drop_esp: true, ..policy.clone() }, vec![&esp], FirewallDrop::Esp),
        (Policy { drop_ah: true, ..policy.clone() }, vec![&ah], FirewallDrop::Ah),
        (
            Policy { drop_udp_ports: [4500].into(), ..policy.clone() },
            vec![&ike, &encapsulated, &keepalive],
            FirewallDrop::UdpPort,
        ),
        (Policy { drop_udp_ports: [500].into(), ..policy }, vec![&plain], FirewallDrop::UdpPort),
    ] {
        let mut firewall = Firewall::new(Policy::default());
        for packet in all {
            assert_eq!(passes(&mut firewall, seconds(0), INSIDE, packet.clone()), Ok(()));
        }
        *firewall.policy_mut() = policy;
        for packet in all {
            let verdict = if forbidden.contains(&packet) { Err(reason) } else { Ok(()) };
            assert_eq!(passes(&mut firewall, seconds(1), INSIDE, packet.clone()), verdict, "{packet:?}");
        }
    }
}

#[test]
fn icmp_errors_pass_only_about_flows_that_go_on() {
    for (source, destination, router) in
        [(A, PEER, "10.9.0.1"), ("[2001:db8:1::1]:500", "[2001:db8:2::1]:500", "2001:db8:9::1")]
    {
        let mut firewall = Firewall::new(Policy::default());
        let (there, back) = (datagram(source, destination, b""), datagram(destination, source, b""));
        let error = |about| build(IcmpError::PacketTooBig { mtu: 1300 }, about, address(router)).unwrap();
        let mut verdict = |port, packet| passes(&mut firewall, seconds(0), port, packet);
        assert_eq!(verdict(OUTSIDE, error(&there)), Err(FirewallDrop::UnrelatedError));
        assert_eq!(verdict(INSIDE, there.clone()), Ok(()));
        assert_eq!(verdict(OUTSIDE, error(&there)), Ok(()));
        assert_eq!(verdict(INSIDE, error(&back)), Ok(()));
        assert_eq!(verdict(INSIDE, error(&there)), Err(FirewallDrop::UnrelatedError), "from the wrong side");
        firewall.policy_mut().drop_icmp_errors = true;
        let dropped = passes(&mut firewall, seconds(0), OUTSIDE, error(&there));
        assert_eq!(dropped, Err(FirewallDrop::IcmpError));
    }
}

fn pieces(source: &str, destination: &str) -> Vec<IpPacket> {
    let packet = datagram_with(source, destination, &[4; 100], |header| header.identification = 7);
    fragment(packet, 60, 0).unwrap()
}

#[test]
fn fragments_share_the_fate_of_the_first() {
    for (port, verdict) in [(INSIDE, Ok(())), (OUTSIDE, Err(FirewallDrop::Default))] {
        let mut firewall = Firewall::new(Policy::default());
        let pieces = pieces(A, PEER);
        let early = hand(&mut firewall, seconds(0), port, pieces[1].clone());
        assert!(matches!(early.notes[..], [FirewallNote::Held { .. }]));
        let done = hand(&mut firewall, seconds(0), port, pieces[0].clone());
        assert_eq!((done.sent.len(), drops(&done).len()), if verdict.is_ok() { (2, 0) } else { (0, 2) });
        assert_eq!(passes(&mut firewall, seconds(0), port, pieces[2].clone()), verdict);
    }
}

#[test]
fn fragments_can_be_forbidden_or_made_to_come_in_order() {
    let mut strict = Firewall::new(Policy { drop_fragments: true, ..Policy::default() });
    for piece in pieces(A, PEER) {
        assert_eq!(passes(&mut strict, seconds(0), INSIDE, piece), Err(FirewallDrop::Fragment));
    }
    let fragments = FragmentLimits { held: 0, ..FragmentLimits::default() };
    let mut ordered = Firewall::new(Policy { fragments, ..Policy::default() });
    let late = pieces(A, PEER)[1].clone();
    assert_eq!(passes(&mut ordered, seconds(0), INSIDE, late), Err(FirewallDrop::FragmentOutOfOrder));
}

#[test]
fn fragments_wait_no_longer_than_their_time() {
    let mut firewall = Firewall::new(Policy::default());
    let late = pieces(A, PEER)[1].clone();
    assert_eq!(hand(&mut firewall, seconds(0), INSIDE, late.clone()).until, Some(seconds(15)));
    firewall.wake(seconds(15));
    assert_eq!(drops(&drain(&mut firewall, seconds(15))), [FirewallDrop::FragmentTimeout]);
}

#[test]
fn no_more_flows_are_remembered_than_there_is_room_for() {
    let mut firewall = Firewall::new(Policy { states: 2, ..Policy::default() });
    let flow = |port: u16| datagram(&format!("10.1.0.1:{port}"), PEER, b"");
    assert_eq!(passes(&mut firewall, seconds(0), INSIDE, flow(1)), Ok(()));
    assert_eq!(passes(&mut firewall, seconds(0), INSIDE, flow(2)), Ok(()));
    assert_eq!(passes(&mut firewall, seconds(1), INSIDE, flow(3)), Err(FirewallDrop::StatesExhausted));
    assert_eq!(passes(&mut firewall, seconds(1), INSIDE, flow(1)), Ok(()));
    assert_eq!(passes(&mut firewall, seconds(120), INSIDE, flow(3)), Ok(()));
}

#[test]
fn a_restart_forgets_flows_and_waiting_fragments() {
    let mut firewall = Firewall::new(Policy::default());
    passes(&mut firewall, seconds(0), INSIDE, datagram(A, PEER, b"")).unwrap();
    hand(&mut firewall, seconds(0), INSIDE, pieces("10.1.0.9:1", PEER)[1].clone());
    firewall.restart();
    let done = drain(&mut firewall, seconds(0));
    assert!(matches!(done.notes[0], FirewallNote::Restarted { states: 1 }));
    assert_eq!((drops(&done), done.until), (vec![FirewallDrop::Restarted], None));
    let answer = datagram(PEER, A, b"");
    assert_eq!(passes(&mut firewall, seconds(0), OUTSIDE, answer), Err(FirewallDrop::Default));
}

#[test]
fn what_cannot_be_read_is_dropped() {
    let mut firewall = Firewall::new(Policy::open());
    let lost = datagram(A, PEER, b"");
    let mut error = build(IcmpError::NoRoute, &lost, address("10.9.0.1")).unwrap();
    error.payload_mut()[9] ^= 1;
    for packet in [raw("10.1.0.1", "10.2.0.1", protocol::UDP, b"short"), error] {
        assert_eq!(passes(&mut firewall, seconds(0), INSIDE, packet), Err(FirewallDrop::Malformed));
    }
    let done = hand(&mut firewall, seconds(0), 2, lost);
    assert_eq!(drops(&done), [FirewallDrop::NoSuchPort]);
}

#[test]
fn notes_differ_in_the_digest_where_they_differ() {
    let flow = Flow::of(&datagram(A, PEER, b""));
    let dropped = |reason| FirewallNote::Dropped { reason, flow };
    let notes = [
        FirewallNote::Opened { flow, begun: Side::Inside },
        FirewallNote::Opened { flow, begun: Side::Outside },
        FirewallNote::Expired { flow, begun: Side::Inside },
        FirewallNote::Restarted { states: 1 },
        FirewallNote::Held { flow },
        dropped(FirewallDrop::Default),
        dropped(FirewallDrop::Rule(0)),
        dropped(FirewallDrop::Rule(1)),
    ];
    let written = notes.iter().map(|note| {
        let mut octets = Vec::new();
        crate::Note::write(note, &mut octets);
        octets
    });
    assert_eq!(written.collect::<std::collections::BTreeSet<_>>().len(), notes.len());
}

const ADDRESSES: &[&str] = &["10.1.0.1", "10.2.0.1", "2001:db8:1::1", "2001:db8:2::1"];

proptest! {
    /// The flows as a plain list: a datagram goes on when its flow or the reverse is known and not over.
    #[test]
    fn flows_are_as_in_a_plain_list(
        acts in prop::collection::vec((any::<bool>(), 1u16..4, 1u16..4, 0u64..70), 1..60),
        open: bool,
    ) {
        let mut firewall = Firewall::new(if open { Policy::open() } else { Policy::default() });
        let mut list: Vec<(u16, u16, u64)> = Vec::new();
        let mut time = 0;
        for (from_inside, inner, outer, wait) in acts {
            time += wait;
            list.retain(|(_, _, until)| *until > time);
            let (inside, outside) = (format!("10.1.0.1:{inner}"), format!("10.2.0.1:{outer}"));
            let (port, packet) = if from_inside {
                (INSIDE, datagram(&inside, &outside, b""))
            } else {
                (OUTSIDE, datagram(&outside, &inside, b""))
            };
            let passed = passes(&mut firewall, seconds(time), port, packet);
            let known = list.iter().position(|(a, b, _)| (*a, *b) == (inner, outer));
            prop_assert_eq!(passed.is_ok(), known.is_some() || from_inside || open);
            if passed.is_ok() {
                known.map(|at| list.remove(at));
                list.push((inner, outer, time + 120));
            }
        }
        prop_assert_eq!(firewall.states().count(), list.len());
    }

    /// Each packet handled goes on or is noted as dropped, in the end.
    #[test]
    fn no_packet_is_lost_without_a_note(
        packets in prop::collection::vec((any_packet(ADDRESSES), 0u16..3, 0u64..4), 1..60),
        held in 0usize..6,
        open: bool,
        restart: bool,
    ) {
        let fragments = FragmentLimits { held, datagrams: 4, ..FragmentLimits::default() };
        let policy = Policy { fragments, states: 8, ..if open { Policy::open() } else { Policy::default() } };
        let mut firewall = Firewall::new(policy);
        let handled = packets.len();
        let mut time = 0;
        for (packet, port, wait) in packets {
            time += wait;
            firewall.handle(seconds(time), Port(port), packet);
        }
        if restart {
            firewall.restart();
        }
        firewall.wake(seconds(time + 100_000));
        let done = drain(&mut firewall, seconds(time + 100_000));
        prop_assert_eq!(done.until, None);
        prop_assert_eq!(handled, done.sent.len() + drops(&done).len());
    }
}
