//! Algorithms by their IKEv2 transform IDs, straight from the crates that implement them: nothing here goes through
//! `ipsec-crypto`, so that a mistake there shows.

use std::convert::Infallible;

use aes_gcm::aead::{AeadInOut, KeyInit as _, array::Array};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::NoPadding};
use chacha20poly1305::ChaCha20Poly1305;
use hmac::{Hmac, Mac as _};
use ml_kem::kem::{
    Decapsulate, Decapsulator as _, Encapsulate, FromSeed, Kem, KeyExport, Seed, TryKeyInit as _,
};
use ml_kem::{MlKem512, MlKem768, MlKem1024};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Sha256, Sha384, Sha512};
use x25519_dalek::{PublicKey, StaticSecret};

use super::format::Suite;

/// HMAC with the SHA-2 function of this PRF, of all parts one after the other.
pub(super) fn prf(id: u16, key: &[u8], parts: &[&[u8]]) -> Result<Vec<u8>, String> {
    macro_rules! hmac {
        ($hash:ty) => {{
            let mut mac = Hmac::<$hash>::new_from_slice(key).map_err(|error| error.to_string())?;
            parts.iter().for_each(|part| mac.update(part));
            Ok(mac.finalize().into_bytes().to_vec())
        }};
    }
    match id {
        5 => hmac!(Sha256),
        6 => hmac!(Sha384),
        7 => hmac!(Sha512),
        other => Err(format!("PRF {other} is not among those of the file")),
    }
}

/// RFC 7296 §2.13: `T1 | T2 | …`, where `Tn = prf(K, Tn-1 | S | n)`.
pub(super) fn prf_plus(id: u16, key: &[u8], seed: &[u8], length: usize) -> Result<Vec<u8>, String> {
    let (mut stream, mut last) = (Vec::new(), Vec::new());
    for number in 1..=u8::MAX {
        if stream.len() >= length {
            break;
        }
        last = prf(id, key, &[&last, seed, &[number]])?;
        stream.extend_from_slice(&last);
    }
    stream.truncate(length);
    Ok(stream)
}

/// The lengths of the encryption key with its salt, and of the integrity key.
pub(super) fn key_lengths(suite: &Suite) -> Result<(usize, usize), String> {
    let salt = match suite.encr {
        12 => 0,
        20 | 28 => 4,
        other => return Err(format!("cipher {other} is not among those of the file")),
    };
    let integrity = match suite.integ {
        None => 0,
        Some(12) => 32,
        Some(13) => 48,
        Some(14) => 64,
        Some(other) => return Err(format!("integrity algorithm {other} is not among those of the file")),
    };
    Ok((suite.key_length / 8 + salt, integrity))
}

/// What stands in an SK or SKF payload behind its header, decrypted, with its padding; `before` is all of the message that
/// stands before it.
pub(super) fn open(
    suite: &Suite,
    keys: (&[u8], &[u8]),
    before: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, String> {
    let forged = || "the integrity check value is wrong".to_owned();
    let short = || "an encrypted payload that is too short".to_owned();
    if suite.encr == 12 {
        let (hash, icv) = suite
            .integ
            .and_then(|id| Some((id.checked_sub(7)?, 8 * usize::from(id - 10))))
            .ok_or_else(forged)?;
        let (text, found) = sealed.split_at_checked(sealed.len().saturating_sub(icv)).ok_or_else(short)?;
        if prf(hash, keys.1, &[before, text])?.get(..icv) != Some(found) {
            return Err(forged());
        }
        let (iv, text) = text.split_first_chunk::<16>().ok_or_else(short)?;
        let cipher =
            cbc::Decryptor::<aes::Aes256>::new_from_slices(keys.0, iv).map_err(|error| error.to_string())?;
        return cipher.decrypt_padded_vec::<NoPadding>(text).map_err(|error| error.to_string());
    }
    let (key, salt) = keys.0.split_last_chunk::<4>().ok_or_else(short)?;
    let (iv, rest) = sealed.split_first_chunk::<8>().ok_or_else(short)?;
    let (text, icv) = rest.split_last_chunk::<16>().ok_or_else(short)?;
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(salt);
    nonce[4..].copy_from_slice(iv);
    let mut text = text.to_vec();
    macro_rules! decrypt {
        ($cipher:ty) => {{
            let cipher = <$cipher>::new_from_slice(key).map_err(|error| error.to_string())?;
            let buffer = text.as_mut_slice().into();
            cipher.decrypt_inout_detached(&Array(nonce), before, buffer, &Array(*icv))
        }};
    }
    let done = match (suite.encr, key.len()) {
        (20, 16) => decrypt!(Aes128Gcm),
        (20, 32) => decrypt!(Aes256Gcm),
        (28, 32) => decrypt!(ChaCha20Poly1305),
        other => return Err(format!("cipher and key length {other:?} are not among those of the file")),
    };
    done.map_err(|_| forged())?;
    Ok(text)
}

/// A key exchange: what each end sends, and what they share.
pub(super) struct Agreement {
    pub(super) public: [Vec<u8>; 2],
    pub(super) shared: Vec<u8>,
}

/// Both halves of the key exchange with this transform ID.
pub(super) fn agree(id: u16, initiator: &[u8], responder: &[u8]) -> Result<Agreement, String> {
    match id {
        19 => ecp256(initiator, responder),
        20 => ecp384(initiator, responder),
        31 => x25519(initiator, responder),
        35 => ml_kem::<MlKem512>(initiator, responder),
        36 => ml_kem::<MlKem768>(initiator, responder),
        37 => ml_kem::<MlKem1024>(initiator, responder),
        other => Err(format!("key exchange {other} is not among those of the file")),
    }
}

fn of_both(public: [Vec<u8>; 2], shared: [Vec<u8>; 2]) -> Result<Agreement, String> {
    let [shared, other] = shared;
    match shared == other {
        true => Ok(Agreement { public, shared }),
        false => Err("the ends of a key exchange do not agree".to_owned()),
    }
}

fn x25519(initiator: &[u8], responder: &[u8]) -> Result<Agreement, String> {
    let scalar = |octets: &[u8]| {
        let octets: [u8; 32] =
            octets.try_into().map_err(|_| "a scalar of X25519 has 32 octets".to_owned())?;
        Ok::<_, String>(StaticSecret::from(octets))
    };
    let (a, b) = (scalar(initiator)?, scalar(responder)?);
    let (public_a, public_b) = (PublicKey::from(&a), PublicKey::from(&b));
    let shared = [a.diffie_hellman(&public_b), b.diffie_hellman(&public_a)];
    of_both(
        [public_a, public_b].map(|public| public.to_bytes().to_vec()),
        shared.map(|s| s.to_bytes().to_vec()),
    )
}

macro_rules! ecp {
    ($name:ident, $curve:ident) => {
        fn $name(initiator: &[u8], responder: &[u8]) -> Result<Agreement, String> {
            let scalar =
                |octets: &[u8]| $curve::SecretKey::from_slice(octets).map_err(|error| error.to_string());
            let (a, b) = (scalar(initiator)?, scalar(responder)?);
            // A point is written as 4 | x | y there, and as x | y in IKE (RFC 5903 §7).
            let public =
                |key: &$curve::SecretKey| key.public_key().to_sec1_point(false).as_bytes()[1..].to_vec();
            let shared = [(&a, &b), (&b, &a)].map(|(own, other)| {
                let secret =
                    $curve::ecdh::diffie_hellman(own.to_nonzero_scalar(), other.public_key().as_affine());
                secret.raw_secret_bytes().to_vec()
            });
            of_both([public(&a), public(&b)], shared)
        }
    };
}

ecp!(ecp256, p256);
ecp!(ecp384, p384);

/// The initiator's value is d | z, the responder's m (FIPS 203 §7.1, §7.2).
fn ml_kem<K>(seed: &[u8], m: &[u8]) -> Result<Agreement, String>
where
    K: Kem + FromSeed,
    K::DecapsulationKey: Decapsulate<Kem = K>,
{
    let seed = Seed::<K>::try_from(seed).map_err(|_| "d | z has 64 octets".to_owned())?;
    let (private, _) = K::from_seed(&seed);
    let public = private.encapsulation_key().to_bytes().to_vec();
    let key = K::EncapsulationKey::new_from_slice(&public).map_err(|_| "no encapsulation key".to_owned())?;
    let m: [u8; 32] = m.try_into().map_err(|_| "m has 32 octets".to_owned())?;
    let (ciphertext, shared) = key.encapsulate_with_rng(&mut Once(m));
    let again = private.decapsulate_slice(&ciphertext).map_err(|_| "no ciphertext".to_owned())?;
    of_both([public, ciphertext.to_vec()], [shared.to_vec(), again.to_vec()])
}

/// Where encapsulation draws m from.
struct Once([u8; 32]);

impl TryRng for Once {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        Ok(())
    }
}

impl TryCryptoRng for Once {}
