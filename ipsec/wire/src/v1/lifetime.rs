//! Lifetimes: a life type and the duration that follows it (RFC 2409 appendix A, RFC 2407 §4.5 and §4.5.2).

use std::fmt;

use crate::registry::v1::{LifeType, Phase2Attribute};
use crate::v1::{Attribute, Unusable, Value};

/// How long an SA may live. An SA may have one in each unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime {
    /// The unit.
    pub kind: LifeType,
    /// How many of it.
    pub duration: u64,
}

impl Lifetime {
    /// A lifetime in seconds.
    #[must_use]
    pub fn seconds(duration: u64) -> Self {
        Self { kind: LifeType::SECONDS, duration }
    }

    /// A lifetime in kilobytes of traffic.
    #[must_use]
    pub fn kilobytes(duration: u64) -> Self {
        Self { kind: LifeType::KILOBYTES, duration }
    }

    /// The lifetimes of phase 2 that an attribute list gives; other attributes are passed over. It is what the data of
    /// a RESPONDER-LIFETIME notify consists of (RFC 2407 §4.6.3.1).
    ///
    /// # Errors
    /// When a half is missing or not a number, or two of one unit differ.
    pub fn of(attributes: &[Attribute]) -> Result<Vec<Self>, Unusable> {
        let mut lifetimes = Lifetimes::default();
        for attribute in attributes {
            match Phase2Attribute(attribute.class) {
                class @ Phase2Attribute::LIFE_TYPE => lifetimes.kind(attribute, &class)?,
                class @ Phase2Attribute::LIFE_DURATION => lifetimes.duration(attribute, &class)?,
                _ => {}
            }
        }
        lifetimes.finish(&Phase2Attribute::LIFE_TYPE)
    }

    /// Its two attributes as phase 2 has them.
    pub(super) fn phase2_attributes(self) -> [Attribute; 2] {
        self.attributes(Phase2Attribute::LIFE_TYPE.0, Phase2Attribute::LIFE_DURATION.0)
    }

    /// Its two attributes, in the shortest form, with the numbers of the classes.
    pub(super) fn attributes(self, kind: u16, duration: u16) -> [Attribute; 2] {
        [Attribute::basic(kind, self.kind.0), Attribute::number(duration, self.duration)]
    }
}

/// `3600 seconds`.
impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.duration, self.kind)
    }
}

/// Lifetimes while their attributes come in.
#[derive(Default)]
pub(super) struct Lifetimes {
    complete: Vec<Lifetime>,
    /// A life type whose duration has not come yet.
    open: Option<u16>,
}

impl Lifetimes {
    pub(super) fn kind(&mut self, attribute: &Attribute, class: &dyn fmt::Display) -> Result<(), Unusable> {
        match (&attribute.value, self.open) {
            (Value::Variable(_), _) => Err(Unusable::NotBasic(class.to_string())),
            (Value::Basic(_), Some(_)) => Err(Unusable::HalfALifetime(class.to_string())),
            (Value::Basic(kind), None) => {
                self.open = Some(*kind);
                Ok(())
            }
        }
    }

    pub(super) fn duration(
        &mut self,
        attribute: &Attribute,
        class: &dyn fmt::Display,
    ) -> Result<(), Unusable> {
        let kind = self.open.take().ok_or_else(|| Unusable::HalfALifetime(class.to_string()))?;
        let value = &attribute.value;
        let duration = value
            .number()
            .ok_or_else(|| Unusable::NotANumber { class: class.to_string(), octets: value.octets() })?;
        let lifetime = Lifetime { kind: LifeType(kind), duration };
        match self.complete.iter().find(|other| other.kind == lifetime.kind) {
            None => self.complete.push(lifetime),
            Some(first) if *first == lifetime => {}
            Some(first) => {
                let class = format!("{class} in {}", lifetime.kind);
                let first = Attribute::number(0, first.duration).value;
                return Err(Unusable::Conflict { class, first, second: value.clone() });
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, class: &dyn fmt::Display) -> Result<Vec<Lifetime>, Unusable> {
        match self.open {
            None => Ok(self.complete),
            Some(_) => Err(Unusable::HalfALifetime(class.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
