//! What an exchange may use besides the record: time, luck and algorithms, all given from outside.

use ipsec_auth::Pools;
use ipsec_crypto::{Entropy, Provider};
use ipsec_net::Instant;
use ipsec_wire::{IkeSpi, Spi};

use crate::children::Children;

/// The surroundings of one step.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) provider: &'static Provider,
    pub(crate) entropy: &'a mut dyn Entropy,
    /// The IPsec SAs of the endpoint, which outlive their ISAKMP SA.
    pub(crate) children: &'a mut Children,
    pub(crate) pools: &'a mut Pools,
    /// When the clock began, in seconds since 1970 in UTC.
    pub(crate) epoch: u64,
}

impl Context<'_> {
    /// The date, in seconds since 1970 in UTC.
    pub(crate) fn date(&self) -> u64 {
        self.epoch.saturating_add(self.now.since(Instant::ZERO).as_secs())
    }

    /// A fresh nonce of 32 octets; 8 to 256 are allowed (RFC 2409 §5).
    pub(crate) fn nonce(&mut self) -> Vec<u8> {
        let mut nonce = vec![0; 32];
        self.entropy.fill(&mut nonce);
        nonce
    }

    /// A fresh cookie; 0 stands for none.
    pub(crate) fn cookie(&mut self) -> IkeSpi {
        let mut octets = [0; 8];
        self.entropy.fill(&mut octets);
        IkeSpi(u64::from_be_bytes(octets).max(1))
    }

    /// A fresh message ID for an exchange of phase 2; 0 stands for phase 1.
    pub(crate) fn message_id(&mut self) -> u32 {
        let mut octets = [0; 4];
        self.entropy.fill(&mut octets);
        u32::from_be_bytes(octets).max(1)
    }

    /// A fresh identifier of a transaction.
    pub(crate) fn identifier(&mut self) -> u16 {
        let mut octets = [0; 2];
        self.entropy.fill(&mut octets);
        u16::from_be_bytes(octets)
    }

    /// A fresh SPI to receive under; 0 to 255 are reserved.
    pub(crate) fn spi(&mut self) -> Spi {
        let mut octets = [0; 4];
        self.entropy.fill(&mut octets);
        let mut spi = Spi(u32::from_be_bytes(octets));
        while spi.0 <= 255 || self.children.receives_under(spi) {
            spi = Spi(spi.0.wrapping_add(256));
        }
        spi
    }
}
