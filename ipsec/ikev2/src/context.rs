//! What an exchange may use besides the record: time, luck and algorithms, all given from outside.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipsec_auth::{PeerDatabase, Pools};
use ipsec_crypto::{Entropy, Provider};
use ipsec_net::Instant;
use ipsec_wire::{IkeSpi, Spi};

use crate::connections::Connections;
use crate::held::Held;
use crate::ticket::Tickets;

/// The surroundings of one step.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) provider: &'static Provider,
    pub(crate) entropy: &'a mut dyn Entropy,
    pub(crate) connections: &'a Connections,
    pub(crate) peers: &'a PeerDatabase,
    /// The date at the beginning of the run, in seconds since 1970 in UTC.
    pub(crate) epoch: u64,
    /// Who has which inside address.
    pub(crate) pools: &'a mut Pools,
    /// The SPIs under which the endpoint receives ESP.
    pub(crate) spis: &'a BTreeSet<Spi>,
    /// Our SPIs of the endpoint's IKE SAs.
    pub(crate) ike_spis: &'a BTreeSet<IkeSpi>,
    /// Who has an IKE SA here already, where that matters.
    pub(crate) held: &'a Held,
    /// Our outer addresses.
    pub(crate) addresses: &'a [IpAddr],
    /// The tickets that we grant, if we do.
    pub(crate) tickets: Option<&'a Tickets>,
}

impl Context<'_> {
    /// The date, in seconds since 1970 in UTC.
    pub(crate) fn date(&self) -> u64 {
        self.epoch.saturating_add(self.now.since(Instant::ZERO).as_secs())
    }

    /// A fresh nonce of 32 octets: at least half the key of any PRF here, and at least 16 (RFC 7296 §2.10).
    pub(crate) fn nonce(&mut self) -> Vec<u8> {
        let mut nonce = vec![0; 32];
        self.entropy.fill(&mut nonce);
        nonce
    }

    /// A fresh SPI of our own for an IKE SA; 0 stands for none (RFC 7296 §3.1).
    pub(crate) fn ike_spi(&mut self) -> IkeSpi {
        let mut octets = [0; 8];
        self.entropy.fill(&mut octets);
        let mut spi = IkeSpi(u64::from_be_bytes(octets));
        while spi == IkeSpi(0) || self.ike_spis.contains(&spi) {
            spi = IkeSpi(spi.0.wrapping_add(1));
        }
        spi
    }

    /// A fresh SPI to receive ESP under; 0 to 255 are reserved (RFC 4303 §2.1).
    pub(crate) fn child_spi(&mut self) -> Spi {
        let mut octets = [0; 4];
        self.entropy.fill(&mut octets);
        let mut spi = Spi(u32::from_be_bytes(octets));
        while spi.0 <= 255 || self.spis.contains(&spi) {
            spi = Spi(spi.0.wrapping_add(256));
        }
        spi
    }
}

/// Surroundings in which there is nothing, for tests: the algorithms of the portable provider, and luck that is a list.
#[cfg(test)]
pub(crate) struct Nowhere {
    pub(crate) entropy: ipsec_crypto::FixedEntropy,
    pub(crate) spis: BTreeSet<Spi>,
    pub(crate) ike_spis: BTreeSet<IkeSpi>,
    pools: Pools,
    connections: Connections,
    peers: PeerDatabase,
    held: Held,
}

#[cfg(test)]
impl Nowhere {
    /// With these octets as luck, and zeros behind them.
    pub(crate) fn new(luck: impl Into<Vec<u8>>) -> Self {
        Self {
            entropy: ipsec_crypto::FixedEntropy::new(luck),
            spis: BTreeSet::new(),
            ike_spis: BTreeSet::new(),
            pools: Pools::default(),
            connections: Connections::default(),
            peers: PeerDatabase::default(),
            held: Held::default(),
        }
    }

    pub(crate) fn context(&mut self) -> Context<'_> {
        Context {
            now: Instant::ZERO,
            provider: &ipsec_crypto::PORTABLE,
            entropy: &mut self.entropy,
            connections: &self.connections,
            peers: &self.peers,
            epoch: 0,
            pools: &mut self.pools,
            spis: &self.spis,
            ike_spis: &self.ike_spis,
            held: &self.held,
            addresses: &[],
            tickets: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spis_are_neither_reserved_nor_taken() {
        let mut nowhere = Nowhere::new([]);
        (nowhere.spis, nowhere.ike_spis) =
            (BTreeSet::from([Spi(256)]), BTreeSet::from([IkeSpi(1), IkeSpi(2)]));
        let mut cx = nowhere.context();
        assert_eq!((cx.ike_spi(), cx.child_spi()), (IkeSpi(3), Spi(512)));
    }
}
