//! The end of a stream that opens it and sends.

use std::net::SocketAddr;
use std::time::Duration;

use ipsec_net::Instant;

use super::super::{Action, Application, Arrival, Binding, Network};
use super::Connection;
use crate::RandomStream;

/// How long to wait before looking again for a way to the destination.
const PATIENCE: Duration = Duration::from_secs(1);

/// What to send where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The TCP port to send from.
    pub local: u16,
    /// Where a [`super::Sink`] listens.
    pub destination: SocketAddr,
    /// How many octets; nothing for as many as go through until [`Source::stop`].
    pub octets: Option<u64>,
    /// When to open the connection.
    pub start: Instant,
}

/// Opens a connection, sends, closes.
#[derive(Clone, Debug)]
pub struct Source {
    transfer: Transfer,
    /// Where the initial sequence number comes from.
    luck: RandomStream,
    connection: Option<Connection>,
    /// When to try to open the connection next.
    next: Instant,
    stopped: bool,
}

impl Source {
    /// A source that opens at the transfer's start.
    #[must_use]
    pub fn new(transfer: Transfer, luck: RandomStream) -> Self {
        Self { transfer, luck, connection: None, next: transfer.start, stopped: false }
    }

    /// What it is to send where.
    #[must_use]
    pub fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    /// Its connection, once begun.
    #[must_use]
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// Ends the data with what was sent so far and closes the connection; one that was not begun never
    /// begins.
    pub fn stop(&mut self) {
        self.stopped = true;
        if let Some(connection) = &mut self.connection {
            connection.close();
        }
    }

    fn open(&mut self, now: Instant, network: &Network) -> Option<&mut Connection> {
        let Transfer { local, destination, octets, .. } = self.transfer;
        if self.connection.is_none() && !self.stopped && self.next <= now {
            self.next = now + PATIENCE;
            let source = SocketAddr::new(network.source_for(destination.ip())?, local);
            let supply = octets.unwrap_or(u64::MAX);
            let initial = self.luck.next_u64() as u32;
            self.connection =
                Some(Connection::active(source, destination, initial, supply, octets.is_some()));
        }
        self.connection.as_mut()
    }
}

impl Application for Source {
    fn binding(&self) -> Binding {
        Binding::Tcp(self.transfer.local)
    }

    fn handle(&mut self, now: Instant, arrival: &Arrival<'_>) {
        if let (Arrival::Segment(segment), Some(connection)) = (arrival, &mut self.connection)
            && (segment.source, segment.destination) == (connection.peer(), connection.local())
        {
            connection.handle(now, &segment.header, segment.payload);
        }
    }

    fn poll(&mut self, now: Instant, network: &Network) -> Action {
        match self.open(now, network) {
            Some(connection) => {
                connection.poll(now, network).unwrap_or(Action::Idle { until: connection.due() })
            }
            None => Action::Idle { until: (!self.stopped).then_some(self.next) },
        }
    }
}
