//! Name constraints: the name spaces that authorities leave to those below them (RFC 5280 §4.2.1.10, §6.1.3 (b), (c)).

use x509_cert::der::oid::db::rfc3280::EMAIL_ADDRESS;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;

use super::name::{is_within, text};
use super::shown::general_name;
use super::{Certificate, Defect};

/// What a path left free so far. A name has to lie within each set of permitted subtrees of its form.
#[derive(Clone, Debug, Default)]
pub(super) struct NameSpace<'a> {
    permitted: Vec<&'a [GeneralSubtree]>,
    excluded: Vec<&'a [GeneralSubtree]>,
}

impl<'a> NameSpace<'a> {
    /// Adds what an authority says.
    pub(super) fn narrow(&mut self, constraints: &'a NameConstraints) {
        self.permitted.extend(constraints.permitted_subtrees.as_deref());
        self.excluded.extend(constraints.excluded_subtrees.as_deref());
    }

    /// Whether all names of `certificate` are left to it.
    pub(super) fn admit(&self, certificate: &Certificate) -> Result<(), Defect> {
        names(certificate).iter().try_for_each(|name| self.admit_name(name))
    }

    fn admit_name(&self, name: &GeneralName) -> Result<(), Defect> {
        let of_form = |subtrees: &&'a [GeneralSubtree]| {
            let subtrees: Vec<&'a GeneralSubtree> =
                subtrees.iter().filter(|subtree| same_form(&subtree.base, name)).collect();
            subtrees
        };
        for subtrees in self.excluded.iter().map(of_form) {
            for subtree in subtrees {
                if contains(subtree, name)? {
                    return Err(Defect::NameExcluded { name: general_name(name) });
                }
            }
        }
        for subtrees in self.permitted.iter().map(of_form).filter(|subtrees| !subtrees.is_empty()) {
            let mut is_permitted = false;
            for subtree in subtrees {
                is_permitted |= contains(subtree, name)?;
            }
            if !is_permitted {
                return Err(Defect::NameNotPermitted { name: general_name(name) });
            }
        }
        Ok(())
    }
}

/// The names that constraints apply to: the subject, if it is not empty, and the alternative names; without these also
/// the mail addresses in the subject.
fn names(certificate: &Certificate) -> Vec<GeneralName> {
    let subject = certificate.subject_name();
    let mut names = certificate.extensions().subject_alt_names.clone();
    if names.is_empty() {
        let addresses = subject.iter().filter(|attribute| attribute.oid == EMAIL_ADDRESS).filter_map(text);
        names.extend(
            addresses.filter_map(|address| address.to_owned().try_into().ok().map(GeneralName::Rfc822Name)),
        );
    }
    if !subject.is_empty() {
        names.push(GeneralName::DirectoryName(subject.clone()));
    }
    names
}

fn same_form(one: &GeneralName, other: &GeneralName) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Whether `name`, which is of the subtree's form, lies in it.
fn contains(subtree: &GeneralSubtree, name: &GeneralName) -> Result<bool, Defect> {
    let unsupported = || Defect::ConstraintUnsupported { name: general_name(name) };
    if subtree.minimum != 0 || subtree.maximum.is_some() {
        return Err(unsupported());
    }
    match (&subtree.base, name) {
        (GeneralName::DirectoryName(base), GeneralName::DirectoryName(name)) => Ok(is_within(name, base)),
        (GeneralName::DnsName(base), GeneralName::DnsName(name)) => {
            Ok(is_domain_within(name.as_str(), base.as_str()))
        }
        (GeneralName::Rfc822Name(base), GeneralName::Rfc822Name(name)) => {
            Ok(is_mail_within(name.as_str(), base.as_str()))
        }
        (GeneralName::IpAddress(base), GeneralName::IpAddress(address)) => {
            is_address_within(address.as_bytes(), base.as_bytes()).ok_or_else(unsupported)
        }
        (GeneralName::UniformResourceIdentifier(base), GeneralName::UniformResourceIdentifier(uri)) => {
            host(uri.as_str()).map(|host| is_host_within(host, base.as_str())).ok_or_else(unsupported)
        }
        _ => Err(unsupported()),
    }
}

/// `www.example.org` and `example.org` are within `example.org`. A dot before the base, as some write it, changes
/// nothing for domain names.
fn is_domain_within(name: &str, base: &str) -> bool {
    let base = base.strip_prefix('.').unwrap_or(base);
    base.is_empty() || name.eq_ignore_ascii_case(base) || is_below(name, base)
}

/// With a dot before it the base is a domain without its own host, else it is one host.
fn is_host_within(host: &str, base: &str) -> bool {
    base.strip_prefix('.').map_or_else(|| host.eq_ignore_ascii_case(base), |domain| is_below(host, domain))
}

/// The base is a mailbox, a host, or with a dot before it a domain.
fn is_mail_within(address: &str, base: &str) -> bool {
    let Some((mailbox, host)) = address.rsplit_once('@') else {
        return false;
    };
    match base.rsplit_once('@') {
        Some((one, at)) => mailbox == one && host.eq_ignore_ascii_case(at),
        None => is_host_within(host, base),
    }
}

/// Whether `name` ends with a dot and `domain`.
fn is_below(name: &str, domain: &str) -> bool {
    let Some(at) = name.len().checked_sub(domain.len() + 1) else {
        return false;
    };
    name.split_at_checked(at)
        .is_some_and(|(_, rest)| rest.strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(domain)))
}

/// The base is an address and a mask as long as it. None if it is not.
fn is_address_within(address: &[u8], base: &[u8]) -> Option<bool> {
    let (network, mask) = base.split_at_checked(base.len() / 2)?;
    if ![4, 16].contains(&network.len()) || mask.len() != network.len() {
        return None;
    }
    let mut masked = address.iter().zip(network).zip(mask);
    Some(address.len() == network.len() && masked.all(|((a, n), m)| a & m == n & m))
}

/// The host of a URI, if it has one that is a name.
fn host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !host.starts_with('[');
    is_name.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_hosts_and_mail_addresses_have_each_their_own_subtrees() {
        let domains = [
            ("www.host.example.com", "host.example.com", true),
            ("host1.example.com", "host.example.com", false),
            ("xhost.example.com", "host.example.com", false),
            ("HOST.example.com", "host.example.COM", true),
            ("anything", "", true),
        ];
        for (name, base, expected) in domains {
            assert_eq!(is_domain_within(name, base), expected, "{name} in {base}");
        }
        let hosts = [
            ("my.host.example.com", ".example.com", true),
            ("example.com", ".example.com", false),
            ("host.example.com", "host.example.com", true),
            ("my.host.example.com", "host.example.com", false),
        ];
        for (name, base, expected) in hosts {
            assert_eq!(is_host_within(name, base), expected, "{name} in {base}");
        }
        let mail = [
            ("root@example.com", "root@example.com", true),
            ("Root@example.com", "root@example.com", false),
            ("any@example.com", "example.com", true),
            ("any@host.example.com", "example.com", false),
            ("any@host.example.com", ".example.com", true),
            ("nobody", "example.com", false),
        ];
        for (name, base, expected) in mail {
            assert_eq!(is_mail_within(name, base), expected, "{name} in {base}");
        }
    }

    #[test]
    fn an_address_is_compared_under_the_mask() {
        let base = [192, 0, 2, 0, 255, 255, 255, 0];
        assert_eq!(is_address_within(&[192, 0, 2, 7], &base), Some(true));
        assert_eq!(is_address_within(&[192, 0, 3, 7], &base), Some(false));
        assert_eq!(is_address_within(&[0; 16], &base), Some(false));
        assert_eq!(is_address_within(&[192, 0, 2, 7], &base[..7]), None);
        assert_eq!(is_address_within(&[192, 0, 2, 7], &[]), None);
    }

    #[test]
    fn only_a_uri_with_a_named_host_can_be_constrained() {
        assert_eq!(host("https://user@www.example.com:8443/path?query"), Some("www.example.com"));
        assert_eq!(host("ldap://www.example.com"), Some("www.example.com"));
        for uri in ["urn:example", "https://192.0.2.1/", "https://[2001:db8::1]/", "https:///path"] {
            assert_eq!(host(uri), None, "{uri}");
        }
    }
}
