//! What an endpoint is told: its connections and their children.

use std::net::IpAddr;
use std::time::Duration;

use ipsec_auth::{Identity, IdentityPattern, PoolConfig, XauthUsers};
use ipsec_crypto::{KeyExchangeAlgorithm, Secret};
use ipsec_dataplane::{LifetimePolicy, Limits, SaOptions, Selector};
use ipsec_net::{AddressRange, Retransmission};
use ipsec_wire::registry::v1::ConfigAttribute;
use ipsec_wire::v1::Attribute;

use crate::authentication::Authentication;
use crate::nat::NatTraversal;
use crate::negotiate::{ChildSuite, IkeSuite, Method, Phase1Suite, Side};
use crate::sa::Role;

/// How phase 1 goes (RFC 2409 §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Six messages; nobody else learns who the ends are.
    #[default]
    Main,
    /// Three messages; identities are seen by everybody.
    Aggressive,
}

/// The part of an end in XAUTH (draft-beaulieu-ike-xauth-02).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Xauth {
    /// It asks who uses the other end.
    Server {
        /// Who may.
        users: XauthUsers,
        /// How often it asks, before it ends the ISAKMP SA; at least once.
        tries: u32,
    },
    /// It is asked.
    Client {
        /// Who uses it.
        user: String,
        /// What is answered for a password, the first time, the second time and so on.
        passwords: Vec<Secret>,
    },
}

/// What an end assigns and tells to the other one (draft-dukes-ike-mode-cfg-02).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigns {
    /// The names of the pools that addresses come from, best first.
    pub pools: Vec<String>,
    /// What else it tells: each to those who ask for its class.
    pub attributes: Vec<Attribute>,
    /// Whether it tells all of this unasked, before quick mode.
    pub unasked: bool,
}

/// One IKE configuration as one end sees it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its name, unique in the endpoint.
    pub name: String,
    /// Our outer address.
    pub local: IpAddr,
    /// The peer's outer address; in main mode the shared key is found by it (RFC 2409 §5.4). A peer that may come from anywhere
    /// has the unspecified one, and is not gone to.
    pub remote: IpAddr,
    /// Who we say we are.
    pub local_id: Identity,
    /// Who the peer has to prove to be.
    pub remote_id: IdentityPattern,
    /// What authenticates both ends: what is offered and accepted, best first.
    pub authentication: Vec<Authentication>,
    /// Which part this end has in XAUTH, whichever end begins phase 1; nobody asks when nothing.
    pub xauth: Option<Xauth>,
    /// What we ask the other end for, an address of the network inside among it (draft-dukes-ike-mode-cfg-02 §3.4); nothing when
    /// empty.
    pub asks: Vec<ConfigAttribute>,
    /// Whether we are told such things unasked, and wait for that.
    pub is_told: bool,
    /// What we assign to the other end.
    pub assigns: Option<Assigns>,
    /// How phase 1 goes, whichever end begins.
    pub mode: Mode,
    /// What we offer and accept for the ISAKMP SA, best first. In aggressive mode only those with the group of the first
    /// are offered, and what else shapes the first message (RFC 2409 §5).
    pub proposals: Vec<IkeSuite>,
    /// How long its ISAKMP SAs may be used; only the time counts, and it is offered. At the soft limit they are replaced.
    pub lifetime: LifetimePolicy,
    /// Ask whether the peer is alive after this much silence (RFC 3706); never when nothing.
    pub liveness: Option<Duration>,
    /// The forms of NAT traversal that are spoken, best first; NAT is not looked for when there is none (RFC 3947).
    pub nat_traversal: Vec<NatTraversal>,
    /// Whether ESP goes in UDP even where no NAT is found.
    pub encapsulate: bool,
    /// How long an end behind NAT sends nothing before it reminds NAT of itself (RFC 3948 §4); it never does when nothing.
    pub keepalive: Option<Duration>,
    /// Whether an initiator uses port 4500 from the first message on (RFC 3947 §4).
    pub starts_on_nat_port: bool,
    /// How many octets a packet with a message may have, IP header included, before the message is cut in pieces, where the peer
    /// puts such together (MS-IKEE §2.2.3.1); messages are neither cut nor put together when nothing.
    pub fragments: Option<usize>,
    /// How messages are repeated.
    pub retransmission: Retransmission,
    /// How many attempts an initiator makes, each with a new cookie, when the one before has failed.
    pub attempts: u32,
    /// The children that may be set up under this connection.
    pub children: Vec<ChildConfig>,
}

impl Connection {
    /// Two ends that know each other by their addresses and a shared key. It speaks main mode, offers nothing yet, has no
    /// children, and its ISAKMP SAs live an hour.
    #[must_use]
    pub fn new(name: &str, local: IpAddr, remote: IpAddr, psk: Secret) -> Self {
        Self {
            name: name.to_owned(),
            local,
            remote,
            local_id: Identity::Address(local),
            remote_id: IdentityPattern::Exactly(Identity::Address(remote)),
            authentication: vec![Authentication::SharedKey(psk)],
            xauth: None,
            asks: Vec::new(),
            is_told: false,
            assigns: None,
            mode: Mode::Main,
            proposals: Vec::new(),
            lifetime: lifetime(Duration::from_secs(3_600)),
            liveness: None,
            nat_traversal: NatTraversal::ALL.to_vec(),
            encapsulate: false,
            keepalive: Some(KEEPALIVE),
            starts_on_nat_port: false,
            fragments: None,
            retransmission: Retransmission::default(),
            attempts: 1,
            children: Vec::new(),
        }
    }

    /// The methods that both ends may be authenticated by, best first.
    #[must_use]
    pub fn methods(&self) -> Vec<Method> {
        let mut methods = Vec::new();
        for method in self.authentication.iter().flat_map(Authentication::methods) {
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        methods
    }

    /// What authenticates by this method.
    pub(crate) fn authentication_by(&self, method: Method) -> Option<&Authentication> {
        self.authentication.iter().find(|one| one.methods().contains(&method))
    }

    /// What it accepts as responder, best first.
    pub(crate) fn accepted(&self) -> Vec<Phase1Suite> {
        self.suites(Role::Responder)
    }

    /// Each method with each proposal, best first, as this end of phase 1.
    fn suites(&self, role: Role) -> Vec<Phase1Suite> {
        let client = self.xauth.as_ref().map(|xauth| match xauth {
            Xauth::Client { .. } => role,
            Xauth::Server { .. } => role.other(),
        });
        let with = |method: Method| {
            self.proposals.iter().map(move |suite| Phase1Suite { suite: *suite, method, client })
        };
        self.methods().into_iter().flat_map(with).collect()
    }

    /// Whether it joins these addresses, ours first.
    pub(crate) fn joins(&self, local: IpAddr, remote: IpAddr) -> bool {
        self.local == local && (self.remote == remote || self.remote.is_unspecified())
    }

    /// What it offers: in aggressive mode what shapes the first message has to do for all.
    pub(crate) fn offered(&self) -> Vec<Phase1Suite> {
        let suites = self.suites(Role::Initiator);
        let Some(first) = suites.first().copied() else { return suites };
        let fits = |one: &Phase1Suite| self.mode == Mode::Main || first.shapes_like(*one);
        suites.into_iter().filter(fits).collect()
    }
}

/// One configuration of IPsec SAs that quick mode sets up.
#[derive(Clone, Debug)]
pub struct ChildConfig {
    /// Its name, unique in the endpoint; the SPD's policy has the same name.
    pub name: String,
    /// What we offer and accept, best first.
    pub proposals: Vec<ChildSuite>,
    /// The group of a key exchange of its own, for perfect forward secrecy (RFC 2409 §5.5); none when nothing.
    pub group: Option<KeyExchangeAlgorithm>,
    /// The packets at our side.
    pub local: Side,
    /// The packets at the peer's side; of the same protocol.
    pub remote: Side,
    /// Anti-replay window in packets; 0 turns the check off.
    pub replay_window: u32,
    /// Whether packets keep their own header.
    pub transport: bool,
    /// What else its SAs do.
    pub options: SaOptions,
    /// How long its SAs may be used; seconds and octets are offered (RFC 2407 §4.5). Where no time is given, eight hours
    /// are meant.
    pub lifetime: LifetimePolicy,
    /// Whether a soft limit replaces them.
    pub rekey: bool,
    /// Whether it is set up as soon as its endpoint is started.
    pub start: bool,
    /// Whether a packet that it would carry and for which there is no SA sets one up.
    pub on_demand: bool,
}

impl ChildConfig {
    /// A child in tunnel mode between these networks, for all their packets: replay window of 64, no PFS, eight hours,
    /// rekeyed at no limit before.
    #[must_use]
    pub fn new(name: &str, proposals: Vec<ChildSuite>, local: AddressRange, remote: AddressRange) -> Self {
        Self {
            name: name.to_owned(),
            proposals,
            group: None,
            local: Side::of(local),
            remote: Side::of(remote),
            replay_window: 64,
            transport: false,
            options: SaOptions::default(),
            lifetime: lifetime(DEFAULT_LIFE),
            rekey: true,
            start: false,
            on_demand: false,
        }
    }

    /// The packets that it is for.
    #[must_use]
    pub fn selector(&self) -> Selector {
        self.local.selector(&self.remote)
    }
}

/// What an endpoint knows from the start.
#[derive(Clone, Debug)]
pub struct Config {
    /// The connections, in order of preference.
    pub connections: Vec<Connection>,
    /// The inside addresses that they assign.
    pub pools: Vec<PoolConfig>,
    /// How many ISAKMP SAs may be in negotiation that others have begun; first messages beyond are dropped.
    pub half_open_limit: usize,
    /// When the endpoint's clock began, in seconds since 1970 in UTC; certificates are valid by it.
    pub epoch: u64,
}

impl Config {
    /// These connections, at most 1,000 ISAKMP SAs in negotiation, and a clock that began with the year 2026.
    #[must_use]
    pub fn new(connections: Vec<Connection>) -> Self {
        Self { connections, pools: Vec::new(), half_open_limit: 1_000, epoch: 1_767_225_600 }
    }
}

/// How often NAT is reminded unless that is configured (RFC 3948 §4).
const KEEPALIVE: Duration = Duration::from_secs(20);

/// How long an IPsec SA lives of which nothing is said (RFC 2407 §4.5).
pub(crate) const DEFAULT_LIFE: Duration = Duration::from_secs(28_800);

fn lifetime(time: Duration) -> LifetimePolicy {
    LifetimePolicy { hard: Limits { time: Some(time), ..Limits::default() }, ..LifetimePolicy::default() }
}
