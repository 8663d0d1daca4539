//! How many messages and packets are explained in a second.

#![allow(missing_docs, reason = "the macros of criterion make functions without")]

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use explain::Keys;
use ipsec_wire::registry::ExchangeType;
use sample::{End, handshake, header, inner, keys};

/// Of each kind in a capture.
const COUNT: u32 = 1_000;

fn explain(criterion: &mut Criterion) {
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

criterion_group!(benches, explain);
criterion_main!(benches);
