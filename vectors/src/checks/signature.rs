//! Signatures by themselves, as the sets of NIST and Wycheproof have them, and keys written in DER.

use ipsec_crypto::{KeyType, SignatureAlgorithm, Verifier};

use crate::tally::Tally;

/// One way to say a published signature.
pub(super) struct Way {
    pub(super) algorithm: SignatureAlgorithm,
    /// The message, or its hash where IKEv1 signs that.
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// Each way is verified if the signature is right, and none if it is not. A key that cannot be loaded verifies nothing.
pub(super) fn judge(verifier: Option<&Verifier>, ways: &[Way], right: bool, case: &str, tally: &mut Tally) {
    let verified = |way: &Way| {
        verifier.is_some_and(|key| key.verify(way.algorithm, &[&way.message], &way.signature).is_ok())
    };
    let Some(first) = ways.first() else { return };
    let found: Vec<_> = ways.iter().map(|way| (way.algorithm.name(), [u8::from(verified(way))])).collect();
    if right {
        let fields: Vec<_> = found.iter().map(|(name, found)| (*name, &[1][..], &found[..])).collect();
        tally.case(first.algorithm.name(), case, &fields);
    } else {
        tally.refusal(first.algorithm.name(), case, found.iter().all(|(_, found)| *found == [0]));
    }
}

/// A SEQUENCE of INTEGERs, each given big-endian.
pub(super) fn integers(numbers: &[&[u8]]) -> Vec<u8> {
    tagged(SEQUENCE, &numbers.iter().flat_map(|number| integer(number)).collect::<Vec<u8>>())
}

/// A SubjectPublicKeyInfo of RSA (RFC 3279 §2.3.1): modulus and exponent.
pub(super) fn spki_of_rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let algorithm = [&tagged(OID, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1])[..], &[5, 0]].concat();
    spki(&algorithm, &integers(&[modulus, exponent]))
}

/// A SubjectPublicKeyInfo of DSA (RFC 3279 §2.3.2): p, q and g, and y.
pub(super) fn spki_of_dsa(group: [&[u8]; 3], y: &[u8]) -> Vec<u8> {
    let algorithm = [tagged(OID, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]), integers(&group)].concat();
    spki(&algorithm, &integer(y))
}

/// A SubjectPublicKeyInfo of a point x | y (RFC 5480 §2.1.1).
pub(super) fn spki_of_point(curve: KeyType, point: &[u8]) -> Vec<u8> {
    let name: &[u8] = match curve {
        KeyType::P384 => &[0x2b, 0x81, 4, 0, 0x22],
        KeyType::P521 => &[0x2b, 0x81, 4, 0, 0x23],
        _ => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
    };
    let algorithm = [tagged(OID, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]), tagged(OID, name)].concat();
    spki(&algorithm, &[&[4], point].concat())
}

const INTEGER: u8 = 2;
const BIT_STRING: u8 = 3;
const OID: u8 = 6;
const SEQUENCE: u8 = 0x30;

fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let key = tagged(BIT_STRING, &[&[0], key].concat());
    tagged(SEQUENCE, &[tagged(SEQUENCE, algorithm), key].concat())
}

fn integer(number: &[u8]) -> Vec<u8> {
    let digits = &number[number.iter().take_while(|octet| **octet == 0).count()..];
    let sign: &[u8] = if digits.first().is_none_or(|top| top & 0x80 != 0) { &[0] } else { &[] };
    tagged(INTEGER, &[sign, digits].concat())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().take_while(|octet| **octet == 0).count()..];
    let mut der = vec![tag];
    match content.len() {
        short @ 0..0x80 => der.push(short as u8),
        _ => der.extend([&[0x80 | digits.len() as u8], digits].concat()),
    }
    der.extend(content);
    der
}
