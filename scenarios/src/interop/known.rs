//! Failures that are known and expected, each with its reason: in TOML in the file `known-failures` beside the scenarios.
//!
//! ```toml
//! [[failure]]
//! scenario  = "cookie"          # of the file cookie.toml; with `#` and a case, that case alone
//! initiator = "ours"
//! responder = "strongswan"
//! reason    = "what it does, and what it should do"
//! clause    = "rfc7296#2.6"
//! ```

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

/// The failures that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    #[serde(default, rename = "failure")]
    failures: Vec<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    scenario: String,
    initiator: String,
    responder: String,
    reason: String,
    clause: String,
}

/// Why known failures cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KnownError {
    /// The file.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// What stands in it.
    #[error("{}: {error}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: toml::de::Error,
    },
}

/// The file's name.
const FILE: &str = "known-failures";

impl Known {
    /// Those of a folder with scenarios; none where it has no such file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(folder: &Path) -> Result<Self, KnownError> {
        let path = folder.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|error| KnownError::Content { path, error }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(KnownError::File { path, error }),
        }
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Adds those of another folder.
    pub fn extend(&mut self, other: Self) {
        self.failures.extend(other.failures);
    }

    /// Why this scenario is expected to fail with this pair, if it is.
    #[must_use]
    pub fn reason(&self, scenario: &str, [initiator, responder]: [&str; 2]) -> Option<String> {
        let fits = |known: &&Failure| {
            let file = scenario.split_once('#').map_or(scenario, |(file, _)| file);
            [scenario, file].contains(&known.scenario.as_str())
                && (known.initiator.as_str(), known.responder.as_str()) == (initiator, responder)
        };
        self.failures.iter().find(fits).map(|known| format!("{} ({})", known.reason, known.clause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_failure_is_of_one_scenario_and_one_pair_in_one_order() {
        let known = Known::parse(
            "[[failure]]\nscenario = \"cookie\"\ninitiator = \"ours\"\nresponder = \"strongswan\"\n\
             reason = \"it wants two\"\nclause = \"rfc7296#2.6\"\n",
        )
        .unwrap();
        assert_eq!(known.reason("cookie", ["ours", "strongswan"]).unwrap(), "it wants two (rfc7296#2.6)");
        assert_eq!(known.reason("cookie", ["strongswan", "ours"]), None);
        assert_eq!(known.reason("psk", ["ours", "strongswan"]), None);
    }

    #[test]
    fn a_failure_without_a_reason_is_refused() {
        let text = "[[failure]]\nscenario = \"x\"\ninitiator = \"ours\"\nresponder = \"ours\"\nclause = \"rfc7296#1\"\n";
        assert!(Known::parse(text).unwrap_err().to_string().contains("reason"));
    }
}
