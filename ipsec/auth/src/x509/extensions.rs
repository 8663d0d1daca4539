//! The extensions of certificates that path validation and IKE look at (RFC 5280 §4.2, RFC 4945 §5.1.3).

use thiserror::Error;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, DecodeOwned, Error as DerError};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints, ExtendedKeyUsage,
    KeyUsage, NameConstraints, SubjectAltName, SubjectKeyIdentifier,
};

/// id-kp-ipsecIKE (RFC 4945 §5.1.3.12).
pub(super) const IPSEC_IKE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.17");
/// id-kp-OCSPSigning (RFC 6960 §4.2.2.2).
pub(super) const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
/// anyExtendedKeyUsage (RFC 5280 §4.2.1.12).
pub(super) const ANY_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// An extension that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadExtension {
    /// Its value is not that of its identifier.
    #[error("the extension {oid} is malformed (RFC 5280 §4.2)")]
    Malformed {
        /// Which extension.
        oid: String,
    },
    /// It stands there twice.
    #[error("the extension {oid} stands there twice (RFC 5280 §4.2)")]
    Twice {
        /// Which extension.
        oid: String,
    },
}

/// What the extensions of one certificate say.
#[derive(Clone, Debug, Default)]
pub(super) struct Extensions {
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) extended_key_usage: Option<Vec<ObjectIdentifier>>,
    pub(super) name_constraints: Option<NameConstraints>,
    pub(super) subject_alt_names: Vec<GeneralName>,
    pub(super) subject_key_id: Option<Vec<u8>>,
    pub(super) authority_key_id: Option<Vec<u8>>,
    pub(super) distribution_points: Vec<DistributionPointName>,
    /// The first critical extension that is not one of these.
    pub(super) unknown_critical: Option<ObjectIdentifier>,
}

impl Extensions {
    pub(super) fn read(list: &[Extension]) -> Result<Self, BadExtension> {
        let mut read = Self::default();
        for (index, extension) in list.iter().enumerate() {
            let oid = extension.extn_id;
            if list[..index].iter().any(|earlier| earlier.extn_id == oid) {
                return Err(BadExtension::Twice { oid: oid.to_string() });
            }
            read.take(extension)?;
        }
        Ok(read)
    }

    fn take(&mut self, extension: &Extension) -> Result<(), BadExtension> {
        match extension.extn_id {
            BasicConstraints::OID => self.basic_constraints = Some(value(extension)?),
            KeyUsage::OID => self.key_usage = Some(value(extension)?),
            ExtendedKeyUsage::OID => {
                self.extended_key_usage = Some(value::<ExtendedKeyUsage>(extension)?.0);
            }
            NameConstraints::OID => self.name_constraints = Some(value(extension)?),
            SubjectAltName::OID => self.subject_alt_names = value::<SubjectAltName>(extension)?.0,
            SubjectKeyIdentifier::OID => {
                let id: SubjectKeyIdentifier = value(extension)?;
                self.subject_key_id = Some(id.0.as_bytes().to_vec());
            }
            AuthorityKeyIdentifier::OID => {
                let id: AuthorityKeyIdentifier = value(extension)?;
                self.authority_key_id = id.key_identifier.map(|id| id.as_bytes().to_vec());
            }
            CrlDistributionPoints::OID => {
                let points: CrlDistributionPoints = value(extension)?;
                self.distribution_points =
                    points.0.into_iter().filter_map(|point| point.distribution_point).collect();
            }
            // Any policy will do here, so that policies never refuse a path (RFC 5280 §6.1.1 (c)).
            CertificatePolicies::OID => {}
            oid if extension.critical => self.unknown_critical = self.unknown_critical.or(Some(oid)),
            _ => {}
        }
        Ok(())
    }
}

/// The value of an extension.
pub(super) fn value<T: DecodeOwned<Error = DerError>>(extension: &Extension) -> Result<T, BadExtension> {
    <T as Decode<'_>>::from_der(extension.extn_value.as_bytes())
        .map_err(|_| BadExtension::Malformed { oid: extension.extn_id.to_string() })
}
