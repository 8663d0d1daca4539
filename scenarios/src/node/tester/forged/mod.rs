//! Proofs that must not be taken. Each case has a name, and is said once before the first one is said again.
//!
//! ```text
//! IDi | CERT … AUTH, as a case has them | SA TSi TSr        to a responder
//! IDr | CERT … AUTH, as a case has them                     to an initiator
//! ```
//!
//! Whoever says it has the private key that belongs to the identity, and may have the one of its authority: what is wrong is
//! only what the case's name says.

mod certificate;
pub(super) mod der;
mod eap;
mod eap_cases;
mod ecdsa;
mod eddsa;
mod keys;
pub(super) mod numbers;
pub(super) mod parts;
mod rsa;
mod signature;

use ipsec::auth::{Credential, SignedOctets};
use ipsec::crypto::{FixedEntropy, KeyType, Provider, SignatureAlgorithm, Signer};
use ipsec::wire::registry::AuthMethod;
use ipsec::wire::v2::{Authentication, Identification, Payload};

use super::attack::Attack;
use super::channel::{Channel, SUITE};
use super::{Luck, Orders};

pub(super) use eap::Conversation;

/// A proof that must not be taken.
#[derive(Clone, Copy)]
pub(super) struct Case {
    /// What is wrong with it.
    pub(super) name: &'static str,
    /// Whether `IKE_SA_INIT` has SIGNATURE_HASH_ALGORITHMS, without which only the methods of older documents are left.
    pub(super) lists_hashes: bool,
    make: fn(&Ground<'_>, &mut Luck) -> Vec<Payload>,
}

impl Case {
    const fn new(name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Vec<Payload>) -> Self {
        Self { name, lists_hashes: true, make }
    }

    const fn without_lists(name: &'static str, make: fn(&Ground<'_>, &mut Luck) -> Vec<Payload>) -> Self {
        Self { name, lists_hashes: false, make }
    }

    /// The payloads between the identity and the child.
    pub(super) fn make(&self, ground: &Ground<'_>, luck: &mut Luck) -> Vec<Payload> {
        (self.make)(ground, luck)
    }
}

/// The case whose turn it is, of those that fit the key that orders bring; nothing if they bring none.
pub(super) fn case(orders: &Orders, turn: u32) -> Option<Case> {
    let key_type = orders.credential()?.signer.key_type();
    let cases = match orders.attack {
        Attack::Signatures => signature::cases(key_type),
        Attack::Certificates => [certificate::CASES, keys::CASES].concat(),
        _ => return None,
    };
    let turn = usize::try_from(turn).unwrap_or(0) % cases.len().max(1);
    cases.get(turn).copied()
}

/// What proofs are made of: who speaks, and what has been said.
pub(super) struct Ground<'a> {
    pub(super) provider: &'static Provider,
    pub(super) orders: &'a Orders,
    pub(super) channel: &'a Channel,
    /// Whether the tester is the initiator.
    pub(super) is_initiator: bool,
    /// The `IKE_SA_INIT` messages, ours and the other end's.
    pub(super) messages: [&'a [u8]; 2],
    /// The nonces, ours and the other end's.
    pub(super) nonces: [&'a [u8]; 2],
}

impl Ground<'_> {
    pub(super) fn identification(&self) -> Identification {
        self.orders.identity.to_wire()
    }

    /// What an honest proof covers.
    pub(super) fn signed<'b>(&'b self, id: &'b Identification) -> SignedOctets<'b> {
        SignedOctets {
            message: self.messages[0],
            nonce: self.nonces[1],
            id: id.body(),
            sk_p: self.channel.proving()[0],
            int_auth: &[],
        }
    }

    /// What an honest signature covers, as one.
    fn octets(&self) -> Vec<u8> {
        self.octets_of(&self.signed(&self.identification()))
    }

    fn octets_of(&self, signed: &SignedOctets<'_>) -> Vec<u8> {
        let maced = (self.provider.prf)(SUITE.prf, signed.sk_p.as_bytes()).compute(&[signed.id]);
        [signed.message, signed.nonce, maced.as_bytes()].concat()
    }

    /// Nothing but its absence is wrong where there is none; [`case`] has seen that there is one.
    fn credential(&self) -> Option<&Credential> {
        self.orders.credential()
    }

    fn key_type(&self) -> KeyType {
        self.credential().map_or(KeyType::Ed25519, |credential| credential.signer.key_type())
    }

    /// A signature of the tester's own key.
    fn sign(&self, algorithm: SignatureAlgorithm, octets: &[u8]) -> Vec<u8> {
        self.credential().map(|own| sign(&own.signer, algorithm, octets)).unwrap_or_default()
    }

    /// How an honest end signs: with what draws nothing.
    fn algorithm(&self) -> SignatureAlgorithm {
        algorithm(self.key_type())
    }

    /// The honest signature.
    fn signature(&self) -> Vec<u8> {
        self.sign(self.algorithm(), &self.octets())
    }

    /// The honest certificates, and this AUTH payload.
    fn with(&self, method: AuthMethod, data: Vec<u8>) -> Vec<Payload> {
        let mut payloads = self.certificates();
        payloads.push(Payload::Auth(Authentication { method, data }));
        payloads
    }

    /// The honest certificates, and AUTH of method 14 with this AlgorithmIdentifier and this value.
    fn named(&self, identifier: &[u8], value: &[u8]) -> Vec<Payload> {
        self.with(AuthMethod::DIGITAL_SIGNATURE, named(identifier, value))
    }

    /// The same with the honest AlgorithmIdentifier.
    fn valued(&self, value: &[u8]) -> Vec<Payload> {
        self.named(self.algorithm().identifier().unwrap_or_default(), value)
    }

    fn certificates(&self) -> Vec<Payload> {
        let payloads = self.credential().map(Credential::payloads).unwrap_or_default();
        payloads.into_iter().map(Payload::Cert).collect()
    }
}

/// The data of method 14 (RFC 7427 §3).
fn named(identifier: &[u8], value: &[u8]) -> Vec<u8> {
    [&[u8::try_from(identifier.len()).unwrap_or(u8::MAX)], identifier, value].concat()
}

/// How a key of this type signs without drawing anything.
fn algorithm(key_type: KeyType) -> SignatureAlgorithm {
    match key_type {
        KeyType::Rsa => SignatureAlgorithm::RsaSha2_256,
        KeyType::Dsa => SignatureAlgorithm::DsaSha2_256,
        KeyType::P256 => SignatureAlgorithm::EcdsaSha2_256,
        KeyType::P384 => SignatureAlgorithm::EcdsaSha2_384,
        KeyType::P521 => SignatureAlgorithm::EcdsaSha2_512,
        KeyType::Ed25519 => SignatureAlgorithm::Ed25519,
        KeyType::Ed448 => SignatureAlgorithm::Ed448,
    }
}

/// A signature by an algorithm that draws nothing; of no octets if it does not take the key.
fn sign(signer: &Signer, algorithm: SignatureAlgorithm, octets: &[u8]) -> Vec<u8> {
    signer.sign(algorithm, &[octets], &mut FixedEntropy::new([])).unwrap_or_default()
}
