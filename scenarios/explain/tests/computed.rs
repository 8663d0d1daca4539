//! Keys computed from one end's private values alone, held to the whole exchanges with every value in between that stand in
//! `vectors/data/own_exchanges.json`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod sample;

use std::path::Path;

use explain::{Keys, Summary, Told};
use ipsec_wire::Spi;
use sample::{Capture, End, inner};
use serde_json::Value;

fn exchanges() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/data/own_exchanges.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all["exchanges"].as_array().unwrap().clone()
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The word for a method by its number (RFC 9370 and its registry).
fn group(number: u64) -> &'static str {
    match number {
        19 => "ecp256",
        20 => "ecp384",
        31 => "x25519",
        35 => "mlkem512",
        36 => "mlkem768",
        37 => "mlkem1024",
        other => panic!("group {other}"),
    }
}

/// The private values of an exchange's initiator, and the shared key, as a log.
fn log(exchange: &Value) -> String {
    let groups =
        ["ike", "child"].iter().flat_map(|what| exchange[*what]["key_exchanges"].as_array().unwrap());
    // An IKE SA that takes the other's place has the methods of that one.
    let groups = groups.chain(exchange["ike"]["key_exchanges"].as_array().unwrap());
    let privates = exchange["initiator"]["private"].as_array().unwrap();
    let line = |(group_number, value): (&Value, &Value)| {
        let group = group(group_number.as_u64().unwrap());
        format!("{{\"private\":{{\"group\":\"{group}\",\"value\":\"{}\"}}}}\n", value.as_str().unwrap())
    };
    let lines: String = groups.zip(privates).map(line).collect();
    format!("{lines}{{\"shared\":{{\"octets\":\"{}\"}}}}\n", exchange["psk"].as_str().unwrap())
}

/// The messages of an exchange as a capture.
fn capture(exchange: &Value) -> Capture {
    let mut capture = Capture::default();
    for (at, message) in (0..).zip(exchange["messages"].as_array().unwrap()) {
        let end = if message["sender"] == "initiator" { End::Initiator } else { End::Responder };
        for piece in message["octets"].as_array().unwrap() {
            capture.udp(at, end, &octets(piece.as_str().unwrap()));
        }
    }
    capture
}

fn told(capture: &Capture, log: &str) -> (Vec<String>, Summary) {
    let mut keys = Keys::default();
    keys.add("log", log).unwrap();
    let mut notes = Vec::new();
    let summary = explain::explain(&capture.pcap()[..], &keys, true, &mut |told| {
        if let Told::Note(note) = told {
            notes.push(note.text);
        }
    });
    (notes, summary.unwrap())
}

/// A value of the last message that has it.
fn value<'a>(exchange: &'a Value, name: &str) -> Option<&'a str> {
    exchange["messages"].as_array().unwrap().iter().rev().find_map(|message| message["values"][name].as_str())
}

#[test]
fn nothing_is_called_wrong_for_want_of_keys() {
    for exchange in exchanges() {
        for log in [log(&exchange), String::new()] {
            let (_, seen) = told(&capture(&exchange), &log);
            assert_eq!(seen.violations, [], "{}", exchange["name"]);
        }
    }
}

#[test]
fn private_values_of_one_end_open_all_messages_and_the_packets_of_the_child_sa() {
    let mut opened = Vec::new();
    for exchange in exchanges() {
        let name = exchange["name"].as_str().unwrap();
        let (mut capture, log) = (capture(&exchange), log(&exchange));
        let (_, seen) = told(&capture, &log);
        // A post-quantum key among the keys, or what comes of a ticket, cannot be computed.
        if name.starts_with("ppk") || exchange.get("then").is_some() {
            continue;
        }
        assert_eq!(seen.ike.iter().map(|sa| sa.closed).sum::<u64>(), 0, "{name}");
        let spi = u32::from_str_radix(&seen.ike[0].children[0].spi_r, 16).unwrap();
        let key: [u8; 20] =
            octets(value(&exchange, "KEYMAT, initiator to responder").unwrap()).try_into().unwrap();
        capture.esp_under((Spi(spi), &key), 100, End::Initiator, (1, 1), &inner(20));
        let (_, seen) = told(&capture, &log);
        assert_eq!(
            (seen.flows[0].opened, seen.flows[0].closed, seen.flows[0].ike),
            (1, 0, Some(1)),
            "{name}"
        );
        opened.push(name.to_owned());
    }
    assert_eq!(opened.len(), 8, "{opened:?}");
}

#[test]
fn shared_keys_are_proven_where_nothing_else_is_signed() {
    for exchange in exchanges() {
        if exchange["name"] == "mlkem768-alone" {
            let (notes, _) = told(&capture(&exchange), &log(&exchange));
            let proven = "proves itself with shared key 1 of those that are known";
            assert_eq!(notes.iter().filter(|note| *note == proven).count(), 2, "{notes:?}");
            return;
        }
    }
    panic!("no such exchange");
}
