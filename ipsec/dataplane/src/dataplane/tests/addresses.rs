//! Where packets run: what the data plane tells of it, and what it does when it is told.

use std::time::Duration;

use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, protocol, udp};
use ipsec_wire::Spi;
use proptest::prelude::*;

use super::setup::*;
use crate::*;

const UDP: UdpEncapsulation =
    UdpEncapsulation { local_port: 4500, remote_port: 4500, keepalive: None, original: None };

fn encapsulate(pair: &mut SaPair) {
    (pair.inbound.options.encapsulation, pair.outbound.options.encapsulation) = (Some(UDP), Some(UDP));
}

/// The packet as it looks behind NAT.
fn translated(packet: IpPacket, source: &str, port: u16) -> IpPacket {
    let header = IpHeader::new(address(source), packet.destination(), protocol::UDP);
    let mut payload = packet.into_payload().to_vec();
    payload[..2].copy_from_slice(&port.to_be_bytes());
    IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap()
}

/// Where a packet is said to have come from that arrived as `packet`.
fn told(plane: &mut Dataplane, packet: IpPacket) -> Option<String> {
    plane.inbound_in_udp(NOW, packet);
    match plane.poll() {
        None => None,
        Some(Due::Moved { inbound, remote, .. }) => {
            assert_eq!(inbound, EAST);
            Some(remote.to_string())
        }
        other => panic!("{other:?}"),
    }
}

fn planes() -> (Dataplane, Dataplane) {
    (PLAIN.west_with(encapsulate), PLAIN.east_with(encapsulate))
}

#[test]
fn an_authentic_packet_from_elsewhere_is_told_and_changes_nothing() {
    let (mut west, mut east) = planes();
    let expected = PLAIN.gateways()[0].to_string();
    let mut next = || sent(&mut west, PLAIN.packet(10));
    assert_eq!(told(&mut east, next()), None, "it comes from where it should");
    assert_eq!(told(&mut east, translated(next(), &expected, 1024)).unwrap(), format!("{expected}:1024"));
    assert_eq!(told(&mut east, translated(next(), "203.0.113.9", 4500)).unwrap(), "203.0.113.9:4500");
    let answer = sent(&mut east, reply());
    assert_eq!(answer.destination().to_string(), expected);
}

fn reply() -> IpPacket {
    let [west, east] = PLAIN.networks();
    let header = IpHeader::new(east.first(), west.first(), 0);
    udp::build((east.first(), 9).into(), (west.first(), 9).into(), Buffer::copy_of(b"x"), &header).unwrap()
}

#[test]
fn what_is_forged_replayed_or_late_moves_nothing() {
    let (mut west, mut east) = planes();
    let [first, second, third] = [0; 3].map(|_| sent(&mut west, PLAIN.packet(10)));
    assert_eq!(told(&mut east, second.clone()), None);
    let mut forged = translated(third, "203.0.113.9", 7);
    let last = forged.payload().len() - 1;
    forged.payload_mut()[last] ^= 1;
    assert_eq!(told(&mut east, forged), None, "forged");
    assert_eq!(told(&mut east, translated(second, "203.0.113.9", 7)), None, "replayed");
    assert_eq!(told(&mut east, translated(first, "203.0.113.9", 7)), None, "older than the newest");
}

#[test]
fn without_a_replay_window_nothing_is_believed() {
    let spoil = |pair: &mut SaPair| {
        encapsulate(pair);
        pair.inbound.replay_window = 0;
    };
    let (mut west, mut east) = (PLAIN.west_with(encapsulate), PLAIN.east_with(spoil));
    let packet = sent(&mut west, PLAIN.packet(10));
    assert_eq!(told(&mut east, translated(packet, "203.0.113.9", 7)), None);
}

#[test]
fn a_pair_goes_where_it_is_told_to() {
    let (mut west, mut east) = planes();
    let [local, remote] = ["2001:db8::1", "2001:db8::2"].map(address);
    let outer = Outer { local, remote, encapsulation: None };
    assert!(east.readdress(NOW, EAST, &outer));
    assert!(!east.readdress(NOW, Spi(9), &outer), "there is no such pair");
    let answer = sent(&mut east, reply());
    assert_eq!((answer.source(), answer.destination(), answer.protocol()), (local, remote, protocol::ESP));
    assert!(east.status().iter().all(|sa| sa.outer == Some(outer)));
    delivered(&mut west, answer);
}

#[test]
fn in_transport_mode_only_the_ports_follow() {
    let original = Some((address("10.0.0.2"), address("198.51.100.1")));
    let spoil = |pair: &mut SaPair| {
        encapsulate(pair);
        pair.inbound.options.encapsulation = Some(UdpEncapsulation { original, ..UDP });
        (pair.inbound.mode, pair.outbound.mode) = (Mode::Transport, Mode::Transport);
    };
    let mut east = PLAIN.east_with(spoil);
    let udp = UdpEncapsulation { remote_port: 1024, ..UDP };
    let [local, remote] = ["192.0.2.77", "192.0.2.78"].map(address);
    east.readdress(NOW, EAST, &Outer { local, remote, encapsulation: Some(udp) });
    let packet = sent(&mut east, reply());
    assert_eq!(packet.destination(), reply().destination());
    assert_eq!(udp::read(&packet).unwrap().destination.port(), 1024);
    let inbound = &east.status()[0];
    assert_eq!(inbound.outer.and_then(|outer| outer.encapsulation).and_then(|udp| udp.original), original);
}

fn at(seconds: u64) -> Instant {
    NOW + Duration::from_secs(seconds)
}

/// When keepalives are sent up to then.
fn reminders(plane: &mut Dataplane, until: Instant) -> Vec<u64> {
    let mut times = Vec::new();
    while let Some(next) = plane.next_timeout().filter(|next| *next <= until) {
        plane.timeout(next, &mut Counting(1));
        while let Some(due) = plane.poll() {
            assert!(matches!(due, Due::Send(_)), "{due:?}");
            times.push(next.since(NOW).as_secs());
        }
    }
    times
}

fn reminding(seconds: u64) -> UdpEncapsulation {
    UdpEncapsulation { keepalive: Some(Duration::from_secs(seconds)), ..UDP }
}

#[test]
fn of_two_pairs_that_run_in_one_flow_one_reminds_nat() {
    let udp = |pair: &mut SaPair| {
        let udp = Some(reminding(20));
        (pair.inbound.options.encapsulation, pair.outbound.options.encapsulation) = (udp, udp);
    };
    let mut west = PLAIN.west_with(udp);
    let mut second = PLAIN.west_pair();
    udp(&mut second);
    (second.inbound.spi, second.outbound.spi) = (Spi(0x3003), Spi(0x4004));
    west.install(at(5), second);
    let times = reminders(&mut west, at(100));
    assert_eq!(times, [25, 45, 65, 85], "20 s after anything was sent in the flow");
}

proptest! {
    #[test]
    fn moving_back_and_forth_leaves_one_timer(moves in prop::collection::vec(any::<bool>(), 1..20)) {
        let mut west = PLAIN.west_with(encapsulate);
        let [local, remote] = PLAIN.gateways();
        for reminds in moves.iter().copied().chain([true]) {
            let encapsulation = Some(if reminds { reminding(20) } else { UDP });
            west.readdress(NOW, WEST, &Outer { local, remote, encapsulation });
        }
        prop_assert_eq!(reminders(&mut west, at(70)), [20, 40, 60]);
    }
}
