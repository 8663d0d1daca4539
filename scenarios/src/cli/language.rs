//! `esplanade language`: what can stand in a scenario file.

use clap::Args;

use super::{Outcome, Trouble};
use crate::file;

/// Print the reference of the scenario language, in Markdown
#[derive(Debug, Args)]
pub(super) struct Language {
    /// Print a JSON Schema of scenario files instead, by which editors complete and check them
    #[arg(long)]
    schema: bool,
}

impl Language {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        print!("{}", if self.schema { file::schema() } else { file::page() });
        Ok(Outcome::Passed)
    }
}
