mod hostile;
mod openssl;
mod revocation;
mod status;

use ipsec_crypto::{KeyType, Signer};
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints, SubjectKeyIdentifier,
};

use super::laboratory::{Authority, Draft, Wish, extension};
use super::validate::Circumstances;
use super::*;
use crate::seeded::Seeded;
use crate::{Credential, Identity};

const FROM: u64 = 1_700_000_000;
const UNTIL: u64 = 2_000_000_000;
const NOW: u64 = 1_800_000_000;

fn wish<'a>(subject: &'a str, names: &'a [Identity]) -> Wish<'a> {
    Wish { subject, names, key_type: KeyType::Ed25519, validity: (FROM, UNTIL) }
}

fn root() -> Authority {
    Authority::root(&wish("CN=Root", &[]), &mut Seeded::new(1)).unwrap()
}

fn trust(anchor: &Authority) -> TrustStore {
    TrustStore { anchors: vec![anchor.certificate().clone()], ..TrustStore::default() }
}

/// A certificate with these extensions and a key of its own.
fn signed(issuer: &Authority, wish: &Wish<'_>, extensions: Vec<Extension>) -> Certificate {
    let entropy = &mut Seeded::new(9);
    let spki = Signer::generate(KeyType::Ed25519, entropy).verifier().to_spki();
    issuer.sign(&Draft::new(wish, spki, extensions, entropy).unwrap()).unwrap()
}

fn end(issuer: &Authority, subject: &str, names: &[Identity]) -> Certificate {
    signed(issuer, &wish(subject, names), Vec::new())
}

fn refusal(store: &TrustStore, certificate: &Certificate, others: &[Certificate]) -> String {
    store.validate(certificate, others, NOW).unwrap_err().to_string()
}

fn named(names: &[&str]) -> Vec<Identity> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

#[test]
fn a_path_leads_through_authorities_in_any_order() {
    let entropy = &mut Seeded::new(2);
    let root = root();
    let upper = root.subordinate(&wish("CN=Upper", &[]), None, entropy).unwrap();
    let lower = upper.subordinate(&wish("CN=Lower", &[]), None, entropy).unwrap();
    let west = end(&lower, "CN=west", &[]);
    let stranger = end(&root, "CN=stranger", &[]);
    let others = [upper.certificate().clone(), stranger, lower.certificate().clone()];
    let store = trust(&root);
    let trusted = store.validate(&west, &others, NOW).unwrap();
    let subjects: Vec<String> = trusted.path().iter().map(|certificate| certificate.subject()).collect();
    assert_eq!(subjects, ["CN=Upper", "CN=Lower", "CN=west"]);
    assert_eq!((trusted.anchor(), trusted.certificate()), (root.certificate(), &west));
    // The store's own authorities serve as well.
    let authorities = vec![lower.certificate().clone(), upper.certificate().clone()];
    let store = TrustStore { authorities, ..store };
    assert!(store.validate(&west, &[], NOW).is_ok());
    // An authority may be an anchor, below which nobody else is asked.
    assert_eq!(trust(&lower).validate(&west, &others, NOW).unwrap().path().len(), 1);
}

#[test]
fn without_an_issuer_the_first_end_of_the_search_is_named() {
    let root = root();
    let middle = root.subordinate(&wish("CN=Middle", &[]), None, &mut Seeded::new(2)).unwrap();
    let west = end(&middle, "CN=west", &[]);
    let unknown = "CN=west: its issuer CN=Middle is neither trusted nor known (RFC 5280 §6.1 (b))";
    assert_eq!(refusal(&trust(&root), &west, &[]), unknown);
    let other = Authority::root(&wish("CN=Other", &[]), &mut Seeded::new(3)).unwrap();
    assert_eq!(
        refusal(&trust(&other), &west, &[middle.certificate().clone(), root.certificate().clone()]),
        "CN=Root: its issuer CN=Root is neither trusted nor known (RFC 5280 §6.1 (b))"
    );
    assert_eq!(
        refusal(&trust(&other), &west, &[middle.certificate().clone()]),
        "CN=Middle: its issuer CN=Root is neither trusted nor known (RFC 5280 §6.1 (b))"
    );
}

#[test]
fn a_path_has_at_most_eight_certificates() {
    let entropy = &mut Seeded::new(2);
    let root = root();
    let mut authorities = vec![root.subordinate(&wish("CN=0", &[]), None, entropy).unwrap()];
    for depth in 1..8 {
        let below = authorities[depth - 1].subordinate(&wish(&format!("CN={depth}"), &[]), None, entropy);
        authorities.push(below.unwrap());
    }
    let others: Vec<Certificate> =
        authorities.iter().map(|authority| authority.certificate().clone()).collect();
    assert!(trust(&root).validate(&end(&authorities[6], "CN=west", &[]), &others, NOW).is_ok());
    assert_eq!(
        refusal(&trust(&root), &end(&authorities[7], "CN=west", &[]), &others),
        "CN=west: no path of at most 8 certificates leads from it to a trust anchor"
    );
}

#[test]
fn only_the_key_of_the_issuer_signs_for_its_name() {
    let root = root();
    let impostor = Authority::root(&wish("CN=Root", &[]), &mut Seeded::new(66)).unwrap();
    let west = end(&impostor, "CN=west", &[]);
    // The key identifiers tell the two apart.
    assert_eq!(
        refusal(&trust(&root), &west, &[]),
        "CN=west: its issuer CN=Root is neither trusted nor known (RFC 5280 §6.1 (b))"
    );
    // One octet of the signature changed.
    let mut der = end(&root, "CN=west", &[]).der().to_vec();
    *der.last_mut().unwrap() ^= 1;
    let changed = Certificate::parse(&der).unwrap();
    assert_eq!(
        refusal(&trust(&root), &changed, &[]),
        "CN=west: not signed by its issuer: the signature does not match the key and the message \
         (RFC 5280 §6.1.3 (a)(1))"
    );
}

#[test]
fn each_certificate_has_its_days() {
    let entropy = &mut Seeded::new(2);
    let root = root();
    let brief = Wish { validity: (FROM + 10, FROM + 20), ..wish("CN=Middle", &[]) };
    let middle = root.subordinate(&brief, None, entropy).unwrap();
    let west = signed(&middle, &Wish { validity: (FROM + 5, FROM + 15), ..wish("CN=west", &[]) }, Vec::new());
    let others = [middle.certificate().clone()];
    let store = trust(&root);
    let at = |now| store.validate(&west, &others, now).map(|_| ()).map_err(|why| why.to_string());
    assert_eq!(at(FROM + 10), Ok(()));
    assert_eq!(at(FROM + 15), Ok(()));
    let expired =
        "CN=west: not valid after 2023-11-14T22:13:35Z, it is 2023-11-14T22:13:36Z (RFC 5280 §6.1.3 (a)(2))";
    assert_eq!(at(FROM + 16), Err(expired.to_owned()));
    let early = "CN=Middle: not valid before 2023-11-14T22:13:30Z, it is 2023-11-14T22:13:29Z (RFC 5280 §6.1.3 (a)(2))";
    assert_eq!(at(FROM + 9), Err(early.to_owned()));
    let root =
        "CN=Root: not valid before 2023-11-14T22:13:20Z, it is 2023-11-14T22:13:19Z (RFC 5280 §6.1.3 (a)(2))";
    assert_eq!(at(FROM - 1), Err(root.to_owned()));
}

/// `issuer`'s certificate for an authority with these extensions, and one that this authority issues.
fn below(issuer: &Authority, extensions: Vec<Extension>) -> (Certificate, Certificate) {
    // The same key and name as `signed` gives the authority.
    let entropy = &mut Seeded::new(9);
    let middle = Authority::root(&wish("CN=Middle", &[]), entropy).unwrap();
    (signed(issuer, &wish("CN=Middle", &[]), extensions), end(&middle, "CN=west", &[]))
}

#[test]
fn only_an_authority_issues() {
    let root = root();
    let basic = |ca| extension(true, &BasicConstraints { ca, path_len_constraint: None }).unwrap();
    let usage = |usages: KeyUsages| extension(true, &KeyUsage(usages.into())).unwrap();
    let (middle, west) = below(&root, vec![basic(true), usage(KeyUsages::KeyCertSign)]);
    assert!(trust(&root).validate(&west, &[middle], NOW).is_ok());
    let (middle, west) = below(&root, vec![basic(true)]);
    assert!(trust(&root).validate(&west, &[middle], NOW).is_ok());
    let no_authority =
        "CN=Middle: not the certificate of an authority: no basic constraints with cA (RFC 5280 §6.1.4 (k))";
    for extensions in [vec![], vec![basic(false)]] {
        let (middle, west) = below(&root, extensions);
        assert_eq!(refusal(&trust(&root), &west, &[middle]), no_authority);
    }
    let (middle, west) = below(&root, vec![basic(true), usage(KeyUsages::CRLSign)]);
    assert_eq!(
        refusal(&trust(&root), &west, &[middle]),
        "CN=Middle: its key usage has no keyCertSign (RFC 5280 §6.1.4 (n))"
    );
}

#[test]
fn path_lengths_count_the_authorities_that_follow() {
    let entropy = &mut Seeded::new(2);
    let root = root();
    let upper = root.subordinate(&wish("CN=Upper", &[]), Some(1), entropy).unwrap();
    let middle = upper.subordinate(&wish("CN=Middle", &[]), Some(5), entropy).unwrap();
    let lower = middle.subordinate(&wish("CN=Lower", &[]), None, entropy).unwrap();
    let chain = |certificate: &Certificate| {
        let others = [&upper, &middle, &lower].map(|authority| authority.certificate().clone());
        trust(&root).validate(certificate, &others, NOW).map(|_| ()).map_err(|why| why.to_string())
    };
    assert_eq!(chain(&end(&middle, "CN=west", &[])), Ok(()));
    let long = "CN=Lower: one authority more than the path length constraints allow (RFC 5280 §6.1.4 (l))";
    assert_eq!(chain(&end(&lower, "CN=west", &[])), Err(long.to_owned()));
    // An authority that issued a certificate to itself, for another key, counts once.
    let renewed = upper.subordinate(&wish("CN=Upper", &[]), None, entropy).unwrap();
    let below = renewed.subordinate(&wish("CN=Below", &[]), None, entropy).unwrap();
    let others = [&upper, &renewed, &below].map(|authority| authority.certificate().clone());
    assert!(trust(&root).validate(&end(&below, "CN=west", &[]), &others, NOW).is_ok());
    // The anchor's own limit holds as well.
    let others = [middle.certificate().clone(), lower.certificate().clone()];
    assert!(trust(&upper).validate(&end(&middle, "CN=west", &[]), &others, NOW).is_ok());
    assert_eq!(refusal(&trust(&upper), &end(&lower, "CN=west", &[]), &others), long);
}

#[test]
fn a_critical_extension_that_is_not_known_is_refused() {
    let root = root();
    let policies = |critical| {
        let mut unknown =
            extension(critical, &BasicConstraints { ca: false, path_len_constraint: None }).unwrap();
        // Inhibit anyPolicy (RFC 5280 §4.2.1.14).
        unknown.extn_id = ObjectIdentifier::new_unwrap("2.5.29.54");
        unknown
    };
    let west = signed(&root, &wish("CN=west", &[]), vec![policies(false)]);
    assert!(trust(&root).validate(&west, &[], NOW).is_ok());
    let west = signed(&root, &wish("CN=west", &[]), vec![policies(true)]);
    let unknown =
        "CN=west: the critical extension 2.5.29.54 is not supported (RFC 5280 §6.1.4 (o), §6.1.5 (f))";
    assert_eq!(refusal(&trust(&root), &west, &[]), unknown);
    // Nor may an authority have one.
    let basic = extension(true, &BasicConstraints { ca: true, path_len_constraint: None }).unwrap();
    let (middle, west) = below(&root, vec![basic, policies(true)]);
    assert_eq!(refusal(&trust(&root), &west, &[middle]), unknown.replace("west", "Middle"));
    // Pinned itself it is refused too.
    let west = signed(&root, &wish("CN=west", &[]), vec![policies(true)]);
    let pinned = TrustStore { anchors: vec![west.clone()], ..TrustStore::default() };
    assert_eq!(refusal(&pinned, &west, &[]), unknown);
}

#[test]
fn the_key_of_a_peer_is_for_signatures_and_for_ike() {
    let root = root();
    let with = |extension| signed(&root, &wish("CN=west", &[]), vec![extension]);
    let usage = |usages: KeyUsages| with(extension(true, &KeyUsage(usages.into())).unwrap());
    for usages in [KeyUsages::DigitalSignature, KeyUsages::NonRepudiation] {
        assert!(trust(&root).validate(&usage(usages), &[], NOW).is_ok());
    }
    assert_eq!(
        refusal(&trust(&root), &usage(KeyUsages::KeyAgreement), &[]),
        "CN=west: its key usage has neither digitalSignature nor nonRepudiation (RFC 4945 §5.1.3.2)"
    );
    let purpose = |oids: &[&str]| {
        let oids = oids.iter().map(|oid| ObjectIdentifier::new_unwrap(oid)).collect();
        with(extension(true, &ExtendedKeyUsage(oids)).unwrap())
    };
    let (server, ike, any) = ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.17", "2.5.29.37.0");
    for purposes in [&[ike][..], &[server, ike], &[any]] {
        assert!(trust(&root).validate(&purpose(purposes), &[], NOW).is_ok());
    }
    assert_eq!(
        refusal(&trust(&root), &purpose(&[server]), &[]),
        "CN=west: its extended key usage has neither ipsecIKE nor anyExtendedKeyUsage (RFC 4945 §5.1.3.12)"
    );
}

#[test]
fn names_stay_within_what_their_authorities_were_given() {
    let root = root();
    let subtree = |base| GeneralSubtree { base, minimum: 0, maximum: None };
    let dns = |name: &str| subtree(GeneralName::DnsName(name.to_owned().try_into().unwrap()));
    let constraints = |permitted: Vec<GeneralSubtree>, excluded: Vec<GeneralSubtree>| {
        let lists = [permitted, excluded].map(|list| (!list.is_empty()).then_some(list));
        let [permitted_subtrees, excluded_subtrees] = lists;
        extension(true, &NameConstraints { permitted_subtrees, excluded_subtrees }).unwrap()
    };
    let verdict = |constraint: &Extension, subject: &str, names: &[&str]| {
        let basic = extension(true, &BasicConstraints { ca: true, path_len_constraint: None }).unwrap();
        let middle = signed(&root, &wish("CN=Middle", &[]), vec![basic, constraint.clone()]);
        let issuer = Authority::root(&wish("CN=Middle", &[]), &mut Seeded::new(9)).unwrap();
        let west = end(&issuer, subject, &named(names));
        trust(&root).validate(&west, &[middle], NOW).map(|_| ()).map_err(|why| why.defect)
    };
    let domain = constraints(vec![dns("example.org")], vec![dns("secret.example.org")]);
    assert_eq!(verdict(&domain, "CN=west", &["west.example.org", "192.0.2.1"]), Ok(()));
    let name = "DNS:west.example.com".to_owned();
    assert_eq!(verdict(&domain, "CN=west", &["west.example.com"]), Err(Defect::NameNotPermitted { name }));
    let name = "DNS:a.secret.example.org".to_owned();
    let names = ["west.example.org", "a.secret.example.org"];
    assert_eq!(verdict(&domain, "CN=west", &names), Err(Defect::NameExcluded { name }));
    let network = [192, 0, 2, 0, 255, 255, 255, 0];
    let address = |octets: &[u8]| subtree(GeneralName::IpAddress(OctetString::new(octets).unwrap()));
    let addresses = constraints(vec![address(&network)], vec![]);
    assert_eq!(verdict(&addresses, "CN=west", &["192.0.2.9", "elsewhere"]), Ok(()));
    let name = "IP:192.0.3.9".to_owned();
    assert_eq!(verdict(&addresses, "CN=west", &["192.0.3.9"]), Err(Defect::NameNotPermitted { name }));
    let malformed = constraints(vec![address(&network[..6])], vec![]);
    let name = "IP:192.0.2.9".to_owned();
    assert_eq!(verdict(&malformed, "CN=west", &["192.0.2.9"]), Err(Defect::ConstraintUnsupported { name }));
    let distance = constraints(vec![GeneralSubtree { minimum: 1, ..dns("example.org") }], vec![]);
    let name = "DNS:a.example.org".to_owned();
    assert_eq!(
        verdict(&distance, "CN=west", &["a.example.org"]),
        Err(Defect::ConstraintUnsupported { name })
    );
    let directory = subtree(GeneralName::DirectoryName("O=Example".parse().unwrap()));
    let directory = constraints(vec![directory], vec![]);
    assert_eq!(verdict(&directory, "CN=west,O=example", &[]), Ok(()));
    let name = "DN:CN=west".to_owned();
    assert_eq!(verdict(&directory, "CN=west", &[]), Err(Defect::NameNotPermitted { name }));
    assert_eq!(verdict(&directory, "", &["west@example.org"]), Ok(()));
    let mail = subtree(GeneralName::Rfc822Name("example.org".to_owned().try_into().unwrap()));
    let mail = constraints(vec![], vec![mail]);
    let name = "email:west@example.org".to_owned();
    let excluded = Err(Defect::NameExcluded { name });
    assert_eq!(verdict(&mail, "CN=west", &["west@example.org"]), excluded);
    // Without alternative names the mail address in the subject counts.
    let subject = "1.2.840.113549.1.9.1=west@example.org";
    assert_eq!(verdict(&mail, subject, &[]), excluded);
    assert_eq!(verdict(&mail, subject, &["west.example.org"]), Ok(()));
}

#[test]
fn only_authorities_that_renew_themselves_are_free_of_name_constraints() {
    let root = root();
    let basic = extension(true, &BasicConstraints { ca: true, path_len_constraint: None }).unwrap();
    let base = GeneralName::DirectoryName("O=Example".parse().unwrap());
    let subtrees = Some(vec![GeneralSubtree { base, minimum: 0, maximum: None }]);
    let limit = NameConstraints { permitted_subtrees: subtrees, excluded_subtrees: None };
    // CN=Middle, which is not below O=Example itself, may issue for names that are.
    let limited = vec![basic.clone(), extension(true, &limit).unwrap()];
    let middle = signed(&root, &wish("CN=Middle", &[]), limited);
    let issuer = Authority::root(&wish("CN=Middle", &[]), &mut Seeded::new(9)).unwrap();
    let renewed = issuer.subordinate(&wish("CN=Middle", &[]), None, &mut Seeded::new(10)).unwrap();
    let west = end(&renewed, "CN=west,O=Example", &[]);
    let others = [middle.clone(), renewed.certificate().clone()];
    assert!(trust(&root).validate(&west, &others, NOW).is_ok());
    // As a peer it is bound like any other.
    let peer = end(&issuer, "CN=Middle", &[]);
    assert_eq!(
        refusal(&trust(&root), &peer, std::slice::from_ref(&middle)),
        "CN=Middle: DN:CN=Middle is in no permitted subtree of its issuers (RFC 5280 §6.1.3 (b))"
    );
    // And so is another authority.
    let other = issuer.subordinate(&wish("CN=Other", &[]), None, &mut Seeded::new(11)).unwrap();
    let west = end(&other, "CN=west,O=Example", &[]);
    assert_eq!(
        refusal(&trust(&root), &west, &[middle, other.certificate().clone()]),
        "CN=Other: DN:CN=Other is in no permitted subtree of its issuers (RFC 5280 §6.1.3 (b))"
    );
}

#[test]
fn names_chain_even_where_the_key_fits() {
    let root = root();
    let same_key = Authority::root(&wish("CN=Other", &[]), &mut Seeded::new(1)).unwrap();
    let west = end(&same_key, "CN=west", &[]);
    let store = trust(&root);
    let circumstances = Circumstances { store: &store, responses: &[], now: NOW };
    let refused = validate::path(&circumstances, root.certificate(), &[&west]).unwrap_err();
    assert_eq!(refused.defect, Defect::NoIssuer { issuer: "CN=Other".to_owned() });
}

#[test]
fn a_certificate_speaks_for_the_names_in_it_and_for_no_others() {
    let root = root();
    let names = named(&["West.example.org", "192.0.2.1", "2001:db8::1", "west@Example.org"]);
    let west = end(&root, "CN=west,O=Example", &names);
    let store = trust(&root);
    let trusted = store.validate(&west, &[], NOW).unwrap();
    let spoken = ["west.EXAMPLE.org", "192.0.2.1", "2001:db8::1", "WEST@example.org"];
    for identity in named(&spoken) {
        assert_eq!(trusted.speaks_for(&identity), Ok(()), "{identity}");
    }
    for identity in
        named(&["example.org", "*.example.org", "a.west.example.org", "192.0.2.2", "east@example.org"])
    {
        assert!(trusted.speaks_for(&identity).is_err(), "{identity}");
    }
    let dn = |text: &str| {
        use x509_cert::der::Encode;
        Identity::Dn(text.parse::<x509_cert::name::Name>().unwrap().to_der().unwrap())
    };
    assert_eq!(trusted.speaks_for(&dn("CN=west,O=Example")), Ok(()));
    // Octet by octet: not what only path validation would call the same, nor a part.
    assert!(trusted.speaks_for(&dn("CN=West,O=Example")).is_err());
    assert!(trusted.speaks_for(&dn("O=Example")).is_err());
    let key_id = west.extensions().subject_key_id.clone().unwrap();
    assert_eq!(trusted.speaks_for(&Identity::KeyId(key_id)), Ok(()));
    let own_id = SubjectKeyIdentifier(OctetString::new(b"west".to_vec()).unwrap());
    let labelled = signed(&root, &wish("CN=west", &[]), vec![extension(false, &own_id).unwrap()]);
    let key_ids = [Identity::KeyId(b"west".to_vec()), Identity::KeyId(speaks_for::key_id(&labelled))];
    let store = trust(&root);
    let labelled = store.validate(&labelled, &[], NOW).unwrap();
    assert!(key_ids.iter().all(|key_id| labelled.speaks_for(key_id).is_ok()));
    for identity in [Identity::KeyId(vec![]), Identity::Null, Identity::Other(9, vec![])] {
        assert!(trusted.speaks_for(&identity).is_err());
    }
    assert_eq!(
        trusted.speaks_for(&Identity::Fqdn("east".into())).unwrap_err().to_string(),
        "CN=west,O=Example: the certificate is not one of east, expected a dNSName among the subject alternative \
         names (RFC 4945 §3.1), found DNS:West.example.org, IP:192.0.2.1, IP:2001:db8::1, email:west@Example.org, \
         DN:CN=west,O=Example"
    );
    // The address in a name is no address, and an empty subject nobody's.
    let west = end(&root, "", &named(&["192.0.2.1"]));
    let trusted = store.validate(&west, &[], NOW).unwrap();
    assert!(trusted.speaks_for(&Identity::Fqdn("192.0.2.1".into())).is_err());
    assert!(trusted.speaks_for(&Identity::Dn(vec![0x30, 0])).is_err());
}

#[test]
fn a_peers_own_certificate_may_be_the_anchor() {
    let root = root();
    let [west, east] = ["CN=west", "CN=east"].map(|subject| end(&root, subject, &[]));
    let pinned = TrustStore { anchors: vec![west.clone()], ..TrustStore::default() };
    let trusted = pinned.validate(&west, &[], NOW).unwrap();
    assert_eq!((trusted.certificate(), trusted.path().len()), (&west, 0));
    assert!(pinned.validate(&east, &[], NOW).is_err());
    assert!(pinned.validate(&west, &[], UNTIL + 1).is_err());
}
