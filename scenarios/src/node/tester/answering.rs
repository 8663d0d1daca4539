//! An IKE SA that somebody else begins, answered in the name of the end that was meant. Whatever the tester says in the place
//! of a proof, it says it under good keys.
//!
//! ```text
//! west  ------->  mallory            east
//!         IKE_SA_INIT                  hears nothing
//!       <-------
//!         IKE_AUTH, with a case
//! ```

use ipsec::crypto::Provider;
use ipsec::ikev2::keys::Shared;
use ipsec::wire::registry::ExchangeType;
use ipsec::wire::v2::{KeyExchange, Message, Payload};
use ipsec::wire::{Flags, Header, IkeSpi};

use super::channel::{Channel, SUITE};
use super::crafted::Draft;
use super::forged::Ground;
use super::loose::{Plan, X25519, offer, own_spi};
use super::{Luck, Orders};

/// An IKE SA whose responder the tester is.
pub(super) struct Answering {
    orders: Orders,
    spi_r: IkeSpi,
    nonces: [Vec<u8>; 2],
    messages: [Vec<u8>; 2],
    channel: Channel,
    plan: Plan,
    has_begun: bool,
    /// The last request, and what was answered.
    answered: (Vec<u8>, Vec<u8>),
}

impl Answering {
    /// Answers an `IKE_SA_INIT` request; nothing if it is none that can be answered.
    pub(super) fn begin(
        orders: &Orders,
        turn: u32,
        octets: &[u8],
        provider: &'static Provider,
        luck: &mut Luck,
    ) -> Option<(Self, Vec<u8>)> {
        let message = Message::parse(octets).ok()?;
        let find = |find: fn(&Payload) -> Option<&[u8]>| message.payloads.iter().find_map(find);
        let public = find(|payload| match payload {
            Payload::Ke(ke) if ke.group() == X25519 => Some(ke.public()),
            _ => None,
        })?;
        let theirs = find(|payload| match payload {
            Payload::Nonce(nonce) => Some(nonce),
            _ => None,
        })?;
        let (own_public, secret) = (provider.respond)(SUITE.key_exchange, public, luck).ok()?;
        let (spi_i, spi_r, nonce) = (message.header.spi_i, own_spi(luck), luck.octets(32));
        let plan = Plan::new(orders, false, turn);
        let mut payloads = vec![
            offer(Vec::new()),
            Payload::Ke(KeyExchange::new(X25519, own_public)),
            Payload::Nonce(nonce.clone()),
        ];
        payloads.extend(plan.notifies());
        let flags = Flags { response: true, ..Flags::default() };
        let response = Message { header: Header { spi_r, flags, ..message.header }, payloads }.emit();
        let shared = Shared { nonce_i: theirs, nonce_r: &nonce, spi_i, spi_r };
        let channel = Channel::new(provider, false, &shared, &secret)?;
        let answering = Self {
            orders: orders.clone(),
            spi_r,
            nonces: [nonce.clone(), theirs.to_vec()],
            messages: [response.clone(), octets.to_vec()],
            channel,
            plan,
            has_begun: false,
            answered: (octets.to_vec(), response.clone()),
        };
        Some((answering, response))
    }

    /// The SPI of the tester.
    pub(super) fn spi(&self) -> IkeSpi {
        self.spi_r
    }

    /// What the case is called.
    pub(super) fn name(&self) -> Option<&'static str> {
        self.plan.name()
    }

    /// The answer to a request, which for what comes behind `IKE_AUTH` is one of no payloads.
    pub(super) fn receive(
        &mut self,
        octets: &[u8],
        provider: &'static Provider,
        luck: &mut Luck,
    ) -> Option<Vec<u8>> {
        if self.answered.0 == octets {
            return Some(self.answered.1.clone());
        }
        let (header, heard) = self.channel.open(octets)?;
        let payloads = match header.exchange {
            ExchangeType::IKE_AUTH => self.prove(&heard, provider, luck),
            _ => Vec::new(),
        };
        let flags = Flags { response: true, ..Flags::default() };
        let response = self.channel.seal(&Draft::new(Header { flags, ..header }, payloads), None);
        self.answered = (octets.to_vec(), response.clone());
        Some(response)
    }

    fn prove(&mut self, heard: &[Payload], provider: &'static Provider, luck: &mut Luck) -> Vec<Payload> {
        let [ours, theirs] = self.messages.each_ref().map(Vec::as_slice);
        let ground = Ground {
            provider,
            orders: &self.orders,
            channel: &self.channel,
            is_initiator: false,
            messages: [ours, theirs],
            nonces: self.nonces.each_ref().map(Vec::as_slice),
        };
        if !std::mem::replace(&mut self.has_begun, true) {
            let id = Payload::IdR(ground.identification());
            return [vec![id], self.plan.first(&ground, luck)].concat();
        }
        match &mut self.plan {
            Plan::Talk(conversation) => conversation.next(&ground, heard, luck).unwrap_or_default(),
            Plan::Changes | Plan::Proof(_) => Vec::new(),
        }
    }
}
