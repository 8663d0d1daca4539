//! Messages on their way out of an IKE SA, and what is told of them.

use std::collections::VecDeque;
use std::net::SocketAddr;

use ipsec_net::{Instant, IpVersion};
use ipsec_wire::registry::ExchangeType;
use ipsec_wire::v2::Payload;
use ipsec_wire::{Header, IKE_PORT};

use super::Session;
use crate::context::Context;
use crate::event::{Event, MessageRecord, listed};
use crate::message::{Envelope, Opened};
use crate::output::Output;
use crate::path::Path;
use crate::protect::Cut;
use crate::status::Stage;

impl Session {
    /// Answers a request, where it came from (RFC 7296 §2.11): its first or only datagram, how many there were, and the length
    /// of the longest. A response to one in pieces is cut in pieces that are no longer (RFC 7383 §2.5.1).
    pub(super) fn respond(
        &mut self,
        request: Header,
        (octets, (pieces, longest)): (&[u8], (usize, usize)),
        payloads: &[Payload],
        came: &Path,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let envelope = Envelope::on(&self.sa, request.exchange, true, request.message_id);
        let size = self.size().map(|size| if pieces > 1 { size.min(longest) } else { size });
        let cut = size.map(|size| Cut { size, least: 1 });
        let Some(crypto) = &mut self.sa.crypto else { return };
        let response = envelope.sealed(payloads, cut, &mut crypto.protection, cx);
        crypto.before = None;
        self.announce(&envelope, payloads, (1, response.len()), came.remote, out);
        self.send(&response, came, cx.now, out);
        self.responses.answered(request.message_id, octets, response);
    }

    /// Sends a message again that is there to the octet.
    pub(super) fn send_again(
        &mut self,
        (exchange, response, message_id): (ExchangeType, bool, u32),
        (transmission, datagrams): (u32, &[Vec<u8>]),
        path: &Path,
        now: Instant,
        out: &mut VecDeque<Output>,
    ) {
        let envelope = Envelope::on(&self.sa, exchange, response, message_id);
        self.announce(&envelope, &[], (transmission, datagrams.len()), path.remote, out);
        self.send(datagrams, path, now, out);
    }

    /// Sends an open request again, in smaller pieces where it has been sent often enough in pieces of one size
    /// (RFC 7383 §2.5.2).
    pub(super) fn resend(
        &mut self,
        (message_id, transmission, tries): (u32, u32, u32),
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let Some(open) = self.open.get(&message_id) else { return };
        let envelope = Envelope::on(&self.sa, open.exchange.kind(), false, message_id);
        let before = self.requests.datagrams(message_id);
        let (pieces, longest) = (before.len(), before.iter().map(Vec::len).max().unwrap_or(0));
        let enough = self.sa.connection.fragmentation.as_ref().is_some_and(|how| tries > how.transmissions);
        let smaller = self.size_after(self.cut).filter(|size| enough && longest > *size);
        if let (Some(size), Some(crypto)) = (smaller, &mut self.sa.crypto) {
            // By their number the peer tells the pieces of one size from those of another.
            let cut = Some(Cut { size, least: pieces + 1 });
            let datagrams = envelope.sealed(&open.payloads, cut, &mut crypto.protection, cx);
            self.cut += 1;
            out.push_back(Output::Event(Event::Probe("ikev2.request.cut-smaller")));
            self.requests.cut(cx.now, message_id, datagrams, &self.sa.connection.retransmission);
        }
        let again = (envelope.exchange, false, message_id);
        let (path, datagrams) = (self.sa.path, self.requests.datagrams(message_id).to_vec());
        self.send_again(again, (transmission, &datagrams), &path, cx.now, out);
    }

    /// How many octets a message may have before it is cut in pieces; any number, where the ends have not agreed on that.
    pub(super) fn size(&self) -> Option<usize> {
        let sizes = self.sizes();
        // The last size stays in use.
        sizes.get(self.cut).or(sizes.last()).map(|size| self.without_headers(*size))
    }

    /// The size that follows one, if it is smaller.
    fn size_after(&self, cut: usize) -> Option<usize> {
        let sizes = self.sizes();
        let next = sizes.get(cut + 1)?;
        (next < sizes.get(cut)?).then(|| self.without_headers(*next))
    }

    fn sizes(&self) -> &[usize] {
        match &self.sa.connection.fragmentation {
            Some(how) if self.sa.features.fragmentation => match IpVersion::of(self.sa.path.remote.ip()) {
                IpVersion::V4 => &how.ipv4,
                IpVersion::V6 => &how.ipv6,
            },
            _ => &[],
        }
    }

    /// What is left of a packet for an IKE message, without the headers of IP and UDP and the marker that tells IKE from ESP
    /// (RFC 7383 appendix B).
    fn without_headers(&self, packet: usize) -> usize {
        let ip = if self.sa.path.remote.is_ipv4() { 20 } else { 40 };
        let marker = if self.sa.path.remote.port() == IKE_PORT { 0 } else { 4 };
        packet.saturating_sub(ip + 8 + marker)
    }

    pub(super) fn announce(
        &self,
        envelope: &Envelope,
        payloads: &[Payload],
        (transmission, pieces): (u32, usize),
        peer: SocketAddr,
        out: &mut VecDeque<Output>,
    ) {
        out.push_back(Output::Event(Event::Sent(MessageRecord {
            peer,
            exchange: envelope.exchange,
            response: envelope.response,
            message_id: envelope.message_id,
            payloads: listed(payloads),
            transmission,
            pieces,
            stage: Some(Stage::of(&self.sa.state)),
        })));
    }

    pub(super) fn send(
        &mut self,
        datagrams: &[Vec<u8>],
        path: &Path,
        now: Instant,
        out: &mut VecDeque<Output>,
    ) {
        self.last_sent = now;
        let (source, destination) = (path.local, path.remote);
        let output = |octets: &Vec<u8>| Output::Datagram { source, destination, octets: octets.clone() };
        out.extend(datagrams.iter().map(output));
    }
}

/// The record of a message that was understood.
pub(crate) fn received(peer: SocketAddr, message: &Opened<'_>, stage: Option<Stage>) -> Output {
    Output::Event(Event::Received(MessageRecord {
        peer,
        exchange: message.header.exchange,
        response: message.header.flags.response,
        message_id: message.header.message_id,
        payloads: listed(&message.payloads),
        transmission: 1,
        pieces: message.pieces.0,
        stage,
    }))
}
