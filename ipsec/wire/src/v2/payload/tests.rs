use proptest::prelude::*;

use super::*;
use crate::registry::{AuthMethod, CertEncoding, NotifyType};
use crate::v2::arbitrary::{self, Mutation};
use crate::v2::written::{both_ways, complaint, octets};

#[test]
fn nonce_vendor_id_auth_and_certificates_lie_where_the_rfc_draws_them() {
    both_ways(&Payload::Nonce((1..=16).collect()), "00 00 00 14  01020304 05060708 090a0b0c 0d0e0f10");
    both_ways(&Payload::VendorId(b"xyzzy".to_vec()), "00 00 00 09  78 79 7a 7a 79");
    both_ways(&Payload::Eap(vec![3, 7, 0, 4]), "00 00 00 08  03 07 00 04");
    let auth = Authentication { method: AuthMethod::SHARED_KEY, data: vec![0xaa, 0xbb] };
    both_ways(&Payload::Auth(auth), "00 00 00 0a  02 00 00 00  aa bb");
    let cert = Certificate { encoding: CertEncoding::X509_SIGNATURE, data: vec![0x30, 0x00] };
    both_ways(&Payload::Cert(cert), "00 00 00 07  04  30 00");
    let request = CertificateRequest { encoding: CertEncoding::X509_SIGNATURE, authorities: vec![0x5a; 20] };
    both_ways(&Payload::CertReq(request), &format!("00 00 00 19  04 {}", "5a".repeat(20)));
}

#[test]
fn a_chain_names_the_successor_of_each_payload() {
    let written = "
        29 00 00 05 aa                      ; Nonce, then N
        2b 00 00 08 00 00 40 00             ; N(INITIAL_CONTACT), then V
        00 00 00 06 bb cc                   ; V, the last one";
    let chain = [
        Payload::Nonce(vec![0xaa]),
        Payload::Notify(Notify::new(NotifyType::INITIAL_CONTACT, Vec::new())),
        Payload::VendorId(vec![0xbb, 0xcc]),
    ];
    let octets = octets(written);
    assert_eq!(parse_chain(PayloadType::NONCE, &octets, 0).as_deref(), Ok(&chain[..]));
    let mut out = vec![0xff];
    assert_eq!(emit_chain(&chain, PayloadType::NONE, &mut out), PayloadType::NONCE);
    assert_eq!(out[1..], octets, "the chain is appended");
}

#[test]
fn no_payload_at_all_is_a_chain_too() {
    assert_eq!(parse_chain(PayloadType::NONE, &[], 28), Ok(Vec::new()));
    let mut out = Vec::new();
    assert_eq!(emit_chain(&[], PayloadType::SK, &mut out), PayloadType::SK);
    assert!(out.is_empty());
    let malformed = parse_chain(PayloadType::NONE, &[0], 28).unwrap_err();
    assert_eq!(malformed.to_string(), "offset 28: octets behind the last payload");
}

#[test]
fn an_unknown_payload_is_kept_with_its_critical_bit() {
    let unknown = |critical| Payload::Unknown { kind: PayloadType(200), critical, body: vec![0xde, 0xad] };
    both_ways(&unknown(false), "00 00 00 06 de ad");
    both_ways(&unknown(true), "00 80 00 06 de ad");
    let reserved = parse_chain(PayloadType(200), &octets("00 7f 00 06 de ad"), 0);
    assert_eq!(reserved, Ok(vec![unknown(false)]), "the other seven bits are reserved");
}

#[test]
fn the_critical_bit_of_a_known_payload_is_ignored() {
    let read = parse_chain(PayloadType::NONCE, &octets("00 80 00 05 aa"), 0);
    assert_eq!(read, Ok(vec![Payload::Nonce(vec![0xaa])]));
}

#[test]
fn what_stands_behind_an_unknown_payload_is_read() {
    let chain = [
        Payload::Unknown { kind: PayloadType(200), critical: false, body: Vec::new() },
        Payload::Nonce(vec![1]),
    ];
    assert_eq!(
        parse_chain(PayloadType(200), &octets("28 00 00 04  00 00 00 05 01"), 0).as_deref(),
        Ok(&chain[..])
    );
}

#[test]
fn a_chain_whose_lengths_do_not_fit_is_malformed() {
    let nonce = |text: &str| complaint(PayloadType::NONCE, text);
    assert_eq!(nonce(""), (0, "a payload's header needs 1 octets, but 0 are left".to_owned()));
    assert_eq!(nonce("00 00 00 03").0, 2);
    assert_eq!(nonce("00 00 00"), (2, "a payload's length needs 2 octets, but 1 are left".to_owned()));
    assert_eq!(nonce("00 00 00 06 aa"), (4, "a payload needs 2 octets, but 1 are left".to_owned()));
    assert_eq!(nonce("28 00 00 05 aa").0, 5, "a payload is announced that is not there");
    assert_eq!(nonce("00 00 00 05 aa bb"), (5, "octets behind the last payload".to_owned()));
}

proptest! {
    #[test]
    fn a_written_payload_reads_as_itself(payload in arbitrary::payload()) {
        let mut octets = Vec::new();
        let first = emit_chain(std::slice::from_ref(&payload), PayloadType::NONE, &mut octets);
        prop_assert_eq!(first, payload.kind());
        prop_assert_eq!(parse_chain(first, &octets, 0), Ok(vec![payload]));
    }

    #[test]
    fn a_read_chain_is_written_again_octet_for_octet(payloads in arbitrary::payloads()) {
        let (mut octets, mut again) = (Vec::new(), Vec::new());
        let first = emit_chain(&payloads, PayloadType::NONE, &mut octets);
        let read = parse_chain(first, &octets, 0).unwrap();
        prop_assert_eq!(emit_chain(&read, PayloadType::NONE, &mut again), first);
        prop_assert_eq!(octets, again);
    }

    /// Each codec sees random octets behind a header that fits them.
    #[test]
    fn random_content_of_any_type_is_read_or_malformed_within_it(
        kind in 33..=48_u8,
        body in proptest::collection::vec(any::<u8>(), 0..100),
        base in 0..1000_usize,
    ) {
        let length = u16::try_from(body.len() + 4).unwrap().to_be_bytes();
        let octets = [&[0, 0, length[0], length[1]], body.as_slice()].concat();
        match parse_chain(PayloadType(kind), &octets, base) {
            Ok(read) => {
                let mut written = Vec::new();
                let first = emit_chain(&read, PayloadType::NONE, &mut written);
                prop_assert_eq!(written.len(), octets.len());
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
        mutations in proptest::collection::vec(arbitrary::mutation(), 1..4),
    ) {
        let mut octets = Vec::new();
        let first = emit_chain(&[payload], PayloadType::NONE, &mut octets);
        mutations.iter().for_each(|mutation: &Mutation| mutation.apply(&mut octets));
        if let Err(malformed) = parse_chain(first, &octets, 28) {
            prop_assert!((28..=28 + octets.len()).contains(&malformed.offset), "{}", malformed);
        }
    }
}
