//! Message IDs count up by one, no more requests are open than the window allows, and repeats are the same octet for
//! octet (RFC 7296 §2.1–2.3); a request that is cut anew is cut in more pieces (RFC 7383 §2.5.2). When a member of a cluster takes
//! over from another, they go on where the two ends have agreed, and never further back (RFC 6311 §5.1).
//! Version 1 has rules of its own.

mod older;

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec::Event;
use ipsec::ikev2::{Event as Ikev2, Role};
use ipsec::wire::registry::{ExchangeType, PayloadType};
use ipsec::wire::{Header, IkeSpi, v2};
use ipsec_net::{Instant, Reassembled, Reassembler};
use sim::Kind;

use self::older::Older;
use super::{Oracle, Violation, ike_message, older_message, sent_outside};
use crate::node::{Note, is_own};
use crate::run::Scene;

/// The last messages of each sender in each IKE SA.
#[derive(Default)]
pub(super) struct MessageId {
    /// Messages that are too long for the link leave in fragments.
    fragments: Reassembler,
    sent: BTreeMap<Sender, Sent>,
    older: Older,
}

/// The initiator's SPI, whether the sender is the initiator, and whether it responds.
type Sender = (IkeSpi, bool, bool);

/// What one end has sent.
#[derive(Default)]
struct Sent {
    newest: Option<u32>,
    /// The message ID that it has gone on with last because a member of a cluster has changed.
    jumped_to: u32,
    /// How many messages with message ID 0 have come to agree on that.
    synchronisations: usize,
    /// How often another member of a cluster has taken over at this end.
    takeovers: usize,
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
        if let Kind::Note { note: Note::Peer(Event::Ikev2(event)), .. } = kind {
            return self.jump(event);
        }
        let Some((here, packet)) = sent_outside(scene, kind) else { return Ok(()) };
        let whole = match packet.fragment().map(|_| self.fragments.handle(at, packet.clone())) {
            None => None,
            Some(Reassembled::Whole(whole)) => Some(whole),
            Some(Reassembled::Waiting | Reassembled::Refused(_)) => return Ok(()),
        };
        let packet = whole.as_ref().unwrap_or(packet);
        let from = packet.source();
        if let Some((header, octets)) = older_message(packet) {
            return self.older.sent(scene, (here, from), &header, octets);
        }
        let Some((header, octets)) = ike_message(packet) else { return Ok(()) };
        let sender = sender(&header);
        match header.next_payload {
            PayloadType::SK | PayloadType::SKF => {
                let wishes = self.wishes(&header);
                self.sent.entry(sender).or_default().protected(from, &header, octets, wishes)?;
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
    /// An end goes on with another message ID: a member that takes over with one that it believes in, so that all that was sent
    /// before says nothing; both ends with what they have agreed on, which may not be behind.
    fn jump(&mut self, event: &Ikev2) -> Result<(), Violation> {
        let Ikev2::Synchronised { spi_i, role, took_over, next_request: next, .. } = event else {
            return Ok(());
        };
        let is_initiator = *role == Role::Initiator;
        let sent = self.sent.entry((*spi_i, is_initiator, false)).or_default();
        let due = sent.newest.map_or(0, |newest| newest + 1);
        if !took_over && *next < due {
            let happened = format!("the {role:?} goes on with {next} after {}", due - 1);
            return Err(Violation::new("message IDs never go back", happened));
        }
        (sent.newest, sent.jumped_to) = (next.checked_sub(1), *next);
        sent.messages.retain(|id, _| !took_over && *id != 0);
        if *took_over {
            sent.takeovers += 1;
            // What it has answered, the next member may answer in other words.
            let answered = self.sent.entry((*spi_i, is_initiator, true)).or_default();
            answered.messages.values_mut().for_each(BTreeMap::clear);
        }
        Ok(())
    }

    /// How many messages with message ID 0 may have come to agree on others: from a member that takes over one, from the other
    /// end one for each of these.
    fn wishes(&self, header: &Header) -> usize {
        let is_response = header.flags.response;
        let from = self.sent.get(&(header.spi_i, header.flags.initiator != is_response, false));
        from.map_or(0, |sent| if is_response { sent.synchronisations } else { sent.takeovers })
    }

    /// The request that was sent as many before as the widest window holds has been answered.
    fn check_window(&self, scene: &Scene, from: IpAddr, header: &Header) -> Result<(), Violation> {
        let ends = scene.scenario.ikes.iter().flat_map(|ike| &ike.ends);
        let window = ends.map(|end| end.window).max().unwrap_or(1);
        let answers = self.sent.get(&(header.spi_i, !header.flags.initiator, true));
        let jumped_to = self.sent.get(&sender(header)).map_or(0, |sent| sent.jumped_to);
        match header.message_id.checked_sub(window) {
            // What is long past is forgotten, what was open before a failover is not answered, and what a tester answers is not
            // looked at.
            Some(0) | None => Ok(()),
            Some(before) if before < jumped_to || is_own(header.spi_r) => Ok(()),
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
    /// `wishes` is how many messages with message ID 0 may agree on others.
    fn protected(
        &mut self,
        from: IpAddr,
        header: &Header,
        octets: &[u8],
        wishes: usize,
    ) -> Result<(), Violation> {
        let id = header.message_id;
        let piece = v2::fragment_number(octets).ok().flatten();
        let place = piece.map_or((0, 0), |piece| (piece.total, piece.number));
        let known = self.messages.get(&id).is_some_and(|before| before.values().any(|known| known == octets));
        // A responder's first request has this message ID by right.
        let is_due = !header.flags.response && self.newest.is_none();
        if id == 0 && !is_due && !known && self.synchronisations < wishes {
            self.synchronisations += 1;
            self.messages.insert(id, BTreeMap::from([(place, octets.to_vec())]));
            return Ok(());
        }
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
