use super::*;
use crate::registry::{
    AuthMethod, CertEncoding, ExchangeType, IdType, NotifyType, PayloadType, ProtocolId, TransformType,
};
use crate::v2::{
    Authentication, Certificate, CertificateRequest, Delete, Identification, KeyExchange, Notify, Proposal,
    SecurityAssociation, TrafficSelector, Transform,
};
use crate::{Flags, IkeSpi, Spi, Version};

fn header(exchange: ExchangeType, response: bool, message_id: u32) -> Header {
    Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0xf1f2_f3f4_f5f6_f7f8),
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange,
        flags: Flags { initiator: !response, response, version: false },
        message_id,
        length: 0,
    }
}

fn notify(kind: NotifyType, data: &[u8]) -> Payload {
    Payload::Notify(Notify::new(kind, data.to_vec()))
}

fn sa(protocol: ProtocolId, spi: &[u8]) -> Payload {
    let transforms =
        vec![Transform::new(TransformType::ENCR, 20, Some(256)), Transform::new(TransformType::KE, 31, None)];
    let second = vec![Transform::new(TransformType(77), 9, None)];
    let proposal = |number, transforms| Proposal { number, protocol, spi: spi.to_vec(), transforms };
    Payload::Sa(SecurityAssociation { proposals: vec![proposal(1, transforms), proposal(2, second)] })
}

fn init() -> Vec<Payload> {
    vec![
        notify(NotifyType::COOKIE, &[1, 2, 3]),
        sa(ProtocolId::IKE, &[]),
        Payload::Ke(KeyExchange::new(31, vec![0; 32])),
        Payload::Nonce(vec![0; 32]),
        Payload::VendorId(b"xyzzy".to_vec()),
    ]
}

fn auth() -> Vec<Payload> {
    let selector = |net: u8| TrafficSelector::any([10, net, 0, 0].into(), [10, net, 255, 255].into());
    let x509 = CertEncoding::X509_SIGNATURE;
    vec![
        Payload::IdR(Identification::new(IdType::FQDN, b"east.test\n")),
        Payload::Cert(Certificate { encoding: x509, data: vec![0; 700] }),
        Payload::CertReq(CertificateRequest { encoding: x509, authorities: vec![0; 20] }),
        Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data: vec![0; 32] }),
        sa(ProtocolId::ESP, &[0xc0, 0xff, 0xee, 0x01]),
        Payload::TsI(vec![selector(1), selector(3)]),
        Payload::TsR(vec![selector(2)]),
        Payload::Unknown { kind: PayloadType(200), critical: true, body: vec![0; 5] },
    ]
}

#[test]
fn one_line_names_exchange_direction_id_and_payloads() {
    let shown = describe(&header(ExchangeType::IKE_SA_INIT, false, 0), &init());
    assert_eq!(shown, "IKE_SA_INIT request 0 [N(COOKIE) SA KE Nonce V]");
    let shown = describe(&header(ExchangeType::IKE_AUTH, true, 1), &auth());
    assert_eq!(shown, "IKE_AUTH response 1 [IDr CERT CERTREQ AUTH SA TSi TSr PayloadType 200]");
    let shown = describe(&header(ExchangeType::INFORMATIONAL, false, 7), &[]);
    assert_eq!(shown, "INFORMATIONAL request 7 []");
    let shown = describe(&header(ExchangeType(240), false, 0), &[notify(NotifyType(9999), &[])]);
    assert_eq!(shown, "ExchangeType 240 request 0 [N(NotifyType 9999)]");
}

#[test]
fn the_tree_of_an_init_request() {
    insta::assert_snapshot!(tree(&header(ExchangeType::IKE_SA_INIT, false, 0), &init()));
}

#[test]
fn the_tree_of_an_auth_response() {
    insta::assert_snapshot!(tree(&header(ExchangeType::IKE_AUTH, true, 1), &auth()));
}

#[test]
fn the_tree_of_an_informational_request() {
    let about_a_child = Notify {
        protocol: ProtocolId::ESP,
        spi: vec![0xc0, 0xff, 0xee, 0x01],
        kind: NotifyType::REKEY_SA,
        data: Vec::new(),
    };
    let payloads = [
        Payload::Delete(Delete::children(ProtocolId::ESP, [Spi(0xc0ff_ee01), Spi(0xc0ff_ee02)])),
        Payload::Delete(Delete::ike()),
        Payload::Notify(about_a_child),
        notify(NotifyType::INITIAL_CONTACT, &[]),
    ];
    insta::assert_snapshot!(tree(&header(ExchangeType::INFORMATIONAL, false, 2), &payloads));
}
