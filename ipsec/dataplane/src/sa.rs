//! What an SA is made of.

use std::net::IpAddr;

use ipsec_crypto::Secret;
use ipsec_wire::Spi;

use crate::{Selector, Suite};

/// How packets are encapsulated (RFC 4303 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A whole IP packet inside another one that runs between these addresses.
    Tunnel {
        /// Our outer address.
        local: IpAddr,
        /// The peer's outer address.
        remote: IpAddr,
    },
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
    /// Whether sequence numbers have 64 bits.
    pub extended_sequence_numbers: bool,
    /// The size of the anti-replay window in packets; 0 turns the check off. Of no meaning outbound.
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
