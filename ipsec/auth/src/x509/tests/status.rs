use super::*;
use crate::x509::laboratory::Usage;
use crate::x509::{BadOcspResponse, CertificateStatus, OcspResponse};

struct Site {
    root: Authority,
    west: Certificate,
}

fn site() -> Site {
    let root = root();
    let west = end(&root, "CN=west", &[]);
    Site { root, west }
}

impl Site {
    fn says(&self, status: CertificateStatus) -> OcspResponse {
        self.root.ocsp(&self.west, status, (NOW, NOW + 100), None).unwrap()
    }

    fn delegate(&self, usage: Usage, subject: &str) -> Credential {
        self.root.issue_for(&wish(subject, &[]), usage, &mut Seeded::new(7)).unwrap()
    }

    fn verdict(&self, responses: &[OcspResponse], revocation: Revocation, now: u64) -> Result<(), String> {
        self.verdict_with(&[], responses, revocation, now)
    }

    fn verdict_with(
        &self,
        trusted: &[&Certificate],
        responses: &[OcspResponse],
        revocation: Revocation,
        now: u64,
    ) -> Result<(), String> {
        let ocsp = Some(trusted.iter().map(|trusted| (*trusted).clone()).collect());
        let store = TrustStore { ocsp, revocation, ..trust(&self.root) };
        let verdict = store.validate_with(&self.west, &[], responses, now);
        verdict.map(|_| ()).map_err(|why| why.to_string())
    }
}

fn unknown(why: &str) -> Result<(), String> {
    Err(format!("CN=west: whether it is revoked is not known: {why} (RFC 5280 §6.3.3)"))
}

#[test]
fn a_responder_says_good_revoked_or_unknown() {
    let site = site();
    let good = site.says(CertificateStatus::Good);
    let unsure = site.says(CertificateStatus::Unknown);
    let revoked = site.says(CertificateStatus::Revoked { since: NOW - 5 });
    let required = |responses: &[&OcspResponse], now| {
        let responses: Vec<OcspResponse> = responses.iter().map(|response| (*response).clone()).collect();
        site.verdict(&responses, Revocation::Required, now)
    };
    assert_eq!(required(&[&good], NOW), Ok(()));
    assert_eq!(required(&[&good], NOW + 100), Ok(()));
    assert_eq!(required(&[&good], NOW + 101), unknown("the OCSP response is out of date"));
    assert_eq!(required(&[&good], NOW - 1), unknown("the OCSP response is of the future"));
    assert_eq!(required(&[&unsure], NOW), unknown("the OCSP responder does not know it"));
    assert_eq!(required(&[], NOW), unknown("the peer sent no OCSP response"));
    let since = Err("CN=west: revoked since 2027-01-15T07:59:55Z (RFC 5280 §6.1.3 (a)(3))".to_owned());
    for revocation in [Revocation::WhereKnown, Revocation::Required] {
        // Even one that is out of date, and beside a good one.
        assert_eq!(site.verdict(&[good.clone(), revoked.clone()], revocation, NOW + 500), since);
    }
    for responses in [vec![], vec![unsure.clone()], vec![good.clone()]] {
        assert_eq!(site.verdict(&responses, Revocation::WhereKnown, NOW + 500), Ok(()));
    }
    assert_eq!(required(&[&unsure, &good], NOW), Ok(()));
}

#[test]
fn a_response_counts_where_no_list_does_and_a_list_where_no_response_does() {
    let mut site = site();
    let crls = vec![site.root.crl(NOW, NOW + 100).unwrap()];
    let store = TrustStore { crls, revocation: Revocation::Required, ..trust(&site.root) };
    let good = [site.says(CertificateStatus::Good)];
    assert!(store.validate_with(&site.west, &[], &good, NOW + 1).is_ok());
    assert!(store.validate(&site.west, &[], NOW + 1).is_ok());
    let store = TrustStore { crls: Vec::new(), ..store };
    assert!(store.validate_with(&site.west, &[], &good, NOW + 1).is_ok());
}

#[test]
fn only_whoever_may_say_so_is_believed() {
    let site = site();
    let say = |delegate: &Credential| {
        [site.root.ocsp(&site.west, CertificateStatus::Good, (NOW, NOW + 100), Some(delegate)).unwrap()]
    };
    let required = |responses: &[OcspResponse]| site.verdict(responses, Revocation::Required, NOW + 1);
    assert_eq!(required(&say(&site.delegate(Usage::OcspSigning, "CN=Status"))), Ok(()));
    assert_eq!(
        required(&say(&site.delegate(Usage::Signatures, "CN=east"))),
        unknown(
            "CN=east, who signed the OCSP response, has no extended key usage OCSPSigning (RFC 6960 §4.2.2.2)"
        )
    );
    let stranger = Authority::root(&wish("CN=Stranger", &[]), &mut Seeded::new(66)).unwrap();
    let theirs =
        stranger.issue_for(&wish("CN=Status", &[]), Usage::OcspSigning, &mut Seeded::new(67)).unwrap();
    let nobody = "the OCSP response is neither of the issuer, nor of whom it has certified for that, nor of one that is \
                  trusted (RFC 6960 §4.2.2.2)";
    assert_eq!(required(&say(&theirs)), unknown(nobody));
    let trusted = [stranger.certificate(), &theirs.chain[0]];
    assert_eq!(site.verdict_with(&trusted, &say(&theirs), Revocation::Required, NOW + 1), Ok(()));
    // Of the root's name, but not with its key.
    let impostor = Authority::root(&wish("CN=Root", &[]), &mut Seeded::new(68)).unwrap();
    let theirs =
        impostor.issue_for(&wish("CN=Status", &[]), Usage::OcspSigning, &mut Seeded::new(69)).unwrap();
    assert_eq!(
        required(&say(&theirs)),
        unknown(
            "CN=Status, who signed the OCSP response: not signed by its issuer: the signature does not match the key and \
             the message (RFC 5280 §6.1.3 (a)(1))"
        )
    );
    // What is revoked as a responder says nothing any more.
    let mut root = site.root.clone();
    let delegate = site.delegate(Usage::OcspSigning, "CN=Status");
    root.revoke(&delegate.chain[0], NOW).unwrap();
    let crls = vec![root.crl(NOW, NOW + 1).unwrap()];
    let store = TrustStore { crls, revocation: Revocation::Required, ..trust(&root) };
    // The list also says that the peer's own certificate is good until it is out of date.
    let refused = store.validate_with(&site.west, &[], &say(&delegate), NOW + 2).unwrap_err().to_string();
    assert!(refused.contains("the CRL is out of date"), "{refused}");
}

#[test]
fn a_response_about_another_certificate_says_nothing() {
    let site = site();
    let east = &site.delegate(Usage::Signatures, "CN=east").chain[0];
    let other = site.root.ocsp(east, CertificateStatus::Good, (NOW, NOW + 100), None).unwrap();
    let stranger = Authority::root(&wish("CN=Root", &[]), &mut Seeded::new(66)).unwrap();
    let namesake = stranger.ocsp(&site.west, CertificateStatus::Good, (NOW, NOW + 100), None).unwrap();
    for response in [other, namesake] {
        assert_eq!(
            site.verdict(&[response], Revocation::Required, NOW),
            unknown("there is no CRL of CN=Root")
        );
    }
}

#[test]
fn what_is_no_response_is_named() {
    let refused = |der: &[u8]| OcspResponse::parse(der).unwrap_err();
    assert!(refused(&[]).to_string().starts_with("expected an OCSPResponse in DER (RFC 6960 §4.2.1): "));
    let later = refused(&[0x30, 3, 0x0a, 1, 3]);
    assert_eq!(later, BadOcspResponse::NotSuccessful(3));
    assert_eq!(later.to_string(), "the OCSP responder says tryLater (RFC 6960 §4.2.1)");
    let good = site().says(CertificateStatus::Good);
    assert!(matches!(refused(&good.der()[..good.der().len() - 1]), BadOcspResponse::NotDer(_)));
    // Another type of response.
    let mut other = good.der().to_vec();
    let at = other.windows(3).position(|octets| octets == [0x30, 1, 1]).unwrap();
    other[at + 2] = 2;
    assert!(matches!(refused(&other), BadOcspResponse::Kind { .. }), "{:?}", refused(&other));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn a_changed_response_is_refused_or_of_no_use(
        index in proptest::prelude::any::<proptest::prelude::prop::sample::Index>(),
        octet in proptest::prelude::any::<u8>(),
    ) {
        let site = site();
        let good = site.says(CertificateStatus::Good);
        let mut der = good.der().to_vec();
        let index = index.index(der.len());
        der[index] = octet;
        if let Ok(changed) = OcspResponse::parse(&der) {
            let is_same = der == good.der();
            proptest::prop_assert_eq!(site.verdict(&[changed], Revocation::Required, NOW).is_ok(), is_same);
        }
    }
}
