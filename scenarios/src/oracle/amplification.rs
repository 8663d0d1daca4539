//! Nobody can make a gateway send much to an address that has not been proven: until a message from there has shown that its
//! sender reads what is sent to it, IKE answers are no longer than three times what came (RFC 7296 §2.6, RFC 8019 §3). In
//! version 1 an answer may have to be longer, for a certificate is in it; there each message that came is answered once at
//! most.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipsec::Event;
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::Event as Ikev2;
use ipsec::wire::registry::ExchangeType;
use ipsec::wire::registry::v1::{self, PayloadType};
use ipsec::wire::{self, IkeSpi};
use ipsec_net::{Instant, IpPacket, protocol};
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
}

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
            Kind::Note { node, note: Note::Peer(Event::Ikev1(Ikev1::Received(message))) } => {
                // The first message of either mode has an SA payload; those that follow it depend on what was answered.
                let follows = !message.payloads.iter().any(|(kind, _)| *kind == PayloadType::SA);
                if message.encrypted || message.exchange == v1::ExchangeType::MAIN && follows {
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
                }
            }
            _ => {
                if let Some((number, packet)) = sent_outside(scene, kind) {
                    return self.sent(number, packet);
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

    /// A message of version 1.
    fn older(&mut self, here: usize, packet: &IpPacket, header: &wire::v1::Header) -> Result<(), Violation> {
        let there = packet.destination();
        let begins = [v1::ExchangeType::MAIN, v1::ExchangeType::AGGRESSIVE].contains(&header.exchange);
        if begins && header.spi_r == IkeSpi(0) {
            self.begun.insert((here, header.spi_i));
        }
        if self.begun.contains(&(here, header.spi_i)) || self.proven.contains(&(here, there)) {
            return Ok(());
        }
        let ledger = self.entry(here, there);
        ledger.older.1 += 1;
        let (came, answered) = ledger.older;
        if answered <= came {
            return Ok(());
        }
        let here = packet.source();
        let happened = format!("{here} has answered {answered} messages to {there}, of which {came} came");
        Err(Violation::new(
            "each message that came from an unproven address is answered once at most",
            happened,
        ))
    }

    fn sent(&mut self, here: usize, packet: &IpPacket) -> Result<(), Violation> {
        if let Some((header, _)) = older_message(packet) {
            return self.older(here, packet, &header);
        }
        let is_answer = ike_message(packet).is_some_and(|(header, _)| header.flags.response);
        let there = packet.destination();
        if !is_answer || self.proven.contains(&(here, there)) {
            return Ok(());
        }
        let ledger = self.entry(here, there);
        ledger.answered += packet.len() as u64;
        let Ledger { came, answered, .. } = *ledger;
        if answered <= MOST * came {
            return Ok(());
        }
        let expected =
            format!("at most {MOST} octets are answered for each that came from an unproven address");
        let here = packet.source();
        let happened = format!("{here} has answered {answered} octets to {there}, of which {came} came");
        Err(Violation::new(expected, happened))
    }
}
