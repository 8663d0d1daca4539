//! The keywords of proposals and the algorithms that they mean.

use ipsec::crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec::dataplane::Encryption;
use ipsec::ikev2;

use crate::file;

pub(super) fn ike(proposal: &file::IkeProposal) -> ikev2::IkeProposal {
    ikev2::IkeProposal {
        encryption: proposal.encryption.iter().map(|cipher| encryption(*cipher)).collect(),
        integrity: proposal.integrity.iter().map(|hash| integrity(*hash)).collect(),
        prf: proposal.prf.iter().map(|hash| prf(*hash)).collect(),
        key_exchange: proposal.groups.iter().map(|group| key_exchange(*group)).collect(),
    }
}

pub(super) fn child(proposal: &file::ChildProposal) -> ikev2::ChildProposal {
    ikev2::ChildProposal {
        encryption: proposal.encryption.iter().map(|cipher| encryption(*cipher)).collect(),
        integrity: proposal.integrity.iter().map(|hash| integrity(*hash)).collect(),
        key_exchange: proposal.groups.iter().map(|group| key_exchange(*group)).collect(),
        extended_sequence_numbers: proposal.extended_sequence_numbers.clone(),
    }
}

fn encryption(cipher: file::Encryption) -> (Encryption, usize) {
    let cbc = Encryption::Cipher(CipherAlgorithm::AesCbc);
    let gcm = Encryption::Aead(AeadAlgorithm::AesGcm16);
    match cipher {
        file::Encryption::Aes128 => (cbc, 16),
        file::Encryption::Aes192 => (cbc, 24),
        file::Encryption::Aes256 => (cbc, 32),
        file::Encryption::Aes128Gcm16 => (gcm, 16),
        file::Encryption::Aes192Gcm16 => (gcm, 24),
        file::Encryption::Aes256Gcm16 => (gcm, 32),
    }
}

fn integrity(hash: file::Hash) -> IntegrityAlgorithm {
    match hash {
        file::Hash::Sha1 => IntegrityAlgorithm::HmacSha1_96,
        file::Hash::Sha256 => IntegrityAlgorithm::HmacSha2_256_128,
        file::Hash::Sha384 => IntegrityAlgorithm::HmacSha2_384_192,
        file::Hash::Sha512 => IntegrityAlgorithm::HmacSha2_512_256,
    }
}

fn prf(hash: file::Hash) -> PrfAlgorithm {
    match hash {
        file::Hash::Sha1 => PrfAlgorithm::HmacSha1,
        file::Hash::Sha256 => PrfAlgorithm::HmacSha2_256,
        file::Hash::Sha384 => PrfAlgorithm::HmacSha2_384,
        file::Hash::Sha512 => PrfAlgorithm::HmacSha2_512,
    }
}

fn key_exchange(group: file::Group) -> KeyExchangeAlgorithm {
    match group {
        file::Group::Modp2048 => KeyExchangeAlgorithm::Modp2048,
        file::Group::Modp3072 => KeyExchangeAlgorithm::Modp3072,
        file::Group::Modp4096 => KeyExchangeAlgorithm::Modp4096,
        file::Group::Ecp256 => KeyExchangeAlgorithm::Ecp256,
        file::Group::Ecp384 => KeyExchangeAlgorithm::Ecp384,
        file::Group::Ecp521 => KeyExchangeAlgorithm::Ecp521,
        file::Group::X25519 => KeyExchangeAlgorithm::X25519,
    }
}
