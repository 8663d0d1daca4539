//! Certificates and revocation lists, written and signed (RFC 5280 §4.1, §5.1).

use std::time::Duration;

use ipsec_crypto::{FixedEntropy, HashAlgorithm, KeyType, SignatureAlgorithm, Signer};
use x509_cert::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::der::asn1::{Any, BitString, ContextSpecific, OctetString};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{DateTime, Decode, Encode, Tag, TagMode, TagNumber};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use super::CannotIssue;

/// A certificate without its issuer.
pub(in crate::x509) struct Draft {
    pub(in crate::x509) serial: SerialNumber,
    pub(in crate::x509) subject: Name,
    pub(in crate::x509) validity: Validity,
    /// A SubjectPublicKeyInfo in DER.
    pub(in crate::x509) spki: Vec<u8>,
    pub(in crate::x509) extensions: Vec<Extension>,
}

impl Draft {
    /// The certificate in DER, of version 3.
    pub(super) fn certificate(
        &self,
        issuer: &Name,
        extensions: &[Extension],
        signer: &Signer,
    ) -> Result<Vec<u8>, CannotIssue> {
        let algorithm = algorithm(signer.key_type());
        let identifier = algorithm.identifier().unwrap_or_default();
        let signed = sequence(&[
            &explicit(0, 2u8)?,
            &self.serial.to_der()?,
            identifier,
            &issuer.to_der()?,
            &self.validity.to_der()?,
            &self.subject.to_der()?,
            &self.spki,
            &explicit(3, extensions.to_vec())?,
        ])?;
        let signature = BitString::from_bytes(&sign(signer, algorithm, &signed)?)?.to_der()?;
        sequence(&[&signed, identifier, &signature])
    }
}

/// A revocation list in DER, of version 2.
pub(super) fn crl(
    signer: &Signer,
    issuer: &Name,
    (this_update, next_update): (Time, Time),
    entries: Vec<RevokedCert>,
    extensions: Vec<Extension>,
) -> Result<Vec<u8>, CannotIssue> {
    let algorithm = algorithm(signer.key_type());
    let identifier = AlgorithmIdentifierOwned::from_der(algorithm.identifier().unwrap_or_default())?;
    let tbs_cert_list: TbsCertList = TbsCertList {
        version: Version::V2,
        signature: identifier.clone(),
        issuer: issuer.clone(),
        this_update,
        next_update: Some(next_update),
        revoked_certificates: (!entries.is_empty()).then_some(entries),
        crl_extensions: Some(extensions),
    };
    let signature = BitString::from_bytes(&sign(signer, algorithm, &tbs_cert_list.to_der()?)?)?;
    Ok(CertificateList { tbs_cert_list, signature_algorithm: identifier, signature }.to_der()?)
}

/// How an authority signs with a key of this type: nothing that draws.
pub(super) fn algorithm(key_type: KeyType) -> SignatureAlgorithm {
    match key_type {
        KeyType::Rsa => SignatureAlgorithm::RsaSha2_256,
        KeyType::Dsa => SignatureAlgorithm::DsaSha1,
        KeyType::P256 => SignatureAlgorithm::EcdsaSha2_256,
        KeyType::P384 => SignatureAlgorithm::EcdsaSha2_384,
        KeyType::P521 => SignatureAlgorithm::EcdsaSha2_512,
        KeyType::Ed25519 => SignatureAlgorithm::Ed25519,
        KeyType::Ed448 => SignatureAlgorithm::Ed448,
    }
}

pub(super) fn sign(
    signer: &Signer,
    algorithm: SignatureAlgorithm,
    octets: &[u8],
) -> Result<Vec<u8>, CannotIssue> {
    Ok(signer.sign(algorithm, &[octets], &mut FixedEntropy::new([]))?)
}

pub(super) fn sequence(elements: &[&[u8]]) -> Result<Vec<u8>, CannotIssue> {
    Ok(Any::new(Tag::Sequence, elements.concat())?.to_der()?)
}

pub(super) fn explicit<T>(number: u32, value: T) -> Result<Vec<u8>, CannotIssue>
where
    ContextSpecific<T>: Encode,
{
    let tagged = ContextSpecific { tag_number: TagNumber(number), tag_mode: TagMode::Explicit, value };
    Ok(tagged.to_der()?)
}

/// An extension under its own identifier.
pub(in crate::x509) fn extension<T: AssociatedOid + Encode>(
    critical: bool,
    value: &T,
) -> Result<Extension, CannotIssue> {
    let extn_value = OctetString::new(value.to_der()?)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}

/// The key identifier of a SubjectPublicKeyInfo (RFC 5280 §4.2.1.2 (1)).
pub(super) fn key_id(spki: &[u8]) -> Result<Vec<u8>, CannotIssue> {
    let info = SubjectPublicKeyInfoRef::from_der(spki)?;
    Ok(HashAlgorithm::Sha1.digest(&[info.subject_public_key.raw_bytes()]))
}

/// Seconds since 1970 as the kind of date that RFC 5280 §4.1.2.5 wants for the year.
pub(in crate::x509) fn date(seconds: u64) -> Result<Time, CannotIssue> {
    let date = DateTime::from_unix_duration(Duration::from_secs(seconds));
    date.map(Time::from).map_err(|_| CannotIssue::Date { seconds })
}
