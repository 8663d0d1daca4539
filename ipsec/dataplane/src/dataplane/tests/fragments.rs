//! Fragments in tunnels: those of protected packets are for the reassembler, those inside go with the first one's ports.

use ipsec_net::{Buffer, IpHeader, IpPacket, fragment, protocol};

use super::setup::*;
use crate::*;

/// To port 53 only.
fn to_port_53(pair: &mut SaPair) {
    for selector in pair.inbound.selectors.iter_mut().chain(&mut pair.outbound.selectors) {
        selector.protocol = Some(protocol::UDP);
        let ports = 53..=53;
        match selector.local.contains(address("10.2.0.1")) {
            true => selector.local_ports = ports,
            false => selector.remote_ports = ports,
        }
    }
}

fn pieces(port: u16) -> Vec<IpPacket> {
    let header = IpHeader::new(address("10.1.0.1"), address("10.2.0.1"), protocol::UDP);
    let payload = [&[0, 7][..], &port.to_be_bytes(), &[0; 3000]].concat();
    fragment(IpPacket::build(&header, Buffer::copy_of(&payload)).unwrap(), 1400, 0).unwrap()
}

#[test]
fn later_fragments_go_with_the_first_one_through_an_sa_for_one_port() {
    let (mut west, mut east) = (PLAIN.west_with(to_port_53), PLAIN.east_with(to_port_53));
    for piece in pieces(53) {
        delivered(&mut east, sent(&mut west, piece));
    }
    assert_eq!(refused(&mut west, pieces(54).remove(0)), DropReason::Discarded);
}

#[test]
fn a_later_fragment_that_comes_first_shows_no_port_and_does_not_pass() {
    let (mut west, _) = (PLAIN.west_with(to_port_53), ());
    assert_eq!(refused(&mut west, pieces(53).remove(1)), DropReason::Discarded);
}

#[test]
fn without_the_first_one_a_later_fragment_is_refused_on_arrival() {
    let (mut west, mut east) = (PLAIN.west_with(to_port_53), PLAIN.east_with(to_port_53));
    let outers: Vec<_> = pieces(53).into_iter().map(|piece| sent(&mut west, piece)).collect();
    assert_eq!(dropped(&mut east, outers[1].clone()), DropReason::Selectors);
}

/// West and east with a policy for packets from west to port 53, and one that protects the rest.
fn with_policy_for_port_53(action: Action) -> [Dataplane; 2] {
    let [west, east] = PLAIN.networks();
    let selectors = [
        Selector { remote_ports: 53..=53, ..Selector::between(west, east) },
        Selector { local_ports: 53..=53, ..Selector::between(east, west) },
    ];
    selectors.map(|selector| {
        let rest = Selector::between(selector.local, selector.remote);
        let policies = vec![
            Policy::new("port", vec![selector], action),
            Policy::new("rest", vec![rest], Action::Protect),
        ];
        Dataplane::new(PLAIN.provider, policies, Settings::default())
    })
}

#[test]
fn later_fragments_are_discarded_or_pass_in_the_clear_as_the_first_one_was() {
    let [mut west, _] = with_policy_for_port_53(Action::Discard);
    for piece in pieces(53) {
        assert_eq!(refused(&mut west, piece), DropReason::Discarded);
    }
    let [mut west, mut east] = with_policy_for_port_53(Action::Bypass);
    for piece in pieces(53) {
        let out = west.outbound(NOW, &mut Counting(1), piece.clone());
        assert_eq!(out, Outbound::Bypass(piece.clone()));
        assert_eq!(east.inbound_clear(NOW, piece.clone()), Inbound::Deliver(piece));
    }
    let header = IpHeader::new(address("10.1.0.2"), address("10.2.0.1"), protocol::UDP);
    let another = IpPacket::build(&header, Buffer::copy_of(&[0; 3000])).unwrap();
    let later = fragment(another, 1400, 0).unwrap().remove(1);
    assert!(matches!(west.outbound(NOW, &mut Counting(1), later.clone()), Outbound::Acquire { .. }));
    assert_eq!(reason(east.inbound_clear(NOW, later)), DropReason::Unprotected);
}
