//! Deletes that came. Nobody answers them, so that each is sent a few times (`parting`), octet for octet: what comes once more
//! is known, also when the ISAKMP SA that it was said under has ended by it.

use std::collections::VecDeque;

use crate::resend::digest;

/// So many are remembered under one ISAKMP SA.
const MOST: usize = 16;

/// Digests of the last messages with deletes that came under an ISAKMP SA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Farewells(VecDeque<Vec<u8>>);

impl Farewells {
    /// A message with deletes was accepted.
    pub(crate) fn note(&mut self, octets: &[u8]) {
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(digest(octets));
    }

    /// Whether this is one of them, once more.
    pub(crate) fn is_repeat(&self, octets: &[u8]) -> bool {
        !self.0.is_empty() && self.0.contains(&digest(octets))
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Those of ISAKMP SAs that have ended, the last ones first.
#[derive(Debug, Default)]
pub(crate) struct Ended(VecDeque<Farewells>);

/// Of so many ISAKMP SAs that have ended the deletes are remembered.
const MOST_ENDED: usize = 64;

impl Ended {
    /// An ISAKMP SA has ended under which these came.
    pub(crate) fn note(&mut self, farewells: Farewells) {
        if farewells.is_empty() {
            return;
        }
        self.0.truncate(MOST_ENDED - 1);
        self.0.push_front(farewells);
    }

    /// Whether this is one of them, once more.
    pub(crate) fn is_repeat(&self, octets: &[u8]) -> bool {
        self.0.iter().any(|farewells| farewells.is_repeat(octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_deletes_are_known_when_they_come_again_and_not_without_end() {
        let mut farewells = Farewells::default();
        for number in 0..=MOST as u8 {
            farewells.note(&[number]);
        }
        assert!(
            !farewells.is_repeat(&[0]) && farewells.is_repeat(&[1]) && farewells.is_repeat(&[MOST as u8])
        );
        let mut ended = Ended::default();
        ended.note(farewells);
        ended.note(Farewells::default());
        assert!(ended.is_repeat(&[1]) && !ended.is_repeat(&[99]));
        for number in 0..MOST_ENDED as u8 {
            let mut other = Farewells::default();
            other.note(&[100 + number]);
            ended.note(other);
        }
        assert!(!ended.is_repeat(&[1]) && ended.is_repeat(&[100]));
    }
}
