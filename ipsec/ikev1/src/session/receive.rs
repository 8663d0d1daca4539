//! How messages come in: is it a repeat, can it be read, which exchange is it for, and what follows.

use std::collections::VecDeque;
use std::mem;

use ipsec_dataplane::Path;
use ipsec_wire::registry::v1::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v1::{Delete, Header, Notify, Payload};

use super::{Session, Slot};
use crate::config::Mode;
use crate::context::Context;
use crate::effect::Effect;
use crate::endpoint::stateless;
use crate::event::{Event, MessageRecord, listed};
use crate::exchange::quick::{self, Unfit};
use crate::exchange::transaction;
use crate::exchange::{Guise, Step, informational};
use crate::grammar::Form;
use crate::message::Opened;
use crate::output::Output;
use crate::protect;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{Role, State};

/// So many message IDs of the peer's are remembered under one ISAKMP SA. The RFC wants none taken twice, and memory is finite.
const MOST_USED: usize = 10_000;

/// So many exchanges of the peer's may be open at once.
const MOST_OPEN: usize = 64;

impl Session {
    /// Takes a message that has the cookies of this ISAKMP SA, and came on this path.
    pub(crate) fn handle(
        &mut self,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        if header.next_payload == PayloadType::FRAGMENT && !header.flags.encryption {
            return self.piece(came, header, octets, cx, out);
        }
        if header.message_id != 0 && header.flags.encryption && self.sa.state == State::Negotiating {
            self.repeat_phase1(cx, out);
            return Err(DropReason::State);
        }
        match header.exchange {
            ExchangeType::INFORMATIONAL => self.informational(came, header, octets, cx, out),
            exchange if exchange == self.phase1_type() && header.message_id == 0 => {
                let mut slot = mem::take(&mut self.phase1);
                let done = self.advance(&mut slot, came, header, octets, cx, out);
                self.phase1 = slot;
                if let Err(
                    reason @ (DropReason::Undecipherable | DropReason::Integrity | DropReason::UnknownKey),
                ) = &done
                {
                    let text = format!("a message came that was protected with other keys ({reason})");
                    self.hint.get_or_insert(Failure::Authentication(text));
                }
                if let Err(reason @ DropReason::UnknownKey) = &done {
                    self.hint.get_or_insert(Failure::Authentication(reason.to_string()));
                }
                done
            }
            ExchangeType::QUICK | ExchangeType::TRANSACTION
                if self.phase2.contains_key(&header.message_id) =>
            {
                self.go_on(came, header, octets, cx, out)
            }
            ExchangeType::QUICK if header.message_id != 0 => self.quick(came, header, octets, cx, out),
            ExchangeType::TRANSACTION if header.message_id != 0 => {
                self.transaction(came, header, octets, cx, out)
            }
            ExchangeType::NEW_GROUP if header.message_id != 0 => {
                self.new_group(came, header, octets, cx, out)
            }
            ExchangeType::QUICK
            | ExchangeType::TRANSACTION
            | ExchangeType::MAIN
            | ExchangeType::AGGRESSIVE => Err(DropReason::State),
            other => Err(DropReason::Exchange(other.to_string())),
        }
    }

    /// A piece of a message; the message, once it is whole. In the pieces of a message are no pieces of another.
    fn piece(
        &mut self,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let wrong = |what: &str| DropReason::Fragment(what.to_owned());
        let malformed = |error: ipsec_wire::Malformed| DropReason::Malformed(error.to_string());
        if self.sa.connection.fragments.is_none() {
            return Err(wrong("none is put together here"));
        }
        let message = Opened::read(header, *came, octets.to_vec()).map_err(malformed)?;
        let [Payload::Fragment(piece)] = message.payloads.as_slice() else {
            return Err(wrong("it does not stand alone"));
        };
        let Some(whole) = self.pieces.add(piece.clone())? else { return Ok(()) };
        let inner = Header::parse(&whole).map_err(malformed)?;
        let is_ours = (inner.spi_i, inner.spi_r) == (header.spi_i, header.spi_r);
        let is_whole = usize::try_from(inner.length) == Ok(whole.len());
        if !is_ours || !is_whole || inner.next_payload == PayloadType::FRAGMENT {
            return Err(wrong("all of them make no message of this ISAKMP SA"));
        }
        out.push_back(Output::Event(Event::Probe("ikev1.fragments.whole")));
        self.handle(came, inner, &whole, cx, out)
    }

    /// A peer that has come to phase 2 while we have not misses that its last message of phase 1 is lost: it repeats that
    /// when ours comes once more.
    fn repeat_phase1(&mut self, cx: &Context<'_>, out: &mut VecDeque<Output>) {
        let how = self.sa.connection.retransmission;
        if let Some((again, transmission)) = self.phase1.resend.again(cx.now, &how) {
            self.send_again(again, (transmission, true), cx.now, out);
            out.push_back(Output::Event(Event::Probe("ikev1.phase1.repeated-for-phase2")));
        }
    }

    /// The next message of an exchange under the ISAKMP SA.
    fn go_on(
        &mut self,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let Some(mut slot) = self.phase2.remove(&header.message_id) else { return Err(DropReason::State) };
        let done = self.advance(&mut slot, came, header, octets, cx, out);
        self.phase2.insert(header.message_id, slot);
        done
    }

    fn quick(
        &mut self,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let message_id = header.message_id;
        if !self.sa.is_open() {
            return Err(DropReason::State);
        }
        self.check_open()?;
        let (message, next) = self.open_first(came, header, octets)?;
        let answer = quick::Responder::begin(&self.sa, &message, cx).map_err(dropped)?;
        self.note_first(&message, cx, out);
        match answer {
            Ok((exchange, step)) => {
                let mut slot = Slot {
                    exchange: Some(Box::new(exchange)),
                    iv: next.unwrap_or_default(),
                    ..Slot::default()
                };
                slot.resend.received(octets);
                self.follow(&mut slot, message_id, step, cx, out);
                self.phase2.insert(message_id, slot);
            }
            Err(unfit) => self.refuse(*unfit, cx, out),
        }
        Ok(())
    }

    fn transaction(
        &mut self,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let message_id = header.message_id;
        self.check_open()?;
        let (message, next) = self.open_first(came, header, octets)?;
        let step = transaction::answer(&self.sa, &message, cx).map_err(dropped)?;
        self.note_first(&message, cx, out);
        let mut slot = Slot { iv: next.unwrap_or_default(), transacts: true, ..Slot::default() };
        slot.resend.received(octets);
        // The answer comes before what follows from it, so that the peer gets it first.
        let Step { effects, reply, .. } = step;
        self.follow(&mut slot, message_id, Step { effects: Vec::new(), reply, done: true }, cx, out);
        self.phase2.insert(message_id, slot);
        self.apply(effects, cx, out);
        Ok(())
    }

    /// Groups that are made up for one ISAKMP SA (RFC 2409 §5.6) are spoken nowhere: the peer is told, when it is the peer.
    fn new_group(
        &mut self,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let (message, _) = self.open_first(came, header, octets)?;
        informational::check(&self.sa, Form::NewGroup, &message, cx).map_err(dropped)?;
        self.note_first(&message, cx, out);
        let notify = informational::notify(&self.sa, NotifyType::UNSUPPORTED_EXCHANGE_TYPE, Vec::new());
        self.tell(vec![notify], cx, out);
        out.push_back(Output::Event(Event::Probe("ikev1.new-group.refused")));
        Ok(())
    }

    /// Refuses a quick mode of the peer's.
    fn refuse(&mut self, unfit: Unfit, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let Unfit { kind, failure, protocol, spi, child } = unfit;
        let notify = Notify { protocol, spi, ..Notify::new(kind, Vec::new()) };
        self.tell(vec![Payload::Notify(notify)], cx, out);
        out.push_back(Output::Event(Event::ChildFailed { child, failure }));
    }

    fn informational(
        &mut self,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        if !header.flags.encryption {
            return Err(self.unprotected(came, header, octets));
        }
        if self.farewells.is_repeat(octets) {
            out.push_back(Output::Event(Event::Probe("ikev1.delete.repeated")));
            return Ok(());
        }
        let (message, _) = self.open_first(came, header, octets)?;
        let effects = informational::receive(&self.sa, &message, cx).map_err(dropped)?;
        self.note_first(&message, cx, out);
        if message.payloads.iter().any(|payload| matches!(payload, Payload::Delete(_))) {
            self.farewells.note(octets);
        }
        self.apply(effects, cx, out);
        Ok(())
    }

    /// A notify in the clear may be anybody's: it shows no more than what may be wrong if phase 1 gets no further.
    fn unprotected(&mut self, came: &Path, header: Header, octets: &[u8]) -> DropReason {
        let message = match Opened::read(header, *came, octets.to_vec()) {
            Ok(message) => message,
            Err(error) => return DropReason::Malformed(error.to_string()),
        };
        let error = message.payloads.iter().find_map(|payload| match payload {
            Payload::Notify(notify) if notify.kind.is_error() => Some(notify.kind),
            _ => None,
        });
        if let Some(kind) = error.filter(|_| !self.sa.is_established()) {
            self.hint.get_or_insert(Failure::told_in_phase1(kind, &self.sa.connection.offered()));
        }
        DropReason::Unprotected(error.map_or("message".to_owned(), |kind: NotifyType| kind.to_string()))
    }

    /// Reads the first message of an exchange that the peer begins under the ISAKMP SA, and tells the IV of the next one.
    fn open_first(
        &self,
        came: &Path,
        header: Header,
        octets: &[u8],
    ) -> Result<(Opened, Option<Vec<u8>>), DropReason> {
        self.check_unused(header.message_id)?;
        self.check_path(came)?;
        let crypto = self.sa.crypto.as_ref().ok_or(DropReason::Protection)?;
        self.open(Guise::Encrypted, (&crypto.phase2_iv(header.message_id), came), header, octets)
    }

    /// Such a message has proven to be the peer's.
    fn note_first(&mut self, message: &Opened, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        self.used.insert(message.header.message_id);
        self.phase1.resend.over();
        self.dpd.heard(cx.now);
        self.follow_peer(&message.came, cx, out);
        out.push_back(Output::Event(Event::Received(record(message))));
    }

    /// Whether the peer may begin one exchange more.
    fn check_open(&self) -> Result<(), DropReason> {
        if self.phase2.len() >= MOST_OPEN { Err(DropReason::Exhausted) } else { Ok(()) }
    }

    fn check_unused(&self, message_id: u32) -> Result<(), DropReason> {
        if self.used.contains(&message_id) {
            return Err(DropReason::Repeated);
        }
        if self.used.len() >= MOST_USED { Err(DropReason::Exhausted) } else { Ok(()) }
    }

    /// A message has to come where the ISAKMP SA runs, unless NAT may have moved the peer.
    fn check_path(&self, came: &Path) -> Result<(), DropReason> {
        if came.joins_same(&self.sa.path) || self.may_move() { Ok(()) } else { Err(DropReason::Address) }
    }

    /// The next message of an exchange that is known.
    fn advance(
        &mut self,
        slot: &mut Slot,
        came: &Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        if slot.resend.is_repeat(octets) {
            let how = &self.sa.connection.retransmission;
            let (again, transmission) = slot.resend.again(cx.now, how).ok_or(DropReason::Repeated)?;
            self.send_again(again, (transmission, true), cx.now, out);
            out.push_back(Output::Event(Event::Probe("ikev1.repeat.answered")));
            return Ok(());
        }
        let Some(exchange) = &mut slot.exchange else { return Err(DropReason::State) };
        let guise = exchange.guise();
        // In phase 1 the initiator goes to another port when it has found NAT, with the first message that proves who it is.
        let floats = self.sa.features.nat.is_some()
            && self.sa.state == State::Negotiating
            && self.sa.role == Role::Responder
            && guise != Guise::Clear;
        if !floats {
            self.check_path(came)?;
        }
        let (message, next) = self.open(guise, (&slot.iv, came), header, octets)?;
        let step = match exchange.receive(&self.sa, &message, cx) {
            Ok(step) => step,
            Err(Refusal::Ignore(reason)) => return Err(reason),
            Err(Refusal::Close(kind, failure)) => {
                out.push_back(Output::Event(Event::Received(record(&message))));
                if let Some(next) = next {
                    slot.iv = next;
                }
                self.give_up(slot, &message, (kind, failure), cx, out);
                return Ok(());
            }
        };
        out.push_back(Output::Event(Event::Received(record(&message))));
        slot.resend.received(octets);
        if let Some(next) = next {
            slot.iv = next;
        }
        self.dpd.heard(cx.now);
        match floats {
            true => {
                let path = Path { nat: self.sa.path.nat, ..*came };
                self.apply(vec![Effect::Move(path)], cx, out);
            }
            false => self.follow_peer(came, cx, out),
        }
        self.follow(slot, header.message_id, step, cx, out);
        Ok(())
    }

    /// Does what follows from a message: changes first, then the answer.
    pub(super) fn follow(
        &mut self,
        slot: &mut Slot,
        message_id: u32,
        step: Step,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let had_keys = self.sa.crypto.is_some();
        self.apply(step.effects, cx, out);
        if let Some(crypto) = self.sa.crypto.as_ref().filter(|_| !had_keys) {
            slot.iv = crypto.last_block.clone();
        }
        if step.done {
            slot.exchange = None;
            slot.forget = Some(cx.now + self.sa.connection.retransmission.total());
        }
        if let Some(reply) = step.reply {
            self.send(slot, message_id, &reply, cx, out);
        }
        if let Some(crypto) = self.sa.crypto.as_mut().filter(|_| step.done && message_id == 0) {
            crypto.last_block = slot.iv.clone();
        }
    }

    /// Ends an exchange that cannot succeed, and tells the peer why.
    fn give_up(
        &mut self,
        slot: &mut Slot,
        message: &Opened,
        (kind, failure): (NotifyType, Failure),
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        slot.resend.over();
        let exchange = slot.exchange.take();
        let header = &message.header;
        if header.message_id == 0 {
            self.left.failed = Some(failure);
            let is_last = match self.sa.connection.mode {
                Mode::Main => self.sa.role == Role::Initiator,
                Mode::Aggressive => self.sa.role == Role::Responder,
            };
            if let Some(crypto) = self.sa.crypto.as_mut().filter(|_| is_last) {
                // The peer's phase 1 was over with what it sent, so that it believes what is protected.
                crypto.last_block = slot.iv.clone();
                let delete = Delete::ike(header.spi_i, header.spi_r);
                // Under an ISAKMP SA the word for identities is one of quick mode.
                let kind = match kind {
                    NotifyType::INVALID_ID_INFORMATION => NotifyType::AUTHENTICATION_FAILED,
                    other => other,
                };
                let notify = Notify::about_ike(header.spi_i, header.spi_r, kind, Vec::new());
                return self.tell(vec![Payload::Notify(notify), Payload::Delete(delete)], cx, out);
            }
            let notify = Notify::about_ike(header.spi_i, header.spi_r, kind, Vec::new());
            out.push_back(stateless(&message.came, (header.spi_i, header.spi_r), notify, cx));
            return;
        }
        let notify = Notify::new(kind, Vec::new());
        self.tell(vec![Payload::Notify(notify)], cx, out);
        if let Some((child, _)) = exchange.as_ref().and_then(|exchange| exchange.child()) {
            out.push_back(Output::Event(Event::ChildFailed { child: child.to_owned(), failure }));
        }
    }

    /// Reads a message, and tells the IV of the next one if it was encrypted.
    fn open(
        &self,
        guise: Guise,
        (iv, came): (&[u8], &Path),
        header: Header,
        octets: &[u8],
    ) -> Result<(Opened, Option<Vec<u8>>), DropReason> {
        let malformed = |error: ipsec_wire::Malformed| DropReason::Malformed(error.to_string());
        match (guise, header.flags.encryption) {
            (Guise::Clear | Guise::Either, false) => {
                Ok((Opened::read(header, *came, octets.to_vec()).map_err(malformed)?, None))
            }
            (Guise::Encrypted | Guise::Either, true) => {
                let crypto = self.sa.crypto.as_ref().ok_or(DropReason::Protection)?;
                let (clear, next) = protect::open(&crypto.cipher, iv, octets).map_err(malformed)?;
                let message = Opened::read(header, *came, clear).map_err(|_| DropReason::Undecipherable)?;
                Ok((message, Some(next)))
            }
            _ => Err(DropReason::Protection),
        }
    }
}

/// Why a message is dropped that may not be the peer's.
fn dropped(refusal: Refusal) -> DropReason {
    match refusal {
        Refusal::Ignore(reason) => reason,
        Refusal::Close(..) => DropReason::State,
    }
}

/// A message that came, as a ladder shows it.
pub(crate) fn record(message: &Opened) -> MessageRecord {
    MessageRecord {
        peer: message.came.remote,
        exchange: message.header.exchange,
        message_id: message.header.message_id,
        encrypted: message.header.flags.encryption,
        payloads: listed(&message.payloads),
        transmission: 1,
        answers_repeat: false,
    }
}
