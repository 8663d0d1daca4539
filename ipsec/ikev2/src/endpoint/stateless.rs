//! Answers that need no session: cookies and refusals of a version (RFC 7296 §2.5, §2.6).

use std::net::SocketAddr;

use ipsec_net::Instant;
use ipsec_wire::Header;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use super::Endpoint;
use crate::config::CookiePolicy;
use crate::event::{Event, MessageRecord, listed};
use crate::message::{Envelope, Opened, find_notify};
use crate::output::Output;
use crate::refusal::DropReason;
use crate::sa::Role;

impl Endpoint {
    pub(super) fn demands_cookie(&self, half_open: usize) -> bool {
        match self.config.cookies {
            CookiePolicy::Never => false,
            CookiePolicy::Always => true,
            CookiePolicy::WhenHalfOpen(limit) => half_open >= limit,
        }
    }

    pub(super) fn brings_cookie(&self, now: Instant, from: SocketAddr, message: &Opened<'_>) -> bool {
        let cookie = find_notify(&message.payloads, NotifyType::COOKIE);
        let nonce = nonce_of(&message.payloads);
        cookie.zip(nonce).is_some_and(|(cookie, nonce)| {
            self.cookies.accept(now, &cookie.data, nonce, from.ip(), message.header.spi_i)
        })
    }

    pub(super) fn demand_cookie(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        message: &Opened<'_>,
    ) -> Result<(), DropReason> {
        let nonce = nonce_of(&message.payloads)
            .ok_or_else(|| DropReason::Malformed("IKE_SA_INIT without a nonce".to_owned()))?;
        let cookie = self.cookies.make(now, &mut *self.entropy, nonce, from.ip(), message.header.spi_i);
        self.out.push_back(Output::Event(Event::Probe("ikev2.cookie.demanded")));
        let notify = Notify::new(NotifyType::COOKIE, cookie);
        self.answer_statelessly(from, to, &message.header, &[Payload::Notify(notify)]);
        Ok(())
    }

    /// Tells that we speak version 2 only (RFC 7296 §2.5).
    pub(super) fn refuse_version(&mut self, from: SocketAddr, to: SocketAddr, header: &Header) {
        let notify = Notify::new(NotifyType::INVALID_MAJOR_VERSION, vec![2]);
        self.answer_statelessly(from, to, header, &[Payload::Notify(notify)]);
    }

    pub(super) fn answer_statelessly(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        header: &Header,
        payloads: &[Payload],
    ) {
        let envelope = Envelope {
            spi_i: header.spi_i,
            spi_r: header.spi_r,
            exchange: header.exchange,
            sender: if header.flags.initiator { Role::Responder } else { Role::Initiator },
            response: true,
            message_id: header.message_id,
        };
        self.out.push_back(Output::Event(Event::Sent(MessageRecord {
            peer: from,
            exchange: header.exchange,
            response: true,
            message_id: header.message_id,
            payloads: listed(payloads),
            transmission: 1,
        })));
        self.out.push_back(Output::Datagram {
            source: to,
            destination: from,
            octets: envelope.clear(payloads),
        });
    }
}

fn nonce_of(payloads: &[Payload]) -> Option<&[u8]> {
    payloads.iter().find_map(|payload| match payload {
        Payload::Nonce(nonce) => Some(nonce.as_slice()),
        _ => None,
    })
}
