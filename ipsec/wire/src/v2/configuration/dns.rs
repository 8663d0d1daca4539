//! Attributes about name resolution: trust anchors of split DNS (RFC 8598 §5) and resolvers that are asked in secret
//! (RFC 9464 §3).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Malformed;
use crate::cursor::Cursor;

/// A DNSSEC trust anchor for the domain named by the attribute before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrustAnchor {
    /// The key's tag.
    pub key_tag: u16,
    /// The key's algorithm, in DNSSEC's numbers.
    pub algorithm: u8,
    /// The digest's algorithm, in DNSSEC's numbers.
    pub digest_type: u8,
    /// The digest of the key.
    pub digest: Vec<u8>,
}

/// A resolver, its addresses and how to ask it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EncryptedDns {
    /// Lower is better; 0 only says that the name stands for others.
    pub priority: u16,
    /// Its addresses, all of one IP version.
    pub addresses: Vec<IpAddr>,
    /// The name that its certificate proves, in the format of DNS.
    pub name: Vec<u8>,
    /// Service parameters (RFC 9460 §2.2) as they stand on the wire.
    pub parameters: Vec<u8>,
}

/// Hashes that a host can check, or what the certificate of a resolver hashes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DnsDigests {
    /// The resolver's name in the format of DNS; empty in a request.
    pub name: Vec<u8>,
    /// Algorithms, in the numbers of RFC 7427 §7.
    pub hashes: Vec<u16>,
    /// The digest; empty in a request.
    pub digest: Vec<u8>,
}

impl TrustAnchor {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            key_tag: cursor.u16("a key tag")?,
            algorithm: cursor.u8("an algorithm")?,
            digest_type: cursor.u8("a digest type")?,
            digest: cursor.rest().to_vec(),
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.key_tag.to_be_bytes());
        out.extend([self.algorithm, self.digest_type]);
        out.extend_from_slice(&self.digest);
    }
}

impl fmt::Display for TrustAnchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}, algorithm {}, digest {}", self.key_tag, self.algorithm, self.digest_type)
    }
}

impl EncryptedDns {
    /// Reads one with addresses of this IP version, 4 or 6.
    pub(super) fn parse(cursor: &mut Cursor<'_>, version: u8) -> Result<Self, Malformed> {
        let priority = cursor.u16("a service priority")?;
        let count = cursor.u8("the number of addresses")?;
        let name_len = usize::from(cursor.u8("the length of a name")?);
        let mut addresses: Vec<IpAddr> = Vec::new();
        for _ in 0..count {
            addresses.push(match version {
                4 => Ipv4Addr::from(cursor.array("the address of a resolver")?).into(),
                _ => Ipv6Addr::from(cursor.array("the address of a resolver")?).into(),
            });
        }
        let name = cursor.take(name_len, "the name of a resolver")?.to_vec();
        Ok(Self { priority, addresses, name, parameters: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.priority.to_be_bytes());
        out.extend([octet(self.addresses.len()), octet(self.name.len())]);
        for address in &self.addresses {
            match address {
                IpAddr::V4(address) => out.extend(address.octets()),
                IpAddr::V6(address) => out.extend(address.octets()),
            }
        }
        out.extend_from_slice(&self.name);
        out.extend_from_slice(&self.parameters);
    }
}

impl fmt::Display for EncryptedDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at", dotted(&self.name))?;
        self.addresses.iter().try_for_each(|address| write!(f, " {address}"))?;
        write!(f, ", priority {}", self.priority)
    }
}

impl DnsDigests {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let count = cursor.u8("the number of hash algorithms")?;
        let name_len = usize::from(cursor.u8("the length of a name")?);
        let name = cursor.take(name_len, "the name of a resolver")?.to_vec();
        let hashes = (0..count).map(|_| cursor.u16("a hash algorithm")).collect::<Result<_, _>>()?;
        Ok(Self { name, hashes, digest: cursor.rest().to_vec() })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([octet(self.hashes.len()), octet(self.name.len())]);
        out.extend_from_slice(&self.name);
        self.hashes.iter().for_each(|hash| out.extend(hash.to_be_bytes()));
        out.extend_from_slice(&self.digest);
    }
}

impl fmt::Display for DnsDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {:?}, {} octets", dotted(&self.name), self.hashes, self.digest.len())
    }
}

fn octet(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

/// A name in the format of DNS (RFC 1035 §3.1) with dots between its labels; what is no such name as hexadecimal numbers.
fn dotted(name: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut rest = name;
    while let [length, tail @ ..] = rest {
        match tail.split_at_checked(usize::from(*length)) {
            Some((label, tail)) => {
                labels.push(label.escape_ascii().to_string());
                rest = tail;
            }
            None => return name.escape_ascii().to_string(),
        }
    }
    labels.join(".").trim_end_matches('.').to_owned()
}
