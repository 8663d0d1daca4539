//! The end of streams that listens and receives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use ipsec_net::{Buffer, Instant, tcp};

use super::super::{Action, Application, Arrival, Binding, Network};
use super::{Connection, reset};
use crate::RandomStream;

/// How many connections are kept, with those that have ended.
const LIMIT: usize = 1024;

/// Accepts connections from anywhere, checks what comes octet for octet, and closes when the other end does.
#[derive(Clone, Debug)]
pub struct Sink {
    local: u16,
    /// Where initial sequence numbers come from.
    luck: RandomStream,
    connections: BTreeMap<Ends, Connection>,
    /// Connections that have to be polled.
    ready: BTreeSet<Ends>,
    resets: VecDeque<(Ends, tcp::Header)>,
    refused: u64,
}

/// The peer's end and this one.
type Ends = (SocketAddr, SocketAddr);

impl Sink {
    /// A sink at this TCP port.
    #[must_use]
    pub fn new(local: u16, luck: RandomStream) -> Self {
        Self {
            local,
            luck,
            connections: BTreeMap::new(),
            ready: BTreeSet::new(),
            resets: VecDeque::new(),
            refused: 0,
        }
    }

    /// The connections, those that have ended too, by their peers. Of more than 1024, the one that ended
    /// first goes.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values()
    }

    /// Octets that came in order, over all connections kept.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.connections.values().map(Connection::delivered).sum()
    }

    /// How many SYNs found no room.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// A segment that belongs to no connection at work.
    fn open(&mut self, ends: Ends, header: &tcp::Header, payload_len: usize) {
        let tcp::Flags { syn, ack, rst, .. } = header.flags;
        if rst {
            return;
        }
        if ack || !syn {
            self.resets.extend(reset(header, payload_len).map(|reset| (ends, reset)));
            return;
        }
        if self.connections.len() >= LIMIT && !self.forget() {
            self.refused += 1;
            return;
        }
        let initial = self.luck.next_u64() as u32;
        self.connections.insert(ends, Connection::passive(ends.1, ends.0, initial, header));
        self.ready.insert(ends);
    }

    /// Forgets the connection that ended first; tells whether there was one.
    fn forget(&mut self) -> bool {
        let ended =
            self.connections.iter().filter_map(|(ends, connection)| Some((connection.ended()?.0, *ends)));
        ended.min().is_some_and(|(_, ends)| self.connections.remove(&ends).is_some())
    }

    fn due(&self) -> Option<Instant> {
        self.connections.values().filter_map(Connection::due).min()
    }
}

impl Application for Sink {
    fn binding(&self) -> Binding {
        Binding::Tcp(self.local)
    }

    fn handle(&mut self, now: Instant, arrival: &Arrival<'_>) {
        let Arrival::Segment(segment) = arrival else {
            return;
        };
        let ends = (segment.source, segment.destination);
        match self.connections.get_mut(&ends) {
            Some(connection) => {
                connection.handle(now, &segment.header, segment.payload);
                self.ready.insert(ends);
            }
            None => self.open(ends, &segment.header, segment.payload.len()),
        }
    }

    fn poll(&mut self, now: Instant, network: &Network) -> Action {
        if let Some(((destination, source), header)) = self.resets.pop_front() {
            return Action::Segment { source, destination, header, payload: Buffer::default() };
        }
        let late = |connection: &Connection| connection.due().is_some_and(|due| due <= now);
        self.ready.extend(self.connections.iter().filter(|(_, c)| late(c)).map(|(ends, _)| *ends));
        while let Some(ends) = self.ready.first().copied() {
            if let Some(action) = self.connections.get_mut(&ends).and_then(|c| c.poll(now, network)) {
                return action;
            }
            self.ready.remove(&ends);
        }
        Action::Idle { until: self.due() }
    }
}
