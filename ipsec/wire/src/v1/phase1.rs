//! What the attributes of an ISAKMP transform say (RFC 2409 appendix A).

use super::attribute::take_basic;
use super::lifetime::Lifetimes;
use crate::registry::v1::{AuthMethod, Encryption, Group, GroupType, Hash, Phase1Attribute as Class};
use crate::v1::{Attribute, Lifetime, Unusable};

/// The attributes of a phase 1 transform, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Phase1 {
    /// The encryption algorithm.
    pub encryption: Option<Encryption>,
    /// The length of its key in bits, where it can have several.
    pub key_bits: Option<u16>,
    /// The hash algorithm, whose HMAC is the PRF where no other is named.
    pub hash: Option<Hash>,
    /// The number of the PRF; none is defined.
    pub prf: Option<u16>,
    /// The authentication method.
    pub auth: Option<AuthMethod>,
    /// The group of the key exchange.
    pub group: Option<Group>,
    /// The kind of group, where it is described by its parameters.
    pub group_type: Option<GroupType>,
    /// The lifetimes, one a unit.
    pub lifetimes: Vec<Lifetime>,
    /// The parameters of a group, and attributes that are not known. A transform with one that is not understood must
    /// not be chosen.
    pub others: Vec<Attribute>,
}

impl Phase1 {
    /// Reads the attributes of a transform, in any order.
    ///
    /// # Errors
    /// When two contradict each other, or one does not have the form that its class asks for.
    pub fn read(attributes: &[Attribute]) -> Result<Self, Unusable> {
        let [mut encryption, mut key_bits, mut hash, mut prf] = [None; 4];
        let [mut auth, mut group, mut group_type] = [None; 3];
        let mut lifetimes = Lifetimes::default();
        let mut others = Vec::new();
        for attribute in attributes {
            let class = Class(attribute.class);
            let field = match class {
                Class::ENCRYPTION => &mut encryption,
                Class::KEY_LENGTH => &mut key_bits,
                Class::HASH => &mut hash,
                Class::PRF => &mut prf,
                Class::AUTH_METHOD => &mut auth,
                Class::GROUP => &mut group,
                Class::GROUP_TYPE => &mut group_type,
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
            encryption: encryption.map(Encryption),
            key_bits,
            hash: hash.map(Hash),
            prf,
            auth: auth.map(AuthMethod),
            group: group.map(Group),
            group_type: group_type.map(GroupType),
            lifetimes: lifetimes.finish(&Class::LIFE_TYPE)?,
            others,
        })
    }

    /// The attributes that say so.
    #[must_use]
    pub fn attributes(&self) -> Vec<Attribute> {
        let basic = [
            (Class::ENCRYPTION, self.encryption.map(|value| value.0)),
            (Class::KEY_LENGTH, self.key_bits),
            (Class::HASH, self.hash.map(|value| value.0)),
            (Class::PRF, self.prf),
            (Class::AUTH_METHOD, self.auth.map(|value| value.0)),
            (Class::GROUP, self.group.map(|value| value.0)),
            (Class::GROUP_TYPE, self.group_type.map(|value| value.0)),
        ];
        let basic = basic.into_iter().filter_map(|(class, value)| Some(Attribute::basic(class.0, value?)));
        let lifetime = |life: &Lifetime| life.attributes(Class::LIFE_TYPE.0, Class::LIFE_DURATION.0);
        basic.chain(self.lifetimes.iter().flat_map(lifetime)).chain(self.others.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests;
