//! Which identities an entry means (RFC 4301 §4.4.3.1): one, or all below a name, or a range of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipsec_net::{AddressRange, Prefix};
use thiserror::Error;
use x509_cert::der::Encode;
use x509_cert::name::Name;

use crate::Identity;
use crate::identity::printable;
use crate::x509::name::{is_within, same};

/// Which identities an entry means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityPattern {
    /// One identity. Domain names and mail addresses are compared in any case (RFC 4945 §3.1), distinguished names as
    /// RFC 5280 §7.1 says, anything else octet by octet.
    Exactly(Identity),
    /// The domain names that end with a dot and this one.
    Domain(String),
    /// The mail addresses behind whose `@` stands exactly this host.
    MailHost(String),
    /// The distinguished names in the subtree of this one.
    Subtree(Name),
    /// The addresses of a range.
    Addresses(AddressRange),
    /// Every identity but [`Identity::Null`], which only [`Exactly`](Self::Exactly) means (RFC 7619 §2.4).
    Any,
}

/// A text that means no identities.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "expected an identity, .domain, @host, an address range, a prefix, %any, %null, or a distinguished name \
     such as CN=west,O=Example with * in the place of its lowest part, found {found:?}"
)]
pub struct ParsePatternError {
    /// What was given.
    pub found: String,
}

impl IdentityPattern {
    /// Whether it means `identity`.
    #[must_use]
    pub fn matches(&self, identity: &Identity) -> bool {
        match (self, identity) {
            (Self::Exactly(expected), _) => is_same(expected, identity),
            (Self::Domain(domain), Identity::Fqdn(name)) => {
                ends_with(name, domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            (Self::MailHost(host), Identity::Email(address)) => {
                ends_with(address, host).is_some_and(|rest| rest.len() > 1 && rest.ends_with('@'))
            }
            (Self::Subtree(base), Identity::Dn(_)) => {
                identity.name().is_some_and(|name| is_within(&name, base))
            }
            (Self::Addresses(range), Identity::Address(address)) => range.contains(*address),
            (Self::Any, identity) => *identity != Identity::Null,
            _ => false,
        }
    }
}

fn is_same(expected: &Identity, identity: &Identity) -> bool {
    match (expected, identity) {
        (Identity::Fqdn(one), Identity::Fqdn(other)) | (Identity::Email(one), Identity::Email(other)) => {
            one.eq_ignore_ascii_case(other)
        }
        (Identity::Dn(_), Identity::Dn(_)) => match (expected.name(), identity.name()) {
            (Some(one), Some(other)) => same(&one, &other),
            _ => expected == identity,
        },
        _ => expected == identity,
    }
}

/// What stands before `end`, in any case, at the end of `text`.
fn ends_with<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let (before, rest) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    rest.eq_ignore_ascii_case(end).then_some(before)
}

/// As people write it: `west.example.org`, `.example.org`, `west@example.org`, `@example.org`, `192.0.2.1`,
/// `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, `CN=west,O=Example`, `*,O=Example`, `%any`, `%null`.
impl FromStr for IdentityPattern {
    type Err = ParsePatternError;

    fn from_str(text: &str) -> Result<Self, ParsePatternError> {
        let wrong = || ParsePatternError { found: text.to_owned() };
        let name = |text: &str| text.parse::<Name>().map_err(|_| wrong());
        match text {
            "" | "." | "@" => return Err(wrong()),
            "%any" => return Ok(Self::Any),
            "%null" => return Ok(Self::Exactly(Identity::Null)),
            _ => {}
        }
        if let Some(base) = text.strip_prefix("*,") {
            return name(base).map(Self::Subtree);
        }
        if text.contains('=') {
            let der = name(text)?.to_der().map_err(|_| wrong())?;
            return Ok(Self::Exactly(Identity::Dn(der)));
        }
        if let Some(domain) = text.strip_prefix('.') {
            return Ok(Self::Domain(domain.to_owned()));
        }
        if let Some(host) = text.strip_prefix('@') {
            return Ok(Self::MailHost(host.to_owned()));
        }
        if text.contains('/') {
            return text.parse::<Prefix>().map(|prefix| Self::Addresses(prefix.range())).map_err(|_| wrong());
        }
        if let Some((Ok(first), Ok(last))) =
            text.split_once('-').map(|(first, last)| (first.parse::<IpAddr>(), last.parse::<IpAddr>()))
        {
            return AddressRange::new(first, last).map(Self::Addresses).ok_or_else(wrong);
        }
        let Ok(identity) = text.parse();
        Ok(Self::Exactly(identity))
    }
}

impl fmt::Display for IdentityPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(Identity::Null) => f.write_str("%null"),
            Self::Exactly(identity) => identity.fmt(f),
            Self::Domain(domain) => write!(f, ".{}", domain.escape_default()),
            Self::MailHost(host) => write!(f, "@{}", host.escape_default()),
            Self::Subtree(base) => write!(f, "*,{}", printable(base)),
            Self::Addresses(range) => range.fmt(f),
            Self::Any => f.write_str("%any"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(pattern: &str, identity: &str) -> bool {
        let identity = match identity.parse::<IdentityPattern>().unwrap() {
            IdentityPattern::Exactly(identity) => identity,
            other => panic!("{other} is no identity"),
        };
        pattern.parse::<IdentityPattern>().unwrap().matches(&identity)
    }

    #[test]
    fn patterns_are_written_as_they_are_read() {
        for text in [
            "west.example.org",
            ".example.org",
            "west@example.org",
            "@example.org",
            "192.0.2.1",
            "192.0.2.0/24",
            "192.0.2.1-192.0.2.9",
            "2001:db8::/32",
            "CN=west,O=Example",
            "*,O=Example",
            "%any",
            "%null",
        ] {
            assert_eq!(text.parse::<IdentityPattern>().unwrap().to_string(), text);
        }
        for text in ["", ".", "@", "*,west", "west=", "192.0.2.1/24", "192.0.2.9-192.0.2.1"] {
            let error = text.parse::<IdentityPattern>().unwrap_err();
            assert_eq!(error, ParsePatternError { found: text.to_owned() });
        }
        // A hyphen alone makes no range.
        assert!(means("west-1.example.org", "WEST-1.example.org"));
    }

    #[test]
    fn a_domain_means_what_lies_below_it() {
        assert!(means(".example.org", "west.example.org") && means(".example.org", "a.b.EXAMPLE.org"));
        for other in ["example.org", "westexample.org", "west.example.com", "west@a.example.org", "192.0.2.1"]
        {
            assert!(!means(".example.org", other), "{other}");
        }
        let nameless = Identity::Fqdn(".example.org".to_owned());
        assert!(!IdentityPattern::Domain("example.org".to_owned()).matches(&nameless));
    }

    #[test]
    fn a_mail_host_means_its_mailboxes_only() {
        assert!(means("@example.org", "west@Example.org"));
        assert!(!means("@example.org", "west@a.example.org") && !means("@example.org", "example.org"));
        let nobody = Identity::Email("@example.org".to_owned());
        assert!(!IdentityPattern::MailHost("example.org".to_owned()).matches(&nobody));
    }

    #[test]
    fn a_subtree_means_itself_and_what_lies_below() {
        assert!(means("*,O=Example,C=NL", "CN=west,O=example,C=NL") && means("*,O=Example", "O=Example"));
        assert!(!means("*,O=Example,C=NL", "CN=west,C=NL") && !means("*,O=Example", "O=Example,CN=west"));
        assert!(means("CN=west,O=Example", "CN=West,O=Example") && !means("O=Example", "CN=west,O=Example"));
    }

    #[test]
    fn addresses_are_compared_as_numbers() {
        assert!(means("192.0.2.0/24", "192.0.2.255") && !means("192.0.2.0/24", "192.0.3.0"));
        assert!(means("192.0.2.1-192.0.2.9", "192.0.2.9") && !means("192.0.2.1-192.0.2.9", "192.0.2.10"));
        assert!(!means("0.0.0.0/0", "::1") && means("::/0", "::1"));
    }

    #[test]
    fn any_means_everybody_but_nobody() {
        assert!(means("%any", "west") && means("%any", "192.0.2.1") && !means("%any", "%null"));
        assert!(means("%null", "%null") && !means("%null", "west"));
        assert!(IdentityPattern::Any.matches(&Identity::Other(200, vec![])));
    }
}
