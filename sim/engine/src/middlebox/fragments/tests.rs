use ipsec_net::{Buffer, IpHeader, fragment, protocol};

use super::*;

fn pieces(identification: u16) -> Vec<IpPacket> {
    let mut header = IpHeader::new([10, 0, 0, 1].into(), [192, 0, 2, 1].into(), protocol::UDP);
    header.identification = identification;
    let packet = IpPacket::build(&header, Buffer::copy_of(&[1; 100])).unwrap();
    fragment(packet, 60, 0).unwrap()
}

fn key(packet: &IpPacket) -> DatagramKey {
    DatagramKey::of(Port(0), packet, packet.fragment().unwrap().identification)
}

fn seconds(count: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(count)
}

#[test]
fn later_fragments_follow_the_first_until_it_is_forgotten() {
    let mut table = FragmentTable::new(FragmentLimits::default());
    let pieces = pieces(1);
    assert_eq!(table.decide(seconds(0), key(&pieces[0]), 'a'), []);
    let followed = table.follow(seconds(14), key(&pieces[1]), pieces[1].clone());
    assert!(matches!(followed, Follow::Decided('a', packet) if packet == pieces[1]));
    assert!(matches!(table.follow(seconds(15), key(&pieces[1]), pieces[1].clone()), Follow::Held));
}

#[test]
fn early_fragments_wait_for_the_first_and_then_leave_in_order() {
    let mut table = FragmentTable::new(FragmentLimits::default());
    let pieces = pieces(1);
    for piece in pieces[1..].iter().rev() {
        assert!(matches!(table.follow(seconds(0), key(piece), piece.clone()), Follow::Held));
    }
    assert_eq!(table.next_timeout(), Some(seconds(15)));
    let released = table.decide(seconds(1), key(&pieces[0]), 'a');
    assert_eq!(released, pieces[1..].iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(table.next_timeout(), None);
}

#[test]
fn waiting_fragments_are_bounded_in_number_and_time() {
    let limits = FragmentLimits { held: 2, ..FragmentLimits::default() };
    let mut table = FragmentTable::<char>::new(limits);
    for identification in 0..2 {
        let piece = &pieces(identification)[1];
        assert!(matches!(table.follow(seconds(0), key(piece), piece.clone()), Follow::Held));
    }
    let piece = &pieces(9)[1];
    assert!(matches!(table.follow(seconds(0), key(piece), piece.clone()), Follow::Unknown(_)));
    assert_eq!(table.expire(seconds(14)), []);
    assert_eq!(table.expire(seconds(15)).len(), 2);
    assert!(matches!(table.follow(seconds(15), key(piece), piece.clone()), Follow::Held));
    assert_eq!(table.decide(seconds(15), key(piece), 'a').len(), 1);
    for identification in 0..2 {
        let piece = &pieces(identification)[1];
        let followed = table.follow(seconds(15), key(piece), piece.clone());
        assert!(matches!(followed, Follow::Held), "what was released makes room");
    }
    assert_eq!(table.clear().len(), 2);
    assert!(
        matches!(table.follow(seconds(15), key(piece), piece.clone()), Follow::Held),
        "so does what was cleared"
    );
}

#[test]
fn the_oldest_first_fragment_is_forgotten_for_a_new_one() {
    let limits = FragmentLimits { datagrams: 2, held: 0, ..FragmentLimits::default() };
    let mut table = FragmentTable::new(limits);
    let all: Vec<_> = (0..3).map(pieces).collect();
    for (second, pieces) in all.iter().enumerate() {
        table.decide(seconds(second as u64), key(&pieces[0]), second);
    }
    let known: Vec<bool> = all
        .iter()
        .map(|p| matches!(table.follow(seconds(3), key(&p[1]), p[1].clone()), Follow::Decided(..)))
        .collect();
    assert_eq!(known, [false, true, true]);
}
