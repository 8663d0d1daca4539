use proptest::prelude::*;

use super::*;
use crate::registry::PayloadType;
use crate::v2::Payload;
use crate::v2::arbitrary;
use crate::v2::written::{both_ways, complaint, octets};

/// RFC 7296 §3.3, figures 6 to 9.
const TWO_PROPOSALS: &str = "
    00 00 00 5c    ; no next payload, not critical, length 92
      02 00 00 28  ; proposal, more follow, length 40
      01 03 04 03  ; number 1, ESP, SPI size 4, 3 transforms
      c0 ff ee 01  ; SPI
        03 00 00 0c ; transform, more follow, length 12
        01 00 00 14 ; encryption, AES_GCM_16
        80 0e 01 00 ; attribute of fixed length, KEY_LENGTH, 256
        03 00 00 08 ; transform, more follow, length 8
        04 00 00 1f ; key exchange, CURVE25519
        00 00 00 08 ; last transform, length 8
        05 00 00 01 ; sequence numbers of 64 bits
      00 00 00 30  ; last proposal, length 48
      02 03 04 04  ; number 2, ESP, SPI size 4, 4 transforms
      c0 ff ee 01  ; SPI
        03 00 00 0c ; transform, more follow, length 12
        01 00 00 0c ; encryption, AES_CBC
        80 0e 00 80 ; KEY_LENGTH 128
        03 00 00 08 ; transform, more follow, length 8
        03 00 00 0c ; integrity, HMAC_SHA2_256_128
        03 00 00 08 ; transform, more follow, length 8
        03 00 00 02 ; integrity, HMAC_SHA1_96
        00 00 00 08 ; last transform, length 8
        05 00 00 00 ; sequence numbers of 32 bits";

fn two_proposals() -> SecurityAssociation {
    let spi = vec![0xc0, 0xff, 0xee, 0x01];
    let first = vec![
        Transform::new(TransformType::ENCR, 20, Some(256)),
        Transform::new(TransformType::KE, 31, None),
        Transform::new(TransformType::SN, 1, None),
    ];
    let second = vec![
        Transform::new(TransformType::ENCR, 12, Some(128)),
        Transform::new(TransformType::INTEG, 12, None),
        Transform::new(TransformType::INTEG, 2, None),
        Transform::new(TransformType::SN, 0, None),
    ];
    let proposal =
        |number, transforms| Proposal { number, protocol: ProtocolId::ESP, spi: spi.clone(), transforms };
    SecurityAssociation { proposals: vec![proposal(1, first), proposal(2, second)] }
}

/// A payload with one proposal for an IKE SA, whose only transform is written as `transform`.
fn one_transform(transform: &str) -> Vec<u8> {
    let transform = octets(transform);
    let length = |inner: usize| u16::try_from(inner).unwrap().to_be_bytes();
    let [payload, proposal] = [length(transform.len() + 12), length(transform.len() + 8)];
    let proposal = [&[0, 0, proposal[0], proposal[1], 1, 1, 0, 1], transform.as_slice()].concat();
    [&[0, 0, payload[0], payload[1]], proposal.as_slice()].concat()
}

fn read(octets: &[u8]) -> Transform {
    let payloads = crate::v2::parse_chain(PayloadType::SA, octets, 0).unwrap();
    let [Payload::Sa(sa)] = payloads.as_slice() else { panic!("not one SA payload: {payloads:?}") };
    sa.proposals[0].transforms[0].clone()
}

#[test]
fn two_proposals_lie_where_the_rfc_draws_them() {
    both_ways(&Payload::Sa(two_proposals()), TWO_PROPOSALS);
}

#[test]
fn an_ike_proposal_of_the_first_exchange_has_no_spi() {
    let transforms = vec![Transform::new(TransformType::PRF, 5, None)];
    let proposal = Proposal { number: 1, protocol: ProtocolId::IKE, spi: Vec::new(), transforms };
    let written = "
        00 00 00 14    ; no next payload, length 20
          00 00 00 10  ; last proposal, length 16
          01 01 00 01  ; number 1, IKE, no SPI, 1 transform
            00 00 00 08 02 00 00 05";
    both_ways(&Payload::Sa(SecurityAssociation { proposals: vec![proposal] }), written);
}

#[test]
fn attributes_that_are_not_known_are_kept_in_order() {
    let octets = one_transform(
        "00 00 00 1b
         01 00 00 0c
         80 0e 00 80       ; KEY_LENGTH 128
         80 11 be ef       ; type 17 with a value of two octets
         00 12 00 03 aabbcc ; type 18 with a length of three
         80 0e 01 00       ; KEY_LENGTH once more",
    );
    let unknown =
        vec![(0x8011, vec![0xbe, 0xef]), (0x0012, vec![0xaa, 0xbb, 0xcc]), (0x800e, vec![0x01, 0x00])];
    let transform = Transform { unknown, ..Transform::new(TransformType::ENCR, 12, Some(128)) };
    assert_eq!(read(&octets), transform);
    assert_eq!(transform.to_string(), "ENCR_AES_CBC-128 with unknown attributes");
}

#[test]
fn a_key_length_in_the_long_form_is_not_known() {
    let octets = one_transform("00 00 00 0e  01 00 00 0c  00 0e 00 02 00 80");
    let expected =
        Transform { unknown: vec![(14, vec![0, 128])], ..Transform::new(TransformType::ENCR, 12, None) };
    assert_eq!(read(&octets), expected);
}

#[test]
fn reserved_octets_are_ignored() {
    let mut octets = octets(TWO_PROPOSALS);
    for reserved in [5, 17, 21] {
        octets[reserved] = 0xff;
    }
    let payloads = crate::v2::parse_chain(PayloadType::SA, &octets, 0);
    assert_eq!(payloads, Ok(vec![Payload::Sa(two_proposals())]));
}

#[test]
fn wrong_counts_lengths_and_successors_are_malformed() {
    let sa = |text: &str| complaint(PayloadType::SA, text);
    assert_eq!(sa("00 00 00 04"), (4, "a proposal needs 1 octets, but 0 are left".to_owned()));
    let prf = "00 00 00 08 02 00 00 05";
    let cases = [
        ("a length below the header", "00 00 00 14  00 00 00 03 01 01 00 01", 6),
        ("a length beyond the payload", "00 00 00 14  00 00 00 11 01 01 00 01", 8),
        ("another proposal announced", "00 00 00 14  02 00 00 10 01 01 00 01", 20),
        ("a successor of another kind", "00 00 00 14  03 00 00 10 01 01 00 01", 4),
        ("two transforms announced", "00 00 00 14  00 00 00 10 01 01 00 02", 11),
        ("no transform announced", "00 00 00 14  00 00 00 10 01 01 00 00", 11),
        ("an SPI beyond the proposal", "00 00 00 14  00 00 00 10 01 01 09 01", 12),
    ];
    for (what, head, offset) in cases {
        assert_eq!(sa(&format!("{head} {prf}")).0, offset, "{what}");
    }
    let behind = format!("00 00 00 15  00 00 00 10 01 01 00 01 {prf} 00");
    assert_eq!(sa(&behind), (20, "octets behind the last proposal".to_owned()));
}

#[test]
fn wrong_transforms_are_malformed() {
    let head = "00 00 00 14  00 00 00 10 01 01 00 01";
    let transforms = [
        ("a length below the header", "00 00 00 03 02 00 00 05", 14),
        ("a length without an ID", "00 00 00 05 02 00 00 05", 17),
        ("a length beyond the proposal", "00 00 00 09 02 00 00 05", 16),
        ("another transform announced", "03 00 00 08 02 00 00 05", 20),
        ("a successor of another kind", "02 00 00 08 02 00 00 05", 12),
    ];
    for (what, transform, offset) in transforms {
        assert_eq!(complaint(PayloadType::SA, &format!("{head} {transform}")).0, offset, "{what}");
    }
    let attribute = "00 00 00 18  00 00 00 14 01 01 00 01  00 00 00 0c 02 00 00 05  00 0e 00 01";
    assert_eq!(
        complaint(PayloadType::SA, attribute),
        (24, "an attribute's value needs 1 octets, but 0 are left".to_owned())
    );
}

#[test]
fn a_proposal_shows_its_protocol_and_transforms() {
    let shown: Vec<String> = two_proposals().proposals.iter().map(ToString::to_string).collect();
    let sequence = "partially transmitted 64-bit sequence numbers";
    assert_eq!(shown[0], format!("ESP ENCR_AES_GCM_16-256 CURVE25519 {sequence}"));
    assert_eq!(
        shown[1],
        "ESP ENCR_AES_CBC-128 AUTH_HMAC_SHA2_256_128 AUTH_HMAC_SHA1_96 32-bit sequence numbers"
    );
}

proptest! {
    #[test]
    fn a_written_association_reads_as_itself(sa in arbitrary::security_association()) {
        let mut octets = Vec::new();
        sa.emit(&mut octets);
        prop_assert_eq!(SecurityAssociation::parse(&mut Cursor::new(&octets, 0)), Ok(sa));
    }
}
