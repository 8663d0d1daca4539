//! What this end proves itself with by signature.

use ipsec_crypto::Signer;

use crate::x509::Certificate;

/// A private key and the certificates to send for it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The private key.
    pub signer: Signer,
    /// The key's own certificate first, then its issuers in order, as far as the peer needs them (RFC 7296 §3.6).
    pub chain: Vec<Certificate>,
}
