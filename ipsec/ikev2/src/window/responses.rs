//! The requests that the peer sends: each is handled once and its response kept, to be sent again octet for octet when
//! the request comes again (RFC 7296 §2.1). Within our window they may come in any order (§2.3).

use ipsec_crypto::HashAlgorithm;

/// What a request is, going by its message ID and its octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// One that was not there yet: handle it.
    New,
    /// One that was answered: send its response again.
    Repeat,
    /// The message ID of one that was answered, but other octets: not from the peer, damaged on the way, or cut in other
    /// pieces.
    Differs,
    /// Older than what the peer may still wait for, or ahead of the window.
    OutOfWindow,
}

/// A response to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Again {
    /// The message, or the pieces of it.
    pub(crate) datagrams: Vec<Vec<u8>>,
    /// How often it has been sent, this time included.
    pub(crate) transmission: u32,
}

/// The message IDs that the peer may use, and the responses that it may ask for again.
#[derive(Clone, Debug)]
pub(crate) struct Responses {
    /// How many requests the peer may have open at once.
    size: u32,
    /// The lowest message ID that has not come.
    next: u32,
    /// The lowest message ID to which the peer may jump when another member of a cluster takes over; one more than it has named
    /// the last time.
    least_jump: u32,
    /// Those of the last ones, the most of them as wide as the window; some may be ahead of `next`.
    kept: Vec<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    message_id: u32,
    /// The hash of the request; of one in pieces, that of the first.
    request: Digest,
    response: Vec<Vec<u8>>,
    transmissions: u32,
}

impl Default for Responses {
    /// One at a time, until we have said that we take more.
    fn default() -> Self {
        Self { size: 1, next: 0, least_jump: 0, kept: Vec::new() }
    }
}

impl Responses {
    /// The lowest message ID that the peer's next request may carry.
    pub(crate) fn next_id(&self) -> u32 {
        self.next
    }

    /// One more than the highest message ID that has come.
    pub(crate) fn horizon(&self) -> u32 {
        self.kept.iter().map(|kept| kept.message_id.saturating_add(1)).fold(self.next, u32::max)
    }

    /// The lowest message ID to which the peer may jump: above all that has come from it, and above all to which it has jumped
    /// (RFC 6311 §5.1).
    pub(crate) fn least_jump(&self) -> u32 {
        self.least_jump.max(self.horizon())
    }

    /// The peer's next request carries this message ID, and no response is known: so a member of a cluster begins that takes
    /// over.
    pub(crate) fn restore(&mut self, next: u32) {
        (self.next, self.kept) = (next, Vec::new());
    }

    /// Keeps the response to a request with message ID 0 by which the peer has jumped to `next`, to be sent again until another
    /// request comes.
    pub(crate) fn synchronised(&mut self, request: &[u8], response: Vec<Vec<u8>>, next: u32) {
        self.next = self.horizon();
        self.least_jump = next.saturating_add(1);
        self.kept = vec![Kept { message_id: 0, request: digest(request), response, transmissions: 1 }];
    }

    /// The peer's next request carries this message ID at least; nothing goes back.
    pub(crate) fn jump(&mut self, next: u32) {
        self.next = self.next.max(next);
        self.kept.retain(|kept| kept.message_id == 0);
    }

    /// We take so many requests at once.
    pub(crate) fn widen(&mut self, size: u32) {
        self.size = self.size.max(size);
    }

    /// Tells what a request is.
    pub(crate) fn classify(&self, message_id: u32, octets: &[u8]) -> Incoming {
        match self.kept.iter().find(|kept| kept.message_id == message_id) {
            Some(kept) if kept.request == digest(octets) => Incoming::Repeat,
            Some(_) => Incoming::Differs,
            None if message_id < self.next || message_id - self.next >= self.size => Incoming::OutOfWindow,
            None => Incoming::New,
        }
    }

    /// Keeps the response to a request that was new, and forgets those that the peer cannot ask for any more: that it has
    /// sent this request tells that the one `size` before it has been answered, and all before that.
    pub(crate) fn answered(&mut self, message_id: u32, request: &[u8], response: Vec<Vec<u8>>) {
        self.kept.push(Kept { message_id, request: digest(request), response, transmissions: 1 });
        while self.kept.iter().any(|kept| kept.message_id == self.next) {
            self.next = self.next.saturating_add(1);
        }
        let newest = self.kept.iter().map(|kept| kept.message_id).max().unwrap_or(message_id);
        self.kept.retain(|kept| newest - kept.message_id < self.size);
        // There is one of these in each IKE SA, mostly with a single element.
        self.kept.shrink_to_fit();
    }

    /// How many octets the response to a request has, all its datagrams together.
    pub(crate) fn length(&self, message_id: u32) -> Option<usize> {
        let kept = self.kept.iter().find(|kept| kept.message_id == message_id)?;
        Some(kept.response.iter().map(Vec::len).sum())
    }

    /// The response to a request that has come again.
    pub(crate) fn again(&mut self, message_id: u32) -> Option<Again> {
        let kept = self.kept.iter_mut().find(|kept| kept.message_id == message_id)?;
        kept.transmissions += 1;
        Some(Again { datagrams: kept.response.clone(), transmission: kept.transmissions })
    }
}

/// The first octets of a hash: a request is longer, and one is kept in each IKE SA.
type Digest = [u8; 16];

fn digest(request: &[u8]) -> Digest {
    let hash = HashAlgorithm::Sha2_256.digest(&[request]);
    std::array::from_fn(|at| hash[at])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_repeated_request_gets_the_same_response() {
        let mut responses = Responses::default();
        assert_eq!(responses.classify(0, b"a"), Incoming::New);
        responses.answered(0, b"a", vec![b"A".to_vec()]);
        for transmission in 2..4 {
            assert_eq!(responses.classify(0, b"a"), Incoming::Repeat);
            let again = Again { datagrams: vec![b"A".to_vec()], transmission };
            assert_eq!(responses.again(0), Some(again));
        }
        assert_eq!(responses.classify(1, b"b"), Incoming::New);
    }

    #[test]
    fn a_known_message_id_with_other_octets_is_no_repeat() {
        let mut responses = Responses::default();
        responses.answered(0, b"a", vec![b"A".to_vec()]);
        assert_eq!(responses.classify(0, b"x"), Incoming::Differs);
    }

    #[test]
    fn the_peer_jumps_above_all_that_has_come_and_each_time_further() {
        let mut responses = Responses::default();
        responses.widen(3);
        responses.answered(0, b"a", Vec::new());
        responses.answered(2, b"c", Vec::new());
        assert_eq!((responses.horizon(), responses.least_jump()), (3, 3));
        responses.synchronised(b"sync", vec![b"SYNC".to_vec()], 9);
        responses.jump(9);
        assert_eq!((responses.next_id(), responses.least_jump()), (9, 10));
        assert_eq!(responses.classify(0, b"sync"), Incoming::Repeat, "its response may have been lost");
        assert_eq!(responses.classify(1, b"b"), Incoming::OutOfWindow, "nobody waits for it any more");
        assert_eq!(responses.classify(9, b"d"), Incoming::New);
        responses.answered(9, b"d", Vec::new());
        assert_eq!(responses.classify(0, b"sync"), Incoming::OutOfWindow);
        responses.jump(4);
        assert_eq!(responses.next_id(), 10, "nothing goes back");
    }

    #[test]
    fn what_lies_outside_the_window_is_told() {
        let mut responses = Responses::default();
        assert_eq!(responses.classify(1, b"b"), Incoming::OutOfWindow);
        responses.answered(0, b"a", Vec::new());
        responses.answered(1, b"b", Vec::new());
        assert_eq!(responses.classify(0, b"a"), Incoming::OutOfWindow);
        assert_eq!(responses.classify(3, b"d"), Incoming::OutOfWindow);
    }

    #[test]
    fn requests_come_in_any_order_within_the_window_and_no_request_is_ahead_of_it() {
        let mut responses = Responses::default();
        responses.widen(3);
        responses.answered(2, b"c", Vec::new());
        responses.answered(0, b"a", Vec::new());
        assert_eq!(responses.next_id(), 1);
        assert_eq!(responses.classify(1, b"b"), Incoming::New);
        assert_eq!(responses.classify(3, b"d"), Incoming::New);
        assert_eq!(responses.classify(4, b"e"), Incoming::OutOfWindow);
        assert_eq!(responses.classify(0, b"a"), Incoming::Repeat, "its response may have been lost");
        responses.answered(3, b"d", Vec::new());
        assert_eq!(
            responses.classify(0, b"a"),
            Incoming::OutOfWindow,
            "request 3 tells that it has been answered"
        );
    }

    proptest! {
        /// A peer that keeps to the window finds each request new once, and each of its open ones answered again.
        #[test]
        fn a_peer_that_keeps_to_the_window_is_always_understood(
            size in 1u32..6, order in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
        ) {
            let mut responses = Responses::default();
            responses.widen(size);
            let mut unanswered: Vec<u32> = Vec::new();
            let mut sent = 0;
            for pick in order {
                let oldest = unanswered.iter().min().copied().unwrap_or(sent);
                while sent - oldest < size {
                    unanswered.push(sent);
                    sent += 1;
                }
                let message_id = unanswered.remove(pick.index(unanswered.len()));
                let octets = message_id.to_be_bytes();
                prop_assert_eq!(responses.classify(message_id, &octets), Incoming::New);
                responses.answered(message_id, &octets, Vec::new());
                prop_assert_eq!(responses.classify(message_id, &octets), Incoming::Repeat);
                prop_assert!(responses.kept.len() <= size as usize);
            }
        }
    }
}
