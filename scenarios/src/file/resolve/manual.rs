//! Manual SAs, with the statements and the limits of the routers that this begins from: ESP, AH or a bundle of both, SPIs
//! from 256 to 16639, keys as text or in hexadecimal, replay windows of 32 or 64 packets.

use std::collections::BTreeMap;
use std::ops::Range;

use ipsec::crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm};
use ipsec::dataplane::{Encryption, Protection, Suite};
use ipsec::wire::Spi;
use ipsec_net::protocol;
use toml::Spanned;

use super::child::carried;
use super::ike::check_ends;
use super::options::options;
use super::peer::prefixes;
use super::problems::Problems;
use crate::diagnostic::{Problem, suggestion};
use crate::file::nouns::{self, ManualProtocol, Text};
use crate::file::read::Named;
use crate::file::scenario::{Manual, ManualAh, ManualEnd, ManualKeying, Mode, Peer};
use crate::story::Names;

/// The SPIs that a manual SA may have.
const SPIS: std::ops::RangeInclusive<i64> = 256..=16_639;
/// The sizes that a replay window may have, in packets.
const WINDOWS: [i64; 2] = [32, 64];

const AUTHENTICATION: [(&str, IntegrityAlgorithm); 10] = [
    ("hmac-md5-96", IntegrityAlgorithm::HmacMd5_96),
    ("hmac-sha1-96", IntegrityAlgorithm::HmacSha1_96),
    ("hmac-sha-256-128", IntegrityAlgorithm::HmacSha2_256_128),
    ("hmac-sha-384-192", IntegrityAlgorithm::HmacSha2_384_192),
    ("hmac-sha-512-256", IntegrityAlgorithm::HmacSha2_512_256),
    ("aes-xcbc-96", IntegrityAlgorithm::AesXcbc96),
    ("aes-cmac-96", IntegrityAlgorithm::AesCmac96),
    ("aes-128-gmac", IntegrityAlgorithm::Aes128Gmac),
    ("aes-192-gmac", IntegrityAlgorithm::Aes192Gmac),
    ("aes-256-gmac", IntegrityAlgorithm::Aes256Gmac),
];

/// The ciphers with the lengths of their keys in octets; those of counter modes end in their salt.
const ENCRYPTION: [(&str, Encryption, usize); 27] = [
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
    ("aes-128-gmac", Encryption::Aead(AeadAlgorithm::AesGmac), 16),
    ("aes-192-gmac", Encryption::Aead(AeadAlgorithm::AesGmac), 24),
    ("aes-256-gmac", Encryption::Aead(AeadAlgorithm::AesGmac), 32),
    ("chacha20-poly1305", Encryption::Aead(AeadAlgorithm::ChaCha20Poly1305), 32),
];

/// The manual SAs of the file.
pub(super) fn resolve(
    nouns: &[Named<nouns::Manual>],
    names: &Names,
    peers: &[Peer],
    problems: &mut Problems,
) -> Vec<Manual> {
    let manual: Vec<_> = nouns.iter().map(|named| (named, manual(named, names, peers, problems))).collect();
    let manual = manual.into_iter().filter_map(|(named, manual)| Some((named, manual?))).collect::<Vec<_>>();
    check_spis(&manual, problems);
    manual.into_iter().map(|(_, manual)| manual).collect()
}

/// No peer receives twice under one SPI of one protocol.
fn check_spis(all: &[(&Named<nouns::Manual>, Manual)], problems: &mut Problems) {
    let mut taken = BTreeMap::new();
    for (named, manual) in all {
        for end in &manual.ends {
            let ah = end.inbound.bundled.as_ref().map(|ah| (protocol::AH, ah.spi));
            for (protocol, spi) in
                ah.into_iter().chain([(end.inbound.protection.protocol(), end.inbound.spi)])
            {
                let Some(other) = taken.insert((&end.peer, protocol, spi), &manual.name) else { continue };
                let message = format!("`{}` receives under SPI {} in `{other}` too", end.peer, spi.0);
                let problem = Problem::at(named.name.span(), message);
                problems.add(problem.help("in each protocol an SPI belongs to one SA of a peer"));
            }
        }
    }
}

fn manual(
    named: &Named<nouns::Manual>,
    names: &Names,
    peers: &[Peer],
    problems: &mut Problems,
) -> Option<Manual> {
    let noun = &named.noun;
    let ends = problems.two_peers(("manual", &named.name), "ends", noun.ends.as_ref(), names)?;
    let ends = ends.map(|end| end.get_ref().as_str());
    check_ends(named.name(), noun.at.keys(), ends, problems);
    let is_v4 = |name: &str| peers.iter().find(|peer| peer.name == name).map(|peer| peer.address.is_ipv4());
    if is_v4(ends[0]) != is_v4(ends[1]) {
        let message =
            format!("the addresses of `{}` and `{}` are of different IP versions", ends[0], ends[1]);
        problems
            .add(Problem::at(named.name.span(), message).help("an SA runs between addresses of one version"));
    }
    // Both ends are told even if one is wrong.
    let first = end(named, (ends[0], ends[1]), false, peers, problems);
    let second = end(named, (ends[1], ends[0]), true, peers, problems);
    Some(Manual { name: named.name().to_owned(), ends: [first?, second?] })
}

/// What the first of `ends` is told; `mirrored` if it is the one for which `inbound` is what the file calls `outbound`.
fn end(
    named: &Named<nouns::Manual>,
    ends: (&str, &str),
    mirrored: bool,
    peers: &[Peer],
    problems: &mut Problems,
) -> Option<ManualEnd> {
    let noun = &named.noun;
    let own = noun.at.iter().find(|(peer, _)| peer.get_ref() == ends.0).map(|(_, own)| own);
    let mode = own.and_then(|own| own.mode).or(noun.mode).map_or(Mode::Tunnel, Mode::from);
    let (inbound, outbound) = match own.filter(|own| own.has_keys()) {
        Some(own) => keyings(named, (&own.bidirectional, &own.inbound, &own.outbound), mode, problems)?,
        None => {
            // What is wrong here is the same for both ends, and told once.
            let both = (&noun.bidirectional, &noun.inbound, &noun.outbound);
            let (inbound, outbound) = match mirrored {
                false => keyings(named, both, mode, problems)?,
                true => keyings(named, both, mode, &mut Problems::default())?,
            };
            if mirrored { (outbound, inbound) } else { (inbound, outbound) }
        }
    };
    let local = own.and_then(|own| own.protects.as_ref()).map(|list| prefixes(list, problems));
    let remote = own.and_then(|own| own.reaches.as_ref()).map(|list| prefixes(list, problems));
    let end = ManualEnd {
        peer: ends.0.to_owned(),
        mode,
        replay_window: replay_window(
            own.and_then(|own| own.replay.as_ref()).or(noun.replay.as_ref()),
            problems,
        ),
        extended_sequence_numbers: own.and_then(|own| own.esn).or(noun.esn).unwrap_or(false),
        inbound,
        outbound,
        local: local.unwrap_or_else(|| carried(mode, ends.0, peers)),
        remote: remote.unwrap_or_else(|| carried(mode, ends.1, peers)),
        options: options(own.and_then(|own| own.options.as_ref()).or(noun.options.as_ref()), mode, problems),
    };
    if problems.is_empty()
        && let Some(side) =
            [(&end.local, ends.0), (&end.remote, ends.1)].iter().find(|(list, _)| list.is_empty())
    {
        let message = format!("`{}` protects no network: nothing would go through the tunnel", side.1);
        let problem = Problem::at(named.name.span(), message);
        problems.add(problem.help("say what the peer `protects`, or let the `mode` be \"transport\""));
    }
    Some(end)
}

impl nouns::ManualEnd {
    fn has_keys(&self) -> bool {
        self.bidirectional.is_some() || self.inbound.is_some() || self.outbound.is_some()
    }
}

type Keyings<'a> = (
    &'a Option<Spanned<nouns::ManualKeying>>,
    &'a Option<Spanned<nouns::ManualKeying>>,
    &'a Option<Spanned<nouns::ManualKeying>>,
);

/// What is inbound and what is outbound, from `bidirectional`, `inbound` and `outbound`.
fn keyings(
    named: &Named<nouns::Manual>,
    nouns: Keyings<'_>,
    mode: Mode,
    problems: &mut Problems,
) -> Option<(ManualKeying, ManualKeying)> {
    match nouns {
        (Some(both), None, None) => {
            let keying = keying(both, mode, problems)?;
            Some((keying.clone(), keying))
        }
        (None, Some(inbound), Some(outbound)) => {
            let (inbound, outbound) = (keying(inbound, mode, problems), keying(outbound, mode, problems));
            Some((inbound?, outbound?))
        }
        _ => {
            let name = named.name();
            let problem =
                Problem::at(named.name.span(), format!("`{name}` does not say its keys in both directions"));
            problems.add(problem.help(format!(
                "either `[manual.{name}.bidirectional]`, or `[manual.{name}.inbound]` and `[manual.{name}.outbound]`",
            )));
            None
        }
    }
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

fn keying(noun: &Spanned<nouns::ManualKeying>, mode: Mode, problems: &mut Problems) -> Option<ManualKeying> {
    let (span, noun) = (noun.span(), noun.get_ref());
    let mut missing = |what: &str, help: &str| {
        problems.add(Problem::at(span.clone(), format!("there is no `{what}`")).help(help.to_owned()));
    };
    if noun.spi.is_none() {
        missing("spi", "the SPI is a number from 256 to 16639, the same at both ends");
    }
    let protocol = noun.protocol.unwrap_or_default();
    match (protocol, &noun.auxiliary_spi) {
        (ManualProtocol::Bundle, None) => {
            missing(
                "auxiliary-spi",
                "a bundle has two SPIs: `spi` is that of AH, `auxiliary-spi` that of ESP",
            );
        }
        (ManualProtocol::Esp | ManualProtocol::Ah, Some(spi)) => {
            let problem = Problem::at(spi.span(), "an `auxiliary-spi` without a bundle");
            problems.add(problem.help("leave it out, or let the `protocol` be \"bundle\""));
        }
        _ => {}
    }
    if protocol == ManualProtocol::Bundle && mode == Mode::Transport {
        let problem = Problem::at(span.clone(), "a bundle in transport mode");
        problems.add(problem.help("let the `mode` be \"tunnel\", or the `protocol` \"esp\" or \"ah\""));
    }
    let spi = Spi(problems.number_or(noun.spi.as_ref(), SPIS, "an SPI", 256));
    match protocol {
        ManualProtocol::Esp => esp(span, noun, spi, problems),
        ManualProtocol::Ah => {
            if let Some(encryption) = &noun.encryption {
                let problem = Problem::at(encryption.span(), "AH encrypts nothing");
                problems.add(
                    problem.help("leave `encryption` out, or let the `protocol` be \"esp\" or \"bundle\""),
                );
            }
            let (integrity, key) = needed_authenticator(span, noun, problems)?;
            Some(ManualKeying { spi, protection: Protection::Ah(integrity), key, bundled: None })
        }
        ManualProtocol::Bundle => {
            let auxiliary = Spi(problems.number_or(noun.auxiliary_spi.as_ref(), SPIS, "an SPI", 256));
            let (integrity, key) = needed_authenticator(span.clone(), noun, problems)?;
            let bundled = Some(ManualAh { spi, integrity, key });
            let (encryption, key_len, key) = needed_cipher(span, noun, problems)?;
            let protection = Protection::Esp(Suite { encryption, key_len, integrity: None });
            Some(ManualKeying { spi: auxiliary, protection, key, bundled })
        }
    }
}

fn esp(
    span: Range<usize>,
    noun: &nouns::ManualKeying,
    spi: Spi,
    problems: &mut Problems,
) -> Option<ManualKeying> {
    let (encryption, key_len, encryption_key) = needed_cipher(span, noun, problems)?;
    let combined = encryption.is_combined();
    let (integrity, integrity_key) = match &noun.authentication {
        Some(authentication) if combined => {
            let problem = Problem::at(authentication.span(), "this cipher authenticates by itself");
            problems.add(problem.help("leave `authentication` out"));
            (None, Vec::new())
        }
        Some(authentication) => {
            let (algorithm, key) = authenticator(authentication, problems)?;
            if algorithm.iv_len() > 0 {
                let problem = Problem::at(authentication.span(), "GMAC beside a cipher is not for ESP");
                problems
                    .add(problem.help("name it as `encryption`, or let the `protocol` be \"ah\" (RFC 4543)"));
            }
            (Some(algorithm), key)
        }
        None if combined => (None, Vec::new()),
        None => {
            let at = noun.encryption.as_ref().map_or(0..0, Spanned::span);
            let problem = Problem::at(at, "a cipher alone protects nothing from being changed");
            problems.add(problem.help("add `authentication`, such as { algorithm = \"hmac-sha1-96\", … }"));
            return None;
        }
    };
    let protection = Protection::Esp(Suite { encryption, key_len, integrity });
    Some(ManualKeying { spi, protection, key: [encryption_key, integrity_key].concat(), bundled: None })
}

fn needed_cipher(
    span: Range<usize>,
    noun: &nouns::ManualKeying,
    problems: &mut Problems,
) -> Option<(Encryption, usize, Vec<u8>)> {
    let Some(encryption) = &noun.encryption else {
        let problem = Problem::at(span, "there is no `encryption`");
        problems.add(problem.help("name an algorithm; \"null\" encrypts nothing"));
        return None;
    };
    cipher(encryption, problems)
}

fn needed_authenticator(
    span: Range<usize>,
    noun: &nouns::ManualKeying,
    problems: &mut Problems,
) -> Option<(IntegrityAlgorithm, Vec<u8>)> {
    let Some(authentication) = &noun.authentication else {
        let problem = Problem::at(span, "there is no `authentication`");
        problems.add(problem.help("AH needs it, such as { algorithm = \"hmac-sha1-96\", … }"));
        return None;
    };
    authenticator(authentication, problems)
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

pub(super) fn hexadecimal(text: &str) -> Result<Vec<u8>, String> {
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
