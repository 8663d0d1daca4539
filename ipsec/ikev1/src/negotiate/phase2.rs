//! The algorithms of IPsec SAs (RFC 2407 §4.4, §4.5): proposals for ESP, for AH, and for both together, each with transforms
//! of which the responder returns one as it was sent.
//!
//! ```text
//! proposal 1  ESP  transform 1  transform 2        one of them
//! proposal 2  AH   transform 1                     both protocols, or neither: they have one number
//! proposal 2  ESP  transform 1
//! ```

use std::fmt;
use std::time::Duration;

use ipsec_crypto::{IntegrityAlgorithm, KeyExchangeAlgorithm};
use ipsec_dataplane::{Encryption, Limits, Protection, Suite};
use ipsec_wire::Spi;
use ipsec_wire::registry::v1::{EncapsulationMode, LifeType, ProtocolId, SequenceNumbers};
use ipsec_wire::v1::{
    Attribute, Lifetime, Notify, Phase2, Proposal, SecurityAssociation, Situation, Transform,
};

use super::disagreement::Disagreement;
use super::numbers::{self, AH, ESP, GROUPS, INTEGRITY};
use crate::config::{ChildConfig, DEFAULT_LIFE};

/// The algorithms of a pair of IPsec SAs: ESP, AH, or AH in transport mode round ESP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildSuite {
    /// What AH protects with.
    pub ah: Option<IntegrityAlgorithm>,
    /// What ESP protects with; beside AH its integrity may be left to that.
    pub esp: Option<Suite>,
    /// Whether sequence numbers have 64 bits (RFC 4304).
    pub extended_sequence_numbers: bool,
}

/// `aes128-sha256`, `ah-sha1`, `ah-sha1+aes128`; `-esn` behind them.
impl fmt::Display for ChildSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ah) = self.ah {
            write!(f, "{}", Protection::Ah(ah))?;
        }
        if let Some(esp) = self.esp {
            write!(f, "{}{esp}", if self.ah.is_some() { "+" } else { "" })?;
        }
        f.write_str(if self.extended_sequence_numbers { "-esn" } else { "" })
    }
}

/// One SPI for each protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spis {
    pub(crate) ah: Option<Spi>,
    pub(crate) esp: Option<Spi>,
}

impl Spis {
    /// The one that the data plane knows the pair by: ESP's where there is ESP.
    pub(crate) fn first(&self) -> Spi {
        self.esp.or(self.ah).unwrap_or_default()
    }

    /// All of them, with their protocols.
    pub(crate) fn each(self) -> impl Iterator<Item = (ProtocolId, Spi)> {
        let of = |protocol, spi: Option<Spi>| spi.map(|spi| (protocol, spi));
        [of(ProtocolId::ESP, self.esp), of(ProtocolId::AH, self.ah)].into_iter().flatten()
    }

    /// Those that a suite needs.
    pub(crate) fn needed(self, suite: &ChildSuite) -> Self {
        Self { ah: self.ah.filter(|_| suite.ah.is_some()), esp: self.esp.filter(|_| suite.esp.is_some()) }
    }
}

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) suite: ChildSuite,
    /// The SPIs of the end that sent the proposals.
    pub(crate) spis: Spis,
    pub(crate) group: Option<KeyExchangeAlgorithm>,
    /// How long the initiator wants the SAs to live.
    pub(crate) limits: Limits,
    /// The proposals that were chosen, with one transform each.
    pub(crate) proposals: Vec<Proposal>,
}

impl Agreed {
    /// The responder's SA payload, with its own SPIs.
    pub(crate) fn answer(&self, spis: Spis) -> SecurityAssociation {
        let proposals = self.proposals.iter().map(|proposal| {
            let own = if proposal.protocol == ProtocolId::AH { spis.ah } else { spis.esp };
            let spi = own.unwrap_or_default().0.to_be_bytes().to_vec();
            Proposal { spi, ..proposal.clone() }
        });
        SecurityAssociation::new(proposals.collect())
    }
}

/// The initiator's SA payload. Suites of the same protocols that follow one another are transforms of one proposal.
pub(crate) fn offer(child: &ChildConfig, mode: EncapsulationMode, spis: Spis) -> SecurityAssociation {
    let mut proposals: Vec<Proposal> = Vec::new();
    let mut last: Option<(bool, bool)> = None;
    let mut number = 0;
    for suite in &child.proposals {
        let kind = (suite.ah.is_some(), suite.esp.is_some());
        let joins = last == Some(kind) && kind != (true, true);
        if !joins {
            number += 1;
        }
        last = Some(kind);
        for (protocol, spi) in spis.needed(suite).each() {
            let Some((id, attributes)) = transform(child, mode, (suite, protocol)) else { continue };
            let list = proposals.last_mut().filter(|_| joins).map(|last| &mut last.transforms);
            let count = list.as_ref().map_or(0, |list| list.len());
            let transform = Transform { number: u8::try_from(count + 1).unwrap_or(u8::MAX), id, attributes };
            match list {
                Some(list) => list.push(transform),
                None => proposals.push(Proposal {
                    number,
                    protocol,
                    spi: spi.0.to_be_bytes().to_vec(),
                    transforms: vec![transform],
                }),
            }
        }
    }
    SecurityAssociation::new(proposals)
}

/// How long the SAs of a child are to live as it is offered; eight hours are meant where no time is configured.
fn lives(limits: &Limits) -> Vec<Lifetime> {
    let seconds = limits.time.unwrap_or(DEFAULT_LIFE).as_secs();
    let kilobytes = limits.octets.map(|octets| Lifetime::kilobytes(octets.div_ceil(1024)));
    std::iter::once(Lifetime::seconds(seconds)).chain(kilobytes).collect()
}

fn transform(
    child: &ChildConfig,
    mode: EncapsulationMode,
    (suite, protocol): (&ChildSuite, ProtocolId),
) -> Option<(u8, Vec<Attribute>)> {
    let mut attributes = Phase2 {
        lifetimes: lives(&child.lifetime.hard),
        group: child.group.and_then(|group| numbers::number(GROUPS, group)),
        mode: Some(mode),
        sequence_numbers: suite.extended_sequence_numbers.then_some(SequenceNumbers::BITS_64),
        ..Phase2::default()
    };
    let id = match protocol {
        ProtocolId::AH => {
            attributes.authentication = Some(numbers::number(INTEGRITY, suite.ah?)?);
            numbers::number(AH, suite.ah?)?.0
        }
        _ => {
            let esp = suite.esp?;
            let variable = esp.encryption.key_lens().len() > 1;
            attributes.key_bits = variable.then(|| u16::try_from(esp.key_len * 8).ok()).flatten();
            if let Some(integrity) = esp.integrity {
                attributes.authentication = Some(numbers::number(INTEGRITY, integrity)?);
            }
            numbers::number(ESP, esp.encryption)?.0
        }
    };
    Some((id, attributes.attributes()))
}

impl ChildSuite {
    /// Whether version 1 has numbers for all of it.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        let esp = self.esp.is_none_or(|esp| {
            let integrity = esp.integrity.is_none_or(|one| numbers::number(INTEGRITY, one).is_some());
            numbers::number(ESP, esp.encryption).is_some() && integrity
        });
        let ah = self.ah.is_none_or(|ah| numbers::number(AH, ah).is_some());
        esp && ah && (self.ah.is_some() || self.esp.is_some())
    }
}

/// What a transform for this protocol protects with; nothing where it is not understood.
#[must_use]
pub fn protection(protocol: ProtocolId, transform: &Transform) -> Option<Protection> {
    read(protocol, transform).map(|read| read.protection)
}

/// What one transform says.
struct Read {
    protection: Protection,
    attributes: Phase2,
}

fn read(protocol: ProtocolId, transform: &Transform) -> Option<Read> {
    use ipsec_wire::registry::v1::{AhTransform, EspTransform};
    let attributes = Phase2::read(&transform.attributes).ok()?;
    if !attributes.others.is_empty() || attributes.key_rounds.is_some() {
        return None;
    }
    let integrity = match attributes.authentication {
        Some(number) => Some(numbers::algorithm(INTEGRITY, number)?),
        None => None,
    };
    let protection = match protocol {
        ProtocolId::AH => {
            let ah = numbers::algorithm(AH, AhTransform(transform.id))?;
            Protection::Ah(integrity.filter(|integrity| *integrity == ah)?)
        }
        ProtocolId::ESP => {
            let encryption: Encryption = numbers::algorithm(ESP, EspTransform(transform.id))?;
            let key_len = match attributes.key_bits {
                Some(bits) => usize::from(bits) / 8,
                None => *encryption.key_lens().first()?,
            };
            if !encryption.key_lens().contains(&key_len) {
                return None;
            }
            Protection::Esp(Suite { encryption, key_len, integrity })
        }
        _ => return None,
    };
    Some(Read { protection, attributes })
}

/// The responder's choice for a child: the first of the initiator's proposals, and of its transforms, that is configured.
///
/// # Errors
/// When none is: what was offered, and what is configured.
pub(crate) fn choose(
    child: &ChildConfig,
    mode: EncapsulationMode,
    offered: &SecurityAssociation,
) -> Result<Agreed, Box<Disagreement>> {
    if let Some(agreed) = combinations(offered).find_map(|chosen| agreed(child, mode, &chosen)) {
        return Ok(agreed);
    }
    let offered = combinations(offered).map(|chosen| shown(&chosen)).collect();
    let pfs = pfs(child.group);
    let ours = child.proposals.iter().map(|suite| format!("{suite} {mode}{pfs}")).collect();
    Err(Disagreement::between(None, offered, ours))
}

/// What the responder chose of `offered`, which was ours.
///
/// # Errors
/// When it is none of what was offered, or is changed.
pub(crate) fn accepted(
    child: &ChildConfig,
    mode: EncapsulationMode,
    offered: &SecurityAssociation,
    answer: &SecurityAssociation,
) -> Result<Agreed, String> {
    // Attributes have no order that counts.
    let said = |transform: &Transform| Phase2::read(&transform.attributes).ok();
    let same = |ours: &Combination<'_>, theirs: &Combination<'_>| {
        ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(own, other)| {
                own.0.protocol == other.0.protocol
                    && own.1.id == other.1.id
                    && said(own.1).is_some()
                    && said(own.1) == said(other.1)
            })
    };
    let mut chosen = combinations(answer);
    let (Some(theirs), None) = (chosen.next(), chosen.next()) else {
        return Err("the answer has not exactly one choice".to_owned());
    };
    let known = combinations(offered).any(|ours| same(&ours, &theirs));
    let agreed = known.then(|| agreed(child, mode, &theirs)).flatten();
    agreed.ok_or_else(|| format!("chosen was {}, which was not offered", shown(&theirs)))
}

type Combination<'a> = Vec<(&'a Proposal, &'a Transform)>;

/// Each choice that an SA payload leaves: a transform of each proposal with the same number.
fn combinations(sa: &SecurityAssociation) -> impl Iterator<Item = Combination<'_>> {
    let known = sa.situation == Situation::IdentityOnly;
    let groups = sa.proposals.chunk_by(|a, b| a.number == b.number).filter(move |_| known);
    groups.flat_map(|group| match group {
        [one] => one.transforms.iter().map(|transform| vec![(one, transform)]).collect::<Vec<_>>(),
        [one, other] => {
            let beside =
                |transform| other.transforms.iter().map(move |more| vec![(one, transform), (other, more)]);
            one.transforms.iter().flat_map(beside).collect()
        }
        _ => Vec::new(),
    })
}

/// What a choice comes to, if the child allows it.
fn agreed(child: &ChildConfig, wanted: EncapsulationMode, chosen: &Combination<'_>) -> Option<Agreed> {
    let mut spis = Spis::default();
    let mut suite = ChildSuite { ah: None, esp: None, extended_sequence_numbers: false };
    let mut terms = None;
    for (proposal, transform) in chosen {
        let spi = Spi(u32::from_be_bytes(proposal.spi.as_slice().try_into().ok()?));
        // The SPIs up to 255 are reserved (RFC 2407 §4.4.3 leaves that to RFC 2402 §2.4 and RFC 2406 §2.1).
        if spi.0 <= 255 {
            return None;
        }
        let Read { protection, attributes } = read(proposal.protocol, transform)?;
        match protection {
            Protection::Ah(ah) if spis.ah.is_none() => (suite.ah, spis.ah) = (Some(ah), Some(spi)),
            Protection::Esp(esp) if spis.esp.is_none() => (suite.esp, spis.esp) = (Some(esp), Some(spi)),
            _ => return None,
        }
        suite.extended_sequence_numbers |= attributes.sequence_numbers == Some(SequenceNumbers::BITS_64);
        let own = (attributes.group, attributes.mode);
        if terms.as_ref().is_some_and(|(before, _)| *before != own) {
            return None;
        }
        let limits = limits(&attributes.lifetimes);
        terms = Some((own, limits));
    }
    let ((group, mode), limits) = terms?;
    let group = match group {
        Some(number) => Some(numbers::algorithm(GROUPS, number)?),
        None => None,
    };
    // NAT changes what AH protects.
    let plain = [EncapsulationMode::TUNNEL, EncapsulationMode::TRANSPORT].contains(&wanted);
    if suite.ah.is_some() && !plain {
        return None;
    }
    let fits = child.proposals.contains(&suite) && group == child.group && mode == Some(wanted);
    let proposal = |(proposal, transform): &(&Proposal, &Transform)| Proposal {
        transforms: vec![(*transform).clone()],
        ..(*proposal).clone()
    };
    let proposals = chosen.iter().map(proposal).collect();
    fits.then_some(Agreed { suite, spis, group, limits, proposals })
}

/// How long SAs live that are agreed on so; a life of nothing is what some say that have no limit.
fn limits(lifetimes: &[Lifetime]) -> Limits {
    let of =
        |kind| lifetimes.iter().find(|life| life.kind == kind && life.duration > 0).map(|life| life.duration);
    Limits {
        time: Some(of(LifeType::SECONDS).map_or(DEFAULT_LIFE, Duration::from_secs)),
        octets: of(LifeType::KILOBYTES).map(|kilobytes| kilobytes.saturating_mul(1024)),
        packets: None,
    }
}

/// What the responder tells of lifetimes that are shorter than those that were agreed on (RFC 2407 §4.6.3.1); nothing where
/// none is.
pub(crate) fn responder_lifetime(agreed: &Agreed, own: &Limits, spis: Spis) -> Option<Notify> {
    let shorter_time = own.time.is_some_and(|time| agreed.limits.time.is_none_or(|other| time < other));
    let shorter_octets =
        own.octets.is_some_and(|octets| agreed.limits.octets.is_none_or(|other| octets < other));
    let (protocol, spi) = spis.each().next()?;
    let lives = lives(own).into_iter().filter(|life| match life.kind {
        LifeType::SECONDS => shorter_time,
        _ => shorter_octets,
    });
    let notify = Notify::responder_lifetimes(protocol, spi, &lives.collect::<Vec<_>>());
    (shorter_time || shorter_octets).then_some(notify)
}

fn shown(chosen: &Combination<'_>) -> String {
    let one = |(proposal, transform): &(&Proposal, &Transform)| match read(proposal.protocol, transform) {
        Some(Read { protection, attributes }) => {
            let esn = if attributes.sequence_numbers.is_some() { "-esn" } else { "" };
            let mode = attributes.mode.map_or("no mode".to_owned(), |mode| mode.to_string());
            let group = attributes.group.map(|number| match numbers::algorithm(GROUPS, number) {
                Some(group) => group.keyword().to_owned(),
                None => number.to_string(),
            });
            let pfs = group.map_or(String::new(), |group| format!(" with {group}"));
            format!("{protection}{esn} {mode}{pfs}")
        }
        None => Proposal { transforms: vec![(*transform).clone()], ..(*proposal).clone() }.to_string(),
    };
    chosen.iter().map(one).collect::<Vec<_>>().join(" + ")
}

fn pfs(group: Option<KeyExchangeAlgorithm>) -> String {
    group.map_or(String::new(), |group| format!(" with {}", group.keyword()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_of_nothing_is_no_limit() {
        let life = |kind, duration| Lifetime { kind, duration };
        let of = |seconds, kilobytes| {
            limits(&[life(LifeType::SECONDS, seconds), life(LifeType::KILOBYTES, kilobytes)])
        };
        assert_eq!(of(0, 0), Limits { time: Some(DEFAULT_LIFE), octets: None, packets: None });
        let told = Limits { time: Some(Duration::from_secs(60)), octets: Some(2048), packets: None };
        assert_eq!(of(60, 2), told);
    }

    /// The classes of RFC 2407 §4.5: life type 1 and duration 2, mode 4, authentication 5, key length 6.
    #[test]
    fn a_transform_says_what_authenticates_and_how_long_a_key_is_only_where_that_is_to_be_said() {
        use ipsec_crypto::CipherAlgorithm::{AesCbc, DesCbc, Null};
        let esp = |encryption, key_len, integrity| Protection::Esp(Suite { encryption, key_len, integrity });
        let hmac = Some(IntegrityAlgorithm::HmacMd5_96);
        let [aes, des, null] = [AesCbc, DesCbc, Null].map(Encryption::Cipher);
        for (protection, id, expected) in [
            (esp(aes, 16, hmac), 12, vec![1, 2, 4, 5, 6]),
            (esp(des, 8, hmac), 2, vec![1, 2, 4, 5]),
            (esp(des, 8, None), 2, vec![1, 2, 4]),
            (esp(null, 0, hmac), 11, vec![1, 2, 4, 5]),
            (Protection::Ah(IntegrityAlgorithm::HmacMd5_96), 2, vec![1, 2, 4, 5]),
            (Protection::Ah(IntegrityAlgorithm::HmacSha1_96), 3, vec![1, 2, 4, 5]),
        ] {
            let (suite, protocol) = match protection {
                Protection::Esp(esp) => (ChildSuite { esp: Some(esp), ..NOTHING }, ProtocolId::ESP),
                Protection::Ah(ah) => (ChildSuite { ah: Some(ah), ..NOTHING }, ProtocolId::AH),
            };
            let network = "10.0.0.0/8".parse::<ipsec_net::Prefix>().unwrap().range();
            let child = ChildConfig::new("net", vec![suite], network, network);
            let said = transform(&child, EncapsulationMode::TUNNEL, (&suite, protocol)).unwrap();
            let mut classes: Vec<u16> = said.1.iter().map(|one| one.class).collect();
            classes.sort_unstable();
            assert_eq!((said.0, classes), (id, expected), "{suite}");
        }
    }

    const NOTHING: ChildSuite = ChildSuite { ah: None, esp: None, extended_sequence_numbers: false };

    #[test]
    fn a_proposal_for_another_protocol_or_with_a_reserved_spi_is_passed_over() {
        let esp = Suite {
            encryption: Encryption::Cipher(ipsec_crypto::CipherAlgorithm::AesCbc),
            key_len: 16,
            integrity: Some(IntegrityAlgorithm::HmacSha1_96),
        };
        let network = "10.0.0.0/8".parse::<ipsec_net::Prefix>().unwrap().range();
        let child = ChildConfig::new("net", vec![ChildSuite { esp: Some(esp), ..NOTHING }], network, network);
        let taken = |protocol, spi: u32| {
            let spis = Spis { ah: None, esp: Some(Spi(spi)) };
            let mut offered = offer(&child, EncapsulationMode::TUNNEL, spis);
            offered.proposals[0].protocol = protocol;
            choose(&child, EncapsulationMode::TUNNEL, &offered).is_ok()
        };
        assert!(taken(ProtocolId::ESP, 256) && !taken(ProtocolId::ESP, 255) && !taken(ProtocolId::ESP, 0));
        assert!(!taken(ProtocolId::AH, 256) && !taken(ProtocolId::ISAKMP, 256) && !taken(ProtocolId(9), 256));
    }

    #[test]
    fn ah_that_says_another_algorithm_than_its_transform_or_none_is_not_read() {
        let transform = |attributes| Transform { number: 1, id: 2, attributes };
        let said = |number| Attribute::basic(5, number);
        let (md5, sha) = (said(1), said(2));
        assert!(read(ProtocolId::AH, &transform(vec![md5])).is_some());
        assert!(read(ProtocolId::AH, &transform(vec![sha])).is_none());
        assert!(read(ProtocolId::AH, &transform(Vec::new())).is_none());
    }

    #[test]
    fn the_attributes_of_an_answer_may_stand_in_any_order() {
        let esp = Suite {
            encryption: Encryption::Cipher(ipsec_crypto::CipherAlgorithm::AesCbc),
            key_len: 16,
            integrity: Some(IntegrityAlgorithm::HmacSha1_96),
        };
        let suite = ChildSuite { ah: None, esp: Some(esp), extended_sequence_numbers: false };
        let network = |text: &str| text.parse::<ipsec_net::Prefix>().unwrap().range();
        let child = ChildConfig::new("net", vec![suite], network("10.1.0.0/16"), network("10.2.0.0/16"));
        let (mode, spi) = (EncapsulationMode::TUNNEL, Spi(0x1000));
        let spis = Spis { ah: Some(spi), esp: Some(spi) };
        let offered = offer(&child, mode, spis);
        let first = |of: &SecurityAssociation| {
            let mut proposal = of.proposals[0].clone();
            proposal.transforms.truncate(1);
            SecurityAssociation::new(vec![proposal])
        };
        let mut answer = first(&offered);
        answer.proposals[0].transforms[0].attributes.rotate_left(2);
        assert_ne!(answer, first(&offered));
        assert_eq!(accepted(&child, mode, &offered, &answer).unwrap().suite, child.proposals[0]);
        answer.proposals[0].transforms[0].attributes.pop();
        assert!(accepted(&child, mode, &offered, &answer).unwrap_err().ends_with("was not offered"));
    }
}
