//! Proposals in keywords, `aes256gcm16-prfsha384-ecp384`, as configurations of IPsec daemons have them.
//!
//! The words may stand in any order; several of one class are alternatives, best first (RFC 7296 §3.3). Which algorithm
//! of which library a word means is not decided here.

use std::fmt;

use crate::diagnostic::nearest;

/// Algorithms for an IKE SA. Either all ciphers are combined-mode ones or none is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IkeProposal {
    /// Ciphers; not empty.
    pub encryption: Vec<Encryption>,
    /// The hashes of the HMACs that protect integrity; empty beside combined-mode ciphers only.
    pub integrity: Vec<Hash>,
    /// The hashes of the HMACs that are the pseudo-random function; not empty.
    pub prf: Vec<Hash>,
    /// Key exchange groups; not empty.
    pub groups: Vec<Group>,
}

/// Algorithms for a Child SA with ESP. Either all ciphers are combined-mode ones or none is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildProposal {
    /// Ciphers; not empty.
    pub encryption: Vec<Encryption>,
    /// The hashes of the HMACs that protect integrity; empty beside combined-mode ciphers only.
    pub integrity: Vec<Hash>,
    /// Groups for a key exchange of the child's own; empty for none.
    pub groups: Vec<Group>,
    /// Whether sequence numbers have 64 bits; both values may be offered. Not empty.
    pub extended_sequence_numbers: Vec<bool>,
}

/// Ciphers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encryption {
    /// AES-CBC with a key of 128 bits (RFC 3602).
    Aes128,
    /// AES-CBC with a key of 192 bits.
    Aes192,
    /// AES-CBC with a key of 256 bits.
    Aes256,
    /// AES-GCM with a key of 128 bits and an ICV of 16 octets (RFC 4106).
    Aes128Gcm16,
    /// AES-GCM with a key of 192 bits and an ICV of 16 octets.
    Aes192Gcm16,
    /// AES-GCM with a key of 256 bits and an ICV of 16 octets.
    Aes256Gcm16,
}

impl Encryption {
    /// Whether the cipher protects integrity by itself.
    #[must_use]
    pub fn is_combined_mode(self) -> bool {
        matches!(self, Self::Aes128Gcm16 | Self::Aes192Gcm16 | Self::Aes256Gcm16)
    }
}

/// Hashes, for HMAC as integrity algorithm (`sha256`) and as pseudo-random function (`prfsha256`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Key exchange groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// 2048-bit MODP (RFC 3526).
    Modp2048,
    /// 3072-bit MODP.
    Modp3072,
    /// 4096-bit MODP.
    Modp4096,
    /// NIST P-256 (RFC 5903).
    Ecp256,
    /// NIST P-384.
    Ecp384,
    /// NIST P-521.
    Ecp521,
    /// X25519 (RFC 8031).
    X25519,
}

impl IkeProposal {
    /// Reads a proposal. Where no pseudo-random function is named, those of the integrity algorithms are taken.
    ///
    /// # Errors
    /// On an unknown or repeated word, or one that an IKE SA has no use for; without cipher, group, pseudo-random
    /// function or integrity algorithm; and when combined-mode ciphers stand beside others or beside an integrity
    /// algorithm.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut proposal = Self::default();
        for word in words(text)? {
            match word {
                Word::Encryption(cipher) => proposal.encryption.push(cipher),
                Word::Integrity(hash) => proposal.integrity.push(hash),
                Word::Prf(hash) => proposal.prf.push(hash),
                Word::Group(group) => proposal.groups.push(group),
                Word::Esn(_) => {
                    return Err(format!(
                        "an IKE SA has no extended sequence numbers: leave `{word}` to the child"
                    ));
                }
            }
        }
        check_integrity(&proposal.encryption, &proposal.integrity)?;
        if proposal.prf.is_empty() {
            proposal.prf.clone_from(&proposal.integrity);
        }
        if proposal.prf.is_empty() {
            return Err("there is no pseudo-random function: add one such as `prfsha256`".to_owned());
        }
        if proposal.groups.is_empty() {
            return Err("there is no key exchange group: add one such as `x25519` or `modp2048`".to_owned());
        }
        Ok(proposal)
    }
}

impl ChildProposal {
    /// Reads a proposal. Sequence numbers have 32 bits unless `esn` is named.
    ///
    /// # Errors
    /// On an unknown or repeated word, or one that a Child SA has no use for; without cipher or integrity algorithm;
    /// and when combined-mode ciphers stand beside others or beside an integrity algorithm.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut proposal = Self::default();
        for word in words(text)? {
            match word {
                Word::Encryption(cipher) => proposal.encryption.push(cipher),
                Word::Integrity(hash) => proposal.integrity.push(hash),
                Word::Prf(_) => {
                    return Err(format!(
                        "a Child SA has no pseudo-random function: leave `{word}` to the IKE SA"
                    ));
                }
                Word::Group(group) => proposal.groups.push(group),
                Word::Esn(extended) => proposal.extended_sequence_numbers.push(extended),
            }
        }
        check_integrity(&proposal.encryption, &proposal.integrity)?;
        if proposal.extended_sequence_numbers.is_empty() {
            proposal.extended_sequence_numbers.push(false);
        }
        Ok(proposal)
    }
}

impl fmt::Display for IkeProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encryption = self.encryption.iter().copied().map(Word::Encryption);
        let integrity = self.integrity.iter().copied().map(Word::Integrity);
        let prf = self.prf.iter().copied().map(Word::Prf);
        let groups = self.groups.iter().copied().map(Word::Group);
        join(f, encryption.chain(integrity).chain(prf).chain(groups))
    }
}

impl fmt::Display for ChildProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encryption = self.encryption.iter().copied().map(Word::Encryption);
        let integrity = self.integrity.iter().copied().map(Word::Integrity);
        let groups = self.groups.iter().copied().map(Word::Group);
        let esn = self.extended_sequence_numbers.iter().copied().map(Word::Esn);
        join(f, encryption.chain(integrity).chain(groups).chain(esn))
    }
}

/// A keyword of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Encryption(Encryption),
    Integrity(Hash),
    Prf(Hash),
    Group(Group),
    Esn(bool),
}

/// All keywords. The first of two that mean the same is the one that is written.
const KEYWORDS: [(&str, Word); 24] = [
    ("aes128", Word::Encryption(Encryption::Aes128)),
    ("aes192", Word::Encryption(Encryption::Aes192)),
    ("aes256", Word::Encryption(Encryption::Aes256)),
    ("aes128gcm16", Word::Encryption(Encryption::Aes128Gcm16)),
    ("aes192gcm16", Word::Encryption(Encryption::Aes192Gcm16)),
    ("aes256gcm16", Word::Encryption(Encryption::Aes256Gcm16)),
    ("sha1", Word::Integrity(Hash::Sha1)),
    ("sha256", Word::Integrity(Hash::Sha256)),
    ("sha384", Word::Integrity(Hash::Sha384)),
    ("sha512", Word::Integrity(Hash::Sha512)),
    ("prfsha1", Word::Prf(Hash::Sha1)),
    ("prfsha256", Word::Prf(Hash::Sha256)),
    ("prfsha384", Word::Prf(Hash::Sha384)),
    ("prfsha512", Word::Prf(Hash::Sha512)),
    ("modp2048", Word::Group(Group::Modp2048)),
    ("modp3072", Word::Group(Group::Modp3072)),
    ("modp4096", Word::Group(Group::Modp4096)),
    ("ecp256", Word::Group(Group::Ecp256)),
    ("ecp384", Word::Group(Group::Ecp384)),
    ("ecp521", Word::Group(Group::Ecp521)),
    ("x25519", Word::Group(Group::X25519)),
    ("curve25519", Word::Group(Group::X25519)),
    ("esn", Word::Esn(true)),
    ("noesn", Word::Esn(false)),
];

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KEYWORDS.iter().find(|(_, word)| word == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

fn join(f: &mut fmt::Formatter<'_>, words: impl Iterator<Item = Word>) -> fmt::Result {
    for (index, word) in words.enumerate() {
        let dash = if index == 0 { "" } else { "-" };
        write!(f, "{dash}{word}")?;
    }
    Ok(())
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    for name in text.split('-') {
        let Some((_, word)) = KEYWORDS.iter().find(|(known, _)| *known == name) else {
            let hint = match nearest(name, KEYWORDS.iter().map(|(known, _)| *known)) {
                Some(known) => format!("did you mean `{known}`?"),
                None => "a proposal looks like `aes256gcm16-prfsha384-ecp384`".to_owned(),
            };
            return Err(format!("`{name}` is no algorithm: {hint}"));
        };
        if words.contains(word) {
            return Err(format!("`{name}` is named twice"));
        }
        words.push(*word);
    }
    Ok(words)
}

fn check_integrity(encryption: &[Encryption], integrity: &[Hash]) -> Result<(), String> {
    let combined = encryption.iter().filter(|cipher| cipher.is_combined_mode()).count();
    let wrong = if encryption.is_empty() {
        "there is no cipher: add one such as `aes128gcm16`"
    } else if combined == 0 && integrity.is_empty() {
        "there is no integrity algorithm: add one such as `sha256`"
    } else if combined > 0 && combined < encryption.len() {
        "combined-mode ciphers and others may not share a proposal (RFC 7296 section 3.3): write two"
    } else if combined > 0 && !integrity.is_empty() {
        "a combined-mode cipher needs no integrity algorithm: leave it out, or write `prf…` for the pseudo-random function"
    } else {
        return Ok(());
    };
    Err(wrong.to_owned())
}
