use std::time::Duration;

use ipsec_net::udp::NotUdp;
use proptest::prelude::*;

use super::laboratory::{
    Laboratory, Station, address, at, finish, host, notes, on, pair, read, reroute, routed, start,
};
use super::*;
use crate::{LinkSettings, NodeId, Ratio, Streams};

const EAST: [&str; 2] = ["10.0.2.1", "2001:db8:2::1"];

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn percent(count: u64) -> Ratio {
    Ratio::new(count, 100).unwrap()
}

fn talk(to: &str, size: usize, count: u32) -> Traffic<Constant> {
    let flow = Flow { limit: Some(count), ..Flow::new(4000, SocketAddr::new(address(to), 5000)) };
    Traffic::new(flow, Constant::new(millis(10), size..=size, Streams::new(1).stream(&["talk"])))
}

fn whole(mut traffic: Traffic<Constant>) -> Traffic<Constant> {
    traffic = Traffic::new(Flow { dont_fragment: true, ..*traffic.flow() }, traffic.pace().clone());
    traffic
}

fn rough() -> LinkSettings {
    LinkSettings {
        delay: millis(40),
        jitter: crate::Jitter::Uniform(millis(10)),
        loss: crate::Loss::Independent(percent(10)),
        reorder: percent(10),
        duplicate: percent(10),
        corrupt: percent(10),
        ..LinkSettings::default()
    }
}

#[test]
fn a_clean_path_loses_nothing_and_its_delay_is_measured_exactly() {
    for to in EAST {
        let settings = LinkSettings { delay: millis(40), ..LinkSettings::default() };
        let (mut world, west, east) = pair(1, settings);
        let receiver = start(&mut world, east, Receiver::new(5000));
        let talker = start(&mut world, west, talk(to, 100, 50));
        finish(&mut world);
        let (sent, heard): (Traffic<Constant>, Receiver) =
            (read(&world, west, talker), read(&world, east, receiver));
        assert_eq!((sent.sent(), heard.received(), heard.missing(), heard.reordered()), (50, 50, 0, 0));
        let delay = heard.delay();
        assert_eq!(
            (delay.least(), delay.mean(), delay.greatest()),
            (Some(millis(40)), Some(millis(40)), Some(millis(40)))
        );
        assert_eq!(heard.last(), Some(at(49 * 10 + 40)));
        assert_eq!(sent.octets(), 50 * (100 + 8 + if address(to).is_ipv4() { 20 } else { 40 }));
    }
}

#[test]
fn sizes_stay_in_their_range_and_reach_both_ends() {
    let mut pace = Constant::new(millis(1), 64..=70, Streams::new(1).stream(&["sizes"]));
    let lengths: std::collections::BTreeSet<usize> = (0..200).map(|_| pace.length(28)).collect();
    assert_eq!(lengths, (92..=98).collect());
}

#[test]
fn traffic_pauses_and_resumes_where_its_numbers_were() {
    let (mut world, west, east) = pair(1, LinkSettings::default());
    let receiver = start(&mut world, east, Receiver::new(5000));
    let talker = start(&mut world, west, talk(EAST[0], 100, 1000));
    world.run_until(at(95)).unwrap();
    let change = |world: &mut Laboratory, work: fn(&mut Traffic<Constant>, Instant)| {
        on(world, west, |host, now| work(host.application_mut(talker).unwrap(), now));
    };
    change(&mut world, Traffic::pause);
    world.run_until(at(1000)).unwrap();
    assert_eq!(read::<Receiver>(&world, east, receiver).received(), 10);
    change(&mut world, Traffic::resume);
    world.run_until(at(1045)).unwrap();
    let heard: Receiver = read(&world, east, receiver);
    assert_eq!((heard.received(), heard.missing()), (15, 0));
}

#[test]
fn echo_measures_the_round_trip_exactly_and_counts_losses() {
    for to in EAST {
        let settings = LinkSettings { delay: Duration::from_micros(12_345), ..LinkSettings::default() };
        let (mut world, west, _) = pair(1, settings);
        let requests =
            EchoRequests::new(EchoSettings { limit: Some(20), ..EchoSettings::new(7, address(to)) });
        let id = start(&mut world, west, requests);
        world.run_until(at(9500)).unwrap();
        world.set_cut(crate::LinkId(0), None, true);
        finish(&mut world);
        let echo: EchoRequests = read(&world, west, id);
        let trip = Some(Duration::from_micros(24_690));
        let measured = echo.round_trip();
        assert_eq!((measured.least(), measured.mean(), measured.greatest()), (trip, trip, trip));
        assert_eq!((echo.sent(), echo.answered(), echo.lost(), echo.waiting()), (20, 10, 10, 0));
    }
}

#[test]
fn more_requests_than_sequence_numbers_are_told_apart() {
    let (mut world, west, _) = pair(1, LinkSettings { delay: millis(1), ..LinkSettings::default() });
    let requests = EchoRequests::new(EchoSettings {
        interval: millis(1),
        size: 0,
        limit: Some(70_000),
        ..EchoSettings::new(7, address(EAST[0]))
    });
    let id = start(&mut world, west, requests);
    finish(&mut world);
    let echo: EchoRequests = read(&world, west, id);
    assert_eq!((echo.answered(), echo.lost(), echo.unexpected()), (70_000, 0, 0));
}

#[test]
fn a_large_datagram_is_cut_at_its_source_and_put_together_at_the_other_end() {
    for to in EAST {
        let (mut world, west, east) = pair(1, LinkSettings::default());
        let receiver = start(&mut world, east, Receiver::new(5000));
        start(&mut world, west, talk(to, 9000, 5));
        finish(&mut world);
        let heard: Receiver = read(&world, east, receiver);
        assert_eq!((heard.received(), heard.octets(), heard.damaged()), (5, 45_000, 0), "{to}");
        assert_eq!(on(&mut world, east, |host, _| host.counters().received), 5 * 7);
    }
}

#[test]
fn a_large_echo_comes_back_whole() {
    for to in EAST {
        let (mut world, west, _) = pair(1, LinkSettings { mtu: 1300, ..LinkSettings::default() });
        on(&mut world, west, |host, _| host.set_mtu(Port(0), 1300));
        let requests = EchoRequests::new(EchoSettings {
            size: 4000,
            limit: Some(3),
            ..EchoSettings::new(7, address(to))
        });
        let id = start(&mut world, west, requests);
        world.run_until(at(9000)).unwrap();
        let echo: EchoRequests = read(&world, west, id);
        // The east thinks of 1500 octets, and the link cuts fragments of IPv4 only.
        assert_eq!(echo.answered(), if address(to).is_ipv4() { 3 } else { 0 });
    }
}

#[test]
fn a_learned_path_mtu_makes_packets_smaller() {
    for (to, mtu) in [(EAST[0], 900), (EAST[1], 1280)] {
        let (mut world, west, east, _) = routed(1, mtu);
        let receiver = start(&mut world, east, Receiver::new(5000));
        let talker = start(&mut world, west, whole(talk(to, 1400, 10)));
        finish(&mut world);
        let heard: Receiver = read(&world, east, receiver);
        let headers = if address(to).is_ipv4() { 28 } else { 48 };
        assert_eq!((heard.received(), heard.octets()), (9, 9 * (mtu - headers) as u64));
        let expected = HostNote::PathMtu { destination: address(to), mtu };
        assert_eq!(notes(&world).iter().filter(|note| **note == expected).count(), 1);
        assert_eq!(read::<Traffic<Constant>>(&world, west, talker).sent(), 10);
    }
}

#[test]
fn ipv6_is_fragmented_at_the_source_once_the_path_mtu_is_known() {
    let (mut world, west, east, _) = routed(1, 1280);
    let receiver = start(&mut world, east, Receiver::new(5000));
    start(&mut world, west, talk(EAST[1], 1400, 10));
    finish(&mut world);
    let heard: Receiver = read(&world, east, receiver);
    assert_eq!((heard.received(), heard.octets()), (9, 9 * 1400));
}

#[test]
fn a_packet_too_big_about_what_was_never_sent_changes_nothing() {
    let (mut world, west, _) = pair(1, LinkSettings::default());
    let header = |source, destination| IpHeader::new(address(source), address(destination), protocol::UDP);
    let about = |source, destination| {
        let packet = IpPacket::build(&header(source, destination), Buffer::copy_of(&[0; 1400])).unwrap();
        icmp::packet_too_big(&packet, address("10.9.9.9"), 500).unwrap()
    };
    on(&mut world, west, |host, now| {
        let forged = about("10.0.7.7", "10.0.2.1");
        let ip = IpHeader::new(address("10.9.9.9"), address("10.0.1.1"), protocol::ICMP);
        host.handle(now, Port(0), IpPacket::build(&ip, Buffer::copy_of(forged.payload())).unwrap());
        assert_eq!(host.network().mtu_to(now, address("10.0.2.1")), 1500);
        host.handle(now, Port(0), about("10.0.1.1", "10.0.2.1"));
        assert_eq!(host.network().mtu_to(now, address("10.0.2.1")), 500);
    });
    assert_eq!(notes(&world).iter().filter(|note| **note == HostNote::Dropped(Refusal::Icmp(3))).count(), 1);
}

#[test]
fn what_a_host_does_not_take_is_dropped_for_a_reason() {
    let (mut world, west, _) = pair(1, LinkSettings::default());
    let send = |world: &mut Laboratory, destination: &str, protocol, payload: &[u8]| {
        let header = IpHeader::new(address("10.0.2.1"), address(destination), protocol);
        let packet = IpPacket::build(&header, Buffer::copy_of(payload)).unwrap();
        on(world, west, |host, now| host.handle(now, Port(0), packet));
        notes(world).pop().unwrap()
    };
    let to = "10.0.1.1";
    let dropped = HostNote::Dropped;
    let unbound = [0, 1, 0, 9, 0, 8, 0, 0];
    assert_eq!(
        send(&mut world, "10.0.1.9", protocol::UDP, &[]),
        dropped(Refusal::NotOurs(address("10.0.1.9")))
    );
    assert_eq!(send(&mut world, to, protocol::UDP, &[0; 7]), dropped(Refusal::Datagram(NotUdp::Length)));
    assert_eq!(send(&mut world, to, protocol::UDP, &unbound), dropped(Refusal::NoListener(Binding::Udp(9))));
    assert_eq!(send(&mut world, to, protocol::ESP, &[0; 40]), dropped(Refusal::Protocol(50)));
    assert_eq!(
        send(&mut world, to, protocol::ICMP, &[8, 0, 0, 0, 0, 0, 0, 0]),
        dropped(Refusal::IcmpChecksum)
    );
    assert_eq!(
        send(&mut world, to, protocol::ICMP, &[9, 0, 0xf6, 0xff, 0, 0, 0, 0]),
        dropped(Refusal::Icmp(9))
    );
    assert_eq!(on(&mut world, west, |host, _| host.counters().dropped), 6);
}

#[test]
fn what_a_host_cannot_send_is_dropped_for_a_reason() {
    let mut world = pair(1, LinkSettings::default()).0;
    let lonely = world.add_node("lonely", Station::Host(Host::new().into()));
    start(&mut world, lonely, talk(EAST[0], 100, 1));
    assert_eq!(notes(&world).pop(), Some(HostNote::Dropped(Refusal::NoRoute(address(EAST[0])))));
    start(&mut world, NodeId(1), talk(EAST[0], 100, 1));
    assert_eq!(notes(&world).pop(), Some(HostNote::Dropped(Refusal::ToItself(address(EAST[0])))));
    let huge = EchoSettings { size: 65_536, ..EchoSettings::new(7, address(EAST[0])) };
    start(&mut world, NodeId(0), EchoRequests::new(huge));
    assert_eq!(notes(&world).pop(), Some(HostNote::Dropped(Refusal::Unbuildable(address(EAST[0])))));
}

#[test]
fn a_binding_has_one_application() {
    let mut host = Host::new();
    let id = host.add(Receiver::new(5000)).unwrap();
    assert_eq!(host.add(Receiver::new(5000)), Err(Taken(Binding::Udp(5000))));
    assert!(host.application::<Receiver>(id).is_some() && host.application::<EchoRequests>(id).is_none());
}

#[test]
fn fragments_that_miss_one_are_given_up_in_time() {
    let settings = LinkSettings { loss: crate::Loss::Independent(percent(50)), ..LinkSettings::default() };
    let (mut world, west, east) = pair(3, settings);
    start(&mut world, east, Receiver::new(5000));
    start(&mut world, west, talk(EAST[0], 3000, 1));
    finish(&mut world);
    assert_eq!(notes(&world).pop(), Some(HostNote::Incomplete { datagrams: 1 }));
    assert!(world.now() >= at(30_000));
}

/// A host that can be reached through two ports of a router: the second network is there from the beginning.
fn roaming() -> (Laboratory, NodeId, NodeId, NodeId) {
    let (mut world, west, east, router) = routed(1, 1500);
    let settings = [LinkSettings::default(), LinkSettings::default()];
    world.add_link("cell", (west, Port(1)), (router, Port(2)), settings).unwrap();
    reroute(&mut world, router, "10.0.3.0/24", Port(2));
    (world, west, east, router)
}

#[test]
fn a_host_with_a_new_address_keeps_reaching_and_being_answered() {
    let (mut world, west, east, _) = roaming();
    let receiver = start(&mut world, east, Receiver::new(5000));
    start(&mut world, west, talk(EAST[0], 100, 100));
    let requests = EchoRequests::new(EchoSettings {
        interval: millis(10),
        limit: Some(100),
        ..EchoSettings::new(7, address(EAST[0]))
    });
    let echo = start(&mut world, west, requests);
    world.run_until(at(505)).unwrap();
    on(&mut world, west, |host, _| {
        assert!(host.remove_address(address("10.0.1.1")));
        host.add_address(Port(1), address("10.0.3.1"), 24).unwrap();
        host.set_route("0.0.0.0/0".parse().unwrap(), Port(1));
    });
    finish(&mut world);
    let (heard, echo): (Receiver, EchoRequests) = (read(&world, east, receiver), read(&world, west, echo));
    assert_eq!((heard.received(), heard.missing()), (100, 0));
    assert_eq!((echo.answered(), echo.lost()), (100, 0));
    let known = notes(&world);
    assert!(known.contains(&HostNote::AddressRemoved { address: address("10.0.1.1"), port: Port(0) }));
    assert!(known.contains(&HostNote::AddressAdded { address: address("10.0.3.1"), port: Port(1) }));
}

#[test]
fn a_host_whose_address_moves_keeps_being_reached_there() {
    let (mut world, west, east, router) = roaming();
    let receiver = start(&mut world, west, Receiver::new(5000));
    start(&mut world, east, talk("10.0.1.1", 100, 100));
    let requests = EchoRequests::new(EchoSettings {
        interval: millis(10),
        limit: Some(100),
        ..EchoSettings::new(7, address("10.0.1.1"))
    });
    let echo = start(&mut world, east, requests);
    world.run_until(at(505)).unwrap();
    on(&mut world, west, |host, _| {
        assert!(host.move_address(address("10.0.1.1"), Port(1)));
        assert!(!host.move_address(address("10.0.1.2"), Port(1)));
        host.set_route("0.0.0.0/0".parse().unwrap(), Port(1));
    });
    reroute(&mut world, router, "10.0.1.0/24", Port(2));
    finish(&mut world);
    let (heard, echo): (Receiver, EchoRequests) = (read(&world, west, receiver), read(&world, east, echo));
    assert_eq!((heard.received(), echo.answered()), (100, 100));
    let moved = HostNote::AddressMoved { address: address("10.0.1.1"), from: Port(0), to: Port(1) };
    assert!(notes(&world).contains(&moved));
}

#[test]
fn on_a_rough_path_every_datagram_is_accounted_for() {
    let (mut world, west, east) = pair(5, rough());
    let receiver = start(&mut world, east, Receiver::new(5000));
    let id = start(&mut world, west, talk(EAST[0], 300, 2000));
    finish(&mut world);
    let heard: Receiver = read(&world, east, receiver);
    let sent = u64::from(read::<Traffic<Constant>>(&world, west, id).sent());
    assert!((1500..1700).contains(&heard.received()), "{heard:?}");
    assert!((100..260).contains(&heard.duplicates()) && (100..260).contains(&heard.damaged()), "{heard:?}");
    assert!((200..400).contains(&heard.reordered()) && (2..=4).contains(&heard.depth()), "{heard:?}");
    assert_eq!(heard.lost(sent), sent - heard.received());
    let delay = heard.delay();
    assert!(delay.least() >= Some(millis(30)) && delay.greatest() <= Some(millis(100)), "{delay:?}");
}

fn digest(seed: u64) -> crate::Digest {
    let (mut world, west, east) = pair(seed, rough());
    start(&mut world, east, Receiver::new(5000));
    start(&mut world, west, talk(EAST[1], 2000, 60));
    start(
        &mut world,
        west,
        EchoRequests::new(EchoSettings { limit: Some(9), ..EchoSettings::new(7, address(EAST[0])) }),
    );
    finish(&mut world);
    world.trace().digest().unwrap()
}

proptest! {
    #[test]
    fn two_runs_give_the_same_digest(seed: u64) {
        prop_assert_eq!(digest(seed), digest(seed));
        prop_assert_ne!(digest(seed), digest(seed.wrapping_add(1)));
    }

    #[test]
    fn no_packet_makes_a_host_panic(
        protocol in prop::sample::select(vec![0u8, 1, 6, 17, 43, 44, 50, 58, 60]),
        v6: bool,
        payload in prop::collection::vec(any::<u8>(), 0..120),
        flips in prop::collection::vec((0usize..200, any::<u8>()), 0..4),
    ) {
        let mut host = host(&["10.0.1.1", "2001:db8:1::1"]);
        host.add(Receiver::new(u16::from_be_bytes([0, 9]))).unwrap();
        host.add(EchoRequests::new(EchoSettings::new(7, address("10.0.2.1")))).unwrap();
        let (from, to) = if v6 { (EAST[1], "2001:db8:1::1") } else { (EAST[0], "10.0.1.1") };
        let header = IpHeader::new(address(from), address(to), protocol);
        if let Ok(packet) = IpPacket::build(&header, Buffer::copy_of(&payload)) {
            let mut octets = packet.as_bytes().to_vec();
            host.handle(at(1), Port(0), packet);
            for (place, value) in flips {
                let length = octets.len();
                octets[place % length] = value;
            }
            if let Ok(packet) = IpPacket::parse(octets) {
                host.handle(at(2), Port(3), packet);
            }
        }
        for millis in [3, 40_000] {
            host.wake(at(millis));
            while !matches!(host.poll(at(millis)), Step::Idle { .. }) {}
        }
    }

    #[test]
    fn no_icmp_message_with_a_right_checksum_makes_a_host_panic(
        kind in prop::sample::select(vec![0u8, 1, 2, 3, 5, 8, 11, 128, 129]),
        rest in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let mut host = host(&["10.0.1.1"]);
        host.add(EchoRequests::new(EchoSettings::new(7, address("10.0.2.1")))).unwrap();
        let mut octets = vec![kind, 4, 0, 0];
        octets.extend(rest);
        let word = |pair: &[u8]| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
        let sum: u64 = octets.chunks(2).map(word).sum();
        let sum = (sum & 0xffff) + (sum >> 16);
        octets[2..4].copy_from_slice(&(!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes());
        let header = IpHeader::new(address(EAST[0]), address("10.0.1.1"), protocol::ICMP);
        let packet = IpPacket::build(&header, Buffer::copy_of(&octets)).unwrap();
        host.handle(at(1), Port(0), packet);
        let refused = HostNote::Dropped(Refusal::IcmpChecksum);
        let mut steps = std::iter::from_fn(|| match host.poll(at(1)) {
            Step::Idle { .. } => None,
            step => Some(step),
        });
        prop_assert!(steps.all(|step| !matches!(step, Step::Note(note) if note == refused)));
    }
}
