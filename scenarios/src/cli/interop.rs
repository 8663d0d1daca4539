//! `esplanade interop`: real implementations, initiator × responder × scenario.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;
use reports::matrix::Matrix;

use super::run::{progress, workers};
use super::{Outcome, Trouble, at, find};
use crate::interop::{Implementation, Known, cells, play};

/// Hold real implementations to scenarios, with our peers and each other
#[derive(Debug, Args)]
pub(super) struct Interop {
    /// Scenario files and folders; the repository's own for this when none is named
    paths: Vec<PathBuf>,
    /// Who takes part
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = implementation, default_value = "ours,strongswan")]
    peers: Vec<Implementation>,
    /// How many cells run at a time; they mostly wait
    #[arg(long, value_name = "N", default_value_t = 8)]
    jobs: usize,
    /// Where results go, and a folder for each cell
    #[arg(long, value_name = "DIR", default_value = "target/esplanade/interop")]
    out: PathBuf,
    /// Only scenarios whose path has this in it
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

/// The scenarios for this, from the repository's root or from the folder of this crate.
const OWN: [&str; 2] = ["scenarios/interop", "interop"];

impl Interop {
    pub(super) fn execute(mut self) -> Result<Outcome, Trouble> {
        if self.paths.is_empty() {
            let own = OWN.iter().map(Path::new).find(|folder| folder.is_dir());
            let own = own.ok_or_else(|| {
                Trouble::Usage(format!("there is no {} here: name a scenario", OWN.join(", ")))
            })?;
            self.paths.push(own.to_owned());
        }
        let missing: Vec<String> = self.peers.iter().filter_map(|one| one.missing()).collect();
        if !missing.is_empty() {
            return Err(Trouble::Usage(missing.join("; ")));
        }
        let known = self.known()?;
        let scenarios = find::scenarios(&self.paths, self.filter.as_deref())?;
        let cells = cells(&scenarios, &self.peers);
        let workers = workers(Some(self.jobs))?;
        let progress = progress(Some(cells.len() as u64), "cells");
        let played: std::io::Result<Vec<_>> = workers.install(|| {
            let one = |cell| {
                let played = play(cell, &known, &self.out);
                progress.inc(1);
                played
            };
            // One by one from the list: long ones do not queue up behind one worker.
            cells.par_iter().with_max_len(1).map(one).collect()
        });
        progress.finish_and_clear();
        let implementations = self.peers.iter().map(|one| (one.name().to_owned(), one.version())).collect();
        let matrix = Matrix { implementations, cells: at(&self.out, played)? };
        let json = self.out.join("matrix.json");
        at(&json, reports::write(&json, matrix.to_json().as_bytes()))?;
        let page = at(&self.out, reports::html::matrix(&self.out, &matrix, &self.out.to_string_lossy()))?;
        print!("{}", matrix.to_text());
        if std::io::stdout().is_terminal() {
            println!("\n{}\n{}", json.display(), page.display());
        }
        Ok(if matrix.is_good() { Outcome::Passed } else { Outcome::Failed })
    }

    /// The failures that are known of the scenarios that were named.
    fn known(&self) -> Result<Known, Trouble> {
        let folders = self
            .paths
            .iter()
            .map(|path| if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(path) });
        let mut all = Known::default();
        let mut read: Vec<&Path> = Vec::new();
        for folder in folders {
            if !read.contains(&folder) {
                read.push(folder);
                all.extend(Known::load(folder).map_err(|error| Trouble::Usage(error.to_string()))?);
            }
        }
        Ok(all)
    }
}

fn implementation(text: &str) -> Result<Implementation, String> {
    Implementation::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Implementation::ALL.iter().map(|one| one.name()).collect();
        format!("\"{text}\" is no implementation: there are {}", names.join(", "))
    })
}
