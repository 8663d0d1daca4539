//! The configuration method (draft-dukes-ike-mode-cfg-02): an end gets an address of the network behind the other one, and
//! what belongs to it. Either it asks for that, or the other end tells it unasked.
//!
//! ```text
//! client                                     gateway
//! ATTR(REQUEST: address, netmask, DNS …) -->
//!                                        <-- ATTR(REPLY: 10.3.0.1, …)
//!                                  or
//!                                        <-- ATTR(SET: 10.3.0.1, …)
//! ATTR(ACK: address, …)                  -->
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipsec_auth::Identity;
use ipsec_wire::registry::v1::ConfigAttribute as Class;
use ipsec_wire::v1::{Attribute, Configuration, Delete, Payload, Value};

use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::refusal::Failure;
use crate::sa::{Gate, Inside, IsakmpSa};

impl Inside {
    /// The attributes that tell all of it.
    pub(super) fn all(&self) -> Vec<Attribute> {
        let addresses = self.addresses.iter().map(|address| match address {
            IpAddr::V4(address) => Attribute::variable(Class::INTERNAL_IP4_ADDRESS.0, address.octets()),
            IpAddr::V6(address) => Attribute::variable(Class::INTERNAL_IP6_ADDRESS.0, address.octets()),
        });
        addresses.chain(self.attributes.iter().cloned()).collect()
    }

    fn read(told: &Configuration) -> Self {
        let filled = told.attributes.iter().filter(|attribute| attribute.value.octets() > 0);
        let (addresses, attributes): (Vec<_>, Vec<_>) =
            filled.cloned().partition(|attribute| is_address(attribute.class));
        Self { addresses: addresses.iter().filter_map(address).collect(), attributes }
    }
}

/// What we ask for as client.
pub(super) fn question(sa: &IsakmpSa) -> Vec<Attribute> {
    let empty = |class: &Class| Attribute::variable(class.0, []);
    sa.connection.asks.iter().map(empty).collect()
}

/// What we lend and tell as gateway: all that there is, or what of it is asked for.
pub(super) fn lend(sa: &IsakmpSa, asked: Option<&Configuration>, cx: &Context<'_>) -> Inside {
    let Some(assigns) = &sa.connection.assigns else { return Inside::default() };
    let wants = |class: Class| asked.is_none_or(|asked| asked.value(class).is_some());
    let holder = holder(sa);
    let versions = [(Class::INTERNAL_IP4_ADDRESS, true), (Class::INTERNAL_IP6_ADDRESS, false)];
    let addresses = versions.into_iter().filter(|(class, _)| wants(*class)).filter_map(|(class, is_ipv4)| {
        let wish = asked.and_then(|asked| {
            let own = |attribute: &&Attribute| attribute.class == class.0;
            asked.attributes.iter().find(own).and_then(address)
        });
        // A client that comes anew keeps what it has, and within one ISAKMP SA nothing changes.
        let own = sa.inside.addresses.iter().copied().find(|address| address.is_ipv4() == is_ipv4);
        let held = || cx.pools.held(&assigns.pools, is_ipv4, &holder);
        own.or_else(|| cx.pools.offer(&assigns.pools, is_ipv4, &holder, wish.or_else(held)))
    });
    let attributes = assigns.attributes.iter().filter(|attribute| wants(Class(attribute.class))).cloned();
    Inside { addresses: addresses.collect(), attributes: attributes.collect() }
}

/// Who an address is lent to: the user where there is one, since a group may share an identity.
pub(crate) fn holder(sa: &IsakmpSa) -> Identity {
    match (&sa.user, sa.peer()) {
        (Some(user), _) => user.identity(),
        (None, Some(proven)) => proven.identity().clone(),
        _ => Identity::Address(sa.path.remote.ip()),
    }
}

/// The gateway's answer to a question.
pub(super) fn answer(
    sa: &IsakmpSa,
    asked: &Configuration,
    cx: &Context<'_>,
) -> (Vec<Attribute>, Vec<Effect>) {
    if sa.connection.assigns.is_none() {
        return (Vec::new(), Vec::new());
    }
    let inside = lend(sa, Some(asked), cx);
    let wanted = asked.attributes.iter().any(|attribute| is_address(attribute.class));
    let exhausted = (wanted && inside.addresses.is_empty()).then_some(Event::Probe("ikev1.pool.exhausted"));
    let answer = inside.all();
    (answer, exhausted.map(Effect::Report).into_iter().chain([Effect::Assign(inside, true)]).collect())
}

/// What follows from the gateway's answer.
pub(super) fn told(sa: &IsakmpSa, reply: &Configuration) -> Vec<Effect> {
    let inside = Inside::read(reply);
    if sa.connection.asks.iter().any(|class| is_address(class.0)) && inside.addresses.is_empty() {
        let delete = Payload::Delete(Delete::ike(sa.cookie_i, sa.cookie_r));
        return vec![Effect::Tell(vec![delete]), Effect::Fail(Failure::NoInsideAddress)];
    }
    vec![Effect::Assign(inside, false), Effect::Pass]
}

/// The client's acknowledgement of what it is told unasked: each attribute that it takes, without its value.
pub(super) fn accept(sa: &IsakmpSa, told: &Configuration) -> (Vec<Attribute>, Vec<Effect>) {
    if !sa.is_at(Gate::Configuration) || !sa.connection.is_told {
        return (Vec::new(), Vec::new());
    }
    let inside = Inside::read(told);
    let taken = inside.all().iter().map(|attribute| Attribute::variable(attribute.class, [])).collect();
    (taken, vec![Effect::Assign(inside, false), Effect::Pass])
}

fn is_address(class: u16) -> bool {
    [Class::INTERNAL_IP4_ADDRESS.0, Class::INTERNAL_IP6_ADDRESS.0].contains(&class)
}

/// The address in an attribute; some say the length of a prefix behind one of IPv6.
fn address(attribute: &Attribute) -> Option<IpAddr> {
    let Value::Variable(octets) = &attribute.value else { return None };
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets.as_slice()).ok().map(|octets| Ipv4Addr::from(octets).into()),
        16 | 17 => <[u8; 16]>::try_from(octets.get(..16)?).ok().map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
}
