//! Message IDs count up by one, no more requests are open than the window allows, and repeats are the same octet for
//! octet (RFC 7296 §2.1–2.3); a request that is cut anew is cut in more pieces (RFC 7383 §2.5.2).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec::wire::registry::{ExchangeType, PayloadType};
use ipsec::wire::{Header, IkeSpi, v2};
use ipsec_net::{Instant, Reassembled, Reassembler};
use sim::Kind;

use super::{Oracle, Violation, ike_message, sent_outside};
use crate::node::{Note, is_own};
use crate::run::Scene;

/// The last messages of each sender in each IKE SA.
#[derive(Default)]
pub(super) struct MessageId {
    /// Messages that are too long for the link leave in fragments.
    fragments: Reassembler,
    sent: BTreeMap<Sender, Sent>,
}

/// The initiator's SPI, whether the sender is the initiator, and whether it responds.
type Sender = (IkeSpi, bool, bool);

/// What one end has sent.
#[derive(Default)]
struct Sent {
    newest: Option<u32>,
    /// The datagrams of each message, by the number of pieces and the place among them; of a whole one, by twice 0.
    messages: BTreeMap<u32, BTreeMap<(u16, u16), Vec<u8>>>,
}

/// So many messages of each end are remembered.
const REMEMBERED: usize = 128;

impl Oracle for MessageId {
    fn name(&self) -> &'static str {
        "message-id"
    }

    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        let Some((_, packet)) = sent_outside(scene, kind) else { return Ok(()) };
        let whole = match packet.fragment().map(|_| self.fragments.handle(at, packet.clone())) {
            None => None,
            Some(Reassembled::Whole(whole)) => Some(whole),
            Some(Reassembled::Waiting | Reassembled::Refused(_)) => return Ok(()),
        };
        let packet = whole.as_ref().unwrap_or(packet);
        let Some((header, octets)) = ike_message(packet) else { return Ok(()) };
        let from = packet.source();
        let sender = sender(&header);
        match header.next_payload {
            PayloadType::SK | PayloadType::SKF => {
                self.sent.entry(sender).or_default().protected(from, &header, octets)?;
                if header.flags.response { Ok(()) } else { self.check_window(scene, from, &header) }
            }
            // It begins anew under the same ID when a cookie or another group is asked for.
            _ if is_first(&header) => {
                self.sent.entry(sender).or_default().newest = Some(0);
                Ok(())
            }
            // An error notification outside of any IKE SA (RFC 7296 §1.5, §2.5).
            _ => Ok(()),
        }
    }
}

impl MessageId {
    /// The request that was sent as many before as the widest window holds has been answered.
    fn check_window(&self, scene: &Scene, from: IpAddr, header: &Header) -> Result<(), Violation> {
        let ends = scene.scenario.ikes.iter().flat_map(|ike| &ike.ends);
        let window = ends.map(|end| end.window).max().unwrap_or(1);
        let answers = self.sent.get(&(header.spi_i, !header.flags.initiator, true));
        match header.message_id.checked_sub(window) {
            // What is long past is forgotten, and what a tester answers is not looked at.
            Some(0) | None => Ok(()),
            Some(_) if is_own(header.spi_r) => Ok(()),
            Some(before) if answers.is_some_and(|answers| answers.messages.contains_key(&before)) => Ok(()),
            Some(before) => {
                let id = header.message_id;
                let happened = format!("{from} sends message ID {id}, but {before} is not answered");
                Err(Violation::new(format!("no more than {window} requests are open"), happened))
            }
        }
    }
}

impl Sent {
    fn protected(&mut self, from: IpAddr, header: &Header, octets: &[u8]) -> Result<(), Violation> {
        let id = header.message_id;
        let piece = v2::fragment_number(octets).ok().flatten();
        let place = piece.map_or((0, 0), |piece| (piece.total, piece.number));
        let Some(before) = self.messages.get_mut(&id) else {
            return self.first(from, header, place, octets);
        };
        if before.get(&place).is_some_and(|before| before != octets) {
            let happened = format!("{from} sends other octets under message ID {id}");
            return Err(Violation::new("a repeated message is the same octet for octet", happened));
        }
        if before.keys().any(|(total, _)| *total > place.0) {
            let happened = format!("{from} cuts message ID {id} in fewer pieces than before");
            return Err(Violation::new("a message is cut anew in smaller pieces only", happened));
        }
        before.insert(place, octets.to_vec());
        Ok(())
    }

    fn first(
        &mut self,
        from: IpAddr,
        header: &Header,
        place: (u16, u16),
        octets: &[u8],
    ) -> Result<(), Violation> {
        let id = header.message_id;
        let due = self.newest.map_or(0, |newest| newest + 1);
        // Where several requests are open, any of them may be answered first.
        if id != due && !header.flags.response {
            let last = self.newest.map_or("none".to_owned(), |newest| newest.to_string());
            let happened = format!("{from} sends message ID {id} after {last}");
            return Err(Violation::new("message IDs count up by one", happened));
        }
        self.newest = Some(self.newest.map_or(id, |newest| newest.max(id)));
        self.messages.insert(id, BTreeMap::from([(place, octets.to_vec())]));
        while self.messages.len() > REMEMBERED {
            self.messages.pop_first();
        }
        Ok(())
    }
}

fn sender(header: &Header) -> Sender {
    (header.spi_i, header.flags.initiator, header.flags.response)
}

fn is_first(header: &Header) -> bool {
    let first = [ExchangeType::IKE_SA_INIT, ExchangeType::IKE_SESSION_RESUME];
    first.contains(&header.exchange) && header.message_id == 0
}
