//! `esplanade explain`: a capture made anywhere, decrypted, told and judged.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use explain::report::{Form, Json, Text, skeleton, summary};
use explain::{Keys, Level, Summary, Unreadable};

use super::{Outcome, Trouble, at};

/// Decrypt, narrate and judge a capture made anywhere
///
/// Reads pcap and pcapng, plain or in gzip. Exits with 1 where an end broke a MUST, and with 2 where the file cannot be
/// read to its end.
#[derive(Debug, Args)]
pub(super) struct ExplainCommand {
    /// The capture
    capture: PathBuf,
    /// Keys: one of Wireshark's tables (ikev1_decryption_table, ikev2_decryption_table, esp_sa), or a profile that holds them
    #[arg(long, value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// Each message as a tree, and each packet
    #[arg(short, long)]
    verbose: bool,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Draw a scenario from the capture, in the place of a report: peers, algorithms, and who starts what when
    #[arg(long, requires = "out", conflicts_with = "format")]
    scenario: bool,
    /// Where the scenario goes
    #[arg(short, long, value_name = "FILE", requires = "scenario")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How reading went.
type Read = Result<Summary, (Unreadable, Box<Summary>)>;

impl ExplainCommand {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let mut keys = Keys::default();
        for path in &self.keys {
            keys.load(path).map_err(|bad| Trouble::Usage(bad.to_string()))?;
        }
        let file = at(&self.capture, File::open(&self.capture))?;
        if let Some(out) = &self.out {
            return self.sketch(file, &keys, out);
        }
        let read = match self.format {
            Format::Text => self.text(file, &keys),
            Format::Json => self.json(file, &keys),
        };
        match at(&self.capture, read)? {
            Ok(summary) if summary.broken(Level::Must) > 0 => Ok(Outcome::Failed),
            Ok(_) => Ok(Outcome::Passed),
            Err((unreadable, _)) => Err(self.unreadable(&unreadable)),
        }
    }

    fn unreadable(&self, unreadable: &Unreadable) -> Trouble {
        Trouble::Usage(format!("{}: {unreadable}", self.capture.display()))
    }

    /// Writes a scenario in the place of a report.
    fn sketch(&self, file: File, keys: &Keys, out: &Path) -> Result<Outcome, Trouble> {
        let summary = explain::explain(file, keys, false, &mut |_| {})
            .map_err(|(unreadable, _)| self.unreadable(&unreadable))?;
        let text =
            skeleton(&summary).map_err(|why| Trouble::Usage(format!("{}: {why}", self.capture.display())))?;
        at(out, reports::write(out, text.as_bytes()))?;
        println!("{}", out.display());
        Ok(Outcome::Passed)
    }

    fn text(&self, file: File, keys: &Keys) -> io::Result<Read> {
        let form = if self.verbose { Form::Tree } else { Form::Ladder };
        let mut text = Text::new(BufWriter::new(io::stdout().lock()), form);
        let read = explain::explain(file, keys, self.verbose, &mut |told| text.take(&told));
        text.finish()?;
        let seen = read.as_ref().unwrap_or_else(|(_, seen)| seen);
        if seen.frames > 0 {
            print!("{}", summary(seen));
        }
        let closed = seen.ike.iter().map(|sa| sa.closed).sum::<u64>();
        if closed > 0 && self.keys.is_empty() {
            println!("{closed} messages stayed closed: --keys takes Wireshark's tables of keys.");
        }
        Ok(read)
    }

    fn json(&self, file: File, keys: &Keys) -> io::Result<Read> {
        let mut json = Json::new(BufWriter::new(io::stdout().lock()));
        let read = explain::explain(file, keys, self.verbose, &mut |told| json.take(&told));
        match &read {
            Ok(summary) => json.finish(summary, None)?,
            Err((unreadable, summary)) => json.finish(summary, Some(unreadable))?,
        };
        Ok(read)
    }
}
