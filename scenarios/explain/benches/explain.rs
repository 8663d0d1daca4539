//! How many messages and packets are explained in a second, and how long a capture of a million packets takes.

#![allow(missing_docs, reason = "the macros of criterion make functions without")]
#![allow(clippy::unwrap_used, reason = "a benchmark stops at an error")]

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::hint::black_box;
use std::io::Read as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use explain::Keys;
use explain::report::{Form, Text};
use ipsec_wire::registry::ExchangeType;
use sample::{End, Long, handshake, header, inner, keys};

/// Of each kind in a capture.
const COUNT: u32 = 1_000;
/// The frames of a long capture.
const MILLION: u64 = 1_000_000;

fn kinds(criterion: &mut Criterion) {
    let (mut messages, mut packets) = (handshake(), handshake());
    for id in 0..COUNT {
        let at = 1_000 + u64::from(id);
        messages
            .sealed(
                at,
                End::Initiator,
                header(End::Initiator, ExchangeType::INFORMATIONAL, id + 2, false),
                &[],
            )
            .sealed(
                at,
                End::Responder,
                header(End::Responder, ExchangeType::INFORMATIONAL, id + 2, true),
                &[],
            );
        packets.esp(at, End::Initiator, (id + 1, u64::from(id)), &inner(1_350));
    }
    let mut group = criterion.benchmark_group("explain");
    let captures =
        [("messages", messages.pcap(), 2 * u64::from(COUNT)), ("packets", packets.pcap(), u64::from(COUNT))];
    for (name, file, count) in captures {
        group.throughput(Throughput::Elements(count));
        for (with, keys) in [("with keys", keys()), ("without keys", Keys::default())] {
            group.bench_function(format!("{name} {with}"), |bencher| {
                bencher.iter(|| {
                    explain::explain(black_box(&file[..]), &keys, false, &mut |told| {
                        black_box(told);
                    })
                });
            });
        }
    }
    group.finish();
}

/// From a file, decrypted, into a ladder.
fn a_million(criterion: &mut Criterion) {
    let mut file = Vec::new();
    Long::conversation(MILLION).read_to_end(&mut file).unwrap();
    let path = std::env::temp_dir().join("explain-a-million.pcap");
    std::fs::write(&path, file).unwrap();
    let keys = keys();
    let mut group = criterion.benchmark_group("a million packets");
    group.sample_size(10).throughput(Throughput::Elements(MILLION));
    for (name, each) in [("the first of each flow told", false), ("each told", true)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut text = Text::new(std::io::sink(), Form::Ladder);
                let file = std::fs::File::open(&path).unwrap();
                explain::explain(file, &keys, each, &mut |told| text.take(&told)).unwrap();
                text.finish().unwrap();
            });
        });
    }
    group.finish();
    std::fs::remove_file(&path).unwrap();
}

criterion_group!(benches, kinds, a_million);
criterion_main!(benches);
