//! Validation of a path from a trust anchor to a peer's certificate (RFC 5280 §6.1), as far as IKE needs it
//! (RFC 4945 §5.1): any certificate policy will do.

use ipsec_crypto::SignatureAlgorithm;
use x509_cert::der::Encode;

use super::certificate::Signed;
use super::constraints::NameSpace;
use super::extensions::{ANY_KEY_USAGE, IPSEC_IKE};
use super::name::same;
use super::{Certificate, Defect, OcspResponse, Purpose, TrustStore, Untrusted};

/// What is at hand when certificates are looked at, and when that is.
#[derive(Clone, Copy)]
pub(super) struct Circumstances<'a> {
    pub(super) store: &'a TrustStore,
    /// What the peer has sent of OCSP responders.
    pub(super) responses: &'a [OcspResponse],
    /// Seconds since 1970 in UTC.
    pub(super) now: u64,
}

/// What the certificates before say about the next one (RFC 5280 §6.1.2).
struct State<'a> {
    issuer: &'a Certificate,
    /// How many authorities may still follow.
    path_length: Option<u8>,
    names: NameSpace<'a>,
}

/// Validates `path`, which begins with the certificate that `anchor` issued and ends with the peer's. With an empty
/// path the anchor itself is the peer's.
pub(super) fn path(
    circumstances: &Circumstances<'_>,
    anchor: &Certificate,
    path: &[&Certificate],
) -> Result<(), Untrusted> {
    let now = circumstances.now;
    let blame = |certificate: &Certificate, defect| Untrusted { subject: certificate.subject(), defect };
    let of = |certificate| move |defect| blame(certificate, defect);
    is_valid_at(anchor, now).map_err(of(anchor))?;
    let Some((last, authorities)) = path.split_last() else {
        return is_for_ike(anchor, circumstances.store.purpose).map_err(of(anchor));
    };
    // An anchor has to be no authority by its own word (RFC 5280 §6.1.1 (d)); the limits it sets are kept (RFC 5937).
    let mut state = State { issuer: anchor, path_length: None, names: NameSpace::default() };
    state.take_limits(anchor);
    for authority in authorities {
        state.process(circumstances, authority, false).map_err(of(authority))?;
        state.prepare(authority).map_err(of(authority))?;
    }
    state.process(circumstances, last, true).map_err(of(last))?;
    is_for_ike(last, circumstances.store.purpose).map_err(of(last))
}

impl<'a> State<'a> {
    /// RFC 5280 §6.1.3, with §6.1.4 (o).
    fn process(
        &self,
        circumstances: &Circumstances<'_>,
        certificate: &Certificate,
        is_last: bool,
    ) -> Result<(), Defect> {
        signature(&certificate.signed(), self.issuer)?;
        is_valid_at(certificate, circumstances.now)?;
        circumstances.store.is_not_revoked(certificate, self.issuer, circumstances)?;
        if !same(certificate.issuer_name(), self.issuer.subject_name()) {
            return Err(Defect::NoIssuer { issuer: certificate.issuer() });
        }
        if is_last || !is_self_issued(certificate) {
            self.names.admit(certificate)?;
        }
        has_no_unknown_critical(certificate)
    }

    /// RFC 5280 §6.1.4.
    fn prepare(&mut self, certificate: &'a Certificate) -> Result<(), Defect> {
        let extensions = certificate.extensions();
        if !extensions.basic_constraints.as_ref().is_some_and(|basic| basic.ca) {
            return Err(Defect::NotAnAuthority);
        }
        if !is_self_issued(certificate)
            && let Some(left) = self.path_length
        {
            self.path_length = Some(left.checked_sub(1).ok_or(Defect::PathTooLong)?);
        }
        if extensions.key_usage.as_ref().is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(Defect::NotForCertificates);
        }
        self.take_limits(certificate);
        self.issuer = certificate;
        Ok(())
    }

    /// RFC 5280 §6.1.4 (g), (m).
    fn take_limits(&mut self, certificate: &'a Certificate) {
        let extensions = certificate.extensions();
        let said = extensions.basic_constraints.as_ref().and_then(|basic| basic.path_len_constraint);
        self.path_length = match (self.path_length, said) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if let Some(constraints) = &extensions.name_constraints {
            self.names.narrow(constraints);
        }
    }
}

/// Whether `issuer`'s key signed it.
pub(super) fn signature(signed: &Signed<'_>, issuer: &Certificate) -> Result<(), Defect> {
    let identifier = signed.algorithm.to_der().unwrap_or_default();
    let algorithm = SignatureAlgorithm::from_identifier(&identifier).map_err(Defect::Algorithm)?;
    let verifier = issuer.verifier().map_err(Defect::IssuerKey)?;
    let value = signed.signature.ok_or(Defect::SignatureBits)?;
    verifier.verify(algorithm, &[signed.octets], value).map_err(Defect::Signature)
}

/// The name of subject and issuer is the same (RFC 5280 §6.1).
fn is_self_issued(certificate: &Certificate) -> bool {
    same(certificate.subject_name(), certificate.issuer_name())
}

pub(super) fn is_valid_at(certificate: &Certificate, now: u64) -> Result<(), Defect> {
    match certificate.validity() {
        (from, _) if now < from => Err(Defect::NotYetValid { from, now }),
        (_, until) if now > until => Err(Defect::Expired { until, now }),
        _ => Ok(()),
    }
}

pub(super) fn has_no_unknown_critical(certificate: &Certificate) -> Result<(), Defect> {
    let unknown = certificate.extensions().unknown_critical;
    unknown.map_or(Ok(()), |oid| Err(Defect::UnknownCritical { oid: oid.to_string() }))
}

/// RFC 4945 §5.1.3.2.
pub(super) fn is_for_signatures(certificate: &Certificate) -> Result<(), Defect> {
    if certificate.is_for(Purpose::Signatures) { Ok(()) } else { Err(Defect::NotForSignatures) }
}

/// RFC 4945 §5.1.3.2 and §5.1.3.12.
fn is_for_ike(certificate: &Certificate, purpose: Purpose) -> Result<(), Defect> {
    match purpose {
        Purpose::Signatures => is_for_signatures(certificate)?,
        Purpose::Encipherment if !certificate.is_for(purpose) => return Err(Defect::NotForEncipherment),
        Purpose::Encipherment => {}
    }
    let purposes = certificate.extensions().extended_key_usage.as_ref();
    if !purposes.is_none_or(|list| list.contains(&IPSEC_IKE) || list.contains(&ANY_KEY_USAGE)) {
        return Err(Defect::NotForIke);
    }
    has_no_unknown_critical(certificate)
}
