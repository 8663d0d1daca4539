//! `esplanade merge`: the results of several machines as one.

use std::path::PathBuf;

use clap::Args;
use reports::{Results, json};

use super::{Outcome, Trouble, at, run};

/// Put the results of several machines together, and judge them as one run
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// The folders to which `run` wrote them
    #[arg(required = true, value_name = "DIR")]
    parts: Vec<PathBuf>,
    /// Where all results go
    #[arg(long, value_name = "DIR", default_value = "target/esplanade")]
    out: PathBuf,
}

impl Merge {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let read = |folder: &PathBuf| {
            let file = folder.join("results.json");
            let text = at(&file, std::fs::read_to_string(&file))?;
            json::from_json(&text).map_err(|error| Trouble::Usage(format!("{}: {error}", file.display())))
        };
        let parts = self.parts.iter().map(read).collect::<Result<Vec<Results>, _>>()?;
        let whole = Results::merge(parts).map_err(|error| Trouble::Usage(error.to_string()))?;
        run::publish(&whole, &self.out)
    }
}
