//! What is wrong with the r and s of ECDSA, or with how they are written (RFC 3279 §2.2.3, RFC 4754 §7).
//!
//! That s and the order less s both verify is a property of ECDSA, and no case.

use ipsec::crypto::SignatureAlgorithm;
use ipsec::wire::registry::AuthMethod;
use ipsec::wire::v2::Payload;

use super::der::{INTEGER, OCTET_STRING, SEQUENCE, element, number};
use super::numbers::{ORDER_P256, sum};
use super::{Case, Ground};

pub(super) const CASES: &[Case] = &[
    Case::new("r = 0", |g, _| pair(g, &[0], &integers(g)[1])),
    Case::new("s = 0", |g, _| pair(g, &integers(g)[0], &[0])),
    Case::new("r = s = 0", |g, _| pair(g, &[0], &[0])),
    Case::new("r = s = 1", |g, _| pair(g, &[1], &[1])),
    Case::new("r is the order", |g, _| pair(g, &ORDER_P256, &integers(g)[1])),
    Case::new("s is the order", |g, _| pair(g, &integers(g)[0], &ORDER_P256)),
    Case::new("r and the order", |g, _| pair(g, &sum(&integers(g)[0], &ORDER_P256), &integers(g)[1])),
    Case::new("s and the order", |g, _| pair(g, &integers(g)[0], &sum(&integers(g)[1], &ORDER_P256))),
    Case::new("s where r should stand", |g, _| pair(g, &integers(g)[1], &integers(g)[0])),
    Case::new("an r of two thousand octets", |g, luck| pair(g, &luck.octets(2000), &integers(g)[1])),
    Case::new("negative numbers", |g, _| {
        let [r, s] = integers(g).map(|integer| element(INTEGER, &[&[0x80], &integer]));
        g.valued(&element(SEQUENCE, &[&r, &s]))
    }),
    Case::new("zeros before the numbers", |g, _| {
        let [r, s] = integers(g).map(|integer| element(INTEGER, &[&[0; 4], &integer]));
        g.valued(&element(SEQUENCE, &[&r, &s]))
    }),
    Case::new("side by side where DER is due", |g, _| {
        g.valued(&g.sign(SignatureAlgorithm::Ecdsa256, &g.octets()))
    }),
    Case::new("octet strings", |g, _| {
        let [r, s] = integers(g).map(|integer| element(OCTET_STRING, &[&integer]));
        g.valued(&element(SEQUENCE, &[&r, &s]))
    }),
    Case::new("one number", |g, _| g.valued(&element(SEQUENCE, &[&number(&integers(g)[0])]))),
    Case::new("three numbers", |g, _| {
        let [r, s] = integers(g).map(|integer| number(&integer));
        g.valued(&element(SEQUENCE, &[&r, &s, &s]))
    }),
    Case::new("no numbers", |g, _| g.valued(&element(SEQUENCE, &[]))),
    Case::new("a length of two octets", |g, _| {
        let signature = g.signature();
        g.valued(&[&[SEQUENCE, 0x81], &signature[1..]].concat())
    }),
    Case::new("a length without an end", |g, _| {
        let signature = g.signature();
        g.valued(&[&[SEQUENCE, 0x80], &signature[2..], &[0, 0]].concat())
    }),
    Case::without_lists("method 9 with DER", |g, _| older(g, g.signature())),
    Case::without_lists("method 9 with r = 0", |g, _| {
        let mut value = side_by_side(g);
        value[..32].fill(0);
        older(g, value)
    }),
    Case::without_lists("method 9 with s = 0", |g, _| {
        let mut value = side_by_side(g);
        value[32..].fill(0);
        older(g, value)
    }),
    Case::without_lists("method 9 where s is the order", |g, _| {
        let mut value = side_by_side(g);
        value[32..].copy_from_slice(&ORDER_P256);
        older(g, value)
    }),
    Case::without_lists("method 9 without the last octet", |g, _| older(g, side_by_side(g)[..63].to_vec())),
    Case::without_lists("method 9 with a zero before each number", |g, _| {
        let value = side_by_side(g);
        older(g, [&[0], &value[..32], &[0], &value[32..]].concat())
    }),
];

/// The numbers of an honest signature, in big-endian octets.
fn integers(g: &Ground<'_>) -> [Vec<u8>; 2] {
    let value = side_by_side(g);
    let (r, s) = value.split_at(value.len() / 2);
    [r.to_vec(), s.to_vec()]
}

fn pair(g: &Ground<'_>, r: &[u8], s: &[u8]) -> Vec<Payload> {
    g.valued(&element(SEQUENCE, &[&number(r), &number(s)]))
}

fn side_by_side(g: &Ground<'_>) -> Vec<u8> {
    g.sign(SignatureAlgorithm::Ecdsa256, &g.octets())
}

fn older(g: &Ground<'_>, data: Vec<u8>) -> Vec<Payload> {
    g.with(AuthMethod::ECDSA_256, data)
}
