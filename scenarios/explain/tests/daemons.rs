//! Captures of strongSwan, see `daemons/README.md`: everything is opened and known by name, and nothing is wrong with it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::path::Path;

use explain::report::{Form, Text, summary};
use explain::{KeySource, Keys, Summary};

fn told(name: &str, keys: &Keys, form: Form) -> (String, Summary) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemons").join(format!("{name}.pcapng"));
    let mut text = Text::new(Vec::new(), form);
    let each = form == Form::Tree;
    let seen = explain::explain(File::open(path).unwrap(), keys, each, &mut |told| text.take(&told)).unwrap();
    (String::from_utf8(text.finish().unwrap()).unwrap(), seen)
}

fn keys(name: &str) -> Keys {
    let mut keys = Keys::default();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemons").join(format!("{name}.jsonl"));
    keys.load(&path).unwrap();
    keys
}

/// Explains a capture, to which nothing may stay closed or without a name.
fn all_of(name: &str, source: KeySource) -> String {
    let (trees, _) = told(name, &keys(name), Form::Tree);
    for line in trees.lines().map(str::trim) {
        // What has no name is called by the number of its kind.
        let is_numbered = |word: &str| {
            let digits = word.trim_matches(|letter: char| !letter.is_alphanumeric());
            ["payload", "N(", "Encryption", "attribute"]
                .iter()
                .any(|kind| line.contains(&format!("{kind}{digits}")))
                && digits.parse::<u16>().is_ok()
        };
        assert!(!line.split(' ').any(is_numbered), "{name}: {line}");
        assert!(!line.ends_with("…]"), "{name}: {line}");
    }
    let vendors = trees.lines().zip(trees.lines().skip(1)).filter(|(line, _)| line.trim() == "V");
    for (_, says) in vendors {
        assert!(!says.ends_with(" octets"), "{name}: a vendor that is not known, {says}");
    }
    let (ladder, seen) = told(name, &keys(name), Form::Ladder);
    assert!(seen.violations.is_empty(), "{name}: {:?}", seen.violations);
    for sa in &seen.ike {
        assert_eq!((sa.closed, sa.keys), (0, Some(source)), "{name}: IKE SA {}", sa.number);
    }
    for flow in &seen.flows {
        assert_eq!((flow.opened, flow.closed), (flow.packets, 0), "{name}: SPI {}", flow.spi);
    }
    assert!(!seen.flows.is_empty(), "{name}");
    format!("{ladder}{}", summary(&seen))
}

#[test]
fn keys_are_computed_from_what_a_key_exchange_came_to_and_shared_keys_are_proven() {
    let told = all_of("ikev2-shared-key", KeySource::Computed);
    assert_eq!(told.matches("proves itself with shared key 1 of those that are known").count(), 2);
    insta::assert_snapshot!(told);
}

#[test]
fn behind_a_nat() {
    insta::assert_snapshot!(all_of("ikev2-nat", KeySource::Computed));
}

#[test]
fn messages_in_fragments() {
    insta::assert_snapshot!(all_of("ikev2-fragments", KeySource::Given));
}

#[test]
fn eap() {
    insta::assert_snapshot!(all_of("ikev2-eap", KeySource::Given));
}

#[test]
fn an_ike_sa_is_replaced() {
    insta::assert_snapshot!(all_of("ikev2-rekeyed", KeySource::Given));
}

#[test]
fn keys_of_version_1_are_computed_from_the_shared_key_and_what_the_exchange_came_to() {
    insta::assert_snapshot!(all_of("ikev1-main-mode", KeySource::Computed));
}

#[test]
fn version_1_behind_a_nat() {
    insta::assert_snapshot!(all_of("ikev1-nat", KeySource::Computed));
}

#[test]
fn extended_authentication_and_configuration() {
    insta::assert_snapshot!(all_of("ikev1-xauth", KeySource::Given));
}

#[test]
fn another_shared_key_proves_nothing_and_opens_nothing_in_version_1() {
    let with = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/daemons").join(format!("{name}.jsonl"));
        let text = std::fs::read_to_string(path).unwrap().replace("staple", "stable");
        let mut keys = Keys::default();
        keys.add(name, &text).unwrap();
        told(name, &keys, Form::Ladder)
    };
    let (ladder, seen) = with("ikev2-shared-key");
    assert_eq!(ladder.matches("proves itself with no shared key that is known").count(), 2);
    assert_eq!(seen.ike[0].closed, 0);
    let (_, seen) = with("ikev1-main-mode");
    assert!(seen.ike[0].closed > 0 && seen.ike[0].keys.is_none());
}
