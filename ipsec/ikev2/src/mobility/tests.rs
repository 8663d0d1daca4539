use std::collections::BTreeSet;
use std::sync::Arc;

use ipsec_crypto::Secret;
use ipsec_wire::registry::{ExchangeType, PayloadType};
use ipsec_wire::{Flags, Header, IkeSpi, Version};
use proptest::prelude::*;

use super::*;
use crate::sa::{Ends, Role};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn path(local: &str, remote: &str) -> Path {
    Path::new(local.parse().unwrap(), remote.parse().unwrap())
}

fn connection() -> Connection {
    let (local, remote) = (address("192.0.2.1"), address("198.51.100.1"));
    Connection { mobike: true, ..Connection::new("site", local, remote, Secret::from(Vec::new())) }
}

fn sa(connection: Connection, path: Path) -> IkeSa {
    let ends = Ends { path, spi_i: IkeSpi(1), spi_r: IkeSpi(2) };
    let mut sa = IkeSa::new(Role::Initiator, Arc::new(connection), ends, ipsec_net::Instant::ZERO);
    sa.features.nat_traversal = true;
    sa
}

fn opened(payloads: Vec<Payload>, came: Path) -> Opened<'static> {
    let header = Header {
        spi_i: IkeSpi(1),
        spi_r: IkeSpi(2),
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange: ExchangeType::INFORMATIONAL,
        flags: Flags { initiator: true, response: false, version: false },
        message_id: 2,
        length: 28,
    };
    Opened { header, payloads, octets: &[], pieces: (1, 0), came, request: &[], content: Vec::new() }
}

#[test]
fn addresses_are_told_and_understood() {
    let path = path("192.0.2.1:4500", "198.51.100.1:4500");
    let own = ["192.0.2.1", "203.0.113.5", "2001:db8::5"].map(address);
    let here = sa(connection(), path);
    let payloads = offered(&here, &here.connection, &own);
    let message = opened(payloads, path);
    assert_eq!(supported(&here.connection, &message).unwrap().others, own[1..]);
    let fixed = Connection { mobike: false, ..connection() };
    assert_eq!((supported(&fixed, &message), offered(&here, &fixed, &own)), (None, Vec::new()));
    assert_eq!(told(&list(&here, &own[..1])), Some(Vec::new()), "there is no other");
    assert_eq!(told(&[]), None, "nothing is said of addresses");
}

/// RFC 4555 §4.2.1.
#[test]
fn support_is_told_without_data_and_understood_with_any() {
    let path = path("192.0.2.1:4500", "198.51.100.1:4500");
    let here = sa(connection(), path);
    let mut payloads = offered(&here, &here.connection, &[address("192.0.2.1")]);
    let data = payloads.iter_mut().find_map(|payload| match payload {
        Payload::Notify(notify) if notify.kind == NotifyType::MOBIKE_SUPPORTED => Some(&mut notify.data),
        _ => None,
    });
    let data = data.unwrap();
    assert!(data.is_empty());
    data.extend([1, 2, 3]);
    assert!(supported(&here.connection, &opened(payloads, path)).is_some());
}

#[test]
fn addresses_of_no_host_are_not_believed() {
    let notify = |text: &str| match address(text) {
        IpAddr::V4(v4) => Notify::new(NotifyType::ADDITIONAL_IP4_ADDRESS, v4.octets().to_vec()),
        IpAddr::V6(v6) => Notify::new(NotifyType::ADDITIONAL_IP6_ADDRESS, v6.octets().to_vec()),
    };
    for wrong in ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "::", "::1", "ff02::1"] {
        assert_eq!(super::address(&notify(wrong)), None, "{wrong}");
    }
    assert_eq!(super::address(&notify("192.0.2.7")), Some(address("192.0.2.7")));
    let short = Notify::new(NotifyType::ADDITIONAL_IP6_ADDRESS, vec![32; 4]);
    assert_eq!(super::address(&short), None);
}

#[test]
fn what_forbids_nat_notices_any_change_of_addresses_and_ports() {
    let strict = || Connection { nat_traversal: false, ..connection() };
    let ends = [("192.0.2.1:500", "198.51.100.1:500", 12), ("[2001:db8::1]:500", "[2001:db8::2]:500", 36)];
    for (local, remote, octets) in ends {
        let payloads: Vec<Payload> = no_nats(&sa(strict(), path(local, remote))).into_iter().collect();
        let [Payload::Notify(notify)] = &payloads[..] else { panic!("{payloads:?}") };
        assert_eq!(notify.data.len(), octets, "two addresses and two ports");
        let meets =
            |local: &str, remote: &str| meets_forbidden_nat(&opened(payloads.clone(), path(local, remote)));
        assert!(!meets(remote, local));
        assert!(meets(remote, "192.0.2.1:501") && meets("198.51.100.9:500", local));
    }
    let mut here = sa(connection(), path("192.0.2.1:500", "198.51.100.1:500"));
    assert_eq!(no_nats(&here), None, "NAT is got through");
    here.features.nat_traversal = false;
    assert!(no_nats(&here).is_some(), "the peer does not get through it");
}

#[test]
fn the_way_in_use_is_kept_as_long_as_it_is_there() {
    let path = path("192.0.2.1:4500", "198.51.100.1:61000");
    let (own, other) = (["203.0.113.5", "192.0.2.1", "2001:db8::5"].map(address), [address("2001:db8::9")]);
    let show = |path: Option<Path>| path.map(|path| format!("{} {}", path.local, path.remote));
    let best = |own: &[IpAddr], there| show(best(own, &path, &other, there));
    assert_eq!(best(&own, true).unwrap(), "192.0.2.1:4500 198.51.100.1:61000");
    assert_eq!(best(&own[..1], true).unwrap(), "203.0.113.5:4500 198.51.100.1:61000");
    assert_eq!(best(&own[2..], true).unwrap(), "[2001:db8::5]:4500 [2001:db8::9]:4500", "the other version");
    assert_eq!(best(&own, false).unwrap(), "[2001:db8::5]:4500 [2001:db8::9]:4500");
    assert_eq!(best(&[], true), None);
    assert_eq!(best(&own[..2], false), None, "no address of theirs is of this version");
}

#[test]
fn what_is_newer_counts_and_begins_anew_with_another_ike_sa() {
    let mut mobility = Mobility { moves: 3, sent: 3, confirmed: 2, ..Mobility::default() };
    mobility.learn(Learnt::Updated(5));
    mobility.learn(Learnt::Others(vec![address("192.0.2.7")], 7));
    assert!(!mobility.is_latest_update(4) && mobility.is_latest_update(6));
    assert!(!mobility.is_latest_list(6) && mobility.is_latest_list(8));
    let heir = mobility.inherited();
    assert!(heir.is_latest_update(0) && heir.is_latest_list(0));
    assert_eq!((heir.moves, heir.sent, heir.others.len()), (3, 2, 1), "what is not confirmed is told again");
}

proptest! {
    #[test]
    fn a_round_meets_every_way_once(
        own in prop::collection::btree_set(0u8..200, 1..5), others in prop::collection::btree_set(0u8..200, 0..5),
    ) {
        let own: Vec<IpAddr> = own.into_iter().map(|last| [192, 0, 2, last].into()).collect();
        let others: Vec<IpAddr> = others.into_iter().map(|last| [198, 51, 100, last].into()).collect();
        let first = Path::new((own[0], 4500).into(), (IpAddr::from([203, 0, 113, 1]), 4500).into());
        // The peer's list keeps the address that it used first, once it is elsewhere.
        let all: Vec<IpAddr> = others.iter().copied().chain([first.remote.ip()]).collect();
        let mut path = first;
        let mut seen = BTreeSet::from([(path.local.ip(), path.remote.ip())]);
        let count = own.len() * all.len();
        for _ in 1..count {
            path = next(&own, &path, &all).unwrap();
            prop_assert!(seen.insert((path.local.ip(), path.remote.ip())));
            prop_assert!(is_way(&own, &first, &all, &path));
        }
        prop_assert_eq!(next(&own, &path, &all).is_some(), count > 1);
    }

    #[test]
    fn lists_of_addresses_are_bounded_and_any_octets_are_taken(
        data in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..64), v6: bool,
    ) {
        let kind = if v6 { NotifyType::ADDITIONAL_IP6_ADDRESS } else { NotifyType::ADDITIONAL_IP4_ADDRESS };
        let payloads: Vec<Payload> =
            data.iter().map(|data| Payload::Notify(Notify::new(kind, data.clone()))).collect();
        prop_assert!(told(&payloads).unwrap_or_default().len() <= MOST_ADDRESSES);
    }
}
