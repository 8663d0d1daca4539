//! For each oracle the fault that it exists for, planted into the trace of a real run: the oracle sees it, and no oracle
//! complains of the run as it was.

use std::sync::{Arc, Mutex};

use ipsec::crypto::{PORTABLE, Secret};
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::Event as Ikev2;
use ipsec::wire::IkeSpi;
use ipsec::wire::registry::v1;
use ipsec::{Dropped, Event};
use ipsec_net::{Buffer, IpHeader, protocol, udp};
use sim::{Direction, LinkId, NodeId};

use super::*;
use crate::file;
use crate::node::{MAGIC, Probe};
use crate::run::{Extra, Options, run_case};

const SCENARIO: &str = r#"title = "A tunnel, some packets, and a check that the peer is alive"
story = '''
0s    west: initiate net
      expect net up at west, east within 1s
1s    talk: start
2s    talk: stop
3s    west: check site
4s    west: check site
5s    east: check site
'''

[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"

[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"

[ike.site]
ends = ["west", "east"]
auth = { psk = "secret" }

[child.net]
of = "site"

[traffic.talk]
between = ["10.1.0.10", "10.2.0.10"]
rate = "10/s"
"#;

/// A record that is kept.
#[derive(Clone)]
enum Record {
    Sent(LinkId, Direction, IpPacket),
    Delivered(LinkId, Direction, IpPacket),
    Note(NodeId, Note),
}

/// Keeps the records that oracles look at.
struct Keep(Arc<Mutex<Vec<Record>>>);

impl Extra for Keep {
    fn record(&mut self, _scene: &Scene, _at: Instant, kind: &Kind<'_, Note>, _label: Option<&str>) {
        let record = match kind {
            Kind::Sent { link, direction, packet, .. } => Record::Sent(*link, *direction, (*packet).clone()),
            Kind::Delivered { link, direction, packet, .. } => {
                Record::Delivered(*link, *direction, (*packet).clone())
            }
            Kind::Note { node, note } => Record::Note(*node, (*note).clone()),
            _ => return,
        };
        self.0.lock().unwrap().push(record);
    }
}

/// A run and its records.
struct Run {
    scene: Scene,
    records: Vec<Record>,
}

impl Run {
    fn new() -> Self {
        Self::of(SCENARIO)
    }

    /// The same in version 1.
    fn older() -> Self {
        Self::of(&SCENARIO.replace("[ike.site]\n", "[ike.site]\nversion = 1\n"))
    }

    fn of(text: &str) -> Self {
        let scenario = Arc::new(file::parse("oracle.toml", text).unwrap_or_else(|e| panic!("{e:?}")));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let extra: Option<Box<dyn Extra>> = Some(Box::new(Keep(Arc::clone(&kept))));
        let options = Options { extra, ..Options::new(&PORTABLE, "oracle.toml") };
        let result = run_case(&scenario, 0, options);
        assert!(matches!(result.case.verdict, reports::Verdict::Passed), "{:?}", result.case.verdict);
        drop(result);
        let records = std::mem::take(&mut *kept.lock().unwrap());
        Self { scene: Scene::new(scenario), records }
    }

    /// What the oracles find, each with its name.
    fn findings(&self) -> Vec<(&'static str, Violation)> {
        let mut findings = Vec::new();
        for mut oracle in all() {
            let found = self.records.iter().find_map(|record| {
                let kind = match record {
                    Record::Sent(link, direction, packet) => {
                        Kind::Sent { link: *link, direction: *direction, ordinal: 0, packet }
                    }
                    Record::Delivered(link, direction, packet) => Kind::Delivered {
                        link: *link,
                        direction: *direction,
                        ordinal: 0,
                        duplicate: false,
                        packet,
                    },
                    Record::Note(node, note) => Kind::Note { node: *node, note },
                };
                oracle.record(&self.scene, Instant::ZERO, &kind).err()
            });
            findings.extend(found.map(|violation| (oracle.name(), violation)));
        }
        findings
    }

    /// Asserts that only this oracle complains, and of what.
    #[track_caller]
    fn convicts(&self, oracle: &str, happened: &str) {
        let findings = self.findings();
        let [(name, violation)] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(*name, oracle, "{violation:?}");
        assert!(violation.happened.contains(happened), "{violation:?}");
    }

    /// The places of the packets between gateways that `wanted` picks.
    fn packets(&self, wanted: impl Fn(&IpPacket) -> bool) -> Vec<usize> {
        let outside = |record: &Record| match record {
            Record::Sent(link, _, packet) => self.scene.is_outer(*link) && wanted(packet),
            Record::Delivered(..) | Record::Note(..) => false,
        };
        (0..self.records.len()).filter(|index| outside(&self.records[*index])).collect()
    }

    /// The places of west's encrypted IKE messages.
    fn encrypted(&self) -> Vec<usize> {
        self.packets(|packet| {
            let from_west = packet.source().to_string() == "192.0.2.1";
            from_west && ike_message(packet).is_some_and(|(header, _)| header.message_id > 0)
        })
    }

    /// The places of west's messages of version 1 in this exchange.
    fn of_exchange(&self, exchange: v1::ExchangeType) -> Vec<usize> {
        self.packets(|packet| {
            let from_west = packet.source().to_string() == "192.0.2.1";
            from_west && older_message(packet).is_some_and(|(header, _)| header.exchange == exchange)
        })
    }

    fn esp(&self) -> Vec<usize> {
        self.packets(|packet| packet.protocol() == protocol::ESP)
    }

    /// The places of the notes that `wanted` picks.
    fn notes(&self, wanted: impl Fn(&Note) -> bool) -> Vec<usize> {
        let picked = |record: &Record| matches!(record, Record::Note(_, note) if wanted(note));
        (0..self.records.len()).filter(|index| picked(&self.records[*index])).collect()
    }

    fn packet(&mut self, index: usize) -> &mut IpPacket {
        match &mut self.records[index] {
            Record::Sent(_, _, packet) => packet,
            Record::Delivered(..) | Record::Note(..) => panic!("no packet"),
        }
    }

    fn note(&mut self, index: usize) -> &mut Note {
        match &mut self.records[index] {
            Record::Note(_, note) => note,
            Record::Sent(..) | Record::Delivered(..) => panic!("no note"),
        }
    }

    /// Puts a record a second time, behind itself.
    fn repeat(&mut self, index: usize) {
        self.records.insert(index + 1, self.records[index].clone());
    }
}

/// The place of octet `index` of an IKE message in its UDP datagram.
fn ike(index: usize) -> usize {
    udp::HEADER_LEN + index
}

#[test]
fn no_oracle_complains_of_a_run_as_it_was() {
    assert_eq!(Run::new().findings(), []);
    assert_eq!(Run::older().findings(), []);
}

#[test]
fn a_protected_packet_that_leaves_in_the_clear_is_seen() {
    let mut run = Run::new();
    let place = run.esp()[0];
    let header = IpHeader::new([10, 1, 0, 10].into(), [10, 2, 0, 10].into(), protocol::UDP);
    *run.packet(place) = IpPacket::build(&header, Buffer::copy_of(&[0; 40])).unwrap();
    run.convicts("plaintext", "10.1.0.10");
}

#[test]
fn an_encapsulated_packet_that_nobody_encrypted_is_seen() {
    let mut run = Run::new();
    let place = run.esp()[3];
    let at = run.packet(place).len() - 60;
    let header_len = run.packet(place).header_len();
    run.packet(place).payload_mut()[at - header_len..][..MAGIC.len()].copy_from_slice(&MAGIC);
    run.convicts("plaintext", "can be read");
}

#[test]
fn a_packet_that_comes_twice_changed_or_from_nowhere_or_to_nobody_is_seen() {
    let received = |run: &Run| run.notes(|note| matches!(note, Note::Received { .. }))[2];
    let mut run = Run::new();
    let place = received(&run);
    run.repeat(place);
    run.convicts("delivery", "came twice");

    let mut run = Run::new();
    let place = received(&run);
    let Note::Received { intact, .. } = run.note(place) else { panic!() };
    *intact = false;
    run.convicts("delivery", "changed");

    let mut run = Run::new();
    let place = received(&run);
    let Note::Received { probe: Some(probe), .. } = run.note(place) else { panic!() };
    *probe = Probe { number: 70_000, ..*probe };
    run.convicts("delivery", "nobody sent it");

    let mut run = Run::new();
    let place = received(&run);
    let Note::Received { probe: Some(probe), .. } = run.note(place) else { panic!() };
    *probe = Probe { side: 1 - probe.side, ..*probe };
    run.convicts("delivery", "another host");

    let mut run = Run::new();
    let place = received(&run);
    *run.note(place) = Note::NoHost;
    run.convicts("delivery", "nowhere");
}

#[test]
fn a_sequence_number_used_twice_is_seen() {
    let mut run = Run::new();
    let place = run.esp()[2];
    run.repeat(place);
    let end = run.packet(place + 1).payload_mut().len() - 1;
    run.packet(place + 1).payload_mut()[end] ^= 1;
    run.convicts("nonce", "sends 2 under SPI");
}

#[test]
fn a_sequence_number_that_falls_behind_is_seen() {
    let mut run = Run::new();
    let places = run.esp();
    let west: Vec<usize> =
        places.into_iter().filter(|i| run.packet(*i).source().to_string() == "192.0.2.1").collect();
    run.records.swap(west[0], west[2]);
    run.convicts("nonce", "after 3");
}

#[test]
fn an_iv_used_for_two_packets_is_seen() {
    let mut run = Run::new();
    let places = run.esp();
    let west: Vec<usize> =
        places.into_iter().filter(|i| run.packet(*i).source().to_string() == "192.0.2.1").collect();
    let iv = run.packet(west[0]).payload()[8..16].to_vec();
    run.packet(west[1]).payload_mut()[8..16].copy_from_slice(&iv);
    run.convicts("nonce", "with one IV");
}

#[test]
fn an_iv_used_for_two_ike_messages_is_seen() {
    let mut run = Run::new();
    let [first, second, ..] = run.encrypted()[..] else { panic!() };
    let iv = run.packet(first).payload()[ike(32)..ike(40)].to_vec();
    run.packet(second).payload_mut()[ike(32)..ike(40)].copy_from_slice(&iv);
    udp::mend_checksum(run.packet(second));
    run.convicts("nonce", "one IV");
}

#[test]
fn keys_that_differ_are_seen() {
    let child = |run: &Run| run.notes(|note| matches!(note, Note::Peer(Event::Ikev2(Ikev2::ChildUp(_)))))[1];
    let mut run = Run::new();
    let place = child(&run);
    let Note::Peer(Event::Ikev2(Ikev2::ChildUp(record))) = run.note(place) else { panic!() };
    record.inbound_key = Secret::from(vec![0; record.inbound_key.len()]);
    run.convicts("keys", "SPI");

    let mut run = Run::new();
    let place = child(&run);
    let Note::Peer(Event::Ikev2(Ikev2::ChildUp(record))) = run.note(place) else { panic!() };
    record.extended_sequence_numbers ^= true;
    run.convicts("keys", "SPI");

    let mut run = Run::new();
    let place = run.notes(|note| matches!(note, Note::Peer(Event::Ikev2(Ikev2::IkeKeyed(_)))))[1];
    let Note::Peer(Event::Ikev2(Ikev2::IkeKeyed(record))) = run.note(place) else { panic!() };
    record.keys.pr = Secret::from(vec![0; record.keys.pr.len()]);
    run.convicts("keys", "IKE SA");
}

#[test]
fn a_message_id_that_is_left_out_is_seen() {
    let mut run = Run::new();
    let last = *run.encrypted().last().unwrap();
    let id = run.packet(last).payload()[ike(23)];
    run.packet(last).payload_mut()[ike(23)] = id + 1;
    udp::mend_checksum(run.packet(last));
    run.convicts("message-id", "after");
}

#[test]
fn a_repeat_with_other_octets_is_seen() {
    let mut run = Run::new();
    let place = run.encrypted()[0];
    run.repeat(place);
    // The IV differs, as it does where a message is encrypted anew.
    run.packet(place + 1).payload_mut()[ike(33)] ^= 1;
    udp::mend_checksum(run.packet(place + 1));
    run.convicts("message-id", "other octets");
}

#[test]
fn much_that_is_answered_to_an_unproven_address_is_seen() {
    let mut run = Run::new();
    let first = run.packets(|packet| {
        let from_east = packet.source().to_string() == "198.51.100.1";
        from_east && ike_message(packet).is_some_and(|(header, _)| header.message_id == 0)
    })[0];
    (0..4).for_each(|_| run.repeat(first));
    run.convicts("amplification", "answered");
}

#[test]
fn a_tester_that_is_taken_for_somebody_is_seen() {
    let mut run = Run::new();
    let place = run.notes(|note| matches!(note, Note::Peer(Event::Ikev2(Ikev2::IkeUp { .. }))))[1];
    let Note::Peer(Event::Ikev2(Ikev2::IkeUp { spi_r, .. })) = run.note(place) else { panic!() };
    *spi_r = IkeSpi(0x7e57_7e57_0000_0001);
    run.convicts("impostors", "took a tester for");
}

#[test]
fn in_version_1_an_iv_used_for_two_messages_is_seen() {
    let mut run = Run::older();
    let place = run.of_exchange(v1::ExchangeType::QUICK)[0];
    run.repeat(place);
    let end = run.packet(place + 1).payload().len() - 1;
    run.packet(place + 1).payload_mut()[end] ^= 1;
    udp::mend_checksum(run.packet(place + 1));
    run.convicts("nonce", "two messages with the IV");
}

#[test]
fn in_version_1_message_ids_of_the_wrong_phase_or_of_another_exchange_are_seen() {
    let mut run = Run::older();
    let place = run.of_exchange(v1::ExchangeType::MAIN)[0];
    run.packet(place).payload_mut()[ike(23)] = 9;
    udp::mend_checksum(run.packet(place));
    run.convicts("message-id", "main mode with message ID 00000009");

    let mut run = Run::older();
    let places =
        [v1::ExchangeType::QUICK, v1::ExchangeType::INFORMATIONAL].map(|exchange| run.of_exchange(exchange));
    let (quick, told) = (places[0][0], *places[1].last().unwrap());
    let id = run.packet(quick).payload()[ike(20)..ike(24)].to_vec();
    // Told by the other end: its own messages would use one IV twice.
    run.packet(told).payload_mut()[ike(20)..ike(24)].copy_from_slice(&id);
    udp::mend_checksum(run.packet(told));
    let findings: Vec<_> = run.findings().into_iter().map(|(name, _)| name).collect();
    assert!(findings.contains(&"message-id"), "{findings:?}");
}

#[test]
fn in_version_1_repeats_of_what_is_past_and_repeats_without_end_are_seen() {
    let mut run = Run::older();
    let [first, .., last] = run.of_exchange(v1::ExchangeType::MAIN)[..] else { panic!() };
    run.records.insert(last + 1, run.records[first].clone());
    run.convicts("message-id", "gone beyond");

    let mut run = Run::older();
    let last = *run.of_exchange(v1::ExchangeType::MAIN).last().unwrap();
    (0..15).for_each(|_| run.repeat(last));
    assert_eq!(run.findings(), []);
    run.repeat(last);
    run.convicts("message-id", "for the 17th time");
}

#[test]
fn in_version_1_a_second_answer_to_an_unproven_address_is_seen() {
    let mut run = Run::older();
    let first = run.packets(|packet| {
        let from_east = packet.source().to_string() == "198.51.100.1";
        from_east && older_message(packet).is_some()
    })[0];
    run.repeat(first);
    run.convicts("amplification", "answered 2 messages");
}

#[test]
fn in_version_1_answers_without_end_to_what_comes_again_and_again_are_seen() {
    let mut run = Run::older();
    let answer = run.packets(|packet| {
        let from_east = packet.source().to_string() == "198.51.100.1";
        from_east && older_message(packet).is_some()
    })[0];
    let first = (0..answer).rev().find(|index| matches!(run.records[*index], Record::Delivered(..))).unwrap();
    let both = [first, answer].map(|index| run.records[index].clone());
    run.records.splice(answer + 1..=answer, both.into_iter().cycle().take(32));
    let findings = run.findings();
    let found = findings.iter().find(|(name, _)| *name == "amplification").map(|(_, found)| &found.happened);
    assert!(found.is_some_and(|text| text.contains("answered 17 times to 1 different")), "{findings:?}");
}

#[test]
fn in_version_1_a_tester_that_is_taken_for_somebody_or_gets_ipsec_sas_is_seen() {
    let mut run = Run::older();
    let place = run.notes(|note| matches!(note, Note::Peer(Event::Ikev1(Ikev1::IkeUp { .. }))))[1];
    let Note::Peer(Event::Ikev1(Ikev1::IkeUp { cookie_i, .. })) = run.note(place) else { panic!() };
    *cookie_i = IkeSpi(0x7e57_7e57_0000_0001);
    run.convicts("impostors", "took a tester for");

    let mut run = Run::older();
    let place = run.notes(|note| matches!(note, Note::Peer(Event::Ikev1(Ikev1::ChildUp(_)))))[1];
    let Note::Peer(Event::Ikev1(Ikev1::ChildUp(child))) = run.note(place) else { panic!() };
    child.pair.outbound.spi = ipsec::wire::Spi(0x7e57_7e01);
    let findings = run.findings();
    assert!(findings.iter().any(|(name, _)| *name == "impostors"), "{findings:?}");
}

#[test]
fn a_drop_that_the_scenario_does_not_allow_is_seen() {
    let mut run = Run::new();
    let place = run.notes(|note| matches!(note, Note::Peer(_)))[0];
    let [source, destination] = [[192, 0, 2, 7], [192, 0, 2, 1]].map(Into::into);
    let dropped = Dropped::new(ipsec::DropReason::NotForUs, source, destination);
    let note = Note::Peer(Event::Dropped(dropped));
    run.records.insert(
        place,
        match &run.records[place] {
            Record::Note(node, _) => Record::Note(*node, note),
            Record::Sent(..) | Record::Delivered(..) => panic!(),
        },
    );
    run.convicts("drops", "west dropped a packet (not-for-us)");
}
