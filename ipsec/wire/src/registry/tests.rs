use std::collections::BTreeMap;

use super::*;

/// Number and name of each known member, going by all the numbers there are.
macro_rules! members {
    ($name:ident, $number:ty) => {
        (0..=<$number>::MAX)
            .filter_map(|number| Some((u32::from(number), $name(number).name()?)))
            .collect::<Vec<(u32, &'static str)>>()
    };
}

fn registries() -> Vec<(&'static str, Vec<(u32, &'static str)>)> {
    vec![
        ("ProtocolId", members!(ProtocolId, u8)),
        ("TransformType", members!(TransformType, u8)),
        ("AuthMethod", members!(AuthMethod, u8)),
        ("Encryption", members!(Encryption, u16)),
        ("Prf", members!(Prf, u16)),
        ("Integrity", members!(Integrity, u16)),
        ("KeyExchange", members!(KeyExchange, u16)),
        ("SequenceNumbers", members!(SequenceNumbers, u16)),
        ("ExchangeType", members!(ExchangeType, u8)),
        ("PayloadType", members!(PayloadType, u8)),
        ("CertEncoding", members!(CertEncoding, u8)),
        ("IdType", members!(IdType, u8)),
        ("TsType", members!(TsType, u8)),
        ("NotifyType", members!(NotifyType, u16)),
    ]
}

#[test]
fn a_name_stands_for_one_number() {
    for (registry, members) in registries() {
        assert!(members.len() > 1, "{registry}");
        let by_name: BTreeMap<&str, u32> = members.iter().map(|(number, name)| (*name, *number)).collect();
        assert_eq!(by_name.len(), members.len(), "{registry} has a name twice");
        for (number, name) in members {
            assert_eq!(by_name.get(name), Some(&number), "{registry}");
        }
    }
}

/// Taken from RFC 7296 §3, RFC 4555 §4, RFC 8784 §3, RFC 8247, RFC 8031, RFC 9242 and RFC 9370.
const EXPECTED: &[(&str, &[(u32, &str)])] = &[
    (
        "ExchangeType",
        &[
            (34, "IKE_SA_INIT"),
            (35, "IKE_AUTH"),
            (36, "CREATE_CHILD_SA"),
            (37, "INFORMATIONAL"),
            (43, "IKE_INTERMEDIATE"),
            (44, "IKE_FOLLOWUP_KE"),
        ],
    ),
    (
        "PayloadType",
        &[(33, "SA"), (39, "AUTH"), (40, "Nonce"), (41, "N"), (44, "TSi"), (45, "TSr"), (46, "SK")],
    ),
    ("ProtocolId", &[(1, "IKE"), (2, "AH"), (3, "ESP")]),
    (
        "TransformType",
        &[
            (1, "encryption"),
            (2, "PRF"),
            (3, "integrity"),
            (4, "key exchange"),
            (6, "additional key exchange 1"),
        ],
    ),
    (
        "Encryption",
        &[
            (3, "ENCR_3DES"),
            (11, "ENCR_NULL"),
            (12, "ENCR_AES_CBC"),
            (20, "ENCR_AES_GCM_16"),
            (28, "ENCR_CHACHA20_POLY1305"),
        ],
    ),
    ("Prf", &[(2, "PRF_HMAC_SHA1"), (5, "PRF_HMAC_SHA2_256"), (7, "PRF_HMAC_SHA2_512")]),
    (
        "Integrity",
        &[
            (0, "NONE"),
            (2, "AUTH_HMAC_SHA1_96"),
            (12, "AUTH_HMAC_SHA2_256_128"),
            (14, "AUTH_HMAC_SHA2_512_256"),
        ],
    ),
    ("KeyExchange", &[(14, "MODP_2048"), (19, "ECP_256"), (31, "CURVE25519"), (36, "ML_KEM_768")]),
    (
        "IdType",
        &[(1, "ID_IPV4_ADDR"), (2, "ID_FQDN"), (3, "ID_RFC822_ADDR"), (5, "ID_IPV6_ADDR"), (11, "ID_KEY_ID")],
    ),
    ("AuthMethod", &[(1, "RSA digital signature"), (2, "shared key"), (14, "digital signature")]),
    ("TsType", &[(7, "TS_IPV4_ADDR_RANGE"), (8, "TS_IPV6_ADDR_RANGE")]),
    (
        "NotifyType",
        &[
            (1, "UNSUPPORTED_CRITICAL_PAYLOAD"),
            (4, "INVALID_IKE_SPI"),
            (5, "INVALID_MAJOR_VERSION"),
            (7, "INVALID_SYNTAX"),
            (9, "INVALID_MESSAGE_ID"),
            (11, "INVALID_SPI"),
            (14, "NO_PROPOSAL_CHOSEN"),
            (17, "INVALID_KE_PAYLOAD"),
            (24, "AUTHENTICATION_FAILED"),
            (34, "SINGLE_PAIR_REQUIRED"),
            (35, "NO_ADDITIONAL_SAS"),
            (36, "INTERNAL_ADDRESS_FAILURE"),
            (37, "FAILED_CP_REQUIRED"),
            (38, "TS_UNACCEPTABLE"),
            (39, "INVALID_SELECTORS"),
            (40, "UNACCEPTABLE_ADDRESSES"),
            (41, "UNEXPECTED_NAT_DETECTED"),
            (43, "TEMPORARY_FAILURE"),
            (44, "CHILD_SA_NOT_FOUND"),
            (47, "STATE_NOT_FOUND"),
            (16384, "INITIAL_CONTACT"),
            (16388, "NAT_DETECTION_SOURCE_IP"),
            (16390, "COOKIE"),
            (16393, "REKEY_SA"),
            (16396, "MOBIKE_SUPPORTED"),
            (16397, "ADDITIONAL_IP4_ADDRESS"),
            (16398, "ADDITIONAL_IP6_ADDRESS"),
            (16399, "NO_ADDITIONAL_ADDRESSES"),
            (16400, "UPDATE_SA_ADDRESSES"),
            (16401, "COOKIE2"),
            (16402, "NO_NATS_ALLOWED"),
            (16430, "IKEV2_FRAGMENTATION_SUPPORTED"),
            (16431, "SIGNATURE_HASH_ALGORITHMS"),
            (16435, "USE_PPK"),
            (16436, "PPK_IDENTITY"),
            (16437, "NO_PPK_AUTH"),
            (16438, "INTERMEDIATE_EXCHANGE_SUPPORTED"),
            (16441, "ADDITIONAL_KEY_EXCHANGE"),
        ],
    ),
];

#[test]
fn names_and_numbers_are_those_of_the_rfc() {
    let registries: BTreeMap<_, _> = registries().into_iter().collect();
    for (registry, members) in EXPECTED {
        for member in *members {
            assert!(registries[registry].contains(member), "{registry} {member:?}");
        }
    }
}

#[test]
fn a_constant_is_the_number_of_its_name() {
    assert_eq!(NotifyType::REKEY_SA, NotifyType(16393));
    assert_eq!(NotifyType::REKEY_SA.name(), Some("REKEY_SA"));
    assert_eq!(Encryption::AES_GCM_16, Encryption(20));
    assert_eq!(PayloadType::NONCE.name(), Some("Nonce"));
}

#[test]
fn an_unknown_number_is_kept_and_shows_as_a_number() {
    assert_eq!(NotifyType(8192).name(), None);
    assert_eq!(NotifyType(8192).to_string(), "NotifyType 8192");
    assert_eq!(ExchangeType(240).to_string(), "ExchangeType 240");
    assert_eq!(transform_name(TransformType::ENCR, 1024), "Encryption 1024");
    assert_eq!(transform_name(TransformType(241), 7), "TransformType 241 7");
}

#[test]
fn a_transform_takes_its_name_from_the_registry_of_its_type() {
    let names = [
        (TransformType::ENCR, 12, "ENCR_AES_CBC"),
        (TransformType::PRF, 5, "PRF_HMAC_SHA2_256"),
        (TransformType::INTEG, 12, "AUTH_HMAC_SHA2_256_128"),
        (TransformType::KE, 19, "ECP_256"),
        (TransformType::ADDKE7, 37, "ML_KEM_1024"),
        (TransformType::SN, 0, "32-bit sequence numbers"),
    ];
    for (kind, id, name) in names {
        assert_eq!(transform_name(kind, id), name);
    }
}

#[test]
fn errors_are_the_notifies_below_16384() {
    assert!(NotifyType(16383).is_error());
    assert!(!NotifyType::INITIAL_CONTACT.is_error());
}
