//! Payloads and the chain that they form (RFC 2408 §3.2).

use std::net::IpAddr;
use std::ops::Range;

use super::nat;
use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::v1::PayloadType;
use crate::v1::{
    Certificate, CertificateRequest, Configuration, Delete, Fragment, Identification, Notify,
    SecurityAssociation,
};

/// A payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Security Association.
    Sa(SecurityAssociation),
    /// Key Exchange: a public value of the group that the SA payload agrees on.
    Ke(Vec<u8>),
    /// Identification.
    Id(Identification),
    /// Certificate.
    Cert(Certificate),
    /// Certificate Request.
    CertReq(CertificateRequest),
    /// Hash.
    Hash(Vec<u8>),
    /// Signature.
    Sig(Vec<u8>),
    /// Nonce.
    Nonce(Vec<u8>),
    /// Notification.
    Notify(Notify),
    /// Delete.
    Delete(Delete),
    /// Vendor ID.
    VendorId(Vec<u8>),
    /// Attributes of the configuration method.
    Configuration(Configuration),
    /// NAT discovery: the hash of an address and a port (RFC 3947 §3.2).
    NatD(Vec<u8>),
    /// The same under the number of the drafts.
    NatDDraft(Vec<u8>),
    /// NAT original address (RFC 3947 §5.2).
    NatOa(IpAddr),
    /// The same under the number of the drafts.
    NatOaDraft(IpAddr),
    /// Fragment.
    Fragment(Fragment),
    /// One without a codec here.
    Unknown {
        /// Its type.
        kind: PayloadType,
        /// Its content.
        body: Vec<u8>,
    },
}

impl Payload {
    /// Its type.
    #[must_use]
    pub fn kind(&self) -> PayloadType {
        match self {
            Self::Sa(_) => PayloadType::SA,
            Self::Ke(_) => PayloadType::KE,
            Self::Id(_) => PayloadType::ID,
            Self::Cert(_) => PayloadType::CERT,
            Self::CertReq(_) => PayloadType::CERTREQ,
            Self::Hash(_) => PayloadType::HASH,
            Self::Sig(_) => PayloadType::SIG,
            Self::Nonce(_) => PayloadType::NONCE,
            Self::Notify(_) => PayloadType::NOTIFY,
            Self::Delete(_) => PayloadType::DELETE,
            Self::VendorId(_) => PayloadType::VENDOR_ID,
            Self::Configuration(_) => PayloadType::ATTRIBUTES,
            Self::NatD(_) => PayloadType::NAT_D,
            Self::NatDDraft(_) => PayloadType::NAT_D_DRAFT,
            Self::NatOa(_) => PayloadType::NAT_OA,
            Self::NatOaDraft(_) => PayloadType::NAT_OA_DRAFT,
            Self::Fragment(_) => PayloadType::FRAGMENT,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    fn parse(kind: PayloadType, cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        Ok(match kind {
            PayloadType::SA => Self::Sa(SecurityAssociation::parse(cursor)?),
            PayloadType::KE => Self::Ke(cursor.rest().to_vec()),
            PayloadType::ID => Self::Id(Identification::parse(cursor)?),
            PayloadType::CERT => Self::Cert(Certificate::parse(cursor)?),
            PayloadType::CERTREQ => Self::CertReq(CertificateRequest::parse(cursor)?),
            PayloadType::HASH => Self::Hash(cursor.rest().to_vec()),
            PayloadType::SIG => Self::Sig(cursor.rest().to_vec()),
            PayloadType::NONCE => Self::Nonce(cursor.rest().to_vec()),
            PayloadType::NOTIFY => Self::Notify(Notify::parse(cursor)?),
            PayloadType::DELETE => Self::Delete(Delete::parse(cursor)?),
            PayloadType::VENDOR_ID => Self::VendorId(cursor.rest().to_vec()),
            PayloadType::ATTRIBUTES => Self::Configuration(Configuration::parse(cursor)?),
            PayloadType::NAT_D => Self::NatD(cursor.rest().to_vec()),
            PayloadType::NAT_D_DRAFT => Self::NatDDraft(cursor.rest().to_vec()),
            PayloadType::NAT_OA => Self::NatOa(nat::parse(cursor)?),
            PayloadType::NAT_OA_DRAFT => Self::NatOaDraft(nat::parse(cursor)?),
            PayloadType::FRAGMENT => Self::Fragment(Fragment::parse(cursor)?),
            _ => Self::Unknown { kind, body: cursor.rest().to_vec() },
        })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sa(sa) => sa.emit(out),
            Self::Id(id) => id.emit(out),
            Self::Cert(cert) => cert.emit(out),
            Self::CertReq(request) => request.emit(out),
            Self::Notify(notify) => notify.emit(out),
            Self::Delete(delete) => delete.emit(out),
            Self::Configuration(configuration) => configuration.emit(out),
            Self::NatOa(address) | Self::NatOaDraft(address) => nat::emit(*address, out),
            Self::Fragment(fragment) => fragment.emit(out),
            Self::Ke(octets)
            | Self::Hash(octets)
            | Self::Sig(octets)
            | Self::Nonce(octets)
            | Self::VendorId(octets)
            | Self::NatD(octets)
            | Self::NatDDraft(octets)
            | Self::Unknown { body: octets, .. } => out.extend_from_slice(octets),
        }
    }
}

/// Payloads as they were read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The payloads in order.
    pub payloads: Vec<Payload>,
    /// Where each of them lies in its message, generic header included. What a hash covers are these octets, with the
    /// generic header (RFC 2409 §5.5) or without its four octets (RFC 2409 §5).
    pub places: Vec<Range<usize>>,
    /// Where the last of them ends in its message; what stands behind is padding.
    pub end: usize,
}

/// Reads a chain of payloads that begins with one of type `first` at offset `base` of its message, in `octets`, as far
/// as the chain goes: a decrypted body may have padding behind it, of which the caller thinks what it likes.
///
/// # Errors
/// When a length does not fit, or a payload is malformed or stands where it must not.
pub fn parse_chain(first: PayloadType, octets: &[u8], base: usize) -> Result<Chain, Malformed> {
    let mut cursor = Cursor::new(octets, base);
    let (mut payloads, mut places) = (Vec::new(), Vec::new());
    let mut kind = first;
    while kind != PayloadType::NONE {
        let begin = cursor.offset();
        if matches!(kind, PayloadType::PROPOSAL | PayloadType::TRANSFORM) {
            return Err(Malformed::new(begin, format!("a {kind} payload outside an SA payload")));
        }
        let next = PayloadType(cursor.u8("a payload's header")?);
        cursor.u8("a payload's header")?;
        let length = usize::from(cursor.u16("a payload's length")?);
        let body_len = length.checked_sub(GENERIC_HEADER_LEN).ok_or_else(|| {
            let text = format!("the length of the {kind} payload, {length}, is less than its header");
            Malformed::new(begin + 2, text)
        })?;
        let mut body = cursor.nested(body_len, "a payload")?;
        let payload = Payload::parse(kind, &mut body)?;
        if !body.is_empty() {
            return Err(Malformed::new(
                body.offset(),
                format!("octets behind the end of the {kind} payload"),
            ));
        }
        payloads.push(payload);
        places.push(begin..cursor.offset());
        kind = next;
    }
    Ok(Chain { payloads, places, end: cursor.offset() })
}

/// Appends a chain of payloads to `out` and returns the type of the first; the last one names no successor.
pub fn emit_chain(payloads: &[Payload], out: &mut Vec<u8>) -> PayloadType {
    for (index, payload) in payloads.iter().enumerate() {
        let begin = out.len();
        let next = payloads.get(index + 1).map_or(PayloadType::NONE, Payload::kind);
        out.extend([next.0, 0, 0, 0]);
        payload.emit(out);
        let length = u16::try_from(out.len() - begin).unwrap_or(u16::MAX);
        out[begin + 2..begin + GENERIC_HEADER_LEN].copy_from_slice(&length.to_be_bytes());
    }
    payloads.first().map_or(PayloadType::NONE, Payload::kind)
}

/// The length of the generic payload header in octets.
const GENERIC_HEADER_LEN: usize = 4;

#[cfg(test)]
mod tests;
