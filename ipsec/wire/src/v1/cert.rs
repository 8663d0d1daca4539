//! The Certificate and Certificate Request payloads (RFC 2408 §3.9, §3.10).

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::v1::CertEncoding;

/// A certificate, or something that belongs to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What it is and how it is encoded.
    pub encoding: CertEncoding,
    /// Its octets.
    pub data: Vec<u8>,
}

/// A wish for certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The encoding wished for.
    pub encoding: CertEncoding,
    /// A certification authority that would do, for X.509 its distinguished name in DER; empty for any.
    pub authority: Vec<u8>,
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
        let encoding = CertEncoding(cursor.u8("the certificate type")?);
        Ok(Self { encoding, authority: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.encoding.0);
        out.extend_from_slice(&self.authority);
    }
}
