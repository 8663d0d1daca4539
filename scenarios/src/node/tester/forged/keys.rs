//! Certificates of keys that are none, each from the honest authority; AUTH is what such a key would have signed, where there
//! is such a thing.

use ipsec::crypto::{HashAlgorithm, KeyType, SignatureAlgorithm, Signer};
use ipsec::wire::registry::CertEncoding;
use ipsec::wire::v2::Payload;

use super::certificate::{issue, own, payload};
use super::der::{OCTET_STRING, OID, SEQUENCE, bits, element, number};
use super::{Case, Ground};

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const NULL: &[u8] = &[5, 0];

pub(super) const CASES: &[Case] = &[
    Case::new("a key of RSA with the exponent 0", |g, _| rsa(g, &odd(256), &[0])),
    Case::new("a key of RSA with the exponent 1", |g, _| rsa(g, &odd(256), &[1])),
    Case::new("a key of RSA with the exponent 2", |g, _| rsa(g, &odd(256), &[2])),
    Case::new("a key of RSA with an exponent as long as its modulus", |g, _| rsa(g, &odd(256), &odd(256))),
    Case::new("a key of RSA with the modulus 0", |g, _| rsa(g, &[0], &[3])),
    Case::new("a key of RSA with the modulus 1", |g, _| rsa(g, &[1], &[3])),
    Case::new("a key of RSA with an even modulus", |g, _| {
        let mut modulus = odd(256);
        modulus[255] = 0xfe;
        rsa(g, &modulus, &[3])
    }),
    Case::new("a key of RSA of 512 bits", |g, _| rsa(g, &odd(64), &[3])),
    Case::new("a key of RSA of 32768 bits", |g, _| rsa(g, &odd(4096), &[1, 0, 1])),
    Case::new("a key of RSA with negative numbers", |g, _| {
        let negative = element(2, &[&[0x80], &odd(255)]);
        let key = element(SEQUENCE, &[&negative, &number(&[3])]);
        shown(g, &spki(&[&element(OID, &[RSA]), NULL], &key), SignatureAlgorithm::RsaSha2_256, &odd(256))
    }),
    Case::new("a key of RSA that is no sequence", |g, luck| {
        let key = luck.pick(&[Vec::new(), NULL.to_vec(), element(OCTET_STRING, &[&[7; 256]])]);
        shown(g, &spki(&[&element(OID, &[RSA]), NULL], &key), SignatureAlgorithm::RsaSha2_256, &odd(256))
    }),
    Case::new("the point at infinity", |g, _| point(g, &[0])),
    Case::new("a point beside the curve", |g, _| point(g, &[&[4][..], &[7; 64]].concat())),
    Case::new("the point 0, 0", |g, _| point(g, &[&[4][..], &[0; 64]].concat())),
    Case::new("a point of too many octets, or too few", |g, luck| {
        let length = luck.pick(&[0, 1, 32, 63, 65, 66, 2000]);
        point(g, &[&[4][..], &luck.octets(length)[..]].concat())
    }),
    Case::new("a curve that nobody knows", |g, luck| {
        let curve = luck.pick(&[
            element(OID, &[&[0x2b, 0x81, 4, 0, 10]]),
            element(SEQUENCE, &[&number(&[1])]),
            NULL.to_vec(),
            Vec::new(),
        ]);
        let key = [&[4][..], &[7; 64]].concat();
        shown(g, &spki(&[&element(OID, &[EC]), &curve], &key), SignatureAlgorithm::EcdsaSha2_256, &[0; 70])
    }),
    Case::new("a key of Ed25519 of small order", |g, luck| {
        let key = luck.pick(&[
            [&[0; 32][..]].concat(),
            [&[1][..], &[0; 31]].concat(),
            [&[0xec][..], &[0xff; 30], &[0x7f]].concat(),
        ]);
        edwards(g, &key)
    }),
    Case::new("a key of Ed25519 that is no point", |g, luck| {
        let key = luck.pick(&[vec![0xff; 32], Vec::new(), vec![9; 31], vec![9; 33]]);
        edwards(g, &key)
    }),
    Case::new("a key of an algorithm that nobody knows", |g, luck| {
        let oid = luck.pick(&[vec![0x2b, 0x65, 0x6e], vec![0x2a, 3, 4], vec![0x80; 40]]);
        shown(g, &spki(&[&element(OID, &[&oid])], &[7; 32]), SignatureAlgorithm::Ed25519, &[0; 64])
    }),
    Case::new("a key without an algorithm", |g, _| {
        shown(g, &spki(&[], &[7; 32]), SignatureAlgorithm::Ed25519, &[0; 64])
    }),
    Case::new("no key", |g, _| shown(g, &element(SEQUENCE, &[]), SignatureAlgorithm::Ed25519, &[0; 64])),
    Case::new("somebody else's key", |g, luck| {
        let key = Signer::generate(KeyType::Ed25519, luck).verifier().to_spki();
        shown(g, &key, g.algorithm(), &g.signature())
    }),
];

/// An odd number of so many octets, whose top bit is set.
fn odd(octets: usize) -> Vec<u8> {
    vec![0xc5; octets]
}

fn spki(algorithm: &[&[u8]], key: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(SEQUENCE, algorithm), &bits(key)])
}

/// A certificate of this key, and this value for a signature with it.
fn shown(g: &Ground<'_>, spki: &[u8], algorithm: SignatureAlgorithm, value: &[u8]) -> Vec<Payload> {
    let mut parts = own(g);
    parts.spki = spki.to_vec();
    let certificate = payload(CertEncoding::X509_SIGNATURE, issue(g, &parts));
    let auth = g.named(algorithm.identifier().unwrap_or_default(), value).pop();
    std::iter::once(certificate).chain(auth).collect()
}

/// A key of RSA; what it signs with is the padded hash itself, which with the exponent 1 is its own signature.
fn rsa(g: &Ground<'_>, modulus: &[u8], exponent: &[u8]) -> Vec<Payload> {
    let key = element(SEQUENCE, &[&number(modulus), &number(exponent)]);
    let spki = spki(&[&element(OID, &[RSA]), NULL], &key);
    let sha_256 = element(OID, &[&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]]);
    let hash = HashAlgorithm::Sha2_256.digest(&[&g.octets()]);
    let info = element(SEQUENCE, &[&element(SEQUENCE, &[&sha_256, NULL]), &element(OCTET_STRING, &[&hash])]);
    let padding = vec![0xff; modulus.len().saturating_sub(info.len() + 3)];
    shown(g, &spki, SignatureAlgorithm::RsaSha2_256, &[&[0, 1], &padding[..], &[0], &info].concat())
}

fn point(g: &Ground<'_>, key: &[u8]) -> Vec<Payload> {
    let spki = spki(&[&element(OID, &[EC]), &element(OID, &[P256])], key);
    let one = number(&[1]);
    shown(g, &spki, SignatureAlgorithm::EcdsaSha2_256, &element(SEQUENCE, &[&one, &one]))
}

/// A key of Ed25519, with the signature that verifies under any key of small order.
fn edwards(g: &Ground<'_>, key: &[u8]) -> Vec<Payload> {
    let spki = spki(&[&element(OID, &[ED25519])], key);
    let mut value = vec![0; 64];
    value[0] = 1;
    shown(g, &spki, SignatureAlgorithm::Ed25519, &value)
}
