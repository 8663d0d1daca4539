//! What time does to SA pairs: limits, dummies, keepalives.

use std::time::Duration;

use ipsec_crypto::Entropy;
use ipsec_net::Instant;

use super::{Dataplane, Due};
use crate::Outer;
use crate::encapsulation::keepalive;
use crate::lifetime::{Expired, Limit, Measure, Used};
use crate::outbound::Sealing;
use crate::sad::Pair;
use crate::timers::{Timer, Timers};

/// A limit that a pair has reached, the pair by its serial number.
pub(super) type Reached = Option<(u64, Limit, Measure)>;

/// The longest dummy packet of an SA that does not pad, in octets.
const LONGEST_DUMMY: u16 = 1024;

impl Dataplane {
    /// When to call [`Dataplane::timeout`], if nothing changes before.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Does what is due; [`Dataplane::poll`] tells of it. Dummies draw two octets of entropy, and their IVs.
    pub fn timeout(&mut self, now: Instant, entropy: &mut dyn Entropy) {
        while let Some((at, serial, timer)) = self.timers.take(now) {
            let Some(pair) = self.sad.by_serial(serial) else { continue };
            match timer {
                Timer::Soft => {
                    let told = std::mem::replace(&mut pair.soft_told, true);
                    self.note((!told).then_some((serial, Limit::Soft, Measure::Time)));
                }
                Timer::Hard => self.note(Some((serial, Limit::Hard, Measure::Time))),
                Timer::Idle => {
                    let Some(idle) = pair.lifetime.idle else { continue };
                    let over = pair.last_used() + idle;
                    if over > now {
                        self.timers.set(over, serial, timer);
                    } else {
                        self.note(Some((serial, Limit::Hard, Measure::Idle)));
                    }
                }
                Timer::Dummy => {
                    let Some(interval) = pair.outbound.sa.parameters.options.dummies else { continue };
                    self.timers.set(at + interval, serial, timer);
                    self.send_dummy(now, entropy, serial);
                }
                Timer::Keepalive => self.keep_alive(now, at, serial),
            }
        }
    }

    /// What came of time and use since the last time; drain until nothing.
    pub fn poll(&mut self) -> Option<Due> {
        self.due.pop_front()
    }

    /// Tells of a limit, and ends the pair at a hard one.
    pub(super) fn note(&mut self, reached: Reached) {
        let Some((serial, limit, measure)) = reached else { return };
        let Some(pair) = self.sad.by_serial(serial) else { return };
        let (inbound, outbound) = (pair.spi(), pair.outbound.sa.parameters.spi);
        let policy = pair.policy.clone();
        self.due.push_back(Due::Expired(Expired { policy, inbound, outbound, limit, measure }));
        if limit == Limit::Hard
            && let Some(pair) = self.sad.remove_serial(serial)
        {
            end(&mut self.timers, &pair);
        }
    }

    fn send_dummy(&mut self, now: Instant, entropy: &mut dyn Entropy, serial: u64) {
        self.identification = self.identification.wrapping_add(1);
        let Some(pair) = self.sad.by_serial(serial).filter(|pair| !pair.is_mute) else { return };
        let length = pair.outbound.sa.parameters.options.pad_to.unwrap_or_else(|| {
            let mut octets = [0; 2];
            entropy.fill(&mut octets);
            u16::from_be_bytes(octets) % (LONGEST_DUMMY + 1)
        });
        let identification = self.identification;
        let mut with = Sealing { provider: self.provider, now, entropy, identification };
        // An SA that cannot send says so at its next packet with content.
        if let Ok(packet) = pair.outbound.dummy(usize::from(length), &mut with) {
            self.due.push_back(Due::Send(packet));
        }
    }

    /// Reminds NAT of the pair if nothing else that runs there has done so for long enough (RFC 3948 §4).
    fn keep_alive(&mut self, now: Instant, at: Instant, serial: u64) {
        let Some(pair) = self.sad.by_serial(serial).filter(|pair| pair.keepalive_due == Some(at)) else {
            return;
        };
        let Some(outer) = pair.outbound.sa.parameters.outer() else { return };
        let Some((udp, interval)) = outer.encapsulation.and_then(|udp| Some((udp, udp.keepalive?))) else {
            pair.keepalive_due = None;
            return;
        };
        let here = |other: &&Pair| same_flow(other.outbound.sa.parameters.outer(), outer);
        let sent = self.sad.pairs().filter(here).map(Pair::last_sent).max().unwrap_or(now);
        let reminds = sent + interval <= now;
        let next = if reminds { now } else { sent } + interval;
        if let Some(pair) = self.sad.by_serial(serial) {
            pair.keepalive_due = Some(next);
            if reminds {
                pair.reminded = Some(now);
            }
        }
        self.timers.set(next, serial, Timer::Keepalive);
        let (from, to) = ((outer.local, udp.local_port).into(), (outer.remote, udp.remote_port).into());
        self.identification = self.identification.wrapping_add(1);
        if reminds && let Ok(packet) = keepalive(from, to, self.identification) {
            self.due.push_back(Due::Send(packet));
        }
    }
}

/// Whether NAT sees one flow in both.
fn same_flow(other: Option<Outer>, outer: Outer) -> bool {
    let ports = |outer: Outer| outer.encapsulation.map(|udp| (udp.local_port, udp.remote_port));
    other.is_some_and(|other| {
        (other.local, other.remote, ports(other)) == (outer.local, outer.remote, ports(outer))
    })
}

/// Sets the timers of a new pair.
pub(super) fn begin(timers: &mut Timers, now: Instant, pair: &mut Pair) {
    let options = &pair.outbound.sa.parameters.options;
    // What is to happen all the time never ends: no time at all means never.
    let after = |wait: Option<Duration>| wait.filter(|wait| !wait.is_zero()).map(|wait| now + wait);
    let waits = [
        (pair.lifetime.soft.over(now), Timer::Soft),
        (pair.lifetime.hard.over(now), Timer::Hard),
        (pair.lifetime.idle.map(|idle| now + idle), Timer::Idle),
        (after(options.dummies), Timer::Dummy),
    ];
    for (at, timer) in waits {
        if let Some(at) = at {
            timers.set(at, pair.serial, timer);
        }
    }
    begin_keepalives(timers, now, pair);
}

/// Sets the timer that reminds NAT of a pair, if it is to do so and does not yet.
pub(super) fn begin_keepalives(timers: &mut Timers, now: Instant, pair: &mut Pair) {
    let interval = pair.outbound.sa.parameters.options.encapsulation.and_then(|udp| udp.keepalive);
    let Some(interval) = interval.filter(|interval| !interval.is_zero()) else {
        pair.keepalive_due = None;
        return;
    };
    if pair.keepalive_due.is_none() {
        pair.keepalive_due = Some(now + interval);
        timers.set(now + interval, pair.serial, Timer::Keepalive);
    }
}

/// Clears the timers of a pair that is gone, which may be set for hours; the others find out when their time comes.
pub(super) fn end(timers: &mut Timers, pair: &Pair) {
    let Pair { serial, since, lifetime, .. } = pair;
    for (limits, timer) in [(lifetime.soft, Timer::Soft), (lifetime.hard, Timer::Hard)] {
        if let Some(at) = limits.over(*since) {
            timers.clear(at, *serial, timer);
        }
    }
}

/// The limit that a pair has reached now that one of its SAs is used so much, and that was not told yet.
pub(super) fn reached(pair: &mut Pair, used: Used, is_running_out: bool) -> Reached {
    if let Some(measure) = pair.lifetime.hard.reached(used) {
        return Some((pair.serial, Limit::Hard, measure));
    }
    if pair.soft_told {
        return None;
    }
    let measure = pair.lifetime.soft.reached(used).or(is_running_out.then_some(Measure::Sequence))?;
    pair.soft_told = true;
    Some((pair.serial, Limit::Soft, measure))
}
