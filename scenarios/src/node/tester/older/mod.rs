//! An ISAKMP SA begun by somebody who keeps to version 1 only as far as that serves. Each case has a name, and is said once before
//! the first one is said again.
//!
//! ```text
//! stranger      a first message in the clear, or one about an ISAKMP SA of others
//! half open     good messages, and then a wrong public value, identity, proof, or piece
//! established   all of phase 1 with a good proof, and then what must not be taken under an ISAKMP SA
//! ```

mod clear;
mod ground;
mod halfway;
mod pieces;
mod proofs;
mod quick;
mod told;

use ipsec::auth::Prove;
use ipsec::crypto::{Initiator, KeyType, Provider, Secret};
use ipsec::ikev1::keys::Shared;
use ipsec::ikev1::{Mode, Role};
use ipsec::wire::IkeSpi;
use ipsec::wire::registry::v1::{AuthMethod, ExchangeType, PayloadType};
use ipsec::wire::v1::{Header, Message, Payload};

pub(crate) use ground::is_own_sa;
use ground::{GROUP, Ground, Keyed, last_block};

use super::attack::{Attack, Stage};
use super::loose::{Step, own_spi};
use super::{Luck, Orders};

/// How a tester begins phase 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase1 {
    /// Main or aggressive mode.
    pub mode: Mode,
    /// The end that has to go through XAUTH, if one has to.
    pub client: Option<Role>,
}

impl Orders {
    /// The method of phase 1 that is offered.
    fn older_method(&self) -> AuthMethod {
        let client = self.older.and_then(|phase1| phase1.client);
        let [alone, initiator, responder] = match self.credential().map(|own| own.signer.key_type()) {
            None => [
                AuthMethod::PRE_SHARED_KEY,
                AuthMethod::XAUTH_INIT_PRE_SHARED,
                AuthMethod::XAUTH_RESP_PRE_SHARED,
            ],
            Some(KeyType::Dsa) => {
                [AuthMethod::DSS_SIGNATURES, AuthMethod::XAUTH_INIT_DSS, AuthMethod::XAUTH_RESP_DSS]
            }
            Some(_) => [AuthMethod::RSA_SIGNATURES, AuthMethod::XAUTH_INIT_RSA, AuthMethod::XAUTH_RESP_RSA],
        };
        match client {
            None => alone,
            Some(Role::Initiator) => initiator,
            Some(Role::Responder) => responder,
        }
    }

    /// The key that both ends share, if that authenticates.
    fn shared_key(&self) -> Option<&Secret> {
        match &self.prove {
            Prove::SharedKey(secret) => Some(secret),
            _ => None,
        }
    }
}

/// Messages, each as its octets.
type Messages = Vec<Vec<u8>>;

/// Something that must not be taken.
#[derive(Clone, Copy)]
struct Case {
    /// What kind of nonsense it is.
    attack: Attack,
    /// Where it is said.
    place: Place,
    /// What is wrong.
    name: &'static str,
    make: fn(&Ground<'_>, &mut Luck) -> Messages,
}

/// Where a case is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// As the first message.
    First,
    /// With the public value: in the third message of main mode, in the first of aggressive mode.
    Keying,
    /// Where the identity is: in the fifth message of main mode, in the first of aggressive mode.
    Identity,
    /// In the place of the proof.
    Proof,
    /// In pieces, in the place of the proof.
    Pieces,
    /// Under an ISAKMP SA.
    Inside,
    /// In the place of the third message of quick mode.
    Third,
}

impl Place {
    /// How far one has to go to say it.
    fn stage(self, mode: Mode) -> Stage {
        match (self, mode) {
            (Self::First, _) | (Self::Keying | Self::Identity, Mode::Aggressive) => Stage::Stranger,
            (Self::Keying | Self::Identity, Mode::Main) | (Self::Proof | Self::Pieces, _) => Stage::HalfOpen,
            (Self::Inside | Self::Third, _) => Stage::Established,
        }
    }
}

fn all() -> impl Iterator<Item = &'static Case> {
    [clear::CASES, halfway::CASES, pieces::CASES, proofs::CASES, quick::CASES, told::CASES]
        .into_iter()
        .flatten()
}

/// How many cases an attack has at a stage in this mode.
pub(crate) fn count(attack: Attack, stage: Stage, mode: Mode) -> usize {
    all().filter(|case| case.attack == attack && case.place.stage(mode) == stage).count()
}

/// The case whose turn it is.
fn case(orders: &Orders, mode: Mode, turn: u32) -> Option<Case> {
    let fits = |case: &&Case| case.attack == orders.attack && case.place.stage(mode) == orders.stage;
    let cases: Vec<&Case> = all().filter(fits).collect();
    let turn = usize::try_from(turn).unwrap_or(0) % cases.len().max(1);
    cases.get(turn).map(|case| **case)
}

/// How far phase 1 has come.
enum At {
    /// The second message is to come.
    Second(Initiator),
    /// The fourth.
    Fourth(Initiator),
    /// The sixth.
    Sixth,
    /// The second of quick mode, behind the first with this last block.
    Quick(u32, Vec<u8>),
    /// All is said.
    Over,
}

/// An ISAKMP SA.
pub(super) struct Older {
    orders: Orders,
    mode: Mode,
    case: Option<Case>,
    cookies: (IkeSpi, IkeSpi),
    public: Vec<u8>,
    nonce: Vec<u8>,
    keyed: Option<Keyed>,
    others: Option<(IkeSpi, IkeSpi)>,
    at: At,
}

impl Older {
    /// Begins with a good first message; a stranger says what it has to say instead of it.
    pub(super) fn begin(
        orders: &Orders,
        phase1: Phase1,
        (turn, others): (u32, Option<(IkeSpi, IkeSpi)>),
        provider: &'static Provider,
        luck: &mut Luck,
    ) -> (Self, Step) {
        let key_exchange = (provider.initiate)(GROUP, luck);
        let mut older = Self {
            orders: orders.clone(),
            mode: phase1.mode,
            case: case(orders, phase1.mode, turn),
            cookies: (own_spi(luck), IkeSpi(0)),
            public: key_exchange.public().to_vec(),
            nonce: luck.octets(32),
            keyed: None,
            others,
            at: At::Second(key_exchange),
        };
        let step = match older.orders.stage {
            Stage::Stranger => older.say(None, luck),
            _ => Step::one(clear::good(&older.ground(None))),
        };
        (older, step)
    }

    pub(super) fn spi(&self) -> IkeSpi {
        self.cookies.0
    }

    /// What the case is called.
    pub(super) fn name(&self) -> Option<&'static str> {
        self.case.map(|case| case.name)
    }

    /// What follows an answer.
    pub(super) fn receive(&mut self, octets: &[u8], provider: &'static Provider, luck: &mut Luck) -> Step {
        let Ok(header) = Header::parse(octets) else { return Step::nothing() };
        match std::mem::replace(&mut self.at, At::Over) {
            At::Second(kx) if header.exchange == self.phase1_type() => {
                self.second(kx, (header, octets), provider, luck)
            }
            At::Fourth(kx) if header.exchange == self.phase1_type() => {
                self.keys(kx, octets, provider);
                self.prove(luck)
            }
            At::Sixth if header.exchange == self.phase1_type() && header.flags.encryption => {
                if let Some(keyed) = &mut self.keyed {
                    keyed.last_block = last_block(octets);
                }
                self.inside(luck)
            }
            At::Quick(id, first) if header.message_id == id => {
                let opened = self.keyed.as_ref().and_then(|keyed| keyed.open(octets, Some(&first)));
                // Only an answer that makes sense is answered.
                match opened {
                    Some(_) => self.say(Some((id, &first, octets)), luck),
                    None => Step::nothing(),
                }
            }
            other => {
                self.at = other;
                Step::nothing()
            }
        }
    }

    fn phase1_type(&self) -> ExchangeType {
        self.ground(None).phase1()
    }

    fn second(
        &mut self,
        kx: Initiator,
        (header, octets): (Header, &[u8]),
        provider: &'static Provider,
        luck: &mut Luck,
    ) -> Step {
        self.cookies.1 = header.spi_r;
        match self.mode {
            Mode::Aggressive => {
                self.keys(kx, octets, provider);
                self.prove(luck)
            }
            Mode::Main if self.case.is_some_and(|case| case.place == Place::Keying) => self.say(None, luck),
            Mode::Main => {
                self.at = At::Fourth(kx);
                let ground = self.ground(None);
                Step::one(ground.clear(ground.keying().to_vec()))
            }
        }
    }

    /// Makes keys of what the responder has said.
    fn keys(&mut self, kx: Initiator, octets: &[u8], provider: &'static Provider) -> Option<()> {
        let message = Message::parse(octets).ok()?;
        let find = |wanted: PayloadType| {
            message.payloads.iter().find(|payload| payload.kind() == wanted).and_then(|payload| match payload
            {
                Payload::Ke(octets) | Payload::Nonce(octets) => Some(octets.clone()),
                _ => None,
            })
        };
        let (public_r, nonce_r) = (find(PayloadType::KE)?, find(PayloadType::NONCE)?);
        let secret = kx.finish(&public_r).ok()?;
        let shared = Shared {
            nonce_i: &self.nonce,
            nonce_r: &nonce_r.clone(),
            cookie_i: self.cookies.0,
            cookie_r: self.cookies.1,
        };
        let theirs = (public_r, nonce_r);
        self.keyed = Keyed::new(provider, &self.orders, (&shared, &self.public), &secret, theirs);
        Some(())
    }

    /// Says the last message of phase 1, or the case in its place.
    fn prove(&mut self, luck: &mut Luck) -> Step {
        if self.keyed.is_none() {
            return Step::nothing();
        }
        if self.orders.stage != Stage::Established {
            return self.say(None, luck);
        }
        let ground = self.ground(None);
        let octets = ground.proof(&ground.proven_by(vec![Payload::Hash(ground.hash())]));
        match self.mode {
            Mode::Main => {
                if let Some(keyed) = &mut self.keyed {
                    keyed.last_block = last_block(&octets);
                }
                self.at = At::Sixth;
                Step::one(octets)
            }
            Mode::Aggressive => {
                if let Some(keyed) = &mut self.keyed {
                    keyed.last_block = last_block(&octets);
                }
                let next = self.inside(luck);
                let mut datagrams = Step::one(octets).datagrams;
                datagrams.extend(next.datagrams);
                Step { datagrams, over: next.over }
            }
        }
    }

    /// Says the case under the ISAKMP SA, or begins the quick mode whose third message it is.
    fn inside(&mut self, luck: &mut Luck) -> Step {
        if self.case.is_none_or(|case| case.place == Place::Inside) {
            return self.say(None, luck);
        }
        let payloads = ground::quick(luck);
        let octets = self.ground(None).inside(ExchangeType::QUICK, &payloads, luck);
        let id = Header::parse(&octets).map_or(0, |header| header.message_id);
        self.at = At::Quick(id, last_block(&octets));
        Step::one(octets)
    }

    /// Says the case, and no more.
    fn say(&mut self, quick: Option<(u32, &[u8], &[u8])>, luck: &mut Luck) -> Step {
        self.at = At::Over;
        let said = self.case.map(|case| (case.make)(&self.ground(quick), luck)).unwrap_or_default();
        let port = ipsec::wire::IKE_PORT;
        Step { datagrams: said.into_iter().map(|octets| (port, octets)).collect(), over: true }
    }

    fn ground<'a>(&'a self, quick: Option<(u32, &'a [u8], &'a [u8])>) -> Ground<'a> {
        Ground {
            orders: &self.orders,
            mode: self.mode,
            cookies: self.cookies,
            public: &self.public,
            nonce: &self.nonce,
            keyed: self.keyed.as_ref(),
            others: self.others,
            quick,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn cases_have_names_of_their_own() {
        let names: BTreeSet<(Attack, &str)> = all().map(|case| (case.attack, case.name)).collect();
        assert_eq!(names.len(), all().count());
    }
}
