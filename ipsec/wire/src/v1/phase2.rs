//! What the attributes of an AH, ESP or IPComp transform say (RFC 2407 §4.5, RFC 3947 §5.1, RFC 4304 §2).

use super::attribute::take_basic;
use super::lifetime::Lifetimes;
use crate::registry::v1::{
    Authentication, EncapsulationMode, Group, Phase2Attribute as Class, SequenceNumbers,
};
use crate::v1::{Attribute, Lifetime, Unusable};

/// The attributes of a phase 2 transform, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phase2 {
    /// The lifetimes, one a unit; 28800 seconds are meant where there is none.
    pub lifetimes: Vec<Lifetime>,
    /// The group of a further key exchange.
    pub group: Option<Group>,
    /// How packets are encapsulated.
    pub mode: Option<EncapsulationMode>,
    /// The authentication algorithm.
    pub authentication: Option<Authentication>,
    /// The length of the encryption key in bits, where the cipher can have several.
    pub key_bits: Option<u16>,
    /// The number of rounds, where the cipher can have several.
    pub key_rounds: Option<u16>,
    /// The kind of sequence numbers; those of 32 bits are meant where nothing is said.
    pub sequence_numbers: Option<SequenceNumbers>,
    /// Attributes of compression, and those that are not known. A transform with one that is not understood must not
    /// be chosen (RFC 2407 §4.5.3).
    pub others: Vec<Attribute>,
}

impl Phase2 {
    /// Reads the attributes of a transform, in any order.
    ///
    /// # Errors
    /// When two contradict each other, or one does not have the form that its class asks for.
    pub fn read(attributes: &[Attribute]) -> Result<Self, Unusable> {
        let [mut group, mut mode, mut authentication] = [None; 3];
        let [mut key_bits, mut key_rounds, mut sequence_numbers] = [None; 3];
        let mut lifetimes = Lifetimes::default();
        let mut others = Vec::new();
        for attribute in attributes {
            let class = Class(attribute.class);
            let field = match class {
                Class::GROUP => &mut group,
                Class::ENCAPSULATION_MODE => &mut mode,
                Class::AUTHENTICATION => &mut authentication,
                Class::KEY_LENGTH => &mut key_bits,
                Class::KEY_ROUNDS => &mut key_rounds,
                Class::EXTENDED_SEQUENCE_NUMBER => &mut sequence_numbers,
                Class::LIFE_TYPE => {
                    lifetimes.kind(attribute, &class)?;
                    continue;
                }
                Class::LIFE_DURATION => {
                    lifetimes.duration(attribute, &class)?;
                    continue;
                }
                _ => {
                    others.push(attribute.clone());
                    continue;
                }
            };
            take_basic(field, attribute, &class)?;
        }
        Ok(Self {
            lifetimes: lifetimes.finish(&Class::LIFE_TYPE)?,
            group: group.map(Group),
            mode: mode.map(EncapsulationMode),
            authentication: authentication.map(Authentication),
            key_bits,
            key_rounds,
            sequence_numbers: sequence_numbers.map(SequenceNumbers),
            others,
        })
    }

    /// The attributes that say so.
    #[must_use]
    pub fn attributes(&self) -> Vec<Attribute> {
        let basic = [
            (Class::GROUP, self.group.map(|value| value.0)),
            (Class::ENCAPSULATION_MODE, self.mode.map(|value| value.0)),
            (Class::AUTHENTICATION, self.authentication.map(|value| value.0)),
            (Class::KEY_LENGTH, self.key_bits),
            (Class::KEY_ROUNDS, self.key_rounds),
            (Class::EXTENDED_SEQUENCE_NUMBER, self.sequence_numbers.map(|value| value.0)),
        ];
        let basic = basic.into_iter().filter_map(|(class, value)| Some(Attribute::basic(class.0, value?)));
        let lifetimes = self.lifetimes.iter().flat_map(|life| life.phase2_attributes());
        lifetimes.chain(basic).chain(self.others.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests;
