//! The ladder of a run: IKE messages with what became of them, and the ups and downs of SAs.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::Event as Ikev2;
use ipsec::wire::registry::v1::ConfigAttribute;
use ipsec::wire::v1::{Attribute, Value};
use ipsec_net::Instant;
use reports::{Fate, Ladder, Rung};
use sim::{Direction, DropReason, Fault, LinkId};

use super::Scene;

/// The last rungs of a run.
#[derive(Debug, Default)]
pub struct LadderLog {
    rungs: VecDeque<(Option<Packet>, Rung)>,
}

type Packet = (LinkId, Direction, u64);

/// Older rungs are forgotten.
const MOST_RUNGS: usize = 5_000;

impl LadderLog {
    /// The ladder so far.
    #[must_use]
    pub fn ladder(&self, scene: &Scene) -> Ladder {
        let participants = scene.in_a_row();
        Ladder { participants, rungs: self.rungs.iter().map(|(_, rung)| rung.clone()).collect() }
    }

    pub(super) fn message(&mut self, scene: &Scene, at: Instant, packet: Packet, label: &str) {
        let Some((from, to)) = scene.ends(packet.0, packet.1) else { return };
        let rung = Rung::Message {
            at_nanos: at.as_nanos(),
            from: from.to_owned(),
            to: to.to_owned(),
            label: label.to_owned(),
            fate: Fate::Delivered,
        };
        self.push(Some(packet), rung);
    }

    pub(super) fn befell(&mut self, packet: Packet, fault: Fault) {
        let Some(text) = befell(fault) else { return };
        if let Some(Rung::Message { fate, .. }) = self.find(packet) {
            *fate = match fate {
                Fate::Troubled(before) => Fate::Troubled(format!("{before}, {text}")),
                _ => Fate::Troubled(text),
            };
        }
    }

    pub(super) fn dropped(&mut self, packet: Packet, reason: DropReason) {
        if let Some(Rung::Message { fate, .. }) = self.find(packet) {
            *fate = Fate::Ended(reason.to_string());
        }
    }

    pub(super) fn note(&mut self, at: Instant, peer: &str, text: Option<String>) {
        if let Some(text) = text {
            self.push(None, Rung::Note { at_nanos: at.as_nanos(), at: peer.to_owned(), text });
        }
    }

    fn find(&mut self, packet: Packet) -> Option<&mut Rung> {
        self.rungs.iter_mut().rev().find(|(key, _)| *key == Some(packet)).map(|(_, rung)| rung)
    }

    fn push(&mut self, packet: Option<Packet>, rung: Rung) {
        if self.rungs.len() == MOST_RUNGS {
            self.rungs.pop_front();
        }
        self.rungs.push_back((packet, rung));
    }
}

/// What befell a packet, in few words; nothing for a loss, which its end tells, and for what befalls most.
pub(crate) fn befell(fault: Fault) -> Option<String> {
    Some(match fault {
        Fault::Lost | Fault::Delayed(_) => return None,
        Fault::HeldBack(by) => format!("held back {} ms", by.as_millis()),
        Fault::Duplicated(_) => "comes twice".to_owned(),
        Fault::Corrupted { bit } => format!("bit {bit} flipped"),
        other => other.to_string(),
    })
}

/// What a change of an SA is in one line; nothing for events that are no such change.
#[must_use]
pub fn describe(event: &Ikev2) -> Option<String> {
    Some(match event {
        Ikev2::IkeUp { connection, suite, .. } => format!("IKE SA {connection} up, {suite}"),
        Ikev2::IkeDown { connection, cause, .. } => format!("IKE SA {connection} down: {cause}"),
        Ikev2::IkeFailed { connection, failure, retries } => {
            let more = if *retries { "; another attempt follows" } else { "" };
            format!("IKE SA {connection} failed: {failure}{more}")
        }
        Ikev2::Moved { connection, local, remote, with_children, .. } => {
            let rest =
                if *with_children { "" } else { "; its children wait until the peer has answered there" };
            format!("IKE SA {connection} runs from {local} to {remote}{rest}")
        }
        Ikev2::Synchronised { connection, took_over, next_request, next_expected, .. } => {
            let who = if *took_over { "is taken over by another member, which" } else { "goes on: this end" };
            format!(
                "IKE SA {connection} {who} asks with message ID {next_request}, and expects {next_expected}"
            )
        }
        Ikev2::Configured { connection, inside } => {
            let addresses = inside.addresses.iter().map(ToString::to_string);
            let told = inside.attributes.iter().map(ToString::to_string);
            let all: Vec<String> = addresses.chain(told).collect();
            format!(
                "IKE SA {connection} assigned: {}",
                if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
            )
        }
        Ikev2::ChildUp(record) => {
            format!("Child SA {} up, SPIs {} in {} out", record.child, record.inbound, record.outbound)
        }
        Ikev2::ChildDown { child, cause, .. } => format!("Child SA {child} down: {cause}"),
        Ikev2::ChildFailed { child, failure } => format!("Child SA {child} failed: {failure}"),
        Ikev2::Dropped { reason, .. } => format!("dropped a message: {reason}"),
        Ikev2::Sent(_) | Ikev2::Received(_) | Ikev2::IkeKeyed(_) | Ikev2::Probe(_) => return None,
    })
}

/// `INTERNAL_IP4_DNS 10.2.0.53`
pub(super) fn told_in_version_1(attribute: &Attribute) -> String {
    let class = ConfigAttribute(attribute.class);
    match &attribute.value {
        Value::Variable(octets) => match *octets.as_slice() {
            [a, b, c, d] => format!("{class} {}", Ipv4Addr::new(a, b, c, d)),
            [a, b, c, d, e, f, g, h] => {
                format!("{class} {} mask {}", Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h))
            }
            _ => format!("{class} {}", attribute.value),
        },
        Value::Basic(number) => format!("{class} {number}"),
    }
}

/// The same for version 1.
#[must_use]
pub fn describe_ikev1(event: &Ikev1) -> Option<String> {
    Some(match event {
        Ikev1::IkeUp { connection, suite, .. } => format!("ISAKMP SA {connection} up, {suite}"),
        Ikev1::IkeDown { connection, cause, .. } => format!("ISAKMP SA {connection} down: {cause}"),
        Ikev1::Assigned { connection, addresses, attributes, .. } => {
            let addresses = addresses.iter().map(ToString::to_string);
            let told = attributes.iter().map(told_in_version_1);
            let what: Vec<String> = addresses.chain(told).collect();
            format!("ISAKMP SA {connection} assigns {}", what.join(", "))
        }
        Ikev1::Moved { connection, local, remote } => {
            format!("ISAKMP SA {connection} runs from {local} to {remote}")
        }
        Ikev1::IkeFailed { connection, failure, retries } => {
            let more = if *retries { "; another attempt follows" } else { "" };
            format!("phase 1 of {connection} failed: {failure}{more}")
        }
        Ikev1::ChildUp(record) => {
            let (inbound, outbound) = (record.pair.inbound.spi, record.pair.outbound.spi);
            format!("IPsec SAs {} up, SPIs {inbound} in {outbound} out", record.child)
        }
        Ikev1::ChildDown { child, cause, .. } => format!("IPsec SAs {child} down: {cause}"),
        Ikev1::ChildFailed { child, failure } => format!("quick mode for {child} failed: {failure}"),
        Ikev1::Dropped { reason, .. } => format!("dropped a message: {reason}"),
        Ikev1::Sent(_) | Ikev1::Received(_) | Ikev1::IkeKeyed(_) | Ikev1::Probe(_) => return None,
    })
}
