//! Messages that come in pieces (RFC 7383 §2.6), until they are whole. What is kept is bounded in number, octets and time, and
//! each piece is proven to be the peer's before it is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use ipsec_net::Instant;
use ipsec_wire::v2::FragmentNumber;

use crate::protect::Content;
use crate::refusal::FragmentFault;

/// The most pieces that a message may have: 64 KiB in pieces of 128 octets.
const MOST_PIECES: u16 = 512;

/// The most octets that a message may have (RFC 7383 §5).
const MOST_OCTETS: usize = 65_536;

/// Which message a piece belongs to: whether it is a response, and its message ID.
pub(crate) type Place = (bool, u32);

/// The messages that are not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    sets: BTreeMap<Place, Set>,
}

/// The pieces of one message that are there.
#[derive(Debug)]
struct Set {
    total: u16,
    pieces: BTreeMap<u16, Content>,
    octets: usize,
    /// The datagram that the first piece came in.
    head: Vec<u8>,
    longest: usize,
    until: Instant,
}

/// What a piece has brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// Others are still missing.
    Waiting,
    /// The message is whole.
    Whole {
        content: Content,
        /// The datagram that the first piece came in.
        head: Vec<u8>,
        /// How many pieces there were, and the length of the longest datagram.
        pieces: (usize, usize),
    },
    /// It is more than a message may have; all its pieces are forgotten.
    TooLong,
}

impl Fragments {
    /// Whether a piece is of use, to be asked before its integrity is checked.
    ///
    /// # Errors
    /// Why it is not.
    pub(crate) fn admit(&self, place: Place, piece: FragmentNumber) -> Result<(), FragmentFault> {
        if piece.total > MOST_PIECES {
            return Err(FragmentFault::TooMany);
        }
        match self.sets.get(&place) {
            Some(set) if piece.total < set.total => Err(FragmentFault::Superseded),
            Some(set) if piece.total == set.total && set.pieces.contains_key(&piece.number) => {
                Err(FragmentFault::Repeated)
            }
            _ => Ok(()),
        }
    }

    /// Takes a piece that was admitted and is proven to be the peer's. The first piece of a message, or of one that was cut
    /// anew in smaller pieces, says how long the others may take.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        patience: Duration,
        place: Place,
        piece: FragmentNumber,
        content: Content,
        datagram: &[u8],
    ) -> Added {
        let fresh = || Set {
            total: piece.total,
            pieces: BTreeMap::new(),
            octets: 0,
            head: Vec::new(),
            longest: 0,
            until: now + patience,
        };
        let set = self.sets.entry(place).or_insert_with(fresh);
        if set.total < piece.total {
            *set = fresh();
        }
        set.octets += content.octets.len();
        set.longest = set.longest.max(datagram.len());
        if piece.number == 1 {
            set.head = datagram.to_vec();
        }
        set.pieces.insert(piece.number, content);
        let (too_long, complete) = (set.octets > MOST_OCTETS, set.pieces.len() == usize::from(set.total));
        if !too_long && !complete {
            return Added::Waiting;
        }
        match self.sets.remove(&place).map(Set::join) {
            Some(Some(whole)) if !too_long => whole,
            _ => Added::TooLong,
        }
    }

    /// Forgets the pieces of a message that nobody waits for.
    pub(crate) fn forget(&mut self, place: Place) {
        self.sets.remove(&place);
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.sets.clear();
    }

    /// Forgets the pieces whose time is over, and tells of how many messages they were.
    pub(crate) fn expire(&mut self, now: Instant) -> usize {
        let before = self.sets.len();
        self.sets.retain(|_, set| set.until > now);
        before - self.sets.len()
    }

    /// When [`Fragments::expire`] has something to forget next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.sets.values().map(|set| set.until).min()
    }
}

impl Set {
    /// The message, of which each piece is there.
    fn join(self) -> Option<Added> {
        let count = self.pieces.len();
        let mut pieces = self.pieces.into_values();
        let mut content = pieces.next()?;
        pieces.for_each(|piece| content.octets.extend_from_slice(&piece.octets));
        Some(Added::Whole { content, head: self.head, pieces: (count, self.longest) })
    }
}

#[cfg(test)]
mod tests {
    use ipsec_wire::registry::PayloadType;
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);
    const PLACE: Place = (false, 1);

    fn number(number: u16, total: u16) -> FragmentNumber {
        FragmentNumber { number, total }
    }

    fn content(octets: &[u8]) -> Content {
        Content {
            first: PayloadType(octets.first().copied().unwrap_or(0)),
            octets: octets.to_vec(),
            base: 44,
        }
    }

    fn add(fragments: &mut Fragments, piece: FragmentNumber, octets: &[u8]) -> Added {
        assert_eq!(fragments.admit(PLACE, piece), Ok(()));
        fragments.add(Instant::ZERO, PATIENCE, PLACE, piece, content(octets), &[&[0; 44], octets].concat())
    }

    proptest! {
        #[test]
        fn pieces_in_any_order_make_the_message(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..12), order in any::<u64>(),
        ) {
            let total = u16::try_from(chunks.len()).unwrap();
            let mut left: Vec<u16> = (1..=total).collect();
            let (mut fragments, mut order) = (Fragments::default(), order);
            while left.len() > 1 {
                let at = usize::try_from(order % left.len() as u64).unwrap();
                order /= left.len() as u64;
                let next = left.remove(at);
                let octets = &chunks[usize::from(next) - 1];
                prop_assert_eq!(add(&mut fragments, number(next, total), octets), Added::Waiting);
                prop_assert_eq!(fragments.admit(PLACE, number(next, total)), Err(FragmentFault::Repeated));
            }
            let whole = add(&mut fragments, number(left[0], total), &chunks[usize::from(left[0]) - 1]);
            let head = [&[0; 44], chunks[0].as_slice()].concat();
            let longest = 44 + chunks.iter().map(Vec::len).max().unwrap();
            let content = Content { first: content(&chunks[0]).first, octets: chunks.concat(), base: 44 };
            prop_assert_eq!(whole, Added::Whole { content, head, pieces: (chunks.len(), longest) });
            prop_assert_eq!(fragments.deadline(), None);
        }
    }

    #[test]
    fn smaller_pieces_replace_larger_ones_and_never_the_other_way() {
        let mut fragments = Fragments::default();
        assert_eq!(add(&mut fragments, number(1, 2), b"ab"), Added::Waiting);
        assert_eq!(add(&mut fragments, number(2, 3), b"b"), Added::Waiting);
        assert_eq!(fragments.admit(PLACE, number(2, 2)), Err(FragmentFault::Superseded));
        assert_eq!(add(&mut fragments, number(1, 3), b"a"), Added::Waiting);
        let whole = add(&mut fragments, number(3, 3), b"c");
        assert!(matches!(whole, Added::Whole { content, .. } if content.octets == b"abc"));
    }

    #[test]
    fn messages_do_not_mix() {
        let mut fragments = Fragments::default();
        assert_eq!(add(&mut fragments, number(1, 2), b"a"), Added::Waiting);
        let response = (true, PLACE.1);
        assert_eq!(fragments.admit(response, number(1, 2)), Ok(()));
        let other = fragments.add(Instant::ZERO, PATIENCE, response, number(2, 2), content(b"b"), b"");
        assert_eq!(other, Added::Waiting);
        fragments.forget(response);
        assert_eq!(fragments.admit(PLACE, number(1, 2)), Err(FragmentFault::Repeated));
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_octets() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.admit(PLACE, number(1, MOST_PIECES + 1)), Err(FragmentFault::TooMany));
        let piece = vec![7; MOST_OCTETS / 2];
        assert_eq!(add(&mut fragments, number(1, 4), &piece), Added::Waiting);
        assert_eq!(add(&mut fragments, number(2, 4), &piece), Added::Waiting);
        assert_eq!(add(&mut fragments, number(3, 4), &[7]), Added::TooLong);
        assert_eq!(fragments.deadline(), None, "all of it is forgotten");
    }

    #[test]
    fn pieces_wait_for_the_others_no_longer_than_they_may() {
        let mut fragments = Fragments::default();
        assert_eq!(add(&mut fragments, number(1, 2), b"a"), Added::Waiting);
        let deadline = Instant::ZERO + PATIENCE;
        assert_eq!(fragments.deadline(), Some(deadline));
        assert_eq!(fragments.expire(deadline - Duration::from_nanos(1)), 0);
        assert_eq!(fragments.expire(deadline), 1);
        assert_eq!(add(&mut fragments, number(2, 2), b"b"), Added::Waiting, "it begins anew");
    }
}
