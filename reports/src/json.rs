//! Results as JSON, for programs and for [`Results::merge`].

use serde::{Deserialize, Serialize};

use crate::Results;

/// The version of the layout. It changes when a reader of the old one would misunderstand the new one.
pub const SCHEMA: u32 = 2;

/// That layout as a JSON schema (draft 2020-12).
pub const JSON_SCHEMA: &str = include_str!("../schema/results-2.json");

/// Why a text holds no results.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or not of this shape.
    #[error("these are no results: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another version of the layout.
    #[error("results of schema {found}; this program reads schema {SCHEMA}")]
    Schema {
        /// The version found.
        found: u32,
    },
}

/// The results as indented JSON with a line feed at the end. Wall-clock times are left out.
///
/// # Panics
/// Never: results are plain data with texts as keys.
#[must_use]
pub fn to_json(results: &Results) -> String {
    let file = Written { schema: SCHEMA, results };
    let mut text = serde_json::to_string_pretty(&file).expect("plain data with texts as keys");
    text.push('\n');
    text
}

/// Reads what [`to_json`] wrote.
///
/// # Errors
/// When the text is not JSON, has another schema, or lacks something.
pub fn from_json(text: &str) -> Result<Results, JsonError> {
    let Version { schema } = serde_json::from_str(text)?;
    if schema != SCHEMA {
        return Err(JsonError::Schema { found: schema });
    }
    Ok(serde_json::from_str(text)?)
}

#[derive(Serialize)]
struct Written<'a> {
    schema: u32,
    #[serde(flatten)]
    results: &'a Results,
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

#[cfg(test)]
mod tests;
