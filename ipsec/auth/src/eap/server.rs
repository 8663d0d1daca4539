//! The server of an EAP conversation: the responder of IKE (RFC 3748 §2.2, §4).

use std::sync::Arc;

use ipsec_crypto::Entropy;

use super::{
    EapDiscard, EapFailure, EapMethod, EapPacket, EapSuccess, EapType, EapUsers, Verdict, gtc, md5, mschapv2,
};

/// What a server knows and wants.
#[derive(Clone, Debug)]
pub struct EapServerConfig {
    /// Its name, that some methods tell.
    pub name: String,
    /// The methods that it offers, in order.
    pub methods: Vec<EapMethod>,
    /// Who may authenticate.
    pub users: Arc<EapUsers>,
    /// Whether it asks who the user is even where IDi says so, as a server behind the responder may want
    /// (RFC 7296 §3.16).
    pub asks_identity: bool,
    /// What it wants people to read before (RFC 3748 §5.2).
    pub notice: Option<String>,
}

/// What a packet from the peer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerStep {
    /// Send this packet, a request.
    Request(Vec<u8>),
    /// Send this packet, Success; the peer's AUTH payload is next.
    Succeeded(Vec<u8>, EapSuccess),
    /// Send this packet, Failure, and end.
    Failed(Vec<u8>, EapFailure),
}

/// A conversation with one peer.
#[derive(Clone, Debug)]
pub struct EapServer {
    config: EapServerConfig,
    user: String,
    identifier: u8,
    state: State,
    /// The methods that were not offered yet, in order.
    left: Vec<EapMethod>,
}

#[derive(Clone, Debug)]
enum State {
    AskedIdentity,
    Notified,
    /// `true` once the peer agreed to the method.
    Running(Running, bool),
    Over,
}

#[derive(Clone, Debug)]
enum Running {
    Gtc,
    Md5(md5::Server),
    MsChapV2(mschapv2::Server),
}

impl Running {
    fn kind(&self) -> EapType {
        match self {
            Self::Gtc => EapType::GTC,
            Self::Md5(_) => EapType::MD5_CHALLENGE,
            Self::MsChapV2(_) => EapType::MSCHAPV2,
        }
    }
}

impl EapServer {
    /// Begins a conversation: the machine and what it has to do first. A `user` known from IDi is not asked again
    /// (RFC 7296 §3.16), unless the configuration says so. Draws an octet for the first identifier, and 16 for the challenge of MSCHAPv2 or MD5-Challenge
    /// when one is offered, here or later.
    pub fn begin(
        config: EapServerConfig,
        user: Option<String>,
        entropy: &mut dyn Entropy,
    ) -> (Self, ServerStep) {
        let mut identifier = [0];
        entropy.fill(&mut identifier);
        let left = config.methods.clone();
        let is_known = user.is_some() && !config.asks_identity;
        let user = user.unwrap_or_default();
        let mut server = Self { config, user, identifier: identifier[0], state: State::AskedIdentity, left };
        let step =
            if is_known { server.notify(entropy) } else { server.request(EapType::IDENTITY, Vec::new()) };
        (server, step)
    }

    /// Takes the octets of an EAP payload. Draws as [`begin`](Self::begin) says.
    ///
    /// # Errors
    /// If the packet has to be discarded; then nothing changed.
    pub fn handle(&mut self, octets: &[u8], entropy: &mut dyn Entropy) -> Result<ServerStep, EapDiscard> {
        let EapPacket::Response { identifier, kind, data } = EapPacket::parse(octets)? else {
            return Err(EapDiscard::Direction { expected: "a response" });
        };
        if matches!(self.state, State::Over) {
            return Err(EapDiscard::Over);
        }
        if identifier != self.identifier {
            return Err(EapDiscard::Identifier { expected: self.identifier, found: identifier });
        }
        match (&self.state, kind) {
            (State::AskedIdentity, EapType::IDENTITY) => {
                self.user = String::from_utf8_lossy(&data).into_owned();
                Ok(self.notify(entropy))
            }
            (State::Notified, EapType::NOTIFICATION) => Ok(self.offer_next(None, entropy)),
            (State::Running(_, false), EapType::NAK) => Ok(self.offer_next(Some(&data), entropy)),
            (State::Running(running, _), kind) if running.kind() == kind => Ok(self.response(&data)),
            _ => Err(EapDiscard::Type { found: kind }),
        }
    }

    /// What is to be read, or else the first method.
    fn notify(&mut self, entropy: &mut dyn Entropy) -> ServerStep {
        let Some(notice) = self.config.notice.take().filter(|notice| !notice.is_empty()) else {
            return self.offer_next(None, entropy);
        };
        self.state = State::Notified;
        self.request(EapType::NOTIFICATION, notice.into_bytes())
    }

    /// Offers the next method, one of those `wanted` if the peer said so.
    fn offer_next(&mut self, wanted: Option<&[u8]>, entropy: &mut dyn Entropy) -> ServerStep {
        let fits = |method: &EapMethod| wanted.is_none_or(|wanted| wanted.contains(&method.kind().0));
        let Some(index) = self.left.iter().position(fits) else {
            let wanted = wanted.unwrap_or_default().iter().filter(|kind| **kind != 0);
            return self
                .fail(EapFailure::NoCommonMethod { wanted: wanted.map(|kind| EapType(*kind)).collect() });
        };
        let running = match self.left.remove(index) {
            EapMethod::MsChapV2 => {
                let id = self.identifier.wrapping_add(1);
                Running::MsChapV2(mschapv2::Server::new(id, entropy))
            }
            EapMethod::Md5Challenge => Running::Md5(md5::Server::new(entropy)),
            EapMethod::Gtc => Running::Gtc,
        };
        let data = match &running {
            Running::MsChapV2(method) => method.request(&self.config.name),
            Running::Md5(method) => method.request(&self.config.name),
            Running::Gtc => gtc::request(),
        };
        let kind = running.kind();
        self.state = State::Running(running, false);
        self.request(kind, data)
    }

    fn response(&mut self, data: &[u8]) -> ServerStep {
        let (user, users) = (&self.user, &*self.config.users);
        let State::Running(running, agreed) = &mut self.state else {
            return self.fail(EapFailure::Refused { message: None });
        };
        *agreed = true;
        let kind = running.kind();
        let verdict = match running {
            Running::MsChapV2(method) => method.response(data, user, users),
            Running::Md5(method) => method.response(self.identifier, data, user, users),
            Running::Gtc => gtc::response(data, user, users),
        };
        match verdict.unwrap_or_else(Verdict::Reject) {
            Verdict::Ask(data) => self.request(kind, data),
            Verdict::Accept { user, msk } => {
                self.state = State::Over;
                let packet = EapPacket::Success { identifier: self.identifier }.emit();
                ServerStep::Succeeded(packet, EapSuccess { user, msk })
            }
            Verdict::Reject(failure) => self.fail(failure),
        }
    }

    /// A request with a new identifier.
    fn request(&mut self, kind: EapType, data: Vec<u8>) -> ServerStep {
        self.identifier = self.identifier.wrapping_add(1);
        ServerStep::Request(EapPacket::Request { identifier: self.identifier, kind, data }.emit())
    }

    fn fail(&mut self, failure: EapFailure) -> ServerStep {
        self.state = State::Over;
        ServerStep::Failed(EapPacket::Failure { identifier: self.identifier }.emit(), failure)
    }
}
