//! The protection of messages (RFC 7296 §3.14, RFC 5282, RFC 7383): payloads into SK, or in pieces into SKF, and out of it.

use ipsec_crypto::{Aead, Cipher, Entropy, Integrity, KeyLength, Provider, Secret};
use ipsec_dataplane::{Encryption, Suite};
use ipsec_wire::registry::PayloadType;
use ipsec_wire::v2::{self, FragmentNumber, Layout, Payload, Protected};
use ipsec_wire::{Header, Malformed};

use crate::event::IkeKeyRecord;
use crate::keys::Keys;
use crate::refusal::DropReason;
use crate::sa::Role;

/// The keys of an IKE SA and the algorithms that they are for. The algorithms are keyed for each message anew: an IKE SA has few
/// of them, and keyed ones take a kilobyte.
pub(crate) struct Protection {
    provider: &'static Provider,
    suite: Suite,
    layout: Layout,
    role: Role,
    keys: Keys,
    /// How many messages were sealed: the IV of a combined-mode algorithm, which must not repeat (RFC 5282 §3).
    sealed: u64,
}

/// How a message is cut in pieces (RFC 7383 §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The most octets that a piece may have, from the IKE header on.
    pub(crate) size: usize,
    /// The fewest pieces.
    pub(crate) least: usize,
}

/// Why a message was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotOpened {
    /// Whoever sent it, it is not to be answered.
    Drop(DropReason),
    /// Its integrity is proven, but its payloads are malformed.
    Malformed(String),
    /// Its integrity is proven, but it is only a piece of a message whose other pieces have not all come.
    Incomplete,
    /// Its integrity is proven, but with the pieces before it is more than a message may have.
    TooLong,
}

/// What was inside SK, or inside SKF in all the pieces of a message, behind which nothing was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// The type of the first payload.
    pub(crate) first: PayloadType,
    pub(crate) octets: Vec<u8>,
    /// Where it begins in its message; in that of the first piece, if there are several.
    pub(crate) base: usize,
}

impl Content {
    /// The payloads.
    pub(crate) fn payloads(&self) -> Result<Vec<Payload>, NotOpened> {
        v2::parse_chain(self.first, &self.octets, self.base)
            .map_err(|error| NotOpened::Malformed(error.to_string()))
    }
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Protection")
    }
}

impl Protection {
    /// For the end that plays `role`.
    pub(crate) fn new(
        provider: &'static Provider,
        suite: &Suite,
        keys: Keys,
        role: Role,
    ) -> Result<Self, KeyLength> {
        let layout = layout(suite)?;
        for (encryption, integrity) in [(&keys.ei, &keys.ai), (&keys.er, &keys.ar)] {
            let (expected, found) = (suite.encryption.key_lens(), encryption.len());
            let fits = suite.encryption_key_len() == found && suite.integrity_key_len() == integrity.len();
            if !fits || !expected.contains(&suite.key_len) {
                return Err(KeyLength { algorithm: suite.encryption.name(), expected, found });
            }
        }
        Ok(Self { provider, suite: *suite, layout, role, keys, sealed: 0 })
    }

    /// All the keys of the IKE SA.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The same with other keys, in the place of `before`: the count of messages goes on, so that no IV comes twice on an
    /// IKE SA, whatever its keys.
    pub(crate) fn following(mut self, before: &Self) -> Self {
        self.sealed = before.sealed;
        self
    }

    /// Skips so many IVs that none comes twice, though what is known of their count may be old.
    pub(crate) fn leap(&mut self) {
        self.sealed = self.sealed.saturating_add(1 << 32);
    }

    /// The direction of the messages that the end which plays `sender` sends.
    fn direction(&self, sender: Role) -> Direction<'_> {
        let (encryption, integrity) = match sender {
            Role::Initiator => (&self.keys.ei, &self.keys.ai),
            Role::Responder => (&self.keys.er, &self.keys.ar),
        };
        Direction {
            iv_len: self.layout.iv,
            provider: self.provider,
            suite: &self.suite,
            encryption,
            integrity,
        }
    }

    /// The message with these payloads inside SK; where it is to be cut, in pieces inside SKF.
    pub(crate) fn seal(
        &mut self,
        header: &Header,
        payloads: &[Payload],
        cut: Option<Cut>,
        entropy: &mut dyn Entropy,
    ) -> Vec<Vec<u8>> {
        let laid_out = match cut {
            Some(cut) => v2::lay_out_fragments(header, payloads, self.layout, cut.size, cut.least),
            None => vec![v2::lay_out(header, payloads, self.layout)],
        };
        let mut sealed = Vec::with_capacity(laid_out.len());
        for (mut octets, parts) in laid_out {
            self.direction(self.role).seal(self.sealed, &mut octets, &parts, entropy);
            self.sealed += 1;
            sealed.push(octets);
        }
        sealed
    }

    /// What is inside SK or SKF, and which piece of a message it is if it is but a piece.
    pub(crate) fn open(&self, octets: &[u8]) -> Result<(Option<FragmentNumber>, Content), NotOpened> {
        let malformed = |error: Malformed| NotOpened::Drop(DropReason::Malformed(error.to_string()));
        let parts = v2::split(octets, self.layout).map_err(malformed)?;
        let mut content = self
            .direction(self.role.other())
            .open(octets, &parts)
            .ok_or(NotOpened::Drop(DropReason::Integrity))?;
        let base = parts.content.start;
        let kept = v2::strip_padding(&content, base).map(<[u8]>::len);
        content.truncate(kept.map_err(|error| NotOpened::Malformed(error.to_string()))?);
        Ok((parts.fragment, Content { first: parts.first, octets: content, base }))
    }
}

impl IkeKeyRecord {
    /// For those who read along: what is inside SK of a message of this IKE SA, or inside SKF of a piece of one, whichever end
    /// sent it. Which piece it is, if it is one, the type of the first payload, and the payloads' octets.
    ///
    /// Nothing when these keys do not prove its integrity.
    #[must_use]
    pub fn open(
        &self,
        provider: &'static Provider,
        octets: &[u8],
    ) -> Option<(Option<FragmentNumber>, PayloadType, Vec<u8>)> {
        let header = Header::parse(octets).ok()?;
        let receiver = if header.flags.initiator { Role::Responder } else { Role::Initiator };
        let protection =
            Protection::new(provider, &self.suite.protection, self.keys.clone(), receiver).ok()?;
        let (fragment, content) = protection.open(octets).ok()?;
        Some((fragment, content.first, content.octets))
    }
}

/// Where the parts of SK lie with the algorithms of a suite.
fn layout(suite: &Suite) -> Result<Layout, KeyLength> {
    match (suite.encryption, suite.integrity) {
        (Encryption::Cipher(algorithm), Some(mac)) => {
            Ok(Layout { iv: algorithm.iv_len(), block: algorithm.block_len(), icv: mac.icv_len() })
        }
        (Encryption::Aead(algorithm), _) => {
            Ok(Layout { iv: algorithm.iv_len(), block: 1, icv: algorithm.icv_len() })
        }
        (encryption, _) => Err(KeyLength { algorithm: encryption.name(), expected: &[], found: 0 }),
    }
}

/// What protects the messages of one end.
struct Direction<'a> {
    iv_len: usize,
    provider: &'static Provider,
    suite: &'a Suite,
    /// The cipher's key, and the salt if there is one.
    encryption: &'a Secret,
    /// The integrity algorithm's key; empty where there is none.
    integrity: &'a Secret,
}

enum Keyed {
    Aead(Aead),
    Separate(Box<(Cipher, Integrity)>),
}

impl<'a> Direction<'a> {
    /// The algorithms with their keys, and the salt. The lengths of the keys have been checked.
    fn keyed(&self) -> Result<(Keyed, &'a [u8]), KeyLength> {
        let (key, salt) = self.encryption.as_bytes().split_at(self.suite.key_len);
        let keyed = match (self.suite.encryption, self.suite.integrity) {
            (Encryption::Cipher(algorithm), Some(mac)) => {
                let integrity = (self.provider.integrity)(mac, self.integrity.as_bytes())?;
                Keyed::Separate(Box::new(((self.provider.cipher)(algorithm, key)?, integrity)))
            }
            (Encryption::Aead(algorithm) | Encryption::AeadImplicitIv(algorithm), _) => {
                Keyed::Aead((self.provider.aead)(algorithm, key)?)
            }
            (encryption @ Encryption::Cipher(_), None) => {
                return Err(KeyLength { algorithm: encryption.name(), expected: &[], found: 0 });
            }
        };
        Ok((keyed, salt))
    }

    /// Encrypts message number `number` in its place.
    fn seal(&self, number: u64, octets: &mut [u8], parts: &Protected, entropy: &mut dyn Entropy) {
        let (before, rest) = octets.split_at_mut(parts.iv.start);
        let (iv, rest) = rest.split_at_mut(self.iv_len);
        let (content, icv) = rest.split_at_mut(parts.content.len());
        let sealed = match self.keyed() {
            Ok((Keyed::Aead(aead), salt)) => {
                iv.copy_from_slice(&number.to_be_bytes());
                aead.seal(&[salt, iv].concat(), before, content, icv).is_ok()
            }
            Ok((Keyed::Separate(both), salt)) => {
                let (cipher, integrity) = *both;
                // A cipher with a salt is a counter mode, whose IV must only never repeat (RFC 5930 §2).
                match salt.is_empty() {
                    true => entropy.fill(iv),
                    false => iv.copy_from_slice(&number.to_be_bytes()),
                }
                let encrypted = cipher.encrypt(&[salt, iv].concat(), content);
                encrypted.and_then(|()| integrity.sign(&[before, iv, content], icv)).is_ok()
            }
            Err(_) => false,
        };
        debug_assert!(sealed, "the layout gives each part its length, and the keys have theirs");
    }

    /// The decrypted content, if its integrity is proven.
    fn open(&self, octets: &[u8], parts: &Protected) -> Option<Vec<u8>> {
        let (iv, icv) = (&octets[parts.iv.clone()], &octets[parts.icv.clone()]);
        let mut content = octets[parts.content.clone()].to_vec();
        let (keyed, salt) = self.keyed().ok()?;
        let nonce = [salt, iv].concat();
        match keyed {
            Keyed::Aead(aead) => {
                aead.open(&nonce, &octets[..parts.iv.start], &mut content, icv).ok()?;
            }
            Keyed::Separate(both) => {
                let (cipher, integrity) = *both;
                integrity.verify(&[&octets[..parts.content.end]], icv).ok()?;
                cipher.decrypt(&nonce, &mut content).ok()?;
            }
        }
        Some(content)
    }
}

#[cfg(test)]
mod tests;
