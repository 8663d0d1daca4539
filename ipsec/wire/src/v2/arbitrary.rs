//! Any payload and any message, for property tests.

use std::net::IpAddr;

use proptest::prelude::*;

use crate::registry::{
    AuthMethod, CertEncoding, ExchangeType, IdType, NotifyType, PayloadType, ProtocolId, TransformType,
    TsType,
};
use crate::v2::{
    Authentication, Certificate, CertificateRequest, Delete, Identification, KeyExchange, Message, Notify,
    Payload, Proposal, SecurityAssociation, TrafficSelector, Transform,
};
use crate::{Flags, Header, IkeSpi, Spi, Version};

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=most)
}

fn transform() -> impl Strategy<Value = Transform> {
    // Attributes other than KEY_LENGTH: with a value of two octets (type above 0x8000), or with a length.
    let short = (0u16..0x8000).prop_filter("not KEY_LENGTH", |kind| *kind != 14);
    let short = (short, any::<[u8; 2]>()).prop_map(|(kind, value)| (0x8000 | kind, value.to_vec()));
    let long = (0u16..0x8000, octets(6));
    let unknown = prop::collection::vec(prop_oneof![short, long], 0..3);
    (any::<u8>(), any::<u16>(), any::<Option<u16>>(), unknown).prop_map(|(kind, id, key_bits, unknown)| {
        Transform { unknown, ..Transform::new(TransformType(kind), id, key_bits) }
    })
}

fn proposal() -> impl Strategy<Value = Proposal> {
    (any::<u8>(), any::<u8>(), octets(8), prop::collection::vec(transform(), 0..6)).prop_map(
        |(number, protocol, spi, transforms)| Proposal {
            number,
            protocol: ProtocolId(protocol),
            spi,
            transforms,
        },
    )
}

fn selector() -> impl Strategy<Value = TrafficSelector> {
    let range = |first: IpAddr, last: IpAddr, protocol, ports| {
        let (first, last) = (first.min(last), first.max(last));
        TrafficSelector::Addresses { protocol, ports, first, last }
    };
    let v4 = (any::<[u8; 4]>(), any::<[u8; 4]>(), any::<u8>(), any::<(u16, u16)>())
        .prop_map(move |(a, b, protocol, ports)| range(a.into(), b.into(), protocol, ports));
    let v6 = (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<u8>(), any::<(u16, u16)>())
        .prop_map(move |(a, b, protocol, ports)| range(a.into(), b.into(), protocol, ports));
    let unknown = (9u8.., any::<u8>(), octets(20))
        .prop_map(|(kind, protocol, body)| TrafficSelector::Unknown { kind: TsType(kind), protocol, body });
    prop_oneof![v4, v6, unknown]
}

fn selectors() -> impl Strategy<Value = Vec<TrafficSelector>> {
    prop::collection::vec(selector(), 1..4)
}

fn notify() -> impl Strategy<Value = Notify> {
    (any::<u8>(), octets(8), any::<u16>(), octets(40)).prop_map(|(protocol, spi, kind, data)| Notify {
        protocol: ProtocolId(protocol),
        spi,
        kind: NotifyType(kind),
        data,
    })
}

/// Any payload that has a codec, and unknown ones.
pub(super) fn payload() -> impl Strategy<Value = Payload> {
    let id = || (any::<u8>(), octets(30)).prop_map(|(kind, data)| Identification::new(IdType(kind), &data));
    let deletes = prop_oneof![
        Just(Delete::ike()),
        prop::collection::vec(any::<u32>(), 0..4).prop_map(|spis| Delete::esp(spis.into_iter().map(Spi))),
    ];
    // SK and SKF are taken apart elsewhere; the types below 33 are not to be used (RFC 7296 §3.2).
    let unknown =
        (48u8.., any::<bool>(), octets(40)).prop_filter("SKF is no such payload", |(kind, ..)| *kind != 53);
    let cert = || (any::<u8>(), octets(40));
    prop_oneof![
        prop::collection::vec(proposal(), 1..4)
            .prop_map(|proposals| Payload::Sa(SecurityAssociation { proposals })),
        (any::<u16>(), octets(80)).prop_map(|(group, public)| Payload::Ke(KeyExchange::new(group, public))),
        id().prop_map(Payload::IdI),
        id().prop_map(Payload::IdR),
        cert().prop_map(|(encoding, data)| Payload::Cert(Certificate {
            encoding: CertEncoding(encoding),
            data
        })),
        cert().prop_map(|(encoding, authorities)| {
            Payload::CertReq(CertificateRequest { encoding: CertEncoding(encoding), authorities })
        }),
        (any::<u8>(), octets(64))
            .prop_map(|(method, data)| Payload::Auth(Authentication { method: AuthMethod(method), data })),
        octets(64).prop_map(Payload::Nonce),
        notify().prop_map(Payload::Notify),
        deletes.prop_map(Payload::Delete),
        octets(30).prop_map(Payload::VendorId),
        selectors().prop_map(Payload::TsI),
        selectors().prop_map(Payload::TsR),
        unknown.prop_map(|(kind, critical, body)| Payload::Unknown {
            kind: PayloadType(kind),
            critical,
            body
        }),
    ]
}

/// Any header; its next payload and its length are those of no message yet.
pub(super) fn header() -> impl Strategy<Value = Header> {
    let flags = any::<(bool, bool, bool)>().prop_map(|(initiator, version, response)| Flags {
        initiator,
        version,
        response,
    });
    (any::<(u64, u64)>(), (0u8..16, 0u8..16), any::<u8>(), flags, any::<u32>()).prop_map(
        |((spi_i, spi_r), (major, minor), exchange, flags, message_id)| Header {
            spi_i: IkeSpi(spi_i),
            spi_r: IkeSpi(spi_r),
            next_payload: PayloadType::NONE,
            version: Version { major, minor },
            exchange: ExchangeType(exchange),
            flags,
            message_id,
            length: 0,
        },
    )
}

/// Any message in the clear.
pub(super) fn message() -> impl Strategy<Value = Message> {
    (header(), prop::collection::vec(payload(), 0..6))
        .prop_map(|(header, payloads)| Message { header, payloads })
}
