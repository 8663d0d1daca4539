use proptest::prelude::*;

use super::*;
use crate::registry::{ExchangeType, NotifyType};
use crate::v2::arbitrary;
use crate::v2::written::octets;
use crate::v2::{Message, Notify, parse_chain};
use crate::{Flags, IkeSpi, Version};

/// AES-CBC with HMAC-SHA2-256-128.
const CBC: Layout = Layout { iv: 16, block: 16, icv: 16 };
/// AES-GCM with an ICV of 16 octets.
const GCM: Layout = Layout { iv: 8, block: 1, icv: 16 };

/// An INFORMATIONAL request with N(INITIAL_CONTACT), laid out for a block of 16.
const WRITTEN: &str = "
    01 02 03 04 05 06 07 08              ; initiator's SPI
    f1 f2 f3 f4 f5 f6 f7 f8              ; responder's SPI
    2e 20 25 08                          ; SK, version 2.0, INFORMATIONAL, from the initiator
    00 00 00 02                          ; message ID
    00 00 00 50                          ; length 80
      29 00 00 34                        ; the first payload inside is N; length 52
      00000000 00000000 00000000 00000000 ; IV
        00 00 00 08 00 00 40 00          ; N(INITIAL_CONTACT)
        00 00 00 00 00 00 00             ; padding
        07                               ; pad length
      00000000 00000000 00000000 00000000 ; ICV";

fn header() -> Header {
    Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0xf1f2_f3f4_f5f6_f7f8),
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange: ExchangeType::INFORMATIONAL,
        flags: Flags { initiator: true, ..Flags::default() },
        message_id: 2,
        length: 0,
    }
}

fn initial_contact() -> Payload {
    Payload::Notify(Notify::new(NotifyType::INITIAL_CONTACT, Vec::new()))
}

#[test]
fn the_parts_lie_where_the_rfc_draws_them() {
    let (laid_out, parts) = lay_out(&header(), &[initial_contact()], CBC);
    assert_eq!(hex::encode(&laid_out), hex::encode(octets(WRITTEN)));
    let expected =
        Protected { first: PayloadType::NOTIFY, fragment: None, iv: 32..48, content: 48..64, icv: 64..80 };
    assert_eq!(parts, expected);
    assert_eq!(split(&laid_out, CBC), Ok(expected));
}

#[test]
fn no_payload_at_all_leaves_the_padding() {
    let (octets, parts) = lay_out(&header(), &[], GCM);
    assert_eq!(
        parts,
        Protected { first: PayloadType::NONE, fragment: None, iv: 32..40, content: 40..41, icv: 41..57 }
    );
    assert_eq!(octets[40], 0);
    let (octets, parts) = lay_out(&header(), &[], CBC);
    assert_eq!((parts.content.len(), octets[parts.content.end - 1]), (16, 15));
    assert_eq!(strip_padding(&octets[parts.content.clone()], parts.content.start), Ok(&[][..]));
}

#[test]
fn padding_may_have_any_octets_and_be_longer_than_needed() {
    assert_eq!(strip_padding(&[1, 2, 9, 9, 2], 0), Ok(&[1, 2][..]));
    assert_eq!(strip_padding(&[1, 2, 0], 0), Ok(&[1, 2][..]));
    let longest = [vec![7], vec![0xee; 255], vec![255]].concat();
    assert_eq!(strip_padding(&longest, 0), Ok(&[7][..]));
}

#[test]
fn a_pad_length_beyond_the_content_is_malformed() {
    let told = |content: &[u8]| strip_padding(content, 48).unwrap_err().to_string();
    assert_eq!(told(&[]), "offset 48: no octet for the pad length");
    assert_eq!(told(&[1]), "offset 48: a pad length of 1, but only 0 octets");
    assert_eq!(told(&[0, 0, 0, 4]), "offset 51: a pad length of 4, but only 3 octets");
}

#[test]
fn a_message_that_is_not_one_sk_payload_is_malformed() {
    let whole = octets(WRITTEN);
    let changed = |at: usize, value: &[u8]| {
        let mut octets = whole.clone();
        octets[at..at + value.len()].copy_from_slice(value);
        split(&octets, CBC).unwrap_err()
    };
    let clear = changed(16, &[33]);
    assert_eq!(clear.to_string(), "offset 16: the first payload is SA, expected SK or SKF");
    for length in [0, 3, 51, 53, u16::MAX] {
        let malformed = changed(30, &length.to_be_bytes());
        assert_eq!(malformed.offset, 30);
    }
    assert_eq!(split(&whole[..28], CBC).unwrap_err().offset, 28, "no room for the generic header");
    assert_eq!(split(&[whole.as_slice(), &[0]].concat(), CBC).unwrap_err().offset, 30);
}

#[test]
fn content_has_to_be_whole_blocks_and_not_empty() {
    let sealed = |content: usize, layout: Layout| {
        let len = Header::LEN + 4 + layout.iv + content + layout.icv;
        let header = Header { next_payload: PayloadType::SK, length: 0, ..header() };
        let mut octets = header.emit().to_vec();
        let sk = u16::try_from(len - Header::LEN).unwrap().to_be_bytes();
        octets.extend([0, 0, sk[0], sk[1]]);
        octets.resize(len, 0);
        split(&octets, layout).map_err(|malformed| malformed.offset)
    };
    for content in 1..=64 {
        let expected = if content % 16 == 0 { Ok(48..48 + content) } else { Err(48) };
        assert_eq!(sealed(content, CBC).map(|parts| parts.content), expected);
        assert_eq!(sealed(content, GCM).map(|parts| parts.content), Ok(40..40 + content));
    }
    assert_eq!(sealed(0, CBC), Err(32));
    assert_eq!(sealed(0, GCM), Err(32));
}

fn layouts() -> impl Strategy<Value = Layout> {
    let block = prop::sample::select(vec![1_usize, 4, 8, 16, 32]);
    (0..17_usize, block, 0..33_usize).prop_map(|(iv, block, icv)| Layout { iv, block, icv })
}

proptest! {
    #[test]
    fn what_was_laid_out_is_split_again(
        header in arbitrary::header(),
        payloads in arbitrary::payloads(),
        layout in layouts(),
    ) {
        let (octets, parts) = lay_out(&header, &payloads, layout);
        prop_assert_eq!(split(&octets, layout), Ok(parts.clone()));
        prop_assert_eq!((parts.iv.len(), parts.icv.len()), (layout.iv, layout.icv));
        prop_assert_eq!(parts.content.len() % layout.block, 0);
        prop_assert_eq!(parts.icv.end, octets.len());
        let length = u32::try_from(octets.len()).unwrap();
        let written = Header { next_payload: PayloadType::SK, length, ..header };
        prop_assert_eq!(Header::parse(&octets), Ok(written));
        let chain = strip_padding(&octets[parts.content.clone()], parts.content.start).unwrap();
        prop_assert!(parts.content.len() - chain.len() <= layout.block, "no more padding than needed");
        prop_assert_eq!(parse_chain(parts.first, chain, parts.content.start), Ok(payloads));
    }

    #[test]
    fn a_mutated_message_is_split_or_malformed(
        payloads in arbitrary::payloads(),
        layout in layouts(),
        mutations in proptest::collection::vec(arbitrary::mutation(), 1..4),
    ) {
        let (mut octets, _) = lay_out(&header(), &payloads, layout);
        mutations.iter().for_each(|mutation| mutation.apply(&mut octets));
        match split(&octets, layout) {
            Ok(parts) => {
                prop_assert_eq!((parts.iv.end, parts.content.end), (parts.content.start, parts.icv.start));
                prop_assert_eq!(parts.icv.end, octets.len());
                if let Err(malformed) = strip_padding(&octets[parts.content.clone()], parts.content.start) {
                    prop_assert!(malformed.offset < octets.len());
                }
            }
            Err(malformed) => prop_assert!(malformed.offset <= octets.len(), "{}", malformed),
        }
        // Who takes it for a message in the clear gets no further, but comes to no harm.
        if let Err(malformed) = Message::parse(&octets) {
            prop_assert!(malformed.offset <= octets.len(), "{}", malformed);
        }
    }
}
