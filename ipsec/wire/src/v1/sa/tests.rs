use proptest::prelude::*;

use super::*;
use crate::registry::v1::{
    Authentication, EncapsulationMode, EspTransform, IkeTransform, NotifyType, PayloadType,
};
use crate::v1::arbitrary;
use crate::v1::written::{both_ways, complaint, read};
use crate::v1::{Lifetime, Payload, Phase2};
use crate::v2::written::octets;

/// RFC 2408 §4.2: ESP with one of two transforms, or AH together with IPComp.
const TWO_OFFERS: &str = "
    00 00 00 8c        ; no next payload, length 140
    00 00 00 01        ; IPSEC
    00 00 00 01        ; SIT_IDENTITY_ONLY
      02 00 00 40      ; proposal, more follow, length 64
      01 03 04 02      ; number 1, ESP, SPI size 4, 2 transforms
      c0 ff ee 01      ; SPI
        03 00 00 1c    ; transform, more follow, length 28
        01 0c 00 00    ; number 1, ESP_AES-CBC
        80 01 00 01  80 02 0e 10  ; 3600 seconds
        80 04 00 01    ; tunnel
        80 05 00 05    ; HMAC-SHA2-256
        80 06 00 80    ; 128 bits
        00 00 00 18    ; last transform, length 24
        02 03 00 00    ; number 2, ESP_3DES
        80 01 00 01  80 02 0e 10
        80 04 00 01
        80 05 00 02    ; HMAC-SHA
      02 00 00 24      ; proposal, more follow, length 36
      02 02 04 01      ; number 2, AH, SPI size 4, 1 transform
      c0 ff ee 02      ; SPI
        00 00 00 18    ; the only transform, length 24
        01 05 00 00    ; number 1, AH_SHA2-256
        80 04 00 02    ; transport
        80 05 00 05    ; HMAC-SHA2-256
        00 63 00 04 deadbeef ; class 99, which is not known
      00 00 00 1c      ; last proposal, length 28
      02 04 02 01      ; number 2, IPCOMP, SPI size 2, 1 transform
      be ef            ; CPI
        00 00 00 12    ; the only transform, length 18
        01 02 00 00    ; number 1, IPCOMP_DEFLATE
        80 08 00 0a    ; compress dictionary size
        00 09 00 02 aabb ; compress private algorithm";

fn two_offers() -> SecurityAssociation {
    let suite = |authentication, key_bits| Phase2 {
        lifetimes: vec![Lifetime::seconds(3600)],
        mode: Some(EncapsulationMode::TUNNEL),
        authentication: Some(authentication),
        key_bits,
        ..Phase2::default()
    };
    let transform = |number, id, attributes| Transform { number, id, attributes };
    let esp = vec![
        transform(1, 12, suite(Authentication::HMAC_SHA2_256, Some(128)).attributes()),
        transform(2, 3, suite(Authentication::HMAC_SHA, None).attributes()),
    ];
    let ah = Phase2 {
        mode: Some(EncapsulationMode::TRANSPORT),
        authentication: Some(Authentication::HMAC_SHA2_256),
        others: vec![Attribute::variable(99, [0xde, 0xad, 0xbe, 0xef])],
        ..Phase2::default()
    };
    let ipcomp = vec![Attribute::basic(8, 10), Attribute::variable(9, [0xaa, 0xbb])];
    let proposal = |number, protocol, spi: &[u8], transforms| Proposal {
        number,
        protocol,
        spi: spi.to_vec(),
        transforms,
    };
    SecurityAssociation::new(vec![
        proposal(1, ProtocolId::ESP, &[0xc0, 0xff, 0xee, 0x01], esp),
        proposal(2, ProtocolId::AH, &[0xc0, 0xff, 0xee, 0x02], vec![transform(1, 5, ah.attributes())]),
        proposal(2, ProtocolId::IPCOMP, &[0xbe, 0xef], vec![transform(1, 2, ipcomp)]),
    ])
}

#[test]
fn proposals_lie_where_the_rfc_draws_them() {
    both_ways(&Payload::Sa(two_offers()), TWO_OFFERS);
}

#[test]
fn reserved_octets_are_ignored() {
    let mut octets = octets(TWO_OFFERS);
    for reserved in [1, 13, 25, 30, 31, 53] {
        assert_eq!(std::mem::replace(&mut octets[reserved], 0xff), 0, "{reserved}");
    }
    assert_eq!(read(PayloadType::SA, &octets), Payload::Sa(two_offers()));
}

#[test]
fn an_spi_of_isakmp_is_kept() {
    let proposal = Proposal {
        number: 1,
        protocol: ProtocolId::ISAKMP,
        spi: vec![7; 8],
        transforms: vec![Transform { number: 1, id: IkeTransform::KEY_IKE.0, attributes: Vec::new() }],
    };
    let written = "
        00 00 00 24  00000001 00000001
          00 00 00 18  01 01 08 01  0707070707070707
            00 00 00 08  01 01 00 00";
    both_ways(&Payload::Sa(SecurityAssociation::new(vec![proposal])), written);
}

#[test]
fn a_situation_that_is_not_known_leaves_no_proposals() {
    let unknown = |doi, octets: &[u8]| {
        let situation = Situation::Unknown(octets.to_vec());
        Payload::Sa(SecurityAssociation { doi, situation, proposals: Vec::new() })
    };
    both_ways(&unknown(Doi::IPSEC, &[0, 0, 0, 8, 1, 2]), "00 00 00 0e  00000001 00000008 0102");
    both_ways(&unknown(Doi::GDOI, &[1, 2, 3]), "00 00 00 0b  00000002 010203");
    both_ways(&unknown(Doi::ISAKMP, &[]), "00 00 00 08  00000000");
}

#[test]
fn wrong_counts_lengths_and_successors_are_malformed() {
    let sa = |text: &str| complaint(PayloadType::SA, text);
    let text = "the domain of interpretation needs 4 octets, but 3 are left".to_owned();
    assert_eq!(sa("00 00 00 07 000000"), (4, text));
    assert_eq!(sa("00 00 00 08 00000001").0, 8, "no situation");
    let text = "a proposal needs 1 octets, but 0 are left".to_owned();
    assert_eq!(sa("00 00 00 0c 00000001 00000001"), (12, text));
    let cases = [
        ("a length below the header", "00 00 00 03 01 01 00 01", 14),
        ("a length beyond the payload", "00 00 00 11 01 01 00 01", 16),
        ("another proposal announced", "02 00 00 10 01 01 00 01", 28),
        ("a successor of another kind", "03 00 00 10 01 01 00 01", 12),
        ("a payload as successor", "0a 00 00 10 01 01 00 01", 12),
        ("two transforms announced", "00 00 00 10 01 01 00 02", 19),
        ("no transform announced", "00 00 00 10 01 01 00 00", 19),
        ("an SPI beyond the proposal", "00 00 00 10 01 01 09 01", 20),
    ];
    for (what, proposal, offset) in cases {
        let text = format!("00 00 00 1c 00000001 00000001 {proposal} 00 00 00 08 01 01 00 00");
        assert_eq!(sa(&text).0, offset, "{what}");
    }
    let behind = "00 00 00 1d 00000001 00000001 00 00 00 10 01 01 00 01 00 00 00 08 01 01 00 00 00";
    assert_eq!(sa(behind), (28, "octets behind the last proposal".to_owned()));
}

#[test]
fn wrong_transforms_are_malformed() {
    let transforms = [
        ("a length below the header", "00 00 00 03 01 01 00 00", 22),
        ("a length without an ID", "00 00 00 05 01 01 00 00", 25),
        ("a length beyond the proposal", "00 00 00 09 01 01 00 00", 24),
        ("another transform announced", "03 00 00 08 01 01 00 00", 28),
        ("a successor of another kind", "02 00 00 08 01 01 00 00", 20),
    ];
    for (what, transform, offset) in transforms {
        let text = format!("00 00 00 1c 00000001 00000001 00 00 00 10 01 01 00 01 {transform}");
        assert_eq!(complaint(PayloadType::SA, &text).0, offset, "{what}");
    }
    let attribute = "
        00 00 00 20 00000001 00000001  00 00 00 14 01 01 00 01
        00 00 00 0c 01 01 00 00  00 0e 00 01";
    assert_eq!(
        complaint(PayloadType::SA, attribute),
        (32, "an attribute's value needs 1 octets, but 0 are left".to_owned())
    );
}

#[test]
fn a_proposal_shows_its_protocol_and_transforms() {
    let shown: Vec<String> = two_offers().proposals.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown[0],
        "ESP [ESP_AES-CBC, 3600 seconds, tunnel, HMAC-SHA2-256, 128 bits] \
         [ESP_3DES, 3600 seconds, tunnel, HMAC-SHA]"
    );
    assert_eq!(shown[1], "AH [AH_SHA2-256, transport, HMAC-SHA2-256, Phase2Attribute 99: 0xdeadbeef]");
}

/// The attribute list of RESPONDER-LIFETIME reads as that of a transform (RFC 2407 §4.6.3.1).
#[test]
fn the_lifetimes_of_a_transform_fit_a_notify() {
    let esp = &two_offers().proposals[0].transforms[0];
    assert_eq!(esp.id, EspTransform::AES_CBC.0);
    let mut data = Vec::new();
    Attribute::emit_list(&esp.attributes[..2], &mut data);
    let notify = crate::v1::Notify::new(NotifyType::RESPONDER_LIFETIME, data);
    let attributes = notify.responder_lifetime().unwrap();
    assert_eq!(Lifetime::of(&attributes), Ok(vec![Lifetime::seconds(3600)]));
}

proptest! {
    #[test]
    fn a_written_association_reads_as_itself(sa in arbitrary::security_association()) {
        let mut octets = Vec::new();
        sa.emit(&mut octets);
        prop_assert_eq!(SecurityAssociation::parse(&mut Cursor::new(&octets, 0)), Ok(sa));
    }

    #[test]
    fn any_transform_can_be_shown(transform in arbitrary::transform(), protocol: u8) {
        let protocol = ProtocolId(protocol);
        let begin = format!("{protocol} [");
        let proposal = Proposal { number: 1, protocol, spi: Vec::new(), transforms: vec![transform] };
        prop_assert!(proposal.to_string().starts_with(&begin));
    }
}
