//! What time does to an IKE SA: repeats, liveness checks, lifetimes (RFC 7296 §2.1, §2.4, §2.8).

use std::collections::VecDeque;

use ipsec_net::Instant;
use ipsec_wire::Spi;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use super::Session;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::exchange::Exchange;
use crate::exchange::delete::DeleteIke;
use crate::exchange::liveness::LivenessExchange;
use crate::exchange::notice::Notice;
use crate::exchange::rekey_ike::RekeyIke;
use crate::output::Output;
use crate::path::Path;
use crate::refusal::{Failure, FragmentFault};
use crate::sa::State;
use crate::timers::{TimerReason, Timers, take_due};
use crate::window::Expiry;

impl Session {
    /// Does what the clock asks for. `heard` tells when the data plane last received under an SPI.
    pub(crate) fn timeout(
        &mut self,
        heard: &dyn Fn(Spi) -> Option<Instant>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        while let Some(expiry) = self.requests.expire(cx.now, &self.retransmission(cx.addresses)) {
            match expiry {
                Expiry::Resend { message_id, transmission, tries } => {
                    self.try_another_way(tries, cx, out);
                    self.resend((message_id, transmission, tries), cx, out);
                }
                Expiry::GiveUp { message_id } => self.give_up(message_id, cx, out),
            }
        }
        for _ in 0..self.fragments.expire(cx.now) {
            let reason = FragmentFault::Timeout.into();
            out.push_back(Output::Event(Event::Dropped { from: self.sa.path.remote, reason }));
        }
        if take_due(&mut self.timers.half_open, cx.now) && !self.sa.is_closed() {
            self.carry_out(vec![Effect::Fail(Failure::Timeout("IKE_AUTH"))], cx, out);
            // Answering a late repeat of IKE_SA_INIT would send the initiator on to an IKE SA that is no more.
            self.timers.forget = Some(cx.now);
        }
        if take_due(&mut self.timers.liveness, cx.now) {
            self.check_liveness(heard, cx);
        }
        if take_due(&mut self.timers.keepalive, cx.now) {
            let Path { local: source, remote: destination, .. } = self.sa.path;
            out.push_back(Output::Keepalive { source, destination });
            self.last_sent = cx.now;
        }
        for (at, exchange) in std::mem::take(&mut self.later) {
            match at <= cx.now {
                true => self.queue.push_back(exchange),
                false => self.later.push((at, exchange)),
            }
        }
        self.age(cx, out);
        self.pump(cx, out);
    }

    /// When [`Session::timeout`] has something to do next.
    pub(crate) fn next_timeout(&self) -> Option<(Instant, TimerReason)> {
        let retry = self.later.iter().map(|(at, _)| *at).min();
        self.timers.next(self.requests.deadline(), retry, self.fragments.deadline())
    }

    /// What the lifetime of the IKE SA asks for, and what becomes of one that is replaced.
    fn age(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let current = self.sa.is_current();
        let rekey = take_due(&mut self.timers.rekey, cx.now);
        let over = take_due(&mut self.timers.lifetime, cx.now) | self.authentication_is_over(cx.now);
        if rekey && !over && current {
            let exchange = RekeyIke::new(&self.sa, cx);
            self.queue.extend(exchange.map(|exchange| Box::new(exchange) as Box<dyn Exchange>));
        }
        if over && current {
            self.queue.push_back(Box::new(DeleteIke { cause: Cause::Expired }));
        }
        if take_due(&mut self.timers.retirement, cx.now) && self.sa.is_established() {
            match self.sa.waits {
                // The peer has never learnt of it, or is gone.
                true => self.carry_out(vec![Effect::Close(Cause::Rekeyed)], cx, out),
                false => self.queue.push_back(Box::new(DeleteIke { cause: Cause::Rekeyed })),
            }
        }
    }

    /// Whether the peer has not authenticated anew in time; where we are the one who has to, that is due earlier.
    fn authentication_is_over(&mut self, now: Instant) -> bool {
        if !take_due(&mut self.timers.authentication, now) || !self.sa.is_current() {
            return false;
        }
        self.repeated = self.sa.authentication;
        self.renewal_due = self.sa.begun_here;
        !self.sa.begun_here
    }

    fn give_up(&mut self, message_id: u32, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let Some(mut open) = self.open.remove(&message_id) else {
            return;
        };
        out.push_back(Output::Event(Event::Probe("ikev2.request.given-up")));
        let ending = self.ending(open.exchange.given_up());
        self.carry_out(vec![ending], cx, out);
    }

    fn check_liveness(&mut self, heard: &dyn Fn(Spi) -> Option<Instant>, cx: &Context<'_>) {
        let Some(interval) = self.sa.connection.liveness else {
            return;
        };
        let by_children = self.sa.children.iter().filter_map(|child| heard(child.inbound)).max();
        self.sa.last_heard = self.sa.last_heard.max(by_children.unwrap_or(Instant::ZERO));
        let silent = cx.now.since(self.sa.last_heard) >= interval;
        if silent && self.sa.is_current() && self.pending() == 0 {
            self.queue.push_back(Box::new(LivenessExchange));
        }
    }

    /// Takes as many requests at once as is configured, and tells the peer so.
    fn widen(&mut self) {
        let size = self.sa.connection.window;
        if size > 1 {
            self.responses.widen(size);
            let notify = Notify::new(NotifyType::SET_WINDOW_SIZE, size.to_be_bytes().to_vec());
            let notice = Notice::new(vec![Payload::Notify(notify)], "ikev2.window.told");
            self.queue.push_front(Box::new(notice));
        }
    }

    pub(super) fn set_timers(&mut self, cx: &mut Context<'_>) {
        let now = cx.now;
        if self.sa.is_closed() {
            if self.timers.forget.is_none() {
                self.requests.abandon();
                self.fragments.clear();
                self.open.clear();
                if self.sa.heir.is_none() {
                    self.later.clear();
                }
                self.timers = Timers { forget: Some(now + self.patience), ..Timers::default() };
            }
            return;
        }
        if matches!(self.sa.state, State::Established(_) | State::Deleting) {
            self.timers.half_open = None;
        }
        self.timers.liveness = match self.sa.connection.liveness {
            Some(interval) if self.sa.is_current() => {
                Some((self.sa.last_heard + interval).max(now + interval / 4))
            }
            _ => None,
        };
        let term = self.sa.authentication.filter(|term| self.sa.is_current() && self.repeated != Some(*term));
        self.timers.authentication =
            term.map(|term| if self.sa.begun_here { term.renewal() } else { term.end() });
        // While there are children, their packets and keepalives do it.
        let lonely = self.sa.path.nat.here && self.sa.is_current() && self.sa.children.is_empty();
        let keepalive = self.sa.connection.keepalive.filter(|_| lonely);
        self.timers.keepalive = keepalive.map(|interval| (self.last_sent + interval).max(now));
        let replaced = self.sa.is_established() && !self.sa.is_current();
        // The peer may send its last request twice as long: the one that made the other IKE SA, then the deletion.
        let retirement = || now + 2 * self.sa.connection.retransmission.total();
        self.timers.retirement = replaced.then(|| self.timers.retirement.unwrap_or_else(retirement));
        if self.sa.is_current() && !self.aging {
            self.aging = true;
            self.widen();
            let lifetime = self.sa.connection.lifetime.draw(cx.entropy);
            self.timers.rekey = lifetime.soft.time.map(|time| now + time);
            self.timers.lifetime = lifetime.hard.time.map(|time| now + time);
        }
    }
}
