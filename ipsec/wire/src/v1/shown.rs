//! Transforms and attributes in words. What an attribute means depends on where it stands.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::registry::v1::{
    AuthMethod, Authentication, ConfigAttribute, EncapsulationMode, Encryption, Group, GroupType, Hash,
    LifeType, Phase1Attribute, Phase2Attribute, ProtocolId, SequenceNumbers, XauthStatus, XauthType,
    transform_name,
};
use crate::v1::{Attribute, Transform, Value};

/// `KEY_IKE, AES-CBC, 128 bits, SHA, pre-shared key, MODP_2048, 28800 seconds`: all that the transform says, in its order.
pub(super) fn transform(protocol: ProtocolId, transform: &Transform) -> String {
    let mut text = transform_name(protocol, transform.id);
    let mut unit = None;
    for attribute in &transform.attributes {
        let said = match protocol {
            ProtocolId::ISAKMP => phase1(attribute, &mut unit),
            ProtocolId::AH | ProtocolId::ESP | ProtocolId::IPCOMP => phase2(attribute, &mut unit),
            _ => Some(format!("attribute {}: {}", attribute.class, attribute.value)),
        };
        if let Some(said) = said {
            let _ = write!(text, ", {said}");
        }
    }
    text
}

/// Lifetimes as a notify carries them.
pub(super) fn lifetimes(attributes: &[Attribute]) -> Vec<String> {
    let mut unit = None;
    attributes.iter().filter_map(|attribute| phase2(attribute, &mut unit)).collect()
}

fn phase1(attribute: &Attribute, unit: &mut Option<LifeType>) -> Option<String> {
    let class = Phase1Attribute(attribute.class);
    if class == Phase1Attribute::LIFE_DURATION {
        return Some(duration(&attribute.value, unit.take()));
    }
    let Value::Basic(value) = attribute.value else {
        return Some(format!("{class}: {}", attribute.value));
    };
    match class {
        Phase1Attribute::ENCRYPTION => Some(Encryption(value).to_string()),
        Phase1Attribute::HASH => Some(Hash(value).to_string()),
        Phase1Attribute::AUTH_METHOD => Some(AuthMethod(value).to_string()),
        Phase1Attribute::GROUP => Some(Group(value).to_string()),
        Phase1Attribute::GROUP_TYPE => Some(GroupType(value).to_string()),
        Phase1Attribute::KEY_LENGTH => Some(format!("{value} bits")),
        Phase1Attribute::LIFE_TYPE => {
            *unit = Some(LifeType(value));
            None
        }
        _ => Some(format!("{class}: {value}")),
    }
}

fn phase2(attribute: &Attribute, unit: &mut Option<LifeType>) -> Option<String> {
    let class = Phase2Attribute(attribute.class);
    if class == Phase2Attribute::LIFE_DURATION {
        return Some(duration(&attribute.value, unit.take()));
    }
    let Value::Basic(value) = attribute.value else {
        return Some(format!("{class}: {}", attribute.value));
    };
    match class {
        Phase2Attribute::GROUP => Some(Group(value).to_string()),
        Phase2Attribute::ENCAPSULATION_MODE => Some(EncapsulationMode(value).to_string()),
        Phase2Attribute::AUTHENTICATION => Some(Authentication(value).to_string()),
        Phase2Attribute::KEY_LENGTH => Some(format!("{value} bits")),
        Phase2Attribute::KEY_ROUNDS => Some(format!("{value} rounds")),
        Phase2Attribute::EXTENDED_SEQUENCE_NUMBER => Some(SequenceNumbers(value).to_string()),
        Phase2Attribute::LIFE_TYPE => {
            *unit = Some(LifeType(value));
            None
        }
        _ => Some(format!("{class}: {value}")),
    }
}

fn duration(value: &Value, unit: Option<LifeType>) -> String {
    let number = value.number().map_or_else(|| value.to_string(), |number| number.to_string());
    match unit {
        Some(unit) => format!("{number} {unit}"),
        None => format!("{number} of no unit"),
    }
}

/// `INTERNAL_IP4_ADDRESS 10.0.0.1`; passwords and their like are not told.
pub(super) fn configuration(attribute: &Attribute) -> String {
    let class = ConfigAttribute(attribute.class);
    let secret = matches!(
        class,
        ConfigAttribute::XAUTH_USER_PASSWORD
            | ConfigAttribute::XAUTH_PASSCODE
            | ConfigAttribute::XAUTH_NEXT_PIN
            | ConfigAttribute::XAUTH_ANSWER
    );
    match &attribute.value {
        Value::Variable(octets) if octets.is_empty() => class.to_string(),
        value if secret => format!("{class} of {} octets", value.octets()),
        Value::Variable(octets) => format!("{class} {}", configured(class, octets)),
        Value::Basic(value) => match class {
            ConfigAttribute::XAUTH_TYPE => format!("{class} {}", XauthType(*value)),
            ConfigAttribute::XAUTH_STATUS => format!("{class} {}", XauthStatus(*value)),
            _ => format!("{class} {value}"),
        },
    }
}

/// Text and addresses as such, the rest in hexadecimal.
fn configured(class: ConfigAttribute, octets: &[u8]) -> String {
    match class {
        ConfigAttribute::APPLICATION_VERSION
        | ConfigAttribute::XAUTH_USER_NAME
        | ConfigAttribute::XAUTH_MESSAGE
        | ConfigAttribute::XAUTH_DOMAIN
        | ConfigAttribute::UNITY_BANNER
        | ConfigAttribute::UNITY_DEF_DOMAIN => return octets.escape_ascii().to_string(),
        ConfigAttribute::INTERNAL_IP4_ADDRESS
        | ConfigAttribute::INTERNAL_IP4_NETMASK
        | ConfigAttribute::INTERNAL_IP4_DNS
        | ConfigAttribute::INTERNAL_IP4_NBNS
        | ConfigAttribute::INTERNAL_IP4_DHCP => {
            if let Ok(address) = <[u8; 4]>::try_from(octets) {
                return Ipv4Addr::from(address).to_string();
            }
        }
        ConfigAttribute::INTERNAL_IP6_ADDRESS
        | ConfigAttribute::INTERNAL_IP6_NETMASK
        | ConfigAttribute::INTERNAL_IP6_DNS
        | ConfigAttribute::INTERNAL_IP6_NBNS
        | ConfigAttribute::INTERNAL_IP6_DHCP => {
            if let Ok(address) = <[u8; 16]>::try_from(octets) {
                return Ipv6Addr::from(address).to_string();
            }
        }
        _ => {}
    }
    Value::Variable(octets.to_vec()).to_string()
}

#[cfg(test)]
mod tests;
