//! What an SA pair costs in memory.

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

use allocation_counter::measure;
use ipsec_crypto::{AeadAlgorithm, Entropy, PORTABLE, Secret};
use ipsec_dataplane::{
    Action, Dataplane, Encryption, Mode, Outbound, Policy, Protection, SaOptions, SaPair, SaParameters,
    Selector, Settings, Suite,
};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, Prefix, protocol};
use ipsec_wire::Spi;

struct Constant;

impl Entropy for Constant {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0x5a);
    }
}

const PAIRS: u32 = 10_000;

fn pair(number: u32) -> SaPair {
    let suite = Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None };
    let all = "0.0.0.0/0".parse::<Prefix>().unwrap().range();
    let sa = |spi| SaParameters {
        spi: Spi(spi),
        protection: Protection::Esp(suite),
        key: Secret::from(vec![7; suite.key_material_len()]),
        mode: Mode::Tunnel { local: [192, 0, 2, 1].into(), remote: [198, 51, 100, 1].into() },
        selectors: vec![Selector::between(all, all)],
        extended_sequence_numbers: true,
        replay_window: 64,
        options: SaOptions::default(),
    };
    SaPair::new(number.to_string(), sa(1000 + number), sa(1000 + number))
}

/// Octets per pair that stay allocated.
fn per_pair(work: impl FnOnce()) -> i64 {
    measure(work).bytes_current / i64::from(PAIRS)
}

#[test]
fn a_pair_takes_less_than_two_kibibytes_and_less_than_four_once_it_has_carried_packets() {
    let policies = (0..PAIRS).map(|number| {
        let host = Prefix::host(std::net::Ipv4Addr::from_bits(0x0a80_0000 + number).into()).range();
        let all = "0.0.0.0/0".parse::<Prefix>().unwrap().range();
        Policy::new(number.to_string(), vec![Selector::between(all, host)], Action::Protect)
    });
    let mut plane = Dataplane::new(&PORTABLE, policies.collect(), Settings::default());
    let idle = per_pair(|| (0..PAIRS).for_each(|number| plane.install(Instant::ZERO, pair(number))));
    let keyed = idle
        + per_pair(|| {
            for number in 0..PAIRS {
                let to = std::net::Ipv4Addr::from_bits(0x0a80_0000 + number);
                let header = IpHeader::new([10, 1, 0, 1].into(), to.into(), protocol::UDP);
                let packet = IpPacket::build(&header, Buffer::copy_of(&[0; 40])).unwrap();
                let Outbound::Send(outer) = plane.outbound(Instant::ZERO, &mut Constant, packet) else {
                    panic!("not sent");
                };
                plane.inbound(Instant::ZERO, outer);
            }
        });
    println!("{idle} octets for an SA pair that has carried nothing, {keyed} for one that has");
    assert!(idle < 2048 && keyed < 4096, "{idle} and {keyed} octets");
}
