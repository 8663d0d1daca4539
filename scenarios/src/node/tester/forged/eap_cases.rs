//! What goes wrong in conversations of EAP with MSCHAPv2.

use ipsec::auth::prove_psk;
use ipsec::crypto::Secret;
use ipsec::wire::registry::AuthMethod;
use ipsec::wire::v2::{Authentication, Payload};

use super::eap::{Round, Turn, proof};
use super::{Luck, SUITE};

const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;
const SUCCESS: u8 = 3;
const FAILURE: u8 = 4;
const IDENTITY: u8 = 1;
const NOTIFICATION: u8 = 2;
const NAK: u8 = 3;
const MD5: u8 = 4;
const GTC: u8 = 6;
const MSCHAPV2: u8 = 26;

/// The first round from which a case speaks, by what an honest end would say there.
const FIRST: u32 = 0;
const SECOND: u32 = 1;
const THIRD: u32 = 2;
const LAST: u32 = 3;

const fn turn(name: &'static str, from: u32, make: fn(&Round<'_>, &mut Luck) -> Vec<Payload>) -> Turn {
    Turn { name, from, make }
}

/// What an initiator says.
pub(super) const OF_PEERS: &[Turn] = &[
    turn("EAP in the first message, and Success behind it", FIRST, |r, _| match r.said {
        0 => say(&packet(RESPONSE, 0, &[IDENTITY, b'x'])),
        _ => say(&packet(SUCCESS, r.identifier, &[])),
    }),
    turn("nothing", SECOND, |_, _| vec![Payload::VendorId(Vec::new())]),
    turn("a packet of no octets, or three", SECOND, |r, luck| say(&r.honest[..luck.pick(&[0, 1, 3])])),
    turn("a packet without a type", SECOND, |r, _| say(&packet(RESPONSE, r.identifier, &[]))),
    turn("a length that is wrong", SECOND, |r, luck| say(&measured(r.honest, luck))),
    turn("a packet that ends early", SECOND, |r, luck| {
        let mut short = r.honest.to_vec();
        short.truncate(5 + luck.below(r.honest.len() - 5));
        say(&fitted(short))
    }),
    turn("a packet of six thousand octets", SECOND, |r, _| say(&fitted([r.honest, &[b'x'; 6000]].concat()))),
    turn("Success or Failure of a peer", SECOND, |r, luck| {
        say(&packet(luck.pick(&[SUCCESS, FAILURE]), r.identifier, &[]))
    }),
    turn("a request of a peer", SECOND, |r, _| say(&changed(r.honest, 0, REQUEST))),
    turn("a code that does not exist", SECOND, |r, luck| {
        say(&changed(r.honest, 0, luck.pick(&[0, 5, 6, 255])))
    }),
    turn("another identifier", SECOND, |r, luck| {
        say(&changed(r.honest, 1, r.identifier.wrapping_add(luck.pick(&[1, 7, 128, 255]))))
    }),
    turn("Nak of nothing", SECOND, |r, luck| {
        say(&packet(RESPONSE, r.identifier, luck.pick(&[&[NAK][..], &[NAK, 0]])))
    }),
    turn("Nak of what is offered", SECOND, |r, _| {
        let wish = if r.said == 0 { [NAK, MSCHAPV2] } else { [NAK, GTC] };
        say(&packet(RESPONSE, r.identifier, &wish))
    }),
    turn("Nak of all methods but that one", SECOND, |r, _| {
        let wishes: Vec<u8> = (0..=255).filter(|kind| *kind != MSCHAPV2).collect();
        say(&packet(RESPONSE, r.identifier, &[&[NAK], &wishes[..]].concat()))
    }),
    turn("another type", SECOND, |r, luck| {
        let kind = luck.pick(&[0, IDENTITY, NOTIFICATION, MD5, GTC, 13, 21, 25, 254, 255]);
        say(&packet(RESPONSE, r.identifier, &[&[kind], &luck.octets(17)[..]].concat()))
    }),
    turn("another OpCode", SECOND, |r, luck| say(&changed(r.honest, 5, luck.pick(&[0, 1, 3, 4, 5, 255])))),
    turn("the acknowledgement before Success", SECOND, |r, _| {
        say(&packet(RESPONSE, r.identifier, &[MSCHAPV2, 3]))
    }),
    turn("another MS-CHAPv2-ID", SECOND, |r, _| {
        say(&changed(r.honest, 6, r.honest.get(6).map_or(0, |id| id.wrapping_add(1))))
    }),
    turn("another MS-Length", SECOND, |r, luck| {
        say(&changed(&changed(r.honest, 7, luck.pick(&[0, 1, 0xff])), 8, luck.pick(&[0, 4, 5, 0xff])))
    }),
    turn("another Value-Size", SECOND, |r, luck| {
        say(&changed(r.honest, 9, luck.pick(&[0, 16, 48, 50, 255])))
    }),
    turn("reserved octets that are not zero", SECOND, |r, _| say(&changed(r.honest, 26, 1))),
    turn("an NT response of zeros", SECOND, |r, _| {
        let mut other = r.honest.to_vec();
        other[34..58].fill(0);
        finish(r, &other)
    }),
    turn("an NT response with a bit that flipped", SECOND, |r, luck| {
        let at = 34 + luck.below(24);
        finish(r, &changed(r.honest, at, r.honest.get(at).map_or(0, |octet| octet ^ 1)))
    }),
    turn("another user", SECOND, |r, luck| {
        let user =
            luck.pick(&[&b"bob"[..], b"alice", b"", b"\0", b"alice@example.org\0", b"%s%n", b"\xff\xfe"]);
        // The MS-Length is behind the EAP header and the OpCode.
        let mut other = r.honest.get(..59).unwrap_or_default().to_vec();
        other.extend_from_slice(user);
        let length = u16::try_from(other.len() - 5).unwrap_or(0).to_be_bytes();
        other[7..9].copy_from_slice(&length);
        finish(r, &fitted(other))
    }),
    turn("AUTH before EAP is through", SECOND, |r, _| vec![auth(r, &own_key(r))]),
    turn("AUTH beside EAP, and then AUTH", SECOND, |r, _| match r.said {
        0 => vec![auth(r, &own_key(r)), Payload::Eap(r.honest.to_vec())],
        _ => vec![auth(r, &own_key(r))],
    }),
    turn("the first message once more", SECOND, |r, _| vec![Payload::IdI(r.ground.identification())]),
    turn("the acknowledgement of a failure", THIRD, |r, _| {
        say(&packet(RESPONSE, r.identifier, &[MSCHAPV2, 4]))
    }),
    turn("an acknowledgement with octets behind it, or without any", THIRD, |r, luck| {
        say(&packet(
            RESPONSE,
            r.identifier,
            luck.pick(&[&[MSCHAPV2, 3, 3][..], &[MSCHAPV2], &[MSCHAPV2, 3, 0, 0, 4]]),
        ))
    }),
    turn("Nak after the method has begun", THIRD, |r, _| say(&packet(RESPONSE, r.identifier, &[NAK, GTC]))),
    turn("the acknowledgement under an older identifier", THIRD, |r, _| {
        say(&packet(RESPONSE, r.identifier.wrapping_sub(1), &[MSCHAPV2, 3]))
    }),
    turn("AUTH before Success", THIRD, |r, _| vec![auth(r, &own_key(r))]),
    turn("no AUTH after Success", LAST, |r, _| say(&packet(RESPONSE, r.identifier, &[MSCHAPV2, 3]))),
    turn("AUTH of no octets", LAST, |_, _| vec![shared(Vec::new())]),
    turn("AUTH of zeros", LAST, |_, _| vec![shared(vec![0; 32])]),
    turn("AUTH without the key that EAP has made", LAST, |r, _| vec![auth(r, &own_key(r))]),
    turn("AUTH with a part of the key", LAST, |r, _| vec![auth(r, &part(r))]),
    turn("AUTH with a key of no octets", LAST, |r, _| vec![auth(r, &Secret::from(vec![]))]),
    turn("AUTH of another method", LAST, other_method),
    turn("AUTH under the other end's key", LAST, |r, _| vec![of_the_other_end(r)]),
];

/// What a responder says.
pub(super) const OF_SERVERS: &[Turn] = &[
    turn("Success at once", FIRST, |r, _| begin(r, &packet(SUCCESS, r.identifier, &[]))),
    turn("Failure with octets behind it", FIRST, |r, _| begin(r, &packet(FAILURE, r.identifier, b"sorry"))),
    turn("a response of a server", FIRST, |r, _| begin(r, &changed(r.honest, 0, RESPONSE))),
    turn("a code that does not exist", FIRST, |r, luck| {
        begin(r, &changed(r.honest, 0, luck.pick(&[0, 5, 6, 255])))
    }),
    turn("a packet of no octets, or three", FIRST, |r, luck| begin(r, &r.honest[..luck.pick(&[0, 1, 3])])),
    turn("a packet without a type", FIRST, |r, _| begin(r, &packet(REQUEST, r.identifier, &[]))),
    turn("a length that is wrong", FIRST, |r, luck| begin(r, &measured(r.honest, luck))),
    turn("a packet of six thousand octets", FIRST, |r, _| {
        begin(r, &fitted([r.honest, &[b'x'; 6000]].concat()))
    }),
    turn("Nak of a server", FIRST, |r, _| begin(r, &packet(REQUEST, r.identifier, &[NAK, MSCHAPV2]))),
    turn("a method that nobody agrees to, and Success", FIRST, |r, luck| match r.said {
        0 => begin(
            r,
            &packet(REQUEST, r.identifier, &[luck.pick(&[MD5, GTC, 13, 18, 25, 50, 254, 255]), 1, b'x']),
        ),
        _ => say(&packet(SUCCESS, r.identifier, &[])),
    }),
    turn("who are you, without end", FIRST, |r, _| endless(r, IDENTITY)),
    turn("notifications without end", FIRST, |r, _| endless(r, NOTIFICATION)),
    turn("one request without end", FIRST, |r, _| match r.said {
        0 => begin(r, r.honest),
        _ => say(&packet(REQUEST, 1, &[IDENTITY])),
    }),
    turn("a challenge that is no request of the method", FIRST, |r, luck| {
        begin(r, &changed(r.honest, 5, luck.pick(&[0, 2, 3, 4, 5, 255])))
    }),
    turn("another Value-Size", FIRST, |r, luck| {
        begin(r, &changed(r.honest, 9, luck.pick(&[0, 1, 15, 17, 255])))
    }),
    turn("another MS-Length", FIRST, |r, luck| {
        begin(r, &changed(&changed(r.honest, 7, luck.pick(&[0, 1, 0xff])), 8, luck.pick(&[0, 4, 5, 0xff])))
    }),
    turn("a challenge that ends early", FIRST, |r, luck| {
        let mut short = r.honest.to_vec();
        short.truncate(5 + luck.below(20));
        begin(r, &fitted(short))
    }),
    turn("no EAP", FIRST, |r, _| proof(r.ground)),
    turn("EAP without a proof before it", FIRST, |r, _| say(r.honest)),
    turn("EAP and a proof that is none", FIRST, |r, _| {
        let mut value = r.ground.signature();
        value.iter_mut().last().into_iter().for_each(|last| *last ^= 1);
        [r.ground.valued(&value), say(r.honest)].concat()
    }),
    turn("Success before the method's", SECOND, |r, _| say(&packet(SUCCESS, r.identifier, &[]))),
    turn("the method's Success without its proof", SECOND, |r, luck| {
        let text = luck.pick(&[
            &b"S=0000000000000000000000000000000000000000 M=Welcome"[..],
            b"S=00 M=Welcome",
            b"S=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",
            b"S=\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
            b"M=Welcome",
            b"S=",
            b"",
        ]);
        say(&method(r, 3, text))
    }),
    turn("the method's Success with a digit that changed", SECOND, |r, _| {
        // The proof begins behind `S=`.
        let digit = r.honest.get(20).copied().unwrap_or(0);
        say(&changed(r.honest, 20, if digit == b'0' { b'1' } else { b'0' }))
    }),
    turn("the method's Success with another MS-Length", SECOND, |r, luck| {
        say(&changed(&changed(r.honest, 7, luck.pick(&[0, 0xff])), 8, luck.pick(&[0, 4, 0xff])))
    }),
    turn("the method's Success without a header", SECOND, |r, luck| {
        let length = luck.below(4);
        say(&packet(REQUEST, r.identifier.wrapping_add(1), &[&[MSCHAPV2], &[3, 0, 0, 4][..length]].concat()))
    }),
    turn("the method's Failure, and Success all the same", SECOND, |r, _| match r.said {
        0 => say(&method(r, 4, b"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=no")),
        _ => say(&packet(SUCCESS, r.identifier.wrapping_add(1), &[])),
    }),
    turn("the method's Failure with a text that is none, and Failure", SECOND, |r, luck| match r.said {
        0 => {
            let long = [&b"E=691 R=0 M="[..], &[b'x'; 3000]].concat();
            let texts = [&b""[..], b"E=", b"E=99999999999999999999", b"M=\0\x1b[2J%s%n\xff\xfe", &long];
            say(&method(r, 4, luck.pick(&texts)))
        }
        _ => say(&packet(FAILURE, r.identifier.wrapping_add(1), &[])),
    }),
    turn("another challenge", SECOND, |r, luck| {
        say(&method(r, 1, &[&[16], &luck.octets(16)[..], b"east"].concat()))
    }),
    turn("another method", SECOND, |r, luck| {
        let kind = luck.pick(&[MD5, GTC, 13, 50]);
        say(&packet(REQUEST, r.identifier.wrapping_add(1), &[&[kind, 16], &luck.octets(16)[..]].concat()))
    }),
    turn("who are you, after the method has begun", SECOND, |r, _| {
        say(&packet(REQUEST, r.identifier.wrapping_add(1), &[IDENTITY]))
    }),
    turn("Failure with another identifier", SECOND, |r, _| {
        say(&packet(FAILURE, r.identifier.wrapping_add(9), &[]))
    }),
    turn("the method's Success once more", THIRD, |r, _| say(&method(r, 3, b"S= M=again"))),
    turn("Success with another identifier", THIRD, |r, luck| {
        say(&changed(r.honest, 1, r.honest.get(1).map_or(0, |own| own.wrapping_add(luck.pick(&[1, 2, 128])))))
    }),
    turn("Success with octets behind it", THIRD, |r, _| say(&packet(SUCCESS, r.identifier, &[0]))),
    turn("AUTH in the place of Success", THIRD, |r, _| vec![auth(r, &own_key(r))]),
    turn("AUTH beside Success, and no more of it", THIRD, |r, _| match r.said {
        0 => [vec![auth(r, &own_key(r))], say(r.honest)].concat(),
        _ => vec![Payload::VendorId(Vec::new())],
    }),
    turn("no AUTH after Success", LAST, |r, _| say(&packet(SUCCESS, r.identifier, &[]))),
    turn("AUTH of no octets", LAST, |_, _| vec![shared(Vec::new())]),
    turn("AUTH of zeros", LAST, |_, _| vec![shared(vec![0; 32])]),
    turn("AUTH without the key that EAP has made", LAST, |r, _| vec![auth(r, &own_key(r))]),
    turn("AUTH with a part of the key", LAST, |r, _| vec![auth(r, &part(r))]),
    turn("the signature of before in the place of AUTH with the key", LAST, |r, _| proof(r.ground)),
    turn("AUTH under the other end's key", LAST, |r, _| vec![of_the_other_end(r)]),
];

fn say(octets: &[u8]) -> Vec<Payload> {
    vec![Payload::Eap(octets.to_vec())]
}

/// The first message of a responder, with an honest proof and this packet.
fn begin(r: &Round<'_>, octets: &[u8]) -> Vec<Payload> {
    [proof(r.ground), say(octets)].concat()
}

/// What a peer says, and then what would acknowledge a success that has not come.
fn finish(r: &Round<'_>, octets: &[u8]) -> Vec<Payload> {
    match r.said {
        0 => say(octets),
        _ => say(&packet(RESPONSE, r.identifier, &[MSCHAPV2, 3])),
    }
}

/// Requests of this type, each with the next identifier.
fn endless(r: &Round<'_>, kind: u8) -> Vec<Payload> {
    let octets = packet(REQUEST, r.identifier.wrapping_add(u8::try_from(r.said).unwrap_or(0)), &[kind, b'?']);
    if r.said == 0 { begin(r, &octets) } else { say(&octets) }
}

fn packet(code: u8, identifier: u8, content: &[u8]) -> Vec<u8> {
    fitted([&[code, identifier, 0, 0], content].concat())
}

/// A request of the method behind the last one.
fn method(r: &Round<'_>, code: u8, content: &[u8]) -> Vec<u8> {
    let identifier = r.identifier.wrapping_add(1);
    let length = u16::try_from(4 + content.len()).unwrap_or(u16::MAX).to_be_bytes();
    packet(REQUEST, identifier, &[&[MSCHAPV2, code, identifier, length[0], length[1]], content].concat())
}

/// The packet with the length that it has.
fn fitted(mut packet: Vec<u8>) -> Vec<u8> {
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX).to_be_bytes();
    packet[2..4].copy_from_slice(&length);
    packet
}

/// The packet with another length than it has.
fn measured(packet: &[u8], luck: &mut Luck) -> Vec<u8> {
    let own = u16::try_from(packet.len()).unwrap_or(0);
    let said = luck.pick(&[0, 1, 3, 4, 5, own - 1, own + 1, own + 4, 0x7fff, 0xffff]);
    let mut other = packet.to_vec();
    other[2..4].copy_from_slice(&said.to_be_bytes());
    other
}

/// The packet with another octet at this place, if it has one.
fn changed(packet: &[u8], at: usize, octet: u8) -> Vec<u8> {
    let mut other = packet.to_vec();
    other.get_mut(at).into_iter().for_each(|place| *place = octet);
    other
}

fn shared(data: Vec<u8>) -> Payload {
    Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data })
}

/// AUTH with this secret, over what it should be over.
fn auth(r: &Round<'_>, secret: &Secret) -> Payload {
    let id = r.ground.identification();
    shared(prove_psk(r.ground.provider, SUITE.prf, secret, &r.ground.signed(&id)))
}

/// SK_pi or SK_pr, which stands in the place of the MSK only where the method makes none (RFC 7296 §2.16).
fn own_key(r: &Round<'_>) -> Secret {
    r.ground.channel.proving()[0].clone()
}

/// The first quarter of the MSK. Of MSCHAPv2's the second half is zeros, with which HMAC fills its block anyway.
fn part(r: &Round<'_>) -> Secret {
    let msk = r.success.and_then(|success| success.msk()).map(|msk| msk.as_bytes()[..16].to_vec());
    Secret::from(msk.unwrap_or_default())
}

/// AUTH with the MSK, but under the key that proves the other end.
fn of_the_other_end(r: &Round<'_>) -> Payload {
    let id = r.ground.identification();
    let mut signed = r.ground.signed(&id);
    signed.sk_p = r.ground.channel.proving()[1];
    let proof = r.success.map(|success| success.prove(r.ground.provider, SUITE.prf, &signed));
    proof.map_or_else(|| shared(Vec::new()), Payload::Auth)
}

fn other_method(r: &Round<'_>, luck: &mut Luck) -> Vec<Payload> {
    let id = r.ground.identification();
    let method = AuthMethod(luck.pick(&[0, 1, 9, 13, 14, 201]));
    let proof = r.success.map(|success| success.prove(r.ground.provider, SUITE.prf, &r.ground.signed(&id)));
    proof.map(|proof| Payload::Auth(Authentication { method, ..proof })).into_iter().collect()
}
