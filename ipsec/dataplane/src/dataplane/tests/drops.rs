//! Every reason to drop a packet, reached by a packet.

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm, KeyLength, PORTABLE};
use ipsec_net::fragment;

use super::*;
use ipsec_wire::esp::Header;

use crate::{Encryption, Mode, Protection, SaParameters, Suite};

#[test]
fn discarded_is_what_no_policy_matches_in_either_direction() {
    let (mut west, _) = PLAIN.planes();
    let header = IpHeader::new(address("203.0.113.1"), address("198.51.100.1"), protocol::TCP);
    let stranger = IpPacket::build(&header, Buffer::copy_of(b"x")).unwrap();
    assert_eq!(refused(&mut west, stranger.clone()), DropReason::Discarded);
    assert_eq!(reason(west.inbound_clear(NOW, stranger)), DropReason::Discarded);
}

#[test]
fn without_an_sa_the_packet_comes_back_unchanged() {
    let (mut west, _) = PLAIN.planes();
    west.remove(WEST);
    let [west_net, east_net] = PLAIN.networks();
    let selectors = vec![Selector::between(west_net, east_net)];
    let acquired = Outbound::Acquire { policy: "net".into(), selectors, packet: PLAIN.packet(5) };
    assert_eq!(west.outbound(NOW, &mut Counting(1), PLAIN.packet(5)), acquired);
}

fn gcm() -> Suite {
    Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None }
}

#[test]
fn unusable_is_an_sa_whose_parts_do_not_fit() {
    let spoils: [fn(&mut SaParameters); 5] = [
        |sa| sa.key = Secret::from(vec![1; 19]),
        |sa| sa.protection = Protection::Esp(Suite { key_len: 17, ..gcm() }),
        |sa| {
            let integrity = Some(IntegrityAlgorithm::HmacSha2_256_128);
            sa.protection = Protection::Esp(Suite { integrity, ..gcm() });
            sa.key = Secret::from(vec![1; 52]);
        },
        |sa| {
            let encryption = Encryption::Cipher(CipherAlgorithm::AesCbc);
            sa.protection = Protection::Esp(Suite { encryption, integrity: None, key_len: 20 });
        },
        |sa| sa.mode = Mode::Tunnel { local: address("192.0.2.1"), remote: address("2001:db8::1") },
    ];
    let (mut good_west, _) = PLAIN.planes();
    let outer = sent(&mut good_west, PLAIN.packet(1));
    for spoil in spoils {
        let mut west = PLAIN.west_with(|pair| spoil(&mut pair.outbound));
        assert_eq!(refused(&mut west, PLAIN.packet(1)), DropReason::Unusable);
        assert_eq!(west.status()[1].sequence, 0);
        let mut east = PLAIN.east_with(|pair| spoil(&mut pair.inbound));
        assert_eq!(dropped(&mut east, outer.clone()), DropReason::Unusable);
    }
}

#[test]
fn unusable_is_an_sa_whose_algorithm_the_provider_does_not_make() {
    static WITHOUT_AEAD: Provider = Provider {
        aead: |algorithm, key| {
            Err(KeyLength { algorithm: algorithm.name(), expected: &[], found: key.len() })
        },
        ..PORTABLE
    };
    let (mut west, _) = Setup { provider: &WITHOUT_AEAD, ..PLAIN }.planes();
    assert_eq!(refused(&mut west, PLAIN.packet(1)), DropReason::Unusable);
}

#[test]
fn the_hop_limit_counts_down_and_stops_at_one() {
    let (mut west, mut east) = PLAIN.planes();
    for (hops, left) in [(0, None), (1, None), (2, Some(1)), (255, Some(254))] {
        let mut packet = PLAIN.packet(10);
        packet.set_hop_limit(hops);
        match left {
            Some(left) => {
                let outer = sent(&mut west, packet);
                assert_eq!(delivered(&mut east, outer).hop_limit(), left);
            }
            None => assert_eq!(refused(&mut west, packet), DropReason::HopLimit),
        }
    }
}

#[test]
fn the_last_sequence_number_is_used_and_none_after_it() {
    for (extended, last) in [(false, u64::from(u32::MAX)), (true, u64::MAX)] {
        let setup = Setup { extended, ..PLAIN };
        let mut west = setup.west_with(|pair| pair.outbound.options.sequence = last - 1);
        sent(&mut west, setup.packet(1));
        let (reason, sa) = (DropReason::SequenceOverflow, Some((EAST, u32::MAX)));
        let too_late = west.outbound(NOW, &mut Counting(1), setup.packet(1));
        assert_eq!(too_late, Outbound::Drop { reason, sa, answer: None });
        assert_eq!(west.status()[1].sequence, last);
    }
}

#[test]
fn what_would_be_too_long_for_ip_is_refused() {
    for outer_v6 in [false, true] {
        let setup = Setup { outer_v6, ..PLAIN };
        let (mut west, mut east) = setup.planes();
        assert_eq!(refused(&mut west, setup.packet(65_500)), DropReason::TooLong);
        // Hop limit apart, the longest packet that fits comes through.
        let headers = if outer_v6 { 0 } else { 20 };
        let longest = (65_535 - headers - 8 - 8 - 16) / 4 * 4 - 2 - 20;
        let outer = sent(&mut west, setup.packet(longest));
        assert_eq!(delivered(&mut east, outer).len(), 20 + longest);
        assert_eq!(refused(&mut west, setup.packet(longest + 1)), DropReason::TooLong);
    }
}

#[test]
fn fragments_of_an_esp_packet_are_refused() {
    let (mut west, mut east) = PLAIN.planes();
    let outer = sent(&mut west, PLAIN.packet(1000));
    for piece in fragment(outer, 576, 7).unwrap() {
        assert_eq!(dropped(&mut east, piece), DropReason::Fragment);
    }
}

#[test]
fn an_atomic_fragment_is_a_whole_packet() {
    let setup = Setup { outer_v6: true, ..PLAIN };
    let (mut west, mut east) = setup.planes();
    let outer = sent(&mut west, setup.packet(100));
    let [west_address, east_address] = setup.gateways();
    let mut content = outer.into_payload();
    // RFC 6946: a fragment header with offset 0 and nothing to follow.
    content.grow_front(8).copy_from_slice(&[protocol::ESP, 0, 0, 0, 0, 0, 0, 9]);
    let header = IpHeader::new(west_address, east_address, protocol::FRAGMENT);
    assert_eq!(delivered(&mut east, IpPacket::build(&header, content).unwrap()).len(), 120);
}

#[test]
fn an_spi_that_no_sa_has_is_told() {
    let (_, mut east) = PLAIN.planes();
    let stranger = PLAIN.outer(Buffer::copy_of(&[0, 0, 0x99, 0x99, 0, 0, 0, 1]));
    let (reason, carried) = (DropReason::UnknownSpi, Some((Spi(0x9999), 1)));
    assert_eq!(east.inbound(NOW, stranger), Inbound::Drop { reason, carried, inside: None });
}

#[test]
fn a_packet_that_is_too_short_or_not_in_whole_blocks_is_malformed() {
    for protection in PROTECTIONS {
        let setup = Setup { protection, ..PLAIN };
        let (mut west, mut east) = setup.planes();
        let whole = sent(&mut west, setup.packet(1)).into_payload();
        let block = match protection {
            Protection::Esp(Suite { encryption: Encryption::Cipher(cipher), .. }) => {
                cipher.block_len().max(4)
            }
            Protection::Esp(_) => 4,
            // Whatever follows the header may be of any length.
            Protection::Ah(_) => 1,
        };
        for length in 0..whole.len() {
            let cut = (whole.len() - length) % block;
            let reason = dropped(&mut east, setup.outer(Buffer::copy_of(&whole[..length])));
            let expected: &[_] = match cut {
                0 => &[DropReason::Malformed, DropReason::Integrity],
                _ => &[DropReason::Malformed],
            };
            assert!(expected.contains(&reason), "{protection} {length} octets: {reason}");
        }
    }
}

#[test]
fn a_replayed_packet_and_one_left_of_the_window_are_refused() {
    let (mut west, mut east) = PLAIN.planes();
    let outers: Vec<IpPacket> = (0..70).map(|_| sent(&mut west, PLAIN.packet(10))).collect();
    delivered(&mut east, outers[69].clone());
    assert_eq!(dropped(&mut east, outers[69].clone()), DropReason::Replayed);
    delivered(&mut east, outers[6].clone());
    assert_eq!(dropped(&mut east, outers[5].clone()), DropReason::TooOld);
}

#[test]
fn without_a_window_a_packet_may_come_again() {
    let setup = Setup { window: 0, ..PLAIN };
    let (mut west, mut east) = setup.planes();
    let outer = sent(&mut west, setup.packet(10));
    delivered(&mut east, outer.clone());
    delivered(&mut east, outer);
}

#[test]
fn a_forged_packet_does_not_move_the_window() {
    for extended in [false, true] {
        let setup = Setup { extended, ..PLAIN };
        let (mut west, mut east) = setup.planes();
        let good = sent(&mut west, setup.packet(10));
        let mut forged = good.clone();
        forged.payload_mut()[4..8].copy_from_slice(&1_000_000u32.to_be_bytes());
        assert_eq!(dropped(&mut east, forged), DropReason::Integrity);
        assert_eq!((east.status()[0].sequence, east.last_received(EAST)), (0, None));
        delivered(&mut east, good);
    }
}

#[test]
fn the_two_kinds_of_sequence_numbers_do_not_understand_each_other() {
    for protection in [GCM, CBC] {
        let (mut west, _) = Setup { protection, extended: true, ..PLAIN }.planes();
        let (_, mut east) = Setup { protection, extended: false, ..PLAIN }.planes();
        assert_eq!(dropped(&mut east, sent(&mut west, PLAIN.packet(10))), DropReason::Integrity);
    }
}

/// What east says to a packet that west's keys protect, but whose text is the test's: payload, padding and trailer,
/// as they are encrypted.
fn crafted(text: &[u8]) -> (Dataplane, DropReason) {
    let integrity = IntegrityAlgorithm::HmacSha2_256_128;
    let encryption = Encryption::Cipher(CipherAlgorithm::Null);
    let suite = Suite { encryption, key_len: 0, integrity: Some(integrity) };
    let setup = Setup { protection: Protection::Esp(suite), ..PLAIN };
    let (_, mut east) = setup.planes();
    let sa = setup.east_pair().inbound;
    let mac = (PORTABLE.integrity)(integrity, sa.key.as_bytes()).unwrap();
    let mut octets = [&Header { spi: EAST, sequence: 1 }.emit()[..], text].concat();
    let mut icv = [0; 16];
    mac.sign(&[&octets], &mut icv).unwrap();
    octets.extend(icv);
    let reason = dropped(&mut east, setup.outer(Buffer::copy_of(&octets)));
    (east, reason)
}

#[test]
fn padding_other_than_1_2_3_is_refused() {
    for text in [
        &[9, 9, 1, 2, 3, 5, 4, protocol::IPV4],
        &[9, 9, 0, 1, 2, 3, 4, protocol::IPV4],
        &[9, 9, 9, 1, 1, 1, 3, protocol::IPV4],
        &[1, 2, 3, protocol::IPV4][..],
        &[1, 2, 255, protocol::IPV4],
    ] {
        let (east, reason) = crafted(text);
        assert_eq!(reason, DropReason::Padding, "{text:?}");
        assert_eq!(east.status()[0].sequence, 1, "it was authentic and counts as seen");
    }
}

#[test]
fn a_dummy_packet_is_dropped_as_one_and_proves_the_peer_alive() {
    let (east, reason) = crafted(&[0xde, 0xad, 1, 2, 3, 4, 4, protocol::NONE]);
    assert_eq!(reason, DropReason::Dummy);
    assert_eq!(east.last_received(EAST), Some(NOW));
}

#[test]
fn what_is_inside_has_to_be_what_the_next_header_says() {
    let inner = PLAIN.packet(2);
    let text = |next_header| [inner.as_bytes(), &[0, next_header]].concat();
    assert_eq!(crafted(&text(protocol::TCP)).1, DropReason::NextHeader);
    assert_eq!(crafted(&text(protocol::IPV6)).1, DropReason::NotIp);
    assert_eq!(crafted(&[b"no", &[0, protocol::IPV4][..]].concat()).1, DropReason::NotIp);
    let mut checksum = text(protocol::IPV4);
    checksum[10] ^= 1;
    assert_eq!(crafted(&checksum).1, DropReason::NotIp);
}

#[test]
fn a_packet_on_an_sa_that_does_not_carry_it_is_refused() {
    let (mut west, _) = PLAIN.planes();
    let stray = Selector::between(range("10.9.0.0/16"), range("10.1.0.0/16"));
    let mut east = PLAIN.east_with(|pair| pair.inbound.selectors = vec![stray.clone()]);
    let outer = sent(&mut west, PLAIN.packet(10));
    let Inbound::Drop { reason, carried, inside: Some(inside) } = east.inbound(NOW, outer) else {
        panic!("expected a drop with what is inside");
    };
    assert_eq!((reason, carried), (DropReason::Selectors, Some((EAST, 1))));
    assert_eq!((inside.flow, &inside.selectors), (Flow::inbound(&PLAIN.packet(10)), &vec![stray]));
    assert_eq!(inside.head.len(), PLAIN.packet(10).len());
    let mut east = PLAIN.east_with(|pair| pair.inbound.selectors.clear());
    let Inbound::Drop { inside: Some(inside), .. } = east.inbound(NOW, sent(&mut west, PLAIN.packet(500)))
    else {
        panic!("expected a drop with what is inside");
    };
    assert_eq!(inside.head.len(), Unselected::SHOWN, "of a longer one the beginning");
}

#[test]
fn congestion_on_a_packet_that_cannot_carry_it_is_refused() {
    let (mut west, mut east) = PLAIN.planes();
    let mut outer = sent(&mut west, PLAIN.packet(10));
    outer.set_traffic_class(3);
    assert_eq!(dropped(&mut east, outer), DropReason::Congestion);
}

#[test]
fn what_must_be_protected_does_not_come_in_in_the_clear() {
    let (_, mut east) = PLAIN.planes();
    assert_eq!(reason(east.inbound_clear(NOW, PLAIN.packet(5))), DropReason::Unprotected);
    assert_eq!(dropped(&mut east, PLAIN.packet(5)), DropReason::Unprotected);
}
