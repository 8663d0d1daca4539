//! The NAT-OA payload (RFC 3947 §5.2): an address as it was before a NAT changed it. It has the form of an identity.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::v1::IdType;

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<IpAddr, Malformed> {
    let begin = cursor.offset();
    let kind = IdType(cursor.u8("the type of the original address")?);
    cursor.take(3, "the reserved octets")?;
    match kind {
        IdType::IPV4_ADDR => Ok(Ipv4Addr::from(cursor.array("the original address")?).into()),
        IdType::IPV6_ADDR => Ok(Ipv6Addr::from(cursor.array("the original address")?).into()),
        other => {
            let text = format!("an original address of type {other}, expected ID_IPV4_ADDR or ID_IPV6_ADDR");
            Err(Malformed::new(begin, text))
        }
    }
}

pub(super) fn emit(address: IpAddr, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => {
            out.extend([IdType::IPV4_ADDR.0, 0, 0, 0]);
            out.extend(address.octets());
        }
        IpAddr::V6(address) => {
            out.extend([IdType::IPV6_ADDR.0, 0, 0, 0]);
            out.extend(address.octets());
        }
    }
}

#[cfg(test)]
mod tests;
