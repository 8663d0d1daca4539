use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipsec_net::{Buffer, IpHeader};

use super::*;
use crate::Decision;

fn datagram(payload: &[u8]) -> IpPacket {
    let [from, to] = [SocketAddr::from(([192, 0, 2, 1], 500)), SocketAddr::from(([198, 51, 100, 1], 500))];
    let header = IpHeader::new(from.ip(), to.ip(), protocol::UDP);
    udp::build(from, to, Buffer::copy_of(payload), &header).unwrap()
}

fn luck(settings: LinkSettings) -> Luck {
    Luck::new("wan", Direction::Forward, &settings, Streams::new(1))
}

#[test]
fn corruption_of_a_datagram_always_reaches_whoever_reads_it() {
    let mut luck = luck(LinkSettings { corrupt: Ratio::ONE, ..LinkSettings::default() });
    let sent = datagram(b"ike");
    let mut bits = BTreeSet::new();
    for _ in 0..2000 {
        let faults = luck.draw(&LinkSettings { corrupt: Ratio::ONE, ..LinkSettings::default() }, &sent);
        let [Fault::Corrupted { bit }] = faults[..] else { panic!("{faults:?}") };
        let mut arrived = sent.clone();
        corrupt(&mut arrived, bit);
        assert_eq!(arrived.header_len(), sent.header_len());
        assert_ne!(arrived.payload(), sent.payload(), "bit {bit}");
        // Ports and data: damage that no checksum tells. The length: damage that tells itself.
        if !(32..48).contains(&bit) {
            assert_ne!(udp::read(&arrived).unwrap(), udp::read(&sent).unwrap(), "bit {bit}");
        }
        bits.insert(bit);
    }
    let all: BTreeSet<u32> = (0..88).filter(|bit| !UDP_CHECKSUM.contains(bit)).collect();
    assert_eq!(bits, all, "each bit but the checksum's is hit");
}

#[test]
fn a_packet_without_a_payload_is_not_corrupted() {
    let settings = LinkSettings { corrupt: Ratio::ONE, ..LinkSettings::default() };
    let header = IpHeader::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), protocol::NONE);
    let empty = IpPacket::build(&header, Buffer::copy_of(&[])).unwrap();
    assert_eq!(luck(settings).draw(&settings, &empty), []);
}

#[test]
fn a_kind_of_misfortune_leaves_the_draws_of_the_others_alone() {
    let half = Ratio::new(1, 2).unwrap();
    let all = LinkSettings {
        delay: Duration::from_millis(40),
        jitter: Duration::from_millis(10),
        loss: Ratio::ZERO,
        reorder: half,
        duplicate: half,
        corrupt: half,
        ..LinkSettings::default()
    };
    let packet = datagram(b"ike");
    let draws = |settings: LinkSettings| -> Vec<Vec<Fault>> {
        let mut luck = luck(settings);
        (0..200).map(|_| luck.draw(&settings, &packet)).collect()
    };
    let expected = draws(all);
    for (lossy, whole) in draws(LinkSettings { loss: half, ..all }).iter().zip(&expected) {
        assert!(lossy == &[Fault::Lost] || lossy == whole);
    }
    for (steady, jittery) in draws(LinkSettings { jitter: Duration::ZERO, ..all }).iter().zip(&expected) {
        assert_eq!(steady, &jittery[1..]);
    }
}

#[test]
fn jitter_stays_within_its_bounds_and_reaches_both_sides() {
    let jitter = Duration::from_nanos(2);
    let settings = LinkSettings { delay: jitter, jitter, ..LinkSettings::default() };
    let mut luck = luck(settings);
    let packet = datagram(b"ike");
    let drawn: BTreeSet<Vec<Fault>> = (0..200).map(|_| luck.draw(&settings, &packet)).collect();
    let expected: BTreeSet<Vec<Fault>> = (-2..=2).map(|nanos| vec![Fault::Delayed(nanos)]).collect();
    assert_eq!(drawn, expected);
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
    let ends = [(NodeId(0), Port(0)), (NodeId(1), Port(0))];
    let mut link = Link::new("wan", ends, [LinkSettings::default(); 2], Streams::new(1), &list);
    let packet = datagram(b"ike");
    let [forward, backward] = &mut link.lanes;
    assert_eq!(forward.faults(0, &packet), []);
    let both = [Fault::HeldBack(Duration::from_millis(3)), Fault::Corrupted { bit: 9 }];
    assert_eq!(forward.faults(1, &packet), both);
    assert_eq!(backward.faults(0, &packet), [Fault::Lost]);
}
