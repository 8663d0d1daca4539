//! Counts and times the datagrams of one flow.

use ipsec_net::Instant;

use super::{Action, Application, Arrival, Binding, Network, NumberSet, Spread, Stamp};

/// Receives what one [`super::Traffic`] sends, wherever that comes from, and measures.
#[derive(Clone, Debug)]
pub struct Receiver {
    local: u16,
    numbers: NumberSet,
    received: u64,
    octets: u64,
    duplicates: u64,
    damaged: u64,
    reordered: u64,
    depth: u64,
    delay: Spread,
    last: Option<Instant>,
}

impl Receiver {
    /// A receiver at this UDP port.
    #[must_use]
    pub fn new(local: u16) -> Self {
        Self {
            local,
            numbers: NumberSet::default(),
            received: 0,
            octets: 0,
            duplicates: 0,
            damaged: 0,
            reordered: 0,
            depth: 0,
            delay: Spread::default(),
            last: None,
        }
    }

    /// How many different datagrams came.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The octets of payload in these.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// How many came again.
    #[must_use]
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// How many were damaged, or not of a measured flow.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// How many came after one with a greater number (RFC 4737 §3.3).
    #[must_use]
    pub fn reordered(&self) -> u64 {
        self.reordered
    }

    /// By how many numbers the latest of the reordered was behind the greatest number at that time.
    #[must_use]
    pub fn depth(&self) -> u64 {
        self.depth
    }

    /// How many have not come of those up to the greatest number that came.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.lost(self.numbers.greatest().map_or(0, |greatest| greatest + 1))
    }

    /// How many have not come out of the `sent` that the sender counts.
    #[must_use]
    pub fn lost(&self, sent: u64) -> u64 {
        sent.saturating_sub(self.received)
    }

    /// The times from sending to arrival (RFC 7679), duplicates left out.
    #[must_use]
    pub fn delay(&self) -> Spread {
        self.delay
    }

    /// When the last one came.
    #[must_use]
    pub fn last(&self) -> Option<Instant> {
        self.last
    }

    /// The numbers that came.
    #[must_use]
    pub fn numbers(&self) -> &NumberSet {
        &self.numbers
    }
}

impl Application for Receiver {
    fn binding(&self) -> Binding {
        Binding::Udp(self.local)
    }

    fn handle(&mut self, now: Instant, arrival: &Arrival<'_>) {
        let Arrival::Datagram(datagram) = arrival else {
            return;
        };
        let Some(Stamp { number, sent }) = Stamp::read(datagram.payload).filter(|stamp| stamp.sent <= now)
        else {
            self.damaged += 1;
            return;
        };
        let number = u64::from(number);
        let behind = self.numbers.greatest().map_or(0, |greatest| greatest.saturating_sub(number));
        self.last = Some(now);
        if !self.numbers.insert(number) {
            self.duplicates += 1;
            return;
        }
        self.received += 1;
        self.octets += datagram.payload.len() as u64;
        self.reordered += u64::from(behind > 0);
        self.depth = self.depth.max(behind);
        self.delay.add(now.since(sent));
    }

    fn poll(&mut self, _now: Instant, _network: &Network) -> Action {
        Action::Idle { until: None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipsec_net::udp::Datagram;

    use super::*;

    fn arrive(receiver: &mut Receiver, number: u32, sent: u64, now: u64) {
        let mut payload = [0; 40];
        Stamp { number, sent: Instant::from_nanos(sent) }.write(&mut payload);
        let address = "192.0.2.1:9".parse().unwrap();
        let datagram = Datagram { source: address, destination: address, payload: &payload };
        receiver.handle(Instant::from_nanos(now), &Arrival::Datagram(datagram));
    }

    #[test]
    fn losses_duplicates_order_and_delay_are_told_apart() {
        let mut receiver = Receiver::new(9);
        for (number, sent, now) in
            [(0, 0, 10), (3, 30, 41), (1, 10, 42), (2, 20, 43), (3, 30, 50), (6, 60, 70)]
        {
            arrive(&mut receiver, number, sent, now);
        }
        assert_eq!((receiver.received(), receiver.duplicates(), receiver.octets()), (5, 1, 200));
        assert_eq!((receiver.reordered(), receiver.depth()), (2, 2));
        assert_eq!((receiver.missing(), receiver.lost(10)), (2, 5));
        let nanos = |nanos| Some(Duration::from_nanos(nanos));
        let delay = receiver.delay();
        assert_eq!((delay.least(), delay.mean(), delay.greatest()), (nanos(10), nanos(17), nanos(32)));
    }

    #[test]
    fn a_datagram_from_the_future_is_not_believed() {
        let mut receiver = Receiver::new(9);
        arrive(&mut receiver, 0, 11, 10);
        assert_eq!((receiver.received(), receiver.damaged()), (0, 1));
    }
}
