//! What a scenario says in the words of version 1 of IKE, where it can be said there.

use ipsec::crypto::{HashAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm};
use ipsec::dataplane::{Encryption, Selector, Suite};
use ipsec::ikev1::{ChildSuite, IkeSuite, Side};
use ipsec::wire::registry::ConfigAttributeType;
use ipsec::wire::registry::v1::ConfigAttribute;
use ipsec::wire::v1::Attribute;
use ipsec::wire::v2::{self, ConfigValue};
use ipsec_net::Prefix;

use super::proposal::{ChildProposal, IkeProposal};
use super::scenario::ChildEnd;

/// The transforms that a proposal stands for: each cipher with each hash and each group, best first.
///
/// # Errors
/// When version 1 has no word for part of it.
pub fn ike_suites(proposal: &IkeProposal) -> Result<Vec<IkeSuite>, String> {
    let mut suites = Vec::new();
    for (encryption, key_len) in &proposal.encryption {
        let Encryption::Cipher(cipher) = *encryption else {
            return Err(format!("version 1 has no {} for its messages", encryption.name()));
        };
        for integrity in &proposal.integrity {
            let hash = hash_of(*integrity).ok_or_else(|| format!("{} is no hash", integrity.name()))?;
            for group in &proposal.groups {
                suites.push(IkeSuite { cipher, key_len: *key_len, hash, group: *group });
            }
        }
    }
    if proposal.additional.iter().any(|list| !list.is_empty()) {
        return Err("version 1 has no additional key exchanges".to_owned());
    }
    match suites.iter().find(|suite| !suite.has_numbers()) {
        Some(suite) => Err(format!("version 1 has no number for part of {suite}")),
        None => Ok(suites),
    }
}

/// The hash that the HMAC of an integrity algorithm is made from.
fn hash_of(integrity: IntegrityAlgorithm) -> Option<HashAlgorithm> {
    match integrity {
        IntegrityAlgorithm::HmacMd5_96 => Some(HashAlgorithm::Md5),
        IntegrityAlgorithm::HmacSha1_96 => Some(HashAlgorithm::Sha1),
        IntegrityAlgorithm::HmacSha2_256_128 => Some(HashAlgorithm::Sha2_256),
        IntegrityAlgorithm::HmacSha2_384_192 => Some(HashAlgorithm::Sha2_384),
        IntegrityAlgorithm::HmacSha2_512_256 => Some(HashAlgorithm::Sha2_512),
        _ => None,
    }
}

/// The transforms that a child's proposals stand for, best first, and the group that they all have.
///
/// # Errors
/// When version 1 has no word for part of them.
pub fn child_suites(
    proposals: &[ChildProposal],
) -> Result<(Vec<ChildSuite>, Option<KeyExchangeAlgorithm>), String> {
    let mut suites = Vec::new();
    let group = proposals.first().and_then(|first| first.groups.first().copied());
    for proposal in proposals {
        if proposal.groups.len() > 1 || proposal.groups.first().copied() != group {
            return Err("in version 1 all proposals of a child have one group, or none has one".to_owned());
        }
        for extended in &proposal.extended_sequence_numbers {
            let own = ChildSuite { ah: None, esp: None, extended_sequence_numbers: *extended };
            if proposal.encryption.is_empty() {
                suites.extend(proposal.integrity.iter().map(|ah| ChildSuite { ah: Some(*ah), ..own }));
            }
            for (encryption, key_len) in &proposal.encryption {
                let esp = |integrity| Suite { encryption: *encryption, key_len: *key_len, integrity };
                if proposal.bundle {
                    let around =
                        |ah: &IntegrityAlgorithm| ChildSuite { ah: Some(*ah), esp: Some(esp(None)), ..own };
                    suites.extend(proposal.integrity.iter().map(around));
                    continue;
                }
                let beside: Vec<Option<IntegrityAlgorithm>> = match encryption.is_combined() {
                    true => vec![None],
                    false => proposal.integrity.iter().copied().map(Some).collect(),
                };
                suites.extend(beside.into_iter().map(|one| ChildSuite { esp: Some(esp(one)), ..own }));
            }
        }
    }
    match suites.iter().find(|suite| !suite.has_numbers()) {
        Some(suite) => Err(format!("version 1 has no number for part of {suite}")),
        None => Ok((suites, group)),
    }
}

/// The class that asks for what version 2 calls `kind`: up to the networks behind a gateway, the numbers are the same.
///
/// # Errors
/// When version 1 has none.
pub fn class(kind: ConfigAttributeType) -> Result<ConfigAttribute, String> {
    match kind {
        ConfigAttributeType(1..=13 | 15) => Ok(ConfigAttribute(kind.0)),
        other => Err(format!("the configuration method of version 1 has no {other}")),
    }
}

/// What version 2 tells so, in the words of the configuration method; nothing where that has no word for it.
#[must_use]
pub fn told(attribute: &v2::ConfigAttribute) -> Option<Attribute> {
    let class = class(attribute.kind).ok()?;
    let value = match &attribute.value {
        ConfigValue::Ipv4(address) => address.octets().to_vec(),
        ConfigValue::Ipv6(address) => address.octets().to_vec(),
        ConfigValue::Subnet(address, mask) => [address.octets(), mask.octets()].concat(),
        ConfigValue::Prefix(address, length) => [&address.octets()[..], &[*length]].concat(),
        ConfigValue::Octets(octets) => octets.clone(),
        _ => return None,
    };
    Some(Attribute::variable(class.0, value))
}

/// The two sides of a child, ours first: quick mode has one network, one protocol and one port for each.
///
/// # Errors
/// When there is more to say than that.
pub fn sides(end: &ChildEnd) -> Result<[Side; 2], String> {
    // Where one side may be anything, it is of the IP version of the other one.
    let one = |nets: &[Prefix], other: &[Prefix]| match nets_like(nets, other).as_slice() {
        [net] => Ok(net.range()),
        _ => Err(format!("{} networks at one side of a child, version 1 has one", nets.len())),
    };
    let port = |ports: &std::ops::RangeInclusive<u16>| match ports {
        all if *all == Selector::ANY => Ok(0),
        one if one.start() == one.end() => Ok(*one.start()),
        _ => Err("version 1 has one port or all, no range".to_owned()),
    };
    let terms = &end.terms;
    let (protocol, local_port, remote_port) = match terms.services.as_slice() {
        [] => (0, 0, 0),
        [one] => (one.protocol.unwrap_or(0), port(&one.local_ports)?, port(&one.remote_ports)?),
        _ => return Err("version 1 has one protocol for a child, or all".to_owned()),
    };
    if !terms.labels.is_empty() || terms.single_pair || terms.resources > 0 || !terms.names.is_empty() {
        return Err("version 1 has no labels, single pairs, names and resources".to_owned());
    }
    let (local, remote) = (one(&end.local, &end.remote)?, one(&end.remote, &end.local)?);
    Ok([
        Side { addresses: local, protocol, port: local_port },
        Side { addresses: remote, protocol, port: remote_port },
    ])
}

/// The networks of those IP versions in which the other side has networks, too.
fn nets_like(nets: &[Prefix], other: &[Prefix]) -> Vec<Prefix> {
    let version = |net: &Prefix| net.address().is_ipv4();
    let like = |net: &&Prefix| other.iter().any(|other| version(other) == version(net));
    nets.iter().filter(like).copied().collect()
}
