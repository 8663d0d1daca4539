//! When a node is to be woken. Setting an alarm anew does not take the old wake-up out of the queue, which would be
//! slow; one that comes too early is ignored, and a later one is queued only when it is missing. So an alarm that is put
//! off with each packet costs nothing and leaves nothing behind.

use ipsec_net::Instant;

/// A node's alarm.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    due: Option<Instant>,
    /// The soonest of the node's wake-ups in the queue.
    queued: Option<Instant>,
    /// The other ones, the soonest last, no two at the same instant.
    queued_later: Vec<Instant>,
}

impl Alarm {
    /// Sets or clears the alarm. A wake-up has to be queued for the instant that comes back.
    pub(crate) fn set(&mut self, due: Option<Instant>) -> Option<Instant> {
        self.due = due;
        let missing = due.filter(|due| self.queued.is_none_or(|soonest| soonest > *due))?;
        self.queued_later.extend(self.queued.replace(missing));
        Some(missing)
    }

    /// A queued wake-up has come.
    pub(crate) fn ring(&mut self, now: Instant) -> Ring {
        self.queued = self.queued_later.pop();
        match self.due {
            Some(due) if due <= now => {
                self.due = None;
                Ring::Wake
            }
            due => Ring::Early { queue: self.set(due) },
        }
    }
}

/// What a wake-up means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    /// The alarm is due.
    Wake,
    /// The alarm was put off or cleared; another wake-up may have to be queued for it.
    Early { queue: Option<Instant> },
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn an_alarm_that_is_put_off_again_and_again_leaves_one_wake_up_in_the_queue() {
        let mut alarm = Alarm::default();
        assert_eq!(alarm.set(Some(at(100))), Some(at(100)));
        assert!((101..1000).all(|later| alarm.set(Some(at(later))).is_none()));
        assert_eq!(alarm.ring(at(100)), Ring::Early { queue: Some(at(999)) });
        assert_eq!(alarm.ring(at(999)), Ring::Wake);
    }

    #[test]
    fn a_cleared_alarm_does_not_ring() {
        let mut alarm = Alarm::default();
        alarm.set(Some(at(100)));
        assert_eq!(alarm.set(None), None);
        assert_eq!(alarm.ring(at(100)), Ring::Early { queue: None });
    }

    proptest! {
        /// Whatever is set at whatever times, the alarm rings at the instant that was set last, and at no other.
        #[test]
        fn an_alarm_rings_exactly_when_it_was_last_set(settings in prop::collection::vec((0u64..20, 0u64..60), 1..30)) {
            let mut alarm = Alarm::default();
            let mut queue = BTreeSet::new();
            let (mut now, mut due, mut settings) = (0, None, settings.into_iter());
            let mut next = settings.next();
            while next.is_some() || !queue.is_empty() {
                let setting = next.map(|(pause, after)| (now + pause, after));
                match (queue.first().copied(), setting) {
                    (Some(ring), setting) if setting.is_none_or(|(when, _)| ring <= when) => {
                        queue.pop_first();
                        next = setting.map(|(when, after)| (when - ring, after));
                        now = ring;
                        match alarm.ring(at(now)) {
                            Ring::Wake => prop_assert_eq!(due.take(), Some(now)),
                            Ring::Early { queue: missing } => queue.extend(missing.map(Instant::as_nanos)),
                        }
                    }
                    (_, Some((when, after))) => {
                        now = when;
                        due = (after % 7 != 0).then_some(now + after);
                        queue.extend(alarm.set(due.map(at)).map(Instant::as_nanos));
                        next = settings.next();
                    }
                    (_, None) => {}
                }
                prop_assert!(due.is_none_or(|due| due >= now), "an alarm was missed");
            }
            prop_assert_eq!(due, None);
        }
    }
}
