//! Certificate revocation lists (RFC 5280 §5, §6.3): complete ones, signed with the key that signed the certificates.

use std::collections::BTreeMap;

use thiserror::Error;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

use super::certificate::{Signed, first_element};
use super::extensions::{BadExtension, value};
use super::name::same;
use super::{Certificate, Defect, validate};
use crate::identity::printable;

/// id-ce-issuingDistributionPoint (RFC 5280 §5.2.5).
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// What an authority has revoked.
#[derive(Clone, Debug)]
pub struct Crl {
    der: Vec<u8>,
    signed: std::ops::Range<usize>,
    algorithm: AlgorithmIdentifierOwned,
    signature: Option<Vec<u8>>,
    issuer: Name,
    this_update: u64,
    next_update: Option<u64>,
    /// Since when each serial number is revoked.
    revoked: BTreeMap<Vec<u8>, u64>,
    distribution_point: Option<IssuingDistributionPoint>,
    unknown_critical: Option<ObjectIdentifier>,
}

/// Octets that are no revocation list.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadCrl {
    /// Not the DER of a CertificateList of version 2.
    #[error("expected a CertificateList of version 2 in DER (RFC 5280 §5.1): {0}")]
    NotDer(String),
    /// The two fields for the algorithm differ.
    #[error("the CRL of {issuer}: the signed algorithm is not that of the signature (RFC 5280 §5.1.1.2)")]
    TwoAlgorithms {
        /// Whose list it is.
        issuer: String,
    },
    /// An extension that is not what its identifier says.
    #[error("the CRL of {issuer}: {why}")]
    Extension {
        /// Whose list it is.
        issuer: String,
        /// What is wrong with it.
        why: BadExtension,
    },
}

impl Crl {
    /// Reads a revocation list in DER.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(der: &[u8]) -> Result<Self, BadCrl> {
        let not_der = |error: x509_cert::der::Error| BadCrl::NotDer(error.to_string());
        let list: CertificateList = CertificateList::from_der(der).map_err(not_der)?;
        let signed = first_element(der).map_err(not_der)?;
        let CertificateList { tbs_cert_list: tbs, signature_algorithm: algorithm, signature } = list;
        let issuer = printable(&tbs.issuer);
        if tbs.signature != algorithm {
            return Err(BadCrl::TwoAlgorithms { issuer });
        }
        let seconds = |time: Time| time.to_unix_duration().as_secs();
        let mut crl = Self {
            der: der.to_vec(),
            signed,
            algorithm,
            signature: signature.as_bytes().map(<[u8]>::to_vec),
            issuer: tbs.issuer,
            this_update: seconds(tbs.this_update),
            next_update: tbs.next_update.map(seconds),
            revoked: BTreeMap::new(),
            distribution_point: None,
            unknown_critical: None,
        };
        for extension in tbs.crl_extensions.iter().flatten() {
            crl.take(extension).map_err(|why| BadCrl::Extension { issuer: issuer.clone(), why })?;
        }
        for entry in tbs.revoked_certificates.into_iter().flatten() {
            let unknown = entry.crl_entry_extensions.iter().flatten().find(|extension| extension.critical);
            crl.unknown_critical = crl.unknown_critical.or(unknown.map(|extension| extension.extn_id));
            crl.revoked.insert(entry.serial_number.as_bytes().to_vec(), seconds(entry.revocation_date));
        }
        Ok(crl)
    }

    fn take(&mut self, extension: &Extension) -> Result<(), BadExtension> {
        if extension.extn_id == ISSUING_DISTRIBUTION_POINT {
            self.distribution_point = Some(value(extension)?);
        } else if extension.critical {
            self.unknown_critical = self.unknown_critical.or(Some(extension.extn_id));
        }
        Ok(())
    }

    /// The octets of the list.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose list it is, as RFC 4514 writes it.
    #[must_use]
    pub fn issuer(&self) -> String {
        printable(&self.issuer)
    }

    /// When it was made, in seconds since 1970, and by when another will be.
    #[must_use]
    pub fn updates(&self) -> (u64, Option<u64>) {
        (self.this_update, self.next_update)
    }

    /// Whether the list is the one to look for `certificate` in (RFC 5280 §6.3.3 (b)).
    pub(super) fn is_about(&self, certificate: &Certificate) -> bool {
        let covers = |point: &IssuingDistributionPoint| covers(point, certificate);
        same(&self.issuer, certificate.issuer_name()) && self.distribution_point.as_ref().is_none_or(covers)
    }

    /// Whether `issuer` made the list for the whole of its purpose, and all of it is understood.
    pub(super) fn check(&self, issuer: &Certificate) -> Result<(), CrlDefect> {
        if let Some(oid) = self.unknown_critical {
            return Err(CrlDefect::UnknownCritical { oid: oid.to_string() });
        }
        let is_partial =
            |point: &IssuingDistributionPoint| point.indirect_crl || point.only_some_reasons.is_some();
        if self.distribution_point.as_ref().is_some_and(is_partial) {
            return Err(CrlDefect::Partial);
        }
        if issuer.extensions().key_usage.as_ref().is_some_and(|usage| !usage.crl_sign()) {
            return Err(CrlDefect::NotForCrls);
        }
        let signed = Signed {
            octets: &self.der[self.signed.clone()],
            algorithm: &self.algorithm,
            signature: self.signature.as_deref(),
        };
        validate::signature(&signed, issuer).map_err(|defect| CrlDefect::Signature(Box::new(defect)))
    }

    /// Since when a serial number is revoked.
    pub(super) fn revoked_since(&self, serial: &[u8]) -> Option<u64> {
        self.revoked.get(serial).copied()
    }
}

/// Why a list decides nothing.
#[derive(Debug, Error)]
pub(super) enum CrlDefect {
    #[error("the CRL has the critical extension {oid}")]
    UnknownCritical { oid: String },
    #[error("the CRL is indirect or for some reasons only")]
    Partial,
    #[error("the issuer's key usage has no cRLSign")]
    NotForCrls,
    #[error("the CRL is {0}")]
    Signature(Box<Defect>),
}

fn covers(point: &IssuingDistributionPoint, certificate: &Certificate) -> bool {
    let extensions = certificate.extensions();
    let is_authority = extensions.basic_constraints.as_ref().is_some_and(|basic| basic.ca);
    let wrong_kind = if is_authority { point.only_contains_user_certs } else { point.only_contains_ca_certs };
    if wrong_kind || point.only_contains_attribute_certs {
        return false;
    }
    let is_named = |name| extensions.distribution_points.iter().any(|other| have_name_in_common(name, other));
    point.distribution_point.as_ref().is_none_or(is_named)
}

fn have_name_in_common(one: &DistributionPointName, other: &DistributionPointName) -> bool {
    match (one, other) {
        (DistributionPointName::FullName(one), DistributionPointName::FullName(other)) => {
            one.iter().any(|name| other.contains(name))
        }
        (one, other) => one == other,
    }
}
