//! Responses of OCSP responders (RFC 6960 §4.2), which peers send beside their certificates (RFC 4806 §3.2): what they say of
//! which certificate, and who may say so.
//!
//! ```text
//! responder ──▶ peer:        OCSPResponse, whenever the peer has fetched one
//! we ──▶ peer:               CERTREQ, encoding 14, with the hashes of responders that we trust
//! peer ──▶ we:               CERT, encoding 4 | CERT, encoding 14 | AUTH
//! ```

mod read;

use ipsec_crypto::HashAlgorithm;
use thiserror::Error;
use x509_cert::der::Encode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::certificate::Signed;
use super::extensions::OCSP_SIGNING;
use super::name::same;
use super::speaks_for::key_id;
use super::validate::{self, Circumstances};
use super::{BadCertificate, Certificate, Defect, TrustStore};

/// How many responses are looked at for one certificate: each may cost a signature or two.
const MOST_LOOKED_AT: usize = 4;

/// A successful response: what is said of certificates, and by whom.
#[derive(Clone, Debug)]
pub struct OcspResponse {
    der: Vec<u8>,
    /// The BasicOCSPResponse, and where in it the octets stand that are signed.
    basic: Vec<u8>,
    signed: std::ops::Range<usize>,
    algorithm: AlgorithmIdentifierOwned,
    signature: Option<Vec<u8>>,
    responder: ResponderId,
    answers: Vec<Answer>,
    certificates: Vec<Certificate>,
    unknown_critical: Option<ObjectIdentifier>,
}

/// Who says it.
#[derive(Clone, Debug)]
enum ResponderId {
    Name(Name),
    /// The SHA-1 of the public key.
    Key(Vec<u8>),
}

/// What is said of one certificate.
#[derive(Clone, Debug)]
struct Answer {
    hash: HashAlgorithm,
    issuer_name: Vec<u8>,
    issuer_key: Vec<u8>,
    serial: Vec<u8>,
    status: CertificateStatus,
    this_update: u64,
    next_update: Option<u64>,
}

/// What a responder says of a certificate (RFC 6960 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// It is not revoked.
    Good,
    /// It is revoked.
    Revoked {
        /// Since when, in seconds since 1970.
        since: u64,
    },
    /// The responder does not know it.
    Unknown,
}

/// Octets that are no successful response.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadOcspResponse {
    /// Not the DER of an OCSPResponse with a BasicOCSPResponse in it.
    #[error("expected an OCSPResponse in DER (RFC 6960 §4.2.1): {0}")]
    NotDer(String),
    /// The responder says why it has no answer.
    #[error("the OCSP responder says {} (RFC 6960 §4.2.1)", status_name(*.0))]
    NotSuccessful(u8),
    /// A response of another type, or another version.
    #[error("expected a basic OCSP response of version 1 (RFC 6960 §4.2.1), found {found}")]
    Kind {
        /// What it is.
        found: String,
    },
    /// A certificate in it that is none.
    #[error("a certificate in the OCSP response: {0}")]
    Certificate(#[from] BadCertificate),
    /// More certificates or answers than a responder has reason to send.
    #[error("expected at most {most} {what} in an OCSP response, found {found}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are taken.
        most: usize,
        /// How many there are.
        found: usize,
    },
}

fn status_name(status: u8) -> String {
    match status {
        1 => "malformedRequest".to_owned(),
        2 => "internalError".to_owned(),
        3 => "tryLater".to_owned(),
        5 => "sigRequired".to_owned(),
        6 => "unauthorized".to_owned(),
        other => format!("status {other}"),
    }
}

/// Why a response decides nothing.
#[derive(Debug, Error)]
pub(super) enum OcspDefect {
    #[error("the OCSP response has the critical extension {oid}")]
    UnknownCritical { oid: String },
    #[error(
        "the OCSP response is neither of the issuer, nor of whom it has certified for that, nor of one that is trusted (RFC 6960 §4.2.2.2)"
    )]
    NoSigner,
    #[error(
        "{subject}, who signed the OCSP response, has no extended key usage OCSPSigning (RFC 6960 §4.2.2.2)"
    )]
    NotForOcsp { subject: String },
    #[error("{subject}, who signed the OCSP response: {defect}")]
    Signer { subject: String, defect: Box<Defect> },
    #[error("the OCSP response is {0}")]
    Signature(Box<Defect>),
}

impl OcspResponse {
    /// The octets of the response.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// What is said of a certificate that `issuer` has issued.
    fn answer(&self, certificate: &Certificate, issuer: &Certificate) -> Option<&Answer> {
        let name = certificate.issuer_name().to_der().ok()?;
        let is_meant = |answer: &&Answer| {
            answer.serial == certificate.serial()
                && answer.issuer_name == answer.hash.digest(&[&name])
                && answer.issuer_key == answer.hash.digest(&[issuer.key_bits()])
        };
        self.answers.iter().find(is_meant)
    }

    fn is_by(&self, signer: &Certificate) -> bool {
        match &self.responder {
            ResponderId::Name(name) => same(name, signer.subject_name()),
            ResponderId::Key(key) => key_id(signer) == *key,
        }
    }

    /// Whether somebody signed it whose word counts for what `issuer` has issued (RFC 6960 §4.2.2.2).
    fn check(&self, issuer: &Certificate, circumstances: &Circumstances<'_>) -> Result<(), OcspDefect> {
        if let Some(oid) = self.unknown_critical {
            return Err(OcspDefect::UnknownCritical { oid: oid.to_string() });
        }
        let trusted = circumstances.store.ocsp.iter().flatten();
        let known = std::iter::once(issuer).chain(trusted).find(|known| self.is_by(known));
        let signer = match known {
            Some(known) => {
                validate::is_valid_at(known, circumstances.now).map_err(|defect| signer(known, defect))?;
                known
            }
            None => self.delegate(issuer, circumstances)?,
        };
        let signed = Signed {
            octets: &self.basic[self.signed.clone()],
            algorithm: &self.algorithm,
            signature: self.signature.as_deref(),
        };
        validate::signature(&signed, signer).map_err(|defect| OcspDefect::Signature(Box::new(defect)))
    }

    /// Whoever signed it, with a certificate for that from `issuer` itself.
    fn delegate<'a>(
        &'a self,
        issuer: &Certificate,
        circumstances: &Circumstances<'_>,
    ) -> Result<&'a Certificate, OcspDefect> {
        let Circumstances { store, now, .. } = *circumstances;
        let is_meant =
            |signer: &&Certificate| self.is_by(signer) && same(signer.issuer_name(), issuer.subject_name());
        let delegate = self.certificates.iter().find(is_meant).ok_or(OcspDefect::NoSigner)?;
        let purposes = delegate.extensions().extended_key_usage.as_ref();
        if !purposes.is_some_and(|list| list.contains(&OCSP_SIGNING)) {
            return Err(OcspDefect::NotForOcsp { subject: delegate.subject() });
        }
        let checked = validate::signature(&delegate.signed(), issuer)
            .and_then(|()| validate::is_valid_at(delegate, now))
            .and_then(|()| validate::is_for_signatures(delegate))
            .and_then(|()| validate::has_no_unknown_critical(delegate))
            .and_then(|()| {
                // Whether it is revoked is for lists to say, where there are any (RFC 6960 §4.2.2.2.1).
                let lists = TrustStore { crls: store.crls.clone(), ..TrustStore::default() };
                lists.is_not_revoked(delegate, issuer, &Circumstances { store: &lists, responses: &[], now })
            });
        checked.map(|()| delegate).map_err(|defect| signer(delegate, defect))
    }
}

fn signer(signer: &Certificate, defect: Defect) -> OcspDefect {
    OcspDefect::Signer { subject: signer.subject(), defect: Box::new(defect) }
}

/// What the responses at hand come to for one certificate.
pub(super) enum Word {
    /// Nobody was asked.
    None,
    /// It is not revoked.
    Good,
    /// It may be or not, and why that is not known.
    Useless(String),
}

/// What the responses at hand say of a certificate.
///
/// # Errors
/// If one revokes it, even one that is out of date.
pub(super) fn consult(
    certificate: &Certificate,
    issuer: &Certificate,
    circumstances: &Circumstances<'_>,
) -> Result<Word, Defect> {
    let Circumstances { store, responses, now } = *circumstances;
    if responses.is_empty() && store.ocsp.is_some() {
        return Ok(Word::Useless("the peer sent no OCSP response".to_owned()));
    }
    let mut word = Word::None;
    let meant =
        responses.iter().filter_map(|response| Some((response, response.answer(certificate, issuer)?)));
    for (response, answer) in meant.take(MOST_LOOKED_AT) {
        let why = match response.check(issuer, circumstances) {
            Err(defect) => defect.to_string(),
            Ok(()) if now < answer.this_update => "the OCSP response is of the future".to_owned(),
            Ok(()) => match (answer.status, answer.next_update) {
                (CertificateStatus::Revoked { since }, _) => return Err(Defect::Revoked { since }),
                (CertificateStatus::Unknown, _) => "the OCSP responder does not know it".to_owned(),
                (CertificateStatus::Good, Some(next)) if now > next => {
                    "the OCSP response is out of date".to_owned()
                }
                (CertificateStatus::Good, _) => {
                    word = Word::Good;
                    continue;
                }
            },
        };
        if !matches!(word, Word::Good) {
            word = Word::Useless(why);
        }
    }
    Ok(word)
}
