//! Echo requests at an interval (RFC 792, RFC 4443 §4.1): round trip times and losses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::Instant;
use ipsec_net::icmp::Echo;

use super::{Action, Application, Arrival, Binding, Network, Spread};

/// Whom to ask, how often, and from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoSettings {
    /// The identifier of the requests.
    pub identifier: u16,
    /// Whom to ask.
    pub destination: IpAddr,
    /// The time from one request to the next, at least 1 ns.
    pub interval: Duration,
    /// How many octets each request carries.
    pub size: usize,
    /// How long to wait for an answer before the request counts as lost.
    pub patience: Duration,
    /// When to begin.
    pub start: Instant,
    /// When to stop: nothing is sent at this instant or later.
    pub stop: Option<Instant>,
    /// How many requests to send at most.
    pub limit: Option<u64>,
}

impl EchoSettings {
    /// Requests of 56 octets each second from the beginning, with ten seconds' patience.
    #[must_use]
    pub fn new(identifier: u16, destination: IpAddr) -> Self {
        Self {
            identifier,
            destination,
            interval: Duration::from_secs(1),
            size: 56,
            patience: Duration::from_secs(10),
            start: Instant::ZERO,
            stop: None,
            limit: None,
        }
    }
}

/// Asks again and again whether a destination is there.
#[derive(Clone, Debug)]
pub struct EchoRequests {
    settings: EchoSettings,
    next: Option<Instant>,
    sent: u64,
    lost: u64,
    unexpected: u64,
    round_trip: Spread,
    /// Requests without an answer so far, by number; its lower 16 bits are the sequence number.
    open: BTreeMap<u64, Instant>,
}

impl EchoRequests {
    /// Requests as the settings say.
    #[must_use]
    pub fn new(settings: EchoSettings) -> Self {
        Self {
            settings,
            next: None,
            sent: 0,
            lost: 0,
            unexpected: 0,
            round_trip: Spread::default(),
            open: BTreeMap::new(),
        }
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &EchoSettings {
        &self.settings
    }

    /// How many requests were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// How many were answered in time.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.round_trip.count()
    }

    /// How many were given up.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// How many may still be answered.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    /// How many replies came late, again, changed, or from somebody else.
    #[must_use]
    pub fn unexpected(&self) -> u64 {
        self.unexpected
    }

    /// The times from request to reply.
    #[must_use]
    pub fn round_trip(&self) -> Spread {
        self.round_trip
    }

    /// Asks from `now` on, without end; numbers go on where they were.
    pub fn resume(&mut self, now: Instant) {
        (self.settings.start, self.settings.stop, self.next) = (now, None, None);
    }

    /// Asks nothing from `now` on.
    pub fn pause(&mut self, now: Instant) {
        self.settings.stop = Some(now);
    }

    fn give_up(&mut self, now: Instant) {
        while self.open.first_key_value().is_some_and(|(_, sent)| *sent + self.settings.patience <= now) {
            self.open.pop_first();
            self.lost += 1;
        }
    }

    /// The latest request with this sequence number.
    fn number(&self, sequence: u16) -> Option<u64> {
        let newest = self.sent.checked_sub(1)?;
        newest.checked_sub(u64::from((newest as u16).wrapping_sub(sequence)))
    }

    fn due(&mut self, now: Instant) -> Option<Instant> {
        let next = *self.next.get_or_insert(self.settings.start.max(now));
        let stopped = self.settings.stop.is_some_and(|stop| next >= stop);
        (!stopped && next < Instant::MAX && self.settings.limit.is_none_or(|limit| self.sent < limit))
            .then_some(next)
    }

    fn payload(&self, sequence: u16) -> impl Iterator<Item = u8> {
        (0..self.settings.size).map(move |index| (index as u8).wrapping_add(sequence as u8))
    }
}

impl Application for EchoRequests {
    fn binding(&self) -> Binding {
        Binding::Echo(self.settings.identifier)
    }

    fn handle(&mut self, now: Instant, arrival: &Arrival<'_>) {
        let Arrival::EchoReply { from, echo, payload } = arrival else {
            return;
        };
        self.give_up(now);
        let intact =
            *from == self.settings.destination && self.payload(echo.sequence).eq(payload.iter().copied());
        let number = self.number(echo.sequence).filter(|_| intact);
        match number.and_then(|number| self.open.remove(&number)) {
            Some(sent) => self.round_trip.add(now.since(sent)),
            None => self.unexpected += 1,
        }
    }

    fn poll(&mut self, now: Instant, _network: &Network) -> Action {
        self.give_up(now);
        let next = match self.due(now) {
            Some(next) if next <= now => next,
            next => {
                let patience = self.open.first_key_value().map(|(_, sent)| *sent + self.settings.patience);
                return Action::Idle { until: next.into_iter().chain(patience).min() };
            }
        };
        let sequence = self.sent as u16;
        let payload = self.payload(sequence).collect();
        self.open.insert(self.sent, now);
        self.sent += 1;
        self.next = Some(next + self.settings.interval.max(Duration::from_nanos(1)));
        let echo = Echo { identifier: self.settings.identifier, sequence };
        Action::Echo { destination: self.settings.destination, echo, payload }
    }
}
