//! The Identification payload (RFC 2408 §3.8, RFC 2407 §4.6.2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::v1::IdType;

/// An identity: of a peer in phase 1, of traffic at one end in phase 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identification {
    /// The type.
    pub kind: IdType,
    /// The upper-layer protocol; 0 for any.
    pub protocol: u8,
    /// The port; 0 for any.
    pub port: u16,
    /// The identity itself.
    pub data: Vec<u8>,
}

/// The addresses that an identity stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One address.
    Address(IpAddr),
    /// The addresses that agree with this one wherever the mask has a 1. A mask need not be a prefix.
    Subnet {
        /// The address.
        address: IpAddr,
        /// The mask, of the same IP version.
        mask: IpAddr,
    },
    /// The addresses from the first to the last.
    Range {
        /// The first address.
        first: IpAddr,
        /// The last address, of the same IP version; nothing proves that it is not less than the first.
        last: IpAddr,
    },
}

impl Identification {
    /// The identity `data` of this type, for any protocol and port.
    #[must_use]
    pub fn new(kind: IdType, data: &[u8]) -> Self {
        Self { kind, protocol: 0, port: 0, data: data.to_vec() }
    }

    /// The identity of addresses, for any protocol and port.
    #[must_use]
    pub fn of(subject: Subject) -> Self {
        let (v4, v6, addresses) = match subject {
            Subject::Address(address) => (IdType::IPV4_ADDR, IdType::IPV6_ADDR, vec![address]),
            Subject::Subnet { address, mask } => {
                (IdType::IPV4_ADDR_SUBNET, IdType::IPV6_ADDR_SUBNET, vec![address, mask])
            }
            Subject::Range { first, last } => {
                (IdType::IPV4_ADDR_RANGE, IdType::IPV6_ADDR_RANGE, vec![first, last])
            }
        };
        let kind = if addresses[0].is_ipv4() { v4 } else { v6 };
        let mut data = Vec::new();
        for address in addresses {
            match address {
                IpAddr::V4(address) => data.extend(address.octets()),
                IpAddr::V6(address) => data.extend(address.octets()),
            }
        }
        Self::new(kind, &data)
    }

    /// The addresses that it stands for; `None` where its type is none of addresses, or its data do not have the length
    /// of its type.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        Some(match self.kind {
            IdType::IPV4_ADDR | IdType::IPV6_ADDR => Subject::Address(self.address(0, 1)?),
            IdType::IPV4_ADDR_SUBNET | IdType::IPV6_ADDR_SUBNET => {
                Subject::Subnet { address: self.address(0, 2)?, mask: self.address(1, 2)? }
            }
            IdType::IPV4_ADDR_RANGE | IdType::IPV6_ADDR_RANGE => {
                Subject::Range { first: self.address(0, 2)?, last: self.address(1, 2)? }
            }
            _ => return None,
        })
    }

    /// The address with this index, where the data are `count` addresses of the type's IP version.
    fn address(&self, index: usize, count: usize) -> Option<IpAddr> {
        let v4 = matches!(self.kind, IdType::IPV4_ADDR | IdType::IPV4_ADDR_SUBNET | IdType::IPV4_ADDR_RANGE);
        let size = if v4 { 4 } else { 16 };
        if self.data.len() != count * size {
            return None;
        }
        let octets = &self.data[index * size..(index + 1) * size];
        if v4 {
            <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into())
        } else {
            <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into())
        }
    }

    /// The payload without its generic header: `ID_b` of RFC 2409 §5, which hashes and signatures cover.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        self.emit(&mut body);
        body
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let kind = IdType(cursor.u8("the ID type")?);
        let protocol = cursor.u8("the ID's protocol")?;
        let port = cursor.u16("the ID's port")?;
        Ok(Self { kind, protocol, port, data: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.kind.0, self.protocol]);
        out.extend(self.port.to_be_bytes());
        out.extend_from_slice(&self.data);
    }
}

#[cfg(test)]
mod tests;
