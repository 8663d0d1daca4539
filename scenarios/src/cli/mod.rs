//! The command `esplanade`.

#[macro_use]
mod say;

mod capture;
mod coverage;
mod explain;
mod explore;
mod find;
mod interop;
mod language;
mod list;
mod merge;
mod minimise;
mod new;
mod replay;
mod report;
mod run;
mod vectors;

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::diagnostic::Diagnostics;

/// A proving ground for IPsec: virtual peers over a simulated network.
#[derive(Debug, Parser)]
#[command(name = "esplanade", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios, each over its seeds
    Run(run::Run),
    /// Put the results of several machines together, and judge them as one run
    Merge(merge::Merge),
    /// Run one case again, narrated
    Replay(replay::Replay),
    /// Make a failing case small
    Minimise(minimise::Minimise),
    /// Run random worlds, and make scenarios of those that fail
    Explore(explore::Explore),
    /// Write captures of one case, and a profile with which Wireshark opens them decrypted
    Capture(capture::CaptureCommand),
    /// Decrypt, narrate and judge a capture made anywhere
    Explain(explain::ExplainCommand),
    /// Hold real implementations to scenarios, with our peers and each other
    Interop(interop::Interop),
    /// Replay published test vectors
    Vectors(vectors::Vectors),
    /// Write a first scenario, to be changed
    New(new::New),
    /// Tell what documents demand, what shows that it is so, and how that came out
    Coverage(coverage::Coverage),
    /// List the scenarios
    List(list::List),
    /// Print the reference of the scenario language, in Markdown
    Language(language::Language),
}

/// How a command ends.
enum Outcome {
    /// All is well.
    Passed,
    /// Something was tested and failed.
    Failed,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// Scenario files with mistakes.
    #[error("{}", .0.iter().map(|d| d.render(colour(&std::io::stderr()))).collect::<Vec<_>>().join("\n"))]
    Scenarios(Vec<Diagnostics>),
    /// Arguments that make no sense together.
    #[error("error: {0}")]
    Usage(String),
    /// A file or a folder.
    #[error("error: {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        error: std::io::Error,
    },
}

/// Reads the arguments, does what they say, and tells how it went: 0 all passed, 1 something failed, 2 bad usage or
/// input.
#[must_use]
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(command) => command.execute(),
        Command::Merge(command) => command.execute(),
        Command::Replay(command) => command.execute(),
        Command::Minimise(command) => command.execute(),
        Command::Explore(command) => command.execute(),
        Command::Capture(command) => command.execute(),
        Command::Explain(command) => command.execute(),
        Command::Interop(command) => command.execute(),
        Command::Vectors(command) => command.execute(),
        Command::New(command) => command.execute(),
        Command::Coverage(command) => command.execute(),
        Command::List(command) => command.execute(),
        Command::Language(command) => command.execute(),
    };
    match result {
        Ok(Outcome::Passed) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::from(2)
        }
    }
}

/// Whether what is written to `stream` has colours: on a terminal, unless the user wants none (no-color.org).
fn colour(stream: &impl IsTerminal) -> bool {
    wanted(std::env::var_os("NO_COLOR").as_deref()) && stream.is_terminal()
}

fn wanted(no_color: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty)
}

/// Attaches a path to an error.
fn at<T>(path: &std::path::Path, result: std::io::Result<T>) -> Result<T, Trouble> {
    result.map_err(|error| Trouble::File { path: path.to_owned(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_of_no_color_but_an_empty_one_turns_colours_off() {
        assert!(wanted(None) && wanted(Some(OsStr::new(""))));
        assert!(!wanted(Some(OsStr::new("1"))) && !wanted(Some(OsStr::new("0"))));
    }
}
