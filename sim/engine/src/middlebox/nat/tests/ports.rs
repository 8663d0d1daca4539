//! Ports: which one a mapping gets, forwards, exhaustion, and the presets.

use super::*;

fn port(outside: &str) -> u16 {
    outside.rsplit(':').next().unwrap().parse().unwrap()
}

#[test]
fn req_3a_well_known_ports_stay_well_known_and_others_do_not_become_so() {
    for assignment in [PortAssignment::Preserving, PortAssignment::Random, PortAssignment::Sequential] {
        let mut nat = nat(Behaviour { assignment, ..Behaviour::default() });
        for host in 1..40 {
            assert!(port(&out(&mut nat, seconds(0), &format!("10.0.0.{host}:500"), PEER)) < 1024);
            assert!(port(&out(&mut nat, seconds(0), &format!("10.0.0.{host}:4500"), PEER)) >= 1024);
        }
    }
}

#[test]
fn a_preserved_port_is_the_inside_port_unless_it_is_taken_or_out_of_range() {
    let mut nat = nat(Behaviour { ports: 1024..=u16::MAX, ..Behaviour::default() });
    assert_eq!(out(&mut nat, seconds(0), "10.0.0.1:4500", PEER), "203.0.113.1:4500");
    assert_ne!(out(&mut nat, seconds(0), "10.0.0.2:4500", PEER), "203.0.113.1:4500");
    assert!(port(&out(&mut nat, seconds(0), A, PEER)) >= 1024);
}

#[test]
fn sequential_ports_follow_each_other_and_begin_anew_behind_the_last() {
    let ports = 5000..=5003;
    let assignment = PortAssignment::Sequential;
    let mut nat = nat(Behaviour { assignment, ports, parity: false, ..Behaviour::default() });
    let mut next =
        |now: u64, host: u8| port(&out(&mut nat, seconds(now), &format!("10.0.0.{host}:3000"), PEER));
    assert_eq!([next(0, 1), next(0, 2), next(0, 3)], [5000, 5001, 5002]);
    assert_eq!([next(400, 4), next(400, 5)], [5003, 5000]);
}

#[test]
fn neighbouring_ports_get_neighbouring_outside_ports_where_contiguity_is_wanted() {
    let assignment = PortAssignment::Random;
    let mut nat = nat(Behaviour { assignment, contiguity: true, ..Behaviour::default() });
    let rtp = port(&out(&mut nat, seconds(0), "10.0.0.1:6000", PEER));
    assert_eq!(port(&out(&mut nat, seconds(0), "10.0.0.1:6001", PEER)), rtp + 1);
    assert_eq!(port(&out(&mut nat, seconds(0), "10.0.0.1:5999", PEER)), rtp - 1);
    assert_ne!(port(&out(&mut nat, seconds(0), "10.0.0.2:6002", PEER)), rtp + 2);
}

#[test]
fn overloaded_ports_are_told_apart_by_whom_they_were_used_for() {
    for filtering in
        [Dependence::EndpointIndependent, Dependence::AddressDependent, Dependence::AddressAndPortDependent]
    {
        let assignment = PortAssignment::Overloading;
        let mut nat = nat(Behaviour { assignment, filtering, ..Behaviour::default() });
        let shared = out(&mut nat, seconds(0), A, PEER);
        assert_eq!(out(&mut nat, seconds(0), B, PEER_OTHER_PORT), shared);
        assert_eq!(back(&mut nat, seconds(0), PEER, &shared).unwrap(), A);
        assert_eq!(back(&mut nat, seconds(0), PEER_OTHER_PORT, &shared).unwrap(), B);
    }
}

#[test]
fn when_no_port_is_free_a_new_flow_is_dropped_until_a_mapping_ends() {
    for pooling in [Pooling::Paired, Pooling::Arbitrary] {
        let pool = ["203.0.113.1", "203.0.113.2"];
        let mut nat = nat_with(&pool, Behaviour { ports: 5000..=5003, pooling, ..Behaviour::default() });
        let hosts: Vec<String> = (0..8).map(|n| format!("10.0.0.{}:3000", n + 1)).collect();
        let taken: BTreeSet<String> =
            hosts.iter().map(|host| out(&mut nat, seconds(0), host, PEER)).collect();
        assert_eq!(taken.len(), 8, "every port of every address is used");
        let done = hand(&mut nat, seconds(1), INSIDE, datagram("10.0.0.9:3000", PEER, b""));
        assert_eq!(drops(&done), [NatDrop::PortsExhausted]);
        assert_eq!(
            out(&mut nat, seconds(1), &hosts[0], OTHER_PEER),
            out(&mut nat, seconds(1), &hosts[0], PEER)
        );
        out(&mut nat, seconds(300), "10.0.0.9:3000", PEER);
    }
}

#[test]
fn a_forward_lets_everybody_in_never_ends_and_gives_its_host_that_endpoint() {
    let forward = Forward {
        protocol: protocol::UDP,
        outside: "203.0.113.1:1500".parse().unwrap(),
        inside: A.parse().unwrap(),
    };
    for preset in [Behaviour::full_cone(), Behaviour::symmetric()] {
        let mut nat = nat(Behaviour { forwards: vec![forward], ..preset });
        for time in [0, 10_000] {
            assert_eq!(back(&mut nat, seconds(time), OTHER_PEER, "203.0.113.1:1500").unwrap(), A);
            assert_eq!(out(&mut nat, seconds(time), A, PEER), "203.0.113.1:1500");
        }
        nat.restart();
        assert_eq!(nat.mappings().count(), 1);
        assert_ne!(out(&mut nat, seconds(10_000), "10.0.0.7:1500", PEER), "203.0.113.1:1500");
    }
}

#[test]
fn impossible_translators_are_refused() {
    let build = |pool: &[&str], behaviour| {
        let pool = pool.iter().map(|address| address.parse().unwrap()).collect();
        let random = Streams::new(1).stream(&["nat"]);
        Nat::new("10.0.0.254".parse().unwrap(), pool, behaviour, random).map(|_| ())
    };
    let forward = |outside: &str, inside: &str| Forward {
        protocol: protocol::UDP,
        outside: outside.parse().unwrap(),
        inside: inside.parse().unwrap(),
    };
    let forwards = |forwards: Vec<Forward>| Behaviour { forwards, ..Behaviour::default() };
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is refused")]
    let no_ports = Behaviour { ports: 5..=4, ..Behaviour::default() };
    let pool = &["203.0.113.1"];
    assert_eq!(build(&[], Behaviour::default()), Err(NatError::NoAddress));
    assert_eq!(build(pool, no_ports), Err(NatError::NoPorts));
    let elsewhere = forward("203.0.113.2:1", A);
    assert_eq!(build(pool, forwards(vec![elsewhere])), Err(NatError::NotOurs(*elsewhere.outside.ip())));
    let one = forward("203.0.113.1:1", A);
    let twice = [forward("203.0.113.1:1", B), forward("203.0.113.1:2", A)];
    assert_eq!(build(pool, forwards(vec![one, twice[0]])), Err(NatError::Twice(one.outside)));
    assert_eq!(build(pool, forwards(vec![one, twice[1]])), Err(NatError::Twice(one.inside)));
}

#[test]
fn a_restart_forgets_all_mappings_and_waiting_fragments() {
    let mut nat = nat(Behaviour::default());
    let outside = out(&mut nat, seconds(0), A, PEER);
    hand(&mut nat, seconds(0), INSIDE, fragments(B, PEER, 1)[1].clone());
    nat.restart();
    let done = drain(&mut nat, seconds(0));
    assert!(matches!(done.notes[0], NatNote::Restarted { mappings: 1 }));
    assert_eq!(drops(&done), [NatDrop::Restarted]);
    assert_eq!(done.until, None);
    assert_eq!(back(&mut nat, seconds(0), PEER, &outside), Err(NatDrop::NoMapping));
}

#[test]
fn the_same_stream_chooses_the_same_ports() {
    let ports = || {
        let mut nat = nat(Behaviour::symmetric());
        let ports = (1..20).map(|p| out(&mut nat, seconds(0), A, &format!("192.0.2.1:{p}")));
        ports.collect::<Vec<_>>()
    };
    assert_eq!(ports(), ports());
    assert_eq!(ports().into_iter().collect::<BTreeSet<_>>().len(), 19);
}

#[test]
fn notes_differ_in_the_digest_where_they_differ() {
    let flow = Flow::of(&datagram(A, PEER, b""));
    let (inside, outside) = (A.parse().unwrap(), "203.0.113.1:500".parse().unwrap());
    let binding = |scope| Binding { protocol: protocol::UDP, inside, outside, scope };
    let peer: SocketAddrV4 = PEER.parse().unwrap();
    let notes = [
        NatNote::Mapped(binding(Scope::Anywhere)),
        NatNote::Mapped(binding(Scope::Address(*peer.ip()))),
        NatNote::Mapped(binding(Scope::Endpoint(peer))),
        NatNote::Expired(binding(Scope::Anywhere)),
        NatNote::Restarted { mappings: 1 },
        NatNote::Dropped { reason: NatDrop::Filtered, flow, report: Report::None },
        NatNote::Dropped { reason: NatDrop::NoMapping, flow, report: Report::None },
        NatNote::Held { flow },
        NatNote::Answered { flow },
        NatNote::Fragmented { flow, pieces: 2 },
    ];
    let written = notes.iter().map(|note| {
        let mut octets = Vec::new();
        crate::Note::write(note, &mut octets);
        octets
    });
    assert_eq!(written.collect::<BTreeSet<_>>().len(), notes.len());
}
