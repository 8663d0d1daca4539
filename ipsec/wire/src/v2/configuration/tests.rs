use proptest::prelude::*;

use super::*;
use crate::registry::PayloadType;
use crate::v2::arbitrary;
use crate::v2::written::{both_ways, complaint, octets};
use crate::v2::{Payload, parse_chain};

fn attribute(kind: Type, value: ConfigValue) -> ConfigAttribute {
    ConfigAttribute { kind, value }
}

/// RFC 7296 §3.15: figures 22 and 23, and the attributes of §3.15.1.
#[test]
fn attributes_lie_where_the_rfc_draws_them() {
    let v4 = |text: &str| text.parse::<Ipv4Addr>().unwrap();
    let v6 = |text: &str| text.parse::<Ipv6Addr>().unwrap();
    let attributes = vec![
        ConfigAttribute::asked(Type::INTERNAL_IP4_ADDRESS),
        ConfigAttribute::address(v4("10.3.0.1").into()),
        attribute(Type::INTERNAL_IP4_NETMASK, ConfigValue::Ipv4(v4("255.255.0.0"))),
        attribute(Type::INTERNAL_IP4_SUBNET, ConfigValue::Subnet(v4("10.2.0.0"), v4("255.255.0.0"))),
        ConfigAttribute::address(v6("fd00::1").into()),
        attribute(Type::INTERNAL_IP6_DNS, ConfigValue::Ipv6(v6("fd00::53"))),
        attribute(Type::APPLICATION_VERSION, ConfigValue::Octets(b"1.0".to_vec())),
        attribute(
            Type::SUPPORTED_ATTRIBUTES,
            ConfigValue::Types(vec![Type::INTERNAL_IP4_ADDRESS, Type::INTERNAL_IP6_ADDRESS]),
        ),
    ];
    let payload = Payload::Cp(Configuration { kind: ConfigType::CFG_REPLY, attributes });
    let text = "
        00 00 00 60             ; no next payload, length 96
        02 00 00 00             ; CFG_REPLY
          00 01 00 00           ; INTERNAL_IP4_ADDRESS, nothing
          00 01 00 04  0a 03 00 01
          00 02 00 04  ff ff 00 00
          00 0d 00 08  0a 02 00 00  ff ff 00 00
          00 08 00 11  fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01  80
          00 0a 00 10  fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 53
          00 07 00 03  31 2e 30
          00 0e 00 04  00 01 00 08";
    both_ways(&payload, text);
}

/// RFC 5739 §4.1, RFC 8598 §5, RFC 9464 §3.
#[test]
fn later_attributes_lie_where_their_rfcs_draw_them() {
    let v6 = |text: &str| text.parse::<Ipv6Addr>().unwrap();
    let name = b"\x03dns\x07example\x00".to_vec();
    let resolver = EncryptedDns {
        priority: 1,
        addresses: vec!["10.2.0.53".parse().unwrap()],
        name: name.clone(),
        parameters: vec![0, 1, 0, 4, 3, b'd', b'o', b't'],
    };
    let anchor = TrustAnchor { key_tag: 0x1234, algorithm: 8, digest_type: 2, digest: vec![0xaa, 0xbb] };
    let digests = DnsDigests { name, hashes: vec![2], digest: vec![0xcc; 3] };
    let attributes = vec![
        attribute(Type::INTERNAL_IP6_LINK, ConfigValue::Link(0x0102_0304_0506_0708, vec![9])),
        attribute(Type::INTERNAL_IP6_PREFIX, ConfigValue::Prefix(v6("fd01::"), 64)),
        attribute(Type::INTERNAL_DNS_DOMAIN, ConfigValue::Octets(b"example.com".to_vec())),
        attribute(Type::INTERNAL_DNSSEC_TA, ConfigValue::TrustAnchor(anchor)),
        attribute(Type::ENCDNS_IP4, ConfigValue::EncryptedDns(resolver)),
        attribute(Type::ENCDNS_DIGEST_INFO, ConfigValue::DnsDigests(digests)),
    ];
    let shown: Vec<String> = attributes.iter().map(ToString::to_string).collect();
    assert_eq!(shown[4], "ENCDNS_IP4 dns.example at 10.2.0.53, priority 1");
    let payload = Payload::Cp(Configuration { kind: ConfigType::CFG_SET, attributes });
    let text = "
        00 00 00 7c
        03 00 00 00             ; CFG_SET
          00 11 00 09  01 02 03 04 05 06 07 08  09
          00 12 00 11  fd 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00  40
          00 19 00 0b  65 78 61 6d 70 6c 65 2e 63 6f 6d
          00 1a 00 06  12 34 08 02 aa bb
          00 1b 00 1d  00 01 01 0d  0a 02 00 35
                       03 64 6e 73 07 65 78 61 6d 70 6c 65 00
                       00 01 00 04 03 64 6f 74
          00 1d 00 14  01 0d  03 64 6e 73 07 65 78 61 6d 70 6c 65 00
                       00 02  cc cc cc";
    both_ways(&payload, text);
}

#[test]
fn reserved_bits_are_ignored() {
    let read = parse_chain(PayloadType::CP, &octets("00 00 00 0c  01 ff ff ff  80 01 00 00"), 0).unwrap();
    let Payload::Cp(configuration) = &read[0] else { panic!("{read:?}") };
    assert_eq!(configuration.attributes, [ConfigAttribute::asked(Type::INTERNAL_IP4_ADDRESS)]);
}

#[test]
fn values_of_another_length_than_their_type_has_are_malformed() {
    let told = |attribute: &str| {
        let length = 8 + octets(attribute).len();
        complaint(PayloadType::CP, &format!("00 00 00 {length:02x}  01 00 00 00  {attribute}"))
    };
    let text = |at: usize, what: &str| (at, what.to_owned());
    assert_eq!(told("0001 0005 0a000001ff"), text(16, "octets behind the value of INTERNAL_IP4_ADDRESS"));
    assert_eq!(told("0001 0002 0a00"), text(12, "an IPv4 address needs 4 octets, but 2 are left"));
    assert_eq!(told("0001 0009 0a00"), text(12, "an attribute needs 9 octets, but 2 are left"));
    assert_eq!(
        told("0008 0011 00000000000000000000000000000001 81"),
        text(28, "an IPv6 prefix of 129 bits in INTERNAL_IP6_ADDRESS")
    );
    assert_eq!(told("001b 0004 0001 09 00").0, 16);
}

proptest! {
    #[test]
    fn an_attribute_reads_as_it_was_written(attribute in arbitrary::config_attribute()) {
        let mut octets = Vec::new();
        attribute.value.emit(&mut octets);
        prop_assert_eq!(ConfigAttribute::of(attribute.kind, &octets), Ok(attribute));
    }
}
