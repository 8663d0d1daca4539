//! The one hand that changes the record of an ISAKMP SA and the IPsec SAs.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_auth::Pools;
use ipsec_dataplane::Path;
use ipsec_net::Instant;
use ipsec_wire::Spi;
use ipsec_wire::registry::v1::ProtocolId;
use ipsec_wire::v1::Payload;

use crate::children::{ChildSa, Children};
use crate::config::Xauth;
use crate::effect::{Effect, Keyed, NewChild};
use crate::event::{Cause, Event, IkeKeyRecord, MessageRecord};
use crate::exchange::mode_cfg;
use crate::exchange::transaction::Purpose;
use crate::keys::{encryption_key, prf_of};
use crate::nat;
use crate::output::Output;
use crate::refusal::Failure;
use crate::sa::{Crypto, Gate, Inside, IsakmpSa, PeerIdentity, State};

/// What effects touch besides the record.
pub(crate) struct Reach<'a> {
    pub(crate) now: Instant,
    pub(crate) provider: &'static ipsec_crypto::Provider,
    pub(crate) children: &'a mut Children,
    pub(crate) pools: &'a mut Pools,
    pub(crate) out: &'a mut VecDeque<Output>,
    pub(crate) left: &'a mut Left,
}

/// What effects leave to the session and the endpoint.
#[derive(Default)]
pub(crate) struct Left {
    /// What the peer is to be told.
    pub(crate) tell: Vec<Vec<Payload>>,
    /// Transactions to begin.
    pub(crate) transact: Vec<Purpose>,
    /// Exchanges of ours that the peer refuses, by the SPI of their proposals.
    pub(crate) refused: Vec<(Vec<u8>, Failure)>,
    /// The number of the last R-U-THERE that was answered.
    pub(crate) alive: Option<u32>,
    /// Set when the ISAKMP SA is established now.
    pub(crate) established: bool,
    /// Set when the peer has no SAs with us but those of this ISAKMP SA.
    pub(crate) initial_contact: bool,
    /// What was said that nobody answers and that had better arrive: messages with deletes.
    pub(crate) partings: Vec<(MessageRecord, Vec<u8>)>,
    /// Why phase 1 will probably fail.
    pub(crate) suspicion: Option<Failure>,
    /// Set when phase 1 or the keys of an ISAKMP SA failed: why.
    pub(crate) failed: Option<Failure>,
}

/// A pair that was replaced still takes packets for so long.
const GRACE: Duration = Duration::from_secs(5);

/// How much longer one is kept by the end that did not replace it: the other end is to delete it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Carries out the effects in order.
pub(crate) fn apply(sa: &mut IsakmpSa, effects: Vec<Effect>, reach: &mut Reach<'_>) {
    for effect in effects {
        match effect {
            Effect::Answered(cookie_r) => sa.cookie_r = cookie_r,
            Effect::Keyed(keyed) => key(sa, *keyed, reach),
            Effect::Establish(peer, life) => {
                sa.state = State::Established(peer);
                sa.life = life;
                set_gates(sa, reach.now);
                proceed(sa, reach);
            }
            Effect::Pass => {
                sa.gates.pop_front();
                proceed(sa, reach);
            }
            Effect::User(user) => {
                if let State::Established(PeerIdentity::Claimed(_)) = sa.state {
                    sa.state = State::Established(PeerIdentity::Proven(user.proven()));
                }
                sa.user = Some(user);
            }
            Effect::Asked => sa.user_asked += 1,
            Effect::Assign(inside, by_us) => assign(sa, inside, by_us, reach),
            Effect::Transact(purpose) => reach.left.transact.push(purpose),
            Effect::Fail(failure) => {
                sa.state = State::Closed;
                reach.left.failed = Some(failure);
            }
            Effect::Note(features) => sa.features = features,
            Effect::Nat(found) => sa.path = nat::path_with(sa, found),
            Effect::Move(path) => move_to(sa, path, reach),
            Effect::AddChild(child) => add_child(sa, *child, reach),
            Effect::DeletedByPeer(protocol, spis) => deleted(sa, protocol, &spis, reach),
            Effect::InitialContact => reach.left.initial_contact = true,
            Effect::Alive(number) => reach.left.alive = Some(number),
            Effect::Tell(payloads) => reach.left.tell.push(payloads),
            Effect::Refused(spi, failure) => reach.left.refused.push((spi, failure)),
            Effect::Close(cause) if sa.is_established() && !sa.is_open() => {
                sa.state = State::Closed;
                let deleted = || "it deleted the ISAKMP SA before that could be used".to_owned();
                reach.left.failed = Some(match cause {
                    Cause::Failed(failure) => failure,
                    _ => Failure::Refused(deleted()),
                });
            }
            Effect::Close(cause) => close(sa, cause, reach.out),
            Effect::Suspect(failure) => reach.left.suspicion = Some(failure),
            Effect::Report(event) => reach.out.push_back(Output::Event(event)),
        }
    }
}

fn key(sa: &mut IsakmpSa, keyed: Keyed, reach: &mut Reach<'_>) {
    let Keyed { cookie_r, suite, keys, publics } = keyed;
    sa.cookie_r = cookie_r;
    let key = encryption_key(reach.provider, prf_of(suite.hash), &keys.e, suite.key_len);
    match (reach.provider.cipher)(suite.cipher, key.as_bytes()) {
        Ok(cipher) => {
            let mut last_block = suite.hash.digest(&[&publics]);
            last_block.truncate(suite.cipher.block_len());
            sa.crypto = Some(Crypto { suite, keys, cipher, last_block });
            let record = IkeKeyRecord { cookie_i: sa.cookie_i, cookie_r, suite, key };
            reach.out.push_back(Output::Event(Event::IkeKeyed(record)));
        }
        Err(error) => reach.left.failed = Some(Failure::KeyExchange(error.to_string())),
    }
}

/// What has to come before quick mode under an ISAKMP SA that is established now.
fn set_gates(sa: &mut IsakmpSa, now: Instant) {
    let connection = &sa.connection;
    let tells = connection.assigns.as_ref().is_some_and(|assigns| assigns.unasked);
    let configures = !connection.asks.is_empty() || connection.is_told || tells;
    let user = connection.xauth.is_some().then_some(Gate::User);
    sa.gates = user.into_iter().chain(configures.then_some(Gate::Configuration)).collect();
    // Each gate is two messages from either end.
    let patience = connection.retransmission.total() * 4;
    sa.gates_until = (!sa.gates.is_empty()).then(|| now + patience);
}

/// Begins what has to come next, where that is ours to begin; quick mode, where nothing has to come before.
fn proceed(sa: &mut IsakmpSa, reach: &mut Reach<'_>) {
    let connection = &sa.connection;
    match sa.gates.front() {
        Some(Gate::User) => {
            if matches!(connection.xauth, Some(Xauth::Server { .. })) {
                reach.left.transact.push(Purpose::AskUser(1));
            }
        }
        Some(Gate::Configuration) => {
            if connection.assigns.is_some() {
                reach.left.transact.push(Purpose::SetConfiguration);
            } else if !connection.is_told {
                reach.left.transact.push(Purpose::AskConfiguration);
            }
        }
        None => {
            sa.gates_until = None;
            if let (Some(crypto), Some(proven)) = (&sa.crypto, sa.peer()) {
                reach.out.push_back(Output::Event(Event::IkeUp {
                    connection: connection.name.clone(),
                    cookie_i: sa.cookie_i,
                    cookie_r: sa.cookie_r,
                    peer: proven.identity().clone(),
                    suite: crypto.suite,
                }));
                reach.left.established = true;
            }
        }
    }
}

/// An address that is lent once more is no other one.
fn assign(sa: &mut IsakmpSa, inside: Inside, by_us: bool, reach: &mut Reach<'_>) {
    let holder = mode_cfg::holder(sa);
    for address in inside.addresses.iter().filter(|address| by_us && !sa.inside.addresses.contains(address)) {
        reach.pools.lend(*address, &holder);
    }
    reach.out.push_back(Output::Event(Event::Assigned {
        connection: sa.connection.name.clone(),
        addresses: inside.addresses.clone(),
        attributes: inside.attributes.clone(),
        by_us,
    }));
    sa.lends |= by_us;
    // What is asked for later adds to what there is.
    let more = |address: &IpAddr| !sa.inside.addresses.contains(address);
    let more: Vec<IpAddr> = inside.addresses.iter().copied().filter(more).collect();
    sa.inside.addresses.extend(more);
    sa.inside.attributes = inside.attributes;
}

/// The peer's children are told where their packets go from now on, also those that were set up under other ISAKMP SAs.
fn move_to(sa: &mut IsakmpSa, path: Path, reach: &mut Reach<'_>) {
    let before = std::mem::replace(&mut sa.path, path);
    if !sa.is_established() {
        return;
    }
    let connection = &sa.connection;
    reach.children.move_to(connection, &before, &path, reach.out);
    reach.out.push_back(Output::Event(Event::Moved {
        connection: connection.name.clone(),
        local: path.local,
        remote: path.remote,
    }));
}

fn add_child(sa: &IsakmpSa, child: NewChild, reach: &mut Reach<'_>) {
    let NewChild { child, record } = child;
    retire_older(sa, &child, reach);
    reach.children.add(child);
    reach.out.push_back(Output::Install(Box::new(record.pair.clone())));
    reach.out.push_back(Output::Event(Event::ChildUp(Box::new(record))));
}

/// The end that has set up a pair of SAs deletes those that it takes the place of. The other end waits for that, and no
/// longer for those that are so old that they cannot have crossed the new one: of two that crossed each other each end would
/// take another one for the older.
fn retire_older(sa: &IsakmpSa, new: &ChildSa, reach: &mut Reach<'_>) {
    let crossing = sa.connection.retransmission.total();
    let older = reach.children.iter_mut().filter(|old| old.name == new.name && old.retire.is_none());
    for old in older {
        if new.initiator {
            old.retire = Some(reach.now + GRACE);
        } else if old.since + crossing < reach.now {
            old.retire = Some(reach.now + PATIENCE);
        }
    }
}

fn deleted(sa: &IsakmpSa, protocol: ProtocolId, spis: &[Spi], reach: &mut Reach<'_>) {
    let named = |child: &ChildSa| {
        child.connection == sa.connection.name && spis.iter().any(|spi| child.sends_under(protocol, *spi))
    };
    reach.children.end(named, &Cause::DeletedByPeer, reach.out);
}

/// Ends an ISAKMP SA.
pub(crate) fn close(sa: &mut IsakmpSa, cause: Cause, out: &mut VecDeque<Output>) {
    if sa.is_open() {
        out.push_back(Output::Event(Event::IkeDown {
            connection: sa.connection.name.clone(),
            cookie_i: sa.cookie_i,
            cookie_r: sa.cookie_r,
            cause,
        }));
    }
    sa.state = State::Closed;
}
