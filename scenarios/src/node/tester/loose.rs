//! An IKE SA begun by somebody who keeps to the protocol only as far as that serves: `IKE_SA_INIT`, keys, perhaps
//! `IKE_AUTH`, and then whatever the attack has to say.

use ipsec::auth::{Prove, SignatureHash, SignedOctets, prove_psk};
use ipsec::crypto::{Initiator, Provider};
use ipsec::ikev2::keys::Shared;
use ipsec::wire::registry::{AuthMethod, ExchangeType, NotifyType, PayloadType, ProtocolId, TransformType};
use ipsec::wire::v2::{
    Authentication, FragmentNumber, KeyExchange, Message, Notify, Payload, Proposal, SecurityAssociation,
    TrafficSelector, Transform,
};
use ipsec::wire::{Flags, Header, IkeSpi, Version};

use super::attack::{Attack, Stage};
use super::channel::{Channel, SUITE};
use super::crafted::{self, Draft};
use super::forged::{self, Case, Conversation, Ground};
use super::{Luck, Orders};

/// What goes out, to which port, and whether nothing more follows.
pub(super) struct Step {
    pub(super) datagrams: Vec<(u16, Vec<u8>)>,
    pub(super) over: bool,
}

impl Step {
    pub(super) fn one(octets: Vec<u8>) -> Self {
        Self { datagrams: vec![(ipsec::ikev2::IKE_PORT, octets)], over: false }
    }

    pub(super) fn nothing() -> Self {
        Self { datagrams: Vec::new(), over: false }
    }
}

/// What a tester says once it has keys.
pub(super) enum Plan {
    /// Good messages that an attack changes.
    Changes,
    /// One proof that must not be taken.
    Proof(Case),
    /// A conversation of EAP.
    Talk(Conversation),
}

impl Plan {
    /// What the orders say, at this turn.
    pub(super) fn new(orders: &Orders, is_initiator: bool, turn: u32) -> Self {
        match orders.attack {
            Attack::Eap => Conversation::new(orders, is_initiator, turn).map_or(Self::Changes, Self::Talk),
            _ => forged::case(orders, turn).map_or(Self::Changes, Self::Proof),
        }
    }

    /// What a case is called.
    pub(super) fn name(&self) -> Option<&'static str> {
        match self {
            Self::Changes => None,
            Self::Proof(case) => Some(case.name),
            Self::Talk(conversation) => Some(conversation.name()),
        }
    }

    /// What stands behind the identity in the first message that has one.
    pub(super) fn first(&mut self, ground: &Ground<'_>, luck: &mut Luck) -> Vec<Payload> {
        match self {
            Self::Changes => Vec::new(),
            Self::Proof(case) => case.make(ground, luck),
            Self::Talk(conversation) => conversation.first(ground, luck),
        }
    }

    /// What `IKE_SA_INIT` says of what its sender can do.
    pub(super) fn notifies(&self) -> Vec<Payload> {
        let hashes = SignatureHash::emit_list(SignatureHash::RECOMMENDED);
        match self {
            // Pieces are for those who change what is inside them.
            Self::Changes => vec![Notify::new(NotifyType::IKEV2_FRAGMENTATION_SUPPORTED, Vec::new())],
            Self::Proof(case) if !case.lists_hashes => Vec::new(),
            Self::Proof(_) | Self::Talk(_) => {
                vec![Notify::new(NotifyType::SIGNATURE_HASH_ALGORITHMS, hashes)]
            }
        }
        .into_iter()
        .map(Payload::Notify)
        .collect()
    }
}

/// The transform ID of X25519, and of the PRF and the cipher.
pub(super) const X25519: u16 = 31;
const PRF_SHA256: u16 = 5;
const AES_GCM_16: u16 = 20;

/// What the SPIs of all testers begin with, so that they know them again.
const MARK: [u8; 4] = [0x7e, 0x57, 0x7e, 0x57];

/// Whether an SPI is one of a tester's.
pub(crate) fn is_own(spi: IkeSpi) -> bool {
    spi.0.to_be_bytes().starts_with(&MARK)
}

/// An SPI of a tester.
pub(super) fn own_spi(luck: &mut Luck) -> IkeSpi {
    let [a, b, c, d] = <[u8; 4]>::try_from(luck.octets(4)).unwrap_or([1; 4]);
    IkeSpi(u64::from_be_bytes([MARK[0], MARK[1], MARK[2], MARK[3], a, b, c, d]))
}

/// An IKE SA.
pub(super) struct Loose {
    orders: Orders,
    spi_i: IkeSpi,
    nonce: Vec<u8>,
    request: Vec<u8>,
    public: Vec<u8>,
    key_exchange: Option<Initiator>,
    keyed: Option<Keyed>,
    plan: Plan,
    /// The message ID of the last request.
    message_id: u32,
    authenticating: bool,
    /// Whether it has given a cookie back; one is enough.
    returned: bool,
}

/// What `IKE_SA_INIT` has brought.
struct Keyed {
    spi_r: IkeSpi,
    nonce_r: Vec<u8>,
    response: Vec<u8>,
    channel: Channel,
}

impl Loose {
    /// Begins with a good `IKE_SA_INIT` request; a stranger says what it has to say instead of it.
    pub(super) fn begin(
        orders: &Orders,
        turn: u32,
        provider: &'static Provider,
        luck: &mut Luck,
    ) -> (Self, Step) {
        let key_exchange = (provider.initiate)(SUITE.key_exchange, luck);
        let mut loose = Self {
            orders: orders.clone(),
            spi_i: own_spi(luck),
            nonce: luck.octets(32),
            request: Vec::new(),
            public: key_exchange.public().to_vec(),
            key_exchange: Some(key_exchange),
            keyed: None,
            plan: Plan::new(orders, true, turn),
            message_id: 1,
            authenticating: false,
            returned: false,
        };
        let payloads = loose.init(None);
        loose.request = Message { header: loose.header(ExchangeType::IKE_SA_INIT, 0), payloads }.emit();
        let step = if orders.stage == Stage::Stranger {
            let draft = Draft::new(loose.header(ExchangeType::IKE_SA_INIT, 0), loose.init(None));
            Step { datagrams: crafted::clear(orders.attack, draft, luck), over: true }
        } else {
            Step::one(loose.request.clone())
        };
        (loose, step)
    }

    pub(super) fn spi(&self) -> IkeSpi {
        self.spi_i
    }

    /// What follows an answer.
    pub(super) fn receive(&mut self, octets: &[u8], provider: &'static Provider, luck: &mut Luck) -> Step {
        if self.keyed.is_none() {
            return self.keyed(octets, provider, luck);
        }
        if matches!(self.plan, Plan::Talk(_)) {
            return self.talk(octets, provider, luck).map_or(Step::nothing(), Step::one);
        }
        if !self.authenticating {
            return Step::nothing();
        }
        self.authenticating = false;
        let base = crafted::established(luck);
        self.strike(base, 2, luck)
    }

    /// Takes the answer to `IKE_SA_INIT`: a cookie is returned, keys are made.
    fn keyed(&mut self, octets: &[u8], provider: &'static Provider, luck: &mut Luck) -> Step {
        let Ok(message) = Message::parse(octets) else { return Step::nothing() };
        let cookie = message.payloads.iter().find_map(|payload| match payload {
            Payload::Notify(notify) if notify.kind == NotifyType::COOKIE => Some(notify.clone()),
            _ => None,
        });
        if let Some(cookie) = cookie {
            if std::mem::replace(&mut self.returned, true) {
                return Step::nothing();
            }
            let header = self.header(ExchangeType::IKE_SA_INIT, 0);
            self.request = Message { header, payloads: self.init(Some(cookie)) }.emit();
            return Step::one(self.request.clone());
        }
        let (mut public, mut nonce_r) = (None, None);
        for payload in &message.payloads {
            match payload {
                Payload::Ke(ke) => public = Some(ke.public().to_vec()),
                Payload::Nonce(nonce) => nonce_r = Some(nonce.clone()),
                _ => {}
            }
        }
        let (Some(public), Some(nonce_r)) = (public, nonce_r) else { return Step::nothing() };
        let secret = self.key_exchange.take().and_then(|exchange| exchange.finish(&public).ok());
        let Some(secret) = secret else { return Step::nothing() };
        let spi_r = message.header.spi_r;
        let shared = Shared { nonce_i: &self.nonce, nonce_r: &nonce_r, spi_i: self.spi_i, spi_r };
        let Some(channel) = Channel::new(provider, true, &shared, &secret) else { return Step::nothing() };
        self.keyed = Some(Keyed { spi_r, nonce_r, response: octets.to_vec(), channel });
        if !matches!(self.plan, Plan::Changes) {
            let first = self.first(provider, luck);
            return Step {
                over: !matches!(self.plan, Plan::Talk(_)),
                ..first.map_or(Step::nothing(), Step::one)
            };
        }
        let auth = self.auth(provider, luck);
        if self.orders.stage == Stage::HalfOpen {
            return self.strike((ExchangeType::IKE_AUTH, auth), 1, luck);
        }
        self.authenticating = true;
        let draft = Draft::new(self.header(ExchangeType::IKE_AUTH, 1), auth);
        let octets = self.seal(&draft, None);
        Step::one(octets)
    }

    /// The first message with an identity, and what is wrong in it or behind it.
    fn first(&mut self, provider: &'static Provider, luck: &mut Luck) -> Option<Vec<u8>> {
        let keyed = self.keyed.as_ref()?;
        let ground = ground(&self.orders, provider, (&self.request, &self.nonce), keyed);
        let said = self.plan.first(&ground, luck);
        let id = Payload::IdI(ground.identification());
        let payloads = [vec![id], said, child(luck).to_vec()].concat();
        Some(self.write(payloads))
    }

    /// The next message of a conversation.
    fn talk(&mut self, octets: &[u8], provider: &'static Provider, luck: &mut Luck) -> Option<Vec<u8>> {
        let keyed = self.keyed.as_ref()?;
        let (_, heard) =
            keyed.channel.open(octets).filter(|(header, _)| header.message_id == self.message_id)?;
        let ground = ground(&self.orders, provider, (&self.request, &self.nonce), keyed);
        let Plan::Talk(conversation) = &mut self.plan else { return None };
        let payloads = conversation.next(&ground, &heard, luck)?;
        self.message_id += 1;
        Some(self.write(payloads))
    }

    fn write(&mut self, payloads: Vec<Payload>) -> Vec<u8> {
        let draft = Draft::new(self.header(ExchangeType::IKE_AUTH, self.message_id), payloads);
        self.seal(&draft, None)
    }

    fn seal(&mut self, draft: &Draft, number: Option<FragmentNumber>) -> Vec<u8> {
        self.keyed.as_mut().map(|keyed| keyed.channel.seal(draft, number)).unwrap_or_default()
    }

    /// What a case is called, if this is for one.
    pub(super) fn name(&self) -> Option<&'static str> {
        self.plan.name()
    }

    /// Says what the attack has to say, in the place of these payloads.
    fn strike(&mut self, base: (ExchangeType, Vec<Payload>), message_id: u32, luck: &mut Luck) -> Step {
        let draft = Draft::new(self.header(base.0, message_id), base.1);
        let drafts = crafted::sealed(self.orders.attack, draft, luck);
        let port = ipsec::ikev2::IKE_PORT;
        let mut datagrams = Vec::new();
        for crafted in drafts {
            let mut octets = self.seal(&crafted.draft, crafted.number);
            if let Some(bit) = crafted.flipped {
                let bit = bit % (octets.len() * 8);
                octets[bit / 8] ^= 1 << (bit % 8);
            }
            datagrams.push((port, octets));
        }
        Step { datagrams, over: true }
    }

    fn header(&self, exchange: ExchangeType, message_id: u32) -> Header {
        Header {
            spi_i: self.spi_i,
            spi_r: self.keyed.as_ref().map_or(IkeSpi(0), |keyed| keyed.spi_r),
            next_payload: PayloadType::NONE,
            version: Version::V2,
            exchange,
            flags: Flags { initiator: true, ..Flags::default() },
            message_id,
            length: 0,
        }
    }

    fn init(&self, cookie: Option<Notify>) -> Vec<Payload> {
        let all = [
            offer(Vec::new()),
            Payload::Ke(KeyExchange::new(X25519, self.public.clone())),
            Payload::Nonce(self.nonce.clone()),
        ];
        cookie.map(Payload::Notify).into_iter().chain(all).chain(self.plan.notifies()).collect()
    }

    fn auth(&self, provider: &'static Provider, luck: &mut Luck) -> Vec<Payload> {
        let Some(keyed) = &self.keyed else { return Vec::new() };
        let id = self.orders.identity.to_wire();
        let signed = SignedOctets {
            message: &self.request,
            nonce: &keyed.nonce_r,
            id: id.body(),
            sk_p: &keyed.channel.keys().pi,
            int_auth: &[],
        };
        let Prove::SharedKey(secret) = &self.orders.prove else { return Vec::new() };
        let data = prove_psk(provider, SUITE.prf, secret, &signed);
        let [sa, ts_i, ts_r] = child(luck);
        vec![
            Payload::IdI(id),
            Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data }),
            sa,
            ts_i,
            ts_r,
        ]
    }
}

/// What proofs of an initiator are made of.
fn ground<'a>(
    orders: &'a Orders,
    provider: &'static Provider,
    (request, nonce): (&'a [u8], &'a [u8]),
    keyed: &'a Keyed,
) -> Ground<'a> {
    Ground {
        provider,
        orders,
        channel: &keyed.channel,
        is_initiator: true,
        messages: [request, &keyed.response],
        nonces: [nonce, &keyed.nonce_r],
    }
}

/// What an IKE SA is offered, under this SPI where it is to replace another one.
pub(super) fn offer(spi: Vec<u8>) -> Payload {
    let transforms = vec![
        Transform::new(TransformType::ENCR, AES_GCM_16, Some(128)),
        Transform::new(TransformType::PRF, PRF_SHA256, None),
        Transform::new(TransformType::KE, X25519, None),
    ];
    let proposal = Proposal { number: 1, protocol: ProtocolId::IKE, spi, transforms };
    Payload::Sa(SecurityAssociation { proposals: vec![proposal] })
}

/// What asks for a child between networks that nobody else uses.
pub(super) fn child(luck: &mut Luck) -> [Payload; 3] {
    let transforms = vec![
        Transform::new(TransformType::ENCR, AES_GCM_16, Some(128)),
        Transform::new(TransformType::SN, 0, None),
    ];
    let proposal = Proposal { number: 1, protocol: ProtocolId::ESP, spi: luck.octets(4), transforms };
    let net = |second| TrafficSelector::any([10, second, 0, 0].into(), [10, second, 255, 255].into());
    [
        Payload::Sa(SecurityAssociation { proposals: vec![proposal] }),
        Payload::TsI(vec![net(SPARE.0)]),
        Payload::TsR(vec![net(SPARE.1)]),
    ]
}

/// The second octets of those networks: 10.9.0.0/16 at the tester's side, 10.8.0.0/16 at the other.
const SPARE: (u8, u8) = (9, 8);
