//! The retransmission timer (RFC 6298), in whole nanoseconds.

use std::time::Duration;

use ipsec_net::Instant;

/// Before the first measurement (§2.1).
const INITIAL: Duration = Duration::from_secs(1);
/// The least timeout (§2.4).
const LEAST: Duration = Duration::from_secs(1);
/// The greatest timeout (§2.5).
const GREATEST: Duration = Duration::from_secs(60);
/// When a SYN was retransmitted (§5.7).
const AFTER_SYN: Duration = Duration::from_secs(3);

/// How long to wait for an acknowledgment, and until when.
#[derive(Clone, Debug)]
pub(super) struct Timer {
    /// Smoothed round trip time and its variation, once measured.
    estimate: Option<(Duration, Duration)>,
    timeout: Duration,
    deadline: Option<Instant>,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self { estimate: None, timeout: INITIAL, deadline: None }
    }

    /// Learns a round trip time of a segment that was sent once (§2.2, §2.3, §3). The clock's granularity is
    /// 1 ns.
    pub(super) fn measured(&mut self, round_trip: Duration) {
        let (smoothed, variation) = match self.estimate {
            None => (round_trip, round_trip / 2),
            Some((smoothed, variation)) => {
                let error = smoothed.abs_diff(round_trip);
                ((smoothed * 7 + round_trip) / 8, (variation * 3 + error) / 4)
            }
        };
        self.estimate = Some((smoothed, variation));
        let margin = (variation * 4).max(Duration::from_nanos(1));
        self.timeout = (smoothed + margin).clamp(LEAST, GREATEST);
    }

    /// Doubles the timeout (§5.5).
    pub(super) fn back_off(&mut self) {
        self.timeout = (self.timeout * 2).min(GREATEST);
    }

    /// Starts anew for data when the SYN had to be sent again (§5.7).
    pub(super) fn after_a_lost_syn(&mut self) {
        self.timeout = AFTER_SYN;
    }

    /// Runs from now.
    pub(super) fn start(&mut self, now: Instant) {
        self.deadline = Some(now + self.timeout);
    }

    /// Runs from now unless it runs already.
    pub(super) fn start_if_idle(&mut self, now: Instant) {
        if self.deadline.is_none() {
            self.start(now);
        }
    }

    pub(super) fn stop(&mut self) {
        self.deadline = None;
    }

    /// When it runs out, if it runs.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn the_first_measurement_sets_smoothed_time_and_variation() {
        let mut timer = Timer::new();
        timer.measured(millis(800));
        assert_eq!(timer.estimate, Some((millis(800), millis(400))));
        assert_eq!(timer.timeout, millis(2400));
    }

    #[test]
    fn later_measurements_weigh_an_eighth_and_a_quarter() {
        let mut timer = Timer::new();
        timer.measured(millis(800));
        timer.measured(millis(1600));
        assert_eq!(timer.estimate, Some((millis(900), millis(500))));
        assert_eq!(timer.timeout, millis(2900));
        timer.measured(millis(100));
        assert_eq!(timer.estimate, Some((millis(800), millis(575))));
    }

    #[test]
    fn the_timeout_stays_between_a_second_and_a_minute() {
        let mut timer = Timer::new();
        assert_eq!(timer.timeout, millis(1000));
        timer.measured(millis(20));
        assert_eq!(timer.timeout, millis(1000));
        let backed_off: Vec<u64> = (0..8)
            .map(|_| {
                timer.back_off();
                timer.timeout.as_secs()
            })
            .collect();
        assert_eq!(backed_off, [2, 4, 8, 16, 32, 60, 60, 60]);
        timer.measured(millis(20));
        assert_eq!(timer.timeout, millis(1000));
        timer.measured(Duration::from_secs(500));
        assert_eq!(timer.timeout, millis(60_000));
    }

    #[test]
    fn a_running_timer_is_not_started_again_by_later_segments() {
        let mut timer = Timer::new();
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        timer.start_if_idle(at(1));
        timer.start_if_idle(at(2));
        assert_eq!(timer.deadline(), Some(at(2)));
        timer.start(at(2));
        assert_eq!(timer.deadline(), Some(at(3)));
        timer.stop();
        timer.after_a_lost_syn();
        timer.start_if_idle(at(4));
        assert_eq!(timer.deadline(), Some(at(7)));
    }
}
