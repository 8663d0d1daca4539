//! What ESP and AH cost a packet: in at one gateway, out protected, in again and out as it was, with policy, SAs, replay
//! window and lifetimes; beside the bare algorithms, which do the same to the same octets.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops at an error")]

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::{Measurement, WallTime};
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, FAST, IntegrityAlgorithm, PORTABLE, Provider};
use ipsec_dataplane::{Encryption, Protection, Suite};

mod looped;

use looped::{inner, looped, open, seal, text_len};

const fn aead(algorithm: AeadAlgorithm, key_len: usize) -> Protection {
    Protection::Esp(Suite { encryption: Encryption::Aead(algorithm), key_len, integrity: None })
}

const fn separate(cipher: CipherAlgorithm, key_len: usize, integrity: IntegrityAlgorithm) -> Protection {
    Protection::Esp(Suite { encryption: Encryption::Cipher(cipher), key_len, integrity: Some(integrity) })
}

use AeadAlgorithm::{AesCcm16, AesGcm16, ChaCha20Poly1305};
use CipherAlgorithm::AesCbc;
use IntegrityAlgorithm::{HmacMd5_96, HmacSha1_96, HmacSha2_256_128};

/// Every algorithm with every length of its key, and both arms where they differ: AES-CBC with each integrity algorithm, the
/// other ciphers with one.
fn cases() -> Vec<(Protection, &'static Provider)> {
    let mut cases: Vec<(Protection, &Provider)> = Vec::new();
    for algorithm in AeadAlgorithm::ALL.iter().copied() {
        for key_len in algorithm.key_lens().iter().copied() {
            let is_fast = algorithm == ChaCha20Poly1305 || algorithm == AesGcm16 && key_len != 24;
            let fast = is_fast.then_some((aead(algorithm, key_len), &FAST));
            cases.extend(fast.into_iter().chain([(aead(algorithm, key_len), &PORTABLE)]));
        }
    }
    for (algorithm, provider) in [(AesGcm16, &FAST), (AesCcm16, &PORTABLE), (ChaCha20Poly1305, &FAST)] {
        let (encryption, key_len) = (Encryption::AeadImplicitIv(algorithm), algorithm.key_lens()[0]);
        cases.push((Protection::Esp(Suite { encryption, key_len, integrity: None }), provider));
    }
    let of_esp = |integrity: &&IntegrityAlgorithm| integrity.iv_len() == 0;
    for integrity in IntegrityAlgorithm::ALL.iter().filter(of_esp).copied() {
        cases.push((separate(AesCbc, 16, integrity), &PORTABLE));
    }
    for cipher in CipherAlgorithm::ALL.iter().copied() {
        let integrity = match cipher {
            CipherAlgorithm::DesCbc => HmacMd5_96,
            CipherAlgorithm::TripleDesCbc => HmacSha1_96,
            _ => HmacSha2_256_128,
        };
        let key_lens = cipher.key_lens().iter().filter(|len| (cipher, **len) != (AesCbc, 16));
        cases.extend(key_lens.map(|len| (separate(cipher, *len, integrity), &PORTABLE)));
    }
    cases.extend(IntegrityAlgorithm::ALL.iter().map(|integrity| (Protection::Ah(*integrity), &PORTABLE)));
    cases
}

/// Lengths of the inner packet in octets.
const LENGTHS: [usize; 4] = [64, 512, 1400, 9000];

fn packets(c: &mut Criterion) {
    let mut group = c.benchmark_group("packet");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (protection, provider) in cases() {
        let name = format!("{protection} {}", provider.name);
        for length in LENGTHS {
            group.throughput(Throughput::Bytes(length as u64));
            let mut plane = looped(provider, protection);
            group.bench_function(BenchmarkId::new(&name, length), |b| {
                b.iter_custom(|rounds| {
                    let mut packet = inner(length);
                    let start = WallTime.start();
                    for _ in 0..rounds {
                        let outer = seal(&mut plane, packet);
                        packet = open(&mut plane, outer);
                    }
                    WallTime.end(start)
                });
            });
            match protection {
                Protection::Esp(Suite { encryption: Encryption::Cipher(cipher), key_len, integrity }) => {
                    let keyed = (provider.cipher)(cipher, &vec![7; key_len]).unwrap();
                    let text = text_len(length, cipher.block_len());
                    let nonce = vec![3; cipher.salt_len() + cipher.iv_len()];
                    let head = 8 + cipher.iv_len();
                    let cipher = Some((keyed, nonce));
                    bare(&mut group, &name, length, (provider, cipher, integrity.unwrap()), (head, text));
                }
                Protection::Esp(Suite { encryption, key_len, .. }) => {
                    bare_aead(&mut group, &name, length, (provider, encryption, key_len));
                }
                Protection::Ah(integrity) => {
                    bare(&mut group, &name, length, (provider, None, integrity), (20, length + 32));
                }
            }
        }
    }
}

fn bare_aead(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    length: usize,
    (provider, encryption, key_len): (&Provider, Encryption, usize),
) {
    let (Encryption::Aead(algorithm) | Encryption::AeadImplicitIv(algorithm)) = encryption else { return };
    let aead = (provider.aead)(algorithm, &vec![7; key_len]).unwrap();
    let nonce = vec![3; algorithm.salt_len() + algorithm.iv_len()];
    let (aad, mut icv) = ([1; 12], vec![0; algorithm.icv_len()]);
    let mut text = vec![0x42; text_len(length, 4)];
    group.bench_function(BenchmarkId::new(format!("bare {name}"), length), |b| {
        b.iter(|| {
            aead.seal(&nonce, &aad, black_box(&mut text), &mut icv).unwrap();
            aead.open(&nonce, &aad, black_box(&mut text), &icv).unwrap();
        });
    });
}

fn bare(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    length: usize,
    (provider, cipher, integrity): (&Provider, Option<(ipsec_crypto::Cipher, Vec<u8>)>, IntegrityAlgorithm),
    (head, text): (usize, usize),
) {
    let mac = (provider.integrity)(integrity, &vec![7; integrity.key_len()]).unwrap();
    let (head, mut text, mut icv) = (vec![1; head], vec![0x42; text], vec![0; integrity.icv_len()]);
    group.bench_function(BenchmarkId::new(format!("bare {name}"), length), |b| {
        b.iter(|| {
            if let Some((cipher, nonce)) = &cipher {
                cipher.encrypt(nonce, black_box(&mut text)).unwrap();
            }
            mac.sign(&[&head, &text, &[0; 4]], &mut icv).unwrap();
            mac.verify(&[&head, black_box(&text), &[0; 4]], &icv).unwrap();
            if let Some((cipher, nonce)) = &cipher {
                cipher.decrypt(nonce, black_box(&mut text)).unwrap();
            }
        });
    });
}

criterion_group!(benches, packets);
criterion_main!(benches);
