//! Whether a certificate is one of an identity (RFC 4945 §3.1): by exact comparison with the one field that belongs to
//! the type of identity, never by wildcard.

use ipsec_crypto::HashAlgorithm;
use thiserror::Error;
use x509_cert::der::Encode;
use x509_cert::ext::pkix::name::GeneralName;

use super::shown::{address, general_name};
use super::{Certificate, Trusted};
use crate::Identity;

/// A good certificate, but of somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{subject}: the certificate is not one of {identity}, expected {expected} (RFC 4945 §3.1), found {found}"
)]
pub struct NotTheirs {
    /// Whose certificate it is.
    pub subject: String,
    /// Who was to be proven.
    pub identity: Identity,
    /// Where that identity has to stand.
    pub expected: &'static str,
    /// The names that the certificate has, separated by commas.
    pub found: String,
}

impl Trusted<'_> {
    /// Checks that the certificate is one of `identity`.
    ///
    /// | identity | what it has to equal |
    /// |---|---|
    /// | IP address | an iPAddress among the alternative names |
    /// | FQDN | a dNSName, in any case |
    /// | RFC822 address | an rfc822Name, in any case |
    /// | distinguished name | the whole subject, octet by octet |
    /// | key id | the subject key identifier, or the SHA-1 of the public key (RFC 5280 §4.2.1.2 (1)) |
    ///
    /// # Errors
    /// If it is not; an identity of another type is nobody's.
    pub fn speaks_for(&self, identity: &Identity) -> Result<(), NotTheirs> {
        let certificate = self.certificate();
        let (speaks, expected) = matches(certificate, identity);
        if speaks {
            return Ok(());
        }
        let names = certificate.extensions().subject_alt_names.iter().map(general_name);
        let found: Vec<String> = names.chain([format!("DN:{}", certificate.subject())]).collect();
        Err(NotTheirs {
            subject: certificate.subject(),
            identity: identity.clone(),
            expected,
            found: found.join(", "),
        })
    }
}

fn matches(certificate: &Certificate, identity: &Identity) -> (bool, &'static str) {
    let names = &certificate.extensions().subject_alt_names;
    match identity {
        Identity::Address(expected) => {
            let is_it = |name: &GeneralName| matches!(name, GeneralName::IpAddress(octets) if address(octets.as_bytes()) == Some(*expected));
            (names.iter().any(is_it), "an iPAddress among the subject alternative names")
        }
        Identity::Fqdn(expected) => {
            let is_it = |name: &GeneralName| matches!(name, GeneralName::DnsName(found) if found.as_str().eq_ignore_ascii_case(expected));
            (names.iter().any(is_it), "a dNSName among the subject alternative names")
        }
        Identity::Email(expected) => {
            let is_it = |name: &GeneralName| matches!(name, GeneralName::Rfc822Name(found) if found.as_str().eq_ignore_ascii_case(expected));
            (names.iter().any(is_it), "an rfc822Name among the subject alternative names")
        }
        Identity::Dn(expected) => {
            let subject = certificate.subject_name();
            let speaks = !subject.is_empty() && subject.to_der().is_ok_and(|der| der == *expected);
            (speaks, "the same subject")
        }
        Identity::KeyId(expected) => {
            let id = certificate.extensions().subject_key_id.as_deref();
            let speaks = id == Some(expected) || key_id(certificate) == *expected;
            (speaks, "the same key identifier")
        }
        Identity::Null | Identity::Other(..) => (false, "an identity of a type that certificates know"),
    }
}

/// The key identifier that RFC 5280 §4.2.1.2 (1) makes of a public key.
pub(super) fn key_id(certificate: &Certificate) -> Vec<u8> {
    HashAlgorithm::Sha1.digest(&[certificate.key_bits()])
}
