//! `esplanade language`: what can stand in a scenario file.

use clap::Args;

use super::{Outcome, Trouble};
use crate::file;

/// Print the reference of the scenario language, in Markdown
#[derive(Debug, Args)]
pub(super) struct Language;

impl Language {
    #[expect(clippy::unused_self, reason = "each command has this shape")]
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        print!("{}", file::page());
        Ok(Outcome::Passed)
    }
}
