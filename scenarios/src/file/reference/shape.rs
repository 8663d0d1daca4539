//! What a type reads: the type itself is asked, by a deserialiser that looks at what is wanted of it and gives something of the
//! kind. A choice gives one of its words at a time, and so is asked until it has given each.

use std::slice;

use serde::de::value::{BorrowedStrDeserializer, Error, U64Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// The shape of a value of a scenario file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    Truth,
    Whole,
    Number,
    Text,
    /// What the reader says that it expects, where it takes several kinds.
    Either(String),
    List(Box<Shape>),
    /// Names that the file chooses, and what stands behind each.
    Table(Box<Shape>),
    /// Keys that the language has.
    Keys(Vec<(&'static str, Shape)>),
    /// One of these: a word, or a table with the word as its only key.
    Choice(Vec<(&'static str, Option<Shape>)>),
}

impl Shape {
    /// What this type reads.
    pub(super) fn of<T: DeserializeOwned>() -> Self {
        let mut shape = Self::Unknown;
        for _ in 0..MOST_WORDS {
            let read = T::deserialize(Ask(&mut shape));
            debug_assert!(read.is_ok(), "{:?}", read.err());
            if shape.is_known() {
                break;
            }
        }
        shape
    }

    /// The keys or words of it.
    pub(super) fn names(&self) -> Vec<&'static str> {
        match self {
            Self::Keys(keys) => keys.iter().map(|(key, _)| *key).collect(),
            Self::Choice(words) => words.iter().map(|(word, _)| *word).collect(),
            _ => Vec::new(),
        }
    }

    fn is_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Truth | Self::Whole | Self::Number | Self::Text | Self::Either(_) => true,
            Self::List(inner) | Self::Table(inner) => inner.is_known(),
            Self::Keys(keys) => keys.iter().all(|(_, shape)| shape.is_known()),
            Self::Choice(words) => words.iter().all(|(_, shape)| shape.as_ref().is_none_or(Self::is_known)),
        }
    }
}

/// More than all choices in one noun have together.
const MOST_WORDS: usize = 200;

/// Fills in a shape.
struct Ask<'a>(&'a mut Shape);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = Error;

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = Shape::Truth;
        visitor.visit_bool(false)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = Shape::Whole;
        visitor.visit_i64(1)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = Shape::Number;
        visitor.visit_f64(1.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.0 = Shape::Text;
        visitor.visit_str("")
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let expected: &dyn Expected = &visitor;
        *self.0 = Shape::Either(expected.to_string());
        visitor.visit_str("")
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if *self.0 == Shape::Unknown {
            *self.0 = Shape::List(Box::default());
        }
        match self.0 {
            Shape::List(inner) => visitor.visit_seq(One(Some(inner))),
            _ => Err(Error::custom("a list, and something else")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if *self.0 == Shape::Unknown {
            *self.0 = Shape::Table(Box::default());
        }
        match self.0 {
            Shape::Table(inner) => visitor.visit_map(One(Some(inner))),
            _ => Err(Error::custom("a table, and something else")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // The name that toml gives to a value with its place in the file.
        if name.starts_with("$__") {
            return visitor.visit_map(Placed { fields: fields.iter(), shape: Some(self.0) });
        }
        if *self.0 == Shape::Unknown {
            *self.0 = Shape::Keys(fields.iter().map(|field| (*field, Shape::Unknown)).collect());
        }
        match self.0 {
            Shape::Keys(keys) => visitor.visit_map(All { keys: keys.iter_mut(), value: None }),
            _ => Err(Error::custom("a table with these keys, and something else")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if *self.0 == Shape::Unknown {
            *self.0 = Shape::Choice(variants.iter().map(|word| (*word, Some(Shape::Unknown))).collect());
        }
        let Shape::Choice(words) = self.0 else {
            return Err(Error::custom("a choice, and something else"));
        };
        let open = words.iter().position(|(_, shape)| shape.as_ref().is_some_and(|shape| !shape.is_known()));
        let (word, shape) = &mut words[open.unwrap_or(0)];
        visitor.visit_enum(Word { word, shape })
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// One element of a list, or one entry of a table whose names the file chooses.
struct One<'a>(Option<&'a mut Shape>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.take().map(|inner| seed.deserialize(Ask(inner))).transpose()
    }
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.as_ref().map(|_| seed.deserialize(Ask(&mut Shape::Unknown))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let inner = self.0.take().ok_or_else(|| Error::custom("one entry is all"))?;
        seed.deserialize(Ask(inner))
    }
}

/// A value with its place in the file: two numbers, and last the value.
struct Placed<'a> {
    fields: slice::Iter<'static, &'static str>,
    shape: Option<&'a mut Shape>,
}

impl<'de> MapAccess<'de> for Placed<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.fields.next().map(|field| seed.deserialize(BorrowedStrDeserializer::new(field))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        match self.shape.take_if(|_| self.fields.as_slice().is_empty()) {
            Some(shape) => seed.deserialize(Ask(shape)),
            None => {
                let zero: U64Deserializer<Error> = 0_u64.into_deserializer();
                seed.deserialize(zero)
            }
        }
    }
}

/// Each key that there is.
struct All<'a> {
    keys: slice::IterMut<'a, (&'static str, Shape)>,
    value: Option<&'a mut Shape>,
}

impl<'de> MapAccess<'de> for All<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((key, shape)) = self.keys.next() else { return Ok(None) };
        self.value = Some(shape);
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let shape = self.value.take().ok_or_else(|| Error::custom("a key comes before its value"))?;
        seed.deserialize(Ask(shape))
    }
}

/// One word of a choice.
struct Word<'a> {
    word: &'static str,
    shape: &'a mut Option<Shape>,
}

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let word = seed.deserialize(BorrowedStrDeserializer::<Error>::new(self.word))?;
        Ok((word, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        *self.shape = None;
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Ask(self.shape.get_or_insert_default()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("the language has no such choice"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        Ask(self.shape.get_or_insert_default()).deserialize_struct("", fields, visitor)
    }
}
