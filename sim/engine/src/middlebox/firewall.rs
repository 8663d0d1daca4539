//! A stateful packet filter of both IP versions between an inside and an outside: what belongs to a flow that
//! was let through goes on in both directions (RFC 4787 §5 calls that filtering, RFC 6092 asks it of home
//! gateways); the rest is judged by rules, the first that matches counts.
//!
//! Port 0 is its inside, port 1 its outside. It changes nothing in a packet, not even the hop limit.

mod inspect;
mod note;
mod rule;
mod states;

use ipsec_net::{Instant, IpPacket};

use super::fragments::{DatagramKey, Follow, FragmentTable};
use super::outbox::Outbox;
use super::{Flow, Side};
use crate::{Node, Port, Step};
use inspect::{Inspected, inspect};
use states::States;

pub use note::{FirewallDrop, FirewallNote};
pub use rule::{Policy, Rule, StateTimers, Verdict};
pub use states::State;

/// A packet filter. Its policy can be changed while it runs; flows that were let through stay so.
#[derive(Debug)]
pub struct Firewall {
    policy: Policy,
    states: States,
    fragments: FragmentTable<Result<(), FirewallDrop>>,
    outbox: Outbox<FirewallNote>,
}

impl Firewall {
    /// A filter with this policy.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            states: States::default(),
            fragments: FragmentTable::new(policy.fragments),
            outbox: Outbox::default(),
            policy,
        }
    }

    /// What it lets through.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What it lets through, for changing. The limits on fragments stay those that it was made with.
    pub fn policy_mut(&mut self) -> &mut Policy {
        &mut self.policy
    }

    /// The flows that were let through and go on. One whose time is over counts until the filter is reached
    /// next.
    pub fn states(&self) -> impl Iterator<Item = State> {
        self.states.iter()
    }

    /// Forgets every flow and every fragment.
    pub fn restart(&mut self) {
        let states = self.states.iter().count();
        self.outbox.note(FirewallNote::Restarted { states });
        self.states = States::default();
        for packet in self.fragments.clear() {
            self.end(&packet, FirewallDrop::Restarted);
        }
    }

    fn take(&mut self, now: Instant, side: Side, packet: IpPacket) {
        let Some(info) = packet.fragment() else {
            let verdict = self.judge(now, side, &packet);
            return self.carry(side, packet, verdict);
        };
        if self.policy.drop_fragments {
            return self.end(&packet, FirewallDrop::Fragment);
        }
        let key = DatagramKey::of(side.port(), &packet, info.identification);
        if info.offset == 0 {
            let verdict = self.judge(now, side, &packet);
            let waiting = self.fragments.decide(now, key, verdict);
            self.carry(side, packet, verdict);
            for packet in waiting {
                self.carry(side, packet, verdict);
            }
            return;
        }
        let flow = Flow::of(&packet);
        match self.fragments.follow(now, key, packet) {
            Follow::Decided(verdict, packet) => self.carry(side, packet, verdict),
            Follow::Held => self.outbox.note(FirewallNote::Held { flow }),
            Follow::Unknown(packet) => self.end(&packet, FirewallDrop::FragmentOutOfOrder),
        }
    }

    /// Whether a whole packet or first fragment that came from `side` goes on.
    fn judge(&mut self, now: Instant, side: Side, packet: &IpPacket) -> Result<(), FirewallDrop> {
        let inspected = inspect(packet)?;
        if let Some(reason) = self.policy.forbids(&inspected) {
            return Err(reason);
        }
        let flow = match inspected {
            Inspected::Error { about } => {
                let known = self.states.contains(side, about.reversed());
                return if known { Ok(()) } else { Err(FirewallDrop::UnrelatedError) };
            }
            Inspected::Flow { flow, .. } => flow,
        };
        let until = now + self.policy.timers.of(flow.protocol);
        if self.states.refresh(side, flow, until) {
            return Ok(());
        }
        self.policy.admits(side, flow)?;
        if self.states.len() >= self.policy.states {
            return Err(FirewallDrop::StatesExhausted);
        }
        self.outbox.note(FirewallNote::Opened { flow, begun: side });
        self.states.open(side, flow, until);
        Ok(())
    }

    fn carry(&mut self, side: Side, packet: IpPacket, verdict: Result<(), FirewallDrop>) {
        match verdict {
            Ok(()) => self.outbox.send(side.opposite().port(), packet),
            Err(reason) => self.end(&packet, reason),
        }
    }

    fn end(&mut self, packet: &IpPacket, reason: FirewallDrop) {
        self.outbox.note(FirewallNote::Dropped { reason, flow: Flow::of(packet) });
    }

    fn expire(&mut self, now: Instant) {
        for State { flow, begun, .. } in self.states.expire(now) {
            self.outbox.note(FirewallNote::Expired { flow, begun });
        }
        for packet in self.fragments.expire(now) {
            self.end(&packet, FirewallDrop::FragmentTimeout);
        }
    }
}

impl Node for Firewall {
    type Note = FirewallNote;

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        self.expire(now);
        match Side::of(port) {
            Some(side) => self.take(now, side, packet),
            None => self.end(&packet, FirewallDrop::NoSuchPort),
        }
    }

    fn wake(&mut self, now: Instant) {
        self.expire(now);
    }

    fn poll(&mut self, _now: Instant) -> Step<FirewallNote> {
        let until = self.states.next_timeout().into_iter().chain(self.fragments.next_timeout()).min();
        self.outbox.next(until)
    }
}

#[cfg(test)]
mod tests;
