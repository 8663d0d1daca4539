//! A gateway that sends to itself, and what it is given.

use ipsec_crypto::{Entropy, Provider, Secret};
use ipsec_dataplane::{
    Action, Dataplane, Inbound, Lifetime, Limits, Mode, Outbound, Policy, Protection, SaOptions, SaPair,
    SaParameters, Selector, Settings,
};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, Prefix, protocol};
use ipsec_wire::Spi;

/// Costs next to nothing, so that it does not hide what is measured.
struct Constant;

impl Entropy for Constant {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

/// A gateway whose one SA pair sends to itself.
pub(crate) fn looped(provider: &'static Provider, protection: Protection) -> Dataplane {
    let all = "0.0.0.0/0".parse::<Prefix>().unwrap().range();
    let selectors = vec![Selector::between(all, all)];
    let policy = Policy::new("net", selectors.clone(), Action::Protect);
    let sa = SaParameters {
        spi: Spi(0x1001),
        protection,
        key: Secret::from(vec![7; protection.key_material_len()]),
        mode: Mode::Tunnel { local: [192, 0, 2, 1].into(), remote: [198, 51, 100, 1].into() },
        selectors,
        extended_sequence_numbers: true,
        replay_window: 64,
        options: SaOptions::default(),
    };
    let most = Limits { time: None, octets: Some(u64::MAX), packets: Some(u64::MAX) };
    let lifetime = Lifetime { soft: most, hard: most, idle: None };
    let mut plane = Dataplane::new(provider, vec![policy], Settings::default());
    plane.install(Instant::ZERO, SaPair { lifetime, ..SaPair::new("net", sa.clone(), sa) });
    plane
}

pub(crate) fn inner(length: usize) -> IpPacket {
    let header = IpHeader::new([10, 1, 0, 1].into(), [10, 2, 0, 1].into(), protocol::UDP);
    IpPacket::build(&header, Buffer::copy_of(&vec![0x42; length - 20])).unwrap()
}

/// Takes a packet from inside, and sends it protected.
pub(crate) fn seal(plane: &mut Dataplane, mut packet: IpPacket) -> IpPacket {
    if packet.hop_limit() == 2 {
        packet.set_hop_limit(64);
    }
    match plane.outbound(Instant::ZERO, &mut Constant, packet) {
        Outbound::Send(outer) => outer,
        other => panic!("{other:?}"),
    }
}

/// Takes a protected packet, and delivers what is in it.
pub(crate) fn open(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    match plane.inbound(Instant::ZERO, packet) {
        Inbound::Deliver(inner) => inner,
        other => panic!("{other:?}"),
    }
}

/// The length of what is encrypted: the packet with its trailer.
pub(crate) fn text_len(length: usize, block: usize) -> usize {
    (length + 2).next_multiple_of(block.max(4))
}
