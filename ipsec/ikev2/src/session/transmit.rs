//! Messages on their way out of an IKE SA, and what is told of them.

use std::collections::VecDeque;
use std::net::SocketAddr;

use ipsec_wire::Header;
use ipsec_wire::v2::Payload;

use super::Session;
use crate::context::Context;
use crate::event::{Event, MessageRecord, listed};
use crate::message::{Envelope, Opened};
use crate::output::Output;

impl Session {
    pub(super) fn respond(
        &mut self,
        request: Header,
        octets: &[u8],
        payloads: &[Payload],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let envelope = Envelope::on(&self.sa, request.exchange, true, request.message_id);
        let Some(crypto) = &mut self.sa.crypto else { return };
        let response = envelope.sealed(payloads, &mut crypto.protection, cx);
        self.announce(&envelope, payloads, 1, out);
        self.responses.answered(octets.to_vec(), response.clone());
        self.send(response, out);
    }

    pub(super) fn send_again(
        &mut self,
        octets: Vec<u8>,
        message_id: u32,
        transmission: u32,
        out: &mut VecDeque<Output>,
    ) {
        if let Some(exchange) = &self.open {
            let envelope = Envelope::on(&self.sa, exchange.kind(), false, message_id);
            self.announce(&envelope, &[], transmission, out);
        }
        self.send(octets, out);
    }

    pub(super) fn announce(
        &self,
        envelope: &Envelope,
        payloads: &[Payload],
        transmission: u32,
        out: &mut VecDeque<Output>,
    ) {
        out.push_back(Output::Event(Event::Sent(MessageRecord {
            peer: self.sa.remote,
            exchange: envelope.exchange,
            response: envelope.response,
            message_id: envelope.message_id,
            payloads: listed(payloads),
            transmission,
        })));
    }

    pub(super) fn send(&self, octets: Vec<u8>, out: &mut VecDeque<Output>) {
        out.push_back(Output::Datagram { source: self.sa.local, destination: self.sa.remote, octets });
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
