//! The one hand that changes the record of an IKE SA.

use std::collections::VecDeque;

use ipsec_dataplane::Protection as Algorithms;
use ipsec_wire::registry::ProtocolId;

use crate::effect::{Effect, Keyed, NewChild};
use crate::event::{Cause, Event, IkeKeyRecord};
use crate::exchange::Exchange;
use crate::output::Output;
use crate::protect::Protection;
use crate::refusal::Failure;
use crate::sa::{ChildSa, Crypto, IkeSa, State};

/// What effects touch besides the record.
pub(crate) struct Reach<'a> {
    pub(crate) provider: &'static ipsec_crypto::Provider,
    pub(crate) queue: &'a mut VecDeque<Box<dyn Exchange>>,
    pub(crate) out: &'a mut VecDeque<Output>,
    /// Set when an attempt to set up the IKE SA has failed: why.
    pub(crate) failed: &'a mut Option<Failure>,
}

/// Carries out the effects in order.
pub(crate) fn apply(sa: &mut IkeSa, effects: Vec<Effect>, reach: &mut Reach<'_>) {
    for effect in effects {
        match effect {
            Effect::Keyed(keyed) => key(sa, *keyed, reach),
            Effect::Establish { proven, connection, initial_contact } => {
                sa.connection = connection;
                sa.supersedes = initial_contact;
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
            Effect::AddChild(child) => add_child(sa, *child, reach),
            Effect::MarkDeleting(inbound) => {
                if let Some(child) = sa.children.iter_mut().find(|child| child.inbound == inbound) {
                    child.deleting = true;
                }
            }
            Effect::RemoveChild { inbound, cause } => {
                if let Some(index) = sa.children.iter().position(|child| child.inbound == inbound) {
                    let child = sa.children.remove(index);
                    remove(&child, cause, reach);
                }
            }
            Effect::MarkClosing => sa.state = State::Deleting,
            Effect::Close(cause) => close(sa, cause, reach),
            Effect::Fail(failure) => fail(sa, failure, reach),
            Effect::Report(event) => reach.out.push_back(Output::Event(event)),
        }
    }
}

fn key(sa: &mut IkeSa, keyed: Keyed, reach: &mut Reach<'_>) {
    let Keyed { spi_r, suite, keys, transcript } = keyed;
    sa.spi_r = spi_r;
    match Protection::new(reach.provider, &suite.protection, &keys, sa.role) {
        Ok(protection) => {
            let record = IkeKeyRecord { spi_i: sa.spi_i, spi_r, suite, keys: keys.clone() };
            reach.out.push_back(Output::Event(Event::IkeKeyed(record)));
            sa.crypto = Some(Crypto { suite, keys, protection });
            sa.state = State::HalfOpen(Box::new(transcript));
        }
        Err(error) => fail(sa, Failure::KeyExchange(error.to_string()), reach),
    }
}

fn add_child(sa: &mut IkeSa, child: NewChild, reach: &mut Reach<'_>) {
    let NewChild { record, pair } = child;
    sa.children.push(ChildSa {
        name: record.child.clone(),
        protocol: match record.protection {
            Algorithms::Esp(_) => ProtocolId::ESP,
            Algorithms::Ah(_) => ProtocolId::AH,
        },
        inbound: record.inbound,
        outbound: record.outbound,
        deleting: false,
    });
    reach.out.push_back(Output::Install(Box::new(pair)));
    reach.out.push_back(Output::Event(Event::ChildUp(Box::new(record))));
}

fn remove(child: &ChildSa, cause: Cause, reach: &mut Reach<'_>) {
    reach.out.push_back(Output::Remove { inbound: child.inbound });
    reach.out.push_back(Output::Event(Event::ChildDown {
        child: child.name.clone(),
        inbound: child.inbound,
        outbound: child.outbound,
        cause,
    }));
}

fn close(sa: &mut IkeSa, cause: Cause, reach: &mut Reach<'_>) {
    for child in std::mem::take(&mut sa.children) {
        remove(&child, Cause::WithIkeSa, reach);
    }
    reach.queue.clear();
    sa.state = State::Closed;
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
