//! A public key infrastructure for laboratories: authorities, certificates and revocation lists that a seed, given as
//! [`Entropy`], and dates make the same at every run.
//!
//! ```text
//! Authority::root ──▶ Authority::subordinate ──▶ Authority::issue ──▶ Credential
//!      └─ crl, ocsp         └─ revoke, crl, ocsp
//! ```

mod ocsp;
mod written;

use ipsec_crypto::{CannotSign, Entropy, KeyType, Signer};
use thiserror::Error;
use x509_cert::crl::RevokedCert;
use x509_cert::der::Error as DerError;
use x509_cert::der::asn1::OctetString;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlNumber, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;

use super::extensions::OCSP_SIGNING;
use super::speaks_for::key_id;
use super::{BadCertificate, BadCrl, BadOcspResponse, Certificate, CertificateStatus, Crl, OcspResponse};
use crate::{Credential, Identity};
use written::date;
pub(super) use written::{Draft, extension};

/// Why nothing was issued.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CannotIssue {
    /// The name of a subject that RFC 4514 does not know.
    #[error("expected a distinguished name such as CN=west,O=Example (RFC 4514), found {found:?}")]
    Subject {
        /// What was given.
        found: String,
    },
    /// An alternative name that certificates cannot have.
    #[error("{name} cannot be an alternative name of a certificate (RFC 5280 §4.2.1.6)")]
    AlternativeName {
        /// What was given.
        name: String,
    },
    /// A date beyond the year 9999.
    #[error("{seconds} seconds since 1970 are no date that a certificate can have")]
    Date {
        /// What was given.
        seconds: u64,
    },
    /// The issuer's key refuses.
    #[error(transparent)]
    Sign(#[from] CannotSign),
    /// It does not fit its encoding.
    #[error("cannot be written in DER: {0}")]
    Encoding(String),
    /// The certificate that was written is none.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// The list that was written is none.
    #[error(transparent)]
    Crl(#[from] BadCrl),
    /// The OCSP response that was written is none.
    #[error(transparent)]
    Ocsp(#[from] BadOcspResponse),
}

impl From<DerError> for CannotIssue {
    fn from(error: DerError) -> Self {
        Self::Encoding(error.to_string())
    }
}

/// What a certificate is to say.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// Whose it is, as RFC 4514 writes it: `CN=west,O=Example`. May be empty if there are alternative names.
    pub subject: &'a str,
    /// The alternative names: addresses, domain names, mail addresses, distinguished names.
    pub names: &'a [Identity],
    /// The key to make for it.
    pub key_type: KeyType,
    /// The first and the last second in which it is valid, since 1970.
    pub validity: (u64, u64),
}

/// What the key of a certificate is for (RFC 5280 §4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// digitalSignature, as IKE needs it.
    Signatures,
    /// keyEncipherment, with which nobody signs.
    Encipherment,
    /// digitalSignature for OCSP responses, and for nothing else (RFC 6960 §4.2.2.2).
    OcspSigning,
}

/// An authority with its private key.
#[derive(Clone, Debug)]
pub struct Authority {
    signer: Signer,
    certificate: Certificate,
    name: Name,
    /// The authorities between the root and this one, itself first; empty for a root.
    chain: Vec<Certificate>,
    /// The root above; none for a root.
    root: Option<Certificate>,
    revoked: Vec<RevokedCert>,
    lists: u64,
}

impl Authority {
    /// A root, its own issuer. Draws its key, as [`Signer::generate`] says, and 16 octets for its serial number.
    ///
    /// # Errors
    /// If it cannot be as wished.
    pub fn root(wish: &Wish<'_>, entropy: &mut dyn Entropy) -> Result<Self, CannotIssue> {
        let signer = Signer::generate(wish.key_type, entropy);
        let draft = Draft::new(wish, signer.verifier().to_spki(), authority_extensions(None)?, entropy)?;
        let certificate = draft.sign(&draft.subject, None, &signer)?;
        Ok(Self::new(signer, draft.subject, certificate, Vec::new(), None))
    }

    /// An authority below this one, with at most `path_length` more below itself. Draws as [`root`](Self::root) does.
    ///
    /// # Errors
    /// If it cannot be as wished.
    pub fn subordinate(
        &self,
        wish: &Wish<'_>,
        path_length: Option<u8>,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, CannotIssue> {
        let signer = Signer::generate(wish.key_type, entropy);
        let extensions = authority_extensions(path_length)?;
        let draft = Draft::new(wish, signer.verifier().to_spki(), extensions, entropy)?;
        let certificate = self.sign(&draft)?;
        let chain = [std::slice::from_ref(&certificate), &self.chain].concat();
        Ok(Self::new(signer, draft.subject, certificate, chain, Some(self.root_certificate().clone())))
    }

    /// A certificate for a peer, with its private key and the authorities up to the root but without it. Draws as
    /// [`root`](Self::root) does.
    ///
    /// # Errors
    /// If it cannot be as wished.
    pub fn issue(&self, wish: &Wish<'_>, entropy: &mut dyn Entropy) -> Result<Credential, CannotIssue> {
        self.issue_for(wish, Usage::Signatures, entropy)
    }

    /// The same for a key that is for this.
    ///
    /// # Errors
    /// If it cannot be as wished.
    pub fn issue_for(
        &self,
        wish: &Wish<'_>,
        usage: Usage,
        entropy: &mut dyn Entropy,
    ) -> Result<Credential, CannotIssue> {
        let signer = Signer::generate(wish.key_type, entropy);
        let bits = match usage {
            Usage::Signatures | Usage::OcspSigning => KeyUsages::DigitalSignature,
            Usage::Encipherment => KeyUsages::KeyEncipherment,
        };
        let mut extensions = vec![extension(true, &KeyUsage(bits.into()))?];
        if usage == Usage::OcspSigning {
            extensions.push(extension(false, &ExtendedKeyUsage(vec![OCSP_SIGNING]))?);
        }
        let draft = Draft::new(wish, signer.verifier().to_spki(), extensions, entropy)?;
        let chain = [std::slice::from_ref(&self.sign(&draft)?), &self.chain].concat();
        Ok(Credential { signer, chain, root: Some(self.root_certificate().clone()), status: None })
    }

    /// Takes a certificate back at the instant `since`, in seconds since 1970: the next list will say so.
    ///
    /// # Errors
    /// If `since` is no date.
    pub fn revoke(&mut self, certificate: &Certificate, since: u64) -> Result<(), CannotIssue> {
        self.revoked.push(RevokedCert {
            serial_number: SerialNumber::new(certificate.serial())?,
            revocation_date: date(since)?,
            crl_entry_extensions: None,
        });
        Ok(())
    }

    /// The list of what is revoked, made at `this_update` and good until `next_update`, in seconds since 1970.
    ///
    /// # Errors
    /// If one of them is no date.
    pub fn crl(&mut self, this_update: u64, next_update: u64) -> Result<Crl, CannotIssue> {
        self.crl_with((this_update, next_update), Vec::new())
    }

    /// The same with further extensions.
    pub(super) fn crl_with(
        &mut self,
        updates: (u64, u64),
        mut extensions: Vec<Extension>,
    ) -> Result<Crl, CannotIssue> {
        self.lists += 1;
        extensions.push(extension(false, &CrlNumber::try_from(self.lists)?)?);
        extensions.push(extension(false, &authority_key_id(&self.certificate)?)?);
        let entries = self.revoked.clone();
        let updates = (date(updates.0)?, date(updates.1)?);
        Ok(Crl::parse(&written::crl(&self.signer, &self.name, updates, entries, extensions)?)?)
    }

    /// What the authority says as an OCSP responder of a certificate that it has issued: at `updates.0`, and good until
    /// `updates.1`, in seconds since 1970. With a `delegate` that one says it in the authority's place, and shows its
    /// certificate.
    ///
    /// # Errors
    /// If one of them is no date.
    pub fn ocsp(
        &self,
        certificate: &Certificate,
        status: CertificateStatus,
        updates: (u64, u64),
        delegate: Option<&Credential>,
    ) -> Result<OcspResponse, CannotIssue> {
        let (signer, own) = match delegate {
            Some(delegate) => (&delegate.signer, delegate.chain.first()),
            None => (&self.signer, None),
        };
        let responder = own.unwrap_or(&self.certificate);
        let answer = ocsp::Answer { certificate, issuer: &self.certificate, status, updates };
        Ok(OcspResponse::parse(&ocsp::response(&answer, (signer, responder), own)?)?)
    }

    /// The authority's certificate; a root's is a trust anchor.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The authority's private key, with which a laboratory may sign what no authority would.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    fn new(
        signer: Signer,
        name: Name,
        certificate: Certificate,
        chain: Vec<Certificate>,
        root: Option<Certificate>,
    ) -> Self {
        Self { signer, certificate, name, chain, root, revoked: Vec::new(), lists: 0 }
    }

    fn root_certificate(&self) -> &Certificate {
        self.root.as_ref().unwrap_or(&self.certificate)
    }

    pub(super) fn sign(&self, draft: &Draft) -> Result<Certificate, CannotIssue> {
        draft.sign(&self.name, Some(&self.certificate), &self.signer)
    }
}

fn authority_extensions(path_length: Option<u8>) -> Result<Vec<Extension>, CannotIssue> {
    let basic = BasicConstraints { ca: true, path_len_constraint: path_length };
    let usage = KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign);
    Ok(vec![extension(true, &basic)?, extension(true, &usage)?])
}

fn authority_key_id(issuer: &Certificate) -> Result<AuthorityKeyIdentifier, CannotIssue> {
    let id = OctetString::new(key_id(issuer))?;
    Ok(AuthorityKeyIdentifier { key_identifier: Some(id), ..AuthorityKeyIdentifier::default() })
}

impl Draft {
    /// A draft with the names of the wish, and a serial number that is drawn.
    pub(super) fn new(
        wish: &Wish<'_>,
        spki: Vec<u8>,
        mut extensions: Vec<Extension>,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, CannotIssue> {
        let subject = subject(wish.subject)?;
        let names = wish.names.iter().map(alternative_name).collect::<Result<Vec<_>, _>>()?;
        if !names.is_empty() {
            extensions.push(extension(subject.is_empty(), &SubjectAltName(names))?);
        }
        let mut serial = [0; 16];
        entropy.fill(&mut serial);
        // A positive number that always has as many octets.
        serial[0] = serial[0] & 0x7f | 0x40;
        Ok(Self {
            serial: SerialNumber::new(&serial)?,
            subject,
            validity: Validity::new(date(wish.validity.0)?, date(wish.validity.1)?),
            spki,
            extensions,
        })
    }

    /// The certificate with the key identifiers added, where it has not its own; a root names no authority's.
    pub(super) fn sign(
        &self,
        issuer_name: &Name,
        issuer: Option<&Certificate>,
        signer: &Signer,
    ) -> Result<Certificate, CannotIssue> {
        let id = written::key_id(&self.spki)?;
        let own_id = SubjectKeyIdentifier(OctetString::new(id)?);
        let mut extensions = self.extensions.clone();
        if extensions.iter().all(|extension| extension.extn_id != SubjectKeyIdentifier::OID) {
            extensions.push(extension(false, &own_id)?);
        }
        if let Some(issuer) = issuer {
            extensions.push(extension(false, &authority_key_id(issuer)?)?);
        }
        Ok(Certificate::parse(&self.certificate(issuer_name, &extensions, signer)?)?)
    }
}

fn subject(text: &str) -> Result<Name, CannotIssue> {
    if text.is_empty() {
        return Ok(Name::default());
    }
    text.parse().map_err(|_| CannotIssue::Subject { found: text.to_owned() })
}

fn alternative_name(identity: &Identity) -> Result<GeneralName, CannotIssue> {
    let unfit = || CannotIssue::AlternativeName { name: identity.to_string() };
    match identity {
        Identity::Address(address) => Ok(GeneralName::from(*address)),
        Identity::Fqdn(name) => name.clone().try_into().map(GeneralName::DnsName).map_err(|_| unfit()),
        Identity::Email(name) => name.clone().try_into().map(GeneralName::Rfc822Name).map_err(|_| unfit()),
        Identity::Dn(_) => identity.name().map(GeneralName::DirectoryName).ok_or_else(unfit),
        Identity::KeyId(_) | Identity::Null | Identity::Other(..) => Err(unfit()),
    }
}

#[cfg(test)]
mod tests;
