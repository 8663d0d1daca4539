//! The names that a story may speak of, and what they are names of.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::fact::FACTS;
use super::verb::VERBS;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A gateway.
    Peer,
    /// A router.
    Router,
    /// A translator.
    Nat,
    /// A packet filter.
    Firewall,
    /// A tester.
    Tester,
    /// A link.
    Link,
    /// A pool of inside addresses.
    Pool,
    /// An IKE configuration.
    Ike,
    /// A child configuration.
    Child,
    /// A manual SA.
    Manual,
    /// A policy.
    Policy,
    /// Traffic.
    Traffic,
}

impl Kind {
    /// What links join.
    pub const NODES: [Self; 5] = [Self::Peer, Self::Router, Self::Nat, Self::Firewall, Self::Tester];

    /// With its article, for sentences.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Peer => "a peer",
            Self::Router => "a router",
            Self::Nat => "a translator",
            Self::Firewall => "a firewall",
            Self::Tester => "a tester",
            Self::Link => "a link",
            Self::Pool => "a pool of addresses",
            Self::Ike => "an IKE configuration",
            Self::Child => "a child",
            Self::Manual => "a manual SA",
            Self::Policy => "a policy",
            Self::Traffic => "traffic",
        }
    }

    /// With "no", for sentences.
    #[must_use]
    pub fn none(self) -> &'static str {
        match self {
            Self::Peer => "no peer",
            Self::Router => "no router",
            Self::Nat => "no translator",
            Self::Firewall => "no firewall",
            Self::Tester => "no tester",
            Self::Link => "no link",
            Self::Pool => "no pool of addresses",
            Self::Ike => "no IKE configuration",
            Self::Child => "no child",
            Self::Manual => "no manual SA",
            Self::Policy => "no policy",
            Self::Traffic => "no traffic",
        }
    }
}

/// All names of a scenario; each means one thing.
#[derive(Clone, Debug, Default)]
pub struct Names {
    entries: BTreeMap<String, Entry>,
    /// The outer addresses that each peer has or may have.
    addresses: BTreeMap<String, Vec<IpAddr>>,
}

#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    ends: Vec<String>,
}

impl Names {
    /// Adds a name, with the peers that have a part in what it names; none when that is not known. A name that is
    /// there already is left as it is.
    pub fn add(&mut self, name: &str, kind: Kind, ends: &[&str]) {
        let ends = ends.iter().map(|end| (*end).to_owned()).collect();
        self.entries.entry(name.to_owned()).or_insert(Entry { kind, ends });
    }

    /// Adds the outer addresses that a peer has or may have.
    pub fn add_addresses(&mut self, peer: &str, addresses: Vec<IpAddr>) {
        self.addresses.insert(peer.to_owned(), addresses);
    }

    /// The outer addresses that a peer has or may have.
    #[must_use]
    pub fn addresses(&self, peer: &str) -> &[IpAddr] {
        self.addresses.get(peer).map_or(&[], Vec::as_slice)
    }

    /// What the name means, if it is known.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.entries.get(name).map(|entry| entry.kind)
    }

    /// Whether `peer` has a part in what is called `name`; also where that is not known.
    #[must_use]
    pub fn has_end(&self, name: &str, peer: &str) -> bool {
        let ends = self.entries.get(name).map(|entry| entry.ends.as_slice()).unwrap_or_default();
        ends.is_empty() || ends.iter().any(|end| end == peer)
    }

    /// All names, or those of one kind.
    pub fn of(&self, kind: Option<Kind>) -> impl Iterator<Item = &str> + Clone {
        self.entries
            .iter()
            .filter(move |(_, entry)| kind.is_none_or(|kind| kind == entry.kind))
            .map(|(name, _)| name.as_str())
    }
}

/// Whether a word means something in the language, so that nothing can be called so.
#[must_use]
pub fn is_word(word: &str) -> bool {
    let stands_in = |shape: &str| shape.split([' ', '[', ']']).any(|known| known == word);
    ["expect", "sometimes"].contains(&word)
        || FACTS.iter().any(|row| stands_in(row.shape))
        || VERBS.iter().any(|row| row.name == word || stands_in(row.arguments))
}
