//! The nouns as TOML has them: every key optional, every value with its place in the file. What a key means is told by
//! [`super::scenario`]; what may be left out is decided where the nouns are resolved.

mod auth;
mod child;
mod firewall;
mod ike;
mod junos;
mod life;
mod manual;
mod mobility;
mod nat;
mod quantum;
mod topology;
mod traffic;
mod value;

use serde::Deserialize;
use toml::Spanned;

pub(super) use auth::{
    Accept, AcceptCertificate, Auth, Authority, Certificate, EapServer, EapUser, FurtherDemand, FurtherProof,
    Ocsp, OcspWord, Revocation, Usage,
};
pub(super) use child::{Child, ChildEnd, DontFragment, Lifetime, Mode, Options, Padding};
pub(super) use firewall::Firewall;
pub(super) use ike::{Ike, IkeEnd, IkeLifetime, PhaseOne, Pool, Retransmit, Xauth};
pub(super) use junos::{
    ForwardSecrecy, IkePolicy as JunosIkePolicy, IkeProposal as JunosIkeProposal,
    IpsecPolicy as JunosIpsecPolicy, IpsecProposal as JunosIpsecProposal, SharedKey,
};
pub(super) use life::{Redirect, Tickets};
pub(super) use manual::{Algorithm, Manual, ManualEnd, ManualKeying, ManualProtocol};
pub(super) use nat::{
    Dependence, Fragments, Hairpinning, Nat, NatForm, NatTraversal, PassThrough, Pooling, PortAssignment,
    Refresh,
};
pub(super) use quantum::{Mixing, Ppk};
pub(super) use topology::{Clock, Cookies, Direction, Link, Outage, Peer, Router, Spread, Tester};
pub(super) use traffic::{Policy, PolicyAction, PolicyDirection, Traffic, TrafficKind};
pub(super) use value::{Reasons, Texts};

/// A text and its place.
pub(super) type Text = Spanned<String>;

/// The keys before the first table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Top {
    pub(super) title: Option<Text>,
    pub(super) covers: Vec<Text>,
    pub(super) seeds: Option<Text>,
    pub(super) tags: Vec<String>,
    /// What a file includes has taken its place before nouns are read.
    pub(super) include: Option<Texts>,
    pub(super) known_failure: Option<Reasons>,
    pub(super) allow: Allow,
    pub(super) limit: Option<Text>,
    pub(super) faults: Option<Vec<Text>>,
    pub(super) story: Option<Text>,
}

/// What is no failure in this scenario.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Allow {
    pub(super) drops: Vec<Text>,
}
