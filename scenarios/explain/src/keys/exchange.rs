//! Key exchanges of which one end's private value is known, or what both came to: the keys of an SA follow from that and
//! from what stands in the clear.

use std::collections::BTreeMap;

use ipsec_crypto::{FixedEntropy, Initiator, KeyExchangeAlgorithm, Secret};

/// By the public value of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exchanges {
    known: BTreeMap<Vec<u8>, Known>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// The private value that belongs to it.
    Private(KeyExchangeAlgorithm, Secret),
    /// What the exchange came to.
    Agreed(Secret),
}

impl Exchanges {
    /// Adds a private value: a scalar as long as the order of the curve, an exponent, or d and z of ML-KEM's initiator.
    pub(super) fn add_private(
        &mut self,
        algorithm: KeyExchangeAlgorithm,
        value: Vec<u8>,
    ) -> Result<(), String> {
        let value = Secret::from(value);
        let (initiator, expected) = initiator(algorithm, &value);
        if value.len() != expected {
            let (length, name) = (value.len(), algorithm.keyword());
            return Err(format!(
                "a private value of {length} octets for {name}, expected {expected}; what both ends came to does as well"
            ));
        }
        self.known.insert(initiator.public().to_vec(), Known::Private(algorithm, value));
        Ok(())
    }

    /// Adds what the exchange with this public value of either end came to.
    pub(super) fn add_agreed(&mut self, public: Vec<u8>, secret: Vec<u8>) {
        self.known.insert(public, Known::Agreed(Secret::from(secret)));
    }

    /// What an exchange with these two public values came to.
    pub(super) fn secret(&self, publics: [&[u8]; 2]) -> Option<Secret> {
        let [i, r] = publics;
        [(i, r), (r, i)].into_iter().find_map(|(own, other)| match self.known.get(own)? {
            Known::Agreed(secret) => Some(secret.clone()),
            Known::Private(algorithm, value) => initiator(*algorithm, value).0.finish(other).ok(),
        })
    }
}

/// The half of an exchange with this private value, and how many octets such a value has.
fn initiator(algorithm: KeyExchangeAlgorithm, value: &Secret) -> (Initiator, usize) {
    let mut entropy = FixedEntropy::new(value.as_bytes());
    let initiator = Initiator::new(algorithm, &mut entropy);
    (initiator, entropy.drawn())
}
