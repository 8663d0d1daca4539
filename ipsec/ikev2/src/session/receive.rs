//! Messages on their way into an IKE SA: requests of the peer's and responses to ours, whole or in pieces.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use ipsec_net::Instant;
use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::{Message, Notify, Payload, fragment_number};
use ipsec_wire::{Header, Spi};

use super::{Open, Session, received};
use crate::context::Context;
use crate::defence::shows;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::exchange::liveness::LivenessExchange;
use crate::exchange::notice::{Notice, window_size};
use crate::exchange::{Exchange, Next};
use crate::grammar::{self, Broken};
use crate::keys::int_auth_content;
use crate::message::{Opened, find_notify};
use crate::output::Output;
use crate::path::Path;
use crate::protect::NotOpened;
use crate::refusal::{DropReason, Failure, FragmentFault, Refusal};
use crate::sa::{Affair, State};
use crate::status::Stage;
use crate::table;
use crate::window::{Added, Incoming};

/// A response that is sent again to an address that is not the peer's may be so many times as long as the request.
const MOST_AMPLIFIED: usize = 3;

/// How many requests we have open at once, however many the peer takes.
const MOST_OPEN: u32 = 64;

/// How long nobody's word makes us ask again whether the peer is alive.
const BETWEEN_HINTS: Duration = Duration::from_secs(10);

/// How long we keep silent about message IDs and SPIs that we do not know, once we have told of one.
const BETWEEN_COMPLAINTS: Duration = Duration::from_secs(60);

impl Session {
    pub(super) fn handle_request(
        &mut self,
        came: Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        match self.synchronisation(&header, octets) {
            Ok(None) => {}
            Ok(Some(wish)) => {
                self.synchronise(&came, octets, wish, cx, out);
                return Ok(());
            }
            Err(reason) => {
                out.push_back(Output::Event(Event::Probe("ikev2.failover.refused")));
                return Err(reason);
            }
        }
        match self.responses.classify(header.message_id, octets) {
            Incoming::Repeat => return self.repeated(came, header, octets, cx.now, out),
            Incoming::Differs => {
                self.check_repeat(octets)?;
                return self.repeated(came, header, octets, cx.now, out);
            }
            Incoming::OutOfWindow => {
                self.complain(header.message_id, octets, cx);
                return Err(DropReason::OutOfWindow);
            }
            Incoming::New if self.is_synchronising() => return Err(DropReason::Unsynchronised),
            Incoming::New => {}
        }
        let mut window = None;
        let (head, pieces, answer) = match self.open_message(came, header, octets, &[], cx) {
            Ok((message, head)) => {
                self.tell(&message, came.remote, out);
                if matches!(self.sa.state, State::HalfOpen(_)) {
                    // The first message of IKE_AUTH may come from another port than IKE_SA_INIT.
                    let path = Path { nat: self.sa.path.nat, ..came };
                    self.carry_out(vec![Effect::Move(path)], cx, out);
                }
                window = window_size(&message.payloads);
                let answer = grammar::check(header.exchange, &message.payloads)
                    .map_err(refusal)
                    .and_then(|()| table::answer(&self.sa, &message, cx));
                (head, message.pieces, answer)
            }
            Err(NotOpened::Incomplete) => return Ok(()),
            Err(NotOpened::Drop(reason)) => return Err(reason),
            Err(broken @ (NotOpened::Malformed(_) | NotOpened::TooLong)) => {
                let notify = Notify::new(NotifyType::INVALID_SYNTAX, Vec::new());
                (None, (1, octets.len()), Err(Refusal::Close(notify, failure(broken))))
            }
        };
        self.sa.last_heard = cx.now;
        let (payloads, effects) = match answer {
            Ok(answer) => (answer.payloads, answer.effects),
            Err(Refusal::Ignore(reason)) => return Err(reason),
            Err(Refusal::Answer(notify)) => (vec![Payload::Notify(notify)], Vec::new()),
            Err(Refusal::Close(notify, failure)) => {
                (vec![Payload::Notify(notify)], vec![self.ending(failure)])
            }
        };
        let request = (head.as_deref().unwrap_or(octets), pieces);
        let at = out.len();
        self.respond(header, request, &payloads, &came, cx, out);
        let before = self.sa.path;
        self.carry_out(effects, cx, out);
        install_first(out, at);
        self.follow(&came, cx, out);
        self.note_move(&before, cx.now);
        self.note_window(window);
        Ok(())
    }

    /// Tells of a message that was understood.
    fn tell(&self, message: &Opened<'_>, from: SocketAddr, out: &mut VecDeque<Output>) {
        out.push_back(received(from, message, Some(Stage::of(&self.sa.state))));
        let mut met = |probe| out.push_back(Output::Event(Event::Probe(probe)));
        if message.pieces.0 > 1 {
            met("ikev2.message.in-pieces");
        }
        let header = &message.header;
        if !header.flags.response && header.message_id > self.responses.next_id() {
            met("ikev2.request.out-of-order");
        }
    }

    /// Sends as many requests at once as the peer says that it takes, once it has proven who it is.
    fn note_window(&mut self, size: Option<u32>) {
        if let Some(size) = size.filter(|_| self.sa.is_established()) {
            self.requests.widen(size.min(MOST_OPEN));
        }
    }

    /// Tells the peer of a request ahead of what we take, if it is the peer's (RFC 7296 §2.3).
    fn complain(&mut self, message_id: u32, octets: &[u8], cx: &Context<'_>) {
        let ahead = message_id > self.responses.next_id();
        let genuine = || self.sa.crypto.as_ref().is_some_and(|crypto| crypto.protection.open(octets).is_ok());
        if ahead && self.sa.is_current() && genuine() && self.may_complain(cx) {
            self.queue.push_back(Box::new(Notice::invalid_message_id(message_id)));
        }
    }

    /// Tells the peer of a packet that the child is not for which receives under this SPI, as often as is configured.
    pub(crate) fn invalid_selectors(
        &mut self,
        spi: Spi,
        head: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let Some(between) = self.sa.connection.selector_notices else { return };
        let Some(protocol) = self.sa.child(spi).map(|child| child.protocol) else { return };
        if self.sa.is_current() && self.may_complain_every(between, cx) {
            self.begin(Box::new(Notice::invalid_selectors(protocol, spi, head)), cx, out);
        }
    }

    fn may_complain(&mut self, cx: &Context<'_>) -> bool {
        self.may_complain_every(BETWEEN_COMPLAINTS, cx)
    }

    /// Whether we have told the peer of nothing unknown for so long.
    fn may_complain_every(&mut self, between: Duration, cx: &Context<'_>) -> bool {
        let silent = self.complained.is_none_or(|at| cx.now.since(at) >= between);
        if silent {
            self.complained = Some(cx.now);
        }
        silent
    }

    /// Tells the peer of an SPI that we do not know, unless a request of ours is open whose response may tell of it.
    pub(crate) fn unknown_spi(&mut self, spi: Spi, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        if self.sa.is_current() && self.sa.affairs.is_empty() && self.may_complain(cx) {
            self.begin(Box::new(Notice::invalid_spi(spi)), cx, out);
        }
    }

    /// Somebody, whoever it may be, says that the peer has lost something: asks it whether it is alive, but not often
    /// (RFC 7296 §2.4).
    pub(crate) fn hint(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let silent = self.hinted.is_none_or(|at| cx.now.since(at) >= BETWEEN_HINTS);
        if silent && self.sa.is_current() && self.pending() == 0 {
            self.hinted = Some(cx.now);
            self.begin(Box::new(LivenessExchange), cx, out);
        }
    }

    /// An answer in the clear where none may be: from a peer that has lost its state, or from anybody. Only one that shows
    /// the peer's token is believed (RFC 6290 §4.5).
    pub(super) fn handle_clear(
        &mut self,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let message = Message::parse(octets).map_err(|error| DropReason::Malformed(error.to_string()))?;
        let mut met = |probe| out.push_back(Output::Event(Event::Probe(probe)));
        if self.sa.token.as_ref().is_some_and(|token| shows(&message.payloads, token)) {
            met("ikev2.token.believed");
            self.carry_out(vec![Effect::Close(Cause::LostByPeer)], cx, out);
            return Ok(());
        }
        if find_notify(&message.payloads, NotifyType::INVALID_IKE_SPI).is_none() {
            return Err(DropReason::Unprotected);
        }
        met("ikev2.invalid-ike-spi.received");
        self.hint(cx, out);
        Ok(())
    }

    /// Sends the response again to a request that was answered, to where it came from.
    fn repeated(
        &mut self,
        came: Path,
        header: Header,
        octets: &[u8],
        now: Instant,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let length = self.responses.length(header.message_id).ok_or(DropReason::OutOfWindow)?;
        out.push_back(Output::Event(Event::Probe("ikev2.request.repeated")));
        if !came.joins_same(&self.sa.path) && length > MOST_AMPLIFIED * octets.len() {
            return Err(DropReason::Amplification);
        }
        let again = self.responses.again(header.message_id).ok_or(DropReason::OutOfWindow)?;
        let response = (header.exchange, true, header.message_id);
        self.send_again(response, (again.transmission, &again.datagrams), &came, now, out);
        Ok(())
    }

    /// A request with a message ID that was answered, but other octets: the peer may have cut it anew, in smaller pieces, of
    /// which the first asks for the response (RFC 7383 §2.6.1).
    fn check_repeat(&self, octets: &[u8]) -> Result<(), DropReason> {
        let malformed = |error: ipsec_wire::Malformed| DropReason::Malformed(error.to_string());
        let piece = fragment_number(octets).map_err(malformed)?.ok_or(DropReason::Differs)?;
        if piece.number != 1 {
            return Err(FragmentFault::Answered.into());
        }
        let crypto = self.sa.crypto.as_ref().ok_or(DropReason::Protection)?;
        match crypto.before.as_deref().unwrap_or(&crypto.protection).open(octets) {
            Ok(_) => Ok(()),
            Err(NotOpened::Drop(reason)) => Err(reason),
            Err(_) => Err(DropReason::Differs),
        }
    }

    pub(super) fn handle_response(
        &mut self,
        came: Path,
        header: Header,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<(), DropReason> {
        let message_id = header.message_id;
        let fits = |open: &Open| open.exchange.kind() == header.exchange;
        if !self.open.get(&message_id).is_some_and(fits) {
            return Err(DropReason::Unexpected);
        }
        let request = self.requests.datagrams(message_id).first().cloned().unwrap_or_default();
        let opened = match self.open_message(came, header, octets, &request, cx) {
            Ok((message, _)) => Ok(message),
            Err(NotOpened::Incomplete) => return Ok(()),
            Err(NotOpened::Drop(reason)) => return Err(reason),
            Err(broken @ (NotOpened::Malformed(_) | NotOpened::TooLong)) => Err(failure(broken)),
        };
        let Some(mut open) = self.open.remove(&message_id) else { return Err(DropReason::Unexpected) };
        let (mut window, affair) = (None, open.exchange.affair());
        let result = opened.map(|message| {
            self.tell(&message, came.remote, out);
            window = window_size(&message.payloads);
            grammar::check(header.exchange, &message.payloads)
                .map_err(refusal)
                .and_then(|()| self.understood(&message, &mut *open.exchange, cx))
        });
        let next = match result {
            Ok(Ok(Next::Again)) => {
                self.requests.repeat_id();
                self.queue.push_front(open.exchange);
                return Ok(());
            }
            Ok(Ok(Next::On(effects))) => {
                self.requests.answered(message_id);
                self.fragments.forget((true, message_id));
                self.go_on(open.exchange, affair, effects, cx, out);
                return Ok(());
            }
            Ok(Ok(next)) => {
                self.sa.last_heard = cx.now;
                next
            }
            Ok(Err(Refusal::Ignore(reason))) => {
                self.open.insert(message_id, open);
                return Err(reason);
            }
            Ok(Err(Refusal::Answer(notify))) => {
                let failure = Failure::Syntax(format!("a response that calls for {}", notify.kind));
                Next::Done(vec![self.ending(failure)])
            }
            Ok(Err(Refusal::Close(_, failure))) | Err(failure) => Next::Done(vec![self.ending(failure)]),
        };
        self.requests.answered(message_id);
        if self.open.is_empty() {
            // As in `Requests::answered`.
            self.open = BTreeMap::new();
        }
        self.fragments.forget((true, message_id));
        self.follow(&came, cx, out);
        self.settle_on(&came, cx, out);
        self.carry_out(vec![Effect::Through(affair)], cx, out);
        match next {
            Next::Done(effects) => self.carry_out(effects, cx, out),
            Next::Then(next, effects) => {
                self.carry_out(effects, cx, out);
                self.queue.push_front(next);
            }
            Next::Later(next, wait, effects) => {
                self.carry_out(effects, cx, out);
                self.later.push((cx.now + wait, next));
            }
            // Dealt with above: the same exchange stays.
            Next::Again | Next::On(_) => {}
        }
        self.note_window(window);
        Ok(())
    }

    /// Puts an exchange that goes on at the head of the queue. What it has begun by `effects` is what the record holds of it
    /// afterwards.
    fn go_on(
        &mut self,
        exchange: Box<dyn Exchange>,
        before: Option<Affair>,
        mut effects: Vec<Effect>,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        self.sa.last_heard = cx.now;
        if exchange.affair() != before {
            effects.push(Effect::Through(before));
        }
        self.carry_out(effects, cx, out);
        self.queue.push_front(exchange);
    }

    /// What a response means. A peer that says that our request was malformed has ended the IKE SA, and so do we
    /// (RFC 7296 §2.21.3).
    fn understood(
        &self,
        message: &Opened<'_>,
        exchange: &mut dyn Exchange,
        cx: &mut Context<'_>,
    ) -> Result<Next, Refusal> {
        let established = matches!(self.sa.state, State::Established(_) | State::Deleting);
        match find_notify(&message.payloads, NotifyType::INVALID_SYNTAX).filter(|_| established) {
            Some(notify) => {
                let failure = Failure::Syntax(format!("the peer says so of our {}", exchange.describe()));
                Err(Refusal::Close(notify.clone(), failure))
            }
            None => exchange.response(&self.sa, message, cx),
        }
    }

    /// Parses a message and takes it out of SK, or out of SKF once all its pieces are there; then the datagram with the first
    /// piece comes with it. Only `IKE_SA_INIT` comes in the clear.
    fn open_message<'a>(
        &mut self,
        came: Path,
        header: Header,
        octets: &'a [u8],
        request: &'a [u8],
        cx: &Context<'_>,
    ) -> Result<(Opened<'a>, Option<Vec<u8>>), NotOpened> {
        let malformed =
            |error: ipsec_wire::Malformed| NotOpened::Drop(DropReason::Malformed(error.to_string()));
        let clear = is_first(header.exchange);
        let pieces = (1, octets.len());
        let mut opened =
            Opened { header, payloads: Vec::new(), octets, pieces, came, request, content: Vec::new() };
        let crypto = match (&self.sa.crypto, clear) {
            (None, true) => {
                opened.payloads = Message::parse(octets).map_err(malformed)?.payloads;
                return Ok((opened, None));
            }
            (Some(crypto), false) => crypto,
            _ => return Err(NotOpened::Drop(DropReason::Protection)),
        };
        let place = (header.flags.response, header.message_id);
        let unfit = |fault: FragmentFault| NotOpened::Drop(fault.into());
        if let Some(piece) = fragment_number(octets).map_err(malformed)? {
            if !self.sa.features.fragmentation {
                return Err(unfit(FragmentFault::NotAgreed));
            }
            self.fragments.admit(place, piece).map_err(unfit)?;
        }
        let (content, head) = match crypto.protection.open(octets)? {
            (None, content) => {
                self.fragments.forget(place);
                (content, None)
            }
            (Some(piece), content) => {
                let patience = self.sa.connection.retransmission.total();
                match self.fragments.add(cx.now, patience, place, piece, content, octets) {
                    Added::Waiting => return Err(NotOpened::Incomplete),
                    Added::TooLong => return Err(NotOpened::TooLong),
                    Added::Whole { content, head, pieces } => {
                        opened.pieces = pieces;
                        (content, Some(head))
                    }
                }
            }
        };
        opened.payloads = content.payloads()?;
        if header.exchange == ExchangeType::IKE_INTERMEDIATE {
            // As if it had come in one piece, its first (RFC 9242 §3.3.2).
            let whole = head.as_deref().unwrap_or(octets);
            opened.content =
                int_auth_content(&header, content.first, whole[Header::LEN + 1], &content.octets);
        }
        Ok((opened, head))
    }
}

/// Puts what is installed before the response, which stands at `at` or behind: we can receive under an SA before the peer hears of
/// it (RFC 7296 §2.8).
fn install_first(out: &mut VecDeque<Output>, at: usize) {
    let (installed, others): (Vec<Output>, Vec<Output>) =
        out.drain(at..).partition(|output| matches!(output, Output::Install(_)));
    out.extend(installed);
    out.extend(others);
}

/// Whether an exchange makes keys, and so comes in the clear.
fn is_first(exchange: ExchangeType) -> bool {
    matches!(exchange, ExchangeType::IKE_SA_INIT | ExchangeType::IKE_SESSION_RESUME)
}

/// Whether a message is in the clear that should not be.
pub(super) fn is_clear(header: &Header) -> bool {
    let protected = [PayloadType::SK, PayloadType::SKF].contains(&header.next_payload);
    !protected && !is_first(header.exchange)
}

/// Why a message whose integrity is proven is none.
fn failure(broken: NotOpened) -> Failure {
    Failure::Syntax(match broken {
        NotOpened::Malformed(what) => what,
        _ => "a message in more pieces than there may be".to_owned(),
    })
}

/// What a broken grammar means for a message whose integrity is proven, or that came in the clear.
fn refusal(broken: Broken) -> Refusal {
    match broken {
        Broken::Critical(kind) => {
            Refusal::Answer(Notify::new(NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, vec![kind.0]))
        }
        Broken::TooMany(kind) => {
            let notify = Notify::new(NotifyType::INVALID_SYNTAX, Vec::new());
            Refusal::Close(notify, Failure::Syntax(format!("too many {kind} payloads")))
        }
    }
}
