//! Each algorithm that version 1 has numbers for, in both phases.

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, HashAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm};
use ipsec_dataplane::{Encryption, Mode, Suite};
use ipsec_ikev1::{ChildSuite, IkeSuite};

use crate::world::{ESP, IKE, WEST, World};

fn comes_up_with(ike: &[IkeSuite], child: &[ChildSuite], transport: bool) -> World {
    let mut world = World::new(|end, connection| {
        // The last of the initiator's is the only one of the responder's.
        let from = |length: usize| if end == WEST { 0 } else { length - 1 };
        connection.proposals = ike[from(ike.len())..].to_vec();
        connection.children[0].proposals = child[from(child.len())..].to_vec();
        connection.children[0].transport = transport;
    });
    world.initiate(WEST);
    world.run(1);
    assert_eq!(world.pairs(), [1, 1], "{ike:?} {child:?}\n{}", world.log.join("\n"));
    world
}

#[test]
fn each_cipher_and_hash_protects_an_isakmp_sa() {
    for cipher in CipherAlgorithm::ALL {
        for key_len in cipher.key_lens() {
            for hash in HashAlgorithm::ALL {
                let suite = IkeSuite { cipher: *cipher, key_len: *key_len, hash: *hash, ..IKE };
                if suite.has_numbers() {
                    let world = comes_up_with(&[suite], &[ESP], false);
                    assert_eq!(world.ends[WEST].status().ike[0].suite, Some(suite));
                }
            }
        }
    }
    let with = |cipher| IkeSuite { cipher, ..IKE }.has_numbers();
    assert!(!with(CipherAlgorithm::AesCtr) && !with(CipherAlgorithm::Null));
}

#[test]
fn each_small_group_serves_both_phases() {
    use KeyExchangeAlgorithm::{Brainpool256, Ecp256, Ecp384, Modp768, Modp1024, Modp1024s160, Modp1536};
    for group in [Modp768, Modp1024, Modp1536, Modp1024s160, Ecp256, Ecp384, Brainpool256] {
        let mut world = World::new(|_, connection| {
            connection.proposals[0].group = group;
            connection.children[0].group = Some(group);
        });
        world.initiate(WEST);
        world.run(1);
        assert_eq!(world.pairs(), [1, 1], "{group:?}");
    }
    for newer in [KeyExchangeAlgorithm::X25519, KeyExchangeAlgorithm::MlKem768] {
        assert!(!IkeSuite { group: newer, ..IKE }.has_numbers());
    }
}

fn esp(encryption: Encryption, key_len: usize, integrity: Option<IntegrityAlgorithm>) -> ChildSuite {
    ChildSuite { esp: Some(Suite { encryption, key_len, integrity }), ..ESP }
}

#[test]
fn each_algorithm_of_esp_and_ah_is_agreed_on() {
    let hmac = Some(IntegrityAlgorithm::HmacSha2_256_128);
    let ciphers = CipherAlgorithm::ALL.iter().flat_map(|cipher| {
        cipher.key_lens().iter().map(move |len| esp(Encryption::Cipher(*cipher), *len, hmac))
    });
    let combined = AeadAlgorithm::ALL
        .iter()
        .flat_map(|aead| aead.key_lens().iter().map(move |len| esp(Encryption::Aead(*aead), *len, None)));
    let integrities = IntegrityAlgorithm::ALL
        .iter()
        .map(|integrity| esp(Encryption::Cipher(CipherAlgorithm::AesCbc), 32, Some(*integrity)));
    let ah = IntegrityAlgorithm::ALL.iter().map(|ah| ChildSuite { ah: Some(*ah), esp: None, ..ESP });
    let mut count = 0;
    for suite in ciphers.chain(combined).chain(integrities).chain(ah).filter(ChildSuite::has_numbers) {
        comes_up_with(&[IKE], &[suite], false);
        count += 1;
    }
    assert!(count > 40, "{count}");
}

#[test]
fn ah_round_esp_has_keys_and_spis_of_its_own() {
    let bundle = ChildSuite { ah: Some(IntegrityAlgorithm::HmacMd5_96), ..ESP };
    let world = comes_up_with(&[IKE], &[bundle], false);
    let pair = world.installed[WEST].values().next().unwrap();
    let bundled = pair.bundled.as_ref().unwrap();
    assert_eq!((pair.inbound.protection.protocol(), bundled.inbound.protection.protocol()), (50, 51));
    assert_ne!(pair.inbound.spi, bundled.inbound.spi);
    assert!(matches!(pair.inbound.mode, Mode::Tunnel { .. }) && bundled.inbound.mode == Mode::Transport);
}

#[test]
fn the_responder_takes_the_first_that_it_has_of_several_proposals_and_transforms() {
    let ike = [IkeSuite { hash: HashAlgorithm::Sha2_512, ..IKE }, IkeSuite { key_len: 32, ..IKE }, IKE];
    let ah = ChildSuite { ah: Some(IntegrityAlgorithm::HmacSha1_96), esp: None, ..ESP };
    let extended = ChildSuite { extended_sequence_numbers: true, ..ESP };
    let bundle = ChildSuite { ah: ah.ah, ..ESP };
    let wide = esp(Encryption::Cipher(CipherAlgorithm::AesCbc), 32, Some(IntegrityAlgorithm::HmacMd5_96));
    for order in [
        [wide, ah, bundle, extended, ESP],
        [ESP, extended, bundle, wide, ah],
        [ah, wide, ESP, extended, bundle],
    ] {
        let world = comes_up_with(&ike, &order, false);
        let pair = world.installed[WEST].values().next().unwrap();
        assert_eq!(pair.bundled.is_some(), order[4] == bundle);
        assert!(!pair.inbound.extended_sequence_numbers);
    }
    let world = comes_up_with(&[IKE], &[ESP, extended], false);
    assert!(world.installed[WEST].values().next().unwrap().inbound.extended_sequence_numbers);
}

#[test]
fn transport_mode_is_agreed_on_where_both_want_it() {
    let world = comes_up_with(&[IKE], &[ESP], true);
    assert!(
        world.installed.iter().all(|pairs| pairs.values().all(|pair| pair.inbound.mode == Mode::Transport))
    );
}
