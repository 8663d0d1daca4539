//! What is wrong with the paddings of RSA (RFC 8017 §8.1, §8.2, §9.2), with the parameters of PSS (RFC 4055 §3.1), or with
//! the number itself.
//!
//! ```text
//! 0 1 ff … ff 0 | SEQUENCE { SEQUENCE { hash function, NULL }, OCTET STRING hash }
//! ```

use ipsec::crypto::{HashAlgorithm, SignatureAlgorithm};
use ipsec::wire::registry::AuthMethod;
use ipsec::wire::v2::Payload;

use super::der::{INTEGER, OCTET_STRING, OID, SEQUENCE, element};
use super::numbers::{modulus, sum};
use super::{Case, Ground, Luck};

const NULL: [u8; 2] = [5, 0];
const SHA_1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
const SHA_256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHA_512: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
const MD5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5];
const PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];

pub(super) const CASES: &[Case] = &[
    Case::new("a DigestInfo without NULL", |g, _| {
        block(g, &digest_info(&identifier(SHA_256, &[]), &hash(g)))
    }),
    Case::new("a DigestInfo with something else than NULL", |g, luck| {
        let length = luck.pick(&[0, 1, 20, 150]);
        let parameters = element(OCTET_STRING, &[&luck.octets(length)]);
        block(g, &digest_info(&identifier(SHA_256, &parameters), &hash(g)))
    }),
    Case::new("a DigestInfo of another hash function", |g, luck| {
        let function = luck.pick(&[SHA_1, SHA_512, MD5]);
        block(g, &digest_info(&identifier(function, &NULL), &hash(g)))
    }),
    Case::new("a hash of another function under the right name", |g, luck| {
        let function = luck.pick(&[HashAlgorithm::Sha1, HashAlgorithm::Sha2_384, HashAlgorithm::Sha2_512]);
        block(g, &digest_info(&identifier(SHA_256, &NULL), &function.digest(&[&g.octets()])))
    }),
    Case::new("a hash shorter than its function's", |g, luck| {
        let kept = luck.pick(&[0, 1, 4, 16, 20, 31]);
        block(g, &digest_info(&identifier(SHA_256, &NULL), &hash(g)[..kept]))
    }),
    Case::new("a hash with octets behind it", |g, luck| {
        block(g, &digest_info(&identifier(SHA_256, &NULL), &[hash(g), luck.octets(16)].concat()))
    }),
    Case::new("little padding, and octets behind the DigestInfo", |g, _| block(g, &full(g, &honest(g)))),
    Case::new("octets at the end of the DigestInfo", |g, _| {
        let inside = [identifier(SHA_256, &NULL), element(OCTET_STRING, &[&hash(g)]), NULL.to_vec()];
        block(g, &element(SEQUENCE, &[&inside.concat()]))
    }),
    Case::new("a hash without a DigestInfo", |g, _| block(g, &hash(g))),
    Case::new("nothing behind the padding", |g, _| block(g, &[])),
    Case::new("a DigestInfo whose length takes two octets", |g, _| {
        let honest = honest(g);
        block(g, &[&[SEQUENCE, 0x81], &honest[1..]].concat())
    }),
    Case::new("a DigestInfo whose length is that of the block", |g, _| {
        let mut block_of = full(g, &honest(g));
        block_of[1] = 0x7f;
        block(g, &block_of)
    }),
    Case::new("the padding of PSS under the name of PKCS #1", |g, luck| g.valued(&pss(g, luck))),
    Case::new("the padding of PKCS #1 under the name of PSS", |g, _| {
        let algorithm = SignatureAlgorithm::RsaPssSha2_256;
        g.named(algorithm.identifier().unwrap_or_default(), &g.signature())
    }),
    Case::new("PSS without parameters", |g, luck| g.named(&identifier(PSS, &[]), &pss(g, luck))),
    Case::new("PSS with NULL as parameters", |g, luck| g.named(&identifier(PSS, &NULL), &pss(g, luck))),
    Case::new("PSS without a mask function", |g, luck| {
        let parameters = element(SEQUENCE, &[&element(0xa0, &[&identifier(SHA_256, &NULL)]), &salt(&[32])]);
        g.named(&identifier(PSS, &parameters), &pss(g, luck))
    }),
    Case::new("PSS whose mask function is without a hash function", |g, luck| {
        g.named(&pss_identifier(SHA_256, &[], &salt(&[32])), &pss(g, luck))
    }),
    Case::new("PSS with two hash functions", |g, luck| {
        let mask = identifier(luck.pick(&[SHA_1, SHA_512, MD5]), &NULL);
        g.named(&pss_identifier(SHA_256, &mask, &salt(&[32])), &pss(g, luck))
    }),
    Case::new("PSS with another length of the salt", |g, luck| {
        let length = luck.pick(&[vec![0], vec![20], vec![31], vec![33], vec![64], vec![0xff], vec![0x7f; 9]]);
        g.named(&pss_identifier(SHA_256, &identifier(SHA_256, &NULL), &salt(&length)), &pss(g, luck))
    }),
    Case::new("PSS with another trailer", |g, luck| {
        let rest = [salt(&[32]), element(0xa3, &[&element(INTEGER, &[&[2]])])].concat();
        g.named(&pss_identifier(SHA_256, &identifier(SHA_256, &NULL), &rest), &pss(g, luck))
    }),
    Case::new("the modulus", |g, _| g.valued(&own_modulus(g))),
    Case::new("the modulus less one", |g, _| {
        let mut value = own_modulus(g);
        // It is odd.
        value.last_mut().into_iter().for_each(|last| *last -= 1);
        g.valued(&value)
    }),
    Case::new("the honest signature and the modulus", |g, _| g.valued(&sum(&g.signature(), &own_modulus(g)))),
    Case::new("one", |g, _| {
        let mut value = vec![0; own_modulus(g).len()];
        value.last_mut().into_iter().for_each(|last| *last = 1);
        g.valued(&value)
    }),
    Case::without_lists("method 1 with MD5", |g, _| {
        let hash = HashAlgorithm::Md5.digest(&[&g.octets()]);
        older(g, &digest_info(&identifier(MD5, &NULL), &hash))
    }),
    Case::without_lists("method 1 with a hash shorter than its function's", |g, luck| {
        let kept = luck.pick(&[0, 1, 4, 16, 19]);
        let hash = HashAlgorithm::Sha1.digest(&[&g.octets()]);
        older(g, &digest_info(&identifier(SHA_1, &NULL), &hash[..kept]))
    }),
    Case::without_lists("method 1 with little padding, and octets behind the DigestInfo", |g, _| {
        let hash = HashAlgorithm::Sha1.digest(&[&g.octets()]);
        older(g, &full(g, &digest_info(&identifier(SHA_1, &NULL), &hash)))
    }),
    Case::without_lists("method 1 as IKEv1 signs", |g, _| {
        older(g, &HashAlgorithm::Sha1.digest(&[&g.octets()]))
    }),
    Case::without_lists("method 1 with the padding of PSS", |g, luck| {
        g.with(AuthMethod::RSA_SIGNATURE, pss(g, luck))
    }),
];

fn hash(g: &Ground<'_>) -> Vec<u8> {
    HashAlgorithm::Sha2_256.digest(&[&g.octets()])
}

/// The DigestInfo of an honest signature.
fn honest(g: &Ground<'_>) -> Vec<u8> {
    digest_info(&identifier(SHA_256, &NULL), &hash(g))
}

fn identifier(function: &[u8], parameters: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&element(OID, &[function]), parameters])
}

fn digest_info(identifier: &[u8], hash: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[identifier, &element(OCTET_STRING, &[hash])])
}

/// The content with so many octets behind it that the padding before it is as short as it may be.
fn full(g: &Ground<'_>, content: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    content.resize(own_modulus(g).len().saturating_sub(11).max(content.len()), 0x5a);
    content
}

/// Method 14 with this content behind the padding of PKCS #1.
fn block(g: &Ground<'_>, content: &[u8]) -> Vec<Payload> {
    g.valued(&g.sign(SignatureAlgorithm::RsaIkev1, content))
}

/// Method 1 with it.
fn older(g: &Ground<'_>, content: &[u8]) -> Vec<Payload> {
    g.with(AuthMethod::RSA_SIGNATURE, g.sign(SignatureAlgorithm::RsaIkev1, content))
}

/// An honest signature by PSS with SHA-256.
fn pss(g: &Ground<'_>, luck: &mut Luck) -> Vec<u8> {
    let own = g.credential().map(|own| &own.signer);
    let signed = own.map(|own| own.sign(SignatureAlgorithm::RsaPssSha2_256, &[&g.octets()], luck));
    signed.and_then(Result::ok).unwrap_or_default()
}

/// The AlgorithmIdentifier of PSS with this hash function, this identifier of one for masks, and this behind them.
fn pss_identifier(function: &[u8], mask: &[u8], rest: &[u8]) -> Vec<u8> {
    let hash = element(0xa0, &[&identifier(function, &NULL)]);
    let mask = element(0xa1, &[&identifier(MGF1, mask)]);
    identifier(PSS, &element(SEQUENCE, &[&hash, &mask, rest]))
}

fn salt(length: &[u8]) -> Vec<u8> {
    element(0xa2, &[&element(INTEGER, &[length])])
}

fn own_modulus(g: &Ground<'_>) -> Vec<u8> {
    g.credential().map(|own| modulus(&own.signer.verifier().to_spki())).unwrap_or_default()
}
