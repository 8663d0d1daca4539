//! Files that are damaged on purpose: they are read as far as they go, and an error names the place.
//!
//! Changes at random come from a number, and so does the choice of what is changed: captures of each format and link, messages of
//! both versions, packets, streams, and files of keys. There are as many executions as `EXPLAIN_EXECUTIONS` says, from the
//! number on that `EXPLAIN_FROM` says; one that panics is told with its number, which repeats it.
//!
//! ```text
//! EXPLAIN_EXECUTIONS=10000000 nice -n 19 cargo test -p explain --test hostile at_random -- --nocapture
//! EXPLAIN_EXECUTIONS=1 EXPLAIN_FROM=4711 cargo test -p explain --test hostile at_random
//! ```

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod sample;

use std::io::Write as _;

use corpus::{Dice, Item, corpus};
use explain::report::{Form, Html, Json, Text, skeleton, summary};
use explain::{Keys, Summary, Unreadable};
use sample::{conversation, keys};

fn read(file: &[u8], keys: &Keys) -> (Summary, Option<Unreadable>) {
    let mut text = Text::new(std::io::sink(), Form::Tree);
    let read = explain::explain(file, keys, true, &mut |told| text.take(&told));
    text.finish().unwrap();
    let (seen, unreadable) = match read {
        Ok(seen) => (seen, None),
        Err((unreadable, seen)) => (*seen, Some(unreadable)),
    };
    let _ = (summary(&seen), skeleton(&seen));
    (seen, unreadable)
}

/// The same frames as pcapng with two interfaces, of which the second carries them, in the order of the network.
fn pcapng(pcap: &[u8]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = u32::try_from(body.len() + 12).unwrap().to_be_bytes();
        [&kind.to_be_bytes()[..], &length, body, &length].concat()
    };
    let mut file = block(0x0a0d_0d0a, &[&[0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0][..], &[0xff; 8]].concat());
    file.extend(block(1, &[0, 1, 0, 0, 0, 0, 0, 0]));
    // Nanoseconds.
    file.extend(block(1, &[0, 101, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0]));
    let mut rest = &pcap[24..];
    while !rest.is_empty() {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let (seconds, micros, length) = (number(0), number(4), number(8) as usize);
        let nanos = u64::from(seconds) * 1_000_000_000 + u64::from(micros) * 1_000;
        let mut body = 1u32.to_be_bytes().to_vec();
        body.extend(nanos.to_be_bytes());
        body.extend([number(8).to_be_bytes(), number(8).to_be_bytes()].concat());
        body.extend(&rest[16..16 + length]);
        body.resize(body.len().next_multiple_of(4), 0);
        file.extend(block(6, &body));
        rest = &rest[16 + length..];
    }
    file
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// The order of the octets of each field of a pcap file turned round.
fn other_order(pcap: &[u8]) -> Vec<u8> {
    let mut file = pcap.to_vec();
    let turn = |file: &mut [u8], from: usize, size: usize| file[from..from + size].reverse();
    for (at, size) in [(0, 4), (4, 2), (6, 2), (8, 4), (12, 4), (16, 4), (20, 4)] {
        turn(&mut file, at, size);
    }
    let mut at = 24;
    while at < file.len() {
        let length = u32::from_le_bytes(pcap[at + 8..at + 12].try_into().unwrap()) as usize;
        for field in 0..4 {
            turn(&mut file, at + field * 4, 4);
        }
        at += 16 + length;
    }
    file
}

#[test]
fn one_capture_reads_the_same_in_every_kind_of_file() {
    let plain = conversation().pcap();
    let (expected, unreadable) = read(&plain, &keys());
    assert_eq!((expected.frames, unreadable), (13, None));
    for file in [gzip(&plain), pcapng(&plain), gzip(&pcapng(&plain)), other_order(&plain)] {
        let (seen, unreadable) = read(&file, &keys());
        assert_eq!(unreadable, None);
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_file_that_ends_early_is_told_with_the_offset_and_what_came_before() {
    let plain = conversation().pcap();
    for file in [plain.clone(), pcapng(&plain)] {
        for length in 0..file.len() {
            let (_, unreadable) = read(&file[..length], &Keys::default());
            if let Some(Unreadable { offset, .. }) = &unreadable {
                assert!(*offset <= length as u64);
            }
        }
        let (seen, unreadable) = read(&file[..file.len() - 1], &keys());
        assert_eq!(seen.frames, 12);
        let text = unreadable.unwrap().to_string();
        assert!(text.contains("found the end of the file after"), "{text}");
    }
    let (_, unreadable) = read(&plain[..30], &keys());
    assert_eq!(
        unreadable.unwrap().to_string(),
        "at offset 24: expected the 16 octets of a packet's header, found the end of the file after 6"
    );
    let (_, unreadable) = read(b"PK\x03\x04 no capture", &keys());
    assert_eq!(
        unreadable.unwrap().to_string(),
        "at offset 0: expected a capture file (pcap or pcapng, plain or in gzip), found the magic number 0x504b0304"
    );
}

#[test]
fn lengths_beyond_all_measure_are_refused_before_memory_is_taken() {
    let mut file = conversation().pcap();
    file[24 + 8..24 + 12].fill(0x7f);
    let (_, unreadable) = read(&file, &keys());
    assert_eq!(unreadable.unwrap().offset, 32);
    let mut file = pcapng(&conversation().pcap());
    file[28 + 4] = 0x7f;
    let (_, unreadable) = read(&file, &keys());
    assert_eq!(unreadable.unwrap().offset, 32);
}

/// A number of the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Reads a damaged file in one of the forms.
fn told(file: &[u8], keys: &Keys, dice: &mut Dice) {
    match dice.below(16) {
        0 => {
            let mut json = Json::new(std::io::sink());
            let read = explain::explain(file, keys, true, &mut |told| json.take(&told));
            let (seen, why) = match &read {
                Ok(seen) => (seen, None),
                Err((unreadable, seen)) => (&**seen, Some(unreadable)),
            };
            json.finish(seen, why).unwrap();
        }
        1 => {
            let mut html = Html::new("damaged");
            let read = explain::explain(file, keys, false, &mut |told| html.take(told));
            let (seen, why) = match &read {
                Ok(seen) => (seen, None),
                Err((unreadable, seen)) => (&**seen, Some(unreadable)),
            };
            html.finish(std::io::sink(), seen, why).unwrap();
        }
        _ => drop(read(file, keys)),
    }
}

#[test]
fn files_changed_at_random_never_panic() {
    let (corpus, keys) = (corpus(), corpus::keys());
    let (count, from) = (number("EXPLAIN_EXECUTIONS", 4_000), number("EXPLAIN_FROM", 0));
    for execution in from..from + count {
        let mut dice = Dice::new(execution);
        let item = &corpus[dice.below(corpus.len())];
        let outcome = std::panic::catch_unwind(|| match item {
            Item::Keys(text) => {
                let octets = dice.clone().damaged(text.as_bytes(), 0..text.len());
                // What makes no sense is refused, with its line.
                let _ = Keys::default().add("damaged", &String::from_utf8_lossy(&octets));
            }
            Item::Capture { name: _, file, frames } => {
                let mut dice = dice.clone();
                // Either anything is changed, or only what frames hold, which so gets past the readers of files.
                let place = match dice.below(4) {
                    0 => 0..file.len(),
                    _ => frames[dice.below(frames.len())].clone(),
                };
                let octets = dice.damaged(file, place);
                told(&octets, &keys, &mut dice);
            }
        });
        assert!(outcome.is_ok(), "execution {execution}, {}", item.name());
        if execution % 1_000_000 == 999_999 {
            println!("{} executions", execution + 1 - from);
        }
    }
}
