//! Reads an OCSPResponse (RFC 6960 §4.2.1).
//!
//! ```text
//! SEQUENCE { ENUMERATED status, [0] SEQUENCE { OID basic, OCTET STRING {
//!     SEQUENCE { SEQUENCE { [0] version, responderID, producedAt, SEQUENCE OF answers, [1] extensions },
//!                algorithm, BIT STRING signature, [0] SEQUENCE OF certificates } } } }
//! ```

use ipsec_crypto::HashAlgorithm;
use x509_cert::der::asn1::{AnyRef, BitString, GeneralizedTime, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, Error, ErrorKind, Reader, Result, SliceReader, Tag, Tagged};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::{Answer, BadOcspResponse, CertificateStatus, OcspResponse, ResponderId};
use crate::x509::Certificate;
use crate::x509::certificate::first_element;

/// id-pkix-ocsp-basic.
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// As many certificates and answers are read.
const MOST_CERTIFICATES: usize = 4;
const MOST_ANSWERS: usize = 16;

impl OcspResponse {
    /// Reads a response in DER.
    ///
    /// # Errors
    /// If it is none, or none that answers.
    pub fn parse(der: &[u8]) -> std::result::Result<Self, BadOcspResponse> {
        let basic = basic(der)?;
        let parts = elements(content(basic, Tag::Sequence)?)?;
        let ([signed, algorithm, signature], rest) = parts.split_first_chunk().ok_or_else(missing)?;
        let data = elements(inside(signed, Tag::Sequence)?)?;
        let (first, rest_of_data) = data.split_first().ok_or_else(missing)?;
        let data = match explicit(first) {
            Some(0) => {
                let found = "another version".to_owned();
                let is_first = inner(first)?.decode_as::<u8>()? == 0;
                if is_first { rest_of_data } else { return Err(BadOcspResponse::Kind { found }) }
            }
            _ => &data,
        };
        let ([responder, _, answers], extensions) = data.split_first_chunk().ok_or_else(missing)?;
        let answers = elements(inside(answers, Tag::Sequence)?)?;
        at_most(MOST_ANSWERS, "answers", answers.len())?;
        let mut unknown_critical = unknown_critical(extensions)?;
        let answers = answers.iter().map(|one| answer(one, &mut unknown_critical));
        let answers: Vec<Option<Answer>> = answers.collect::<Result<_>>()?;
        let certificates = match rest {
            [] => Vec::new(),
            [one] if explicit(one) == Some(0) => elements(inside(&inner(one)?, Tag::Sequence)?)?,
            _ => return Err(missing().into()),
        };
        at_most(MOST_CERTIFICATES, "certificates", certificates.len())?;
        let certificates = certificates.iter().map(|one| Ok(Certificate::parse(&one.to_der()?)?));
        Ok(Self {
            der: der.to_vec(),
            basic: basic.to_vec(),
            signed: first_element(basic)?,
            algorithm: algorithm.decode_as::<AlgorithmIdentifierOwned>()?,
            signature: signature.decode_as::<BitString>()?.as_bytes().map(<[u8]>::to_vec),
            responder: responder_id(responder)?,
            answers: answers.into_iter().flatten().collect(),
            certificates: certificates.collect::<std::result::Result<_, BadOcspResponse>>()?,
            unknown_critical,
        })
    }
}

/// The BasicOCSPResponse of a successful response.
fn basic(der: &[u8]) -> std::result::Result<&[u8], BadOcspResponse> {
    let parts = elements(content(der, Tag::Sequence)?)?;
    match parts.as_slice() {
        [status, rest @ ..] if status.tag() == Tag::Enumerated => match (status.value(), rest) {
            ([0], [bytes]) if explicit(bytes) == Some(0) => {
                let bytes = elements(inside(&inner(bytes)?, Tag::Sequence)?)?;
                let [kind, basic] = bytes.as_slice() else { return Err(missing().into()) };
                match kind.decode_as::<ObjectIdentifier>()? {
                    BASIC => Ok(inside(basic, Tag::OctetString)?),
                    other => Err(BadOcspResponse::Kind { found: other.to_string() }),
                }
            }
            ([status], []) if *status != 0 => Err(BadOcspResponse::NotSuccessful(*status)),
            _ => Err(missing().into()),
        },
        _ => Err(missing().into()),
    }
}

/// One answer; none if it is under a hash function that is not known here. A critical extension of it is noted.
fn answer(one: &AnyRef<'_>, critical: &mut Option<ObjectIdentifier>) -> Result<Option<Answer>> {
    let parts = elements(inside(one, Tag::Sequence)?)?;
    let ([id, status, this_update], rest) = parts.split_first_chunk().ok_or_else(missing)?;
    let id = elements(inside(id, Tag::Sequence)?)?;
    let [function, name, key, serial] = id.as_slice() else { return Err(missing()) };
    let hash = match function.decode_as::<AlgorithmIdentifierOwned>()?.oid {
        SHA_1 => HashAlgorithm::Sha1,
        SHA_256 => HashAlgorithm::Sha2_256,
        _ => return Ok(None),
    };
    let (next_update, rest) = match rest {
        [next, rest @ ..] if explicit(next) == Some(0) => (Some(seconds(&inner(next)?)?), rest),
        rest => (None, rest),
    };
    *critical = critical.or(unknown_critical(rest)?);
    Ok(Some(Answer {
        hash,
        issuer_name: inside(name, Tag::OctetString)?.to_vec(),
        issuer_key: inside(key, Tag::OctetString)?.to_vec(),
        serial: inside(serial, Tag::Integer)?.to_vec(),
        status: status_of(status)?,
        this_update: seconds(this_update)?,
        next_update,
    }))
}

fn status_of(status: &AnyRef<'_>) -> Result<CertificateStatus> {
    let Tag::ContextSpecific { constructed, number } = status.tag() else { return Err(missing()) };
    match (constructed, number.value(), status.value()) {
        (false, 0, []) => Ok(CertificateStatus::Good),
        (false, 2, []) => Ok(CertificateStatus::Unknown),
        (true, 1, info) => match elements(info)?.as_slice() {
            // Behind the date may stand a reason.
            [since] | [since, _] => Ok(CertificateStatus::Revoked { since: seconds(since)? }),
            _ => Err(missing()),
        },
        _ => Err(missing()),
    }
}

fn responder_id(id: &AnyRef<'_>) -> Result<ResponderId> {
    let inner = inner(id)?;
    match explicit(id) {
        Some(1) => Ok(ResponderId::Name(Name::from_der(&inner.to_der()?)?)),
        Some(2) => Ok(ResponderId::Key(inside(&inner, Tag::OctetString)?.to_vec())),
        _ => Err(missing()),
    }
}

/// The first critical extension in `[1] Extensions`, which may be missing.
fn unknown_critical(rest: &[AnyRef<'_>]) -> Result<Option<ObjectIdentifier>> {
    match rest {
        [] => Ok(None),
        [one] if explicit(one) == Some(1) => {
            let list: Vec<Extension> = Vec::from_der(&inner(one)?.to_der()?)?;
            Ok(list.iter().find(|extension| extension.critical).map(|extension| extension.extn_id))
        }
        _ => Err(missing()),
    }
}

fn seconds(time: &AnyRef<'_>) -> Result<u64> {
    Ok(time.decode_as::<GeneralizedTime>()?.to_unix_duration().as_secs())
}

/// The elements that fill `octets`.
fn elements(octets: &[u8]) -> Result<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(octets)?;
    let mut all = Vec::new();
    while !reader.is_finished() {
        all.push(AnyRef::decode(&mut reader)?);
    }
    Ok(all)
}

/// What is inside the one element of `octets`.
fn content(octets: &[u8], tag: Tag) -> Result<&[u8]> {
    inside(&AnyRef::from_der(octets)?, tag)
}

fn inside<'a>(element: &AnyRef<'a>, tag: Tag) -> Result<&'a [u8]> {
    element.tag().assert_eq(tag)?;
    Ok(element.value())
}

/// The one element inside an explicit tag.
fn inner<'a>(element: &AnyRef<'a>) -> Result<AnyRef<'a>> {
    AnyRef::from_der(element.value())
}

/// The number of a context-specific tag around another element.
fn explicit(element: &AnyRef<'_>) -> Option<u32> {
    match element.tag() {
        Tag::ContextSpecific { constructed: true, number } => Some(number.value()),
        _ => None,
    }
}

fn at_most(most: usize, what: &'static str, found: usize) -> std::result::Result<(), BadOcspResponse> {
    if found > most { Err(BadOcspResponse::TooMany { what, most, found }) } else { Ok(()) }
}

fn missing() -> Error {
    ErrorKind::Failed.into()
}

impl From<Error> for BadOcspResponse {
    fn from(error: Error) -> Self {
        Self::NotDer(error.to_string())
    }
}
