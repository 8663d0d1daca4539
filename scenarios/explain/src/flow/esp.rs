//! Packets of ESP (RFC 4303): opened where there is a key, and judged.

use std::net::IpAddr;

use ipsec_wire::{Spi, esp};

use super::{Flow, Flows, Keyed, Packet, Place, RECENT, message};
use crate::inner;
use crate::keys::Keys;
use crate::open::{Closed, Inner, Opener};
use crate::rules::Rule;
use crate::seen::digest;
use crate::teller::Teller;
use crate::told::Kind;

impl Flows {
    /// Takes an ESP packet; `each` asks to tell of every packet, not only of the first.
    pub(crate) fn esp(&mut self, teller: &mut Teller<'_>, packet: &Packet<'_>, keys: &Keys, each: bool) {
        let who = packet.course.from.ip();
        let Ok(header) = esp::Header::parse(packet.octets) else {
            let label = format!("{}ESP, {} octets", packet.before, packet.octets.len());
            message(teller, packet, Kind::Esp, (label, String::new()), vec!["too short".to_owned()]);
            return;
        };
        let (spi, sequence) = (header.spi, header.sequence);
        let key = (Kind::Esp, spi, packet.course);
        let openers = self.is_unkeyed(&key).then(|| {
            let known = keys.esp(spi, who, packet.course.to.ip()).chain(self.owners.esp(spi.0));
            let mut openers: Vec<Opener> = known.filter_map(Opener::new).collect();
            // Without an ICV anything can be opened.
            openers.sort_by_key(|opener| !opener.authenticates());
            Keyed::Esp(openers)
        });
        let flow = self.flow(key, teller.at, (sequence, packet.is_encapsulated), openers);
        let label = format!("{}ESP SPI {spi} sequence {sequence}", packet.before);
        let digest = digest(packet.octets);
        let place = flow.place(sequence, digest);
        let opened = match place {
            Place::Repeat => None,
            _ => flow.open(sequence, packet.octets),
        };
        // What is forged may have any number.
        if !matches!(opened, Some(Err(_))) {
            flow.count(&place, (sequence, digest), packet.octets.len(), teller.at);
        }
        let is_first = matches!(place, Place::First);
        let is_wrong = matches!(opened, Some(Err(_))) || matches!(place, Place::Repeat | Place::Other);
        if each || is_first || is_wrong || spi.0 <= 255 {
            let (mut remarks, mut tree) = (Vec::new(), String::new());
            match &opened {
                Some(Ok(inner)) => {
                    let inside = inner::describe(inner.next_header, &inner.payload);
                    tree = format!("{label}\n  {inside}\n");
                    remarks.push(inside);
                }
                Some(Err(_)) => remarks.push("cannot be opened".to_owned()),
                None => remarks.push(format!("{} octets", packet.octets.len())),
            }
            if is_first && !each {
                remarks.push("the first of its SA".to_owned());
            }
            message(teller, packet, Kind::Esp, (label, tree), remarks);
        }
        if spi.0 <= 255 {
            teller.broke(who, Rule::CHILD_SPI, format!("a packet with the SPI {spi}"));
        }
        match place {
            Place::Repeat => {
                teller.broke(who, Rule::ESP_REPLAYED, format!("SPI {spi}, sequence {sequence} once more"));
            }
            Place::Other if !matches!(opened, Some(Err(_))) => {
                teller.broke(
                    who,
                    Rule::ESP_REPEATED,
                    format!("SPI {spi}, sequence {sequence} for another packet"),
                );
            }
            _ => {}
        }
        flow.judge(teller, (who, spi, sequence), opened);
    }
}

impl Flow {
    /// Opens a packet, if there is a key. Whether sequence numbers have 64 bits, and their upper half, is tried out.
    fn open(&mut self, sequence: u32, octets: &[u8]) -> Option<Result<Inner, Closed>> {
        let highs = self.highs(sequence);
        let Keyed::Esp(openers) = &mut self.keyed else { return None };
        if openers.is_empty() {
            return None;
        }
        let mut closed = Closed::Icv;
        for at in 0..openers.len() {
            for high in &highs {
                match openers[at].packet(octets, *high) {
                    Ok(inner) => {
                        openers[..=at].rotate_right(1);
                        self.learned(*high);
                        return Some(Ok(inner));
                    }
                    Err(Closed::Icv) => {}
                    Err(form) => closed = form,
                }
            }
        }
        Some(Err(closed))
    }

    fn judge(
        &mut self,
        teller: &mut Teller<'_>,
        (who, spi, sequence): (IpAddr, Spi, u32),
        opened: Option<Result<Inner, Closed>>,
    ) {
        let at = format!("SPI {spi}, sequence {sequence}");
        match opened {
            None => {}
            Some(Err(closed)) => {
                self.summary.closed += 1;
                let what = match closed {
                    Closed::Icv => "the ICV is wrong".to_owned(),
                    Closed::Form(what) => what,
                };
                teller.broke(who, Rule::ESP_ICV, format!("{at}: {what}"));
            }
            Some(Ok(inner)) => {
                self.summary.opened += 1;
                if !inner.is_padded_well {
                    teller.broke(
                        who,
                        Rule::ESP_PADDING,
                        format!("{at}: the padding is not 1, 2, 3 and so on"),
                    );
                }
                let Keyed::Esp(openers) = &self.keyed else { return };
                if openers.first().is_some_and(Opener::counts) {
                    let iv = digest(&inner.iv) | 1;
                    let slot = &mut self.ivs[(iv >> 1) as usize % RECENT];
                    let (known, of) = std::mem::replace(slot, (iv, sequence));
                    if known == iv && of != sequence {
                        teller.broke(who, Rule::ESP_IV, format!("{at}: the IV was that of sequence {of}"));
                    }
                }
            }
        }
    }
}
