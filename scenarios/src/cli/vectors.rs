//! `esplanade vectors`: published numbers against the code that uses them.

use std::path::PathBuf;

use clap::Args;
use ipsec::crypto::{FAST, PORTABLE, Provider};

use super::{Outcome, Trouble, at};

/// Replay published test vectors
#[derive(Debug, Args)]
pub(super) struct Vectors {
    /// Only sources whose name has this in it
    filter: Option<String>,
    /// Write the report as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Vectors {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let both: [&'static Provider; 2] = [&PORTABLE, &FAST];
        // Where the processor lacks what the fast one needs, there is but one implementation.
        let providers = if Provider::best().name == PORTABLE.name { &both[..1] } else { &both[..] };
        let report = vectors::replay(self.filter.as_deref(), providers);
        if report.rows.is_empty() && report.failures.is_empty() {
            let known: Vec<&str> = vectors::SOURCES.iter().map(|source| source.name).collect();
            let filter = self.filter.unwrap_or_default();
            return Err(Trouble::Usage(format!(
                "no source's name has \"{filter}\" in it: {}",
                known.join(", ")
            )));
        }
        if let Some(path) = &self.json {
            let json = serde_json::to_string_pretty(&report).unwrap_or_default();
            at(path, reports::write(path, json.as_bytes()))?;
        }
        println!("{report}");
        Ok(if report.passed() { Outcome::Passed } else { Outcome::Failed })
    }
}
