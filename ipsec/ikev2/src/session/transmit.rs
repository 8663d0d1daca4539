//! Messages on their way out of an IKE SA, and what is told of them.

use std::collections::VecDeque;
use std::net::SocketAddr;

use ipsec_net::Instant;
use ipsec_wire::Header;
use ipsec_wire::v2::Payload;

use super::Session;
use crate::context::Context;
use crate::event::{Event, MessageRecord, listed};
use crate::message::{Envelope, Opened};
use crate::output::Output;
use crate::path::Path;

impl Session {
    /// Answers a request, where it came from (RFC 7296 §2.11).
    pub(super) fn respond(
        &mut self,
        (request, octets): (Header, &[u8]),
        payloads: &[Payload],
        came: &Path,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let envelope = Envelope::on(&self.sa, request.exchange, true, request.message_id);
        let Some(crypto) = &mut self.sa.crypto else { return };
        let response = envelope.sealed(payloads, &mut crypto.protection, cx);
        self.announce(&envelope, payloads, 1, came.remote, out);
        self.responses.answered(octets.to_vec(), response.clone());
        self.send(response, came, cx.now, out);
    }

    pub(super) fn send_again(
        &mut self,
        octets: Vec<u8>,
        message_id: u32,
        transmission: u32,
        now: Instant,
        out: &mut VecDeque<Output>,
    ) {
        let path = self.sa.path;
        if let Some(exchange) = &self.open {
            let envelope = Envelope::on(&self.sa, exchange.kind(), false, message_id);
            self.announce(&envelope, &[], transmission, path.remote, out);
        }
        self.send(octets, &path, now, out);
    }

    pub(super) fn announce(
        &self,
        envelope: &Envelope,
        payloads: &[Payload],
        transmission: u32,
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
        })));
    }

    pub(super) fn send(&mut self, octets: Vec<u8>, path: &Path, now: Instant, out: &mut VecDeque<Output>) {
        self.last_sent = now;
        out.push_back(Output::Datagram { source: path.local, destination: path.remote, octets });
    }
}

/// The record of a message that was understood.
pub(crate) fn received(peer: SocketAddr, message: &Opened<'_>) -> Output {
    Output::Event(Event::Received(MessageRecord {
        peer,
        exchange: message.header.exchange,
        response: message.header.flags.response,
        message_id: message.header.message_id,
        payloads: listed(&message.payloads),
        transmission: 1,
    }))
}
