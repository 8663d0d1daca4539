//! The algorithms of an ISAKMP SA (RFC 2409 §5, appendix A): offered as transforms of one proposal, of which the responder
//! returns one as it was sent.

use std::fmt;
use std::time::Duration;

use ipsec_crypto::{CipherAlgorithm, HashAlgorithm, KeyExchangeAlgorithm};
use ipsec_dataplane::{Encryption, Suite};
use ipsec_wire::registry::v1::{IkeTransform, LifeType, ProtocolId};
use ipsec_wire::v1::{Lifetime, Phase1, Proposal, SecurityAssociation, Situation, Transform};

use super::disagreement::{self, Disagreement};
use super::method::Method;
use super::numbers::{self, CIPHERS, GROUPS, HASHES};
use crate::grammar::Means;
use crate::sa::Role;

/// The algorithms of an ISAKMP SA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IkeSuite {
    /// What encrypts messages, in CBC mode.
    pub cipher: CipherAlgorithm,
    /// The length of its key in octets.
    pub key_len: usize,
    /// The hash; its HMAC is the PRF.
    pub hash: HashAlgorithm,
    /// The group of the key exchange.
    pub group: KeyExchangeAlgorithm,
}

/// `aes256-sha256-modp2048`.
impl fmt::Display for IkeSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encryption = Encryption::Cipher(self.cipher);
        let suite = Suite { encryption, key_len: self.key_len, integrity: None };
        let hash = match self.hash {
            HashAlgorithm::Md5 => "md5",
            HashAlgorithm::Sha1 => "sha1",
            HashAlgorithm::Sha2_256 => "sha256",
            HashAlgorithm::Sha2_384 => "sha384",
            HashAlgorithm::Sha2_512 => "sha512",
        };
        write!(f, "{suite}-{hash}-{}", self.group.keyword())
    }
}

impl IkeSuite {
    /// Whether version 1 has numbers for all of it: its ciphers run in CBC mode, and newer groups have none.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        self.attributes().is_some() && self.cipher.key_lens().contains(&self.key_len)
    }

    fn attributes(&self) -> Option<Phase1> {
        let variable = self.cipher.key_lens().len() > 1;
        Some(Phase1 {
            encryption: Some(numbers::number(CIPHERS, self.cipher)?),
            key_bits: variable.then(|| u16::try_from(self.key_len * 8).ok()).flatten(),
            hash: Some(numbers::number(HASHES, self.hash)?),
            group: Some(numbers::number(GROUPS, self.group)?),
            ..Phase1::default()
        })
    }

    /// The algorithms that a transform names; nothing where one is missing or unknown.
    #[must_use]
    pub fn read(attributes: &Phase1) -> Option<Self> {
        let cipher = numbers::algorithm(CIPHERS, attributes.encryption?)?;
        let key_len = match attributes.key_bits {
            Some(bits) => usize::from(bits) / 8,
            None => *cipher.key_lens().first()?,
        };
        let understood =
            attributes.prf.is_none() && attributes.others.is_empty() && cipher.key_lens().contains(&key_len);
        understood.then_some(Self {
            cipher,
            key_len,
            hash: numbers::algorithm(HASHES, attributes.hash?)?,
            group: numbers::algorithm(GROUPS, attributes.group?)?,
        })
    }
}

/// What one transform says: the algorithms of an ISAKMP SA, and how its ends are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase1Suite {
    pub(crate) suite: IkeSuite,
    pub(crate) method: Method,
    /// The end that has to go through XAUTH afterwards, if one has to.
    pub(crate) client: Option<Role>,
}

/// `aes256-sha256-modp2048 by rsa-signatures`; `with xauth` behind it.
impl fmt::Display for Phase1Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let xauth = match self.client {
            None => "",
            Some(Role::Initiator) => " with xauth",
            Some(Role::Responder) => " with xauth of the responder",
        };
        write!(f, "{} by {}{xauth}", self.suite, self.method)
    }
}

impl Phase1Suite {
    /// What the end in this role proves by.
    pub(crate) fn means(self, role: Role) -> Means {
        self.method.means(role, self.client)
    }

    /// Whether the end in this role leaves its proof to its user.
    pub(crate) fn leaves_to_user(self, role: Role) -> bool {
        self.method.is_hybrid() && self.client == Some(role)
    }

    /// Whether the first message of aggressive mode is the same for both: its public value, and with encryption also the hash
    /// that names a key, and the cipher of the revised method.
    pub(crate) fn shapes_like(self, other: Self) -> bool {
        let hides = self.method.hides_identities() || other.method.hides_identities();
        let ciphers = |one: Self| (one.suite.cipher, one.suite.key_len);
        self.suite.group == other.suite.group
            && (!hides || self.method == other.method && self.suite.hash == other.suite.hash)
            && (self.method != Method::RevisedRsaEncryption || ciphers(self) == ciphers(other))
    }

    fn attributes(&self, life: Option<Duration>) -> Option<Phase1> {
        Some(Phase1 {
            auth: Some(self.method.number(self.client)?),
            lifetimes: life.map(|life| Lifetime::seconds(life.as_secs())).into_iter().collect(),
            ..self.suite.attributes()?
        })
    }

    fn read(attributes: &Phase1) -> Option<Self> {
        let (method, client) = Method::of(attributes.auth?)?;
        Some(Self { suite: IkeSuite::read(attributes)?, method, client })
    }
}

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// The algorithms and the method.
    pub(crate) agreed: Phase1Suite,
    /// How long the initiator wants the SA to live.
    pub(crate) life: Option<Duration>,
    /// The SA payload that says so: the transform as the initiator sent it (RFC 2408 §4.2).
    pub(crate) answer: SecurityAssociation,
}

/// The initiator's SA payload.
pub(crate) fn offer(suites: &[Phase1Suite], life: Option<Duration>) -> SecurityAssociation {
    let transforms = suites.iter().filter_map(|suite| suite.attributes(life)).zip(1..=u8::MAX);
    let transform = |(attributes, number): (Phase1, u8)| Transform {
        number,
        id: IkeTransform::KEY_IKE.0,
        attributes: attributes.attributes(),
    };
    SecurityAssociation::new(vec![Proposal {
        number: 1,
        protocol: ProtocolId::ISAKMP,
        spi: Vec::new(),
        transforms: transforms.map(transform).collect(),
    }])
}

/// The responder's choice: the first of the initiator's transforms that is configured.
///
/// # Errors
/// When none is: what was offered, and what is configured.
pub(crate) fn choose(
    ours: &[Phase1Suite],
    offered: &SecurityAssociation,
) -> Result<Chosen, Box<Disagreement>> {
    for (proposal, transform) in transforms(offered) {
        let known = read(transform).filter(|(one, _)| ours.contains(one));
        let Some((agreed, life)) = known else { continue };
        let proposal = Proposal { transforms: vec![transform.clone()], ..proposal.clone() };
        return Ok(Chosen { agreed, life, answer: SecurityAssociation::new(vec![proposal]) });
    }
    let known: Vec<Phase1Suite> =
        transforms(offered).filter_map(|(_, transform)| read(transform)).map(|(one, _)| one).collect();
    let kind = disagreement::apart(&known, ours);
    let offered = transforms(offered).map(|(_, transform)| shown(transform)).collect();
    Err(Disagreement::between(kind, offered, ours.iter().map(ToString::to_string).collect()))
}

/// What the responder chose of `offered`, which was ours.
///
/// # Errors
/// When it is not one of the transforms that were offered, or is changed.
pub(crate) fn accepted(
    offered: &SecurityAssociation,
    answer: &SecurityAssociation,
) -> Result<Chosen, String> {
    let mut chosen = transforms(answer);
    let (Some((_, transform)), None) = (chosen.next(), chosen.next()) else {
        return Err("the answer has not exactly one transform".to_owned());
    };
    // Some number anew and order the attributes as they like, so what counts is what it says.
    let said = Phase1::read(&transform.attributes);
    let same = |(_, own): &(&Proposal, &Transform)| {
        own.id == transform.id && said.is_ok() && Phase1::read(&own.attributes) == said
    };
    let known = transforms(offered).any(|own| same(&own));
    match read(transform).filter(|_| known) {
        Some((agreed, life)) => Ok(Chosen { agreed, life, answer: answer.clone() }),
        None => Err(format!("chosen was {}, which was not offered", shown(transform))),
    }
}

/// The transforms for an ISAKMP SA, with their proposals.
fn transforms(sa: &SecurityAssociation) -> impl Iterator<Item = (&Proposal, &Transform)> {
    let known = sa.situation == Situation::IdentityOnly;
    let proposals =
        sa.proposals.iter().filter(move |proposal| known && proposal.protocol == ProtocolId::ISAKMP);
    proposals.flat_map(|proposal| proposal.transforms.iter().map(move |transform| (proposal, transform)))
}

fn read(transform: &Transform) -> Option<(Phase1Suite, Option<Duration>)> {
    if transform.id != IkeTransform::KEY_IKE.0 {
        return None;
    }
    let attributes = Phase1::read(&transform.attributes).ok()?;
    // A life of no seconds is what some say that have no limit.
    let life = attributes.lifetimes.iter().find(|life| life.kind == LifeType::SECONDS && life.duration > 0);
    Some((Phase1Suite::read(&attributes)?, life.map(|life| Duration::from_secs(life.duration))))
}

/// A transform in the words of proposals, or in those of its attributes where it says something else.
fn shown(transform: &Transform) -> String {
    if let Some((known, _)) = read(transform) {
        return known.to_string();
    }
    match Phase1::read(&transform.attributes) {
        Err(unusable) => format!("transform {} ({unusable})", transform.number),
        Ok(attributes) => {
            let method = attributes.auth.map_or("no method".to_owned(), |method| method.to_string());
            let cipher = attributes.encryption.map_or("no cipher".to_owned(), |cipher| cipher.to_string());
            let hash = attributes.hash.map_or("no hash".to_owned(), |hash| hash.to_string());
            let group = attributes.group.map_or("no group".to_owned(), |group| group.to_string());
            format!("{cipher}, {hash}, {group}, {method}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suites() -> Vec<Phase1Suite> {
        let suite = IkeSuite {
            cipher: CipherAlgorithm::AesCbc,
            key_len: 16,
            hash: HashAlgorithm::Sha1,
            group: KeyExchangeAlgorithm::Ecp256,
        };
        [suite, IkeSuite { key_len: 32, ..suite }]
            .map(|suite| Phase1Suite { suite, method: Method::SharedKey, client: None })
            .to_vec()
    }

    /// The first transform of our offer as the answer, changed.
    fn answered(life: Duration, change: impl FnOnce(&mut Transform)) -> Result<Chosen, String> {
        let offered = offer(&suites(), Some(life));
        let mut answer = offered.clone();
        answer.proposals[0].transforms.truncate(1);
        change(&mut answer.proposals[0].transforms[0]);
        accepted(&offered, &answer)
    }

    #[test]
    fn the_attributes_of_an_answer_may_stand_in_any_order() {
        let hour = Duration::from_secs(3600);
        let turned = answered(hour, |transform| transform.attributes.rotate_left(2)).unwrap();
        assert_eq!((turned.agreed, turned.life), (suites()[0], Some(hour)));
        let without = answered(hour, |transform| drop(transform.attributes.remove(1)));
        assert!(without.unwrap_err().ends_with("which was not offered"));
    }

    /// The classes of RFC 2409 appendix A: encryption 1, hash 2, method 3, group 4, life type 11 and duration 12, key length 14.
    #[test]
    fn a_transform_says_all_that_has_to_be_agreed_on_and_no_more() {
        let classes = |cipher, key_len| {
            let suite = IkeSuite { cipher, key_len, ..suites()[0].suite };
            let offered = offer(&[Phase1Suite { suite, ..suites()[0] }], Some(Duration::from_secs(3600)));
            let mut classes: Vec<u16> =
                offered.proposals[0].transforms[0].attributes.iter().map(|one| one.class).collect();
            classes.sort_unstable();
            classes
        };
        assert_eq!(classes(CipherAlgorithm::AesCbc, 16), [1, 2, 3, 4, 11, 12, 14]);
        assert_eq!(classes(CipherAlgorithm::TripleDesCbc, 24), [1, 2, 3, 4, 11, 12]);
        let chosen_without = |class| {
            let mut offered = offer(&suites()[..1], None);
            offered.proposals[0].transforms[0].attributes.retain(|one| one.class != class);
            choose(&suites(), &offered).is_ok()
        };
        assert_eq!([0, 1, 2, 3, 4].map(chosen_without), [true, false, false, false, false]);
        let mut with_spi = offer(&suites()[..1], None);
        with_spi.proposals[0].spi = vec![7; 8];
        assert!(choose(&suites(), &with_spi).is_ok(), "what the SPI of ISAKMP is does not matter");
    }

    #[test]
    fn a_life_of_no_seconds_is_no_limit() {
        assert_eq!(answered(Duration::ZERO, |_| ()).unwrap().life, None);
    }
}
