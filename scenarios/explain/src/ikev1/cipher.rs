//! Opening of messages in version 1 (RFC 2409 appendix B). Wireshark's table has the key that encrypts; the rest is in the
//! messages: the cipher and the hash in the proposal that was taken, and the first IV in both public values.
//!
//! ```text
//! phase 1     IV = hash(g^xi | g^xr), then the last block of the message before
//! phase 2     IV = hash(last block of phase 1 | message ID), then the last block of the message before
//! ```

use ipsec_crypto::{Cipher, CipherAlgorithm, HashAlgorithm, Provider};
use ipsec_wire::Malformed;
use ipsec_wire::registry::v1::{AuthMethod, Encryption, Hash};
use ipsec_wire::v1::{Header, Phase1, SecurityAssociation, content};

use crate::seen::Recent;

/// Opens the messages of an ISAKMP SA, in their order.
pub(super) struct Opener {
    cipher: Cipher,
    hash: HashAlgorithm,
    /// The IV of the next message of phase 1; not known where public values are hidden, until one went by.
    phase1: Option<Vec<u8>>,
    /// Those of exchanges of phase 2, by their message IDs.
    phase2: Recent<u32, Vec<u8>>,
}

impl Opener {
    /// None where the proposal says not enough, or names what is not known here, or the key does not fit.
    pub(super) fn new(key: &[u8], taken: &SecurityAssociation, publics: &[Vec<u8>; 2]) -> Option<Self> {
        let transform = taken.proposals.first()?.transforms.first()?;
        let said = Phase1::read(&transform.attributes).ok()?;
        let algorithm = match said.encryption? {
            Encryption::DES_CBC => CipherAlgorithm::DesCbc,
            Encryption::TRIPLE_DES_CBC => CipherAlgorithm::TripleDesCbc,
            Encryption::AES_CBC => CipherAlgorithm::AesCbc,
            Encryption::CAMELLIA_CBC => CipherAlgorithm::CamelliaCbc,
            _ => return None,
        };
        let hash = hash_of(said.hash?)?;
        let cipher = (Provider::best().cipher)(algorithm, key).ok()?;
        let is_hidden = said.auth.is_some_and(|method| HIDING.contains(&method));
        let phase1 = (!is_hidden).then(|| {
            let mut iv = hash.digest(&[&publics[0], &publics[1]]);
            iv.truncate(algorithm.block_len());
            iv
        });
        Some(Self { cipher, hash, phase1, phase2: Recent::new(MOST) })
    }

    /// The octets behind the header in the clear; nothing where the IV is not known.
    ///
    /// # Errors
    /// Where they are no whole blocks.
    pub(super) fn open(&mut self, header: &Header, octets: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        let block = self.cipher.algorithm().block_len();
        let place = content(octets, block)?;
        let Some(phase1) = &self.phase1 else { return Ok(None) };
        let iv = match header.message_id {
            0 => phase1.clone(),
            id => self.phase2.get(&id).cloned().unwrap_or_else(|| {
                let mut iv = self.hash.digest(&[phase1, &id.to_be_bytes()]);
                iv.truncate(block);
                iv
            }),
        };
        let mut text = octets[place].to_vec();
        // The place is made of whole blocks, and the IV is one.
        let _ = self.cipher.decrypt(&iv, &mut text);
        Ok(Some(text))
    }

    /// Takes note of a message that was opened and made sense, or is the first of those whose IV is not known: the next one's IV
    /// is its last block.
    pub(super) fn went_by(&mut self, header: &Header, octets: &[u8]) {
        let last = octets[octets.len() - self.cipher.algorithm().block_len()..].to_vec();
        match header.message_id {
            0 => self.phase1 = Some(last),
            id => {
                self.phase2.remove(&id);
                self.phase2.add(id, last);
            }
        }
    }
}

/// The hash that a proposal names.
pub(super) fn hash_of(hash: Hash) -> Option<HashAlgorithm> {
    Some(match hash {
        Hash::MD5 => HashAlgorithm::Md5,
        Hash::SHA => HashAlgorithm::Sha1,
        Hash::SHA2_256 => HashAlgorithm::Sha2_256,
        Hash::SHA2_384 => HashAlgorithm::Sha2_384,
        Hash::SHA2_512 => HashAlgorithm::Sha2_512,
        _ => return None,
    })
}

/// Methods that hide the public values, without which the first IV is not known (RFC 2409 §5.3).
const HIDING: [AuthMethod; 3] = [
    AuthMethod::RSA_REVISED_ENCRYPTION,
    AuthMethod::XAUTH_INIT_RSA_REVISED_ENCRYPTION,
    AuthMethod::XAUTH_RESP_RSA_REVISED_ENCRYPTION,
];

/// So many exchanges of phase 2 are followed at a time.
const MOST: usize = 32;
