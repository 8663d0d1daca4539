//! A changed copy of a protected message, ahead of the message itself, changes nothing.

use ipsec::crypto::{
    CipherAlgorithm, HashAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PORTABLE, Secret,
};
use ipsec::dataplane::{Encryption, Settings, Suite};
use ipsec::ikev1::{ChildConfig, ChildSuite, Config as Ikev1Config, Connection, IkeSuite, Mode};
use ipsec::wire::v1::Header;
use ipsec::{Command, Config, Input, Peer};
use ipsec_net::Prefix;
use proptest::prelude::*;

use crate::played::pair::{Pair, change, luck, message, with_message};
use crate::played::runner;

const ENDS: [(&str, &str); 2] = [("192.0.2.1", "10.1.0.0/16"), ("198.51.100.1", "10.2.0.0/16")];

fn peer(side: usize, mode: Mode) -> Peer {
    let [local, remote] = [side, 1 - side].map(|end| ENDS[end].0.parse().unwrap());
    let [here, there] = [side, 1 - side].map(|end| ENDS[end].1.parse::<Prefix>().unwrap().range());
    let esp = Suite {
        encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
        key_len: 16,
        integrity: Some(IntegrityAlgorithm::HmacSha1_96),
    };
    let child = ChildSuite { ah: None, esp: Some(esp), extended_sequence_numbers: false };
    let suite = IkeSuite {
        cipher: CipherAlgorithm::AesCbc,
        key_len: 16,
        hash: HashAlgorithm::Sha1,
        group: KeyExchangeAlgorithm::Ecp256,
    };
    let connection = Connection {
        mode,
        proposals: vec![suite],
        children: vec![ChildConfig::new("net", vec![child], here, there)],
        // Nothing proves NAT-D payloads, in the last message of aggressive mode either (RFC 3947 §8).
        nat_traversal: Vec::new(),
        ..Connection::new("site", local, remote, Secret::from(b"correct horse".to_vec()))
    };
    let config = Config {
        addresses: vec![local],
        dataplane: Settings::default(),
        ikev2: ipsec::ikev2::Config::new(Vec::new()),
        ikev1: Ikev1Config::new(vec![connection]),
        policies: Vec::new(),
        manual: Vec::new(),
    };
    Peer::new(config, &PORTABLE, luck(side)).unwrap()
}

fn pair(mode: Mode) -> Pair {
    let (child, connection) = (|| "net".to_owned(), || "site".to_owned());
    let orders = [
        (0, Command::Initiate { child: child() }),
        (1, Command::Rekey { child: child() }),
        (0, Command::Check { connection: connection() }),
        (0, Command::RekeyIke { connection: connection() }),
        (1, Command::Delete { child: child() }),
    ];
    Pair::new([peer(0, mode), peer(1, mode)], orders)
}

/// How many messages the orders lead to, when nothing is changed.
fn all_messages(mode: Mode) -> usize {
    (0..).find(|count| pair(mode).play(*count).is_none()).unwrap()
}

/// What is left of SAs in the end: established ISAKMP SAs, and pairs of IPsec SAs.
fn left(pair: &Pair) -> [(usize, usize); 2] {
    pair.status().map(|status| {
        let established = status.ikev1.ike.iter().filter(|sa| sa.established).count();
        (established, status.ikev1.children.len())
    })
}

/// Beyond the header's first 20 octets, of which flags and minor versions mean nothing, each change counts.
#[test]
fn a_changed_protected_message_changes_nothing_and_the_original_still_counts() {
    for mode in [Mode::Main, Mode::Aggressive] {
        let mut whole = pair(mode);
        whole.settle();
        assert_eq!(left(&whole), [(1, 0); 2]);
        let all = all_messages(mode);
        let result = runner(200).run(&(2..all, change(), any::<bool>()), |(count, change, mend)| {
            let mut pair = pair(mode);
            pair.play(count).unwrap();
            let (to, packet) = pair.wire[0].clone();
            let original = message(&packet);
            prop_assume!(Header::parse(&original).unwrap().flags.encryption);
            let mut octets = original.clone();
            change.apply(&mut octets);
            if mend && octets.len() >= Header::LEN {
                let length = u32::try_from(octets.len()).unwrap();
                octets[24..28].copy_from_slice(&length.to_be_bytes());
            }
            // Octets behind the whole message are padding, of which there may be any.
            let body = |octets: &[u8]| {
                [octets.get(20..24), octets.get(28..)].map(Option::unwrap_or_default).concat()
            };
            prop_assume!(!body(&octets).starts_with(&body(&original)));
            let before = pair.status();
            let sent = pair.give(to, Input::Outside(with_message(&packet, &octets)));
            prop_assert_eq!(pair.status(), before);
            // Who is not through yet says its last message again when the other end is.
            prop_assert!(sent <= 1, "{} packets were sent", sent);
            pair.wire.truncate(pair.wire.len() - sent);
            pair.settle();
            prop_assert_eq!(left(&pair), [(1, 0); 2], "the original came after it");
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{mode:?}: {error}"));
    }
}
