//! What an IKE SA of a script has come to: SPIs, nonces, keys, where the next message goes, and the child under it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipsec::auth::{SignedOctets, prove_psk};
use ipsec::crypto::{HashAlgorithm, Initiator, Provider, Secret};
use ipsec::ikev2::keys::{Shared, key_material, rekeyed_skeyseed, skeyseed};
use ipsec::wire::v2::{Identification, KeyExchange, Payload};
use ipsec::wire::{Flags, Header, IkeSpi, Spi};

use super::super::Luck;
use super::super::channel::{Channel, SUITE};
use super::super::loose::{X25519, own_spi};
use super::esp::Tunnel;

/// The two messages of `IKE_SA_INIT`, and what they bring; the tester's comes first in each pair.
pub(super) struct Sa {
    /// Whether the tester is the original initiator.
    pub(super) is_initiator: bool,
    pub(super) spis: [IkeSpi; 2],
    /// The nonce that it says where a line says nothing else.
    pub(super) nonce: Vec<u8>,
    /// As they stood in the messages.
    pub(super) nonces: [Vec<u8>; 2],
    pub(super) first_messages: [Vec<u8>; 2],
    pub(super) public: Vec<u8>,
    pub(super) key_exchange: Option<Initiator>,
    /// The other end's public value, for those who answer.
    pub(super) theirs: Option<Vec<u8>>,
    pub(super) channel: Option<Channel>,
    /// The message ID of the next request.
    pub(super) next_request: u32,
    /// The message IDs behind that one which are used up.
    ahead: BTreeSet<u32>,
    /// The last request of the other end, and what it says.
    pub(super) request: Option<(Header, Vec<Payload>)>,
    pub(super) cookie: Option<Vec<u8>>,
    /// Where its messages go.
    pub(super) here: SocketAddr,
    pub(super) there: SocketAddr,
    /// The SPIs of the child: the tester's own, and the other end's.
    pub(super) own_child: Spi,
    /// The SPI and the nonce of the child that was asked for.
    pub(super) asked: Option<(Spi, Vec<u8>)>,
    pub(super) their_child: Option<Spi>,
    pub(super) child_nonces: [Vec<u8>; 2],
    /// The tunnels, the current one last.
    pub(super) tunnels: Vec<Tunnel>,
    /// The tester's SPI of the pair that was replaced last.
    pub(super) old_child: Spi,
    /// The one that is to replace this one.
    pub(super) next: Option<Box<Successor>>,
    /// Whether both ends have proven who they are.
    pub(super) is_up: bool,
    /// The message ID of the request that deletes it.
    pub(super) deleting: Option<u32>,
}

/// An IKE SA that replaces another one.
pub(super) struct Successor {
    pub(super) spis: [IkeSpi; 2],
    pub(super) nonces: [Vec<u8>; 2],
    pub(super) key_exchange: Option<Initiator>,
    pub(super) channel: Option<Channel>,
}

impl Sa {
    pub(super) fn new(
        provider: &'static Provider,
        luck: &mut Luck,
        here: SocketAddr,
        there: SocketAddr,
    ) -> Self {
        let key_exchange = (provider.initiate)(SUITE.key_exchange, luck);
        Self {
            is_initiator: true,
            spis: [own_spi(luck), IkeSpi(0)],
            nonce: luck.octets(32),
            nonces: [Vec::new(), Vec::new()],
            first_messages: [Vec::new(), Vec::new()],
            public: key_exchange.public().to_vec(),
            key_exchange: Some(key_exchange),
            theirs: None,
            channel: None,
            next_request: 0,
            ahead: BTreeSet::new(),
            request: None,
            cookie: None,
            here,
            there,
            own_child: Spi(0),
            asked: None,
            their_child: None,
            child_nonces: [Vec::new(), Vec::new()],
            tunnels: Vec::new(),
            old_child: Spi(0),
            next: None,
            is_up: false,
            deleting: None,
        }
    }

    /// The initiator's of two things of which the tester's comes first, and the responder's.
    pub(super) fn in_order<'a, T: ?Sized>(&self, own: &'a T, theirs: &'a T) -> (&'a T, &'a T) {
        if self.is_initiator { (own, theirs) } else { (theirs, own) }
    }

    pub(super) fn spi_i(&self) -> IkeSpi {
        *self.in_order(&self.spis[0], &self.spis[1]).0
    }

    pub(super) fn spi_r(&self) -> IkeSpi {
        *self.in_order(&self.spis[0], &self.spis[1]).1
    }

    /// The flags of a message of the tester's.
    pub(super) fn flags(&self, response: bool) -> Flags {
        Flags { initiator: self.is_initiator, response, ..Flags::default() }
    }

    /// What `IKE_SA_INIT` says about the ends between which it runs (RFC 7296 §2.23).
    pub(super) fn nat_hash(&self, end: SocketAddr) -> Vec<u8> {
        let address = match end.ip() {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().to_vec(),
        };
        let spis = [self.spi_i().0.to_be_bytes(), self.spi_r().0.to_be_bytes()];
        HashAlgorithm::Sha1.digest(&[&spis[0], &spis[1], &address, &end.port().to_be_bytes()])
    }

    /// The keys that follow from the other end's public value.
    pub(super) fn key(&mut self, provider: &'static Provider, public: &[u8]) {
        let secret = self.key_exchange.take().and_then(|exchange| exchange.finish(public).ok());
        self.keyed(provider, secret);
    }

    /// The public value that answers the other end's, and the keys.
    pub(super) fn answer_key(&mut self, provider: &'static Provider, luck: &mut Luck) {
        let answered =
            self.theirs.take().and_then(|public| (provider.respond)(SUITE.key_exchange, &public, luck).ok());
        if let Some((public, secret)) = answered {
            self.public = public;
            self.nonces[0].clone_from(&self.nonce);
            self.keyed(provider, Some(secret));
        }
    }

    fn keyed(&mut self, provider: &'static Provider, secret: Option<Secret>) {
        let Some(secret) = secret else { return };
        let (nonce_i, nonce_r) = self.in_order(self.nonces[0].as_slice(), self.nonces[1].as_slice());
        let shared = Shared { nonce_i, nonce_r, spi_i: self.spi_i(), spi_r: self.spi_r() };
        let seed = skeyseed(provider, SUITE.prf, &shared, &secret);
        self.channel = Channel::of(provider, self.is_initiator, &shared, &seed);
    }

    /// What the tester's AUTH has to be, or the other end's (RFC 7296 §2.15).
    pub(super) fn proof(
        &self,
        provider: &'static Provider,
        secret: &Secret,
        of_tester: bool,
        id: &Identification,
    ) -> Vec<u8> {
        let Some(channel) = &self.channel else { return Vec::new() };
        let ([message, nonce], key) = match of_tester {
            true => ([&self.first_messages[0], &self.nonces[1]], channel.proving()[0]),
            false => ([&self.first_messages[1], &self.nonces[0]], channel.proving()[1]),
        };
        let signed = SignedOctets { message, nonce, id: id.body(), sk_p: key, int_auth: &[] };
        prove_psk(provider, SUITE.prf, secret, &signed)
    }

    /// The keys of the child whose SPIs and nonces are known; those of the exchange's initiator come first (RFC 7296 §2.17).
    pub(super) fn child(&mut self, provider: &'static Provider, began: bool) {
        let (Some(channel), Some(theirs)) = (&self.channel, self.their_child) else { return };
        let [own, other] = &self.child_nonces;
        let nonces =
            if began { (own.as_slice(), other.as_slice()) } else { (other.as_slice(), own.as_slice()) };
        let each = SUITE.protection.encryption_key_len();
        let made = key_material(provider, SUITE.prf, &channel.keys().d, (None, &[]), nonces, 2 * each);
        let Ok(made) = made else { return };
        let (first, second) = made.as_bytes().split_at(each);
        let (seal, open) = if began { (first, second) } else { (second, first) };
        self.tunnels.extend(Tunnel::new(provider, (theirs, seal), (self.own_child, open)));
    }

    /// Begins to replace the IKE SA: the SPI, nonce and public value of the new one.
    pub(super) fn succeed(
        &mut self,
        provider: &'static Provider,
        luck: &mut Luck,
    ) -> (IkeSpi, Vec<u8>, KeyExchange) {
        let key_exchange = (provider.initiate)(SUITE.key_exchange, luck);
        let public = KeyExchange::new(X25519, key_exchange.public().to_vec());
        let (spi, nonce) = (own_spi(luck), luck.octets(32));
        self.next = Some(Box::new(Successor {
            spis: [spi, IkeSpi(0)],
            nonces: [nonce.clone(), Vec::new()],
            key_exchange: Some(key_exchange),
            channel: None,
        }));
        (spi, nonce, public)
    }

    /// The other end agrees to replace it (RFC 7296 §2.18).
    pub(super) fn succeeded(
        &mut self,
        provider: &'static Provider,
        spi: IkeSpi,
        nonce: &[u8],
        public: &[u8],
    ) {
        let (Some(next), Some(channel)) = (&mut self.next, &self.channel) else { return };
        let secret = next.key_exchange.take().and_then(|exchange| exchange.finish(public).ok());
        let Some(secret) = secret else { return };
        next.spis[1] = spi;
        next.nonces[1] = nonce.to_vec();
        let [nonce_i, nonce_r] = next.nonces.each_ref().map(Vec::as_slice);
        let shared = Shared { nonce_i, nonce_r, spi_i: next.spis[0], spi_r: spi };
        let seed = rekeyed_skeyseed(provider, SUITE.prf, &channel.keys().d, &shared, &secret, &[]);
        next.channel = Channel::of(provider, true, &shared, &seed);
    }

    /// A pair takes the place of the one before.
    pub(super) fn take_child(&mut self, own: Spi, theirs: Option<Spi>, nonces: [Vec<u8>; 2]) {
        self.old_child = self.own_child;
        (self.own_child, self.their_child, self.child_nonces) = (own, theirs, nonces);
    }

    /// A request of this end has its answer, perhaps before one that was sent under a lower message ID.
    pub(super) fn answered(&mut self, message_id: u32) {
        self.ahead.extend((message_id >= self.next_request).then_some(message_id));
        while self.ahead.remove(&self.next_request) {
            self.next_request += 1;
        }
    }

    /// Goes on as the one that replaces it; tells whether there is one.
    pub(super) fn renew(&mut self) -> bool {
        let Some(next) = self.next.take().filter(|next| next.channel.is_some()) else { return false };
        (self.spis, self.channel, self.is_initiator, self.next_request) = (next.spis, next.channel, true, 0);
        self.ahead.clear();
        self.is_up = true;
        true
    }
}
