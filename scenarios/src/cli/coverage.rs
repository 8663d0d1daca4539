//! `esplanade coverage`: what documents demand, what shows that it is so, and how that came out.

use std::path::{Path, PathBuf};

use clap::Args;
use reports::requirements::{Catalogue, Count, Standing, page};
use reports::{Results, json};

use super::{Outcome, Trouble, at};
use crate::reached;

/// What documents demand, what shows that it is so, and how that came out
#[derive(Debug, Args)]
pub(super) struct Coverage {
    /// Only documents with this in their name, such as 7296; their demands are listed then
    document: Option<String>,
    /// The folder with the results of a run; without it scenarios are taken to have passed
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Print the page that stands beside the catalogue
    #[arg(long, conflicts_with = "document")]
    page: bool,
    /// Tell instead what that run has reached of all drop reasons, failures, notifies, probes and messages in each stage
    #[arg(long, requires = "results", conflicts_with_all = ["document", "page"])]
    reached: bool,
}

/// The catalogue, from the repository's root or from the folder of this crate.
const CATALOGUE: [&str; 2] = ["reports/requirements", "../reports/requirements"];

impl Coverage {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let results = self.results.as_deref().map_or_else(|| Ok(Results::default()), results)?;
        if self.reached {
            print!("{}", reached::page(&results));
            return Ok(Outcome::Passed);
        }
        let mut catalogues = catalogues()?;
        if self.page {
            print!("{}", page(&catalogues, &results));
            return Ok(Outcome::Passed);
        }
        if let Some(name) = &self.document {
            catalogues.retain(|catalogue| catalogue.document.contains(name.as_str()));
            if catalogues.is_empty() {
                return Err(Trouble::Usage(format!(
                    "the catalogue has no document with \"{name}\" in its name"
                )));
            }
        }
        let mut failed = false;
        for catalogue in &catalogues {
            println!("{}: {}", catalogue.document, catalogue.title);
            for group in ["MUST", "SHOULD", "MAY"] {
                let count = Count::of(catalogue, group, &results);
                failed |= count.failed > 0;
                println!("  {group:6} {count}");
            }
            if self.document.is_some() {
                list(catalogue, &results);
            }
        }
        Ok(if failed { Outcome::Failed } else { Outcome::Passed })
    }
}

fn list(catalogue: &Catalogue, results: &Results) {
    for requirement in &catalogue.requirements {
        let told = match requirement.standing(results) {
            Standing::Shown { not_run } if not_run.is_empty() || results.suites.is_empty() => {
                "shown".to_owned()
            }
            Standing::Shown { not_run } => format!("shown, but not run: {}", not_run.join(", ")),
            Standing::Failed(scenarios) => format!("FAILED: {}", scenarios.join(", ")),
            Standing::Excepted(reason) => format!("excepted: {reason}"),
            Standing::Open => "OPEN".to_owned(),
        };
        println!("\n{} {}: {}\n    {told}", requirement.id, requirement.level, requirement.text);
        for evidence in requirement.scenarios.iter().chain(&requirement.tests) {
            println!("    {evidence}");
        }
    }
}

fn results(folder: &Path) -> Result<Results, Trouble> {
    let file = folder.join("results.json");
    let text = at(&file, std::fs::read_to_string(&file))?;
    json::from_json(&text).map_err(|error| Trouble::Usage(format!("{}: {error}", file.display())))
}

fn catalogues() -> Result<Vec<Catalogue>, Trouble> {
    let root = CATALOGUE.iter().map(Path::new).find(|root| root.is_dir());
    let root =
        root.ok_or_else(|| Trouble::Usage(format!("there is no catalogue here ({})", CATALOGUE.join(", "))))?;
    let entries = at(root, std::fs::read_dir(root))?;
    let files: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut files = at(root, files)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let read = |file: &PathBuf| {
        let text = at(file, std::fs::read_to_string(file))?;
        Catalogue::read(&text).map_err(|error| Trouble::Usage(format!("{}: {error}", file.display())))
    };
    files.iter().map(read).collect()
}
