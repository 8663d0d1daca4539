//! What building and reading an `IKE_SA_INIT` request costs.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark stops at an error")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ipsec_wire::registry::{self, ExchangeType, NotifyType, PayloadType, ProtocolId, TransformType};
use ipsec_wire::v2::{
    KeyExchange, Message, Notify, Payload, Proposal, SecurityAssociation, Transform, describe,
};
use ipsec_wire::{Flags, Header, IkeSpi, Version};

/// Two proposals of four transforms each, as a gateway with two suites and two groups sends them.
fn proposals() -> SecurityAssociation {
    let proposal = |number, key_bits| Proposal {
        number,
        protocol: ProtocolId::IKE,
        spi: Vec::new(),
        transforms: vec![
            Transform::new(TransformType::ENCR, registry::Encryption::AES_GCM_16.0, Some(key_bits)),
            Transform::new(TransformType::PRF, registry::Prf::HMAC_SHA2_256.0, None),
            Transform::new(TransformType::KE, registry::KeyExchange::CURVE25519.0, None),
            Transform::new(TransformType::KE, registry::KeyExchange::ECP_256.0, None),
        ],
    };
    SecurityAssociation { proposals: vec![proposal(1, 256), proposal(2, 128)] }
}

fn request() -> Message {
    let detection = |kind| Payload::Notify(Notify::new(kind, vec![3; 20]));
    Message {
        header: Header {
            spi_i: IkeSpi(0x0123_4567_89ab_cdef),
            spi_r: IkeSpi(0),
            next_payload: PayloadType::NONE,
            version: Version::V2,
            exchange: ExchangeType::IKE_SA_INIT,
            flags: Flags { initiator: true, ..Flags::default() },
            message_id: 0,
            length: 0,
        },
        payloads: vec![
            Payload::Sa(proposals()),
            Payload::Ke(KeyExchange::new(registry::KeyExchange::CURVE25519.0, vec![1; 32])),
            Payload::Nonce(vec![2; 32]),
            detection(NotifyType::NAT_DETECTION_SOURCE_IP),
            detection(NotifyType::NAT_DETECTION_DESTINATION_IP),
        ],
    }
}

fn message(c: &mut Criterion) {
    let request = request();
    let octets = request.emit();
    let mut group = c.benchmark_group("IKE_SA_INIT request");
    group.throughput(Throughput::Bytes(octets.len() as u64));
    group.bench_function("build", |b| b.iter(|| black_box(&request).emit()));
    group.bench_function("parse", |b| b.iter(|| Message::parse(black_box(&octets)).unwrap()));
    group.bench_function("describe", |b| b.iter(|| describe(black_box(&request.header), &request.payloads)));
    group.finish();
}

criterion_group!(benches, message);
criterion_main!(benches);
