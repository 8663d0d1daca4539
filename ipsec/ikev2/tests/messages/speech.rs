//! Messages as a peer could say them: opened, changed and sealed again with the keys of the IKE SA.

use ipsec_crypto::{AeadAlgorithm, PORTABLE};
use ipsec_ikev2::Event;
use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::{Layout, Message, Notify, Payload, lay_out, parse_chain};
use ipsec_wire::{Flags, Header, Version};

use crate::world::{Flight, World};

/// AES-128-GCM with ICVs of 16 octets.
const LAYOUT: Layout = Layout { iv: 8, block: 1, icv: 16 };

/// The header of a message of the first IKE SA that `from` says.
pub(crate) fn header(
    world: &World,
    from: usize,
    (exchange, response): (ExchangeType, bool),
    message_id: u32,
) -> Header {
    let (spi_i, spi_r) = *world.keys[0].keys().next().unwrap();
    Header {
        spi_i,
        spi_r,
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange,
        flags: Flags { initiator: from == 0, response, version: false },
        message_id,
        length: 0,
    }
}

/// A message with these payloads inside SK.
pub(crate) fn sealed(world: &World, header: &Header, payloads: &[Payload]) -> Vec<u8> {
    let keys = &world.keys[0][&(header.spi_i, header.spi_r)];
    let secret = if header.flags.initiator { &keys.ei } else { &keys.er };
    let (key, salt) = secret.as_bytes().split_at(16);
    let (mut octets, parts) = lay_out(header, payloads, LAYOUT);
    // The endpoints count from 0.
    octets[parts.iv.clone()].copy_from_slice(&[0xff; 8]);
    let nonce = [salt, &[0xff; 8]].concat();
    let (before, rest) = octets.split_at_mut(parts.iv.end);
    let (content, icv) = rest.split_at_mut(parts.content.len());
    let aead = (PORTABLE.aead)(AeadAlgorithm::AesGcm16, key).unwrap();
    aead.seal(&nonce, &before[..parts.iv.start], content, icv).unwrap();
    octets
}

/// The header and the payloads of a message, those inside SK in place of it.
pub(crate) fn opened(world: &World, octets: &[u8]) -> (Header, Vec<Payload>) {
    let header = Header::parse(octets).unwrap();
    if header.next_payload != PayloadType::SK {
        return (header, Message::parse(octets).unwrap().payloads);
    }
    let records = world.events.iter().flatten().filter_map(|event| match event {
        Event::IkeKeyed(record) => Some(record),
        _ => None,
    });
    let mut opened = records.filter_map(|record| record.open(&PORTABLE, octets));
    let (_, first, content) = opened.next().unwrap();
    (header, parse_chain(first, &content, 0).unwrap())
}

/// What the other end says to a message of `from`.
pub(crate) fn said_to(
    world: &mut World,
    from: usize,
    header: &Header,
    payloads: &[Payload],
) -> Vec<(Header, Vec<Payload>)> {
    let octets = sealed(world, header, payloads);
    heard(world, 1 - from, octets)
}

/// What an end says to these octets.
pub(crate) fn heard(world: &mut World, to: usize, octets: Vec<u8>) -> Vec<(Header, Vec<Payload>)> {
    assert!(world.flights.is_empty());
    world.deliver(&Flight { to, octets });
    let flights = std::mem::take(&mut world.flights);
    flights.iter().map(|flight| opened(world, &flight.octets)).collect()
}

/// Takes the only message on its way, and has its payloads changed.
pub(crate) fn changed(world: &mut World, change: impl FnOnce(&mut Vec<Payload>)) -> Flight {
    let flight = world.flights.remove(0);
    assert!(world.flights.is_empty());
    let (header, mut payloads) = opened(world, &flight.octets);
    change(&mut payloads);
    let octets = match header.next_payload {
        PayloadType::SK => sealed(world, &header, &payloads),
        _ => Message { header, payloads }.emit(),
    };
    Flight { to: flight.to, octets }
}

pub(crate) fn notify(kind: NotifyType, data: &[u8]) -> Payload {
    Payload::Notify(Notify::new(kind, data.to_vec()))
}

/// The types of the notifies among payloads.
pub(crate) fn kinds(payloads: &[Payload]) -> Vec<NotifyType> {
    let kind =
        |payload: &Payload| if let Payload::Notify(notify) = payload { Some(notify.kind) } else { None };
    payloads.iter().filter_map(kind).collect()
}

/// How often an end has told of something.
pub(crate) fn count(world: &World, end: usize, of: impl Fn(&Event) -> bool) -> usize {
    world.events[end].iter().filter(|event| of(event)).count()
}

pub(crate) fn is_down(event: &Event) -> bool {
    matches!(event, Event::IkeDown { .. })
}
