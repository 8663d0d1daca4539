//! Signatures and the octets around them (RFC 7427 §3, RFC 7296 §2.15), for keys of any type and of each.

use ipsec::auth::{SignedOctets, prove_null, prove_psk};
use ipsec::crypto::{KeyType, Secret, SignatureAlgorithm, Signer};
use ipsec::wire::registry::{AuthMethod, IdType};
use ipsec::wire::v2::{Identification, Payload};

use super::der::{OID, SEQUENCE, element};
use super::{Case, Ground, SUITE, ecdsa, eddsa, named, rsa, sign};

/// The cases for a key of this type.
pub(super) fn cases(key_type: KeyType) -> Vec<Case> {
    let own: &[Case] = match key_type {
        KeyType::Rsa => rsa::CASES,
        KeyType::P256 => ecdsa::CASES,
        KeyType::Ed25519 => eddsa::CASES,
        KeyType::Dsa | KeyType::P384 | KeyType::P521 | KeyType::Ed448 => &[],
    };
    [ANY, own].concat()
}

/// sha256WithRSAEncryption, ecdsa-with-SHA256, Ed25519 and Ed448, each with what belongs to it.
const ALGORITHMS: [SignatureAlgorithm; 4] = [
    SignatureAlgorithm::RsaSha2_256,
    SignatureAlgorithm::EcdsaSha2_256,
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::Ed448,
];

/// What is wrong whatever the key.
const ANY: &[Case] = &[
    Case::new("no AUTH", |g, _| g.certificates()),
    Case::new("EAP in the place of AUTH", |g, _| {
        let code = if g.is_initiator { 2 } else { 1 };
        [g.certificates(), vec![Payload::Eap(vec![code, 0, 0, 6, 1, b'x'])]].concat()
    }),
    Case::new("a shared key of no octets", |g, _| {
        let signed = g.identification();
        g.with(
            AuthMethod::SHARED_KEY,
            prove_psk(g.provider, SUITE.prf, &Secret::from(vec![]), &g.signed(&signed)),
        )
    }),
    Case::new("NULL", |g, _| {
        let id = g.identification();
        let auth = prove_null(g.provider, SUITE.prf, &g.signed(&id));
        g.with(auth.method, auth.data)
    }),
    Case::new("a method of older documents where both ends list hash functions", |g, luck| {
        g.with(AuthMethod(luck.pick(&[1, 9, 10, 11])), g.signature())
    }),
    Case::new("a method without a meaning", |g, luck| {
        g.with(AuthMethod(luck.pick(&[0, 3, 4, 8, 12, 15, 99, 201, 255])), g.signature())
    }),
    Case::without_lists("method 14 with a hash function that the other end does not list", |g, _| {
        // A responder lists none where its initiator does not.
        if g.is_initiator { g.valued(&g.signature()) } else { unannounced(g) }
    }),
    Case::without_lists("a method of another key", |g, luck| {
        let bound = match g.key_type() {
            KeyType::Rsa => 1,
            KeyType::P256 => 9,
            KeyType::P384 => 10,
            KeyType::P521 => 11,
            KeyType::Dsa | KeyType::Ed25519 | KeyType::Ed448 => 0,
        };
        let others = [1, 9, 10, 11].into_iter().filter(|method| *method != bound);
        g.with(AuthMethod(luck.pick(&others.collect::<Vec<_>>())), g.signature())
    }),
    Case::new("AUTH of no octets", |g, _| g.with(AuthMethod::DIGITAL_SIGNATURE, Vec::new())),
    Case::new("an AlgorithmIdentifier of no octets", |g, _| g.named(&[], &g.signature())),
    Case::new("an AlgorithmIdentifier that is longer than AUTH", |g, _| {
        let data = [&[u8::MAX], &g.signature()[..20]].concat();
        g.with(AuthMethod::DIGITAL_SIGNATURE, data)
    }),
    Case::new("an AlgorithmIdentifier that is said to be shorter or longer by one octet", |g, luck| {
        let mut data = named(g.algorithm().identifier().unwrap_or_default(), &g.signature());
        data[0] = if luck.below(2) == 0 { data[0].wrapping_sub(1) } else { data[0].wrapping_add(1) };
        g.with(AuthMethod::DIGITAL_SIGNATURE, data)
    }),
    Case::new("an AlgorithmIdentifier with octets behind it", |g, _| {
        let identifier = [g.algorithm().identifier().unwrap_or_default(), &[5, 0]].concat();
        g.named(&identifier, &g.signature())
    }),
    Case::new("an AlgorithmIdentifier that is no DER", |g, luck| {
        let identifier = luck.pick(&[
            vec![0; 13],
            vec![0x30; 200],
            vec![0x30, 0x80, 6, 3, 0x2b, 0x65, 0x70, 0, 0],
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            element(SEQUENCE, &[]),
            element(SEQUENCE, &[&element(OID, &[])]),
            element(SEQUENCE, &[&element(OID, &[&[0x80; 100]])]),
        ]);
        g.named(&identifier, &g.signature())
    }),
    Case::new("an algorithm that nobody knows", |g, luck| {
        // MD5 with RSA, RSA without a hash function, an experiment.
        let oid = luck.pick(&[
            vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4],
            vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1],
            vec![0x2b, 6, 1, 4, 1, 0x82, 0x37],
        ]);
        g.named(&element(SEQUENCE, &[&element(OID, &[&oid]), &[5, 0]]), &g.signature())
    }),
    Case::new("an algorithm of other keys", |g, luck| {
        let others: Vec<_> =
            ALGORITHMS.into_iter().filter(|a| !a.key_types().contains(&g.key_type())).collect();
        g.named(luck.pick(&others).identifier().unwrap_or_default(), &g.signature())
    }),
    Case::new("a hash function that was not announced", |g, _| unannounced(g)),
    Case::new("over our own nonce", |g, _| over(g, |said| said.nonce = g.nonces[0].to_vec())),
    Case::new("over the other end's message", |g, _| over(g, |said| said.message = g.messages[1].to_vec())),
    Case::new("over the message without its last octet", |g, _| {
        over(g, |said| said.message.truncate(g.messages[0].len() - 1))
    }),
    Case::new("over another identity", |g, _| {
        over(g, |said| said.id = Identification::new(IdType::FQDN, b"north.example").body().to_vec())
    }),
    Case::new("over the identity without its type", |g, _| over(g, |said| drop(said.id.drain(..4)))),
    Case::new("over the identity under the other end's key", |g, _| {
        over(g, |said| said.key = g.channel.proving()[1].clone())
    }),
    Case::new("over the messages of another IKE SA", |g, luck| {
        over(g, |said| (said.message, said.nonce) = (luck.octets(300), luck.octets(32)))
    }),
    Case::new("by another key", |g, luck| {
        let key_type = if g.key_type() == KeyType::Rsa { KeyType::Ed25519 } else { g.key_type() };
        let algorithm = super::algorithm(key_type);
        g.valued(&sign(&Signer::generate(key_type, luck), algorithm, &g.octets()))
    }),
    Case::new("of no octets", |g, _| g.valued(&[])),
    Case::new("of zeros", |g, _| g.valued(&vec![0; g.signature().len()])),
    Case::new("of ones", |g, _| g.valued(&vec![0xff; g.signature().len()])),
    Case::new("without its first or its last octet", |g, luck| {
        let whole = g.signature();
        g.valued(if luck.below(2) == 0 { &whole[1..] } else { &whole[..whole.len() - 1] })
    }),
    Case::new("with an octet before or behind it", |g, luck| {
        let whole = g.signature();
        g.valued(&if luck.below(2) == 0 { [&[0], &whole[..]].concat() } else { [&whole[..], &[0]].concat() })
    }),
    Case::new("twice, one behind the other", |g, _| g.valued(&g.signature().repeat(2))),
    Case::new("of as many octets as a payload has", |g, luck| g.valued(&luck.octets(60_000))),
    Case::new("with a bit that flipped", |g, luck| {
        let mut value = g.signature();
        let bit = luck.below(value.len() * 8);
        value[bit / 8] ^= 1 << (bit % 8);
        g.valued(&value)
    }),
];

/// A good signature over SHA-1, for keys that have one.
fn unannounced(g: &Ground<'_>) -> Vec<Payload> {
    let algorithm = match g.key_type() {
        KeyType::Rsa => SignatureAlgorithm::RsaSha1,
        _ => SignatureAlgorithm::EcdsaSha1,
    };
    g.named(algorithm.identifier().unwrap_or_default(), &g.sign(algorithm, &g.octets()))
}

/// What a signature covers, to be changed.
struct Covered {
    message: Vec<u8>,
    nonce: Vec<u8>,
    id: Vec<u8>,
    key: Secret,
}

/// An honest signature, but over something else.
fn over(g: &Ground<'_>, change: impl FnOnce(&mut Covered)) -> Vec<Payload> {
    let mut said = Covered {
        message: g.messages[0].to_vec(),
        nonce: g.nonces[1].to_vec(),
        id: g.identification().body().to_vec(),
        key: g.channel.proving()[0].clone(),
    };
    change(&mut said);
    let Covered { message, nonce, id, key } = &said;
    let signed = SignedOctets { message, nonce, id, sk_p: key, int_auth: &[] };
    g.valued(&g.sign(g.algorithm(), &g.octets_of(&signed)))
}
