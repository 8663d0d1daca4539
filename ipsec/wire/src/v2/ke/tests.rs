use super::*;
use crate::registry::PayloadType;
use crate::v2::Payload;
use crate::v2::written::{both_ways, complaint, octets};

#[test]
fn a_key_exchange_lies_where_the_rfc_draws_it() {
    let written = "
        00 00 00 0c ; no next payload, length 12
        00 13       ; ECP_256
        00 00       ; reserved
        de ad be ef ; the public value";
    both_ways(&Payload::Ke(KeyExchange::new(19, vec![0xde, 0xad, 0xbe, 0xef])), written);
}

#[test]
fn reserved_octets_are_ignored() {
    let read = crate::v2::parse_chain(PayloadType::KE, &octets("00 00 00 09  00 13 ff ff  01"), 0);
    assert_eq!(read, Ok(vec![Payload::Ke(KeyExchange::new(19, vec![1]))]));
}

#[test]
fn a_payload_without_its_fields_is_malformed() {
    assert_eq!(complaint(PayloadType::KE, "00 00 00 05  00").0, 4);
    assert_eq!(complaint(PayloadType::KE, "00 00 00 07  00 13 00").0, 6);
}
