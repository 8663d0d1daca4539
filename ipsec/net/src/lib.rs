//! IP and time: what every other crate stands on.
//!
//! Instants and prefixes are plain values; [`IpPacket`] is an owned packet with room round it, so that headers can be
//! put before and trailers behind it without copying; [`udp`], [`tcp`], [`icmp`], [`fragment`] and [`Reassembler`] work on it.
//! Header layouts are `etherparse`'s. Nothing here reads a clock or opens a socket.

#![deny(clippy::float_arithmetic)]

mod buffer;
mod fragment;
pub mod icmp;
pub mod icmp_error;
mod instant;
mod packet;
mod prefix;
mod reassembly;
mod retransmission;
pub mod tcp;
pub mod udp;

pub use buffer::Buffer;
pub use fragment::{FragmentError, fragment};
pub use instant::{Instant, ParseDurationError, format_duration, parse_duration};
pub use packet::{FragmentInfo, Headers, IpHeader, IpPacket, IpVersion, NotIp, protocol};
pub use prefix::{AddressRange, ParsePrefixError, Prefix};
pub use reassembly::{Limits, Reassembled, Reassembler, Refused};
pub use retransmission::Retransmission;
