//! What an SA is made of (RFC 4301 §4.4.2.1).

use std::net::IpAddr;
use std::time::Duration;

use ipsec_crypto::{Provider, Secret};
use ipsec_net::Instant;
use ipsec_wire::Spi;

use crate::lifetime::Used;
use crate::{DropReason, Flow, Lifetime, Outer, Protection, Selector, UdpEncapsulation, ah, esp};

/// How packets are encapsulated (RFC 4303 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A whole IP packet inside another one that runs between these addresses.
    Tunnel {
        /// Our outer address.
        local: IpAddr,
        /// The peer's outer address, of the same IP version.
        remote: IpAddr,
    },
    /// The packet's own header stays, and what follows it is protected.
    Transport,
}

/// All that defines an SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaParameters {
    /// The SPI, chosen by the receiver.
    pub spi: Spi,
    /// ESP or AH, and the algorithms.
    pub protection: Protection,
    /// Encryption key, salt, integrity key, one after the other (RFC 7296 §2.17).
    pub key: Secret,
    /// How packets are encapsulated.
    pub mode: Mode,
    /// Which packets the SA carries; any of these.
    pub selectors: Vec<Selector>,
    /// Whether sequence numbers have 64 bits (RFC 4303 §2.2.1).
    pub extended_sequence_numbers: bool,
    /// The size of the replay window in packets, as [`crate::ReplayWindow::new`] takes it; 0 turns the check off.
    /// Of no meaning outbound.
    pub replay_window: u32,
    /// What few SAs ask for.
    pub options: SaOptions,
}

/// What an SA does that most do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SaOptions {
    /// The last sequence number that was used before the SA came here; 0 for a new one.
    pub sequence: u64,
    /// ESP in UDP (RFC 3948).
    pub encapsulation: Option<UdpEncapsulation>,
    /// The don't-fragment bit of outer IPv4 headers. In tunnels only.
    pub dont_fragment: DontFragment,
    /// The DSCP of outer headers, up to 63; that of the inner packet when nothing. In tunnels only.
    pub dscp: Option<u8>,
    /// Inner packets are padded to this length in octets, which hides how long shorter ones are (RFC 4303 §2.7). With ESP
    /// in tunnels only.
    pub pad_to: Option<u16>,
    /// How often a packet is sent that only pretends to carry something (RFC 4303 §2.6). With ESP in tunnels only.
    pub dummies: Option<Duration>,
    /// Later fragments, which do not show their ports, go with the first one even where the SA is only for some ports
    /// (RFC 4301 §7.3); if not, such an SA carries none.
    pub later_fragments: bool,
}

impl Default for SaOptions {
    /// Nothing special; later fragments go with the first ones.
    fn default() -> Self {
        Self {
            sequence: 0,
            encapsulation: None,
            dont_fragment: DontFragment::Copy,
            dscp: None,
            pad_to: None,
            dummies: None,
            later_fragments: true,
        }
    }
}

/// Whether packets in a tunnel may be cut on the way (RFC 4301 §8.1). With the bit set, an inner packet that is too long
/// for the path is cut before it is protected, or its sender is told; in an IPv6 tunnel, whose packets no router cuts, the
/// gateway itself cuts protected ones unless the bit would be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DontFragment {
    /// As the inner IPv4 packet has it; clear for an inner IPv6 packet.
    #[default]
    Copy,
    /// Set.
    Set,
    /// Clear.
    Clear,
}

impl SaParameters {
    /// Where protected packets run.
    pub(crate) fn outer(&self) -> Option<Outer> {
        let (local, remote) = self.ends()?;
        Some(Outer { local, remote, encapsulation: self.options.encapsulation })
    }

    /// Lets protected packets run there. In transport mode only the ports may change: the packets have their own addresses.
    pub(crate) fn readdress(&mut self, outer: &Outer) {
        let original = self.options.encapsulation.and_then(|udp| udp.original);
        if let Mode::Tunnel { local, remote } = &mut self.mode {
            (*local, *remote) = (outer.local, outer.remote);
        }
        self.options.encapsulation = outer.encapsulation.map(|udp| UdpEncapsulation { original, ..udp });
    }

    /// The addresses between which protected packets run, ours first. In transport mode those of the first selector, which
    /// is for one host at either end.
    pub(crate) fn ends(&self) -> Option<(IpAddr, IpAddr)> {
        match self.mode {
            Mode::Tunnel { local, remote } => Some((local, remote)),
            Mode::Transport => {
                let selector = self.selectors.first()?;
                Some((selector.local.first(), selector.remote.first()))
            }
        }
    }
}

/// The two SAs that protect one traffic in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaPair {
    /// The name of the policy whose packets they carry.
    pub policy: String,
    /// The SA that we receive under.
    pub inbound: SaParameters,
    /// The SA that we send under.
    pub outbound: SaParameters,
    /// How long they may be used.
    pub lifetime: Lifetime,
    /// The SAs of AH round those of ESP.
    pub bundled: Option<Box<Bundled>>,
    /// The resource, such as a processor, that the pair is for. Flows are spread over the resources that pairs of their
    /// policy are for (RFC 9611 §3); a pair for none serves where there is no other.
    pub resource: Option<u32>,
    /// Older pairs of the policy go on sending until they are removed or a packet has come in under this one, which shows that
    /// the peer has it: so does who answers a rekeying (RFC 7296 §2.8).
    pub yields: bool,
}

/// Two SAs of AH in transport mode round the packets of an ESP pair, which come in and go out with both or not at all
/// (RFC 2401 §4.3: transport adjacency; RFC 4301 §4.5 leaves bundles to policy). ESP inside may leave integrity to AH.
/// The selectors of AH are of no meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundled {
    /// The SA that we receive under.
    pub inbound: SaParameters,
    /// The SA that we send under.
    pub outbound: SaParameters,
}

impl SaPair {
    /// A pair that lasts until it is removed.
    #[must_use]
    pub fn new(policy: impl Into<String>, inbound: SaParameters, outbound: SaParameters) -> Self {
        Self {
            policy: policy.into(),
            inbound,
            outbound,
            lifetime: Lifetime::default(),
            bundled: None,
            resource: None,
            yields: false,
        }
    }
}

/// An SA at work, whichever its direction.
pub(crate) struct Sa {
    pub(crate) parameters: SaParameters,
    pub(crate) counters: Counters,
    /// When a packet was last sealed or authenticated.
    pub(crate) last_used: Option<Instant>,
    /// Whether AH authenticates what it makes, so that it need not.
    in_bundle: bool,
    transform: Option<Transform>,
}

/// Keyed algorithms.
pub(crate) enum Transform {
    Esp(esp::Transform),
    Ah(Box<ah::Transform>),
}

/// What an SA has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    pub(crate) dropped: u64,
}

impl Sa {
    pub(crate) fn new(parameters: SaParameters, in_bundle: bool) -> Self {
        Self { parameters, counters: Counters::default(), last_used: None, in_bundle, transform: None }
    }

    /// The keyed algorithms, made when the first packet needs them.
    pub(crate) fn transform(&mut self, provider: &Provider) -> Result<&Transform, DropReason> {
        match self.transform {
            Some(ref transform) => Ok(transform),
            None => Ok(self.transform.insert(keyed(&self.parameters, self.in_bundle, provider)?)),
        }
    }

    /// The keyed algorithms, if a packet has needed them.
    pub(crate) fn keyed(&self) -> Option<&Transform> {
        self.transform.as_ref()
    }

    /// Whether the SA carries packets of this flow.
    pub(crate) fn carries(&self, flow: &Flow) -> bool {
        self.parameters.selectors.iter().any(|selector| selector.matches(flow))
    }

    /// Whether the SA carries packets of this flow, as it shows in the packet itself and as it was completed from the first
    /// fragment.
    pub(crate) fn carries_fragment(&self, shown: &Flow, completed: &Flow) -> bool {
        self.carries(completed) && (self.parameters.options.later_fragments || self.carries(shown))
    }

    /// Accounts for a packet, by its length inside the tunnel in octets or by its being dropped.
    pub(crate) fn count(&mut self, done: Result<usize, DropReason>) {
        match done {
            Ok(octets) => {
                self.counters.packets += 1;
                self.counters.octets += octets as u64;
            }
            Err(_) => self.counters.dropped += 1,
        }
    }

    /// What is held against its lifetime.
    pub(crate) fn used(&self) -> Used {
        Used { octets: self.counters.octets, packets: self.counters.packets }
    }
}

fn keyed(parameters: &SaParameters, in_bundle: bool, provider: &Provider) -> Result<Transform, DropReason> {
    let SaParameters { protection, key, mode, extended_sequence_numbers: extended, .. } = parameters;
    let joins = match mode {
        Mode::Tunnel { local, remote } => local.is_ipv4() == remote.is_ipv4(),
        Mode::Transport => true,
    };
    if !(protection.authenticates() || in_bundle) || !joins {
        return Err(DropReason::Unusable);
    }
    match protection {
        Protection::Esp(suite) => {
            let transform = esp::Transform::new(provider, suite, key, *extended);
            transform.map(Transform::Esp).map_err(|_| DropReason::Unusable)
        }
        Protection::Ah(integrity) => {
            let transform = ah::Transform::new(provider, *integrity, key, *extended);
            transform.map(|ah| Transform::Ah(Box::new(ah))).map_err(|_| DropReason::Unusable)
        }
    }
}
