//! Nobody can make a gateway send much to an address that has not been proven: until a message from there has shown that its
//! sender reads what is sent to it, IKE answers are no longer than three times what came (RFC 7296 §2.6, RFC 8019 §3). In
//! version 1 certificates do not count, for they have to be in an answer; there each message that came is answered once at
//! most, and one that comes again and again not without end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipsec::Event;
use ipsec::ikev2::Event as Ikev2;
use ipsec::wire::registry::ExchangeType;
use ipsec::wire::registry::v1;
use ipsec::wire::{self, IkeSpi};
use ipsec_net::{Instant, IpPacket, protocol, udp};
use sim::Kind;

use super::{Oracle, Violation, ike_message, older_message, sent_outside};
use crate::node::Note;
use crate::run::Scene;

/// How many octets may be answered for each that came.
const MOST: u64 = 3;

/// What went between a gateway, by its number, and an address.
#[derive(Default)]
pub(super) struct Amplification {
    ledger: BTreeMap<(usize, IpAddr), Ledger>,
    /// Pairs of which the second has shown that it reads what is sent to it.
    proven: BTreeSet<(usize, IpAddr)>,
    /// The ISAKMP SAs that a gateway has begun itself, by the initiator's cookie.
    begun: BTreeSet<(usize, IkeSpi)>,
    /// The cookies of version 1 that a gateway has sent to an address, with the initiator's: who says them reads what is sent.
    issued: BTreeSet<(usize, IpAddr, IkeSpi, IkeSpi)>,
    /// What came to a gateway under an initiator's cookie.
    heard: BTreeMap<(usize, IkeSpi), Heard>,
}

/// The messages of version 1 under one initiator's cookie.
#[derive(Default)]
struct Heard {
    distinct: BTreeSet<Vec<u8>>,
    answered: u32,
}

/// So many initiator's cookies are remembered.
const REMEMBERED: usize = 4_096;

/// In octets of IP packets.
#[derive(Default)]
struct Ledger {
    came: u64,
    answered: u64,
    /// How many messages of version 1.
    older: (u32, u32),
}

impl Oracle for Amplification {
    fn name(&self) -> &'static str {
        "amplification"
    }

    fn record(&mut self, scene: &Scene, _at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        match kind {
            Kind::Note { node, note: Note::Peer(Event::Ikev2(Ikev2::Received(message))) } => {
                if message.exchange != ExchangeType::IKE_SA_INIT {
                    self.proven.insert((node.index(), message.peer.ip()));
                }
            }
            Kind::Delivered { link, direction, packet, .. } if packet.protocol() == protocol::UDP => {
                let to = scene.ends(*link, *direction).map(|(_, to)| to);
                let peers = &scene.scenario.peers;
                let number = peers.iter().position(|peer| Some(peer.name.as_str()) == to);
                let is_own = |number: &usize| {
                    peers[*number].addresses.iter().any(|own| own.address == packet.destination())
                };
                if let Some(number) = number.filter(is_own) {
                    let ledger = self.entry(number, packet.source());
                    ledger.came += packet.len() as u64;
                    ledger.older.0 += 1;
                    self.heard(number, packet);
                }
            }
            _ => {
                if let Some((number, packet)) = sent_outside(scene, kind) {
                    return self.sent(scene, number, packet);
                }
            }
        }
        Ok(())
    }
}

impl Amplification {
    fn entry(&mut self, here: usize, there: IpAddr) -> &mut Ledger {
        self.ledger.entry((here, there)).or_default()
    }

    /// A message that may be of version 1 has come.
    fn heard(&mut self, here: usize, packet: &IpPacket) {
        let Ok(datagram) = udp::read(packet) else { return };
        let octets = datagram.payload.strip_prefix(&[0; 4]).unwrap_or(datagram.payload);
        let Ok(header) = wire::v1::Header::parse(octets) else { return };
        if header.version.major != 1 {
            return;
        }
        if self.issued.contains(&(here, packet.source(), header.spi_i, header.spi_r)) {
            self.proven.insert((here, packet.source()));
        }
        self.heard.entry((here, header.spi_i)).or_default().distinct.insert(octets.to_vec());
        if self.heard.len() > REMEMBERED {
            self.heard.pop_first();
        }
    }

    /// A message of version 1.
    fn older(
        &mut self,
        scene: &Scene,
        here: usize,
        packet: &IpPacket,
        (header, octets): (&wire::v1::Header, &[u8]),
    ) -> Result<(), Violation> {
        let there = packet.destination();
        let begins = [v1::ExchangeType::MAIN, v1::ExchangeType::AGGRESSIVE].contains(&header.exchange);
        if begins && header.spi_r == IkeSpi(0) {
            self.begun.insert((here, header.spi_i));
        }
        if header.spi_r != IkeSpi(0) {
            self.issued.insert((here, there, header.spi_i, header.spi_r));
            if self.issued.len() > REMEMBERED {
                self.issued.pop_first();
            }
        }
        if self.begun.contains(&(here, header.spi_i)) || self.proven.contains(&(here, there)) {
            return Ok(());
        }
        let ledger = self.entry(here, there);
        ledger.older.1 += 1;
        ledger.answered += (packet.len() - certificates(octets)) as u64;
        let Ledger { older: (came, answered), .. } = *ledger;
        let from = packet.source();
        if answered > came {
            let happened =
                format!("{from} has answered {answered} messages to {there}, of which {came} came");
            let expected = "each message that came from an unproven address is answered once at most";
            return Err(Violation::new(expected, happened));
        }
        ledger.check((from, there))?;
        let tries = scene.scenario.ikes.iter().map(|ike| ike.retransmission.tries).max().unwrap_or(1);
        let heard = self.heard.entry((here, header.spi_i)).or_default();
        heard.answered += 1;
        let distinct = u32::try_from(heard.distinct.len()).unwrap_or(u32::MAX);
        let most = tries.saturating_mul(2).saturating_mul(distinct);
        if heard.answered <= most {
            return Ok(());
        }
        let happened =
            format!("{from} has answered {} times to {distinct} different messages", heard.answered);
        Err(Violation::new(format!("no more than {most} answers to what comes again and again"), happened))
    }

    fn sent(&mut self, scene: &Scene, here: usize, packet: &IpPacket) -> Result<(), Violation> {
        if let Some((header, octets)) = older_message(packet) {
            return self.older(scene, here, packet, (&header, octets));
        }
        let is_answer = ike_message(packet).is_some_and(|(header, _)| header.flags.response);
        let there = packet.destination();
        if !is_answer || self.proven.contains(&(here, there)) {
            return Ok(());
        }
        let ledger = self.entry(here, there);
        ledger.answered += packet.len() as u64;
        ledger.check((packet.source(), there))
    }
}

impl Ledger {
    fn check(&self, (here, there): (IpAddr, IpAddr)) -> Result<(), Violation> {
        let Self { came, answered, .. } = *self;
        if answered <= MOST * came {
            return Ok(());
        }
        let expected =
            format!("at most {MOST} octets are answered for each that came from an unproven address");
        let happened = format!("{here} has answered {answered} octets to {there}, of which {came} came");
        Err(Violation::new(expected, happened))
    }
}

/// How many octets of a message are certificates.
fn certificates(octets: &[u8]) -> usize {
    let payloads = wire::v1::Message::parse(octets).map(|message| message.payloads).unwrap_or_default();
    let length = |payload: &wire::v1::Payload| match payload {
        wire::v1::Payload::Cert(certificate) => certificate.data.len(),
        _ => 0,
    };
    payloads.iter().map(length).sum()
}
