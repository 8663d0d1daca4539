//! Who may speak: identities (RFC 7296 §3.5), the peer authorization database (RFC 4301 §4.4.3), and proofs.
//!
//! ```text
//! Prove, how we do it; PeerDatabase ─▶ PeerEntry ─▶ Authenticate, how the peer has to
//!   ├─ shared key     prove_psk, verify_psk               RFC 7296 §2.15
//!   ├─ signature      prove_signature, verify_signature   RFC 7296 §2.15, 4754, 7427, 8420
//!   │    └─ x509      TrustStore, Certificate, Crl        RFC 5280, 4945
//!   ├─ EAP            eap::EapPeer, eap::EapServer        RFC 3748, 7296 §2.16
//!   ├─ raw key        by the same, without certificates     RFC 7670
//!   ├─ resumption     prove_resumed, verify_resumed     RFC 5723 §4.3.3
//!   ├─ null           prove_null, verify_null             RFC 7619
//!   └─ IKEv1          prove_hash, verify_hash, prove_hash_signature, verify_hash_signature   RFC 2409 §5
//!        └─ XAUTH     verify_xauth                        draft-beaulieu-ike-xauth-02
//! ```
//!
//! An IKE SA becomes established only with a [`Proven`] token, and only this crate can make one.

#![deny(clippy::float_arithmetic)]

mod announced;
mod certificates;
mod certified;
mod credential;
pub mod eap;
mod identity;
mod null;
mod pad;
mod phase1;
mod pools;
mod proof;
mod prove;
mod psk;
mod resumed;
#[cfg(test)]
mod seeded;
mod signature;
pub mod x509;
mod xauth;

pub use announced::{AnnouncedMethod, BadAnnouncement};
pub use certificates::v1::{certificate_requests_v1, read_certificates_v1};
pub use certificates::{
    BadCertPayload, certificate_requests, read_certificates, read_raw_keys, read_responses,
};
pub use certified::Certified;
pub use credential::Credential;
pub use identity::Identity;
pub use null::{prove_null, verify_null};
pub use pad::{
    Authenticate, Evidence, IdentityPattern, NotAuthenticated, ParsePatternError, PeerDatabase, PeerEntry,
};
pub use phase1::{HashedOctets, prove_hash, prove_hash_signature, verify_hash, verify_hash_signature};
pub use pools::{PoolConfig, Pools};
pub use proof::{NotProven, Proven};
pub use prove::{NoProof, Occasion, Prove};
pub use psk::{SignedOctets, prove_psk, verify_psk};
pub use resumed::{prove_resumed, verify_resumed};
pub use signature::{
    CannotProve, OddHashList, SignatureHash, SignatureRules, preferred_algorithms, prove_signature,
    verify_signature,
};
pub use xauth::{NotTheUser, XauthUser, XauthUsers, verify_xauth};
