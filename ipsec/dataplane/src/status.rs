//! SAs as plain data, for people and oracles.

use ipsec_crypto::HashAlgorithm;
use ipsec_net::Instant;
use ipsec_wire::Spi;

use crate::sa::Sa;
use crate::sad::Pair;
use crate::{Outer, Protection, SaParameters};

/// One SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaStatus {
    /// The name of the policy whose packets it carries.
    pub policy: String,
    /// Whether we receive or send under it.
    pub direction: Direction,
    /// The SPI.
    pub spi: Spi,
    /// ESP or AH, and the algorithms.
    pub protection: Protection,
    /// Packets carried.
    pub packets: u64,
    /// Octets carried, counted inside the tunnel.
    pub octets: u64,
    /// Packets dropped.
    pub dropped: u64,
    /// The last sequence number sent, or the highest one authenticated; 0 before the first.
    pub sequence: u64,
    /// When a packet was last sealed or authenticated.
    pub last_used: Option<Instant>,
    /// Where its packets run; nothing where that is not one place.
    pub outer: Option<Outer>,
    /// A hash of algorithms and key, by which two ends can be compared without telling the key.
    pub fingerprint: [u8; 8],
}

/// Which way an SA's packets go, seen from the host that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From outside to inside.
    Inbound,
    /// From inside to outside.
    Outbound,
}

/// The status of a pair's SAs, those of the pair itself first, then those of its bundle, of each the inbound one first.
pub(crate) fn of(pair: &Pair) -> impl Iterator<Item = SaStatus> {
    let own = (&pair.inbound, &pair.outbound);
    let bundled = pair.bundled.as_ref().map(|bundled| (&bundled.inbound, &bundled.outbound));
    std::iter::once(own).chain(bundled).flat_map(|(inbound, outbound)| {
        [
            of_sa(&pair.policy, Direction::Inbound, &inbound.sa, inbound.replay.highest()),
            of_sa(&pair.policy, Direction::Outbound, &outbound.sa, outbound.sequence),
        ]
    })
}

fn of_sa(policy: &str, direction: Direction, sa: &Sa, sequence: u64) -> SaStatus {
    SaStatus {
        policy: policy.to_owned(),
        direction,
        spi: sa.parameters.spi,
        protection: sa.parameters.protection,
        packets: sa.counters.packets,
        octets: sa.counters.octets,
        dropped: sa.counters.dropped,
        sequence,
        last_used: sa.last_used,
        outer: sa.parameters.outer(),
        fingerprint: fingerprint(&sa.parameters),
    }
}

/// The first octets of SHA-256 over the algorithms' names and the key.
fn fingerprint(parameters: &SaParameters) -> [u8; 8] {
    let names = parameters.protection.to_string();
    let hash = HashAlgorithm::Sha2_256.digest(&[names.as_bytes(), parameters.key.as_bytes()]);
    let mut fingerprint = [0; 8];
    fingerprint.copy_from_slice(&hash[..8]);
    fingerprint
}
