//! What routers may change in a packet's headers is zero for the integrity check, and what they change in a way that can
//! be foreseen is as the receiver will find it (RFC 4302 §3.3.3.1, appendix A).

use ipsec_net::{IpPacket, IpVersion, protocol};

use crate::DropReason;

/// The headers of a packet as the integrity check sees them.
pub(super) struct Immutable {
    octets: [u8; MOST],
    len: usize,
}

/// No headers longer than this are looked at.
const MOST: usize = 256;

impl Immutable {
    /// Of a packet with AH behind its headers.
    ///
    /// # Errors
    /// When the headers are longer than 256 octets.
    pub(super) fn headers_of(packet: &IpPacket) -> Result<Self, DropReason> {
        let len = packet.header_len();
        let mut octets = [0; MOST];
        octets.get_mut(..len).ok_or(DropReason::Malformed)?.copy_from_slice(&packet.as_bytes()[..len]);
        match packet.version() {
            IpVersion::V4 => v4(&mut octets[..len]),
            IpVersion::V6 => v6(&mut octets[..len]),
        }
        Ok(Self { octets, len })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// Type of service, flags and fragment offset, time to live, checksum; then the options.
fn v4(header: &mut [u8]) {
    for field in [1..2, 6..8, 8..9, 10..12] {
        header[field].fill(0);
    }
    let mut at = 20;
    while let Some(kind) = header.get(at).copied() {
        let length = match kind {
            END_OF_OPTIONS => return,
            NO_OPERATION => 1,
            _ => usize::from(header.get(at + 1).copied().unwrap_or(0)),
        };
        // An option without a proper length hides where the next one begins.
        let whole = length > 0 && (length > 1 || kind == NO_OPERATION) && at + length <= header.len();
        let end = if whole { at + length } else { header.len() };
        if matches!(kind, LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE) && whole {
            arrive_v4(header, at, length);
        }
        if !IMMUTABLE_OPTIONS.contains(&kind) || !whole {
            header[at..end].fill(0);
        }
        at = end;
    }
}

/// Puts the last address of a source route into the destination, where the receiver finds it, unless the packet is already
/// there: then the pointer is beyond the route.
fn arrive_v4(header: &mut [u8], at: usize, length: usize) {
    let pointer = header.get(at + 2).copied().unwrap_or(u8::MAX);
    if length >= 7 && usize::from(pointer) <= length - 3 {
        header.copy_within(at + length - 4..at + length, 16);
    }
}

/// Traffic class, flow label and hop limit; then the extension headers.
fn v6(headers: &mut [u8]) {
    headers[0] &= 0xf0;
    headers[1..4].fill(0);
    headers[7] = 0;
    let (mut kind, mut at) = (headers[6], IpVersion::V6.header_len());
    // The packet's lengths have been proven: a header that begins here ends here.
    while at + 8 <= headers.len() {
        let end = (at + (usize::from(headers[at + 1]) + 1) * 8).min(headers.len());
        match kind {
            protocol::HOP_BY_HOP | protocol::DESTINATION_OPTIONS => options(&mut headers[at + 2..end]),
            protocol::ROUTING => arrive_v6(headers, at, end),
            _ => {}
        }
        (kind, at) = (headers[at], end);
    }
}

/// Options whose type says that they may change on the way have data of zero (RFC 8200 §4.2).
fn options(mut options: &mut [u8]) {
    const PAD_1: u8 = 0;
    const MAY_CHANGE: u8 = 0x20;
    while let [kind, rest @ ..] = options {
        if *kind == PAD_1 {
            options = rest;
            continue;
        }
        let [length, rest @ ..] = rest else { return };
        let (data, rest) = rest.split_at_mut(usize::from(*length).min(rest.len()));
        if *kind & MAY_CHANGE != 0 {
            data.fill(0);
        }
        options = rest;
    }
}

/// A routing header of type 0 (RFC 2460 §4.4) or 2 (RFC 6275 §6.4) as it is at the end of its route: each hop swaps the
/// destination with the next address. Other types change nothing that is known here.
fn arrive_v6(headers: &mut [u8], at: usize, end: usize) {
    let addresses = (end - at - 8) / 16;
    let left = usize::from(headers[at + 3]);
    if !matches!(headers[at + 2], 0 | 2) || left > addresses {
        return;
    }
    for index in addresses - left..addresses {
        let address = at + 8 + index * 16;
        let mut next = [0; 16];
        next.copy_from_slice(&headers[address..address + 16]);
        headers.copy_within(DESTINATION..DESTINATION + 16, address);
        headers[DESTINATION..DESTINATION + 16].copy_from_slice(&next);
    }
    headers[at + 3] = 0;
}

/// Where the destination address of an IPv6 header begins.
const DESTINATION: usize = 24;

const END_OF_OPTIONS: u8 = 0;
const NO_OPERATION: u8 = 1;
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;
/// No operation, security, extended security, commercial security, router alert, sender directed multi-destination
/// delivery. All others are zero as a whole (RFC 4302 appendix A1).
const IMMUTABLE_OPTIONS: [u8; 6] = [NO_OPERATION, 130, 133, 134, 148, 149];

#[cfg(test)]
mod tests;
