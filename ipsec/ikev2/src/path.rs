//! Where an IKE SA runs, and its Child SAs with it: the addresses and ports of its ends, and which of them are behind NAT
//! (RFC 7296 §2.11, §2.23). There is no other record of addresses; Child SAs are told when these change.

use std::net::SocketAddr;

use ipsec_dataplane::{Outer, UdpEncapsulation};
use ipsec_wire::{IKE_PORT, NAT_PORT};

use crate::config::Connection;

/// Where an IKE SA runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Our address and port.
    pub(crate) local: SocketAddr,
    /// The peer's, as we see them.
    pub(crate) remote: SocketAddr,
    /// What is known of NAT between them.
    pub(crate) nat: Nat,
}

/// Which ends are behind NAT, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Nat {
    /// We are: the peer sends to another address or port than it arrives at.
    pub here: bool,
    /// The peer is: it sends from another address or port than it arrives from.
    pub there: bool,
}

impl Nat {
    /// Whether there is any.
    #[must_use]
    pub fn is_there(self) -> bool {
        self.here || self.there
    }
}

impl Path {
    /// A path on which no NAT is known.
    pub(crate) fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { local, remote, nat: Nat::default() }
    }

    /// The same ends on the port that NAT leaves alone, where they are not there yet.
    pub(crate) fn floated(self) -> Self {
        let float = |mut end: SocketAddr| {
            if end.port() == IKE_PORT {
                end.set_port(NAT_PORT);
            }
            end
        };
        Self { local: float(self.local), remote: float(self.remote), ..self }
    }

    /// Whether both run between the same addresses and ports.
    pub(crate) fn joins_same(&self, other: &Self) -> bool {
        (self.local, self.remote) == (other.local, other.remote)
    }

    /// Where protected packets of a connection run: in UDP if there is NAT (RFC 3948) or it is to look so, and reminded of if
    /// we are behind it.
    pub(crate) fn outer(&self, connection: &Connection) -> Outer {
        let forced = connection.encapsulate && self.local.port() == NAT_PORT;
        let encapsulation = (forced || self.nat.is_there()).then(|| UdpEncapsulation {
            local_port: self.local.port(),
            remote_port: self.remote.port(),
            keepalive: connection.keepalive.filter(|_| self.nat.here),
            original: None,
        });
        Outer { local: self.local.ip(), remote: self.remote.ip(), encapsulation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(local: &str, remote: &str) -> Path {
        Path::new(local.parse().unwrap(), remote.parse().unwrap())
    }

    #[test]
    fn only_ports_of_plain_ike_float() {
        let here = path("10.0.0.2:500", "203.0.113.9:500").floated();
        assert!(here.joins_same(&path("10.0.0.2:4500", "203.0.113.9:4500")));
        let translated = path("10.0.0.2:4500", "203.0.113.9:61000");
        assert_eq!(translated.floated(), translated);
    }

    #[test]
    fn esp_goes_in_udp_where_there_is_nat_and_only_the_end_behind_it_reminds_it() {
        let mut connection = Connection::new(
            "site",
            "10.0.0.2".parse().unwrap(),
            "203.0.113.9".parse().unwrap(),
            ipsec_crypto::Secret::from(Vec::new()),
        );
        connection.keepalive = Some(std::time::Duration::from_secs(20));
        let plain = path("10.0.0.2:4500", "203.0.113.9:61000");
        let outer = |nat| Path { nat, ..plain }.outer(&connection).encapsulation;
        assert_eq!(outer(Nat::default()), None);
        let there = outer(Nat { there: true, here: false }).unwrap();
        assert_eq!((there.local_port, there.remote_port, there.keepalive), (4500, 61000, None));
        assert_eq!(outer(Nat { here: true, there: false }).unwrap().keepalive, connection.keepalive);
    }
}
