//! What an ISAKMP SA does when its time has come.

use std::collections::VecDeque;

use ipsec_dataplane::{Limits, Path};
use ipsec_net::Instant;
use ipsec_wire::Spi;
use ipsec_wire::registry::v1::NotifyType;

use super::Session;
use crate::children::Children;
use crate::context::Context;
use crate::event::{Cause, Event};
use crate::exchange::informational;
use crate::output::Output;
use crate::refusal::Failure;
use crate::resend::Expiry;
use crate::sa::{Gate, IsakmpSa};
use crate::timers::TimerReason;

/// When an established ISAKMP SA is to be replaced, and when it ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timers {
    pub(super) rekey: Option<Instant>,
    lifetime: Option<Instant>,
}

impl Timers {
    /// The lives of an ISAKMP SA that is established now.
    pub(super) fn begin(&mut self, sa: &IsakmpSa, cx: &mut Context<'_>) {
        let mut policy = sa.connection.lifetime;
        policy.hard = Limits { time: sa.life, ..Limits::default() };
        let life = policy.draw(cx.entropy);
        self.lifetime = life.hard.time.map(|time| cx.now + time);
        self.rekey = life.soft.time.map(|time| cx.now + time).filter(|at| Some(*at) != self.lifetime);
    }
}

impl Session {
    /// The earliest thing that the clock asks for, and why.
    pub(crate) fn next_timeout(&self, children: &Children) -> Option<(Instant, TimerReason)> {
        let slots = std::iter::once(&self.phase1).chain(self.phase2.values());
        let resend = slots.filter_map(|slot| slot.resend.deadline()).min();
        let forget = self.phase2.values().filter_map(|slot| slot.forget).min();
        let all = [
            (resend, TimerReason::Retransmission),
            (self.dpd.deadline().or(self.silence_ends()), TimerReason::Liveness),
            (self.sa.gates_until, TimerReason::Retransmission),
            (self.keepalive(children), TimerReason::Keepalive),
            (self.timers.rekey, TimerReason::Rekey),
            (self.timers.lifetime, TimerReason::Lifetime),
            (forget, TimerReason::Forget),
        ];
        all.into_iter().filter_map(|(at, reason)| Some((at?, reason))).min()
    }

    /// When NAT is to be reminded of the ISAKMP SA. While there are children, their packets and keepalives do it.
    fn keepalive(&self, children: &Children) -> Option<Instant> {
        let behind = self.sa.is_established() && self.sa.path.nat.here;
        let interval = self.sa.connection.keepalive.filter(|_| behind)?;
        let is_lonely = !children.iter().any(|child| child.connection == self.sa.connection.name);
        is_lonely.then(|| self.last_sent + interval)
    }

    /// When the peer is to be asked whether it is alive.
    fn silence_ends(&self) -> Option<Instant> {
        let asks = self.sa.is_established() && self.sa.features.dpd && !self.dpd.is_asking();
        let liveness = self.sa.connection.liveness.filter(|_| asks)?;
        Some(self.dpd.last_heard() + liveness)
    }

    /// Does what the clock asks for. `heard` tells when the data plane last received under an SPI. Says whether the ISAKMP
    /// SA is to be replaced.
    pub(crate) fn timeout(
        &mut self,
        heard: &dyn Fn(Spi) -> Option<Instant>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> bool {
        self.repeat(cx, out);
        if self.sa.gates_until.is_some_and(|at| at <= cx.now) {
            self.sa.gates_until = None;
            let awaited = match self.sa.gates.front() {
                Some(Gate::User) => "XAUTH",
                _ => "the configuration method",
            };
            self.close_unused(Failure::Timeout(format!("{awaited} did not come to an end")), cx, out);
            return false;
        }
        self.phase2.retain(|_, slot| slot.forget.is_none_or(|at| cx.now < at));
        self.watch_peer(heard, cx, out);
        if self.keepalive(cx.children).is_some_and(|at| at <= cx.now) {
            self.last_sent = cx.now;
            let Path { local: source, remote: destination, .. } = self.sa.path;
            out.push_back(Output::Keepalive { source, destination });
        }
        if self.timers.lifetime.is_some_and(|at| at <= cx.now) {
            self.timers = Timers::default();
            self.close(Cause::Expired, &[], cx, out);
            return false;
        }
        let due = self.timers.rekey.is_some_and(|at| at <= cx.now);
        if due {
            self.timers.rekey = None;
        }
        due
    }

    /// Ends an ISAKMP SA that could not be used yet, and tells the peer.
    fn close_unused(&mut self, failure: Failure, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        self.left.failed = Some(failure);
        self.close(Cause::Expired, &[], cx, out);
    }

    fn repeat(&mut self, cx: &Context<'_>, out: &mut VecDeque<Output>) {
        let how = self.sa.connection.retransmission;
        match self.phase1.resend.expire(cx.now, &how) {
            Some(Expiry::Resend { octets, transmission }) => {
                self.send_again(octets, (transmission, false), cx.now, out);
            }
            Some(Expiry::GiveUp) => {
                // Where phase 1 is through, what has to come next has a time of its own.
                if let Some(exchange) = self.phase1.exchange.take() {
                    let silence = Failure::Timeout(format!("{} did not come", exchange.awaits()));
                    self.left.failed = Some(self.hint.take().unwrap_or(silence));
                }
            }
            None => {}
        }
        let mut again = Vec::new();
        for slot in self.phase2.values_mut() {
            match slot.resend.expire(cx.now, &how) {
                Some(Expiry::Resend { octets, transmission }) => again.push((octets, transmission)),
                Some(Expiry::GiveUp) => {
                    slot.forget = Some(cx.now);
                    let Some(exchange) = slot.exchange.take() else { continue };
                    let silence = Failure::Timeout(format!("{} did not come", exchange.awaits()));
                    if slot.transacts && !self.sa.is_open() {
                        self.left.failed = Some(silence);
                        continue;
                    }
                    let child = exchange.child().map(|(child, _)| child.to_owned());
                    let Some(child) = child else { continue };
                    out.push_back(Output::Event(Event::ChildFailed { child, failure: silence }));
                }
                None => {}
            }
        }
        for (octets, transmission) in again {
            self.send_again(octets, (transmission, false), cx.now, out);
        }
    }

    /// Asks the peer whether it is alive, when it has been silent for long enough.
    fn watch_peer(
        &mut self,
        heard: &dyn Fn(Spi) -> Option<Instant>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let how = self.sa.connection.retransmission;
        if self.dpd.deadline().is_some_and(|at| at <= cx.now) {
            if let Some(number) = self.dpd.expire(cx.now, &how) {
                self.ask(number, cx, out);
            }
            return;
        }
        if self.silence_ends().is_none_or(|at| cx.now < at) {
            return;
        }
        let own = cx.children.iter().filter(|child| child.connection == self.sa.connection.name);
        if let Some(last) = own.filter_map(|child| heard(child.inbound.first())).max() {
            self.dpd.heard(last);
        }
        if self.silence_ends().is_some_and(|at| at <= cx.now) {
            self.check(cx, out);
        }
    }

    /// Asks the peer whether it is alive; not if it does not answer such questions.
    pub(crate) fn check(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        if self.sa.is_established() && self.sa.features.dpd && !self.dpd.is_asking() {
            let number = self.dpd.ask(cx.now, &self.sa.connection.retransmission);
            self.ask(number, cx, out);
        }
    }

    fn ask(&mut self, number: u32, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let data = number.to_be_bytes().to_vec();
        let question = informational::notify(&self.sa, NotifyType::R_U_THERE, data);
        self.tell(vec![question], cx, out);
    }
}
