//! Where an IKE SA of either version runs, and the SAs that it sets up: the addresses and ports of its ends, and which of them
//! are behind NAT (RFC 7296 §2.11, §2.23, RFC 3947 §3.2, §4).

use std::net::SocketAddr;
use std::time::Duration;

use ipsec_wire::{IKE_PORT, NAT_PORT};

use crate::encapsulation::{Outer, UdpEncapsulation};

/// Where an IKE SA runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Our address and port.
    pub local: SocketAddr,
    /// The peer's, as we see them.
    pub remote: SocketAddr,
    /// What is known of NAT between them.
    pub nat: Nat,
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
    #[must_use]
    pub fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { local, remote, nat: Nat::default() }
    }

    /// The same ends on the port that NAT leaves alone, where they are not there yet.
    #[must_use]
    pub fn floated(self) -> Self {
        let float = |mut end: SocketAddr| {
            if end.port() == IKE_PORT {
                end.set_port(NAT_PORT);
            }
            end
        };
        Self { local: float(self.local), remote: float(self.remote), ..self }
    }

    /// Whether both run between the same addresses and ports.
    #[must_use]
    pub fn joins_same(&self, other: &Self) -> bool {
        (self.local, self.remote) == (other.local, other.remote)
    }

    /// Where the protected packets of its SAs run: in UDP if there is NAT (RFC 3948) or it is to look so (`encapsulate`), and
    /// NAT is reminded of them after a silence of `keepalive` if we are behind it.
    #[must_use]
    pub fn outer(&self, encapsulate: bool, keepalive: Option<Duration>) -> Outer {
        // At the port of plain IKE nothing tells ESP from it.
        let is_told_apart = self.local.port() == NAT_PORT;
        let encapsulation =
            (is_told_apart && (encapsulate || self.nat.is_there())).then(|| UdpEncapsulation {
                local_port: self.local.port(),
                remote_port: self.remote.port(),
                keepalive: keepalive.filter(|_| self.nat.here),
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
        let keepalive = Some(Duration::from_secs(20));
        let plain = path("10.0.0.2:4500", "203.0.113.9:61000");
        let outer = |nat| Path { nat, ..plain }.outer(false, keepalive).encapsulation;
        assert_eq!(outer(Nat::default()), None);
        let there = outer(Nat { there: true, here: false }).unwrap();
        assert_eq!((there.local_port, there.remote_port, there.keepalive), (4500, 61000, None));
        assert_eq!(outer(Nat { here: true, there: false }).unwrap().keepalive, keepalive);
        let stayed =
            Path { nat: Nat { there: true, here: false }, ..path("198.51.100.1:500", "203.0.113.9:500") };
        assert_eq!(stayed.outer(true, keepalive).encapsulation, None, "nothing tells it from IKE there");
    }
}
