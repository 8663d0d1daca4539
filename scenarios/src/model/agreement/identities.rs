//! Who is whom (RFC 7296 §3.5, RFC 4301 §4.4.3.1).

use std::net::IpAddr;

use ipsec::auth::{Identity, IdentityPattern};

/// Whether an end that expects this is content with who the other one says it is. Names are the same in any case.
pub(super) fn is_expected(expected: &IdentityPattern, identity: &Identity) -> bool {
    let [pattern, text] = [expected.to_string(), identity.to_string()].map(|text| text.to_lowercase());
    match (expected, identity) {
        // Nobody is expected by name only (RFC 7619 §2.4).
        (IdentityPattern::Any, _) => *identity != Identity::Null,
        (IdentityPattern::Exactly(expected), _) => {
            std::mem::discriminant(expected) == std::mem::discriminant(identity)
                && (*expected == Identity::Null || pattern == text)
        }
        (IdentityPattern::Domain(_), Identity::Fqdn(_))
        | (IdentityPattern::MailHost(_), Identity::Email(_)) => {
            text.len() > pattern.len() && text.ends_with(&pattern)
        }
        (IdentityPattern::Subtree(_), Identity::Dn(_)) => {
            let base = pattern.trim_start_matches("*,");
            text == base || text.ends_with(&format!(",{base}"))
        }
        (IdentityPattern::Addresses(range), Identity::Address(address)) => range.contains(*address),
        _ => false,
    }
}

/// Identities are texts, but for addresses, which can be written in several ways.
pub(in crate::model) fn is_same(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
