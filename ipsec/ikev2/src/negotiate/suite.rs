//! A chosen proposal read as algorithms.

use std::fmt;

use ipsec_crypto::{KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec_dataplane::{Encryption, Protection, Suite};
use ipsec_wire::Spi;
use ipsec_wire::registry::{ProtocolId, TransformType};
use ipsec_wire::v2::{Proposal, Transform};

use super::numbers;
use super::proposal::ADDITIONAL;

/// The algorithms of an IKE SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IkeSuite {
    /// What protects messages: cipher, key length, and integrity where the cipher gives none.
    pub protection: Suite,
    /// The pseudo-random function.
    pub prf: PrfAlgorithm,
    /// The key exchange method.
    pub key_exchange: KeyExchangeAlgorithm,
    /// The methods of the additional key exchanges 1 to 7, those that are left out as nothing (RFC 9370).
    pub additional: [Option<KeyExchangeAlgorithm>; 7],
}

impl IkeSuite {
    /// The algorithms of a proposal that was chosen; nothing when a transform is missing or unknown, which no configured one is.
    #[must_use]
    pub fn of(chosen: &Proposal) -> Option<Self> {
        let protection = protection(chosen)?;
        if !is_for_messages(&protection) {
            return None;
        }
        Some(Self {
            protection,
            prf: numbers::prf(transform(chosen, TransformType::PRF)?.id)?,
            key_exchange: numbers::key_exchange(transform(chosen, TransformType::KE)?.id)?,
            additional: additional(chosen)?,
        })
    }
}

/// `aes256gcm16-prfsha384-ecp384-ke1_mlkem768`.
impl fmt::Display for IkeSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.protection, prf_keyword(self.prf), self.key_exchange.keyword())?;
        let additional = (1..).zip(self.additional).filter_map(|(number, method)| Some((number, method?)));
        additional
            .into_iter()
            .try_for_each(|(number, method): (u8, _)| write!(f, "-ke{number}_{}", method.keyword()))
    }
}

fn prf_keyword(prf: PrfAlgorithm) -> &'static str {
    match prf {
        PrfAlgorithm::HmacMd5 => "prfmd5",
        PrfAlgorithm::HmacSha1 => "prfsha1",
        PrfAlgorithm::HmacSha2_256 => "prfsha256",
        PrfAlgorithm::HmacSha2_384 => "prfsha384",
        PrfAlgorithm::HmacSha2_512 => "prfsha512",
        PrfAlgorithm::AesXcbc => "prfaesxcbc",
        PrfAlgorithm::AesCmac => "prfaescmac",
    }
}

/// The algorithms of a Child SA, and the SPI that the proposal carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildSuite {
    /// ESP or AH, and the algorithms.
    pub protection: Protection,
    /// The method of the child's own key exchange, if it has one.
    pub key_exchange: Option<KeyExchangeAlgorithm>,
    /// The methods of the key exchanges that follow it (RFC 9370).
    pub additional: [Option<KeyExchangeAlgorithm>; 7],
    /// Whether sequence numbers have 64 bits.
    pub extended_sequence_numbers: bool,
    /// The SPI of the end that sent the proposal.
    pub spi: Spi,
}

impl ChildSuite {
    /// The algorithms of a proposal that was chosen; nothing when a transform is missing or unknown, or the SPI is not four octets
    /// or is reserved (RFC 4303 §2.1).
    #[must_use]
    pub fn of(chosen: &Proposal) -> Option<Self> {
        let spi = Spi(u32::from_be_bytes(chosen.spi.as_slice().try_into().ok()?));
        if spi.0 <= LAST_RESERVED {
            return None;
        }
        let key_exchange = match transform(chosen, TransformType::KE) {
            Some(transform) if transform.id != 0 => Some(numbers::key_exchange(transform.id)?),
            _ => None,
        };
        let extended = transform(chosen, TransformType::SN).is_some_and(|transform| transform.id == 1);
        let protection = match chosen.protocol {
            ProtocolId::AH => {
                Protection::Ah(numbers::integrity(transform(chosen, TransformType::INTEG)?.id)?)
            }
            _ => Protection::Esp(protection(chosen)?),
        };
        let additional = additional(chosen)?;
        // What follows a key exchange needs one to follow.
        if key_exchange.is_none() && additional.iter().any(Option::is_some) {
            return None;
        }
        Some(Self { protection, key_exchange, additional, extended_sequence_numbers: extended, spi })
    }
}

/// The SPIs up to this one are reserved.
const LAST_RESERVED: u32 = 255;

/// The methods of the additional key exchanges.
fn additional(chosen: &Proposal) -> Option<[Option<KeyExchangeAlgorithm>; 7]> {
    let mut methods = [None; 7];
    for (method, kind) in methods.iter_mut().zip(ADDITIONAL) {
        if let Some(transform) = transform(chosen, kind).filter(|transform| transform.id != 0) {
            *method = Some(numbers::key_exchange(transform.id)?);
        }
    }
    Some(methods)
}

/// Whether the algorithms may protect IKE messages: they hide them (RFC 7296 §3.14), and show an IV (RFC 8750 §8).
fn is_for_messages(suite: &Suite) -> bool {
    use ipsec_crypto::{AeadAlgorithm::AesGmac, CipherAlgorithm::Null};
    !matches!(
        suite.encryption,
        Encryption::Cipher(Null) | Encryption::Aead(AesGmac) | Encryption::AeadImplicitIv(_)
    )
}

fn protection(chosen: &Proposal) -> Option<Suite> {
    let cipher = transform(chosen, TransformType::ENCR)?;
    let encryption = numbers::encryption(cipher.id)?;
    let key_len = match cipher.key_bits {
        Some(bits) => usize::from(bits) / 8,
        None => *encryption.key_lens().first()?,
    };
    if !encryption.key_lens().contains(&key_len) {
        return None;
    }
    let integrity = match transform(chosen, TransformType::INTEG) {
        Some(transform) if transform.id != 0 => Some(numbers::integrity(transform.id)?),
        _ => None,
    };
    let suite = Suite { encryption, key_len, integrity };
    suite.authenticates().then_some(suite)
}

fn transform(proposal: &Proposal, kind: TransformType) -> Option<&Transform> {
    proposal.transforms.iter().find(|transform| transform.kind == kind)
}
