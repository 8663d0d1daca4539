//! The responder's stages against an initiator that knows all keys and says things in a wrong order.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use ipsec_auth::{Authenticate, IdentityPattern, PeerDatabase, Pools};
use ipsec_crypto::{AeadAlgorithm, FixedEntropy, KeyExchangeAlgorithm, PORTABLE, PrfAlgorithm, Secret};
use ipsec_dataplane::{Encryption, Suite};
use ipsec_net::Instant;
use ipsec_wire::{Flags, Header, IkeSpi, Version};

use super::super::answer;
use super::*;
use crate::config::Further;
use crate::connections::Connections;
use crate::held::Held;
use crate::keys::{self, Shared};
use crate::message::Envelope;
use crate::negotiate::{IkeProposal, IkeSuite};
use crate::path::Path;
use crate::protect::Protection;
use crate::sa::{Crypto, Ends, State, Transcript};

const SPIS: (IkeSpi, IkeSpi) = (IkeSpi(1), IkeSpi(2));
const SUITE: IkeSuite = IkeSuite {
    protection: Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None },
    prf: PrfAlgorithm::HmacSha2_256,
    key_exchange: KeyExchangeAlgorithm::X25519,
    additional: [None; 7],
};

fn secret(text: &str) -> Secret {
    Secret::from(text.as_bytes())
}

fn identity(name: &str) -> Identity {
    name.parse().unwrap_or_else(|never| match never {})
}

/// East, which wants of west the host by the key "host" and the user alice by the key "user".
fn east(further: bool) -> Connection {
    let entry = PeerEntry {
        connection: "site".to_owned(),
        peers: IdentityPattern::Exactly(identity("alice.example")),
        authenticate: Authenticate::SharedKey(secret("user")),
        selectors: None,
    };
    let theirs = if further { vec![entry] } else { Vec::new() };
    Connection {
        remote_id: IdentityPattern::Exactly(identity("west.example")),
        proposals: vec![IkeProposal::of(&SUITE)],
        further: Further { ours: Vec::new(), theirs },
        ..Connection::new("site", [192, 0, 2, 2].into(), [192, 0, 2, 1].into(), secret("host"))
    }
}

/// A half-open IKE SA of an end.
fn half_open(role: Role, connection: &Arc<Connection>, announced: bool) -> IkeSa {
    let nonces = [vec![1; 32], vec![2; 32]];
    let shared = Shared { nonce_i: &nonces[0], nonce_r: &nonces[1], spi_i: SPIS.0, spi_r: SPIS.1 };
    let seed = keys::skeyseed(&PORTABLE, SUITE.prf, &shared, &secret("shared"));
    let keys = keys::ike_keys(&PORTABLE, &SUITE, &seed, &shared).unwrap();
    let init = |response: bool, payloads: &[Payload]| {
        let sender = if response { Role::Responder } else { Role::Initiator };
        let exchange = ExchangeType::IKE_SA_INIT;
        let (spi_i, spi_r) = SPIS;
        Envelope { spi_i, spi_r, exchange, sender, response, message_id: 0 }.clear(payloads)
    };
    let said = Payload::Notify(Notify::new(NotifyType::MULTIPLE_AUTH_SUPPORTED, Vec::new()));
    let said: Vec<Payload> = announced.then_some(said).into_iter().collect();
    let transcript = Transcript {
        request: init(false, &[]),
        response: init(true, &said),
        nonce_i: nonces[0].clone(),
        nonce_r: nonces[1].clone(),
        int_auth: Vec::new(),
        to_come: Vec::new(),
        has_ppk: false,
        full: Default::default(),
    };
    let at = |address: std::net::IpAddr| SocketAddr::new(address, 500);
    let path = Path::new(at(connection.local), at(connection.remote));
    let ends = Ends { path, spi_i: SPIS.0, spi_r: SPIS.1 };
    let mut sa = IkeSa::new(role, Arc::clone(connection), ends, Instant::ZERO);
    let protection = Protection::new(&PORTABLE, &SUITE.protection, keys, role).unwrap();
    sa.crypto = Some(Crypto { suite: SUITE, protection, before: None });
    sa.state = State::HalfOpen(Box::new(transcript));
    sa
}

struct Lab {
    east: IkeSa,
    west: IkeSa,
    connections: Connections,
    peers: PeerDatabase,
}

impl Lab {
    fn new(further: bool) -> Self {
        let connection = east(further);
        let entry = PeerEntry {
            connection: "site".to_owned(),
            peers: connection.remote_id.clone(),
            authenticate: connection.authenticate.clone(),
            selectors: None,
        };
        let connections = Connections::new(vec![connection]);
        let of_both = Arc::clone(&connections[0]);
        Self {
            east: half_open(Role::Responder, &of_both, further),
            west: half_open(Role::Initiator, &of_both, further),
            connections,
            peers: PeerDatabase::new(vec![entry]),
        }
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut IkeSa, &IkeSa, &mut Context<'_>) -> T) -> T {
        let mut entropy = FixedEntropy::new(vec![7; 1024]);
        let mut cx = Context {
            now: Instant::ZERO,
            provider: &PORTABLE,
            entropy: &mut entropy,
            connections: &self.connections,
            peers: &self.peers,
            epoch: 0,
            pools: &mut Pools::default(),
            spis: &BTreeSet::new(),
            ike_spis: &BTreeSet::new(),
            held: &Held::default(),
            addresses: &[],
            tickets: None,
        };
        work(&mut self.east, &self.west, &mut cx)
    }

    /// IDi and AUTH of somebody by a key.
    fn proof(&mut self, name: &str, key: &str) -> Vec<Payload> {
        let id = identity(name).to_wire();
        let prove = Prove::SharedKey(secret(key));
        let proof = self.with(|_, west, cx| HalfOpen::of(west).unwrap().prove(&prove, &id, &[], cx).unwrap());
        [vec![Payload::IdI(id)], proof].concat()
    }

    /// What east makes of a request: who is established if somebody is, or how it goes on.
    fn ask(&mut self, payloads: &[Payload]) -> String {
        let flags = Flags { initiator: true, response: false, version: false };
        let header = Header {
            spi_i: SPIS.0,
            spi_r: SPIS.1,
            next_payload: ipsec_wire::registry::PayloadType::NONE,
            version: Version::V2,
            exchange: ExchangeType::IKE_AUTH,
            flags,
            message_id: 1,
            length: 0,
        };
        let message = Opened {
            header,
            payloads: payloads.to_vec(),
            octets: &[],
            pieces: (1, 0),
            came: self.east.path,
            request: &[],
            content: Vec::new(),
        };
        self.with(|east, _, cx| match answer(east, &message, cx) {
            Ok(answer) => {
                let mut told = "nothing".to_owned();
                for effect in answer.effects {
                    match effect {
                        Effect::Converse(conversation) => {
                            east.conversation = Some(conversation);
                            told = "goes on".to_owned();
                        }
                        Effect::Establish { proven, .. } => told = format!("up with {}", proven.identity()),
                        _ => {}
                    }
                }
                told
            }
            Err(Refusal::Close(notify, failure)) => format!("{}: {failure}", notify.kind),
            Err(Refusal::Answer(notify)) => notify.kind.to_string(),
            Err(Refusal::Ignore(reason)) => reason.to_string(),
        })
    }
}

fn said() -> Payload {
    Payload::Notify(Notify::new(NotifyType::MULTIPLE_AUTH_SUPPORTED, Vec::new()))
}

/// The first request, with a word that another exchange follows.
fn first(lab: &mut Lab) -> Vec<Payload> {
    [lab.proof("west.example", "host"), vec![said(), notify()]].concat()
}

#[test]
fn both_proofs_in_order_make_an_ike_sa_with_the_first_identity() {
    let mut lab = Lab::new(true);
    let request = first(&mut lab);
    assert_eq!(lab.ask(&request), "goes on");
    let second = lab.proof("alice.example", "user");
    assert_eq!(lab.ask(&second), "up with west.example");
}

/// What an initiator says second.
type Second = fn(&mut Lab) -> Vec<Payload>;

#[test]
fn nothing_else_than_the_second_proof_gets_an_initiator_further() {
    let wrong: [(&str, Second); 6] = [
        ("INVALID_SYNTAX: INVALID_SYNTAX: IKE_AUTH request without IDi behind the first one", |_| Vec::new()),
        ("INVALID_SYNTAX: INVALID_SYNTAX: IKE_AUTH request without IDi behind the first one", |lab| {
            lab.proof("alice.example", "user").split_off(1)
        }),
        (
            "AUTHENTICATION_FAILED: AUTHENTICATION_FAILED: west.example proves itself as well, expected was \
             alice.example",
            first,
        ),
        (
            "AUTHENTICATION_FAILED: AUTHENTICATION_FAILED: alice.example: the AUTH payload was not made with the \
             expected shared secret over these messages",
            |lab| lab.proof("alice.example", "host"),
        ),
        (
            "AUTHENTICATION_FAILED: AUTHENTICATION_FAILED: alice.example wants to prove itself by EAP, which is not \
             how it has to",
            |_| vec![Payload::IdI(identity("alice.example").to_wire())],
        ),
        (
            "AUTHENTICATION_FAILED: AUTHENTICATION_FAILED: alice.example wants to prove itself once more, expected \
             were 2 proofs (RFC 4739)",
            |lab| [lab.proof("alice.example", "user"), vec![notify()]].concat(),
        ),
    ];
    for (expected, request) in wrong {
        let mut lab = Lab::new(true);
        let begin = first(&mut lab);
        assert_eq!(lab.ask(&begin), "goes on");
        let request = request(&mut lab);
        assert_eq!(lab.ask(&request), expected);
    }
}

#[test]
fn who_has_not_said_so_cannot_go_on() {
    let mut lab = Lab::new(true);
    let request = [lab.proof("west.example", "host"), vec![notify()]].concat();
    let expected = "INVALID_SYNTAX: INVALID_SYNTAX: ANOTHER_AUTH_FOLLOWS where the ends have not both said \
                    MULTIPLE_AUTH_SUPPORTED";
    assert_eq!(lab.ask(&request), expected);
    // East has not said so.
    let mut lab = Lab::new(false);
    let request = first(&mut lab);
    assert_eq!(lab.ask(&request), expected);
    let alone = lab.proof("west.example", "host");
    assert_eq!(lab.ask(&alone), "up with west.example");
}

#[test]
fn the_first_proof_alone_is_not_enough() {
    let mut lab = Lab::new(true);
    let request = [lab.proof("west.example", "host"), vec![said()]].concat();
    let expected = "AUTHENTICATION_FAILED: AUTHENTICATION_FAILED: west.example leaves it at fewer, expected were 2 \
                    proofs (RFC 4739)";
    assert_eq!(lab.ask(&request), expected);
    let second = lab.proof("alice.example", "user");
    assert!(lab.ask(&second).contains("alice.example is not known here"), "the second is none that begins");
}
