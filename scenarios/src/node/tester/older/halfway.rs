//! What is wrong behind the first message: public values and nonces (RFC 2409 §5), identities (RFC 2407 §4.6.2), proofs, and
//! what must wait until phase 1 is through.

use ipsec::wire::registry::v1::CertEncoding;
use ipsec::wire::registry::v1::{
    ConfigAttribute, ConfigType, ExchangeType, IdType, NotifyType, PayloadType, ProtocolId,
};
use ipsec::wire::v1::{
    Attribute, Certificate, CertificateRequest, Delete, Header, Identification, Notify, Payload,
};

use super::super::Luck;
use super::super::attack::Attack;
use super::ground::{Ground, attributes, generic, message_id, quick};
use super::{Case, Messages, Place};
use ipsec::ikev1::Mode;

const fn keying(attack: Attack, name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack, place: Place::Keying, name, make }
}

const fn named(name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack: Attack::Identities, place: Place::Identity, name, make }
}

const fn proof(attack: Attack, name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Messages) -> Case {
    Case { attack, place: Place::Proof, name, make }
}

pub(super) const CASES: &[Case] = &[
    keying(Attack::Degenerate, "a public value of zeros", |g, _| public(g, vec![0; 64])),
    keying(Attack::Degenerate, "a public value of ones", |g, _| public(g, vec![0xff; 64])),
    keying(Attack::Degenerate, "a public value beside the curve", |g, luck| public(g, luck.octets(64))),
    keying(Attack::Degenerate, "a public value of another length", |g, luck| {
        let length = luck.pick(&[0, 1, 32, 63, 65, 128, 4096]);
        public(g, luck.octets(length))
    }),
    keying(Attack::Degenerate, "a point that says how it is written", |g, _| {
        public(g, [&[4], g.public].concat())
    }),
    keying(Attack::Degenerate, "a nonce of less than eight octets", |g, luck| {
        let length = luck.pick(&[0, 1, 7]);
        nonce(g, luck.octets(length))
    }),
    keying(Attack::Degenerate, "a nonce of more than 256 octets", |g, luck| {
        let length = luck.pick(&[257, 2000, 60_000]);
        nonce(g, luck.octets(length))
    }),
    keying(Attack::Payloads, "no public value", |g, _| said(g, vec![g.keying()[1].clone()])),
    keying(Attack::Payloads, "no nonce", |g, _| said(g, vec![g.keying()[0].clone()])),
    keying(Attack::Payloads, "two public values", |g, _| {
        let [ke, nonce] = g.keying();
        said(g, vec![ke.clone(), ke, nonce])
    }),
    keying(Attack::Payloads, "two nonces", |g, luck| {
        let [ke, nonce] = g.keying();
        said(g, vec![ke, nonce, Payload::Nonce(luck.octets(32))])
    }),
    keying(Attack::Counts, "a thousand requests for certificates", |g, luck| {
        let request = CertificateRequest { encoding: CertEncoding(4), authority: luck.octets(20) };
        let many = vec![Payload::CertReq(request); 1000];
        said(g, [g.keying().to_vec(), many].concat())
    }),
    keying(Attack::Counts, "a thousand hashes of addresses", |g, luck| {
        let many = vec![Payload::NatD(luck.octets(20)); 1000];
        said(g, [g.keying().to_vec(), many].concat())
    }),
    named("an identity of a type that nobody knows", |g, luck| {
        let kind = IdType(luck.pick(&[0, 13, 14, 99, 201, 255]));
        called(g, &Identification::new(kind, &luck.octets(8)).body())
    }),
    named("no identity in the identity", |g, luck| {
        let length = luck.pick(&[0, 1, 3, 4]);
        called(g, &vec![2; length])
    }),
    named("an address of another length", |g, luck| {
        let kind = luck.pick(&[IdType::IPV4_ADDR, IdType::IPV6_ADDR]);
        let length = luck.pick(&[0, 3, 5, 15, 17, 4000]);
        called(g, &Identification::new(kind, &luck.octets(length)).body())
    }),
    named("networks and ranges", |g, luck| {
        let kind = luck.pick(&[IdType::IPV4_ADDR_SUBNET, IdType::IPV4_ADDR_RANGE, IdType::LIST]);
        let length = luck.pick(&[0, 7, 8, 9]);
        called(g, &Identification::new(kind, &luck.octets(length)).body())
    }),
    named("a name with a zero in it", |g, _| {
        let name = [g.orders.identity.to_string().as_bytes(), b"\0.evil.example"].concat();
        called(g, &Identification::new(IdType::FQDN, &name).body())
    }),
    named("a name that speaks to whoever writes it down", |g, luck| {
        let names: [&[u8]; 6] = [
            b"%s%n%s%n",
            b"west.example\n0s west: delete net",
            b"'; DROP TABLE peers; --",
            b"\xff\xfe\x00\xd8",
            b"\x1b[2J*",
            b"$(reboot)",
        ];
        let kind = luck.pick(&[IdType::FQDN, IdType::USER_FQDN, IdType::KEY_ID]);
        called(g, &Identification::new(kind, luck.pick(&names)).body())
    }),
    named("a name of sixty thousand octets", |g, luck| {
        called(g, &Identification::new(IdType::FQDN, &luck.octets(60_000)).body())
    }),
    named("a distinguished name that is cut off", |g, luck| {
        let names: [&[u8]; 4] = [b"\x30\x84\xff\xff\xff\xff\x00", b"\x30\x0c\x31\x0a", b"\x30\x80", b""];
        called(g, &Identification::new(IdType::DER_ASN1_DN, luck.pick(&names)).body())
    }),
    named("an identity for another port", |g, luck| {
        let (protocol, port) = luck.pick(&[(17, 4500), (6, 0), (0, 500), (17, 1), (255, 65535)]);
        called(g, &Identification { protocol, port, ..g.id() }.body())
    }),
    named("two identities", |g, luck| {
        let other = Payload::Id(Identification::new(IdType::FQDN, &luck.octets(8)));
        match g.mode {
            Mode::Main => vec![g.proof(&[Payload::Id(g.id()), other, Payload::Hash(g.hash())])],
            Mode::Aggressive => vec![g.clear([g.first(), vec![other]].concat())],
        }
    }),
    proof(Attack::Payloads, "no hash", |g, _| vec![g.proof(&g.proven_by(Vec::new()))]),
    proof(Attack::Payloads, "two hashes", |g, _| {
        vec![g.proof(&g.proven_by(vec![Payload::Hash(g.hash()), Payload::Hash(g.hash())]))]
    }),
    proof(Attack::Payloads, "a hash of no octets", |g, _| hashed(g, Vec::new())),
    proof(Attack::Payloads, "a hash that is cut off", |g, luck| {
        let kept = luck.pick(&[1, 10, 12, 16, 19]);
        hashed(g, g.hash()[..kept].to_vec())
    }),
    proof(Attack::Payloads, "a hash with octets behind it", |g, luck| {
        hashed(g, [g.hash(), luck.octets(4)].concat())
    }),
    proof(Attack::Payloads, "a hash of zeros", |g, _| hashed(g, vec![0; 20])),
    proof(Attack::Payloads, "the hash of another identity", |g, luck| {
        hashed(g, g.hash_of(&Identification::new(IdType::FQDN, &luck.octets(8)).body()))
    }),
    proof(Attack::Payloads, "the hash without the identity's generic fields", |g, _| {
        hashed(g, g.hash_of(&g.id().data))
    }),
    proof(Attack::Payloads, "a signature in the place of a hash", |g, _| {
        vec![g.proof(&g.proven_by(vec![Payload::Sig(g.hash())]))]
    }),
    proof(Attack::Payloads, "a hash behind a certificate that is none", |g, luck| {
        let certificate =
            Certificate { encoding: CertEncoding(luck.pick(&[0, 4, 7])), data: luck.octets(90) };
        let wrong = Payload::Hash(luck.octets(20));
        vec![g.proof(&g.proven_by(vec![Payload::Cert(certificate), wrong]))]
    }),
    proof(Attack::Payloads, "a proof without protection", |g, _| {
        // Aggressive mode may send its last message in the clear.
        let wrong = g.hash().iter().map(|octet| octet ^ 1).collect();
        vec![g.clear(g.proven_by(vec![Payload::Hash(wrong)]))]
    }),
    proof(Attack::Flips, "a proof with a bit that flips", |g, luck| {
        let mut octets = g.proof(&g.proven_by(vec![Payload::Hash(g.hash())]));
        // The first block is all that stands before the hash ends, and behind it may be padding.
        let bit = luck.below(16 * 8);
        octets[Header::LEN + bit / 8] ^= 1 << (bit % 8);
        vec![octets]
    }),
    proof(Attack::Replays, "a wrong proof a hundred times", |g, luck| {
        let wrong = g.proof(&g.proven_by(vec![Payload::Hash(luck.octets(20))]));
        vec![wrong; 100]
    }),
    proof(Attack::Exchanges, "quick mode before the proof", |g, luck| {
        vec![g.inside(ExchangeType::QUICK, &quick(luck), luck)]
    }),
    proof(Attack::Exchanges, "quick mode in the place of the proof", |g, luck| {
        vec![g.encrypted(g.header(ExchangeType::QUICK, 0), &quick(luck))]
    }),
    proof(Attack::Exchanges, "a delete before the proof", |g, luck| {
        let delete = Payload::Delete(Delete::ike(g.cookies.0, g.cookies.1));
        vec![g.inside(ExchangeType::INFORMATIONAL, &[delete], luck)]
    }),
    proof(Attack::Exchanges, "INITIAL-CONTACT before the proof", |g, luck| {
        let notify = Notify::about_ike(g.cookies.0, g.cookies.1, NotifyType::INITIAL_CONTACT, Vec::new());
        vec![g.inside(ExchangeType::INFORMATIONAL, &[Payload::Notify(notify)], luck)]
    }),
    proof(Attack::Exchanges, "the outcome of XAUTH before the proof", |g, luck| {
        let ok = Attribute::basic(ConfigAttribute::XAUTH_STATUS.0, 1);
        vec![g.inside(ExchangeType::TRANSACTION, &[attributes(ConfigType::SET, vec![ok])], luck)]
    }),
    proof(Attack::Exchanges, "the proof in another exchange", |g, luck| {
        let other = match g.mode {
            Mode::Main => ExchangeType::AGGRESSIVE,
            Mode::Aggressive => ExchangeType::MAIN,
        };
        let exchange = luck.pick(&[other, ExchangeType::BASE, ExchangeType::INFORMATIONAL]);
        vec![g.encrypted(g.header(exchange, 0), &g.proven_by(vec![Payload::Hash(g.hash())]))]
    }),
    proof(Attack::Exchanges, "the proof under a message ID", |g, luck| {
        let header = g.header(g.phase1(), message_id(luck));
        vec![g.encrypted(header, &g.proven_by(vec![Payload::Hash(g.hash())]))]
    }),
    proof(Attack::Lengths, "a length within what is encrypted", |g, luck| {
        let mut chain = Vec::new();
        let first = ipsec::wire::v1::emit_chain(&g.proven_by(vec![Payload::Hash(g.hash())]), &mut chain);
        let before = u16::from_be_bytes([chain[2], chain[3]]);
        let wrong = super::super::crafted::length_near(before, luck);
        chain[2..4].copy_from_slice(&wrong.to_be_bytes());
        vec![g.encrypted_raw(g.header(g.phase1(), 0), first, &chain, None)]
    }),
    proof(Attack::Lengths, "no whole blocks", |g, luck| {
        let mut octets = g.proof(&g.proven_by(vec![Payload::Hash(g.hash())]));
        octets.truncate(octets.len() - luck.pick(&[1, 8, 15]));
        let length = u32::try_from(octets.len()).unwrap_or(0);
        octets[super::ground::LENGTH_AT..Header::LEN].copy_from_slice(&length.to_be_bytes());
        vec![octets]
    }),
    proof(Attack::Lengths, "nothing encrypted", |g, _| {
        let mut octets = g.proof(&g.proven_by(vec![Payload::Hash(g.hash())]));
        octets.truncate(Header::LEN);
        octets[super::ground::LENGTH_AT..Header::LEN].copy_from_slice(&28_u32.to_be_bytes());
        vec![octets]
    }),
    proof(Attack::Notifies, "a notify of another protocol beside a wrong proof", |g, luck| {
        let notify =
            Notify { protocol: ProtocolId(9), spi: luck.octets(255), ..Notify::new(NotifyType(1), vec![]) };
        vec![g.proof(&g.proven_by(vec![Payload::Notify(notify), Payload::Hash(luck.octets(20))]))]
    }),
    proof(Attack::Notifies, "a refusal, unprotected", |g, luck| {
        let kind = NotifyType(luck.pick(&[14, 16, 18, 24]));
        let notify = Payload::Notify(Notify::about_ike(g.cookies.0, g.cookies.1, kind, Vec::new()));
        vec![g.clear_of(g.header(ExchangeType::INFORMATIONAL, message_id(luck)), vec![notify])]
    }),
    proof(Attack::Counts, "five thousand payloads under good keys", |g, _| {
        let many = generic(PayloadType::VENDOR_ID, &[]).repeat(5000);
        let chain = [many, generic(PayloadType::NONE, &[])].concat();
        vec![g.encrypted_raw(g.header(g.phase1(), 0), PayloadType::VENDOR_ID, &chain, None)]
    }),
];

/// What an end says with its public value: the third message of main mode, the first of aggressive mode.
fn said(g: &Ground<'_>, payloads: Vec<Payload>) -> Messages {
    match g.mode {
        Mode::Main => vec![g.clear(payloads)],
        Mode::Aggressive => {
            let (sa, id) = (Payload::Sa(g.offer()), Payload::Id(g.id()));
            vec![g.clear([vec![sa], payloads, vec![id]].concat())]
        }
    }
}

fn public(g: &Ground<'_>, public: Vec<u8>) -> Messages {
    let [_, nonce] = g.keying();
    said(g, vec![Payload::Ke(public), nonce])
}

fn nonce(g: &Ground<'_>, nonce: Vec<u8>) -> Messages {
    let [ke, _] = g.keying();
    said(g, vec![ke, Payload::Nonce(nonce)])
}

/// Says in phase 1 to be who this content of an ID payload says, with an honest proof of it.
fn called(g: &Ground<'_>, body: &[u8]) -> Messages {
    let id = Payload::Unknown { kind: PayloadType::ID, body: body.to_vec() };
    match g.mode {
        Mode::Main => vec![g.proof(&[id, Payload::Hash(g.hash_of(body))])],
        Mode::Aggressive => {
            let [ke, nonce] = g.keying();
            vec![g.clear(vec![Payload::Sa(g.offer()), ke, nonce, id])]
        }
    }
}

fn hashed(g: &Ground<'_>, hash: Vec<u8>) -> Messages {
    vec![g.proof(&g.proven_by(vec![Payload::Hash(hash)]))]
}
