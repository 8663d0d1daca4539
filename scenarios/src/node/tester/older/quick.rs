//! Quick modes that must not bring IPsec SAs, said by somebody who has proven an identity (RFC 2409 §5.5, RFC 2407 §4.4, §4.5).

use ipsec::wire::registry::v1::{
    EncapsulationMode, EspTransform, ExchangeType, IdType, PayloadType, Phase2Attribute as Class, ProtocolId,
};
use ipsec::wire::v1::{
    Attribute, Header, Identification, Payload, Proposal, SecurityAssociation, Subject, Transform, emit_chain,
};

use super::super::Luck;
use super::super::attack::Attack;
use super::super::crafted::length_near;
use super::ground::{Ground, aes, ah, esp, generic, last_block, message_id, networks, own_sa, quick};
use super::{Case, Messages, Place};

const fn inside(attack: Attack, name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack, place: Place::Inside, name, make }
}

const fn third(attack: Attack, name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack, place: Place::Third, name, make }
}

pub(super) const CASES: &[Case] = &[
    inside(Attack::Payloads, "quick mode without SA", |g, luck| without(g, PayloadType::SA, luck)),
    inside(Attack::Payloads, "quick mode without a nonce", |g, luck| without(g, PayloadType::NONCE, luck)),
    inside(Attack::Payloads, "quick mode with two SA payloads", |g, luck| twice(g, PayloadType::SA, luck)),
    inside(Attack::Payloads, "quick mode with two nonces", |g, luck| twice(g, PayloadType::NONCE, luck)),
    inside(Attack::Payloads, "quick mode without a hash", |g, luck| {
        vec![g.encrypted(g.header(ExchangeType::QUICK, message_id(luck)), &quick(luck))]
    }),
    inside(Attack::Payloads, "quick mode with a hash of no octets", |g, luck| with_hash(g, Vec::new(), luck)),
    inside(Attack::Payloads, "quick mode with a wrong hash", |g, luck| {
        let wrong = luck.octets(20);
        with_hash(g, wrong, luck)
    }),
    inside(Attack::Payloads, "quick mode with a hash that is cut off", |g, luck| {
        let payloads = quick(luck);
        let mut rest = Vec::new();
        emit_chain(&payloads, &mut rest);
        let header = g.header(ExchangeType::QUICK, message_id(luck));
        let hash = g.first_hash(header.message_id, &rest)[..luck.pick(&[1, 8, 12, 16, 19])].to_vec();
        vec![g.encrypted(header, &[vec![Payload::Hash(hash)], payloads].concat())]
    }),
    inside(Attack::Payloads, "quick mode whose hash does not come first", |g, luck| {
        let payloads = quick(luck);
        let mut rest = Vec::new();
        emit_chain(&payloads, &mut rest);
        let header = g.header(ExchangeType::QUICK, message_id(luck));
        let hash = Payload::Hash(g.first_hash(header.message_id, &rest));
        vec![g.encrypted(header, &[payloads, vec![hash]].concat())]
    }),
    inside(Attack::Payloads, "a public value without a group", |g, luck| {
        let more = vec![Payload::Ke(g.public.to_vec())];
        vec![g.inside(ExchangeType::QUICK, &[quick(luck), more].concat(), luck)]
    }),
    inside(Attack::Payloads, "a group without a public value", |g, luck| {
        let group = vec![Attribute::basic(Class::GROUP.0, 19)];
        proposed(g, vec![aes(group)], luck)
    }),
    inside(Attack::Degenerate, "a public value that must not be used", |g, luck| {
        let public = luck.pick(&[vec![], vec![0; 64], vec![0xff; 64], vec![7; 64], vec![1], vec![0; 4000]]);
        let group = vec![Attribute::basic(Class::GROUP.0, 19)];
        let mut payloads = with_sa(SecurityAssociation::new(vec![esp(vec![aes(group)], luck)]), luck);
        payloads.push(Payload::Ke(public));
        vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
    }),
    inside(Attack::Degenerate, "a nonce of less than eight octets, or more than 256", |g, luck| {
        let length = luck.pick(&[0, 1, 7, 257, 4000, 50_000]);
        let nonce = Payload::Nonce(luck.octets(length));
        let mut payloads = quick(luck);
        payloads[1] = nonce;
        vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
    }),
    inside(Attack::Degenerate, "nothing proposed", |g, luck| {
        let payloads = with_sa(SecurityAssociation::new(Vec::new()), luck);
        vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
    }),
    inside(Attack::Degenerate, "a proposal without transforms", |g, luck| proposed(g, Vec::new(), luck)),
    inside(Attack::Degenerate, "an SPI of 0, or one that is reserved", |g, luck| {
        let spi = luck.pick(&[[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 255]]);
        let proposal = Proposal { spi: spi.to_vec(), ..esp(vec![aes(Vec::new())], luck) };
        of(g, vec![proposal], luck)
    }),
    inside(Attack::Degenerate, "an SPI of another length", |g, luck| {
        let length = luck.pick(&[0, 1, 2, 3, 5, 8, 16, 255]);
        let proposal = Proposal { spi: luck.octets(length), ..esp(vec![aes(Vec::new())], luck) };
        of(g, vec![proposal], luck)
    }),
    inside(Attack::Degenerate, "AES-GMAC alone, and no other key", |g, luck| {
        let bits = luck.pick(&[0, 128, 192, 256]);
        let transform = Transform {
            number: 1,
            id: EspTransform::NULL_AUTH_AES_GMAC.0,
            attributes: vec![
                Attribute::basic(Class::ENCAPSULATION_MODE.0, EncapsulationMode::TUNNEL.0),
                Attribute::basic(Class::KEY_LENGTH.0, bits),
            ],
        };
        proposed(g, vec![transform], luck)
    }),
    inside(Attack::Degenerate, "a cipher that nobody knows", |g, luck| {
        let id = luck.pick(&[0, 1, 5, 10, 100, 255]);
        proposed(g, vec![Transform { id, ..aes(Vec::new()) }], luck)
    }),
    inside(Attack::Degenerate, "a key of another length, in quick mode", |g, luck| {
        let bits = luck.pick(&[0, 1, 64, 127, 512, 65535]);
        changed_attribute(g, Class::KEY_LENGTH, &Attribute::basic(Class::KEY_LENGTH.0, bits), luck)
    }),
    inside(Attack::Degenerate, "an encapsulation that nobody knows", |g, luck| {
        let mode = luck.pick(&[0, 5, 99, 61440, 65535]);
        changed_attribute(
            g,
            Class::ENCAPSULATION_MODE,
            &Attribute::basic(Class::ENCAPSULATION_MODE.0, mode),
            luck,
        )
    }),
    inside(Attack::Degenerate, "two encapsulations", |g, luck| {
        let transport = Attribute::basic(Class::ENCAPSULATION_MODE.0, EncapsulationMode::TRANSPORT.0);
        proposed(g, vec![aes(vec![transport])], luck)
    }),
    inside(Attack::Degenerate, "half a lifetime, in quick mode", |g, luck| {
        let half = luck.pick(&[(Class::LIFE_TYPE, 1), (Class::LIFE_DURATION, 3600)]);
        proposed(g, vec![aes(vec![Attribute::basic(half.0.0, half.1)])], luck)
    }),
    inside(Attack::Degenerate, "a lifetime of no octets or too many, in quick mode", |g, luck| {
        let length = luck.pick(&[0, 9, 200]);
        let life = vec![
            Attribute::basic(Class::LIFE_TYPE.0, 1),
            Attribute::variable(Class::LIFE_DURATION.0, luck.octets(length)),
        ];
        proposed(g, vec![aes(life)], luck)
    }),
    inside(Attack::Degenerate, "AH that is proposed as something else", |g, luck| {
        let tunnel = Attribute::basic(Class::ENCAPSULATION_MODE.0, EncapsulationMode::TUNNEL.0);
        let md5 = Attribute::basic(Class::AUTHENTICATION.0, luck.pick(&[0, 1, 99]));
        let proposal = Proposal {
            number: 1,
            protocol: luck.pick(&[ProtocolId::AH, ProtocolId::ISAKMP, ProtocolId::IPCOMP, ProtocolId(9)]),
            spi: own_sa(luck),
            transforms: vec![ah(vec![tunnel, md5])],
        };
        of(g, vec![proposal], luck)
    }),
    inside(Attack::Counts, "a thousand proposals of quick mode", |g, luck| {
        let unknown = Transform { id: 99, ..aes(Vec::new()) };
        let proposal = |number: u32| Proposal {
            number: u8::try_from(number % 256).unwrap_or(0),
            ..esp(vec![unknown.clone()], luck)
        };
        let proposals = (0..1000).map(proposal).collect();
        of(g, proposals, luck)
    }),
    inside(Attack::Counts, "255 transforms of quick mode that nobody knows", |g, luck| {
        let unknown = |number| Transform { number, id: 99, attributes: Vec::new() };
        proposed(g, (0..=254).map(unknown).collect(), luck)
    }),
    inside(Attack::Counts, "ten thousand attributes of quick mode", |g, luck| {
        proposed(g, vec![aes(vec![Attribute::basic(Class::KEY_ROUNDS.0, 1); 10_000])], luck)
    }),
    inside(Attack::Counts, "five protocols that are wanted together", |g, luck| {
        let proposals = (0..5).map(|_| esp(vec![aes(Vec::new())], luck)).collect();
        of(g, proposals, luck)
    }),
    inside(Attack::Counts, "seventy quick modes at once", |g, luck| {
        // With good offers for other packets than those of any child.
        (0..70)
            .flat_map(|_| {
                let mut payloads = quick(luck);
                payloads[2] = Payload::Id(Identification::of(Subject::Address([10, 200, 0, 1].into())));
                vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
            })
            .collect()
    }),
    inside(Attack::Selectors, "identities of names", |g, luck| {
        let kind = luck.pick(&[IdType::FQDN, IdType::USER_FQDN, IdType::DER_ASN1_DN, IdType::KEY_ID]);
        let id = Identification::new(kind, b"west.example");
        identified(g, vec![id.clone(), id], luck)
    }),
    inside(Attack::Selectors, "one identity", |g, luck| identified(g, networks()[..1].to_vec(), luck)),
    inside(Attack::Selectors, "three identities", |g, luck| {
        let [one, other] = networks();
        identified(g, vec![one, other.clone(), other], luck)
    }),
    inside(Attack::Selectors, "the identities the other way round", |g, luck| {
        let [one, other] = networks();
        identified(g, vec![other, one], luck)
    }),
    inside(Attack::Selectors, "all packets", |g, luck| {
        let zero = std::net::IpAddr::from([0, 0, 0, 0]);
        let all = Identification::of(Subject::Subnet { address: zero, mask: zero });
        identified(g, vec![all.clone(), all], luck)
    }),
    inside(Attack::Selectors, "a mask that is no prefix", |g, luck| {
        let mask = luck.pick(&[[255, 0, 255, 0], [0, 255, 255, 255], [255, 255, 0, 1]]);
        let net = |second: u8| {
            Identification::of(Subject::Subnet { address: [10, second, 0, 0].into(), mask: mask.into() })
        };
        identified(g, vec![net(9), net(8)], luck)
    }),
    inside(Attack::Selectors, "a range from its end to its beginning", |g, luck| {
        let range = |second: u8| {
            let (first, last) = ([10, second, 255, 255].into(), [10, second, 0, 0].into());
            Identification::of(Subject::Range { first, last })
        };
        identified(g, vec![range(9), range(8)], luck)
    }),
    inside(Attack::Selectors, "identities of two versions of IP", |g, luck| {
        let zero = std::net::IpAddr::from([0_u16; 8]);
        let other = Identification::of(Subject::Subnet { address: zero, mask: zero });
        identified(g, vec![networks()[0].clone(), other], luck)
    }),
    inside(Attack::Selectors, "addresses of another length", |g, luck| {
        let kind = luck.pick(&[IdType::IPV4_ADDR, IdType::IPV4_ADDR_SUBNET, IdType::IPV6_ADDR_RANGE]);
        let length = luck.pick(&[0, 1, 3, 5, 7, 9, 31, 33, 1000]);
        let id = Identification::new(kind, &luck.octets(length));
        identified(g, vec![id.clone(), id], luck)
    }),
    inside(Attack::Selectors, "a port and no protocol, or two protocols", |g, luck| {
        let [one, other] = networks();
        let (protocol, port) = luck.pick(&[(0, 500), (6, 0), (17, 53), (255, 1)]);
        identified(g, vec![Identification { protocol, port, ..one }, other], luck)
    }),
    inside(Attack::Lengths, "a length within quick mode", |g, luck| {
        let mut rest = Vec::new();
        let first = emit_chain(&quick(luck), &mut rest);
        // SA, its proposal, its transform, an attribute.
        let at = luck.pick(&[2, 14, 26, 34]);
        let before = u16::from_be_bytes([rest[at], rest[at + 1]]);
        let mut wrong = length_near(before, luck);
        // An attribute that is basic has its value there.
        if at == 34 {
            rest[32] &= 0x7f;
            wrong = wrong.max(5);
        }
        rest[at..at + 2].copy_from_slice(&wrong.to_be_bytes());
        vec![g.inside_raw(ExchangeType::QUICK, first, &rest, luck)]
    }),
    inside(Attack::Lengths, "another number of transforms, in quick mode", |g, luck| {
        let mut rest = Vec::new();
        let first = emit_chain(&quick(luck), &mut rest);
        rest[19] = luck.pick(&[0, 2, 255]);
        vec![g.inside_raw(ExchangeType::QUICK, first, &rest, luck)]
    }),
    inside(Attack::Lengths, "an SPI that is longer than its proposal", |g, luck| {
        let mut rest = Vec::new();
        let first = emit_chain(&quick(luck), &mut rest);
        rest[18] = luck.pick(&[0, 3, 5, 64, 255]);
        vec![g.inside_raw(ExchangeType::QUICK, first, &rest, luck)]
    }),
    inside(Attack::Flips, "quick mode with a bit that flips", |g, luck| {
        let mut octets = g.inside(ExchangeType::QUICK, &quick(luck), luck);
        // Padding at the end is covered by nothing.
        let bit = luck.below((octets.len() - Header::LEN - 16) * 8);
        octets[Header::LEN + bit / 8] ^= 1 << (bit % 8);
        vec![octets]
    }),
    inside(Attack::Exchanges, "quick mode under the exchange type of another", |g, luck| {
        let exchange = luck.pick(&[
            ExchangeType::INFORMATIONAL,
            ExchangeType::TRANSACTION,
            ExchangeType::NEW_GROUP,
            ExchangeType::BASE,
            ExchangeType(36),
        ]);
        vec![g.inside(exchange, &quick(luck), luck)]
    }),
    inside(Attack::Exchanges, "quick mode under the message ID 0", |g, luck| {
        vec![g.encrypted(g.header(ExchangeType::QUICK, 0), &quick(luck))]
    }),
    inside(Attack::Exchanges, "quick mode in the clear", |g, luck| {
        vec![g.clear_of(g.header(ExchangeType::QUICK, message_id(luck)), quick(luck))]
    }),
    inside(Attack::Exchanges, "phase 1 anew under an ISAKMP SA", |g, _| {
        vec![g.clear(g.first()), g.proof(&g.first())]
    }),
    inside(Attack::Exchanges, "new group mode", |g, luck| {
        let sa = vec![Payload::Sa(g.offer())];
        vec![g.inside(ExchangeType::NEW_GROUP, &sa, luck)]
    }),
    inside(Attack::Replays, "one quick mode three times, and others under its message ID", |g, luck| {
        let mut payloads = quick(luck);
        payloads[3] = Payload::Id(Identification::of(Subject::Address([10, 200, 0, 1].into())));
        let first = g.inside(ExchangeType::QUICK, &payloads, luck);
        let id = Header::parse(&first).map_or(1, |header| header.message_id);
        let mut rest = Vec::new();
        emit_chain(&quick(luck), &mut rest);
        let hash = g.first_hash(id, &rest);
        let chain = [&generic(PayloadType::SA, &hash)[..], &rest].concat();
        let other = g.encrypted_raw(g.header(ExchangeType::QUICK, id), PayloadType::HASH, &chain, None);
        vec![first.clone(), first.clone(), first, other.clone(), other]
    }),
    third(Attack::Payloads, "HASH(3) that is wrong", |g, luck| {
        let wrong = luck.octets(20);
        answered(g, Payload::Hash(wrong))
    }),
    third(Attack::Payloads, "HASH(3) of no octets", |g, _| answered(g, Payload::Hash(Vec::new()))),
    third(Attack::Payloads, "something else than HASH(3)", |g, luck| {
        let nonce = Payload::Nonce(luck.octets(32));
        answered(g, nonce)
    }),
    third(Attack::Payloads, "a refusal in the place of HASH(3)", |g, _| {
        let notify = ipsec::wire::v1::Notify::new(ipsec::wire::registry::v1::NotifyType(14), Vec::new());
        answered(g, Payload::Notify(notify))
    }),
    third(Attack::Replays, "the first message in the place of the third", |g, luck| {
        let again = quick(luck);
        let Some((id, _, before)) = g.quick else { return Vec::new() };
        let mut chain = Vec::new();
        let first = emit_chain(&again, &mut chain);
        let header = g.header(ExchangeType::QUICK, id);
        vec![g.encrypted_raw(header, first, &chain, Some(&last_block(before)))]
    }),
    third(Attack::Flood, "nothing in the place of HASH(3)", |_, _| Vec::new()),
];

/// Quick mode with this SA payload.
fn with_sa(sa: SecurityAssociation, luck: &mut Luck) -> Vec<Payload> {
    let mut payloads = quick(luck);
    payloads[0] = Payload::Sa(sa);
    payloads
}

fn of(g: &Ground<'_>, proposals: Vec<Proposal>, luck: &mut Luck) -> Messages {
    let payloads = with_sa(SecurityAssociation::new(proposals), luck);
    vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
}

/// Quick mode with these transforms of ESP.
fn proposed(g: &Ground<'_>, transforms: Vec<Transform>, luck: &mut Luck) -> Messages {
    let proposal = esp(transforms, luck);
    of(g, vec![proposal], luck)
}

fn changed_attribute(g: &Ground<'_>, class: Class, other: &Attribute, luck: &mut Luck) -> Messages {
    let good = aes(Vec::new());
    let own = good.attributes.into_iter();
    let attributes = own.map(|own| if own.class == class.0 { other.clone() } else { own }).collect();
    proposed(g, vec![Transform { attributes, number: 1, id: good.id }], luck)
}

fn without(g: &Ground<'_>, kind: PayloadType, luck: &mut Luck) -> Messages {
    let payloads: Vec<Payload> = quick(luck).into_iter().filter(|payload| payload.kind() != kind).collect();
    vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
}

fn twice(g: &Ground<'_>, kind: PayloadType, luck: &mut Luck) -> Messages {
    let mut payloads = quick(luck);
    payloads.extend(payloads.iter().find(|payload| payload.kind() == kind).cloned());
    vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
}

fn with_hash(g: &Ground<'_>, hash: Vec<u8>, luck: &mut Luck) -> Messages {
    let payloads = [vec![Payload::Hash(hash)], quick(luck)].concat();
    vec![g.encrypted(g.header(ExchangeType::QUICK, message_id(luck)), &payloads)]
}

fn identified(g: &Ground<'_>, ids: Vec<Identification>, luck: &mut Luck) -> Messages {
    let mut payloads = quick(luck);
    payloads.truncate(2);
    payloads.extend(ids.into_iter().map(Payload::Id));
    vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
}

/// The third message of a quick mode, with this in it.
fn answered(g: &Ground<'_>, payload: Payload) -> Messages {
    let Some((id, _, before)) = g.quick else { return Vec::new() };
    let mut chain = Vec::new();
    let first = emit_chain(&[payload], &mut chain);
    vec![g.encrypted_raw(g.header(ExchangeType::QUICK, id), first, &chain, Some(&last_block(before)))]
}
