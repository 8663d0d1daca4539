//! Proposals in keywords, `aes256gcm16-prfsha384-ecp384`, as configurations of IPsec daemons have them.
//!
//! The words may stand in any order; several of one class are alternatives, best first (RFC 7296 §3.3). A word such as
//! `ke1_mlkem768` names a key exchange that follows as the first of up to seven additional ones (RFC 9370); `ke1_none` allows
//! to do without it.

use std::fmt;

use ipsec::crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec::dataplane::Encryption;
use ipsec::ikev2::AdditionalKeyExchanges;

use crate::diagnostic::nearest;

/// Algorithms for an IKE SA. Either all ciphers are combined-mode ones or none is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IkeProposal {
    /// Ciphers with the lengths of their keys in octets; not empty.
    pub encryption: Vec<(Encryption, usize)>,
    /// Integrity algorithms; empty beside combined-mode ciphers only.
    pub integrity: Vec<IntegrityAlgorithm>,
    /// Pseudo-random functions; not empty.
    pub prf: Vec<PrfAlgorithm>,
    /// Key exchange groups; not empty.
    pub groups: Vec<KeyExchangeAlgorithm>,
    /// Additional key exchanges.
    pub additional: AdditionalKeyExchanges,
}

/// Algorithms for a Child SA. Either all ciphers are combined-mode ones or none is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildProposal {
    /// Ciphers with the lengths of their keys in octets; empty for AH only.
    pub encryption: Vec<(Encryption, usize)>,
    /// Integrity algorithms; empty beside combined-mode ciphers only.
    pub integrity: Vec<IntegrityAlgorithm>,
    /// Groups for a key exchange of the child's own; empty for none.
    pub groups: Vec<KeyExchangeAlgorithm>,
    /// Additional key exchanges; none without a group.
    pub additional: AdditionalKeyExchanges,
    /// Whether sequence numbers have 64 bits; both values may be offered. Not empty.
    pub extended_sequence_numbers: Vec<bool>,
    /// Whether the integrity algorithms are those of AH round ESP, which then has none: in version 1 only.
    pub bundle: bool,
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
                Word::Encryption(Encryption::Cipher(CipherAlgorithm::Null), _)
                | Word::Encryption(Encryption::Aead(AeadAlgorithm::AesGmac), _) => {
                    return Err(format!("`{word}` does not hide the messages of an IKE SA"));
                }
                Word::Encryption(Encryption::AeadImplicitIv(_), _) => {
                    return Err(format!("`{word}` is not for IKE SAs (RFC 8750 section 8)"));
                }
                Word::Encryption(cipher, key_len) => proposal.encryption.push((cipher, key_len)),
                Word::Integrity(integrity) => proposal.integrity.push(integrity),
                Word::Prf(prf) => proposal.prf.push(prf),
                Word::Group(group) => proposal.groups.push(group),
                Word::Additional(at, method) => proposal.additional[at].push(method),
                Word::Esn(_) => {
                    return Err(format!(
                        "an IKE SA has no extended sequence numbers: leave `{word}` to the child"
                    ));
                }
                Word::Bundle => {
                    return Err("an IKE SA is no bundle: leave `bundle` to the child".to_owned());
                }
                Word::Ah => {
                    return Err("an IKE SA is not protected by AH: leave `ah` to the child".to_owned());
                }
            }
        }
        check_integrity(&proposal.encryption, &proposal.integrity)?;
        if proposal.prf.is_empty() {
            proposal.prf = proposal.integrity.iter().filter_map(|integrity| prf_of(*integrity)).collect();
        }
        if proposal.prf.is_empty() {
            return Err("there is no pseudo-random function: add one such as `prfsha256`".to_owned());
        }
        if proposal.groups.is_empty() {
            return Err("there is no key exchange group: add one such as `x25519` or `modp2048`".to_owned());
        }
        check_additional(&proposal.groups, &proposal.additional)?;
        Ok(proposal)
    }
}

impl ChildProposal {
    /// Reads a proposal. Sequence numbers have 32 bits unless `esn` is named; with `ah` it is one for AH, without for ESP.
    ///
    /// # Errors
    /// On an unknown or repeated word, or one that a Child SA has no use for; without cipher or integrity algorithm; with
    /// a cipher for AH; and when combined-mode ciphers stand beside others or beside an integrity algorithm.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut proposal = Self::default();
        let mut is_ah = false;
        for word in words(text)? {
            match word {
                Word::Ah => is_ah = true,
                Word::Bundle => proposal.bundle = true,
                Word::Encryption(cipher, key_len) => proposal.encryption.push((cipher, key_len)),
                Word::Integrity(integrity) => proposal.integrity.push(integrity),
                Word::Prf(_) => {
                    return Err(format!(
                        "a Child SA has no pseudo-random function: leave `{word}` to the IKE SA"
                    ));
                }
                Word::Group(group) => proposal.groups.push(group),
                Word::Additional(at, method) => proposal.additional[at].push(method),
                Word::Esn(extended) => proposal.extended_sequence_numbers.push(extended),
            }
        }
        if is_ah {
            let gmac = |(cipher, key_len): &(Encryption, usize)| gmac_in_ah(*cipher, *key_len);
            proposal.integrity.extend(proposal.encryption.iter().filter_map(gmac));
            proposal.encryption.retain(|cipher| gmac(cipher).is_none());
        }
        if is_ah && proposal.bundle {
            return Err("a bundle is AH and ESP: leave `ah` out, or `bundle`".to_owned());
        }
        match (is_ah, proposal.encryption.first()) {
            (true, None) if proposal.integrity.is_empty() => {
                return Err("there is no integrity algorithm: add one such as `sha256`".to_owned());
            }
            (true, None) => {}
            (true, Some((cipher, key_len))) => {
                let cipher = Word::Encryption(*cipher, *key_len);
                return Err(format!("AH encrypts nothing: leave `{cipher}` out, or `ah`"));
            }
            (false, _) => check_integrity(&proposal.encryption, &proposal.integrity)?,
        }
        check_additional(&proposal.groups, &proposal.additional)?;
        if proposal.extended_sequence_numbers.is_empty() {
            proposal.extended_sequence_numbers.push(false);
        }
        Ok(proposal)
    }
}

impl ChildProposal {
    /// Whether nobody on the way can read the packets, whatever is chosen.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        let hides = |(cipher, _): &(Encryption, usize)| cipher.is_confidential();
        !self.encryption.is_empty() && self.encryption.iter().all(hides)
    }
}

impl fmt::Display for IkeProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encryption = self.encryption.iter().map(|(cipher, key_len)| Word::Encryption(*cipher, *key_len));
        let integrity = self.integrity.iter().copied().map(Word::Integrity);
        let prf = self.prf.iter().copied().map(Word::Prf);
        let groups = self.groups.iter().copied().map(Word::Group);
        join(f, encryption.chain(integrity).chain(prf).chain(groups).chain(following(&self.additional)))
    }
}

impl fmt::Display for ChildProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundle = self.bundle.then_some(Word::Bundle);
        let ah = self.encryption.is_empty().then_some(Word::Ah).or(bundle);
        let encryption = self.encryption.iter().map(|(cipher, key_len)| Word::Encryption(*cipher, *key_len));
        let gmac = |integrity: &IntegrityAlgorithm| match integrity {
            IntegrityAlgorithm::Aes128Gmac => Word::Encryption(aead(AeadAlgorithm::AesGmac), 16),
            IntegrityAlgorithm::Aes192Gmac => Word::Encryption(aead(AeadAlgorithm::AesGmac), 24),
            IntegrityAlgorithm::Aes256Gmac => Word::Encryption(aead(AeadAlgorithm::AesGmac), 32),
            other => Word::Integrity(*other),
        };
        let integrity = self.integrity.iter().map(gmac);
        let groups = self.groups.iter().copied().map(Word::Group);
        let esn = self.extended_sequence_numbers.iter().copied().map(Word::Esn);
        let groups = groups.chain(following(&self.additional));
        join(f, ah.into_iter().chain(encryption).chain(integrity).chain(groups).chain(esn))
    }
}

/// A keyword of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// AH instead of ESP.
    Ah,
    /// AH round ESP.
    Bundle,
    Encryption(Encryption, usize),
    Integrity(IntegrityAlgorithm),
    Prf(PrfAlgorithm),
    Group(KeyExchangeAlgorithm),
    /// An additional key exchange, counted from 0, or that it may be left out.
    Additional(usize, Option<KeyExchangeAlgorithm>),
    Esn(bool),
}

/// Ciphers and the keywords of each, by the length of the key in octets.
const CIPHERS: [(Encryption, &[(usize, &str)]); 17] = [
    (cipher(CipherAlgorithm::AesCbc), &[(16, "aes128"), (24, "aes192"), (32, "aes256")]),
    (aead(AeadAlgorithm::AesGcm16), &[(16, "aes128gcm16"), (24, "aes192gcm16"), (32, "aes256gcm16")]),
    (aead(AeadAlgorithm::AesGcm12), &[(16, "aes128gcm12"), (24, "aes192gcm12"), (32, "aes256gcm12")]),
    (aead(AeadAlgorithm::AesGcm8), &[(16, "aes128gcm8"), (24, "aes192gcm8"), (32, "aes256gcm8")]),
    (aead(AeadAlgorithm::AesCcm16), &[(16, "aes128ccm16"), (24, "aes192ccm16"), (32, "aes256ccm16")]),
    (aead(AeadAlgorithm::AesCcm12), &[(16, "aes128ccm12"), (24, "aes192ccm12"), (32, "aes256ccm12")]),
    (aead(AeadAlgorithm::AesCcm8), &[(16, "aes128ccm8"), (24, "aes192ccm8"), (32, "aes256ccm8")]),
    (aead(AeadAlgorithm::AesGmac), &[(16, "aes128gmac"), (24, "aes192gmac"), (32, "aes256gmac")]),
    (aead(AeadAlgorithm::ChaCha20Poly1305), &[(32, "chacha20poly1305")]),
    (
        Encryption::AeadImplicitIv(AeadAlgorithm::AesGcm16),
        &[(16, "aes128gcm16iiv"), (24, "aes192gcm16iiv"), (32, "aes256gcm16iiv")],
    ),
    (
        Encryption::AeadImplicitIv(AeadAlgorithm::AesCcm8),
        &[(16, "aes128ccm8iiv"), (24, "aes192ccm8iiv"), (32, "aes256ccm8iiv")],
    ),
    (Encryption::AeadImplicitIv(AeadAlgorithm::ChaCha20Poly1305), &[(32, "chacha20poly1305iiv")]),
    (cipher(CipherAlgorithm::AesCtr), &[(16, "aes128ctr"), (24, "aes192ctr"), (32, "aes256ctr")]),
    (cipher(CipherAlgorithm::CamelliaCbc), &[(16, "camellia128"), (24, "camellia192"), (32, "camellia256")]),
    (cipher(CipherAlgorithm::TripleDesCbc), &[(24, "3des")]),
    (cipher(CipherAlgorithm::DesCbc), &[(8, "des")]),
    (cipher(CipherAlgorithm::Null), &[(0, "null")]),
];

const fn cipher(algorithm: CipherAlgorithm) -> Encryption {
    Encryption::Cipher(algorithm)
}

const fn aead(algorithm: AeadAlgorithm) -> Encryption {
    Encryption::Aead(algorithm)
}

/// The keywords of everything else. The first of two that mean the same is the one that is written.
const KEYWORDS: [(&str, Word); 45] = [
    ("ah", Word::Ah),
    ("bundle", Word::Bundle),
    ("md5", Word::Integrity(IntegrityAlgorithm::HmacMd5_96)),
    ("sha1", Word::Integrity(IntegrityAlgorithm::HmacSha1_96)),
    ("sha256", Word::Integrity(IntegrityAlgorithm::HmacSha2_256_128)),
    ("sha384", Word::Integrity(IntegrityAlgorithm::HmacSha2_384_192)),
    ("sha512", Word::Integrity(IntegrityAlgorithm::HmacSha2_512_256)),
    ("aesxcbc", Word::Integrity(IntegrityAlgorithm::AesXcbc96)),
    ("aescmac", Word::Integrity(IntegrityAlgorithm::AesCmac96)),
    ("prfmd5", Word::Prf(PrfAlgorithm::HmacMd5)),
    ("prfsha1", Word::Prf(PrfAlgorithm::HmacSha1)),
    ("prfsha256", Word::Prf(PrfAlgorithm::HmacSha2_256)),
    ("prfsha384", Word::Prf(PrfAlgorithm::HmacSha2_384)),
    ("prfsha512", Word::Prf(PrfAlgorithm::HmacSha2_512)),
    ("prfaesxcbc", Word::Prf(PrfAlgorithm::AesXcbc)),
    ("prfaescmac", Word::Prf(PrfAlgorithm::AesCmac)),
    ("modp768", Word::Group(KeyExchangeAlgorithm::Modp768)),
    ("modp1024", Word::Group(KeyExchangeAlgorithm::Modp1024)),
    ("modp1536", Word::Group(KeyExchangeAlgorithm::Modp1536)),
    ("modp2048", Word::Group(KeyExchangeAlgorithm::Modp2048)),
    ("modp3072", Word::Group(KeyExchangeAlgorithm::Modp3072)),
    ("modp4096", Word::Group(KeyExchangeAlgorithm::Modp4096)),
    ("modp6144", Word::Group(KeyExchangeAlgorithm::Modp6144)),
    ("modp8192", Word::Group(KeyExchangeAlgorithm::Modp8192)),
    ("ecp256", Word::Group(KeyExchangeAlgorithm::Ecp256)),
    ("ecp384", Word::Group(KeyExchangeAlgorithm::Ecp384)),
    ("ecp521", Word::Group(KeyExchangeAlgorithm::Ecp521)),
    ("x25519", Word::Group(KeyExchangeAlgorithm::X25519)),
    ("curve25519", Word::Group(KeyExchangeAlgorithm::X25519)),
    ("x448", Word::Group(KeyExchangeAlgorithm::X448)),
    ("curve448", Word::Group(KeyExchangeAlgorithm::X448)),
    ("modp1024s160", Word::Group(KeyExchangeAlgorithm::Modp1024s160)),
    ("modp2048s224", Word::Group(KeyExchangeAlgorithm::Modp2048s224)),
    ("modp2048s256", Word::Group(KeyExchangeAlgorithm::Modp2048s256)),
    ("ecp192", Word::Group(KeyExchangeAlgorithm::Ecp192)),
    ("ecp224", Word::Group(KeyExchangeAlgorithm::Ecp224)),
    ("ecp224bp", Word::Group(KeyExchangeAlgorithm::Brainpool224)),
    ("ecp256bp", Word::Group(KeyExchangeAlgorithm::Brainpool256)),
    ("ecp384bp", Word::Group(KeyExchangeAlgorithm::Brainpool384)),
    ("ecp512bp", Word::Group(KeyExchangeAlgorithm::Brainpool512)),
    ("mlkem512", Word::Group(KeyExchangeAlgorithm::MlKem512)),
    ("mlkem768", Word::Group(KeyExchangeAlgorithm::MlKem768)),
    ("mlkem1024", Word::Group(KeyExchangeAlgorithm::MlKem1024)),
    ("esn", Word::Esn(true)),
    ("noesn", Word::Esn(false)),
];

/// The pseudo-random function that is made like an integrity algorithm; GMAC makes none.
fn prf_of(integrity: IntegrityAlgorithm) -> Option<PrfAlgorithm> {
    Some(match integrity {
        IntegrityAlgorithm::HmacMd5_96 => PrfAlgorithm::HmacMd5,
        IntegrityAlgorithm::HmacSha1_96 => PrfAlgorithm::HmacSha1,
        IntegrityAlgorithm::HmacSha2_256_128 => PrfAlgorithm::HmacSha2_256,
        IntegrityAlgorithm::HmacSha2_384_192 => PrfAlgorithm::HmacSha2_384,
        IntegrityAlgorithm::HmacSha2_512_256 => PrfAlgorithm::HmacSha2_512,
        IntegrityAlgorithm::AesXcbc96 => PrfAlgorithm::AesXcbc,
        IntegrityAlgorithm::AesCmac96 => PrfAlgorithm::AesCmac,
        IntegrityAlgorithm::Aes128Gmac | IntegrityAlgorithm::Aes192Gmac | IntegrityAlgorithm::Aes256Gmac => {
            return None;
        }
    })
}

/// GMAC encrypts nothing: as ESP it stands for a combined-mode cipher, in AH for an integrity algorithm.
fn gmac_in_ah(cipher: Encryption, key_len: usize) -> Option<IntegrityAlgorithm> {
    match (cipher, key_len) {
        (Encryption::Aead(AeadAlgorithm::AesGmac), 16) => Some(IntegrityAlgorithm::Aes128Gmac),
        (Encryption::Aead(AeadAlgorithm::AesGmac), 24) => Some(IntegrityAlgorithm::Aes192Gmac),
        (Encryption::Aead(AeadAlgorithm::AesGmac), 32) => Some(IntegrityAlgorithm::Aes256Gmac),
        _ => None,
    }
}

/// All keywords and what they mean.
fn keywords() -> impl Iterator<Item = (&'static str, Word)> {
    let of_cipher = |(cipher, names): &(Encryption, &'static [(usize, &'static str)])| {
        let cipher = *cipher;
        names.iter().map(move |(key_len, name)| (*name, Word::Encryption(cipher, *key_len)))
    };
    CIPHERS.iter().flat_map(of_cipher).chain(KEYWORDS)
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Additional(at, None) => write!(f, "ke{}_none", at + 1),
            Self::Additional(at, Some(group)) => write!(f, "ke{}_{}", at + 1, Self::Group(*group)),
            _ => f.write_str(keywords().find(|(_, word)| word == self).map_or("", |(name, _)| name)),
        }
    }
}

/// The words of additional key exchanges.
fn following(lists: &AdditionalKeyExchanges) -> impl Iterator<Item = Word> {
    lists
        .iter()
        .enumerate()
        .flat_map(|(at, list)| list.iter().map(move |method| Word::Additional(at, *method)))
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
        let word = match name.split_once('_') {
            Some((number, method)) => additional(name, number, method)?,
            None => {
                let found = keywords().find(|(known, _)| *known == name);
                let hint = || match nearest(name, keywords().map(|(known, _)| known)) {
                    Some(known) => format!("did you mean `{known}`?"),
                    None => "a proposal looks like `aes256gcm16-prfsha384-ecp384`".to_owned(),
                };
                found.ok_or_else(|| format!("`{name}` is no algorithm: {}", hint()))?.1
            }
        };
        if words.contains(&word) {
            return Err(format!("`{name}` is named twice"));
        }
        words.push(word);
    }
    Ok(words)
}

/// A word such as `ke1_mlkem768`.
fn additional(name: &str, number: &str, method: &str) -> Result<Word, String> {
    let numbers = (1..=7).map(|number| format!("ke{number}"));
    let at = numbers.into_iter().position(|known| known == number).ok_or_else(|| {
        format!("`{name}` is no algorithm: an additional key exchange is `ke1_…` to `ke7_…`, such as `ke1_mlkem768`")
    })?;
    let groups = || keywords().filter(|(_, word)| matches!(word, Word::Group(_)));
    if method == "none" {
        return Ok(Word::Additional(at, None));
    }
    match groups().find(|(known, _)| *known == method) {
        Some((_, Word::Group(group))) => Ok(Word::Additional(at, Some(group))),
        _ => {
            let hint = match nearest(method, groups().map(|(known, _)| known).chain(["none"])) {
                Some(known) => format!("did you mean `{number}_{known}`?"),
                None => format!("write a key exchange such as `{number}_mlkem768`, or `{number}_none`"),
            };
            Err(format!("`{name}` is no algorithm: {hint}"))
        }
    }
}

/// Additional key exchanges follow one that is not, and none of all may occur twice (RFC 9370 §2.2.1).
fn check_additional(
    groups: &[KeyExchangeAlgorithm],
    additional: &AdditionalKeyExchanges,
) -> Result<(), String> {
    let lists = additional.iter().filter(|list| !list.is_empty());
    let mut sole = Vec::new();
    if let [group] = groups {
        sole.push(*group);
    }
    for list in lists {
        if groups.is_empty() {
            return Err(
                "an additional key exchange follows one that is not: add a group such as `x25519`".to_owned()
            );
        }
        if let [Some(method)] = list.as_slice() {
            if sole.contains(method) {
                let method = Word::Group(*method);
                return Err(format!("`{method}` would be exchanged twice (RFC 9370 section 2.2.1)"));
            }
            sole.push(*method);
        }
    }
    Ok(())
}

fn check_integrity(
    encryption: &[(Encryption, usize)],
    integrity: &[IntegrityAlgorithm],
) -> Result<(), String> {
    let combined = encryption.iter().filter(|(cipher, _)| cipher.is_combined()).count();
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

#[cfg(test)]
mod tests;
