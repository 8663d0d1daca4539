use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipsec_wire::registry::TsType;
use proptest::prelude::*;

use super::*;

/// A packet as one side of it shows: the last octet of its address, its protocol, and its port if it shows one.
type Packet = (u8, u8, Option<u16>);

const ADDRESSES: u8 = 6;
const PROTOCOLS: [u8; 3] = [1, 6, 17];
const PORTS: u16 = 6;

/// Every packet of a world that is small enough to count.
fn all_packets() -> impl Iterator<Item = Packet> {
    let ports = || (0..PORTS).map(Some).chain([None]);
    (0..ADDRESSES).flat_map(move |last| {
        PROTOCOLS.iter().flat_map(move |protocol| ports().map(move |port| (last, *protocol, port)))
    })
}

/// What a selector means, in so many words (RFC 7296 §3.13.1).
fn holds(selector: &TrafficSelector, (last, protocol, port): Packet) -> bool {
    let TrafficSelector::Addresses { protocol: own, ports, first, last: end } = selector else {
        return false;
    };
    let address = IpAddr::from(Ipv4Addr::new(10, 0, 0, last));
    let port_fits = match (ports, port) {
        ((0, u16::MAX), _) | ((u16::MAX, 0), None) => true,
        ((low, high), Some(port)) => *low <= port && port <= *high,
        (_, None) => false,
    };
    *first <= address && address <= *end && (*own == 0 || *own == protocol) && port_fits
}

fn covered(selectors: &[TrafficSelector]) -> BTreeSet<Packet> {
    all_packets().filter(|packet| selectors.iter().any(|selector| holds(selector, *packet))).collect()
}

fn selector() -> impl Strategy<Value = TrafficSelector> {
    let address = |last| IpAddr::from(Ipv4Addr::new(10, 0, 0, last));
    let addresses =
        (0..ADDRESSES, 0..ADDRESSES).prop_map(move |(a, b)| (address(a.min(b)), address(a.max(b))));
    let ports = prop_oneof![
        2 => Just((0, u16::MAX)),
        1 => Just((u16::MAX, 0)),
        4 => (0..PORTS, 0..PORTS).prop_map(|(a, b)| (a.min(b), a.max(b))),
    ];
    let protocol = prop::sample::select(vec![0, 1, 6, 17]);
    (addresses, ports, protocol).prop_map(|((first, last), ports, protocol)| TrafficSelector::Addresses {
        protocol,
        ports,
        first,
        last,
    })
}

fn side() -> impl Strategy<Value = Vec<TrafficSelector>> {
    prop::collection::vec(selector(), 1..4)
}

proptest! {
    /// Packet by packet: what is narrowed is for those that both offer and configuration are for, and lies within the offer.
    #[test]
    fn narrowing_leaves_exactly_the_packets_of_both(offered in side(), configured in side()) {
        let narrowed = narrow(&offered, &configured);
        let both: BTreeSet<Packet> = covered(&offered).intersection(&covered(&configured)).copied().collect();
        prop_assert_eq!(covered(&narrowed), both);
        prop_assert_eq!(subset(&narrowed, &offered), !narrowed.is_empty());
    }

    #[test]
    fn narrowing_by_what_was_narrowed_changes_nothing(offered in side(), configured in side()) {
        let narrowed = narrow(&offered, &configured);
        prop_assert_eq!(narrow(&narrowed, &configured), narrowed.clone());
        let again = narrow(&offered, &narrowed);
        prop_assert_eq!(covered(&again), covered(&narrowed));
    }

    #[test]
    fn no_selector_of_what_was_narrowed_contains_another(offered in side(), configured in side()) {
        let narrowed = narrow(&offered, &configured);
        for (index, one) in narrowed.iter().enumerate() {
            let others = narrowed.iter().enumerate().filter(|(other, _)| *other != index);
            for (_, other) in others {
                prop_assert!(!contains(one, other), "{one} contains {other}");
            }
        }
    }

    /// The packets between two sides are those whose two ends are in them, and no others.
    #[test]
    fn a_subset_has_no_packet_that_the_whole_has_not(part in side(), whole in side()) {
        if subset(&part, &whole) {
            prop_assert!(covered(&part).is_subset(&covered(&whole)));
        }
    }
}

fn web() -> TrafficSelector {
    let (first, last) = ([10, 0, 0, 0].into(), [10, 0, 0, 255].into());
    TrafficSelector::Addresses { protocol: 6, ports: (80, 80), first, last }
}

fn network(text: &str) -> TrafficSelector {
    let range = text.parse::<ipsec_net::Prefix>().unwrap().range();
    TrafficSelector::any(range.first(), range.last())
}

#[test]
fn narrowing_keeps_protocol_and_ports_and_never_mixes_ip_versions() {
    let unknown = TrafficSelector::Unknown { kind: TsType(200), protocol: 0, body: vec![1] };
    let narrowed = narrow(&[unknown, web()], &[network("10.0.0.16/28"), network("::/0")]);
    assert_eq!(show(&narrowed), "10.0.0.16-10.0.0.31[6/80-80]");
    let any = network("10.0.0.16/28");
    assert!(!subset(std::slice::from_ref(&any), &[web()]), "all protocols are more than one");
    let [pair] = &pairs(&narrowed, &[any])[..] else { panic!("one pair") };
    assert_eq!(
        (pair.protocol, pair.local_ports.clone(), pair.remote_ports.clone()),
        (Some(6), 80..=80, 0..=65535)
    );
}

#[test]
fn pairs_have_one_ip_version_and_one_protocol() {
    let both = [network("10.0.0.0/24"), network("fd00::/64")];
    assert_eq!(pairs(&both, &both).len(), 2);
    let (first, last) = ([10, 0, 0, 0].into(), [10, 0, 0, 255].into());
    let dns = TrafficSelector::Addresses { protocol: 17, ports: (53, 53), first, last };
    assert!(pairs(&[web()], &[dns]).is_empty(), "no packet is both of TCP and of UDP");
}

/// RFC 9478 §3: one label for both sides.
#[test]
fn a_label_has_to_be_offered_at_both_sides_and_configured() {
    let label = |text: &str| TrafficSelector::Label(text.as_bytes().to_vec());
    let octets = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
    let (secret, open) = (label("secret"), label("open"));
    let offered = [secret.clone(), open.clone()];
    let chosen = |configured: &[&str]| common_label([&offered, &offered], &octets(configured));
    assert_eq!(chosen(&["open", "secret"]), Ok(Some(secret.clone())), "the initiator's order counts");
    assert_eq!(chosen(&["open"]), Ok(Some(open.clone())));
    assert_eq!(chosen(&["other"]), Err(()));
    assert_eq!(chosen(&[]), Err(()), "a label that is asked for and not known");
    assert_eq!(common_label([&[secret], &[open]], &octets(&["secret", "open"])), Err(()));
    assert_eq!(common_label([&[web()], &[web()]], &[]), Ok(None));
    assert_eq!(common_label([&[web()], &[web()]], &octets(&["open"])), Err(()), "one is wanted here");
}

#[test]
fn a_single_pair_is_one_address_at_either_side() {
    let host = |last| TrafficSelector::any([10, 0, 0, last].into(), [10, 0, 0, last].into());
    assert!(is_single_pair([&[host(1)], &[host(2)]]));
    assert!(is_single_pair([&[host(1), host(1)], &[host(2)]]));
    assert!(!is_single_pair([&[host(1), host(3)], &[host(2)]]));
    assert!(!is_single_pair([&[host(1)], &[web()]]));
    assert!(!is_single_pair([&[], &[host(2)]]));
}
