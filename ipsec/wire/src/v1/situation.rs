//! The situation of an SA payload (RFC 2407 §4.2, §4.6.1): under which labels the SA is wanted.

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::v1::Doi;

/// A situation of the IPsec DOI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Situation {
    /// The SA is known by the identities of its ends, without labels.
    IdentityOnly,
    /// Labels of secrecy or integrity are asked for.
    Labeled(Box<Labels>),
    /// One that is not known, or of another DOI. As nobody can tell where it ends it takes the whole payload, which the
    /// receiver answers with SITUATION-NOT-SUPPORTED or DOI-NOT-SUPPORTED.
    Unknown(Vec<u8>),
}

/// Labels; at least one of `secrecy` and `integrity` is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Whether identities tell the SA as well.
    pub identity: bool,
    /// The labeled domain identifier, by which the labels are understood.
    pub domain: u32,
    /// The secrecy that is required.
    pub secrecy: Option<Label>,
    /// The integrity that is required.
    pub integrity: Option<Label>,
}

/// A level, and categories within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The level identifier.
    pub level: Vec<u8>,
    /// How many categories there are, in bits.
    pub category_bits: u16,
    /// A bit for each category, in as many octets as that takes.
    pub categories: Vec<u8>,
}

impl Situation {
    pub(super) fn parse(doi: Doi, cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        if doi != Doi::IPSEC {
            return Ok(Self::Unknown(cursor.rest().to_vec()));
        }
        let mut inside = cursor.clone();
        let bitmap = inside.u32("the situation")?;
        let has = |bit: u32| bitmap & bit != 0;
        let situation = match bitmap {
            IDENTITY_ONLY => Self::IdentityOnly,
            2..=7 => Self::Labeled(Box::new(Labels {
                identity: has(IDENTITY_ONLY),
                domain: inside.u32("the labeled domain identifier")?,
                secrecy: has(SECRECY).then(|| Label::parse(&mut inside)).transpose()?,
                integrity: has(INTEGRITY).then(|| Label::parse(&mut inside)).transpose()?,
            })),
            _ => return Ok(Self::Unknown(cursor.rest().to_vec())),
        };
        *cursor = inside;
        Ok(situation)
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        match self {
            Self::IdentityOnly => out.extend(IDENTITY_ONLY.to_be_bytes()),
            Self::Labeled(labels) => labels.emit(out),
            Self::Unknown(octets) => out.extend_from_slice(octets),
        }
    }
}

impl Labels {
    fn emit(&self, out: &mut Vec<u8>) {
        let bits = [
            (self.identity, IDENTITY_ONLY),
            (self.secrecy.is_some(), SECRECY),
            (self.integrity.is_some(), INTEGRITY),
        ];
        let bitmap = bits.into_iter().filter(|(set, _)| *set).fold(0, |bitmap, (_, bit)| bitmap | bit);
        out.extend(bitmap.to_be_bytes());
        out.extend(self.domain.to_be_bytes());
        [&self.secrecy, &self.integrity].into_iter().flatten().for_each(|label| label.emit(out));
    }
}

impl Label {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let octets = usize::from(cursor.u16("the length of a level")?);
        cursor.u16("the reserved octets behind the length of a level")?;
        let level = padded(cursor, octets, "a level")?;
        let category_bits = cursor.u16("the number of categories")?;
        cursor.u16("the reserved octets behind the number of categories")?;
        let categories = padded(cursor, usize::from(category_bits).div_ceil(8), "the categories")?;
        Ok(Self { level, category_bits, categories })
    }

    fn emit(&self, out: &mut Vec<u8>) {
        let fields = [
            (u16::try_from(self.level.len()).unwrap_or(u16::MAX), &self.level),
            (self.category_bits, &self.categories),
        ];
        for (length, octets) in fields {
            out.extend(length.to_be_bytes());
            out.extend([0, 0]);
            out.extend_from_slice(octets);
            out.resize(out.len() + octets.len().next_multiple_of(ALIGNMENT) - octets.len(), 0);
        }
    }
}

/// Takes `count` octets and the padding behind them.
fn padded(cursor: &mut Cursor<'_>, count: usize, what: &str) -> Result<Vec<u8>, Malformed> {
    let octets = cursor.take(count.next_multiple_of(ALIGNMENT), what)?;
    Ok(octets[..count].to_vec())
}

const IDENTITY_ONLY: u32 = 1;
const SECRECY: u32 = 2;
const INTEGRITY: u32 = 4;

/// Levels and bitmaps are padded to a multiple of this many octets.
const ALIGNMENT: usize = 4;

#[cfg(test)]
mod tests;
