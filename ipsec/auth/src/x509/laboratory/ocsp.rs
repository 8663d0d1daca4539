//! OCSP responses, written and signed (RFC 6960 §4.2.1).

use std::time::Duration;

use ipsec_crypto::{HashAlgorithm, Signer};
use x509_cert::der::asn1::{Any, BitString, GeneralizedTime, Int, Null, ObjectIdentifier, OctetString};
use x509_cert::der::{Decode, Encode};

use super::CannotIssue;
use super::written::{algorithm, explicit, sequence, sign};
use crate::x509::speaks_for::key_id;
use crate::x509::{Certificate, CertificateStatus};

const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// What is said of which certificate.
pub(super) struct Answer<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) issuer: &'a Certificate,
    pub(super) status: CertificateStatus,
    /// When it is said, and until when that is good.
    pub(super) updates: (u64, u64),
}

/// A successful response in DER, of whoever has this key and certificate; the certificate `shown` goes with it.
pub(super) fn response(
    answer: &Answer<'_>,
    (signer, responder): (&Signer, &Certificate),
    shown: Option<&Certificate>,
) -> Result<Vec<u8>, CannotIssue> {
    let algorithm = algorithm(signer.key_type());
    let by_key = explicit(2, OctetString::new(key_id(responder))?)?;
    let said = time(answer.updates.0)?;
    let answers = sequence(&[&single(answer)?])?;
    let data = sequence(&[&by_key, &said.to_der()?, &answers])?;
    let signature = BitString::from_bytes(&sign(signer, algorithm, &data)?)?.to_der()?;
    let certificates = match shown {
        Some(own) => explicit(0, any(&sequence(&[own.der()])?)?)?,
        None => Vec::new(),
    };
    let basic = sequence(&[&data, algorithm.identifier().unwrap_or_default(), &signature, &certificates])?;
    let bytes = sequence(&[&BASIC.to_der()?, &OctetString::new(basic)?.to_der()?])?;
    // ENUMERATED 0: successful.
    sequence(&[&[0x0a, 1, 0], &explicit(0, any(&bytes)?)?])
}

fn single(answer: &Answer<'_>) -> Result<Vec<u8>, CannotIssue> {
    let Answer { certificate, issuer, status, updates } = answer;
    let hash = |octets: &[u8]| OctetString::new(HashAlgorithm::Sha1.digest(&[octets]));
    let id = sequence(&[
        &sequence(&[&SHA_1.to_der()?, &Null.to_der()?])?,
        &hash(&certificate.issuer_name().to_der()?)?.to_der()?,
        &hash(issuer.key_bits())?.to_der()?,
        &Int::new(certificate.serial())?.to_der()?,
    ])?;
    let status = match status {
        CertificateStatus::Good => vec![0x80, 0],
        CertificateStatus::Unknown => vec![0x82, 0],
        CertificateStatus::Revoked { since } => {
            // The content of a SEQUENCE of one date, under another tag.
            let mut info = sequence(&[&time(*since)?.to_der()?])?;
            info[0] = 0xa1;
            info
        }
    };
    sequence(&[&id, &status, &time(updates.0)?.to_der()?, &explicit(0, time(updates.1)?)?])
}

fn any(der: &[u8]) -> Result<Any, CannotIssue> {
    Ok(Any::from_der(der)?)
}

fn time(seconds: u64) -> Result<GeneralizedTime, CannotIssue> {
    let time = GeneralizedTime::from_unix_duration(Duration::from_secs(seconds));
    time.map_err(|_| CannotIssue::Date { seconds })
}
