//! What an endpoint wants done.

use std::net::SocketAddr;

use ipsec_dataplane::{Outer, SaPair};
use ipsec_wire::Spi;

use crate::event::Event;

/// One thing to do, in the order given.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a UDP datagram; from port 4500 with the marker that tells IKE from ESP before it (RFC 3948 §2.2).
    Datagram {
        /// Our address and port.
        source: SocketAddr,
        /// The peer's.
        destination: SocketAddr,
        /// The IKE message.
        octets: Vec<u8>,
    },
    /// Install a Child SA pair in the data plane.
    Install(Box<SaPair>),
    /// Remove the pair that we receive under this SPI from the data plane.
    Remove {
        /// The SPI.
        inbound: Spi,
    },
    /// Send nothing more under the pair that we receive under this SPI, which still receives.
    StopSending {
        /// The SPI.
        inbound: Spi,
    },
    /// Let the packets of the pair that we receive under this SPI run there.
    Readdress {
        /// The SPI.
        inbound: Spi,
        /// Where they run.
        outer: Outer,
    },
    /// Let the sequence numbers that we send with in the pair that we receive under this SPI skip forward (RFC 6311 §5.2).
    Skip {
        /// The SPI.
        inbound: Spi,
        /// By how many.
        by: u64,
    },
    /// Remind NAT of this flow (RFC 3948 §2.3).
    Keepalive {
        /// Our address and port.
        source: SocketAddr,
        /// The peer's.
        destination: SocketAddr,
    },
    /// Tell what happened.
    Event(Event),
}
