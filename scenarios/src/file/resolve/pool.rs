//! Pools of inside addresses, who asks for them and who assigns.

use std::net::{IpAddr, Ipv4Addr};

use ipsec::wire::registry::ConfigAttributeType as Type;
use ipsec::wire::v2::{ConfigAttribute, ConfigValue, EncryptedDns};
use ipsec_net::{AddressRange, Prefix};

use super::peer::address_of;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Texts};
use crate::file::read::Named;
use crate::file::scenario::Pool;
use crate::story::{Kind, Names};

/// The pools whose peer is known.
pub(super) fn resolve(nouns: &[Named<nouns::Pool>], names: &Names, problems: &mut Problems) -> Vec<Pool> {
    nouns.iter().filter_map(|named| pool(named, names, problems)).collect()
}

fn pool(named: &Named<nouns::Pool>, names: &Names, problems: &mut Problems) -> Option<Pool> {
    let noun = &named.noun;
    let Some(at) = &noun.at else {
        problems.missing("pool", &named.name, "at", "the peer that lends the addresses");
        return None;
    };
    if !problems.refers(at, Kind::Peer, names) {
        return None;
    }
    let Some(addresses) = &noun.addresses else {
        problems.missing(
            "pool",
            &named.name,
            "addresses",
            "networks, or ranges such as \"10.3.0.1-10.3.0.9\"",
        );
        return None;
    };
    let addresses = addresses.0.iter().filter_map(|text| problems.read(text, range)).collect();
    Some(Pool {
        name: named.name().to_owned(),
        at: at.get_ref().clone(),
        addresses,
        tells: tells(noun, problems),
    })
}

/// What the pool tells beside addresses.
fn tells(noun: &nouns::Pool, problems: &mut Problems) -> Vec<ConfigAttribute> {
    let mut tells = Vec::new();
    let servers = [
        (&noun.dns, Type::INTERNAL_IP4_DNS, Some(Type::INTERNAL_IP6_DNS)),
        (&noun.nbns, Type::INTERNAL_IP4_NBNS, None),
        (&noun.dhcp, Type::INTERNAL_IP4_DHCP, Some(Type::INTERNAL_IP6_DHCP)),
    ];
    for (list, four, six) in servers {
        for text in list.iter().flat_map(|list| &list.0) {
            match (problems.read(text, address_of), six) {
                (Some(IpAddr::V4(v4)), _) => tells.push(attribute(four, ConfigValue::Ipv4(v4))),
                (Some(IpAddr::V6(v6)), Some(six)) => tells.push(attribute(six, ConfigValue::Ipv6(v6))),
                (Some(IpAddr::V6(_)), None) => {
                    problems.add(Problem::at(text.span(), "there are no such servers with IPv6 addresses"));
                }
                (None, _) => {}
            }
        }
    }
    for text in noun.subnets.iter().flat_map(|list| &list.0) {
        tells
            .extend(problems.read(text, |text| text.parse().map_err(|error| format!("{error}"))).map(subnet));
    }
    let text =
        |kind, text: &nouns::Text| attribute(kind, ConfigValue::Octets(text.get_ref().clone().into_bytes()));
    tells.extend(noun.domains.iter().flat_map(|l| &l.0).map(|name| text(Type::INTERNAL_DNS_DOMAIN, name)));
    tells.extend(noun.version.iter().map(|version| text(Type::APPLICATION_VERSION, version)));
    for text in noun.resolvers.iter().flat_map(|list| &list.0) {
        tells.extend(problems.read(text, resolver));
    }
    tells
}

fn attribute(kind: Type, value: ConfigValue) -> ConfigAttribute {
    ConfigAttribute { kind, value }
}

fn subnet(prefix: Prefix) -> ConfigAttribute {
    match prefix.address() {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.length())).unwrap_or(0);
            attribute(Type::INTERNAL_IP4_SUBNET, ConfigValue::Subnet(v4, Ipv4Addr::from_bits(mask)))
        }
        IpAddr::V6(v6) => attribute(Type::INTERNAL_IP6_SUBNET, ConfigValue::Prefix(v6, prefix.length())),
    }
}

/// `dns.example 10.2.0.53`: a resolver that is asked over TLS (RFC 9464), by its name and its address.
fn resolver(text: &str) -> Result<ConfigAttribute, String> {
    let wrong = || {
        format!(
            "\"{text}\" is no resolver: write its name and its address, such as \"dns.example 10.2.0.53\""
        )
    };
    let (name, address) = text.split_once(' ').ok_or_else(wrong)?;
    let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
    let mut octets = Vec::new();
    for label in name.split('.') {
        octets.push(
            u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length)).ok_or_else(wrong)?,
        );
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    // The parameter alpn with the one protocol "dot" (RFC 9460 §7.1.1).
    let parameters = [&[0, 1, 0, 4, 3][..], b"dot"].concat();
    let kind = if address.is_ipv4() { Type::ENCDNS_IP4 } else { Type::ENCDNS_IP6 };
    let resolver = EncryptedDns { priority: 1, addresses: vec![address], name: octets, parameters };
    Ok(attribute(kind, ConfigValue::EncryptedDns(resolver)))
}

/// `10.3.0.0/24`, `10.3.0.1` or `10.3.0.1-10.3.0.9`.
fn range(text: &str) -> Result<AddressRange, String> {
    let wrong = || format!("\"{text}\" is no range of addresses: the last comes before the first");
    match text.split_once('-') {
        Some((first, last)) => {
            AddressRange::new(address_of(first.trim())?, address_of(last.trim())?).ok_or_else(wrong)
        }
        None => text.parse::<Prefix>().map(|prefix| prefix.range()).map_err(|error| format!("{error}")),
    }
}

/// The pools that an IKE configuration names; all of them are at one of its ends, and at the same.
pub(super) fn meant<'a>(
    list: Option<&Texts>,
    ends: [&str; 2],
    (names, pools): (&Names, &'a [Pool]),
    problems: &mut Problems,
) -> Vec<&'a Pool> {
    let mut meant: Vec<&Pool> = Vec::new();
    for text in list.iter().flat_map(|list| &list.0) {
        if !problems.refers(text, Kind::Pool, names) {
            continue;
        }
        let Some(pool) = pools.iter().find(|pool| pool.name == *text.get_ref()) else { continue };
        if !ends.contains(&pool.at.as_str()) || meant.iter().any(|other| other.at != pool.at) {
            let problem = Problem::at(text.span(), format!("`{}` is at `{}`", pool.name, pool.at));
            problems.add(problem.label(format!("expected a pool at `{}` or `{}`", ends[0], ends[1])));
            continue;
        }
        meant.push(pool);
    }
    meant
}

/// What this end asks for, and the pools that it assigns from.
pub(super) fn roles(
    peer: &str,
    pools: &[&Pool],
    asks: Option<&Texts>,
    problems: &mut Problems,
) -> (Vec<ConfigAttribute>, Vec<String>) {
    let assigns = pools.iter().any(|pool| pool.at == peer);
    if pools.is_empty() || assigns {
        if let Some(text) = asks.and_then(|asks| asks.0.first()) {
            let problem = Problem::at(text.span(), format!("`{peer}` has nobody to ask"));
            problems.add(problem.help("name a pool of the other end: `pool = \"…\"` in [ike.…]"));
        }
        return (Vec::new(), pools.iter().map(|pool| pool.name.clone()).collect());
    }
    let asked = match asks {
        Some(list) => list.0.iter().filter_map(|text| problems.read(text, ask)).flatten().collect(),
        None => everything(pools),
    };
    (asked, Vec::new())
}

/// An address of each version that there is, and all that is told.
fn everything(pools: &[&Pool]) -> Vec<ConfigAttribute> {
    let has = |is_ipv4: bool| {
        pools.iter().flat_map(|pool| &pool.addresses).any(|range| range.first().is_ipv4() == is_ipv4)
    };
    let addresses = [(true, Type::INTERNAL_IP4_ADDRESS), (false, Type::INTERNAL_IP6_ADDRESS)];
    let addresses = addresses.into_iter().filter(|(is_ipv4, _)| has(*is_ipv4)).map(|(_, kind)| kind);
    let mut told: Vec<Type> = pools.iter().flat_map(|pool| &pool.tells).map(|one| one.kind).collect();
    told.sort_unstable();
    told.dedup();
    addresses.chain(told).map(ConfigAttribute::asked).collect()
}

/// What a word asks for.
const WORDS: [(&str, &[Type]); 9] = [
    ("ipv4", &[Type::INTERNAL_IP4_ADDRESS]),
    ("ipv6", &[Type::INTERNAL_IP6_ADDRESS]),
    ("dns", &[Type::INTERNAL_IP4_DNS, Type::INTERNAL_IP6_DNS]),
    ("nbns", &[Type::INTERNAL_IP4_NBNS]),
    ("dhcp", &[Type::INTERNAL_IP4_DHCP, Type::INTERNAL_IP6_DHCP]),
    ("subnets", &[Type::INTERNAL_IP4_SUBNET, Type::INTERNAL_IP6_SUBNET]),
    ("domains", &[Type::INTERNAL_DNS_DOMAIN]),
    ("resolvers", &[Type::ENCDNS_IP4, Type::ENCDNS_IP6]),
    ("supported", &[Type::SUPPORTED_ATTRIBUTES]),
];

/// One of the words, or an address that is wished for.
fn ask(text: &str) -> Result<Vec<ConfigAttribute>, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(vec![ConfigAttribute::address(address)]);
    }
    let word = WORDS.iter().find(|(word, _)| *word == text);
    word.map(|(_, kinds)| kinds.iter().copied().map(ConfigAttribute::asked).collect()).ok_or_else(|| {
        let known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        format!("\"{text}\" is nothing to ask for: write an address that is wished for, {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subnets_and_resolvers_are_told_as_attributes() {
        let shown = |text: &str| subnet(text.parse().unwrap()).to_string();
        assert_eq!(shown("10.2.0.0/16"), "INTERNAL_IP4_SUBNET 10.2.0.0 mask 255.255.0.0");
        assert_eq!(shown("0.0.0.0/0"), "INTERNAL_IP4_SUBNET 0.0.0.0 mask 0.0.0.0");
        assert_eq!(shown("fd02::/64"), "INTERNAL_IP6_SUBNET fd02::/64");
        let resolver_of = resolver("dns.example 10.2.0.53").unwrap();
        assert_eq!(resolver_of.to_string(), "ENCDNS_IP4 dns.example at 10.2.0.53, priority 1");
        for text in ["dns.example", "dns..example 10.2.0.53", "dns.example ten"] {
            assert!(resolver(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_are_networks_or_from_one_address_to_another() {
        assert_eq!(range("10.3.0.1-10.3.0.9").unwrap().to_string(), "10.3.0.1-10.3.0.9");
        assert!(range("10.3.0.0/24").is_ok() && range("fd03::1").is_ok());
        assert!(range("10.3.0.9-10.3.0.1").is_err() && range("10.3.0.1-fd03::1").is_err());
    }

    #[test]
    fn who_asks_names_what_for() {
        assert_eq!(ask("10.3.0.7").unwrap()[0].to_string(), "INTERNAL_IP4_ADDRESS 10.3.0.7");
        assert_eq!(ask("dns").unwrap().len(), 2);
        assert!(ask("dsn").unwrap_err().contains("nbns"));
    }
}
