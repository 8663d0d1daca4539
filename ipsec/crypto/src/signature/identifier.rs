//! How IKEv2 names a signature algorithm beside a signature: an AlgorithmIdentifier in DER (RFC 7427 §3, appendix A;
//! RFC 8420 appendix A).

use pkcs8::ObjectIdentifier;
use pkcs8::der::Decode;
use pkcs8::der::asn1::{Any, AnyRef};
use pkcs8::spki::AlgorithmIdentifierRef;
use rsa::pkcs1::RsaPssParams;

use super::{BadIdentifier, SignatureAlgorithm};

impl SignatureAlgorithm {
    /// The AlgorithmIdentifier in DER. None for those that another field of IKE names: the methods of RFC 4754 and
    /// those of IKEv1.
    pub const fn identifier(self) -> Option<&'static [u8]> {
        let identifier: &[u8] = match self {
            Self::RsaSha1 => b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00",
            Self::RsaSha2_256 => b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
            Self::RsaSha2_384 => b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00",
            Self::RsaSha2_512 => b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00",
            Self::RsaPssSha1 => {
                b"\x30\x3e\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x31\xa0\x0b\x30\x09\x06\x05\x2b\
                  \x0e\x03\x02\x1a\x05\x00\xa1\x18\x30\x16\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\
                  \x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\xa2\x03\x02\x01\x14\xa3\x03\x02\x01\x01"
            }
            Self::RsaPssSha2_256 => {
                b"\x30\x46\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\xa0\x0f\x30\x0d\x06\x09\x60\
                  \x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\
                  \x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa2\x03\x02\x01\
                  \x20\xa3\x03\x02\x01\x01"
            }
            Self::RsaPssSha2_384 => {
                b"\x30\x46\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\xa0\x0f\x30\x0d\x06\x09\x60\
                  \x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\
                  \x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\xa2\x03\x02\x01\
                  \x30\xa3\x03\x02\x01\x01"
            }
            Self::RsaPssSha2_512 => {
                b"\x30\x46\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\xa0\x0f\x30\x0d\x06\x09\x60\
                  \x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\
                  \x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\xa2\x03\x02\x01\
                  \x40\xa3\x03\x02\x01\x01"
            }
            Self::DsaSha1 => b"\x30\x09\x06\x07\x2a\x86\x48\xce\x38\x04\x03",
            Self::DsaSha2_256 => b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x02",
            Self::EcdsaSha1 => b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01",
            Self::EcdsaSha2_256 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
            Self::EcdsaSha2_384 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
            Self::EcdsaSha2_512 => b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04",
            Self::Ed25519 => b"\x30\x05\x06\x03\x2b\x65\x70",
            Self::Ed448 => b"\x30\x05\x06\x03\x2b\x65\x71",
            Self::RsaIkev1
            | Self::DsaIkev1
            | Self::EcdsaIkev1
            | Self::Ecdsa256
            | Self::Ecdsa384
            | Self::Ecdsa521 => {
                return None;
            }
        };
        Some(identifier)
    }

    /// The algorithm that an AlgorithmIdentifier names, in whichever spelling: the parameters of RSA may be absent
    /// (RFC 4055 §5), those of PSS may leave out what is the default (RFC 4055 §3.1).
    ///
    /// # Errors
    /// If it is not the DER of one, or names an algorithm or parameters that are not known here.
    pub fn from_identifier(der: &[u8]) -> Result<Self, BadIdentifier> {
        let found = AlgorithmIdentifierRef::from_der(der).map_err(|_| BadIdentifier::NotDer)?;
        let known = Self::ALL.iter().filter_map(|algorithm| {
            AlgorithmIdentifierRef::from_der(algorithm.identifier()?).ok().map(|known| (*algorithm, known))
        });
        let mut expected = None;
        for (algorithm, known) in known.filter(|(_, known)| known.oid == found.oid) {
            if same_parameters(known.parameters, found.parameters) {
                return Ok(algorithm);
            }
            expected = Some(match known.parameters {
                None => "no parameters",
                Some(parameters) if parameters.is_null() => "NULL as parameters",
                Some(_) => "a SHA-1 or SHA-2 hash function, MGF1 with the same and a salt of its length",
            });
        }
        let oid = found.oid.to_string();
        Err(match expected {
            Some(expected) => BadIdentifier::Parameters { oid, expected },
            None => BadIdentifier::Unsupported { oid },
        })
    }
}

fn same_parameters(known: Option<AnyRef<'_>>, found: Option<AnyRef<'_>>) -> bool {
    match (known, found) {
        (Some(known), None) => known.is_null(),
        (Some(known), Some(found)) => {
            known == found || pss(known).is_some_and(|known| pss(found) == Some(known))
        }
        (known, found) => known == found,
    }
}

/// What the parameters of PSS say: the hash function, how masks are made and with which hash function, and the length
/// of the salt.
fn pss(parameters: AnyRef<'_>) -> Option<(ObjectIdentifier, ObjectIdentifier, ObjectIdentifier, u8)> {
    let parameters: RsaPssParams<Any> = parameters.decode_as().ok()?;
    // The trailer has but one value that can be read.
    let RsaPssParams { hash, mask_gen, salt_len, .. } = parameters;
    let mask_hash = mask_gen.parameters?;
    let are_plain = [&hash, &mask_hash].iter().all(|hash| hash.parameters.as_ref().is_none_or(Any::is_null));
    are_plain.then_some((hash.oid, mask_gen.oid, mask_hash.oid, salt_len))
}

#[cfg(test)]
mod tests;
