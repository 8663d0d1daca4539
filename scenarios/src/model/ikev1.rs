//! What two IKEv1 configurations come to: agreement on what, or which refusal, at which end, in which exchange and why.
//!
//! As in [`super::agreement`] this is set algebra over the scenario's nouns and uses no IKE code. What is different in
//! version 1: transforms are whole suites, of which the initiator's order decides (RFC 2409 §5); the packets of a child have
//! to be the same at both ends, for nothing is narrowed (§5.5); both ends of a child have one group and one mode, or there are
//! no SAs; and the ends of an ISAKMP SA need not take the same time for its life, so that the shorter one ends it.

use std::fmt;
use std::time::Duration;

use ipsec::auth::x509::laboratory::Usage;
use ipsec::crypto::{IntegrityAlgorithm, KeyExchangeAlgorithm, KeyType};
use ipsec::dataplane::Encryption;
use ipsec::ikev1::{Method, Mode as Phase1Mode, Xauth};
use ipsec_net::Prefix;

use super::agreement::is_same;
use crate::file::{
    Certificate, Child, ChildEnd, ChildProposal, Demand, Ike, IkeEnd, Method as Word, Mode, Proof, Scenario,
};

/// What follows when one end sets up a child, and an ISAKMP SA for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// The ISAKMP SA, or why there is none.
    pub phase1: Result<Phase1, Refusal>,
    /// The IPsec SAs, or why there are none. Nothing where there is no ISAKMP SA for them.
    pub phase2: Option<Result<Phase2, Refusal>>,
}

/// What an ISAKMP SA is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase1 {
    /// Main or aggressive mode.
    pub mode: Phase1Mode,
    /// The cipher, and the length of its key in octets.
    pub encryption: (Encryption, usize),
    /// The hash, by the integrity algorithm that its HMAC is.
    pub hash: IntegrityAlgorithm,
    /// The group.
    pub group: KeyExchangeAlgorithm,
    /// How the ends authenticate each other.
    pub method: Method,
    /// How long it lives, after the shorter life of both ends.
    pub life: Duration,
}

/// What a pair of IPsec SAs is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase2 {
    /// The initiator's name for it, and the responder's.
    pub names: [String; 2],
    /// The algorithms of ESP, or of AH where there is no cipher.
    pub suite: ChildSuite,
    /// The group of a key exchange of its own.
    pub group: Option<KeyExchangeAlgorithm>,
    /// Tunnel or transport mode.
    pub mode: Mode,
    /// The client identities: the network at the initiator's side and that at the responder's.
    pub networks: [Prefix; 2],
    /// How long its SAs live: the shorter time of both ends.
    pub life: Duration,
    /// After how many octets they end: the smaller number of both ends, which are offered in whole kilobytes.
    pub octets: Option<u64>,
}

/// The algorithms of a pair of IPsec SAs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildSuite {
    /// The cipher, and the length of its key in octets; nothing for AH.
    pub encryption: Option<(Encryption, usize)>,
    /// The integrity algorithm of AH, or beside a cipher that needs one.
    pub integrity: Option<IntegrityAlgorithm>,
    /// That of AH round ESP, in a bundle of both.
    pub around: Option<IntegrityAlgorithm>,
    /// Whether sequence numbers have 64 bits.
    pub extended_sequence_numbers: bool,
}

/// The exchanges in which something can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Phase 1, in the initiator's mode.
    Phase1(Phase1Mode),
    /// XAUTH, behind phase 1.
    Xauth,
    /// Quick mode.
    Quick,
}

/// The ends of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who began it.
    Initiator,
    /// Who answers.
    Responder,
}

/// What an end refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which end does so.
    pub by: Role,
    /// Where.
    pub exchange: Exchange,
    /// The notify that says so, by its name in RFC 2408 §3.14.1. Nothing where messages cannot even be read: with different
    /// keys main mode falls silent, and who has no key to encrypt for in aggressive mode does not begin.
    pub notify: Option<&'static str>,
    /// Why, for people.
    pub why: String,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phase1(Phase1Mode::Main) => "main mode",
            Self::Phase1(Phase1Mode::Aggressive) => "aggressive mode",
            Self::Xauth => "XAUTH",
            Self::Quick => "quick mode",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {}", self.notify.unwrap_or("silence"), self.exchange, self.why)
    }
}

/// What follows when `initiator` sets up `child` where nothing is there yet; nothing when the scenario has no such child with
/// this peer at an end, or when one of the ends does not speak version 1. Of several IKE configurations between the same two
/// peers only that of the child is looked at.
#[must_use]
pub fn initiate(scenario: &Scenario, child: &str, initiator: &str) -> Option<Course> {
    let child = scenario.child(child)?;
    let ike = scenario.ike(&child.ike)?;
    let side = ike.ends.iter().position(|end| end.peer == initiator)?;
    let ends = Ends { scenario, ike, child, ends: [side, 1 - side].map(|side| &ike.ends[side]) };
    let modes = [ends.ends[0].older?, ends.ends[1].older?];
    let phase1 = ends.phase1(modes);
    let phase2 = phase1.is_ok().then(|| ends.phase2());
    Some(Course { phase1, phase2 })
}

/// How long an ISAKMP SA lives of which nothing is said, as the scenario language has it.
const ISAKMP_LIFE: Duration = Duration::from_secs(3_600);

/// How long IPsec SAs live of which nothing is said (RFC 2407 §4.5).
const IPSEC_LIFE: Duration = Duration::from_secs(28_800);

/// Two ends, the initiator first.
struct Ends<'a> {
    scenario: &'a Scenario,
    ike: &'a Ike,
    child: &'a Child,
    ends: [&'a IkeEnd; 2],
}

/// The cipher with its key's length, the hash, the group and the method of one transform.
type Transform = ((Encryption, usize), IntegrityAlgorithm, KeyExchangeAlgorithm, Method);

impl Ends<'_> {
    fn phase1(&self, [mode, answers]: [Phase1Mode; 2]) -> Result<Phase1, Refusal> {
        let refuse = |by, notify, why| Err(Refusal { by, exchange: Exchange::Phase1(mode), notify, why });
        let [initiator, responder] = self.ends;
        let mut offered = self.transforms(initiator);
        if let (Phase1Mode::Aggressive, Some(first)) = (mode, offered.first().copied()) {
            offered.retain(|one| shapes_alike(first, *one));
            if is_sealed(first.3) && !self.can_be_encrypted_for(responder) {
                let why = format!("{} has no key of {} to encrypt for", initiator.peer, responder.peer);
                return refuse(Role::Initiator, None, why);
            }
        }
        if mode != answers {
            let [offered, other] = [mode, answers].map(Exchange::Phase1);
            let why = format!("{} begins {offered}, {} speaks {other}", initiator.peer, responder.peer);
            return refuse(Role::Responder, Some("INVALID-EXCHANGE-TYPE"), why);
        }
        let accepted = self.transforms(responder);
        let Some((encryption, hash, group, method)) = offered.into_iter().find(|one| accepted.contains(one))
        else {
            let why = format!("{} and {} have no transform in common", initiator.peer, responder.peer);
            return refuse(Role::Responder, Some("NO-PROPOSAL-CHOSEN"), why);
        };
        let strange = [self.is_strange(0, 1), self.is_strange(1, 0)];
        let differ = || "their shared keys differ".to_owned();
        // Who is believed to be who in main mode comes after the keys, and in aggressive mode before them.
        let checks = match mode {
            Phase1Mode::Main => [
                (self.keys_differ(method), Role::Responder, None, differ()),
                (strange[1], Role::Responder, Some("INVALID-ID-INFORMATION"), self.stranger(1)),
                // The responder is through by then and told under protection, where identities are those of quick mode.
                (strange[0], Role::Initiator, Some("AUTHENTICATION-FAILED"), self.stranger(0)),
            ],
            Phase1Mode::Aggressive => [
                (strange[1], Role::Responder, Some("INVALID-ID-INFORMATION"), self.stranger(1)),
                (strange[0], Role::Initiator, Some("INVALID-ID-INFORMATION"), self.stranger(0)),
                (self.keys_differ(method), Role::Initiator, Some("INVALID-HASH-INFORMATION"), differ()),
            ],
        };
        if let Some((_, by, notify, why)) = checks.into_iter().find(|(fails, ..)| *fails) {
            return refuse(by, notify, why);
        }
        if let Some(why) = self.user_is_nobody() {
            let asks = matches!(initiator.xauth, Some(Xauth::Server { .. }));
            let by = if asks { Role::Initiator } else { Role::Responder };
            return Err(Refusal { by, exchange: Exchange::Xauth, notify: None, why });
        }
        let life = self.ike.lifetime.hard.time.unwrap_or(ISAKMP_LIFE);
        Ok(Phase1 { mode, encryption, hash, group, method, life })
    }

    /// Whether one end expects somebody else than the other one says it is.
    fn is_strange(&self, expecting: usize, other: usize) -> bool {
        let asserted = self.ends[other].authentication.identity.to_string();
        !is_same(&self.ends[expecting].expects.to_string(), &asserted)
    }

    fn stranger(&self, expecting: usize) -> String {
        let [end, other] = [self.ends[expecting], self.ends[1 - expecting]];
        format!("{} expects {}, {} is {}", end.peer, end.expects, other.peer, other.authentication.identity)
    }

    /// Why the user of the client is not believed, if it is not: no answer that the server waits for is the right one.
    fn user_is_nobody(&self) -> Option<String> {
        let (users, tries) = self.ends.iter().find_map(|end| match &end.xauth {
            Some(Xauth::Server { users, tries }) => Some((users, *tries)),
            _ => None,
        })?;
        let (user, passwords) = self.ends.iter().find_map(|end| match &end.xauth {
            Some(Xauth::Client { user, passwords }) => Some((user, passwords)),
            _ => None,
        })?;
        let asked = usize::try_from(tries).unwrap_or(usize::MAX);
        let is_known = passwords.iter().take(asked).any(|password| users.get(user) == Some(password));
        (!is_known).then(|| format!("{user} has no right password"))
    }

    /// The transforms of an end, best first: each method with each cipher, each hash and each group.
    fn transforms(&self, end: &IkeEnd) -> Vec<Transform> {
        let mut all = Vec::new();
        for method in self.methods(end) {
            for proposal in &end.offer {
                for encryption in &proposal.encryption {
                    for hash in &proposal.integrity {
                        all.extend(proposal.groups.iter().map(|group| (*encryption, *hash, *group, method)));
                    }
                }
            }
        }
        all
    }

    /// The methods of an end, best first: what it can prove itself by.
    fn methods(&self, end: &IkeEnd) -> Vec<Method> {
        let told = &end.authentication;
        let names = match (&told.proof, &told.demand) {
            (Proof::Certificate(names), _) => names.as_slice(),
            (Proof::Null, _) => return vec![Method::HybridRsa, Method::HybridDsa],
            _ => return vec![Method::SharedKey],
        };
        let keys: Vec<KeyType> = names.iter().filter_map(|name| self.key_of(name)).collect();
        let signs = |key: &KeyType| match key {
            KeyType::Rsa => Some(Method::RsaSignatures),
            KeyType::Dsa => Some(Method::DsaSignatures),
            KeyType::P256 => Some(Method::Ecdsa256),
            KeyType::P384 => Some(Method::Ecdsa384),
            KeyType::P521 => Some(Method::Ecdsa521),
            _ => None,
        };
        let signed: Vec<Method> = keys.iter().filter_map(signs).collect();
        if matches!(told.demand, Demand::Null) {
            let hybrid = [(KeyType::Rsa, Method::HybridRsa), (KeyType::Dsa, Method::HybridDsa)];
            return hybrid
                .into_iter()
                .filter(|(key, _)| keys.contains(key))
                .map(|(_, method)| method)
                .collect();
        }
        let Some(words) = &end.methods else { return signed };
        let named = words.iter().flat_map(|word| match word {
            Word::RsaSignatures => vec![Method::RsaSignatures],
            Word::DsaSignatures => vec![Method::DsaSignatures],
            Word::EcdsaSignatures => vec![Method::Ecdsa256, Method::Ecdsa384, Method::Ecdsa521],
            Word::RsaEncryption => vec![Method::RsaEncryption],
            Word::RevisedRsaEncryption => vec![Method::RevisedRsaEncryption],
        });
        let decrypts = keys.contains(&KeyType::Rsa);
        named.filter(|method| if is_sealed(*method) { decrypts } else { signed.contains(method) }).collect()
    }

    /// Whether an end has a certificate of a key that decrypts.
    fn can_be_encrypted_for(&self, end: &IkeEnd) -> bool {
        let Proof::Certificate(names) = &end.authentication.proof else { return false };
        let suits = |own: &Certificate| own.key == KeyType::Rsa && own.usage == Usage::Encipherment;
        self.scenario.certificates.iter().any(|own| names.contains(&own.name) && suits(own))
    }

    fn key_of(&self, certificate: &str) -> Option<KeyType> {
        self.scenario.certificates.iter().find(|own| own.name == certificate).map(|own| own.key)
    }

    fn keys_differ(&self, method: Method) -> bool {
        if method != Method::SharedKey {
            return false;
        }
        match self.ends.map(|end| (&end.authentication.proof, &end.authentication.demand)) {
            [(Proof::Psk(own), Demand::Psk(_)), (Proof::Psk(other), Demand::Psk(_))] => own != other,
            _ => false,
        }
    }

    fn phase2(&self) -> Result<Phase2, Refusal> {
        let refuse = |notify, why| {
            Err(Refusal { by: Role::Responder, exchange: Exchange::Quick, notify: Some(notify), why })
        };
        let [initiator, responder] = self.ends.map(|end| end.peer.as_str());
        let end = |child: &'_ Child, peer: &str| child.ends.iter().find(|end| end.peer == peer).cloned();
        let Some(asks) = end(self.child, initiator) else {
            return refuse("INVALID-ID-INFORMATION", format!("{initiator} has no such child"));
        };
        let of_ike = self.scenario.children.iter().filter(|child| child.ike == self.ike.name);
        let mirrored = |answers: &ChildEnd| answers.local == asks.remote && answers.remote == asks.local;
        let found = of_ike.filter_map(|child| Some((child, end(child, responder)?)));
        let Some((meant, answers)) = found.into_iter().find(|(_, answers)| mirrored(answers)) else {
            let why = format!("{responder} has no child for the same networks");
            return refuse("INVALID-ID-INFORMATION", why);
        };
        let group = |end: &ChildEnd| end.offer.first().and_then(|first| first.groups.first().copied());
        let same_terms = group(&asks) == group(&answers) && asks.mode == answers.mode;
        let accepted = child_transforms(&answers.offer);
        let chosen = child_transforms(&asks.offer).into_iter().find(|one| accepted.contains(one));
        let Some(suite) = chosen.filter(|_| same_terms) else {
            let why = format!("{initiator} and {responder} have no transform in common");
            return refuse("NO-PROPOSAL-CHOSEN", why);
        };
        let life = |end: &ChildEnd| end.lifetime.hard.time.unwrap_or(IPSEC_LIFE);
        let octets = [asks.lifetime.hard.octets, answers.lifetime.hard.octets];
        let ([here], [there]) = (asks.local.as_slice(), asks.remote.as_slice()) else {
            return refuse("INVALID-ID-INFORMATION", "there is one network at each side".to_owned());
        };
        Ok(Phase2 {
            names: [self.child.name.clone(), meant.name.clone()],
            suite,
            group: group(&asks),
            mode: asks.mode,
            networks: [*here, *there],
            life: life(&asks).min(life(&answers)),
            octets: octets.into_iter().flatten().min(),
        })
    }
}

/// Whether identities are encrypted for the other end's key, as early as the public values.
fn is_sealed(method: Method) -> bool {
    matches!(method, Method::RsaEncryption | Method::RevisedRsaEncryption)
}

/// Whether one first message of aggressive mode does for both transforms: its public value is of one group; what is encrypted for
/// a key of RSA is so by one method with one hash, and in the revised one with one cipher (RFC 2409 §5.2, §5.3).
fn shapes_alike(first: Transform, other: Transform) -> bool {
    let is_plain = !is_sealed(first.3) && !is_sealed(other.3);
    let is_same = first.3 == other.3 && first.1 == other.1;
    let ciphers = first.3 != Method::RevisedRsaEncryption || first.0 == other.0;
    first.2 == other.2 && (is_plain || is_same) && ciphers
}

/// The transforms of a child, best first.
fn child_transforms(offer: &[ChildProposal]) -> Vec<ChildSuite> {
    let mut all = Vec::new();
    for proposal in offer {
        for extended_sequence_numbers in proposal.extended_sequence_numbers.iter().copied() {
            let own =
                ChildSuite { encryption: None, integrity: None, around: None, extended_sequence_numbers };
            let suite = |encryption, integrity| ChildSuite { encryption, integrity, ..own };
            if proposal.encryption.is_empty() {
                all.extend(proposal.integrity.iter().map(|ah| suite(None, Some(*ah))));
            }
            for encryption in &proposal.encryption {
                if proposal.bundle {
                    let around = |ah: &IntegrityAlgorithm| ChildSuite {
                        around: Some(*ah),
                        ..suite(Some(*encryption), None)
                    };
                    all.extend(proposal.integrity.iter().map(around));
                    continue;
                }
                if proposal.integrity.is_empty() {
                    all.push(suite(Some(*encryption), None));
                }
                all.extend(proposal.integrity.iter().map(|own| suite(Some(*encryption), Some(*own))));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests;
