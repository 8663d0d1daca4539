use std::collections::BTreeMap;

use md5::{Digest, Md5};

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
        ("ExchangeType", members!(ExchangeType, u8)),
        ("PayloadType", members!(PayloadType, u8)),
        ("ProtocolId", members!(ProtocolId, u8)),
        ("IdType", members!(IdType, u8)),
        ("CertEncoding", members!(CertEncoding, u8)),
        ("NotifyType", members!(NotifyType, u16)),
        ("ConfigType", members!(ConfigType, u8)),
        ("IkeTransform", members!(IkeTransform, u8)),
        ("AhTransform", members!(AhTransform, u8)),
        ("EspTransform", members!(EspTransform, u8)),
        ("IpcompTransform", members!(IpcompTransform, u8)),
        ("Encryption", members!(Encryption, u16)),
        ("Hash", members!(Hash, u16)),
        ("AuthMethod", members!(AuthMethod, u16)),
        ("Group", members!(Group, u16)),
        ("GroupType", members!(GroupType, u16)),
        ("LifeType", members!(LifeType, u16)),
        ("EncapsulationMode", members!(EncapsulationMode, u16)),
        ("Authentication", members!(Authentication, u16)),
        ("SequenceNumbers", members!(SequenceNumbers, u16)),
        ("Phase1Attribute", members!(Phase1Attribute, u16)),
        ("Phase2Attribute", members!(Phase2Attribute, u16)),
        ("ConfigAttribute", members!(ConfigAttribute, u16)),
        ("XauthType", members!(XauthType, u16)),
        ("XauthStatus", members!(XauthStatus, u16)),
    ]
}

#[test]
fn a_name_stands_for_one_number() {
    for (registry, members) in registries() {
        assert!(!members.is_empty(), "{registry}");
        let by_name: BTreeMap<&str, u32> = members.iter().map(|(number, name)| (*name, *number)).collect();
        assert_eq!(by_name.len(), members.len(), "{registry} has a name twice");
    }
}

/// Numbers of a registry that are known, from the tables of the RFCs and drafts that it names.
const NUMBERS: &[(&str, &str)] = &[
    ("ExchangeType", "1-6 32 33"),
    ("PayloadType", "0-14 20 21 130-132"),
    ("ProtocolId", "0-4"),
    ("IdType", "1-12"),
    ("CertEncoding", "0-10"),
    ("NotifyType", "1-30 16384 24576-24578 36136 36137"),
    ("ConfigType", "1-4"),
    ("IkeTransform", "1"),
    ("AhTransform", "2-13"),
    ("EspTransform", "1-16 18-23"),
    ("IpcompTransform", "1-4"),
    ("Encryption", "1-8"),
    ("Hash", "1-6"),
    ("AuthMethod", "1-5 9-11 64221-64224 65001-65010"),
    ("Group", "1-5 14-30"),
    ("GroupType", "1-3"),
    ("LifeType", "1 2"),
    ("EncapsulationMode", "1-4 61443 61444"),
    ("Authentication", "1-13"),
    ("SequenceNumbers", "1"),
    ("Phase1Attribute", "1-16"),
    ("Phase2Attribute", "1-15"),
    ("ConfigAttribute", "1-15 16520-16529 28672-28682"),
    ("XauthType", "0-3"),
    ("XauthStatus", "0 1"),
];

#[test]
fn no_number_is_missing_and_none_is_made_up() {
    let registries = registries();
    assert_eq!(registries.len(), NUMBERS.len());
    for ((registry, members), (name, text)) in registries.into_iter().zip(NUMBERS) {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            first.parse::<u32>().unwrap()..=last.parse().unwrap()
        };
        let expected: Vec<u32> = text.split(' ').flat_map(range).collect();
        let known: Vec<u32> = members.into_iter().map(|(number, _)| number).collect();
        assert_eq!((registry, known), (*name, expected));
    }
}

/// Taken from the RFCs and drafts that the registries name.
const EXPECTED: &[(&str, &[(u32, &str)])] = &[
    (
        "ExchangeType",
        &[
            (2, "main mode"),
            (4, "aggressive mode"),
            (5, "informational"),
            (6, "transaction"),
            (32, "quick mode"),
            (33, "new group mode"),
        ],
    ),
    (
        "PayloadType",
        &[
            (1, "SA"),
            (4, "KE"),
            (5, "ID"),
            (8, "HASH"),
            (9, "SIG"),
            (10, "Nonce"),
            (11, "N"),
            (13, "V"),
            (14, "ATTR"),
            (20, "NAT-D"),
            (21, "NAT-OA"),
            (132, "FRAG"),
        ],
    ),
    ("ProtocolId", &[(1, "ISAKMP"), (2, "AH"), (3, "ESP"), (4, "IPCOMP")]),
    (
        "IdType",
        &[(3, "ID_USER_FQDN"), (4, "ID_IPV4_ADDR_SUBNET"), (8, "ID_IPV6_ADDR_RANGE"), (11, "ID_KEY_ID")],
    ),
    ("CertEncoding", &[(4, "X.509 certificate, signature"), (7, "certificate revocation list")]),
    (
        "NotifyType",
        &[
            (1, "INVALID-PAYLOAD-TYPE"),
            (13, "ATTRIBUTES-NOT-SUPPORTED"),
            (14, "NO-PROPOSAL-CHOSEN"),
            (16, "PAYLOAD-MALFORMED"),
            (18, "INVALID-ID-INFORMATION"),
            (23, "INVALID-HASH-INFORMATION"),
            (24, "AUTHENTICATION-FAILED"),
            (30, "UNEQUAL-PAYLOAD-LENGTHS"),
            (16384, "CONNECTED"),
            (24576, "RESPONDER-LIFETIME"),
            (24577, "REPLAY-STATUS"),
            (24578, "INITIAL-CONTACT"),
            (36136, "R-U-THERE"),
            (36137, "R-U-THERE-ACK"),
        ],
    ),
    ("ConfigType", &[(1, "REQUEST"), (2, "REPLY"), (3, "SET"), (4, "ACK")]),
    ("AhTransform", &[(2, "AH_MD5"), (3, "AH_SHA"), (5, "AH_SHA2-256"), (9, "AH_AES-XCBC-MAC")]),
    (
        "EspTransform",
        &[
            (2, "ESP_DES"),
            (3, "ESP_3DES"),
            (11, "ESP_NULL"),
            (12, "ESP_AES-CBC"),
            (13, "ESP_AES-CTR"),
            (14, "ESP_AES-CCM_8"),
            (16, "ESP_AES-CCM_16"),
            (18, "ESP_AES-GCM_8"),
            (20, "ESP_AES-GCM_16"),
            (22, "ESP_CAMELLIA"),
            (23, "ESP_NULL_AUTH_AES-GMAC"),
        ],
    ),
    ("Encryption", &[(1, "DES-CBC"), (5, "3DES-CBC"), (7, "AES-CBC"), (8, "CAMELLIA-CBC")]),
    ("Hash", &[(1, "MD5"), (2, "SHA"), (4, "SHA2-256"), (6, "SHA2-512")]),
    (
        "AuthMethod",
        &[
            (1, "pre-shared key"),
            (3, "RSA signatures"),
            (64221, "HybridInitRSA"),
            (65001, "XAUTHInitPreShared"),
        ],
    ),
    ("Group", &[(2, "MODP_1024"), (4, "EC2N_185"), (14, "MODP_2048"), (19, "ECP_256")]),
    (
        "EncapsulationMode",
        &[(1, "tunnel"), (2, "transport"), (3, "UDP-encapsulated tunnel"), (4, "UDP-encapsulated transport")],
    ),
    ("Authentication", &[(1, "HMAC-MD5"), (2, "HMAC-SHA"), (5, "HMAC-SHA2-256"), (7, "HMAC-SHA2-512")]),
    ("Phase1Attribute", &[(3, "authentication method"), (11, "life type"), (14, "key length")]),
    ("Phase2Attribute", &[(1, "SA life type"), (6, "key length"), (11, "extended sequence number")]),
    ("ConfigAttribute", &[(1, "INTERNAL_IP4_ADDRESS"), (16520, "XAUTH-TYPE"), (16527, "XAUTH-STATUS")]),
    ("XauthStatus", &[(0, "FAIL"), (1, "OK")]),
];

#[test]
fn names_and_numbers_are_those_of_the_rfcs() {
    let registries: BTreeMap<_, _> = registries().into_iter().collect();
    for (registry, members) in EXPECTED {
        for member in *members {
            assert!(registries[registry].contains(member), "{registry} {member:?}");
        }
    }
    assert_eq!((Doi::ISAKMP, Doi::IPSEC, Doi::GDOI), (Doi(0), Doi(1), Doi(2)));
}

#[test]
fn numbers_of_both_versions_that_share_a_field_do_not_meet() {
    use crate::registry;
    for number in 0..=u8::MAX {
        let exchanges = (ExchangeType(number).name(), registry::ExchangeType(number).name());
        assert!(exchanges.0.is_none() || exchanges.1.is_none(), "{exchanges:?}");
        let payloads = (PayloadType(number).name(), registry::PayloadType(number).name());
        assert!(number == 0 || payloads.0.is_none() || payloads.1.is_none(), "{payloads:?}");
    }
}

#[test]
fn a_transform_takes_its_name_from_the_registry_of_its_protocol() {
    let names = [
        (ProtocolId::ISAKMP, 1, "KEY_IKE"),
        (ProtocolId::AH, 3, "AH_SHA"),
        (ProtocolId::ESP, 3, "ESP_3DES"),
        (ProtocolId::IPCOMP, 3, "IPCOMP_LZS"),
        (ProtocolId::ESP, 250, "EspTransform 250"),
        (ProtocolId(9), 3, "transform 3"),
    ];
    for (protocol, id, name) in names {
        assert_eq!(transform_name(protocol, id), name);
    }
}

#[test]
fn errors_are_the_notifies_below_16384() {
    assert!(NotifyType(16383).is_error());
    assert!(!NotifyType::CONNECTED.is_error());
}

/// What the Vendor IDs are digests of.
#[test]
fn vendor_ids_are_digests_of_their_texts() {
    let texts = [
        (Vendor::RFC_3947, "RFC 3947"),
        (Vendor::NAT_T_00, "draft-ietf-ipsec-nat-t-ike-00"),
        (Vendor::NAT_T_02, "draft-ietf-ipsec-nat-t-ike-02"),
        (Vendor::NAT_T_02_LF, "draft-ietf-ipsec-nat-t-ike-02\n"),
        (Vendor::NAT_T_03, "draft-ietf-ipsec-nat-t-ike-03"),
        (Vendor::FRAGMENTATION, "FRAGMENTATION"),
        (Vendor::MS_NT5, "MS NT5 ISAKMPOAKLEY"),
        (Vendor::STRONGSWAN, "strongSwan"),
        (Vendor::RACOON, "KAME/racoon"),
    ];
    for (vendor, text) in texts {
        assert_eq!(hex::encode(vendor.octets()), hex::encode(Md5::digest(text)), "{vendor}");
    }
    let xauth = Md5::digest("draft-ietf-ipsra-isakmp-xauth-06.txt");
    assert_eq!(Vendor::XAUTH.octets(), &xauth[..8], "cut to eight octets");
    let unity = Md5::digest("CISCO-UNITY");
    assert_eq!(&Vendor::UNITY.octets()[..14], &unity[..14], "but for the version");
}

#[test]
fn dead_peer_detection_has_the_vendor_id_of_its_rfc() {
    assert_eq!(hex::encode(Vendor::DPD.octets()), "afcad71368a1f1c96b8696fc77570100");
}

#[test]
fn each_vendor_is_known_by_its_octets_and_nothing_else() {
    for vendor in Vendor::ALL {
        assert_eq!(Vendor::of(vendor.octets()), Some(vendor));
        assert_eq!(Vendor::of(&vendor.octets()[..vendor.octets().len() - 1]), None, "{vendor} cut short");
        let mut other = vendor.octets().to_vec();
        other[0] ^= 1;
        assert_eq!(Vendor::of(&other), None, "{vendor}");
    }
    assert_eq!((Vendor::of(&[]), Vendor::of(b"xyzzy")), (None, None));
}

#[test]
fn a_vendor_is_told_by_name_by_its_text_or_by_its_length() {
    assert_eq!(Vendor::says(Vendor::STRONGSWAN.octets()), "strongSwan");
    assert_eq!(Vendor::says(b"OpenPGP"), "OpenPGP");
    assert_eq!(Vendor::says(&[b'x'; 99]), "x".repeat(64));
    assert_eq!(Vendor::says(b"new\nline"), "8 octets");
    assert_eq!((Vendor::says(b"abc").as_str(), Vendor::says(&[]).as_str()), ("3 octets", "0 octets"));
}

#[test]
fn a_version_or_flags_do_not_hide_a_vendor() {
    let with = |vendor: Vendor, more: &[u8]| Vendor::of(&[vendor.octets(), more].concat());
    assert_eq!(with(Vendor::FRAGMENTATION, &[0x80, 0, 0, 0]), Some(Vendor::FRAGMENTATION));
    assert_eq!(with(Vendor::MS_NT5, &[0, 0, 0, 9]), Some(Vendor::MS_NT5));
    assert_eq!(with(Vendor::MS_NT5, &[0, 0, 0, 9, 0]), None);
    assert_eq!(with(Vendor::RFC_3947, &[0]), None);
    for vendor in [Vendor::DPD, Vendor::UNITY] {
        let mut newer = vendor.octets().to_vec();
        newer[14..].copy_from_slice(&[2, 7]);
        assert_eq!(Vendor::of(&newer), Some(vendor));
        assert_eq!(with(vendor, &[0]), None);
    }
}
