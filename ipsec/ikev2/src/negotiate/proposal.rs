//! What one end is configured to offer and to accept, and the proposals on the wire that say so (RFC 7296 §3.3).

use ipsec_crypto::{IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec_dataplane::Encryption;
use ipsec_wire::registry::{ProtocolId, TransformType};
use ipsec_wire::v2::{Proposal, Transform};
use ipsec_wire::{IkeSpi, Spi};

use super::numbers;
use super::suite::IkeSuite;

/// Additional key exchanges (RFC 9370 §2.2.1): for each of the transform types ADDKE1 to ADDKE7 its methods, best first, of
/// which one is to be chosen. `None` in a list stands for NONE: the exchange may be left out. An empty list offers nothing.
pub type AdditionalKeyExchanges = [Vec<Option<KeyExchangeAlgorithm>>; 7];

/// Algorithms for an IKE SA; each list in order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IkeProposal {
    /// Ciphers with their key lengths in octets, salt not counted. Either all are combined-mode ones or none is
    /// (RFC 7296 §3.3).
    pub encryption: Vec<(Encryption, usize)>,
    /// Integrity algorithms; none beside combined-mode ciphers.
    pub integrity: Vec<IntegrityAlgorithm>,
    /// Pseudo-random functions.
    pub prf: Vec<PrfAlgorithm>,
    /// Key exchange methods.
    pub key_exchange: Vec<KeyExchangeAlgorithm>,
    /// Key exchanges that follow in `IKE_INTERMEDIATE`, and in `IKE_FOLLOWUP_KE` when the IKE SA is replaced.
    pub additional: AdditionalKeyExchanges,
}

/// Algorithms for a Child SA; each list in order of preference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChildProposal {
    /// Ciphers with their key lengths in octets, salt not counted. None at all means AH, which encrypts nothing.
    pub encryption: Vec<(Encryption, usize)>,
    /// Integrity algorithms; none beside combined-mode ciphers.
    pub integrity: Vec<IntegrityAlgorithm>,
    /// Key exchange methods for a fresh secret of the child's own (PFS); empty for none. Not used in `IKE_AUTH`.
    pub key_exchange: Vec<KeyExchangeAlgorithm>,
    /// Key exchanges that follow the one of the child's own in `IKE_FOLLOWUP_KE`.
    pub additional: AdditionalKeyExchanges,
    /// Whether sequence numbers are extended to 64 bits; both values may be offered.
    pub extended_sequence_numbers: Vec<bool>,
}

impl IkeProposal {
    /// The proposal where there can be no additional key exchanges; nothing if it cannot do without.
    pub(crate) fn without_additional(&self) -> Option<Self> {
        let optional = self.additional.iter().all(|list| list.is_empty() || list.contains(&None));
        optional.then(|| Self { additional: AdditionalKeyExchanges::default(), ..self.clone() })
    }

    /// Exactly these algorithms.
    pub(crate) fn of(suite: &IkeSuite) -> Self {
        Self {
            encryption: vec![(suite.protection.encryption, suite.protection.key_len)],
            integrity: suite.protection.integrity.into_iter().collect(),
            prf: vec![suite.prf],
            key_exchange: vec![suite.key_exchange],
            additional: suite.additional.map(|method| method.into_iter().map(Some).collect()),
        }
    }
}

/// The proposals for an IKE SA, numbered from 1; `spi` is the one we want to be called by, where it does not stand in the
/// header (RFC 7296 §3.3.1).
pub(crate) fn ike_offer(proposals: &[IkeProposal], spi: Option<IkeSpi>) -> Vec<Proposal> {
    let transforms = |proposal: &IkeProposal| {
        let mut list = ciphers(&proposal.encryption);
        list.extend(plain(TransformType::PRF, proposal.prf.iter().filter_map(|a| numbers::prf_id(*a))));
        list.extend(integrities(&proposal.integrity));
        list.extend(groups(&proposal.key_exchange));
        list.extend(additional(&proposal.additional));
        list
    };
    let lists = proposals.iter().map(|proposal| (ProtocolId::IKE, transforms(proposal)));
    number(lists, &spi.map_or(Vec::new(), |spi| spi.0.to_be_bytes().to_vec()))
}

/// The proposals for a Child SA, numbered from 1; `spi` is the one we want to receive under. Key exchange methods are
/// offered only where `fresh` key exchanges can happen, which is not in `IKE_AUTH` (RFC 7296 §1.2).
pub(crate) fn child_offer(proposals: &[ChildProposal], spi: Spi, fresh: bool) -> Vec<Proposal> {
    let transforms = |proposal: &ChildProposal| {
        let mut list = ciphers(&proposal.encryption);
        list.extend(integrities(&proposal.integrity));
        if fresh {
            list.extend(groups(&proposal.key_exchange));
            list.extend(additional(&proposal.additional));
        }
        let numbers = proposal.extended_sequence_numbers.iter().map(|extended| u16::from(*extended));
        list.extend(plain(TransformType::SN, numbers));
        list
    };
    let protocol = |proposal: &ChildProposal| match proposal.encryption.is_empty() {
        true => ProtocolId::AH,
        false => ProtocolId::ESP,
    };
    let lists = proposals.iter().map(|proposal| (protocol(proposal), transforms(proposal)));
    number(lists, &spi.0.to_be_bytes())
}

fn number(lists: impl Iterator<Item = (ProtocolId, Vec<Transform>)>, spi: &[u8]) -> Vec<Proposal> {
    let proposal =
        |(number, (protocol, transforms))| Proposal { number, protocol, spi: spi.to_vec(), transforms };
    (1..=u8::MAX).zip(lists).map(proposal).collect()
}

fn ciphers(list: &[(Encryption, usize)]) -> Vec<Transform> {
    let transform = |(algorithm, key_len): &(Encryption, usize)| {
        let id = numbers::encryption_id(*algorithm)?;
        // A cipher whose key has but one length carries no key length attribute (RFC 7296 §3.3.5).
        let variable = algorithm.key_lens().len() > 1;
        let bits = variable.then(|| u16::try_from(key_len * 8).ok()).flatten();
        Some(Transform::new(TransformType::ENCR, id, bits))
    };
    list.iter().filter_map(transform).collect()
}

fn integrities(list: &[IntegrityAlgorithm]) -> impl Iterator<Item = Transform> {
    plain(TransformType::INTEG, list.iter().filter_map(|a| numbers::integrity_id(*a)))
}

fn groups(list: &[KeyExchangeAlgorithm]) -> impl Iterator<Item = Transform> {
    plain(TransformType::KE, list.iter().filter_map(|a| numbers::key_exchange_id(*a)))
}

fn additional(lists: &AdditionalKeyExchanges) -> impl Iterator<Item = Transform> {
    lists.iter().zip(ADDITIONAL).flat_map(|(list, kind)| {
        let id = |method: &Option<KeyExchangeAlgorithm>| method.map_or(Some(0), numbers::key_exchange_id);
        plain(kind, list.iter().filter_map(id))
    })
}

/// The transform types of additional key exchanges, in their order (RFC 9370 §2.2.1).
pub(super) const ADDITIONAL: [TransformType; 7] = [
    TransformType::ADDKE1,
    TransformType::ADDKE2,
    TransformType::ADDKE3,
    TransformType::ADDKE4,
    TransformType::ADDKE5,
    TransformType::ADDKE6,
    TransformType::ADDKE7,
];

fn plain(kind: TransformType, ids: impl Iterator<Item = u16>) -> impl Iterator<Item = Transform> {
    ids.map(move |id| Transform::new(kind, id, None))
}
