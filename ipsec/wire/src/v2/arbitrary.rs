//! Payloads and messages as proptest draws them, and what may befall their octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::registry::{
    AuthMethod, CertEncoding, ConfigAttributeType, ConfigType, ExchangeType, IdType, NotifyType, PayloadType,
    ProtocolId, TransformType, TsType,
};
use crate::v2::{
    Authentication, Certificate, CertificateRequest, ConfigAttribute, Configuration, Delete, Identification,
    KeyExchange, Message, Notify, Payload, Proposal, SecurityAssociation, TrafficSelector, Transform,
};
use crate::{Flags, Header, IkeSpi, Spi, Version};

fn octets() -> BoxedStrategy<Vec<u8>> {
    vec(any::<u8>(), 0..40).boxed()
}

/// An attribute that is not known, the short form with its two octets among them.
fn attribute() -> BoxedStrategy<(u16, Vec<u8>)> {
    let short = (0x8000..=u16::MAX, any::<[u8; 2]>()).prop_map(|(head, value)| (head, value.to_vec()));
    prop_oneof![short, (0..0x8000_u16, octets())].boxed()
}

pub(crate) fn transform() -> BoxedStrategy<Transform> {
    let parts = (any::<u8>(), any::<u16>(), any::<Option<u16>>(), vec(attribute(), 0..3));
    parts
        .prop_map(|(kind, id, key_bits, mut unknown)| {
            // Only a second KEY_LENGTH is one that is not known.
            unknown.retain(|(head, _)| *head != 0x800e || key_bits.is_some());
            Transform { kind: TransformType(kind), id, key_bits, unknown }
        })
        .boxed()
}

pub(crate) fn proposal() -> BoxedStrategy<Proposal> {
    let parts = (any::<u8>(), any::<u8>(), octets(), vec(transform(), 0..6));
    parts
        .prop_map(|(number, protocol, spi, transforms)| Proposal {
            number,
            protocol: ProtocolId(protocol),
            spi,
            transforms,
        })
        .boxed()
}

pub(crate) fn security_association() -> BoxedStrategy<SecurityAssociation> {
    vec(proposal(), 1..4).prop_map(|proposals| SecurityAssociation { proposals }).boxed()
}

fn ranges() -> BoxedStrategy<(IpAddr, IpAddr)> {
    let v4 = any::<(u32, u32)>()
        .prop_map(|(a, b)| (Ipv4Addr::from(a.min(b)).into(), Ipv4Addr::from(a.max(b)).into()));
    let v6 = any::<(u128, u128)>()
        .prop_map(|(a, b)| (Ipv6Addr::from(a.min(b)).into(), Ipv6Addr::from(a.max(b)).into()));
    prop_oneof![v4, v6].boxed()
}

pub(crate) fn traffic_selector() -> BoxedStrategy<TrafficSelector> {
    let known = (any::<u8>(), any::<(u16, u16)>(), ranges()).prop_map(|(protocol, ports, (first, last))| {
        TrafficSelector::Addresses { protocol, ports, first, last }
    });
    let label = vec(any::<u8>(), 1..40).prop_map(TrafficSelector::Label);
    let kinds = [TsType::IPV4_ADDR_RANGE, TsType::IPV6_ADDR_RANGE, TsType::SECLABEL];
    let kind = any::<u8>().prop_map(TsType).prop_filter("known", move |kind| !kinds.contains(kind));
    let unknown = (kind, any::<u8>(), octets()).prop_map(|(kind, protocol, body)| TrafficSelector::Unknown {
        kind,
        protocol,
        body,
    });
    prop_oneof![3 => known, 1 => label, 1 => unknown].boxed()
}

pub(crate) fn notify() -> BoxedStrategy<Notify> {
    let parts = (any::<u8>(), octets(), any::<u16>(), octets());
    parts
        .prop_map(|(protocol, spi, kind, data)| Notify {
            protocol: ProtocolId(protocol),
            spi,
            kind: NotifyType(kind),
            data,
        })
        .boxed()
}

pub(crate) fn identification() -> BoxedStrategy<Identification> {
    (any::<u8>(), octets()).prop_map(|(kind, data)| Identification::new(IdType(kind), &data)).boxed()
}

fn delete() -> BoxedStrategy<Delete> {
    let esp =
        vec(any::<u32>(), 0..8).prop_map(|spis| Delete::children(ProtocolId::ESP, spis.into_iter().map(Spi)));
    prop_oneof![Just(Delete::ike()), esp].boxed()
}

/// An attribute of any type, empty or with what its type holds.
pub(crate) fn config_attribute() -> BoxedStrategy<ConfigAttribute> {
    (0..40_u16, octets())
        .prop_filter_map("of another length", |(kind, octets)| {
            ConfigAttribute::of(ConfigAttributeType(kind), &octets).ok()
        })
        .boxed()
}

fn configuration() -> BoxedStrategy<Configuration> {
    (any::<u8>(), vec(config_attribute(), 0..5))
        .prop_map(|(kind, attributes)| Configuration { kind: ConfigType(kind), attributes })
        .boxed()
}

/// A payload without a codec, or so it seems to one who does not know the type.
fn unknown() -> BoxedStrategy<Payload> {
    let kind = any::<u8>().prop_map(PayloadType).prop_filter("known, or the end", |kind| {
        *kind != PayloadType::NONE
            && !(33..=45).contains(&kind.0)
            && ![PayloadType::CP, PayloadType::EAP, PayloadType::PUZZLE].contains(kind)
    });
    (kind, any::<bool>(), octets())
        .prop_map(|(kind, critical, body)| Payload::Unknown { kind, critical, body })
        .boxed()
}

/// A payload of any type.
pub(crate) fn payload() -> BoxedStrategy<Payload> {
    let ke = (any::<u16>(), octets()).prop_map(|(group, public)| KeyExchange::new(group, public));
    let cert = (any::<u8>(), octets())
        .prop_map(|(encoding, data)| Certificate { encoding: CertEncoding(encoding), data });
    let request = (any::<u8>(), octets()).prop_map(|(encoding, authorities)| CertificateRequest {
        encoding: CertEncoding(encoding),
        authorities,
    });
    let auth = (any::<u8>(), octets())
        .prop_map(|(method, data)| Authentication { method: AuthMethod(method), data });
    let selectors = || vec(traffic_selector(), 1..4);
    prop_oneof![
        security_association().prop_map(Payload::Sa),
        ke.prop_map(Payload::Ke),
        identification().prop_map(Payload::IdI),
        identification().prop_map(Payload::IdR),
        cert.prop_map(Payload::Cert),
        request.prop_map(Payload::CertReq),
        auth.prop_map(Payload::Auth),
        octets().prop_map(Payload::Nonce),
        notify().prop_map(Payload::Notify),
        delete().prop_map(Payload::Delete),
        octets().prop_map(Payload::VendorId),
        octets().prop_map(Payload::Eap),
        selectors().prop_map(Payload::TsI),
        selectors().prop_map(Payload::TsR),
        configuration().prop_map(Payload::Cp),
        unknown(),
    ]
    .boxed()
}

/// A chain of payloads, perhaps empty.
pub(crate) fn payloads() -> BoxedStrategy<Vec<Payload>> {
    vec(payload(), 0..6).boxed()
}

/// A header whose fields need not fit any message.
pub(crate) fn header() -> BoxedStrategy<Header> {
    let version = (0..16_u8, 0..16_u8).prop_map(|(major, minor)| Version { major, minor });
    let flags = any::<(bool, bool, bool)>().prop_map(|(initiator, version, response)| Flags {
        initiator,
        version,
        response,
    });
    let spis = any::<(u64, u64)>().prop_map(|(i, r)| (IkeSpi(i), IkeSpi(r)));
    let rest = (any::<u8>(), any::<u8>(), any::<u32>(), any::<u32>());
    (spis, version, flags, rest)
        .prop_map(|((spi_i, spi_r), version, flags, rest)| Header {
            spi_i,
            spi_r,
            next_payload: PayloadType(rest.0),
            version,
            exchange: ExchangeType(rest.1),
            flags,
            message_id: rest.2,
            length: rest.3,
        })
        .boxed()
}

/// A message; its header's next payload and length are not set yet.
pub(crate) fn message() -> BoxedStrategy<Message> {
    (header(), payloads()).prop_map(|(header, payloads)| Message { header, payloads }).boxed()
}

/// Something that happens to the octets of a message.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    /// One bit is flipped.
    Flip(Index, u8),
    /// What stands behind is lost.
    Truncate(Index),
    /// Octets are added.
    Extend(Vec<u8>),
    /// Two octets, perhaps those of a length, are overwritten.
    Overwrite(Index, [u8; 2]),
    /// Two octets, perhaps those of a length, change by a little.
    Shift(Index, i8),
}

pub(crate) fn mutation() -> BoxedStrategy<Mutation> {
    prop_oneof![
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        any::<Index>().prop_map(Mutation::Truncate),
        octets().prop_map(Mutation::Extend),
        (any::<Index>(), any::<[u8; 2]>()).prop_map(|(at, value)| Mutation::Overwrite(at, value)),
        (any::<Index>(), any::<i8>()).prop_map(|(at, by)| Mutation::Shift(at, by)),
    ]
    .boxed()
}

impl Mutation {
    /// Does it to `octets`.
    pub(crate) fn apply(&self, octets: &mut Vec<u8>) {
        let pair = |at: &Index, octets: &Vec<u8>| at.index(octets.len() - 1);
        match self {
            Self::Extend(more) => octets.extend_from_slice(more),
            _ if octets.len() < 2 => {}
            Self::Flip(at, bit) => {
                let at = at.index(octets.len());
                octets[at] ^= 1 << bit;
            }
            Self::Truncate(at) => octets.truncate(at.index(octets.len())),
            Self::Overwrite(at, value) => {
                let at = pair(at, octets);
                octets[at..at + 2].copy_from_slice(value);
            }
            Self::Shift(at, by) => {
                let at = pair(at, octets);
                let value = u16::from_be_bytes([octets[at], octets[at + 1]]);
                let shifted = value.wrapping_add_signed(i16::from(*by));
                octets[at..at + 2].copy_from_slice(&shifted.to_be_bytes());
            }
        }
    }
}
