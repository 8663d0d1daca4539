//! Explored worlds a minute on one core: each is drawn, read as a scenario file, and run with all oracles watching.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use esplanade::explore::Explored;
use ipsec::crypto::FAST;

/// How many worlds one measured run has.
const WORLDS: u64 = 300;

fn worlds(c: &mut Criterion) {
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let mut group = c.benchmark_group("explore");
    group.sample_size(10).measurement_time(Duration::from_secs(30)).throughput(Throughput::Elements(WORLDS));
    group.bench_function("worlds", |b| {
        b.iter(|| {
            let mut explored = Explored::default();
            one_core.install(|| explored.run(1, 0..WORLDS, &FAST, &|| ()));
            black_box(explored)
        });
    });
    group.finish();
}

criterion_group!(benches, worlds);
criterion_main!(benches);
