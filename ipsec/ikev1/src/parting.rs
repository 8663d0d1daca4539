//! Deletes, which nobody answers (RFC 2408 §5.15): each is sent a few times, octet for octet. The peer knows a
//! message that comes once more (`farewell`), so that more than one of them does no harm, and one of them is likely to arrive.

use std::time::Duration;

use ipsec_dataplane::Path;
use ipsec_net::Instant;

use crate::event::{Event, MessageRecord};
use crate::output::Output;

/// How often a delete is repeated.
const REPEATS: u32 = 2;

/// The time between two of them.
const WAIT: Duration = Duration::from_secs(1);

/// One message that was sent once.
#[derive(Clone, Debug)]
pub(crate) struct Parting {
    path: Path,
    record: MessageRecord,
    octets: Vec<u8>,
    left: u32,
    due: Instant,
}

impl Parting {
    /// A message that has been sent.
    pub(crate) fn new(path: Path, record: MessageRecord, octets: Vec<u8>) -> Self {
        Self { path, record, octets, left: REPEATS, due: Instant::ZERO }
    }

    /// The same, sent now.
    pub(crate) fn at(self, now: Instant) -> Self {
        Self { due: now + WAIT, ..self }
    }

    /// When it is to be sent again.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Sends it again if its time has come. Says whether it is to be sent once more.
    pub(crate) fn repeat(&mut self, now: Instant, out: &mut impl Extend<Output>) -> bool {
        if now < self.due {
            return true;
        }
        self.left -= 1;
        self.due = now + WAIT;
        let (source, destination, octets) = (self.path.local, self.path.remote, self.octets.clone());
        self.record.transmission += 1;
        let sent = Output::Event(Event::Sent(self.record.clone()));
        out.extend([sent, Output::Datagram { source, destination, octets }]);
        self.left > 0
    }
}
