//! Which gateway a redirect names, and how REDIRECT and REDIRECTED_FROM carry it (RFC 5685 §9.2, §9.3).
//!
//! ```text
//! type 1 (IPv4), 2 (IPv6) or 3 (FQDN) | length of the identity | identity | nonce data, in IKE_SA_INIT only
//! ```

use std::fmt;
use std::net::IpAddr;

/// A gateway by its address or its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// An IPv4 or IPv6 address.
    Address(IpAddr),
    /// A fully-qualified domain name of at most 255 octets; [`crate::Config::hosts`] says what it stands for.
    Name(String),
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

const IPV4: u8 = 1;
const IPV6: u8 = 2;
const FQDN: u8 = 3;

impl Gateway {
    /// The data of a REDIRECT or REDIRECTED_FROM notify; `nonce` is the initiator's, in `IKE_SA_INIT`, or empty.
    pub(crate) fn encode(&self, nonce: &[u8]) -> Vec<u8> {
        let (kind, identity) = match self {
            Self::Address(IpAddr::V4(address)) => (IPV4, address.octets().to_vec()),
            Self::Address(IpAddr::V6(address)) => (IPV6, address.octets().to_vec()),
            Self::Name(name) => (FQDN, name.as_bytes().iter().copied().take(255).collect()),
        };
        let length = u8::try_from(identity.len()).unwrap_or(u8::MAX);
        [&[kind, length], identity.as_slice(), nonce].concat()
    }

    /// The gateway in the data of such a notify, and the nonce data behind it.
    pub(crate) fn decode(data: &[u8]) -> Option<(Self, &[u8])> {
        let (&[kind, length], rest) = data.split_first_chunk()?;
        let (identity, nonce) = rest.split_at_checked(usize::from(length))?;
        let gateway = match kind {
            IPV4 => Self::Address(IpAddr::from(<[u8; 4]>::try_from(identity).ok()?)),
            IPV6 => Self::Address(IpAddr::from(<[u8; 16]>::try_from(identity).ok()?)),
            FQDN if !identity.is_empty() => Self::Name(std::str::from_utf8(identity).ok()?.to_owned()),
            _ => return None,
        };
        Some((gateway, nonce))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_of_gateway_comes_back_with_the_nonce_behind_it() {
        let gateways = [
            Gateway::Address([192, 0, 2, 7].into()),
            Gateway::Address("2001:db8::7".parse().unwrap()),
            Gateway::Name("gateway.example".into()),
        ];
        for gateway in gateways {
            for nonce in [&b""[..], &[9; 16]] {
                assert_eq!(Gateway::decode(&gateway.encode(nonce)), Some((gateway.clone(), nonce)));
            }
        }
        let octets = [&[1, 4, 192, 0, 2, 7], &[5; 16][..]].concat();
        assert_eq!(Gateway::Address([192, 0, 2, 7].into()).encode(&[5; 16]), octets);
    }

    #[test]
    fn what_names_no_gateway_is_none() {
        for data in [&b""[..], &[1], &[1, 4, 1, 2, 3], &[1, 3, 1, 2, 3], &[2, 4, 1, 2, 3, 4], &[3, 0]] {
            assert_eq!(Gateway::decode(data), None, "{data:?}");
        }
        assert_eq!(Gateway::decode(&[4, 1, b'x']), None, "an unassigned type");
        assert_eq!(Gateway::decode(&[3, 2, 0xff, 0xfe]), None, "not text");
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some((gateway, nonce)) = Gateway::decode(&data) {
                prop_assert_eq!(gateway.encode(nonce), data);
            }
        }
    }
}
