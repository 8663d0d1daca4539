//! Hosts: nodes with addresses, on which applications send, receive and measure.
//!
//! A [`Host`] has any number of addresses on any number of ports; they may come, go and move while the world
//! runs. It reassembles fragments, answers echo requests (RFC 1122 §3.2.2.6, RFC 4443 §4.2), remembers path
//! MTUs (RFC 1191, RFC 8201) and hands datagrams, segments and echo replies to its [`Application`]s:
//! [`Traffic`] at a [`Constant`], [`Poisson`] or [`Imix`] pace to a [`Receiver`], [`EchoRequests`], and
//! [`stream`]s. What they measure is read as plain data through [`Host::application`]. It forwards nothing
//! and loops nothing back. A [`Tap`] counts what passes by.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};

use ipsec_net::{
    Buffer, Instant, IpHeader, IpPacket, IpVersion, ParsePrefixError, Prefix, Reassembled, Reassembler,
    fragment, icmp, icmp_error, protocol, tcp, udp,
};

use crate::{Node, Port, Step};

mod application;
mod constant;
mod echo;
mod flow;
mod imix;
mod network;
mod note;
mod numbers;
mod path_mtu;
mod poisson;
mod receiver;
mod spread;
mod stamp;
pub mod stream;
mod tap;

pub use application::{Action, Application, ApplicationId, Arrival, Binding};
pub use constant::Constant;
pub use echo::{EchoRequests, EchoSettings};
pub use flow::{Flow, Pace, Traffic};
pub use imix::{Imix, Share};
pub use network::{Attachment, Network};
pub use note::{Cause, Ending, HostNote, Refusal, StreamNote};
pub use numbers::NumberSet;
pub use poisson::Poisson;
pub use receiver::Receiver;
pub use spread::Spread;
pub use stamp::Stamp;
pub use tap::{Seen, Tally, Tap};

/// A node with addresses and applications.
#[derive(Debug, Default)]
pub struct Host {
    network: Network,
    reassembler: Reassembler,
    applications: Vec<Slot>,
    bindings: BTreeMap<Binding, ApplicationId>,
    /// Applications that have to be polled, and when others have to be.
    woken: BTreeSet<ApplicationId>,
    timers: BTreeSet<(Instant, ApplicationId)>,
    outbox: VecDeque<Step<HostNote>>,
    /// The identification of the next packet.
    identification: u32,
    counters: HostCounters,
}

#[derive(Debug)]
struct Slot {
    application: Box<dyn Application>,
    until: Option<Instant>,
}

/// How many packets a host dealt with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostCounters {
    /// Packets that came in, fragments counted one by one.
    pub received: u64,
    /// Packets that went out, fragments counted one by one.
    pub sent: u64,
    /// Packets that were not taken or not sent; a note says why.
    pub dropped: u64,
}

/// Another application listens there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is taken")]
pub struct Taken(pub Binding);

impl Host {
    /// A host without addresses and applications.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an address; `length` is the prefix length of the network that is reached through the port without
    /// a route. An address that is there already moves.
    ///
    /// # Errors
    /// When the length is more than the address has bits.
    pub fn add_address(&mut self, port: Port, address: IpAddr, length: u8) -> Result<(), ParsePrefixError> {
        let attachment = Attachment::new(port, address, length)?;
        self.network.attachments.retain(|other| other.address != address);
        self.network.attachments.push(attachment);
        self.note(HostNote::AddressAdded { address, port });
        Ok(())
    }

    /// Takes an address away; tells whether it was there. Nothing comes to it or from it any more.
    pub fn remove_address(&mut self, address: IpAddr) -> bool {
        let Some(index) = self.network.attachments.iter().position(|other| other.address == address) else {
            return false;
        };
        let Attachment { port, .. } = self.network.attachments.remove(index);
        self.note(HostNote::AddressRemoved { address, port });
        true
    }

    /// Moves an address with its network to another port; tells whether it was there. Routes stay where they
    /// are.
    pub fn move_address(&mut self, address: IpAddr, to: Port) -> bool {
        let Some(attachment) = self.network.attachments.iter_mut().find(|other| other.address == address)
        else {
            return false;
        };
        let from = std::mem::replace(&mut attachment.port, to);
        self.note(HostNote::AddressMoved { address, from, to });
        true
    }

    /// Sends what goes to `prefix` out of `port`, unless a longer prefix is known: `0.0.0.0/0` and `::/0` are
    /// the default routes. Replaces a route with this prefix.
    pub fn set_route(&mut self, prefix: Prefix, port: Port) {
        self.network.routes.insert(prefix, port);
    }

    /// Forgets the route with this prefix; tells whether there was one.
    pub fn remove_route(&mut self, prefix: Prefix) -> bool {
        self.network.routes.remove(&prefix).is_some()
    }

    /// Sets how large packets out of `port` may be, in octets; it is 1500 unless set.
    pub fn set_mtu(&mut self, port: Port, mtu: usize) {
        self.network.mtus.insert(port, mtu);
    }

    /// The addresses, routes and MTUs.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// How many packets it dealt with.
    #[must_use]
    pub fn counters(&self) -> HostCounters {
        self.counters
    }

    /// Adds an application, which begins when the world next polls the host.
    ///
    /// # Errors
    /// When another application listens where it would.
    pub fn add(&mut self, application: impl Application) -> Result<ApplicationId, Taken> {
        let binding = application.binding();
        if self.bindings.contains_key(&binding) {
            return Err(Taken(binding));
        }
        let id = ApplicationId(self.applications.len() as u32);
        self.applications.push(Slot { application: Box::new(application), until: None });
        self.bindings.insert(binding, id);
        self.woken.insert(id);
        Ok(id)
    }

    /// The application with this number, if it is an `A`.
    #[must_use]
    pub fn application<A: Application>(&self, id: ApplicationId) -> Option<&A> {
        let application: &dyn Any = self.applications.get(id.index())?.application.as_ref();
        application.downcast_ref()
    }

    /// The application with this number, if it is an `A`, to be changed; it is polled afterwards.
    pub fn application_mut<A: Application>(&mut self, id: ApplicationId) -> Option<&mut A> {
        let application: &mut dyn Any = self.applications.get_mut(id.index())?.application.as_mut();
        self.woken.insert(id);
        application.downcast_mut()
    }

    fn note(&mut self, note: HostNote) {
        self.outbox.push_back(Step::Note(note));
    }

    fn drop(&mut self, refusal: Refusal) {
        self.counters.dropped += 1;
        self.note(HostNote::Dropped(refusal));
    }
}

impl Node for Host {
    type Note = HostNote;

    fn handle(&mut self, now: Instant, _port: Port, packet: IpPacket) {
        self.counters.received += 1;
        let destination = packet.destination();
        if !self.network.is_ours(destination) {
            return self.drop(Refusal::NotOurs(destination));
        }
        match self.reassembler.handle(now, packet) {
            Reassembled::Whole(packet) => {
                if let Err(refusal) = self.receive(now, &packet) {
                    self.drop(refusal);
                }
            }
            Reassembled::Waiting => {}
            Reassembled::Refused(refused) => self.drop(refused.into()),
        }
    }

    fn wake(&mut self, now: Instant) {
        while let Some((_, id)) = self.timers.first().copied().filter(|(until, _)| *until <= now) {
            self.timers.pop_first();
            self.applications[id.index()].until = None;
            self.woken.insert(id);
        }
        let datagrams = self.reassembler.expire(now);
        if datagrams > 0 {
            self.note(HostNote::Incomplete { datagrams });
        }
    }

    fn poll(&mut self, now: Instant) -> Step<HostNote> {
        loop {
            if let Some(step) = self.outbox.pop_front() {
                return step;
            }
            let Some(id) = self.woken.first().copied() else {
                let application = self.timers.first().map(|(until, _)| *until);
                let until = application.into_iter().chain(self.reassembler.next_timeout()).min();
                return Step::Idle { until };
            };
            self.run(now, id);
        }
    }
}

/// What comes in.
impl Host {
    fn receive(&mut self, now: Instant, packet: &IpPacket) -> Result<(), Refusal> {
        match packet.protocol() {
            protocol::UDP => {
                let datagram = udp::read(packet)?;
                self.deliver(now, Binding::Udp(datagram.destination.port()), &Arrival::Datagram(datagram))
            }
            protocol::TCP => {
                let segment = tcp::read(packet)?;
                let binding = Binding::Tcp(segment.destination.port());
                let result = self.deliver(now, binding, &Arrival::Segment(segment));
                let reset = stream::reset(&segment.header, segment.payload.len());
                if let (Err(_), Some(reset)) = (&result, reset) {
                    self.segment(now, segment.destination, segment.source, &reset, Buffer::default())?;
                }
                result
            }
            protocol::ICMP | protocol::ICMPV6 => self.icmp(now, packet),
            other => Err(Refusal::Protocol(other)),
        }
    }

    fn deliver(&mut self, now: Instant, binding: Binding, arrival: &Arrival<'_>) -> Result<(), Refusal> {
        let id = *self.bindings.get(&binding).ok_or(Refusal::NoListener(binding))?;
        self.applications[id.index()].application.handle(now, arrival);
        self.woken.insert(id);
        Ok(())
    }

    fn icmp(&mut self, now: Instant, packet: &IpPacket) -> Result<(), Refusal> {
        if !icmp_error::is_whole(packet) {
            return Err(Refusal::IcmpChecksum);
        }
        let useless = Refusal::Icmp(packet.payload().first().copied().unwrap_or(0));
        if let Some(mtu) = icmp::read_packet_too_big(packet) {
            return self.packet_too_big(now, packet, mtu).ok_or(useless);
        }
        match icmp::read_echo(packet) {
            Some((icmp::EchoKind::Request, ..)) => self.send(now, icmp::echo_reply(packet).ok_or(useless)?),
            Some((icmp::EchoKind::Reply, echo, payload)) => {
                let arrival = Arrival::EchoReply { from: packet.source(), echo, payload };
                self.deliver(now, Binding::Echo(echo.identifier), &arrival)
            }
            None => Err(useless),
        }
    }

    /// Remembers a path's MTU, if the message is about a packet that this host sent and says something new.
    fn packet_too_big(&mut self, now: Instant, packet: &IpPacket, mtu: usize) -> Option<()> {
        let quoted = icmp_error::read(packet)?.quoted;
        if !self.network.is_ours(quoted.source) {
            return None;
        }
        let destination = quoted.destination;
        let mtu = self.network.paths.learn(now, destination, mtu, quoted.length)?;
        self.note(HostNote::PathMtu { destination, mtu });
        for (index, slot) in self.applications.iter_mut().enumerate() {
            slot.application.handle(now, &Arrival::PathMtu { destination, mtu });
            self.woken.insert(ApplicationId(index as u32));
        }
        Some(())
    }
}

/// What goes out.
impl Host {
    /// Does the next thing that an application wants.
    fn run(&mut self, now: Instant, id: ApplicationId) {
        let slot = &mut self.applications[id.index()];
        let result = match slot.application.poll(now, &self.network) {
            Action::Datagram { local, destination, payload, dont_fragment } => {
                self.datagram(now, local, destination, payload, dont_fragment)
            }
            Action::Segment { source, destination, header, payload } => {
                self.segment(now, source, destination, &header, payload)
            }
            Action::Echo { destination, echo, payload } => self.echo(now, destination, echo, &payload),
            Action::Note(note) => {
                self.note(HostNote::Stream { application: id, note });
                Ok(())
            }
            Action::Idle { until } => {
                if let Some(before) = std::mem::replace(&mut slot.until, until) {
                    self.timers.remove(&(before, id));
                }
                self.timers.extend(until.map(|until| (until, id)));
                self.woken.remove(&id);
                Ok(())
            }
        };
        if let Err(refusal) = result {
            self.drop(refusal);
        }
    }

    fn datagram(
        &mut self,
        now: Instant,
        local: u16,
        destination: SocketAddr,
        payload: Buffer,
        dont_fragment: bool,
    ) -> Result<(), Refusal> {
        let to = destination.ip();
        let source = self.network.source_for(to).ok_or(Refusal::NoRoute(to))?;
        let length = IpVersion::of(to).header_len() + udp::HEADER_LEN + payload.len();
        let mtu = self.network.mtu_to(now, to);
        if dont_fragment && length > mtu {
            return Err(Refusal::TooBig { length, mtu });
        }
        let header = IpHeader { dont_fragment, ..self.header(source, to, protocol::UDP) };
        let packet = udp::build(SocketAddr::new(source, local), destination, payload, &header);
        self.send(now, packet.map_err(|_| Refusal::Unbuildable(to))?)
    }

    /// Segments are never fragmented: a stream finds its path's MTU out (RFC 1191 §6.1).
    fn segment(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        header: &tcp::Header,
        payload: Buffer,
    ) -> Result<(), Refusal> {
        let (from, to) = (source.ip(), destination.ip());
        let ip = IpHeader { dont_fragment: true, ..self.header(from, to, protocol::TCP) };
        let packet = tcp::build(source, destination, header, payload, &ip);
        let packet = packet.map_err(|_| Refusal::Unbuildable(to))?;
        let mtu = self.network.mtu_to(now, to);
        if packet.len() > mtu {
            return Err(Refusal::TooBig { length: packet.len(), mtu });
        }
        self.send(now, packet)
    }

    fn echo(&mut self, now: Instant, to: IpAddr, echo: icmp::Echo, payload: &[u8]) -> Result<(), Refusal> {
        let source = self.network.source_for(to).ok_or(Refusal::NoRoute(to))?;
        self.send(now, icmp::echo_request(source, to, echo, payload).ok_or(Refusal::Unbuildable(to))?)
    }

    /// Sends a packet towards its destination, in fragments if it is larger than the path's MTU (RFC 8200
    /// §4.5).
    fn send(&mut self, now: Instant, packet: IpPacket) -> Result<(), Refusal> {
        let (source, destination) = (packet.source(), packet.destination());
        if self.network.is_ours(destination) {
            return Err(Refusal::ToItself(destination));
        }
        if !self.network.is_ours(source) {
            return Err(Refusal::SourceGone(source));
        }
        let port = self.network.port_to(destination, Some(source)).ok_or(Refusal::NoRoute(destination))?;
        let (length, mtu) = (packet.len(), self.network.mtu_to(now, destination));
        let packet = self.identify(packet)?;
        let pieces =
            fragment(packet, mtu, self.identification).map_err(|_| Refusal::TooBig { length, mtu })?;
        self.identification = self.identification.wrapping_add(1);
        self.counters.sent += pieces.len() as u64;
        self.outbox.extend(pieces.into_iter().map(|packet| Step::Send { port, packet }));
        Ok(())
    }

    /// Echo messages are built without identification, which IPv4 needs when they are fragmented here or on
    /// their way.
    fn identify(&self, packet: IpPacket) -> Result<IpPacket, Refusal> {
        if packet.protocol() != protocol::ICMP {
            return Ok(packet);
        }
        let to = packet.destination();
        let header = self.header(packet.source(), to, protocol::ICMP);
        IpPacket::build(&header, packet.into_payload()).map_err(|_| Refusal::Unbuildable(to))
    }

    fn header(&self, source: IpAddr, destination: IpAddr, protocol: u8) -> IpHeader {
        let identification = self.identification as u16;
        IpHeader { identification, ..IpHeader::new(source, destination, protocol) }
    }
}

#[cfg(test)]
mod laboratory;
#[cfg(test)]
mod tests;
