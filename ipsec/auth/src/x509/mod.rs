//! X.509 certificates as IKE uses them (RFC 5280, profiled by RFC 4945).
//!
//! ```text
//! Certificate::parse ──▶ TrustStore::validate ──▶ Trusted::speaks_for an identity
//!                         path, validity, names,            │
//!                         usage, revocation                 └─▶ Trusted::verifier ──▶ verify_signature
//! ```
//!
//! Instants are seconds since 1970 in UTC and arguments everywhere.

mod certificate;
mod constraints;
mod crl;
mod defect;
mod extensions;
pub mod laboratory;
pub(crate) mod name;
mod ocsp;
mod shown;
mod speaks_for;
mod trust;
mod validate;

pub use certificate::{BadCertificate, Certificate};
pub use crl::{BadCrl, Crl};
pub use defect::{Defect, Untrusted};
pub use extensions::BadExtension;
pub use ocsp::{BadOcspResponse, CertificateStatus, OcspResponse};
pub use speaks_for::NotTheirs;
pub use trust::{Purpose, Revocation, TrustStore, Trusted};

#[cfg(test)]
mod tests;
