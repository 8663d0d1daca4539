use proptest::prelude::*;

use super::*;
use crate::v1::arbitrary;

fn of(attributes: &[Attribute]) -> Result<Vec<Lifetime>, String> {
    Lifetime::of(attributes).map_err(|unusable| unusable.to_string())
}

fn kind(kind: u16) -> Attribute {
    Attribute::basic(1, kind)
}

#[test]
fn each_duration_has_the_unit_before_it() {
    let day_or_traffic = [
        kind(1),
        Attribute::variable(2, 86400_u32.to_be_bytes()),
        kind(2),
        Attribute::variable(2, 100_000_u32.to_be_bytes()),
    ];
    assert_eq!(of(&day_or_traffic), Ok(vec![Lifetime::seconds(86400), Lifetime::kilobytes(100_000)]));
    assert_eq!(of(&[]), Ok(Vec::new()));
}

#[test]
fn other_attributes_may_stand_between() {
    let attributes = [kind(1), Attribute::basic(4, 1), Attribute::basic(2, 3600)];
    assert_eq!(of(&attributes), Ok(vec![Lifetime::seconds(3600)]));
}

#[test]
fn a_duration_may_have_any_form_of_a_number() {
    for duration in [Attribute::basic(2, 3600), Attribute::variable(2, [0x0e, 0x10])] {
        assert_eq!(of(&[kind(1), duration]), Ok(vec![Lifetime::seconds(3600)]));
    }
    let told =
        |octets: usize| Err(format!("SA life duration is a number of {octets} octets, expected 1 to 8"));
    assert_eq!(of(&[kind(1), Attribute::variable(2, vec![0; 9])]), told(9));
    assert_eq!(of(&[kind(1), Attribute::variable(2, [])]), told(0));
}

#[test]
fn half_a_lifetime_is_none() {
    let duration = || Attribute::basic(2, 3600);
    assert_eq!(of(&[duration()]), Err("SA life duration without its other half".to_owned()));
    assert_eq!(of(&[kind(1)]), Err("SA life type without its other half".to_owned()));
    assert_eq!(of(&[kind(1), kind(2), duration()]), Err("SA life type without its other half".to_owned()));
    assert_eq!(
        of(&[kind(1), duration(), duration()]),
        Err("SA life duration without its other half".to_owned())
    );
}

#[test]
fn two_of_one_unit_have_to_agree() {
    let twice = |second: Attribute| of(&[kind(1), Attribute::basic(2, 3600), kind(1), second]);
    assert_eq!(twice(Attribute::basic(2, 3600)), Ok(vec![Lifetime::seconds(3600)]));
    assert_eq!(twice(Attribute::variable(2, [0, 0, 0x0e, 0x10])), Ok(vec![Lifetime::seconds(3600)]));
    let told = "SA life duration in seconds is both 3600 and 7200";
    assert_eq!(twice(Attribute::basic(2, 7200)), Err(told.to_owned()));
}

#[test]
fn a_life_type_has_to_be_basic() {
    let long = [Attribute::variable(1, [0, 1]), Attribute::basic(2, 3600)];
    assert_eq!(of(&long), Err("SA life type has to be basic, but has a length".to_owned()));
}

proptest! {
    #[test]
    fn written_lifetimes_read_as_themselves(lifetimes in arbitrary::lifetimes()) {
        let attributes: Vec<Attribute> = lifetimes.iter().flat_map(|life| life.attributes(1, 2)).collect();
        prop_assert_eq!(Lifetime::of(&attributes), Ok(lifetimes));
    }
}
