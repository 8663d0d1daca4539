//! First messages of phase 1 that are none, and what has no place before there is an ISAKMP SA (RFC 2408 §2.5.3, §3, §5).

use ipsec::wire::registry::v1::{
    Doi, ExchangeType, NotifyType, PayloadType, Phase1Attribute as Class, ProtocolId,
};
use ipsec::wire::v1::{
    Attribute, Delete, Flags, Header, Notify, Payload, SecurityAssociation, Situation, emit_chain,
};
use ipsec::wire::{IkeSpi, Spi, Version};

use super::super::Luck;
use super::super::attack::Attack;
use super::super::crafted::length_near;
use super::ground::{Ground, LENGTH_AT, generic, message_id, transform};
use super::{Case, Messages, Place};

const fn first(attack: Attack, name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack, place: Place::First, name, make }
}

pub(super) const CASES: &[Case] = &[
    first(Attack::Noise, "octets without a meaning behind a header", |g, luck| {
        let length = luck.pick(&[0, 1, 3, 4, 40, 200, 1200]);
        vec![g.raw(g.header(g.phase1(), 0), PayloadType(luck.pick(&[0, 1, 4, 8, 132])), &luck.octets(length))]
    }),
    first(Attack::Noise, "less than a header", |g, luck| {
        let kept = luck.pick(&[0, 1, 16, 17, 18, 24, 27]);
        vec![good(g)[..kept].to_vec()]
    }),
    first(Attack::Lengths, "the header's length", |g, luck| {
        let mut octets = good(g);
        let length = u16::try_from(octets.len()).unwrap_or(0);
        let high = luck.pick(&[0, 0, 0, 0xffff]);
        let low = length_near(length, luck);
        octets[LENGTH_AT..LENGTH_AT + 2].copy_from_slice(&u16::to_be_bytes(high));
        octets[LENGTH_AT + 2..Header::LEN].copy_from_slice(&low.to_be_bytes());
        vec![octets]
    }),
    first(Attack::Lengths, "the length of the SA payload", |g, luck| wrong_length(g, 2, luck)),
    first(Attack::Lengths, "the length of the proposal", |g, luck| wrong_length(g, 14, luck)),
    first(Attack::Lengths, "the length of the transform", |g, luck| wrong_length(g, 22, luck)),
    first(Attack::Lengths, "the size of an SPI that is not there", |g, luck| {
        changed(g, |chain| chain[18] = luck.pick(&[1, 4, 8, 16, 64, 255]))
    }),
    first(Attack::Lengths, "another number of transforms", |g, luck| {
        changed(g, |chain| chain[19] = luck.pick(&[0, 2, 3, 255]))
    }),
    first(Attack::Lengths, "an attribute that is longer than its transform", |g, luck| {
        let length = luck.pick(&[1, 4, 5, 255, 0x7fff, 0xffff]);
        changed(g, |chain| {
            chain[28] &= 0x7f;
            chain[30..32].copy_from_slice(&u16::to_be_bytes(length));
        })
    }),
    first(Attack::Lengths, "the length of the payload behind SA", |g, luck| {
        let at = SecurityAssociation::body(&g.offer()).len() + 4 + 2;
        wrong_length(g, at, luck)
    }),
    first(Attack::Lengths, "cut off", |g, luck| {
        let mut octets = good(g);
        octets.truncate(Header::LEN + luck.below(octets.len() - Header::LEN));
        let length = u32::try_from(octets.len()).unwrap_or(0);
        octets[LENGTH_AT..Header::LEN].copy_from_slice(&length.to_be_bytes());
        vec![octets]
    }),
    first(Attack::Payloads, "no payload", |g, _| vec![g.clear(Vec::new())]),
    first(Attack::Payloads, "two SA payloads", |g, _| {
        vec![g.clear([vec![Payload::Sa(g.offer())], g.first()].concat())]
    }),
    first(Attack::Payloads, "a vendor ID before SA", |g, _| {
        vec![g.clear([vec![Payload::VendorId(vec![1; 16])], g.first()].concat())]
    }),
    first(Attack::Payloads, "everything but SA", |g, _| vec![g.clear(g.first()[1..].to_vec())]),
    first(Attack::Payloads, "a chain that goes on behind its end", |g, luck| {
        let mut chain = chain(g);
        let last = last_payload(&chain);
        chain[last] = luck.pick(&[1, 4, 5, 8, 13, 255]);
        vec![g.raw(g.header(g.phase1(), 0), PayloadType::SA, &chain)]
    }),
    first(Attack::Payloads, "payloads of no length that name each other", |g, _| {
        let loops = [PayloadType::SA.0, 0, 0, 0].repeat(50);
        vec![g.raw(g.header(g.phase1(), 0), PayloadType::SA, &loops)]
    }),
    first(Attack::Payloads, "a proposal outside SA", |g, luck| {
        let kind = luck.pick(&[PayloadType::PROPOSAL, PayloadType::TRANSFORM]);
        vec![g.raw(g.header(g.phase1(), 0), kind, &chain(g))]
    }),
    first(Attack::Payloads, "a proposal that is a transform", |g, luck| {
        changed(g, |chain| chain[12] = luck.pick(&[1, 3, 4, 255]))
    }),
    first(Attack::Payloads, "a transform that is a proposal", |g, luck| {
        changed(g, |chain| chain[20] = luck.pick(&[1, 2, 4, 255]))
    }),
    first(Attack::Payloads, "payloads of version 2", |g, luck| {
        let kind = PayloadType(luck.pick(&[33, 34, 40, 41, 46, 53]));
        vec![g.raw(g.header(g.phase1(), 0), kind, &generic(PayloadType::NONE, &luck.octets(40)))]
    }),
    first(Attack::Payloads, "another domain of interpretation", |g, luck| {
        let doi = Doi(luck.pick(&[0, 2, 0x0100_0001, u32::MAX]));
        let situation = Situation::Unknown(luck.octets(4));
        vec![g.clear(vec![Payload::Sa(SecurityAssociation { doi, situation, proposals: Vec::new() })])]
    }),
    first(Attack::Payloads, "a situation that nobody is in", |g, luck| {
        let bits = luck.pick(&[0, 2, 6, 8, 0x0100_0000, u32::MAX]);
        changed(g, |chain| chain[8..12].copy_from_slice(&u32::to_be_bytes(bits)))
    }),
    first(Attack::Exchanges, "an exchange that nobody speaks", |g, luck| {
        let exchange = ExchangeType(luck.pick(&[0, 1, 3, 7, 31, 34, 35, 36, 37, 128, 255]));
        vec![g.clear_of(g.header(exchange, 0), g.first())]
    }),
    first(Attack::Exchanges, "phase 1 with a message ID", |g, luck| {
        vec![g.clear_of(g.header(g.phase1(), message_id(luck)), g.first())]
    }),
    first(Attack::Exchanges, "phase 1 that says it is encrypted", |g, _| {
        let flags = Flags { encryption: true, ..Flags::default() };
        let mut octets = good(g);
        let length = u32::try_from(octets.len()).unwrap_or(0);
        let header = Header { flags, next_payload: PayloadType::SA, length, ..g.header(g.phase1(), 0) };
        octets[..Header::LEN].copy_from_slice(&header.emit());
        vec![octets]
    }),
    first(Attack::Exchanges, "quick mode without an ISAKMP SA", |g, luck| {
        vec![g.clear_of(g.header(ExchangeType::QUICK, message_id(luck)), super::ground::quick(luck))]
    }),
    first(Attack::Exchanges, "a transaction without an ISAKMP SA", |g, luck| {
        let body = [&[luck.pick(&[0, 1, 3, 255]), 0, 0, 7][..], &luck.octets(12)].concat();
        let payload = Payload::Unknown { kind: PayloadType::ATTRIBUTES, body };
        vec![g.clear_of(g.header(ExchangeType::TRANSACTION, message_id(luck)), vec![payload])]
    }),
    first(Attack::Exchanges, "new group mode without an ISAKMP SA", |g, luck| {
        vec![g.clear_of(g.header(ExchangeType::NEW_GROUP, message_id(luck)), g.first())]
    }),
    first(Attack::Cookies, "an initiator's cookie of 0", |g, _| {
        let header = Header { spi_i: IkeSpi(0), ..g.header(g.phase1(), 0) };
        vec![g.clear_of(header, g.first())]
    }),
    first(Attack::Cookies, "a responder's cookie in the first message", |g, luck| {
        let spi_r = IkeSpi(luck.pick(&[1, u64::MAX, g.cookies.0.0]));
        vec![g.clear_of(Header { spi_r, ..g.header(g.phase1(), 0) }, g.first())]
    }),
    first(Attack::Cookies, "cookies of somebody else's ISAKMP SA, and no other message of it", |g, luck| {
        let (spi_i, spi_r) = g.others.unwrap_or_default();
        let swapped = luck.below(2) == 0;
        let (spi_i, spi_r) = if swapped { (spi_r, spi_i) } else { (spi_i, spi_r) };
        vec![g.clear_of(Header { spi_i, spi_r, ..g.header(g.phase1(), 0) }, g.first())]
    }),
    first(Attack::Cookies, "the initiator's cookie of somebody else's ISAKMP SA", |g, _| {
        let (spi_i, _) = g.others.unwrap_or_default();
        vec![g.clear_of(Header { spi_i, ..g.header(g.phase1(), 0) }, g.first())]
    }),
    first(Attack::Notifies, "a delete of somebody else's ISAKMP SA, unprotected", |g, luck| {
        let (spi_i, spi_r) = g.others.unwrap_or_default();
        about_others(g, vec![Payload::Delete(Delete::ike(spi_i, spi_r))], luck)
    }),
    first(Attack::Notifies, "a delete of IPsec SAs, unprotected", |g, luck| {
        let spis = (0..50).map(|_| Spi(message_id(luck))).collect::<Vec<_>>();
        about_others(g, vec![Payload::Delete(Delete::ipsec(ProtocolId::ESP, spis))], luck)
    }),
    first(Attack::Notifies, "a refusal of somebody else's ISAKMP SA, unprotected", |g, luck| {
        let kind = NotifyType(luck.pick(&[4, 11, 14, 16, 18, 23, 24]));
        let (spi_i, spi_r) = g.others.unwrap_or_default();
        about_others(g, vec![Payload::Notify(Notify::about_ike(spi_i, spi_r, kind, Vec::new()))], luck)
    }),
    first(Attack::Notifies, "INITIAL-CONTACT, unprotected", |g, luck| {
        let (spi_i, spi_r) = g.others.unwrap_or_default();
        let notify = Notify::about_ike(spi_i, spi_r, NotifyType::INITIAL_CONTACT, Vec::new());
        about_others(g, vec![Payload::Notify(notify)], luck)
    }),
    first(Attack::Notifies, "R-U-THERE or its answer, unprotected", |g, luck| {
        let kind = luck.pick(&[NotifyType::R_U_THERE, NotifyType::R_U_THERE_ACK]);
        let (spi_i, spi_r) = g.others.unwrap_or_default();
        let data = luck.pick(&[0, 1, 4, 4, 5, 400]);
        let notify = Notify::about_ike(spi_i, spi_r, kind, luck.octets(data));
        about_others(g, vec![Payload::Notify(notify)], luck)
    }),
    first(Attack::Notifies, "notifies of no ISAKMP SA", |g, luck| {
        let kind = NotifyType(u16::try_from(luck.below(1 << 16)).unwrap_or(0));
        let (spi, data) = (luck.pick(&[0, 1, 4, 16, 255]), luck.pick(&[0, 1, 4, 400]));
        let notify = Notify { spi: luck.octets(spi), ..Notify::new(kind, luck.octets(data)) };
        let header = g.header(ExchangeType::INFORMATIONAL, message_id(luck));
        vec![g.clear_of(header, vec![Payload::Notify(notify)])]
    }),
    first(
        Attack::Notifies,
        "something encrypted with other keys under somebody else's cookies",
        |g, luck| {
            let exchange = luck.pick(&[
                ExchangeType::INFORMATIONAL,
                ExchangeType::QUICK,
                ExchangeType::TRANSACTION,
                ExchangeType::NEW_GROUP,
            ]);
            let (spi_i, spi_r) = g.others.unwrap_or_default();
            let flags = Flags { encryption: true, commit: luck.below(2) == 0, ..Flags::default() };
            let header = Header { spi_i, spi_r, flags, ..g.header(exchange, message_id(luck)) };
            let length = luck.pick(&[0, 8, 16, 17, 64, 1024]);
            vec![g.raw(header, PayloadType::HASH, &luck.octets(length))]
        },
    ),
    first(Attack::Degenerate, "no group", |g, _| without(g, Class::GROUP)),
    first(Attack::Degenerate, "no cipher", |g, _| without(g, Class::ENCRYPTION)),
    first(Attack::Degenerate, "no hash", |g, _| without(g, Class::HASH)),
    first(Attack::Degenerate, "no method", |g, _| without(g, Class::AUTH_METHOD)),
    first(Attack::Degenerate, "a group that nobody knows, or a private one", |g, luck| {
        let group = luck.pick(&[0, 3, 13, 40, 1025, 32768, 65535]);
        with(g, Class::GROUP, &Attribute::basic(Class::GROUP.0, group))
    }),
    first(Attack::Degenerate, "a key of another length", |g, luck| {
        let bits = luck.pick(&[0, 1, 8, 64, 127, 129, 512, 65535]);
        with(g, Class::KEY_LENGTH, &Attribute::basic(Class::KEY_LENGTH.0, bits))
    }),
    first(Attack::Degenerate, "a method that nobody knows", |g, luck| {
        let method = luck.pick(&[0, 6, 7, 8, 12, 64220, 64225, 65000, 65535]);
        with(g, Class::AUTH_METHOD, &Attribute::basic(Class::AUTH_METHOD.0, method))
    }),
    first(Attack::Degenerate, "a basic attribute that has a length", |g, luck| {
        let class = luck.pick(&[Class::ENCRYPTION, Class::HASH, Class::GROUP, Class::AUTH_METHOD]);
        let length = luck.pick(&[0, 1, 2, 9, 300]);
        with(g, class, &Attribute::variable(class.0, luck.octets(length)))
    }),
    first(Attack::Degenerate, "an attribute twice, with two values", |g, luck| {
        let class = luck.pick(&[Class::ENCRYPTION, Class::HASH, Class::GROUP, Class::AUTH_METHOD]);
        let other = Attribute::basic(class.0, 99);
        offered(g, [g.attributes(), vec![other]].concat())
    }),
    first(Attack::Degenerate, "a PRF, of which there is none", |g, luck| {
        let prf = Attribute::basic(Class::PRF.0, luck.pick(&[0, 1, 65535]));
        offered(g, [g.attributes(), vec![prf]].concat())
    }),
    first(Attack::Degenerate, "half a lifetime", |g, _| {
        let mut attributes = g.attributes();
        attributes.pop();
        offered(g, attributes)
    }),
    first(Attack::Degenerate, "a lifetime of no octets or too many", |g, luck| {
        let length = luck.pick(&[0, 9, 16, 1000]);
        with(g, Class::LIFE_DURATION, &Attribute::variable(Class::LIFE_DURATION.0, luck.octets(length)))
    }),
    first(Attack::Degenerate, "a group described by numbers", |g, luck| {
        let prime = Attribute::variable(Class::GROUP_PRIME.0, luck.octets(128));
        offered(g, [g.attributes(), vec![Attribute::basic(Class::GROUP_TYPE.0, 1), prime]].concat())
    }),
    first(Attack::Degenerate, "a proposal of another protocol", |g, luck| {
        changed(g, |chain| chain[17] = luck.pick(&[0, 2, 3, 4, 255]))
    }),
    first(Attack::Degenerate, "a transform of another identifier", |g, luck| {
        changed(g, |chain| chain[25] = luck.pick(&[0, 2, 255]))
    }),
    first(Attack::Counts, "255 transforms that nobody knows", |g, _| {
        let unknown = vec![Attribute::basic(Class::ENCRYPTION.0, 99)];
        let transforms = (0..255).map(|number| transform(number, unknown.clone())).collect();
        sa(g, SecurityAssociation::new(vec![g.proposal(transforms)]))
    }),
    first(Attack::Counts, "a thousand proposals", |g, luck| {
        let proposal = g.proposal(vec![transform(1, vec![Attribute::basic(Class::HASH.0, 99)])]);
        let number = |number: u32| ipsec::wire::v1::Proposal {
            number: u8::try_from(number % 256).unwrap_or(0),
            spi: luck.octets(8),
            ..proposal.clone()
        };
        let proposals = (0..1000).map(number).collect();
        sa(g, SecurityAssociation::new(proposals))
    }),
    first(Attack::Counts, "ten thousand attributes", |g, _| {
        offered(g, vec![Attribute::basic(Class::PRF.0, 1); 10_000])
    }),
    first(Attack::Counts, "an attribute of fifty thousand octets", |g, luck| {
        offered(g, vec![Attribute::variable(Class::GROUP_PRIME.0, luck.octets(50_000))])
    }),
    first(Attack::Counts, "a hundred vendor IDs", |g, luck| {
        let own = (0..100).map(|_| Payload::VendorId(luck.octets(16)));
        vec![g.clear(g.first().into_iter().chain(own).collect())]
    }),
    first(Attack::Counts, "ten thousand vendor IDs of no octets", |g, _| {
        vec![g.clear([g.first(), vec![Payload::VendorId(Vec::new()); 10_000]].concat())]
    }),
    first(Attack::Counts, "ten thousand payloads that nobody knows", |g, luck| {
        let kind = PayloadType(luck.pick(&[15, 19, 60, 127, 200, 255]));
        let unknown = Payload::Unknown { kind, body: Vec::new() };
        vec![g.clear([g.first(), vec![unknown; 10_000]].concat())]
    }),
    first(Attack::Versions, "another version", |g, luck| {
        let (major, minor) = luck.pick(&[(0, 0), (0, 9), (3, 0), (15, 15), (2, 0), (2, 1)]);
        vec![g.clear_of(Header { version: Version { major, minor }, ..g.header(g.phase1(), 0) }, g.first())]
    }),
    first(Attack::Versions, "the first message of version 2", |g, luck| {
        let exchange = ExchangeType(luck.pick(&[34, 35, 36, 37]));
        let header = Header { version: Version { major: 2, minor: 0 }, ..g.header(exchange, 0) };
        vec![g.raw(header, PayloadType(33), &generic(PayloadType::NONE, &luck.octets(40)))]
    }),
    first(Attack::Versions, "a marker where there is none", |g, _| vec![[&[0; 4][..], &good(g)].concat()]),
    first(Attack::Replays, "the first message a hundred times", |g, _| vec![good(g); 100]),
    first(Attack::Replays, "an offer that is refused, a hundred times", |g, _| {
        let refused = without(g, Class::GROUP);
        refused.into_iter().cycle().take(100).collect()
    }),
    first(Attack::Replays, "the first message, and another one of the same cookie", |g, luck| {
        let other = [g.first(), vec![Payload::VendorId(luck.octets(16))]].concat();
        vec![good(g), g.clear(other.clone()), good(g), g.clear(other)]
    }),
    first(Attack::Flips, "a bit that flips", |g, luck| {
        let mut octets = good(g);
        // The tester knows its own messages by the first octets.
        let bit = 64 + luck.below((octets.len() - 8) * 8);
        octets[bit / 8] ^= 1 << (bit % 8);
        vec![octets]
    }),
    first(Attack::Flood, "a good first message, and nothing behind it", |g, _| vec![good(g)]),
];

/// The good first message.
pub(super) fn good(g: &Ground<'_>) -> Vec<u8> {
    g.clear(g.first())
}

/// The payloads of the good first message.
fn chain(g: &Ground<'_>) -> Vec<u8> {
    let mut chain = Vec::new();
    emit_chain(&g.first(), &mut chain);
    chain
}

/// The good first message with a change in its payloads: the SA payload begins at 0, its proposal at 12, its transform at 20 and
/// the first attribute at 28.
fn changed(g: &Ground<'_>, change: impl FnOnce(&mut Vec<u8>)) -> Messages {
    let mut chain = chain(g);
    change(&mut chain);
    vec![g.raw(g.header(g.phase1(), 0), PayloadType::SA, &chain)]
}

fn wrong_length(g: &Ground<'_>, at: usize, luck: &mut Luck) -> Messages {
    changed(g, |chain| {
        let before = u16::from_be_bytes([chain[at], chain[at + 1]]);
        chain[at..at + 2].copy_from_slice(&length_near(before, luck).to_be_bytes());
    })
}

/// Where the last payload of a good chain begins.
fn last_payload(chain: &[u8]) -> usize {
    let mut at = 0;
    while chain[at] != PayloadType::NONE.0 {
        at += usize::from(u16::from_be_bytes([chain[at + 2], chain[at + 3]]));
    }
    at
}

/// The first message with this SA payload.
fn sa(g: &Ground<'_>, sa: SecurityAssociation) -> Messages {
    let mut payloads = g.first();
    payloads[0] = Payload::Sa(sa);
    vec![g.clear(payloads)]
}

/// The first message whose transform has these attributes.
fn offered(g: &Ground<'_>, attributes: Vec<Attribute>) -> Messages {
    sa(g, SecurityAssociation::new(vec![g.proposal(vec![transform(1, attributes)])]))
}

/// The first message without an attribute.
fn without(g: &Ground<'_>, class: Class) -> Messages {
    offered(g, g.attributes().into_iter().filter(|own| own.class != class.0).collect())
}

/// The first message with another attribute of this class.
fn with(g: &Ground<'_>, class: Class, other: &Attribute) -> Messages {
    let own = g.attributes().into_iter();
    offered(g, own.map(|own| if own.class == class.0 { other.clone() } else { own }).collect())
}

/// An informational message in the clear under the cookies of an ISAKMP SA of the two ends.
fn about_others(g: &Ground<'_>, payloads: Vec<Payload>, luck: &mut Luck) -> Messages {
    let (spi_i, spi_r) = g.others.unwrap_or_default();
    let id = if luck.below(2) == 0 { 0 } else { message_id(luck) };
    let header = Header { spi_i, spi_r, ..g.header(ExchangeType::INFORMATIONAL, id) };
    vec![g.clear_of(header, payloads)]
}
