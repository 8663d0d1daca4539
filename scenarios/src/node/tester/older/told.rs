//! Words under an ISAKMP SA that mean nothing, or what must not be believed: informational exchanges (RFC 2408 §4.8), and
//! transactions of XAUTH and the configuration method.

use ipsec::wire::registry::v1::{
    ConfigAttribute as Class, ConfigType, ExchangeType, NotifyType, PayloadType, ProtocolId,
};
use ipsec::wire::v1::{Attribute, Delete, Notify, Payload};
use ipsec::wire::{IkeSpi, Spi};

use super::super::Luck;
use super::super::attack::Attack;
use super::ground::{Ground, attributes, generic, message_id, own_sa, quick};
use super::{Case, Messages, Place};

const fn inside(attack: Attack, name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack, place: Place::Inside, name, make }
}

pub(super) const CASES: &[Case] = &[
    inside(Attack::Notifies, "two deletes of the same SA in one message", |g, luck| {
        let delete = Payload::Delete(Delete::ipsec(ProtocolId::ESP, [Spi(message_id(luck))]));
        vec![g.inside(ExchangeType::INFORMATIONAL, &[delete.clone(), delete], luck)]
    }),
    inside(Attack::Notifies, "a delete of ten thousand SAs", |g, luck| {
        let spis = (0..10_000).map(Spi);
        let delete = Payload::Delete(Delete::ipsec(luck.pick(&[ProtocolId::ESP, ProtocolId::AH]), spis));
        vec![g.inside(ExchangeType::INFORMATIONAL, &[delete], luck)]
    }),
    inside(Attack::Notifies, "a delete whose SPIs have another size", |g, luck| {
        let (protocol, size, count) =
            luck.pick(&[(1, 4, 1), (3, 16, 1), (3, 0, 0), (3, 0, 9), (3, 4, 2), (1, 16, 65535), (9, 4, 1)]);
        let body = [&[0, 0, 0, 1, protocol, size][..], &u16::to_be_bytes(count), &luck.octets(4)].concat();
        told_raw(g, PayloadType::DELETE, &body, luck)
    }),
    inside(Attack::Notifies, "a delete of another ISAKMP SA", |g, luck| {
        let (spi_i, spi_r) = g.others.unwrap_or((IkeSpi(1), IkeSpi(2)));
        let delete = Payload::Delete(Delete::ike(spi_i, spi_r));
        vec![g.inside(ExchangeType::INFORMATIONAL, &[delete], luck)]
    }),
    inside(Attack::Notifies, "a delete with a wrong hash", |g, luck| {
        let delete = Payload::Delete(Delete::ike(g.cookies.0, g.cookies.1));
        let hash = Payload::Hash(luck.octets(20));
        vec![g.encrypted(g.header(ExchangeType::INFORMATIONAL, message_id(luck)), &[hash, delete])]
    }),
    inside(Attack::Notifies, "a delete without a hash", |g, luck| {
        let delete = Payload::Delete(Delete::ike(g.cookies.0, g.cookies.1));
        vec![g.encrypted(g.header(ExchangeType::INFORMATIONAL, message_id(luck)), &[delete])]
    }),
    inside(Attack::Notifies, "a delete without protection", |g, luck| {
        let delete = Payload::Delete(Delete::ike(g.cookies.0, g.cookies.1));
        vec![g.clear_of(g.header(ExchangeType::INFORMATIONAL, message_id(luck)), vec![delete])]
    }),
    inside(Attack::Notifies, "R-U-THERE with other cookies, or another number", |g, luck| {
        let length = luck.pick(&[0, 1, 3, 5, 400]);
        let number = luck.octets(length);
        let kind = luck.pick(&[NotifyType::R_U_THERE, NotifyType::R_U_THERE_ACK]);
        let notify = Notify::about_ike(IkeSpi(1), g.cookies.1, kind, number);
        vec![g.inside(ExchangeType::INFORMATIONAL, &[Payload::Notify(notify)], luck)]
    }),
    inside(Attack::Notifies, "an answer to R-U-THERE that nobody has asked for", |g, luck| {
        let (kind, number) = (NotifyType::R_U_THERE_ACK, luck.octets(4));
        let notify = Notify::about_ike(g.cookies.0, g.cookies.1, kind, number);
        vec![g.inside(ExchangeType::INFORMATIONAL, &[Payload::Notify(notify)], luck)]
    }),
    inside(Attack::Notifies, "notifies of all kinds", |g, luck| {
        let kind = NotifyType(u16::try_from(luck.below(1 << 16)).unwrap_or(0));
        let (spi, data) = (luck.pick(&[0, 1, 4, 16, 255]), luck.pick(&[0, 1, 4, 400]));
        let protocol = ProtocolId(luck.pick(&[0, 1, 2, 3, 4, 255]));
        let notify = Notify { protocol, spi: luck.octets(spi), ..Notify::new(kind, luck.octets(data)) };
        vec![g.inside(ExchangeType::INFORMATIONAL, &[Payload::Notify(notify)], luck)]
    }),
    inside(Attack::Notifies, "RESPONDER-LIFETIME that is no list of attributes", |g, luck| {
        let length = luck.pick(&[0, 1, 3, 5, 9]);
        let notify = Notify {
            protocol: ProtocolId::ESP,
            spi: own_sa(luck),
            ..Notify::new(NotifyType::RESPONDER_LIFETIME, luck.octets(length))
        };
        vec![g.inside(ExchangeType::INFORMATIONAL, &[Payload::Notify(notify)], luck)]
    }),
    inside(Attack::Notifies, "a notify whose SPI is longer than itself", |g, luck| {
        let body = [0, 0, 0, 1, 1, luck.pick(&[1, 16, 255]), 0, 14];
        told_raw(g, PayloadType::NOTIFY, &body, luck)
    }),
    inside(Attack::Counts, "two thousand notifies", |g, luck| {
        let notify = Notify::about_ike(g.cookies.0, g.cookies.1, NotifyType::R_U_THERE, luck.octets(4));
        let many = vec![Payload::Notify(notify); 1000];
        vec![g.inside(ExchangeType::INFORMATIONAL, &many, luck)]
    }),
    inside(Attack::Counts, "a thousand deletes", |g, luck| {
        let many = vec![Payload::Delete(Delete::ipsec(ProtocolId::ESP, [Spi(7)])); 1000];
        vec![g.inside(ExchangeType::INFORMATIONAL, &many, luck)]
    }),
    inside(Attack::Replays, "one delete a hundred times", |g, luck| {
        let delete = Payload::Delete(Delete::ipsec(ProtocolId::ESP, [Spi(message_id(luck))]));
        vec![g.inside(ExchangeType::INFORMATIONAL, &[delete], luck); 100]
    }),
    inside(Attack::Replays, "R-U-THERE a hundred times, octet for octet", |g, luck| {
        let notify = Notify::about_ike(g.cookies.0, g.cookies.1, NotifyType::R_U_THERE, luck.octets(4));
        vec![g.inside(ExchangeType::INFORMATIONAL, &[Payload::Notify(notify)], luck); 100]
    }),
    inside(Attack::Users, "the outcome of XAUTH, told by the one who was asked", |g, luck| {
        let status = vec![Attribute::basic(Class::XAUTH_STATUS.0, luck.pick(&[0, 1, 2, 65535]))];
        transacted(g, ConfigType::SET, status, luck)
    }),
    inside(Attack::Users, "an answer of XAUTH to no question", |g, luck| {
        let answer = named(b"alice", b"wonder");
        transacted(g, ConfigType::REPLY, answer, luck)
    }),
    inside(Attack::Users, "an acknowledgement of nothing", |g, luck| {
        let status = vec![Attribute::variable(Class::XAUTH_STATUS.0, [])];
        transacted(g, ConfigType::ACK, status, luck)
    }),
    inside(Attack::Users, "a question of XAUTH from the one who is asked", |g, luck| {
        let question = vec![
            Attribute::basic(Class::XAUTH_TYPE.0, luck.pick(&[0, 1, 2, 3, 99])),
            Attribute::variable(Class::XAUTH_USER_NAME.0, []),
            Attribute::variable(Class::XAUTH_USER_PASSWORD.0, []),
        ];
        transacted(g, ConfigType::REQUEST, question, luck)
    }),
    inside(Attack::Users, "a transaction of no kind", |g, luck| {
        let kind = ConfigType(luck.pick(&[0, 5, 127, 128, 255]));
        transacted(g, kind, named(b"alice", b"wonder"), luck)
    }),
    inside(Attack::Users, "a transaction without attributes", |g, luck| {
        let kind = ConfigType(luck.pick(&[1, 2, 3, 4]));
        transacted(g, kind, Vec::new(), luck)
    }),
    inside(Attack::Users, "a transaction without a hash", |g, luck| {
        let asked = attributes(ConfigType::REQUEST, vec![Attribute::variable(1, [])]);
        vec![g.encrypted(g.header(ExchangeType::TRANSACTION, message_id(luck)), &[asked])]
    }),
    inside(Attack::Users, "a transaction with a wrong hash", |g, luck| {
        let asked = attributes(ConfigType::REQUEST, vec![Attribute::variable(1, [])]);
        let hash = Payload::Hash(luck.octets(20));
        vec![g.encrypted(g.header(ExchangeType::TRANSACTION, message_id(luck)), &[hash, asked])]
    }),
    inside(Attack::Users, "two transactions in one message", |g, luck| {
        let asked = attributes(ConfigType::REQUEST, vec![Attribute::variable(1, [])]);
        vec![g.inside(ExchangeType::TRANSACTION, &[asked.clone(), asked], luck)]
    }),
    inside(Attack::Users, "an attribute that is longer than its transaction", |g, luck| {
        let length = u16::to_be_bytes(luck.pick(&[1, 5, 0x7fff, 0xffff]));
        let body = [1, 0, 0, 7, 0, 1, length[0], length[1]];
        transacted_raw(g, &body, luck)
    }),
    inside(Attack::Users, "half an attribute", |g, luck| {
        let length = luck.pick(&[1, 2, 3]);
        transacted_raw(g, &[&[1, 0, 0, 7][..], &luck.octets(length)].concat(), luck)
    }),
    inside(Attack::Users, "less than a transaction", |g, luck| {
        let length = luck.pick(&[0, 1, 2, 3]);
        transacted_raw(g, &luck.octets(length), luck)
    }),
    inside(Attack::Users, "a name that speaks to whoever writes it down", |g, luck| {
        let names: [&[u8]; 5] = [b"", b"alice\0", b"%s%n", b"alice\n0s west: delete net", b"\xff\xfe"];
        let kind = luck.pick(&[ConfigType::REQUEST, ConfigType::REPLY, ConfigType::SET]);
        transacted(g, kind, named(luck.pick(&names), b"wonder"), luck)
    }),
    inside(Attack::Users, "a password of fifty thousand octets", |g, luck| {
        let long = luck.octets(50_000);
        transacted(g, ConfigType::REPLY, named(b"alice", &long), luck)
    }),
    inside(Attack::Users, "ten thousand questions in one", |g, luck| {
        let class = luck.pick(&[1, 2, 3, 8, 13, 99, 16524]);
        transacted(g, ConfigType::REQUEST, vec![Attribute::variable(class, []); 10_000], luck)
    }),
    inside(Attack::Users, "addresses of another length", |g, luck| {
        let kind = luck.pick(&[ConfigType::REQUEST, ConfigType::SET, ConfigType::REPLY]);
        let (class, length) = (luck.pick(&[1, 2, 3, 8, 13]), luck.pick(&[1, 3, 5, 15, 18, 4000]));
        transacted(g, kind, vec![Attribute::variable(class, luck.octets(length))], luck)
    }),
    inside(Attack::Users, "quick mode before the user is known", |g, luck| {
        // Where nobody asks for a user, for packets of no child.
        let mut payloads = quick(luck);
        payloads.truncate(3);
        vec![g.inside(ExchangeType::QUICK, &payloads, luck)]
    }),
    inside(Attack::Users, "a wrong password, again and again", |g, luck| {
        let answer = attributes(ConfigType::REPLY, named(b"alice", b"wunder"));
        (0..20).map(|_| g.inside(ExchangeType::TRANSACTION, std::slice::from_ref(&answer), luck)).collect()
    }),
];

fn named(user: &[u8], password: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::basic(Class::XAUTH_TYPE.0, 0),
        Attribute::variable(Class::XAUTH_USER_NAME.0, user),
        Attribute::variable(Class::XAUTH_USER_PASSWORD.0, password),
    ]
}

fn transacted(g: &Ground<'_>, kind: ConfigType, said: Vec<Attribute>, luck: &mut Luck) -> Messages {
    vec![g.inside(ExchangeType::TRANSACTION, &[attributes(kind, said)], luck)]
}

fn transacted_raw(g: &Ground<'_>, body: &[u8], luck: &mut Luck) -> Messages {
    let payload = generic(PayloadType::NONE, body);
    vec![g.inside_raw(ExchangeType::TRANSACTION, PayloadType::ATTRIBUTES, &payload, luck)]
}

/// An informational message with one payload, which is given by its octets.
fn told_raw(g: &Ground<'_>, kind: PayloadType, body: &[u8], luck: &mut Luck) -> Messages {
    let payload = generic(PayloadType::NONE, body);
    vec![g.inside_raw(ExchangeType::INFORMATIONAL, kind, &payload, luck)]
}
