//! Scenario files by the paths that users name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Trouble, at};
use crate::file::{self, Scenario};

/// The suites of the repository, from its root or from the folder of this crate.
const SUITES: [&str; 2] = ["scenarios/suites", "suites"];

/// Loads all scenarios in files and folders; the repository's suites when none is named. In order of their paths.
///
/// # Errors
/// When a path is not there, a folder has no scenarios, or any of the files has a mistake; then all mistakes of all files.
pub(super) fn scenarios(
    paths: &[PathBuf],
    filter: Option<&str>,
) -> Result<Vec<(String, Arc<Scenario>)>, Trouble> {
    let mut files = Vec::new();
    if paths.is_empty() {
        let root = SUITES.iter().map(Path::new).find(|root| root.is_dir());
        let root = root.ok_or_else(|| {
            Trouble::Usage(format!("there are no suites here ({}): name a scenario", SUITES.join(", ")))
        })?;
        collect(root, &mut files)?;
    }
    for path in paths {
        let before = files.len();
        collect(path, &mut files)?;
        if files.len() == before {
            return Err(Trouble::Usage(format!("{} has no scenarios (*.toml)", path.display())));
        }
    }
    files.retain(|file| filter.is_none_or(|filter| file.to_string_lossy().contains(filter)));
    if files.is_empty() {
        return Err(Trouble::Usage(format!("no scenario's path has \"{}\" in it", filter.unwrap_or(""))));
    }
    let (mut scenarios, mut mistakes) = (Vec::new(), Vec::new());
    for path in files {
        match file::load_all(&path) {
            Ok(all) => scenarios.extend(all.into_iter().map(|(name, scenario)| (name, Arc::new(scenario)))),
            Err(diagnostics) => mistakes.push(diagnostics),
        }
    }
    if mistakes.is_empty() { Ok(scenarios) } else { Err(Trouble::Scenarios(mistakes)) }
}

/// Loads one scenario, of a file with several cases that which is named behind `#`.
pub(super) fn scenario(path: &Path) -> Result<Arc<Scenario>, Trouble> {
    file::load(path).map(Arc::new).map_err(|diagnostics| Trouble::Scenarios(vec![diagnostics]))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Trouble> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = at(path, std::fs::read_dir(path))?;
    let mut inside: Vec<PathBuf> =
        at(path, entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>())?;
    inside.sort();
    for path in inside {
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "toml") {
            collect(&path, files)?;
        }
    }
    Ok(())
}
