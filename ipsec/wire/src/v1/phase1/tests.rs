use proptest::prelude::*;

use super::*;
use crate::v1::arbitrary;

fn told(attributes: &[Attribute]) -> String {
    Phase1::read(attributes).unwrap_err().to_string()
}

#[test]
fn each_class_has_the_number_of_the_rfc() {
    let suite = Phase1 {
        encryption: Some(Encryption::AES_CBC),
        key_bits: Some(256),
        hash: Some(Hash::SHA2_256),
        prf: Some(9),
        auth: Some(AuthMethod::RSA_SIGNATURES),
        group: Some(Group::MODP_3072),
        group_type: Some(GroupType::MODP),
        lifetimes: vec![Lifetime::seconds(86400), Lifetime::kilobytes(9)],
        others: vec![Attribute::variable(6, [1, 2, 3])],
    };
    let attributes = [
        Attribute::basic(1, 7),
        Attribute::basic(14, 256),
        Attribute::basic(2, 4),
        Attribute::basic(13, 9),
        Attribute::basic(3, 3),
        Attribute::basic(4, 15),
        Attribute::basic(5, 1),
        Attribute::basic(11, 1),
        Attribute::variable(12, [0, 1, 0x51, 0x80]),
        Attribute::basic(11, 2),
        Attribute::basic(12, 9),
        Attribute::variable(6, [1, 2, 3]),
    ];
    assert_eq!(suite.attributes(), attributes);
    assert_eq!(Phase1::read(&attributes), Ok(suite));
}

#[test]
fn what_is_not_said_is_not_there() {
    assert_eq!(Phase1::read(&[]), Ok(Phase1::default()));
    assert_eq!(Phase1::default().attributes(), []);
}

#[test]
fn order_does_not_matter() {
    let one = [Attribute::basic(4, 2), Attribute::basic(1, 5)];
    let other = [Attribute::basic(1, 5), Attribute::basic(4, 2)];
    assert_eq!(Phase1::read(&one), Phase1::read(&other));
}

#[test]
fn a_class_may_stand_twice_if_its_values_agree() {
    let hash = |value| Attribute::basic(2, value);
    let read = Phase1::read(&[hash(2), hash(2)]).unwrap();
    assert_eq!(read.hash, Some(Hash::SHA));
    assert_eq!(told(&[hash(2), hash(1)]), "hash algorithm is both 2 and 1");
}

#[test]
fn a_basic_class_with_a_length_is_unusable() {
    for class in [1, 2, 3, 4, 5, 11, 13, 14] {
        let told = told(&[Attribute::variable(class, [0, 1])]);
        assert_eq!(told, format!("{} has to be basic, but has a length", Class(class)));
    }
}

#[test]
fn half_a_lifetime_is_unusable() {
    assert_eq!(told(&[Attribute::basic(11, 1)]), "life type without its other half");
    assert_eq!(told(&[Attribute::basic(12, 1)]), "life duration without its other half");
}

proptest! {
    #[test]
    fn a_written_suite_reads_as_itself(suite in arbitrary::phase1()) {
        prop_assert_eq!(Phase1::read(&suite.attributes()), Ok(suite));
    }

    #[test]
    fn what_was_read_from_any_attributes_reads_as_itself(attributes in arbitrary::attributes()) {
        if let Ok(suite) = Phase1::read(&attributes) {
            prop_assert_eq!(Phase1::read(&suite.attributes()), Ok(suite));
        }
    }
}
