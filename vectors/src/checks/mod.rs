//! The checks, and how they read cases.

mod aead;
pub(crate) mod cipher;
pub(crate) mod esp;
pub(crate) mod exchange;
pub(crate) mod mac;
pub(crate) mod nist;
pub(crate) mod own;
pub(crate) mod proof;
mod signature;
pub(crate) mod wycheproof;

use serde_json::Value;

/// One case of a JSON file.
pub(crate) struct Case<'a> {
    value: &'a Value,
    /// Its name or number.
    pub(crate) name: String,
}

/// The cases of a JSON file's list.
pub(crate) fn cases<'a>(file: &'a Value, list: &str) -> Result<Vec<Case<'a>>, String> {
    let list =
        file.get(list).and_then(Value::as_array).ok_or_else(|| format!("there is no list \"{list}\""))?;
    let name = |index: usize, value: &Value| match (value.get("name"), value.get("n")) {
        (Some(Value::String(name)), _) => name.clone(),
        (_, Some(number)) => number.to_string(),
        _ => (index + 1).to_string(),
    };
    Ok(list.iter().enumerate().map(|(index, value)| Case { value, name: name(index, value) }).collect())
}

/// A whole file as JSON.
pub(crate) fn json(data: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(data).map_err(|error| error.to_string())
}

impl<'a> Case<'a> {
    /// A JSON object as a case of its own.
    pub(crate) fn of(value: &'a Value, name: &str) -> Self {
        Self { value, name: name.to_owned() }
    }

    /// A field of octets.
    pub(crate) fn octets(&self, field: &str) -> Result<Vec<u8>, String> {
        let text = self.text(field)?;
        hex::decode(text).map_err(|error| format!("case {}, {field}: {error}", self.name))
    }

    /// The first of a list of octets.
    pub(crate) fn first_octets(&self, field: &str) -> Result<Vec<u8>, String> {
        let first = self.value.get(field).and_then(|list| list.get(0)).and_then(Value::as_str);
        let text = first.ok_or_else(|| format!("case {} has no list \"{field}\"", self.name))?;
        hex::decode(text).map_err(|error| format!("case {}, {field}: {error}", self.name))
    }

    /// A field of octets that may be absent.
    pub(crate) fn optional(&self, field: &str) -> Result<Option<Vec<u8>>, String> {
        self.value.get(field).map(|_| self.octets(field)).transpose()
    }

    /// A text.
    pub(crate) fn text(&self, field: &str) -> Result<&'a str, String> {
        let text = self.value.get(field).and_then(Value::as_str);
        text.ok_or_else(|| format!("case {} has no text \"{field}\"", self.name))
    }

    /// Yes or no.
    pub(crate) fn flag(&self, field: &str) -> Result<bool, String> {
        let flag = self.value.get(field).and_then(Value::as_bool);
        flag.ok_or_else(|| format!("case {} does not say whether \"{field}\"", self.name))
    }

    /// A number.
    pub(crate) fn number(&self, field: &str) -> Result<u64, String> {
        let number = self.value.get(field).and_then(Value::as_u64);
        number.ok_or_else(|| format!("case {} has no number \"{field}\"", self.name))
    }
}

#[cfg(test)]
mod tests;
