//! `esplanade vectors`: published numbers against the code that uses them.

use clap::Args;
use ipsec::crypto::{FAST, PORTABLE, Provider};

use super::{Outcome, Trouble};

/// Replay published test vectors
#[derive(Debug, Args)]
pub(super) struct Vectors {
    /// Only sources whose name has this in it
    filter: Option<String>,
}
