//! Reassembly of IP datagrams (RFC 791 §3.2, RFC 8200 §4.5) with bounded memory and time. Overlapping fragments spoil
//! their datagram in both versions (RFC 5722); an exact repetition is ignored.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use etherparse::{Ipv4Header, Ipv6FragmentHeader, Ipv6Header};

use crate::{Buffer, Instant, IpPacket, IpVersion};

/// What a reassembler may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a datagram may stay incomplete after its first fragment came.
    pub timeout: Duration,
    /// How many datagrams may be incomplete at a time.
    pub datagrams: usize,
    /// How many octets of fragments may wait, over all datagrams.
    pub octets: usize,
}

impl Default for Limits {
    /// 30 s (Linux and BSD; RFC 8200 allows up to 60 s), 64 datagrams, 1 MiB.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), datagrams: 64, octets: 1 << 20 }
    }
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reassembled {
    /// It was whole, or completed a datagram, which this is.
    Whole(IpPacket),
    /// It waits for the other fragments.
    Waiting,
    /// It was refused, and with it what had come of its datagram.
    Refused(Refused),
}

/// Why a fragment was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refused {
    /// It overlaps another fragment, or reaches beyond the last one.
    #[error("fragments overlap")]
    Overlap,
    /// A fragment that is not the last one has a payload that is no multiple of eight octets, or none.
    #[error("a fragment's length is no multiple of eight")]
    Length,
    /// The datagram would be longer than 65,535 octets.
    #[error("the datagram would be longer than 65,535 octets")]
    Oversize,
    /// The limits leave no room.
    #[error("no room for more fragments")]
    NoRoom,
}

/// Collects fragments into datagrams.
#[derive(Clone, Debug, Default)]
pub struct Reassembler {
    limits: Limits,
    waiting: BTreeMap<Key, Datagram>,
    octets: usize,
}

impl Reassembler {
    /// An empty one with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, waiting: BTreeMap::new(), octets: 0 }
    }

    /// Takes a packet: a whole one passes, a fragment waits for its datagram.
    pub fn handle(&mut self, now: Instant, packet: IpPacket) -> Reassembled {
        let Some(info) = packet.fragment() else {
            return Reassembled::Whole(packet);
        };
        let key = Key::of(&packet, info.identification);
        if !self.waiting.contains_key(&key) && self.waiting.len() >= self.limits.datagrams
            || self.octets + packet.payload().len() > self.limits.octets
        {
            return Reassembled::Refused(Refused::NoRoom);
        }
        let deadline = now + self.limits.timeout;
        let datagram = self.waiting.entry(key).or_insert_with(|| Datagram::new(deadline));
        match datagram.insert(&packet, info.offset, info.more) {
            Ok(added) => self.octets += added,
            Err(refused) => {
                self.forget(key);
                return Reassembled::Refused(refused);
            }
        }
        match datagram.whole() {
            Some(whole) => {
                self.forget(key);
                whole.map_or_else(Reassembled::Refused, Reassembled::Whole)
            }
            None => Reassembled::Waiting,
        }
    }

    /// When [`Reassembler::expire`] has something to do next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.waiting.values().map(|datagram| datagram.deadline).min()
    }

    /// Gives up the datagrams whose time is over and returns how many there were.
    pub fn expire(&mut self, now: Instant) -> usize {
        let late: Vec<Key> = self
            .waiting
            .iter()
            .filter(|(_, datagram)| datagram.deadline <= now)
            .map(|(key, _)| *key)
            .collect();
        for key in &late {
            self.forget(*key);
        }
        late.len()
    }

    /// How many datagrams are incomplete.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn forget(&mut self, key: Key) {
        if let Some(datagram) = self.waiting.remove(&key) {
            self.octets -= datagram.octets;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    /// In IPv6 the next header does not belong to the key (RFC 8200 §4.5).
    protocol: Option<u8>,
    identification: u32,
}

impl Key {
    fn of(packet: &IpPacket, identification: u32) -> Self {
        Self {
            source: packet.source(),
            destination: packet.destination(),
            protocol: (packet.version() == IpVersion::V4).then_some(packet.protocol()),
            identification,
        }
    }
}

#[derive(Clone, Debug)]
struct Datagram {
    deadline: Instant,
    /// Headers of the first fragment, without an IPv6 fragment header.
    headers: Option<Vec<u8>>,
    pieces: BTreeMap<usize, Vec<u8>>,
    end: Option<usize>,
    octets: usize,
}

impl Datagram {
    fn new(deadline: Instant) -> Self {
        Self { deadline, headers: None, pieces: BTreeMap::new(), end: None, octets: 0 }
    }

    /// Adds a fragment and returns by how many octets the datagram grew.
    fn insert(&mut self, packet: &IpPacket, offset: usize, more: bool) -> Result<usize, Refused> {
        let (header, payload) = fragment_parts(packet);
        if more && (payload.is_empty() || payload.len() % 8 != 0) {
            return Err(Refused::Length);
        }
        let end = offset + payload.len();
        if end + header.len() > usize::from(u16::MAX) {
            return Err(Refused::Oversize);
        }
        if self.pieces.get(&offset).is_some_and(|piece| piece == payload) {
            return Ok(0);
        }
        let beyond = self.end.is_some_and(|last| end > last || !more && end != last);
        let last_but_not = !more && self.pieces.iter().next_back().is_some_and(|(at, p)| at + p.len() > end);
        let before = self.pieces.range(..=offset).next_back().is_some_and(|(at, p)| at + p.len() > offset);
        let after = self.pieces.range(offset..).next().is_some_and(|(at, _)| *at < end);
        if beyond || last_but_not || before || after {
            return Err(Refused::Overlap);
        }
        if !more {
            self.end = Some(end);
        }
        if offset == 0 {
            self.headers = Some(header);
        }
        self.pieces.insert(offset, payload.to_vec());
        self.octets += payload.len();
        Ok(payload.len())
    }

    /// The datagram, once all of it is there.
    fn whole(&self) -> Option<Result<IpPacket, Refused>> {
        let headers = self.headers.as_ref()?;
        if self.end? != self.octets {
            return None;
        }
        let mut buffer = Buffer::with_capacity(headers.len() + self.octets);
        buffer.grow_back(headers.len()).copy_from_slice(headers);
        for piece in self.pieces.values() {
            buffer.grow_back(piece.len()).copy_from_slice(piece);
        }
        Some(with_lengths(buffer).ok_or(Refused::Oversize))
    }
}

/// The headers that the whole datagram will have, and the fragment's share of its payload.
fn fragment_parts(packet: &IpPacket) -> (Vec<u8>, &[u8]) {
    let octets = packet.as_bytes();
    if packet.version() == IpVersion::V4 {
        return (octets[..packet.header_len()].to_vec(), packet.payload());
    }
    let (mut at, mut name_at) = (Ipv6Header::LEN, 6);
    while octets[name_at] != crate::protocol::FRAGMENT {
        name_at = at;
        at += usize::from(octets[at + 1]) * 8 + 8;
    }
    let mut headers = octets[..at].to_vec();
    headers[name_at] = octets[at];
    (headers, &octets[at + Ipv6FragmentHeader::LEN..])
}

fn with_lengths(mut buffer: Buffer) -> Option<IpPacket> {
    let length = buffer.len();
    if buffer[0] >> 4 == 4 {
        let (mut header, _) = Ipv4Header::from_slice(&buffer).ok()?;
        header.more_fragments = false;
        header.set_payload_len(length - header.header_len()).ok()?;
        header.header_checksum = header.calc_header_checksum();
        let octets = header.to_bytes();
        buffer[..octets.len()].copy_from_slice(&octets);
    } else {
        let length = u16::try_from(length - Ipv6Header::LEN).ok()?;
        buffer[4..6].copy_from_slice(&length.to_be_bytes());
    }
    IpPacket::parse(buffer).ok()
}

#[cfg(test)]
mod tests;
