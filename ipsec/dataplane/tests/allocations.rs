//! Once an SA's keys are set up and its flow is known, a packet costs no allocation.

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

use std::net::{IpAddr, Ipv4Addr};

use allocation_counter::measure;
use ipsec_crypto::IntegrityAlgorithm::HmacSha2_256_128;
use ipsec_crypto::{
    AeadAlgorithm, CipherAlgorithm, Entropy, FAST, IntegrityAlgorithm, PORTABLE, Provider, Secret,
};
use ipsec_dataplane::{
    Action, Dataplane, Encryption, Inbound, Mode, Outbound, Policy, Protection, SaOptions, SaPair,
    SaParameters, Selector, Settings, Suite,
};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, Prefix, protocol};
use ipsec_wire::Spi;

const GCM: Suite =
    Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None };
const CBC: Suite = Suite {
    encryption: Encryption::Cipher(CipherAlgorithm::AesCbc),
    key_len: 32,
    integrity: Some(IntegrityAlgorithm::HmacSha2_256_128),
};

const TUNNEL: Mode = Mode::Tunnel {
    local: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    remote: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
};

struct Constant;

impl Entropy for Constant {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

/// A gateway whose one SA pair sends to itself.
fn looped(provider: &'static Provider, protection: Protection, mode: Mode) -> Dataplane {
    let all = "0.0.0.0/0".parse::<Prefix>().unwrap().range();
    let selectors = vec![Selector::between(all, all)];
    let policy = Policy::new("net", selectors.clone(), Action::Protect);
    let sa = SaParameters {
        spi: Spi(0x1001),
        protection,
        key: Secret::from(vec![7; protection.key_material_len()]),
        mode,
        selectors,
        extended_sequence_numbers: true,
        replay_window: 64,
        options: SaOptions::default(),
    };
    let mut plane = Dataplane::new(provider, vec![policy], Settings::default());
    plane.install(Instant::ZERO, SaPair::new("net", sa.clone(), sa));
    plane
}

fn round(plane: &mut Dataplane, packet: IpPacket) -> IpPacket {
    let Outbound::Send(outer) = plane.outbound(Instant::ZERO, &mut Constant, packet) else {
        panic!("not sent");
    };
    match plane.inbound(Instant::ZERO, outer) {
        Inbound::Deliver(inner) => inner,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_packet_in_steady_state_costs_no_allocation() {
    // Built with debug assertions, the fast arm's crate allocates at each call: it asks the environment whether to
    // hide a processor feature from its own tests.
    let providers: &[&Provider] = if cfg!(debug_assertions) { &[&PORTABLE] } else { &[&PORTABLE, &FAST] };
    for provider in providers.iter().copied() {
        for protection in [Protection::Esp(GCM), Protection::Esp(CBC), Protection::Ah(HmacSha2_256_128)] {
            for mode in [TUNNEL, Mode::Transport] {
                let mut plane = looped(provider, protection, mode);
                let mut header = IpHeader::new([10, 1, 0, 1].into(), [10, 2, 0, 1].into(), protocol::UDP);
                header.hop_limit = 255;
                let mut packet = Some(IpPacket::build(&header, Buffer::copy_of(&[1; 1400])).unwrap());
                let mut rounds = |count: usize| {
                    for _ in 0..count {
                        packet = packet.take().map(|packet| round(&mut plane, packet));
                    }
                };
                assert_ne!(measure(|| rounds(1)).count_total, 0, "the first packet sets up keys");
                assert_eq!(measure(|| rounds(200)).count_total, 0, "{protection} {mode:?} {}", provider.name);
            }
        }
    }
}
