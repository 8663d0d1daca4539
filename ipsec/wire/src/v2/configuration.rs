//! The Configuration payload (RFC 7296 §3.15): what a host asks of the network that it connects to, and what that tells it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::{ConfigAttributeType as Type, ConfigType};

mod dns;

pub use dns::{DnsDigests, EncryptedDns, TrustAnchor};

/// A Configuration payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Whether it asks, answers, sets or acknowledges.
    pub kind: ConfigType,
    /// What is asked for, without values or with those that are wished for, or told.
    pub attributes: Vec<ConfigAttribute>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigAttribute {
    /// Its type.
    pub kind: Type,
    /// Its value, which has the shape of its type or is [`ConfigValue::Empty`].
    pub value: ConfigValue,
}

/// What an attribute holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConfigValue {
    /// Nothing: it is asked for, or acknowledged.
    Empty,
    /// An IPv4 address, or a netmask.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
    /// An IPv4 network: its address and its mask.
    Subnet(Ipv4Addr, Ipv4Addr),
    /// An IPv6 address or network with the length of its prefix in bits.
    Prefix(Ipv6Addr, u8),
    /// An interface on a virtual link (RFC 5739 §4.1): its identifier and the link's.
    Link(u64, Vec<u8>),
    /// The types of attributes that are understood.
    Types(Vec<Type>),
    /// A key that vouches for domains (RFC 8598 §5).
    TrustAnchor(TrustAnchor),
    /// A resolver that is asked in secret (RFC 9464 §3.1).
    EncryptedDns(EncryptedDns),
    /// How such a resolver's certificate is known (RFC 9464 §3.2).
    DnsDigests(DnsDigests),
    /// A text, or the value of a type that is not known.
    Octets(Vec<u8>),
}

/// The shapes of values.
#[derive(Clone, Copy)]
enum Shape {
    Ipv4,
    Ipv6,
    Subnet,
    Prefix,
    Link,
    Types,
    TrustAnchor,
    EncryptedDns { version: u8 },
    DnsDigests,
    Octets,
}

fn shape(kind: Type) -> Shape {
    match kind {
        Type::INTERNAL_IP4_ADDRESS
        | Type::INTERNAL_IP4_NETMASK
        | Type::INTERNAL_IP4_DNS
        | Type::INTERNAL_IP4_NBNS
        | Type::INTERNAL_IP4_DHCP
        | Type::P_CSCF_IP4_ADDRESS => Shape::Ipv4,
        Type::INTERNAL_IP6_DNS | Type::INTERNAL_IP6_DHCP | Type::P_CSCF_IP6_ADDRESS => Shape::Ipv6,
        Type::INTERNAL_IP4_SUBNET => Shape::Subnet,
        Type::INTERNAL_IP6_ADDRESS | Type::INTERNAL_IP6_SUBNET | Type::INTERNAL_IP6_PREFIX => Shape::Prefix,
        Type::INTERNAL_IP6_LINK => Shape::Link,
        Type::SUPPORTED_ATTRIBUTES => Shape::Types,
        Type::INTERNAL_DNSSEC_TA => Shape::TrustAnchor,
        Type::ENCDNS_IP4 => Shape::EncryptedDns { version: 4 },
        Type::ENCDNS_IP6 => Shape::EncryptedDns { version: 6 },
        Type::ENCDNS_DIGEST_INFO => Shape::DnsDigests,
        _ => Shape::Octets,
    }
}

impl Configuration {
    /// The values of all attributes of this type, in order.
    pub fn values(&self, kind: Type) -> impl Iterator<Item = &ConfigValue> {
        self.attributes.iter().filter(move |attribute| attribute.kind == kind).map(|one| &one.value)
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let kind = ConfigType(cursor.u8("the configuration type")?);
        cursor.take(3, "the reserved octets")?;
        let mut attributes = Vec::new();
        while !cursor.is_empty() {
            // The highest bit is reserved.
            let kind = Type(cursor.u16("an attribute's type")? & 0x7fff);
            let length = usize::from(cursor.u16("an attribute's length")?);
            let mut value = cursor.nested(length, "an attribute")?;
            attributes.push(ConfigAttribute::parse(kind, &mut value)?);
        }
        Ok(Self { kind, attributes })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.kind.0, 0, 0, 0]);
        for attribute in &self.attributes {
            out.extend(attribute.kind.0.to_be_bytes());
            let begin = out.len();
            out.extend([0; 2]);
            attribute.value.emit(out);
            let length = u16::try_from(out.len() - begin - 2).unwrap_or(u16::MAX);
            out[begin..begin + 2].copy_from_slice(&length.to_be_bytes());
        }
    }
}

impl ConfigAttribute {
    /// One without a value: it is asked for.
    #[must_use]
    pub fn asked(kind: Type) -> Self {
        Self { kind, value: ConfigValue::Empty }
    }

    /// An address of the inside network, with the prefix of one host if it is of IPv6.
    #[must_use]
    pub fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self { kind: Type::INTERNAL_IP4_ADDRESS, value: ConfigValue::Ipv4(v4) },
            IpAddr::V6(v6) => Self { kind: Type::INTERNAL_IP6_ADDRESS, value: ConfigValue::Prefix(v6, 128) },
        }
    }

    /// The attribute of this type with these octets as its value.
    ///
    /// # Errors
    /// When the type has values of another shape.
    pub fn of(kind: Type, octets: &[u8]) -> Result<Self, Malformed> {
        Self::parse(kind, &mut Cursor::new(octets, 0))
    }

    /// Whether it belongs to one version of IP, and to which: 4 or 6.
    #[must_use]
    pub fn ip_version(&self) -> Option<u8> {
        let name = self.kind.name()?;
        match (name.contains("IP4"), name.contains("IP6")) {
            (true, _) => Some(4),
            (_, true) => Some(6),
            _ => None,
        }
    }

    fn parse(kind: Type, cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        if cursor.is_empty() {
            return Ok(Self::asked(kind));
        }
        let value = match shape(kind) {
            Shape::Ipv4 => ConfigValue::Ipv4(cursor.array("an IPv4 address")?.into()),
            Shape::Ipv6 => ConfigValue::Ipv6(cursor.array("an IPv6 address")?.into()),
            Shape::Subnet => ConfigValue::Subnet(
                cursor.array("the address of a network")?.into(),
                cursor.array("a netmask")?.into(),
            ),
            Shape::Prefix => {
                let address = cursor.array("an IPv6 address")?.into();
                let at = cursor.offset();
                match cursor.u8("the length of a prefix")? {
                    length @ 0..=128 => ConfigValue::Prefix(address, length),
                    length => {
                        let text = format!("an IPv6 prefix of {length} bits in {kind}");
                        return Err(Malformed::new(at, text));
                    }
                }
            }
            Shape::Link => {
                ConfigValue::Link(cursor.u64("the identifier of an interface")?, cursor.rest().to_vec())
            }
            Shape::Types => {
                let mut types = Vec::new();
                while !cursor.is_empty() {
                    types.push(Type(cursor.u16("the type of an attribute")? & 0x7fff));
                }
                ConfigValue::Types(types)
            }
            Shape::TrustAnchor => ConfigValue::TrustAnchor(TrustAnchor::parse(cursor)?),
            Shape::EncryptedDns { version } => {
                ConfigValue::EncryptedDns(EncryptedDns::parse(cursor, version)?)
            }
            Shape::DnsDigests => ConfigValue::DnsDigests(DnsDigests::parse(cursor)?),
            Shape::Octets => ConfigValue::Octets(cursor.rest().to_vec()),
        };
        if !cursor.is_empty() {
            return Err(Malformed::new(cursor.offset(), format!("octets behind the value of {kind}")));
        }
        Ok(Self { kind, value })
    }
}

impl ConfigValue {
    fn emit(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => {}
            Self::Ipv4(address) => out.extend(address.octets()),
            Self::Ipv6(address) => out.extend(address.octets()),
            Self::Subnet(address, mask) => {
                out.extend(address.octets());
                out.extend(mask.octets());
            }
            Self::Prefix(address, length) => {
                out.extend(address.octets());
                out.push(*length);
            }
            Self::Link(interface, link) => {
                out.extend(interface.to_be_bytes());
                out.extend_from_slice(link);
            }
            Self::Types(types) => types.iter().for_each(|kind| out.extend(kind.0.to_be_bytes())),
            Self::TrustAnchor(anchor) => anchor.emit(out),
            Self::EncryptedDns(resolver) => resolver.emit(out),
            Self::DnsDigests(digests) => digests.emit(out),
            Self::Octets(octets) => out.extend_from_slice(octets),
        }
    }
}

/// `INTERNAL_IP4_ADDRESS 10.3.0.1`, or the type alone.
impl fmt::Display for ConfigAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match &self.value {
            ConfigValue::Empty => Ok(()),
            ConfigValue::Ipv4(address) => write!(f, " {address}"),
            ConfigValue::Ipv6(address) => write!(f, " {address}"),
            ConfigValue::Subnet(address, mask) => write!(f, " {address} mask {mask}"),
            ConfigValue::Prefix(address, length) => write!(f, " {address}/{length}"),
            ConfigValue::Link(interface, _) => write!(f, " interface {interface:016x}"),
            ConfigValue::Types(types) => types.iter().try_for_each(|kind| write!(f, " {kind}")),
            ConfigValue::TrustAnchor(anchor) => write!(f, " {anchor}"),
            ConfigValue::EncryptedDns(resolver) => write!(f, " {resolver}"),
            ConfigValue::DnsDigests(digests) => write!(f, " {digests}"),
            ConfigValue::Octets(octets) => write!(f, " \"{}\"", octets.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests;
