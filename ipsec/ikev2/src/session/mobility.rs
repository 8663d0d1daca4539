//! Where an IKE SA of MOBIKE goes when addresses of ours come or go, and when a way fails (RFC 4555 §3.5, §3.6, §3.10, §3.11).

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Instant, Retransmission};

use super::Session;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::mobility::{ListAddresses, RoutabilityCheck, UpdateAddresses};
use crate::mobility::{self, Learnt};
use crate::output::Output;
use crate::path::Path;
use crate::sa::State;

/// So often a request is sent one way before another one is tried.
const MOST_ON_ONE_WAY: u32 = 3;

/// So often the first request of an IKE SA is sent one way before another one is tried.
const MOST_ON_FIRST_WAY: u32 = 2;

/// So long the original responder repeats its requests at least, while the original initiator looks for a way (§3.11).
const PATIENCE: Duration = Duration::from_secs(300);

impl Session {
    /// Takes in which addresses we have.
    pub(crate) fn readdress(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let Some(mobility) = self.sa.mobility.as_ref().filter(|_| self.sa.is_established()) else { return };
        let path = self.sa.path;
        let gone = !cx.addresses.contains(&path.local.ip());
        let away = mobility::best(cx.addresses, &path, &mobility.others, true).filter(|_| gone);
        let mut effects = vec![Effect::Learn(Learnt::Listing(true))];
        effects.extend(away.map(|to| match self.sa.begun_here {
            true => Effect::Depart(to),
            // Packets of children cannot go out as they did (§3.5).
            false if to.remote == path.remote => Effect::Move(to),
            false => Effect::Relocate(to),
        }));
        effects.push(Effect::Queue(Box::new(ListAddresses::default())));
        if away.is_some() {
            effects.push(Effect::Queue(Box::new(RoutabilityCheck::new(false))));
            self.requests.hurry(cx.now);
        }
        self.carry_out(effects, cx, out);
        if away.is_some() || !gone {
            self.pump(cx, out);
        }
    }

    /// After some repeats without an answer the way is in doubt, and the original initiator goes round all there are.
    pub(super) fn try_another_way(&mut self, tries: u32, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let doubts = tries > MOST_ON_ONE_WAY && self.sa.begun_here && self.sa.is_established();
        let Some(mobility) = self.sa.mobility.as_ref().filter(|_| doubts) else { return };
        if let Some(path) = mobility::next(cx.addresses, &self.sa.path, &mobility.others) {
            out.push_back(Output::Event(Event::Probe("ikev2.mobike.another-way")));
            self.carry_out(vec![Effect::Depart(path)], cx, out);
        }
    }

    /// While a way is sought, one on which an answer came is found.
    pub(super) fn settle_on(&mut self, came: &Path, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let seeks = self.sa.begun_here && self.sa.is_established();
        let Some(mobility) = self.sa.mobility.as_ref().filter(|_| seeks) else { return };
        let path = self.sa.path;
        let open = mobility.moves != mobility.confirmed && !came.joins_same(&path);
        if open && mobility::is_way(cx.addresses, &path, &mobility.others, came) {
            out.push_back(Output::Event(Event::Probe("ikev2.mobike.way-found")));
            self.carry_out(vec![Effect::Depart(Path { nat: path.nat, ..*came })], cx, out);
        }
    }

    /// The peer's request may have moved the IKE SA: what is open is asked there at once.
    pub(super) fn note_move(&mut self, before: &Path, now: Instant) {
        if self.sa.mobility.is_some() && !before.joins_same(&self.sa.path) {
            self.requests.hurry(now);
            self.moved = true;
        }
    }

    /// The IKE SA that replaces this one runs there, and the peer with it.
    pub(crate) fn go_along(&mut self, to: Path, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        if !self.sa.is_closed() && !self.sa.path.joins_same(&to) {
            self.carry_out(vec![Effect::Move(to)], cx, out);
            self.requests.hurry(cx.now);
            self.set_timers(cx);
        }
    }

    /// Whether another way to the peer is to be tried instead of this one, on which nobody has answered the first request; each
    /// way has its turn, and all of them together no fewer repeats than one would have.
    pub(crate) fn has_another_way(&self, own: &[IpAddr]) -> bool {
        let ways = mobility::first_ways(own, &self.sa.connection, &self.sa.path).len();
        let turns = (self.sa.connection.retransmission.transmissions / MOST_ON_FIRST_WAY) as usize;
        ways > 1 && usize::from(self.purpose.ways_tried) + 1 < turns.max(ways)
    }

    /// Asks again what the IKE SA that this one replaces has left open.
    pub(super) fn resume_moves(&mut self) {
        let Some(mobility) = &self.sa.mobility else { return };
        let mut left: Vec<Box<dyn Exchange>> = Vec::new();
        if mobility.moves != mobility.confirmed {
            left.push(Box::new(UpdateAddresses::default()));
        }
        if mobility.listing {
            left.push(Box::new(ListAddresses::default()));
        }
        if mobility.children.is_some() && !self.sa.begun_here {
            left.push(Box::new(RoutabilityCheck::new(false)));
        }
        self.queue.extend(left);
    }

    /// How our requests are repeated. The first one of an IKE SA goes another way soon, as a new one, since it tells between which
    /// addresses it runs.
    pub(super) fn retransmission(&self, own: &[IpAddr]) -> Retransmission {
        let mut how = self.sa.connection.retransmission;
        let begins = matches!(self.sa.state, State::Init);
        if begins && mobility::first_ways(own, &self.sa.connection, &self.sa.path).len() > 1 {
            how.transmissions = how.transmissions.min(MOST_ON_FIRST_WAY);
        }
        if self.sa.mobility.is_some() && !self.sa.begun_here {
            while how.total() < PATIENCE && how.longest > Duration::ZERO {
                how.transmissions += 1;
            }
        }
        how
    }
}
