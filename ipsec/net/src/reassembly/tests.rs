use proptest::prelude::*;

use super::*;
use crate::{IpHeader, fragment, protocol};

fn packet(v6: bool, length: usize) -> IpPacket {
    let (source, destination) = if v6 { ("2001:db8::1", "2001:db8::2") } else { ("10.0.0.1", "10.0.0.2") };
    let mut header = IpHeader::new(source.parse().unwrap(), destination.parse().unwrap(), protocol::UDP);
    header.identification = 77;
    let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
    IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap()
}

fn feed(reassembler: &mut Reassembler, packets: impl IntoIterator<Item = IpPacket>) -> Vec<Reassembled> {
    packets.into_iter().map(|packet| reassembler.handle(Instant::ZERO, packet)).collect()
}

prop_compose! {
    /// Up to the longest that IP has, with IPv4 options or IPv6 extension headers, whether it may be cut or not.
    fn any_packet()(
        v6: bool,
        length in prop_oneof![0usize..3000, 60_000usize..65_480],
        extras in 0usize..4,
        dont_fragment in prop::bool::weighted(0.1),
    ) -> IpPacket {
        let whole = packet(v6, length);
        if v6 {
            let header = IpHeader::new(whole.source(), whole.destination(), [
                protocol::UDP, protocol::HOP_BY_HOP, protocol::ROUTING, protocol::DESTINATION_OPTIONS,
            ][extras]);
            let extension = [protocol::UDP, 0, 1, 4, 0, 0, 0, 0];
            let extension = if extras == 0 { &[][..] } else { &extension[..] };
            let payload = [extension, &whole.payload()[..length.min(65_400)]].concat();
            return IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap();
        }
        let mut header = Ipv4Header::from_slice(whole.as_bytes()).unwrap().0;
        header.options = [vec![1, 1, 1, 0], vec![7, 4, 4, 0], vec![148, 4, 0, 0], Vec::new()][extras]
            .as_slice()
            .try_into()
            .unwrap();
        let payload = &whole.payload()[..length.min(65_400)];
        header.dont_fragment = dont_fragment;
        header.set_payload_len(payload.len()).unwrap();
        header.header_checksum = header.calc_header_checksum();
        IpPacket::parse([&header.to_bytes()[..], payload].concat()).unwrap()
    }
}

proptest! {
    #[test]
    fn any_packet_at_any_mtu_reassembles_or_is_refused(
        whole in any_packet(), mtu in prop_oneof![0usize..200, 200usize..9000],
    ) {
        match fragment(whole.clone(), mtu, 5) {
            Ok(pieces) => {
                prop_assert!(pieces.iter().all(|piece| piece.len() <= mtu));
                let limits = Limits { octets: 1 << 17, ..Limits::default() };
                let mut results = feed(&mut Reassembler::new(limits), pieces);
                let Some(Reassembled::Whole(again)) = results.pop() else { panic!("not whole again") };
                prop_assert_eq!(again.as_bytes(), whole.as_bytes());
                prop_assert!(results.iter().all(|result| *result == Reassembled::Waiting));
            }
            Err(crate::FragmentError::DontFragment) => prop_assert!(whole.dont_fragment() && whole.len() > mtu),
            // Eight octets do not fit behind the headers, of which an IPv6 fragment has one more.
            Err(crate::FragmentError::MtuTooSmall) => prop_assert!(mtu < whole.header_len() + 8 + 8),
        }
    }

    #[test]
    fn fragments_in_any_order_make_the_datagram_again(
        v6: bool,
        length in 0usize..9000,
        mtu in 68usize..1600,
        again in 100usize..700,
        order in any::<u64>(),
    ) {
        let whole = packet(v6, length);
        let cut = fragment(whole.clone(), mtu, 5).unwrap();
        prop_assert!(cut.iter().all(|piece| piece.len() <= mtu));
        let mut pieces: Vec<IpPacket> =
            cut.into_iter().flat_map(|piece| fragment(piece, again, 9).unwrap()).collect();
        let count = pieces.len();
        for index in 0..count {
            pieces.swap(index, (order.rotate_left(index as u32) as usize) % count);
        }
        let mut reassembler = Reassembler::default();
        let mut results = feed(&mut reassembler, pieces);
        prop_assert_eq!(results.pop(), Some(Reassembled::Whole(whole)));
        prop_assert!(results.iter().all(|result| *result == Reassembled::Waiting));
        prop_assert_eq!((reassembler.waiting(), reassembler.octets), (0, 0));
    }

    #[test]
    fn hostile_fragments_never_panic_and_stay_within_the_limits(
        pieces in prop::collection::vec((any::<bool>(), 0usize..3000, 0usize..9000, any::<u8>()), 0..60),
    ) {
        let limits = Limits { octets: 20_000, datagrams: 3, ..Limits::default() };
        let mut reassembler = Reassembler::new(limits);
        for (v6, size, skip, seed) in pieces {
            let Ok(cut) = fragment(packet(v6, size), 68 + usize::from(seed), u32::from(seed % 5)) else { continue };
            let index = skip % cut.len();
            reassembler.handle(Instant::ZERO, cut[index].clone());
            prop_assert!(reassembler.octets <= limits.octets && reassembler.waiting() <= limits.datagrams);
        }
    }
}

#[test]
fn a_repeated_fragment_is_ignored() {
    let cut = fragment(packet(false, 3000), 1500, 0).unwrap();
    let mut reassembler = Reassembler::default();
    let results = feed(&mut reassembler, [cut[0].clone(), cut[0].clone(), cut[1].clone(), cut[2].clone()]);
    assert_eq!(results[1], Reassembled::Waiting);
    assert!(matches!(results[3], Reassembled::Whole(_)));
}

#[test]
fn an_overlap_spoils_the_datagram() {
    for v6 in [false, true] {
        let mut reassembler = Reassembler::default();
        let large = fragment(packet(v6, 3000), 1500, 0).unwrap();
        let small = fragment(packet(v6, 3000), 600, 0).unwrap();
        let results = feed(&mut reassembler, [large[0].clone(), small[1].clone()]);
        assert_eq!(results[1], Reassembled::Refused(Refused::Overlap));
        assert_eq!(reassembler.waiting(), 0);
    }
}

#[test]
fn an_incomplete_datagram_is_given_up_in_time() {
    let cut = fragment(packet(true, 3000), 1500, 0).unwrap();
    let mut reassembler = Reassembler::default();
    feed(&mut reassembler, [cut[0].clone()]);
    let deadline = reassembler.next_timeout().unwrap();
    assert_eq!(deadline, Instant::ZERO + Duration::from_secs(30));
    assert_eq!(reassembler.expire(deadline - Duration::from_nanos(1)), 0);
    assert_eq!(reassembler.expire(deadline), 1);
    assert_eq!(reassembler.next_timeout(), None);
}

#[test]
fn a_packet_with_df_set_is_not_fragmented() {
    let mut header = IpHeader::new([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), protocol::UDP);
    header.dont_fragment = true;
    let whole = IpPacket::build(&header, Buffer::copy_of(&[0; 1000])).unwrap();
    assert_eq!(fragment(whole, 576, 0), Err(crate::FragmentError::DontFragment));
    assert_eq!(fragment(packet(true, 1000), 50, 0), Err(crate::FragmentError::MtuTooSmall));
}
