//! Transport mode through NAT (RFC 3947 §5.2, RFC 3948 §3.1.2): what the peer calls the two hosts means nothing here, so that
//! SAs get the addresses that packets have when they arrive; the NAT-OA payloads tell what checksums are over.
//!
//! ```text
//! initiator Iaddr ---- NAT ---- Ipub … Rpub ---- NAT ---- Raddr responder
//! NAT-OA Iaddr, NAT-OA Rpub   ------->   taken for Ipub and Raddr
//! taken for Iaddr and Rpub    <-------   NAT-OA Ipub, NAT-OA Raddr
//! ```

use std::net::IpAddr;

use ipsec_dataplane::Path;
use ipsec_net::AddressRange;
use ipsec_wire::v1::Payload;

use crate::nat;
use crate::negotiate::Side;
use crate::sa::{IsakmpSa, Role};

/// The NAT-OA payloads that we send for a child in transport mode, the initiator's address first; none where there is no NAT.
pub(crate) fn originals(sa: &IsakmpSa, role: Role) -> Vec<Payload> {
    let Some(form) = sa.features.nat.filter(|_| nat::in_udp(sa)) else { return Vec::new() };
    let (local, remote) = (sa.path.local.ip(), sa.path.remote.ip());
    let both = match role {
        Role::Initiator => [local, remote],
        Role::Responder => [remote, local],
    };
    both.map(|address| form.original(address)).to_vec()
}

/// Source and destination of what the peer sends, as it sees them; nothing where it does not say both.
pub(crate) fn told(payloads: &[Payload], peer: Role) -> Option<(IpAddr, IpAddr)> {
    let addresses = payloads.iter().filter_map(|payload| match payload {
        Payload::NatOa(address) | Payload::NatOaDraft(address) => Some(*address),
        _ => None,
    });
    let [initiator, responder] = addresses.collect::<Vec<_>>().try_into().ok()?;
    Some(match peer {
        Role::Initiator => (initiator, responder),
        Role::Responder => (responder, initiator),
    })
}

/// The sides of a child as they are to be understood at this end, ours first: hosts behind NAT are where they are seen.
/// Nothing where a side is no single host.
pub(crate) fn understood(path: &Path, local: Side, remote: Side) -> Option<[Side; 2]> {
    let seen = |side: Side, behind: bool, seen: IpAddr| {
        let is_host = side.addresses.first() == side.addresses.last();
        let addresses = if behind { AddressRange::new(seen, seen)? } else { side.addresses };
        is_host.then_some(Side { addresses, ..side })
    };
    let (here, there) = (path.local.ip(), path.remote.ip());
    Some([seen(local, path.nat.here, here)?, seen(remote, path.nat.there, there)?])
}

#[cfg(test)]
mod tests {
    use ipsec_dataplane::Nat;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn host(text: &str) -> Side {
        Side { protocol: 17, port: 53, ..Side::of(AddressRange::new(address(text), address(text)).unwrap()) }
    }

    #[test]
    fn hosts_behind_nat_are_where_they_are_seen_and_keep_protocol_and_port() {
        let with = |here, there| {
            let ends = Path::new("172.16.0.1:4500".parse().unwrap(), "203.0.113.9:61000".parse().unwrap());
            understood(&Path { nat: Nat { here, there }, ..ends }, host("198.51.100.1"), host("10.0.0.2"))
        };
        assert_eq!(with(false, true), Some([host("198.51.100.1"), host("203.0.113.9")]));
        assert_eq!(with(true, false), Some([host("172.16.0.1"), host("10.0.0.2")]));
        assert_eq!(with(true, true), Some([host("172.16.0.1"), host("203.0.113.9")]));
        let network = Side::of(AddressRange::new(address("10.0.0.0"), address("10.0.0.255")).unwrap());
        let path = Path::new("172.16.0.1:4500".parse().unwrap(), "203.0.113.9:61000".parse().unwrap());
        assert_eq!(understood(&path, host("172.16.0.1"), network), None);
    }

    #[test]
    fn what_the_peer_sends_comes_from_its_own_address_whoever_began() {
        let said = [Payload::NatOa(address("10.0.0.2")), Payload::NatOaDraft(address("203.0.113.77"))];
        let (own, other) = (address("10.0.0.2"), address("203.0.113.77"));
        assert_eq!(told(&said, Role::Initiator), Some((own, other)));
        assert_eq!(told(&said, Role::Responder), Some((other, own)));
        assert_eq!(told(&said[..1], Role::Initiator), None);
    }
}
