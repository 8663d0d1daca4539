//! The plain form of the database: peers with one identity and one shared secret each.

use ipsec_crypto::Secret;

use crate::Identity;

/// One peer that may speak.
#[derive(Clone, Debug)]
pub struct PadEntry {
    /// The identity that the peer asserts.
    pub identity: Identity,
    /// The shared secret that proves it.
    pub secret: Secret,
    /// The name of the connection that this peer belongs to.
    pub connection: String,
}

/// The entries, in order.
#[derive(Clone, Debug, Default)]
pub struct Pad {
    entries: Vec<PadEntry>,
}

impl Pad {
    /// A database with these entries; the first that fits counts.
    #[must_use]
    pub fn new(entries: Vec<PadEntry>) -> Self {
        Self { entries }
    }

    /// The entries for `identity` in order: one peer may have several connections.
    pub fn lookup<'a, 'b>(
        &'a self,
        identity: &'b Identity,
    ) -> impl Iterator<Item = &'a PadEntry> + use<'a, 'b> {
        self.entries.iter().filter(move |entry| entry.identity == *identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_finds_the_entries_of_one_identity_in_order() {
        let entry = |identity: &str, connection: &str| PadEntry {
            identity: identity.parse().unwrap(),
            secret: Secret::from(b"secret".to_vec()),
            connection: connection.to_owned(),
        };
        let pad = Pad::new(vec![entry("east", "a"), entry("north", "b"), entry("east", "c")]);
        let east = "east".parse().unwrap();
        let found: Vec<&str> = pad.lookup(&east).map(|entry| entry.connection.as_str()).collect();
        assert_eq!(found, ["a", "c"]);
        assert_eq!(pad.lookup(&"south".parse().unwrap()).count(), 0);
    }
}
