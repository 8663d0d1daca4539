//! Identities as IKE exchanges them (RFC 7296 §3.5).

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipsec_wire::registry::IdType;
use ipsec_wire::v2::Identification;
use x509_cert::der::{Decode, Encode};
use x509_cert::name::Name;

/// Who a peer says it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// An IPv4 or IPv6 address.
    Address(IpAddr),
    /// A fully-qualified domain name.
    Fqdn(String),
    /// A mail address.
    Email(String),
    /// A distinguished name, in DER.
    Dn(Vec<u8>),
    /// Opaque octets with a meaning of their own.
    KeyId(Vec<u8>),
    /// Nobody in particular (RFC 7619 §2.2).
    Null,
    /// Any other type, or a known one whose octets do not fit it; it equals only itself.
    Other(u8, Vec<u8>),
}

impl Identity {
    /// The identity in a payload.
    #[must_use]
    pub fn from_wire(id: &Identification) -> Self {
        let data = id.data();
        let text = || std::str::from_utf8(data).ok().filter(|text| !text.contains('\0')).map(str::to_owned);
        let known = match id.kind() {
            IdType::IPV4_ADDR => {
                <[u8; 4]>::try_from(data).ok().map(|a| Self::Address(Ipv4Addr::from(a).into()))
            }
            IdType::IPV6_ADDR => {
                <[u8; 16]>::try_from(data).ok().map(|a| Self::Address(Ipv6Addr::from(a).into()))
            }
            IdType::FQDN => text().map(Self::Fqdn),
            IdType::RFC822_ADDR => text().map(Self::Email),
            IdType::DER_ASN1_DN => Name::from_der(data).ok().map(|_| Self::Dn(data.to_vec())),
            IdType::KEY_ID => Some(Self::KeyId(data.to_vec())),
            IdType::NULL => data.is_empty().then_some(Self::Null),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other(id.kind().0, data.to_vec()))
    }

    /// The distinguished name, if it is one.
    pub(crate) fn name(&self) -> Option<Name> {
        match self {
            Self::Dn(der) => Name::from_der(der).ok(),
            _ => None,
        }
    }

    /// The payload that carries the identity.
    #[must_use]
    pub fn to_wire(&self) -> Identification {
        match self {
            Self::Address(IpAddr::V4(address)) => Identification::new(IdType::IPV4_ADDR, &address.octets()),
            Self::Address(IpAddr::V6(address)) => Identification::new(IdType::IPV6_ADDR, &address.octets()),
            Self::Fqdn(name) => Identification::new(IdType::FQDN, name.as_bytes()),
            Self::Email(name) => Identification::new(IdType::RFC822_ADDR, name.as_bytes()),
            Self::Dn(der) => Identification::new(IdType::DER_ASN1_DN, der),
            Self::KeyId(octets) => Identification::new(IdType::KEY_ID, octets),
            Self::Null => Identification::new(IdType::NULL, &[]),
            Self::Other(kind, octets) => Identification::new(IdType(*kind), octets),
        }
    }
}

/// An address is an address, what RFC 4514 reads as attributes is a distinguished name (`CN=west,O=Example`), any other
/// text with `@` a mail address, and the rest a domain name.
impl FromStr for Identity {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let name = || text.parse::<Name>().ok().filter(|name| !name.is_empty())?.to_der().ok();
        Ok(match text.parse() {
            Ok(address) => Self::Address(address),
            Err(_) => match name() {
                Some(der) => Self::Dn(der),
                None if text.contains('@') => Self::Email(text.to_owned()),
                None => Self::Fqdn(text.to_owned()),
            },
        })
    }
}

/// As people write it; octets that could harm a terminal or a log are escaped.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Fqdn(name) | Self::Email(name) => name.escape_default().fmt(f),
            Self::Dn(der) => match Name::from_der(der) {
                Ok(name) => f.write_str(&printable(&name)),
                Err(_) => write!(f, "distinguished name {}", der.escape_ascii()),
            },
            Self::KeyId(octets) => write!(f, "key id {}", octets.escape_ascii()),
            Self::Null => f.write_str("nobody"),
            Self::Other(kind, octets) => write!(f, "identity type {kind} {}", octets.escape_ascii()),
        }
    }
}

/// A distinguished name as RFC 4514 writes it; what is not ASCII is escaped.
pub(crate) fn printable(name: &Name) -> String {
    let mut text = String::new();
    for character in name.to_string().chars() {
        match character {
            ' '..='~' => text.push(character),
            _ => text.extend(character.escape_unicode()),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_survive_the_wire() {
        let dn = "CN=west,O=Example,C=NL";
        for text in
            ["192.0.2.1", "2001:db8::1", "west.example.org", "east@example.org", dn, "a=b@example.org"]
        {
            let identity: Identity = text.parse().unwrap();
            assert_eq!(Identity::from_wire(&identity.to_wire()), identity);
            assert_eq!(identity.to_string(), text);
        }
        assert!(matches!(dn.parse(), Ok(Identity::Dn(_))));
        for identity in [Identity::KeyId(vec![0, 1, 255]), Identity::Null] {
            assert_eq!(Identity::from_wire(&identity.to_wire()), identity);
        }
    }

    #[test]
    fn an_identity_that_does_not_fit_its_type_equals_no_proper_one() {
        let short = Identification::new(IdType::IPV4_ADDR, &[192, 0, 2]);
        assert_eq!(Identity::from_wire(&short), Identity::Other(IdType::IPV4_ADDR.0, vec![192, 0, 2]));
        let dn = Identification::new(IdType::DER_ASN1_DN, &[0x30, 1]);
        assert_eq!(Identity::from_wire(&dn), Identity::Other(IdType::DER_ASN1_DN.0, vec![0x30, 1]));
        let named = Identification::new(IdType::NULL, b"west");
        assert_eq!(Identity::from_wire(&named), Identity::Other(IdType::NULL.0, b"west".to_vec()));
        let nul = Identification::new(IdType::FQDN, b"west.example.org\0.evil.example");
        assert!(matches!(Identity::from_wire(&nul), Identity::Other(..)));
    }

    #[test]
    fn a_distinguished_name_is_shown_as_rfc_4514_writes_it() {
        let name: Name = "CN=we\\,st\u{202e},O=Example".parse().unwrap();
        let identity = Identity::Dn(name.to_der().unwrap());
        assert_eq!(identity.to_string(), "CN=we\\,st\\u{202e},O=Example");
    }

    #[test]
    fn control_characters_do_not_reach_a_log() {
        let id = Identity::Fqdn("west\n\u{1b}[31m".to_owned());
        assert_eq!(id.to_string(), "west\\n\\u{1b}[31m");
    }
}
