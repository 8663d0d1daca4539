//! Numbered and timed UDP datagrams to one destination, at a pace that is somebody else's affair.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use ipsec_net::{Buffer, Instant, IpVersion, udp};

use super::{Action, Application, Arrival, Binding, Network, Stamp};

/// Where datagrams go, and from when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The UDP port to send from.
    pub local: u16,
    /// Where they go.
    pub destination: SocketAddr,
    /// Whether packets must stay whole; those that are larger than the path's MTU are then made smaller,
    /// instead of being cut into fragments.
    pub dont_fragment: bool,
    /// When to begin.
    pub start: Instant,
    /// When to stop: nothing is sent at this instant or later.
    pub stop: Option<Instant>,
    /// How many datagrams to send at most.
    pub limit: Option<u32>,
}

impl Flow {
    /// From the beginning, without end.
    #[must_use]
    pub fn new(local: u16, destination: SocketAddr) -> Self {
        Self { local, destination, dont_fragment: false, start: Instant::ZERO, stop: None, limit: None }
    }
}

/// When the next datagram is sent and how long it is.
pub trait Pace: fmt::Debug + 'static {
    /// The time from the start to the first datagram.
    fn first(&mut self) -> Duration {
        Duration::ZERO
    }

    /// The time from one datagram to the next.
    fn gap(&mut self) -> Duration;

    /// The length of the next IP packet in octets, where `headers` is that of IP and UDP headers.
    fn length(&mut self, headers: usize) -> usize;
}

/// Sends the datagrams of a flow, each with a [`Stamp`].
#[derive(Clone, Debug)]
pub struct Traffic<P> {
    flow: Flow,
    pace: P,
    next: Option<Instant>,
    sent: u32,
    octets: u64,
}

impl<P: Pace> Traffic<P> {
    /// Traffic of this flow at this pace.
    #[must_use]
    pub fn new(flow: Flow, pace: P) -> Self {
        Self { flow, pace, next: None, sent: 0, octets: 0 }
    }

    /// The flow.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The pace.
    #[must_use]
    pub fn pace(&self) -> &P {
        &self.pace
    }

    /// How many datagrams were sent.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.sent
    }

    /// How many octets of IP packets were sent, before any fragmentation.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// Sends from `now` on, without end; numbers go on where they were.
    pub fn resume(&mut self, now: Instant) {
        (self.flow.start, self.flow.stop, self.next) = (now, None, None);
    }

    /// Sends nothing from `now` on.
    pub fn pause(&mut self, now: Instant) {
        self.flow.stop = Some(now);
    }

    /// When the next datagram is due.
    fn due(&mut self, now: Instant) -> Option<Instant> {
        let limit = self.flow.limit.unwrap_or(u32::MAX);
        let start = self.flow.start.max(now);
        let next = *self.next.get_or_insert_with(|| start + self.pace.first());
        let stopped = self.flow.stop.is_some_and(|stop| next >= stop);
        (self.sent < limit && !stopped && next < Instant::MAX).then_some(next)
    }
}

impl<P: Pace> Application for Traffic<P> {
    fn binding(&self) -> Binding {
        Binding::Udp(self.flow.local)
    }

    fn handle(&mut self, _now: Instant, _arrival: &Arrival<'_>) {}

    fn poll(&mut self, now: Instant, network: &Network) -> Action {
        let next = match self.due(now) {
            Some(next) if next <= now => next,
            until => return Action::Idle { until },
        };
        let Flow { local, destination, dont_fragment, .. } = self.flow;
        let headers = IpVersion::of(destination.ip()).header_len() + udp::HEADER_LEN;
        let largest =
            if dont_fragment { network.mtu_to(now, destination.ip()) } else { usize::from(u16::MAX) };
        let length = self.pace.length(headers).min(largest).max(headers + Stamp::LEN);
        let mut payload = Buffer::with_capacity(length - headers);
        Stamp { number: self.sent, sent: now }.write(payload.grow_back(length - headers));
        self.sent += 1;
        self.octets += length as u64;
        self.next = Some(next + self.pace.gap());
        Action::Datagram { local, destination, payload, dont_fragment }
    }
}
