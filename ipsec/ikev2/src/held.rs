//! Who has an IKE SA here already, under the connections that keep the older one ([`crate::Uniqueness::Keep`]).

use std::collections::BTreeMap;

use ipsec_auth::Identity;
use ipsec_wire::IkeSpi;

/// The peers of established IKE SAs.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The connection and the peer of each, by its SPIs.
    of: BTreeMap<(IkeSpi, IkeSpi), (String, Identity)>,
    /// How many each peer has under a connection.
    counts: BTreeMap<(String, Identity), usize>,
}

impl Held {
    /// An IKE SA is established.
    pub(crate) fn up(&mut self, spis: (IkeSpi, IkeSpi), connection: &str, peer: &Identity) {
        let whose = (connection.to_owned(), peer.clone());
        *self.counts.entry(whose.clone()).or_default() += 1;
        self.of.insert(spis, whose);
    }

    /// An IKE SA has ended.
    pub(crate) fn down(&mut self, spis: (IkeSpi, IkeSpi)) {
        let Some(whose) = self.of.remove(&spis) else { return };
        if let Some(count) = self.counts.get_mut(&whose) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&whose);
            }
        }
    }

    /// Whether the peer has one.
    pub(crate) fn has(&self, connection: &str, peer: &Identity) -> bool {
        self.counts.contains_key(&(connection.to_owned(), peer.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_held_until_its_last_ike_sa_has_ended() {
        let mut held = Held::default();
        let peer = Identity::Fqdn("west.example".into());
        let spis = |number| (IkeSpi(number), IkeSpi(number + 100));
        held.up(spis(1), "site", &peer);
        held.up(spis(2), "site", &peer);
        held.down(spis(1));
        held.down(spis(1));
        assert!(held.has("site", &peer) && !held.has("other", &peer));
        held.down(spis(2));
        assert!(!held.has("site", &peer));
    }
}
