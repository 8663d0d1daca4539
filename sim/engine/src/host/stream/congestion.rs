//! How much may be under way: slow start, congestion avoidance and fast retransmit (RFC 5681), limited
//! transmit (RFC 3042), and NewReno's fast recovery (RFC 6582), in octets.

/// The congestion window. Places are those of [`super::sequence`].
#[derive(Clone, Debug)]
pub(super) struct Congestion {
    /// The sender's maximum segment size.
    segment: u64,
    window: u64,
    threshold: u64,
    /// Octets acknowledged in congestion avoidance since the window last grew.
    counted: u64,
    duplicates: u64,
    recovery: Recovery,
    /// The end of what had been sent when a loss was last noticed: duplicate acknowledgments up to there tell
    /// nothing new.
    recover: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recovery {
    No,
    Begun,
    /// There has been a partial acknowledgment.
    Partial,
}

/// What an acknowledgment means to the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Advance {
    /// All is well, or well again.
    Onward,
    /// The first partial acknowledgment of a recovery: the next segment is lost as well.
    FirstPartial,
    /// A later one: the retransmission timer is left to run (RFC 6582 §3.2 step 3).
    LaterPartial,
}

/// No window grows beyond this, so that sums stay far from overflow.
const GREATEST: u64 = 1 << 40;

impl Congestion {
    /// The initial window (RFC 5681 §3.1); one segment when the SYN was lost.
    pub(super) fn new(segment: usize, syn_lost: bool) -> Self {
        let segment = segment as u64;
        let window = match segment {
            _ if syn_lost => segment,
            2191.. => 2 * segment,
            1096.. => 3 * segment,
            _ => 4 * segment,
        };
        let recovery = Recovery::No;
        Self { segment, window, threshold: GREATEST, counted: 0, duplicates: 0, recovery, recover: 0 }
    }

    /// Segments have another size from now on.
    pub(super) fn set_segment(&mut self, segment: usize) {
        self.segment = segment as u64;
    }

    /// How many octets may be under way.
    pub(super) fn allowance(&self) -> u64 {
        match self.recovery {
            Recovery::No => self.window + self.duplicates.min(2) * self.segment,
            Recovery::Begun | Recovery::Partial => self.window,
        }
    }

    /// `acked` octets were acknowledged, up to `place`; `flight` octets are still under way.
    pub(super) fn acknowledged(&mut self, acked: u64, place: u64, flight: u64) -> Advance {
        self.duplicates = 0;
        if self.recovery == Recovery::No {
            self.grow(acked);
            return Advance::Onward;
        }
        if place >= self.recover {
            self.window = self.threshold.min(flight.max(self.segment) + self.segment);
            self.recovery = Recovery::No;
            return Advance::Onward;
        }
        let deflated = self.window.saturating_sub(acked);
        let added = if acked >= self.segment { self.segment } else { 0 };
        self.window = (deflated + added).max(self.segment);
        match std::mem::replace(&mut self.recovery, Recovery::Partial) {
            Recovery::Partial => Advance::LaterPartial,
            _ => Advance::FirstPartial,
        }
    }

    /// A duplicate acknowledgment of `place` came, with `flight` octets under way, up to `end`. Tells whether
    /// the segment at `place` is to be sent again at once.
    pub(super) fn duplicate(&mut self, place: u64, flight: u64, end: u64) -> bool {
        self.duplicates += 1;
        if self.recovery != Recovery::No {
            self.window = (self.window + self.segment).min(GREATEST);
            return false;
        }
        if self.duplicates != 3 || place <= self.recover {
            return false;
        }
        self.threshold = (flight / 2).max(2 * self.segment);
        self.window = self.threshold + 3 * self.segment;
        (self.recovery, self.recover, self.counted) = (Recovery::Begun, end, 0);
        true
    }

    /// The retransmission timer ran out; `first` unless it did so for the same segment before.
    pub(super) fn timeout(&mut self, first: bool, flight: u64, end: u64) {
        if first {
            self.threshold = (flight / 2).max(2 * self.segment);
        }
        self.window = self.segment;
        self.start_over(end);
    }

    /// All up to `end` is sent again: what is acknowledged twice because of that is no sign of a loss.
    pub(super) fn start_over(&mut self, end: u64) {
        (self.recovery, self.recover) = (Recovery::No, end);
        (self.counted, self.duplicates) = (0, 0);
    }

    fn grow(&mut self, acked: u64) {
        if self.window < self.threshold {
            self.window += acked.min(self.segment);
        } else {
            self.counted += acked;
            if self.counted >= self.window {
                self.counted -= self.window;
                self.window += self.segment;
            }
        }
        self.window = self.window.min(GREATEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_window_depends_on_the_segment_size() {
        for (segment, segments) in
            [(536, 4), (1095, 4), (1096, 3), (1460, 3), (2190, 3), (2191, 2), (8960, 2)]
        {
            assert_eq!(Congestion::new(segment, false).allowance(), segments * segment as u64, "{segment}");
            assert_eq!(Congestion::new(segment, true).allowance(), segment as u64);
        }
    }

    #[test]
    fn slow_start_doubles_a_window_and_avoidance_adds_a_segment() {
        let mut congestion = Congestion::new(1000, false);
        for _ in 0..4 {
            congestion.acknowledged(1000, 1, 4000);
        }
        assert_eq!(congestion.allowance(), 8000);
        congestion.threshold = 8000;
        for acknowledged in 1..=8 {
            congestion.acknowledged(1000, 1, 8000);
            assert_eq!(congestion.allowance(), if acknowledged < 8 { 8000 } else { 9000 });
        }
        // An acknowledgment of much lets slow start grow by one segment only.
        let mut congestion = Congestion::new(1000, false);
        congestion.acknowledged(4000, 1, 0);
        assert_eq!(congestion.allowance(), 5000);
    }

    #[test]
    fn the_third_duplicate_halves_and_the_full_acknowledgment_ends_recovery() {
        let mut congestion = Congestion::new(1000, false);
        congestion.window = 10_000;
        let duplicate = |congestion: &mut Congestion| congestion.duplicate(5001, 10_000, 15_001);
        assert!(!duplicate(&mut congestion));
        assert_eq!(congestion.allowance(), 11_000);
        assert!(!duplicate(&mut congestion));
        assert_eq!(congestion.allowance(), 12_000);
        assert!(duplicate(&mut congestion));
        assert_eq!((congestion.threshold, congestion.allowance()), (5000, 8000));
        assert!(!duplicate(&mut congestion));
        assert_eq!(congestion.allowance(), 9000);
        assert_eq!(congestion.acknowledged(2000, 7001, 8000), Advance::FirstPartial);
        assert_eq!(congestion.allowance(), 8000);
        assert_eq!(congestion.acknowledged(500, 7501, 8000), Advance::LaterPartial);
        assert_eq!(congestion.allowance(), 7500);
        assert_eq!(congestion.acknowledged(7500, 15_001, 9000), Advance::Onward);
        assert_eq!(congestion.allowance(), 5000);
    }

    #[test]
    fn after_a_timeout_old_duplicates_tell_nothing() {
        let mut congestion = Congestion::new(1000, false);
        congestion.timeout(true, 10_000, 15_001);
        assert_eq!((congestion.threshold, congestion.allowance()), (5000, 1000));
        for _ in 0..9 {
            assert!(!congestion.duplicate(5001, 1000, 15_001));
        }
        congestion.acknowledged(10_000, 15_001, 0);
        for _ in 0..9 {
            assert!(!congestion.duplicate(15_001, 2000, 17_001));
        }
        congestion.acknowledged(1000, 16_001, 0);
        let again: Vec<bool> = (0..4).map(|_| congestion.duplicate(16_001, 2000, 18_001)).collect();
        assert_eq!(again, [false, false, true, false]);
        congestion.timeout(false, 90_000, 18_001);
        assert_eq!(congestion.threshold, 2000);
    }
}
