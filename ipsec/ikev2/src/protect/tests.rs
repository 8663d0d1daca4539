use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, FAST, FixedEntropy, IntegrityAlgorithm, KeyExchangeAlgorithm, PORTABLE,
    PrfAlgorithm,
};
use ipsec_wire::registry::{ExchangeType, PayloadType};
use ipsec_wire::{Flags, IkeSpi, Version};
use proptest::prelude::*;

use super::*;
use crate::keys::{Shared, ike_keys};
use crate::negotiate::IkeSuite;

const HEADER: Header = Header {
    spi_i: IkeSpi(3),
    spi_r: IkeSpi(4),
    next_payload: PayloadType::NONE,
    version: Version::V2,
    exchange: ExchangeType::INFORMATIONAL,
    flags: Flags { initiator: true, version: false, response: false },
    message_id: 7,
    length: 0,
};

fn suites() -> Vec<Suite> {
    let aead = |algorithm| Suite { encryption: Encryption::Aead(algorithm), key_len: 16, integrity: None };
    let cbc = |key_len, mac| Suite {
        encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
        key_len,
        integrity: Some(mac),
    };
    vec![
        aead(AeadAlgorithm::AesGcm8),
        aead(AeadAlgorithm::AesGcm12),
        aead(AeadAlgorithm::AesGcm16),
        cbc(16, IntegrityAlgorithm::HmacSha1_96),
        cbc(24, IntegrityAlgorithm::HmacSha2_256_128),
        cbc(32, IntegrityAlgorithm::HmacSha2_512_256),
    ]
}

/// The keys of an IKE SA.
fn record(suite: Suite, provider: &'static Provider) -> IkeKeyRecord {
    let whole = IkeSuite {
        protection: suite,
        prf: PrfAlgorithm::HmacSha2_256,
        key_exchange: KeyExchangeAlgorithm::X25519,
        additional: [None; 7],
    };
    let shared = Shared { nonce_i: &[1; 32], nonce_r: &[2; 32], spi_i: IkeSpi(3), spi_r: IkeSpi(4) };
    let keys = ike_keys(provider, &whole, &Secret::from(vec![9; 32]), &shared).unwrap();
    IkeKeyRecord { spi_i: IkeSpi(3), spi_r: IkeSpi(4), suite: whole, keys }
}

/// Both ends of an IKE SA.
fn ends(suite: Suite, provider: &'static Provider) -> [Protection; 2] {
    let keys = record(suite, provider).keys;
    [Role::Initiator, Role::Responder]
        .map(|role| Protection::new(provider, &suite, keys.clone(), role).unwrap())
}

fn seal(end: &mut Protection, payloads: &[Payload]) -> Vec<u8> {
    end.seal(&HEADER, payloads, None, &mut entropy()).remove(0)
}

fn open(end: &Protection, octets: &[u8]) -> Result<Vec<Payload>, NotOpened> {
    end.open(octets)?.1.payloads()
}

fn entropy() -> FixedEntropy {
    FixedEntropy::new((0..=255).collect::<Vec<u8>>())
}

proptest! {
    #[test]
    fn what_one_end_seals_the_other_opens_with_either_implementation(
        suite in prop::sample::select(suites()), nonces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..4),
    ) {
        let payloads: Vec<Payload> = nonces.into_iter().map(Payload::Nonce).collect();
        let ([mut west, _], [_, east]) = (ends(suite, &PORTABLE), ends(suite, &FAST));
        let octets = seal(&mut west, &payloads);
        prop_assert_eq!(open(&east, &octets), Ok(payloads));
        prop_assert!(west.open(&octets).is_err(), "each direction has keys of its own");
    }

    #[test]
    fn any_flipped_bit_is_refused(suite in prop::sample::select(suites()), place: prop::sample::Index, bit in 0u8..8) {
        let [mut west, east] = ends(suite, &FAST);
        let mut octets = seal(&mut west, &[Payload::Nonce(vec![5; 40])]);
        let at = place.index(octets.len());
        octets[at] ^= 1 << bit;
        prop_assert!(matches!(east.open(&octets), Err(NotOpened::Drop(_))), "octet {}", at);
    }

    #[test]
    fn pieces_are_opened_one_by_one_and_make_up_the_message(
        suite in prop::sample::select(suites()), size in 120usize..600, len in 0usize..2_000,
    ) {
        let payloads = [Payload::Nonce(vec![1; 32]), Payload::VendorId(vec![2; len])];
        let ([mut west, _], [_, east]) = (ends(suite, &PORTABLE), ends(suite, &FAST));
        let pieces = west.seal(&HEADER, &payloads, Some(Cut { size, least: 1 }), &mut entropy());
        prop_assert!(pieces.iter().all(|piece| piece.len() <= size));
        let opened: Vec<_> = pieces.iter().map(|piece| east.open(piece).unwrap()).collect();
        let whole = Content {
            first: opened[0].1.first,
            octets: opened.iter().flat_map(|(_, content)| content.octets.clone()).collect(),
            base: opened[0].1.base,
        };
        prop_assert_eq!(whole.payloads(), Ok(payloads.to_vec()));
        let numbers: Vec<u16> = opened.iter().filter_map(|(number, _)| Some((*number)?.number)).collect();
        let expected: Vec<u16> = (1..).take(if pieces.len() == 1 { 0 } else { pieces.len() }).collect();
        prop_assert_eq!(numbers, expected);
    }

    #[test]
    fn a_piece_with_another_number_is_refused(suite in prop::sample::select(suites()), number in 1u16..9) {
        let [mut west, east] = ends(suite, &FAST);
        let mut pieces = west.seal(
            &HEADER, &[Payload::VendorId(vec![2; 2_000])], Some(Cut { size: 400, least: 1 }), &mut entropy(),
        );
        prop_assume!(number != 2);
        pieces[1][32..34].copy_from_slice(&number.to_be_bytes());
        prop_assert!(matches!(east.open(&pieces[1]), Err(NotOpened::Drop(_))));
        prop_assert!(east.open(&pieces[2]).is_ok());
    }
}

#[test]
fn an_empty_message_is_sealed_and_opened() {
    for suite in suites() {
        let [mut west, east] = ends(suite, &FAST);
        let octets = seal(&mut west, &[]);
        assert_eq!(open(&east, &octets), Ok(Vec::new()), "{suite}");
    }
}

#[test]
fn no_two_messages_of_a_combined_cipher_have_one_iv() {
    let [mut west, _] = ends(suites()[2], &FAST);
    let ivs: Vec<Vec<u8>> = (0..300).map(|_| seal(&mut west, &[])[32..40].to_vec()).collect();
    let distinct: std::collections::BTreeSet<_> = ivs.iter().collect();
    assert_eq!(distinct.len(), ivs.len());
}

/// Someone who holds the keys sends nonsense: it is told apart from what merely came damaged.
#[test]
fn proven_octets_that_are_no_payloads_are_malformed_and_not_dropped() {
    let [mut west, east] = ends(suites()[2], &FAST);
    let nonsense = Payload::Unknown { kind: PayloadType::SA, critical: false, body: vec![1, 2, 3] };
    let octets = seal(&mut west, &[nonsense]);
    assert!(matches!(open(&east, &octets), Err(NotOpened::Malformed(text)) if text.contains("offset")));
}

#[test]
fn who_has_the_keys_reads_along_whichever_end_speaks() {
    for suite in suites() {
        let record = record(suite, &PORTABLE);
        let payloads = [Payload::Nonce(vec![7; 20])];
        for (index, mut end) in ends(suite, &PORTABLE).into_iter().enumerate() {
            let initiator = index == 0;
            let header = Header { flags: Flags { initiator, ..HEADER.flags }, ..HEADER };
            let mut octets = end.seal(&header, &payloads, None, &mut entropy()).remove(0);
            let (fragment, first, inside) = record.open(&PORTABLE, &octets).unwrap();
            assert_eq!((fragment, first), (None, PayloadType::NONCE));
            assert_eq!(v2::parse_chain(first, &inside, 0).unwrap(), payloads);
            *octets.last_mut().unwrap() ^= 1;
            assert_eq!(record.open(&PORTABLE, &octets), None);
        }
    }
}
