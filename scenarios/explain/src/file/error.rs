//! Why a file cannot be read.

use std::fmt;

/// A file that is not what it should be, or ends too early: where, what was expected there and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where in the file, in octets from its beginning; of a packed file, after unpacking.
    pub offset: u64,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl Unreadable {
    pub(crate) fn new(offset: u64, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { offset, expected: expected.into(), found: found.into() }
    }

    pub(crate) fn io(offset: u64, error: &std::io::Error) -> Self {
        Self::new(offset, "more of the file", error.to_string())
    }
}

/// `at offset 24: expected the 16 octets of a packet's header, found the end of the file after 3`.
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at offset {}: expected {}, found {}", self.offset, self.expected, self.found)
    }
}

impl std::error::Error for Unreadable {}
