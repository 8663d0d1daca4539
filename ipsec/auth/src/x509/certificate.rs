//! A certificate as it came (RFC 5280 §4.1), with the octets that its issuer signed and the extensions that matter to
//! IKE decoded (RFC 4945 §5.1).

use std::fmt;
use std::ops::Range;

use ipsec_crypto::{BadKey, Verifier};
use thiserror::Error;
use x509_cert::Version;
use x509_cert::der::{Decode, Encode, Header, Reader, SliceReader};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::extensions::{BadExtension, Extensions};
use super::trust::Purpose;
use crate::identity::printable;

/// A certificate. Two are the same if their octets are.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    signed: Range<usize>,
    content: x509_cert::Certificate,
    extensions: Extensions,
    spki: Vec<u8>,
}

/// Octets that are no certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadCertificate {
    /// Not the DER of a Certificate.
    #[error("expected a Certificate in DER (RFC 5280 §4.1): {0}")]
    NotDer(String),
    /// The two fields for the algorithm differ.
    #[error("{subject}: the signed algorithm is not that of the signature (RFC 5280 §4.1.1.2)")]
    TwoAlgorithms {
        /// Whose certificate it is.
        subject: String,
    },
    /// Extensions in a certificate of version 1 or 2.
    #[error("{subject}: extensions in a certificate that is not of version 3 (RFC 5280 §4.1.2.9)")]
    Version {
        /// Whose certificate it is.
        subject: String,
    },
    /// An extension that is not what its identifier says, or stands twice.
    #[error("{subject}: {why}")]
    Extension {
        /// Whose certificate it is.
        subject: String,
        /// What is wrong with it.
        why: BadExtension,
    },
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(der: &[u8]) -> Result<Self, BadCertificate> {
        let not_der = |error: x509_cert::der::Error| BadCertificate::NotDer(error.to_string());
        let content = x509_cert::Certificate::from_der(der).map_err(not_der)?;
        let signed = first_element(der).map_err(not_der)?;
        let tbs = content.tbs_certificate();
        let subject = printable(tbs.subject());
        if tbs.signature() != content.signature_algorithm() {
            return Err(BadCertificate::TwoAlgorithms { subject });
        }
        if tbs.extensions().is_some() && tbs.version() != Version::V3 {
            return Err(BadCertificate::Version { subject });
        }
        let extensions = Extensions::read(tbs.extensions().map_or(&[], Vec::as_slice))
            .map_err(|why| BadCertificate::Extension { subject, why })?;
        let spki = tbs.subject_public_key_info().to_der().map_err(not_der)?;
        Ok(Self { der: der.to_vec(), signed, content, extensions, spki })
    }

    /// The octets of the certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose certificate it is, as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> String {
        printable(self.subject_name())
    }

    /// Whose certificate it is, in DER.
    #[must_use]
    pub fn subject_der(&self) -> Vec<u8> {
        // It was read from DER.
        self.subject_name().to_der().unwrap_or_default()
    }

    /// Who issued it, as RFC 4514 writes it.
    #[must_use]
    pub fn issuer(&self) -> String {
        printable(self.issuer_name())
    }

    /// The serial number: the octets of its INTEGER, with a zero before them where their first bit would be a sign.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.content.tbs_certificate().serial_number().as_bytes()
    }

    /// The first and the last second in which it is valid, since 1970 in UTC (RFC 5280 §4.1.2.5).
    #[must_use]
    pub fn validity(&self) -> (u64, u64) {
        let validity = self.content.tbs_certificate().validity();
        (validity.not_before.to_unix_duration().as_secs(), validity.not_after.to_unix_duration().as_secs())
    }

    /// The public key as a SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The public key.
    ///
    /// # Errors
    /// If it is not one for an algorithm known here.
    pub fn verifier(&self) -> Result<Verifier, BadKey> {
        Verifier::from_spki(&self.spki)
    }

    /// Whether its key is for this: a certificate that says nothing of it is for anything (RFC 4945 §5.1.3.2).
    #[must_use]
    pub fn is_for(&self, purpose: Purpose) -> bool {
        self.extensions().key_usage.as_ref().is_none_or(|usage| match purpose {
            Purpose::Signatures => usage.digital_signature() || usage.non_repudiation(),
            Purpose::Encipherment => usage.key_encipherment(),
        })
    }

    pub(super) fn subject_name(&self) -> &Name {
        self.content.tbs_certificate().subject()
    }

    pub(super) fn issuer_name(&self) -> &Name {
        self.content.tbs_certificate().issuer()
    }

    pub(super) fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// What the issuer signed.
    pub(super) fn signed(&self) -> Signed<'_> {
        Signed {
            octets: &self.der[self.signed.clone()],
            algorithm: self.content.signature_algorithm(),
            signature: self.content.signature().as_bytes(),
        }
    }

    /// The public key's own bits, of which key identifiers are made (RFC 5280 §4.2.1.2).
    pub(super) fn key_bits(&self) -> &[u8] {
        self.content.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes()
    }
}

/// What an issuer signed, and how: the same of a certificate and of a revocation list.
pub(super) struct Signed<'a> {
    pub(super) octets: &'a [u8],
    pub(super) algorithm: &'a AlgorithmIdentifierOwned,
    /// None if its bits do not fill octets.
    pub(super) signature: Option<&'a [u8]>,
}

/// Where in `SEQUENCE { signed, algorithm, signature }` the signed octets stand.
pub(super) fn first_element(der: &[u8]) -> x509_cert::der::Result<Range<usize>> {
    let mut reader = SliceReader::new(der)?;
    Header::decode(&mut reader)?;
    let begin = usize::try_from(reader.position())?;
    let signed = reader.tlv_bytes()?;
    Ok(begin..begin + signed.len())
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, issued by {})", self.subject(), self.issuer())
    }
}
