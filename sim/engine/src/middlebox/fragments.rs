//! How a middlebox handles fragments without reassembling them: what it decided of a datagram's first
//! fragment holds for the later ones, and later ones that come first may wait for it (RFC 4787 §11). Memory
//! and time are bounded.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_net::{Instant, IpPacket};

use crate::Port;

/// What a middlebox may remember of fragmented datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentLimits {
    /// Of how many datagrams it remembers the first fragment; the oldest is forgotten for a new one.
    pub datagrams: usize,
    /// How many fragments may wait for a first fragment, over all datagrams; 0 drops each that comes before
    /// it.
    pub held: usize,
    /// How long a first fragment is remembered, and how long others wait for it.
    pub timeout: Duration,
}

impl Default for FragmentLimits {
    /// 256 datagrams, 64 fragments, 15 s.
    fn default() -> Self {
        Self { datagrams: 256, held: 64, timeout: Duration::from_secs(15) }
    }
}

/// What tells one fragmented datagram from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DatagramKey {
    port: Port,
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    identification: u32,
}

impl DatagramKey {
    /// The datagram of a fragment that came in at `port`.
    pub(crate) fn of(port: Port, packet: &IpPacket, identification: u32) -> Self {
        let (source, destination) = (packet.source(), packet.destination());
        Self { port, source, destination, protocol: packet.protocol(), identification }
    }
}

/// What to do with a later fragment.
#[derive(Debug)]
pub(crate) enum Follow<V> {
    /// This was decided of its first fragment.
    Decided(V, IpPacket),
    /// It waits for its first fragment.
    Held,
    /// Its first fragment is not known, and it must not wait.
    Unknown(IpPacket),
}

/// What was decided of first fragments, and later ones that wait.
#[derive(Debug)]
pub(crate) struct FragmentTable<V> {
    limits: FragmentLimits,
    decided: BTreeMap<DatagramKey, (Instant, V)>,
    waiting: BTreeMap<DatagramKey, (Instant, Vec<IpPacket>)>,
    held: usize,
}

impl<V: Copy> FragmentTable<V> {
    pub(crate) fn new(limits: FragmentLimits) -> Self {
        Self { limits, decided: BTreeMap::new(), waiting: BTreeMap::new(), held: 0 }
    }

    /// Takes a later fragment.
    pub(crate) fn follow(&mut self, now: Instant, key: DatagramKey, packet: IpPacket) -> Follow<V> {
        if let Some((_, verdict)) = self.decided.get(&key).filter(|(until, _)| *until > now) {
            return Follow::Decided(*verdict, packet);
        }
        if self.held >= self.limits.held {
            return Follow::Unknown(packet);
        }
        self.held += 1;
        let until = now + self.limits.timeout;
        self.waiting.entry(key).or_insert_with(|| (until, Vec::new())).1.push(packet);
        Follow::Held
    }

    /// Remembers what was decided of a first fragment, and gives back those that waited for it, in order of
    /// arrival.
    pub(crate) fn decide(&mut self, now: Instant, key: DatagramKey, verdict: V) -> Vec<IpPacket> {
        if self.decided.len() >= self.limits.datagrams && !self.decided.contains_key(&key) {
            let oldest = self.decided.iter().min_by_key(|(key, (until, _))| (*until, **key));
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                self.decided.remove(&oldest);
            }
        }
        if self.limits.datagrams > 0 {
            self.decided.insert(key, (now + self.limits.timeout, verdict));
        }
        let released = self.waiting.remove(&key).map(|(_, packets)| packets).unwrap_or_default();
        self.held -= released.len();
        released
    }

    /// When [`FragmentTable::expire`] has fragments to give up next.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.waiting.values().map(|(until, _)| *until).min()
    }

    /// Gives up the fragments that waited too long.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<IpPacket> {
        if self.next_timeout().is_none_or(|next| next > now) {
            return Vec::new();
        }
        self.take_waiting(|until| until <= now)
    }

    /// Forgets everything and gives up the fragments that waited.
    pub(crate) fn clear(&mut self) -> Vec<IpPacket> {
        self.decided.clear();
        self.take_waiting(|_| true)
    }

    fn take_waiting(&mut self, which: impl Fn(Instant) -> bool) -> Vec<IpPacket> {
        let mut given_up = Vec::new();
        self.waiting.retain(|_, (until, packets)| {
            let over = which(*until);
            if over {
                given_up.append(packets);
            }
            !over
        });
        self.held -= given_up.len();
        given_up
    }
}

#[cfg(test)]
mod tests;
