//! One ISAKMP SA and the exchanges under it: each with its own IVs and its own repeats.

mod clock;
mod dpd;
mod receive;
mod transmit;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ipsec_dataplane::Path;
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::v1::{ExchangeType, NotifyType};
use ipsec_wire::v1::Payload;

use crate::apply::{self, Left, Reach};
use crate::children::ChildSa;
use crate::config::{Connection, Mode};
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::exchange::transaction::{self, Purpose};
use crate::exchange::{Exchange, Reply, Step, aggressive, main_mode, quick};
use crate::farewell::Farewells;
use crate::features::Features;
use crate::fragments::Pieces;
use crate::message::Opened;
use crate::output::Output;
use crate::parting::Parting;
use crate::refusal::{Failure, Refusal};
use crate::resend::Resend;
use crate::sa::{Inside, IsakmpSa, Role, State};
use dpd::Dpd;

pub(crate) use clock::Timers;
pub(crate) use receive::record;

/// One exchange as it is kept.
#[derive(Default)]
pub(crate) struct Slot {
    /// Nothing once it is over: then it only answers repeats.
    exchange: Option<Box<dyn Exchange>>,
    /// The IV of its next message.
    iv: Vec<u8>,
    resend: Resend,
    /// Whether it is a transaction, and not quick mode.
    transacts: bool,
    /// When an exchange that is over no longer answers repeats.
    forget: Option<Instant>,
}

/// One ISAKMP SA at work.
pub(crate) struct Session {
    pub(crate) sa: IsakmpSa,
    phase1: Slot,
    phase2: BTreeMap<u32, Slot>,
    /// The message IDs of the peer's that have proven to be its own: none is taken twice.
    used: BTreeSet<u32>,
    /// The children that are to be set up once it is established, each with why.
    waiting: Vec<String>,
    /// What may be wrong where phase 1 gets no further: from messages that may be forged.
    hint: Option<Failure>,
    /// The deletes that came.
    pub(crate) farewells: Farewells,
    /// Messages that are not there as a whole.
    pieces: Pieces,
    /// How many messages we have cut in pieces.
    cut: u16,
    dpd: Dpd,
    timers: Timers,
    /// How many attempts to set it up there have been, with this one.
    pub(crate) attempt: u32,
    /// The ISAKMP SAs that it is to replace, by our cookies.
    pub(crate) replaces: Vec<IkeSpi>,
    /// Whether one has replaced it, so that it ends as soon as nothing is under way there.
    retires: bool,
    /// When phase 1 began here.
    pub(crate) begun: Instant,
    /// When it was through.
    pub(crate) established: Option<Instant>,
    /// When we have sent a message last.
    last_sent: Instant,
    left: Left,
}

impl Session {
    fn new(sa: IsakmpSa, attempt: u32, begun: Instant) -> Self {
        Self {
            sa,
            phase1: Slot::default(),
            phase2: BTreeMap::new(),
            used: BTreeSet::new(),
            waiting: Vec::new(),
            hint: None,
            farewells: Farewells::default(),
            pieces: Pieces::default(),
            cut: 0,
            dpd: Dpd::default(),
            timers: Timers::default(),
            attempt,
            replaces: Vec::new(),
            retires: false,
            begun,
            established: None,
            last_sent: begun,
            left: Left::default(),
        }
    }

    /// Begins phase 1 on this path.
    ///
    /// # Errors
    /// When there is nothing to begin with.
    pub(crate) fn initiate(
        connection: Arc<Connection>,
        path: Path,
        attempt: u32,
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<Self, Failure> {
        let cookie_i = cx.cookie();
        let (exchange, first): (Box<dyn Exchange>, Vec<Payload>) = match connection.mode {
            Mode::Main => {
                let (exchange, first) = main_mode::Initiator::begin(&connection);
                (Box::new(exchange), first)
            }
            Mode::Aggressive => {
                let (exchange, first) = aggressive::Initiator::begin(&connection, cookie_i, cx)?;
                (Box::new(exchange), first)
            }
        };
        let sa = blank(connection, Role::Initiator, (cookie_i, IkeSpi(0)), path);
        let mut session = Self::new(sa, attempt, cx.now);
        let mut slot = Slot { exchange: Some(exchange), ..Slot::default() };
        session.send(&mut slot, 0, &Reply::clear(first), cx, out);
        session.phase1 = slot;
        Ok(session)
    }

    /// Answers the first message of phase 1.
    ///
    /// # Errors
    /// When it cannot be agreed to: then there is no session.
    pub(crate) fn respond(
        connection: Arc<Connection>,
        message: &Opened,
        octets: &[u8],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) -> Result<Self, Refusal> {
        let cookies = (message.header.spi_i, cx.cookie());
        let mode = connection.mode;
        let sa = blank(connection, Role::Responder, cookies, message.came);
        let (exchange, step): (Box<dyn Exchange>, Step) = match mode {
            Mode::Main => {
                let (exchange, step) = main_mode::Responder::begin(&sa.connection, message)?;
                (Box::new(exchange), step)
            }
            Mode::Aggressive => {
                let (exchange, step) = aggressive::Responder::begin(&sa, message, cx)?;
                (Box::new(exchange), step)
            }
        };
        let mut session = Self::new(sa, 1, cx.now);
        let mut slot = Slot { exchange: Some(exchange), ..Slot::default() };
        slot.resend.received(octets);
        session.follow(&mut slot, 0, step, cx, out);
        session.phase1 = slot;
        Ok(session)
    }

    /// Sets a child up, now or as soon as there is an ISAKMP SA. Once is enough, except for one that replaces another.
    pub(crate) fn want(&mut self, child: &str, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        if self.is_setting_up(child) {
            return;
        }
        match self.sa.is_open() {
            true => self.begin_child(child, cx, out),
            false => self.waiting.push(child.to_owned()),
        }
    }

    /// Whether a child is being set up by us, or waits for that.
    pub(crate) fn is_setting_up(&self, child: &str) -> bool {
        self.unfinished().any(|own| own == child)
    }

    /// The children that are being set up by us, or wait for that.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = &str> {
        let open = self.phase2.values().filter_map(|slot| slot.exchange.as_ref()?.child());
        self.waiting.iter().map(String::as_str).chain(open.map(|(child, _)| child))
    }

    /// Gives up the children that are being set up by us, or wait for that: somebody else has to, or to tell that nobody does.
    pub(crate) fn take_unfinished(&mut self) -> Vec<String> {
        let unfinished = self.unfinished().map(str::to_owned).collect();
        self.waiting.clear();
        for slot in self.phase2.values_mut() {
            if slot.exchange.as_ref().is_some_and(|exchange| exchange.child().is_some()) {
                slot.exchange = None;
                slot.resend.over();
            }
        }
        unfinished
    }

    fn begin_child(&mut self, child: &str, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let connection = Arc::clone(&self.sa.connection);
        let Some(config) = connection.children.iter().find(|config| config.name == child) else { return };
        let message_id = self.fresh_message_id(cx);
        let (exchange, first) = match quick::Initiator::begin(config, &self.sa, message_id, cx) {
            Ok(begun) => begun,
            Err(failure) => {
                let child = child.to_owned();
                return out.push_back(Output::Event(Event::ChildFailed { child, failure }));
            }
        };
        let iv = self.sa.crypto.as_ref().map(|crypto| crypto.phase2_iv(message_id)).unwrap_or_default();
        let mut slot = Slot { exchange: Some(Box::new(exchange)), iv, ..Slot::default() };
        self.send(&mut slot, message_id, &Reply::encrypted(first), cx, out);
        self.phase2.insert(message_id, slot);
    }

    /// Whether there are transactions to begin.
    pub(crate) fn has_to_transact(&self) -> bool {
        !self.left.transact.is_empty() && self.sa.is_established()
    }

    /// Begins the transactions that are to come, now that what they follow has been sent.
    pub(crate) fn begin_transactions(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        for purpose in std::mem::take(&mut self.left.transact) {
            self.transact(purpose, cx, out);
        }
    }

    /// Begins a transaction.
    fn transact(&mut self, purpose: Purpose, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let message_id = self.fresh_message_id(cx);
        let begun = transaction::Initiator::begin(purpose, &self.sa, message_id, cx);
        let Some((exchange, first, effects)) = begun else { return };
        let iv = self.sa.crypto.as_ref().map(|crypto| crypto.phase2_iv(message_id)).unwrap_or_default();
        let exchange: Option<Box<dyn Exchange>> = Some(Box::new(exchange));
        let mut slot = Slot { exchange, iv, transacts: true, ..Slot::default() };
        self.send(&mut slot, message_id, &Reply::encrypted(first), cx, out);
        self.phase2.insert(message_id, slot);
        self.apply(effects, cx, out);
    }

    fn fresh_message_id(&self, cx: &mut Context<'_>) -> u32 {
        loop {
            let message_id = cx.message_id();
            if !self.used.contains(&message_id) && !self.phase2.contains_key(&message_id) {
                return message_id;
            }
        }
    }

    /// Tells the peer that a child of its is gone.
    pub(crate) fn tell_deleted(
        &mut self,
        children: &[ChildSa],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        let payloads: Vec<Payload> = children.iter().flat_map(ChildSa::deletion).collect();
        if !payloads.is_empty() && self.sa.is_established() {
            self.tell(payloads, cx, out);
        }
    }

    /// Tells the peer that there are no other SAs than those of this ISAKMP SA (RFC 2407 §4.6.3.3).
    pub(crate) fn tell_initial_contact(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let notify =
            crate::exchange::informational::notify(&self.sa, NotifyType::INITIAL_CONTACT, Vec::new());
        self.tell(vec![notify], cx, out);
    }

    /// Ends the ISAKMP SA, and tells the peer where there are keys to tell it with; also that these children are gone. One
    /// message says both, since one of two may be lost or come too late. That of the ISAKMP SA stands first: peers that read
    /// only one Delete payload of a message take its children with it.
    pub(crate) fn close(
        &mut self,
        cause: Cause,
        children: &[ChildSa],
        cx: &mut Context<'_>,
        out: &mut VecDeque<Output>,
    ) {
        if self.sa.is_established() {
            let delete = ipsec_wire::v1::Delete::ike(self.sa.cookie_i, self.sa.cookie_r);
            let children = children.iter().flat_map(ChildSa::deletion);
            self.tell(std::iter::once(Payload::Delete(delete)).chain(children).collect(), cx, out);
        }
        self.end(cause, out);
    }

    /// Ends the ISAKMP SA without a word.
    pub(crate) fn end(&mut self, cause: Cause, out: &mut VecDeque<Output>) {
        if self.sa.state != State::Closed && !self.sa.is_open() {
            self.left.failed.get_or_insert(Failure::Abandoned);
        }
        apply::close(&mut self.sa, cause, out);
    }

    /// Why phase 1 failed, if it did.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.left.failed.take()
    }

    /// Whether it has been established since this was asked last.
    pub(crate) fn take_established(&mut self) -> bool {
        std::mem::take(&mut self.left.established)
    }

    /// Whether the peer has said since this was asked last that it has no other SAs.
    pub(crate) fn take_initial_contact(&mut self) -> bool {
        std::mem::take(&mut self.left.initial_contact)
    }

    /// What is to be said a few times more, since nobody answers it.
    pub(crate) fn take_partings(&mut self) -> Vec<Parting> {
        let path = self.sa.path;
        let partings = std::mem::take(&mut self.left.partings);
        partings.into_iter().map(|(record, octets)| Parting::new(path, record, octets)).collect()
    }

    /// Whether the peer no longer answers R-U-THERE.
    pub(crate) fn take_death(&mut self) -> bool {
        self.dpd.take_death()
    }

    /// Begins what waits for the ISAKMP SA, which is established now.
    pub(crate) fn begin_waiting(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        self.hint = None;
        self.established = Some(cx.now);
        self.timers.begin(&self.sa, cx);
        self.dpd.heard(cx.now);
        for child in std::mem::take(&mut self.waiting) {
            self.begin_child(&child, cx, out);
        }
    }

    /// Another ISAKMP SA replaces this one, so that it need not be replaced.
    pub(crate) fn is_replaced(&mut self) {
        self.timers.rekey = None;
    }

    /// Another ISAKMP SA has replaced this one, which has to go.
    pub(crate) fn retire(&mut self) {
        self.retires = true;
    }

    /// Whether it has to go, and may: the peer, who does not know yet, has said its last word of each child that it is setting up.
    pub(crate) fn has_retired(&self) -> bool {
        let answers = |slot: &Slot| {
            !slot.transacts && slot.exchange.as_ref().is_some_and(|exchange| exchange.child().is_none())
        };
        self.retires && self.sa.is_established() && !self.phase2.values().any(answers)
    }

    /// How many exchanges are not through.
    pub(crate) fn pending(&self) -> usize {
        self.phase2.values().filter(|slot| slot.exchange.is_some()).count() + self.waiting.len()
    }

    /// Carries out effects.
    fn apply(&mut self, effects: Vec<Effect>, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        let left = &mut self.left;
        let (children, pools) = (&mut *cx.children, &mut *cx.pools);
        let mut reach = Reach { now: cx.now, provider: cx.provider, children, pools, out, left };
        apply::apply(&mut self.sa, effects, &mut reach);
        for (spi, failure) in std::mem::take(&mut self.left.refused) {
            self.refused(&spi, failure, out);
        }
        if let Some(number) = self.left.alive.take() {
            self.dpd.answered(number, cx.now);
            out.push_back(Output::Event(Event::Probe("ikev1.liveness.answered")));
        }
        if let Some(failure) = self.left.suspicion.take() {
            self.hint.get_or_insert(failure);
        }
        for payloads in std::mem::take(&mut self.left.tell) {
            self.tell(payloads, cx, out);
        }
    }

    /// Goes where an authentic message that had not come before, or a packet, has come from: an end that is not behind NAT
    /// follows one that is (RFC 3947 §7).
    pub(crate) fn follow_peer(&mut self, came: &Path, cx: &mut Context<'_>, out: &mut VecDeque<Output>) {
        if self.may_move() && !came.joins_same(&self.sa.path) {
            let path = Path { nat: self.sa.path.nat, ..*came };
            self.apply(vec![Effect::Move(path)], cx, out);
        }
    }

    /// Whether NAT may have moved the peer of an established ISAKMP SA.
    fn may_move(&self) -> bool {
        let nat = self.sa.path.nat;
        self.sa.is_established() && nat.there && !nat.here
    }

    /// The peer refuses one of our exchanges: that with proposals for this SPI, or the only one.
    fn refused(&mut self, spi: &[u8], failure: Failure, out: &mut VecDeque<Output>) {
        let open = self.phase2.values_mut().filter(|slot| {
            let child = slot.exchange.as_ref().and_then(|exchange| exchange.child());
            child.is_some_and(|(_, spis)| spi.is_empty() || spis.iter().any(|own| own == spi))
        });
        let mut open: Vec<&mut Slot> = open.collect();
        let [slot] = open.as_mut_slice() else { return };
        if let Some((child, _)) = slot.exchange.take().as_ref().and_then(|exchange| exchange.child()) {
            out.push_back(Output::Event(Event::ChildFailed { child: child.to_owned(), failure }));
        }
        slot.resend.over();
    }

    /// The exchange type of phase 1.
    fn phase1_type(&self) -> ExchangeType {
        match self.sa.connection.mode {
            Mode::Main => ExchangeType::MAIN,
            Mode::Aggressive => ExchangeType::AGGRESSIVE,
        }
    }
}

fn blank(
    connection: Arc<Connection>,
    role: Role,
    (cookie_i, cookie_r): (IkeSpi, IkeSpi),
    path: Path,
) -> IsakmpSa {
    IsakmpSa {
        connection,
        role,
        cookie_i,
        cookie_r,
        path,
        state: State::Negotiating,
        crypto: None,
        features: Features::default(),
        gates: VecDeque::new(),
        gates_until: None,
        user_asked: 0,
        user: None,
        inside: Inside::default(),
        lends: false,
        life: None,
    }
}
