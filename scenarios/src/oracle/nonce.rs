//! No sequence number and no IV is used twice under one key.

use std::collections::BTreeMap;

use ipsec::wire::registry::PayloadType;
use ipsec::wire::{IkeSpi, Spi, ah, esp};
use ipsec_net::{Instant, IpPacket, protocol, udp};
use sim::Kind;

use super::{Oracle, Violation, esp_in_udp, ike_message, older_message, sent_outside};
use crate::node::Note;
use crate::run::Scene;

/// The numbers that were used.
#[derive(Default)]
pub(super) struct Nonce {
    /// The last sequence number of ESP or AH by sender, protocol and SPI, and how its packet begins.
    protected: BTreeMap<(usize, u8, Spi), (u32, Vec<u8>)>,
    /// The messages by sender, SPIs and IV.
    ike: BTreeMap<(usize, IkeSpi, IkeSpi, Vec<u8>), Vec<u8>>,
    /// The encrypted messages of version 1 and their senders, by cookies and message ID.
    older: BTreeMap<(IkeSpi, IkeSpi, u32), Vec<Said>>,
}

/// A message and its sender.
type Said = (usize, Vec<u8>);

/// How many octets tell a packet from another one: ESP header, IV, and the first ciphertext.
const BEGINNING: usize = 40;

/// Where the IV of ESP stands, or as much of it as tells two of them apart. Without an IV this is ciphertext.
const IV: std::ops::Range<usize> = 8..16;

impl Oracle for Nonce {
    fn name(&self) -> &'static str {
        "nonce"
    }

    fn record(&mut self, scene: &Scene, _at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        match sent_outside(scene, kind) {
            Some((from, packet)) if matches!(packet.protocol(), protocol::ESP | protocol::AH) => {
                self.protected(scene, (from, packet), packet.protocol(), packet.payload())
            }
            Some((from, packet)) => match udp::read(packet).ok().and_then(esp_in_udp) {
                Some(octets) => self.protected(scene, (from, packet), protocol::ESP, octets),
                None => self.older(from, packet).and_then(|()| self.ike(from, packet)),
            },
            None => Ok(()),
        }
    }
}

impl Nonce {
    /// `octets` begin with the header of `protocol`; in a bundle AH comes first and ESP inside.
    fn protected(
        &mut self,
        scene: &Scene,
        (from, packet): (usize, &IpPacket),
        protocol: u8,
        octets: &[u8],
    ) -> Result<(), Violation> {
        if !packet.has_upper_header() {
            return Ok(());
        }
        let (spi, sequence) = match protocol {
            protocol::AH => {
                let Ok(header) = ah::Header::parse(octets) else { return Ok(()) };
                if header.next_header == protocol::ESP {
                    self.protected(scene, (from, packet), protocol::ESP, &octets[header.len()..])?;
                }
                (header.spi, header.sequence)
            }
            _ => {
                let Ok(header) = esp::Header::parse(octets) else { return Ok(()) };
                (header.spi, header.sequence)
            }
        };
        let begins = octets[..octets.len().min(BEGINNING)].to_vec();
        let before = self.protected.insert((from, protocol, spi), (sequence, begins.clone()));
        let last = before.as_ref().map(|(last, _)| *last);
        let is_other = last.is_some_and(|last| last != sequence) && protocol == protocol::ESP;
        // Without a cipher there is no IV, and packets begin alike.
        if let Some((_, before)) = before.as_ref().filter(|_| is_other && !scene.leaves_clear())
            && before.get(IV).is_some_and(|iv| begins.get(IV) == Some(iv))
        {
            let happened = format!("{} sends two packets under SPI {spi} with one IV", packet.source());
            return Err(Violation::new("each IV encrypts one packet", happened));
        }
        // With 64-bit numbers the lower half begins again at 0 after its last value.
        let grows = last.is_none_or(|last| last < sequence || (last, sequence) == (u32::MAX, 0));
        // The first fragment of a packet that a link has cut is that packet once more.
        let follows = grows || packet.fragment().is_some() && before == Some((sequence, begins));
        if follows {
            return Ok(());
        }
        let happened =
            format!("{} sends {sequence} under SPI {spi} after {}", packet.source(), last.unwrap_or(0));
        Err(Violation::new("the sequence numbers of a sender grow", happened))
    }

    /// In version 1 the IV of a message is the last block of the message before it in the exchange, whoever sent that; that
    /// of the first one comes of the message ID. So an end that says two things one behind the other has used one IV twice.
    fn older(&mut self, from: usize, packet: &IpPacket) -> Result<(), Violation> {
        let Some((header, octets)) = older_message(packet) else { return Ok(()) };
        if !header.flags.encryption {
            return Ok(());
        }
        let said = self.older.entry((header.spi_i, header.spi_r, header.message_id)).or_default();
        if said.iter().any(|(_, before)| before == octets) {
            return Ok(());
        }
        let again = said.last().is_some_and(|(sender, _)| *sender == from);
        said.push((from, octets.to_vec()));
        if !again {
            return Ok(());
        }
        let happened = format!("{} encrypts two messages with the IV after the same one", packet.source());
        Err(Violation::new("each IV encrypts one message", happened))
    }

    fn ike(&mut self, from: usize, packet: &IpPacket) -> Result<(), Violation> {
        let Some((header, octets)) = ike_message(packet) else { return Ok(()) };
        if header.next_payload != PayloadType::SK {
            return Ok(());
        }
        // The IV is eight octets at least; these tell two of them apart.
        let Some(iv) = octets.get(32..40) else { return Ok(()) };
        let key = (from, header.spi_i, header.spi_r, iv.to_vec());
        let before = self.ike.entry(key).or_insert_with(|| octets.to_vec());
        if before == octets {
            return Ok(());
        }
        let happened = format!("{} encrypts two messages with one IV", packet.source());
        Err(Violation::new("each IV encrypts one message", happened))
    }
}
