//! Codecs: what is written reads back, what is damaged is told with its place, and the octets are those of the RFC.

use proptest::prelude::*;

use super::arbitrary;
use super::*;
use crate::registry::{
    self, AuthMethod, ExchangeType, IdType, NotifyType, PayloadType, ProtocolId, TransformType,
};
use crate::{Flags, Header, IkeSpi, Malformed, Spi, Version};

/// Octets written with blanks and line breaks for readers.
fn octets(hex: &str) -> Vec<u8> {
    hex::decode(hex.split_whitespace().collect::<String>()).unwrap()
}

fn header(exchange: ExchangeType) -> Header {
    Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0),
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange,
        flags: Flags { initiator: true, ..Flags::default() },
        message_id: 0,
        length: 0,
    }
}

/// The payload as the only one of a message, behind the message's header.
fn emitted(payload: Payload) -> Vec<u8> {
    let message = Message { header: header(ExchangeType::IKE_SA_INIT), payloads: vec![payload] };
    message.emit().split_off(Header::LEN)
}

#[test]
fn a_header_is_that_of_section_3_1() {
    let response = Flags { initiator: false, version: true, response: true };
    let written = Header {
        spi_r: IkeSpi(0x1112_1314_1516_1718),
        next_payload: PayloadType::SA,
        flags: response,
        message_id: 5,
        length: 28,
        ..header(ExchangeType::IKE_AUTH)
    };
    let expected = octets(
        "0102030405060708 1112131415161718
         21 20 23 30
         00000005 0000001c",
    );
    assert_eq!(written.emit().to_vec(), expected);
    assert_eq!(Header::parse(&expected), Ok(written));
}

#[test]
fn a_security_association_is_that_of_section_3_3() {
    let transforms = vec![
        Transform::new(TransformType::ENCR, 20, Some(256)),
        Transform::new(TransformType::PRF, 5, None),
        Transform::new(TransformType::KE, 31, None),
    ];
    let ike = Proposal { number: 1, protocol: ProtocolId::IKE, spi: Vec::new(), transforms };
    let transforms =
        vec![Transform::new(TransformType::ENCR, 12, Some(128)), Transform::new(TransformType::SN, 1, None)];
    let esp =
        Proposal { number: 2, protocol: ProtocolId::ESP, spi: vec![0xc0, 0xff, 0xee, 0x01], transforms };
    let expected = octets(
        "00 00 0048
         02 00 0024  01 01 00 03
           03 00 000c 01 00 0014 800e 0100
           03 00 0008 02 00 0005
           00 00 0008 04 00 001f
         00 00 0020  02 03 04 02 c0ffee01
           03 00 000c 01 00 000c 800e 0080
           00 00 0008 05 00 0001",
    );
    assert_eq!(emitted(Payload::Sa(SecurityAssociation { proposals: vec![ike, esp] })), expected);
}

#[test]
fn the_other_payloads_are_those_of_section_3() {
    let selectors = [
        TrafficSelector::Addresses {
            protocol: 17,
            ports: (500, 501),
            first: [10, 1, 0, 0].into(),
            last: [10, 1, 0, 255].into(),
        },
        TrafficSelector::any("2001:db8::".parse().unwrap(), "2001:db8::ff".parse().unwrap()),
    ];
    let cases = [
        (Payload::Ke(KeyExchange::new(19, vec![1, 2, 3])), "00 00 000b 0013 0000 010203"),
        (Payload::Nonce(vec![9; 16]), "00 00 0014 09090909090909090909090909090909"),
        (Payload::IdI(Identification::new(IdType::FQDN, b"west")), "00 00 000c 02 000000 77657374"),
        (
            Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data: vec![7; 4] }),
            "00 00 000c 02 000000 07070707",
        ),
        (Payload::Notify(Notify::new(NotifyType::COOKIE, vec![0xaa; 2])), "00 00 000a 00 00 4006 aaaa"),
        (
            Payload::Notify(Notify {
                protocol: ProtocolId::ESP,
                spi: vec![1, 2, 3, 4],
                ..Notify::new(NotifyType::REKEY_SA, Vec::new())
            }),
            "00 00 000c 03 04 4009 01020304",
        ),
        (Payload::Delete(Delete::ike()), "00 00 0008 01 00 0000"),
        (Payload::Delete(Delete::esp([Spi(0x1001), Spi(0x1002)])), "00 00 0010 03 04 0002 00001001 00001002"),
        (
            Payload::TsI(selectors.to_vec()),
            "00 00 0040 02 000000
             07 11 0010 01f4 01f5 0a010000 0a0100ff
             08 00 0028 0000 ffff 20010db8000000000000000000000000 20010db80000000000000000000000ff",
        ),
        (Payload::Unknown { kind: PayloadType(200), critical: true, body: vec![5] }, "00 80 0005 05"),
    ];
    for (payload, expected) in cases {
        assert_eq!(emitted(payload.clone()), octets(expected), "{payload:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    // Offsets are counted from the beginning of the message: the first payload begins at 28.
    let cases = [
        (PayloadType::NONCE, "00 00 0003", 30, "the length of the Nonce payload, 3, is less than its header"),
        (PayloadType::NONCE, "00 00 0010 01", 32, "a payload needs 12 octets, but 1 are left"),
        (PayloadType::NONCE, "00 00 0004 ff", 32, "octets behind the last payload"),
        (PayloadType::NONCE, "28 00 0004", 32, "a payload's header needs 1 octets, but 0 are left"),
        (
            PayloadType::SA,
            "00 00 000c 01 00 0008 01 01 00 00",
            32,
            "a proposal is followed by 1, expected 2 or 0",
        ),
        (
            PayloadType::SA,
            "00 00 000c 00 00 0008 01 01 00 01",
            40,
            "a transform needs 1 octets, but 0 are left",
        ),
        (PayloadType::TS_I, "00 00 0008 01 000000", 32, "1 traffic selectors are announced, 0 are there"),
        (
            PayloadType::TS_I,
            "00 00 0018 01 000000 07 00 0010 0000 ffff 0a000002 0a000001",
            38,
            "a traffic selector's first address 10.0.0.2 lies behind its last, 10.0.0.1",
        ),
        (
            PayloadType::DELETE,
            "00 00 000c 03 04 0002 00000001",
            34,
            "2 SPIs of 4 octets are announced, 4 octets are there",
        ),
    ];
    for (first, hex, offset, what) in cases {
        let body = octets(hex);
        let length = (Header::LEN + body.len()) as u32;
        let header = Header { next_payload: first, length, ..header(ExchangeType::IKE_SA_INIT) };
        let error = Message::parse(&[header.emit().to_vec(), body].concat()).unwrap_err();
        assert_eq!((error.offset, error.what.as_str()), (offset, what));
    }
}

#[test]
fn a_length_other_than_the_datagrams_is_told() {
    let mut message = Message { header: header(ExchangeType::IKE_AUTH), payloads: Vec::new() }.emit();
    message.push(0);
    let error = Message::parse(&message).unwrap_err();
    assert_eq!(error.to_string(), "offset 24: the message's length is 28, 29 octets are there");
}

#[test]
fn a_message_is_described_in_a_line_and_as_a_tree() {
    let transforms = vec![
        Transform::new(TransformType::ENCR, 20, Some(256)),
        Transform::new(TransformType::PRF, 5, None),
        Transform::new(TransformType::KE, 31, None),
    ];
    let proposal = Proposal { number: 1, protocol: ProtocolId::IKE, spi: Vec::new(), transforms };
    let payloads = [
        Payload::Sa(SecurityAssociation { proposals: vec![proposal] }),
        Payload::Ke(KeyExchange::new(31, vec![0; 32])),
        Payload::Nonce(vec![0; 32]),
        Payload::Notify(Notify::new(NotifyType::COOKIE, vec![0; 20])),
        Payload::IdR(Identification::new(IdType::FQDN, b"east.example")),
        Payload::TsR(vec![TrafficSelector::any([10, 2, 0, 0].into(), [10, 2, 255, 255].into())]),
        Payload::Delete(Delete::esp([Spi(0xc0ff_ee01)])),
        Payload::Unknown { kind: PayloadType(200), critical: true, body: vec![5] },
    ];
    let header = Header { message_id: 3, ..header(ExchangeType::IKE_SA_INIT) };
    insta::assert_snapshot!("line", describe(&header, &payloads));
    insta::assert_snapshot!("tree", tree(&header, &payloads));
}

fn layout() -> impl Strategy<Value = Layout> {
    (0usize..17, 1usize..17, 0usize..33).prop_map(|(iv, block, icv)| Layout { iv, block, icv })
}

proptest! {
    #[test]
    fn any_message_reads_back_as_it_was_written(message in arbitrary::message()) {
        let octets = message.emit();
        let read = Message::parse(&octets).unwrap();
        prop_assert_eq!(&read.payloads, &message.payloads);
        prop_assert_eq!(read.header.length as usize, octets.len());
        prop_assert_eq!(read.emit(), octets);
    }

    #[test]
    fn any_octets_are_read_or_refused_with_a_place_among_them(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&octets, Message::parse(&octets))?;
        for first in 33u8..=49 {
            check(&octets, parse_chain(PayloadType(first), &octets, 0))?;
        }
    }

    /// A valid message whose octets are flipped, cut off, made longer, or of which two neighbours are set.
    #[test]
    fn any_mutation_is_read_or_refused_with_a_place_in_the_message(
        message in arbitrary::message(),
        mutations in prop::collection::vec((0u8..4, any::<prop::sample::Index>(), any::<u16>()), 1..4),
    ) {
        let mut octets = message.emit();
        for (kind, place, value) in mutations {
            if octets.is_empty() {
                break;
            }
            let at = place.index(octets.len());
            match kind {
                0 => octets[at] ^= 1 << (value % 8),
                1 => octets.truncate(at),
                2 => octets.extend(std::iter::repeat_n(value as u8, usize::from(value) % 40)),
                _ => octets[at..].iter_mut().zip(value.to_be_bytes()).for_each(|(octet, new)| *octet = new),
            }
        }
        // The header's length is mended, so that what is behind it is reached.
        check(&octets, Message::parse(&octets))?;
        let length = (octets.len() as u32).to_be_bytes();
        if let Some(field) = octets.get_mut(24..28) {
            field.copy_from_slice(&length);
        }
        check(&octets, Message::parse(&octets))?;
    }

    #[test]
    fn what_was_laid_out_is_found_again_and_its_padding_comes_off(
        header in arbitrary::header(), payloads in prop::collection::vec(arbitrary::payload(), 0..5), layout in layout(),
    ) {
        let (octets, laid) = lay_out(&header, &payloads, layout);
        let found = split(&octets, layout).unwrap();
        prop_assert_eq!(&found, &laid);
        prop_assert!(found.content.len().is_multiple_of(layout.block));
        prop_assert_eq!((found.iv.len(), found.icv.len(), found.icv.end), (layout.iv, layout.icv, octets.len()));
        let content = strip_padding(&octets[found.content.clone()], found.content.start).unwrap();
        prop_assert_eq!(parse_chain(found.first, content, found.content.start).unwrap(), payloads);
    }

    #[test]
    fn padding_is_stripped_or_refused(content in prop::collection::vec(any::<u8>(), 0..300)) {
        match strip_padding(&content, 50) {
            Ok(kept) => prop_assert_eq!(kept.len() + 1 + usize::from(*content.last().unwrap()), content.len()),
            Err(error) => {
                prop_assert!(error.offset >= 50 && error.offset <= 50 + content.len());
                prop_assert!(content.last().is_none_or(|padding| usize::from(*padding) >= content.len()));
            }
        }
    }

    #[test]
    fn any_octets_are_split_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200), layout in layout(), mended: bool) {
        let mut octets = octets;
        if mended && octets.len() > Header::LEN + 4 {
            octets[16] = PayloadType::SK.0;
            let length = ((octets.len() - Header::LEN) as u16).to_be_bytes();
            octets[Header::LEN + 2..Header::LEN + 4].copy_from_slice(&length);
        }
        check(&octets, split(&octets, layout))?;
    }
}

/// What came out is a value, or a complaint about a place that is there.
fn check<T>(octets: &[u8], result: Result<T, Malformed>) -> Result<(), TestCaseError> {
    if let Err(error) = result {
        prop_assert!(error.offset <= octets.len(), "{}, but there are {} octets", error, octets.len());
        prop_assert!(!error.what.is_empty());
    }
    Ok(())
}

#[test]
fn each_number_of_a_registry_has_one_name_and_each_name_one_number() {
    let registries: [(&str, Vec<Option<&str>>); 6] = [
        ("payloads", (0..=255).map(|number| PayloadType(number).name()).collect()),
        ("exchanges", (0..=255).map(|number| ExchangeType(number).name()).collect()),
        ("notifies", (0..=u16::MAX).map(|number| NotifyType(number).name()).collect()),
        ("encryption", (0..=u16::MAX).map(|number| registry::Encryption(number).name()).collect()),
        ("PRFs", (0..=u16::MAX).map(|number| registry::Prf(number).name()).collect()),
        ("key exchanges", (0..=u16::MAX).map(|number| registry::KeyExchange(number).name()).collect()),
    ];
    for (registry, names) in registries {
        let named: Vec<&str> = names.into_iter().flatten().collect();
        let distinct: std::collections::BTreeSet<&str> = named.iter().copied().collect();
        assert!(named.len() > 4 && distinct.len() == named.len(), "{registry}: {named:?}");
    }
}
