//! SAs as the IKE messages of a capture set them up: whose they are, and their keys where these could be computed.

use std::collections::{BTreeMap, VecDeque};

use ipsec_dataplane::Protection;

use crate::keys::{AhKey, Direction};

/// The SAs that were set up last, by their SPI.
#[derive(Default)]
pub(crate) struct Owners {
    sas: BTreeMap<u32, Owned>,
    /// In the order in which they were set up.
    order: VecDeque<u32>,
}

/// What is known of the SAs with one SPI. Two receivers may choose the same.
struct Owned {
    /// The number of the IKE SA.
    ike: usize,
    esp: Vec<Direction>,
    ah: Vec<AhKey>,
}

impl Owners {
    /// Remembers that an IKE SA set up the SA with this SPI; the oldest gives way.
    pub(crate) fn add(&mut self, spi: u32, ike: usize) {
        if let Some(known) = self.sas.get_mut(&spi) {
            known.ike = ike;
            return;
        }
        if self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.sas.remove(&oldest);
        }
        self.order.push_back(spi);
        self.sas.insert(spi, Owned { ike, esp: Vec::new(), ah: Vec::new() });
    }

    /// Remembers what an SA's packets are protected with, and its key material.
    pub(crate) fn keyed(&mut self, spi: u32, protection: &Protection, material: &[u8]) {
        let Some(owned) = self.sas.get_mut(&spi) else { return };
        if owned.esp.len() + owned.ah.len() >= MOST_KEYS {
            return;
        }
        match protection {
            Protection::Esp(suite) => owned.esp.extend(Direction::of(suite, material)),
            Protection::Ah(integrity) => {
                owned.ah.push(AhKey { integrity: *integrity, key: material.to_vec() });
            }
        }
    }

    /// The IKE SA that set up the SA with this SPI.
    pub(crate) fn of(&self, spi: u32) -> Option<usize> {
        self.sas.get(&spi).map(|owned| owned.ike)
    }

    /// The keys for ESP that were computed for this SPI.
    pub(crate) fn esp(&self, spi: u32) -> &[Direction] {
        self.sas.get(&spi).map_or(&[], |owned| &owned.esp)
    }

    /// The keys for AH that were computed for this SPI.
    pub(crate) fn ah(&self, spi: u32) -> &[AhKey] {
        self.sas.get(&spi).map_or(&[], |owned| &owned.ah)
    }
}

/// So many SPIs are remembered.
const MOST: usize = 16_384;
/// So many keys for each.
const MOST_KEYS: usize = 4;

#[cfg(test)]
mod tests {
    use ipsec_crypto::IntegrityAlgorithm;

    use super::*;

    #[test]
    fn the_oldest_gives_way_and_keys_of_one_spi_are_few() {
        let mut owners = Owners::default();
        let most = u32::try_from(MOST).unwrap();
        for spi in 0..=most {
            owners.add(spi, 1);
        }
        assert_eq!((owners.of(0), owners.of(1), owners.of(most)), (None, Some(1), Some(1)));
        let ah = Protection::Ah(IntegrityAlgorithm::HmacSha1_96);
        for _ in 0..2 * MOST_KEYS {
            owners.keyed(7, &ah, &[1; 20]);
        }
        assert_eq!((owners.ah(7).len(), owners.esp(7).len(), owners.ah(8).len()), (MOST_KEYS, 0, 0));
    }
}
