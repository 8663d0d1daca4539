//! Opening of what keys are known for: Encrypted payloads of IKEv2 (RFC 7296 §3.14, RFC 5282) and ESP packets (RFC 4303).

use ipsec_crypto::{Aead, Cipher, Integrity, Provider};
use ipsec_dataplane::Encryption;
use ipsec_wire::esp::{Header, TRAILER_LEN};
use ipsec_wire::registry::PayloadType;
use ipsec_wire::v2::{FragmentNumber, Layout, split, strip_padding};

use crate::keys::{self, Direction};

/// Opens what one end sends.
pub(crate) struct Opener {
    cipher: Keyed,
    salt: Vec<u8>,
    integrity: Option<Integrity>,
    layout: Layout,
}

enum Keyed {
    Aead(Aead),
    /// In a box for its size.
    Cipher(Box<Cipher>),
}

/// What was inside an Encrypted payload.
pub(crate) struct Content {
    pub(crate) first: PayloadType,
    pub(crate) fragment: Option<FragmentNumber>,
    /// The payloads, or a piece of them.
    pub(crate) octets: Vec<u8>,
    pub(crate) iv: Vec<u8>,
}

/// What was inside an ESP packet.
pub(crate) struct Inner {
    pub(crate) next_header: u8,
    pub(crate) payload: Vec<u8>,
    /// Whether padding is what it has to be.
    pub(crate) is_padded_well: bool,
    pub(crate) iv: Vec<u8>,
}

/// Why something stays closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The ICV is not that of the message.
    Icv,
    /// It has not the form that the algorithm asks for.
    Form(String),
}

impl Opener {
    /// None where the keys do not fit the algorithms.
    pub(crate) fn new(direction: &Direction) -> Option<Self> {
        let provider = Provider::best();
        let salt_len = direction.encryption.salt_len();
        let (key, salt) = direction.key.split_at_checked(direction.key.len().checked_sub(salt_len)?)?;
        let (integrity, checked_len) = match direction.integrity {
            keys::Integrity::None => (None, 0),
            keys::Integrity::Unchecked(len) => (None, len),
            keys::Integrity::Algorithm(algorithm) => {
                let keyed = (provider.integrity)(algorithm, &direction.integrity_key).ok()?;
                (Some(keyed), algorithm.icv_len())
            }
        };
        let (cipher, layout) = match direction.encryption {
            Encryption::Aead(algorithm) => (
                Keyed::Aead((provider.aead)(algorithm, key).ok()?),
                Layout { iv: algorithm.iv_len(), block: 1, icv: algorithm.icv_len() },
            ),
            // The sequence number is the IV (RFC 8750).
            Encryption::AeadImplicitIv(algorithm) => (
                Keyed::Aead((provider.aead)(algorithm, key).ok()?),
                Layout { iv: 0, block: 1, icv: algorithm.icv_len() },
            ),
            Encryption::Cipher(algorithm) => (
                Keyed::Cipher(Box::new((provider.cipher)(algorithm, key).ok()?)),
                Layout { iv: algorithm.iv_len(), block: algorithm.block_len(), icv: checked_len },
            ),
        };
        Some(Self { cipher, salt: salt.to_vec(), integrity, layout })
    }

    /// Whether an IV must not occur twice: with counter modes, where it is worse than bad.
    pub(crate) fn counts(&self) -> bool {
        !self.salt.is_empty() && self.layout.iv > 0
    }

    /// Whether what it opens is proven to be what was sent.
    pub(crate) fn authenticates(&self) -> bool {
        self.integrity.is_some() || matches!(self.cipher, Keyed::Aead(_))
    }

    /// Opens a message of IKEv2 that is an SK or SKF payload.
    pub(crate) fn message(&self, message: &[u8]) -> Result<Content, Closed> {
        let form = |malformed: ipsec_wire::Malformed| Closed::Form(malformed.to_string());
        let parts = split(message, self.layout).map_err(form)?;
        let mut content = message[parts.content.clone()].to_vec();
        let (iv, icv) = (&message[parts.iv.clone()], &message[parts.icv.clone()]);
        let nonce = [&self.salt, iv].concat();
        match &self.cipher {
            Keyed::Aead(aead) => {
                aead.open(&nonce, &message[..parts.iv.start], &mut content, icv).map_err(|_| Closed::Icv)?;
            }
            Keyed::Cipher(cipher) => {
                if let Some(integrity) = &self.integrity {
                    integrity.verify(&[&message[..parts.icv.start]], icv).map_err(|_| Closed::Icv)?;
                }
                let wrong = |error: ipsec_crypto::WrongLength| Closed::Form(error.to_string());
                cipher.decrypt(&nonce, &mut content).map_err(wrong)?;
            }
        }
        let octets = strip_padding(&content, parts.content.start).map_err(form)?.to_vec();
        Ok(Content { first: parts.first, fragment: parts.fragment, octets, iv: iv.to_vec() })
    }

    /// Opens an ESP packet; `high` is the upper half of its sequence number where numbers have 64 bits.
    pub(crate) fn packet(&self, packet: &[u8], high: Option<u32>) -> Result<Inner, Closed> {
        let short = || Closed::Form(format!("{} octets are too short for an ESP packet", packet.len()));
        let head = packet.get(..Header::LEN + self.layout.iv).ok_or_else(short)?;
        let iv = &head[Header::LEN..];
        let text_end = packet.len().checked_sub(self.layout.icv).ok_or_else(short)?;
        let (text, icv) = (packet.get(head.len()..text_end).ok_or_else(short)?, &packet[text_end..]);
        if text.len() < TRAILER_LEN || !text.len().is_multiple_of(self.layout.block.max(4)) {
            return Err(Closed::Form(format!(
                "{} encrypted octets, no whole blocks with a trailer",
                text.len()
            )));
        }
        let implicit = [&high.unwrap_or(0).to_be_bytes(), &packet[4..Header::LEN]].concat();
        let is_implicit = self.layout.iv == 0 && !self.salt.is_empty();
        let nonce = [&self.salt[..], if is_implicit { &implicit[..] } else { iv }].concat();
        let high = high.map_or(Vec::new(), |high| high.to_be_bytes().to_vec());
        let mut content = text.to_vec();
        match &self.cipher {
            Keyed::Aead(aead) => {
                let mut aad = [&packet[..4], &high, &packet[4..Header::LEN]].concat();
                if aead.algorithm().authenticates_iv() {
                    aad.extend_from_slice(iv);
                }
                aead.open(&nonce, &aad, &mut content, icv).map_err(|_| Closed::Icv)?;
            }
            Keyed::Cipher(cipher) => {
                if let Some(integrity) = &self.integrity {
                    integrity.verify(&[head, text, &high], icv).map_err(|_| Closed::Icv)?;
                }
                let wrong = |error: ipsec_crypto::WrongLength| Closed::Form(error.to_string());
                cipher.decrypt(&nonce, &mut content).map_err(wrong)?;
            }
        }
        let [payload @ .., pad_len, next_header] = &content[..] else { return Err(short()) };
        let Some(length) = payload.len().checked_sub(usize::from(*pad_len)) else {
            return Err(Closed::Form(format!(
                "a pad length of {pad_len}, but only {} octets",
                payload.len()
            )));
        };
        let is_padded_well = payload[length..].iter().copied().eq(1..=*pad_len);
        Ok(Inner {
            next_header: *next_header,
            payload: payload[..length].to_vec(),
            is_padded_well,
            iv: iv.to_vec(),
        })
    }
}
