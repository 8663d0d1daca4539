//! What a packet and what a handshake cost in cryptography, with the portable arms and with the fast ones.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops at an error")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, Entropy, FAST, IntegrityAlgorithm, KeyExchangeAlgorithm, PORTABLE,
    PrfAlgorithm, prf_plus,
};

/// Draws the same bytes each time, none of them zero.
struct Constant;

impl Entropy for Constant {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

const LENGTHS: [usize; 2] = [64, 1400];

fn aead(c: &mut Criterion) {
    let mut group = c.benchmark_group("aead");
    for (algorithm, key_len) in
        [(AeadAlgorithm::AesGcm16, 16), (AeadAlgorithm::AesGcm16, 32), (AeadAlgorithm::ChaCha20Poly1305, 32)]
    {
        for provider in [&PORTABLE, &FAST] {
            let key = vec![7; key_len];
            let name = format!("{}-{} {}", algorithm.name(), key_len * 8, provider.name);
            group.throughput(Throughput::Elements(1));
            group.bench_function(BenchmarkId::new("key", &name), |b| {
                b.iter(|| (provider.aead)(algorithm, black_box(&key)).unwrap());
            });
            let aead = (provider.aead)(algorithm, &key).unwrap();
            let nonce = vec![3; algorithm.nonce_len()];
            for len in LENGTHS {
                group.throughput(Throughput::Bytes(len as u64));
                let mut icv = vec![0; algorithm.icv_len()];
                let mut sealed = vec![0x42; len];
                group.bench_function(BenchmarkId::new(format!("seal {name}"), len), |b| {
                    let mut buffer = vec![0x42; len];
                    b.iter(|| {
                        aead.seal(&nonce, &[1; 8], black_box(&mut buffer), &mut icv).unwrap();
                    });
                });
                aead.seal(&nonce, &[1; 8], &mut sealed, &mut icv).unwrap();
                group.bench_function(BenchmarkId::new(format!("open {name}"), len), |b| {
                    let mut buffer = sealed.clone();
                    b.iter(|| {
                        buffer.copy_from_slice(&sealed);
                        aead.open(&nonce, &[1; 8], black_box(&mut buffer), &icv).unwrap();
                    });
                });
            }
        }
    }
}

fn cipher_and_integrity(c: &mut Criterion) {
    let mut group = c.benchmark_group("separate");
    let cipher = (PORTABLE.cipher)(CipherAlgorithm::AesCbc, &[7; 16]).unwrap();
    for len in [64, 1392] {
        group.throughput(Throughput::Bytes(len as u64));
        let mut buffer = vec![0x42; len];
        group.bench_function(BenchmarkId::new("AES-CBC-128 encrypt", len), |b| {
            b.iter(|| cipher.encrypt(&[3; 16], black_box(&mut buffer)).unwrap());
        });
        group.bench_function(BenchmarkId::new("AES-CBC-128 decrypt", len), |b| {
            b.iter(|| cipher.decrypt(&[3; 16], black_box(&mut buffer)).unwrap());
        });
    }
    for algorithm in [IntegrityAlgorithm::HmacSha1_96, IntegrityAlgorithm::HmacSha2_256_128] {
        let integrity = (PORTABLE.integrity)(algorithm, &vec![7; algorithm.key_len()]).unwrap();
        for len in LENGTHS {
            group.throughput(Throughput::Bytes(len as u64));
            let buffer = vec![0x42; len];
            let mut icv = vec![0; algorithm.icv_len()];
            group.bench_function(BenchmarkId::new(algorithm.name(), len), |b| {
                b.iter(|| integrity.sign(&[black_box(&buffer)], &mut icv).unwrap());
            });
        }
    }
}

fn key_derivation(c: &mut Criterion) {
    let prf = (PORTABLE.prf)(PrfAlgorithm::HmacSha2_256, &[7; 32]);
    c.bench_function("prf+ 256 bytes with HMAC-SHA2-256", |b| {
        b.iter(|| prf_plus(black_box(&prf), &[&[1; 32], &[2; 32], &[3; 16]], 256).unwrap());
    });
}

fn key_exchange(c: &mut Criterion) {
    let mut group = c.benchmark_group("key exchange");
    group.sample_size(40);
    for algorithm in [
        KeyExchangeAlgorithm::Modp2048,
        KeyExchangeAlgorithm::Modp4096,
        KeyExchangeAlgorithm::Ecp256,
        KeyExchangeAlgorithm::Ecp384,
        KeyExchangeAlgorithm::X25519,
    ] {
        for provider in [&PORTABLE, &FAST] {
            let public = (provider.initiate)(algorithm, &mut Constant).public().to_vec();
            group.bench_function(
                BenchmarkId::new(format!("{} public", algorithm.name()), provider.name),
                |b| {
                    b.iter(|| (provider.initiate)(algorithm, &mut Constant));
                },
            );
            group.bench_function(
                BenchmarkId::new(format!("{} secret", algorithm.name()), provider.name),
                |b| {
                    b.iter_batched(
                        || (provider.initiate)(algorithm, &mut Constant),
                        |own| own.finish(black_box(&public)).unwrap(),
                        criterion::BatchSize::SmallInput,
                    );
                },
            );
        }
    }
}

criterion_group!(benches, aead, cipher_and_integrity, key_derivation, key_exchange);
criterion_main!(benches);
