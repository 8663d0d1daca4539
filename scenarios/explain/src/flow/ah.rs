//! Packets of AH (RFC 4302): checked where there is a key, and judged.

use ipsec_crypto::Provider;
use ipsec_net::IpPacket;
use ipsec_wire::ah;

use super::{Flow, Flows, Keyed, Packet, Place, message};
use crate::inner;
use crate::keys::{AhKey, Keys};
use crate::rules::Rule;
use crate::seen::digest;
use crate::teller::Teller;
use crate::told::Kind;

impl Flows {
    /// Takes an AH packet; `whole` is the packet with its IP headers, which AH protects, too, and `each` asks to tell of every
    /// packet, not only of the first. What is inside is another packet.
    pub(crate) fn ah(
        &mut self,
        teller: &mut Teller<'_>,
        (packet, whole): (&Packet<'_>, &IpPacket),
        keys: &Keys,
        each: bool,
    ) {
        let who = packet.course.from.ip();
        let Ok(header) = ah::Header::parse(packet.octets) else {
            let label = format!("AH, {} octets", packet.octets.len());
            message(teller, packet, Kind::Ah, (label, String::new()), vec!["too short".to_owned()]);
            return;
        };
        let (spi, sequence) = (header.spi, header.sequence);
        let key = (Kind::Ah, spi, packet.course);
        let macs = self.is_unkeyed(&key).then(|| {
            let make = |key: &AhKey| (Provider::best().integrity)(key.integrity, &key.key).ok();
            let known = keys.ah(spi, who, packet.course.to.ip()).chain(self.owners.ah(spi.0));
            Keyed::Ah(known.filter_map(make).collect())
        });
        let flow = self.flow(key, teller.at, (sequence, packet.is_encapsulated), macs);
        // What routers change on the way is in the IP header, not here.
        let digest = digest(packet.octets);
        let place = flow.place(sequence, digest);
        let authentic = match place {
            Place::Repeat => None,
            _ => flow.authentic(sequence, whole),
        };
        // What is forged may have any number.
        if authentic != Some(false) {
            flow.count(&place, (sequence, digest), packet.octets.len(), teller.at);
        }
        let at = format!("SPI {spi}, sequence {sequence}");
        if each || authentic == Some(false) || !matches!(place, Place::Next | Place::Late) {
            let inside = packet.octets.get(header.len()..).unwrap_or_default();
            let mut remarks = vec![inner::describe(header.next_header, inside)];
            if authentic == Some(false) {
                remarks.push("not authentic".to_owned());
            }
            let label = format!("AH SPI {spi} sequence {sequence}");
            message(teller, packet, Kind::Ah, (label, String::new()), remarks);
        }
        match (place, authentic) {
            (_, Some(false)) => {
                flow.summary.closed += 1;
                teller.broke(who, Rule::AH_ICV, format!("{at}: the ICV is wrong"));
                return;
            }
            (Place::Repeat, _) => teller.broke(who, Rule::AH_REPLAYED, format!("{at} once more")),
            (Place::Other, _) => teller.broke(who, Rule::AH_REPEATED, format!("{at} for another packet")),
            _ => {}
        }
        if authentic == Some(true) {
            flow.summary.opened += 1;
        }
    }
}

impl Flow {
    /// Whether a packet is authentic, if there is a key. Whether sequence numbers have 64 bits is tried out.
    fn authentic(&mut self, sequence: u32, whole: &IpPacket) -> Option<bool> {
        let highs = self.highs(sequence);
        let Keyed::Ah(macs) = &mut self.keyed else { return None };
        if macs.is_empty() {
            return None;
        }
        for at in 0..macs.len() {
            for high in &highs {
                let implicit = high.map_or(Vec::new(), |high| high.to_be_bytes().to_vec());
                let checked = ipsec_dataplane::ah::verify(&macs[at], &implicit, &mut whole.clone());
                if checked.is_err() {
                    continue;
                }
                macs[..=at].rotate_right(1);
                self.learned(*high);
                return Some(true);
            }
        }
        Some(false)
    }
}
