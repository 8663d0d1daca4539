//! Random traffic against a model that is a plain list of mappings, and the law that no packet vanishes.

use std::net::SocketAddrV4;

use proptest::prelude::*;

use super::*;
use crate::middlebox::testing::any_packet;

/// What happens next.
#[derive(Clone, Debug)]
enum Act {
    Out {
        host: u8,
        port: u16,
        remote: (u8, u16),
    },
    /// To the outside endpoint of the n-th mapping ever made.
    In {
        nth: usize,
        remote: (u8, u16),
    },
    Wait(u64),
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let remote = (1u8..4, 500u16..503);
    let act = prop_oneof![
        6 => (1u8..4, 500u16..503, remote.clone()).prop_map(|(host, port, remote)| Act::Out { host, port, remote }),
        6 => (any::<prop::sample::Index>(), remote).prop_map(|(nth, remote)| Act::In { nth: nth.index(16), remote }),
        3 => (1u64..200).prop_map(Act::Wait),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..80)
}

fn dependence() -> impl Strategy<Value = Dependence> {
    prop::sample::select(vec![
        Dependence::EndpointIndependent,
        Dependence::AddressDependent,
        Dependence::AddressAndPortDependent,
    ])
}

/// A mapping as the model has it; `to` are the remote endpoints that it was used for.
struct Known {
    inside: SocketAddrV4,
    outside: SocketAddrV4,
    first_remote: SocketAddrV4,
    to: Vec<SocketAddrV4>,
    until: u64,
}

/// Whether two remote endpoints are the same as far as it matters.
fn alike(dependence: Dependence, a: SocketAddrV4, b: SocketAddrV4) -> bool {
    match dependence {
        Dependence::EndpointIndependent => true,
        Dependence::AddressDependent => a.ip() == b.ip(),
        Dependence::AddressAndPortDependent => a == b,
    }
}

fn remote(end: (u8, u16)) -> SocketAddrV4 {
    SocketAddrV4::new([192, 0, 2, end.0].into(), end.1)
}

proptest! {
    #[test]
    fn mapping_and_filtering_are_as_in_a_plain_list(
        acts in acts(),
        mapping in dependence(),
        filtering in dependence(),
        assignment in prop::sample::select(vec![
            PortAssignment::Preserving, PortAssignment::Sequential, PortAssignment::Random,
        ]),
        refresh: (bool, bool),
    ) {
        let (outbound_refresh, inbound_refresh) = refresh;
        let behaviour =
            Behaviour { mapping, filtering, assignment, outbound_refresh, inbound_refresh, ..Behaviour::default() };
        let mut nat = nat_with(&["203.0.113.1", "203.0.113.2"], behaviour);
        let mut list: Vec<Known> = Vec::new();
        let mut ever: Vec<SocketAddrV4> = Vec::new();
        let mut time = 0;
        for act in acts {
            list.retain(|known| known.until > time);
            match act {
                Act::Wait(by) => time += by,
                Act::Restart => {
                    nat.restart();
                    list.clear();
                }
                Act::Out { host, port, remote: end } => {
                    let (inside, to) = (SocketAddrV4::new([10, 0, 0, host].into(), port), remote(end));
                    let outside = out(&mut nat, seconds(time), &inside.to_string(), &to.to_string());
                    let outside: SocketAddrV4 = outside.parse().unwrap();
                    let known =
                        list.iter_mut().find(|k| k.inside == inside && alike(mapping, k.first_remote, to));
                    if let Some(known) = known {
                        prop_assert_eq!(known.outside, outside);
                        known.to.push(to);
                        known.until = if outbound_refresh { time + 300 } else { known.until };
                        continue;
                    }
                    prop_assert!(list.iter().all(|known| known.outside != outside), "a port is used twice");
                    let mut paired = list.iter().filter(|known| known.inside.ip() == inside.ip());
                    prop_assert!(paired.all(|known| known.outside.ip() == outside.ip()), "pooling is paired");
                    ever.push(outside);
                    list.push(Known { inside, outside, first_remote: to, to: vec![to], until: time + 300 });
                }
                Act::In { nth, remote: end } => {
                    let Some(outside) = ever.get(nth).copied() else { continue };
                    let from = remote(end);
                    let arrived = back(&mut nat, seconds(time), &from.to_string(), &outside.to_string());
                    let known = list.iter_mut().find(|known| known.outside == outside);
                    let expected = match known {
                        None => Err(NatDrop::NoMapping),
                        Some(k) if !(filtering == Dependence::EndpointIndependent
                            || k.to.iter().any(|to| alike(filtering, *to, from))) => Err(NatDrop::Filtered),
                        Some(known) => {
                            known.until = if inbound_refresh { time + 300 } else { known.until };
                            Ok(known.inside.to_string())
                        }
                    };
                    prop_assert_eq!(arrived, expected);
                }
            }
        }
        nat.wake(seconds(time));
        list.retain(|known| known.until > time);
        let of_nat = nat.mappings().map(|m| (m.inside, m.outside, m.expires));
        let of_list = list.iter().map(|known| (known.inside, known.outside, Some(seconds(known.until))));
        prop_assert_eq!(of_nat.collect::<BTreeSet<_>>(), of_list.collect::<BTreeSet<_>>());
    }

    /// Each packet handled goes on whole or in pieces, is answered, or is noted as dropped, in the end.
    #[test]
    fn no_packet_is_lost_without_a_note(
        packets in prop::collection::vec((any_packet(ADDRESSES), 0u16..3, 0u64..4), 1..60),
        preset in prop::sample::select(vec![
            Behaviour::full_cone as fn() -> Behaviour, Behaviour::port_restricted_cone, Behaviour::symmetric,
        ]),
        assignment in prop::sample::select(vec![PortAssignment::Preserving, PortAssignment::Overloading]),
        held in 0usize..6,
        mtu in prop::option::of(10usize..90),
        restart: bool,
    ) {
        let limits = crate::middlebox::FragmentLimits { held, datagrams: 4, ..Default::default() };
        let behaviour = Behaviour { fragments: limits, assignment, ports: 1000..=1003, ..preset() };
        let mut nat = nat(behaviour);
        nat.set_mtu(Side::Outside, mtu);
        let mut handled = packets.len();
        let mut time = 0;
        for (packet, port, wait) in packets {
            time += wait;
            nat.handle(seconds(time), Port(port), packet);
        }
        if restart {
            nat.restart();
        }
        nat.wake(seconds(time + 100_000));
        let done = drain(&mut nat, seconds(time + 100_000));
        prop_assert_eq!(done.until, None);
        let mut ends = done.sent.len();
        for note in &done.notes {
            match note {
                NatNote::Dropped { report, .. } => {
                    ends += 1;
                    handled += usize::from(*report == Report::Sent);
                }
                NatNote::Fragmented { pieces, .. } => ends -= pieces - 1,
                _ => {}
            }
        }
        prop_assert_eq!(handled, ends);
        for (_, packet) in &done.sent {
            prop_assert!(IpPacket::parse(packet.as_bytes().to_vec()).is_ok(), "the header checksum is right");
        }
    }
}

const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "10.0.0.2",
    "192.0.2.1",
    "203.0.113.1",
    "203.0.113.1",
    "10.0.0.254",
    "0.0.0.0",
    "224.0.0.1",
    "2001:db8::1",
];
