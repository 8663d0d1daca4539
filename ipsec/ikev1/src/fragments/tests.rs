use ipsec_wire::registry::v1::{ExchangeType, PayloadType};
use ipsec_wire::{IkeSpi, Version};
use proptest::prelude::*;

use super::*;

fn message(length: usize) -> Vec<u8> {
    let header = Header {
        spi_i: IkeSpi(1),
        spi_r: IkeSpi(2),
        next_payload: PayloadType::NONE,
        version: Version::V1,
        exchange: ExchangeType::QUICK,
        flags: Flags::default(),
        message_id: 7,
        length: 0,
    };
    Message { header, payloads: vec![Payload::Nonce(vec![5; length])] }.emit()
}

fn pieces(octets: &[u8], limit: usize) -> Vec<Fragment> {
    let cut = cut(octets, 9, (IpVersion::V4, 500), limit).expect("it is too long");
    let piece = |octets: &Vec<u8>| {
        assert!(octets.len() + 28 <= limit, "a packet of {} octets", octets.len() + 28);
        match Message::parse(octets).expect("a message").payloads.as_slice() {
            [Payload::Fragment(piece)] => piece.clone(),
            other => panic!("{other:?}"),
        }
    };
    cut.iter().map(piece).collect()
}

fn piece(id: u16, number: u8, last: bool, data: &[u8]) -> Fragment {
    Fragment { id, number, last, data: data.to_vec() }
}

fn complaint(pieces: &mut Pieces, piece: Fragment) -> String {
    pieces.add(piece).expect_err("a piece that is dropped").to_string()
}

proptest! {
    #[test]
    fn pieces_in_any_order_make_the_message(length in 600usize..4_000, limit in 300usize..600, order in any::<u64>()) {
        let octets = message(length);
        let mut left = pieces(&octets, limit);
        let (mut all, mut order) = (Pieces::default(), order);
        while left.len() > 1 {
            let next = left.remove((order % left.len() as u64) as usize);
            order = order.rotate_left(7).wrapping_mul(3);
            prop_assert_eq!(all.add(next), Ok(None));
        }
        prop_assert_eq!(all.add(left.remove(0)), Ok(Some(octets)));
        prop_assert!(all.0.is_empty());
    }

    #[test]
    fn pieces_of_anybody_take_bounded_memory(
        hostile in prop::collection::vec((any::<u16>(), any::<u8>(), any::<bool>(), 0usize..2_000), 0..200),
    ) {
        let mut all = Pieces::default();
        for (id, number, last, length) in hostile {
            let _ = all.add(piece(id % 8, number, last, &vec![1; length]));
            let held = all.0.iter().flat_map(|one| one.pieces.values()).map(Vec::len).sum::<usize>();
            prop_assert!(all.0.len() <= MOST_INCOMPLETE && held <= MOST_INCOMPLETE * LONGEST);
        }
    }
}

#[test]
fn what_fits_a_packet_is_not_cut_and_what_would_be_too_many_pieces_goes_whole() {
    let octets = message(100);
    assert_eq!(cut(&octets, 1, (IpVersion::V4, 500), octets.len() + 28), None);
    assert!(cut(&octets, 1, (IpVersion::V4, 500), octets.len() + 27).is_some());
    assert!(cut(&octets, 1, (IpVersion::V4, 4500), octets.len() + 28).is_some(), "the marker counts");
    assert!(cut(&octets, 1, (IpVersion::V6, 500), octets.len() + 28).is_some(), "and so does the header");
    assert_eq!(cut(&message(10_000), 1, (IpVersion::V4, 500), 100), None);
}

#[test]
fn pieces_that_do_not_fit_are_dropped_and_those_that_are_there_stay() {
    let mut all = Pieces::default();
    assert_eq!(complaint(&mut all, piece(1, 0, false, b"a")), "a piece of a message: piece 0 of 1 octets");
    assert_eq!(complaint(&mut all, piece(1, 1, true, b"")), "a piece of a message: piece 1 of 0 octets");
    assert_eq!(all.add(piece(1, 3, false, b"c")), Ok(None));
    assert_eq!(
        complaint(&mut all, piece(1, 2, true, b"b")),
        "a piece of a message: piece 2 does not fit the last one"
    );
    assert_eq!(all.add(piece(1, 4, true, b"d")), Ok(None));
    for number in [5, 6] {
        assert!(complaint(&mut all, piece(1, number, number == 6, b"x")).contains("does not fit"));
    }
    assert!(complaint(&mut all, piece(1, 3, false, b"c")).contains("is there already"));
    assert!(complaint(&mut all, piece(1, 3, false, b"C")).contains("other octets"));
    assert_eq!(all.add(piece(1, 1, false, b"a")), Ok(None));
    assert_eq!(all.add(piece(1, 2, false, b"b")), Ok(Some(b"abcd".to_vec())));
}

#[test]
fn the_oldest_incomplete_message_gives_way_and_a_message_that_is_too_long_goes() {
    let mut all = Pieces::default();
    for id in 0..=MOST_INCOMPLETE as u16 {
        assert_eq!(all.add(piece(id, 1, false, b"a")), Ok(None));
    }
    assert_eq!(all.add(piece(0, 2, true, b"b")), Ok(None), "its first piece is gone");
    let half = vec![0; LONGEST / 2 + 1];
    assert_eq!(all.add(piece(77, 1, false, &half)), Ok(None));
    assert!(complaint(&mut all, piece(77, 2, true, &half)).contains("more than"));
    assert!(all.0.iter().all(|one| one.id != 77));
}
