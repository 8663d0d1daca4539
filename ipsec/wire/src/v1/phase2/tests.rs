use proptest::prelude::*;

use super::*;
use crate::v1::arbitrary;

fn told(attributes: &[Attribute]) -> String {
    Phase2::read(attributes).unwrap_err().to_string()
}

#[test]
fn each_class_has_the_number_of_the_rfc() {
    let suite = Phase2 {
        lifetimes: vec![Lifetime::seconds(3600)],
        group: Some(Group::MODP_2048),
        mode: Some(EncapsulationMode::UDP_TUNNEL),
        authentication: Some(Authentication::HMAC_SHA2_256),
        key_bits: Some(128),
        key_rounds: Some(12),
        sequence_numbers: Some(SequenceNumbers::BITS_64),
        others: vec![Attribute::basic(8, 10), Attribute::variable(32001, [1])],
    };
    let attributes = [
        Attribute::basic(1, 1),
        Attribute::basic(2, 3600),
        Attribute::basic(3, 14),
        Attribute::basic(4, 3),
        Attribute::basic(5, 5),
        Attribute::basic(6, 128),
        Attribute::basic(7, 12),
        Attribute::basic(11, 1),
        Attribute::basic(8, 10),
        Attribute::variable(32001, [1]),
    ];
    assert_eq!(suite.attributes(), attributes);
    assert_eq!(Phase2::read(&attributes), Ok(suite));
}

#[test]
fn what_is_not_said_is_not_there() {
    assert_eq!(Phase2::read(&[]), Ok(Phase2::default()));
    assert_eq!(Phase2::default().attributes(), []);
}

#[test]
fn a_class_may_stand_twice_if_its_values_agree() {
    let mode = |value| Attribute::basic(4, value);
    assert_eq!(Phase2::read(&[mode(1), mode(1)]).unwrap().mode, Some(EncapsulationMode::TUNNEL));
    assert_eq!(told(&[mode(1), mode(2)]), "encapsulation mode is both 1 and 2");
}

#[test]
fn a_basic_class_with_a_length_is_unusable() {
    for class in [1, 3, 4, 5, 6, 7, 11] {
        let told = told(&[Attribute::variable(class, [0, 1])]);
        assert_eq!(told, format!("{} has to be basic, but has a length", Class(class)));
    }
}

#[test]
fn half_a_lifetime_is_unusable() {
    assert_eq!(told(&[Attribute::basic(1, 1)]), "SA life type without its other half");
    assert_eq!(told(&[Attribute::basic(2, 1)]), "SA life duration without its other half");
}

proptest! {
    #[test]
    fn a_written_suite_reads_as_itself(suite in arbitrary::phase2()) {
        prop_assert_eq!(Phase2::read(&suite.attributes()), Ok(suite));
    }

    #[test]
    fn what_was_read_from_any_attributes_reads_as_itself(attributes in arbitrary::attributes()) {
        if let Ok(suite) = Phase2::read(&attributes) {
            prop_assert_eq!(Phase2::read(&suite.attributes()), Ok(suite));
        }
    }
}
