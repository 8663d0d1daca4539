//! Controlled Delay, the queue management of RFC 8289: packets are dropped, more and more often, for as long as each one
//! has waited longer than the target for a whole interval.

use std::time::Duration;

use ipsec_net::Instant;

use super::settings::LinkProblem;

/// The parameters of CoDel (RFC 8289 §4.2, §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoDel {
    /// How long packets may wait for ever.
    pub target: Duration,
    /// How long they may wait longer than that.
    pub interval: Duration,
    /// Whether packets that understand ECN are marked instead of dropped.
    pub ecn: bool,
}

impl Default for CoDel {
    /// 5 ms and 100 ms, as the RFC recommends for the Internet, without ECN.
    fn default() -> Self {
        Self { target: Duration::from_millis(5), interval: Duration::from_millis(100), ecn: false }
    }
}

impl CoDel {
    pub(super) fn check(self) -> Result<(), LinkProblem> {
        let Self { target, interval, .. } = self;
        if target.is_zero() || target >= interval {
            return Err(LinkProblem::CoDel { target, interval });
        }
        Ok(())
    }

    /// When to drop next after `from`, as the `count`-th drop in a row (RFC 8289 §5.3): interval / √count later.
    fn after(self, from: Instant, count: u64) -> Instant {
        let square = self.interval.as_nanos().saturating_mul(self.interval.as_nanos());
        let nanos = (square / u128::from(count.max(1))).isqrt();
        from + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// The state of a queue under CoDel, named as in RFC 8289 §5.
#[derive(Debug, Default)]
pub(super) struct Controller {
    /// When packets may be dropped, if they wait too long until then.
    first_above: Option<Instant>,
    dropping: bool,
    drop_next: Instant,
    /// Drops since dropping began.
    count: u64,
    last_count: u64,
}

/// A packet that has come to the head of a queue.
pub(super) struct Candidate<T> {
    pub(super) item: T,
    /// How long it has waited.
    pub(super) sojourn: Duration,
    /// Whether no more than one full packet waits behind it.
    pub(super) last: bool,
}

impl Controller {
    /// The packet to send now, and whether to mark it (RFC 8289 §5.5). `take` takes the next one off the queue,
    /// `capable` tells whether it understands ECN, and `dropped` gets those that are dropped.
    pub(super) fn dequeue<T>(
        &mut self,
        codel: &CoDel,
        now: Instant,
        mut take: impl FnMut() -> Option<Candidate<T>>,
        capable: impl Fn(&T) -> bool,
        dropped: &mut Vec<T>,
    ) -> Option<(T, bool)> {
        let mut look = |controller: &mut Self| {
            let candidate = take();
            let may_drop = controller.may_drop(codel, now, candidate.as_ref());
            (candidate.map(|candidate| candidate.item), may_drop)
        };
        let (mut item, mut may_drop) = look(self);
        let marks = |item: &Option<T>| codel.ecn && item.as_ref().is_some_and(&capable);
        if !self.dropping {
            if !may_drop {
                return item.map(|item| (item, false));
            }
            let mark = marks(&item);
            if !mark {
                dropped.extend(item.take());
                (item, _) = look(self);
            }
            self.enter(codel, now);
            return item.map(|item| (item, mark));
        }
        self.dropping = may_drop;
        while self.dropping && now >= self.drop_next {
            self.count += 1;
            if marks(&item) {
                self.drop_next = codel.after(self.drop_next, self.count);
                return item.map(|item| (item, true));
            }
            dropped.extend(item.take());
            (item, may_drop) = look(self);
            self.dropping = may_drop;
            if may_drop {
                self.drop_next = codel.after(self.drop_next, self.count);
            }
        }
        item.map(|item| (item, false))
    }

    fn may_drop<T>(&mut self, codel: &CoDel, now: Instant, candidate: Option<&Candidate<T>>) -> bool {
        let waited = candidate.is_some_and(|candidate| candidate.sojourn >= codel.target && !candidate.last);
        if !waited {
            self.first_above = None;
            return false;
        }
        match self.first_above {
            Some(first) => now >= first,
            None => {
                self.first_above = Some(now + codel.interval);
                false
            }
        }
    }

    /// Begins to drop; where dropping ended a short time ago, at the rate of then (RFC 8289 §5.5).
    fn enter(&mut self, codel: &CoDel, now: Instant) {
        let drops = self.count - self.last_count;
        let recent = now.since(self.drop_next) < 16 * codel.interval;
        self.count = if recent && drops > 1 { drops } else { 1 };
        self.last_count = self.count;
        self.dropping = true;
        self.drop_next = codel.after(now, self.count);
    }
}

#[cfg(test)]
mod tests;
