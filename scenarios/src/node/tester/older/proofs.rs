//! Signatures over HASH_I that are none, and certificates that prove nothing (RFC 2409 §5.1, RFC 4945). Version 1 signs the hash
//! itself: no DigestInfo tells which one it is.
//!
//! ```text
//! 0 1 ff … ff 0 | HASH_I                  RSA
//! r | s                                   DSA
//! ```

use ipsec::auth::Credential;
use ipsec::crypto::{FixedEntropy, KeyType, SignatureAlgorithm, Signer};
use ipsec::wire::registry::v1::CertEncoding;
use ipsec::wire::v1::{Certificate, Payload};

use super::super::Luck;
use super::super::attack::Attack;
use super::super::forged::der::{OID, SEQUENCE, bits, element, number};
use super::super::forged::numbers::modulus;
use super::super::forged::parts::{Parts, validity};
use super::ground::Ground;
use super::{Case, Messages, Place};

const fn signed(name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack: Attack::Signatures, place: Place::Proof, name, make }
}

const fn certified(name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack: Attack::Certificates, place: Place::Proof, name, make }
}

pub(super) const CASES: &[Case] = &[
    signed("no signature", |g, _| shown(g, &own_chain(g), None)),
    signed("a signature of no octets", |g, _| valued(g, Vec::new())),
    signed("a hash in the place of a signature", |g, _| {
        vec![g.proof(&g.proven_by(vec![Payload::Hash(g.hash())]))]
    }),
    signed("the hash as its own signature", |g, _| valued(g, g.hash())),
    signed("a signature of a hash that is cut off", |g, luck| {
        let kept = luck.pick(&[0, 1, 4, 12, 16, 19]);
        valued(g, sign(g, &g.hash()[..kept]))
    }),
    signed("a signature of a hash with octets behind it", |g, luck| {
        let more = luck.pick(&[1, 12, 100]);
        valued(g, sign(g, &[g.hash(), luck.octets(more)].concat()))
    }),
    signed("a signature of the hash of another identity", |g, luck| {
        let other = luck.octets(8);
        valued(g, sign(g, &g.hash_of(&other)))
    }),
    signed("a signature of a DigestInfo", |g, _| {
        let sha_1 = element(SEQUENCE, &[&element(OID, &[&[0x2b, 0x0e, 3, 2, 0x1a]]), NULL]);
        valued(g, sign(g, &element(SEQUENCE, &[&sha_1, &element(4, &[&g.hash()])])))
    }),
    signed("a signature with a bit that flips", |g, luck| {
        let mut value = honest(g);
        let bit = luck.below(value.len() * 8);
        value.get_mut(bit / 8).into_iter().for_each(|octet| *octet ^= 1 << (bit % 8));
        valued(g, value)
    }),
    signed("a signature that is too short or too long", |g, luck| {
        let value = honest(g);
        let long = [value.as_slice(), &luck.octets(1)].concat();
        let short = value[..value.len().saturating_sub(1)].to_vec();
        let padded = [&[0], value.as_slice()].concat();
        valued(g, luck.pick(&[long, short, padded]))
    }),
    signed("the modulus, nothing or one as a signature", |g, luck| {
        let modulus = own(g).map(|own| modulus(&own.signer.verifier().to_spki())).unwrap_or_default();
        let length = honest(g).len();
        let mut one = vec![0; length];
        one.last_mut().into_iter().for_each(|last| *last = 1);
        let numbers = [vec![0; length], one, vec![0xff; length], modulus];
        valued(g, luck.pick(&numbers))
    }),
    signed("half of the signature is zeros", |g, luck| {
        // The r or the s of DSA.
        let mut value = honest(g);
        let half = value.len() / 2;
        if luck.below(2) == 0 {
            value[..half].fill(0);
        } else {
            value[half..].fill(0);
        }
        valued(g, value)
    }),
    signed("a signature by another key", |g, luck| {
        let key_type = own(g).map_or(KeyType::Rsa, |own| own.signer.key_type());
        // What is drawn costs less than an RSA key: any other value of this length does as well.
        let value = match key_type {
            KeyType::Rsa => luck.octets(honest(g).len()),
            other => signature(&Signer::generate(other, luck), &g.hash()),
        };
        valued(g, value)
    }),
    signed("two signatures", |g, _| {
        let signature = Payload::Sig(honest(g));
        let certificates = payloads(&own_chain(g));
        vec![g.proof(&g.proven_by([certificates, vec![signature.clone(), signature]].concat()))]
    }),
    certified("no certificate", |g, _| shown(g, &[], Some(honest(g)))),
    certified("a certificate of no octets", |g, _| shown(g, &[Vec::new()], Some(honest(g)))),
    certified("a certificate that is none", |g, luck| {
        let none = luck.pick(&[
            vec![0x30, 0x80],
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            vec![5, 0],
            vec![7; 900],
        ]);
        shown(g, &[none], Some(honest(g)))
    }),
    certified("a certificate of another encoding", |g, luck| {
        let encoding = CertEncoding(luck.pick(&[0, 1, 2, 3, 5, 6, 9, 10, 255]));
        let data = own_chain(g).into_iter().next().unwrap_or_default();
        let certificate = Payload::Cert(Certificate { encoding, data });
        vec![g.proof(&g.proven_by(vec![certificate, Payload::Sig(honest(g))]))]
    }),
    certified("five thousand certificates", |g, _| shown(g, &vec![vec![0x30, 0]; 5000], Some(honest(g)))),
    certified("an expired certificate", |g, _| {
        issued(g, |parts| parts.validity = validity("240101000000Z", "251231235959Z"))
    }),
    certified("a certificate that is not yet valid", |g, _| {
        issued(g, |parts| parts.validity = validity("290101000000Z", "300101000000Z"))
    }),
    certified("a certificate of somebody else", |g, _| {
        issued(g, |parts| {
            let names = element(SEQUENCE, &[&element(0x82, &[b"north.example"])]);
            parts.set((&[0x55, 0x1d, 17], &names));
        })
    }),
    certified("a certificate that its own key has issued", |g, luck| {
        let key = Signer::generate(KeyType::Ed25519, luck);
        let mut parts = own_parts(g);
        parts = parts.below(&parts.subject.clone(), SignatureAlgorithm::Ed25519);
        shown(g, &[parts.issue(&key)], Some(honest(g)))
    }),
    certified("a certificate of another authority of the same name", |g, luck| {
        let key = Signer::generate(KeyType::Ed25519, luck);
        let parts = own_parts(g).below(&own_parts(g).issuer, SignatureAlgorithm::Ed25519);
        shown(g, &[parts.issue(&key)], Some(honest(g)))
    }),
    certified("a key of RSA with the exponent 0", |g, _| keyed(g, &[0xc5; 256], &[0])),
    certified("a key of RSA with the exponent 1", |g, _| keyed(g, &[0xc5; 256], &[1])),
    certified("a key of RSA with the exponent 2", |g, _| keyed(g, &[0xc5; 256], &[2])),
    certified("a key of RSA with the modulus 0", |g, _| keyed(g, &[0], &[3])),
    certified("a key of RSA with the modulus 1", |g, _| keyed(g, &[1], &[3])),
    certified("a key of RSA with an even modulus", |g, _| {
        keyed(g, &[&[0xc5; 255][..], &[0xfe]].concat(), &[3])
    }),
    certified("a key of RSA of 512 bits", |g, _| keyed(g, &[0xc5; 64], &[3])),
    certified("a key of RSA of 32768 bits", |g, _| keyed(g, &[0xc5; 4096], &[1, 0, 1])),
    certified("a key of an algorithm that nobody knows", |g, luck| {
        let algorithm = element(SEQUENCE, &[&element(OID, &[&[0x2a, 3, 4]])]);
        let spki = element(SEQUENCE, &[&algorithm, &bits(&luck.octets(32))]);
        issued(g, |parts| parts.spki = spki)
    }),
    certified("no key", |g, _| issued(g, |parts| parts.spki = element(SEQUENCE, &[]))),
];

const NULL: &[u8] = &[5, 0];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

fn own<'a>(g: &Ground<'a>) -> Option<&'a Credential> {
    g.orders.credential()
}

fn signature(signer: &Signer, octets: &[u8]) -> Vec<u8> {
    let algorithm = match signer.key_type() {
        KeyType::Dsa => SignatureAlgorithm::DsaIkev1,
        KeyType::Rsa => SignatureAlgorithm::RsaIkev1,
        _ => SignatureAlgorithm::EcdsaIkev1,
    };
    signer.sign(algorithm, &[octets], &mut FixedEntropy::new([])).unwrap_or_default()
}

/// The tester's own signature of something.
fn sign(g: &Ground<'_>, octets: &[u8]) -> Vec<u8> {
    own(g).map(|own| signature(&own.signer, octets)).unwrap_or_default()
}

/// The honest signature.
fn honest(g: &Ground<'_>) -> Vec<u8> {
    sign(g, &g.hash())
}

fn own_chain(g: &Ground<'_>) -> Vec<Vec<u8>> {
    let chain = own(g).map(|own| own.chain.as_slice()).unwrap_or_default();
    chain.iter().map(|certificate| certificate.der().to_vec()).collect()
}

fn own_parts(g: &Ground<'_>) -> Parts {
    Parts::of(&own_chain(g).into_iter().next().unwrap_or_default())
}

fn payloads(certificates: &[Vec<u8>]) -> Vec<Payload> {
    let payload = |der: &Vec<u8>| {
        Payload::Cert(Certificate { encoding: CertEncoding::X509_SIGNATURE, data: der.clone() })
    };
    certificates.iter().map(payload).collect()
}

/// These certificates, and this signature.
fn shown(g: &Ground<'_>, certificates: &[Vec<u8>], signature: Option<Vec<u8>>) -> Messages {
    let proof = payloads(certificates).into_iter().chain(signature.map(Payload::Sig));
    vec![g.proof(&g.proven_by(proof.collect()))]
}

/// The honest certificates, and this signature.
fn valued(g: &Ground<'_>, signature: Vec<u8>) -> Messages {
    shown(g, &own_chain(g), Some(signature))
}

/// What the honest authority makes of the honest certificate with a change.
fn issue(g: &Ground<'_>, change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = own_parts(g);
    change(&mut parts);
    g.orders.authority.as_deref().map(|authority| parts.issue(authority.signer())).unwrap_or_default()
}

fn issued(g: &Ground<'_>, change: impl FnOnce(&mut Parts)) -> Messages {
    shown(g, &[issue(g, change)], Some(honest(g)))
}

/// A key of RSA; what it signs with is the padded hash itself, which with the exponent 1 is its own signature.
fn keyed(g: &Ground<'_>, modulus: &[u8], exponent: &[u8]) -> Messages {
    let key = element(SEQUENCE, &[&number(modulus), &number(exponent)]);
    let spki = element(SEQUENCE, &[&element(SEQUENCE, &[&element(OID, &[RSA]), NULL]), &bits(&key)]);
    let hash = g.hash();
    let padding = vec![0xff; modulus.len().saturating_sub(hash.len() + 3)];
    let value = [&[0, 1], &padding[..], &[0], &hash].concat();
    shown(g, &[issue(g, |parts| parts.spki = spki)], Some(value))
}
