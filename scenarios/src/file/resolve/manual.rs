//! Manual SAs, with the statements and the limits of the routers that this begins from: SPIs from 256 to 16639, keys as
//! text or in hexadecimal, replay windows of 32 or 64 packets.

use ipsec::crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm};
use ipsec::dataplane::{Encryption, Suite};
use ipsec::wire::Spi;
use toml::Spanned;

use super::problems::Problems;
use crate::diagnostic::{Problem, suggestion};
use crate::file::nouns::{self, Text};
use crate::file::read::Named;
use crate::file::scenario::{Manual, ManualKeying, Mode, Peer};
use crate::story::Names;

/// The SPIs that a manual SA may have.
const SPIS: std::ops::RangeInclusive<i64> = 256..=16_639;
/// The sizes that a replay window may have, in packets.
const WINDOWS: [i64; 2] = [32, 64];

const AUTHENTICATION: [(&str, IntegrityAlgorithm); 7] = [
    ("hmac-md5-96", IntegrityAlgorithm::HmacMd5_96),
    ("hmac-sha1-96", IntegrityAlgorithm::HmacSha1_96),
    ("hmac-sha-256-128", IntegrityAlgorithm::HmacSha2_256_128),
    ("hmac-sha-384-192", IntegrityAlgorithm::HmacSha2_384_192),
    ("hmac-sha-512-256", IntegrityAlgorithm::HmacSha2_512_256),
    ("aes-xcbc-96", IntegrityAlgorithm::AesXcbc96),
    ("aes-cmac-96", IntegrityAlgorithm::AesCmac96),
];

/// The ciphers with the lengths of their keys in octets; those of counter modes end in their salt.
const ENCRYPTION: [(&str, Encryption, usize); 24] = [
    ("null", Encryption::Cipher(CipherAlgorithm::Null), 0),
    ("des-cbc", Encryption::Cipher(CipherAlgorithm::DesCbc), 8),
    ("3des-cbc", Encryption::Cipher(CipherAlgorithm::TripleDesCbc), 24),
    ("aes-128-cbc", Encryption::Cipher(CipherAlgorithm::AesCbc), 16),
    ("aes-192-cbc", Encryption::Cipher(CipherAlgorithm::AesCbc), 24),
    ("aes-256-cbc", Encryption::Cipher(CipherAlgorithm::AesCbc), 32),
    ("camellia-128-cbc", Encryption::Cipher(CipherAlgorithm::CamelliaCbc), 16),
    ("camellia-192-cbc", Encryption::Cipher(CipherAlgorithm::CamelliaCbc), 24),
    ("camellia-256-cbc", Encryption::Cipher(CipherAlgorithm::CamelliaCbc), 32),
    ("aes-128-ctr", Encryption::Cipher(CipherAlgorithm::AesCtr), 16),
    ("aes-192-ctr", Encryption::Cipher(CipherAlgorithm::AesCtr), 24),
    ("aes-256-ctr", Encryption::Cipher(CipherAlgorithm::AesCtr), 32),
    ("aes-128-gcm-8", Encryption::Aead(AeadAlgorithm::AesGcm8), 16),
    ("aes-128-gcm-12", Encryption::Aead(AeadAlgorithm::AesGcm12), 16),
    ("aes-128-gcm-16", Encryption::Aead(AeadAlgorithm::AesGcm16), 16),
    ("aes-192-gcm-16", Encryption::Aead(AeadAlgorithm::AesGcm16), 24),
    ("aes-256-gcm-8", Encryption::Aead(AeadAlgorithm::AesGcm8), 32),
    ("aes-256-gcm-12", Encryption::Aead(AeadAlgorithm::AesGcm12), 32),
    ("aes-256-gcm-16", Encryption::Aead(AeadAlgorithm::AesGcm16), 32),
    ("aes-128-ccm-8", Encryption::Aead(AeadAlgorithm::AesCcm8), 16),
    ("aes-128-ccm-12", Encryption::Aead(AeadAlgorithm::AesCcm12), 16),
    ("aes-128-ccm-16", Encryption::Aead(AeadAlgorithm::AesCcm16), 16),
    ("aes-256-ccm-16", Encryption::Aead(AeadAlgorithm::AesCcm16), 32),
    ("chacha20-poly1305", Encryption::Aead(AeadAlgorithm::ChaCha20Poly1305), 32),
];

/// The manual SAs of the file.
pub(super) fn resolve(
    nouns: &[Named<nouns::Manual>],
    names: &Names,
    peers: &[Peer],
    problems: &mut Problems,
) -> Vec<Manual> {
    nouns.iter().filter_map(|named| manual(named, names, peers, problems)).collect()
}

fn manual(
    named: &Named<nouns::Manual>,
    names: &Names,
    peers: &[Peer],
    problems: &mut Problems,
) -> Option<Manual> {
    let noun = &named.noun;
    let ends = problems.two_peers(("manual", &named.name), "ends", noun.ends.as_ref(), names)?;
    let ends = ends.map(|end| end.get_ref().clone());
    let mode = noun.mode.map_or(Mode::Tunnel, Mode::from);
    let unprotected = |end: &&String| peers.iter().any(|peer| peer.name == **end && peer.protects.is_empty());
    if mode == Mode::Tunnel
        && let Some(end) = ends.iter().find(unprotected)
    {
        let problem = Problem::at(
            named.name.span(),
            format!("`{end}` protects no network: nothing would go through the tunnel"),
        );
        problems.add(problem.help("say what the peer `protects`, or let the `mode` be \"transport\""));
    }
    let replay_window = replay_window(noun.replay.as_ref(), problems);
    let keying = match (&noun.bidirectional, &noun.inbound, &noun.outbound) {
        (Some(both), None, None) => {
            let keying = keying(both, problems)?;
            [keying.clone(), keying]
        }
        // The first end sends what is outbound there.
        (None, Some(inbound), Some(outbound)) => {
            let (inbound, outbound) = (keying(inbound, problems), keying(outbound, problems));
            [outbound?, inbound?]
        }
        _ => {
            let problem = Problem::at(
                named.name.span(),
                format!("`{}` does not say its keys in both directions", named.name()),
            );
            problems.add(problem.help(format!(
                "either `[manual.{0}.bidirectional]`, or `[manual.{0}.inbound]` and `[manual.{0}.outbound]`",
                named.name()
            )));
            return None;
        }
    };
    Some(Manual { name: named.name().to_owned(), ends, mode, replay_window, keying })
}

impl From<nouns::Mode> for Mode {
    fn from(mode: nouns::Mode) -> Self {
        match mode {
            nouns::Mode::Tunnel => Self::Tunnel,
            nouns::Mode::Transport => Self::Transport,
        }
    }
}

fn replay_window(number: Option<&Spanned<i64>>, problems: &mut Problems) -> u32 {
    let Some(number) = number else { return 64 };
    let size = *number.get_ref();
    if !WINDOWS.contains(&size) {
        let problem = Problem::at(number.span(), format!("a replay window of {size} packets"));
        problems.add(problem.label("expected 32 or 64"));
    }
    if size == 32 { 32 } else { 64 }
}

fn keying(noun: &Spanned<nouns::ManualKeying>, problems: &mut Problems) -> Option<ManualKeying> {
    let (span, noun) = (noun.span(), noun.get_ref());
    let mut missing = |what: &str, help: &str| {
        problems.add(Problem::at(span.clone(), format!("there is no `{what}`")).help(help.to_owned()));
    };
    if noun.spi.is_none() {
        missing("spi", "the SPI is a number from 256 to 16639, the same at both ends");
    }
    let Some(encryption) = &noun.encryption else {
        missing("encryption", "name an algorithm; \"null\" encrypts nothing");
        return None;
    };
    let spi: u32 = problems.number_or(noun.spi.as_ref(), SPIS, "an SPI", 256);
    let (cipher, key_len, encryption_key) = cipher(encryption, problems)?;
    let combined = matches!(cipher, Encryption::Aead(_));
    let (integrity, integrity_key) = match &noun.authentication {
        Some(authentication) if combined => {
            let problem = Problem::at(authentication.span(), "this cipher authenticates by itself");
            problems.add(problem.help("leave `authentication` out"));
            (None, Vec::new())
        }
        Some(authentication) => {
            let (algorithm, key) = authenticator(authentication, problems)?;
            (Some(algorithm), key)
        }
        None if combined => (None, Vec::new()),
        None => {
            let problem =
                Problem::at(encryption.span(), "a cipher alone protects nothing from being changed");
            problems.add(problem.help("add `authentication`, such as { algorithm = \"hmac-sha1-96\", … }"));
            return None;
        }
    };
    let suite = Suite { encryption: cipher, key_len, integrity };
    Some(ManualKeying { spi: Spi(spi), suite, key: [encryption_key, integrity_key].concat() })
}

fn cipher(noun: &Spanned<nouns::Algorithm>, problems: &mut Problems) -> Option<(Encryption, usize, Vec<u8>)> {
    let name = algorithm(noun, problems)?;
    let Some((_, cipher, key_len)) = ENCRYPTION.iter().find(|row| row.0 == name.get_ref()) else {
        unknown(name, "cipher", ENCRYPTION.iter().map(|row| row.0), problems);
        return None;
    };
    let key = key(noun, key_len + cipher.salt_len(), problems)?;
    if *cipher == Encryption::Cipher(CipherAlgorithm::TripleDesCbc) && key[..8] == key[8..16] {
        let problem =
            Problem::at(noun.span(), "the first and the second eight octets of this 3DES key are the same");
        problems.add(problem.label("so it is no stronger than DES"));
    }
    Some((*cipher, *key_len, key))
}

fn authenticator(
    noun: &Spanned<nouns::Algorithm>,
    problems: &mut Problems,
) -> Option<(IntegrityAlgorithm, Vec<u8>)> {
    let name = algorithm(noun, problems)?;
    let Some((_, integrity)) = AUTHENTICATION.iter().find(|row| row.0 == name.get_ref()) else {
        unknown(name, "authentication algorithm", AUTHENTICATION.iter().map(|row| row.0), problems);
        return None;
    };
    Some((*integrity, key(noun, integrity.key_len(), problems)?))
}

fn algorithm<'a>(noun: &'a Spanned<nouns::Algorithm>, problems: &mut Problems) -> Option<&'a Text> {
    let name = noun.get_ref().algorithm.as_ref();
    if name.is_none() {
        problems.add(Problem::at(noun.span(), "there is no `algorithm`"));
    }
    name
}

fn unknown<'a>(
    name: &Text,
    what: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    problems: &mut Problems,
) {
    let problem = Problem::at(name.span(), format!("`{}` is no {what}", name.get_ref()));
    problems.add(match suggestion(name.get_ref(), known) {
        Some(help) => problem.help(help),
        None => problem,
    });
}

/// A key of so many octets, as text with as many characters or in hexadecimal with twice as many digits.
fn key(noun: &Spanned<nouns::Algorithm>, length: usize, problems: &mut Problems) -> Option<Vec<u8>> {
    let (text, octets) = match (&noun.get_ref().ascii_text, &noun.get_ref().hexadecimal) {
        (None, None) if length == 0 => return Some(Vec::new()),
        (Some(text), None) if text.get_ref().is_ascii() => (text, text.get_ref().as_bytes().to_vec()),
        (None, Some(text)) => (text, problems.read(text, hexadecimal)?),
        (Some(text), None) => {
            problems.add(Problem::at(text.span(), "a key as text has only ASCII characters"));
            return None;
        }
        _ => {
            let problem = Problem::at(noun.span(), "a key is given once");
            problems.add(problem.label("expected either `ascii-text` or `hexadecimal`"));
            return None;
        }
    };
    if octets.len() != length {
        let problem = Problem::at(text.span(), format!("this key has {} octets", octets.len()));
        problems.add(
            problem.label(format!("expected {length} characters, or {} hexadecimal digits", 2 * length)),
        );
        return None;
    }
    Some(octets)
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("\"{text}\" is not hexadecimal: write two digits for each octet");
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return Err(wrong());
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong()))
        .collect()
}

#[cfg(test)]
mod tests;
