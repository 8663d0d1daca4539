use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use ipsec_crypto::PORTABLE;
use sha2::{Digest, Sha256};

use super::format::{Deed, End, Message, MixedIn, Ppk, Suite};
use super::primitives::open;
use super::read::{Head, sealed};
use super::*;
use crate::SOURCES;

/// SHA-256 in counter mode over a name, and all that it gave.
struct Stream {
    name: String,
    block: u64,
    drawn: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Entropy for Stream {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::digest(format!("{} {}", self.name, self.block));
            chunk.copy_from_slice(&block[..chunk.len()]);
            self.block += 1;
        }
        self.drawn.lock().unwrap().push(bytes.to_vec());
    }
}

fn suite(encr: u16, key_length: usize, integ: Option<u16>, prf: Option<u16>, key_exchanges: &[u16]) -> Suite {
    Suite { encr, key_length, integ, prf, key_exchanges: key_exchanges.to_vec() }
}

fn conversation(name: &str, shows: &str, ike: Suite) -> Conversation {
    let end = |address: &str| End {
        address: address.parse::<IpAddr>().unwrap(),
        private: Vec::new(),
        drawn: Octets::default(),
    };
    Conversation {
        name: name.to_owned(),
        shows: shows.to_owned(),
        child: suite(20, 128, None, None, &[]),
        ike,
        psk: Octets(b"correct horse battery staple".to_vec()),
        ppk: None,
        longest_packet: None,
        full_transcript: false,
        then: Vec::new(),
        initiator: end("192.0.2.1"),
        responder: end("198.51.100.1"),
        messages: Vec::new(),
    }
}

fn with_ppk(mixed_in: MixedIn, required: bool, known_to_responder: bool) -> Option<Ppk> {
    let (id, key) =
        (Octets(b"esplanade".to_vec()), Octets(Sha256::digest(b"a post-quantum preshared key").to_vec()));
    Some(Ppk { id, key, mixed_in, required, known_to_responder })
}

/// What the file is to show.
fn conversations() -> Vec<Conversation> {
    [additional_key_exchanges(), ppks(), later()].concat()
}

fn gcm(key_exchanges: &[u16]) -> Suite {
    suite(20, 128, None, Some(5), key_exchanges)
}

fn chacha(key_exchanges: &[u16]) -> Suite {
    suite(28, 256, None, Some(7), key_exchanges)
}

fn cbc(key_exchanges: &[u16]) -> Suite {
    suite(12, 256, Some(13), Some(6), key_exchanges)
}

/// With X25519 and ML-KEM-768.
fn hybrid(name: &str, shows: &str) -> Conversation {
    conversation(name, shows, gcm(&[31, 36]))
}

/// Whole and in pieces.
fn additional_key_exchanges() -> Vec<Conversation> {
    vec![
        hybrid("x25519-mlkem768", "RFC 9242, RFC 9370: ML-KEM-768 in IKE_INTERMEDIATE after X25519"),
        conversation(
            "ecp384-mlkem1024-cbc",
            "the same with ECP-384 and ML-KEM-1024, ciphers in CBC mode and a separate integrity algorithm",
            cbc(&[20, 37]),
        ),
        conversation(
            "x25519-mlkem512-ecp256",
            "RFC 9370: two additional key exchanges, ML-KEM-512 and then ECP-256",
            chacha(&[31, 35, 19]),
        ),
        conversation("mlkem768-alone", "ML-KEM-768 in IKE_SA_INIT itself", gcm(&[36])),
        Conversation {
            longest_packet: Some(576),
            ..hybrid("x25519-mlkem768-pieces", "RFC 7383, RFC 9242 §3.3.2: IKE_INTERMEDIATE in pieces")
        },
        Conversation {
            longest_packet: Some(576),
            ..conversation("x25519-mlkem512-pieces-cbc", "the same in CBC mode", cbc(&[31, 35]))
        },
        Conversation {
            longest_packet: Some(1280),
            ..conversation(
                "x25519-mlkem1024-pieces-chacha",
                "the same with ChaCha20-Poly1305",
                chacha(&[31, 37]),
            )
        },
    ]
}

fn ppks() -> Vec<Conversation> {
    vec![
        Conversation {
            ppk: with_ppk(MixedIn::Auth, true, true),
            ..conversation("ppk-auth", "RFC 8784: a PPK that is required", gcm(&[31]))
        },
        Conversation {
            ppk: with_ppk(MixedIn::Auth, false, true),
            ..conversation(
                "ppk-auth-optional",
                "RFC 8784: a PPK that both have, with NO_PPK_AUTH",
                gcm(&[31]),
            )
        },
        Conversation {
            ppk: with_ppk(MixedIn::Auth, false, false),
            ..conversation(
                "ppk-auth-unknown",
                "RFC 8784: a PPK that the responder lacks, so that NO_PPK_AUTH counts",
                gcm(&[31]),
            )
        },
        Conversation {
            ppk: with_ppk(MixedIn::Auth, true, true),
            ..hybrid("ppk-auth-mlkem768", "RFC 8784 after an additional key exchange")
        },
        Conversation {
            ppk: with_ppk(MixedIn::Intermediate, true, true),
            ..conversation(
                "ppk-intermediate",
                "RFC 9867: a PPK in an IKE_INTERMEDIATE without a key exchange",
                gcm(&[31]),
            )
        },
        Conversation {
            ppk: with_ppk(MixedIn::Intermediate, true, true),
            ..hybrid("ppk-intermediate-mlkem768", "RFC 9867: a PPK together with an additional key exchange")
        },
        Conversation {
            ppk: with_ppk(MixedIn::Intermediate, false, false),
            ..conversation("ppk-intermediate-unknown", "RFC 9867: a PPK that the responder lacks", gcm(&[31]))
        },
    ]
}

/// What follows, and what is proven of what was before.
fn later() -> Vec<Conversation> {
    vec![
        Conversation {
            full_transcript: true,
            ..hybrid(
                "x25519-mlkem768-full-transcript",
                "draft-ietf-ipsecme-ikev2-downgrade-prevention: each end proves both messages of IKE_SA_INIT",
            )
        },
        Conversation {
            child: suite(20, 256, None, None, &[31, 35]),
            then: vec![Deed::RekeyChild, Deed::RekeyIke],
            ..hybrid(
                "rekeying-mlkem",
                "RFC 9370 §2.2.4: CREATE_CHILD_SA and IKE_FOLLOWUP_KE for a child and for the IKE SA",
            )
        },
        Conversation {
            then: vec![Deed::Resume],
            ..hybrid("resumption", "RFC 5723: an IKE SA that was lost, and is resumed by its ticket")
        },
    ]
}

/// A conversation with all that comes of it.
fn recorded(mut conversation: Conversation) -> Conversation {
    let drawn: [Arc<Mutex<Vec<Vec<u8>>>>; 2] = Default::default();
    let luck = [0, 1].map(|end| {
        let name = format!("{} {}", conversation.name, ["initiator", "responder"][end]);
        Box::new(Stream { name, block: 0, drawn: Arc::clone(&drawn[end]) }) as Box<dyn Entropy>
    });
    let seen = play(&conversation, luck, &PORTABLE, None).unwrap();
    let messages: Vec<Vec<Vec<u8>>> = seen.messages.iter().map(|(_, pieces)| pieces.clone()).collect();
    let readable = readable(&conversation.ike, &seen);
    let is_said =
        |octets: &[u8]| readable.iter().any(|text| text.windows(octets.len()).any(|part| part == octets));
    for (end, drawn) in [&mut conversation.initiator, &mut conversation.responder].into_iter().zip(&drawn) {
        let drawn = drawn.lock().unwrap();
        end.drawn = Octets(drawn.concat());
        // What is neither an SPI nor a nonce nor an IV is a private value.
        let private = drawn.iter().filter(|octets| octets.len() >= 32 && !is_said(octets));
        end.private = private.map(|octets| Octets(octets.clone())).collect();
    }
    let known =
        calculate(&conversation, &messages).unwrap_or_else(|error| panic!("{}: {error}", conversation.name));
    conversation.messages = seen
        .messages
        .into_iter()
        .zip(known)
        .map(|((sender, pieces), known)| Message {
            sender,
            what: Head::of(&pieces[0]).unwrap().described(),
            octets: pieces.into_iter().map(Octets).collect(),
            content: known.content,
            values: known.values,
        })
        .collect();
    conversation
}

/// Each message in the clear, as far as it can be read with the keys that the initiator came to have.
fn readable(ike: &Suite, seen: &Seen) -> Vec<Vec<u8>> {
    let opened = |piece: &Vec<u8>| {
        let sealed = sealed(piece).ok()?;
        let both = seen.keys.iter().flat_map(|record| {
            let keys = &record.keys;
            [(&keys.ei, &keys.ai), (&keys.er, &keys.ar)]
        });
        let mut keys = both.map(|(encryption, integrity)| (encryption.as_bytes(), integrity.as_bytes()));
        keys.find_map(|keys| open(ike, keys, sealed.before, sealed.rest).ok())
    };
    let pieces = seen.messages.iter().flat_map(|(_, pieces)| pieces);
    pieces.map(|piece| opened(piece).unwrap_or_else(|| piece.clone())).collect()
}

#[test]
fn the_file_is_what_two_endpoints_say() {
    let source = "Esplanade's own conversations; data/README.md describes the format".to_owned();
    let file = File { source, exchanges: conversations().into_iter().map(recorded).collect() };
    let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
    if std::env::var_os("RECORD_VECTORS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/own_exchanges.json");
        return std::fs::write(path, text).unwrap();
    }
    let found = SOURCES.iter().find(|source| source.name == "own-ikev2").unwrap();
    assert!(
        text.as_bytes() == found.file_octets(),
        "run this test with RECORD_VECTORS=1 and read the difference"
    );
}

#[test]
fn a_changed_digit_in_any_kind_of_value_is_noticed() {
    let source = SOURCES.iter().find(|source| source.name == "own-ikev2").unwrap();
    let file: File = serde_json::from_slice(source.file_octets()).unwrap();
    let alone = |conversation: &Conversation| {
        let exchanges = vec![conversation.clone()];
        serde_json::to_string(&File { source: String::new(), exchanges }).unwrap()
    };
    // The secrets, the messages, what they hold, and what comes of them; the first of each kind.
    let names = "psk private drawn octets content SK(0) SKEYSEED SK_d(1) IntAuth_i1 IntAuth ResponderSignedOctets AUTH \
                 KEYMAT SK_pi' NO_PPK_AUTH SKEYSEED'";
    for name in names.split_ascii_whitespace() {
        let field = format!("\"{name}\":");
        let text = file.exchanges.iter().map(alone).find(|text| text.contains(&field)).unwrap();
        let value = text.find(&field).unwrap() + field.len();
        let digit = value + text[value..].find(|c: char| c.is_ascii_hexdigit()).unwrap();
        let other = if text.as_bytes()[digit] == b'0' { "1" } else { "0" };
        let changed = format!("{}{other}{}", &text[..digit], &text[digit + 1..]);
        assert!(source.replay_any(text.as_bytes(), &PORTABLE).passed(), "{name}");
        assert!(!source.replay_any(changed.as_bytes(), &PORTABLE).passed(), "{name}");
    }
}
