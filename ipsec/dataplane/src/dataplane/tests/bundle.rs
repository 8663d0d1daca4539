//! AH round ESP: both or neither.

use ipsec_crypto::Secret;
use ipsec_net::protocol;
use ipsec_wire::{Spi, ah, esp};

use super::setup::*;
use crate::*;

const WEST_AH: Spi = Spi(0x1101);
const EAST_AH: Spi = Spi(0x2202);

fn bundle(pair: &mut SaPair, [inbound, outbound]: [Spi; 2]) {
    let ah = |esp: &SaParameters, spi| SaParameters {
        spi,
        protection: AH,
        key: Secret::from(vec![9; 32]),
        mode: Mode::Transport,
        ..esp.clone()
    };
    let (inbound, outbound) = (ah(&pair.inbound, inbound), ah(&pair.outbound, outbound));
    pair.bundled = Some(Box::new(Bundled { inbound, outbound }));
}

fn ends(setup: &Setup) -> (Dataplane, Dataplane) {
    let west = setup.west_with(|pair| bundle(pair, [WEST_AH, EAST_AH]));
    (west, setup.east_with(|pair| bundle(pair, [EAST_AH, WEST_AH])))
}

#[test]
fn a_bundle_authenticates_what_esp_has_made() {
    for outer_v6 in [false, true] {
        let setup = Setup { outer_v6, ..PLAIN };
        let (mut west, mut east) = ends(&setup);
        for number in 1..4 {
            let outer = sent(&mut west, setup.packet(100));
            let header = ah::Header::parse(outer.payload()).unwrap();
            assert_eq!((header.spi, header.sequence, header.next_header), (EAST_AH, number, protocol::ESP));
            let inside = esp::Header::parse(&outer.payload()[header.len()..]).unwrap();
            assert_eq!((inside.spi, inside.sequence), (EAST, number));
            let mut packet = setup.packet(100);
            packet.set_hop_limit(63);
            assert_eq!(delivered(&mut east, outer), packet);
        }
        let packets: Vec<u64> = east.status().iter().map(|sa| sa.packets).collect();
        assert_eq!(packets, [3, 0, 3, 0], "inbound and outbound of ESP, then of AH");
    }
}

#[test]
fn one_sa_of_a_bundle_without_the_other_is_refused() {
    let (mut bundled, mut east) = ends(&PLAIN);
    let (mut west, _) = PLAIN.planes();
    assert_eq!(dropped(&mut east, sent(&mut west, PLAIN.packet(1))), DropReason::Unbundled);
    // AH alone: what it covers is no ESP of this pair.
    let mut west = Setup { protection: AH, ..PLAIN }.west_with(|pair| {
        pair.outbound.spi = EAST_AH;
        pair.outbound.key = Secret::from(vec![9; 32]);
    });
    let outer = sent(&mut west, PLAIN.packet(100));
    assert_eq!(dropped(&mut east, outer), DropReason::Unbundled);
    sent(&mut bundled, PLAIN.packet(1));
    delivered(&mut east, sent(&mut bundled, PLAIN.packet(1)));
}

#[test]
fn esp_in_a_bundle_may_leave_integrity_to_ah() {
    let encryption = Encryption::Cipher(ipsec_crypto::CipherAlgorithm::AesCbc);
    let suite = Suite { encryption, key_len: 16, integrity: None };
    let setup = Setup { protection: Protection::Esp(suite), ..PLAIN };
    let (mut west, mut east) = ends(&setup);
    delivered(&mut east, sent(&mut west, setup.packet(100)));
    assert_eq!(refused(&mut setup.planes().0, setup.packet(1)), DropReason::Unusable, "alone it may not");
}

#[test]
fn any_change_is_noticed_by_ah_and_a_repetition_too() {
    let (mut west, mut east) = ends(&PLAIN);
    let outer = sent(&mut west, PLAIN.packet(100));
    let mut changed = outer.clone();
    let last = changed.payload().len() - 1;
    changed.payload_mut()[last] ^= 1;
    assert_eq!(dropped(&mut east, changed), DropReason::Integrity);
    delivered(&mut east, outer.clone());
    assert_eq!(dropped(&mut east, outer), DropReason::Replayed);
}

#[test]
fn a_removed_bundle_is_gone_with_all_its_sas() {
    let (mut west, mut east) = ends(&PLAIN);
    let outer = sent(&mut west, PLAIN.packet(1));
    assert_eq!(east.remove(EAST_AH), None, "a bundle goes by the SPI of its ESP");
    assert_eq!(east.remove(EAST).unwrap().len(), 4);
    assert_eq!(dropped(&mut east, outer), DropReason::UnknownSpi);
    assert!(east.status().is_empty());
}
