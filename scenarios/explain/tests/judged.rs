//! What a small capture looks like, and that each rule is found where it is broken and nowhere else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use explain::report::{Form, Json, Text, skeleton, summary};
use explain::{Keys, Summary, Told};
use ipsec_crypto::{Integrity, IntegrityAlgorithm};
use ipsec_net::protocol;
use ipsec_wire::registry::v1 as v1_registry;
use ipsec_wire::registry::{ExchangeType, NotifyType, ProtocolId};
use ipsec_wire::v2::{Delete, Notify, Payload};
use ipsec_wire::{IkeSpi, Version, v1};
use sample::{Capture, End, SPI_I, SPI_R, auth, conversation, first, handshake, header, inner, keys, offer};

const I: End = End::Initiator;
const R: End = End::Responder;

fn told(capture: &Capture, keys: &Keys, each: bool) -> (Vec<Told>, Summary) {
    let mut told = Vec::new();
    let summary = explain::explain(&capture.pcap()[..], keys, each, &mut |one| told.push(one)).unwrap();
    (told, summary)
}

fn text(capture: &Capture, keys: &Keys, form: Form) -> String {
    let mut text = Text::new(Vec::new(), form);
    let each = form == Form::Tree;
    let seen = explain::explain(&capture.pcap()[..], keys, each, &mut |told| text.take(&told)).unwrap();
    String::from_utf8(text.finish().unwrap()).unwrap() + &summary(&seen)
}

/// The names of the rules that a capture breaks, in order.
fn broken(capture: &Capture) -> Vec<&'static str> {
    let (told, _) = told(capture, &keys(), false);
    let rules = told.iter().filter_map(|told| match told {
        Told::Violation(violation) => Some(violation.rule.name),
        _ => None,
    });
    rules.collect()
}

#[test]
fn a_conversation_as_a_ladder_with_keys() {
    insta::assert_snapshot!(text(&conversation(), &keys(), Form::Ladder));
}

#[test]
fn a_conversation_as_a_ladder_without_keys() {
    insta::assert_snapshot!(text(&conversation(), &Keys::default(), Form::Ladder));
}

#[test]
fn a_conversation_as_trees() {
    insta::assert_snapshot!(text(&conversation(), &keys(), Form::Tree));
}

#[test]
fn a_conversation_in_which_much_is_wrong() {
    let mut capture = handshake();
    capture
        .esp(1_000, I, (1, 1), &inner(100))
        .esp(1_010, I, (2, 1), &inner(100))
        .again(1_020)
        .sealed(2_000, I, header(I, ExchangeType::INFORMATIONAL, 2, false), &[])
        .sealed(2_100, I, header(I, ExchangeType::INFORMATIONAL, 3, false), &[])
        .spoil(|octets| *octets.last_mut().unwrap() ^= 1)
        .sealed(2_200, R, header(R, ExchangeType::INFORMATIONAL, 2, true), &[Payload::Nonce(vec![1; 8])]);
    insta::assert_snapshot!(text(&capture, &keys(), Form::Ladder));
}

#[test]
fn a_scenario_is_drawn_from_a_conversation() {
    let (_, seen) = told(&conversation(), &keys(), false);
    insta::assert_snapshot!(skeleton(&seen).unwrap());
}

#[test]
fn json_is_one_document_with_a_version() {
    let mut json = Json::new(Vec::new());
    let seen =
        explain::explain(&conversation().pcap()[..], &keys(), false, &mut |told| json.take(&told)).unwrap();
    let octets = json.finish(&seen, None).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&octets).unwrap();
    assert_eq!(value["version"], 1);
    assert_eq!(value["told"][0]["message"]["frame"], 1);
    assert_eq!(value["summary"]["ike"][0]["outcome"], "deleted by 198.51.100.1");
    let empty = Json::new(Vec::new()).finish(&Summary::default(), None).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&empty).is_ok());
}

#[test]
fn a_clean_conversation_breaks_no_rule() {
    assert_eq!(broken(&conversation()), Vec::<&str>::new());
}

#[test]
fn each_fault_in_the_first_exchange_is_found_by_its_rule() {
    let request = header(I, ExchangeType::IKE_SA_INIT, 0, false);
    let one = |payloads: Vec<Payload>, change: &dyn Fn(&mut [u8])| {
        let mut capture = Capture::default();
        capture.clear(0, I, request, payloads).spoil(|octets| change(&mut octets[8..]));
        broken(&capture)
    };
    let keep = |_: &mut [u8]| {};
    assert_eq!(one(first(I, 32), &keep), Vec::<&str>::new());
    assert_eq!(one(first(I, 15), &keep), ["nonce-length"]);
    assert_eq!(one(first(I, 257), &keep), ["nonce-length"]);
    assert_eq!(one(first(I, 32)[1..].to_vec(), &keep), ["payload-missing"]);
    assert_eq!(one(first(I, 32), &|octets| octets[19] |= 0x40), ["header-flags"]);
    assert_eq!(one(first(I, 32), &|octets| octets[19] |= 0x10), ["header-flags"]);
    assert_eq!(one(first(I, 32), &|octets| octets[19] = 0), ["initiator-flag"]);
    assert_eq!(one(first(I, 32), &|octets| octets[..8].fill(0)), ["ike-spi-zero"]);
    assert_eq!(one(first(I, 32), &|octets| octets[8] = 1), ["ike-spi-zero"]);
    assert_eq!(one(first(I, 32), &|octets| octets[27] += 1), ["length"]);
    assert_eq!(one(first(I, 32), &|octets| octets[29] = 1), ["reserved"]);
    assert_eq!(one(first(I, 32), &|octets| octets[29] = 0x80), ["critical-bit"]);
    assert_eq!(one(first(I, 32), &|octets| octets[31] = 3), ["malformed"]);
}

#[test]
fn a_cookie_has_to_come_back_and_first() {
    let request = header(I, ExchangeType::IKE_SA_INIT, 0, false);
    let cookie = Payload::Notify(Notify::new(NotifyType::COOKIE, vec![1; 20]));
    let with = |payloads: Vec<Payload>| {
        let mut answer = header(R, ExchangeType::IKE_SA_INIT, 0, true);
        answer.spi_r = ipsec_wire::IkeSpi(0);
        let mut capture = Capture::default();
        capture
            .clear(0, I, request, first(I, 32))
            .clear(20, R, answer, vec![cookie.clone()])
            .clear(40, I, request, payloads)
            .clear(60, R, header(R, ExchangeType::IKE_SA_INIT, 0, true), first(R, 32));
        broken(&capture)
    };
    let front = [vec![cookie.clone()], first(I, 32)].concat();
    let behind = [first(I, 32), vec![cookie.clone()]].concat();
    let other = [vec![Payload::Notify(Notify::new(NotifyType::COOKIE, vec![2; 20]))], first(I, 32)].concat();
    assert_eq!(with(front), Vec::<&str>::new());
    assert_eq!(with(behind), ["cookie"]);
    assert_eq!(with(other), ["cookie"]);
    assert_eq!(with(first(I, 33)), ["cookie"]);
}

#[test]
fn a_response_takes_what_was_offered() {
    let with = |taken: u16| {
        let mut capture = Capture::default();
        let mut payloads = first(R, 32);
        payloads[0] = offer(taken, ProtocolId::IKE, &[]);
        capture.clear(0, I, header(I, ExchangeType::IKE_SA_INIT, 0, false), first(I, 32)).clear(
            20,
            R,
            header(R, ExchangeType::IKE_SA_INIT, 0, true),
            payloads,
        );
        broken(&capture)
    };
    assert_eq!(with(128), Vec::<&str>::new());
    assert_eq!(with(256), ["proposal"]);
}

/// What is broken by what follows a handshake.
fn behind(add: impl FnOnce(&mut Capture)) -> Vec<&'static str> {
    let mut capture = handshake();
    add(&mut capture);
    broken(&capture)
}

#[test]
fn message_ids_windows_and_repeats_are_judged() {
    let ask = |id| header(I, ExchangeType::INFORMATIONAL, id, false);
    let answer = |id| header(R, ExchangeType::INFORMATIONAL, id, true);
    let nonce = [Payload::Notify(Notify::new(NotifyType::INITIAL_CONTACT, Vec::new()))];
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, I, ask(2), &[]).sealed(1_020, R, answer(2), &[]).again(1_030);
        }),
        Vec::<&str>::new()
    );
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, I, ask(2), &[]).sealed(1_020, I, ask(3), &[]);
        }),
        ["window"]
    );
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, I, ask(7), &[]);
        }),
        ["message-id"]
    );
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, I, ask(2), &[]).sealed(1_020, I, ask(2), &nonce);
        }),
        ["repeat-of-request"]
    );
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, I, ask(2), &[]).sealed(1_020, R, answer(2), &[]).sealed(
                1_040,
                R,
                answer(2),
                &nonce,
            );
        }),
        ["repeat-of-response"]
    );
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, R, answer(2), &[]);
        }),
        ["unasked-response"]
    );
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, I, ask(2), &[]).sealed(
                1_020,
                R,
                header(R, ExchangeType::IKE_AUTH, 2, true),
                &nonce,
            );
        }),
        ["unasked-response"]
    );
}

#[test]
fn what_protects_messages_is_judged() {
    let ask = |id| header(I, ExchangeType::INFORMATIONAL, id, false);
    assert_eq!(
        behind(|capture| {
            capture.sealed(1_000, I, ask(2), &[]).spoil(|octets| octets[60] ^= 1);
        }),
        ["icv"]
    );
    assert_eq!(
        behind(|capture| {
            capture.clear(1_000, I, ask(2), vec![Payload::Delete(Delete::ike())]);
        }),
        ["unprotected"]
    );
    // The IV of the request that authenticates.
    assert_eq!(
        behind(|capture| {
            let octets = sample::seal(I, &ask(2), &[], 1);
            capture.udp(1_000, I, &octets);
        }),
        ["iv-repeated"]
    );
}

#[test]
fn spis_that_are_reserved_are_found() {
    for (spi, expected) in [(0, true), (255, true), (256, false)] {
        let mut payloads = auth(I, 128);
        payloads[2] = offer(128, ProtocolId::ESP, &u32::to_be_bytes(spi));
        let mut capture = Capture::default();
        capture
            .clear(0, I, header(I, ExchangeType::IKE_SA_INIT, 0, false), first(I, 32))
            .clear(20, R, header(R, ExchangeType::IKE_SA_INIT, 0, true), first(R, 32))
            .sealed(40, I, header(I, ExchangeType::IKE_AUTH, 1, false), &payloads);
        assert_eq!(broken(&capture) == ["child-spi"], expected, "{spi}");
    }
}

#[test]
fn packets_are_judged() {
    let packet = |capture: &mut Capture, numbers, content: &[u8]| {
        capture.esp(1_000, I, numbers, content);
    };
    let mut odd = inner(1);
    let at = odd.len() - 3;
    odd[at] = 9;
    assert_eq!(behind(|capture| packet(capture, (1, 1), &inner(1))), Vec::<&str>::new());
    assert_eq!(behind(|capture| packet(capture, (1, 1), &odd)), ["padding"]);
    let twice = |second: (u32, u64)| {
        behind(|capture| {
            packet(capture, (1, 1), &inner(1));
            packet(capture, second, &inner(2));
        })
    };
    assert_eq!(twice((1, 2)), ["sequence-repeated"]);
    assert_eq!(twice((2, 1)), ["packet-iv-repeated"]);
    assert_eq!(twice((2, 2)), Vec::<&str>::new());
    assert_eq!(
        behind(|capture| {
            packet(capture, (1, 1), &inner(1));
            capture.again(1_010);
        }),
        ["replayed"]
    );
    // A forgery leaves nothing behind: the true packet with its number comes as if nothing had been.
    assert_eq!(
        behind(|capture| {
            packet(capture, (1, 1), &inner(1));
            capture.spoil(|octets| octets[20] ^= 1);
            packet(capture, (1, 1), &inner(1));
        }),
        ["packet-icv"]
    );
}

/// What a message of version 1 from the initiator breaks, behind what went before.
fn version_1(
    messages: &[(End, v1::Header, Vec<v1::Payload>)],
    change: impl FnOnce(&mut [u8]),
) -> Vec<&'static str> {
    let mut capture = Capture::default();
    for (end, header, payloads) in messages {
        capture.udp(0, *end, &v1::Message { header: *header, payloads: payloads.clone() }.emit());
    }
    capture.spoil(|octets| change(&mut octets[8..]));
    broken(&capture)
}

#[test]
fn each_fault_of_version_1_in_the_clear_is_found_by_its_rule() {
    let header = |cookie_r: u64, exchange| v1::Header {
        spi_i: SPI_I,
        spi_r: IkeSpi(cookie_r),
        next_payload: v1_registry::PayloadType::NONE,
        version: Version::V1,
        exchange,
        flags: v1::Flags::default(),
        message_id: 0,
        length: 0,
    };
    let (main, aggressive) = (v1_registry::ExchangeType::MAIN, v1_registry::ExchangeType::AGGRESSIVE);
    let association = |bits: u16| {
        let said = v1::Phase1 {
            encryption: Some(v1_registry::Encryption::AES_CBC),
            key_bits: Some(bits),
            hash: Some(v1_registry::Hash::SHA),
            auth: Some(v1_registry::AuthMethod::PRE_SHARED_KEY),
            group: Some(v1_registry::Group::MODP_2048),
            ..v1::Phase1::default()
        };
        let transforms = vec![v1::Transform { number: 1, id: 1, attributes: said.attributes() }];
        let protocol = v1_registry::ProtocolId::ISAKMP;
        let proposals = vec![v1::Proposal { number: 1, protocol, spi: Vec::new(), transforms }];
        v1::Payload::Sa(v1::SecurityAssociation::new(proposals))
    };
    let offer = (I, header(0, main), vec![association(128), v1::Payload::VendorId(vec![1; 16])]);
    let one = |change: &dyn Fn(&mut [u8])| version_1(std::slice::from_ref(&offer), |octets| change(octets));
    let keep = |_: &mut [u8]| {};
    assert_eq!(one(&keep), Vec::<&str>::new());
    assert_eq!(one(&|octets| octets[19] |= 0x10), ["v1-header-flags"]);
    assert_eq!(one(&|octets| octets[..8].fill(0)), ["v1-cookie"]);
    assert_eq!(one(&|octets| octets[23] = 1), ["v1-message-id"]);
    assert_eq!(one(&|octets| octets[27] += 8), ["v1-malformed"]);
    let turned = (I, header(0, main), offer.2.iter().rev().cloned().collect());
    assert_eq!(version_1(&[turned], keep), ["v1-sa-first"]);
    let empty = (I, header(0, main), vec![v1::Payload::VendorId(vec![1; 16])]);
    assert_eq!(version_1(&[empty], keep), ["v1-payload-missing"]);
    let answer = |bits| (R, header(SPI_R.0, main), vec![association(bits)]);
    assert_eq!(version_1(&[offer.clone(), answer(128)], keep), Vec::<&str>::new());
    assert_eq!(version_1(&[offer.clone(), answer(256)], keep), ["v1-proposal"]);
    let short = vec![association(128), v1::Payload::Ke(vec![1; 256]), v1::Payload::Nonce(vec![1; 7])];
    assert_eq!(version_1(&[(I, header(0, aggressive), short)], keep), ["v1-nonce-length"]);
    let mut quick = header(SPI_R.0, v1_registry::ExchangeType::QUICK);
    quick.message_id = 7;
    assert_eq!(version_1(&[(I, quick, vec![v1::Payload::Hash(vec![1; 20])])], keep), ["v1-clear"]);
}

#[test]
fn attributes_may_come_back_in_another_order() {
    let header = |cookie_r: u64| v1::Header {
        spi_i: SPI_I,
        spi_r: IkeSpi(cookie_r),
        next_payload: v1_registry::PayloadType::NONE,
        version: Version::V1,
        exchange: v1_registry::ExchangeType::MAIN,
        flags: v1::Flags::default(),
        message_id: 0,
        length: 0,
    };
    let association = |attributes: Vec<v1::Attribute>| {
        let transforms = vec![v1::Transform { number: 1, id: 1, attributes }];
        let protocol = v1_registry::ProtocolId::ISAKMP;
        let proposals = vec![v1::Proposal { number: 1, protocol, spi: Vec::new(), transforms }];
        vec![v1::Payload::Sa(v1::SecurityAssociation::new(proposals))]
    };
    let said = v1::Phase1 {
        encryption: Some(v1_registry::Encryption::AES_CBC),
        key_bits: Some(128),
        hash: Some(v1_registry::Hash::SHA),
        auth: Some(v1_registry::AuthMethod::PRE_SHARED_KEY),
        group: Some(v1_registry::Group::MODP_2048),
        ..v1::Phase1::default()
    };
    let offered = said.attributes();
    let turned: Vec<v1::Attribute> = offered.iter().rev().cloned().collect();
    let less = offered[1..].to_vec();
    for (answered, expected) in [(turned, vec![]), (less, vec!["v1-proposal"])] {
        let messages =
            [(I, header(0), association(offered.clone())), (R, header(SPI_R.0), association(answered))];
        assert_eq!(version_1(&messages, |_| {}), expected);
    }
}

/// A packet of AH in transport mode with HMAC-SHA1-96 under a key of twenty sevens; what routers change is zero in the check.
fn ah(sequence: u32, ttl: u8) -> Vec<u8> {
    let mac = Integrity::new(IntegrityAlgorithm::HmacSha1_96, &[7; 20]).unwrap();
    let length = 20 + 24 + 16;
    let mut packet =
        vec![0x45, 0, 0, length, 0, 1, 0, 0, 0, protocol::AH, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1];
    packet.extend([protocol::UDP, 4, 0, 0, 0, 0, 3, 0]);
    packet.extend(sequence.to_be_bytes());
    packet.extend([0; 12]);
    packet.extend([0, 9, 0, 9, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    let mut icv = [0; 12];
    mac.sign(&[&packet], &mut icv).unwrap();
    packet[32..44].copy_from_slice(&icv);
    packet[8] = ttl;
    let sum =
        packet[..20].chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u32>();
    let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

#[test]
fn packets_of_ah_are_checked_with_the_key_of_the_log() {
    let mut keys = Keys::default();
    let key = "07".repeat(20);
    keys.add("keys", &format!(r#"{{"ah":{{"spi":"300","integrity":"HMAC-SHA1-96","key":"{key}"}}}}"#))
        .unwrap();
    let with = |packets: &[Vec<u8>]| {
        let mut capture = Capture::default();
        for packet in packets {
            capture.ip(0, packet);
        }
        let (told, seen) = told(&capture, &keys, false);
        let rules = told.iter().filter_map(|told| match told {
            Told::Violation(violation) => Some(violation.rule.name),
            _ => None,
        });
        (rules.collect::<Vec<_>>(), seen.flows[0].opened, seen.flows[0].closed)
    };
    let mut forged = ah(2, 64);
    *forged.last_mut().unwrap() ^= 1;
    let mut other = ah(1, 64);
    other[5] = 2;
    assert_eq!(with(&[ah(1, 64), ah(2, 9)]), (vec![], 2, 0), "routers may count down");
    assert_eq!(with(&[ah(1, 64), forged, ah(2, 64)]), (vec!["ah-icv"], 2, 1));
    assert_eq!(with(&[ah(1, 64), ah(1, 64)]), (vec!["ah-replayed"], 1, 0));
    assert_eq!(with(&[other]), (vec!["ah-icv"], 0, 1), "the identification does not change on the way");
}
