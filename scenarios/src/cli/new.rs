//! `esplanade new`: a first scenario to change.

use std::path::PathBuf;

use clap::Args;

use super::{Outcome, Trouble, at};

/// Write a first scenario, to be changed
#[derive(Debug, Args)]
pub(super) struct New {
    /// Its file, which must not be there yet; `.toml` is added where it is missing
    file: PathBuf,
}

/// Two gateways and a tunnel.
const FIRST: &str = include_str!("first.toml");

impl New {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let mut file = self.file;
        if file.extension().is_none_or(|extension| extension != "toml") {
            file.as_mut_os_string().push(".toml");
        }
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            at(folder, std::fs::create_dir_all(folder))?;
        }
        if file.exists() {
            return Err(Trouble::Usage(format!("{} is there already", file.display())));
        }
        at(&file, reports::write(&file, FIRST.as_bytes()))?;
        println!("cargo esplanade run {}", file.display());
        Ok(Outcome::Passed)
    }
}
