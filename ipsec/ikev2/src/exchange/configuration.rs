//! Configuration of an initiator by a responder (RFC 7296 §2.19, §3.15), in `IKE_AUTH` and in INFORMATIONAL exchanges.
//!
//! ```text
//! SK {… CP(CFG_REQUEST) …}   ------->
//!                            <-------   SK {… CP(CFG_REPLY) …}, or SK {… N(INTERNAL_ADDRESS_FAILURE |
//!                                       FAILED_CP_REQUIRED)} in the place of the child
//! ```

use std::net::IpAddr;

use ipsec_auth::Identity;
use ipsec_wire::registry::{ConfigAttributeType as Type, ConfigType, ExchangeType, NotifyType};
use ipsec_wire::v2::{ConfigAttribute, ConfigValue, Configuration, Payload};

use super::{Exchange, Next};
use crate::config::Assigns;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::Opened;
use crate::refusal::Refusal;
use crate::sa::{IkeSa, Inside};

/// What we ask for as initiator: what is configured, and of each IP version the address that we wish for, if it is one that
/// we have had.
pub(super) fn request(sa: &IkeSa) -> Option<Payload> {
    let wished = |asked: &ConfigAttribute| {
        let is_ipv4 = match (asked.kind, &asked.value) {
            (Type::INTERNAL_IP4_ADDRESS, ConfigValue::Empty) => true,
            (Type::INTERNAL_IP6_ADDRESS, ConfigValue::Empty) => false,
            _ => return asked.clone(),
        };
        let before = sa.inside.addresses.iter().find(|address| address.is_ipv4() == is_ipv4);
        before.map_or_else(|| asked.clone(), |address| ConfigAttribute::address(*address))
    };
    let attributes: Vec<ConfigAttribute> = sa.connection.asks.iter().map(wished).collect();
    if attributes.is_empty() {
        return None;
    }
    Some(Payload::Cp(Configuration { kind: ConfigType::CFG_REQUEST, attributes }))
}

/// What a response tells us, if it does.
pub(super) fn told(message: &Opened<'_>) -> Option<Inside> {
    let reply = find(message, ConfigType::CFG_REPLY)?;
    let attributes = reply.attributes.iter().filter(|attribute| attribute.value != ConfigValue::Empty);
    let (addresses, others): (Vec<_>, Vec<_>) = attributes.partition(|attribute| is_address(attribute.kind));
    Some(Inside {
        addresses: addresses.into_iter().filter_map(address).collect(),
        attributes: others.into_iter().cloned().collect(),
    })
}

/// What we as responder make of a request, or of there being none, in `IKE_AUTH`. `comes_anew` says that the initiator's older
/// IKE SAs end for this one, which so gets what they have.
///
/// # Errors
/// The notify that stands in the place of a child.
pub(super) fn grant(
    assigns: &Assigns,
    (identity, comes_anew): (&Identity, bool),
    message: &Opened<'_>,
    cx: &Context<'_>,
) -> Result<Option<(Payload, Inside)>, NotifyType> {
    let Some(request) = find(message, ConfigType::CFG_REQUEST) else {
        return if assigns.required { Err(NotifyType::FAILED_CP_REQUIRED) } else { Ok(None) };
    };
    let mut addresses: Vec<IpAddr> = Vec::new();
    let mut wanted = false;
    for (kind, is_ipv4) in [(Type::INTERNAL_IP4_ADDRESS, true), (Type::INTERNAL_IP6_ADDRESS, false)] {
        // Of several the first counts: one address of each version is enough for one host.
        let Some(asked) = request.attributes.iter().find(|attribute| attribute.kind == kind) else {
            continue;
        };
        wanted = true;
        let before = || cx.pools.held(&assigns.pools, is_ipv4, identity).filter(|_| comes_anew);
        let wish = address(asked).or_else(before);
        addresses.extend(cx.pools.offer(&assigns.pools, is_ipv4, identity, wish));
    }
    if addresses.is_empty() && (wanted || assigns.required) {
        return Err(if wanted {
            NotifyType::INTERNAL_ADDRESS_FAILURE
        } else {
            NotifyType::FAILED_CP_REQUIRED
        });
    }
    let inside = Inside { addresses, attributes: answered(assigns, request) };
    Ok(Some((reply(&inside), inside)))
}

/// What we answer to a request in an INFORMATIONAL exchange: the addresses that the peer has, and what else it asks for.
pub(super) fn repeat(sa: &IkeSa, message: &Opened<'_>) -> Option<Payload> {
    let request = find(message, ConfigType::CFG_REQUEST)?;
    let assigns = sa.connection.assigns.as_ref()?;
    let asked = |address: &&IpAddr| {
        let kind = ConfigAttribute::address(**address).kind;
        request.attributes.iter().any(|attribute| attribute.kind == kind)
    };
    let addresses = sa.inside.addresses.iter().filter(asked).copied().collect();
    Some(reply(&Inside { addresses, attributes: answered(assigns, request) }))
}

/// The answer to a CFG_SET: nothing is set here, so none of its attributes is acknowledged (RFC 7296 §3.15).
pub(super) fn acknowledge(message: &Opened<'_>) -> Option<Payload> {
    find(message, ConfigType::CFG_SET)?;
    Some(Payload::Cp(Configuration { kind: ConfigType::CFG_ACK, attributes: Vec::new() }))
}

/// Of what we have to tell that which is asked for; with SUPPORTED_ATTRIBUTES also what could be asked for.
fn answered(assigns: &Assigns, request: &Configuration) -> Vec<ConfigAttribute> {
    let asked = |kind: Type| request.attributes.iter().any(|attribute| attribute.kind == kind);
    let mut attributes: Vec<ConfigAttribute> =
        assigns.attributes.iter().filter(|attribute| asked(attribute.kind)).cloned().collect();
    // Who does not say which version it is says that (RFC 7296 §2.20).
    let version = Type::APPLICATION_VERSION;
    if asked(version) && !attributes.iter().any(|attribute| attribute.kind == version) {
        attributes.push(ConfigAttribute { kind: version, value: ConfigValue::Empty });
    }
    if asked(Type::SUPPORTED_ATTRIBUTES) {
        let addresses = [Type::INTERNAL_IP4_ADDRESS, Type::INTERNAL_IP6_ADDRESS];
        let others = assigns.attributes.iter().map(|attribute| attribute.kind);
        let mut known: Vec<Type> = addresses.into_iter().chain(others).collect();
        known.sort_unstable();
        known.dedup();
        attributes
            .push(ConfigAttribute { kind: Type::SUPPORTED_ATTRIBUTES, value: ConfigValue::Types(known) });
    }
    attributes
}

fn reply(inside: &Inside) -> Payload {
    let addresses = inside.addresses.iter().map(|address| ConfigAttribute::address(*address));
    let attributes = addresses.chain(inside.attributes.iter().cloned()).collect();
    Payload::Cp(Configuration { kind: ConfigType::CFG_REPLY, attributes })
}

fn find<'a>(message: &'a Opened<'_>, kind: ConfigType) -> Option<&'a Configuration> {
    message.payloads.iter().find_map(|payload| match payload {
        Payload::Cp(configuration) if configuration.kind == kind => Some(configuration),
        _ => None,
    })
}

fn is_address(kind: Type) -> bool {
    [Type::INTERNAL_IP4_ADDRESS, Type::INTERNAL_IP6_ADDRESS].contains(&kind)
}

fn address(attribute: &ConfigAttribute) -> Option<IpAddr> {
    match attribute.value {
        ConfigValue::Ipv4(address) => Some(address.into()),
        ConfigValue::Prefix(address, _) => Some(address.into()),
        _ => None,
    }
}

/// Asks once more what an established IKE SA was told in `IKE_AUTH`.
pub(crate) struct AskConfiguration;

impl Exchange for AskConfiguration {
    fn describe(&self) -> &'static str {
        "configuration request"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let request = request(sa).filter(|_| sa.is_current())?;
        Some((vec![request], Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, _cx: &mut Context<'_>) -> Result<Next, Refusal> {
        Ok(Next::Done(match told(message) {
            // The addresses stay what they were: the children are for them.
            Some(inside) => {
                vec![Effect::Configure(Inside { addresses: sa.inside.addresses.clone(), ..inside })]
            }
            None => vec![Effect::Report(Event::Probe("ikev2.configuration.refused"))],
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(kinds: &[u16]) -> Vec<ConfigAttribute> {
        let dns = ConfigAttribute::address([10, 2, 0, 53].into());
        let dns = ConfigAttribute { kind: Type::INTERNAL_IP4_DNS, ..dns };
        let assigns = Assigns { pools: Vec::new(), attributes: vec![dns], required: false };
        let asked = |kind: &u16| ConfigAttribute { kind: Type(*kind), value: ConfigValue::Empty };
        let attributes = kinds.iter().map(asked).collect();
        answered(&assigns, &Configuration { kind: ConfigType::CFG_REQUEST, attributes })
    }

    /// 5 was INTERNAL_ADDRESS_EXPIRY.
    #[test]
    fn attributes_that_are_not_known_are_passed_over() {
        let told = answer_to(&[5, Type::INTERNAL_IP4_DNS.0, 9999, 16_384]);
        assert_eq!(told.iter().map(|attribute| attribute.kind).collect::<Vec<_>>(), [Type::INTERNAL_IP4_DNS]);
    }

    #[test]
    fn a_version_that_is_not_told_is_empty() {
        let version = ConfigAttribute { kind: Type::APPLICATION_VERSION, value: ConfigValue::Empty };
        assert_eq!(answer_to(&[Type::APPLICATION_VERSION.0]), [version]);
        assert_eq!(answer_to(&[]), []);
    }
}
