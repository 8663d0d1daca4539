//! Version 2 of IKE (RFC 7296 §3): payloads and messages.

#[cfg(test)]
pub(crate) mod arbitrary;
mod auth;
mod cert;
mod configuration;
mod delete;
mod describe;
mod encrypted;
mod fragment;
mod id;
mod ke;
mod message;
mod notify;
mod payload;
mod sa;
mod ts;
#[cfg(test)]
pub(crate) mod written;

pub use auth::Authentication;
pub use cert::{Certificate, CertificateRequest};
pub use configuration::{ConfigAttribute, ConfigValue, Configuration, DnsDigests, EncryptedDns, TrustAnchor};
pub use delete::Delete;
pub use describe::{describe, tree};
pub use encrypted::{Layout, Protected, lay_out, lay_out_content, split, strip_padding};
pub use fragment::{FragmentNumber, fragment_number, lay_out_fragments};
pub use id::Identification;
pub use ke::KeyExchange;
pub use message::Message;
pub use notify::Notify;
pub use payload::{Payload, emit_chain, parse_chain};
pub use sa::{Proposal, SecurityAssociation, Transform};
pub use ts::TrafficSelector;
