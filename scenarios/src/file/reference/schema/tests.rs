//! Each scenario of the repository keeps to the schema, and what the readers refuse does not.

use std::path::{Path, PathBuf};

use super::*;
use crate::file::cases::variants;

/// Where a value breaks the schema; of JSON Schema it knows what ours uses.
fn broken(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(any) = schema["anyOf"].as_array()
        && any.iter().all(|one| !broken(one, value, place).is_empty())
    {
        all.push(format!("{place}: none of {} fits {value}", any.len()));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |kind: &&str| match *kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other}"),
    };
    if !kinds.is_empty() && !kinds.iter().any(is) {
        all.push(format!("{place}: {value} is no {kinds:?}"));
    }
    if schema["pattern"] == "\\$" && !value.as_str().is_some_and(|text| text.contains('$')) {
        all.push(format!("{place}: {value} has no $"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        all.push(format!("{place}: {value} is no word of the choice"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        all.extend(broken(&schema["items"], item, &format!("{place}[{index}]")));
    }
    for (key, item) in value.as_object().into_iter().flatten() {
        let inner = format!("{place}.{key}");
        match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(known), _) => all.extend(broken(known, item, &inner)),
            (None, Value::Bool(false)) => all.push(format!("{inner}: no such key")),
            (None, others) => all.extend(broken(others, item, &inner)),
        }
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|key| value.is_object() && value.get(key).is_none());
    all.extend(missing.map(|key| format!("{place}: no {key}")));
    all
}

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => scenarios(&path, found),
            Some(extension) if extension == "toml" => found.push(path),
            _ => {}
        }
    }
}

fn checked(text: &str) -> Vec<String> {
    let value: toml::Table = toml::from_str(text).unwrap();
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    broken(&schema, &serde_json::to_value(value).unwrap(), "")
}

#[test]
fn each_scenario_of_the_suites_keeps_to_the_schema() {
    let mut files = Vec::new();
    scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("suites"), &mut files);
    assert!(files.len() > 500, "{}", files.len());
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for variant in variants(&text).unwrap() {
            let value: toml::Table = toml::from_str(&variant.text).unwrap();
            let wrong = broken(&schema, &serde_json::to_value(value).unwrap(), "");
            assert_eq!(wrong, [""; 0], "{} {:?}", file.display(), variant.case);
        }
    }
}

#[test]
fn wrong_keys_words_and_kinds_break_the_schema() {
    let wrong = |nouns: &str| checked(&format!("title = \"t\"\nstory = \"\"\n{nouns}"));
    assert_eq!(wrong("[peer.west]\naddress = \"192.0.2.1\""), [""; 0]);
    assert_eq!(wrong("[peer.west]\naddres = \"192.0.2.1\""), [".peer.west.addres: no such key"]);
    assert_eq!(wrong("[ike.site]\nversion = \"two\"").len(), 1);
    assert_eq!(wrong("[ike.site]\nversion = \"$version\"\n[cases]\nversion = [1, 2]"), [""; 0]);
    assert_eq!(wrong("[child.net]\nmode = \"tunel\"").len(), 1);
    assert_eq!(wrong("[ike.site]\nauth = { psk = \"a\", eap = {} }").len(), 1, "one of them");
    assert_eq!(checked("title = \"t\""), [": no story"]);
}

#[test]
fn the_committed_schema_is_the_one_that_is_made() {
    let committed = include_str!("../../../../scenario.schema.json");
    assert!(
        committed == schema(),
        "scenarios/scenario.schema.json is not what the tables say: \
         cargo esplanade language --schema > scenarios/scenario.schema.json"
    );
}
