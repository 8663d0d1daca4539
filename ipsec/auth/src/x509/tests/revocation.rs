use x509_cert::ext::pkix::crl::dp::{DistributionPoint, Reasons};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{CrlDistributionPoints, IssuingDistributionPoint};

use super::*;

struct Site {
    root: Authority,
    middle: Authority,
    west: Certificate,
}

fn site() -> Site {
    let root = root();
    let middle = root.subordinate(&wish("CN=Middle", &[]), None, &mut Seeded::new(2)).unwrap();
    let west = end(&middle, "CN=west", &[]);
    Site { root, middle, west }
}

impl Site {
    fn verdict(&self, crls: &[&Crl], revocation: Revocation, now: u64) -> Result<(), String> {
        let crls = crls.iter().map(|crl| (*crl).clone()).collect();
        let store = TrustStore { crls, revocation, ..trust(&self.root) };
        let others = [self.middle.certificate().clone()];
        store.validate(&self.west, &others, now).map(|_| ()).map_err(|why| why.to_string())
    }
}

#[test]
fn a_revoked_certificate_is_refused_whatever_must_be_known() {
    let mut site = site();
    let before = site.middle.crl(NOW, NOW + 100).unwrap();
    site.middle.revoke(&site.west.clone(), NOW - 5).unwrap();
    let after = site.middle.crl(NOW + 10, NOW + 100).unwrap();
    let roots = site.root.crl(NOW, NOW + 2000).unwrap();
    let revoked = "CN=west: revoked since 2027-01-15T07:59:55Z (RFC 5280 §6.1.3 (a)(3))";
    for revocation in [Revocation::WhereKnown, Revocation::Required] {
        assert_eq!(site.verdict(&[&before, &roots], revocation, NOW + 1), Ok(()));
        // A list of the future says nothing yet; an old one still revokes, and any one of two does.
        assert_eq!(site.verdict(&[&before, &after, &roots], revocation, NOW + 1), Ok(()));
        for now in [NOW + 10, NOW + 1000] {
            let verdict = site.verdict(&[&before, &after, &roots], revocation, now);
            assert_eq!(verdict, Err(revoked.to_owned()));
        }
    }
    // The authority's own certificate is looked up in its issuer's list.
    site.root.revoke(&site.middle.certificate().clone(), NOW).unwrap();
    let roots = site.root.crl(NOW, NOW + 100).unwrap();
    assert_eq!(
        site.verdict(&[&before, &roots], Revocation::WhereKnown, NOW + 1),
        Err("CN=Middle: revoked since 2027-01-15T08:00:00Z (RFC 5280 §6.1.3 (a)(3))".to_owned())
    );
}

#[test]
fn where_it_is_required_every_certificate_needs_a_current_list() {
    let mut site = site();
    let roots = site.root.crl(NOW, NOW + 100).unwrap();
    let middles = site.middle.crl(NOW, NOW + 50).unwrap();
    let required = |crls: &[&Crl], now| site.verdict(crls, Revocation::Required, now);
    let unknown = |who: &str, why: &str| {
        Err(format!("{who}: whether it is revoked is not known: {why} (RFC 5280 §6.3.3)"))
    };
    assert_eq!(required(&[&roots, &middles], NOW + 50), Ok(()));
    assert_eq!(required(&[&middles], NOW), unknown("CN=Middle", "there is no CRL of CN=Root"));
    assert_eq!(required(&[&roots], NOW), unknown("CN=west", "there is no CRL of CN=Middle"));
    assert_eq!(required(&[&roots, &middles], NOW + 51), unknown("CN=west", "the CRL is out of date"));
    assert_eq!(required(&[&roots, &middles], NOW - 1), unknown("CN=Middle", "the CRL is of the future"));
    assert_eq!(site.verdict(&[], Revocation::WhereKnown, NOW), Ok(()));
}

#[test]
fn only_the_issuer_revokes() {
    let site = site();
    let mut impostor = Authority::root(&wish("CN=Middle", &[]), &mut Seeded::new(66)).unwrap();
    impostor.revoke(&site.west, NOW).unwrap();
    let forged = impostor.crl(NOW, NOW + 100).unwrap();
    assert_eq!(site.verdict(&[&forged], Revocation::WhereKnown, NOW), Ok(()));
    let mut root = site.root.clone();
    let roots = root.crl(NOW, NOW + 100).unwrap();
    assert_eq!(
        site.verdict(&[&forged, &roots], Revocation::Required, NOW).unwrap_err(),
        "CN=west: whether it is revoked is not known: the CRL is not signed by its issuer: the signature does not \
         match the key and the message (RFC 5280 §6.1.3 (a)(1)) (RFC 5280 §6.3.3)"
    );
    // Another authority's list does not touch the same serial number.
    root.revoke(&site.west, NOW).unwrap();
    let roots = root.crl(NOW, NOW + 100).unwrap();
    assert_eq!(site.verdict(&[&roots], Revocation::WhereKnown, NOW), Ok(()));
}

fn point(uri: &str) -> DistributionPointName {
    let uri = uri.to_owned().try_into().unwrap();
    DistributionPointName::FullName(vec![GeneralName::UniformResourceIdentifier(uri)])
}

/// The root's list under an issuing distribution point.
fn partial(root: &mut Authority, change: impl FnOnce(&mut IssuingDistributionPoint)) -> Crl {
    let mut issuing = IssuingDistributionPoint {
        distribution_point: None,
        only_contains_user_certs: false,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    };
    change(&mut issuing);
    let mut issuing = extension(true, &issuing).unwrap();
    issuing.extn_id = ObjectIdentifier::new_unwrap("2.5.29.28");
    root.crl_with((NOW, NOW + 100), vec![issuing]).unwrap()
}

#[test]
fn a_list_for_some_certificates_is_used_for_these_alone() {
    let mut root = root();
    let plain = end(&root, "CN=plain", &[]);
    let points = vec![DistributionPoint {
        distribution_point: Some(point("http://example.org/a.crl")),
        reasons: None,
        crl_issuer: None,
    }];
    let points = extension(false, &CrlDistributionPoints(points)).unwrap();
    let pointed = signed(&root, &wish("CN=pointed", &[]), vec![points]);
    let middle = root.subordinate(&wish("CN=Middle", &[]), None, &mut Seeded::new(2)).unwrap();
    for certificate in [&plain, &pointed] {
        root.revoke(certificate, NOW).unwrap();
    }
    let is_revoked = |crl: &Crl, certificate: &Certificate| {
        let store = TrustStore { crls: vec![crl.clone()], ..trust(&root) };
        let verdict = store.validate(certificate, &[], NOW).map(|_| ());
        matches!(verdict, Err(Untrusted { defect: Defect::Revoked { .. }, .. }))
    };
    let mut other = root.clone();
    let at_a =
        partial(&mut other, |issuing| issuing.distribution_point = Some(point("http://example.org/a.crl")));
    assert!(is_revoked(&at_a, &pointed) && !is_revoked(&at_a, &plain));
    let at_b =
        partial(&mut other, |issuing| issuing.distribution_point = Some(point("http://example.org/b.crl")));
    assert!(!is_revoked(&at_b, &pointed));
    let users = partial(&mut other, |issuing| issuing.only_contains_user_certs = true);
    assert!(is_revoked(&users, &plain) && users.is_about(&plain) && !users.is_about(middle.certificate()));
    let authorities = partial(&mut other, |issuing| issuing.only_contains_ca_certs = true);
    assert!(!is_revoked(&authorities, &plain) && authorities.is_about(middle.certificate()));
    let attributes = partial(&mut other, |issuing| issuing.only_contains_attribute_certs = true);
    assert!(!is_revoked(&attributes, &plain));
    let indirect = partial(&mut other, |issuing| issuing.indirect_crl = true);
    assert!(!is_revoked(&indirect, &plain));
    let some = partial(&mut other, |issuing| issuing.only_some_reasons = Some(Reasons::KeyCompromise.into()));
    assert!(!is_revoked(&some, &plain));
}

#[test]
fn a_list_with_an_unknown_critical_extension_decides_nothing() {
    let mut root = root();
    let west = end(&root, "CN=west", &[]);
    root.revoke(&west, NOW).unwrap();
    // A delta CRL (RFC 5280 §5.2.4).
    let mut delta = extension(true, &x509_cert::ext::pkix::CrlNumber::try_from(1u8).unwrap()).unwrap();
    delta.extn_id = ObjectIdentifier::new_unwrap("2.5.29.27");
    let crls = vec![root.crl_with((NOW, NOW + 100), vec![delta]).unwrap()];
    let store = TrustStore { crls, revocation: Revocation::Required, ..trust(&root) };
    assert_eq!(
        refusal(&store, &west, &[]),
        "CN=west: whether it is revoked is not known: the CRL has the critical extension 2.5.29.27 (RFC 5280 §6.3.3)"
    );
}

#[test]
fn the_key_of_the_issuer_has_to_be_for_lists() {
    let root = root();
    let basic = extension(true, &BasicConstraints { ca: true, path_len_constraint: None }).unwrap();
    let mut authority = Authority::root(&wish("CN=Middle", &[]), &mut Seeded::new(9)).unwrap();
    let west = end(&authority, "CN=west", &[]);
    authority.revoke(&west, NOW).unwrap();
    let crl = authority.crl(NOW, NOW + 100).unwrap();
    let mut roots = root.clone();
    let crls = vec![crl, roots.crl(NOW, NOW + 100).unwrap()];
    let store = TrustStore { crls, revocation: Revocation::Required, ..trust(&root) };
    let verdict = |usages: KeyUsages| {
        let usage = extension(true, &KeyUsage(KeyUsages::KeyCertSign | usages)).unwrap();
        let middle = signed(&root, &wish("CN=Middle", &[]), vec![basic.clone(), usage]);
        refusal(&store, &west, &[middle])
    };
    assert_eq!(
        verdict(KeyUsages::KeyCertSign),
        "CN=west: whether it is revoked is not known: the issuer's key usage has no cRLSign (RFC 5280 §6.3.3)"
    );
    assert_eq!(
        verdict(KeyUsages::CRLSign),
        "CN=west: revoked since 2027-01-15T08:00:00Z (RFC 5280 §6.1.3 (a)(3))"
    );
}
