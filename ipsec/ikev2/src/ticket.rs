//! Tickets of session resumption (RFC 5723 §5, §6): what an IKE SA is made of, sealed under a key of the gateway's, so that the
//! gateway need keep nothing.
//!
//! ```text
//! key identity, 4 octets | nonce, 12 | sealed with AES-256-GCM: version 1 | expiry, 8 | SPIi, 8 | SPIr, 8
//!                                      | length of SK_d, 1 | SK_d | SA | IDi | IDr, as payloads
//! ```

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipsec_auth::Identity;
use ipsec_crypto::{Aead, AeadAlgorithm, Entropy, HashAlgorithm, Provider, Secret};
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::PayloadType;
use ipsec_wire::v2::{Payload, SecurityAssociation, emit_chain, parse_chain};

use crate::negotiate::{self, IkeProposal, IkeSuite};

/// How a gateway grants tickets.
#[derive(Clone, Debug)]
pub struct TicketPolicy {
    /// What protects them, of 32 octets: whoever has it can take over each IKE SA.
    pub key: Secret,
    /// How long they can be used, in whole seconds; no longer than the IKE SA and its authentication last.
    pub lifetime: Duration,
    /// Whether they come with `IKE_AUTH`, or only when they are asked for later.
    pub at_once: bool,
}

/// What an IKE SA is made of again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resumable {
    pub(crate) suite: IkeSuite,
    pub(crate) sk_d: Secret,
    /// The client.
    pub(crate) id_i: Identity,
    /// The gateway.
    pub(crate) id_r: Identity,
    /// The SPIs of the IKE SA that it was, the initiator's first.
    pub(crate) spis: (IkeSpi, IkeSpi),
}

/// A ticket in the hands of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// What only its gateway can read.
    pub(crate) octets: Vec<u8>,
    pub(crate) until: Instant,
    /// Who has granted it.
    pub(crate) gateway: IpAddr,
    pub(crate) state: Resumable,
}

/// What makes a ticket one of its own.
pub(crate) type Serial = [u8; NONCE_LEN];

const NONCE_LEN: usize = 12;
const KEY_ID_LEN: usize = 4;
const ICV_LEN: usize = 16;
const VERSION: u8 = 1;

/// So many used tickets are remembered until they expire; beyond, none is taken.
const MOST_SPENT: usize = 10_000;

/// Why a gateway does not take a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Another key has made it, or it has been tampered with.
    Forged,
    /// Its time is over.
    Expired,
    /// It has been used.
    Spent,
}

impl Unfit {
    pub(crate) fn probe(self) -> &'static str {
        match self {
            Self::Forged => "ikev2.ticket.forged",
            Self::Expired => "ikev2.ticket.expired",
            Self::Spent => "ikev2.ticket.spent",
        }
    }
}

/// The tickets of a gateway: the key that makes them, and those that have been used.
#[derive(Debug)]
pub(crate) struct Tickets {
    pub(crate) policy: TicketPolicy,
    spent: BTreeMap<Serial, Instant>,
}

impl Tickets {
    pub(crate) fn new(policy: TicketPolicy) -> Self {
        Self { policy, spent: BTreeMap::new() }
    }

    /// A ticket that can be used until then; nothing when the key has not 32 octets.
    pub(crate) fn grant(
        &self,
        provider: &Provider,
        entropy: &mut dyn Entropy,
        state: &Resumable,
        until: Instant,
    ) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut text = emit(state, until)?;
        let mut icv = [0; ICV_LEN];
        let key_id = self.key_id();
        self.aead(provider)?.seal(&nonce, &key_id, &mut text, &mut icv).ok()?;
        Some([&key_id, nonce.as_slice(), &text, &icv].concat())
    }

    /// What a ticket stands for.
    ///
    /// # Errors
    /// When it is not ours, too old, or used.
    pub(crate) fn take(
        &self,
        provider: &Provider,
        now: Instant,
        ticket: &[u8],
    ) -> Result<(Serial, Instant, Resumable), Unfit> {
        let (serial, until, state) = self.open(provider, ticket).ok_or(Unfit::Forged)?;
        if until <= now {
            return Err(Unfit::Expired);
        }
        if self.is_full(now) || self.spent.contains_key(&serial) {
            return Err(Unfit::Spent);
        }
        Ok((serial, until, state))
    }

    /// An IKE SA has been made of the ticket, which can be used until then; it is no good any more.
    pub(crate) fn spend(&mut self, now: Instant, serial: Serial, until: Instant) {
        self.spent.retain(|_, until| *until > now);
        self.spent.insert(serial, until);
    }

    fn is_full(&self, now: Instant) -> bool {
        let unexpired = || self.spent.values().filter(|until| **until > now).count();
        self.spent.len() >= MOST_SPENT && unexpired() >= MOST_SPENT
    }

    fn open(&self, provider: &Provider, ticket: &[u8]) -> Option<(Serial, Instant, Resumable)> {
        let (key_id, rest) = ticket.split_first_chunk::<KEY_ID_LEN>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (text, icv) = rest.split_last_chunk::<ICV_LEN>()?;
        if *key_id != self.key_id() {
            return None;
        }
        let mut text = text.to_vec();
        self.aead(provider)?.open(nonce, key_id, &mut text, icv).ok()?;
        let (until, state) = parse(&text)?;
        Some((*nonce, until, state))
    }

    fn aead(&self, provider: &Provider) -> Option<Aead> {
        let key = self.policy.key.as_bytes();
        (key.len() == 32).then(|| (provider.aead)(AeadAlgorithm::AesGcm16, key).ok())?
    }

    /// The first octets of the key's hash.
    fn key_id(&self) -> [u8; KEY_ID_LEN] {
        let hash = HashAlgorithm::Sha2_256.digest(&[b"ticket key", self.policy.key.as_bytes()]);
        hash.first_chunk().copied().unwrap_or_default()
    }
}

fn emit(state: &Resumable, until: Instant) -> Option<Vec<u8>> {
    let IkeSuite { protection, prf, key_exchange, additional } = state.suite;
    let chosen = IkeProposal {
        encryption: vec![(protection.encryption, protection.key_len)],
        integrity: protection.integrity.into_iter().collect(),
        prf: vec![prf],
        key_exchange: vec![key_exchange],
        additional: additional.map(|method| method.into_iter().map(Some).collect()),
    };
    let payloads = [
        Payload::Sa(SecurityAssociation { proposals: negotiate::ike_offer(&[chosen], None) }),
        Payload::IdI(state.id_i.to_wire()),
        Payload::IdR(state.id_r.to_wire()),
    ];
    let sk_d = state.sk_d.as_bytes();
    let mut text = vec![VERSION];
    text.extend(until.as_nanos().to_be_bytes());
    text.extend(state.spis.0.0.to_be_bytes());
    text.extend(state.spis.1.0.to_be_bytes());
    text.push(u8::try_from(sk_d.len()).ok()?);
    text.extend(sk_d);
    emit_chain(&payloads, PayloadType::NONE, &mut text);
    Some(text)
}

fn parse(text: &[u8]) -> Option<(Instant, Resumable)> {
    let (&[VERSION], rest) = text.split_first_chunk()? else { return None };
    let (until, rest) = rest.split_first_chunk()?;
    let (spi_i, rest) = rest.split_first_chunk()?;
    let (spi_r, rest) = rest.split_first_chunk()?;
    let (&length, rest) = rest.split_first()?;
    let (sk_d, rest) = rest.split_at_checked(usize::from(length))?;
    let payloads = parse_chain(PayloadType::SA, rest, 0).ok()?;
    let [Payload::Sa(sa), Payload::IdI(id_i), Payload::IdR(id_r)] = payloads.as_slice() else { return None };
    let state = Resumable {
        suite: negotiate::IkeSuite::of(sa.proposals.first()?)?,
        sk_d: Secret::from(sk_d.to_vec()),
        id_i: Identity::from_wire(id_i),
        id_r: Identity::from_wire(id_r),
        spis: (IkeSpi(u64::from_be_bytes(*spi_i)), IkeSpi(u64::from_be_bytes(*spi_r))),
    };
    Some((Instant::from_nanos(u64::from_be_bytes(*until)), state))
}

#[cfg(test)]
mod tests;
