//! The Attribute payload of the configuration method (draft-dukes-ike-mode-cfg-02 §3.2), which XAUTH uses as well.

use crate::Malformed;
use crate::cursor::Cursor;
use crate::registry::v1::{ConfigAttribute, ConfigType};
use crate::v1::{Attribute, Value};

/// One message of a configuration transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Whether it asks, answers, sets or acknowledges.
    pub kind: ConfigType,
    /// Which transaction it belongs to.
    pub identifier: u16,
    /// What is asked for, with values of no octets, or told.
    pub attributes: Vec<Attribute>,
}

impl Configuration {
    /// The value of the first attribute of this class.
    #[must_use]
    pub fn value(&self, class: ConfigAttribute) -> Option<&Value> {
        self.attributes.iter().find(|attribute| attribute.class == class.0).map(|attribute| &attribute.value)
    }

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Malformed> {
        let kind = ConfigType(cursor.u8("the configuration type")?);
        cursor.u8("a reserved octet")?;
        let identifier = cursor.u16("the configuration identifier")?;
        Ok(Self { kind, identifier, attributes: Attribute::parse_list(cursor)? })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.kind.0, 0]);
        out.extend(self.identifier.to_be_bytes());
        Attribute::emit_list(&self.attributes, out);
    }
}

#[cfg(test)]
mod tests;
