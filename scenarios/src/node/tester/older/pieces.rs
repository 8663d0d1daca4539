//! Messages in pieces as they are deployed (MS-IKEE §2.2.3.1): anybody may send a piece, and nothing protects it.

use ipsec::wire::registry::v1::PayloadType;
use ipsec::wire::v1::{Flags, Fragment, Header, Payload};

use super::super::Luck;
use super::super::attack::Attack;
use super::ground::{Ground, generic};
use super::{Case, Messages, Place};

const fn piece_of(name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack: Attack::Fragments, place: Place::Pieces, name, make }
}

pub(super) const CASES: &[Case] = &[
    Case {
        attack: Attack::Fragments,
        place: Place::First,
        name: "a piece of a first message",
        make: |g, _| {
            let whole = super::clear::good(g);
            let (head, tail) = whole.split_at(whole.len() / 2);
            vec![piece(g, 1, 1, false, head), piece(g, 1, 2, true, tail)]
        },
    },
    Case {
        attack: Attack::Fragments,
        place: Place::First,
        name: "pieces under the cookies of others",
        make: |g, luck| {
            let (spi_i, spi_r) = g.others.unwrap_or_default();
            let header = Header { spi_i, spi_r, ..g.header(g.phase1(), 0) };
            (1..=60)
                .map(|number| {
                    let data = [&[0, 7, number, 0][..], &luck.octets(900)].concat();
                    g.raw(header, PayloadType::FRAGMENT, &generic(PayloadType::NONE, &data))
                })
                .collect()
        },
    },
    piece_of("piece number 0", |g, luck| {
        vec![piece(g, 2, 0, false, &luck.octets(40)), piece(g, 2, 0, true, &luck.octets(40))]
    }),
    piece_of("pieces of no octets", |g, _| {
        (1..=9).map(|number| piece(g, 3, number, number == 9, &[])).collect()
    }),
    piece_of("255 pieces that are never all there", |g, luck| {
        (2..=255).map(|number| piece(g, 4, number, false, &luck.octets(700))).collect()
    }),
    piece_of("a last piece before those that it should come behind", |g, luck| {
        vec![
            piece(g, 5, 9, false, &luck.octets(40)),
            piece(g, 5, 3, true, &luck.octets(40)),
            piece(g, 5, 12, true, &luck.octets(40)),
        ]
    }),
    piece_of("two last pieces", |g, luck| {
        vec![piece(g, 6, 3, true, &luck.octets(40)), piece(g, 6, 4, true, &luck.octets(40))]
    }),
    piece_of("one piece with two contents", |g, luck| {
        let data = [luck.octets(40), luck.octets(40), luck.octets(40)];
        vec![piece(g, 7, 1, false, &data[0]), piece(g, 7, 1, false, &data[1]), piece(g, 7, 2, true, &data[2])]
    }),
    piece_of("pieces of sixty messages", |g, luck| {
        (0..60).map(|id| piece(g, 100 + id, 1, false, &luck.octets(1000))).collect()
    }),
    piece_of("a message of sixty thousand octets", |g, luck| {
        (1..=64).map(|number| piece(g, 8, number, number == 64, &luck.octets(1000))).collect()
    }),
    piece_of("pieces that make no message", |g, luck| {
        vec![piece(g, 9, 1, false, &luck.octets(60)), piece(g, 9, 2, true, &luck.octets(60))]
    }),
    piece_of("pieces that make less than a header", |g, luck| {
        vec![piece(g, 10, 1, false, &luck.octets(9)), piece(g, 10, 2, true, &luck.octets(9))]
    }),
    piece_of("pieces that make a piece", |g, luck| {
        let inner = piece(g, 11, 1, true, &luck.octets(80));
        vec![piece(g, 12, 1, true, &inner)]
    }),
    piece_of("pieces that make a message of another ISAKMP SA", |g, luck| {
        let (spi_i, spi_r) = g.others.unwrap_or_default();
        let flags = Flags { encryption: true, ..Flags::default() };
        let header = Header { spi_i, spi_r, flags, ..g.header(g.phase1(), 0) };
        let inner = g.raw(header, PayloadType::ID, &luck.octets(96));
        vec![piece(g, 13, 1, false, &inner[..50]), piece(g, 13, 2, true, &inner[50..])]
    }),
    piece_of("pieces that make a wrong proof", |g, luck| {
        let inner = g.proof(&g.proven_by(vec![Payload::Hash(luck.octets(20))]));
        vec![piece(g, 14, 1, false, &inner[..40]), piece(g, 14, 2, true, &inner[40..])]
    }),
    piece_of("a piece beside other payloads", |g, luck| {
        let data = Payload::Fragment(Fragment { id: 15, number: 1, last: true, data: luck.octets(40) });
        vec![g.clear(vec![data.clone(), Payload::VendorId(vec![1; 16])]), g.clear(vec![data.clone(), data])]
    }),
    piece_of("a piece that is longer than its message, or shorter than its own fields", |g, luck| {
        let length = u16::to_be_bytes(luck.pick(&[0, 3, 4, 5, 7, 4000, 0xffff]));
        let chain = [&[0, 0, length[0], length[1], 0, 16, 1, 1][..], &luck.octets(20)].concat();
        vec![g.raw(g.header(g.phase1(), 0), PayloadType::FRAGMENT, &chain)]
    }),
    piece_of("an encrypted piece", |g, luck| {
        let data = [&[0, 17, 1, 1][..], &luck.octets(40)].concat();
        let chain = generic(PayloadType::NONE, &data);
        vec![g.encrypted_raw(g.header(g.phase1(), 0), PayloadType::FRAGMENT, &chain, None)]
    }),
    piece_of("the pieces of a message a hundred times", |g, luck| {
        let inner = g.proof(&g.proven_by(vec![Payload::Hash(luck.octets(20))]));
        let both = [piece(g, 18, 1, false, &inner[..40]), piece(g, 18, 2, true, &inner[40..])];
        both.into_iter().cycle().take(100).collect()
    }),
];

fn piece(g: &Ground<'_>, id: u16, number: u8, last: bool, data: &[u8]) -> Vec<u8> {
    g.clear(vec![Payload::Fragment(Fragment { id, number, last, data: data.to_vec() })])
}
