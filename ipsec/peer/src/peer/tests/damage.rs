//! What hostile datagrams do to a peer: nothing.

use proptest::prelude::*;

use super::*;

/// The datagrams of a whole handshake, as they went over the wire.
fn handshake() -> Vec<IpPacket> {
    let peer = |config, seed| Peer::new(config, &PORTABLE, luck(seed)).unwrap();
    let mut peers = [peer(west_config(), 1), peer(east_config(), 2)];
    let mut seen = Vec::new();
    peers[0].handle(Instant::ZERO, Input::Command(Command::Initiate { child: "net".into() }));
    let mut side = 0;
    for _ in 0..8 {
        let mut packets = Vec::new();
        loop {
            match peers[side].poll(Instant::ZERO) {
                Output::Outside(packet) => packets.push(packet),
                Output::Idle { .. } => break,
                _ => {}
            }
        }
        side = 1 - side;
        for packet in packets {
            seen.push(packet.clone());
            peers[side].handle(Instant::ZERO, Input::Outside(packet));
        }
    }
    seen
}

/// What is done to a datagram's payload before it arrives.
#[derive(Clone, Debug)]
enum Damage {
    Random(Vec<u8>),
    Truncate(prop::sample::Index),
    Extend(Vec<u8>),
    Flip(Vec<(prop::sample::Index, u8)>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let octets = || prop::collection::vec(any::<u8>(), 0..400);
    prop_oneof![
        octets().prop_map(Damage::Random),
        any::<prop::sample::Index>().prop_map(Damage::Truncate),
        octets().prop_map(Damage::Extend),
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6).prop_map(Damage::Flip),
    ]
}

fn damaged(packet: &IpPacket, damage: &Damage) -> IpPacket {
    let datagram = udp::read(packet).unwrap();
    let mut octets = datagram.payload.to_vec();
    match damage {
        Damage::Random(random) => octets.clone_from(random),
        Damage::Truncate(at) => octets.truncate(at.index(octets.len())),
        Damage::Extend(more) => octets.extend_from_slice(more),
        Damage::Flip(flips) => {
            for (at, value) in flips {
                let at = at.index(octets.len());
                octets[at] = *value;
            }
        }
    }
    let header = IpHeader::new(packet.source(), packet.destination(), protocol::UDP);
    udp::build(datagram.source, datagram.destination, Buffer::copy_of(&octets), &header).unwrap()
}

proptest! {
    // 10,000 cases of ten datagrams each.
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_hundred_thousand_hostile_datagrams_never_panic_a_peer(
        inputs in prop::collection::vec((any::<prop::sample::Index>(), damage()), 10),
        at in 0usize..5,
    ) {
        thread_local! { static SEEN: Vec<IpPacket> = handshake(); }
        SEEN.with(|seen| {
            let mut east = Peer::new(east_config(), &PORTABLE, luck(2)).unwrap();
            let to_east: Vec<&IpPacket> = seen.iter().filter(|p| p.destination().to_string() == EAST).collect();
            // So far the handshake had come before the hostile ones did.
            for packet in to_east.iter().take(at) {
                east.handle(Instant::ZERO, Input::Outside((*packet).clone()));
            }
            for (which, damage) in &inputs {
                let packet = damaged(to_east[which.index(to_east.len())], damage);
                east.handle(Instant::ZERO, Input::Outside(packet));
                while !matches!(east.poll(Instant::ZERO), Output::Idle { .. }) {}
            }
            assert!(east.status().ike.len() <= 1 + inputs.len());
        });
    }
}
