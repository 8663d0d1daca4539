//! When two distinguished names are the same, and when one lies in the subtree of another (RFC 5280 §7.1).
//!
//! Of the string preparation of RFC 4518, the case is folded and spaces are compressed; letters that Unicode can compose
//! in several ways are compared as they are written.

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::Tag;
use x509_cert::der::Tagged;
use x509_cert::name::{Name, RelativeDistinguishedName};

/// Whether they are the same.
pub(crate) fn same(one: &Name, other: &Name) -> bool {
    one.len() == other.len() && is_within(one, other)
}

/// Whether `name` lies in the subtree of `base`.
pub(crate) fn is_within(name: &Name, base: &Name) -> bool {
    name.len() >= base.len() && name.iter_rdn().zip(base.iter_rdn()).all(|(one, other)| same_rdn(one, other))
}

fn same_rdn(one: &RelativeDistinguishedName, other: &RelativeDistinguishedName) -> bool {
    let has = |attribute: &AttributeTypeAndValue| other.iter().any(|other| same_attribute(attribute, other));
    one.len() == other.len() && one.iter().all(has)
}

fn same_attribute(one: &AttributeTypeAndValue, other: &AttributeTypeAndValue) -> bool {
    one.oid == other.oid
        && match (prepared(one), prepared(other)) {
            (Some(one), Some(other)) => one == other,
            _ => one.value == other.value,
        }
}

/// The text of an attribute, prepared for comparison; none if it is no text that can be read.
fn prepared(attribute: &AttributeTypeAndValue) -> Option<String> {
    let text = text(attribute)?;
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    Some(words.join(" "))
}

/// The text of an attribute.
pub(super) fn text(attribute: &AttributeTypeAndValue) -> Option<&str> {
    let is_text = matches!(attribute.value.tag(), Tag::PrintableString | Tag::Utf8String | Tag::Ia5String);
    is_text.then(|| std::str::from_utf8(attribute.value.value()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn case_and_spaces_do_not_tell_names_apart() {
        let west = name("C=NL,O=Example  Works ,CN=West");
        assert!(same(&west, &name("C=nl,O=example works,CN=WEST")));
        assert!(!same(&west, &name("C=NL,O=ExampleWorks,CN=West")));
        assert!(!same(&west, &name("C=NL,CN=West,O=Example Works")));
        assert!(!same(&west, &name("C=NL,O=Example Works,OU=West")));
    }

    #[test]
    fn a_printable_string_equals_the_same_text_in_utf8() {
        // CN=West as PrintableString.
        let printable = name("CN=#130457657374");
        assert!(same(&printable, &name("CN=west")));
        // As BMPString it is compared octet by octet.
        let wide = name("CN=#1e080057006500730074");
        assert!(same(&wide, &wide) && !same(&wide, &printable));
    }

    #[test]
    fn the_attributes_of_one_level_have_no_order_but_a_number() {
        assert!(same(&name("CN=west+OU=gate"), &name("OU=gate+CN=west")));
        assert!(!same(&name("CN=west+OU=gate"), &name("CN=west")));
    }

    #[test]
    fn a_subtree_holds_what_has_its_first_levels() {
        let base = name("O=Example,C=NL");
        assert!(is_within(&name("CN=west,O=example,C=NL"), &base));
        assert!(is_within(&base, &base) && is_within(&base, &Name::default()));
        assert!(!is_within(&name("C=NL"), &base));
        assert!(!is_within(&name("CN=west,O=Other,C=NL"), &base));
    }
}
