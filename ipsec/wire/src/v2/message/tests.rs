use proptest::prelude::*;

use super::*;
use crate::registry::{ExchangeType, NotifyType};
use crate::v2::Notify;
use crate::v2::arbitrary;
use crate::v2::written::octets;
use crate::{Flags, IkeSpi, Version};

/// The answer of a responder that demands a cookie (RFC 7296 §2.6).
const COOKIE: &str = "
    01 02 03 04 05 06 07 08  ; initiator's SPI
    00 00 00 00 00 00 00 00  ; responder's SPI
    29 20 22 20              ; N, version 2.0, IKE_SA_INIT, response
    00 00 00 00              ; message ID
    00 00 00 27              ; length 39
      00 00 00 0b  00 00  40 06  aa bb cc ; N(COOKIE)";

fn cookie() -> Message {
    let header = Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0),
        next_payload: PayloadType::NOTIFY,
        version: Version::V2,
        exchange: ExchangeType::IKE_SA_INIT,
        flags: Flags { response: true, ..Flags::default() },
        message_id: 0,
        length: 39,
    };
    let payloads = vec![Payload::Notify(Notify::new(NotifyType::COOKIE, vec![0xaa, 0xbb, 0xcc]))];
    Message { header, payloads }
}

#[test]
fn a_message_lies_where_the_rfc_draws_it() {
    assert_eq!(Message::parse(&octets(COOKIE)), Ok(cookie()));
    assert_eq!(cookie().emit(), octets(COOKIE));
}

#[test]
fn next_payload_and_length_follow_from_the_payloads() {
    let header = Header { next_payload: PayloadType(99), length: 7, ..cookie().header };
    assert_eq!(Message { header, ..cookie() }.emit(), octets(COOKIE));
    let empty = Message { header, payloads: Vec::new() }.emit();
    assert_eq!((empty.len(), empty[16], &empty[24..]), (28, 0, &[0, 0, 0, 28][..]));
}

#[test]
fn a_length_that_is_not_the_datagrams_is_malformed() {
    let whole = octets(COOKIE);
    for wrong in [0, 28, 38, 40, u32::MAX] {
        let mut octets = whole.clone();
        octets[24..28].copy_from_slice(&wrong.to_be_bytes());
        let text = format!("offset 24: the message's length is {wrong}, 39 octets are there");
        assert_eq!(Message::parse(&octets).unwrap_err().to_string(), text);
    }
    assert_eq!(Message::parse(&whole[..38]).unwrap_err().offset, 24);
    assert_eq!(Message::parse(&[&whole[..], &[0]].concat()).unwrap_err().offset, 24);
}

/// What is read can be written and read again; what is not, is malformed somewhere within.
fn read_or_malformed(octets: &[u8]) -> Result<(), TestCaseError> {
    match Message::parse(octets) {
        Ok(message) => {
            let written = message.emit();
            prop_assert_eq!(written.len(), octets.len());
            prop_assert_eq!(Message::parse(&written), Ok(message));
        }
        Err(malformed) => prop_assert!(malformed.offset <= octets.len(), "{}", malformed),
    }
    Ok(())
}

/// Writes the length into the header, so that a change reaches the payloads.
fn set_length(octets: &mut [u8]) {
    let length = u32::try_from(octets.len()).unwrap();
    if let Some(field) = octets.get_mut(24..28) {
        field.copy_from_slice(&length.to_be_bytes());
    }
}

proptest! {
    #[test]
    fn a_written_message_reads_as_itself(message in arbitrary::message()) {
        let octets = message.emit();
        let read = Message::parse(&octets).unwrap();
        let next_payload = message.payloads.first().map_or(PayloadType::NONE, Payload::kind);
        let length = u32::try_from(octets.len()).unwrap();
        prop_assert_eq!(read.header, Header { next_payload, length, ..message.header });
        prop_assert_eq!(&read.payloads, &message.payloads);
        prop_assert_eq!(read.emit(), octets, "and is written again octet for octet");
    }

    #[test]
    fn random_octets_are_read_or_malformed(
        mut octets in proptest::collection::vec(any::<u8>(), 0..200),
        fits: bool,
    ) {
        if fits {
            set_length(&mut octets);
        }
        read_or_malformed(&octets)?;
    }

    #[test]
    fn a_mutated_message_is_read_or_malformed(
        message in arbitrary::message(),
        mutations in proptest::collection::vec(arbitrary::mutation(), 1..4),
        fits in prop::bool::weighted(0.8),
    ) {
        let mut octets = message.emit();
        mutations.iter().for_each(|mutation| mutation.apply(&mut octets));
        if fits {
            set_length(&mut octets);
        }
        read_or_malformed(&octets)?;
    }

    #[test]
    fn a_message_cut_short_anywhere_is_malformed(message in arbitrary::message(), fits: bool) {
        let whole = message.emit();
        for length in 0..whole.len() {
            let mut octets = whole[..length].to_vec();
            // Even where the header agrees, the payload that was cut does not, nor does the one that was lost.
            if fits {
                set_length(&mut octets);
            }
            let malformed = Message::parse(&octets).unwrap_err();
            prop_assert!(malformed.offset <= length, "{}", malformed);
        }
    }
}
