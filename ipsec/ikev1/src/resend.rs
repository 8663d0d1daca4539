//! What is sent again, and when (RFC 2408 §5.1). Either end may repeat: the one that waits for the next message sends its
//! last one again until that comes, and a repeat of the last message that came is answered with the last that was sent.
//! Only the last one counts, a repeat that comes too soon was made by the network, and no message is sent without end: so
//! repeats of repeats die out.

use ipsec_crypto::HashAlgorithm;
use ipsec_net::{Instant, Retransmission};

/// What one exchange has received and sent last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resend {
    /// A digest of the last message that came.
    received: Vec<u8>,
    sent: Vec<u8>,
    transmissions: u32,
    /// How often it was sent without being asked: answers to repeats leave the patience as it is.
    tries: u32,
    /// When it was sent last.
    latest: Instant,
    waits: Waits,
    deadline: Option<Instant>,
}

/// What an end waits for after its message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Waits {
    /// Nothing.
    #[default]
    Nothing,
    /// For an answer, without repeating what it has said.
    Silently,
    /// For an answer, repeating it.
    Repeating,
}

/// What to do when the time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Send this again; transmissions count from 1.
    Resend { octets: Vec<u8>, transmission: u32 },
    /// The peer does not answer.
    GiveUp,
}

impl Resend {
    /// Whether this is the last message that came, once more.
    pub(crate) fn is_repeat(&self, octets: &[u8]) -> bool {
        !self.received.is_empty() && self.received == digest(octets)
    }

    /// A message was accepted: nothing is waited for any more.
    pub(crate) fn received(&mut self, octets: &[u8]) {
        self.received = digest(octets);
        // What is sent next answers this, or there is nothing to say to it.
        self.sent = Vec::new();
        self.over();
    }

    /// A message was sent for the first time.
    pub(crate) fn sent(&mut self, now: Instant, octets: Vec<u8>, waits: Waits, how: &Retransmission) {
        let wait = match waits {
            Waits::Nothing => None,
            Waits::Silently => Some(how.total()),
            Waits::Repeating => Some(how.wait(1)),
        };
        let deadline = wait.map(|wait| now + wait);
        let received = std::mem::take(&mut self.received);
        *self = Self { received, sent: octets, transmissions: 1, tries: 1, latest: now, waits, deadline };
    }

    /// What answers a repeat, and how often it has been sent with this time.
    pub(crate) fn again(&mut self, now: Instant, how: &Retransmission) -> Option<(Vec<u8>, u32)> {
        let too_soon = now < self.latest + how.wait(1) / 2;
        if self.sent.is_empty() || too_soon || self.transmissions >= how.transmissions.saturating_mul(2) {
            return None;
        }
        self.transmissions += 1;
        self.latest = now;
        Some((self.sent.clone(), self.transmissions))
    }

    /// Nothing is waited for any more.
    pub(crate) fn over(&mut self) {
        (self.waits, self.deadline) = (Waits::Nothing, None);
    }

    /// When [`Resend::expire`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// What follows if the deadline has come.
    pub(crate) fn expire(&mut self, now: Instant, how: &Retransmission) -> Option<Expiry> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return None;
        }
        if self.waits == Waits::Silently || self.tries >= how.transmissions {
            self.over();
            return Some(Expiry::GiveUp);
        }
        (self.transmissions, self.tries) = (self.transmissions + 1, self.tries + 1);
        self.latest = now;
        self.deadline = Some(now + how.wait(self.tries));
        Some(Expiry::Resend { octets: self.sent.clone(), transmission: self.transmissions })
    }
}

/// What a message is known by when it comes again.
pub(crate) fn digest(octets: &[u8]) -> Vec<u8> {
    HashAlgorithm::Sha2_256.digest(&[octets])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOW: Retransmission = Retransmission {
        first: Duration::from_secs(2),
        factor: (2, 1),
        longest: Duration::from_secs(4),
        transmissions: 3,
    };

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn who_waits_repeats_and_gives_up() {
        let mut resend = Resend::default();
        resend.sent(at(0), b"three".to_vec(), Waits::Repeating, &HOW);
        let again = |transmission| Some(Expiry::Resend { octets: b"three".to_vec(), transmission });
        assert_eq!(resend.expire(at(1), &HOW), None);
        assert_eq!(resend.expire(at(2), &HOW), again(2));
        assert_eq!(resend.expire(at(6), &HOW), again(3));
        assert_eq!(resend.expire(at(10), &HOW), Some(Expiry::GiveUp));
        assert_eq!(resend.deadline(), None);
    }

    #[test]
    fn who_answers_repeats_waits_no_shorter() {
        let mut resend = Resend::default();
        resend.sent(at(0), b"three".to_vec(), Waits::Repeating, &HOW);
        assert_eq!(resend.again(at(1), &HOW), Some((b"three".to_vec(), 2)));
        let again = |transmission| Some(Expiry::Resend { octets: b"three".to_vec(), transmission });
        assert_eq!([2, 6].map(|time| resend.expire(at(time), &HOW)), [again(3), again(4)]);
        assert_eq!((resend.expire(at(9), &HOW), resend.expire(at(10), &HOW)), (None, Some(Expiry::GiveUp)));
    }

    #[test]
    fn who_waits_silently_only_gives_up() {
        let mut resend = Resend::default();
        resend.sent(at(0), b"two".to_vec(), Waits::Silently, &HOW);
        assert_eq!((resend.deadline(), HOW.total()), (Some(at(10)), Duration::from_secs(10)));
        assert_eq!(resend.expire(at(10), &HOW), Some(Expiry::GiveUp));
    }

    #[test]
    fn only_the_last_message_is_a_repeat_and_it_is_answered_with_the_last_that_was_sent() {
        let mut resend = Resend::default();
        assert!(!resend.is_repeat(b""));
        resend.received(b"one");
        assert_eq!(resend.again(at(0), &HOW), None, "nothing was said to it yet");
        resend.sent(at(0), b"two".to_vec(), Waits::Repeating, &HOW);
        assert!(resend.is_repeat(b"one") && !resend.is_repeat(b"three"));
        assert_eq!(resend.again(at(0), &HOW), None, "the network has made it");
        assert_eq!(resend.again(at(1), &HOW), Some((b"two".to_vec(), 2)));
        resend.received(b"three");
        assert!(resend.is_repeat(b"three") && !resend.is_repeat(b"one"));
        assert_eq!(
            (resend.deadline(), resend.again(at(9), &HOW)),
            (None, None),
            "nothing follows the last message"
        );
    }

    #[test]
    fn repeats_are_not_answered_without_end() {
        let mut resend = Resend::default();
        resend.received(b"one");
        resend.sent(at(0), b"two".to_vec(), Waits::Silently, &HOW);
        let answered = (1..100).filter(|second| resend.again(at(*second), &HOW).is_some()).count();
        assert_eq!(answered, 5, "six times in all, twice as often as by itself");
    }
}
