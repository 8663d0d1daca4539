//! Payloads and messages as proptest draws them.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::registry::v1::{
    AuthMethod, Authentication, CertEncoding, ConfigType, Doi, EncapsulationMode, Encryption, ExchangeType,
    Group, GroupType, Hash, IdType, LifeType, NotifyType, PayloadType, Phase1Attribute, Phase2Attribute,
    ProtocolId, SequenceNumbers,
};
use crate::v1::{
    Attribute, Certificate, CertificateRequest, Configuration, Delete, Flags, Fragment, Header,
    Identification, Label, Labels, Lifetime, Message, Notify, Payload, Phase1, Phase2, Proposal,
    SecurityAssociation, Situation, Subject, Transform, Value,
};
use crate::{IkeSpi, Spi, Version};

fn octets() -> BoxedStrategy<Vec<u8>> {
    vec(any::<u8>(), 0..40).boxed()
}

fn value() -> BoxedStrategy<Value> {
    prop_oneof![any::<u16>().prop_map(Value::Basic), octets().prop_map(Value::Variable)].boxed()
}

/// An attribute of any class and form, those that mean something among them.
pub(crate) fn attribute() -> BoxedStrategy<Attribute> {
    let class = prop_oneof![0..20_u16, 0..0x8000_u16];
    (class, value()).prop_map(|(class, value)| Attribute { class, value }).boxed()
}

pub(crate) fn attributes() -> BoxedStrategy<Vec<Attribute>> {
    vec(attribute(), 0..6).boxed()
}

/// At most one lifetime in each unit.
pub(crate) fn lifetimes() -> BoxedStrategy<Vec<Lifetime>> {
    let duration = prop_oneof![0..0x2_0000_u64, any::<u64>()];
    let lifetime = (any::<u16>(), duration);
    vec(lifetime, 0..3)
        .prop_map(|mut lifetimes| {
            lifetimes.sort_unstable();
            lifetimes.dedup_by_key(|(kind, _)| *kind);
            let lifetime = |(kind, duration)| Lifetime { kind: LifeType(kind), duration };
            lifetimes.into_iter().map(lifetime).collect()
        })
        .boxed()
}

/// Attributes that `known` does not know.
fn others(known: impl Fn(u16) -> bool + Clone) -> impl Strategy<Value = Vec<Attribute>> {
    attributes().prop_map(move |mut attributes| {
        attributes.retain(|attribute| !known(attribute.class));
        attributes
    })
}

pub(crate) fn phase1() -> BoxedStrategy<Phase1> {
    let numbers = any::<([Option<u16>; 4], [Option<u16>; 3])>();
    let known = |class| {
        let class = Phase1Attribute(class);
        (Phase1Attribute::ENCRYPTION..=Phase1Attribute::GROUP_TYPE).contains(&class)
            || (Phase1Attribute::LIFE_TYPE..=Phase1Attribute::KEY_LENGTH).contains(&class)
    };
    let parts = (numbers, lifetimes(), others(known));
    parts
        .prop_map(|(([encryption, key_bits, hash, prf], [auth, group, kind]), lifetimes, others)| Phase1 {
            encryption: encryption.map(Encryption),
            key_bits,
            hash: hash.map(Hash),
            prf,
            auth: auth.map(AuthMethod),
            group: group.map(Group),
            group_type: kind.map(GroupType),
            lifetimes,
            others,
        })
        .boxed()
}

pub(crate) fn phase2() -> BoxedStrategy<Phase2> {
    let known = |class| {
        let class = Phase2Attribute(class);
        (Phase2Attribute::LIFE_TYPE..=Phase2Attribute::KEY_ROUNDS).contains(&class)
            || class == Phase2Attribute::EXTENDED_SEQUENCE_NUMBER
    };
    let parts = (any::<[Option<u16>; 6]>(), lifetimes(), others(known));
    parts
        .prop_map(|([group, mode, authentication, key_bits, key_rounds, sequence], lifetimes, others)| {
            Phase2 {
                lifetimes,
                group: group.map(Group),
                mode: mode.map(EncapsulationMode),
                authentication: authentication.map(Authentication),
                key_bits,
                key_rounds,
                sequence_numbers: sequence.map(SequenceNumbers),
                others,
            }
        })
        .boxed()
}

fn label() -> BoxedStrategy<Label> {
    (octets(), 0..100_u16, vec(any::<u8>(), 13))
        .prop_map(|(level, category_bits, mut categories)| {
            categories.truncate(usize::from(category_bits).div_ceil(8));
            Label { level, category_bits, categories }
        })
        .boxed()
}

fn labels() -> BoxedStrategy<Labels> {
    let label = || proptest::option::of(label());
    (any::<bool>(), any::<u32>(), label(), label())
        .prop_filter_map("no label", |(identity, domain, secrecy, integrity)| {
            let labels = Labels { identity, domain, secrecy, integrity };
            (labels.secrecy.is_some() || labels.integrity.is_some()).then_some(labels)
        })
        .boxed()
}

/// A DOI and a situation that it knows or does not.
pub(crate) fn situation() -> BoxedStrategy<(Doi, Situation)> {
    let labeled = labels().prop_map(|labels| Situation::Labeled(Box::new(labels)));
    let foreign = (any::<u32>(), octets())
        .prop_filter("known", |(doi, _)| *doi != Doi::IPSEC.0)
        .prop_map(|(doi, octets)| (Doi(doi), Situation::Unknown(octets)));
    let unknown = (8..=u32::MAX, octets())
        .prop_map(|(bitmap, rest)| Situation::Unknown([&bitmap.to_be_bytes()[..], &rest].concat()));
    let ipsec = prop_oneof![6 => Just(Situation::IdentityOnly), 2 => labeled, 1 => unknown];
    prop_oneof![9 => ipsec.prop_map(|situation| (Doi::IPSEC, situation)), 1 => foreign].boxed()
}

pub(crate) fn transform() -> BoxedStrategy<Transform> {
    let attributes = prop_oneof![
        attributes(),
        phase1().prop_map(|phase1| phase1.attributes()),
        phase2().prop_map(|phase2| phase2.attributes()),
    ];
    (any::<u8>(), any::<u8>(), attributes)
        .prop_map(|(number, id, attributes)| Transform { number, id, attributes })
        .boxed()
}

fn proposal() -> BoxedStrategy<Proposal> {
    let parts = (any::<u8>(), protocol(), octets(), vec(transform(), 0..5));
    parts
        .prop_map(|(number, protocol, spi, transforms)| Proposal { number, protocol, spi, transforms })
        .boxed()
}

pub(crate) fn security_association() -> BoxedStrategy<SecurityAssociation> {
    (situation(), vec(proposal(), 1..4))
        .prop_map(|((doi, situation), mut proposals)| {
            if matches!(situation, Situation::Unknown(_)) {
                proposals.clear();
            }
            SecurityAssociation { doi, situation, proposals }
        })
        .boxed()
}

fn protocol() -> BoxedStrategy<ProtocolId> {
    prop_oneof![0..5_u8, any::<u8>()].prop_map(ProtocolId).boxed()
}

pub(crate) fn notify() -> BoxedStrategy<Notify> {
    let kind = prop_oneof![Just(24576_u16), Just(24577), Just(36136), any::<u16>()].prop_map(NotifyType);
    let parts = (any::<u32>(), protocol(), octets(), kind, octets());
    parts
        .prop_map(|(doi, protocol, spi, kind, data)| Notify { doi: Doi(doi), protocol, spi, kind, data })
        .boxed()
}

pub(crate) fn delete() -> BoxedStrategy<Delete> {
    let ike = any::<(u64, u64)>().prop_map(|(i, r)| Delete::ike(IkeSpi(i), IkeSpi(r)));
    let ipsec = (protocol(), vec(any::<u32>(), 0..8))
        .prop_map(|(protocol, spis)| Delete::ipsec(protocol, spis.into_iter().map(Spi)));
    prop_oneof![ike, ipsec].boxed()
}

pub(crate) fn subject() -> BoxedStrategy<Subject> {
    let pair = |(a, b): (IpAddr, IpAddr)| {
        [Subject::Address(a), Subject::Subnet { address: a, mask: b }, Subject::Range { first: a, last: b }]
    };
    let v4 = any::<([u8; 4], [u8; 4])>().prop_map(|(a, b)| (a.into(), b.into()));
    let v6 = any::<([u8; 16], [u8; 16])>().prop_map(|(a, b)| (a.into(), b.into()));
    (prop_oneof![v4, v6], 0..3_usize).prop_map(move |(addresses, which)| pair(addresses)[which]).boxed()
}

pub(crate) fn identification() -> BoxedStrategy<Identification> {
    let addresses = subject().prop_map(Identification::of);
    let any_kind = (any::<u8>(), octets()).prop_map(|(kind, data)| Identification::new(IdType(kind), &data));
    (prop_oneof![addresses, any_kind], any::<(u8, u16)>())
        .prop_map(|(id, (protocol, port))| Identification { protocol, port, ..id })
        .boxed()
}

pub(crate) fn configuration() -> BoxedStrategy<Configuration> {
    let class = prop_oneof![0..16_u16, 16520..16530_u16, 28672..28683_u16, 0..0x8000_u16];
    let attribute = (class, value()).prop_map(|(class, value)| Attribute { class, value });
    (any::<u8>(), any::<u16>(), vec(attribute, 0..6))
        .prop_map(|(kind, identifier, attributes)| Configuration {
            kind: ConfigType(kind),
            identifier,
            attributes,
        })
        .boxed()
}

pub(crate) fn fragment() -> BoxedStrategy<Fragment> {
    let parts = (any::<u16>(), any::<u8>(), any::<bool>(), octets());
    parts.prop_map(|(id, number, last, data)| Fragment { id, number, last, data }).boxed()
}

/// A payload without a codec, or so it seems to one who does not know the type.
fn unknown() -> BoxedStrategy<Payload> {
    let kind = any::<u8>().prop_map(PayloadType).prop_filter("known", |kind| kind.name().is_none());
    (kind, octets()).prop_map(|(kind, body)| Payload::Unknown { kind, body }).boxed()
}

/// A payload of any type.
pub(crate) fn payload() -> BoxedStrategy<Payload> {
    let cert = (any::<u8>(), octets())
        .prop_map(|(encoding, data)| Certificate { encoding: CertEncoding(encoding), data });
    let request = (any::<u8>(), octets())
        .prop_map(|(encoding, authority)| CertificateRequest { encoding: CertEncoding(encoding), authority });
    let plain = (0..7_usize, octets()).prop_map(|(which, octets)| {
        let kinds: [fn(Vec<u8>) -> Payload; 7] = [
            Payload::Ke,
            Payload::Hash,
            Payload::Sig,
            Payload::Nonce,
            Payload::VendorId,
            Payload::NatD,
            Payload::NatDDraft,
        ];
        kinds[which](octets)
    });
    prop_oneof![
        4 => security_association().prop_map(Payload::Sa),
        4 => plain,
        2 => identification().prop_map(Payload::Id),
        1 => cert.prop_map(Payload::Cert),
        1 => request.prop_map(Payload::CertReq),
        2 => notify().prop_map(Payload::Notify),
        1 => delete().prop_map(Payload::Delete),
        2 => configuration().prop_map(Payload::Configuration),
        1 => any::<IpAddr>().prop_map(Payload::NatOa),
        1 => any::<IpAddr>().prop_map(Payload::NatOaDraft),
        1 => fragment().prop_map(Payload::Fragment),
        1 => unknown(),
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
    let flags = any::<(bool, bool, bool)>().prop_map(|(encryption, commit, authentication_only)| Flags {
        encryption,
        commit,
        authentication_only,
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

/// A message; its header's next payload, length and flag of encryption are not set yet.
pub(crate) fn message() -> BoxedStrategy<Message> {
    (header(), payloads()).prop_map(|(header, payloads)| Message { header, payloads }).boxed()
}
