//! Whether the peer is alive (RFC 3706): after some silence it is asked, and asked again until it answers or is given up.

use ipsec_net::{Instant, Retransmission};

/// What is known of the peer's life.
#[derive(Clone, Debug, Default)]
pub(super) struct Dpd {
    /// When the peer was last heard.
    last: Instant,
    /// The number of the next question.
    sequence: u32,
    /// The question that is open: how often it was asked, and when it is asked again.
    open: Option<(u32, Instant)>,
    dead: bool,
}

impl Dpd {
    /// Something proved that the peer is alive.
    pub(super) fn heard(&mut self, now: Instant) {
        self.last = self.last.max(now);
        self.open = None;
    }

    /// The peer answered the question with this number.
    pub(super) fn answered(&mut self, number: u32, now: Instant) {
        if number == self.sequence {
            self.heard(now);
        }
    }

    pub(super) fn last_heard(&self) -> Instant {
        self.last
    }

    pub(super) fn is_asking(&self) -> bool {
        self.open.is_some()
    }

    /// When to ask again or give up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.map(|(_, at)| at)
    }

    /// Asks for the first time: the number of the question.
    pub(super) fn ask(&mut self, now: Instant, how: &Retransmission) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.open = Some((1, now + how.wait(1)));
        self.sequence
    }

    /// The time for an answer is over: the question that is asked again, or nothing when the peer is given up. Each has a
    /// number of its own (RFC 3706 §6.2).
    pub(super) fn expire(&mut self, now: Instant, how: &Retransmission) -> Option<u32> {
        let (asked, _) = self.open.filter(|(_, at)| *at <= now)?;
        if asked >= how.transmissions {
            (self.open, self.dead) = (None, true);
            return None;
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.open = Some((asked + 1, now + how.wait(asked + 1)));
        Some(self.sequence)
    }

    /// Whether the peer has been given up since this was asked last.
    pub(super) fn take_death(&mut self) -> bool {
        std::mem::take(&mut self.dead)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_peer_is_asked_with_rising_numbers_and_given_up_unless_it_answers() {
        let how = Retransmission { transmissions: 3, ..Retransmission::default() };
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        let mut dpd = Dpd::default();
        assert_eq!(dpd.ask(at(10), &how), 1);
        assert_eq!(dpd.expire(at(11), &how), Some(2));
        dpd.answered(1, at(12));
        assert!(dpd.is_asking(), "an old answer");
        dpd.answered(2, at(12));
        assert!(!dpd.is_asking() && dpd.last_heard() == at(12) && dpd.deadline().is_none());
        assert_eq!(dpd.ask(at(20), &how), 3);
        assert_eq!(dpd.expire(at(21), &how), Some(4));
        assert_eq!(dpd.expire(at(23), &how), Some(5));
        assert_eq!(dpd.expire(at(27), &how), None);
        assert!(dpd.take_death() && !dpd.take_death());
    }
}
