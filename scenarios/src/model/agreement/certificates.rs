//! Which certificate an end shows, and whether another one believes it (RFC 5280 §6, RFC 4945 §3.1), at the beginning of the
//! run.

use ipsec::auth::Identity;
use ipsec::auth::x509::Revocation;
use ipsec::auth::x509::laboratory::Usage;

use crate::file::{Authority, Certificate, Demand, IkeEnd, List, OcspWord, Scenario, Validity};

/// The certificate that an end shows out of these: the first below an authority that `other` counts, or else the first
/// (RFC 7296 §3.7).
pub(super) fn shown<'a>(scenario: &'a Scenario, names: &[String], other: &IkeEnd) -> Option<&'a Certificate> {
    let own = |name: &String| scenario.certificates.iter().find(|certificate| certificate.name == *name);
    let further = other.authentication.further_demands.iter().map(|(_, demand)| demand);
    let demands = std::iter::once(&other.authentication.demand).chain(further);
    let counted: Vec<&String> = demands
        .filter_map(|demand| match demand {
            Demand::Certificate { authorities, .. } => Some(authorities),
            _ => None,
        })
        .flatten()
        .collect();
    let all: Vec<&Certificate> = names.iter().filter_map(own).collect();
    let is_counted = |certificate: &&&Certificate| {
        let above = above(scenario, &certificate.issuer);
        // Of a chain that is not sent only the root is known.
        let known =
            if certificate.chain { &above[..] } else { above.last().map_or(&[][..], std::slice::from_ref) };
        known.iter().any(|authority| counted.contains(&&authority.name))
    };
    all.iter().find(is_counted).or(all.first()).copied()
}

/// Why an end that demands this does not take `certificate` for one of `identity`, if it does not.
pub(super) fn distrust(
    scenario: &Scenario,
    certificate: &Certificate,
    identity: &Identity,
    demand: &Demand,
) -> Option<String> {
    let Demand::Certificate { authorities, revocation, ocsp, any_name } = demand else { return None };
    let name = &certificate.name;
    let above = above(scenario, &certificate.issuer);
    // The path may end at each anchor, and what lies below it has to be sent.
    let ends = (0..above.len()).filter(|at| authorities.contains(&above[*at].name));
    let mut ends = ends.filter(|at| *at == 0 || certificate.chain).peekable();
    if ends.peek().is_none() {
        return Some(format!("no path leads from {name} to {}", authorities.join(" or ")));
    }
    let path_is_valid = |at: usize| {
        let below = &above[..at];
        above[..=at].iter().all(|authority| has_begun(authority.validity))
            && below.iter().enumerate().all(|(depth, authority)| {
                authority.path_length.is_none_or(|most| depth <= usize::from(most))
                    && is_not_revoked(authority.revoked, above[depth + 1], *revocation)
            })
    };
    let known_good = ocsp.as_ref().and(certificate.ocsp.as_ref()).map(|ocsp| ocsp.says);
    let has_status = known_good.is_some();
    let revoked = certificate.revoked || known_good == Some(OcspWord::Revoked);
    let unrevoked = match (has_status, above.first()) {
        (true, _) => !revoked,
        (false, Some(issuer)) => is_not_revoked(revoked, issuer, *revocation),
        (false, None) => false,
    };
    let wrong = [
        (!ends.any(path_is_valid), "an authority above it is not valid"),
        (!has_begun(certificate.validity), "it is not valid yet"),
        (!unrevoked, "it is revoked, or nobody knows"),
        (certificate.usage != Usage::Signatures, "its key is not for signatures"),
        (!any_name && !speaks_for(certificate, identity), "it is somebody else's"),
    ];
    let (_, why) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong)?;
    Some(format!("{name} does not prove {identity}: {why}"))
}

/// The authorities above, the nearest first.
fn above<'a>(scenario: &'a Scenario, issuer: &str) -> Vec<&'a Authority> {
    let named = |name: &str| scenario.authorities.iter().find(|authority| authority.name == name);
    std::iter::successors(named(issuer), |authority| named(authority.issuer.as_deref()?)).collect()
}

fn has_begun(validity: Validity) -> bool {
    validity.from.is_none_or(|from| from.is_zero())
}

/// Whether the list of the issuer lets one go that is revoked or not.
fn is_not_revoked(revoked: bool, issuer: &Authority, revocation: Revocation) -> bool {
    match issuer.list {
        List::Until(_) => !revoked,
        List::None => revocation == Revocation::WhereKnown,
    }
}

fn speaks_for(certificate: &Certificate, identity: &Identity) -> bool {
    let own = |name: &Identity| {
        std::mem::discriminant(name) == std::mem::discriminant(identity)
            && name.to_string().eq_ignore_ascii_case(&identity.to_string())
    };
    match identity {
        Identity::Dn(_) => certificate.subject.parse() == Ok(identity.clone()),
        _ => certificate.names.iter().any(own),
    }
}
