//! A host behind a gateway: it sends probes, checks those that come, and answers echo requests.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use ipsec_net::icmp::{self, Echo, EchoKind};
use ipsec_net::icmp_error::{self, IcmpError};
use ipsec_net::{
    Buffer, Instant, IpHeader, IpPacket, IpVersion, Limits, Reassembled, Reassembler, fragment, udp,
};
use sim::{Port, RandomStream, Step};

use super::{Note, Probe};
use crate::file::TrafficKind;

/// A host.
pub struct Host {
    address: IpAddr,
    /// How long packets to other hosts may be, in octets, by what routers have said.
    path_mtus: BTreeMap<IpAddr, (usize, Instant)>,
    reassembler: Reassembler,
    flows: Vec<Flow>,
    out: VecDeque<Step<Note>>,
    identification: u16,
}

/// What a host sends to one other host.
pub struct Flow {
    /// The traffic, by its place in the file, and this host's end of it.
    pub traffic: u8,
    /// The end of the traffic that this host is: 0 or 1.
    pub side: u8,
    /// The other host.
    pub to: IpAddr,
    /// What kind of packets.
    pub kind: TrafficKind,
    /// The time from one packet to the next.
    pub interval: Duration,
    /// The sizes of payloads in octets.
    pub sizes: RangeInclusive<u16>,
    /// What the packets ask of the network.
    pub manner: Manner,
    /// Where the sizes are drawn from.
    pub luck: RandomStream,
    /// When the next packet is due, while the flow runs.
    pub next: Option<Instant>,
    /// The number of the next packet.
    pub number: u32,
}

/// What packets ask of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// That no router cuts them.
    pub dont_fragment: bool,
    /// How far they go.
    pub hop_limit: u8,
    /// DSCP and ECN.
    pub traffic_class: u8,
    /// The UDP port at both ends.
    pub port: u16,
    /// The host cuts longer ones, in octets, before it sends them.
    pub fragments: Option<usize>,
}

/// How long a host believes what a router has said of a path (RFC 8201 §4).
const PATH_MTU_LASTS: Duration = Duration::from_secs(600);

/// UDP's echo port: what comes is sent back (RFC 862).
const ECHO: u16 = 7;

impl Host {
    /// A host that sends nothing.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        let (path_mtus, flows, out) = (BTreeMap::new(), Vec::new(), VecDeque::new());
        let reassembler = Reassembler::new(Limits::default());
        Self { address, path_mtus, reassembler, flows, out, identification: 0 }
    }

    /// Adds a flow to what the host can send.
    pub fn add(&mut self, flow: Flow) {
        self.flows.push(flow);
    }

    /// Starts or stops what the host sends as its end of a traffic.
    pub fn set_running(&mut self, traffic: u8, running: bool, now: Instant) {
        for flow in self.flows.iter_mut().filter(|flow| flow.traffic == traffic) {
            flow.next = running.then_some(flow.next.unwrap_or(now));
        }
    }

    /// Stops everything that the host sends.
    pub fn silence(&mut self) {
        for flow in &mut self.flows {
            flow.next = None;
        }
    }

    pub(super) fn handle(&mut self, now: Instant, packet: &IpPacket) {
        if let Some(message) = icmp_error::read(packet) {
            if let Some(IcmpError::PacketTooBig { mtu }) = message.error {
                self.path_mtus.insert(message.quoted.destination, (mtu, now + PATH_MTU_LASTS));
            }
            return;
        }
        match self.reassembler.handle(now, packet.clone()) {
            Reassembled::Whole(packet) => self.take(&packet),
            Reassembled::Waiting | Reassembled::Refused(_) => {}
        }
    }

    fn take(&mut self, packet: &IpPacket) {
        let (payload, reply) = match icmp::read_echo(packet) {
            Some((EchoKind::Request, _, payload)) => (payload.to_vec(), icmp::echo_reply(packet)),
            Some((EchoKind::Reply, _, payload)) => (payload.to_vec(), None),
            None => match udp::read(packet) {
                Ok(datagram) => (datagram.payload.to_vec(), echoed(&datagram)),
                Err(_) => (Vec::new(), None),
            },
        };
        let read = Probe::read(&payload);
        let probe = read.map(|(probe, _)| probe);
        let comes_back = |datagram: udp::Datagram<'_>| datagram.source.port() == ECHO;
        let is_reply = matches!(icmp::read_echo(packet), Some((EchoKind::Reply, ..)))
            || udp::read(packet).is_ok_and(comes_back);
        // An echo reply repeats what was asked: it counts as the answering end's.
        let probe =
            probe.map(|probe| if is_reply { Probe { side: 1 - probe.side.min(1), ..probe } } else { probe });
        let intact = packet.destination() == self.address && read.is_some_and(|(_, intact)| intact);
        self.out.push_back(Step::Note(Note::Received { probe, intact, class: packet.traffic_class() }));
        if let (Some(reply), Some(probe)) = (reply, probe) {
            self.out.push_back(Step::Note(Note::Sent(Probe { side: 1 - probe.side.min(1), ..probe })));
            self.out.push_back(Step::Send { port: Port(0), packet: reply });
        }
    }

    pub(super) fn poll(&mut self, now: Instant) -> Step<Note> {
        if self.out.is_empty() {
            self.send_what_is_due(now);
        }
        self.out
            .pop_front()
            .unwrap_or_else(|| Step::Idle { until: self.flows.iter().filter_map(|f| f.next).min() })
    }

    fn send_what_is_due(&mut self, now: Instant) {
        for flow in &mut self.flows {
            if flow.next.is_none_or(|next| next > now) {
                continue;
            }
            flow.next = Some(now + flow.interval);
            let probe = Probe { traffic: flow.traffic, side: flow.side, number: flow.number };
            flow.number += 1;
            let span = u64::from(flow.sizes.end() - flow.sizes.start()) + 1;
            let size = usize::from(*flow.sizes.start()) + flow.luck.below(span) as usize;
            self.identification = self.identification.wrapping_add(1);
            let Some(packet) = packet(self.address, flow, probe, size, self.identification) else { continue };
            self.out.push_back(Step::Note(Note::Sent(probe)));
            let path = self.path_mtus.get(&flow.to).filter(|(_, until)| now < *until).map(|(mtu, _)| *mtu);
            let longest = [flow.manner.fragments, path].into_iter().flatten().min();
            let pieces = match longest.filter(|longest| packet.len() > *longest) {
                None => vec![packet],
                Some(longest) => cut(packet, longest, u32::from(self.identification)),
            };
            self.out.extend(pieces.into_iter().map(|packet| Step::Send { port: Port(0), packet }));
        }
    }
}

/// What answers a datagram to the echo port.
fn echoed(datagram: &udp::Datagram<'_>) -> Option<IpPacket> {
    let (here, there) = (datagram.destination, datagram.source);
    let header = IpHeader::new(here.ip(), there.ip(), 0);
    let answers = here.port() == ECHO;
    answers.then(|| udp::build(here, there, Buffer::copy_of(datagram.payload), &header).ok()).flatten()
}

/// The packet in pieces of at most so many octets. Its sender may cut it whatever its don't-fragment bit says.
fn cut(packet: IpPacket, longest: usize, identification: u32) -> Vec<IpPacket> {
    let may_be_cut = match packet.version() {
        IpVersion::V6 => packet.clone(),
        IpVersion::V4 => packet.clone().without_dont_fragment(),
    };
    fragment(may_be_cut, longest, identification).unwrap_or_else(|_| vec![packet])
}

fn packet(from: IpAddr, flow: &Flow, probe: Probe, size: usize, identification: u16) -> Option<IpPacket> {
    let payload = probe.payload(size);
    match flow.kind {
        TrafficKind::Ping => {
            let echo = Echo { identifier: u16::from(flow.traffic), sequence: (probe.number & 0xffff) as u16 };
            icmp::echo_request(from, flow.to, echo, &payload)
        }
        TrafficKind::Udp | TrafficKind::Echo => {
            let header = IpHeader {
                identification,
                dont_fragment: flow.manner.dont_fragment,
                hop_limit: flow.manner.hop_limit,
                traffic_class: flow.manner.traffic_class,
                ..IpHeader::new(from, flow.to, 0)
            };
            let to = if flow.kind == TrafficKind::Echo { ECHO } else { flow.manner.port };
            let (from, to) = (SocketAddr::new(from, flow.manner.port), SocketAddr::new(flow.to, to));
            udp::build(from, to, Buffer::copy_of(&payload), &header).ok()
        }
    }
}
