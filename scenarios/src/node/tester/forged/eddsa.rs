//! What is wrong with the R and S of Ed25519 (RFC 8032 §5.1.7), or with what it signs (RFC 8420 §2).

use ipsec::crypto::{HashAlgorithm, SignatureAlgorithm};
use ipsec::wire::v2::Payload;

use super::der::{OID, SEQUENCE, element};
use super::numbers::{ORDER_25519, sum};
use super::{Case, Ground};

const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

pub(super) const CASES: &[Case] = &[
    Case::new("S and the order", |g, _| {
        let mut s = halves(g)[1].clone();
        s.reverse();
        let mut s = sum(&s, &ORDER_25519);
        s.reverse();
        s.resize(32, 0);
        pair(g, &halves(g)[0], &s)
    }),
    Case::new("S = 0 and R the neutral element", |g, _| pair(g, &neutral(), &[0; 32])),
    Case::new("S is the order and R the neutral element", |g, _| {
        let mut s = ORDER_25519;
        s.reverse();
        pair(g, &neutral(), &s)
    }),
    Case::new("an R that is no point", |g, _| pair(g, &[0xff; 32], &halves(g)[1])),
    Case::new("R where S should stand", |g, _| pair(g, &halves(g)[1], &halves(g)[0])),
    Case::new("the top bits of S", |g, _| {
        let mut s = halves(g)[1].clone();
        s[31] |= 0xe0;
        pair(g, &halves(g)[0], &s)
    }),
    Case::new("over the hash of what it should be over", |g, _| {
        g.valued(&g.sign(SignatureAlgorithm::Ed25519, &HashAlgorithm::Sha2_512.digest(&[&g.octets()])))
    }),
    Case::new("parameters where there are none", |g, _| {
        g.named(&element(SEQUENCE, &[&element(OID, &[ED25519]), &[5, 0]]), &g.signature())
    }),
];

/// y = 1
fn neutral() -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = 1;
    point
}

/// R and S of an honest signature.
fn halves(g: &Ground<'_>) -> [Vec<u8>; 2] {
    let value = g.signature();
    let (r, s) = value.split_at(value.len() / 2);
    [r.to_vec(), s.to_vec()]
}

fn pair(g: &Ground<'_>, r: &[u8], s: &[u8]) -> Vec<Payload> {
    g.valued(&[r, s].concat())
}
