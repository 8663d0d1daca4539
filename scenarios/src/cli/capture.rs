//! `esplanade capture`: pcapng files of one case and what Wireshark needs to open them decrypted.

use std::path::PathBuf;

use clap::Args;
use ipsec::crypto::Provider;
use reports::Verdict;

use super::{Outcome, Trouble, at, find};
use crate::capture::Captures;
use crate::run::{Options, run_case};

/// Write captures of one case, and a profile with which Wireshark opens them decrypted
#[derive(Debug, Args)]
pub(super) struct CaptureCommand {
    /// The scenario
    scenario: PathBuf,
    /// The seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the files go
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
}

impl CaptureCommand {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let scenario = find::scenario(&self.scenario)?;
        let captures = at(&self.out, Captures::new(&self.out, &scenario))?;
        let options = Options {
            extra: Some(Box::new(captures.clone())),
            ..Options::new(Provider::best(), self.scenario.display().to_string())
        };
        let result = run_case(&scenario, self.seed, options);
        drop(result.extra);
        let written = at(&self.out, captures.finish())?;
        for capture in &written.captures {
            println!("{}", capture.display());
        }
        println!("{} packets; the profile holds the keys: {}", written.frames, written.profile.display());
        for what in &written.unknown {
            println!("Wireshark does not know the algorithms and leaves it encrypted: {what}");
        }
        println!("\nTo open the first in Wireshark, decrypted:");
        println!("  mkdir -p ~/.config/wireshark/profiles");
        println!("  cp -r {} ~/.config/wireshark/profiles/esplanade", written.profile.display());
        if let Some(first) = written.captures.first() {
            println!("  wireshark -C esplanade {}", first.display());
            println!("\nTo have it told:");
            println!("  esplanade explain {} --keys {}", first.display(), written.keys.display());
        }
        if let Verdict::Failed(failure) = &result.case.verdict {
            println!("\nthe case failed: expected {}; {}", failure.expected, failure.happened);
            return Ok(Outcome::Failed);
        }
        Ok(Outcome::Passed)
    }
}
