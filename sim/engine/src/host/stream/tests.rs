use std::net::SocketAddr;
use std::time::Duration;

use ipsec_net::{Buffer, Instant, IpHeader, tcp};
use proptest::prelude::*;

use super::super::laboratory::{
    Laboratory, Station, address, at, finish, host, notes, on, pair, read, reroute, routed, start,
};
use super::super::{Cause, Ending, HostNote, StreamNote};
use super::*;
use crate::{LinkId, LinkSettings, Node, NodeId, Port, Ratio, Setup, Step, Streams};

const MEGABYTE: u64 = 1_000_000;
const EAST: [&str; 2] = ["10.0.2.1:80", "[2001:db8:2::1]:80"];

fn luck(name: &str) -> crate::RandomStream {
    Streams::new(9).stream(&[name])
}

fn transfer(to: &str, octets: Option<u64>) -> Source {
    let transfer = Transfer { local: 49_152, destination: to.parse().unwrap(), octets, start: Instant::ZERO };
    Source::new(transfer, luck("source"))
}

fn link(delay: u64, loss: u64) -> LinkSettings {
    let delay = Duration::from_millis(delay);
    LinkSettings {
        delay,
        loss: crate::Loss::Independent(Ratio::new(loss, 100).unwrap()),
        ..LinkSettings::default()
    }
}

fn rough(loss: u64) -> LinkSettings {
    let one = Ratio::new(2, 100).unwrap();
    LinkSettings {
        jitter: crate::Jitter::Uniform(Duration::from_millis(1)),
        reorder: one,
        duplicate: one,
        corrupt: one,
        ..link(20, loss)
    }
}

struct Run {
    world: Laboratory,
    source: Source,
    sink: Sink,
}

impl Run {
    fn sent(&self) -> &Connection {
        self.source.connection().unwrap()
    }

    fn came(&self) -> &Connection {
        self.sink.connections().next().unwrap()
    }
}

fn carried(mut world: Laboratory, ends: [NodeId; 2], to: &str, octets: u64) -> Run {
    let sink = start(&mut world, ends[1], Sink::new(80, luck("sink")));
    let source = start(&mut world, ends[0], transfer(to, Some(octets)));
    finish(&mut world);
    let (source, sink) = (read(&world, ends[0], source), read(&world, ends[1], sink));
    Run { world, source, sink }
}

fn carry(seed: u64, settings: LinkSettings, to: &str, octets: u64) -> Run {
    let (world, west, east) = pair(seed, settings);
    carried(world, [west, east], to, octets)
}

fn assert_whole(run: &Run, octets: u64) {
    let (sent, came) = (run.sent(), run.came());
    assert_eq!((came.delivered(), came.wrong(), sent.acknowledged()), (octets, 0, octets));
    assert_eq!(sent.ended().map(|(_, ending)| ending), Some(Ending::Orderly));
    assert_eq!(came.ended().map(|(_, ending)| ending), Some(Ending::Orderly));
    assert_eq!(run.sink.connections().count(), 1);
}

#[test]
fn on_a_clean_link_nothing_is_sent_again_and_the_round_trip_is_exact() {
    for to in EAST {
        let run = carry(1, link(20, 0), to, MEGABYTE);
        assert_whole(&run, MEGABYTE);
        assert_eq!((run.sent().retransmissions(), run.came().retransmissions()), (0, 0));
        let trip = run.sent().round_trip();
        assert_eq!(
            (trip.least(), trip.greatest()),
            (Some(Duration::from_millis(40)), Some(Duration::from_millis(40)))
        );
        assert_eq!(run.sent().opened(), Some(at(40)));
        // The window of 65,535 octets each 40 ms is the limit, and slow start comes before.
        let goodput = run.came().goodput().unwrap();
        assert!((1_000_000..1_640_000).contains(&goodput), "{goodput}");
        let segment = if to.contains('[') { 1440 } else { 1460 };
        let opened = notes(&run.world).into_iter().filter_map(|note| match note {
            HostNote::Stream { note: StreamNote::Opened { maximum_segment_size, .. }, .. } => {
                Some(maximum_segment_size)
            }
            _ => None,
        });
        assert_eq!(opened.collect::<Vec<_>>(), [segment, segment]);
    }
}

#[test]
fn streams_of_any_length_come_whole() {
    for octets in [0, 1, 1459, 1460, 1461, 65_535, 65_536] {
        assert_whole(&carry(1, link(5, 0), EAST[0], octets), octets);
    }
}

#[test]
fn goodput_falls_as_loss_grows() {
    let goodput = |loss| -> u64 {
        (1..=6).map(|seed| carry(seed, link(20, loss), EAST[0], MEGABYTE).came().goodput().unwrap()).sum()
    };
    let (none, one, five) = (goodput(0), goodput(1), goodput(5));
    assert!(none > one * 5 / 4 && one > five * 5 / 4, "{none} {one} {five}");
}

fn causes(world: &Laboratory) -> Vec<Cause> {
    let causes = notes(world).into_iter().filter_map(|note| match note {
        HostNote::Stream { note: StreamNote::Retransmitted { cause, .. }, .. } => Some(cause),
        _ => None,
    });
    causes.collect()
}

/// Loses the packets with these numbers from west to east.
fn losing(ordinals: &[u64], octets: u64) -> Run {
    let decisions: Vec<crate::Decision> = ordinals
        .iter()
        .map(|ordinal| crate::Decision {
            link: "wan".into(),
            direction: crate::Direction::Forward,
            ordinal: *ordinal,
            fault: crate::Fault::Lost,
        })
        .collect();
    let setup = Setup { fate: crate::Fate::List(decisions.into()), ..Setup::new(1) };
    let (world, west, east) = super::super::laboratory::pair_in(setup, link(20, 0));
    carried(world, [west, east], EAST[0], octets)
}

#[test]
fn a_lost_segment_is_retransmitted_fast_and_only_it() {
    let run = losing(&[30], MEGABYTE);
    assert_whole(&run, MEGABYTE);
    assert_eq!(causes(&run.world), [Cause::FastRetransmit]);
}

#[test]
fn several_losses_in_a_window_are_mended_by_partial_acknowledgments() {
    let run = losing(&[30, 33, 36], MEGABYTE);
    assert_whole(&run, MEGABYTE);
    assert_eq!(
        causes(&run.world),
        [Cause::FastRetransmit, Cause::PartialAcknowledgment, Cause::PartialAcknowledgment]
    );
}

#[test]
fn a_lost_tail_needs_the_timer() {
    // SYN, one segment, FIN: the segment is lost, and the FIN alone cannot make three duplicates.
    let run = losing(&[1], 1000);
    assert_whole(&run, 1000);
    assert_eq!(causes(&run.world), [Cause::Timeout, Cause::Timeout]);
    assert_eq!(run.came().goodput().map(|rate| rate < 1100), Some(true));
}

#[test]
fn a_lost_syn_is_sent_again_after_a_second_and_then_three_seconds_hold() {
    let run = losing(&[0, 2], 1000);
    assert_whole(&run, 1000);
    let sent_again: Vec<Instant> = run
        .world
        .trace()
        .observer
        .0
        .iter()
        .filter_map(|(at, note)| match note {
            HostNote::Stream { note: StreamNote::Retransmitted { .. }, .. } => Some(*at),
            _ => None,
        })
        .collect();
    // SYN at 1 s, open at 1.04 s, data lost, again 3 s later.
    assert_eq!(sent_again[..2], [at(1000), at(4040)]);
}

#[test]
fn a_smaller_path_mtu_makes_smaller_segments_without_waiting() {
    for (to, mtu) in [(EAST[0], 600), (EAST[1], 1280)] {
        let (world, west, east, _) = routed(1, mtu);
        let run = carried(world, [west, east], to, 100_000);
        assert_whole(&run, 100_000);
        assert!(causes(&run.world).iter().all(|cause| *cause == Cause::PathMtu));
        let (took, _) = run.came().ended().unwrap();
        assert!(took < at(500), "{took}");
    }
}

#[test]
fn a_stream_until_stopped_goes_on_until_then() {
    let (mut world, west, east) = pair(1, link(5, 1));
    let sink = start(&mut world, east, Sink::new(80, luck("sink")));
    let source = start(&mut world, west, transfer(EAST[0], None));
    world.run_until(at(10_000)).unwrap();
    let so_far = read::<Sink>(&world, east, sink).delivered();
    assert!(so_far > MEGABYTE, "{so_far}");
    on(&mut world, west, |host, _| host.application_mut::<Source>(source).unwrap().stop());
    finish(&mut world);
    let (source, sink): (Source, Sink) = (read(&world, west, source), read(&world, east, sink));
    let octets = sink.delivered();
    assert!(octets >= so_far && octets < so_far + 200_000);
    assert_whole(&Run { world, source, sink }, octets);
}

#[test]
fn where_nobody_listens_a_connection_is_reset() {
    let (mut world, west, _) = pair(1, link(5, 0));
    let source = start(&mut world, west, transfer(EAST[0], Some(10)));
    finish(&mut world);
    let source: Source = read(&world, west, source);
    assert_eq!(source.connection().unwrap().ended(), Some((at(10), Ending::Reset)));
}

#[test]
fn into_the_void_a_connection_is_given_up() {
    let (mut world, west, east) = pair(1, link(5, 0));
    start(&mut world, east, Sink::new(80, luck("sink")));
    world.set_cut(LinkId(0), None, true);
    let source = start(&mut world, west, transfer(EAST[0], Some(10)));
    finish(&mut world);
    let source: Source = read(&world, west, source);
    // 1 + 2 + 4 + 8 + 16 + 32 + 60 seconds.
    assert_eq!(source.connection().unwrap().ended(), Some((at(123_000), Ending::TimedOut)));
}

#[test]
fn a_source_without_an_address_waits_for_one() {
    let (mut world, _, east) = pair(1, link(5, 0));
    let sink = start(&mut world, east, Sink::new(80, luck("sink")));
    let late = world.add_node("late", Station::Host(super::super::Host::new().into()));
    world
        .add_link("lan", (late, Port(0)), (east, Port(1)), [LinkSettings::default(), LinkSettings::default()])
        .unwrap();
    start(&mut world, late, transfer(EAST[0], Some(5000)));
    world.run_until(at(2500)).unwrap();
    on(&mut world, late, |host, _| host.add_address(Port(0), address("10.0.2.9"), 24).unwrap());
    on(&mut world, east, |host, _| host.set_route("10.0.2.9/32".parse().unwrap(), Port(1)));
    finish(&mut world);
    assert_eq!(read::<Sink>(&world, east, sink).delivered(), 5000);
}

#[test]
fn a_stream_survives_the_move_of_an_address() {
    let (mut world, west, east, router) = routed(1, 1500);
    world
        .add_link(
            "cell",
            (west, Port(1)),
            (router, Port(2)),
            [LinkSettings::default(), LinkSettings::default()],
        )
        .unwrap();
    let sink = start(&mut world, east, Sink::new(80, luck("sink")));
    let source = start(&mut world, west, transfer(EAST[0], Some(MEGABYTE)));
    world.run_until(at(50)).unwrap();
    world.set_cut(LinkId(0), None, true);
    world.run_until(at(60)).unwrap();
    on(&mut world, west, |host, _| {
        host.move_address(address("10.0.1.1"), Port(1));
        host.set_route("0.0.0.0/0".parse().unwrap(), Port(1));
    });
    reroute(&mut world, router, "10.0.1.0/24", Port(2));
    finish(&mut world);
    let (source, sink): (Source, Sink) = (read(&world, west, source), read(&world, east, sink));
    assert!(source.connection().unwrap().retransmissions() > 0);
    assert_whole(&Run { world, source, sink }, MEGABYTE);
}

#[test]
fn many_streams_to_one_sink_are_told_apart() {
    let (mut world, west, east) = pair(3, rough(1));
    let sink = start(&mut world, east, Sink::new(80, luck("sink")));
    for number in 0..20u16 {
        let destination = EAST[usize::from(number % 2)].parse().unwrap();
        let octets = Some(10_000 + u64::from(number));
        let transfer = Transfer { local: 50_000 + number, destination, octets, start: at(u64::from(number)) };
        start(&mut world, west, Source::new(transfer, Streams::new(u64::from(number)).stream(&["source"])));
    }
    finish(&mut world);
    let sink: Sink = read(&world, east, sink);
    let mut delivered: Vec<u64> = sink.connections().map(Connection::delivered).collect();
    delivered.sort_unstable();
    assert_eq!(delivered, (10_000..10_020).collect::<Vec<_>>());
    assert!(sink.connections().all(|connection| connection.wrong() == 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_megabyte_comes_unchanged_whatever_befalls_packets(
        seed: u64,
        loss in prop::sample::select(vec![0u64, 1, 5]),
        rough_link: bool,
        to in prop::sample::select(EAST.to_vec()),
    ) {
        let settings = if rough_link { rough(loss) } else { link(20, loss) };
        assert_whole(&carry(seed, settings, to, MEGABYTE), MEGABYTE);
    }

    #[test]
    fn two_runs_give_the_same_digest(seed: u64) {
        let digest = |seed| carry(seed, rough(5), EAST[0], 100_000).world.trace().digest();
        prop_assert_eq!(digest(seed), digest(seed));
        prop_assert_ne!(digest(seed), digest(seed.wrapping_add(1)));
    }
}

/// A header whose numbers are near those that the connection uses, so that all branches are reached.
fn hostile(numbers: (u32, u32)) -> impl Strategy<Value = (tcp::Header, Vec<u8>)> {
    let near = |number: u32| {
        prop_oneof![
            Just(number),
            (-3i32..70_000).prop_map(move |off| number.wrapping_add_signed(off)),
            any::<u32>(),
        ]
    };
    let flags = any::<[bool; 5]>().prop_map(|[syn, ack, fin, rst, psh]| tcp::Flags {
        syn,
        ack: ack || psh,
        fin: fin && !syn,
        rst: rst && syn,
        psh,
    });
    let sizes = (prop_oneof![Just(0u16), Just(1), any::<u16>()], prop::option::of(any::<u16>()));
    let payload = prop::collection::vec(any::<u8>(), 0..60);
    (near(numbers.0), near(numbers.1), flags, sizes, payload).prop_map(
        |(sequence, acknowledgment, flags, (window, maximum_segment_size), payload)| {
            (tcp::Header { sequence, acknowledgment, flags, window, maximum_segment_size }, payload)
        },
    )
}

/// The last segment that the host sent, or zeros.
fn drain(host: &mut super::super::Host, now: Instant, last: &mut (u32, u32)) {
    for _ in 0..100_000 {
        match host.poll(now) {
            Step::Send { packet, .. } => {
                if let Ok(segment) = tcp::read(&packet) {
                    let length = segment.payload.len() as u32 + u32::from(segment.header.flags.syn);
                    *last = (segment.header.acknowledgment, segment.header.sequence.wrapping_add(length));
                }
            }
            Step::Note(_) => {}
            Step::Idle { .. } => return,
        }
    }
    panic!("no end of it");
}

proptest! {
    #[test]
    fn no_segment_makes_a_stream_panic(
        steps in prop::collection::vec((hostile((0, 0)), any::<bool>(), 0u64..3000), 1..60),
        sink: bool,
    ) {
        let mut host = host(&["10.0.1.1"]);
        let ports: (u16, u16) = if sink { (49_152, 80) } else { (80, 49_152) };
        if sink {
            host.add(Sink::new(80, luck("sink"))).unwrap();
        } else {
            host.add(transfer("10.0.2.1:80", None)).unwrap();
        }
        let (mut now, mut last) = (Instant::ZERO, (0, 0));
        drain(&mut host, now, &mut last);
        for ((header, payload), proper, wait) in steps {
            now += Duration::from_millis(wait);
            host.wake(now);
            let mut header = header;
            // Numbers were drawn near zero: shift them to where the connection is.
            header.sequence = header.sequence.wrapping_add(last.0);
            header.acknowledgment = header.acknowledgment.wrapping_add(last.1);
            if proper {
                header.flags = tcp::Flags { ack: true, syn: last.0 == 0, ..header.flags };
                header.flags.rst = false;
                (header.sequence, header.acknowledgment) = last;
            }
            let (from, to) = (address("10.0.2.1"), address("10.0.1.1"));
            let ip = IpHeader::new(from, to, 0);
            let ends = (SocketAddr::new(from, ports.0), SocketAddr::new(to, ports.1));
            let payload = Buffer::copy_of(&payload);
            let packet = tcp::build(ends.0, ends.1, &header, payload, &ip).unwrap();
            host.handle(now, Port(0), packet);
            drain(&mut host, now, &mut last);
        }
    }
}
