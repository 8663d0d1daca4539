//! Child configurations.

use ipsec::auth::IdentityPattern;
use ipsec::dataplane::{LifetimePolicy, SaOptions};
use ipsec::ikev2::Service;
use ipsec_net::Prefix;

use super::life::ChildLife;
use super::manual::Mode;
use crate::file::ChildProposal;

/// A Child SA configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: String,
    /// The IKE configuration that it belongs to.
    pub ike: String,
    /// What each end is told, in the order of the IKE configuration's ends.
    pub ends: [ChildEnd; 2],
}

/// A Child SA configuration as one end has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildEnd {
    /// The peer.
    pub peer: String,
    /// The networks at its own side; not empty.
    pub local: Vec<Prefix>,
    /// The networks at the other side; not empty.
    pub remote: Vec<Prefix>,
    /// What it offers and accepts, best first.
    pub offer: Vec<ChildProposal>,
    /// The anti-replay window in packets: 0 (no check) or 32 to 4096.
    pub replay_window: u32,
    /// The mode that it asks for and agrees to.
    pub mode: Mode,
    /// How long its SAs may be used.
    pub lifetime: LifetimePolicy,
    /// Whether a soft limit replaces them.
    pub rekey: bool,
    /// What else they do.
    pub options: SaOptions,
    /// How it begins, and what follows when it ends.
    pub life: ChildLife,
    /// What it agrees to, and what sets it up.
    pub terms: ChildTerms,
}

/// What one end of a child agrees to beside networks and algorithms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildTerms {
    /// Which packets between the networks it carries, its own ports first; all when there are none.
    pub services: Vec<Service>,
    /// The security labels that its SAs may have, best first.
    pub labels: Vec<String>,
    /// Whether a packet without an SA sets one up.
    pub on_demand: bool,
    /// Whether each SA is for one address at either end.
    pub single_pair: bool,
    /// The peers that may have it, all when there are none; each gets it for the one address that it sends from.
    pub names: Vec<IdentityPattern>,
    /// How many SAs there are beside the first, for one resource each.
    pub resources: u32,
    /// Whether it takes padding against traffic analysis.
    pub takes_padding: bool,
    /// Whether later fragments go with the first ones.
    pub later_fragments: bool,
}

impl Default for ChildTerms {
    /// All packets, no label, by command, with padding and later fragments.
    fn default() -> Self {
        Self {
            services: Vec::new(),
            labels: Vec::new(),
            on_demand: false,
            single_pair: false,
            names: Vec::new(),
            resources: 0,
            takes_padding: true,
            later_fragments: true,
        }
    }
}
