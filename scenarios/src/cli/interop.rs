//! `esplanade interop`: real implementations, initiator × responder × scenario.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;
use reports::matrix::Matrix;

use super::run::{progress, workers};
use super::{Outcome, Trouble, at, find};
use crate::interop::{External, Implementation, cells, play};

/// Hold real implementations to scenarios, with our peers and each other
#[derive(Debug, Args)]
#[command(after_help = "What an adapter has to do that is given by --with stands in scenarios/CONTRACT.md.")]
pub(super) struct Interop {
    /// Scenario files and folders; the repository's own for this when none is named
    paths: Vec<PathBuf>,
    /// Who takes part [default: ours, and what --with names, or strongswan]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    peers: Vec<String>,
    /// Another implementation, by a name and the executable that drives it
    #[arg(long, value_name = "NAME=PATH", value_parser = External::parse)]
    with: Vec<External>,
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
const OWN: [[&str; 2]; 2] =
    [["scenarios/interop", "scenarios/suites/conformance"], ["interop", "suites/conformance"]];

impl Interop {
    pub(super) fn execute(mut self) -> Result<Outcome, Trouble> {
        if self.paths.is_empty() {
            let own = OWN.iter().find(|folders| folders.iter().all(|folder| Path::new(folder).is_dir()));
            let own = own.ok_or_else(|| {
                let wanted = OWN[0].join(" and no ");
                Trouble::Usage(format!("there is no {wanted} here: name a scenario"))
            })?;
            self.paths.extend(own.iter().map(PathBuf::from));
        }
        let peers = self.taking_part()?;
        let missing: Vec<String> = peers.iter().filter_map(|one| one.missing()).collect();
        if !missing.is_empty() {
            return Err(Trouble::Usage(missing.join("; ")));
        }
        let scenarios = find::scenarios(&self.paths, self.filter.as_deref())?;
        let cells = cells(&scenarios, &peers);
        let workers = workers(Some(self.jobs))?;
        let progress = progress(Some(cells.len() as u64), "cells");
        let played: std::io::Result<Vec<_>> = workers.install(|| {
            let one = |cell| {
                let played = play(cell, &self.out);
                progress.inc(1);
                played
            };
            // One by one from the list: long ones do not queue up behind one worker.
            cells.par_iter().with_max_len(1).map(one).collect()
        });
        progress.finish_and_clear();
        let implementations = peers.iter().map(|one| (one.name().to_owned(), one.version())).collect();
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

    /// Those who are named, among those that there are.
    fn taking_part(&mut self) -> Result<Vec<Implementation>, Trouble> {
        // They live as long as the command does.
        let others: Vec<Implementation> = std::mem::take(&mut self.with)
            .into_iter()
            .map(|external| Implementation::External(Box::leak(Box::new(external))))
            .collect();
        if self.peers.is_empty() {
            let real = if others.is_empty() { vec![Implementation::StrongSwan] } else { others };
            return Ok([vec![Implementation::Ours], real].concat());
        }
        let known = [&Implementation::ALL[..], &others].concat();
        let find = |name: &String| {
            known.iter().copied().find(|one| one.name() == name).ok_or_else(|| {
                let names: Vec<&str> = known.iter().map(|one| one.name()).collect();
                Trouble::Usage(format!("\"{name}\" is no implementation: there are {}", names.join(", ")))
            })
        };
        self.peers.iter().map(find).collect()
    }
}
