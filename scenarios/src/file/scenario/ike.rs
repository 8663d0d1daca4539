//! IKE configurations and pools.

use std::net::IpAddr;
use std::time::Duration;

use ipsec::auth::IdentityPattern;
use ipsec::dataplane::LifetimePolicy;
use ipsec::ikev2::{FullTranscript, PpkConfig};
use ipsec::wire::v2::ConfigAttribute;
use ipsec_net::AddressRange;

use super::credentials::Authentication;
use super::life::IkeLife;
use super::mobility::Mobility;
use crate::file::IkeProposal;
use crate::quantity::Ratio;

/// Inside addresses that a peer lends, and what it tells those who get one (RFC 7296 §2.19).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// The peer that has it.
    pub at: String,
    /// The addresses, in the order in which they are lent.
    pub addresses: Vec<AddressRange>,
    /// What is told with them.
    pub tells: Vec<ConfigAttribute>,
}

/// An IKE configuration that two peers share, or believe they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ike {
    /// Its name.
    pub name: String,
    /// What each end is told, in the order of the file.
    pub ends: [IkeEnd; 2],
    /// How long an end waits at least before it tells the other one again of a packet that its SA is not for; it never tells
    /// when nothing.
    pub selector_notices: Option<Duration>,
    /// How requests are repeated.
    pub retransmission: Retransmission,
    /// How long its IKE SAs last: in time only.
    pub lifetime: LifetimePolicy,
    /// How often an initiator begins anew when an attempt fails; 1 means a single attempt.
    pub attempts: u32,
    /// How many children each end lets one IKE SA have.
    pub most_children: Option<u32>,
}

/// How both ends are authenticated in version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By signatures with keys of RSA.
    RsaSignatures,
    /// By signatures with keys of DSA.
    DsaSignatures,
    /// By signatures with keys of ECDSA, each curve by a method of its own.
    EcdsaSignatures,
    /// By encryption for keys of RSA.
    RsaEncryption,
    /// By the revised method of it.
    RevisedRsaEncryption,
}

/// An IKE configuration as one end has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IkeEnd {
    /// The peer.
    pub peer: String,
    /// The mode of phase 1, if it speaks version 1; version 2 when nothing.
    pub older: Option<ipsec::ikev1::Mode>,
    /// How both ends are authenticated if it speaks version 1, best first; as its proof can be used when nothing.
    pub methods: Option<Vec<Method>>,
    /// The certificates of the other end that it knows, for encryption in version 1; those that the other end has when
    /// nothing.
    pub knows: Option<Vec<String>>,
    /// Who it says it is, how it proves that, and how the other end has to.
    pub authentication: Authentication,
    /// Who the other end has to prove to be.
    pub expects: IdentityPattern,
    /// What it offers and accepts, best first. The first group of the first proposal is the one whose public value is
    /// sent.
    pub offer: Vec<IkeProposal>,
    /// Ask whether the other end is alive after this much silence; never when nothing.
    pub liveness: Option<Duration>,
    /// What it does against quantum computers.
    pub quantum: Quantum,
    /// Where the other end is, as this one sees it; anywhere when nothing.
    pub remote: Option<IpAddr>,
    /// How it gets through NAT.
    pub nat: NatTraversal,
    /// How its IKE SAs begin, and what follows when one ends.
    pub life: IkeLife,
    /// What it asks the other end for, as initiator.
    pub asks: Vec<ConfigAttribute>,
    /// The pools that it assigns from.
    pub assigns: Vec<String>,
    /// Whether, in version 1, the end that assigns tells the other one unasked.
    pub push: bool,
    /// Its part in XAUTH, in version 1.
    pub xauth: Option<ipsec::ikev1::Xauth>,
    /// How long packets with IKE messages are before these are cut in pieces, in octets, the size to begin with first; never
    /// cut when none is there; as the implementation has it when nothing is said (RFC 7383).
    pub fragments: Option<Vec<usize>>,
    /// How many requests it takes at once (RFC 7296 §2.3).
    pub window: u32,
    /// Whether and how its IKE SAs move.
    pub mobility: Mobility,
}

/// What one end does against quantum computers, besides what it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantum {
    /// Whether it speaks `IKE_INTERMEDIATE` (RFC 9242).
    pub intermediate: bool,
    /// Its post-quantum preshared key (RFC 8784, RFC 9867).
    pub ppk: Option<PpkConfig>,
    /// Whether both `IKE_SA_INIT` messages are part of what each end proves.
    pub full_transcript: FullTranscript,
}

/// How an end gets through NAT (RFC 7296 §2.23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatTraversal {
    /// Whether it looks for NAT.
    pub enabled: bool,
    /// Whether ESP goes in UDP even without NAT.
    pub encapsulate: bool,
    /// How often it reminds NAT of itself; never when nothing.
    pub keepalive: Option<Duration>,
    /// Whether it begins at port 4500.
    pub starts_on_nat_port: bool,
    /// How it is spoken in version 1, best first.
    pub forms: Vec<ipsec::ikev1::NatTraversal>,
}

/// How requests are repeated (RFC 7296 §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission {
    /// The time from the first transmission to the second.
    pub first: Duration,
    /// Each wait is so much longer than the one before.
    pub factor: Ratio,
    /// The longest wait.
    pub longest: Duration,
    /// How many times a request is sent, the first included, before it is given up.
    pub tries: u32,
}

impl Default for Retransmission {
    /// 1 s, doubled up to 16 s, 8 times: given up after 63 s.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: Ratio { part: 2, whole: 1 },
            longest: Duration::from_secs(16),
            tries: 8,
        }
    }
}
