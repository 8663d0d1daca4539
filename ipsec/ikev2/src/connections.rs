//! The connections of an endpoint in their order, and what finds one without a walk over all: its name, a child's name, its ends.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Deref;
use std::sync::Arc;

use crate::config::Connection;

#[derive(Default)]
pub(crate) struct Connections {
    all: Vec<Arc<Connection>>,
    by_name: BTreeMap<String, usize>,
    by_child: BTreeMap<String, usize>,
    /// By our address and the peer's.
    by_ends: BTreeMap<(IpAddr, IpAddr), Vec<usize>>,
    /// Those whose ends may move.
    mobile: Vec<usize>,
}

impl Connections {
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        let mut this = Self::default();
        for (place, connection) in connections.into_iter().enumerate() {
            for child in &connection.children {
                this.by_child.entry(child.name.clone()).or_insert(place);
            }
            this.by_name.entry(connection.name.clone()).or_insert(place);
            this.by_ends.entry((connection.local, connection.remote)).or_default().push(place);
            if connection.mobike {
                this.mobile.push(place);
            }
            this.all.push(Arc::new(connection));
        }
        this
    }

    /// The connection of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Connection>> {
        self.by_name.get(name).map(|place| &self.all[*place])
    }

    /// The connection that has a child of this name.
    pub(crate) fn with_child(&self, child: &str) -> Option<&Arc<Connection>> {
        self.by_child.get(child).map(|place| &self.all[*place])
    }

    /// Those that run between our address and the peer's, or between ours and any, in order. One that may move begins at any
    /// address of ours.
    pub(crate) fn between(&self, local: IpAddr, remote: IpAddr) -> impl Iterator<Item = &Arc<Connection>> {
        let anywhere = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        let remotes = std::iter::once(remote).chain(anywhere);
        let places = remotes.filter_map(|remote| self.by_ends.get(&(local, remote))).flatten();
        let mobile = self.mobile.iter().filter(|place| comes_from(&self.all[**place], remote));
        let places: BTreeSet<usize> = places.chain(mobile).copied().collect();
        places.into_iter().map(|place| &self.all[place])
    }
}

impl Connections {
    /// Whether [`Connections::between`] has this one for these addresses.
    pub(crate) fn runs_between(&self, connection: &Connection, local: IpAddr, remote: IpAddr) -> bool {
        let is_here = connection.mobike || connection.local == local;
        is_here && comes_from(connection, remote)
    }
}

/// Whether a peer at this address may be that of the connection.
fn comes_from(connection: &Connection, address: IpAddr) -> bool {
    let Connection { remote, also_at, .. } = connection;
    *remote == address || remote.is_unspecified() || also_at.contains(&address)
}

impl Deref for Connections {
    type Target = [Arc<Connection>];

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::Secret;

    use super::*;
    use crate::config::ChildConfig;

    #[test]
    fn a_connection_is_found_by_its_name_by_a_child_and_by_its_ends_in_order() {
        let connection = |name: &str, remote: [u8; 4], child: &str| Connection {
            children: vec![ChildConfig::new(child, Vec::new(), Vec::new(), Vec::new())],
            ..Connection::new(name, [192, 0, 2, 1].into(), remote.into(), Secret::from(b"key".to_vec()))
        };
        let connections = Connections::new(vec![
            connection("a", [192, 0, 2, 2], "x"),
            connection("b", [192, 0, 2, 3], "y"),
            connection("c", [192, 0, 2, 2], "z"),
            connection("d", [0, 0, 0, 0], "w"),
        ]);
        let name = |found: Option<&Arc<Connection>>| found.map(|connection| connection.name.clone());
        assert_eq!(name(connections.named("b")).as_deref(), Some("b"));
        assert_eq!(name(connections.with_child("z")).as_deref(), Some("c"));
        assert_eq!(name(connections.named("x")), None);
        let between = connections.between([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        assert_eq!(between.map(|found| found.name.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
        let from_anywhere = connections.between([192, 0, 2, 1].into(), [203, 0, 113, 9].into());
        assert_eq!(from_anywhere.map(|found| found.name.as_str()).collect::<Vec<_>>(), ["d"]);
        assert_eq!(connections.between([192, 0, 2, 2].into(), [192, 0, 2, 1].into()).count(), 0);
    }
}
