//! The language as a JSON Schema (draft 2020-12), for editors that complete and check scenario files while they are written:
//! the readers' shapes, with what the reference says of each key.

use serde_json::{Map, Value, json};

use super::shape::Shape;
use super::{Row, Section, sections};
use crate::file::read::NOUNS;

/// The schema, as indented JSON with a line feed at the end.
#[must_use]
pub fn schema() -> String {
    let top = sections().find(|section| section.heading.starts_with("title"));
    let mut properties = top.map_or_else(Map::new, |top| keys(&(top.shape)()));
    for noun in NOUNS {
        let heading = format!("[{noun}.NAME]");
        let Some(section) = sections().find(|section| section.heading == heading) else { continue };
        let named = json!({
            "type": "object",
            "description": section.meaning,
            "additionalProperties": of(&(section.shape)()),
        });
        properties.insert((*noun).to_owned(), named);
    }
    properties.insert("cases".to_owned(), cases());
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of Esplanade",
        "type": "object",
        "properties": properties,
        "required": ["title", "story"],
        "additionalProperties": false,
    });
    format!("{schema:#}\n")
}

/// The values that each case fills in.
fn cases() -> Value {
    let one = json!({ "type": ["string", "number", "boolean"] });
    let values = json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] });
    let block = json!({ "type": "object", "additionalProperties": values });
    json!({
        "description": "Values for `$NAME`: each combination of them makes a scenario.",
        "anyOf": [block, { "type": "array", "items": block }],
    })
}

fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Unknown => json!({}),
        Shape::Truth => or_case(&json!({ "type": "boolean" })),
        Shape::Whole => or_case(&json!({ "type": "integer" })),
        Shape::Number => or_case(&json!({ "type": "number" })),
        Shape::Text => json!({ "type": "string" }),
        Shape::Either(expected) if expected.contains("number") => json!({ "type": ["string", "number"] }),
        Shape::Either(expected) if expected.contains("by name") => json!({ "type": ["string", "object"] }),
        Shape::Either(_) => {
            json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
        }
        Shape::List(inner) => json!({ "type": "array", "items": of(inner) }),
        Shape::Table(inner) => json!({ "type": "object", "additionalProperties": of(inner) }),
        Shape::Keys(_) => {
            json!({ "type": "object", "properties": keys(shape), "additionalProperties": false })
        }
        Shape::Choice(choice) => {
            let words: Vec<_> =
                choice.iter().filter(|(_, shape)| shape.is_none()).map(|(word, _)| word).collect();
            let tables = choice.iter().filter_map(|(word, shape)| Some((word, shape.as_ref()?)));
            let section = section(shape);
            let table = |(word, shape): (&&'static str, &Shape)| {
                json!({
                    "type": "object",
                    "properties": { *word: described(section, word, of(shape)) },
                    "required": [word],
                    "additionalProperties": false,
                })
            };
            let mut all: Vec<Value> = tables.map(table).collect();
            if !words.is_empty() {
                all.insert(0, or_case(&json!({ "enum": words })));
            }
            json!({ "anyOf": all })
        }
    }
}

/// In place of the value may stand the name of one that a case fills in.
fn or_case(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "string", "pattern": "\\$" }] })
}

/// The keys of a table, each with what it means.
fn keys(shape: &Shape) -> Map<String, Value> {
    let Shape::Keys(keys) = shape else { return Map::new() };
    let section = section(shape);
    keys.iter().map(|(key, shape)| ((*key).to_owned(), described(section, key, of(shape)))).collect()
}

/// Where the reference tells of a table.
fn section(shape: &Shape) -> Option<&'static Section> {
    sections().find(|section| (section.shape)() == *shape)
}

/// A key's schema with what the reference says of it.
fn described(section: Option<&'static Section>, key: &str, mut schema: Value) -> Value {
    let row =
        section.and_then(|section| section.rows.iter().chain(section.both_ends).find(|row| row.key == key));
    if let Some(Row { meaning, otherwise, .. }) = row {
        schema["description"] = match *otherwise {
            "" => (*meaning).into(),
            otherwise => format!("{meaning} Left out: {otherwise}.").into(),
        };
    }
    schema
}

#[cfg(test)]
mod tests;
