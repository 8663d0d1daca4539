//! The Certificate and Certificate Request payloads that this end understands (RFC 7296 §3.6, §3.7): X.509 certificates
//! as they are, never by hash and URL.

pub(crate) mod v1;

use ipsec_crypto::HashAlgorithm;
use ipsec_wire::registry::CertEncoding;
use ipsec_wire::v2;
use thiserror::Error;

use crate::Authenticate;
use crate::x509::{BadCertificate, BadOcspResponse, Certificate, OcspResponse, TrustStore};

/// The length of an authority's hash in a request, in octets.
const HASH_LEN: usize = 20;
/// A certificate, or a bundle of them, by hash and URL (RFC 7296 §3.6).
const HASH_AND_URL: [CertEncoding; 2] = [CertEncoding(12), CertEncoding(13)];

/// Certificate payloads that prove nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadCertPayload {
    /// The peer wants us to fetch it, which we did not offer by HTTP_CERT_LOOKUP_SUPPORTED.
    #[error(
        "CERT payload {position}: expected a certificate itself, found a hash and a URL (encoding {encoding})"
    )]
    HashAndUrl {
        /// Which payload, from 1.
        position: usize,
        /// Its encoding: 12 for a certificate, 13 for a bundle.
        encoding: u8,
    },
    /// It says to be a certificate but is none.
    #[error("CERT payload {position}: {why}")]
    Malformed {
        /// Which payload, from 1.
        position: usize,
        /// What is wrong with it.
        why: BadCertificate,
    },
    /// It says to be an OCSP response but is none that answers.
    #[error("CERT payload {position}: {why}")]
    Status {
        /// Which payload, from 1.
        position: usize,
        /// What is wrong with it.
        why: BadOcspResponse,
    },
}

/// Reads the certificates of CERT payloads, the peer's own first. Payloads with something else, such as a revocation
/// list, are passed over (RFC 4945 §3.3.10).
///
/// # Errors
/// If one is a hash and a URL, or says to be a certificate but is none.
pub fn read_certificates(payloads: &[v2::Certificate]) -> Result<Vec<Certificate>, BadCertPayload> {
    let mut certificates = Vec::new();
    for (position, payload) in (1..).zip(payloads) {
        if HASH_AND_URL.contains(&payload.encoding) {
            return Err(BadCertPayload::HashAndUrl { position, encoding: payload.encoding.0 });
        }
        if payload.encoding == CertEncoding::X509_SIGNATURE {
            let certificate = Certificate::parse(&payload.data)
                .map_err(|why| BadCertPayload::Malformed { position, why })?;
            certificates.push(certificate);
        }
    }
    Ok(certificates)
}

/// Reads the OCSP responses of CERT payloads (RFC 4806 §3.2).
///
/// # Errors
/// If one says to be a response but is none that answers.
pub fn read_responses(payloads: &[v2::Certificate]) -> Result<Vec<OcspResponse>, BadCertPayload> {
    let numbered = (1..).zip(payloads).filter(|(_, payload)| payload.encoding == CertEncoding::OCSP_CONTENT);
    let read = |(position, payload): (usize, &v2::Certificate)| {
        OcspResponse::parse(&payload.data).map_err(|why| BadCertPayload::Status { position, why })
    };
    numbered.map(read).collect()
}

/// The request for OCSP responses, with the hashes of the responders that any of `stores` trusts besides the issuers
/// (RFC 4806 §4.1); none if none of them wants responses.
fn status_request<'a>(stores: impl IntoIterator<Item = &'a TrustStore>) -> Option<v2::CertificateRequest> {
    let wanted: Vec<&Vec<Certificate>> = stores.into_iter().filter_map(|store| store.ocsp.as_ref()).collect();
    let authorities =
        wanted.iter().flat_map(|responders| responders.iter()).flat_map(authority_hash).collect();
    let encoding = CertEncoding::OCSP_CONTENT;
    (!wanted.is_empty()).then_some(v2::CertificateRequest { encoding, authorities })
}

/// The request for a certificate below any trust anchor of `stores`; none if there is no anchor.
fn certificate_request<'a>(
    stores: impl IntoIterator<Item = &'a TrustStore>,
) -> Option<v2::CertificateRequest> {
    let mut hashes: Vec<Vec<u8>> = Vec::new();
    for anchor in stores.into_iter().flat_map(|store| &store.anchors) {
        let hash = authority_hash(anchor);
        if !hashes.contains(&hash) {
            hashes.push(hash);
        }
    }
    let authorities = hashes.concat();
    (!authorities.is_empty())
        .then_some(v2::CertificateRequest { encoding: CertEncoding::X509_SIGNATURE, authorities })
}

/// The raw public keys of CERT payloads, as SubjectPublicKeyInfo in DER (RFC 7670 §2).
#[must_use]
pub fn read_raw_keys(payloads: &[v2::Certificate]) -> Vec<Vec<u8>> {
    let raw = payloads.iter().filter(|payload| payload.encoding == CertEncoding::RAW_PUBLIC_KEY);
    raw.map(|payload| payload.data.clone()).collect()
}

/// The request for a raw public key, which no authority stands behind (RFC 7670 §3).
fn raw_key_request() -> v2::CertificateRequest {
    v2::CertificateRequest { encoding: CertEncoding::RAW_PUBLIC_KEY, authorities: Vec::new() }
}

/// What to ask a peer for (RFC 7296 §3.7) that may have to prove itself in any of these ways.
#[must_use]
pub fn certificate_requests(ways: &[&Authenticate]) -> Vec<v2::CertificateRequest> {
    let mut requests: Vec<_> =
        certificate_request(ways.iter().filter_map(|way| way.trust())).into_iter().collect();
    requests.extend(status_request(ways.iter().filter_map(|way| way.trust())));
    if ways.iter().any(|way| matches!(way, Authenticate::RawKey { .. })) {
        requests.push(raw_key_request());
    }
    requests
}

/// Whether `request` is for X.509 certificates and names `authority`. What hangs over at its end is no name.
pub(crate) fn requests(request: &v2::CertificateRequest, authority: &Certificate) -> bool {
    let hash = authority_hash(authority);
    request.encoding == CertEncoding::X509_SIGNATURE
        && request.authorities.chunks_exact(HASH_LEN).any(|named| named == hash)
}

/// How a request names an authority: the SHA-1 of its SubjectPublicKeyInfo.
fn authority_hash(authority: &Certificate) -> Vec<u8> {
    HashAlgorithm::Sha1.digest(&[authority.spki()])
}

#[cfg(test)]
mod tests;
