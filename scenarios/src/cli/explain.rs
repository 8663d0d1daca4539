//! `esplanade explain`: a capture made anywhere, decrypted, told and judged.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use explain::report::{Form, Html, Json, Text, skeleton, summary};
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
    /// Keys: one of Wireshark's tables (ikev1_decryption_table, ikev2_decryption_table, esp_sa), our own log (keys.jsonl), or a
    /// folder with them
    ///
    /// The log has one object of JSON a line. Octets are hexadecimal digits, algorithms have the names that captures of this
    /// program show.
    ///
    /// {"ikev2":{"spi_i":…,"spi_r":…,"encryption":"AES-GCM-16","sk_ei":…,"sk_er":…,"prf":"PRF-HMAC-SHA2-256","sk_d":…}}
    ///
    /// {"ikev1":{"cookie_i":…,"key":…}}
    ///
    /// {"esp":{"spi":"c0ffee00","encryption":"AES-CBC","key":…,"integrity":"HMAC-SHA2-256-128","integrity_key":…}}
    ///
    /// {"ah":{"spi":"c0ffee00","integrity":"HMAC-SHA2-256-128","key":…}}
    ///
    /// Where there are no keys, they are computed from what one end knows: its private value, or what the exchange came to, and
    /// in version 1 with shared keys that one.
    ///
    /// {"private":{"group":"x25519","value":…}}
    ///
    /// {"agreed":{"public":…,"secret":…}}
    ///
    /// {"shared":{"text":"correct horse battery staple"}}
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
    /// A page that needs nothing else
    Html,
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
            Format::Html => self.html(file, &keys),
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
            println!("{closed} messages stayed closed: --keys takes what opens them.");
        }
        Ok(read)
    }

    fn html(&self, file: File, keys: &Keys) -> io::Result<Read> {
        let name = self.capture.file_name().unwrap_or_default().to_string_lossy();
        let mut html = Html::new(name);
        let read = explain::explain(file, keys, self.verbose, &mut |told| html.take(told));
        let (seen, unreadable) = match &read {
            Ok(seen) => (seen, None),
            Err((unreadable, seen)) => (&**seen, Some(unreadable)),
        };
        html.finish(BufWriter::new(io::stdout().lock()), seen, unreadable)?;
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
