//! Values that can be written in more than one way.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::Text;

/// One text or a list of them.
#[derive(Debug)]
pub(in crate::file) struct Texts(pub(in crate::file) Vec<Text>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let either = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = either.span();
        Ok(match either.into_inner() {
            OneOrMany::One(text) => Self(vec![Spanned::new(span, text)]),
            OneOrMany::Many(texts) => Self(texts),
        })
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Text>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany::Many)
    }
}

/// A reason, or several by name, each of which can be that again.
#[derive(Debug)]
pub(in crate::file) enum Reasons {
    One(Text),
    Named(Vec<(Text, Reasons)>),
}

impl<'de> Deserialize<'de> for Reasons {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let either = Spanned::<OneOrNamed>::deserialize(deserializer)?;
        let span = either.span();
        Ok(match either.into_inner() {
            OneOrNamed::One(text) => Self::One(Spanned::new(span, text)),
            OneOrNamed::Named(named) => Self::Named(named),
        })
    }
}

enum OneOrNamed {
    One(String),
    Named(Vec<(Text, Reasons)>),
}

impl<'de> Deserialize<'de> for OneOrNamed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrNamedVisitor)
    }
}

struct OneOrNamedVisitor;

impl<'de> Visitor<'de> for OneOrNamedVisitor {
    type Value = OneOrNamed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or texts by name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OneOrNamed, E> {
        Ok(OneOrNamed::One(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OneOrNamed, A::Error> {
        let mut named = Vec::new();
        while let Some(entry) = map.next_entry()? {
            named.push(entry);
        }
        Ok(OneOrNamed::Named(named))
    }
}

/// A number, or a text that has to mean one; kept as text.
#[derive(Debug)]
pub(in crate::file) struct Number(pub(in crate::file) String);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        Ok(Number(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number(number.to_string()))
    }
}
