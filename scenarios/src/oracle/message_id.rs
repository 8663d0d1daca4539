//! Message IDs count up by one, no more requests are open than the window allows, and repeats are the same octet for
//! octet (RFC 7296 §2.1–2.3).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipsec::wire::registry::{ExchangeType, PayloadType};
use ipsec::wire::{Header, IkeSpi};
use ipsec_net::{Instant, Reassembled, Reassembler};
use sim::Kind;

use super::{Oracle, Violation, ike_message, sent_outside};
use crate::node::Note;
use crate::run::Scene;

/// The last request and the last response of each sender in each IKE SA.
#[derive(Default)]
pub(super) struct MessageId {
    /// Messages that are too long for the link leave in fragments.
    fragments: Reassembler,
    last: BTreeMap<Sender, (u32, Vec<u8>)>,
}

/// The sender's number, the initiator's SPI, whether the sender is the initiator, and whether it responds.
type Sender = (usize, IkeSpi, bool, bool);

impl Oracle for MessageId {
    fn name(&self) -> &'static str {
        "message-id"
    }

    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        let Some((from, packet)) = sent_outside(scene, kind) else { return Ok(()) };
        let whole = match packet.fragment().map(|_| self.fragments.handle(at, packet.clone())) {
            None => None,
            Some(Reassembled::Whole(whole)) => Some(whole),
            Some(Reassembled::Waiting | Reassembled::Refused(_)) => return Ok(()),
        };
        let packet = whole.as_ref().unwrap_or(packet);
        let Some((header, octets)) = ike_message(packet) else { return Ok(()) };
        // What is neither is an error notification outside of any IKE SA (RFC 7296 §1.5, §2.5).
        let in_order = header.exchange == ExchangeType::IKE_SA_INIT || header.next_payload == PayloadType::SK;
        if !in_order {
            return Ok(());
        }
        self.message((from, packet.source()), &header, octets)
    }
}

impl MessageId {
    fn message(
        &mut self,
        (sender, from): (usize, IpAddr),
        header: &Header,
        octets: &[u8],
    ) -> Result<(), Violation> {
        let key = (sender, header.spi_i, header.flags.initiator, header.flags.response);
        let id = header.message_id;
        let Some((last, before)) = self.last.insert(key, (id, octets.to_vec())) else { return Ok(()) };
        // IKE_SA_INIT begins anew under the same ID when a cookie or another group is asked for.
        let first = header.exchange == ExchangeType::IKE_SA_INIT && id == 0;
        if id == last && (first || before == octets) || last.checked_add(1) == Some(id) {
            return Ok(());
        }
        if id == last {
            let happened = format!("{from} sends other octets under message ID {id}");
            return Err(Violation::new("a repeated message is the same octet for octet", happened));
        }
        let happened = format!("{from} sends message ID {id} after {last}");
        Err(Violation::new("message IDs count up by one", happened))
    }
}
