use std::net::IpAddr;

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, FixedEntropy, IntegrityAlgorithm, PORTABLE, Secret};
use ipsec_net::{AddressRange, Prefix};
use proptest::prelude::*;

use super::*;
use crate::{Encryption, SaParameters, Selector};

const GCM: Suite =
    Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None };
const CBC: Suite = Suite {
    encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
    key_len: 32,
    integrity: Some(IntegrityAlgorithm::HmacSha2_256_128),
};

fn range(text: &str) -> AddressRange {
    text.parse::<Prefix>().unwrap().range()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

struct Setup {
    suite: Suite,
    outer_v6: bool,
    inner_v6: bool,
    extended: bool,
    window: u32,
}

const PLAIN: Setup = Setup { suite: GCM, outer_v6: false, inner_v6: false, extended: false, window: 64 };

impl Setup {
    fn networks(&self) -> [AddressRange; 2] {
        if self.inner_v6 {
            [range("2001:db8:1::/48"), range("2001:db8:2::/48")]
        } else {
            [range("10.1.0.0/16"), range("10.2.0.0/16")]
        }
    }

    /// West and east, each with the SA pair that the other one has too.
    fn pair(&self) -> (Dataplane, Dataplane) {
        let [west_net, east_net] = self.networks();
        let (west, east) = if self.outer_v6 {
            (address("2001:db8::1"), address("2001:db8::2"))
        } else {
            (address("192.0.2.1"), address("198.51.100.1"))
        };
        let key = |octet| Secret::from(vec![octet; self.suite.key_material_len()]);
        let side = |local, remote, local_net, remote_net, inbound: (u32, u8), outbound: (u32, u8)| {
            let selectors = vec![Selector::between(local_net, remote_net)];
            let parameters = |(spi, octet): (u32, u8)| SaParameters {
                spi: Spi(spi),
                suite: self.suite,
                key: key(octet),
                mode: Mode::Tunnel { local, remote },
                selectors: selectors.clone(),
                extended_sequence_numbers: self.extended,
                replay_window: self.window,
            };
            let policy = Policy { name: "net".into(), selectors: selectors.clone(), action: Action::Protect };
            let mut plane = Dataplane::new(&PORTABLE, vec![policy]);
            let pair =
                SaPair { policy: "net".into(), inbound: parameters(inbound), outbound: parameters(outbound) };
            plane.install(pair);
            plane
        };
        let (a, b) = ((0x1001, 1), (0x2002, 2));
        (side(west, east, west_net, east_net, a, b), side(east, west, east_net, west_net, b, a))
    }

    /// A packet from a host at west to one at east.
    fn packet(&self, length: usize) -> IpPacket {
        let [west, east] = self.networks();
        let header = IpHeader::new(west.first(), east.first(), protocol::UDP);
        let payload: Vec<u8> = (0..length).map(|i| (i % 253) as u8).collect();
        IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap()
    }
}

fn entropy() -> FixedEntropy {
    FixedEntropy::new((0..=255).cycle().take(100_000).collect::<Vec<u8>>())
}

fn sent(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    match plane.outbound(Instant::ZERO, &mut entropy(), packet) {
        Outbound::Send(outer) => outer,
        other => panic!("{other:?}"),
    }
}

fn dropped(result: Inbound) -> DropReason {
    match result {
        Inbound::Drop { reason, .. } => reason,
        Inbound::Deliver(packet) => panic!("delivered {packet:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_one_end_seals_the_other_opens(
        cbc: bool, outer_v6: bool, inner_v6: bool, extended: bool, length in 0usize..9000,
    ) {
        let setup = Setup { suite: if cbc { CBC } else { GCM }, outer_v6, inner_v6, extended, window: 64 };
        let (mut west, mut east) = setup.pair();
        let packet = setup.packet(length);
        let outer = sent(&mut west, packet.clone());
        prop_assert_eq!(outer.protocol(), protocol::ESP);
        prop_assert_eq!(outer.version() == IpVersion::V6, outer_v6);
        let Inbound::Deliver(inner) = east.inbound(Instant::ZERO, outer) else { panic!("not delivered") };
        prop_assert_eq!(inner.hop_limit(), packet.hop_limit() - 1);
        prop_assert_eq!(inner.payload(), packet.payload());
    }

    #[test]
    fn any_flipped_bit_is_refused(cbc: bool, extended: bool, length in 0usize..300, bit: prop::sample::Index) {
        let setup = Setup { suite: if cbc { CBC } else { GCM }, extended, ..PLAIN };
        let (mut west, mut east) = setup.pair();
        let mut outer = sent(&mut west, setup.packet(length));
        let bit = bit.index(outer.payload().len() * 8);
        outer.payload_mut()[bit / 8] ^= 1 << (bit % 8);
        let reason = dropped(east.inbound(Instant::ZERO, outer));
        let expected = [DropReason::UnknownSpi, DropReason::Integrity, DropReason::TooOld];
        prop_assert!(expected.contains(&reason), "{}", reason);
    }

    #[test]
    fn random_octets_never_panic(octets in prop::collection::vec(any::<u8>(), 0..200), spi: bool) {
        let (_, mut east) = PLAIN.pair();
        let mut octets = octets;
        if spi && octets.len() >= 4 {
            octets[..4].copy_from_slice(&0x2002u32.to_be_bytes());
        }
        let header = IpHeader::new(address("192.0.2.1"), address("198.51.100.1"), protocol::ESP);
        let packet = IpPacket::build(&header, Buffer::copy_of(&octets)).unwrap();
        dropped(east.inbound(Instant::ZERO, packet));
    }
}

#[test]
fn a_replayed_packet_and_one_left_of_the_window_are_refused() {
    let (mut west, mut east) = PLAIN.pair();
    let outers: Vec<IpPacket> = (0..70).map(|_| sent(&mut west, PLAIN.packet(10))).collect();
    assert!(matches!(east.inbound(Instant::ZERO, outers[69].clone()), Inbound::Deliver(_)));
    assert_eq!(dropped(east.inbound(Instant::ZERO, outers[69].clone())), DropReason::Replayed);
    assert!(matches!(east.inbound(Instant::ZERO, outers[6].clone()), Inbound::Deliver(_)));
    assert_eq!(dropped(east.inbound(Instant::ZERO, outers[5].clone())), DropReason::TooOld);
}

#[test]
fn a_forged_packet_does_not_move_the_window() {
    let (mut west, mut east) = PLAIN.pair();
    let good = sent(&mut west, PLAIN.packet(10));
    let mut forged = good.clone();
    forged.payload_mut()[4..8].copy_from_slice(&1_000_000u32.to_be_bytes());
    assert_eq!(dropped(east.inbound(Instant::ZERO, forged)), DropReason::Integrity);
    assert!(matches!(east.inbound(Instant::ZERO, good), Inbound::Deliver(_)));
}

#[test]
fn the_last_sequence_number_is_used_and_none_after_it() {
    for (extended, last) in [(false, u64::from(u32::MAX)), (true, u64::MAX)] {
        let setup = Setup { extended, ..PLAIN };
        let (mut west, _) = setup.pair();
        west.sad.outbound(0, &Flow::outbound(&setup.packet(1))).unwrap().sequence = last - 1;
        sent(&mut west, setup.packet(1));
        let refused = west.outbound(Instant::ZERO, &mut entropy(), setup.packet(1));
        assert_eq!(refused, Outbound::Drop(DropReason::SequenceOverflow));
    }
}

#[test]
fn extended_numbers_go_on_across_2_to_the_32() {
    for suite in [GCM, CBC] {
        let setup = Setup { suite, extended: true, ..PLAIN };
        let (mut west, mut east) = setup.pair();
        let edge = (1 << 32) - 3;
        west.sad.outbound(0, &Flow::outbound(&setup.packet(1))).unwrap().sequence = edge;
        east.sad.inbound(Spi(0x2002)).unwrap().replay.update(edge);
        for _ in 0..6 {
            let outer = sent(&mut west, setup.packet(1));
            assert!(matches!(east.inbound(Instant::ZERO, outer), Inbound::Deliver(_)));
        }
        assert_eq!(east.sad.inbound(Spi(0x2002)).unwrap().replay.highest(), (1 << 32) + 3);
    }
}

#[test]
fn policy_decides_in_order_and_discards_what_it_does_not_know() {
    let setup = PLAIN;
    let [west_net, east_net] = setup.networks();
    let policy = |name: &str, remote: &str, action| Policy {
        name: name.into(),
        selectors: vec![Selector::between(west_net, range(remote))],
        action,
    };
    let policies = vec![
        policy("no", "10.2.9.0/24", Action::Discard),
        policy("clear", "10.2.8.0/24", Action::Bypass),
        Policy {
            name: "net".into(),
            selectors: vec![Selector::between(west_net, east_net)],
            action: Action::Protect,
        },
    ];
    let mut plane = Dataplane::new(&PORTABLE, policies);
    let mut to = |destination: &str| {
        let header = IpHeader::new(address("10.1.0.1"), address(destination), protocol::UDP);
        let packet = IpPacket::build(&header, Buffer::copy_of(b"x")).unwrap();
        plane.outbound(Instant::ZERO, &mut entropy(), packet)
    };
    assert_eq!(to("10.2.9.1"), Outbound::Drop(DropReason::Discarded));
    assert!(matches!(to("10.2.8.1"), Outbound::Bypass(_)));
    assert_eq!(to("10.2.0.1"), Outbound::Acquire { policy: "net".into() });
    assert_eq!(to("203.0.113.1"), Outbound::Drop(DropReason::Discarded));
}

#[test]
fn what_must_be_protected_does_not_come_in_in_the_clear() {
    let (_, mut east) = PLAIN.pair();
    assert_eq!(dropped(east.inbound_clear(PLAIN.packet(5))), DropReason::Unprotected);
    let header = IpHeader::new(address("203.0.113.1"), address("198.51.100.1"), protocol::TCP);
    let stranger = IpPacket::build(&header, Buffer::copy_of(b"x")).unwrap();
    assert_eq!(dropped(east.inbound_clear(stranger)), DropReason::Discarded);
}

#[test]
fn a_packet_on_an_sa_that_does_not_carry_it_is_refused() {
    let (mut west, mut east) = PLAIN.pair();
    let stray = Selector::between(range("10.9.0.0/16"), range("10.1.0.0/16"));
    east.sad.inbound(Spi(0x2002)).unwrap().parameters.selectors = vec![stray];
    let outer = sent(&mut west, PLAIN.packet(10));
    assert_eq!(dropped(east.inbound(Instant::ZERO, outer)), DropReason::Selectors);
}

#[test]
fn the_hop_limit_counts_down_and_stops_at_one() {
    let (mut west, _) = PLAIN.pair();
    let mut packet = PLAIN.packet(10);
    packet.set_hop_limit(1);
    let refused = west.outbound(Instant::ZERO, &mut entropy(), packet);
    assert_eq!(refused, Outbound::Drop(DropReason::HopLimit));
}

/// Seals a payload of the test's own making with the keys of west's outbound SA.
fn crafted(next_header: u8, payload: &[u8], spoil: impl Fn(&mut Buffer)) -> DropReason {
    let (mut west, mut east) = PLAIN.pair();
    let sa = west.sad.outbound(0, &Flow::outbound(&PLAIN.packet(1))).unwrap();
    let mut buffer = Buffer::copy_of(payload);
    sa.transform(&PORTABLE).unwrap().seal(&mut entropy(), Spi(0x2002), 1, next_header, &mut buffer);
    spoil(&mut buffer);
    let header = IpHeader::new(address("192.0.2.1"), address("198.51.100.1"), protocol::ESP);
    dropped(east.inbound(Instant::ZERO, IpPacket::build(&header, buffer).unwrap()))
}

#[test]
fn what_is_inside_has_to_be_what_the_trailer_says() {
    let inner = PLAIN.packet(3);
    let keep = |_: &mut Buffer| {};
    assert_eq!(crafted(protocol::NONE, b"", keep), DropReason::Dummy);
    assert_eq!(crafted(protocol::TCP, inner.as_bytes(), keep), DropReason::NextHeader);
    assert_eq!(crafted(protocol::IPV6, inner.as_bytes(), keep), DropReason::NotIp);
    assert_eq!(crafted(protocol::IPV4, b"no packet", keep), DropReason::NotIp);
    assert_eq!(
        crafted(protocol::IPV4, inner.as_bytes(), |buffer| buffer.truncate(20)),
        DropReason::Malformed
    );
}

#[test]
fn padding_other_than_1_2_3_is_refused() {
    let suite =
        Suite { encryption: Encryption::Cipher(CipherAlgorithm::Null), key_len: 0, integrity: CBC.integrity };
    let key = Secret::from(vec![7; suite.key_material_len()]);
    let transform = crate::esp::Transform::new(&PORTABLE, &suite, &key, false).unwrap();
    let mac = (PORTABLE.integrity)(IntegrityAlgorithm::HmacSha2_256_128, key.as_bytes()).unwrap();
    for (spoiled, expected) in [(9usize, DropReason::Padding), (10, DropReason::Padding)] {
        let mut buffer = Buffer::copy_of(b"x");
        transform.seal(&mut entropy(), Spi(0x2002), 1, protocol::IPV4, &mut buffer);
        buffer[spoiled] = 200;
        let covered = buffer.len() - 16;
        let mut icv = [0; 16];
        mac.sign(&[&buffer[..covered]], &mut icv).unwrap();
        buffer[covered..].copy_from_slice(&icv);
        assert_eq!(transform.open(1, &mut buffer), Err(expected));
    }
}

#[test]
fn congestion_on_a_packet_that_cannot_carry_it_is_refused() {
    let (mut west, mut east) = PLAIN.pair();
    let mut outer = sent(&mut west, PLAIN.packet(10));
    outer.set_traffic_class(3);
    assert_eq!(dropped(east.inbound(Instant::ZERO, outer)), DropReason::Congestion);
    let mut marked = PLAIN.packet(10);
    marked.set_traffic_class(2);
    let mut outer = sent(&mut west, marked);
    outer.set_traffic_class(3);
    let Inbound::Deliver(inner) = east.inbound(Instant::ZERO, outer) else { panic!("not delivered") };
    assert_eq!(inner.traffic_class(), 3);
}

#[test]
fn a_packet_that_would_be_too_long_for_ip_is_refused() {
    let (mut west, _) = PLAIN.pair();
    let refused = west.outbound(Instant::ZERO, &mut entropy(), PLAIN.packet(65_500));
    assert_eq!(refused, Outbound::Drop(DropReason::TooLong));
}

#[test]
fn the_newest_pair_carries_the_traffic_and_a_removed_one_no_more() {
    let (mut west, mut east) = PLAIN.pair();
    let old = west.sad.pair(Spi(0x1001)).unwrap();
    let mut pair = SaPair {
        policy: "net".into(),
        inbound: old.inbound.parameters.clone(),
        outbound: old.outbound.parameters.clone(),
    };
    (pair.inbound.spi, pair.outbound.spi) = (Spi(0x3003), Spi(0x4004));
    west.install(pair);
    let outer = sent(&mut west, PLAIN.packet(1));
    assert_eq!(Header::parse(outer.payload()).unwrap().spi, Spi(0x4004));
    assert_eq!(dropped(east.inbound(Instant::ZERO, outer)), DropReason::UnknownSpi);
    assert!(west.remove(Spi(0x3003)) && !west.remove(Spi(0x3003)));
    let outer = sent(&mut west, PLAIN.packet(1));
    assert_eq!(Header::parse(outer.payload()).unwrap().spi, Spi(0x2002));
}

#[test]
fn both_ends_show_the_same_fingerprints() {
    let (west, east) = PLAIN.pair();
    let of = |plane: &Dataplane| {
        let mut all: Vec<_> = plane.status().iter().map(|sa| (sa.spi, sa.fingerprint)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(of(&west), of(&east));
    assert_eq!(west.last_received(Spi(0x1001)), None);
}
