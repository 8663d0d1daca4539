//! The peer of an EAP conversation: the initiator of IKE (RFC 3748 §2.1, §4).

use ipsec_crypto::Entropy;

use super::{
    Answer, EapDiscard, EapFailure, EapMethod, EapPacket, EapSuccess, EapType, Outcome, Password, gtc, md5,
    mschapv2,
};

/// What a packet from the server leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerStep {
    /// Send this packet.
    Respond {
        /// The octets of the EAP payload.
        packet: Vec<u8>,
        /// What the server wants people to read (RFC 3748 §5.2).
        notice: Option<String>,
    },
    /// The server believes; the AUTH payload is next.
    Succeeded(EapSuccess),
    /// It does not, or must not be spoken to any more.
    Failed(EapFailure),
}

/// A peer with a name and a password.
#[derive(Clone, Debug)]
pub struct EapPeer {
    user: String,
    password: Password,
    methods: Vec<EapMethod>,
    state: State,
    /// The last request, and what was answered.
    answered: Option<(Vec<u8>, Vec<u8>)>,
    complaint: Option<String>,
}

#[derive(Clone, Debug)]
enum State {
    /// No method was begun.
    Idle,
    /// A method runs.
    Running(Running),
    /// It is through: a Success may come.
    Through(Outcome),
    Over,
}

#[derive(Clone, Debug)]
enum Running {
    Gtc,
    Md5,
    MsChapV2(mschapv2::Peer),
}

impl Running {
    fn new(method: EapMethod) -> Self {
        match method {
            EapMethod::MsChapV2 => Self::MsChapV2(mschapv2::Peer::Fresh),
            EapMethod::Md5Challenge => Self::Md5,
            EapMethod::Gtc => Self::Gtc,
        }
    }

    fn method(&self) -> EapMethod {
        match self {
            Self::Gtc => EapMethod::Gtc,
            Self::Md5 => EapMethod::Md5Challenge,
            Self::MsChapV2(_) => EapMethod::MsChapV2,
        }
    }
}

impl EapPeer {
    /// A peer that agrees to these methods, of which it proposes the first ones first.
    #[must_use]
    pub fn new(user: &str, password: Password, methods: Vec<EapMethod>) -> Self {
        let user = user.to_owned();
        Self { user, password, methods, state: State::Idle, answered: None, complaint: None }
    }

    /// Takes the octets of an EAP payload. MSCHAPv2 draws 16 octets at its challenge.
    ///
    /// # Errors
    /// If the packet has to be discarded; then nothing changed.
    pub fn handle(&mut self, octets: &[u8], entropy: &mut dyn Entropy) -> Result<PeerStep, EapDiscard> {
        let packet = EapPacket::parse(octets)?;
        if matches!(self.state, State::Over) {
            return Err(EapDiscard::Over);
        }
        match packet {
            EapPacket::Request { identifier, kind, data } => {
                if let Some((request, response)) = &self.answered
                    && request == octets
                {
                    return Ok(PeerStep::Respond { packet: response.clone(), notice: None });
                }
                let step = self.request(identifier, kind, &data, entropy)?;
                if let PeerStep::Respond { packet, .. } = &step {
                    self.answered = Some((octets.to_vec(), packet.clone()));
                }
                Ok(step)
            }
            EapPacket::Success { identifier } => self.success(identifier),
            EapPacket::Failure { identifier } => {
                self.follows(identifier)?;
                Ok(self.fail(EapFailure::Refused { message: self.complaint.clone() }))
            }
            EapPacket::Response { .. } => {
                Err(EapDiscard::Direction { expected: "a request, Success or Failure" })
            }
        }
    }

    fn request(
        &mut self,
        identifier: u8,
        kind: EapType,
        data: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<PeerStep, EapDiscard> {
        let respond = |kind, data| EapPacket::Response { identifier, kind, data }.emit();
        let out_of_place = Err(EapDiscard::Type { found: kind });
        match kind {
            EapType::IDENTITY if matches!(self.state, State::Idle) => {
                let packet = respond(EapType::IDENTITY, self.user.clone().into_bytes());
                Ok(PeerStep::Respond { packet, notice: None })
            }
            EapType::NOTIFICATION => {
                let notice = Some(String::from_utf8_lossy(data).into_owned());
                Ok(PeerStep::Respond { packet: respond(EapType::NOTIFICATION, Vec::new()), notice })
            }
            EapType::IDENTITY | EapType::NAK => out_of_place,
            _ => {
                let wanted = EapMethod::of(kind).filter(|method| self.methods.contains(method));
                if matches!(self.state, State::Idle) {
                    let Some(method) = wanted else {
                        let packet = respond(EapType::NAK, self.proposal());
                        return Ok(PeerStep::Respond { packet, notice: None });
                    };
                    self.state = State::Running(Running::new(method));
                }
                match &self.state {
                    State::Running(running) if Some(running.method()) == wanted => {}
                    // Another method after one was agreed to (RFC 3748 §2.1).
                    _ => return out_of_place,
                }
                match self.run(identifier, data, entropy) {
                    Ok(answer) => Ok(self.answer(respond(kind, answer.data.clone()), answer)),
                    Err(failure) => Ok(self.fail(failure)),
                }
            }
        }
    }

    fn run(&mut self, identifier: u8, data: &[u8], entropy: &mut dyn Entropy) -> Result<Answer, EapFailure> {
        match &mut self.state {
            State::Running(Running::MsChapV2(method)) => {
                method.answer(data, &self.user, &self.password, entropy)
            }
            State::Running(Running::Md5) => md5::answer(identifier, data, &self.user, &self.password),
            State::Running(Running::Gtc) => Ok(gtc::answer(&self.password)),
            State::Idle | State::Through(_) | State::Over => {
                Err(EapFailure::Refused { message: self.complaint.clone() })
            }
        }
    }

    fn answer(&mut self, packet: Vec<u8>, answer: Answer) -> PeerStep {
        if let Some(outcome) = answer.outcome {
            self.state = State::Through(outcome);
        }
        self.complaint = answer.complaint.or(self.complaint.take());
        PeerStep::Respond { packet, notice: None }
    }

    fn success(&mut self, identifier: u8) -> Result<PeerStep, EapDiscard> {
        self.follows(identifier)?;
        let State::Through(outcome) = &self.state else {
            return Err(EapDiscard::EarlySuccess);
        };
        let success = EapSuccess { user: self.user.clone(), msk: outcome.msk.clone() };
        self.state = State::Over;
        Ok(PeerStep::Succeeded(success))
    }

    fn fail(&mut self, failure: EapFailure) -> PeerStep {
        self.state = State::Over;
        PeerStep::Failed(failure)
    }

    /// Success and Failure have the identifier of the last response (RFC 3748 §4.2).
    fn follows(&self, found: u8) -> Result<(), EapDiscard> {
        match self.answered.as_ref().and_then(|(request, _)| request.get(1)) {
            Some(&expected) if expected != found => Err(EapDiscard::Identifier { expected, found }),
            _ => Ok(()),
        }
    }

    /// What this peer would agree to; zero for nothing (RFC 3748 §5.3.1).
    fn proposal(&self) -> Vec<u8> {
        if self.methods.is_empty() {
            return vec![0];
        }
        self.methods.iter().map(|method| method.kind().0).collect()
    }
}
