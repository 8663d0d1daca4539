use proptest::prelude::*;

use super::*;
use crate::registry::ExchangeType;
use crate::v2::written::octets;
use crate::v2::{arbitrary, parse_chain, split, strip_padding};
use crate::{Flags, IkeSpi, Version};

/// AES-CBC with HMAC-SHA2-256-128.
const CBC: Layout = Layout { iv: 16, block: 16, icv: 16 };
/// AES-GCM with an ICV of 16 octets.
const GCM: Layout = Layout { iv: 8, block: 1, icv: 16 };

/// The second of three pieces of an `IKE_AUTH` request.
const WRITTEN: &str = "
    01 02 03 04 05 06 07 08              ; initiator's SPI
    f1 f2 f3 f4 f5 f6 f7 f8              ; responder's SPI
    35 20 23 08                          ; SKF, version 2.0, IKE_AUTH, from the initiator
    00 00 00 01                          ; message ID
    00 00 00 3f                          ; length 63
      00 00 00 23                        ; no first payload; length 35
      00 02 00 03                        ; fragment 2 of 3
      00000000 00000000                  ; IV
        aa bb                            ; a piece
        00                               ; pad length
      00000000 00000000 00000000 00000000 ; ICV";

fn header() -> Header {
    Header {
        spi_i: IkeSpi(0x0102_0304_0506_0708),
        spi_r: IkeSpi(0xf1f2_f3f4_f5f6_f7f8),
        next_payload: PayloadType::NONE,
        version: Version::V2,
        exchange: ExchangeType::IKE_AUTH,
        flags: Flags { initiator: true, ..Flags::default() },
        message_id: 1,
        length: 0,
    }
}

#[test]
fn the_parts_lie_where_the_rfc_draws_them() {
    let number = FragmentNumber { number: 2, total: 3 };
    let (laid_out, parts) = lay_out_content(&header(), PayloadType::NONE, Some(number), &[0xaa, 0xbb], GCM);
    assert_eq!(hex::encode(&laid_out), hex::encode(octets(WRITTEN)));
    let (first, fragment) = (PayloadType::NONE, Some(number));
    assert_eq!(parts, Protected { first, fragment, iv: 36..44, content: 44..47, icv: 47..63 });
    assert_eq!(split(&laid_out, GCM), Ok(parts));
    assert_eq!(fragment_number(&laid_out), Ok(Some(number)));
}

#[test]
fn a_place_that_no_fragment_has_is_malformed() {
    let mut octets = octets(WRITTEN);
    for (numbers, told) in [
        ([0, 0, 0, 3], "fragment 0 of 3"),
        ([0, 4, 0, 3], "fragment 4 of 3"),
        ([0, 0, 0, 0], "fragment 0 of 0"),
    ] {
        octets[32..36].copy_from_slice(&numbers);
        assert_eq!(fragment_number(&octets).unwrap_err().to_string(), format!("offset 32: {told}"));
        assert!(split(&octets, GCM).is_err());
    }
    assert!(fragment_number(&octets[..34]).is_err(), "the numbers are cut off");
}

#[test]
fn what_fits_is_left_whole() {
    let payloads = [Payload::Nonce(vec![7; 100])];
    let whole = lay_out(&header(), &payloads, CBC);
    let (enough, less) = (whole.0.len(), whole.0.len() - 1);
    assert_eq!(lay_out_fragments(&header(), &payloads, CBC, enough, 1), [whole]);
    assert_eq!(lay_out_fragments(&header(), &payloads, CBC, less, 1).len(), 2);
}

#[test]
fn there_are_no_fewer_pieces_than_asked_for() {
    let payloads = [Payload::VendorId(vec![1; 1000])];
    for least in 2..20 {
        assert!(lay_out_fragments(&header(), &payloads, CBC, 1280, least).len() >= least, "{least}");
    }
}

proptest! {
    #[test]
    fn pieces_keep_to_the_size_and_make_up_the_content(
        payloads in prop::collection::vec(arbitrary::payload(), 0..6),
        layout in prop::sample::select(vec![CBC, GCM]), size in 100usize..700,
    ) {
        let pieces = lay_out_fragments(&header(), &payloads, layout, size, 1);
        let mut content = Vec::new();
        for (index, (octets, parts)) in pieces.iter().enumerate() {
            prop_assert!(octets.len() <= size, "{} octets", octets.len());
            let header = Header::parse(octets).unwrap();
            prop_assert_eq!(header.length as usize, octets.len());
            let again = split(octets, layout);
            prop_assert_eq!(again.as_ref(), Ok(parts));
            if let Some(fragment) = parts.fragment {
                let expected = (index + 1, pieces.len());
                prop_assert_eq!((usize::from(fragment.number), usize::from(fragment.total)), expected);
            }
            content.extend_from_slice(strip_padding(&octets[parts.content.clone()], 0).unwrap());
        }
        prop_assert_eq!(parse_chain(pieces[0].1.first, &content, 0), Ok(payloads));
    }

    #[test]
    fn any_size_ends_in_pieces_that_can_be_numbered(size in 0usize..70, len in 0usize..60_000) {
        let payloads = [Payload::VendorId(vec![1; len])];
        let pieces = lay_out_fragments(&header(), &payloads, GCM, size, 1);
        let whole: usize = pieces.iter().map(|(_, parts)| parts.content.len() - 1).sum();
        prop_assert_eq!(whole, len + 4);
    }
}
