//! The peer: inputs to the part that they are for, outputs in the order in which they arose.

mod failover;
mod ikev1;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use ipsec_crypto::{Entropy, Provider};
use ipsec_dataplane::{Dataplane, DropReason as Unfit, Due, Flow, Inbound, Limit, Outbound, keepalive};
use ipsec_ikev2::{Endpoint, NAT_PORT, UnknownName};
use ipsec_net::{
    Buffer, Instant, IpHeader, IpPacket, IpVersion, Limits, Reassembled, Reassembler, fragment, udp,
};

use crate::command::Command;
use crate::config::{Config, ConfigError};
use crate::event::{DropReason, Dropped, Event};
use crate::outside::{self, MARKER, Outside};
use crate::status::Status;
use crate::waiting::Waiting;

/// An IPsec peer.
pub struct Peer {
    config: Config,
    ikev2: Endpoint,
    ikev1: ipsec_ikev1::Endpoint,
    dataplane: Dataplane,
    esp_luck: Box<dyn Entropy>,
    reassembler: Reassembler,
    /// Packets whose SA is being set up.
    waiting: Waiting,
    /// Outer addresses that we had and have no longer.
    gone: Vec<IpAddr>,
    /// What the standby member of a cluster knows, of which this peer is the active one.
    standby: Option<Box<failover::Standby>>,
    /// Identification of the next packet that we fragment, and of the next IKE datagram.
    identification: u32,
    out: VecDeque<Output>,
}

/// Where a peer takes its random octets from: one source for each part, so that neither changes the other's luck.
pub struct Luck {
    /// For IKEv2: SPIs, nonces, private values, IVs.
    pub ike: Box<dyn Entropy>,
    /// For IKEv1: cookies, message IDs, SPIs, nonces, private values.
    pub ikev1: Box<dyn Entropy>,
    /// For ESP: IVs.
    pub esp: Box<dyn Entropy>,
}

/// What a peer is given.
#[derive(Debug)]
pub enum Input {
    /// A packet from the network: IKE, ESP, or anything else.
    Outside(IpPacket),
    /// A packet from the protected side or from this host.
    Inside(IpPacket),
    /// Outer addresses came or went.
    Address(AddressChange),
    /// An order.
    Command(Command),
    /// The instant that [`Output::Idle`] named has come.
    Timeout,
}

/// Outer addresses that a peer has from now on, and such that it has no longer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressChange {
    /// Those that came.
    pub came: Vec<IpAddr>,
    /// Those that went.
    pub went: Vec<IpAddr>,
}

/// What a peer wants.
#[derive(Debug)]
pub enum Output {
    /// Send this packet to the network.
    Outside(IpPacket),
    /// Send this packet to the protected side.
    Inside(IpPacket),
    /// Know this.
    Event(Event),
    /// Nothing now.
    Idle {
        /// When to come back with [`Input::Timeout`], if nothing else comes before.
        until: Option<Instant>,
        /// What happens then.
        reason: Option<TimerReason>,
    },
}

/// What a peer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerReason {
    /// IKEv2 does.
    Ikev2(ipsec_ikev2::TimerReason),
    /// IKEv1 does.
    Ikev1(ipsec_ikev1::TimerReason),
    /// An SA pair does: for a limit, or to send something.
    Dataplane,
    /// Fragments are given up.
    Fragments,
}

impl Peer {
    /// A peer without SAs but the manual ones.
    ///
    /// # Errors
    /// When the configuration cannot work; the error names what is wrong.
    pub fn new(config: Config, provider: &'static Provider, luck: Luck) -> Result<Self, ConfigError> {
        config.check()?;
        let mut dataplane = Dataplane::new(provider, config.all_policies(), config.dataplane);
        let mut out = VecDeque::new();
        for manual in &config.manual {
            dataplane.install(Instant::ZERO, manual.pair.clone());
            out.push_back(Output::Event(Event::Manual(Box::new(manual.clone()))));
        }
        let ikev2 = ipsec_ikev2::Config { addresses: config.addresses.clone(), ..config.ikev2.clone() };
        let ikev2 = Endpoint::new(ikev2, provider, luck.ike);
        let ikev1 = ipsec_ikev1::Endpoint::new(config.ikev1.clone(), provider, luck.ikev1);
        let reassembler = Reassembler::new(Limits::default());
        let waiting = Waiting::default();
        Ok(Self {
            config,
            ikev2,
            ikev1,
            dataplane,
            esp_luck: luck.esp,
            reassembler,
            waiting,
            gone: Vec::new(),
            standby: None,
            identification: 0,
            out,
        })
    }

    /// Takes an input. Never fails: what the network sends is no caller's error.
    ///
    /// Drain [`Peer::poll`] before the next one.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Outside(packet) => self.outside(now, packet),
            Input::Inside(packet) => self.inside(now, packet),
            Input::Command(command) => {
                // A scenario's names are checked before it runs; one that is unknown to both versions changes nothing.
                if self.command_ikev2(now, &command).is_err() {
                    let _ = self.command_ikev1(now, &command);
                }
            }
            Input::Address(change) => self.readdress(now, change),
            Input::Timeout => self.timeout(now),
        }
        self.drain(now);
        // A packet that waits may find that the new SA is not for it, and ask for another.
        let released = self.waiting.take_released();
        if !released.is_empty() {
            released.into_iter().for_each(|packet| self.inside(now, packet));
            self.drain(now);
        }
    }

    fn command_ikev2(&mut self, now: Instant, command: &Command) -> Result<(), UnknownName> {
        match command {
            Command::Initiate { child } => self.ikev2.initiate(now, child),
            Command::InitiateIke { connection } => self.ikev2.initiate_ike(now, connection),
            Command::Start => {
                self.ikev2.start(now);
                self.ikev1.start(now);
                Ok(())
            }
            Command::Delete { child } => self.ikev2.delete(now, child),
            Command::Rekey { child } => self.ikev2.rekey(now, child),
            Command::RekeyIke { connection } => self.ikev2.rekey_ike(now, connection),
            Command::Reauthenticate { connection } => self.ikev2.reauthenticate(now, connection),
            Command::Forget { connection } => self.ikev2.forget_ike(now, connection),
            Command::Redirect { connection, to } => self.ikev2.redirect(now, connection, to),
            Command::AskConfiguration { connection } => self.ikev2.ask_configuration(now, connection),
            Command::Terminate { connection } => self.ikev2.terminate(now, connection),
            Command::Check { connection } => self.ikev2.check(now, connection),
            Command::UpdateStandby => {
                self.update_standby();
                Ok(())
            }
            Command::FailOver => {
                self.fail_over(now);
                Ok(())
            }
        }
    }

    /// Does what the parts ask for.
    fn drain(&mut self, now: Instant) {
        self.drain_dataplane(now);
        self.drain_ikev2(now);
        self.drain_ikev1(now);
    }

    /// The next thing to do; drain until [`Output::Idle`].
    pub fn poll(&mut self, _now: Instant) -> Output {
        if let Some(output) = self.out.pop_front() {
            return output;
        }
        let ikev2 = self.ikev2.next_timeout().map(|(at, reason)| (at, TimerReason::Ikev2(reason)));
        let ikev1 = self.ikev1.next_timeout().map(|(at, reason)| (at, TimerReason::Ikev1(reason)));
        let fragments = self.reassembler.next_timeout().map(|at| (at, TimerReason::Fragments));
        let dataplane = self.dataplane.next_timeout().map(|at| (at, TimerReason::Dataplane));
        let next = [ikev2, ikev1, dataplane, fragments].into_iter().flatten().min();
        Output::Idle { until: next.map(|(at, _)| at), reason: next.map(|(_, reason)| reason) }
    }

    /// The peer's state, as plain data.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            ike: self.ikev2.status(),
            ikev1: self.ikev1.status(),
            sas: self.dataplane.status(),
            incomplete: self.reassembler.waiting(),
        }
    }

    fn readdress(&mut self, now: Instant, change: AddressChange) {
        let addresses = &mut self.config.addresses;
        addresses.retain(|address| !change.went.contains(address));
        let new = change.came.iter().filter(|address| !addresses.contains(address));
        let new: Vec<IpAddr> = new.copied().collect();
        addresses.extend(new);
        self.gone.retain(|address| !change.came.contains(address));
        self.gone.extend(change.went);
        self.gone.sort_unstable();
        self.gone.dedup();
        self.ikev2.readdress(now, addresses.clone());
    }

    fn outside(&mut self, now: Instant, packet: IpPacket) {
        let (source, destination, dropped) = (packet.source(), packet.destination(), about(&packet));
        let ours = self.config.addresses.contains(&destination);
        let whole = if ours { self.reassembler.handle(now, packet) } else { Reassembled::Whole(packet) };
        let packet = match whole {
            Reassembled::Whole(packet) => packet,
            Reassembled::Waiting => return,
            Reassembled::Refused(reason) => {
                return self.tell(dropped(reason.into()));
            }
        };
        let mut ports = None;
        let inbound = match outside::sort(&self.config.addresses, packet) {
            Ok(Outside::Ike { from, to, octets }) if self.is_for_ikev1(&octets) => {
                return self.ikev1.handle(now, from, to, &octets);
            }
            Ok(Outside::Ike { from, to, octets }) => return self.ikev2.handle(now, from, to, &octets),
            Ok(Outside::Protected(packet)) => self.dataplane.inbound(now, packet),
            Ok(Outside::EspInUdp(packet)) => {
                ports = Flow::inbound(&packet).ports.map(|(here, there)| (there, here));
                self.dataplane.inbound_in_udp(now, packet)
            }
            Ok(Outside::Clear(packet)) => self.dataplane.inbound_clear(now, packet),
            Ok(Outside::Keepalive) => return,
            Ok(Outside::Error(packet)) => {
                if !self.dataplane.inbound_error(now, &packet) {
                    self.tell(dropped(DropReason::Icmp));
                }
                return;
            }
            Err(reason) => return self.tell(dropped(reason)),
        };
        match inbound {
            Inbound::Deliver(inner) => self.out.push_back(Output::Inside(inner)),
            Inbound::Drop { reason, carried, inside } => {
                if let (Unfit::UnknownSpi, Some((spi, _))) = (reason, carried) {
                    self.ikev2.unknown_spi(now, (source, destination), ports, spi);
                }
                if let (Some(unselected), Some((spi, _))) = (&inside, carried) {
                    self.ikev2.invalid_selectors(now, spi, &unselected.head);
                }
                self.tell(Dropped { carried, inside, ..dropped(reason.into()) });
            }
        }
    }

    fn inside(&mut self, now: Instant, packet: IpPacket) {
        let dropped = about(&packet);
        let (reason, carried) = match self.dataplane.outbound(now, &mut *self.esp_luck, packet) {
            Outbound::Send(packet) | Outbound::Bypass(packet) => return self.send(now, packet),
            Outbound::SendAll(packets) => {
                return packets.into_iter().for_each(|packet| self.send(now, packet));
            }
            Outbound::Acquire { policy, packet, .. } => {
                if (self.ikev2.acquire(now, &policy, Flow::outbound(&packet))
                    || self.ikev1.acquire(now, &policy))
                    && self.waiting.hold(&policy, packet)
                {
                    return;
                }
                (Unfit::NoSa, None)
            }
            Outbound::Drop { reason, sa, answer } => {
                self.out.extend(answer.map(Output::Inside));
                (reason, sa)
            }
        };
        self.tell(Dropped { carried, ..dropped(reason.into()) });
    }

    fn timeout(&mut self, now: Instant) {
        self.dataplane.timeout(now, &mut *self.esp_luck);
        let dataplane = &self.dataplane;
        self.ikev2.timeout(now, &|spi| dataplane.last_received(spi));
        self.ikev1.timeout(now, &|spi| dataplane.last_received(spi));
        for _ in 0..self.reassembler.expire(now) {
            let nowhere = IpAddr::from([0; 4]);
            let here = self.config.addresses.first().copied().unwrap_or(nowhere);
            self.tell(Dropped::new(DropReason::FragmentTimeout, here, here));
        }
    }

    /// Does what time and use have brought about in the data plane.
    fn drain_dataplane(&mut self, now: Instant) {
        while let Some(due) = self.dataplane.poll() {
            match due {
                Due::Send(packet) => self.send(now, packet),
                Due::Moved { inbound, local, remote } => {
                    // Of the two versions one knows the pair.
                    self.ikev2.moved(now, inbound, local, remote);
                    self.ikev1.moved(now, inbound, local, remote);
                }
                Due::Expired(expired) => {
                    match expired.limit {
                        Limit::Soft => {
                            self.ikev2.age(now, expired.inbound);
                            self.ikev1.age(now, expired.inbound);
                        }
                        Limit::Hard => {
                            self.ikev2.expire(now, expired.inbound);
                            self.ikev1.expire(now, expired.inbound);
                        }
                    }
                    self.out.push_back(Output::Event(Event::Expired(expired)));
                }
            }
        }
    }

    /// Does what IKE asks for, in its order.
    fn drain_ikev2(&mut self, now: Instant) {
        while let Some(output) = self.ikev2.poll() {
            match output {
                ipsec_ikev2::Output::Install(pair) => {
                    let child = pair.policy.clone();
                    self.dataplane.install(now, *pair);
                    self.waiting.release(&child);
                }
                ipsec_ikev2::Output::Remove { inbound } => {
                    self.dataplane.remove(inbound);
                }
                ipsec_ikev2::Output::Readdress { inbound, outer } => {
                    self.dataplane.readdress(now, inbound, &outer);
                }
                ipsec_ikev2::Output::StopSending { inbound } => {
                    self.dataplane.stop_sending(inbound);
                }
                ipsec_ikev2::Output::Skip { inbound, by } => {
                    self.dataplane.skip(inbound, by);
                }
                ipsec_ikev2::Output::Event(event) => {
                    self.abandon(&event);
                    self.out.push_back(Output::Event(Event::Ikev2(event)));
                }
                ipsec_ikev2::Output::Datagram { source, destination, octets } => {
                    self.send_message(now, source, destination, &octets);
                }
                ipsec_ikev2::Output::Keepalive { source, destination } => {
                    self.send_keepalive(now, source, destination);
                }
            }
        }
    }

    /// Sends an IKE message, with a marker before it on the port where it could be taken for ESP.
    fn send_message(&mut self, now: Instant, source: SocketAddr, destination: SocketAddr, octets: &[u8]) {
        let mut buffer = Buffer::copy_of(octets);
        if source.port() == NAT_PORT {
            buffer.grow_front(MARKER.len()).copy_from_slice(&MARKER);
        }
        let mut header = IpHeader::new(source.ip(), destination.ip(), 0);
        header.identification = self.next_identification() as u16;
        if let Ok(packet) = udp::build(source, destination, buffer, &header) {
            self.send(now, packet);
        }
    }

    /// Reminds NAT of the flow that IKE messages run in.
    fn send_keepalive(&mut self, now: Instant, source: SocketAddr, destination: SocketAddr) {
        let identification = self.next_identification() as u16;
        if let Ok(packet) = keepalive(source, destination, identification) {
            self.send(now, packet);
        }
    }

    /// Drops the packets that wait for what an event says will not come.
    fn abandon(&mut self, event: &ipsec_ikev2::Event) {
        let children: Vec<&str> = match event {
            ipsec_ikev2::Event::ChildFailed { child, .. } => vec![child],
            ipsec_ikev2::Event::IkeFailed { connection, retries: false, .. } => {
                let failed = self.config.ikev2.connections.iter().filter(|known| known.name == *connection);
                failed.flat_map(|known| known.children.iter().map(|child| child.name.as_str())).collect()
            }
            _ => return,
        };
        let children: Vec<String> = children.into_iter().map(str::to_owned).collect();
        self.give_up(&children);
    }

    /// Drops the packets that wait for these children.
    fn give_up(&mut self, children: &[String]) {
        let packets: Vec<IpPacket> = children.iter().flat_map(|child| self.waiting.take(child)).collect();
        for packet in packets {
            self.tell(about(&packet)(Unfit::NoSa.into()));
        }
    }

    /// Sends a packet, in fragments where the path asks for it.
    fn send(&mut self, now: Instant, packet: IpPacket) {
        let (destination, dropped) = (packet.destination(), about(&packet));
        if self.gone.contains(&packet.source()) {
            return self.tell(dropped(DropReason::NoAddress));
        }
        let mtu = match packet.version() {
            // No router cuts it on the way.
            IpVersion::V6 => self.dataplane.path_mtu(now, destination),
            IpVersion::V4 => self.config.dataplane.link_mtu,
        };
        if packet.len() <= mtu {
            return self.out.push_back(Output::Outside(packet));
        }
        let identification = self.next_identification();
        match fragment(packet, mtu, identification) {
            Ok(pieces) => self.out.extend(pieces.into_iter().map(Output::Outside)),
            Err(_) => {
                self.tell(dropped(DropReason::Dataplane(Unfit::TooLong)));
            }
        }
    }

    fn next_identification(&mut self) -> u32 {
        self.identification = self.identification.wrapping_add(1);
        self.identification
    }

    fn tell(&mut self, dropped: Dropped) {
        self.out.push_back(Output::Event(Event::Dropped(dropped)));
    }
}

/// What there will be to tell of a packet, should it be dropped.
fn about(packet: &IpPacket) -> impl Fn(DropReason) -> Dropped + use<> {
    let (source, destination, flow_label) = (packet.source(), packet.destination(), packet.flow_label());
    move |reason| Dropped { flow_label, ..Dropped::new(reason, source, destination) }
}

#[cfg(test)]
mod tests;
