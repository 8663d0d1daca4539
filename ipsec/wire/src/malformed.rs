//! The one error of parsing.

/// Octets that do not mean what they should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("offset {offset}: {what}")]
pub struct Malformed {
    /// Where, in octets from the beginning of the message.
    pub offset: usize,
    /// What was found, and what was expected.
    pub what: String,
}

impl Malformed {
    pub(crate) fn new(offset: usize, what: impl Into<String>) -> Self {
        Self { offset, what: what.into() }
    }
}
