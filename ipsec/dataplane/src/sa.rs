//! What an SA is made of (RFC 4301 §4.4.2.1).

use std::net::IpAddr;

use ipsec_crypto::{Provider, Secret};
use ipsec_net::Instant;
use ipsec_wire::Spi;

use crate::esp::Transform;
use crate::{DropReason, Flow, Selector, Suite};

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
    /// The algorithms.
    pub suite: Suite,
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
}

/// An SA at work, whichever its direction.
pub(crate) struct Sa {
    pub(crate) parameters: SaParameters,
    pub(crate) counters: Counters,
    /// When a packet was last sealed or authenticated.
    pub(crate) last_used: Option<Instant>,
    transform: Option<Transform>,
}

/// What an SA has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    pub(crate) dropped: u64,
}

impl Sa {
    pub(crate) fn new(parameters: SaParameters) -> Self {
        Self { parameters, counters: Counters::default(), last_used: None, transform: None }
    }

    /// The keyed algorithms, made when the first packet needs them.
    pub(crate) fn transform(&mut self, provider: &Provider) -> Result<&Transform, DropReason> {
        match self.transform {
            Some(ref transform) => Ok(transform),
            None => Ok(self.transform.insert(keyed(&self.parameters, provider)?)),
        }
    }

    /// Whether the SA carries packets of this flow.
    pub(crate) fn carries(&self, flow: &Flow) -> bool {
        self.parameters.selectors.iter().any(|selector| selector.matches(flow))
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
}

fn keyed(parameters: &SaParameters, provider: &Provider) -> Result<Transform, DropReason> {
    let SaParameters { suite, key, mode, extended_sequence_numbers, .. } = parameters;
    let joins = match mode {
        Mode::Tunnel { local, remote } => local.is_ipv4() == remote.is_ipv4(),
        Mode::Transport => true,
    };
    if !suite.authenticates() || !joins {
        return Err(DropReason::Unusable);
    }
    Transform::new(provider, suite, key, *extended_sequence_numbers).map_err(|_| DropReason::Unusable)
}
