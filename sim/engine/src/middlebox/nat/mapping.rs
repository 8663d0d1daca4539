//! The mappings of a translator (RFC 4787 §4.1): who inside is who outside, toward whom, and until when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};

use ipsec_net::Instant;

use super::behaviour::Scope;

/// One mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The protocol.
    pub protocol: u8,
    /// The inside endpoint; its port is an identifier in ICMP echo, and 0 in protocols without ports.
    pub inside: SocketAddrV4,
    /// The outside endpoint.
    pub outside: SocketAddrV4,
    /// For which remote endpoints the inside endpoint uses this mapping.
    pub scope: Scope,
    /// Which remote endpoints it lets in.
    pub contacted: BTreeSet<Scope>,
    /// When it ends unless it is refreshed; nothing for a static port forward.
    pub expires: Option<Instant>,
}

impl Mapping {
    /// Whether the mapping lets in the remote endpoints that count as `remote`.
    pub(super) fn lets_in(&self, remote: Scope) -> bool {
        self.expires.is_none() || self.contacted.contains(&remote)
    }
}

/// The number of a mapping: later ones have higher numbers.
pub(super) type MappingId = u64;

/// Host, protocol, port and whom it speaks to.
type InsideKey = (Ipv4Addr, u8, u16, Scope);

/// All mappings of one translator.
#[derive(Clone, Debug, Default)]
pub(super) struct Mappings {
    list: BTreeMap<MappingId, Mapping>,
    next: MappingId,
    by_inside: BTreeMap<InsideKey, MappingId>,
    /// More than one where ports are overloaded.
    by_outside: BTreeMap<(u8, SocketAddrV4), Vec<MappingId>>,
    /// One entry for each mapping that can expire, no later than it does.
    timers: BTreeSet<(Instant, MappingId)>,
}

impl Mappings {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Mapping> {
        self.list.values()
    }

    pub(super) fn get_mut(&mut self, id: MappingId) -> Option<&mut Mapping> {
        self.list.get_mut(&id)
    }

    pub(super) fn insert(&mut self, mapping: Mapping) -> MappingId {
        let id = self.next;
        self.next += 1;
        self.by_inside.insert(inside_key(&mapping), id);
        self.by_outside.entry((mapping.protocol, mapping.outside)).or_default().push(id);
        self.timers.extend(mapping.expires.map(|expires| (expires, id)));
        self.list.insert(id, mapping);
        id
    }

    /// The mapping that `inside` uses toward `scope`; a static one serves all.
    pub(super) fn find(&self, protocol: u8, inside: SocketAddrV4, scope: Scope) -> Option<MappingId> {
        let toward = |scope| self.by_inside.get(&(*inside.ip(), protocol, inside.port(), scope)).copied();
        toward(Scope::Anywhere).or_else(|| toward(scope))
    }

    /// The mappings with this outside endpoint, oldest first.
    pub(super) fn at(
        &self,
        protocol: u8,
        outside: SocketAddrV4,
    ) -> impl Iterator<Item = (MappingId, &Mapping)> {
        let ids = self.by_outside.get(&(protocol, outside)).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.list.get(id)?)))
    }

    pub(super) fn is_free(&self, protocol: u8, outside: SocketAddrV4) -> bool {
        !self.by_outside.contains_key(&(protocol, outside))
    }

    /// The outside address of any mapping of this host that can expire.
    pub(super) fn address_of(&self, host: Ipv4Addr) -> Option<Ipv4Addr> {
        let first = (host, 0, 0, Scope::Anywhere);
        let of_host = self.by_inside.range(first..).take_while(|(key, _)| key.0 == host);
        let mut live = of_host.filter_map(|(_, id)| self.list.get(id)).filter(|m| m.expires.is_some());
        live.next().map(|mapping| *mapping.outside.ip())
    }

    /// The outside endpoint of an inside one toward anybody.
    pub(super) fn outside_of(&self, protocol: u8, inside: SocketAddrV4) -> Option<SocketAddrV4> {
        let first = (*inside.ip(), protocol, inside.port(), Scope::Anywhere);
        let (key, id) = self.by_inside.range(first..).next()?;
        let same = (key.0, key.1, key.2) == (first.0, first.1, first.2);
        same.then(|| self.list.get(id)).flatten().map(|mapping| mapping.outside)
    }

    /// When [`Mappings::expire`] has something to do next.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Removes the mappings that have ended and returns them, soonest first.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Mapping> {
        let mut ended = Vec::new();
        while let Some((at, id)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            match self.list.get(&id).and_then(|mapping| mapping.expires) {
                // Refreshed since the timer was set.
                Some(expires) if expires > now => {
                    self.timers.insert((expires, id));
                }
                _ => ended.extend(self.remove(id)),
            }
        }
        ended
    }

    fn remove(&mut self, id: MappingId) -> Option<Mapping> {
        let mapping = self.list.remove(&id)?;
        self.by_inside.remove(&inside_key(&mapping));
        let outside = (mapping.protocol, mapping.outside);
        if let Some(ids) = self.by_outside.get_mut(&outside) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_outside.remove(&outside);
            }
        }
        Some(mapping)
    }
}

fn inside_key(mapping: &Mapping) -> InsideKey {
    (*mapping.inside.ip(), mapping.protocol, mapping.inside.port(), mapping.scope)
}
