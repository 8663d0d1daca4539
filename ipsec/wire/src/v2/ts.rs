//! The Traffic Selector payloads (RFC 7296 §3.13).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::TsType;

/// Which packets an SA carries, at one of its ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TrafficSelector {
    /// Addresses of one IP version.
    Addresses {
        /// The upper-layer protocol; 0 for any.
        protocol: u8,
        /// The first and the last port; 0 and 65535 for any, 65535 and 0 for OPAQUE (RFC 7296 §3.13.1).
        ports: (u16, u16),
        /// The first address.
        first: IpAddr,
        /// The last address, of the same version.
        last: IpAddr,
    },
    /// A security label (RFC 9478 §2): packets that carry it, whatever their addresses. Never empty.
    Label(Vec<u8>),
    /// A type that is not known; it is skipped when selectors are narrowed (RFC 7296 §2.9).
    Unknown {
        /// The type.
        kind: TsType,
        /// The octet behind the type.
        protocol: u8,
        /// What follows the length.
        body: Vec<u8>,
    },
}

impl TrafficSelector {
    /// All traffic of the addresses from `first` to `last`.
    #[must_use]
    pub fn any(first: IpAddr, last: IpAddr) -> Self {
        Self::Addresses { protocol: 0, ports: (0, u16::MAX), first, last }
    }

    /// The first and the last address.
    #[must_use]
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        match self {
            Self::Addresses { first, last, .. } => Some((*first, *last)),
            Self::Label(_) | Self::Unknown { .. } => None,
        }
    }

    /// The security label.
    #[must_use]
    pub fn label(&self) -> Option<&[u8]> {
        match self {
            Self::Label(label) => Some(label),
            Self::Addresses { .. } | Self::Unknown { .. } => None,
        }
    }

    /// The upper-layer protocol; 0 for any.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        match self {
            Self::Addresses { protocol, .. } | Self::Unknown { protocol, .. } => *protocol,
            Self::Label(_) => 0,
        }
    }

    /// The first and the last port; 65535 and 0, which is also OPAQUE, for what has no ports.
    #[must_use]
    pub fn ports(&self) -> (u16, u16) {
        match self {
            Self::Addresses { ports, .. } => *ports,
            Self::Label(_) | Self::Unknown { .. } => (u16::MAX, 0),
        }
    }

    /// The same selector for other addresses.
    #[must_use]
    pub fn with_addresses(&self, first: IpAddr, last: IpAddr) -> Self {
        match self {
            Self::Addresses { protocol, ports, .. } => {
                Self::Addresses { protocol: *protocol, ports: *ports, first, last }
            }
            Self::Label(_) | Self::Unknown { .. } => self.clone(),
        }
    }

    pub(super) fn parse_list(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, Malformed> {
        let count_at = cursor.offset();
        let count = usize::from(cursor.u8("the number of traffic selectors")?);
        cursor.take(3, "the reserved octets")?;
        let mut selectors = Vec::new();
        while !cursor.is_empty() {
            selectors.push(Self::parse(cursor)?);
        }
        if selectors.len() != count || count == 0 {
            let text = format!("{count} traffic selectors are announced, {} are there", selectors.len());
            return Err(Malformed::new(count_at, text));
        }
        Ok(selectors)
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let begin = cursor.offset();
        let kind = TsType(cursor.u8("a traffic selector's type")?);
        let protocol = cursor.u8("a traffic selector's protocol")?;
        let length = usize::from(cursor.u16("a traffic selector's length")?);
        let wrong = |what: String| Malformed::new(begin + 2, what);
        let body_len = length.checked_sub(4).ok_or_else(|| {
            wrong(format!("a traffic selector's length of {length} is less than its header"))
        })?;
        let mut body = cursor.nested(body_len, "a traffic selector")?;
        let expected = match kind {
            TsType::SECLABEL if body_len > 0 => return Ok(Self::Label(body.rest().to_vec())),
            TsType::IPV4_ADDR_RANGE => 16,
            TsType::IPV6_ADDR_RANGE => 40,
            _ => {
                return Ok(Self::Unknown { kind, protocol, body: body.rest().to_vec() });
            }
        };
        if length != expected {
            return Err(wrong(format!(
                "a traffic selector's length is {length}, expected {expected} for {kind}"
            )));
        }
        let ports = (body.u16("the first port")?, body.u16("the last port")?);
        let (first, last): (IpAddr, IpAddr) = if kind == TsType::IPV4_ADDR_RANGE {
            let first = Ipv4Addr::from(body.array("the first address")?);
            (first.into(), Ipv4Addr::from(body.array("the last address")?).into())
        } else {
            let first = Ipv6Addr::from(body.array("the first address")?);
            (first.into(), Ipv6Addr::from(body.array("the last address")?).into())
        };
        if first > last {
            return Err(wrong(format!(
                "a traffic selector's first address {first} lies behind its last, {last}"
            )));
        }
        Ok(Self::Addresses { protocol, ports, first, last })
    }

    pub(super) fn emit_list(selectors: &[Self], out: &mut Vec<u8>) {
        out.extend([u8::try_from(selectors.len()).unwrap_or(u8::MAX), 0, 0, 0]);
        for selector in selectors {
            selector.emit(out);
        }
    }

    fn emit(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        match self {
            Self::Addresses { protocol, ports, first, last } => {
                let kind = if first.is_ipv4() { TsType::IPV4_ADDR_RANGE } else { TsType::IPV6_ADDR_RANGE };
                out.extend([kind.0, *protocol, 0, 0]);
                out.extend(ports.0.to_be_bytes());
                out.extend(ports.1.to_be_bytes());
                for address in [first, last] {
                    match address {
                        IpAddr::V4(address) => out.extend(address.octets()),
                        IpAddr::V6(address) => out.extend(address.octets()),
                    }
                }
            }
            Self::Label(label) => {
                out.extend([TsType::SECLABEL.0, 0, 0, 0]);
                out.extend_from_slice(label);
            }
            Self::Unknown { kind, protocol, body } => {
                out.extend([kind.0, *protocol, 0, 0]);
                out.extend_from_slice(body);
            }
        }
        let length = u16::try_from(out.len() - begin).unwrap_or(u16::MAX);
        out[begin + 2..begin + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// `10.1.0.0-10.1.255.255`, with `[protocol/ports]` behind it where they are not any, or `label "…"`.
impl fmt::Display for TrafficSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses { protocol, ports, first, last } => {
                write!(f, "{first}-{last}")?;
                match (*protocol, *ports) {
                    (0, (0, u16::MAX)) => Ok(()),
                    (protocol, (0, u16::MAX)) => write!(f, "[{protocol}]"),
                    (protocol, (u16::MAX, 0)) => write!(f, "[{protocol}/opaque]"),
                    (protocol, (first, last)) => write!(f, "[{protocol}/{first}-{last}]"),
                }
            }
            Self::Label(label) => write!(f, "label \"{}\"", label.escape_ascii()),
            Self::Unknown { kind, body, .. } => write!(f, "{kind} of {} octets", body.len()),
        }
    }
}

#[cfg(test)]
mod tests;
