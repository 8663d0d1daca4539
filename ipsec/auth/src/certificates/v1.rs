//! The same payloads in version 1 (RFC 2408 §3.9, §3.10, profiled by RFC 4945 §3.2, §3.3): a request names one authority by
//! its distinguished name, or none where any will do.

use ipsec_wire::registry::v1::CertEncoding;
use ipsec_wire::v1;

use super::BadCertPayload;
use crate::Credential;
use crate::x509::{Certificate, TrustStore};

/// The requests for certificates below each trust anchor (RFC 4945 §3.2.7.1).
#[must_use]
pub fn certificate_requests_v1(trust: &TrustStore) -> Vec<v1::CertificateRequest> {
    let mut requests: Vec<v1::CertificateRequest> = Vec::new();
    for authority in trust.anchors.iter().map(Certificate::subject_der) {
        let request = v1::CertificateRequest { encoding: CertEncoding::X509_SIGNATURE, authority };
        if !requests.contains(&request) {
            requests.push(request);
        }
    }
    requests
}

/// Reads the certificates of CERT payloads, the peer's own first. Payloads with something else, such as a revocation list,
/// are passed over (RFC 4945 §3.3.1).
///
/// # Errors
/// If one says to be a certificate but is none.
pub fn read_certificates_v1(payloads: &[&v1::Certificate]) -> Result<Vec<Certificate>, BadCertPayload> {
    let certificates = (1..).zip(payloads).filter(|(_, one)| one.encoding == CertEncoding::X509_SIGNATURE);
    let read = |(position, payload): (usize, &&v1::Certificate)| {
        Certificate::parse(&payload.data).map_err(|why| BadCertPayload::Malformed { position, why })
    };
    certificates.map(read).collect()
}

impl Credential {
    /// The CERT payloads to send in version 1.
    #[must_use]
    pub fn payloads_v1(&self) -> Vec<v1::Certificate> {
        let payload = |certificate: &Certificate| v1::Certificate {
            encoding: CertEncoding::X509_SIGNATURE,
            data: certificate.der().to_vec(),
        };
        self.chain.iter().map(payload).collect()
    }

    /// Whether one of the authorities that the peer asks for in version 1 issued the certificate, directly or not. No name
    /// stands for any of them (RFC 4945 §3.2.7.2).
    #[must_use]
    pub fn answers_v1(&self, asked: &[&v1::CertificateRequest]) -> bool {
        let names: Vec<Vec<u8>> =
            self.chain.iter().skip(1).chain(&self.root).map(Certificate::subject_der).collect();
        let asked = asked.iter().filter(|request| request.encoding == CertEncoding::X509_SIGNATURE);
        asked.into_iter().any(|request| request.authority.is_empty() || names.contains(&request.authority))
    }
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::KeyType;

    use super::*;
    use crate::seeded::Seeded;
    use crate::x509::laboratory::{Authority, Wish};

    fn wish(subject: &str) -> Wish<'_> {
        Wish { subject, names: &[], key_type: KeyType::P256, validity: (0, 2_000_000_000) }
    }

    fn request(encoding: CertEncoding, authority: &[u8]) -> v1::CertificateRequest {
        v1::CertificateRequest { encoding, authority: authority.to_vec() }
    }

    #[test]
    fn requests_name_authorities_and_credentials_answer_to_them() {
        let entropy = &mut Seeded::new(1);
        let [a, b] = ["CN=A", "CN=B"].map(|name| Authority::root(&wish(name), entropy).unwrap());
        let middle = b.subordinate(&wish("CN=Middle"), None, entropy).unwrap();
        let west = middle.issue(&wish("CN=west"), entropy).unwrap();
        let asked = |authority: &Authority| {
            let anchors = [authority, authority].map(|one| one.certificate().clone()).to_vec();
            certificate_requests_v1(&TrustStore { anchors, ..TrustStore::default() })
        };
        assert_eq!(asked(&a).len(), 1, "each anchor once");
        let answers =
            |requests: &[v1::CertificateRequest]| west.answers_v1(&requests.iter().collect::<Vec<_>>());
        assert!(answers(&asked(&b)) && answers(&asked(&middle)) && !answers(&asked(&a)));
        assert!(answers(&[request(CertEncoding::X509_SIGNATURE, b"")]), "any will do");
        assert!(!answers(&[request(CertEncoding::CRL, b"")]) && !answers(&[]));
        assert!(!answers(&[request(CertEncoding::X509_SIGNATURE, b"no name at all")]));
    }

    #[test]
    fn certificates_come_back_and_other_encodings_are_passed_over() {
        let entropy = &mut Seeded::new(2);
        let root = Authority::root(&wish("CN=A"), entropy).unwrap();
        let middle = root.subordinate(&wish("CN=Middle"), None, entropy).unwrap();
        let west = middle.issue(&wish("CN=west"), entropy).unwrap();
        let mut payloads = west.payloads_v1();
        assert_eq!(payloads.len(), 2, "the root is not sent");
        for encoding in (0..=12).map(CertEncoding).filter(|one| *one != CertEncoding::X509_SIGNATURE) {
            payloads.insert(0, v1::Certificate { encoding, data: b"something else".to_vec() });
        }
        let read = |payloads: &[v1::Certificate]| read_certificates_v1(&payloads.iter().collect::<Vec<_>>());
        assert_eq!(read(&payloads), Ok(west.chain));
        payloads.push(v1::Certificate { encoding: CertEncoding::X509_SIGNATURE, data: vec![0x30, 0x80] });
        let refused = read(&payloads).unwrap_err().to_string();
        assert!(refused.starts_with("CERT payload 15: expected a Certificate in DER"), "{refused}");
    }
}
