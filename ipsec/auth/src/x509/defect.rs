//! Why a certificate is not trusted: whose it is, and the clause that fails.

use ipsec_crypto::{BadIdentifier, BadKey, BadSignature};
use thiserror::Error;

use super::shown::date;

/// A certificate of a path, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{subject}: {defect}")]
pub struct Untrusted {
    /// Whose certificate it is, as RFC 4514 writes it.
    pub subject: String,
    /// What is wrong with it.
    pub defect: Defect,
}

/// What is wrong with a certificate. Instants are seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Defect {
    /// Neither a trust anchor nor a certificate at hand is its issuer's.
    #[error("its issuer {issuer} is neither trusted nor known (RFC 5280 §6.1 (b))")]
    NoIssuer {
        /// The issuer that it names.
        issuer: String,
    },
    /// The search for a path came to its end.
    #[error("no path of at most {limit} certificates leads from it to a trust anchor")]
    NoPath {
        /// The longest path that is tried.
        limit: usize,
    },
    /// Its signature algorithm is not known.
    #[error("signature algorithm: {0} (RFC 5280 §6.1.3 (a)(1))")]
    Algorithm(BadIdentifier),
    /// Its issuer's key is not known.
    #[error("its issuer's key: {0} (RFC 5280 §6.1.3 (a)(1))")]
    IssuerKey(BadKey),
    /// Its issuer did not sign it.
    #[error("not signed by its issuer: {0} (RFC 5280 §6.1.3 (a)(1))")]
    Signature(BadSignature),
    /// Its signature does not fill octets.
    #[error("a signature of octets was expected (RFC 5280 §4.1.1.3)")]
    SignatureBits,
    /// It is of use only later.
    #[error("not valid before {}, it is {} (RFC 5280 §6.1.3 (a)(2))", date(*.from), date(*.now))]
    NotYetValid {
        /// Its first second.
        from: u64,
        /// When it was looked at.
        now: u64,
    },
    /// It was of use earlier.
    #[error("not valid after {}, it is {} (RFC 5280 §6.1.3 (a)(2))", date(*.until), date(*.now))]
    Expired {
        /// Its last second.
        until: u64,
        /// When it was looked at.
        now: u64,
    },
    /// Its issuer took it back.
    #[error("revoked since {} (RFC 5280 §6.1.3 (a)(3))", date(*.since))]
    Revoked {
        /// Since when.
        since: u64,
    },
    /// Revocation has to be known, but is not.
    #[error("whether it is revoked is not known: {why} (RFC 5280 §6.3.3)")]
    RevocationUnknown {
        /// What is wrong with the list that there is, or that there is none.
        why: String,
    },
    /// A name lies in no permitted subtree.
    #[error("{name} is in no permitted subtree of its issuers (RFC 5280 §6.1.3 (b))")]
    NameNotPermitted {
        /// Which name.
        name: String,
    },
    /// A name lies in an excluded subtree.
    #[error("{name} is in an excluded subtree of its issuers (RFC 5280 §6.1.3 (c))")]
    NameExcluded {
        /// Which name.
        name: String,
    },
    /// A constraint on this form of names that cannot be evaluated.
    #[error("{name} is subject to a constraint that is not supported (RFC 5280 §4.2.1.10)")]
    ConstraintUnsupported {
        /// Which name.
        name: String,
    },
    /// It issued a certificate but is none of an authority.
    #[error("not the certificate of an authority: no basic constraints with cA (RFC 5280 §6.1.4 (k))")]
    NotAnAuthority,
    /// An authority above allows fewer below it.
    #[error("one authority more than the path length constraints allow (RFC 5280 §6.1.4 (l))")]
    PathTooLong,
    /// It issued a certificate but its key is not for that.
    #[error("its key usage has no keyCertSign (RFC 5280 §6.1.4 (n))")]
    NotForCertificates,
    /// A critical extension that is not known here.
    #[error("the critical extension {oid} is not supported (RFC 5280 §6.1.4 (o), §6.1.5 (f))")]
    UnknownCritical {
        /// Which extension.
        oid: String,
    },
    /// A peer's key that must not sign.
    #[error("its key usage has neither digitalSignature nor nonRepudiation (RFC 4945 §5.1.3.2)")]
    NotForSignatures,
    /// A peer's key that nobody must encrypt for.
    #[error("its key usage has no keyEncipherment (RFC 5280 §4.2.1.3)")]
    NotForEncipherment,
    /// A peer's key for other protocols.
    #[error("its extended key usage has neither ipsecIKE nor anyExtendedKeyUsage (RFC 4945 §5.1.3.12)")]
    NotForIke,
    /// A peer's key of an unknown kind.
    #[error("its key: {0}")]
    Key(BadKey),
}
