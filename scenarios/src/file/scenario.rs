//! A scenario whose references are checked and whose defaults are filled in. Lists keep the order of the file.

mod child;
mod credentials;
mod ike;
mod life;
mod manual;
mod mobility;
mod topology;
mod traffic;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use ipsec_net::Instant;
use sim::Decision;

pub use child::{Child, ChildEnd, ChildTerms};
pub(crate) use credentials::shared_key;
pub use credentials::{
    Authentication, Authority, Certificate, Demand, List, Ocsp, OcspWord, Proof, Validity,
};
pub use ike::{Ike, IkeEnd, Method, NatTraversal, Pool, Quantum, Retransmission};
pub use life::{ChildLife, IkeLife, TicketGrant};
pub use manual::{Manual, ManualAh, ManualEnd, ManualKeying, Mode};
pub use mobility::{Mobility, PeerAddress};
pub use topology::{
    Assault, Clock, Cookies, Firewall, Line, Link, LinkEnd, Nat, Part, Peer, Quality, Router, Spread, Tester,
};
pub use traffic::{Host, Policy, PolicyAction, Traffic, TrafficKind};

use crate::story::Story;

/// Why a scenario is known to fail with somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFailure {
    /// The implementation at whose peers it fails; [`KnownFailure::OURS`] are the virtual ones.
    pub with: String,
    /// The case that fails; each when nothing.
    pub case: Option<String>,
    /// Why.
    pub reason: String,
}

impl KnownFailure {
    /// The name of virtual peers.
    pub const OURS: &'static str = "ours";
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// What it shows, in one sentence.
    pub title: String,
    /// The clauses that it puts to the test.
    pub covers: Vec<Clause>,
    /// The seeds it is run with unless told otherwise.
    pub seeds: Range<u64>,
    /// Words to select scenarios by.
    pub tags: Vec<String>,
    /// What is known to fail, and why.
    pub known_failures: Vec<KnownFailure>,
    /// Names of drop reasons that are no failure here.
    pub allowed_drops: Vec<String>,
    /// What befalls packets, exactly; where it is nothing, the links' chances and the seed say that.
    pub faults: Option<Vec<Decision>>,
    /// The date at which a run begins, in seconds since 1970 in UTC.
    pub epoch: u64,
    /// When a run ends at the latest; not before the story does.
    pub limit: Instant,
    /// The gateways.
    pub peers: Vec<Peer>,
    /// The routers.
    pub routers: Vec<Router>,
    /// The translators.
    pub nats: Vec<Nat>,
    /// The packet filters.
    pub firewalls: Vec<Firewall>,
    /// The testers.
    pub testers: Vec<Tester>,
    /// The links between them; where two peers share an IKE configuration and no way is written, a link was made.
    pub links: Vec<Link>,
    /// The laboratory's authorities, each behind its issuer.
    pub authorities: Vec<Authority>,
    /// The certificates that they have issued.
    pub certificates: Vec<Certificate>,
    /// The pools of inside addresses.
    pub pools: Vec<Pool>,
    /// The IKE configurations.
    pub ikes: Vec<Ike>,
    /// The child configurations.
    pub children: Vec<Child>,
    /// The manual SAs.
    pub manual: Vec<Manual>,
    /// The policies that come before those of children and manual SAs.
    pub policies: Vec<Policy>,
    /// The traffic between protected hosts.
    pub traffic: Vec<Traffic>,
    /// What happens.
    pub story: Story,
}

impl Scenario {
    /// Why it is known to fail with this implementation, where it is.
    #[must_use]
    pub fn known_failure(&self, with: &str) -> Option<&str> {
        let known = self.known_failures.iter().find(|known| known.with == with);
        known.map(|known| known.reason.as_str())
    }

    /// The link at the inside of the translator or the firewall of this name.
    #[must_use]
    pub fn inside_of(&self, node: &str) -> Option<&str> {
        let nats = self.nats.iter().map(|nat| (&nat.name, &nat.inside));
        let mut all = nats.chain(self.firewalls.iter().map(|filter| (&filter.name, &filter.inside)));
        all.find(|(name, _)| *name == node).map(|(_, inside)| inside.as_str())
    }

    /// The names of the gateways and of what stands between them, each node of a world that is no host, in the order of
    /// those nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        (self.peers.iter().map(|peer| &peer.name))
            .chain(self.routers.iter().map(|router| &router.name))
            .chain(self.nats.iter().map(|nat| &nat.name))
            .chain(self.firewalls.iter().map(|firewall| &firewall.name))
            .chain(self.testers.iter().map(|tester| &tester.name))
            .map(String::as_str)
    }

    /// Midnight before the year 2026, at which every simulated run begins: certificates and captures of a seed are the same on
    /// any day.
    pub const EPOCH: u64 = 1_767_225_600;

    /// The peer of this name.
    #[must_use]
    pub fn peer(&self, name: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.name == name)
    }

    /// The link of this name.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The IKE configuration of this name.
    #[must_use]
    pub fn ike(&self, name: &str) -> Option<&Ike> {
        self.ikes.iter().find(|ike| ike.name == name)
    }

    /// The child configuration of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Child> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The peers that set up a child as soon as the world begins.
    pub(crate) fn starters(&self) -> BTreeSet<&str> {
        let ends = self.children.iter().flat_map(|child| &child.ends);
        ends.filter(|end| end.life.start).map(|end| end.peer.as_str()).collect()
    }

    /// The traffic of this name.
    #[must_use]
    pub fn traffic(&self, name: &str) -> Option<&Traffic> {
        self.traffic.iter().find(|traffic| traffic.name == name)
    }
}

/// A clause of a specification, such as `rfc7296#2.8.1` or `rfc7296#C.1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clause {
    /// The RFC's number.
    pub rfc: u16,
    /// The section.
    pub section: String,
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rfc{}#{}", self.rfc, self.section)
    }
}
