//! Address prefixes, as routes and protected networks are written, and address ranges, as traffic selectors have them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address prefix such as `10.1.0.0/16`; host bits are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The prefix of `length` bits at `address`.
    ///
    /// # Errors
    /// When `length` is above 32 (128 for IPv6), or host bits are set.
    pub fn new(address: IpAddr, length: u8) -> Result<Self, ParsePrefixError> {
        let width = width(address);
        if length > width {
            return Err(ParsePrefixError::Length { length, width });
        }
        let prefix = Self { address, length };
        let first = prefix.range().first();
        if first != address {
            return Err(ParsePrefixError::HostBits { address, length, first });
        }
        Ok(prefix)
    }

    /// The prefix that holds just this address.
    #[must_use]
    pub fn host(address: IpAddr) -> Self {
        Self { address, length: width(address) }
    }

    /// The first address.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The number of bits that all addresses of the prefix share.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether `address` lies in the prefix. An address of the other IP version never does.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.range().contains(address)
    }

    /// The addresses of the prefix, first to last.
    #[must_use]
    pub fn range(&self) -> AddressRange {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.length)).unwrap_or(0);
                let bits = address.to_bits();
                AddressRange {
                    first: Ipv4Addr::from_bits(bits & mask).into(),
                    last: Ipv4Addr::from_bits(bits | !mask).into(),
                }
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.length)).unwrap_or(0);
                let bits = address.to_bits();
                AddressRange {
                    first: Ipv6Addr::from_bits(bits & mask).into(),
                    last: Ipv6Addr::from_bits(bits | !mask).into(),
                }
            }
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// Reads `10.1.0.0/16`, `2001:db8::/32`, or a single address.
impl FromStr for Prefix {
    type Err = ParsePrefixError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParsePrefixError::Text(text.to_owned());
        let Some((address, length)) = text.split_once('/') else {
            return Ok(Self::host(text.parse().map_err(|_| wrong())?));
        };
        Self::new(address.parse().map_err(|_| wrong())?, length.parse().map_err(|_| wrong())?)
    }
}

/// Why something is not a prefix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePrefixError {
    /// Neither an address nor an address with a length.
    #[error("\"{0}\" is not a prefix: write an address and a length, such as 10.1.0.0/16 or 2001:db8::/32")]
    Text(String),
    /// More bits than the address has.
    #[error("a prefix length of {length} is more than the address's {width} bits")]
    Length {
        /// The length asked for, in bits.
        length: u8,
        /// The bits that an address has.
        width: u8,
    },
    /// Bits behind the prefix length are set.
    #[error("{address}/{length} has bits set behind its length: the network is {first}/{length}")]
    HostBits {
        /// The address given.
        address: IpAddr,
        /// The length given, in bits.
        length: u8,
        /// The network's first address.
        first: IpAddr,
    },
}

/// The addresses from `first` to `last`, both included and of one IP version (RFC 4301 §4.4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    first: IpAddr,
    last: IpAddr,
}

impl AddressRange {
    /// The range from `first` to `last`; nothing when the versions differ or `first` lies behind `last`.
    #[must_use]
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// The first address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The last address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.last
    }

    /// Whether `address` lies in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }

    /// The addresses that lie in both ranges, if any do.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        if self.first.is_ipv4() != other.first.is_ipv4() {
            return None;
        }
        Self::new(self.first.max(other.first), self.last.min(other.last))
    }

    /// Whether every address of `other` lies in this range.
    #[must_use]
    pub fn contains_range(&self, other: &Self) -> bool {
        self.contains(other.first) && self.contains(other.last)
    }

    /// The prefix with exactly these addresses, if there is one.
    #[must_use]
    pub fn as_prefix(&self) -> Option<Prefix> {
        let shared = match (self.first, self.last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return None,
        };
        let prefix = Prefix::new(self.first, u8::try_from(shared).ok()?).ok()?;
        (prefix.range() == *self).then_some(prefix)
    }
}

impl From<Prefix> for AddressRange {
    fn from(prefix: Prefix) -> Self {
        prefix.range()
    }
}

/// A prefix where there is one, else `first-last`.
impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_prefix() {
            Some(prefix) => prefix.fmt(f),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_read_and_write_alike() {
        for text in ["10.1.0.0/16", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/32", "::/0"] {
            assert_eq!(text.parse::<Prefix>().unwrap().to_string(), text);
        }
        assert_eq!("192.0.2.1".parse::<Prefix>().unwrap().length(), 32);
    }

    #[test]
    fn a_prefix_with_host_bits_names_the_network() {
        let error = "10.1.2.3/16".parse::<Prefix>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "10.1.2.3/16 has bits set behind its length: the network is 10.1.0.0/16"
        );
        assert!("10.0.0.0/33".parse::<Prefix>().is_err());
        assert!("ten/8".parse::<Prefix>().is_err());
    }

    #[test]
    fn ranges_intersect_within_one_version_only() {
        let range = |text: &str| text.parse::<Prefix>().unwrap().range();
        let all = range("0.0.0.0/0");
        assert_eq!(all.intersection(&range("10.1.0.0/16")), Some(range("10.1.0.0/16")));
        assert_eq!(range("10.1.0.0/16").intersection(&range("10.2.0.0/16")), None);
        assert_eq!(all.intersection(&range("::/0")), None);
    }

    #[test]
    fn a_range_that_is_no_prefix_shows_its_ends() {
        let range = AddressRange::new("10.0.0.1".parse().unwrap(), "10.0.0.9".parse().unwrap()).unwrap();
        assert_eq!(range.to_string(), "10.0.0.1-10.0.0.9");
        assert_eq!("10.0.0.0/8".parse::<Prefix>().unwrap().range().to_string(), "10.0.0.0/8");
        let odd = AddressRange::new("10.0.0.3".parse().unwrap(), "10.0.0.4".parse().unwrap()).unwrap();
        assert_eq!(odd.as_prefix(), None);
    }
}
