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

/// Both ends of an IKE SA.
fn ends(suite: Suite, provider: &'static Provider) -> [Protection; 2] {
    let whole = IkeSuite {
        protection: suite,
        prf: PrfAlgorithm::HmacSha2_256,
        key_exchange: KeyExchangeAlgorithm::X25519,
        additional: [None; 7],
    };
    let shared = Shared { nonce_i: &[1; 32], nonce_r: &[2; 32], spi_i: IkeSpi(3), spi_r: IkeSpi(4) };
    let keys = ike_keys(provider, &whole, &Secret::from(vec![9; 32]), &shared).unwrap();
    [Role::Initiator, Role::Responder].map(|role| Protection::new(provider, &suite, &keys, role).unwrap())
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
        let ([mut west, _], [_, mut east]) = (ends(suite, &PORTABLE), ends(suite, &FAST));
        let octets = west.seal(&HEADER, &payloads, &mut entropy());
        prop_assert_eq!(east.open(&octets).map(|opened| opened.2), Ok(payloads));
        prop_assert!(west.open(&octets).is_err(), "each direction has keys of its own");
    }

    #[test]
    fn any_flipped_bit_is_refused(suite in prop::sample::select(suites()), place: prop::sample::Index, bit in 0u8..8) {
        let [mut west, mut east] = ends(suite, &FAST);
        let mut octets = west.seal(&HEADER, &[Payload::Nonce(vec![5; 40])], &mut entropy());
        let at = place.index(octets.len());
        octets[at] ^= 1 << bit;
        prop_assert!(matches!(east.open(&octets), Err(NotOpened::Drop(_))), "octet {}", at);
    }
}

#[test]
fn an_empty_message_is_sealed_and_opened() {
    for suite in suites() {
        let [mut west, mut east] = ends(suite, &FAST);
        let octets = west.seal(&HEADER, &[], &mut entropy());
        assert_eq!(east.open(&octets).map(|opened| opened.2), Ok(Vec::new()), "{suite}");
    }
}

#[test]
fn no_two_messages_of_a_combined_cipher_have_one_iv() {
    let [mut west, _] = ends(suites()[2], &FAST);
    let ivs: Vec<Vec<u8>> =
        (0..300).map(|_| west.seal(&HEADER, &[], &mut entropy())[32..40].to_vec()).collect();
    let distinct: std::collections::BTreeSet<_> = ivs.iter().collect();
    assert_eq!(distinct.len(), ivs.len());
}

/// Someone who holds the keys sends nonsense: it is told apart from what merely came damaged.
#[test]
fn proven_octets_that_are_no_payloads_are_malformed_and_not_dropped() {
    let [mut west, mut east] = ends(suites()[2], &FAST);
    let nonsense = Payload::Unknown { kind: PayloadType::SA, critical: false, body: vec![1, 2, 3] };
    let octets = west.seal(&HEADER, &[nonsense], &mut entropy());
    assert!(matches!(east.open(&octets), Err(NotOpened::Malformed(text)) if text.contains("offset")));
}
