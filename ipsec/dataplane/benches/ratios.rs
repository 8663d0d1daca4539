//! How much more a packet costs than its algorithms: sealing and opening with policy, SAs, replay window and lifetimes, by
//! the bare algorithms on the same octets. Both take turns in short blocks, and of each the quickest block counts, so
//! that a busy machine does not show.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops at an error")]
#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, FAST, IntegrityAlgorithm, PORTABLE, Provider};
use ipsec_dataplane::{Encryption, Protection, Suite};
use ipsec_net::IpPacket;

mod looped;

use looped::{inner, looped, open, seal, text_len};

/// Packets of a block: together they stay in the nearest cache.
const BLOCK: usize = 8;
/// Blocks of each kind.
const BLOCKS: usize = 20_000;
/// Octets of an inner packet, and the most that the ratio is to be, in hundredths.
const LENGTHS: [(usize, u128); 2] = [(64, 200), (1400, 135)];

/// The least time for a block of sealing and one of opening.
struct Quickest([Duration; 2]);

impl Quickest {
    fn new() -> Self {
        Self([Duration::MAX; 2])
    }

    fn time<T>(&mut self, which: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = black_box(work());
        self.0[which] = self.0[which].min(start.elapsed());
        done
    }
}

fn main() {
    let gcm =
        |key_len| Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len, integrity: None };
    let cbc = |key_len, integrity| Suite {
        encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
        key_len,
        integrity: Some(integrity),
    };
    let cases: [(Suite, &'static Provider); 9] = [
        (gcm(16), &FAST),
        (gcm(32), &FAST),
        (gcm(16), &PORTABLE),
        (gcm(32), &PORTABLE),
        (cbc(16, IntegrityAlgorithm::HmacSha1_96), &PORTABLE),
        (cbc(16, IntegrityAlgorithm::HmacSha2_256_128), &PORTABLE),
        (cbc(32, IntegrityAlgorithm::HmacSha2_256_128), &PORTABLE),
        (cbc(24, IntegrityAlgorithm::HmacSha2_384_192), &PORTABLE),
        (cbc(32, IntegrityAlgorithm::HmacSha2_512_256), &PORTABLE),
    ];
    println!("{:30} {:>6}  sealed / bare           opened / bare           both", "", "octets");
    for (suite, provider) in cases {
        for (length, most) in LENGTHS {
            let packets = of_packets(provider, suite, length).0.map(|time| time.as_nanos());
            let bare = of_bare(provider, suite, length).0.map(|time| time.as_nanos());
            let ratio = |a: u128, b: u128| a * 100 / b.max(1);
            let both = ratio(packets.iter().sum(), bare.iter().sum());
            let column = |which: usize| {
                let [a, b] = [packets[which], bare[which]].map(|nanos| nanos / BLOCK as u128);
                let ratio = ratio(packets[which], bare[which]);
                format!("{a:6} / {b:6} = {}.{:02}", ratio / 100, ratio % 100)
            };
            let name = format!("{suite} {}", provider.name);
            let verdict = if both <= most { "" } else { "  more than wanted" };
            println!(
                "{name:30} {length:6}  {}  {}  {}.{:02}{verdict}",
                column(0),
                column(1),
                both / 100,
                both % 100
            );
        }
    }
}

fn of_packets(provider: &'static Provider, suite: Suite, length: usize) -> Quickest {
    let mut plane = looped(provider, Protection::Esp(suite));
    let mut packets: [Option<IpPacket>; BLOCK] = std::array::from_fn(|_| Some(inner(length)));
    let mut quickest = Quickest::new();
    for _ in 0..BLOCKS {
        quickest.time(0, || {
            packets.iter_mut().for_each(|slot| *slot = slot.take().map(|packet| seal(&mut plane, packet)));
        });
        quickest.time(1, || {
            packets.iter_mut().for_each(|slot| *slot = slot.take().map(|packet| open(&mut plane, packet)));
        });
    }
    quickest
}

fn of_bare(provider: &Provider, suite: Suite, length: usize) -> Quickest {
    let mut quickest = Quickest::new();
    match (suite.encryption, suite.integrity) {
        (Encryption::Cipher(algorithm), Some(integrity)) => {
            let cipher = (provider.cipher)(algorithm, &vec![7; suite.key_len]).unwrap();
            let mac = (provider.integrity)(integrity, &vec![7; integrity.key_len()]).unwrap();
            let nonce = vec![3; algorithm.nonce_len()];
            let head = vec![1; 8 + algorithm.iv_len()];
            let mut texts = vec![vec![0x42; text_len(length, algorithm.block_len())]; BLOCK];
            let mut icvs = vec![vec![0; integrity.icv_len()]; BLOCK];
            for _ in 0..BLOCKS {
                quickest.time(0, || {
                    for (text, icv) in texts.iter_mut().zip(&mut icvs) {
                        cipher.encrypt(&nonce, text).unwrap();
                        mac.sign(&[&head, text, &[0; 4]], icv).unwrap();
                    }
                });
                quickest.time(1, || {
                    for (text, icv) in texts.iter_mut().zip(&icvs) {
                        mac.verify(&[&head, text, &[0; 4]], icv).unwrap();
                        cipher.decrypt(&nonce, text).unwrap();
                    }
                });
            }
        }
        (Encryption::Aead(algorithm) | Encryption::AeadImplicitIv(algorithm), _) => {
            let aead = (provider.aead)(algorithm, &vec![7; suite.key_len]).unwrap();
            let nonce = vec![3; algorithm.nonce_len()];
            let mut texts = vec![vec![0x42; text_len(length, 4)]; BLOCK];
            let mut icvs = vec![vec![0; algorithm.icv_len()]; BLOCK];
            for _ in 0..BLOCKS {
                quickest.time(0, || {
                    for (text, icv) in texts.iter_mut().zip(&mut icvs) {
                        aead.seal(&nonce, &[1; 12], text, icv).unwrap();
                    }
                });
                quickest.time(1, || {
                    for (text, icv) in texts.iter_mut().zip(&icvs) {
                        aead.open(&nonce, &[1; 12], text, icv).unwrap();
                    }
                });
            }
        }
        (Encryption::Cipher(_), None) => panic!("{suite} authenticates nothing"),
    }
    quickest
}
