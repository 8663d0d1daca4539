//! The Security Association payload (RFC 2408 §3.4 to §3.6): a situation, proposals and their transforms.

use std::fmt;

use super::shown;
use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::v1::{Doi, ProtocolId};
use crate::substructure::{self, PROPOSAL, TRANSFORM};
use crate::v1::{Attribute, Situation};

/// The proposals of an offer, or the one that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityAssociation {
    /// The domain of interpretation.
    pub doi: Doi,
    /// The situation. Where it is unknown there are no proposals.
    pub situation: Situation,
    /// In order of preference. Those with the same number are wanted together (RFC 2408 §4.2).
    pub proposals: Vec<Proposal>,
}

/// A protocol with transforms of which one is to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its number.
    pub number: u8,
    /// The protocol.
    pub protocol: ProtocolId,
    /// The SPI that its sender wants to receive under; for ISAKMP nothing, or cookies that are ignored.
    pub spi: Vec<u8>,
    /// The transforms, in order of preference.
    pub transforms: Vec<Transform>,
}

/// A set of algorithms, complete with what belongs to them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transform {
    /// Its number within the proposal.
    pub number: u8,
    /// Its number among the transforms of the protocol.
    pub id: u8,
    /// Its attributes, as they were sent: a choice returns them unmodified (RFC 2408 §4.2). [`Phase1`](super::Phase1)
    /// and [`Phase2`](super::Phase2) tell what they say.
    pub attributes: Vec<Attribute>,
}

impl SecurityAssociation {
    /// Proposals under the IPsec DOI, without labels.
    #[must_use]
    pub fn new(proposals: Vec<Proposal>) -> Self {
        Self { doi: Doi::IPSEC, situation: Situation::IdentityOnly, proposals }
    }

    /// The payload without its generic header: `SA_b` of RFC 2409 §5, which hashes and signatures cover.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        self.emit(&mut body);
        body
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let doi = Doi(cursor.u32("the domain of interpretation")?);
        let situation = Situation::parse(doi, cursor)?;
        let proposals = match situation {
            Situation::Unknown(_) => Vec::new(),
            _ => substructure::parse(cursor, PROPOSAL, Proposal::parse)?,
        };
        if !cursor.is_empty() {
            return Err(Malformed::new(cursor.offset(), "octets behind the last proposal"));
        }
        Ok(Self { doi, situation, proposals })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.doi.0.to_be_bytes());
        self.situation.emit(out);
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
        let number = cursor.u8("a transform's number")?;
        let id = cursor.u8("a transform's ID")?;
        cursor.u16("a transform's reserved octets")?;
        Ok(Self { number, id, attributes: Attribute::parse_list(&mut cursor)? })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.number, self.id, 0, 0]);
        Attribute::emit_list(&self.attributes, out);
    }
}

/// `ESP [ESP_AES-CBC, 128 bits, HMAC-SHA2-256, tunnel] [ESP_NULL, HMAC-SHA2-256, tunnel]`.
impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.protocol)?;
        self.transforms
            .iter()
            .try_for_each(|transform| write!(f, " [{}]", shown::transform(self.protocol, transform)))
    }
}

#[cfg(test)]
mod tests;
