//! The algorithms of IPsec, each one enum of keyed instances, behind a provider that is a plain struct.
//!
//! ```text
//! KeyExchangeAlgorithm  Initiator, respond   what both ends agree on, without telling it      RFC 7296 §3.4
//! PrfAlgorithm          Prf, prf_plus        keys out of what was agreed                      RFC 7296 §2.13
//! AeadAlgorithm         Aead                 secrecy and integrity in one                     RFC 4106, 4543, 5282
//! CipherAlgorithm       Cipher               secrecy alone                                    RFC 2451, 3602
//! IntegrityAlgorithm    Integrity            integrity alone                                  RFC 2404, 4868
//! SignatureAlgorithm    Signer, Verifier     who says it                                      RFC 7427, 4754, 8420
//! ```
//!
//! A [`Provider`] says which of them there are and makes the keyed instances. [`PORTABLE`] runs everywhere;
//! [`FAST`] computes the same bytes with the help of the processor. Randomness comes from the caller's
//! [`Entropy`] and from nowhere else.

#![deny(clippy::float_arithmetic)]

mod aead;
mod cbc_mac;
mod cipher;
mod entropy;
mod error;
mod fast;
mod gmac;
mod hash;
mod integrity;
mod kx;
mod mac;
mod ms_chap;
mod prf;
mod provider;
mod secret;
mod signature;

pub use aead::{Aead, AeadAlgorithm};
pub use cipher::{Cipher, CipherAlgorithm};
pub use entropy::{Entropy, FixedEntropy};
pub use error::{BadPublicValue, Forged, KeyLength, KeyMaterialTooLong, PublicValueDefect, WrongLength};
pub use hash::HashAlgorithm;
pub use integrity::{Integrity, IntegrityAlgorithm};
pub use kx::{Initiator, KeyExchangeAlgorithm, respond};
pub use ms_chap::{des_encrypt_block, md4};
pub use prf::{Prf, PrfAlgorithm, prf_plus};
pub use provider::{FAST, PORTABLE, Provider, Respond};
pub use secret::Secret;
pub use signature::{
    BadCiphertext, BadIdentifier, BadKey, BadSignature, CannotEncrypt, CannotSign, KeyType,
    SignatureAlgorithm, Signer, Verifier, WrongKey,
};
