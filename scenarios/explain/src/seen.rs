//! A bounded memory of what went by, by digests: the last ones of a kind.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A short digest of octets, the same in every run. It need not withstand people who look for collisions.
pub(crate) fn digest(octets: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    octets.hash(&mut hasher);
    hasher.finish()
}

/// The last few of a kind, each with something to know about it.
#[derive(Clone, Debug)]
pub(crate) struct Recent<K, V> {
    most: usize,
    entries: VecDeque<(K, V)>,
}

impl<K: PartialEq, V> Recent<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, entries: VecDeque::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.iter_mut().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Adds one; the oldest gives way.
    pub(crate) fn add(&mut self, key: K, value: V) {
        if self.entries.len() >= self.most {
            self.entries.pop_front();
        }
        self.entries.push_back((key, value));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.entries.iter().position(|(known, _)| known == key)?;
        self.entries.remove(at).map(|(_, value)| value)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (K, V)> {
        self.entries.iter_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.entries.iter()
    }
}
