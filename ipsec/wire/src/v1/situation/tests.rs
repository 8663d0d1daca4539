use proptest::prelude::*;

use super::*;
use crate::v1::arbitrary;
use crate::v2::written::octets;

/// RFC 2407 §4.6.1, figure 1, from the situation on.
const LABELED: &str = "
    00 00 00 07             ; identity, secrecy, integrity
    00 00 00 2a             ; labeled domain identifier
    00 05 00 00             ; secrecy length, in octets
      01 02 03 04 05 00 00 00
    00 09 00 00             ; secrecy category length, in bits
      ff 80 00 00
    00 01 00 00             ; integrity length, in octets
      07 00 00 00
    00 00 00 00             ; integrity category length, in bits";

fn labels() -> Labels {
    Labels {
        identity: true,
        domain: 42,
        secrecy: Some(Label { level: vec![1, 2, 3, 4, 5], category_bits: 9, categories: vec![0xff, 0x80] }),
        integrity: Some(Label { level: vec![7], category_bits: 0, categories: Vec::new() }),
    }
}

/// What is read, and how many octets are left behind it.
fn read(doi: Doi, octets: &[u8]) -> Result<(Situation, usize), Malformed> {
    let mut cursor = Cursor::new(octets, 0);
    let situation = Situation::parse(doi, &mut cursor)?;
    Ok((situation, cursor.rest().len()))
}

fn written(situation: &Situation) -> Vec<u8> {
    let mut octets = Vec::new();
    situation.emit(&mut octets);
    octets
}

#[test]
fn labels_lie_where_the_rfc_draws_them() {
    let labeled = Situation::Labeled(Box::new(labels()));
    assert_eq!(hex::encode(written(&labeled)), hex::encode(octets(LABELED)));
    assert_eq!(read(Doi::IPSEC, &octets(LABELED)), Ok((labeled, 0)));
}

#[test]
fn without_labels_the_situation_is_four_octets() {
    let octets = octets("00 00 00 01  00 00 00 2c");
    assert_eq!(read(Doi::IPSEC, &octets), Ok((Situation::IdentityOnly, 4)));
    assert_eq!(written(&Situation::IdentityOnly), [0, 0, 0, 1]);
}

#[test]
fn each_label_is_there_where_its_bit_is_set() {
    let secrecy = Labels { identity: false, integrity: None, ..labels() };
    let integrity = Labels { identity: true, secrecy: None, ..labels() };
    for (bitmap, labels) in [(2, secrecy), (5, integrity)] {
        let labeled = Situation::Labeled(Box::new(labels));
        let octets = written(&labeled);
        assert_eq!(octets[..4], [0, 0, 0, bitmap]);
        assert_eq!(read(Doi::IPSEC, &octets), Ok((labeled, 0)));
    }
}

#[test]
fn what_is_not_known_takes_everything() {
    let octets = octets("00 00 00 01 aa bb");
    for doi in [Doi::ISAKMP, Doi::GDOI, Doi(77)] {
        assert_eq!(read(doi, &octets), Ok((Situation::Unknown(octets.clone()), 0)));
    }
    for bitmap in [0_u32, 8, 9, 0x8000_0001] {
        let octets = [&bitmap.to_be_bytes()[..], &[0xaa, 0xbb]].concat();
        assert_eq!(read(Doi::IPSEC, &octets), Ok((Situation::Unknown(octets.clone()), 0)));
    }
}

#[test]
fn labels_cut_short_are_malformed() {
    let whole = octets(LABELED);
    for length in 0..whole.len() {
        let malformed = read(Doi::IPSEC, &whole[..length]).unwrap_err();
        assert!(malformed.offset <= length, "{length}: {malformed}");
    }
    let told = read(Doi::IPSEC, &whole[..17]).unwrap_err().to_string();
    assert_eq!(told, "offset 12: a level needs 8 octets, but 5 are left");
}

proptest! {
    #[test]
    fn a_written_situation_reads_as_itself((doi, situation) in arbitrary::situation()) {
        prop_assert_eq!(read(doi, &written(&situation)), Ok((situation, 0)));
    }
}
