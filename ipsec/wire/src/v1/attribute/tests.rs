use proptest::prelude::*;

use super::*;
use crate::v1::arbitrary;
use crate::v2::written::octets;

/// RFC 2408 §3.3, figure 4, and the list of RFC 2407 §4.5.2.
const WRITTEN: &str = "
    80 01 00 01          ; basic, class 1, value 1
    00 02 00 04 00015180 ; class 2, length 4, 86400
    80 01 00 02
    00 02 00 04 000186a0
    00 07 00 00          ; class 7, no octets
    7f ff 00 01 aa       ; the last class, an odd length
    ff ff be ef";

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::basic(1, 1),
        Attribute::variable(2, 86400_u32.to_be_bytes()),
        Attribute::basic(1, 2),
        Attribute::variable(2, 100_000_u32.to_be_bytes()),
        Attribute::variable(7, []),
        Attribute::variable(0x7fff, [0xaa]),
        Attribute::basic(0x7fff, 0xbeef),
    ]
}

fn read(octets: &[u8]) -> Result<Vec<Attribute>, Malformed> {
    Attribute::parse_list(&mut Cursor::new(octets, 100))
}

fn written(attributes: &[Attribute]) -> Vec<u8> {
    let mut octets = Vec::new();
    Attribute::emit_list(attributes, &mut octets);
    octets
}

#[test]
fn both_forms_lie_where_the_rfc_draws_them() {
    assert_eq!(read(&octets(WRITTEN)), Ok(attributes()));
    assert_eq!(hex::encode(written(&attributes())), hex::encode(octets(WRITTEN)));
}

#[test]
fn a_list_that_ends_within_an_attribute_is_malformed() {
    let told = |text: &str| read(&octets(text)).unwrap_err().to_string();
    assert_eq!(told("80"), "offset 100: an attribute's type needs 2 octets, but 1 are left");
    assert_eq!(told("80 01 00"), "offset 102: an attribute's value or length needs 2 octets, but 1 are left");
    assert_eq!(told("00 02 00 04 000151"), "offset 104: an attribute's value needs 4 octets, but 3 are left");
    assert_eq!(
        told("00 02 ff ff 00015180"),
        "offset 104: an attribute's value needs 65535 octets, but 4 are left"
    );
}

#[test]
fn a_number_takes_the_shortest_form_and_is_read_from_any() {
    assert_eq!(Attribute::number(2, 0xffff), Attribute::basic(2, 0xffff));
    assert_eq!(Attribute::number(2, 0x1_0000), Attribute::variable(2, [0, 1, 0, 0]));
    assert_eq!(Attribute::number(2, 1 << 32), Attribute::variable(2, [0, 0, 0, 1, 0, 0, 0, 0]));
    assert_eq!(Value::Variable(vec![1]).number(), Some(1));
    assert_eq!(Value::Variable(vec![1, 0, 0]).number(), Some(0x1_0000));
    assert_eq!(Value::Variable(vec![0xff; 8]).number(), Some(u64::MAX));
    assert_eq!(Value::Variable(vec![0; 9]).number(), None);
    assert_eq!(Value::Variable(Vec::new()).number(), None);
}

#[test]
fn a_value_shows_its_form() {
    assert_eq!(Value::Basic(14).to_string(), "14");
    assert_eq!(Value::Variable(vec![0, 1, 0xfe]).to_string(), "0x0001fe");
    assert_eq!(Value::Variable(Vec::new()).to_string(), "nothing");
}

proptest! {
    #[test]
    fn a_written_list_reads_as_itself(attributes in arbitrary::attributes()) {
        prop_assert_eq!(read(&written(&attributes)), Ok(attributes));
    }

    /// Nothing of an attribute list is reserved.
    #[test]
    fn a_list_that_was_read_is_written_again_octet_for_octet(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
        if let Ok(attributes) = read(&octets) {
            prop_assert_eq!(written(&attributes), octets);
        }
    }

    #[test]
    fn a_number_is_the_number_that_was_written(number: u64) {
        prop_assert_eq!(Attribute::number(12, number).value.number(), Some(number));
    }
}
