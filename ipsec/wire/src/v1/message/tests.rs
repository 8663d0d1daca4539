use proptest::prelude::*;

use super::*;
use crate::registry::v1::{
    AuthMethod, Encryption, ExchangeType, Group, Hash, PayloadType, ProtocolId, Vendor,
};
use crate::v1::{
    Flags, Fragment, Lifetime, Phase1, Proposal, SecurityAssociation, Transform, arbitrary, describe, tree,
};
use crate::v2::arbitrary::mutation;
use crate::v2::written::octets;
use crate::{IkeSpi, Version};

/// The first message of main mode (RFC 2409 §5.4).
const FIRST: &str = "
    01 02 03 04 05 06 07 08  ; initiator's cookie
    00 00 00 00 00 00 00 00  ; responder's cookie
    01 10 02 00              ; SA, version 1.0, identity protection, no flags
    00 00 00 00              ; message ID
    00 00 00 68              ; length 104
      0d 00 00 38            ; SA, then V; length 56
      00 00 00 01            ; IPSEC
      00 00 00 01            ; SIT_IDENTITY_ONLY
        00 00 00 2c          ; the only proposal, length 44
        01 01 00 01          ; number 1, ISAKMP, no SPI, 1 transform
          00 00 00 24        ; the only transform, length 36
          01 01 00 00        ; number 1, KEY_IKE
          80 01 00 07        ; encryption algorithm: AES-CBC
          80 0e 00 80        ; key length: 128
          80 02 00 02        ; hash algorithm: SHA
          80 03 00 01        ; authentication method: pre-shared key
          80 04 00 0e        ; group description: MODP_2048
          80 0b 00 01        ; life type: seconds
          80 0c 70 80        ; life duration: 28800
      00 00 00 14            ; V, the last one; length 20
      4a131c81 07035845 5c5728f2 0e95452f ; RFC 3947";

fn first() -> Message {
    let suite = Phase1 {
        encryption: Some(Encryption::AES_CBC),
        key_bits: Some(128),
        hash: Some(Hash::SHA),
        auth: Some(AuthMethod::PRE_SHARED_KEY),
        group: Some(Group::MODP_2048),
        lifetimes: vec![Lifetime::seconds(28800)],
        ..Phase1::default()
    };
    let transforms = vec![Transform { number: 1, id: 1, attributes: suite.attributes() }];
    let proposal = Proposal { number: 1, protocol: ProtocolId::ISAKMP, spi: Vec::new(), transforms };
    let header = Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0),
        next_payload: PayloadType::SA,
        version: Version::V1,
        exchange: ExchangeType::MAIN,
        flags: Flags::default(),
        message_id: 0,
        length: 104,
    };
    let payloads = vec![
        Payload::Sa(SecurityAssociation::new(vec![proposal])),
        Payload::VendorId(Vendor::RFC_3947.octets().to_vec()),
    ];
    Message { header, payloads }
}

#[test]
fn a_message_lies_where_the_rfc_draws_it() {
    assert_eq!(Message::parse(&octets(FIRST)), Ok(first()));
    assert_eq!(hex::encode(first().emit()), hex::encode(octets(FIRST)));
}

#[test]
fn next_payload_and_length_follow_from_the_payloads_and_nothing_is_marked_as_encrypted() {
    let flags = Flags { encryption: true, ..Flags::default() };
    let header = Header { next_payload: PayloadType(99), length: 7, flags, ..first().header };
    assert_eq!(Message { header, ..first() }.emit(), octets(FIRST));
    let empty = Message { header, payloads: Vec::new() }.emit();
    assert_eq!((empty.len(), empty[16], &empty[24..]), (28, 0, &[0, 0, 0, 28][..]));
}

#[test]
fn an_encrypted_message_is_not_taken_for_payloads() {
    let mut octets = octets(FIRST);
    octets[19] = 0x01;
    assert_eq!(Message::parse(&octets).unwrap_err().to_string(), "offset 19: the message is encrypted");
}

#[test]
fn a_length_that_is_not_the_datagrams_is_malformed() {
    let whole = octets(FIRST);
    for wrong in [0, 28, 103, 105, u32::MAX] {
        let mut octets = whole.clone();
        octets[24..28].copy_from_slice(&wrong.to_be_bytes());
        let text = format!("offset 24: the message's length is {wrong}, 104 octets are there");
        assert_eq!(Message::parse(&octets).unwrap_err().to_string(), text);
    }
    assert_eq!(Message::parse(&whole[..103]).unwrap_err().offset, 24);
    assert_eq!(Message::parse(&[&whole[..], &[0]].concat()).unwrap_err().offset, 24);
}

#[test]
fn padding_to_four_octets_is_accepted_and_no_other() {
    let fragment = |data: usize| {
        let fragment = Fragment { id: 1, number: 1, last: true, data: vec![0xaa; data] };
        Message { payloads: vec![Payload::Fragment(fragment)], ..first() }
    };
    for data in 0..8 {
        let octets = fragment(data).emit();
        for padding in 0..8 {
            let mut padded = octets.clone();
            padded.resize(octets.len() + padding, 0);
            set_length(&mut padded);
            let read = Message::parse(&padded).map(|message| message.payloads);
            if padding == 0 || padding == octets.len().next_multiple_of(4) - octets.len() {
                assert_eq!(read, Ok(fragment(data).payloads), "{data} {padding}");
            } else {
                let malformed = read.unwrap_err();
                assert_eq!(malformed.offset, octets.len(), "{data} {padding}");
                assert_eq!(malformed.what, "octets behind the last payload");
            }
        }
    }
}

/// What is read can be written, read again and shown; what is not, is malformed somewhere within.
fn read_or_malformed(octets: &[u8]) -> Result<(), TestCaseError> {
    match Message::parse(octets) {
        Ok(message) => {
            let written = message.emit();
            prop_assert!(octets.len() == written.len() || octets.len() == written.len().next_multiple_of(4));
            let read = Message::parse(&written).unwrap();
            prop_assert_eq!(&read.payloads, &message.payloads);
            let length = u32::try_from(written.len()).unwrap();
            prop_assert_eq!(read.header, Header { length, ..message.header });
            let shown = tree(&message.header, &message.payloads);
            prop_assert!(shown.starts_with(&describe(&message.header, &message.payloads)));
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
        let flags = Flags { encryption: false, ..message.header.flags };
        prop_assert_eq!(read.header, Header { next_payload, length, flags, ..message.header });
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
        mutations in proptest::collection::vec(mutation(), 1..4),
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
