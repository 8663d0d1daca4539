//! Translation of one packet: addresses, ports and the checksums over them, which are adjusted and never
//! computed anew (RFC 3022 §4, RFC 1624), so that damage stays noticeable and a fragment can be translated.
//! An ICMP error is translated together with the packet that it quotes (RFC 5508 §4.2).

use std::net::SocketAddrV4;

use ipsec_net::{IpPacket, icmp_error, protocol};

use super::super::Side;

/// What a packet's ends become, and where it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The new source, unless it stays.
    pub(super) source: Option<SocketAddrV4>,
    /// The new destination, unless it stays.
    pub(super) destination: Option<SocketAddrV4>,
    /// The side where it leaves.
    pub(super) out: Side,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Source,
    Destination,
}

/// Translates a packet; nothing when an ICMP error quotes too little to be translated.
///
/// Of a later fragment only addresses are replaced. What went from here as source is quoted as the
/// destination of what came, and the other way round.
pub(super) fn translate(packet: IpPacket, route: &Route) -> Option<IpPacket> {
    let is_error = icmp_error::is_error(&packet);
    let header_len = packet.header_len();
    let mut octets = packet.into_buffer();
    replace(&mut octets, End::Source, route.source)?;
    replace(&mut octets, End::Destination, route.destination)?;
    if is_error {
        let message = octets.get_mut(header_len..)?;
        let (header, quoted) = message.split_at_mut_checked(icmp_error::HEADER_LEN)?;
        let before = quoted.to_vec();
        replace(quoted, End::Destination, route.source)?;
        replace(quoted, End::Source, route.destination)?;
        adjust(header.get_mut(2..4)?, &before, quoted);
    }
    IpPacket::parse(octets).ok()
}

/// Replaces one end of an IPv4 packet, of which no more than the beginning need be there.
fn replace(octets: &mut [u8], end: End, to: Option<SocketAddrV4>) -> Option<()> {
    let Some(to) = to else {
        return Some(());
    };
    let header_len = usize::from(octets.first()? & 0x0f) * 4;
    let (header, payload) = octets.split_at_mut_checked(header_len)?;
    let address = if end == End::Source { 12..16 } else { 16..20 };
    let old = swap(header.get_mut(address)?, to.ip().octets())?;
    let new = to.ip().octets();
    adjust(&mut header[10..12], &old, &new);
    let later_fragment = u16::from_be_bytes([header[6], header[7]]) & 0x1fff != 0;
    if later_fragment {
        return Some(());
    }
    let port = if end == End::Source { 0..2 } else { 2..4 };
    let new_port = to.port().to_be_bytes();
    match header[9] {
        protocol::UDP => {
            let old_port = swap(payload.get_mut(port)?, new_port)?;
            // Zero says that there is no checksum, so that a checksum of zero is sent as its complement (RFC
            // 768).
            if let Some(sum) = payload.get_mut(6..8).filter(|sum| **sum != [0, 0]) {
                adjust(sum, &old, &new);
                adjust(sum, &old_port, &new_port);
                if *sum == [0, 0] {
                    sum.fill(0xff);
                }
            }
        }
        protocol::TCP => {
            let old_port = swap(payload.get_mut(port)?, new_port)?;
            if let Some(sum) = payload.get_mut(16..18) {
                adjust(sum, &old, &new);
                adjust(sum, &old_port, &new_port);
            }
        }
        protocol::ICMP => {
            let has_identifier = match payload.first()? {
                8 => end == End::Source,
                0 => end == End::Destination,
                _ => false,
            };
            if has_identifier {
                let old_identifier = swap(payload.get_mut(4..6)?, new_port)?;
                adjust(&mut payload[2..4], &old_identifier, &new_port);
            }
        }
        _ => {}
    }
    Some(())
}

/// Writes `new` over a field of the same length and gives back what was there.
fn swap<const N: usize>(field: &mut [u8], new: [u8; N]) -> Option<[u8; N]> {
    let old = <[u8; N]>::try_from(&*field).ok()?;
    field.copy_from_slice(&new);
    Some(old)
}

/// Adjusts a checksum to words that were replaced by as many others (RFC 1624 equation 3).
fn adjust(checksum: &mut [u8], old: &[u8], new: &[u8]) {
    let words = |octets: &[u8], flip: u16| -> u64 {
        let word = |pair: &[u8]| u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
        octets.chunks(2).map(|pair| u64::from(word(pair) ^ flip)).sum()
    };
    let mut sum = words(checksum, u16::MAX) + words(old, u16::MAX) + words(new, 0);
    while sum > u64::from(u16::MAX) {
        sum = (sum >> 16) + (sum & u64::from(u16::MAX));
    }
    checksum.copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

#[cfg(test)]
mod tests;
