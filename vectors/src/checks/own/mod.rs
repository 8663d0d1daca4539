//! Conversations of our own, for protocols that come without published numbers: additional key exchanges with ML-KEM
//! (RFC 9242, RFC 9370), post-quantum preshared keys (RFC 8784, RFC 9867), resumption (RFC 5723), messages in pieces
//! (RFC 7383), and proofs of the whole of `IKE_SA_INIT`. Each is held to two things that share no code:
//!
//! * two endpoints that draw what the file says have to say every message of it to the octet (`scene`), and
//! * every value has to come out of the messages and the secrets alone, by the bare algorithms (`calculate`).

mod calculate;
mod format;
mod primitives;
mod read;
mod scene;

use std::collections::BTreeSet;

use ipsec_crypto::{Entropy, FixedEntropy, Provider, Secret};
use ipsec_ikev2::keys::Keys;

use calculate::{FROM_INITIATOR, FROM_RESPONDER, Known, calculate};
use format::{Conversation, File, Octets};
use scene::{Seen, play};

use crate::tally::Tally;

/// Replays the conversations.
pub(crate) fn check(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file: File = serde_json::from_slice(data).map_err(|error| error.to_string())?;
    for conversation in &file.exchanges {
        let what = |error: String| format!("{}: {error}", conversation.name);
        let seen = play(conversation, luck(conversation), provider, None).map_err(what)?;
        said(conversation, &seen, tally);
        let pieces = |message: &format::Message| message.octets.iter().map(|piece| piece.0.clone()).collect();
        let messages: Vec<Vec<Vec<u8>>> = conversation.messages.iter().map(pieces).collect();
        let known = calculate(conversation, &messages).map_err(what)?;
        calculated(conversation, &known, tally);
        held(conversation, &seen, tally);
        for number in 0..messages.len() {
            let seen = play(conversation, luck(conversation), provider, Some(number)).map_err(what)?;
            let refused = seen.dropped > 0 || seen.established < ups(conversation);
            tally.altered(SAID, &format!("{} with message {number} changed", conversation.name), refused);
        }
    }
    Ok(())
}

const SAID: &str = "messages of two endpoints";
const CALCULATED: &str = "values by the bare algorithms";
const HELD: &str = "keys of an endpoint";

/// What the ends draw.
fn luck(conversation: &Conversation) -> [Box<dyn Entropy>; 2] {
    [&conversation.initiator, &conversation.responder]
        .map(|end| Box::new(FixedEntropy::new(end.drawn.0.clone())) as Box<dyn Entropy>)
}

/// How many IKE SAs come up at the initiator.
fn ups(conversation: &Conversation) -> usize {
    1 + conversation.then.iter().filter(|deed| **deed != format::Deed::RekeyChild).count()
}

/// Each message to the octet.
fn said(conversation: &Conversation, seen: &Seen, tally: &mut Tally) {
    let spoken = seen.messages.len().max(conversation.messages.len());
    for number in 0..spoken {
        let expected = conversation.messages.get(number).map(|message| {
            let pieces: Vec<u8> = message.octets.iter().flat_map(|piece| piece.0.clone()).collect();
            (vec![message.sender as u8], vec![message.octets.len() as u8], pieces)
        });
        let got = seen
            .messages
            .get(number)
            .map(|(sender, pieces)| (vec![*sender as u8], vec![pieces.len() as u8], pieces.concat()));
        let (expected, got) = (expected.unwrap_or_default(), got.unwrap_or_default());
        tally.case(
            SAID,
            &format!("{} message {number}", conversation.name),
            &[
                ("sender", &expected.0, &got.0),
                ("how many pieces", &expected.1, &got.1),
                ("octets", &expected.2, &got.2),
            ],
        );
    }
}

/// Each value, and no more and no fewer than there are.
fn calculated(conversation: &Conversation, known: &[Known], tally: &mut Tally) {
    let octets = |octets: Option<&Octets>| octets.map(|octets| octets.0.clone()).unwrap_or_default();
    for (number, (message, known)) in conversation.messages.iter().zip(known).enumerate() {
        let case = format!("{} message {number}", conversation.name);
        let mut check = |name: &str, expected: Option<&Octets>, got: Option<&Octets>| {
            tally.case(CALCULATED, &case, &[(name, &octets(expected), &octets(got))]);
        };
        check("content", message.content.as_ref(), known.content.as_ref());
        let names: BTreeSet<&String> = message.values.keys().chain(known.values.keys()).collect();
        for name in names {
            check(name, message.values.get(name), known.values.get(name));
        }
    }
}

/// The keys that the initiator came to have, of IKE SAs and of children.
fn held(conversation: &Conversation, seen: &Seen, tally: &mut Tally) {
    let values = || conversation.messages.iter().map(|message| &message.values);
    for (number, record) in seen.keys.iter().enumerate() {
        let keys = named(&record.keys);
        // In the file a key that was made anew has a number or a prime behind its name.
        let is = |name: &str, key: &Secret| {
            let value = |found: (&String, &Octets)| {
                let stem = found
                    .0
                    .trim_end_matches(|c: char| c == '\'' || c == '(' || c == ')' || c.is_ascii_digit());
                stem == name && found.1.0 == key.as_bytes()
            };
            key.is_empty() || values().flatten().any(value)
        };
        let found: Vec<u8> = keys.iter().map(|(name, key)| u8::from(is(name, key))).collect();
        let case = format!("{} IKE keys {number}", conversation.name);
        tally.case(HELD, &case, &[("which of SK_d to SK_pr are in the file", &[1; 7], &found)]);
    }
    let (up, seen_up) = (ups(conversation).to_be_bytes(), seen.established.to_be_bytes());
    let dropped = seen.dropped.to_be_bytes();
    tally.case(
        HELD,
        &conversation.name,
        &[
            ("how many IKE SAs came up", &up, &seen_up),
            ("how many messages were dropped", &0usize.to_be_bytes(), &dropped),
        ],
    );
    let children: Vec<_> =
        values().filter_map(|values| values.get(FROM_INITIATOR).zip(values.get(FROM_RESPONDER))).collect();
    for number in 0..children.len().max(seen.children.len()) {
        let expected = children.get(number).map(|(out, back)| (out.0.as_slice(), back.0.as_slice()));
        let got = seen.children.get(number);
        let got = got.map(|child| (child.outbound_key.as_bytes(), child.inbound_key.as_bytes()));
        let (expected, got) = (expected.unwrap_or_default(), got.unwrap_or_default());
        tally.case(
            HELD,
            &format!("{} child {number}", conversation.name),
            &[(FROM_INITIATOR, expected.0, got.0), (FROM_RESPONDER, expected.1, got.1)],
        );
    }
}

fn named(keys: &Keys) -> [(&'static str, &Secret); 7] {
    [
        ("SK_d", &keys.d),
        ("SK_ai", &keys.ai),
        ("SK_ar", &keys.ar),
        ("SK_ei", &keys.ei),
        ("SK_er", &keys.er),
        ("SK_pi", &keys.pi),
        ("SK_pr", &keys.pr),
    ]
}

#[cfg(test)]
mod tests;
