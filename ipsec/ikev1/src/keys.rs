//! The key schedule (RFC 2409 §5, §5.5, appendix B):
//!
//! ```text
//! SKEYID   = prf(pre-shared key, Ni_b | Nr_b)                    with a shared key
//! SKEYID   = prf(Ni_b | Nr_b, g^xy)                              with signatures
//! SKEYID   = prf(hash(Ni_b | Nr_b), CKY-I | CKY-R)               with encryption
//! SKEYID_d = prf(SKEYID, g^xy | CKY-I | CKY-R | 0)
//! SKEYID_a = prf(SKEYID, SKEYID_d | g^xy | CKY-I | CKY-R | 1)
//! SKEYID_e = prf(SKEYID, SKEYID_a | g^xy | CKY-I | CKY-R | 2)
//! KEYMAT   = K1 | K2 | …   K1 = prf(SKEYID_d, [g(qm)^xy |] protocol | SPI | Ni_b | Nr_b), K2 = prf(SKEYID_d, K1 | …)
//! ```

use ipsec_crypto::{HashAlgorithm, Prf, PrfAlgorithm, Provider, Secret};
use ipsec_wire::registry::v1::ProtocolId;
use ipsec_wire::{IkeSpi, Spi};

/// The secrets of an ISAKMP SA.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "SKEYID, SKEYID_d, SKEYID_a, SKEYID_e as the RFC names them")]
pub struct Keys {
    pub skeyid: Secret,
    pub d: Secret,
    pub a: Secret,
    pub e: Secret,
}

/// What both ends put into the key schedule besides secrets.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// The content of the initiator's nonce payload.
    pub nonce_i: &'a [u8],
    /// The content of the responder's nonce payload.
    pub nonce_r: &'a [u8],
    /// The initiator's cookie.
    pub cookie_i: IkeSpi,
    /// The responder's cookie.
    pub cookie_r: IkeSpi,
}

/// The PRF where no other is negotiated, and none can be: HMAC with the negotiated hash (RFC 2409 §4).
#[must_use]
pub fn prf_of(hash: HashAlgorithm) -> PrfAlgorithm {
    match hash {
        HashAlgorithm::Md5 => PrfAlgorithm::HmacMd5,
        HashAlgorithm::Sha1 => PrfAlgorithm::HmacSha1,
        HashAlgorithm::Sha2_256 => PrfAlgorithm::HmacSha2_256,
        HashAlgorithm::Sha2_384 => PrfAlgorithm::HmacSha2_384,
        HashAlgorithm::Sha2_512 => PrfAlgorithm::HmacSha2_512,
    }
}

/// SKEYID where a shared key authenticates.
#[must_use]
pub fn skeyid_psk(provider: &Provider, prf: PrfAlgorithm, psk: &Secret, shared: &Shared<'_>) -> Secret {
    (provider.prf)(prf, psk.as_bytes()).compute(&[shared.nonce_i, shared.nonce_r])
}

/// SKEYID where signatures authenticate.
#[must_use]
pub fn skeyid_signatures(
    provider: &Provider,
    prf: PrfAlgorithm,
    secret: &Secret,
    shared: &Shared<'_>,
) -> Secret {
    let key = [shared.nonce_i, shared.nonce_r].concat();
    (provider.prf)(prf, &key).compute(&[secret.as_bytes()])
}

/// SKEYID where encryption authenticates.
#[must_use]
pub fn skeyid_encryption(provider: &Provider, hash: HashAlgorithm, shared: &Shared<'_>) -> Secret {
    let key = hash.digest(&[shared.nonce_i, shared.nonce_r]);
    let cookies = [shared.cookie_i.0.to_be_bytes(), shared.cookie_r.0.to_be_bytes()].concat();
    (provider.prf)(prf_of(hash), &key).compute(&[&cookies])
}

/// The secrets of an ISAKMP SA with this SKEYID, whose Diffie-Hellman exchange gave `secret`.
#[must_use]
pub fn keys(
    provider: &Provider,
    prf: PrfAlgorithm,
    skeyid: Secret,
    secret: &Secret,
    shared: &Shared<'_>,
) -> Keys {
    let keyed = (provider.prf)(prf, skeyid.as_bytes());
    let (cookie_i, cookie_r) = (shared.cookie_i.0.to_be_bytes(), shared.cookie_r.0.to_be_bytes());
    let next = |before: &[u8], number: u8| {
        keyed.compute(&[before, secret.as_bytes(), &cookie_i, &cookie_r, &[number]])
    };
    let d = next(&[], 0);
    let a = next(d.as_bytes(), 1);
    let e = next(a.as_bytes(), 2);
    Keys { skeyid, d, a, e }
}

/// The first `length` octets of SKEYID_e, stretched where it is too short: Ka = K1 | K2 | …, K1 = prf(SKEYID_e, 0),
/// K2 = prf(SKEYID_e, K1) (RFC 2409 appendix B).
#[must_use]
pub fn encryption_key(provider: &Provider, prf: PrfAlgorithm, skeyid_e: &Secret, length: usize) -> Secret {
    if skeyid_e.len() >= length {
        return Secret::from(&skeyid_e.as_bytes()[..length]);
    }
    let keyed = (provider.prf)(prf, skeyid_e.as_bytes());
    let first = keyed.compute(&[&[0]]);
    chained(&keyed, first, &[], length)
}

/// What the key material of one IPsec SA is made of.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// The secret of quick mode's own key exchange, where it has one.
    pub secret: Option<&'a Secret>,
    /// AH or ESP.
    pub protocol: ProtocolId,
    /// The SPI, which the receiver chose: each direction has keys of its own.
    pub spi: Spi,
    /// The contents of both nonce payloads of quick mode, the initiator's first.
    pub nonces: (&'a [u8], &'a [u8]),
}

/// `length` octets of key material for an IPsec SA (RFC 2409 §5.5).
#[must_use]
pub fn keymat(
    provider: &Provider,
    prf: PrfAlgorithm,
    skeyid_d: &Secret,
    material: &Material<'_>,
    length: usize,
) -> Secret {
    let keyed = (provider.prf)(prf, skeyid_d.as_bytes());
    let secret = material.secret.map_or(&[][..], Secret::as_bytes);
    let (protocol, spi) = ([material.protocol.0], material.spi.0.to_be_bytes());
    let seed = [secret, &protocol, &spi, material.nonces.0, material.nonces.1];
    let first = keyed.compute(&seed);
    chained(&keyed, first, &seed, length)
}

/// `first`, then the PRF over what came before and `seed`, and so on.
fn chained(keyed: &Prf, first: Secret, seed: &[&[u8]], length: usize) -> Secret {
    // The room is made at once: a vector that grows would leave copies of the keys behind.
    let mut material = Vec::with_capacity(length + first.len());
    let mut last = first;
    loop {
        material.extend_from_slice(last.as_bytes());
        if material.len() >= length {
            material.truncate(length);
            return Secret::from(material);
        }
        let parts: Vec<&[u8]> = std::iter::once(last.as_bytes()).chain(seed.iter().copied()).collect();
        last = keyed.compute(&parts);
    }
}

#[cfg(test)]
mod tests;
