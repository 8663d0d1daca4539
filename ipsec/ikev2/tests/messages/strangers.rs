//! What an end says to those who are not authenticated (RFC 7296 §1.5, §2.5, §2.21.4): little, and nothing to an answer.

use ipsec_ikev2::Event;
use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::{Message, Payload};
use ipsec_wire::{Flags, Header, IkeSpi, Version};

use crate::narrated::told;
use crate::world::{Flight, Lowest, World, connection};

fn world() -> World {
    World::of([0, 1].map(connection), Lowest::ALL[0])
}

fn header(exchange: ExchangeType) -> Header {
    Header {
        spi_i: IkeSpi(0x77),
        spi_r: IkeSpi(0x88),
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange,
        flags: Flags { initiator: true, ..Flags::default() },
        message_id: 3,
        length: 0,
    }
}

fn message(header: Header, payloads: Vec<Payload>) -> Vec<u8> {
    Message { header, payloads }.emit()
}

fn unknown(kind: PayloadType, critical: bool) -> Vec<Payload> {
    vec![Payload::Unknown { kind, critical, body: vec![0; 40] }]
}

/// What east answers, as its types.
fn answers(world: &mut World, octets: Vec<u8>) -> Vec<NotifyType> {
    world.flights.clear();
    world.deliver(&Flight { to: 1, octets });
    let read = |flight: &Flight| Message::parse(&flight.octets).unwrap();
    let payloads = world.flights.iter().flat_map(|flight| read(flight).payloads);
    payloads
        .filter_map(|payload| if let Payload::Notify(notify) = payload { Some(notify.kind) } else { None })
        .collect()
}

#[test]
fn a_protected_request_for_no_ike_sa_is_told_so_a_few_times_a_second() {
    let mut world = world();
    let request = message(header(ExchangeType::INFORMATIONAL), unknown(PayloadType::SK, false));
    assert_eq!(answers(&mut world, request.clone()), [NotifyType::INVALID_IKE_SPI]);
    let header = Header::parse(&world.flights[0].octets).unwrap();
    assert_eq!((header.spi_i, header.spi_r, header.message_id), (IkeSpi(0x77), IkeSpi(0x88), 3));
    assert!(header.flags.response && !header.flags.initiator);
    let answered = (0..100).filter(|_| !answers(&mut world, request.clone()).is_empty()).count();
    assert_eq!(answered, 9);
}

#[test]
fn answers_and_messages_in_the_clear_for_no_ike_sa_are_not_answered() {
    let mut world = world();
    let informational = header(ExchangeType::INFORMATIONAL);
    let response = Header { flags: Flags { response: true, ..informational.flags }, ..informational };
    assert_eq!(answers(&mut world, message(response, unknown(PayloadType::SK, false))), []);
    assert_eq!(answers(&mut world, message(informational, unknown(PayloadType::NONCE, false))), []);
}

#[test]
fn a_higher_version_is_refused_and_a_minor_one_is_not() {
    let mut world = world();
    let version =
        |major, minor| Header { version: Version { major, minor }, ..header(ExchangeType::INFORMATIONAL) };
    let sk = || unknown(PayloadType::SK, false);
    assert_eq!(answers(&mut world, message(version(3, 0), sk())), [NotifyType::INVALID_MAJOR_VERSION]);
    assert_eq!(world.flights[0].octets.last(), Some(&2), "the highest that is spoken here");
    assert_eq!(answers(&mut world, message(version(1, 0), sk())), []);
    assert_eq!(answers(&mut world, message(version(2, 9), sk())), [NotifyType::INVALID_IKE_SPI]);
}

#[test]
fn a_first_message_with_a_critical_payload_that_is_unknown_is_refused_with_its_type() {
    let mut world = world();
    let init = Header { spi_r: IkeSpi(0), message_id: 0, ..header(ExchangeType::IKE_SA_INIT) };
    let critical = message(init, unknown(PayloadType(200), true));
    assert_eq!(answers(&mut world, critical), [NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD]);
    assert_eq!(world.flights[0].octets.last(), Some(&200));
    assert_eq!(answers(&mut world, message(init, unknown(PayloadType(200), false))), []);
}

/// RFC 7296 §3.1
#[test]
fn a_first_message_without_an_spi_of_its_sender_is_not_answered() {
    let mut world = world();
    let init = Header { spi_r: IkeSpi(0), message_id: 0, ..header(ExchangeType::IKE_SA_INIT) };
    let critical = |header| message(header, unknown(PayloadType(200), true));
    assert_eq!(answers(&mut world, critical(init)), [NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD]);
    assert_eq!(answers(&mut world, critical(Header { spi_i: IkeSpi(0), ..init })), []);
}

/// The answer in the clear of somebody who may have lost the IKE SA, or may be anybody: the peer is asked, and nothing ends.
#[test]
fn an_answer_in_the_clear_makes_an_end_ask_once_and_changes_nothing() {
    let mut world = world();
    let (spi_i, spi_r) = *world.keys[1].keys().next().unwrap();
    let flags = Flags { initiator: true, response: true, version: false };
    let header = Header { spi_i, spi_r, flags, message_id: 0, ..header(ExchangeType::INFORMATIONAL) };
    let invalid = ipsec_wire::v2::Notify::new(NotifyType::INVALID_IKE_SPI, Vec::new());
    let octets = message(header, vec![Payload::Notify(invalid)]);
    let since = told(&world);
    for _ in 0..5 {
        world.deliver(&Flight { to: 1, octets: octets.clone() });
    }
    assert_eq!(world.flights.len(), 1, "one question");
    world.deliver_all();
    let down = |event: &Event| matches!(event, Event::IkeDown { .. });
    assert!(!world.events[1][since[1]..].iter().any(down));
}

/// RFC 7296 §1.5: anybody may have said so.
#[test]
fn a_hint_in_the_clear_makes_an_end_ask_and_ends_nothing() {
    let mut world = world();
    let nobody =
        Header { spi_i: IkeSpi(0), spi_r: IkeSpi(0), message_id: 0, ..header(ExchangeType::INFORMATIONAL) };
    let outbound = *world.installed[0].keys().next().unwrap();
    let hint = ipsec_wire::v2::Notify::new(NotifyType::INVALID_SPI, outbound.0.to_be_bytes().to_vec());
    let octets = message(nobody, vec![Payload::Notify(hint)]);
    let since = told(&world);
    for _ in 0..5 {
        world.deliver(&Flight { to: 1, octets: octets.clone() });
    }
    assert_eq!(world.flights.len(), 1, "one question, and no answer");
    world.deliver_all();
    let down = |event: &Event| matches!(event, Event::IkeDown { .. } | Event::ChildDown { .. });
    assert!(!world.events[1][since[1]..].iter().any(down));
}
