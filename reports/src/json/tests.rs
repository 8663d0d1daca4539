use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::outcome::sample;
use crate::outcome::{Offers, Refusal};

#[test]
fn results_read_as_json() {
    insta::assert_snapshot!(to_json(&sample::results()));
}

#[test]
fn json_reads_back_without_wall_clock_times() {
    let mut results = sample::results();
    let text = to_json(&results);
    for case in results.suites.iter_mut().flat_map(|suite| &mut suite.cases) {
        case.elapsed = None;
    }
    assert_eq!(from_json(&text).unwrap(), results);
}

#[test]
fn other_schemas_and_other_texts_are_refused() {
    assert!(matches!(from_json(r#"{"schema": 1}"#), Err(JsonError::Schema { found: 1 })));
    for text in ["", "{}", r#"{"schema": 2}"#, r#"{"schema": 2, "suites": 5}"#] {
        assert!(matches!(from_json(text), Err(JsonError::Malformed(_))), "{text}");
    }
}

/// Results in which nothing is left out that may be.
fn full() -> Results {
    let mut results = sample::results();
    let offers = Offers {
        transform: Some("ENCR".to_owned()),
        offered: vec!["aes128".to_owned()],
        configured: vec!["aes256".to_owned()],
    };
    let refusal = |offers| Refusal {
        at_nanos: 40_000_000,
        peer: "west".to_owned(),
        reason: "no-proposal-chosen".to_owned(),
        text: "no proposal chosen".to_owned(),
        offers,
    };
    let case = &mut results.suites[0].cases[0];
    case.warnings = BTreeSet::from(["DES is advised against".to_owned()]);
    case.refusals = vec![refusal(Some(offers)), refusal(Some(Offers::default())), refusal(None)];
    if let crate::Verdict::Failed(failure) = &mut results.suites[1].cases[1].verdict {
        failure.line = None;
    }
    results
}

/// What keeps a value from being as a schema says. A word of the schema that is not known here is a fault, so that it says nothing
/// that is not looked at.
fn fault(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    for (word, rule) in schema.as_object().unwrap() {
        let wrong = match word.as_str() {
            "description" | "title" | "$schema" | "$id" | "$defs" => None,
            "$ref" => {
                let named = root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                fault(root, named, value, at)
            }
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                let is = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                (!types.iter().any(is)).then(|| format!("{at} is no {rule}"))
            }
            "const" => (value != rule).then(|| format!("{at} is not {rule}")),
            "minimum" => (value.as_i64() < rule.as_i64()).then(|| format!("{at} is below {rule}")),
            "required" => {
                let missing =
                    rule.as_array().unwrap().iter().find(|key| value.get(key.as_str().unwrap()).is_none());
                missing.map(|key| format!("{at} has no {key}"))
            }
            "properties" => rule.as_object().unwrap().iter().find_map(|(key, rule)| {
                value.get(key).and_then(|inside| fault(root, rule, inside, &format!("{at}/{key}")))
            }),
            "additionalProperties" => value.as_object().and_then(|object| {
                let known = |key: &str| schema["properties"].get(key).is_some();
                object.iter().filter(|(key, _)| !known(key)).find_map(|(key, inside)| match rule {
                    Value::Bool(false) => Some(format!("{at} has a {key} that is not known")),
                    rule => fault(root, rule, inside, &format!("{at}/{key}")),
                })
            }),
            "items" => value.as_array().and_then(|items| {
                items.iter().enumerate().find_map(|(n, item)| fault(root, rule, item, &format!("{at}/{n}")))
            }),
            "uniqueItems" => value.as_array().and_then(|items| {
                let unique: BTreeSet<String> = items.iter().map(ToString::to_string).collect();
                (unique.len() < items.len()).then(|| format!("{at} has something twice"))
            }),
            "oneOf" | "anyOf" => {
                let rules = rule.as_array().unwrap();
                let fits = rules.iter().filter(|rule| fault(root, rule, value, at).is_none()).count();
                let wanted = if word == "oneOf" { fits == 1 } else { fits > 0 };
                (!wanted).then(|| format!("{at} fits {fits} of {word}"))
            }
            other => panic!("{other} is not known here"),
        };
        if wrong.is_some() {
            return wrong;
        }
    }
    None
}

#[test]
fn results_are_as_the_published_schema_says() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    assert_eq!(schema["properties"]["schema"]["const"], SCHEMA);
    for results in [full(), sample::results(), Results::default()] {
        let value: Value = serde_json::from_str(&to_json(&results)).unwrap();
        assert_eq!(fault(&schema, &schema, &value, ""), None);
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_told() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let good: Value = serde_json::from_str(&to_json(&full())).unwrap();
    let changes = [
        ("", "extra", Value::from(1)),
        ("", "schema", Value::from(1)),
        ("/suites/0", "seeds", Value::from("0..2")),
        ("/suites/0", "title", Value::Null),
        ("/suites/0/cases/0", "seed", Value::from(-1)),
        ("/suites/0/cases/0", "verdict", Value::from("perhaps")),
        ("/suites/0/cases/0/refusals/0", "peer", Value::from(3)),
        ("/suites/0/cases/0/refusals/0/offers", "offered", Value::from("aes128")),
        ("/suites/1/cases/1/verdict/failed", "line", Value::from(7)),
        ("/suites/1/sometimes/0", "met_by", Value::from(vec![1, 1])),
    ];
    for (place, key, changed) in changes {
        let mut value = good.clone();
        value.pointer_mut(place).unwrap()[key] = changed;
        assert!(fault(&schema, &schema, &value, "").is_some(), "{place} {key}");
    }
}
