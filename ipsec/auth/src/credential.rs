//! What this end proves itself with by signature, and the choice of it by what the peer asks for (RFC 7296 §3.7).

use ipsec_crypto::Signer;
use ipsec_wire::registry::CertEncoding;
use ipsec_wire::v2;

use crate::certificates::requests;
use crate::x509::{Certificate, OcspResponse};

/// A private key and the certificates to send for it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The private key.
    pub signer: Signer,
    /// The key's own certificate first, then its issuers in order, as far as the peer needs them (RFC 7296 §3.6).
    pub chain: Vec<Certificate>,
    /// The root above them, which is not sent but which requests may name.
    pub root: Option<Certificate>,
    /// What an OCSP responder says of the key's own certificate, for peers that want to know (RFC 4806).
    pub status: Option<OcspResponse>,
}

impl Credential {
    /// The CERT payloads to send.
    #[must_use]
    pub fn payloads(&self) -> Vec<v2::Certificate> {
        let payload = |certificate: &Certificate| v2::Certificate {
            encoding: CertEncoding::X509_SIGNATURE,
            data: certificate.der().to_vec(),
        };
        self.chain.iter().map(payload).collect()
    }

    /// The CERT payload with an OCSP response, if the peer asks for one and there is one (RFC 4806 §4.2). Whom the peer trusts
    /// to sign it besides the issuer is a wish like others.
    #[must_use]
    pub fn status_payload(&self, asked: &[v2::CertificateRequest]) -> Option<v2::Certificate> {
        let is_asked = asked.iter().any(|request| request.encoding == CertEncoding::OCSP_CONTENT);
        let status = self.status.as_ref().filter(|_| is_asked)?;
        Some(v2::Certificate { encoding: CertEncoding::OCSP_CONTENT, data: status.der().to_vec() })
    }

    /// Whether one of the authorities that the peer asks for issued the certificate, directly or not.
    #[must_use]
    pub fn answers(&self, asked: &[v2::CertificateRequest]) -> bool {
        let mut authorities = self.chain.iter().skip(1).chain(&self.root);
        authorities.any(|authority| asked.iter().any(|request| requests(request, authority)))
    }

    /// The first of `credentials` that answers, else the first: a request is a wish, not an order (RFC 7296 §3.7).
    #[must_use]
    pub fn select<'a>(credentials: &'a [Self], asked: &[v2::CertificateRequest]) -> Option<&'a Self> {
        credentials.iter().find(|credential| credential.answers(asked)).or(credentials.first())
    }
}
