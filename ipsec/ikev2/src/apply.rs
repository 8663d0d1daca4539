//! The one hand that changes the record of an IKE SA.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use ipsec_auth::{Pools, Proven};
use ipsec_wire::v2::Message;
use ipsec_wire::{IkeSpi, Spi};

use crate::config::{Connection, Routability};
use crate::effect::{Effect, Fate, Keyed, Mixed, NewChild, Successor};
use crate::event::{Cause, Event, IkeKeyRecord};
use crate::exchange::Exchange;
use crate::exchange::mobility::UpdateAddresses;
use crate::failover::Counters;
use crate::features::Features;
use crate::gateway::Gateway;
use crate::mobility::Learnt;
use crate::output::Output;
use crate::path::Path;
use crate::protect::Protection;
use crate::refusal::Failure;
use crate::sa::{Affair, ChildSa, Crypto, IkeSa, Inside, Pending, Rival, Role, State, Supersession};
use crate::window::{Requests, Responses};

/// What effects touch besides the record.
pub(crate) struct Reach<'a> {
    pub(crate) provider: &'static ipsec_crypto::Provider,
    pub(crate) queue: &'a mut VecDeque<Box<dyn Exchange>>,
    pub(crate) out: &'a mut VecDeque<Output>,
    pub(crate) pools: &'a mut Pools,
    /// Set when an attempt to set up the IKE SA has failed: why.
    pub(crate) failed: &'a mut Option<Failure>,
    /// New IKE SAs that were made to replace this one.
    pub(crate) born: &'a mut Vec<Successor>,
    /// Children that belong to another IKE SA from now on.
    pub(crate) estate: &'a mut Vec<ChildSa>,
    /// What ended without another one in its place.
    pub(crate) lost: &'a mut Vec<Lost>,
    /// Set when the peer sends us to another gateway: which.
    pub(crate) redirected: &'a mut Option<Gateway>,
    /// Set when the attempt has to begin with `IKE_SA_INIT`.
    pub(crate) anew: &'a mut bool,
    /// Set when another IKE SA has to take the place of this one.
    pub(crate) renewal_due: &'a mut bool,
    pub(crate) requests: &'a mut Requests,
    pub(crate) responses: &'a mut Responses,
}

/// Something that ended and may have to be set up anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The peer has deleted the child of this name.
    Child(String),
    /// The IKE SA has ended, and with it these children.
    Ike { cause: Cause, children: Vec<String> },
}

/// How many children the peer may delete ahead of the response that tells us of them: each exchange makes one, and
/// hostile deletes must not fill memory.
const MOST_STILLBORN: usize = 16;

/// How many matters may wait for additional key exchanges of the peer's; the oldest goes when there are more.
const MOST_PENDING: usize = 8;

/// Carries out the effects in order.
pub(crate) fn apply(sa: &mut IkeSa, effects: Vec<Effect>, reach: &mut Reach<'_>) {
    for effect in effects {
        match effect {
            Effect::Keyed(keyed) => key(sa, *keyed, reach),
            Effect::Mixed(mixed) => mix(sa, *mixed, reach),
            Effect::Establish { proven, connection, initial_contact } => {
                establish(sa, proven, connection, initial_contact, reach);
            }
            Effect::Converse(conversation) => sa.conversation = Some(conversation),
            Effect::Move(path) => move_to(sa, path, reach),
            Effect::Relocate(path) => relocate(sa, path, reach),
            Effect::Depart(path) => depart(sa, path, reach),
            Effect::Agree(synchronises) => sa.features.synchronises = synchronises,
            Effect::Mobile(mobility) => sa.mobility = Some(mobility),
            Effect::Learn(learnt) => learn(sa, learnt),
            Effect::Configure(inside) => tell_inside(sa, inside, reach),
            Effect::Assign(inside, identity) => {
                inside.addresses.iter().for_each(|address| reach.pools.lend(*address, &identity));
                tell_inside(sa, inside, reach);
            }
            Effect::AddChild(child) => add_child(sa, *child, reach),
            Effect::Begin(affair) => sa.affairs.push(affair),
            Effect::Through(affair) => through(sa, affair),
            Effect::MarkDeleting(inbound) => child_mut(sa, inbound, |child| child.deleting = true),
            Effect::Retire { inbound, by } => child_mut(sa, inbound, |child| child.retired = Some(by)),
            Effect::Defer(pending) => defer(sa, *pending),
            Effect::Settle(link) => sa.pending.retain(|pending| pending.link != link),
            Effect::Outdo(link) => outdo(sa, &link),
            Effect::NoteRival(rival) => sa.rival_child = Some(Box::new(rival)),
            Effect::NoteStillborn(protocol, spi) => {
                if sa.stillborn.len() < MOST_STILLBORN {
                    sa.stillborn.push((protocol, spi));
                }
            }
            Effect::NoteExhausted(child) => {
                if !sa.exhausted.contains(&child) {
                    sa.exhausted.push(child);
                }
            }
            Effect::NoteToken(token) => sa.token = Some(token),
            Effect::Succeed(successor) => succeed(sa, *successor, reach),
            Effect::Bequeath(heir) => bequeath(sa, heir, reach),
            Effect::Inherit(children) => inherit(sa, children),
            Effect::RemoveChild { inbound, cause } => remove_child(sa, inbound, cause, reach),
            Effect::StopSending(inbound) => reach.out.push_back(Output::StopSending { inbound }),
            Effect::NoteUnreplaced(inbound) => child_mut(sa, inbound, |child| child.unreplaced = true),
            Effect::Renew => *reach.renewal_due = true,
            Effect::MarkClosing => sa.state = State::Deleting,
            Effect::Close(cause) => close(sa, cause, reach),
            Effect::Fail(failure) => fail(sa, failure, reach),
            Effect::LimitAuthentication(term) => sa.authentication = Some(term),
            Effect::KeepTicket(ticket) => sa.ticket = Some(ticket),
            Effect::BeginAnew => {
                leave(sa, reach);
                *reach.anew = true;
            }
            Effect::Redirect(to) => {
                leave(sa, reach);
                *reach.redirected = Some(to);
            }
            Effect::Queue(exchange) => reach.queue.push_back(exchange),
            Effect::TakeOver(children) => take_over(sa, &children, reach),
            Effect::Synchronise(counters) => synchronise(sa, counters, reach),
            Effect::Skip(by) => {
                let skip = |child: &ChildSa| Output::Skip { inbound: child.inbound, by };
                reach.out.extend(sa.children.iter().map(skip));
            }
            Effect::Report(event) => reach.out.push_back(Output::Event(event)),
        }
    }
}

/// The peer has proven who it is.
fn establish(
    sa: &mut IkeSa,
    proven: Proven,
    connection: Arc<Connection>,
    initial_contact: bool,
    reach: &mut Reach<'_>,
) {
    sa.connection = connection;
    sa.conversation = None;
    sa.supersedes = Supersession::of(sa.connection.unique, sa.role, proven.identity(), initial_contact);
    if let Some(crypto) = &sa.crypto {
        reach.out.push_back(Output::Event(Event::IkeUp {
            connection: sa.connection.name.clone(),
            spi_i: sa.spi_i,
            spi_r: sa.spi_r,
            peer: proven.identity().clone(),
            suite: crypto.suite,
        }));
    }
    sa.state = State::Established(proven);
}

fn remove_child(sa: &mut IkeSa, inbound: Spi, cause: Cause, reach: &mut Reach<'_>) {
    let Some(index) = sa.children.iter().position(|child| child.inbound == inbound) else {
        return;
    };
    let child = sa.children.remove(index);
    sa.exhausted.retain(|name| *name != child.name);
    if cause == Cause::DeletedByPeer && !child.deleting {
        reach.lost.push(Lost::Child(child.name.clone()));
    }
    tell_end(&child, cause, reach.out);
}

/// Ends an IKE SA for which nothing has been kept yet, without a word; one that has keys stays.
fn leave(sa: &mut IkeSa, reach: &mut Reach<'_>) {
    if matches!(sa.state, State::Init) {
        reach.queue.clear();
        sa.state = State::Closed;
    }
}

fn key(sa: &mut IkeSa, keyed: Keyed, reach: &mut Reach<'_>) {
    let Keyed { spi_r, suite, keys, mut transcript, features, resumption, nat } = keyed;
    let says_so = |message: &[u8]| {
        Message::parse(message).is_ok_and(|message| Features::of(&message.payloads).full_transcript)
    };
    if says_so(&transcript.request) && says_so(&transcript.response) {
        transcript.prove_all();
    }
    sa.features = features;
    sa.resumption = resumption.map(Box::new);
    sa.path.nat = nat.unwrap_or_default();
    // The responder follows the first message that comes from there. An IKE SA that may move is there from the beginning
    // (RFC 4555 §3.3).
    let floats = sa.connection.encapsulate || sa.connection.mobike;
    if sa.role == Role::Initiator && (sa.path.nat.is_there() || nat.is_some() && floats) {
        sa.path = sa.path.floated();
    }
    sa.features.fragmentation &= sa.connection.fragmentation.is_some();
    sa.spi_r = spi_r;
    let record = IkeKeyRecord { spi_i: sa.spi_i, spi_r, suite, keys: keys.clone() };
    match Protection::new(reach.provider, &suite.protection, keys, sa.role) {
        Ok(protection) => {
            reach.out.push_back(Output::Event(Event::IkeKeyed(record)));
            sa.crypto = Some(Crypto { suite, protection, before: None });
            sa.state = State::HalfOpen(Box::new(transcript));
        }
        Err(error) => fail(sa, Failure::KeyExchange(error.to_string()), reach),
    }
}

/// The peer goes no further with what we call so to it, which an exchange of ours has won over.
fn outdo(sa: &mut IkeSa, link: &[u8]) {
    if let Some(pending) = sa.pending.iter_mut().find(|pending| pending.link == link) {
        pending.lost = true;
    }
}

fn defer(sa: &mut IkeSa, pending: Pending) {
    if sa.pending.len() == MOST_PENDING {
        sa.pending.remove(0);
    }
    sa.pending.push(pending);
}

/// What was noted for the sake of an open request of ours, which is answered, is forgotten.
fn through(sa: &mut IkeSa, affair: Option<Affair>) {
    if let Some(index) = sa.affairs.iter().position(|open| Some(*open) == affair) {
        sa.affairs.remove(index);
    }
    // No more than one of them replaces a child at a time.
    if !sa.affairs.iter().any(|open| open.replaces_child()) {
        sa.rival_child = None;
    }
    if !sa.affairs.iter().any(|open| open.makes_child()) {
        sa.stillborn.clear();
    }
}

fn mix(sa: &mut IkeSa, mixed: Mixed, reach: &mut Reach<'_>) {
    let Mixed { keys, int_auth, to_come, has_ppk } = mixed;
    let (State::HalfOpen(transcript), Some(crypto)) = (&mut sa.state, &mut sa.crypto) else {
        return;
    };
    transcript.int_auth = int_auth;
    transcript.to_come = to_come;
    transcript.has_ppk |= has_ppk;
    let Some(keys) = keys else {
        return;
    };
    let (spi_i, spi_r, suite) = (sa.spi_i, sa.spi_r, crypto.suite);
    let record = IkeKeyRecord { spi_i, spi_r, suite, keys: keys.clone() };
    match Protection::new(reach.provider, &suite.protection, keys, sa.role) {
        Ok(protection) => {
            reach.out.push_back(Output::Event(Event::IkeKeyed(record)));
            let following = protection.following(&crypto.protection);
            crypto.before = Some(Box::new(mem::replace(&mut crypto.protection, following)));
        }
        Err(error) => fail(sa, Failure::KeyExchange(error.to_string()), reach),
    }
}

/// Children are told where their packets go from now on; those of an IKE SA that is not established are yet to come.
fn move_to(sa: &mut IkeSa, path: Path, reach: &mut Reach<'_>) {
    sa.path = path;
    if let Some(mobility) = &mut sa.mobility {
        mobility.children = None;
    }
    if !sa.is_established() {
        return;
    }
    let outer = path.outer(sa.connection.encapsulate, sa.connection.keepalive);
    let told = sa.children.iter().map(|child| Output::Readdress { inbound: child.inbound, outer });
    reach.out.extend(told);
    tell_move(sa, true, reach);
}

fn tell_move(sa: &IkeSa, with_children: bool, reach: &mut Reach<'_>) {
    reach.out.push_back(Output::Event(Event::Moved {
        connection: sa.connection.name.clone(),
        spi_i: sa.spi_i,
        spi_r: sa.spi_r,
        local: sa.path.local,
        remote: sa.path.remote,
        with_children,
    }));
}

fn learn(sa: &mut IkeSa, learnt: Learnt) {
    if let Some(mobility) = &mut sa.mobility {
        mobility.learn(learnt);
    }
}

/// Children stay where they are, unless it comes back to them.
fn relocate(sa: &mut IkeSa, path: Path, reach: &mut Reach<'_>) {
    let children = sa.children_path();
    if let Some(mobility) = sa.mobility.as_mut().filter(|_| !children.joins_same(&path)) {
        mobility.children = Some(children);
        sa.path = path;
        tell_move(sa, false, reach);
    } else {
        move_to(sa, path, reach);
    }
}

/// The peer is told as soon as the request window is free. Children go along at once, unless the peer's address is another one
/// and has to be proven first.
fn depart(sa: &mut IkeSa, path: Path, reach: &mut Reach<'_>) {
    let known = path.remote.ip() == sa.children_path().remote.ip();
    if let Some(mobility) = &mut sa.mobility {
        mobility.leave(sa.path.remote.ip(), path.remote.ip());
    }
    reach.queue.push_front(Box::new(UpdateAddresses::default()));
    match known || sa.connection.routability != Routability::CheckedBefore {
        true => move_to(sa, path, reach),
        false => relocate(sa, path, reach),
    }
}

/// Of children that the member does not know the peer hears nothing. No IV of the IKE SA may come twice (RFC 6311 §3.4).
fn take_over(sa: &mut IkeSa, known: &[Spi], reach: &mut Reach<'_>) {
    let (kept, lost) =
        mem::take(&mut sa.children).into_iter().partition(|child| known.contains(&child.inbound));
    sa.children = kept;
    let lost: Vec<ChildSa> = lost;
    lost.iter().for_each(|child| tell_end(child, Cause::Forgotten, reach.out));
    forget_open(sa);
    (sa.pending, sa.exhausted) = (Vec::new(), Vec::new());
    if let Some(crypto) = &mut sa.crypto {
        crypto.protection.leap();
        crypto.before = None;
    }
    tell_message_ids(sa, true, reach);
}

fn synchronise(sa: &mut IkeSa, counters: Counters, reach: &mut Reach<'_>) {
    reach.requests.jump(counters.send);
    reach.responses.jump(counters.receive);
    forget_open(sa);
    tell_message_ids(sa, false, reach);
}

fn tell_message_ids(sa: &IkeSa, took_over: bool, reach: &mut Reach<'_>) {
    reach.out.push_back(Output::Event(Event::Synchronised {
        connection: sa.connection.name.clone(),
        spi_i: sa.spi_i,
        spi_r: sa.spi_r,
        role: sa.role,
        took_over,
        next_request: reach.requests.next_id(),
        next_expected: reach.responses.next_id(),
    }));
}

/// Nobody will answer the requests that are open.
fn forget_open(sa: &mut IkeSa) {
    sa.affairs.clear();
    sa.stillborn.clear();
    (sa.rival, sa.rival_child) = (None, None);
    sa.children.iter_mut().for_each(|child| child.deleting = false);
}

fn tell_inside(sa: &mut IkeSa, inside: Inside, reach: &mut Reach<'_>) {
    let connection = sa.connection.name.clone();
    reach.out.push_back(Output::Event(Event::Configured { connection, inside: inside.clone() }));
    sa.inside = inside;
}

fn child_mut(sa: &mut IkeSa, inbound: Spi, change: impl FnOnce(&mut ChildSa)) {
    if let Some(child) = sa.children.iter_mut().find(|child| child.inbound == inbound) {
        change(child);
    }
}

/// The endpoint makes an IKE SA of it.
fn succeed(sa: &mut IkeSa, successor: Successor, reach: &mut Reach<'_>) {
    let (spi_i, spi_r, suite) = (successor.spi_i, successor.spi_r, successor.crypto.suite);
    let record = IkeKeyRecord { spi_i, spi_r, suite, keys: successor.crypto.keys().clone() };
    reach.out.push_back(Output::Event(Event::IkeKeyed(record)));
    let (connection, peer) = (sa.connection.name.clone(), successor.proven.identity().clone());
    reach.out.push_back(Output::Event(Event::IkeUp { connection, spi_i, spi_r, peer, suite }));
    match successor.fate {
        Fate::Heir => bequeath(sa, successor.spi(), reach),
        Fate::Undecided => {
            let rival = Rival { spi: successor.spi(), nonces: successor.nonces.clone() };
            sa.rival = Some(Box::new(rival));
        }
        Fate::Redundant => {}
    }
    reach.born.push(successor);
}

fn bequeath(sa: &mut IkeSa, heir: IkeSpi, reach: &mut Reach<'_>) {
    sa.heir = Some(heir);
    reach.estate.append(&mut sa.children);
}

fn inherit(sa: &mut IkeSa, children: Vec<ChildSa>) {
    sa.waits = false;
    sa.children.extend(children);
}

fn add_child(sa: &mut IkeSa, child: NewChild, reach: &mut Reach<'_>) {
    let protocol = child.protocol();
    let NewChild { record, pair, .. } = child;
    sa.children.push(ChildSa {
        name: record.child.clone(),
        protocol,
        inbound: record.inbound,
        outbound: record.outbound,
        local: record.local.clone(),
        remote: record.remote.clone(),
        resource: record.resource,
        extended_sequence_numbers: record.extended_sequence_numbers,
        deleting: false,
        retired: None,
        unreplaced: false,
    });
    reach.out.push_back(Output::Install(Box::new(pair)));
    reach.out.push_back(Output::Event(Event::ChildUp(Box::new(record))));
}

/// Ends children whose IKE SA is gone.
pub(crate) fn bury(children: &[ChildSa], out: &mut VecDeque<Output>) {
    children.iter().for_each(|child| tell_end(child, Cause::WithIkeSa, out));
}

fn tell_end(child: &ChildSa, cause: Cause, out: &mut VecDeque<Output>) {
    out.push_back(Output::Remove { inbound: child.inbound });
    out.push_back(Output::Event(Event::ChildDown {
        child: child.name.clone(),
        inbound: child.inbound,
        outbound: child.outbound,
        cause,
    }));
}

fn close(sa: &mut IkeSa, cause: Cause, reach: &mut Reach<'_>) {
    reach.lost.push(Lost::Ike { cause: cause.clone(), children: sa.child_names() });
    bury(&mem::take(&mut sa.children), reach.out);
    // What waits belongs to the IKE SA that replaces this one, if there is one.
    if sa.heir.is_none() {
        reach.queue.clear();
    }
    sa.state = State::Closed;
    let inside = mem::take(&mut sa.inside);
    if sa.connection.assigns.is_some() {
        reach.pools.give_back(&inside.addresses);
    }
    reach.out.push_back(Output::Event(Event::IkeDown {
        connection: sa.connection.name.clone(),
        spi_i: sa.spi_i,
        spi_r: sa.spi_r,
        cause,
    }));
}

/// The endpoint tells of the failure, since it alone knows whether another attempt follows.
fn fail(sa: &mut IkeSa, failure: Failure, reach: &mut Reach<'_>) {
    reach.queue.clear();
    sa.state = State::Closed;
    *reach.failed = Some(failure);
}
