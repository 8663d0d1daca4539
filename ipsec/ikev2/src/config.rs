//! What an endpoint is told: its connections, their children, and how it defends itself.

mod child;
mod failover;
mod life;
mod ppk;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_auth::{Authenticate, Identity, IdentityPattern, PeerEntry, PoolConfig, Prove, SignatureHash};
use ipsec_crypto::Secret;
use ipsec_dataplane::LifetimePolicy;
use ipsec_net::{AddressRange, Retransmission};
use ipsec_wire::v2::ConfigAttribute;

use crate::negotiate::{self, Disagreement, IkeProposal, IkeSuite};
use crate::ticket::TicketPolicy;

pub use child::{ChildConfig, Service};
pub use failover::Synchronisation;
pub use life::{Childless, OnClose, OnLoss, Reauthentication, RedirectPolicy, RedirectTime, Uniqueness};
pub use ppk::{Ppk, PpkConfig, PpkMethod};

/// How often NAT is reminded unless that is configured (RFC 3948 §4).
const KEEPALIVE: Duration = Duration::from_secs(20);

/// How seldom a peer is told of packets that their SA is not for, unless that is configured.
const SELECTOR_NOTICES: Duration = Duration::from_secs(10);

/// One IKE configuration as one end sees it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its name, unique in the endpoint.
    pub name: String,
    /// Our outer address.
    pub local: IpAddr,
    /// The peer's outer address; the unspecified one for peers that come from anywhere, with whom only they can begin.
    pub remote: IpAddr,
    /// Who we say we are.
    pub local_id: Identity,
    /// Who the peer has to prove to be. An initiator asks for it where that is one identity.
    pub remote_id: IdentityPattern,
    /// How we prove who we are.
    pub prove: Prove,
    /// How the peer has to prove who it is.
    pub authenticate: Authenticate,
    /// The authentication exchanges behind the first one (RFC 4739), if there are any.
    pub further: Further,
    /// The hash functions of signatures that we say we verify (SIGNATURE_HASH_ALGORITHMS, RFC 7427 §4); those of our
    /// algorithms if nothing is given. An empty list is not sent, and then signatures are those of methods 1 and 9 to 11.
    pub signature_hashes: Option<Vec<SignatureHash>>,
    /// Whether we tell the peer which proofs we accept (SUPPORTED_AUTH_METHODS, RFC 9593).
    pub announces_methods: bool,
    /// What we offer and accept for the IKE SA, best first. The first group of the first proposal is the one whose
    /// public value we send.
    pub proposals: Vec<IkeProposal>,
    /// The children that may be set up under this connection.
    pub children: Vec<ChildConfig>,
    /// How long its IKE SAs may be used; only the time counts. At the soft limit they are replaced, at the hard one they end
    /// (RFC 7296 §2.8).
    pub lifetime: LifetimePolicy,
    /// Ask whether the peer is alive after this much silence (RFC 7296 §2.4); never when nothing.
    pub liveness: Option<Duration>,
    /// How long we wait at least before we tell the peer once more of a packet that its SA is not for (RFC 4301 §5.2,
    /// INVALID_SELECTORS); it is not told at all when nothing.
    pub selector_notices: Option<Duration>,
    /// How requests are repeated.
    pub retransmission: Retransmission,
    /// What we ask the peer to tell us as initiator, an address of the network inside among it (RFC 7296 §2.19); nothing when
    /// empty.
    pub asks: Vec<ConfigAttribute>,
    /// What we assign to a peer that asks for that.
    pub assigns: Option<Assigns>,
    /// How many children one IKE SA may have; the peer's wish for more is refused (RFC 7296 §1.3, NO_ADDITIONAL_SAS).
    pub most_children: usize,
    /// How long messages are cut in pieces; never when nothing (RFC 7383).
    pub fragmentation: Option<Fragmentation>,
    /// How many requests of the peer's we take at once (RFC 7296 §2.3); at least 1.
    pub window: u32,
    /// The hardest puzzle that an initiator solves, in zero bits; each more takes twice the time (RFC 8019 §9).
    pub hardest_puzzle: u8,
    /// How many attempts an initiator makes, each with new SPIs, when the one before has failed. A message that was
    /// changed on its way shows as a failed authentication, so that one counts too.
    pub attempts: u32,
    /// Whether its IKE SAs may come without a child.
    pub childless: Childless,
    /// What becomes of the peer's older IKE SAs when it sets up another one.
    pub unique: Uniqueness,
    /// How we authenticate the peer anew.
    pub reauthentication: Reauthentication,
    /// As responder, how long the peer's authentication holds (RFC 4478): it is told, and the IKE SA deleted where it does
    /// not authenticate anew in time. Without end when nothing.
    pub authentication_lifetime: Option<Duration>,
    /// What follows when the peer no longer answers.
    pub on_loss: OnLoss,
    /// As initiator, whether we go where the responder sends us (RFC 5685); the other gateway has to prove the same identity.
    pub follows_redirects: bool,
    /// As responder, where we send our initiators.
    pub redirect: Option<RedirectPolicy>,
    /// Whether it speaks `IKE_INTERMEDIATE` (RFC 9242), without which the IKE SA has no additional key exchanges.
    pub intermediate: bool,
    /// As initiator, whether we ask for tickets, and resume with them what was lost (RFC 5723).
    pub resumes: bool,
    /// Post-quantum preshared keys, and how they are used.
    pub ppk: Option<PpkConfig>,
    /// Whether each end proves both `IKE_SA_INIT` messages, so that nobody can make the ends agree on less than they could
    /// (draft-ietf-ipsecme-ikev2-downgrade-prevention).
    pub full_transcript: FullTranscript,
    /// Whether NAT is looked for, and got through (RFC 7296 §2.23).
    pub nat_traversal: bool,
    /// Whether ESP goes in UDP even where no NAT is found.
    pub encapsulate: bool,
    /// How long an end behind NAT sends nothing before it reminds NAT of itself (RFC 3948 §4); it never does when nothing.
    pub keepalive: Option<Duration>,
    /// Whether an initiator uses port 4500 from the first message on.
    pub starts_on_nat_port: bool,
    /// Whether IKE SAs may run elsewhere later, where the peer wants that, too (MOBIKE, RFC 4555).
    pub mobike: bool,
    /// Other addresses of the peer, at which an initiator tries to begin where it gets no answer (RFC 4555 §3.1).
    pub also_at: Vec<IpAddr>,
    /// Where a mobile initiator may move to; anywhere when empty.
    pub roams: Vec<AddressRange>,
    /// When a peer has to show that it is where an IKE SA has moved to (RFC 4555 §3.7).
    pub routability: Routability,
    /// What is set right after a failover, where the peer wants that, too (RFC 6311).
    pub synchronises: Synchronisation,
}

impl Connection {
    /// Two ends that know each other by their addresses and a shared key. It offers nothing yet, has no children, and sets no
    /// limits.
    #[must_use]
    pub fn new(name: &str, local: IpAddr, remote: IpAddr, psk: Secret) -> Self {
        let ways = (Prove::SharedKey(psk.clone()), Authenticate::SharedKey(psk));
        Self::proven(name, local, remote, ways)
    }

    /// The same, but that each end proves itself in its own way: how we do it, and how the peer has to.
    #[must_use]
    pub fn proven(
        name: &str,
        local: IpAddr,
        remote: IpAddr,
        (prove, authenticate): (Prove, Authenticate),
    ) -> Self {
        Self {
            name: name.to_owned(),
            local,
            remote,
            local_id: Identity::Address(local),
            remote_id: IdentityPattern::Exactly(Identity::Address(remote)),
            prove,
            authenticate,
            further: Further::default(),
            signature_hashes: None,
            announces_methods: false,
            proposals: Vec::new(),
            children: Vec::new(),
            lifetime: LifetimePolicy::default(),
            liveness: None,
            selector_notices: Some(SELECTOR_NOTICES),
            retransmission: Retransmission::default(),
            asks: Vec::new(),
            assigns: None,
            most_children: usize::MAX,
            fragmentation: Some(Fragmentation::default()),
            window: 1,
            hardest_puzzle: 16,
            attempts: 1,
            childless: Childless::default(),
            unique: Uniqueness::default(),
            reauthentication: Reauthentication::default(),
            authentication_lifetime: None,
            on_loss: OnLoss::default(),
            follows_redirects: false,
            redirect: None,
            intermediate: true,
            resumes: false,
            ppk: None,
            full_transcript: FullTranscript::Off,
            nat_traversal: true,
            encapsulate: false,
            keepalive: Some(KEEPALIVE),
            starts_on_nat_port: false,
            mobike: false,
            also_at: Vec::new(),
            roams: Vec::new(),
            routability: Routability::default(),
            synchronises: Synchronisation::default(),
        }
    }
}

impl Connection {
    /// How the peer has to prove who it is, in all authentication exchanges.
    pub(crate) fn ways(&self) -> impl Iterator<Item = &Authenticate> {
        let further = self.further.theirs.iter().map(|entry| &entry.authenticate);
        std::iter::once(&self.authenticate).chain(further)
    }

    /// Whether it has PPKs and may mix them in so.
    pub(crate) fn allows_ppk(&self, method: PpkMethod) -> bool {
        let speaks = self.intermediate || method != PpkMethod::Intermediate;
        speaks && self.ppk.as_ref().is_some_and(|ppk| ppk.allows(method))
    }

    /// Whether there is to be no IKE SA without a PPK.
    pub(crate) fn requires_ppk(&self) -> bool {
        self.ppk.as_ref().is_some_and(|ppk| ppk.required)
    }

    /// Checks that an IKE SA of this connection may have these algorithms. A responder agrees on them before it knows which of
    /// its connections is meant.
    pub(crate) fn check_suite(&self, suite: &IkeSuite) -> Result<(), Disagreement> {
        let configured = negotiate::ike_offer(&self.usable(self.intermediate), None);
        negotiate::select(&configured, &negotiate::ike_offer(&[IkeProposal::of(suite)], None)).map(|_| ())
    }

    /// What counts of its proposals with or without additional key exchanges.
    pub(crate) fn usable(&self, additional: bool) -> Vec<IkeProposal> {
        match additional {
            true => self.proposals.clone(),
            false => self.proposals.iter().filter_map(IkeProposal::without_additional).collect(),
        }
    }
}

/// Authentication exchanges behind the first one (RFC 4739), in their order. The IKE SA comes to be only when all have
/// succeeded; who its peer is was proven in the first.
#[derive(Clone, Debug, Default)]
pub struct Further {
    /// Who else we say we are, and how we prove that.
    pub ours: Vec<(Identity, Prove)>,
    /// Who else the peer has to prove to be.
    pub theirs: Vec<PeerEntry>,
}

impl Further {
    pub(crate) fn is_empty(&self) -> bool {
        self.ours.is_empty() && self.theirs.is_empty()
    }
}

/// When a peer has to show that it is where an IKE SA has moved to (RFC 4555 §3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Routability {
    /// Before packets of children go there.
    #[default]
    CheckedBefore,
    /// Packets of children go there meanwhile; the IKE SA ends where it does not show.
    CheckedAfter,
    /// It is believed.
    Unchecked,
}

/// Whether both `IKE_SA_INIT` messages are part of what each end proves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FullTranscript {
    /// They are not; each end proves what it has sent.
    #[default]
    Off,
    /// They are where the other end can do so.
    Offer,
    /// They are, or there is no IKE SA.
    Require,
}

/// What a responder assigns and tells to initiators that ask (RFC 7296 §2.19, §3.15).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigns {
    /// The names of the pools that addresses come from, best first.
    pub pools: Vec<String>,
    /// What else it tells, each to those who ask for its type.
    pub attributes: Vec<ConfigAttribute>,
    /// Whether an initiator has to ask for an address to get a child (RFC 7296 §3.10.1, FAILED_CP_REQUIRED).
    pub required: bool,
}

/// How long IKE messages are cut in pieces (RFC 7383 §2.5.1, §2.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragmentation {
    /// How many octets an IPv4 packet with a message or a piece of one may have, IP header included: first the size to begin
    /// with, then those to go down to while no response comes.
    pub ipv4: Vec<usize>,
    /// The same for IPv6.
    pub ipv6: Vec<usize>,
    /// How many times a request is sent in pieces of one size before the next one is tried.
    pub transmissions: u32,
}

impl Default for Fragmentation {
    /// 1280 octets, which nearly each path takes, then for IPv4 576, which RFC 7383 §2.5.1 recommends; two transmissions of
    /// each.
    fn default() -> Self {
        Self { ipv4: vec![1280, 576], ipv6: vec![1280], transmissions: 2 }
    }
}

/// When a responder demands a cookie (RFC 7296 §2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookiePolicy {
    /// Never.
    Never,
    /// From each initiator.
    Always,
    /// While at least this many IKE SAs are half open.
    WhenHalfOpen(usize),
}

/// When a responder demands that initiators solve puzzles before it keeps state for them (RFC 8019 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PuzzlePolicy {
    /// While at least this many IKE SAs are half open.
    pub when_half_open: usize,
    /// How many zero bits it asks for then: one more for each time that the number of half-open IKE SAs doubles, up to eight
    /// more. 0 leaves it to the initiators.
    pub difficulty: u8,
}

/// What an endpoint knows from the start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The connections, in order of preference.
    pub connections: Vec<Connection>,
    /// The inside addresses that connections assign.
    pub pools: Vec<PoolConfig>,
    /// The date at [`Instant::ZERO`](ipsec_net::Instant::ZERO), in seconds since 1970 in UTC, by which certificates are
    /// judged.
    pub epoch: u64,
    /// When to demand a cookie.
    pub cookies: CookiePolicy,
    /// How long an IKE SA may stay half open at the responder; also how long a closed one still answers repeats.
    pub half_open_timeout: Duration,
    /// How many IKE SAs may be half open; requests beyond are dropped.
    pub half_open_limit: usize,
    /// What the names of gateways stand for that a redirect may lead to.
    pub hosts: BTreeMap<String, IpAddr>,
    /// How tickets are granted; none are when nothing.
    pub tickets: Option<TicketPolicy>,
    /// While as many IKE SAs are half open with one address, it is asked for cookies, whatever `cookies` says but `Never`.
    pub cookies_per_address: usize,
    /// How many IKE SAs may be half open with one address; requests beyond are dropped.
    pub half_open_limit_per_address: usize,
    /// When to demand puzzles; never when nothing.
    pub puzzles: Option<PuzzlePolicy>,
    /// The secret of the tokens by which we tell peers that we have lost an IKE SA (RFC 6290); it has to be the same after a
    /// restart. We make none without.
    pub token_secret: Option<Secret>,
    /// Our outer addresses, where there are more than those of the connections or they may change (RFC 4555).
    pub addresses: Vec<IpAddr>,
}

impl Config {
    /// These connections, the beginning of the year 2026, cookies from 100 half-open IKE SAs on, or 20 with one address, at
    /// most 1,000 of them, 500 with one address, each for 30 s. No puzzles and no tokens.
    #[must_use]
    pub fn new(connections: Vec<Connection>) -> Self {
        Self {
            connections,
            pools: Vec::new(),
            epoch: 1_767_225_600,
            cookies: CookiePolicy::WhenHalfOpen(100),
            half_open_timeout: Duration::from_secs(30),
            half_open_limit: 1_000,
            hosts: BTreeMap::new(),
            tickets: None,
            cookies_per_address: 20,
            half_open_limit_per_address: 500,
            puzzles: None,
            token_secret: None,
            addresses: Vec::new(),
        }
    }
}
