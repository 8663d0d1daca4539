//! An endless source of octets for tests: SHA-256 over a seed and a count.

use ipsec_crypto::{Entropy, HashAlgorithm};

pub(crate) struct Seeded {
    seed: u64,
    count: u64,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            self.count += 1;
            let input = [self.seed.to_be_bytes(), self.count.to_be_bytes()].concat();
            let block = HashAlgorithm::Sha2_256.digest(&[&input]);
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
