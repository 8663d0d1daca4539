//! Reliable octet streams with TCP's headers and rules (RFC 9293), small enough to be read in one go.
//!
//! ```text
//! source                                   sink
//!   | SYN, MSS                        -->    |
//!   |    <--                  SYN, ACK, MSS  |
//!   | ACK, the pattern's octets       -->    |   checked octet for octet
//!   |    <--                           ACK   |
//!   | FIN                             -->    |
//!   |    <--                   ACK, then FIN |
//!   | ACK                             -->    |
//! ```
//! There are cumulative acknowledgments, the retransmission timer of RFC 6298, slow start, congestion
//! avoidance and fast retransmit of RFC 5681, limited transmit of RFC 3042, and NewReno's recovery of RFC
//! 6582. There are no options but the maximum segment size, no simultaneous open, no urgent data and no
//! delayed acknowledgments.

mod congestion;
mod connection;
mod inbound;
mod outbound;
mod pattern;
mod sequence;
mod sink;
mod source;
mod timer;

pub use connection::Connection;
pub use sink::Sink;
pub use source::{Source, Transfer};

pub(super) use connection::reset;

#[cfg(test)]
mod tests;
