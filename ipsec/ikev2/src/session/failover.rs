//! An IKE SA whose member of a cluster has changed, at either end (RFC 6311 §5.1, §8.1): message IDs jump forward, and what was open
//! is asked once more.

use std::collections::VecDeque;

use ipsec_wire::Header;
use ipsec_wire::registry::ExchangeType;
use ipsec_wire::v2::Payload;

use super::Session;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::exchange::failover::Synchronise;
use crate::failover::{self, Counters, Known};
use crate::message::Envelope;
use crate::output::Output;
use crate::path::Path;
use crate::refusal::{DropReason, Failure};
use crate::sa::State;
use crate::window::Incoming;

impl Session {
    /// What a standby member is told of it; nothing of one that is not established, or replaced.
    pub(crate) fn known(&self) -> Option<Known> {
        self.sa.is_current().then(|| Known {
            next_request: self.requests.next_id(),
            next_expected: self.responses.next_id(),
            children: self.sa.children.iter().map(|child| child.inbound).collect(),
        })
    }

    /// Goes on in a member of the cluster that knows this of it. What is not known there is lost without a word.
    pub(crate) fn take_over(
        &mut self,
        known: Option<&Known>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        self.queue.clear();
        self.later.clear();
        let Some(known) = known.filter(|_| self.sa.is_current()) else {
            let end = match self.sa.state {
                State::Established(_) | State::Deleting => Effect::Close(Cause::Forgotten),
                State::Init | State::HalfOpen(_) | State::Closed => Effect::Fail(Failure::Abandoned),
            };
            return self.carry_out(vec![end], cx, out);
        };
        self.open.clear();
        self.fragments.clear();
        let exchange = Synchronise::new(&self.sa, known, self.requests.size(), cx);
        let first = exchange.as_ref().and_then(Synchronise::proposed);
        let next_request = first.map_or(known.next_request, |proposed| proposed.send);
        self.requests.restore(next_request);
        self.responses.restore(known.next_expected);
        self.carry_out(vec![Effect::TakeOver(known.children.clone())], cx, out);
        if let Some(exchange) = exchange {
            self.queue.push_back(Box::new(exchange));
        }
        self.pump(cx, out);
    }

    /// Whether the peer has not answered yet with which message IDs the IKE SA goes on: until then its other requests are not
    /// taken (§8.1).
    pub(super) fn is_synchronising(&self) -> bool {
        self.open.get(&0).is_some_and(|open| open.exchange.fixed_message_id().is_some())
    }

    /// What a request says, if it is one to synchronise message IDs and not a repeat of the one that was answered last. It has
    /// message ID 0, whatever the windows are.
    pub(super) fn synchronisation(
        &self,
        header: &Header,
        octets: &[u8],
    ) -> Result<Option<(Counters, Vec<Payload>)>, DropReason> {
        let may_be = header.message_id == 0
            && header.exchange == ExchangeType::INFORMATIONAL
            && self.sa.features.synchronises.message_ids
            && self.responses.classify(0, octets) != Incoming::Repeat;
        let Some(crypto) = self.sa.crypto.as_ref().filter(|_| may_be) else { return Ok(None) };
        let Ok((None, content)) = crypto.protection.open(octets) else { return Ok(None) };
        let Ok(payloads) = content.payloads() else { return Ok(None) };
        let Some(counters) = Counters::of(&payloads) else { return Ok(None) };
        if !self.sa.is_current() {
            return Err(DropReason::State);
        }
        // A repeat of one that was answered before the last one would take the counters back (§5.1).
        let fits = failover::stands_alone(&payloads) && counters.send >= self.responses.least_jump();
        fits.then_some(Some((counters, payloads))).ok_or(DropReason::Synchronisation)
    }

    /// Answers the wish of the peer, whose member has changed, and goes on with the message IDs that the answer names. Requests of
    /// ours that are open are sent anew: nobody will answer them.
    pub(super) fn synchronise(
        &mut self,
        came: &Path,
        octets: &[u8],
        (counters, payloads): (Counters, Vec<Payload>),
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        self.sa.last_heard = cx.now;
        let answer = counters.answered(self.requests.next_id(), self.responses.horizon());
        let own = self.is_synchronising();
        let envelope = Envelope::on(&self.sa, ExchangeType::INFORMATIONAL, true, 0);
        let Some(crypto) = &mut self.sa.crypto else { return };
        let response = envelope.sealed(&[answer.notify()], None, &mut crypto.protection, cx);
        self.announce(&envelope, &[answer.notify()], (1, response.len()), came.remote, out);
        self.send(&response, came, cx.now, out);
        self.responses.synchronised(octets, response, counters.send);
        let mut effects: Vec<Effect> = vec![Effect::Report(Event::Probe("ikev2.failover.synchronised"))];
        let (kept, open) = std::mem::take(&mut self.open).into_iter().partition(|(id, _)| own && *id == 0);
        self.open = kept;
        for (_, open) in open.into_iter().rev() {
            effects.push(Effect::Report(Event::Probe("ikev2.failover.asked-again")));
            self.queue.push_front(open.exchange);
        }
        self.requests.abandon_but(|id| own && id == 0);
        self.fragments.clear();
        effects.push(Effect::Synchronise(answer));
        effects.extend(failover::skipped(&self.sa, &payloads).into_iter().flatten());
        self.carry_out(effects, cx, out);
        self.follow(came, cx, out);
        self.resume_moves();
    }
}
