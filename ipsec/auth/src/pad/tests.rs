use ipsec_crypto::{FixedEntropy, KeyType, PORTABLE, Signer};
use ipsec_wire::registry::CertEncoding;
use proptest::prelude::*;

use super::*;
use crate::eap::{EapMethod, EapPacket, EapServer, EapType, EapUsers, Password, ServerStep};
use crate::seeded::Seeded;
use crate::x509::laboratory::{Authority, Wish};
use crate::{Credential, certificate_requests, preferred_algorithms, prove_null, prove_psk, prove_signature};

const PRF: PrfAlgorithm = PrfAlgorithm::HmacSha2_256;
const NOW: u64 = 1_800_000_000;
const HASHES: Option<&[SignatureHash]> = Some(SignatureHash::RECOMMENDED);

fn entry(connection: &str, peers: &str, authenticate: Authenticate) -> PeerEntry {
    PeerEntry {
        connection: connection.to_owned(),
        peers: peers.parse().unwrap(),
        authenticate,
        selectors: None,
    }
}

fn secret(text: &str) -> Secret {
    Secret::from(text.as_bytes())
}

fn signed_octets(sk_p: &Secret) -> SignedOctets<'_> {
    SignedOctets { message: b"message", nonce: b"nonce", id: b"id", sk_p, int_auth: b"" }
}

fn verify(
    entry: &PeerEntry,
    identity: &str,
    auth: &Authentication,
    certificates: &[Certificate],
) -> Result<Identity, String> {
    let sk_p = secret("SK_p");
    let octets = signed_octets(&sk_p);
    let (announced, received) = (HASHES, HASHES);
    let provider = &PORTABLE;
    let evidence = Evidence {
        provider,
        prf: PRF,
        octets,
        auth,
        certificates,
        announced,
        received,
        responses: &[],
        raw_keys: &[],
        eap: None,
        now: NOW,
    };
    let proven = entry.verify(&identity.parse().unwrap(), &evidence);
    proven.map(|proven| proven.identity().clone()).map_err(|why| why.to_string())
}

fn psk(text: &str) -> Authentication {
    let sk_p = secret("SK_p");
    let data = prove_psk(&PORTABLE, PRF, &secret(text), &signed_octets(&sk_p));
    Authentication { method: AuthMethod::SHARED_KEY, data }
}

fn null() -> Authentication {
    prove_null(&PORTABLE, PRF, &signed_octets(&secret("SK_p")))
}

fn root() -> Authority {
    let wish = Wish { subject: "CN=Root", names: &[], key_type: KeyType::P256, validity: (0, 2 * NOW) };
    Authority::root(&wish, &mut Seeded::new(1)).unwrap()
}

fn west(root: &Authority) -> Credential {
    let names = ["west.example.org".parse().unwrap()];
    let wish = Wish { subject: "CN=west", names: &names, key_type: KeyType::Ed25519, validity: (0, 2 * NOW) };
    root.issue(&wish, &mut Seeded::new(2)).unwrap()
}

fn signature(credential: &Credential) -> Authentication {
    let sk_p = secret("SK_p");
    let algorithms = preferred_algorithms(credential.signer.key_type());
    let rules = SignatureRules { announced: HASHES, received: HASHES, algorithms };
    let octets = signed_octets(&sk_p);
    prove_signature(&PORTABLE, PRF, &credential.signer, &rules, &octets, &mut Seeded::new(3)).unwrap()
}

fn certified_by(anchors: &[&Certificate], binds_identity: bool) -> Authenticate {
    let anchors = anchors.iter().map(|anchor| (*anchor).clone()).collect();
    let trust = Arc::new(TrustStore { anchors, ..TrustStore::default() });
    Authenticate::Signature { trust, algorithms: SignatureAlgorithm::ALL.to_vec(), binds_identity }
}

#[test]
fn what_the_index_finds_is_what_a_walk_over_all_entries_finds() {
    let patterns = [
        "West.example.org",
        "%any",
        "192.0.2.1",
        ".example.org",
        "west.example.org",
        "%null",
        "192.0.2.0/24",
        "CN=west",
        "a@EXAMPLE.org",
        "@example.org",
        "a@example.org",
        "*,O=Example",
        "192.0.2.1",
    ];
    let shared = || Authenticate::SharedKey(secret("secret"));
    let entries = || patterns.iter().enumerate().map(|(n, peers)| entry(&n.to_string(), peers, shared()));
    let database = PeerDatabase::new(entries().collect());
    for identity in [
        "WEST.example.ORG",
        "192.0.2.1",
        "192.0.2.9",
        "A@example.org",
        "CN=west",
        "CN=west,O=Example",
        "%null",
    ] {
        let identity: Identity = identity.parse().unwrap_or(Identity::Null);
        for is_meant in [|_: &str| true, |name: &str| name.len() == 2, |name: &str| name < "5"] {
            let walked =
                entries().filter(|entry| entry.peers.matches(&identity) && is_meant(&entry.connection));
            let walked: Vec<String> = walked.map(|entry| entry.connection).collect();
            let found = database.matching(&identity, None, is_meant);
            let found: Vec<String> = found.into_iter().map(|entry| entry.connection.clone()).collect();
            assert_eq!(found, walked, "{identity}");
        }
    }
}

#[test]
fn the_first_entry_that_fits_decides() {
    let shared = || Authenticate::SharedKey(secret("secret"));
    let database = PeerDatabase::new(vec![
        entry("one", "west.example.org", shared()),
        entry("nobody", "%null", Authenticate::Null),
        entry("group", ".example.org", Authenticate::Null),
        entry("again", "west.example.org", Authenticate::Null),
        entry("rest", "%any", shared()),
    ]);
    let find = |identity: &str, method| {
        let found = database.find(&identity.parse().unwrap(), Some(method), |_| true);
        found.map(|entry| entry.connection.as_str())
    };
    assert_eq!(find("west.example.org", AuthMethod::SHARED_KEY), Some("one"));
    assert_eq!(find("east.example.org", AuthMethod::SHARED_KEY), Some("group"));
    assert_eq!(find("192.0.2.1", AuthMethod::SHARED_KEY), Some("rest"));
    // Who does not prove itself is nobody, whatever it says.
    assert_eq!(find("west.example.org", AuthMethod::NULL), Some("nobody"));
    assert!(PeerDatabase::default().find(&Identity::Null, None, |_| true).is_none());
    // What else is known of the peer may rule an entry out.
    let later = database
        .find(&"west.example.org".parse().unwrap(), None, |name| ["rest", "again", "group"].contains(&name));
    assert_eq!(later.unwrap().connection, "group");
    assert_eq!(database.of("again").unwrap().peers.to_string(), "west.example.org");
}

#[test]
fn a_peer_proves_itself_as_its_entry_wants() {
    let shared = entry("a", "%any", Authenticate::SharedKey(secret("secret")));
    assert_eq!(verify(&shared, "west", &psk("secret"), &[]), Ok("west".parse().unwrap()));
    assert_eq!(
        verify(&shared, "west", &psk("Secret"), &[]),
        Err("west: the AUTH payload was not made with the expected shared secret over these messages"
            .to_owned())
    );
    assert_eq!(
        verify(&shared, "west", &null(), &[]),
        Err("west: expected the authentication method shared key, found NULL".to_owned())
    );
    let open = entry("a", "%null", Authenticate::Null);
    assert_eq!(verify(&open, "west", &null(), &[]), Ok(Identity::Null));
    assert_eq!(
        verify(&open, "west", &psk("secret"), &[]),
        Err("west: expected the authentication method NULL, found shared key".to_owned())
    );
}

#[test]
fn a_certificate_proves_only_the_identity_in_it() {
    let root = root();
    let west = west(&root);
    let auth = signature(&west);
    let strict = entry("a", "%any", certified_by(&[root.certificate()], true));
    let name = "west.example.org";
    assert_eq!(verify(&strict, name, &auth, &west.chain), Ok(name.parse().unwrap()));
    let error = verify(&strict, "east.example.org", &auth, &west.chain).unwrap_err();
    assert!(error.starts_with("CN=west: the certificate is not one of east.example.org"), "{error}");
    let lax = entry("a", "%any", certified_by(&[root.certificate()], false));
    assert_eq!(verify(&lax, "east.example.org", &auth, &west.chain), Ok("east.example.org".parse().unwrap()));
    assert_eq!(verify(&strict, name, &auth, &[]), Err("west.example.org sent no certificate".to_owned()));
    assert_eq!(
        verify(&strict, name, &psk("secret"), &west.chain),
        Err("west.example.org: expected the authentication method digital signature, found shared key"
            .to_owned())
    );
    // Another key than that of the certificate.
    let names = [name.parse().unwrap()];
    let wish =
        Wish { subject: "CN=other", names: &names, key_type: KeyType::Ed25519, validity: (0, 2 * NOW) };
    let other = root.issue(&wish, &mut Seeded::new(9)).unwrap();
    let error = verify(&strict, name, &signature(&other), &west.chain).unwrap_err();
    assert!(error.ends_with("the signature does not match the key and the message"), "{error}");
}

#[test]
fn a_trusted_certificate_of_its_own_need_not_be_sent() {
    let root = root();
    let west = west(&root);
    let pinned = entry("a", "%any", certified_by(&[root.certificate(), &west.chain[0]], true));
    let name = "west.example.org";
    assert_eq!(verify(&pinned, name, &signature(&west), &[]), Ok(name.parse().unwrap()));
    assert!(verify(&pinned, "east.example.org", &signature(&west), &[]).is_err());
}

#[test]
fn after_eap_the_user_is_proven_whoever_was_asserted() {
    let users = EapUsers::from([("alice@example.org".to_owned(), Password::from("wonderland"))]);
    let config = EapServerConfig {
        name: "gate".to_owned(),
        methods: vec![EapMethod::Gtc],
        users: Arc::new(users),
        asks_identity: false,
        notice: None,
    };
    let user = Some("alice@example.org".to_owned());
    let (mut server, _) = EapServer::begin(config.clone(), user, &mut FixedEntropy::new([0]));
    let token = EapPacket::Response { identifier: 1, kind: EapType::GTC, data: b"wonderland".to_vec() };
    let step = server.handle(&token.emit(), &mut FixedEntropy::new([])).unwrap();
    let ServerStep::Succeeded(_, success) = step else { panic!("{step:?}") };
    let sk_p = secret("SK_p");
    let octets = signed_octets(&sk_p);
    let auth = success.prove(&PORTABLE, PRF, &octets);
    let verify = |peers: &str, eap| {
        let entry = entry("a", peers, Authenticate::Eap(config.clone()));
        let evidence = Evidence {
            provider: &PORTABLE,
            prf: PRF,
            octets,
            auth: &auth,
            certificates: &[],
            announced: None,
            received: None,
            responses: &[],
            raw_keys: &[],
            eap,
            now: NOW,
        };
        let proven = entry.verify(&Identity::KeyId(b"group".to_vec()), &evidence);
        proven.map(|proven| proven.identity().to_string()).map_err(|why| why.to_string())
    };
    assert_eq!(verify("@example.org", Some(&success)), Ok("alice@example.org".to_owned()));
    assert_eq!(
        verify("@example.com", Some(&success)),
        Err("EAP authenticated alice@example.org, expected @example.com".to_owned())
    );
    assert_eq!(
        verify("@example.org", None),
        Err("key id group has to authenticate itself by EAP first".to_owned())
    );
}

#[test]
fn what_is_asked_for_is_what_may_prove() {
    let root = root();
    let (signed, null) = (certified_by(&[root.certificate()], true), Authenticate::Null);
    let requests = certificate_requests(&[&signed, &null, &signed]);
    assert_eq!((requests.len(), requests[0].authorities.len()), (1, 20));
    assert!(west(&root).answers(&requests));
    assert_eq!(certificate_requests(&[&null]), []);
    let raw = Authenticate::RawKey { keys: Vec::new(), algorithms: Vec::new() };
    let raw = certificate_requests(&[&raw]);
    assert_eq!((raw[0].encoding, raw[0].authorities.len()), (CertEncoding::RAW_PUBLIC_KEY, 0));
}

#[test]
fn a_raw_key_proves_where_it_is_known() {
    let credential = west(&root());
    let (signer, stranger) = (&credential.signer, Signer::generate(KeyType::Ed25519, &mut Seeded::new(9)));
    let sk_p = secret("SK_p");
    let (octets, auth) = (signed_octets(&sk_p), signature(&credential));
    let verify = |keys: &[&Signer], sent: &[&Signer]| {
        let keys = keys.iter().map(|key| key.verifier()).collect();
        let algorithms = SignatureAlgorithm::ALL.to_vec();
        let entry = entry("a", "west", Authenticate::RawKey { keys, algorithms });
        let raw_keys: Vec<Vec<u8>> = sent.iter().map(|key| key.verifier().to_spki()).collect();
        let (announced, received, raw_keys) = (HASHES, HASHES, raw_keys.as_slice());
        let (provider, prf, auth) = (&PORTABLE, PRF, &auth);
        let (certificates, eap, now) = (&[][..], None, NOW);
        let evidence = Evidence {
            provider,
            prf,
            octets,
            auth,
            certificates,
            announced,
            received,
            responses: &[],
            raw_keys,
            eap,
            now,
        };
        entry.verify(&"west".parse().unwrap(), &evidence).map(|_| ()).map_err(|why| why.to_string())
    };
    assert_eq!(verify(&[&stranger, signer], &[signer]), Ok(()));
    // A key that is known need not be sent.
    assert_eq!(verify(&[&stranger, signer], &[]), Ok(()));
    let unknown = "west sent a raw public key that is not known, expected one of 1";
    assert_eq!(verify(&[&stranger], &[signer]), Err(unknown.to_owned()));
    assert!(verify(&[&stranger], &[]).unwrap_err().starts_with("west: expected a signature with Ed25519"));
}

fn selector(text: &str, protocol: u8, ports: (u16, u16)) -> TrafficSelector {
    let (first, last) = text.split_once('-').unwrap();
    TrafficSelector::Addresses { protocol, ports, first: first.parse().unwrap(), last: last.parse().unwrap() }
}

#[test]
fn a_peer_asks_for_what_its_entry_allows() {
    let net = selector("10.1.0.0-10.1.255.255", 0, ANY_PORTS);
    let dns = selector("192.0.2.53-192.0.2.53", 17, (53, 53));
    let entry = PeerEntry {
        selectors: Some(vec![net.clone(), dns.clone()]),
        ..entry("a", "west", Authenticate::Null)
    };
    assert!(entry.authorizes(&net) && entry.authorizes(&dns));
    assert!(entry.authorizes(&selector("10.1.2.0-10.1.2.255", 6, (80, 80))));
    assert!(entry.authorizes(&selector("10.1.2.0-10.1.2.255", 6, OPAQUE)));
    for outside in [
        selector("10.0.0.0-10.1.255.255", 0, ANY_PORTS),
        selector("192.0.2.53-192.0.2.53", 6, (53, 53)),
        selector("192.0.2.53-192.0.2.53", 17, (53, 54)),
        selector("192.0.2.53-192.0.2.53", 0, (53, 53)),
        selector("192.0.2.53-192.0.2.53", 17, OPAQUE),
        selector("::-::1", 0, ANY_PORTS),
    ] {
        assert!(!entry.authorizes(&outside), "{outside}");
    }
    let wide = selector("0.0.0.0-255.255.255.255", 0, ANY_PORTS);
    assert_eq!(entry.narrow(std::slice::from_ref(&wide)), [net, dns]);
    assert_eq!(entry.narrow(&[selector("::-::1", 0, ANY_PORTS)]), []);
    let free = PeerEntry { selectors: None, ..entry };
    assert!(free.authorizes(&wide));
    assert_eq!(free.narrow(std::slice::from_ref(&wide)), [wide]);
}

fn selectors() -> impl Strategy<Value = TrafficSelector> {
    let ports = prop_oneof![Just(ANY_PORTS), Just(OPAQUE), (0u16..4, 4u16..8)];
    (0u8..3, ports, 0u32..8, 0u32..8).prop_map(|(protocol, ports, first, length)| {
        TrafficSelector::Addresses {
            protocol,
            ports,
            first: std::net::Ipv4Addr::from(first).into(),
            last: std::net::Ipv4Addr::from(first + length).into(),
        }
    })
}

proptest! {
    #[test]
    fn what_is_narrowed_is_authorized_and_what_is_authorized_is_not_narrowed(
        allowed in prop::collection::vec(selectors(), 0..4),
        asked in selectors(),
    ) {
        let entry = PeerEntry { selectors: Some(allowed), ..entry("a", "west", Authenticate::Null) };
        let narrowed = entry.narrow(std::slice::from_ref(&asked));
        prop_assert!(narrowed.iter().all(|selector| entry.authorizes(selector)));
        prop_assert!(narrowed.iter().all(|selector| intersection(&asked, selector).as_ref() == Some(selector)));
        prop_assert_eq!(entry.authorizes(&asked), narrowed.contains(&asked));
    }
}
