//! What cases of version 1 are made of: who speaks, what has been said, and how good messages look.

use ipsec::auth::{HashedOctets, prove_hash};
use ipsec::crypto::{
    Cipher, CipherAlgorithm, HashAlgorithm, KeyExchangeAlgorithm, Prf, PrfAlgorithm, Provider, Secret,
};
use ipsec::ikev1::Mode;
use ipsec::ikev1::keys::{self, Keys, Shared};
use ipsec::wire::registry::v1::{
    AhTransform, Authentication, ConfigType, EncapsulationMode, Encryption, EspTransform, ExchangeType,
    Group, Hash, IkeTransform, PayloadType, ProtocolId, Vendor,
};
use ipsec::wire::v1::{
    Attribute, Configuration, Flags, Header, Identification, Lifetime, Message, Payload, Phase1, Phase2,
    Proposal, SecurityAssociation, Subject, Transform, emit_chain, lay_out,
};
use ipsec::wire::{IkeSpi, Version};

use super::super::{Luck, Orders};

/// The group of the one suite that testers speak: AES-128, SHA-1, ECP-256.
pub(super) const GROUP: KeyExchangeAlgorithm = KeyExchangeAlgorithm::Ecp256;
const PRF: PrfAlgorithm = PrfAlgorithm::HmacSha1;
const HASH: HashAlgorithm = HashAlgorithm::Sha1;
const BLOCK: usize = 16;

/// What the SPIs of IPsec SAs of all testers begin with, so that they are known again.
const MARK: [u8; 3] = [0x7e, 0x57, 0x7e];

/// Whether an SPI of an IPsec SA is one of a tester's.
pub(crate) fn is_own_sa(spi: ipsec::wire::Spi) -> bool {
    spi.0.to_be_bytes().starts_with(&MARK)
}

/// What phase 1 has brought.
pub(super) struct Keyed {
    /// The responder's public value and its nonce.
    pub(super) theirs: (Vec<u8>, Vec<u8>),
    /// Under SKEYID.
    pub(super) proving: Prf,
    /// Under SKEYID_a.
    pub(super) authenticating: Prf,
    cipher: Cipher,
    /// The last block of ciphertext, or what stands for it before there is one.
    pub(super) last_block: Vec<u8>,
}

impl Keyed {
    /// The keys that follow from a secret, where `shared` key authenticates, or signatures.
    pub(super) fn new(
        provider: &'static Provider,
        orders: &Orders,
        (shared, public): (&Shared<'_>, &[u8]),
        secret: &Secret,
        theirs: (Vec<u8>, Vec<u8>),
    ) -> Option<Self> {
        let skeyid = match orders.shared_key() {
            Some(psk) => keys::skeyid_psk(provider, PRF, psk, shared),
            None => keys::skeyid_signatures(provider, PRF, secret, shared),
        };
        let Keys { skeyid, a, e, .. } = keys::keys(provider, PRF, skeyid, secret, shared);
        let key = keys::encryption_key(provider, PRF, &e, 16);
        let cipher = (provider.cipher)(CipherAlgorithm::AesCbc, key.as_bytes()).ok()?;
        let mut last_block = HASH.digest(&[public, &theirs.0]);
        last_block.truncate(BLOCK);
        let keyed = |key: &Secret| (provider.prf)(PRF, key.as_bytes());
        Some(Self { theirs, proving: keyed(&skeyid), authenticating: keyed(&a), cipher, last_block })
    }

    fn iv(&self, message_id: u32) -> Vec<u8> {
        if message_id == 0 {
            return self.last_block.clone();
        }
        let mut iv = HASH.digest(&[&self.last_block, &message_id.to_be_bytes()]);
        iv.truncate(BLOCK);
        iv
    }

    /// The payloads of an encrypted message that comes first, or answers one whose last block was `before`.
    pub(super) fn open(&self, octets: &[u8], before: Option<&[u8]>) -> Option<Vec<Payload>> {
        let header = Header::parse(octets).ok()?;
        let content = ipsec::wire::v1::content(octets, BLOCK).ok()?;
        let mut clear = octets[content].to_vec();
        let iv = before.map_or_else(|| self.iv(header.message_id), <[u8]>::to_vec);
        self.cipher.decrypt(&iv, &mut clear).ok()?;
        let chain = ipsec::wire::v1::parse_chain(header.next_payload, &clear, Header::LEN).ok()?;
        Some(chain.payloads)
    }
}

/// The last block of ciphertext of a message.
pub(super) fn last_block(octets: &[u8]) -> Vec<u8> {
    octets[octets.len().saturating_sub(BLOCK)..].to_vec()
}

/// Who speaks, and what has been said.
pub(super) struct Ground<'a> {
    pub(super) orders: &'a Orders,
    pub(super) mode: Mode,
    /// Our cookie and the responder's, 0 where it is unknown.
    pub(super) cookies: (IkeSpi, IkeSpi),
    pub(super) public: &'a [u8],
    pub(super) nonce: &'a [u8],
    pub(super) keyed: Option<&'a Keyed>,
    /// The cookies of an ISAKMP SA of the two ends, as everybody on the path sees them.
    pub(super) others: Option<(IkeSpi, IkeSpi)>,
    /// Our first message of a quick mode with its nonce, and the responder's answer to it.
    pub(super) quick: Option<(u32, &'a [u8], &'a [u8])>,
}

impl Ground<'_> {
    pub(super) fn header(&self, exchange: ExchangeType, message_id: u32) -> Header {
        Header {
            spi_i: self.cookies.0,
            spi_r: self.cookies.1,
            next_payload: PayloadType::NONE,
            version: Version::V1,
            exchange,
            flags: Flags::default(),
            message_id,
            length: 0,
        }
    }

    /// The exchange type of phase 1.
    pub(super) fn phase1(&self) -> ExchangeType {
        match self.mode {
            Mode::Main => ExchangeType::MAIN,
            Mode::Aggressive => ExchangeType::AGGRESSIVE,
        }
    }

    /// A message of phase 1 in the clear.
    pub(super) fn clear(&self, payloads: Vec<Payload>) -> Vec<u8> {
        Message { header: self.header(self.phase1(), 0), payloads }.emit()
    }

    /// A message in the clear of another exchange.
    pub(super) fn clear_of(&self, header: Header, payloads: Vec<Payload>) -> Vec<u8> {
        Message { header, payloads }.emit()
    }

    /// A message in the clear whose payloads are given by their octets.
    pub(super) fn raw(&self, header: Header, first: PayloadType, chain: &[u8]) -> Vec<u8> {
        let length = u32::try_from(Header::LEN + chain.len()).unwrap_or(u32::MAX);
        [&Header { next_payload: first, length, ..header }.emit()[..], chain].concat()
    }

    /// What an ISAKMP SA is offered.
    pub(super) fn offer(&self) -> SecurityAssociation {
        SecurityAssociation::new(vec![self.proposal(vec![transform(1, self.attributes())])])
    }

    pub(super) fn proposal(&self, transforms: Vec<Transform>) -> Proposal {
        Proposal { number: 1, protocol: ProtocolId::ISAKMP, spi: Vec::new(), transforms }
    }

    /// What its one transform says.
    pub(super) fn attributes(&self) -> Vec<Attribute> {
        let phase1 = Phase1 {
            encryption: Some(Encryption::AES_CBC),
            key_bits: Some(128),
            hash: Some(Hash::SHA),
            auth: Some(self.orders.older_method()),
            group: Some(Group::ECP_256),
            lifetimes: vec![Lifetime::seconds(3_600)],
            ..Phase1::default()
        };
        phase1.attributes()
    }

    pub(super) fn id(&self) -> Identification {
        self.orders.identity.to_v1()
    }

    /// The first message of the mode.
    pub(super) fn first(&self) -> Vec<Payload> {
        let vendor = Payload::VendorId(Vendor::DPD.octets().to_vec());
        let pieces = Payload::VendorId(Vendor::FRAGMENTATION.octets().to_vec());
        let sa = Payload::Sa(self.offer());
        match self.mode {
            Mode::Main => vec![sa, vendor, pieces],
            Mode::Aggressive => {
                let [ke, nonce] = self.keying();
                vec![sa, ke, nonce, Payload::Id(self.id()), vendor, pieces]
            }
        }
    }

    /// What the third message of main mode says.
    pub(super) fn keying(&self) -> [Payload; 2] {
        [Payload::Ke(self.public.to_vec()), Payload::Nonce(self.nonce.to_vec())]
    }

    /// The honest HASH_I of an ID payload with this content.
    pub(super) fn hash_of(&self, id: &[u8]) -> Vec<u8> {
        let Some(keyed) = self.keyed else { return Vec::new() };
        let covered = HashedOctets {
            own_public: self.public,
            other_public: &keyed.theirs.0,
            own_cookie: self.cookies.0,
            other_cookie: self.cookies.1,
            sa: &self.offer().body(),
            id,
        };
        prove_hash(&keyed.proving, &covered)
    }

    /// The honest HASH_I.
    pub(super) fn hash(&self) -> Vec<u8> {
        self.hash_of(&self.id().body())
    }

    /// The last message of the initiator in phase 1, with this in the place of its proof.
    pub(super) fn proven_by(&self, proof: Vec<Payload>) -> Vec<Payload> {
        let id = (self.mode == Mode::Main).then(|| Payload::Id(self.id()));
        id.into_iter().chain(proof).collect()
    }

    /// An encrypted message of phase 1.
    pub(super) fn proof(&self, payloads: &[Payload]) -> Vec<u8> {
        self.encrypted(self.header(self.phase1(), 0), payloads)
    }

    /// A message encrypted as the first one under its message ID.
    pub(super) fn encrypted(&self, header: Header, payloads: &[Payload]) -> Vec<u8> {
        let mut chain = Vec::new();
        let first = emit_chain(payloads, &mut chain);
        self.encrypted_raw(header, first, &chain, None)
    }

    /// The same with payloads that are given by their octets, and perhaps behind a message whose last block is known.
    pub(super) fn encrypted_raw(
        &self,
        header: Header,
        first: PayloadType,
        chain: &[u8],
        before: Option<&[u8]>,
    ) -> Vec<u8> {
        let Some(keyed) = self.keyed else { return self.raw(header, first, chain) };
        let whole = Payload::Unknown { kind: first, body: chain.to_vec() };
        // The layout of one payload, without the generic header that it would have.
        let mut octets = lay_out(&header, &[whole], BLOCK);
        octets.truncate(Header::LEN);
        octets.extend_from_slice(chain);
        octets.resize(Header::LEN + chain.len().next_multiple_of(BLOCK).max(BLOCK), 0);
        let length = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        octets[LENGTH_AT..Header::LEN].copy_from_slice(&length.to_be_bytes());
        let iv = before.map_or_else(|| keyed.iv(header.message_id), <[u8]>::to_vec);
        // Whole blocks under an IV of this cipher.
        let _ = keyed.cipher.encrypt(&iv, &mut octets[Header::LEN..]);
        octets
    }

    /// A message under the ISAKMP SA, with the hash that it should have before these payloads.
    pub(super) fn inside(&self, exchange: ExchangeType, payloads: &[Payload], luck: &mut Luck) -> Vec<u8> {
        let mut rest = Vec::new();
        let first = emit_chain(payloads, &mut rest);
        self.inside_raw(exchange, first, &rest, luck)
    }

    /// The same with payloads that are given by their octets.
    pub(super) fn inside_raw(
        &self,
        exchange: ExchangeType,
        first: PayloadType,
        rest: &[u8],
        luck: &mut Luck,
    ) -> Vec<u8> {
        let header = self.header(exchange, message_id(luck));
        let hash = self.first_hash(header.message_id, rest);
        self.encrypted_raw(header, PayloadType::HASH, &[&generic(first, &hash)[..], rest].concat(), None)
    }

    /// HASH(1) (RFC 2409 §5.5).
    pub(super) fn first_hash(&self, message_id: u32, rest: &[u8]) -> Vec<u8> {
        let Some(keyed) = self.keyed else { return Vec::new() };
        keyed.authenticating.compute(&[&message_id.to_be_bytes(), rest]).as_bytes().to_vec()
    }
}

/// A payload with its generic header.
pub(super) fn generic(next: PayloadType, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 4).unwrap_or(u16::MAX).to_be_bytes();
    [&[next.0, 0, length[0], length[1]], body].concat()
}

pub(super) fn transform(number: u8, attributes: Vec<Attribute>) -> Transform {
    Transform { number, id: IkeTransform::KEY_IKE.0, attributes }
}

/// A message ID of phase 2.
pub(super) fn message_id(luck: &mut Luck) -> u32 {
    let octets = <[u8; 4]>::try_from(luck.octets(4)).unwrap_or([1; 4]);
    u32::from_be_bytes(octets).max(1)
}

/// An SPI of an IPsec SA of a tester.
pub(super) fn own_sa(luck: &mut Luck) -> Vec<u8> {
    [&MARK[..], &luck.octets(1)].concat()
}

/// A good first message of quick mode, for a child between networks that nobody else uses.
pub(super) fn quick(luck: &mut Luck) -> Vec<Payload> {
    let sa = SecurityAssociation::new(vec![esp(vec![aes(Vec::new())], luck)]);
    let [id_i, id_r] = networks();
    vec![Payload::Sa(sa), Payload::Nonce(luck.octets(32)), Payload::Id(id_i), Payload::Id(id_r)]
}

/// A proposal of ESP with these transforms.
pub(super) fn esp(transforms: Vec<Transform>, luck: &mut Luck) -> Proposal {
    Proposal { number: 1, protocol: ProtocolId::ESP, spi: own_sa(luck), transforms }
}

/// AES with SHA-1 in tunnel mode, and more attributes.
pub(super) fn aes(more: Vec<Attribute>) -> Transform {
    let phase2 = Phase2 {
        mode: Some(EncapsulationMode::TUNNEL),
        authentication: Some(Authentication::HMAC_SHA),
        key_bits: Some(128),
        ..Phase2::default()
    };
    let attributes = [phase2.attributes(), more].concat();
    Transform { number: 1, id: EspTransform::AES_CBC.0, attributes }
}

/// The identities of a child between 10.9.0.0/16 at the tester's side and 10.8.0.0/16 at the other.
pub(super) fn networks() -> [Identification; 2] {
    let net = |second: u8| {
        let (address, mask) = ([10, second, 0, 0].into(), [255, 255, 0, 0].into());
        Identification::of(Subject::Subnet { address, mask })
    };
    [net(9), net(8)]
}

/// A message of the configuration method.
pub(super) fn attributes(kind: ConfigType, attributes: Vec<Attribute>) -> Payload {
    Payload::Configuration(Configuration { kind, identifier: 7, attributes })
}

/// A transform of AH.
pub(super) fn ah(attributes: Vec<Attribute>) -> Transform {
    Transform { number: 1, id: AhTransform::SHA.0, attributes }
}

/// Where a header has the message's length.
pub(super) const LENGTH_AT: usize = 24;
