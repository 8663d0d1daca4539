//! Answers that need no session: cookies, puzzles and refusals of a version (RFC 7296 §2.5, §2.6, RFC 8019 §7.1).

use std::net::SocketAddr;
use std::sync::Arc;

use ipsec_net::Instant;
use ipsec_wire::Header;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use super::Endpoint;
use crate::config::{Connection, CookiePolicy};
use crate::defence::{Origin, Puzzle, solution, zero_bits};
use crate::event::{Event, MessageRecord, listed};
use crate::message::{Envelope, Opened, find_notify};
use crate::negotiate;
use crate::output::Output;
use crate::refusal::DropReason;
use crate::sa::Role;

/// How many IKE SAs are half open at the responder: all of them, and those with the address in question.
#[derive(Clone, Copy, Debug)]
pub(super) struct HalfOpen {
    pub(super) all: usize,
    pub(super) here: usize,
}

/// How much harder than configured puzzles may be, in zero bits.
const MOST_DOUBLINGS: u32 = 8;

impl Endpoint {
    pub(super) fn demands_cookie(&self, half_open: HalfOpen, puzzle: Option<Puzzle>) -> bool {
        let crowded = half_open.here >= self.config.cookies_per_address;
        match self.config.cookies {
            CookiePolicy::Never => puzzle.is_some(),
            CookiePolicy::Always => true,
            CookiePolicy::WhenHalfOpen(limit) => puzzle.is_some() || crowded || half_open.all >= limit,
        }
    }

    /// The puzzle that an initiator has to solve, by the number of IKE SAs that are half open: with the first of our PRFs
    /// that it offers (RFC 8019 §7.1.1.2).
    pub(super) fn puzzle(
        &self,
        half_open: HalfOpen,
        candidates: &[Arc<Connection>],
        message: &Opened<'_>,
    ) -> Option<Puzzle> {
        let policy = self.config.puzzles.filter(|policy| half_open.all >= policy.when_half_open)?;
        let offer = message.payloads.iter().find_map(|payload| match payload {
            Payload::Sa(sa) => Some(sa.proposals.as_slice()),
            _ => None,
        })?;
        let proposals = candidates.iter().flat_map(|connection| &connection.proposals);
        let mut prfs = proposals.flat_map(|proposal| &proposal.prf);
        let prf = *prfs.find(|prf| negotiate::offers_prf(offer, **prf))?;
        let doublings = (half_open.all / policy.when_half_open.max(1)).max(1).ilog2().min(MOST_DOUBLINGS);
        let harder = u8::try_from(doublings).unwrap_or(0);
        let difficulty = if policy.difficulty == 0 { 0 } else { policy.difficulty.saturating_add(harder) };
        Some(Puzzle { prf, difficulty })
    }

    /// Whether a message brings a cookie that we have made for its sender; where we demand a puzzle, too, with the solution of
    /// the one that we gave it.
    pub(super) fn brings_cookie(
        &mut self,
        now: Instant,
        from: SocketAddr,
        message: &Opened<'_>,
        demanded: Option<Puzzle>,
    ) -> bool {
        let cookie = find_notify(&message.payloads, NotifyType::COOKIE);
        let Some((cookie, origin)) = cookie.zip(origin(from, message)) else { return false };
        let Some(given) = self.cookies.accept(now, &cookie.data, origin) else { return false };
        if demanded.is_none() {
            return true;
        }
        let solved = given.zip(solution(&message.payloads)).is_some_and(|(puzzle, keys)| {
            let reached = zero_bits(puzzle.prf, keys, &cookie.data);
            reached.is_some_and(|bits| bits >= u32::from(puzzle.difficulty.max(1)))
        });
        let probe = if solved { "ikev2.puzzle.solved" } else { "ikev2.puzzle.unsolved" };
        self.out.push_back(Output::Event(Event::Probe(probe)));
        solved
    }

    pub(super) fn demand_cookie(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        message: &Opened<'_>,
        puzzle: Option<Puzzle>,
    ) -> Result<(), DropReason> {
        let origin = origin(from, message)
            .ok_or_else(|| DropReason::Malformed("IKE_SA_INIT without a nonce".to_owned()))?;
        let cookie = self.cookies.make(now, &mut *self.entropy, origin, puzzle);
        self.out.push_back(Output::Event(Event::Probe("ikev2.cookie.demanded")));
        let mut payloads = vec![Payload::Notify(Notify::new(NotifyType::COOKIE, cookie))];
        if let Some(notify) = puzzle.and_then(Puzzle::notify) {
            self.out.push_back(Output::Event(Event::Probe("ikev2.puzzle.demanded")));
            payloads.push(Payload::Notify(notify));
        }
        self.answer_statelessly(from, to, &message.header, &payloads);
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
            pieces: 1,
            stage: None,
        })));
        self.out.push_back(Output::Datagram {
            source: to,
            destination: from,
            octets: envelope.clear(payloads),
        });
    }
}

/// What a cookie for the sender of a message is bound to.
fn origin<'a>(from: SocketAddr, message: &'a Opened<'_>) -> Option<Origin<'a>> {
    Some(Origin { nonce: nonce_of(&message.payloads)?, address: from.ip(), spi: message.header.spi_i })
}

fn nonce_of(payloads: &[Payload]) -> Option<&[u8]> {
    payloads.iter().find_map(|payload| match payload {
        Payload::Nonce(nonce) => Some(nonce.as_slice()),
        _ => None,
    })
}
