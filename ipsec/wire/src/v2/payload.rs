//! Payloads and the chain that they form (RFC 7296 §3.2).

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::PayloadType;
use crate::v2::{
    Authentication, Certificate, CertificateRequest, Configuration, Delete, Identification, KeyExchange,
    Notify, SecurityAssociation, TrafficSelector,
};

/// A payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Security Association.
    Sa(SecurityAssociation),
    /// Key Exchange.
    Ke(KeyExchange),
    /// Identification of the initiator.
    IdI(Identification),
    /// Identification of the responder.
    IdR(Identification),
    /// Certificate.
    Cert(Certificate),
    /// Certificate Request.
    CertReq(CertificateRequest),
    /// Authentication.
    Auth(Authentication),
    /// Nonce.
    Nonce(Vec<u8>),
    /// Notify.
    Notify(Notify),
    /// Delete.
    Delete(Delete),
    /// Vendor ID.
    VendorId(Vec<u8>),
    /// Traffic selectors of the initiator.
    TsI(Vec<TrafficSelector>),
    /// Traffic selectors of the responder.
    TsR(Vec<TrafficSelector>),
    /// Extensible Authentication: an EAP packet as it is (RFC 7296 §3.16).
    Eap(Vec<u8>),
    /// Configuration.
    Cp(Configuration),
    /// The solution of a puzzle (RFC 8019 §8.2).
    PuzzleSolution(Vec<u8>),
    /// One without a codec here.
    Unknown {
        /// Its type.
        kind: PayloadType,
        /// Whether a receiver that does not know it must refuse the message (RFC 7296 §2.5).
        critical: bool,
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
            Self::IdI(_) => PayloadType::ID_I,
            Self::IdR(_) => PayloadType::ID_R,
            Self::Cert(_) => PayloadType::CERT,
            Self::CertReq(_) => PayloadType::CERTREQ,
            Self::Auth(_) => PayloadType::AUTH,
            Self::Nonce(_) => PayloadType::NONCE,
            Self::Notify(_) => PayloadType::NOTIFY,
            Self::Delete(_) => PayloadType::DELETE,
            Self::VendorId(_) => PayloadType::VENDOR_ID,
            Self::TsI(_) => PayloadType::TS_I,
            Self::Eap(_) => PayloadType::EAP,
            Self::TsR(_) => PayloadType::TS_R,
            Self::Cp(_) => PayloadType::CP,
            Self::PuzzleSolution(_) => PayloadType::PUZZLE,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    fn parse(kind: PayloadType, critical: bool, cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        Ok(match kind {
            PayloadType::SA => Self::Sa(SecurityAssociation::parse(cursor)?),
            PayloadType::KE => Self::Ke(KeyExchange::parse(cursor)?),
            PayloadType::ID_I => Self::IdI(Identification::parse(cursor)?),
            PayloadType::ID_R => Self::IdR(Identification::parse(cursor)?),
            PayloadType::CERT => Self::Cert(Certificate::parse(cursor)?),
            PayloadType::CERTREQ => Self::CertReq(CertificateRequest::parse(cursor)?),
            PayloadType::AUTH => Self::Auth(Authentication::parse(cursor)?),
            PayloadType::NONCE => Self::Nonce(cursor.rest().to_vec()),
            PayloadType::NOTIFY => Self::Notify(Notify::parse(cursor)?),
            PayloadType::DELETE => Self::Delete(Delete::parse(cursor)?),
            PayloadType::VENDOR_ID => Self::VendorId(cursor.rest().to_vec()),
            PayloadType::EAP => Self::Eap(cursor.rest().to_vec()),
            PayloadType::TS_I => Self::TsI(TrafficSelector::parse_list(cursor)?),
            PayloadType::TS_R => Self::TsR(TrafficSelector::parse_list(cursor)?),
            PayloadType::CP => Self::Cp(Configuration::parse(cursor)?),
            PayloadType::PUZZLE => Self::PuzzleSolution(cursor.rest().to_vec()),
            _ => Self::Unknown { kind, critical, body: cursor.rest().to_vec() },
        })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sa(sa) => sa.emit(out),
            Self::Ke(ke) => ke.emit(out),
            Self::IdI(id) | Self::IdR(id) => id.emit(out),
            Self::Cert(cert) => cert.emit(out),
            Self::CertReq(request) => request.emit(out),
            Self::Auth(auth) => auth.emit(out),
            Self::Notify(notify) => notify.emit(out),
            Self::Delete(delete) => delete.emit(out),
            Self::Nonce(octets)
            | Self::VendorId(octets)
            | Self::Eap(octets)
            | Self::PuzzleSolution(octets) => out.extend_from_slice(octets),
            Self::TsI(selectors) | Self::TsR(selectors) => TrafficSelector::emit_list(selectors, out),
            Self::Cp(configuration) => configuration.emit(out),
            Self::Unknown { body, .. } => out.extend_from_slice(body),
        }
    }
}

/// Reads a chain of payloads that begins with one of type `first` at offset `base` of its message and fills `octets`.
///
/// # Errors
/// When a length does not fit, or a payload is malformed.
pub fn parse_chain(first: PayloadType, octets: &[u8], base: usize) -> Result<Vec<Payload>, Malformed> {
    let mut cursor = Cursor::new(octets, base);
    let mut payloads = Vec::new();
    let mut kind = first;
    while kind != PayloadType::NONE {
        let begin = cursor.offset();
        let next = PayloadType(cursor.u8("a payload's header")?);
        let critical = cursor.u8("a payload's header")? & 0x80 != 0;
        let length = usize::from(cursor.u16("a payload's length")?);
        let body_len = length.checked_sub(GENERIC_HEADER_LEN).ok_or_else(|| {
            let text = format!("the length of the {kind} payload, {length}, is less than its header");
            Malformed::new(begin + 2, text)
        })?;
        let mut body = cursor.nested(body_len, "a payload")?;
        let payload = Payload::parse(kind, critical, &mut body)?;
        if !body.is_empty() {
            return Err(Malformed::new(
                body.offset(),
                format!("octets behind the end of the {kind} payload"),
            ));
        }
        payloads.push(payload);
        kind = next;
    }
    if !cursor.is_empty() {
        return Err(Malformed::new(cursor.offset(), "octets behind the last payload"));
    }
    Ok(payloads)
}

/// Appends a chain of payloads to `out` and returns the type of the first; the last one names `then` as its successor.
pub fn emit_chain(payloads: &[Payload], then: PayloadType, out: &mut Vec<u8>) -> PayloadType {
    for (index, payload) in payloads.iter().enumerate() {
        let begin = out.len();
        let next = payloads.get(index + 1).map_or(then, Payload::kind);
        let critical = matches!(payload, Payload::Unknown { critical: true, .. });
        out.extend([next.0, if critical { 0x80 } else { 0 }, 0, 0]);
        payload.emit(out);
        let length = u16::try_from(out.len() - begin).unwrap_or(u16::MAX);
        out[begin + 2..begin + GENERIC_HEADER_LEN].copy_from_slice(&length.to_be_bytes());
    }
    payloads.first().map_or(then, Payload::kind)
}

/// The length of the generic payload header in octets.
pub(super) const GENERIC_HEADER_LEN: usize = 4;

#[cfg(test)]
mod tests;
