//! Any change to a valid message is refused or ignored. Where its integrity fails nothing changes but the list of drops; where
//! it is sealed anew, as nobody can who has not the keys, the peers come to rest all the same.

use ipsec::crypto::{AeadAlgorithm, KeyExchangeAlgorithm, PORTABLE, PrfAlgorithm, Secret};
use ipsec::dataplane::{Encryption, Settings};
use ipsec::ikev2::{
    ChildConfig, ChildProposal, Config as Ikev2Config, Connection, Event as Ikev2, IkeKeyRecord, IkeProposal,
    Stage,
};
use ipsec::wire::v2::{Layout, split};
use ipsec::wire::{Header, registry::ExchangeType};
use ipsec::{Command, Config, Event, Input, Peer, Status};
use ipsec_net::Prefix;
use proptest::prelude::*;

use crate::played::pair::{Change, Pair, change, luck, message, with_message};
use crate::played::runner;

const ENDS: [(&str, &str); 2] = [("192.0.2.1", "10.1.0.0/16"), ("198.51.100.1", "10.2.0.0/16")];

fn peer(side: usize) -> Peer {
    let [local, remote] = [side, 1 - side].map(|end| ENDS[end].0.parse().unwrap());
    let [here, there] = [side, 1 - side].map(|end| vec![ENDS[end].1.parse::<Prefix>().unwrap().range()]);
    let encryption = vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)];
    let key_exchange = vec![KeyExchangeAlgorithm::X25519];
    let child = ChildProposal {
        encryption: encryption.clone(),
        key_exchange: key_exchange.clone(),
        extended_sequence_numbers: vec![false],
        ..ChildProposal::default()
    };
    let prf = vec![PrfAlgorithm::HmacSha2_256];
    let connection = Connection {
        proposals: vec![IkeProposal { encryption, prf, key_exchange, ..IkeProposal::default() }],
        children: vec![ChildConfig::new("net", vec![child], here, there)],
        ..Connection::new("site", local, remote, Secret::from(b"correct horse".to_vec()))
    };
    let config = Config {
        addresses: vec![local],
        dataplane: Settings::default(),
        ikev2: Ikev2Config::new(vec![connection]),
        ikev1: ipsec::ikev1::Config::new(Vec::new()),
        policies: Vec::new(),
        manual: Vec::new(),
    };
    Peer::new(config, &PORTABLE, luck(side)).unwrap()
}

fn pair() -> Pair {
    let (child, connection) = (|| "net".to_owned(), || "site".to_owned());
    let orders = [
        (0, Command::Initiate { child: child() }),
        (1, Command::Rekey { child: child() }),
        (0, Command::Check { connection: connection() }),
        (0, Command::RekeyIke { connection: connection() }),
        (1, Command::Delete { child: child() }),
    ];
    Pair::new([peer(0), peer(1)], orders)
}

fn keys(pair: &Pair) -> Vec<IkeKeyRecord> {
    let keyed = pair.events.iter().filter_map(|event| match event {
        Event::Ikev2(Ikev2::IkeKeyed(record)) => Some(record.clone()),
        _ => None,
    });
    keyed.collect()
}

/// What is left of SAs in the end.
fn left(pair: &Pair) -> [Vec<(Stage, usize)>; 2] {
    pair.status().map(|status| status.ike.iter().map(|sa| (sa.stage, sa.children.len())).collect())
}

/// The length in the IKE header, and that of the SK payload, made to be those of the message.
fn mend_lengths(octets: &mut [u8]) {
    let length = u32::try_from(octets.len()).unwrap();
    if octets.len() >= Header::LEN {
        octets[24..28].copy_from_slice(&length.to_be_bytes());
    }
    if octets.len() >= Header::LEN + 4 {
        octets[30..32].copy_from_slice(&(length as u16 - 28).to_be_bytes());
    }
}

/// The suite has AES-128-GCM with ICVs of 16 octets.
const LAYOUT: Layout = Layout { iv: 8, block: 1, icv: 16 };

/// What SK holds of a protected message, changed and sealed again with the keys of its IKE SA.
fn changed_inside(octets: &[u8], keys: &[IkeKeyRecord], change: Change) -> Option<Vec<u8>> {
    let header = Header::parse(octets).unwrap();
    let record = keys.iter().find(|record| (record.spi_i, record.spi_r) == (header.spi_i, header.spi_r))?;
    let secret = if header.flags.initiator { &record.keys.ei } else { &record.keys.er };
    let (key, salt) = secret.as_bytes().split_at(16);
    let parts = split(octets, LAYOUT).unwrap();
    let aead = (PORTABLE.aead)(AeadAlgorithm::AesGcm16, key).unwrap();
    let nonce = [salt, &octets[parts.iv.clone()]].concat();
    let mut content = octets[parts.content.clone()].to_vec();
    aead.open(&nonce, &octets[..parts.iv.start], &mut content, &octets[parts.icv.clone()]).unwrap();
    change.apply(&mut content);
    let mut sealed = [&octets[..parts.iv.end], content.as_slice(), &[0; 16]].concat();
    mend_lengths(&mut sealed);
    let (before, rest) = sealed.split_at_mut(parts.iv.end);
    let (content, icv) = rest.split_at_mut(content.len());
    aead.seal(&nonce, &before[..parts.iv.start], content, icv).unwrap();
    Some(sealed)
}

/// How many messages the orders lead to, when nothing is changed.
fn all_messages() -> usize {
    (0..).find(|count| pair().play(*count).is_none()).unwrap()
}

fn is_clear(octets: &[u8]) -> bool {
    Header::parse(octets).unwrap().exchange == ExchangeType::IKE_SA_INIT
}

#[test]
fn the_orders_lead_to_messages_of_every_exchange() {
    let mut exchanges = Vec::new();
    for count in 0..all_messages() {
        let mut pair = pair();
        pair.play(count).unwrap();
        exchanges.push(Header::parse(&message(&pair.wire[0].1)).unwrap().exchange);
    }
    for exchange in [
        ExchangeType::IKE_SA_INIT,
        ExchangeType::IKE_AUTH,
        ExchangeType::CREATE_CHILD_SA,
        ExchangeType::INFORMATIONAL,
    ] {
        assert!(exchanges.iter().filter(|seen| **seen == exchange).count() >= 2, "{exchange}");
    }
}

#[test]
fn what_fails_the_integrity_check_changes_nothing() {
    let mut whole = pair();
    whole.settle();
    let all = left(&whole);
    let cases = (2..all_messages(), change(), any::<bool>());
    let result = runner(1500).run(&cases, |(count, change, mend)| {
        let mut pair = pair();
        pair.play(count).unwrap();
        let (to, packet) = pair.wire[0].clone();
        let mut octets = message(&packet);
        prop_assume!(!is_clear(&octets));
        let original = octets.clone();
        change.apply(&mut octets);
        if mend {
            mend_lengths(&mut octets);
        }
        prop_assume!(octets != original);
        let before = pair.status();
        let sent = pair.give(to, Input::Outside(with_message(&packet, &octets)));
        prop_assert_eq!(pair.status(), before);
        // All that may be said is which version is spoken here (RFC 7296 §2.5), or that there is no such IKE SA (§2.21.4).
        let other_version = octets.get(17).is_some_and(|version| version >> 4 > 2);
        let other_sa = octets.get(..16) != original.get(..16);
        prop_assert!(sent <= usize::from(other_version || other_sa), "{} packets were sent", sent);
        pair.wire.truncate(pair.wire.len() - sent);
        pair.settle();
        prop_assert_eq!(left(&pair), all.clone(), "the original came after it");
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_changed_ike_sa_init_never_leads_to_an_ike_sa() {
    let result = runner(600).run(&(0usize..2, change(), any::<bool>()), |(count, change, mend)| {
        let mut pair = pair();
        pair.orders.truncate(1);
        pair.play(count).unwrap();
        let (to, packet) = pair.wire.pop_front().unwrap();
        let mut octets = message(&packet);
        let original = octets.clone();
        change.apply(&mut octets);
        if mend && octets.len() >= Header::LEN {
            let length = u32::try_from(octets.len()).unwrap();
            octets[24..28].copy_from_slice(&length.to_be_bytes());
        }
        prop_assume!(octets != original);
        pair.give(to, Input::Outside(with_message(&packet, &octets)));
        while pair.step() {}
        let established = |status: &Status| status.ike.iter().any(|sa| sa.stage == Stage::Established);
        prop_assert!(!pair.status().iter().any(established), "{:?}", pair.status());
        pair.settle();
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_is_changed_inside_sk_and_sealed_again_leaves_peers_that_come_to_rest() {
    let result = runner(1500).run(&(2..all_messages(), change()), |(count, change)| {
        let mut pair = pair();
        pair.play(count).unwrap();
        let (to, packet) = pair.wire.pop_front().unwrap();
        let octets = message(&packet);
        prop_assume!(!is_clear(&octets));
        let Some(changed) = changed_inside(&octets, &keys(&pair), change) else {
            return Err(TestCaseError::fail("no keys for a protected message"));
        };
        pair.give(to, Input::Outside(with_message(&packet, &changed)));
        pair.settle();
        for status in pair.status() {
            for sa in &status.ike {
                prop_assert!(matches!(sa.stage, Stage::Established | Stage::Closed), "{:?}", sa);
                prop_assert_eq!(sa.pending, 0, "{:?}", sa);
            }
            prop_assert!(status.ike.len() <= 4 && status.sas.len() <= 8, "{:?}", status);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
