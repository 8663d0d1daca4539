//! What a tester's end of an IKE SA seals and opens. It keeps to one suite.

use ipsec::crypto::{Aead, AeadAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm, Provider, Secret};
use ipsec::dataplane::{Encryption, Suite};
use ipsec::ikev2::IkeSuite;
use ipsec::ikev2::keys::{Keys, Shared, ike_keys, skeyseed};
use ipsec::wire::Header;
use ipsec::wire::registry::PayloadType;
use ipsec::wire::v2::{self, FragmentNumber, Layout, Payload, parse_chain, strip_padding};

use super::crafted::Draft;

/// The one suite that testers speak.
pub(super) const SUITE: IkeSuite = IkeSuite {
    protection: Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None },
    prf: PrfAlgorithm::HmacSha2_256,
    key_exchange: KeyExchangeAlgorithm::X25519,
    additional: [None; 7],
};

/// What is otherwise about a message inside SK, and yet under a good ICV.
#[derive(Clone, Copy, Default)]
pub(super) struct Finish {
    /// Which piece it claims to be.
    pub(super) number: Option<FragmentNumber>,
    /// What the pad length says.
    pub(super) pad_length: Option<u8>,
    /// Bits of the header's flags that are turned over.
    pub(super) flags: u8,
}

/// A piece of a message, opened.
pub(super) struct Piece {
    pub(super) number: FragmentNumber,
    /// The type of the first payload, in the first piece.
    pub(super) first: PayloadType,
    /// Payloads without padding.
    pub(super) content: Vec<u8>,
}

/// Where a header has its flags.
pub(super) const FLAGS: usize = 19;

const LAYOUT: Layout = Layout { iv: 8, block: 1, icv: 16 };

/// The keys of an IKE SA, and which of its ends the tester is.
pub(super) struct Channel {
    keys: Keys,
    is_initiator: bool,
    seal: Aead,
    open: Aead,
    sealed: u64,
}

impl Channel {
    /// The keys that follow from what `IKE_SA_INIT` has brought.
    pub(super) fn new(
        provider: &'static Provider,
        is_initiator: bool,
        shared: &Shared<'_>,
        secret: &Secret,
    ) -> Option<Self> {
        Self::of(provider, is_initiator, shared, &skeyseed(provider, SUITE.prf, shared, secret))
    }

    /// The keys that follow from SKEYSEED.
    pub(super) fn of(
        provider: &'static Provider,
        is_initiator: bool,
        shared: &Shared<'_>,
        seed: &Secret,
    ) -> Option<Self> {
        let keys = ike_keys(provider, &SUITE, seed, shared).ok()?;
        let cipher = |key: &Secret| {
            let (key, _) = key.as_bytes().split_at(SUITE.protection.key_len);
            (provider.aead)(AeadAlgorithm::AesGcm16, key).ok()
        };
        let (ours, theirs) = if is_initiator { (&keys.ei, &keys.er) } else { (&keys.er, &keys.ei) };
        let (seal, open) = (cipher(ours)?, cipher(theirs)?);
        Some(Self { keys, is_initiator, seal, open, sealed: 0 })
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The key under which our identity is proven, and the one for the other end's.
    pub(super) fn proving(&self) -> [&Secret; 2] {
        let Keys { pi, pr, .. } = &self.keys;
        if self.is_initiator { [pi, pr] } else { [pr, pi] }
    }

    /// A message, or what claims to be a piece of one.
    pub(super) fn seal(&mut self, draft: &Draft, number: Option<FragmentNumber>) -> Vec<u8> {
        self.seal_content(&draft.header, draft.first, &draft.chain, Finish { number, ..Finish::default() })
    }

    /// A message with this content, whatever it means.
    pub(super) fn seal_content(
        &mut self,
        header: &Header,
        first: PayloadType,
        content: &[u8],
        finish: Finish,
    ) -> Vec<u8> {
        let (mut octets, parts) = v2::lay_out_content(header, first, finish.number, content, LAYOUT);
        octets[FLAGS] ^= finish.flags;
        if let Some(length) = finish.pad_length {
            octets[parts.content.end - 1] = length;
        }
        let iv = self.sealed.to_be_bytes();
        self.sealed += 1;
        octets[parts.iv.clone()].copy_from_slice(&iv);
        let key = if self.is_initiator { &self.keys.ei } else { &self.keys.er };
        let salt = &key.as_bytes()[SUITE.protection.key_len..];
        let (before, rest) = octets.split_at_mut(parts.content.start);
        let (content, icv) = rest.split_at_mut(parts.content.len());
        // The layout gives each part its length.
        let _ = self.seal.seal(&[salt, &iv].concat(), &before[..parts.iv.start], content, icv);
        octets
    }

    /// The payloads of a whole message of the other end.
    pub(super) fn open(&self, octets: &[u8]) -> Option<(Header, Vec<Payload>)> {
        let header = Header::parse(octets).ok()?;
        let (parts, content) = self.content(octets)?;
        let chain = strip_padding(&content, 0).ok().filter(|_| parts.fragment.is_none())?;
        Some((header, parse_chain(parts.first, chain, 0).ok()?))
    }

    /// A piece of a message of the other end.
    pub(super) fn open_piece(&self, octets: &[u8]) -> Option<Piece> {
        let (parts, content) = self.content(octets)?;
        let content = strip_padding(&content, 0).ok()?.to_vec();
        Some(Piece { number: parts.fragment?, first: parts.first, content })
    }

    /// What is inside, with padding, and where that lay.
    fn content(&self, octets: &[u8]) -> Option<(v2::Protected, Vec<u8>)> {
        let parts = v2::split(octets, LAYOUT).ok()?;
        let key = if self.is_initiator { &self.keys.er } else { &self.keys.ei };
        let salt = &key.as_bytes()[SUITE.protection.key_len..];
        let nonce = [salt, &octets[parts.iv.clone()]].concat();
        let mut content = octets[parts.content.clone()].to_vec();
        self.open.open(&nonce, &octets[..parts.iv.start], &mut content, &octets[parts.icv.clone()]).ok()?;
        Some((parts, content))
    }
}
