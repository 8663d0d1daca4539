//! First messages that were refused. Nothing is kept of them but how often each was answered: whoever sends one again and again,
//! perhaps under somebody else's address, is not answered without end.

use std::collections::VecDeque;

use crate::resend::digest;

/// So many are remembered, the last ones.
const MOST: usize = 256;

/// Digests of the first messages that were refused last, with how often.
#[derive(Debug, Default)]
pub(crate) struct Refused(VecDeque<(Vec<u8>, u32)>);

impl Refused {
    /// How often this message was refused.
    pub(crate) fn count(&self, octets: &[u8]) -> u32 {
        if self.0.is_empty() {
            return 0;
        }
        let own = digest(octets);
        self.0.iter().find(|(known, _)| *known == own).map_or(0, |(_, count)| *count)
    }

    /// It is refused now.
    pub(crate) fn note(&mut self, octets: &[u8]) {
        let own = digest(octets);
        match self.0.iter_mut().find(|(known, _)| *known == own) {
            Some((_, count)) => *count += 1,
            None => {
                self.0.truncate(MOST - 1);
                self.0.push_front((own, 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_refusals_are_counted_and_older_ones_forgotten() {
        let mut refused = Refused::default();
        assert_eq!(refused.count(b"one"), 0);
        refused.note(b"one");
        refused.note(b"one");
        refused.note(b"two");
        assert_eq!((refused.count(b"one"), refused.count(b"two"), refused.count(b"three")), (2, 1, 0));
        (0..MOST as u64).for_each(|number| refused.note(&number.to_be_bytes()));
        assert_eq!((refused.count(b"one"), refused.0.len()), (0, MOST));
    }
}
