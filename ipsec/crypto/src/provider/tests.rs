use std::collections::BTreeSet;
use std::ptr;

use super::*;
use crate::{SignatureAlgorithm, Signer, Verifier};

#[test]
fn the_best_provider_is_the_fast_one_exactly_where_it_is_available() {
    let expected = if fast::available() { &FAST } else { &PORTABLE };
    assert!(ptr::eq(Provider::best(), expected));
}

#[test]
fn both_providers_offer_the_same_and_can_make_all_of_it() {
    for provider in [&PORTABLE, &FAST] {
        assert_eq!(provider.aeads, AeadAlgorithm::ALL);
        assert_eq!(provider.key_exchanges, KeyExchangeAlgorithm::ALL);
        for &algorithm in provider.prfs {
            assert_eq!((provider.prf)(algorithm, b"key").algorithm(), algorithm);
        }
        for &algorithm in provider.aeads {
            for &len in algorithm.key_lens() {
                assert_eq!((provider.aead)(algorithm, &vec![1; len]).unwrap().algorithm(), algorithm);
            }
        }
        for &algorithm in provider.ciphers {
            for &len in algorithm.key_lens() {
                assert_eq!((provider.cipher)(algorithm, &vec![1; len]).unwrap().algorithm(), algorithm);
            }
        }
        for &algorithm in provider.integrities {
            let key = vec![1; algorithm.key_len()];
            assert_eq!((provider.integrity)(algorithm, &key).unwrap().algorithm(), algorithm);
        }
    }
}

#[test]
fn names_are_unique_within_a_kind() {
    let kinds: [Vec<&str>; 7] = [
        PORTABLE.hashes.iter().map(|algorithm| algorithm.name()).collect(),
        PORTABLE.prfs.iter().map(|algorithm| algorithm.name()).collect(),
        PORTABLE.aeads.iter().map(|algorithm| algorithm.name()).collect(),
        PORTABLE.ciphers.iter().map(|algorithm| algorithm.name()).collect(),
        PORTABLE.integrities.iter().map(|algorithm| algorithm.name()).collect(),
        PORTABLE.key_exchanges.iter().map(|algorithm| algorithm.name()).collect(),
        SignatureAlgorithm::ALL.iter().map(|algorithm| algorithm.name()).collect(),
    ];
    for names in kinds {
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }
}

#[test]
fn keyed_instances_can_move_between_threads() {
    fn assert_moves<T: Send + Sync>() {}
    assert_moves::<Aead>();
    assert_moves::<Cipher>();
    assert_moves::<Integrity>();
    assert_moves::<Prf>();
    assert_moves::<Initiator>();
    assert_moves::<Secret>();
    assert_moves::<Signer>();
    assert_moves::<Verifier>();
}
