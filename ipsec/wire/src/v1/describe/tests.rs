use std::net::IpAddr;

use super::*;
use crate::registry::v1::{
    AuthMethod, Authentication, CertEncoding, ConfigAttribute, ConfigType, Doi, EncapsulationMode,
    Encryption, ExchangeType, Group, Hash, IdType, PayloadType, ProtocolId, XauthStatus,
};
use crate::v1::{
    Attribute, Certificate, CertificateRequest, Configuration, Flags, Fragment, Label, Labels, Lifetime,
    Phase1, Phase2, Proposal,
};
use crate::{IkeSpi, Spi, Version};

const COOKIES: (IkeSpi, IkeSpi) = (IkeSpi(0x0102_0304_0506_0708), IkeSpi(0xf1f2_f3f4_f5f6_f7f8));

fn header(exchange: ExchangeType, encryption: bool, message_id: u32) -> Header {
    Header {
        spi_i: COOKIES.0,
        spi_r: COOKIES.1,
        next_payload: PayloadType::NONE,
        version: Version::V1,
        exchange,
        flags: Flags { encryption, ..Flags::default() },
        message_id,
        length: 0,
    }
}

fn sa(protocol: ProtocolId, spi: &[u8], transforms: &[(u8, Vec<Attribute>)]) -> SecurityAssociation {
    let transforms = transforms.iter().zip(1..);
    let transforms = transforms
        .map(|((id, attributes), number)| Transform { number, id: *id, attributes: attributes.clone() })
        .collect();
    SecurityAssociation::new(vec![Proposal { number: 1, protocol, spi: spi.to_vec(), transforms }])
}

fn main() -> Vec<Payload> {
    let suite = Phase1 {
        encryption: Some(Encryption::AES_CBC),
        key_bits: Some(256),
        hash: Some(Hash::SHA2_256),
        auth: Some(AuthMethod::PRE_SHARED_KEY),
        group: Some(Group::MODP_2048),
        lifetimes: vec![Lifetime::seconds(86400)],
        ..Phase1::default()
    };
    let older = Phase1 { encryption: Some(Encryption::TRIPLE_DES_CBC), key_bits: None, ..suite.clone() };
    let transforms = [(1, suite.attributes()), (1, older.attributes())];
    vec![
        Payload::Sa(sa(ProtocolId::ISAKMP, &[], &transforms)),
        Payload::VendorId(Vendor::DPD.octets().to_vec()),
        Payload::VendorId(b"xyzzy".to_vec()),
    ]
}

fn quick() -> Vec<Payload> {
    let suite = Phase2 {
        lifetimes: vec![Lifetime::seconds(3600), Lifetime::kilobytes(100_000)],
        mode: Some(EncapsulationMode::TUNNEL),
        authentication: Some(Authentication::HMAC_SHA2_256),
        key_bits: Some(128),
        ..Phase2::default()
    };
    let subnet = |net: u8| {
        let (address, mask) = (IpAddr::from([10, net, 0, 0]), IpAddr::from([255, 255, 0, 0]));
        Identification::of(Subject::Subnet { address, mask })
    };
    let range = Subject::Range { first: [10, 2, 0, 1].into(), last: [10, 2, 0, 9].into() };
    vec![
        Payload::Hash(vec![0; 32]),
        Payload::Sa(sa(ProtocolId::ESP, &[0xc0, 0xff, 0xee, 0x01], &[(12, suite.attributes())])),
        Payload::Nonce(vec![0; 32]),
        Payload::Ke(vec![0; 256]),
        Payload::Id(subnet(1)),
        Payload::Id(Identification { protocol: 17, port: 53, ..Identification::of(range) }),
        Payload::NatOa([192, 0, 2, 1].into()),
        Payload::NatOaDraft([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into()),
    ]
}

fn informational() -> Vec<Payload> {
    let about_ike =
        |kind, data: &[u8]| Payload::Notify(Notify::about_ike(COOKIES.0, COOKIES.1, kind, data.to_vec()));
    let lifetime = Notify {
        protocol: ProtocolId::ESP,
        spi: vec![0xc0, 0xff, 0xee, 0x01],
        ..Notify::new(NotifyType::RESPONDER_LIFETIME, vec![0x80, 1, 0, 1, 0x80, 2, 0x0e, 0x10])
    };
    vec![
        Payload::Hash(vec![0; 20]),
        about_ike(NotifyType::R_U_THERE, &[0, 0, 0, 7]),
        about_ike(NotifyType::REPLAY_STATUS, &[0, 0, 0, 1]),
        about_ike(NotifyType::REPLAY_STATUS, &[0, 0, 0, 0]),
        about_ike(NotifyType::INITIAL_CONTACT, &[]),
        Payload::Notify(lifetime),
        Payload::Notify(Notify::new(NotifyType::RESPONDER_LIFETIME, vec![1, 2, 3])),
        Payload::Notify(Notify::new(NotifyType::NO_PROPOSAL_CHOSEN, Vec::new())),
        Payload::Delete(Delete::ipsec(ProtocolId::ESP, [Spi(0xc0ff_ee01), Spi(0xc0ff_ee02)])),
        Payload::Delete(Delete::ike(COOKIES.0, COOKIES.1)),
    ]
}

fn aggressive() -> Vec<Payload> {
    let x509 = CertEncoding::X509_SIGNATURE;
    let labels = Labels {
        identity: true,
        domain: 42,
        secrecy: Some(Label { level: vec![1], category_bits: 0, categories: Vec::new() }),
        integrity: None,
    };
    let labeled = Situation::Labeled(Box::new(labels));
    let foreign = Situation::Unknown(vec![0; 6]);
    let association = |doi, situation| SecurityAssociation { doi, situation, proposals: Vec::new() };
    vec![
        Payload::Sa(association(Doi::IPSEC, labeled)),
        Payload::Sa(association(Doi::GDOI, foreign)),
        Payload::Id(Identification::new(IdType::FQDN, b"east.test\n")),
        Payload::Id(Identification::of(Subject::Address([192, 0, 2, 1].into()))),
        Payload::Cert(Certificate { encoding: x509, data: vec![0; 700] }),
        Payload::CertReq(CertificateRequest { encoding: x509, authority: vec![0; 20] }),
        Payload::Sig(vec![0; 256]),
        Payload::NatD(vec![0; 20]),
        Payload::NatDDraft(vec![0; 20]),
        Payload::Unknown { kind: PayloadType(200), body: vec![0; 5] },
    ]
}

fn transaction() -> Vec<Payload> {
    let attributes = vec![
        Attribute::basic(ConfigAttribute::XAUTH_STATUS.0, XauthStatus::OK.0),
        Attribute::variable(ConfigAttribute::INTERNAL_IP4_DNS.0, [10, 0, 0, 1]),
        Attribute::variable(ConfigAttribute::XAUTH_USER_PASSWORD.0, *b"foobar"),
    ];
    let configuration = Configuration { kind: ConfigType::SET, identifier: 48879, attributes };
    vec![Payload::Hash(vec![0; 20]), Payload::Configuration(configuration)]
}

fn fragment(last: bool) -> [Payload; 1] {
    [Payload::Fragment(Fragment { id: 9, number: 2, last, data: vec![0; 500] })]
}

#[test]
fn one_line_names_exchange_encryption_id_and_payloads() {
    let shown = describe(&header(ExchangeType::MAIN, false, 0), &main());
    assert_eq!(shown, "main mode 00000000 [SA V V]");
    let shown = describe(&header(ExchangeType::QUICK, true, 0x5d3e_9c11), &quick());
    assert_eq!(shown, "quick mode* 5d3e9c11 [HASH SA Nonce KE ID ID NAT-OA NAT-OA(draft)]");
    let shown = describe(&header(ExchangeType::TRANSACTION, true, 1), &transaction());
    assert_eq!(shown, "transaction* 00000001 [HASH ATTR(SET)]");
    let shown = describe(&header(ExchangeType::INFORMATIONAL, true, 7), &[]);
    assert_eq!(shown, "informational* 00000007 []");
    let unknown = Payload::Notify(Notify::new(NotifyType(9999), Vec::new()));
    let shown = describe(&header(ExchangeType(240), false, 0), &[unknown]);
    assert_eq!(shown, "ExchangeType 240 00000000 [N(NotifyType 9999)]");
}

#[test]
fn the_tree_of_a_first_message_of_main_mode() {
    insta::assert_snapshot!(tree(&header(ExchangeType::MAIN, false, 0), &main()));
}

#[test]
fn the_tree_of_a_first_message_of_quick_mode() {
    insta::assert_snapshot!(tree(&header(ExchangeType::QUICK, true, 0x5d3e_9c11), &quick()));
}

#[test]
fn the_tree_of_an_informational_exchange() {
    insta::assert_snapshot!(tree(&header(ExchangeType::INFORMATIONAL, true, 2), &informational()));
}

#[test]
fn the_tree_of_an_aggressive_mode_with_everything() {
    insta::assert_snapshot!(tree(&header(ExchangeType::AGGRESSIVE, false, 0), &aggressive()));
}

#[test]
fn the_tree_of_a_transaction() {
    insta::assert_snapshot!(tree(&header(ExchangeType::TRANSACTION, true, 3), &transaction()));
}

#[test]
fn a_fragment_tells_its_place() {
    let shown = |last| tree(&header(ExchangeType::MAIN, false, 0), &fragment(last));
    assert!(shown(false).ends_with("\n  FRAG\n    number 2 of message 9, 500 octets\n"));
    assert!(shown(true).ends_with("\n  FRAG\n    number 2, the last of message 9, 500 octets\n"));
}
