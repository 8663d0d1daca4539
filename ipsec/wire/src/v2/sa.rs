//! The Security Association payload (RFC 7296 §3.3): proposals, their transforms, and the attributes of those.

use std::fmt;

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::{ProtocolId, TransformType, transform_name};
use crate::substructure::{self, PROPOSAL, TRANSFORM};

/// The proposals of an offer, or the one that was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityAssociation {
    /// In order of preference.
    pub proposals: Vec<Proposal>,
}

/// Algorithms of which one of each type is to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its number; a choice repeats the number of the offer.
    pub number: u8,
    /// What it is for.
    pub protocol: ProtocolId,
    /// The SPI that its sender wants to receive under; empty for a first IKE SA.
    pub spi: Vec<u8>,
    /// The transforms.
    pub transforms: Vec<Transform>,
}

/// One algorithm.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transform {
    /// What kind of algorithm it is.
    pub kind: TransformType,
    /// Its number among its kind.
    pub id: u16,
    /// The key length attribute, in bits.
    pub key_bits: Option<u16>,
    /// Attributes that are not known, by type and value. Such a transform must not be chosen (RFC 7296 §3.3.6).
    pub unknown: Vec<(u16, Vec<u8>)>,
}

impl Transform {
    /// A transform with known attributes only.
    #[must_use]
    pub fn new(kind: TransformType, id: u16, key_bits: Option<u16>) -> Self {
        Self { kind, id, key_bits, unknown: Vec::new() }
    }
}

/// `ENCR_AES_GCM_16-256`, as people write it.
impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&transform_name(self.kind, self.id))?;
        if let Some(bits) = self.key_bits {
            write!(f, "-{bits}")?;
        }
        if !self.unknown.is_empty() {
            f.write_str(" with unknown attributes")?;
        }
        Ok(())
    }
}

/// `ESP ENCR_AES_GCM_16-128 CURVE25519 …`.
impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.protocol)?;
        self.transforms.iter().try_for_each(|transform| write!(f, " {transform}"))
    }
}

impl SecurityAssociation {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let proposals = substructure::parse(cursor, PROPOSAL, Proposal::parse)?;
        if !cursor.is_empty() {
            return Err(Malformed::new(cursor.offset(), "octets behind the last proposal"));
        }
        Ok(Self { proposals })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        substructure::emit(&self.proposals, PROPOSAL, out, Proposal::emit);
    }
}

impl Proposal {
    fn parse(mut cursor: Cursor<'_>) -> Result<Self, Malformed> {
        let number = cursor.u8("a proposal's number")?;
        let protocol = ProtocolId(cursor.u8("a proposal's protocol")?);
        let spi_len = usize::from(cursor.u8("a proposal's SPI size")?);
        let count_at = cursor.offset();
        let count = usize::from(cursor.u8("a proposal's number of transforms")?);
        let spi = cursor.take(spi_len, "a proposal's SPI")?.to_vec();
        let transforms = match count {
            0 => Vec::new(),
            _ => substructure::parse(&mut cursor, TRANSFORM, Transform::parse)?,
        };
        if transforms.len() != count || !cursor.is_empty() {
            let text = format!("{count} transforms are announced, {} are there", transforms.len());
            return Err(Malformed::new(count_at, text));
        }
        Ok(Self { number, protocol, spi, transforms })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        let short = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
        out.extend([self.number, self.protocol.0, short(self.spi.len()), short(self.transforms.len())]);
        out.extend_from_slice(&self.spi);
        substructure::emit(&self.transforms, TRANSFORM, out, Transform::emit);
    }
}

impl Transform {
    fn parse(mut cursor: Cursor<'_>) -> Result<Self, Malformed> {
        let kind = TransformType(cursor.u8("a transform's type")?);
        cursor.u8("a transform's reserved octet")?;
        let id = cursor.u16("a transform's ID")?;
        let mut transform = Self::new(kind, id, None);
        while !cursor.is_empty() {
            let head = cursor.u16("an attribute's type")?;
            let (short, number) = (head & 0x8000 != 0, head & 0x7fff);
            let second = cursor.u16("an attribute's value or length")?;
            match (number, short) {
                (KEY_LENGTH, true) if transform.key_bits.is_none() => transform.key_bits = Some(second),
                (_, true) => transform.unknown.push((head, second.to_be_bytes().to_vec())),
                (_, false) => {
                    let value = cursor.take(usize::from(second), "an attribute's value")?;
                    transform.unknown.push((head, value.to_vec()));
                }
            }
        }
        Ok(transform)
    }

    fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.kind.0, 0]);
        out.extend(self.id.to_be_bytes());
        if let Some(bits) = self.key_bits {
            out.extend((0x8000 | KEY_LENGTH).to_be_bytes());
            out.extend(bits.to_be_bytes());
        }
        for (head, value) in &self.unknown {
            out.extend(head.to_be_bytes());
            if head & 0x8000 == 0 {
                out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
            }
            out.extend_from_slice(value);
        }
    }
}

/// The only attribute of IKEv2 (RFC 7296 §3.3.5).
const KEY_LENGTH: u16 = 14;

#[cfg(test)]
mod tests;
