//! The Certificate and Certificate Request payloads (RFC 7296 §3.6, §3.7).

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::CertEncoding;

/// A certificate, or a reference to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// How it is encoded.
    pub encoding: CertEncoding,
    /// Its octets.
    pub data: Vec<u8>,
}

/// A wish for certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The encoding wished for.
    pub encoding: CertEncoding,
    /// The SHA-1 hashes of the public keys of trusted certification authorities, 20 octets each, for X.509.
    pub authorities: Vec<u8>,
}

impl Certificate {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let encoding = CertEncoding(cursor.u8("the certificate encoding")?);
        Ok(Self { encoding, data: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.encoding.0);
        out.extend_from_slice(&self.data);
    }
}

impl CertificateRequest {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let encoding = CertEncoding(cursor.u8("the certificate encoding")?);
        Ok(Self { encoding, authorities: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.encoding.0);
        out.extend_from_slice(&self.authorities);
    }
}
