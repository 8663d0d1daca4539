//! Data attributes (RFC 2408 §3.3), of transforms and of configuration messages.

use std::fmt;

use crate::Malformed;
use crate::cursor::Cursor;

/// An attribute in the form in which it was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribute {
    /// Its class, 15 bits. The registry depends on where the attribute stands:
    /// [`Phase1Attribute`](crate::registry::v1::Phase1Attribute),
    /// [`Phase2Attribute`](crate::registry::v1::Phase2Attribute),
    /// [`ConfigAttribute`](crate::registry::v1::ConfigAttribute).
    pub class: u16,
    /// Its value.
    pub value: Value,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Two octets in the place of the length (type and value).
    Basic(u16),
    /// As many octets as the length says (type, length and value).
    Variable(Vec<u8>),
}

/// Why attributes cannot be made use of. The answer is ATTRIBUTES-NOT-SUPPORTED (RFC 2407 §4.5.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A class stands twice, with different values.
    #[error("{class} is both {first} and {second}")]
    Conflict {
        /// The name of the class.
        class: String,
        /// The value that came first.
        first: Value,
        /// The other one.
        second: Value,
    },
    /// A class that has to be basic came with a length (RFC 2409 appendix A).
    #[error("{0} has to be basic, but has a length")]
    NotBasic(String),
    /// A duration has no life type before it, or a life type no duration behind it.
    #[error("{0} without its other half")]
    HalfALifetime(String),
    /// A number has no octets or more than eight.
    #[error("{class} is a number of {octets} octets, expected 1 to 8")]
    NotANumber {
        /// The name of the class.
        class: String,
        /// The number of octets of the value.
        octets: usize,
    },
}

impl Attribute {
    /// An attribute of two octets.
    #[must_use]
    pub fn basic(class: u16, value: u16) -> Self {
        Self { class, value: Value::Basic(value) }
    }

    /// An attribute with a length.
    #[must_use]
    pub fn variable(class: u16, value: impl Into<Vec<u8>>) -> Self {
        Self { class, value: Value::Variable(value.into()) }
    }

    /// A number in the shortest form: basic where it fits into two octets, else of four octets or of eight.
    #[must_use]
    pub fn number(class: u16, number: u64) -> Self {
        match (u16::try_from(number), u32::try_from(number)) {
            (Ok(short), _) => Self::basic(class, short),
            (_, Ok(long)) => Self::variable(class, long.to_be_bytes()),
            _ => Self::variable(class, number.to_be_bytes()),
        }
    }

    pub(super) fn parse_list(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, Malformed> {
        let mut attributes = Vec::new();
        while !cursor.is_empty() {
            let head = cursor.u16("an attribute's type")?;
            let second = cursor.u16("an attribute's value or length")?;
            let value = if head & BASIC == 0 {
                Value::Variable(cursor.take(usize::from(second), "an attribute's value")?.to_vec())
            } else {
                Value::Basic(second)
            };
            attributes.push(Self { class: head & !BASIC, value });
        }
        Ok(attributes)
    }

    pub(super) fn emit_list(attributes: &[Self], out: &mut Vec<u8>) {
        for Self { class, value } in attributes {
            match value {
                Value::Basic(value) => {
                    out.extend((class | BASIC).to_be_bytes());
                    out.extend(value.to_be_bytes());
                }
                Value::Variable(value) => {
                    out.extend((class & !BASIC).to_be_bytes());
                    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
                    out.extend_from_slice(value);
                }
            }
        }
    }
}

impl Value {
    /// The value as a number, whatever its form; `None` where it has no octets or more than eight.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Basic(value) => Some(u64::from(*value)),
            Self::Variable(octets) if (1..=8).contains(&octets.len()) => {
                Some(octets.iter().fold(0, |number, octet| (number << 8) | u64::from(*octet)))
            }
            Self::Variable(_) => None,
        }
    }

    /// The length of the value in octets.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Self::Basic(_) => 2,
            Self::Variable(octets) => octets.len(),
        }
    }
}

/// Decimal where it is basic, hexadecimal where it has a length.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic(value) => write!(f, "{value}"),
            Self::Variable(octets) if octets.is_empty() => f.write_str("nothing"),
            Self::Variable(octets) => {
                f.write_str("0x")?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

/// Takes the value of a basic attribute into `field`, which it has to agree with.
pub(super) fn take_basic(
    field: &mut Option<u16>,
    attribute: &Attribute,
    class: &dyn fmt::Display,
) -> Result<(), Unusable> {
    let Value::Basic(value) = attribute.value else {
        return Err(Unusable::NotBasic(class.to_string()));
    };
    match *field {
        Some(first) if first != value => Err(Unusable::Conflict {
            class: class.to_string(),
            first: Value::Basic(first),
            second: Value::Basic(value),
        }),
        _ => {
            *field = Some(value);
            Ok(())
        }
    }
}

/// The bit that tells a basic attribute.
const BASIC: u16 = 0x8000;

#[cfg(test)]
mod tests;
