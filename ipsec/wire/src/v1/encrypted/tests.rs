use proptest::prelude::*;

use super::*;
use crate::registry::v1::{ExchangeType, NotifyType, PayloadType};
use crate::v1::{Message, Notify, arbitrary, parse_chain};
use crate::v2::arbitrary::mutation;
use crate::v2::written::octets;
use crate::{IkeSpi, Version};

/// An informational exchange with N(INITIAL-CONTACT), laid out for a block of 16, before encryption.
const WRITTEN: &str = "
    01 02 03 04 05 06 07 08              ; initiator's cookie
    f1 f2 f3 f4 f5 f6 f7 f8              ; responder's cookie
    08 10 05 01                          ; HASH, version 1.0, informational, E
    c0 ff ee 01                          ; message ID
    00 00 00 3c                          ; length 60
      0b 00 00 08 aabbccdd               ; HASH, then N
      00 00 00 0c 00000001 01 00 60 02   ; N(INITIAL-CONTACT)
      00 00 00 00 00 00 00 00 00 00 00 00 ; padding";

fn header() -> Header {
    Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0xf1f2_f3f4_f5f6_f7f8),
        next_payload: PayloadType::NONE,
        version: Version::V1,
        exchange: ExchangeType::INFORMATIONAL,
        flags: Flags::default(),
        message_id: 0xc0ff_ee01,
        length: 0,
    }
}

fn payloads() -> [Payload; 2] {
    let notify = Notify::new(NotifyType::INITIAL_CONTACT, Vec::new());
    [Payload::Hash(vec![0xaa, 0xbb, 0xcc, 0xdd]), Payload::Notify(notify)]
}

#[test]
fn the_parts_lie_where_the_rfc_draws_them() {
    let laid_out = lay_out(&header(), &payloads(), 16);
    assert_eq!(hex::encode(&laid_out), hex::encode(octets(WRITTEN)));
    assert_eq!(content(&laid_out, 16), Ok(28..60));
    let chain = parse_chain(PayloadType::HASH, &laid_out[28..60], 28).unwrap();
    assert_eq!((chain.payloads.as_slice(), chain.end), (&payloads()[..], 48));
}

/// What HASH(1) of an informational exchange covers behind the message ID (RFC 2409 §5.7).
#[test]
fn the_payloads_behind_the_hash_are_found_without_the_padding() {
    let laid_out = lay_out(&header(), &payloads(), 16);
    let chain = parse_chain(PayloadType::HASH, &laid_out[28..], 28).unwrap();
    let covered = &laid_out[chain.places[0].end..chain.end];
    assert_eq!(hex::encode(covered), "0000000c0000000101006002");
}

#[test]
fn a_whole_number_of_blocks_gets_no_padding() {
    for block in [0, 1, 4, 20] {
        assert_eq!(lay_out(&header(), &payloads(), block).len(), 48, "{block}");
    }
    assert_eq!(lay_out(&header(), &payloads(), 8).len(), 28 + 24);
}

#[test]
fn a_message_in_the_clear_has_no_encrypted_content() {
    let octets = Message { header: header(), payloads: payloads().to_vec() }.emit();
    let told = content(&octets, 4).unwrap_err().to_string();
    assert_eq!(told, "offset 19: the message is not encrypted");
}

#[test]
fn a_length_that_is_not_the_datagrams_is_malformed() {
    let whole = octets(WRITTEN);
    let told = content(&whole[..44], 16).unwrap_err().to_string();
    assert_eq!(told, "offset 24: the message's length is 60, 44 octets are there");
    assert_eq!(content(&[&whole[..], &[0; 16]].concat(), 16).unwrap_err().offset, 24);
    assert!(content(&whole[..27], 16).unwrap_err().offset <= 27);
}

#[test]
fn content_has_to_be_whole_blocks_and_not_empty() {
    for length in 0..=64 {
        let total = u32::try_from(Header::LEN + length).unwrap();
        let flags = Flags { encryption: true, ..Flags::default() };
        let mut octets = Header { flags, length: total, ..header() }.emit().to_vec();
        octets.resize(Header::LEN + length, 0);
        let read = content(&octets, 16).map_err(|malformed| malformed.offset);
        let expected = if length > 0 && length % 16 == 0 { Ok(28..28 + length) } else { Err(28) };
        assert_eq!(read, expected, "{length}");
    }
}

proptest! {
    #[test]
    fn what_was_laid_out_is_read_again(
        header in arbitrary::header(),
        payloads in arbitrary::payloads(),
        block in prop::sample::select(vec![1_usize, 8, 16]),
    ) {
        let octets = lay_out(&header, &payloads, block);
        let length = u32::try_from(octets.len()).unwrap();
        let next_payload = payloads.first().map_or(PayloadType::NONE, Payload::kind);
        let flags = Flags { encryption: true, ..header.flags };
        let written = Header { next_payload, length, flags, ..header };
        prop_assert_eq!(Header::parse(&octets), Ok(written));
        if payloads.is_empty() {
            prop_assert_eq!(content(&octets, block).unwrap_err().offset, 28, "nothing is encrypted");
            return Ok(());
        }
        let content = content(&octets, block).unwrap();
        let chain = parse_chain(next_payload, &octets[content], Header::LEN).unwrap();
        prop_assert_eq!(chain.payloads, payloads);
        let padding = &octets[chain.end..];
        prop_assert!(padding.len() < block, "no more padding than needed");
        prop_assert!(padding.iter().all(|octet| *octet == 0));
    }

    /// As after decryption with a wrong key, or of a message that was tampered with.
    #[test]
    fn a_mutated_body_is_read_or_malformed(
        payloads in arbitrary::payloads(),
        mutations in proptest::collection::vec(mutation(), 1..4),
    ) {
        let mut octets = lay_out(&header(), &payloads, 16);
        mutations.iter().for_each(|mutation| mutation.apply(&mut octets));
        let body = octets.get(Header::LEN..).unwrap_or_default();
        let first = Header::parse(&octets).map_or(PayloadType::HASH, |header| header.next_payload);
        match parse_chain(first, body, Header::LEN) {
            Ok(chain) => prop_assert!(chain.end <= Header::LEN + body.len()),
            Err(malformed) => prop_assert!(malformed.offset <= Header::LEN + body.len(), "{}", malformed),
        }
        match content(&octets, 16) {
            Ok(content) => prop_assert_eq!(content, Header::LEN..octets.len()),
            Err(malformed) => prop_assert!(malformed.offset <= octets.len(), "{}", malformed),
        }
    }

    #[test]
    fn random_octets_as_a_body_are_read_or_malformed(
        first: u8,
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        match parse_chain(PayloadType(first), &body, Header::LEN) {
            Ok(chain) => prop_assert!(chain.end <= Header::LEN + body.len()),
            Err(malformed) => prop_assert!(malformed.offset <= Header::LEN + body.len(), "{}", malformed),
        }
    }
}
