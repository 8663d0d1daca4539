//! Version 1 of IKE: the payloads and messages of ISAKMP (RFC 2408 §3) as the IPsec DOI (RFC 2407) and IKE (RFC 2409) fill
//! them, with NAT traversal (RFC 3947), dead peer detection (RFC 3706), the configuration method, XAUTH and fragments.
//!
//! Hashes cover octets as they were sent: [`parse_chain`] tells where each payload lies.

#[cfg(test)]
pub(crate) mod arbitrary;
mod attribute;
mod cert;
mod configuration;
mod delete;
mod describe;
mod encrypted;
mod fragment;
mod header;
mod id;
mod lifetime;
mod message;
mod nat;
mod notify;
mod payload;
mod phase1;
mod phase2;
mod sa;
mod shown;
mod situation;
#[cfg(test)]
pub(crate) mod written;

pub use attribute::{Attribute, Unusable, Value};
pub use cert::{Certificate, CertificateRequest};
pub use configuration::Configuration;
pub use delete::Delete;
pub use describe::{describe, tree};
pub use encrypted::{content, lay_out};
pub use fragment::Fragment;
pub use header::{Flags, Header};
pub use id::{Identification, Subject};
pub use lifetime::Lifetime;
pub use message::Message;
pub use notify::Notify;
pub use payload::{Chain, Payload, emit_chain, parse_chain};
pub use phase1::Phase1;
pub use phase2::Phase2;
pub use sa::{Proposal, SecurityAssociation, Transform};
pub use situation::{Label, Labels, Situation};
