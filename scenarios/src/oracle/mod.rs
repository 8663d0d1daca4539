//! What must hold in every run, whatever the story says. Each oracle reads only the trace.

mod amplification;
mod delivery;
mod drops;
mod impostors;
mod keys;
mod message_id;
mod nonce;
mod plaintext;

use ipsec::ikev2::{IKE_PORT, NAT_PORT};
use ipsec::wire::registry::v1::PayloadType;
use ipsec::wire::{Header, v1};
use ipsec_net::udp::{self, Datagram};
use ipsec_net::{Instant, IpPacket};
use sim::Kind;

use crate::node::Note;
use crate::run::Scene;

/// Watches one thing that must hold.
pub trait Oracle: Send {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Takes the next record; tells when what must hold does not.
    ///
    /// # Errors
    /// What was expected, and what happened.
    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation>;
}

/// Something that must hold did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was expected.
    pub expected: String,
    /// What happened.
    pub happened: String,
}

impl Violation {
    pub(crate) fn new(expected: impl Into<String>, happened: impl Into<String>) -> Self {
        Self { expected: expected.into(), happened: happened.into() }
    }
}

/// One of each.
#[must_use]
pub fn all() -> Vec<Box<dyn Oracle>> {
    vec![
        Box::new(plaintext::Plaintext),
        Box::new(delivery::Delivery::default()),
        Box::new(nonce::Nonce::default()),
        Box::new(keys::Keys::default()),
        Box::new(message_id::MessageId::default()),
        Box::new(drops::Drops),
        Box::new(impostors::Impostors::default()),
        Box::new(amplification::Amplification::default()),
    ]
}

/// The packet that a gateway put on a link to another one or to what stands between, and the gateway's number. Its address
/// may change; its keys and numbers are its own wherever it is.
fn sent_outside<'a>(scene: &Scene, kind: &Kind<'a, Note>) -> Option<(usize, &'a IpPacket)> {
    let Kind::Sent { link, direction, packet, .. } = kind else { return None };
    let (from, _) = scene.ends(*link, *direction)?;
    let peer = scene.scenario.peers.iter().position(|peer| peer.name == from)?;
    Some((peer, *packet))
}

/// The IKE message in a packet that a gateway sends, with its header. Version 1 has neither message IDs that count, nor IVs
/// that are sent, nor responses; for its messages there is [`older_message`].
fn ike_message(packet: &IpPacket) -> Option<(Header, &[u8])> {
    let message = ike_octets(packet)?;
    let header = Header::parse(message).ok()?;
    (header.version.major != 1).then_some((header, message))
}

/// The message of version 1 in a packet that a gateway sends, with its header. Pieces of messages are none.
fn older_message(packet: &IpPacket) -> Option<(v1::Header, &[u8])> {
    let message = ike_octets(packet)?;
    let header = v1::Header::parse(message).ok()?;
    let whole = header.next_payload != PayloadType::FRAGMENT;
    (header.version.major == 1 && whole).then_some((header, message))
}

fn ike_octets(packet: &IpPacket) -> Option<&[u8]> {
    let datagram = udp::read(packet).ok()?;
    match datagram.source.port() {
        IKE_PORT => Some(datagram.payload),
        NAT_PORT => datagram.payload.strip_prefix(&[0; 4]),
        _ => None,
    }
}

/// The ESP packet in a datagram from the port for it, if it is one (RFC 3948 §2.2).
fn esp_in_udp(datagram: Datagram<'_>) -> Option<&[u8]> {
    let is_esp = datagram.payload.len() > 8 && !datagram.payload.starts_with(&[0; 4]);
    (datagram.source.port() == NAT_PORT && is_esp).then_some(datagram.payload)
}

#[cfg(test)]
mod tests;
