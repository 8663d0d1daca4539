//! Manual SAs.

use std::fmt;

use ipsec::crypto::IntegrityAlgorithm;
use ipsec::dataplane::{Protection, SaOptions};
use ipsec::wire::Spi;
use ipsec_net::Prefix;

/// An SA pair whose keys stand in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manual {
    /// Its name.
    pub name: String,
    /// What each end is told, in the order of the file.
    pub ends: [ManualEnd; 2],
}

/// A manual SA pair as one end has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualEnd {
    /// The peer.
    pub peer: String,
    /// Whether it protects what is between two networks, or what the peers themselves send each other.
    pub mode: Mode,
    /// The size of the replay window in packets.
    pub replay_window: u32,
    /// Whether sequence numbers have 64 bits.
    pub extended_sequence_numbers: bool,
    /// Of the packets that it receives.
    pub inbound: ManualKeying,
    /// Of the packets that it sends.
    pub outbound: ManualKeying,
    /// The networks at its own side; its address in transport mode.
    pub local: Vec<Prefix>,
    /// The networks at the other side.
    pub remote: Vec<Prefix>,
    /// What else its SAs do.
    pub options: SaOptions,
}

/// How packets are encapsulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Packets between the networks that the two peers protect, in packets between the peers.
    Tunnel,
    /// Packets between the peers' own addresses.
    Transport,
}

/// SPI, algorithms and key of one direction.
#[derive(Clone, PartialEq, Eq)]
pub struct ManualKeying {
    /// The SPI; of ESP in a bundle.
    pub spi: Spi,
    /// ESP or AH, and the algorithms. ESP in a bundle has none for integrity.
    pub protection: Protection,
    /// Encryption key, salt and integrity key, one after the other.
    pub key: Vec<u8>,
    /// AH round ESP, in a bundle.
    pub bundled: Option<ManualAh>,
}

/// The AH of a bundle.
#[derive(Clone, PartialEq, Eq)]
pub struct ManualAh {
    /// Its SPI.
    pub spi: Spi,
    /// Its algorithm.
    pub integrity: IntegrityAlgorithm,
    /// Its key.
    pub key: Vec<u8>,
}

/// Without the key.
impl fmt::Debug for ManualAh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} SPI {}", self.integrity.name(), self.spi)
    }
}

/// Without the key.
impl fmt::Debug for ManualKeying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} SPI {}", self.protection, self.spi)?;
        self.bundled.as_ref().map_or(Ok(()), |ah| write!(f, " in {ah:?}"))
    }
}
