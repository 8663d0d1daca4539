//! One end of a stream: the handshake, what arriving segments do (RFC 9293 §3.10.7), and the orderly close.

use std::collections::VecDeque;
use std::net::SocketAddr;

use ipsec_net::{Buffer, Instant, IpVersion, tcp};

use super::super::{Action, Ending, Network, Spread, StreamNote};
use super::inbound::{Inbound, WINDOW};
use super::outbound::{Acknowledgment, Outbound, Outgoing};
use super::pattern;

/// A connection and what was measured on it.
#[derive(Clone, Debug)]
pub struct Connection {
    local: SocketAddr,
    peer: SocketAddr,
    outbound: Outbound,
    /// Nothing until the peer's SYN has come.
    inbound: Option<Inbound>,
    opened: Option<Instant>,
    ended: Option<(Instant, Ending)>,
    /// Whether the peer is owed an acknowledgment.
    acknowledge: bool,
    reset: Option<tcp::Header>,
    notes: VecDeque<StreamNote>,
}

impl Connection {
    /// The end that opens: it sends `supply` octets, and when `closing` a FIN after them.
    pub(super) fn active(
        local: SocketAddr,
        peer: SocketAddr,
        initial: u32,
        supply: u64,
        closing: bool,
    ) -> Self {
        Self {
            local,
            peer,
            outbound: Outbound::new(initial, supply, closing),
            inbound: None,
            opened: None,
            ended: None,
            acknowledge: false,
            reset: None,
            notes: VecDeque::new(),
        }
    }

    /// The end that is opened by a SYN: it sends nothing, and closes when the peer does.
    pub(super) fn passive(local: SocketAddr, peer: SocketAddr, initial: u32, syn: &tcp::Header) -> Self {
        let mut connection = Self::active(local, peer, initial, 0, false);
        connection.synchronized_by(syn);
        connection
    }

    /// This end.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The other end.
    #[must_use]
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// When the handshake was complete.
    #[must_use]
    pub fn opened(&self) -> Option<Instant> {
        self.opened
    }

    /// When and how it ended.
    #[must_use]
    pub fn ended(&self) -> Option<(Instant, Ending)> {
        self.ended
    }

    /// Octets that came in order.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.inbound.as_ref().map_or(0, Inbound::delivered)
    }

    /// Octets among these that are not what the pattern says.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.inbound.as_ref().map_or(0, Inbound::wrong)
    }

    /// Octets delivered in order per second, from the opening to the last of them.
    #[must_use]
    pub fn goodput(&self) -> Option<u64> {
        let last = self.inbound.as_ref()?.last()?;
        let nanos = last.since(self.opened?).as_nanos();
        let rate = (u128::from(self.delivered()) * 1_000_000_000).checked_div(nanos)?;
        Some(u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// Octets that the peer has acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.outbound.acknowledged_octets()
    }

    /// Segments that were sent again.
    #[must_use]
    pub fn retransmissions(&self) -> u64 {
        self.outbound.retransmissions()
    }

    /// Times from sending a segment to its acknowledgment, of segments sent once.
    #[must_use]
    pub fn round_trip(&self) -> Spread {
        self.outbound.round_trip()
    }

    /// Sends a FIN after the octets that were sent so far.
    pub(super) fn close(&mut self) {
        self.outbound.close();
    }

    /// When it has to be polled again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.outbound.deadline().filter(|_| self.ended.is_none())
    }

    /// Takes a segment of the peer's.
    pub(super) fn handle(&mut self, now: Instant, header: &tcp::Header, payload: &[u8]) {
        match (&self.ended, &self.inbound) {
            // The peer may not know yet: our last acknowledgment may be lost.
            (Some((_, Ending::Orderly)), _) => self.acknowledge |= header.flags.fin,
            (Some(_), _) => {}
            (None, None) => self.answer_to_syn(now, header),
            (None, Some(_)) => self.synchronized(now, header, payload),
        }
    }

    /// A segment in state SYN-SENT (§3.10.7.3).
    fn answer_to_syn(&mut self, now: Instant, header: &tcp::Header) {
        let tcp::Flags { syn, ack, rst, .. } = header.flags;
        if ack && header.acknowledgment != self.outbound.number(1) {
            self.reset = reset(header, 0);
            return;
        }
        if !ack {
            return;
        }
        if rst {
            return self.end(now, Ending::Reset);
        }
        if syn {
            let window = u64::from(header.window);
            self.synchronized_by(header);
            self.take_acknowledgment(now, Acknowledgment { place: 1, window, at: 0, occupies: true });
        }
    }

    fn synchronized_by(&mut self, syn: &tcp::Header) {
        self.inbound = Some(Inbound::new(syn.sequence));
        let least = if self.peer.is_ipv4() { 536 } else { 1220 };
        self.outbound.set_peer_segment(usize::from(syn.maximum_segment_size.unwrap_or(least)));
        self.acknowledge = true;
    }

    /// A segment in any later state (§3.10.7.4).
    fn synchronized(&mut self, now: Instant, header: &tcp::Header, payload: &[u8]) {
        let Some(inbound) = &mut self.inbound else {
            return;
        };
        let tcp::Flags { syn, ack, fin, rst, .. } = header.flags;
        let length = payload.len() as u64 + u64::from(fin) + u64::from(syn);
        let place = inbound.place(header.sequence).filter(|place| inbound.is_acceptable(*place, length));
        let Some(place) = place else {
            self.acknowledge |= !rst;
            return;
        };
        // Only the exact number resets; anything else is asked about (RFC 5961 §3 and §4).
        if rst && place == inbound.next() {
            return self.end(now, Ending::Reset);
        }
        if rst || syn {
            self.acknowledge = true;
            return;
        }
        if !ack {
            return;
        }
        match self.outbound.place(header.acknowledgment) {
            Some(acknowledged) if acknowledged <= self.outbound.end() => {
                let window = u64::from(header.window);
                let occupies = length > 0;
                self.take_acknowledgment(
                    now,
                    Acknowledgment { place: acknowledged, window, at: place, occupies },
                );
            }
            _ if !self.outbound.is_syn_acknowledged() => {
                self.reset = reset(header, 0);
                return;
            }
            _ => {
                self.acknowledge = true;
                return;
            }
        }
        if self.opened.is_some() {
            self.receive(now, place, payload, fin);
        }
    }

    fn take_acknowledgment(&mut self, now: Instant, told: Acknowledgment) {
        self.outbound.acknowledged(now, told);
        if self.opened.is_none() && self.outbound.is_syn_acknowledged() {
            self.opened = Some(now);
            let maximum_segment_size = self.outbound.segment_size();
            self.notes.push_back(StreamNote::Opened { peer: self.peer, maximum_segment_size });
        }
    }

    fn receive(&mut self, now: Instant, place: u64, payload: &[u8], fin: bool) {
        let Some(inbound) = &mut self.inbound else {
            return;
        };
        if !payload.is_empty() || fin {
            inbound.take(now, place, payload, fin);
            self.acknowledge = true;
        }
        if inbound.is_finished() {
            self.outbound.close();
            if self.outbound.is_fin_acknowledged() {
                self.end(now, Ending::Orderly);
            }
        }
    }

    fn end(&mut self, now: Instant, ending: Ending) {
        self.ended = Some((now, ending));
        self.acknowledge &= ending == Ending::Orderly;
        self.notes.push_back(StreamNote::Closed { peer: self.peer, ending });
    }

    /// The next thing to do, if there is something.
    pub(super) fn poll(&mut self, now: Instant, network: &Network) -> Option<Action> {
        if self.ended.is_none() && !self.outbound.expire(now) {
            self.end(now, Ending::TimedOut);
        }
        if let Some(note) = self.notes.pop_front() {
            return Some(Action::Note(note));
        }
        if let Some(header) = self.reset.take() {
            return Some(self.action(header, Buffer::default()));
        }
        let room = self.room(now, network);
        self.outbound.set_path_segment(room);
        if self.ended.is_none()
            && let Some(segment) = self.outbound.next(now)
        {
            return Some(self.send(segment, room));
        }
        if std::mem::take(&mut self.acknowledge) {
            let header = self.header(self.outbound.end());
            return Some(self.action(header, Buffer::default()));
        }
        None
    }

    /// How much data fits into a packet to the peer.
    fn room(&self, now: Instant, network: &Network) -> usize {
        let headers = IpVersion::of(self.peer.ip()).header_len() + tcp::HEADER_LEN;
        network.mtu_to(now, self.peer.ip()).saturating_sub(headers)
    }

    fn send(&mut self, segment: Outgoing, room: usize) -> Action {
        let Outgoing { place, length, syn, fin, push, again } = segment;
        if let Some(cause) = again {
            self.notes.push_back(StreamNote::Retransmitted { peer: self.peer, offset: place, cause });
        }
        let mut header = self.header(place);
        (header.flags.syn, header.flags.fin, header.flags.psh) = (syn, fin, push);
        header.maximum_segment_size = syn.then_some(u16::try_from(room).unwrap_or(u16::MAX));
        self.acknowledge = false;
        let mut payload = Buffer::with_capacity(length);
        for (octet, expected) in
            payload.grow_back(length).iter_mut().zip(pattern::octets(place.saturating_sub(1)))
        {
            *octet = expected;
        }
        self.action(header, payload)
    }

    /// The header of a segment at this place that acknowledges what has come.
    fn header(&self, place: u64) -> tcp::Header {
        tcp::Header {
            sequence: self.outbound.number(place),
            acknowledgment: self.inbound.as_ref().map_or(0, Inbound::acknowledgment),
            flags: tcp::Flags { ack: self.inbound.is_some(), ..tcp::Flags::default() },
            window: WINDOW,
            maximum_segment_size: None,
        }
    }

    fn action(&self, header: tcp::Header, payload: Buffer) -> Action {
        Action::Segment { source: self.local, destination: self.peer, header, payload }
    }
}

/// The reset that answers a segment for which there is no connection (§3.10.7.1); nothing for a reset.
pub(in super::super) fn reset(header: &tcp::Header, payload_len: usize) -> Option<tcp::Header> {
    let tcp::Header { sequence, acknowledgment, flags, .. } = *header;
    let length = payload_len as u32 + u32::from(flags.syn) + u32::from(flags.fin);
    let rst = tcp::Flags { rst: true, ack: !flags.ack, ..tcp::Flags::default() };
    let answer = tcp::Header { flags: rst, ..tcp::Header::default() };
    (!flags.rst).then_some(if flags.ack {
        tcp::Header { sequence: acknowledgment, ..answer }
    } else {
        tcp::Header { acknowledgment: sequence.wrapping_add(length), ..answer }
    })
}
