//! How messages leave: their header, their encryption, and what is told of them.

use std::collections::VecDeque;

use ipsec_dataplane::Path;
use ipsec_net::{Instant, IpVersion};
use ipsec_wire::Version;
use ipsec_wire::registry::v1::{ExchangeType, PayloadType};
use ipsec_wire::v1::{Flags, Header, Message, Payload};

use super::{Session, Slot};
use crate::config::{Mode, Xauth};
use crate::context::Context;
use crate::event::{Event, MessageRecord, listed};
use crate::exchange::{Reply, informational};
use crate::fragments;
use crate::output::Output;
use crate::protect;
use crate::resend::Waits;
use crate::sa::{Gate, Role};

impl Session {
    /// Sends a message of an exchange, which is kept for repeats.
    pub(super) fn send(
        &mut self,
        slot: &mut Slot,
        message_id: u32,
        reply: &Reply,
        cx: &Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let exchange = match (message_id, slot.transacts) {
            (0, _) => self.phase1_type(),
            (_, true) => ExchangeType::TRANSACTION,
            (_, false) => ExchangeType::QUICK,
        };
        let header = self.header(exchange, message_id);
        let octets = match (&self.sa.crypto, reply.encrypted) {
            (Some(crypto), true) => {
                let (octets, next) = protect::seal(&crypto.cipher, &slot.iv, &header, &reply.payloads);
                slot.iv = next;
                octets
            }
            _ => Message { header, payloads: reply.payloads.clone() }.emit(),
        };
        let waits = match &slot.exchange {
            Some(exchange) if exchange.repeats() => Waits::Repeating,
            Some(_) => Waits::Silently,
            // Nothing else would show that the peer has missed it.
            None if message_id == 0 && self.waits_after_aggressive_mode() => Waits::Repeating,
            None => Waits::Nothing,
        };
        slot.resend.sent(cx.now, octets.clone(), waits, &self.sa.connection.retransmission);
        let record = MessageRecord { payloads: listed(&reply.payloads), ..self.record(&header, &octets) };
        self.post(record, octets, cx.now, out);
    }

    /// Sends a message once more.
    pub(super) fn send_again(
        &mut self,
        octets: Vec<u8>,
        (transmission, answers_repeat): (u32, bool),
        now: Instant,
        out: &mut VecDeque<Output>,
    ) {
        let Ok(header) = Header::parse(&octets) else { return };
        let record = MessageRecord { transmission, answers_repeat, ..self.record(&header, &octets) };
        self.post(record, octets, now, out);
    }

    /// Says something in an informational exchange. Nobody answers it, so that nothing is waited for.
    pub(crate) fn tell(&mut self, payloads: Vec<Payload>, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let message_id = self.fresh_message_id(cx);
        let Some(payloads) = informational::tell(&self.sa, payloads, message_id, cx) else { return };
        let Some(crypto) = &self.sa.crypto else { return };
        let header = self.header(ExchangeType::INFORMATIONAL, message_id);
        let (octets, _) = protect::seal(&crypto.cipher, &crypto.phase2_iv(message_id), &header, &payloads);
        let record = MessageRecord { payloads: listed(&payloads), ..self.record(&header, &octets) };
        if payloads.iter().any(|payload| matches!(payload, Payload::Delete(_))) {
            self.left.partings.push((record.clone(), octets.clone()));
        }
        self.post(record, octets, cx.now, out);
    }

    /// Whether we have ended aggressive mode as its initiator, and the next word is the peer's.
    fn waits_after_aggressive_mode(&self) -> bool {
        let connection = &self.sa.connection;
        let is_theirs = match self.sa.gates.front() {
            Some(Gate::User) => matches!(connection.xauth, Some(Xauth::Client { .. })),
            Some(Gate::Configuration) => connection.is_told,
            None => false,
        };
        is_theirs && self.sa.role == Role::Initiator && connection.mode == Mode::Aggressive
    }

    fn header(&self, exchange: ExchangeType, message_id: u32) -> Header {
        Header {
            spi_i: self.sa.cookie_i,
            spi_r: self.sa.cookie_r,
            next_payload: PayloadType::NONE,
            version: Version::V1,
            exchange,
            flags: Flags::default(),
            message_id,
            length: 0,
        }
    }

    fn record(&self, header: &Header, octets: &[u8]) -> MessageRecord {
        MessageRecord {
            peer: self.sa.path.remote,
            exchange: header.exchange,
            message_id: header.message_id,
            encrypted: Header::parse(octets).is_ok_and(|header| header.flags.encryption),
            payloads: Vec::new(),
            transmission: 1,
            answers_repeat: false,
        }
    }

    fn post(&mut self, record: MessageRecord, octets: Vec<u8>, now: Instant, out: &mut VecDeque<Output>) {
        self.last_sent = now;
        let Path { local: source, remote: destination, .. } = self.sa.path;
        out.push_back(Output::Event(Event::Sent(record)));
        let limit = self.sa.connection.fragments.filter(|_| self.sa.features.fragments);
        let version = if source.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 };
        let number = self.cut.wrapping_add(1);
        let pieces = limit.and_then(|limit| fragments::cut(&octets, number, (version, source.port()), limit));
        if pieces.is_some() {
            self.cut = number;
            out.push_back(Output::Event(Event::Probe("ikev1.fragments.sent")));
        }
        let datagram = |octets| Output::Datagram { source, destination, octets };
        out.extend(pieces.unwrap_or_else(|| vec![octets]).into_iter().map(datagram));
    }
}
