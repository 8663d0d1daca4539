use ipsec_auth::Pools;
use ipsec_crypto::{CipherAlgorithm, FixedEntropy, HashAlgorithm, KeyExchangeAlgorithm, PORTABLE};
use ipsec_net::Instant;

use super::*;
use crate::children::Children;

fn suite(cipher: CipherAlgorithm, key_len: usize, hash: HashAlgorithm) -> IkeSuite {
    IkeSuite { cipher, key_len, hash, group: KeyExchangeAlgorithm::Ecp256 }
}

fn ephemeral(suite: IkeSuite, nonce: &[u8]) -> Ephemeral {
    let (mut entropy, mut children) = (FixedEntropy::new([]), Children::default());
    let mut pools = Pools::new(Vec::new());
    let cx = Context {
        now: Instant::ZERO,
        provider: &PORTABLE,
        entropy: &mut entropy,
        children: &mut children,
        pools: &mut pools,
        epoch: 0,
    };
    Ephemeral::new(suite, nonce, IkeSpi(7), &cx).unwrap_or_else(|_| panic!("no cipher"))
}

#[test]
fn payloads_open_in_the_order_in_which_they_were_sealed() {
    for suite in [
        suite(CipherAlgorithm::DesCbc, 8, HashAlgorithm::Md5),
        suite(CipherAlgorithm::TripleDesCbc, 24, HashAlgorithm::Sha1),
        suite(CipherAlgorithm::AesCbc, 32, HashAlgorithm::Sha1),
    ] {
        let (mut ours, mut theirs) = (ephemeral(suite, b"a nonce"), ephemeral(suite, b"a nonce"));
        let mut other = ephemeral(suite, b"another");
        for length in 0..40 {
            let content: Vec<u8> = (0..length).collect();
            let sealed = ours.seal(&content);
            assert!(sealed.len() > content.len() && sealed.len() - content.len() <= suite.cipher.block_len());
            assert_eq!(theirs.open(&sealed), Ok(content.clone()));
            assert_ne!(other.open(&sealed), Ok(content));
        }
    }
}

#[test]
fn what_is_not_made_of_blocks_is_malformed() {
    let mut ephemeral = ephemeral(suite(CipherAlgorithm::AesCbc, 16, HashAlgorithm::Sha1), b"a nonce");
    assert!(
        ephemeral.open(&[]).is_err()
            && ephemeral.open(&[1; 15]).is_err()
            && ephemeral.open(&[1; 17]).is_err()
    );
    assert!(ephemeral.open(&[1; 16]).is_ok(), "wrong padding is nobody's business yet");
}

#[test]
fn identities_of_any_length_are_read() {
    let id = identification(&[1, 17, 0x01, 0xf4, 192, 0, 2, 1]);
    assert_eq!(
        (id.kind, id.protocol, id.port, id.data.as_slice()),
        (IdType::IPV4_ADDR, 17, 500, &[192, 0, 2, 1][..])
    );
    for length in 0..4 {
        assert_eq!(identification(&vec![1; length]).kind, IdType(0));
    }
}
