use super::*;
use crate::v1::{Lifetime, Phase1, Phase2};

fn shown(protocol: ProtocolId, id: u8, attributes: Vec<Attribute>) -> String {
    transform(protocol, &Transform { number: 1, id, attributes })
}

#[test]
fn a_transform_of_phase_1_is_shown_in_its_order() {
    let suite = Phase1 {
        encryption: Some(Encryption::AES_CBC),
        key_bits: Some(256),
        hash: Some(Hash::SHA2_256),
        prf: Some(7),
        auth: Some(AuthMethod::XAUTH_INIT_PRE_SHARED),
        group: Some(Group::MODP_2048),
        group_type: Some(GroupType::MODP),
        lifetimes: vec![Lifetime::seconds(86400), Lifetime::kilobytes(10)],
        others: vec![Attribute::basic(99, 5), Attribute::variable(6, [0xff, 0x01])],
    };
    assert_eq!(
        shown(ProtocolId::ISAKMP, 1, suite.attributes()),
        "KEY_IKE, AES-CBC, 256 bits, SHA2-256, PRF: 7, XAUTHInitPreShared, MODP_2048, MODP, 86400 seconds, \
         10 kilobytes, Phase1Attribute 99: 5, group prime: 0xff01"
    );
}

#[test]
fn a_transform_of_phase_2_is_shown_in_its_order() {
    let suite = Phase2 {
        lifetimes: vec![Lifetime::seconds(3600)],
        group: Some(Group::ECP_256),
        mode: Some(EncapsulationMode::UDP_TRANSPORT),
        authentication: Some(Authentication::HMAC_SHA),
        key_bits: Some(128),
        key_rounds: Some(12),
        sequence_numbers: Some(SequenceNumbers::BITS_64),
        others: vec![Attribute::basic(10, 1)],
    };
    assert_eq!(
        shown(ProtocolId::ESP, 12, suite.attributes()),
        "ESP_AES-CBC, 3600 seconds, ECP_256, UDP-encapsulated transport, HMAC-SHA, 128 bits, 12 rounds, \
         64-bit sequence numbers, ECN tunnel: 1"
    );
}

#[test]
fn the_same_class_means_something_else_in_each_phase() {
    let one = || vec![Attribute::basic(4, 2)];
    assert_eq!(shown(ProtocolId::ISAKMP, 1, one()), "KEY_IKE, MODP_1024");
    assert_eq!(shown(ProtocolId::AH, 3, one()), "AH_SHA, transport");
    assert_eq!(shown(ProtocolId::IPCOMP, 2, one()), "IPCOMP_DEFLATE, transport");
    assert_eq!(shown(ProtocolId(9), 2, one()), "transform 2, attribute 4: 2");
}

#[test]
fn a_form_or_an_order_that_is_wrong_is_seen() {
    let shown = |attributes| shown(ProtocolId::ESP, 3, attributes);
    assert_eq!(shown(vec![Attribute::variable(4, [0, 1])]), "ESP_3DES, encapsulation mode: 0x0001");
    assert_eq!(shown(vec![Attribute::basic(2, 60)]), "ESP_3DES, 60 of no unit");
    let long = vec![Attribute::basic(1, 1), Attribute::variable(2, vec![1; 9])];
    assert_eq!(shown(long), "ESP_3DES, 0x010101010101010101 seconds");
}

#[test]
fn what_a_configuration_tells_is_shown_by_its_meaning() {
    let told = |class: ConfigAttribute, value: &[u8]| configuration(&Attribute::variable(class.0, value));
    assert_eq!(told(ConfigAttribute::INTERNAL_IP4_ADDRESS, &[10, 0, 0, 7]), "INTERNAL_IP4_ADDRESS 10.0.0.7");
    assert_eq!(told(ConfigAttribute::INTERNAL_IP4_ADDRESS, &[]), "INTERNAL_IP4_ADDRESS");
    let v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    assert_eq!(told(ConfigAttribute::INTERNAL_IP6_DNS, &v6), "INTERNAL_IP6_DNS 2001:db8::1");
    assert_eq!(
        told(ConfigAttribute::INTERNAL_IP4_SUBNET, &[10; 8]),
        "INTERNAL_IP4_SUBNET 0x0a0a0a0a0a0a0a0a"
    );
    let expiry = told(ConfigAttribute::INTERNAL_ADDRESS_EXPIRY, &[0, 0, 0x0e, 0x10]);
    assert_eq!(expiry, "INTERNAL_ADDRESS_EXPIRY 0x00000e10");
    assert_eq!(told(ConfigAttribute::APPLICATION_VERSION, b"1.0\n"), "APPLICATION_VERSION 1.0\\n");
    assert_eq!(told(ConfigAttribute::XAUTH_USER_NAME, b"joe"), "XAUTH-USER-NAME joe");
    let basic = |class: ConfigAttribute, value| configuration(&Attribute::basic(class.0, value));
    assert_eq!(basic(ConfigAttribute::XAUTH_STATUS, 0), "XAUTH-STATUS FAIL");
    assert_eq!(basic(ConfigAttribute::XAUTH_TYPE, 2), "XAUTH-TYPE OTP");
    assert_eq!(basic(ConfigAttribute::UNITY_PFS, 1), "UNITY_PFS 1");
}

#[test]
fn secrets_are_not_told() {
    let secrets = [
        ConfigAttribute::XAUTH_USER_PASSWORD,
        ConfigAttribute::XAUTH_PASSCODE,
        ConfigAttribute::XAUTH_NEXT_PIN,
        ConfigAttribute::XAUTH_ANSWER,
    ];
    for class in secrets {
        assert_eq!(configuration(&Attribute::variable(class.0, *b"foobar")), format!("{class} of 6 octets"));
        assert_eq!(configuration(&Attribute::basic(class.0, 0x6162)), format!("{class} of 2 octets"));
    }
}
