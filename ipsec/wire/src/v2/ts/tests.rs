use proptest::prelude::*;

use super::*;
use crate::registry::PayloadType;
use crate::v2::Payload;
use crate::v2::arbitrary;
use crate::v2::written::{both_ways, complaint, octets};

/// RFC 7296 §3.13, figures 19 and 20.
const THREE: &str = "
    00 00 00 4c             ; no next payload, length 76
    03 00 00 00             ; 3 traffic selectors
      07 11 00 10           ; TS_IPV4_ADDR_RANGE, UDP, length 16
      01 f4 11 94           ; ports 500 to 4500
      0a 01 00 00           ; 10.1.0.0
      0a 01 ff ff           ; 10.1.255.255
      08 00 00 28           ; TS_IPV6_ADDR_RANGE, any protocol, length 40
      00 00 ff ff           ; any port
      20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 00
      20 01 0d b8 00 00 00 00 ff ff ff ff ff ff ff ff
      09 06 00 0c           ; TS_FC_ADDR_RANGE, which has no codec here, length 12
      01 02 03 04 05 06 07 08";

fn three() -> Vec<TrafficSelector> {
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    vec![
        TrafficSelector::Addresses {
            protocol: 17,
            ports: (500, 4500),
            first: address("10.1.0.0"),
            last: address("10.1.255.255"),
        },
        TrafficSelector::any(address("2001:db8::"), address("2001:db8::ffff:ffff:ffff:ffff")),
        TrafficSelector::Unknown { kind: TsType::FC_ADDR_RANGE, protocol: 6, body: (1..=8).collect() },
    ]
}

/// A TSi payload with one IPv4 selector with this second word, ports and addresses.
fn one_ipv4(length: &str, rest: &str) -> String {
    format!("00 00 00 18  01 00 00 00  07 00 {length} {rest}")
}

#[test]
fn selectors_lie_where_the_rfc_draws_them() {
    both_ways(&Payload::TsI(three()), THREE);
    both_ways(&Payload::TsR(three()), THREE);
}

/// RFC 9478 §2: figure 1.
#[test]
fn a_security_label_is_what_follows_the_length() {
    let label = TrafficSelector::Label(b"s0:c1".to_vec());
    both_ways(&Payload::TsI(vec![label.clone()]), "00 00 00 11  01 00 00 00  0a 00 00 09  73 30 3a 63 31");
    assert_eq!(label.to_string(), "label \"s0:c1\"");
    assert_eq!((label.label(), label.addresses()), (Some(&b"s0:c1"[..]), None));
}

/// RFC 9478 §2.2: a label of no octets is ignored.
#[test]
fn an_empty_label_is_no_label() {
    let empty = TrafficSelector::Unknown { kind: TsType::SECLABEL, protocol: 0, body: Vec::new() };
    both_ways(&Payload::TsI(vec![empty]), "00 00 00 0c  01 00 00 00  0a 00 00 04");
}

#[test]
fn opaque_ports_are_kept() {
    let written = one_ipv4("00 10", "ff ff 00 00  0a 00 00 01  0a 00 00 01");
    let address: IpAddr = [10, 0, 0, 1].into();
    let opaque = TrafficSelector::Addresses { protocol: 0, ports: (65535, 0), first: address, last: address };
    both_ways(&Payload::TsI(vec![opaque.clone()]), &written);
    assert_eq!(opaque.to_string(), "10.0.0.1-10.0.0.1[0/opaque]");
}

#[test]
fn reserved_octets_are_ignored() {
    let mut octets = octets(THREE);
    octets[5..8].fill(0xff);
    assert_eq!(crate::v2::parse_chain(PayloadType::TS_I, &octets, 0), Ok(vec![Payload::TsI(three())]));
}

#[test]
fn the_count_has_to_be_true_and_more_than_none() {
    let told = |count: u8| {
        let mut octets = octets(THREE);
        octets[4] = count;
        crate::v2::parse_chain(PayloadType::TS_I, &octets, 0).map_err(|malformed| malformed.to_string())
    };
    assert!(told(3).is_ok());
    for count in [0, 2, 4, 255] {
        let text = format!("offset 4: {count} traffic selectors are announced, 3 are there");
        assert_eq!(told(count).unwrap_err(), text);
    }
    assert_eq!(complaint(PayloadType::TS_I, "00 00 00 08  00 00 00 00").0, 4);
}

#[test]
fn a_length_that_does_not_fit_the_type_is_malformed() {
    let rest = "00 00 ff ff  0a 00 00 00  0a 00 00 ff";
    for (length, offset) in [("00 03", 10), ("00 0c", 10), ("00 0f", 10), ("00 11", 12)] {
        let (at, what) = complaint(PayloadType::TS_R, &one_ipv4(length, rest));
        assert_eq!(at, offset, "{length}: {what}");
    }
    let version_6 = "00 00 00 18  01 00 00 00  08 00 00 10  00 00 ff ff  0a 00 00 00  0a 00 00 ff";
    let text = "a traffic selector's length is 16, expected 40 for TS_IPV6_ADDR_RANGE".to_owned();
    assert_eq!(complaint(PayloadType::TS_R, version_6), (10, text));
}

#[test]
fn a_range_that_runs_backwards_is_malformed() {
    let (at, what) =
        complaint(PayloadType::TS_I, &one_ipv4("00 10", "00 00 ff ff  0a 00 00 02  0a 00 00 01"));
    assert_eq!(at, 10);
    assert_eq!(what, "a traffic selector's first address 10.0.0.2 lies behind its last, 10.0.0.1");
}

#[test]
fn a_selector_shows_what_is_not_any() {
    let shown: Vec<String> = three().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "10.1.0.0-10.1.255.255[17/500-4500]",
            "2001:db8::-2001:db8::ffff:ffff:ffff:ffff",
            "TS_FC_ADDR_RANGE of 8 octets"
        ]
    );
    let all_tcp = TrafficSelector::Addresses {
        protocol: 6,
        ports: (0, u16::MAX),
        first: [10, 0, 0, 0].into(),
        last: [10, 0, 0, 3].into(),
    };
    assert_eq!(all_tcp.to_string(), "10.0.0.0-10.0.0.3[6]");
}

#[test]
fn new_addresses_leave_protocol_and_ports() {
    let [udp, _, unknown] = three().try_into().unwrap();
    let narrowed = udp.with_addresses([10, 1, 0, 1].into(), [10, 1, 0, 2].into());
    assert_eq!((narrowed.protocol(), narrowed.ports()), (17, (500, 4500)));
    assert_eq!(narrowed.addresses(), Some(([10, 1, 0, 1].into(), [10, 1, 0, 2].into())));
    assert_eq!(unknown.with_addresses([10, 1, 0, 1].into(), [10, 1, 0, 2].into()), unknown);
    assert_eq!((unknown.addresses(), unknown.protocol(), unknown.ports()), (None, 6, (65535, 0)));
}

proptest! {
    #[test]
    fn written_selectors_read_as_themselves(
        list in proptest::collection::vec(arbitrary::traffic_selector(), 1..20)
    ) {
        let mut octets = Vec::new();
        TrafficSelector::emit_list(&list, &mut octets);
        prop_assert_eq!(TrafficSelector::parse_list(&mut Cursor::new(&octets, 0)), Ok(list));
    }
}
