//! The requests that we send: no more at once than the peer's window holds (RFC 7296 §2.3), each repeated octet for octet
//! until its response comes or it is given up (§2.1, §2.4).

use std::collections::BTreeMap;

use ipsec_net::{Instant, Retransmission};

/// What to do when a request's time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Send it again; `transmission` counts from 1, so the first repeat is 2, and `tries` counts those in pieces of one size.
    Resend { message_id: u32, transmission: u32, tries: u32 },
    /// The peer does not answer.
    GiveUp { message_id: u32 },
}

/// The requests that wait for their responses, and the number of the next one.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    next: u32,
    /// How many may be open at once: what the peer has said that it takes.
    size: u32,
    open: BTreeMap<u32, Open>,
}

#[derive(Clone, Debug)]
struct Open {
    /// The message, or the pieces of it.
    datagrams: Vec<Vec<u8>>,
    transmissions: u32,
    /// How many of them were of these octets.
    tries: u32,
    deadline: Instant,
}

impl Default for Requests {
    /// One at a time, until the peer says that it takes more.
    fn default() -> Self {
        Self { next: 0, size: 1, open: BTreeMap::new() }
    }
}

impl Requests {
    /// The message ID that the next request has to carry.
    pub(crate) fn next_id(&self) -> u32 {
        self.next
    }

    /// Whether a request may be sent now: the one that was sent `size` before it has been answered, and all before that.
    pub(crate) fn is_free(&self) -> bool {
        let oldest = self.open.keys().next().copied().unwrap_or(self.next);
        self.next - oldest < self.size && self.next < u32::MAX
    }

    /// How many the peer takes at once.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// The next request carries this message ID, and none is open: so a member of a cluster begins that takes over.
    pub(crate) fn restore(&mut self, next: u32) {
        (self.next, self.open) = (next, BTreeMap::new());
    }

    /// The next request carries this message ID at least; nothing goes back (RFC 6311 §5.1).
    pub(crate) fn jump(&mut self, next: u32) {
        self.next = self.next.max(next);
    }

    /// Closes all requests but those with such a message ID: nobody will answer them.
    pub(crate) fn abandon_but(&mut self, stays: impl Fn(u32) -> bool) {
        self.open.retain(|message_id, _| stays(*message_id));
    }

    /// The peer takes so many requests at once. It may not take fewer than it has said before.
    pub(crate) fn widen(&mut self, size: u32) {
        self.size = self.size.max(size);
    }

    /// Keeps a request that is sent now for the first time under [`Requests::next_id`], and counts on.
    pub(crate) fn sent(&mut self, now: Instant, datagrams: Vec<Vec<u8>>, how: &Retransmission) {
        self.sent_as(self.next, now, datagrams, how);
        self.next = self.next.saturating_add(1);
    }

    /// Keeps a request that is sent now for the first time under this message ID; the count stays.
    pub(crate) fn sent_as(
        &mut self,
        message_id: u32,
        now: Instant,
        datagrams: Vec<Vec<u8>>,
        how: &Retransmission,
    ) {
        debug_assert!(self.is_free(), "the window is full");
        let open = Open { datagrams, transmissions: 1, tries: 1, deadline: now + how.wait(1) };
        self.open.insert(message_id, open);
    }

    /// An open request is cut anew, in smaller pieces, and sent now: the waits begin from the shortest (RFC 7383 §2.5.2).
    pub(crate) fn cut(
        &mut self,
        now: Instant,
        message_id: u32,
        datagrams: Vec<Vec<u8>>,
        how: &Retransmission,
    ) {
        if let Some(open) = self.open.get_mut(&message_id) {
            *open = Open { datagrams, tries: 1, deadline: now + how.wait(1), ..*open };
        }
    }

    /// The octets of an open request, in one piece or several.
    pub(crate) fn datagrams(&self, message_id: u32) -> &[Vec<u8>] {
        self.open.get(&message_id).map_or(&[], |open| &open.datagrams)
    }

    /// Closes an open request, which was answered.
    pub(crate) fn answered(&mut self, message_id: u32) {
        self.open.remove(&message_id);
        if self.open.is_empty() {
            // A map that has had elements keeps memory for them, in each of many IKE SAs.
            self.open = BTreeMap::new();
        }
    }

    /// Closes the only open request; the next one carries the same message ID again. Only `IKE_SA_INIT` does so, when a
    /// cookie or another group was asked for (RFC 7296 §2.6, §2.7).
    pub(crate) fn repeat_id(&mut self) {
        if let Some((message_id, _)) = self.open.pop_first() {
            self.next = message_id;
        }
    }

    /// Closes all requests: nobody waits for their responses.
    pub(crate) fn abandon(&mut self) {
        self.open.clear();
    }

    /// The open requests are to be repeated at once and with patience anew: they may get an answer elsewhere.
    pub(crate) fn hurry(&mut self, now: Instant) {
        for open in self.open.values_mut() {
            (open.deadline, open.tries) = (now, 0);
        }
    }

    /// When [`Requests::expire`] has something to say next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.values().map(|open| open.deadline).min()
    }

    /// The verdict on the first open request whose time is over.
    pub(crate) fn expire(&mut self, now: Instant, how: &Retransmission) -> Option<Expiry> {
        let (message_id, open) = self.open.iter_mut().find(|(_, open)| open.deadline <= now)?;
        let message_id = *message_id;
        if open.tries >= how.transmissions {
            self.open.remove(&message_id);
            return Some(Expiry::GiveUp { message_id });
        }
        open.transmissions += 1;
        open.tries += 1;
        open.deadline = now + how.wait(open.tries);
        Some(Expiry::Resend { message_id, transmission: open.transmissions, tries: open.tries })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOW: Retransmission = Retransmission {
        first: Duration::from_secs(2),
        factor: (3, 2),
        longest: Duration::from_secs(4),
        transmissions: 4,
    };

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    fn resend(transmission: u32, tries: u32) -> Expiry {
        Expiry::Resend { message_id: 0, transmission, tries }
    }

    fn all(requests: &mut Requests) -> Vec<(Instant, Expiry)> {
        let mut seen = Vec::new();
        while let Some(deadline) = requests.deadline() {
            assert_eq!(requests.expire(deadline - Duration::from_nanos(1), &HOW), None);
            seen.push((deadline, requests.expire(deadline, &HOW).unwrap()));
        }
        seen
    }

    #[test]
    fn a_request_is_repeated_and_then_given_up() {
        let mut requests = Requests::default();
        requests.sent(Instant::ZERO, vec![b"request".to_vec()], &HOW);
        assert_eq!(requests.datagrams(0), [b"request".to_vec()]);
        let give_up = Expiry::GiveUp { message_id: 0 };
        let expected =
            [(at(2), resend(2, 2)), (at(5), resend(3, 3)), (at(9), resend(4, 4)), (at(13), give_up)];
        assert_eq!(all(&mut requests), expected);
    }

    #[test]
    fn a_request_that_is_cut_anew_waits_from_the_shortest_on() {
        let mut requests = Requests::default();
        requests.sent(Instant::ZERO, vec![b"request".to_vec()], &HOW);
        assert_eq!(requests.expire(at(2), &HOW), Some(resend(2, 2)));
        requests.cut(at(2), 0, vec![b"req".to_vec(), b"uest".to_vec()], &HOW);
        assert_eq!(requests.datagrams(0).len(), 2);
        let give_up = Expiry::GiveUp { message_id: 0 };
        let expected =
            [(at(4), resend(3, 2)), (at(7), resend(4, 3)), (at(11), resend(5, 4)), (at(15), give_up)];
        assert_eq!(all(&mut requests), expected);
    }

    #[test]
    fn a_request_in_a_hurry_is_repeated_at_once_and_with_patience_anew() {
        let mut requests = Requests::default();
        requests.sent(Instant::ZERO, vec![b"request".to_vec()], &HOW);
        assert_eq!(requests.expire(at(2), &HOW), Some(resend(2, 2)));
        requests.hurry(at(3));
        let give_up = Expiry::GiveUp { message_id: 0 };
        let expected = [
            (at(3), resend(3, 1)),
            (at(5), resend(4, 2)),
            (at(8), resend(5, 3)),
            (at(12), resend(6, 4)),
            (at(16), give_up),
        ];
        assert_eq!(all(&mut requests), expected);
    }

    #[test]
    fn message_ids_count_up_when_answered_and_stay_when_repeated() {
        let mut requests = Requests::default();
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        assert!(!requests.is_free());
        requests.repeat_id();
        assert_eq!((requests.next_id(), requests.is_free()), (0, true));
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        requests.answered(0);
        assert_eq!((requests.next_id(), requests.is_free()), (1, true));
    }

    #[test]
    fn no_other_request_is_sent_before_message_ids_are_agreed_on_after_a_failover() {
        let mut requests = Requests::default();
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        requests.restore(64);
        requests.sent_as(0, Instant::ZERO, Vec::new(), &HOW);
        assert_eq!((requests.next_id(), requests.is_free()), (64, false));
        requests.answered(0);
        requests.jump(70);
        requests.jump(60);
        assert_eq!((requests.next_id(), requests.is_free()), (70, true));
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        requests.abandon_but(|message_id| message_id == 0);
        assert!(requests.is_free());
    }

    #[test]
    fn no_more_requests_are_open_than_the_window_holds_counted_from_the_oldest() {
        let mut requests = Requests::default();
        requests.widen(3);
        requests.widen(2);
        for message_id in 0..3 {
            assert!(requests.is_free() && requests.next_id() == message_id);
            requests.sent(Instant::ZERO, Vec::new(), &HOW);
        }
        assert!(!requests.is_free());
        requests.answered(1);
        assert!(!requests.is_free(), "the peer has not answered request 0 and could not place request 3");
        requests.answered(0);
        assert!(requests.is_free());
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        assert_eq!((requests.next_id(), requests.is_free()), (5, false));
    }
}
