//! Phase 1 with encryption for the peer's key (RFC 2409 §5.2, §5.3) in both modes, what is refused with which words, and that
//! nobody learns from answers whether a padding was good.

use ipsec_auth::{Identity, IdentityPattern};
use ipsec_crypto::{CipherAlgorithm, HashAlgorithm, KeyExchangeAlgorithm};
use ipsec_ikev1::{Connection, Event, IkeSuite, Method, Mode};
use ipsec_wire::registry::v1::PayloadType;

use crate::pki::{PKI, encryption, encrypts};
use crate::world::{EAST, Fate, IKE, WEST, World};

const MODES: [Mode; 2] = [Mode::Main, Mode::Aggressive];
const METHODS: [Method; 2] = [Method::RsaEncryption, Method::RevisedRsaEncryption];

fn world(mode: Mode, method: Method, change: impl Fn(usize, &mut Connection)) -> World {
    World::new(|end, connection| {
        connection.mode = mode;
        encrypts(end, connection, method);
        change(end, connection);
    })
}

fn comes_up(mut world: World) -> World {
    world.initiate(WEST);
    world.run(60);
    assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{}", world.log.join("\n"));
    world
}

#[test]
fn both_methods_and_modes_with_different_algorithms() {
    let suites = [
        IKE,
        IkeSuite { cipher: CipherAlgorithm::AesCbc, key_len: 32, hash: HashAlgorithm::Md5, ..IKE },
        IkeSuite {
            cipher: CipherAlgorithm::TripleDesCbc,
            key_len: 24,
            hash: HashAlgorithm::Sha2_256,
            group: KeyExchangeAlgorithm::Modp1024,
        },
    ];
    for mode in MODES {
        for method in METHODS {
            for suite in suites {
                comes_up(world(mode, method, |_, connection| connection.proposals = vec![suite]));
            }
        }
    }
}

#[test]
fn what_the_messages_hold() {
    for mode in MODES {
        for method in METHODS {
            let world = comes_up(world(mode, method, |_, connection| {
                encryption(connection).shows_certificate = true;
            }));
            insta::assert_snapshot!(format!("{method}_{mode:?}"), world.log.join("\n"));
        }
    }
}

#[test]
fn a_responder_may_learn_the_initiators_certificate_from_its_message() {
    for mode in MODES {
        comes_up(world(mode, Method::RevisedRsaEncryption, |end, connection| match end {
            WEST => encryption(connection).shows_certificate = true,
            _ => encryption(connection).known.clear(),
        }));
    }
}

#[test]
fn the_hash_of_its_certificate_says_which_key_of_the_responder_is_meant() {
    for mode in MODES {
        for method in METHODS {
            comes_up(world(mode, method, |end, connection| match end {
                WEST => encryption(connection).known = vec![PKI.ciphering(EAST, 1).chain],
                _ => encryption(connection).credentials.push(PKI.ciphering(EAST, 1)),
            }));
        }
    }
}

#[test]
fn any_message_may_be_lost_or_come_twice() {
    for (mode, messages) in [(Mode::Main, 6), (Mode::Aggressive, 3)] {
        for method in METHODS {
            for unlucky in 0..messages {
                for fate in [Fate::Lost, Fate::Twice] {
                    let decide = move |number| if number == unlucky { fate } else { Fate::Arrives };
                    comes_up(world(mode, method, |_, _| {}).unlucky(decide));
                }
            }
        }
    }
}

/// What each end says where one of them is changed.
fn failures(mode: Mode, method: Method, change: impl Fn(usize, &mut Connection)) -> String {
    let mut world = world(mode, method, change);
    world.initiate(WEST);
    world.run(90);
    assert_eq!((world.pairs(), world.established()), ([0, 0], [0, 0]));
    let said = |end: usize| {
        let mut texts = world.failures(end);
        texts.dedup();
        format!("{}: {}", ["west", "east"][end], texts.join("\n      "))
    };
    format!("{method}, {mode:?}\n{}\n{}", said(WEST), said(EAST))
}

fn everywhere(change: impl Fn(usize, &mut Connection)) -> String {
    let all = MODES.into_iter().flat_map(|mode| METHODS.map(|method| failures(mode, method, &change)));
    all.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_key_that_the_responder_has_not_is_refused() {
    insta::assert_snapshot!(everywhere(|end, connection| {
        if end == WEST {
            encryption(connection).known = vec![PKI.ciphering(EAST, 1).chain];
        }
    }));
}

#[test]
fn an_initiator_that_has_not_the_key_that_is_known_is_refused() {
    insta::assert_snapshot!(everywhere(|end, connection| {
        if end == EAST {
            encryption(connection).known = vec![PKI.ciphering(WEST, 1).chain];
        }
    }));
}

#[test]
fn an_initiator_whom_nobody_expects_gets_an_answer_and_nothing_from_it() {
    insta::assert_snapshot!(everywhere(|end, connection| {
        if end == EAST {
            connection.remote_id = IdentityPattern::Exactly(Identity::Fqdn("north.example".into()));
        }
    }));
}

#[test]
fn without_a_certificate_of_the_responder_nothing_can_be_said() {
    insta::assert_snapshot!(everywhere(|end, connection| {
        if end == WEST {
            encryption(connection).known.clear();
        }
    }));
}

/// The first message of the initiator's that has ciphertexts, and a world whose responder waits for it.
fn before_ciphertexts(mode: Mode, method: Method) -> (World, Vec<u8>) {
    let mut world = world(mode, method, |_, _| {});
    world.initiate(WEST);
    let earlier = if mode == Mode::Main { 2 } else { 0 };
    for _ in 0..earlier {
        let flight = world.flights.remove(0);
        world.deliver(flight.to, &flight.octets);
    }
    let message = world.flights.remove(0);
    (world, message.octets)
}

/// Where the contents of the payloads of this type lie.
fn content(octets: &[u8], wanted: PayloadType) -> std::ops::Range<usize> {
    let (mut kind, mut at) = (octets[16], 28);
    loop {
        let length = usize::from(u16::from_be_bytes([octets[at + 2], octets[at + 3]]));
        if kind == wanted.0 {
            return at + 4..at + length;
        }
        (kind, at) = (octets[at], at + length);
    }
}

/// The shape of what was answered: how many messages, and the lengths and types of their payloads.
fn shape(world: &World) -> Vec<(usize, u8)> {
    world.flights.iter().map(|flight| (flight.octets.len(), flight.octets[16])).collect()
}

#[test]
fn ciphertexts_with_wrong_padding_are_answered_like_good_ones() {
    for mode in MODES {
        for method in METHODS {
            let (mut world, good) = before_ciphertexts(mode, method);
            world.deliver(EAST, &good);
            let expected = shape(&world);
            assert_eq!(expected.len(), 1, "{mode:?} {method}");
            for number in 0..20_u8 {
                for part in [PayloadType::NONCE, PayloadType::ID] {
                    let (mut world, mut bad) = before_ciphertexts(mode, method);
                    let place = content(&bad, part);
                    bad[place.start] = 0;
                    bad[place.end - 1] ^= number + 1;
                    world.deliver(EAST, &bad);
                    assert_eq!(shape(&world), expected, "{mode:?} {method} {part}");
                    let doubts = |event: &&Event| **event == Event::Probe("ikev1.introduction.doubted");
                    let is_doubted = world.events[EAST].iter().any(|event| doubts(&event));
                    assert!(is_doubted || (part == PayloadType::NONCE && method == Method::RsaEncryption));
                    let answer = world.flights.remove(0);
                    world.deliver(WEST, &answer.octets);
                    world.run(90);
                    assert_eq!(world.established()[EAST], 0, "it proves nothing");
                }
            }
        }
    }
}

#[test]
fn ciphertexts_that_are_too_long_or_too_short_are_malformed() {
    for mode in MODES {
        for method in METHODS {
            for length in [0_usize, 1, 255, 257, 4_096] {
                let (mut world, good) = before_ciphertexts(mode, method);
                let place = content(&good, PayloadType::NONCE);
                let mut bad = good[..place.start].to_vec();
                bad.resize(place.start + length, 1);
                bad.extend(&good[place.end..]);
                let payload = u16::try_from(length + 4).unwrap().to_be_bytes();
                bad[place.start - 2..place.start].copy_from_slice(&payload);
                let total = u32::try_from(bad.len()).unwrap().to_be_bytes();
                bad[24..28].copy_from_slice(&total);
                world.deliver(EAST, &bad);
                assert_eq!(shape(&world), [], "{mode:?} {method} {length}");
                assert!(world.drops(EAST).contains(&"ike-malformed"));
            }
        }
    }
}
