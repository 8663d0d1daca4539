use proptest::prelude::*;

use super::*;
use crate::registry::v1::{CertEncoding, NotifyType};
use crate::v1::arbitrary;
use crate::v1::written::{both_ways, complaint, read};
use crate::v2::arbitrary::{Mutation, mutation};
use crate::v2::written::octets;

#[test]
fn payloads_of_plain_octets_lie_where_the_rfc_draws_them() {
    let content = || vec![0xaa, 0xbb, 0xcc];
    let plain = [
        (4, Payload::Ke(content())),
        (8, Payload::Hash(content())),
        (9, Payload::Sig(content())),
        (10, Payload::Nonce(content())),
        (13, Payload::VendorId(content())),
        (20, Payload::NatD(content())),
        (130, Payload::NatDDraft(content())),
        (200, Payload::Unknown { kind: PayloadType(200), body: content() }),
    ];
    for (number, payload) in plain {
        assert_eq!(payload.kind(), PayloadType(number));
        both_ways(&payload, "00 00 00 07  aa bb cc");
    }
}

#[test]
fn certificates_and_their_requests_lie_where_the_rfc_draws_them() {
    let cert = Certificate { encoding: CertEncoding::X509_SIGNATURE, data: vec![0x30, 0x00] };
    assert_eq!(Payload::Cert(cert.clone()).kind(), PayloadType(6));
    both_ways(&Payload::Cert(cert), "00 00 00 07  04  30 00");
    let request = CertificateRequest { encoding: CertEncoding::PKCS7, authority: vec![0x30, 0x00] };
    assert_eq!(Payload::CertReq(request.clone()).kind(), PayloadType(7));
    both_ways(&Payload::CertReq(request), "00 00 00 07  01  30 00");
    let any = CertificateRequest { encoding: CertEncoding::X509_SIGNATURE, authority: Vec::new() };
    both_ways(&Payload::CertReq(any), "00 00 00 05  04");
    assert_eq!(complaint(PayloadType::CERT, "00 00 00 04").0, 4);
    assert_eq!(complaint(PayloadType::CERTREQ, "00 00 00 04").0, 4);
}

const CHAIN: &str = "
    0b 00 00 05 aa                         ; HASH, then N
    0d 00 00 0c 00000001 01 00 60 02       ; N(INITIAL-CONTACT), then V
    00 00 00 06 bb cc                      ; V, the last one";

fn chain() -> [Payload; 3] {
    [
        Payload::Hash(vec![0xaa]),
        Payload::Notify(Notify::new(NotifyType::INITIAL_CONTACT, Vec::new())),
        Payload::VendorId(vec![0xbb, 0xcc]),
    ]
}

#[test]
fn a_chain_names_the_successor_of_each_payload() {
    let octets = octets(CHAIN);
    let read = parse_chain(PayloadType::HASH, &octets, 28).unwrap();
    assert_eq!(read.payloads, chain());
    let mut out = vec![0xff];
    assert_eq!(emit_chain(&chain(), &mut out), PayloadType::HASH);
    assert_eq!(out[1..], octets, "the chain is appended");
}

#[test]
fn a_chain_tells_where_each_payload_lies_and_where_the_last_one_ends() {
    let padded = [octets(CHAIN), vec![0, 0, 0, 3]].concat();
    let read = parse_chain(PayloadType::HASH, &padded, 28).unwrap();
    assert_eq!(read.places, [28..33, 33..45, 45..51]);
    assert_eq!(read.end, 51);
    assert_eq!(padded[read.end - 28..], [0, 0, 0, 3], "of the padding the caller thinks what it likes");
}

#[test]
fn no_payload_at_all_is_a_chain_too() {
    let empty = Chain { payloads: Vec::new(), places: Vec::new(), end: 28 };
    assert_eq!(parse_chain(PayloadType::NONE, &[], 28), Ok(empty.clone()));
    assert_eq!(parse_chain(PayloadType::NONE, &[0; 8], 28), Ok(empty));
    let mut out = Vec::new();
    assert_eq!(emit_chain(&[], &mut out), PayloadType::NONE);
    assert!(out.is_empty());
}

#[test]
fn reserved_octets_of_the_generic_header_are_ignored() {
    assert_eq!(read(PayloadType::NONCE, &octets("00 ff 00 05 aa")), Payload::Nonce(vec![0xaa]));
}

#[test]
fn what_stands_behind_an_unknown_payload_is_read() {
    let read = parse_chain(PayloadType(200), &octets("0a 00 00 04  00 00 00 05 01"), 0).unwrap();
    let unknown = Payload::Unknown { kind: PayloadType(200), body: Vec::new() };
    assert_eq!(read.payloads, [unknown, Payload::Nonce(vec![1])]);
}

#[test]
fn proposals_and_transforms_stand_in_an_sa_payload_only() {
    let told = |what: &str| (0, format!("a {what} payload outside an SA payload"));
    assert_eq!(complaint(PayloadType::PROPOSAL, "00 00 00 08 01 01 00 00"), told("P"));
    assert_eq!(complaint(PayloadType::TRANSFORM, "00 00 00 08 01 01 00 00"), told("T"));
    assert_eq!(complaint(PayloadType::NONCE, "02 00 00 05 aa  00 00 00 08 01 01 00 00").0, 5);
}

#[test]
fn a_chain_whose_lengths_do_not_fit_is_malformed() {
    let nonce = |text: &str| complaint(PayloadType::NONCE, text);
    assert_eq!(nonce(""), (0, "a payload's header needs 1 octets, but 0 are left".to_owned()));
    assert_eq!(nonce("00 00 00 03").0, 2);
    assert_eq!(nonce("00 00 00"), (2, "a payload's length needs 2 octets, but 1 are left".to_owned()));
    assert_eq!(nonce("00 00 00 06 aa"), (4, "a payload needs 2 octets, but 1 are left".to_owned()));
    assert_eq!(nonce("0a 00 00 05 aa").0, 5, "a payload is announced that is not there");
    let behind = (12, "octets behind the end of the NAT-OA payload".to_owned());
    assert_eq!(complaint(PayloadType::NAT_OA, "00 00 00 0d  01 00 00 00  0a000001 ff"), behind);
}

proptest! {
    #[test]
    fn a_written_payload_reads_as_itself(payload in arbitrary::payload()) {
        let mut octets = Vec::new();
        let first = emit_chain(std::slice::from_ref(&payload), &mut octets);
        prop_assert_eq!(first, payload.kind());
        let places = std::iter::once(0..octets.len()).collect();
        let expected = Chain { payloads: vec![payload], places, end: octets.len() };
        prop_assert_eq!(parse_chain(first, &octets, 0), Ok(expected));
    }

    #[test]
    fn a_read_chain_is_written_again_octet_for_octet(
        payloads in arbitrary::payloads(),
        padding in 0..20_usize,
    ) {
        let (mut octets, mut again) = (Vec::new(), Vec::new());
        let first = emit_chain(&payloads, &mut octets);
        let end = octets.len();
        octets.resize(end + padding, 0);
        let read = parse_chain(first, &octets, 0).unwrap();
        prop_assert_eq!(emit_chain(&read.payloads, &mut again), first);
        prop_assert_eq!(&octets[..end], again);
        prop_assert_eq!(read.end, end);
        let joined: Vec<u8> = read.places.iter().flat_map(|place| octets[place.clone()].to_vec()).collect();
        prop_assert_eq!(&octets[..end], joined, "the places cover the chain without a gap");
    }

    /// Each codec sees random octets behind a header that fits them.
    #[test]
    fn random_content_of_any_type_is_read_or_malformed_within_it(
        kind in prop_oneof![0..=22_u8, 128..=133_u8],
        body in proptest::collection::vec(any::<u8>(), 0..100),
        base in 0..1000_usize,
    ) {
        let length = u16::try_from(body.len() + 4).unwrap().to_be_bytes();
        let octets = [&[0, 0, length[0], length[1]], body.as_slice()].concat();
        match parse_chain(PayloadType(kind), &octets, base) {
            Ok(read) => {
                let mut written = Vec::new();
                let first = emit_chain(&read.payloads, &mut written);
                prop_assert_eq!(written.len(), read.end - base);
                prop_assert_eq!(parse_chain(first, &written, base), Ok(read));
            }
            Err(malformed) => {
                prop_assert!((base..=base + octets.len()).contains(&malformed.offset), "{}", malformed);
            }
        }
    }

    #[test]
    fn a_mutated_payload_is_read_or_malformed_within_it(
        payload in arbitrary::payload(),
        mutations in proptest::collection::vec(mutation(), 1..4),
    ) {
        let mut octets = Vec::new();
        let first = emit_chain(&[payload], &mut octets);
        mutations.iter().for_each(|mutation: &Mutation| mutation.apply(&mut octets));
        match parse_chain(first, &octets, 28) {
            Ok(read) => {
                let mut written = Vec::new();
                emit_chain(&read.payloads, &mut written);
                prop_assert_eq!(parse_chain(first, &written, 28), Ok(read), "what was read can be written");
            }
            Err(malformed) => {
                prop_assert!((28..=28 + octets.len()).contains(&malformed.offset), "{}", malformed);
            }
        }
    }
}
