//! What a peer is told at its birth, and what is refused.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipsec_dataplane::{Action, Encryption, Policy, SaPair, SaParameters, Settings};
use ipsec_ikev2::{ChildConfig, Connection, IkeProposal};
use ipsec_net::IpVersion;

/// The configuration of a peer.
#[derive(Clone, Debug)]
pub struct Config {
    /// Our outer addresses.
    pub addresses: Vec<IpAddr>,
    /// What holds for all SAs, the MTU of the outer link among it; longer packets leave as fragments.
    pub dataplane: Settings,
    /// IKEv2 connections and their defences.
    pub ikev2: ipsec_ikev2::Config,
    /// IKEv1 connections. A message of version 1 is theirs where there are any.
    pub ikev1: ipsec_ikev1::Config,
    /// Policies that come before all others: what is bypassed or discarded.
    pub policies: Vec<Policy>,
    /// SA pairs whose keys people agreed upon, with a policy for each.
    pub manual: Vec<ManualSa>,
}

/// An SA pair that no key management makes: its keys and SPIs are configured at both ends, and it never ends
/// (RFC 4301 §4.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManualSa {
    /// Our address and the peer's.
    pub addresses: (IpAddr, IpAddr),
    /// The two SAs; their policy is made from the outbound one's selectors, and the pair's name for it.
    pub pair: SaPair,
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The MTU is below what IP asks of each link.
    #[error("an MTU of {mtu} is below {least}, the least for its IP version")]
    Mtu {
        /// The MTU given.
        mtu: usize,
        /// The least.
        least: usize,
    },
    /// Two connections or two children have the same name.
    #[error("the name \"{0}\" is used twice")]
    Name(String),
    /// A connection's local address is not one of the peer's.
    #[error("connection \"{connection}\" runs from {address}, which is not an address of this peer")]
    Address {
        /// The connection.
        connection: String,
        /// Its local address.
        address: IpAddr,
    },
    /// A connection's ends are of different IP versions, or the same address.
    #[error("connection \"{0}\" runs between addresses that cannot speak to each other")]
    Ends(String),
    /// A connection or a child offers nothing, or an algorithm without its complement.
    #[error("\"{name}\": {what}")]
    Proposal {
        /// The connection or child.
        name: String,
        /// What is wrong with its proposals.
        what: &'static str,
    },
    /// A manual SA whose key does not fit its algorithms, or that has an SPI which is reserved (RFC 4303 §2.1) or taken.
    #[error("manual SA \"{name}\": {what}")]
    Manual {
        /// Its name.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A connection assigns addresses from a pool that is not there.
    #[error("there is no pool called \"{0}\"")]
    Pool(String),
    /// A child is for no packets: it has nothing at one of its sides, or nothing of one IP version at both.
    #[error("child \"{0}\" is for no packets")]
    Selectors(String),
}

impl Config {
    /// Checks everything that can be checked before a packet flows.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for address in &self.addresses {
            let least = IpVersion::of(*address).minimum_mtu();
            let mtu = self.dataplane.link_mtu;
            if mtu < least {
                return Err(ConfigError::Mtu { mtu, least });
            }
        }
        self.check_manual()?;
        self.check_pools()?;
        let mut names = BTreeSet::new();
        let mut children = BTreeSet::new();
        for connection in &self.ikev2.connections {
            if !names.insert(&connection.name) {
                return Err(ConfigError::Name(connection.name.clone()));
            }
            if !self.addresses.contains(&connection.local) {
                let (connection, address) = (connection.name.clone(), connection.local);
                return Err(ConfigError::Address { connection, address });
            }
            // From anywhere means from any address of either version.
            let mismatch = connection.local.is_ipv4() != connection.remote.is_ipv4()
                && !connection.remote.is_unspecified();
            if connection.local == connection.remote || mismatch {
                return Err(ConfigError::Ends(connection.name.clone()));
            }
            check_ike(&connection.name, &connection.proposals)?;
            for child in &connection.children {
                if !children.insert(&child.name) {
                    return Err(ConfigError::Name(child.name.clone()));
                }
                check_child(child)?;
            }
        }
        self.check_ikev1(&mut names, &mut children)
    }

    /// Connections of version 1 have their names beside those of version 2.
    fn check_ikev1<'a>(
        &'a self,
        names: &mut BTreeSet<&'a String>,
        children: &mut BTreeSet<&'a String>,
    ) -> Result<(), ConfigError> {
        for connection in &self.ikev1.connections {
            let name = &connection.name;
            if !names.insert(name) {
                return Err(ConfigError::Name(name.clone()));
            }
            if !self.addresses.contains(&connection.local) {
                let (connection, address) = (name.clone(), connection.local);
                return Err(ConfigError::Address { connection, address });
            }
            let (local, remote) = (connection.local, connection.remote);
            if local == remote || local.is_ipv4() != remote.is_ipv4() {
                return Err(ConfigError::Ends(name.clone()));
            }
            let wrong = |name: &String, what| Err(ConfigError::Proposal { name: name.clone(), what });
            if connection.proposals.is_empty() {
                return wrong(name, "nothing is offered");
            }
            if connection.methods().is_empty() {
                return wrong(name, "there is nothing to authenticate with");
            }
            if !connection.proposals.iter().all(ipsec_ikev1::IkeSuite::has_numbers) {
                return wrong(name, "IKEv1 has no number for an algorithm");
            }
            for child in &connection.children {
                if !children.insert(&child.name) {
                    return Err(ConfigError::Name(child.name.clone()));
                }
                if child.proposals.is_empty() {
                    return wrong(&child.name, "nothing is offered");
                }
                if !child.proposals.iter().all(ipsec_ikev1::ChildSuite::has_numbers) {
                    return wrong(&child.name, "IKEv1 has no number for an algorithm");
                }
                if child.local.addresses.first().is_ipv4() != child.remote.addresses.first().is_ipv4() {
                    return Err(ConfigError::Selectors(child.name.clone()));
                }
            }
        }
        Ok(())
    }

    fn check_pools(&self) -> Result<(), ConfigError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = self.ikev2.pools.iter().find(|pool| !names.insert(&pool.name)) {
            return Err(ConfigError::Name(twice.name.clone()));
        }
        let assigns = self.ikev2.connections.iter().filter_map(|connection| connection.assigns.as_ref());
        match assigns.flat_map(|assigns| &assigns.pools).find(|name| !names.contains(name)) {
            Some(unknown) => Err(ConfigError::Pool(unknown.clone())),
            None => Ok(()),
        }
    }

    fn check_manual(&self) -> Result<(), ConfigError> {
        let mut spis = BTreeSet::new();
        for ManualSa { pair, .. } in &self.manual {
            let wrong = |what| Err(ConfigError::Manual { name: pair.policy.clone(), what });
            let bundled = pair.bundled.as_ref().map(|bundled| (&bundled.inbound, &bundled.outbound));
            let in_bundle = bundled.is_some();
            for (inbound, outbound) in std::iter::once((&pair.inbound, &pair.outbound)).chain(bundled) {
                let fits = |sa: &SaParameters| {
                    (sa.protection.authenticates() || in_bundle)
                        && sa.key.len() == sa.protection.key_material_len()
                };
                if !fits(inbound) || !fits(outbound) {
                    return wrong("its key does not fit its algorithms");
                }
                if inbound.spi.0 <= 255 || outbound.spi.0 <= 255 {
                    return wrong("SPIs up to 255 are reserved");
                }
                if !spis.insert((inbound.protection.protocol(), inbound.spi)) {
                    return wrong("another manual SA receives under this SPI");
                }
            }
        }
        Ok(())
    }

    /// The policies in order: those given, one for each manual SA, one for each child.
    pub(crate) fn all_policies(&self) -> Vec<Policy> {
        let manual = self.manual.iter().map(|ManualSa { pair, .. }| {
            Policy::new(&pair.policy, pair.outbound.selectors.clone(), Action::Protect)
        });
        let of_connection = |connection: &Connection| -> Vec<Policy> {
            let of_child = |child: &ChildConfig| match child.assigned && connection.assigns.is_some() {
                // For whom it is shows with each SA.
                true => Policy { follows_sas: true, ..Policy::new(&child.name, Vec::new(), Action::Protect) },
                false => Policy::new(&child.name, child.selectors(), Action::Protect),
            };
            connection.children.iter().map(of_child).collect()
        };
        let children = self.ikev2.connections.iter().flat_map(of_connection);
        let older = self.ikev1.connections.iter().flat_map(|connection| &connection.children);
        let older = older.map(|child| Policy::new(&child.name, vec![child.selector()], Action::Protect));
        self.policies.iter().cloned().chain(manual).chain(children).chain(older).collect()
    }
}

fn check_ike(name: &str, proposals: &[IkeProposal]) -> Result<(), ConfigError> {
    let wrong = |what| Err(ConfigError::Proposal { name: name.to_owned(), what });
    if proposals.is_empty() {
        return wrong("nothing is offered");
    }
    for proposal in proposals {
        if proposal.prf.is_empty() || proposal.key_exchange.is_empty() {
            return wrong("a proposal for an IKE SA needs a PRF and a key exchange method");
        }
        check_protection(name, &proposal.encryption, !proposal.integrity.is_empty())?;
        if proposal.encryption.iter().any(|(cipher, _)| !hides_messages(*cipher)) {
            return wrong("an IKE SA needs a cipher that hides its messages and shows its IV");
        }
    }
    Ok(())
}

fn check_child(child: &ChildConfig) -> Result<(), ConfigError> {
    if child.selectors().is_empty() {
        return Err(ConfigError::Selectors(child.name.clone()));
    }
    if child.proposals.is_empty() {
        return Err(ConfigError::Proposal { name: child.name.clone(), what: "nothing is offered" });
    }
    for proposal in &child.proposals {
        if proposal.extended_sequence_numbers.is_empty() {
            let what = "a proposal has to say whether sequence numbers are extended";
            return Err(ConfigError::Proposal { name: child.name.clone(), what });
        }
        // Without a cipher it is AH.
        let is_ah = proposal.encryption.is_empty();
        if is_ah && proposal.integrity.is_empty() {
            let what = "a proposal for AH needs an integrity algorithm";
            return Err(ConfigError::Proposal { name: child.name.clone(), what });
        }
        if !is_ah {
            check_protection(&child.name, &proposal.encryption, !proposal.integrity.is_empty())?;
        }
    }
    Ok(())
}

/// Not NULL, not GMAC, and not with an implicit IV (RFC 8750 §8).
fn hides_messages(cipher: Encryption) -> bool {
    use ipsec_crypto::{AeadAlgorithm::AesGmac, CipherAlgorithm::Null};
    !matches!(cipher, Encryption::Cipher(Null) | Encryption::Aead(AesGmac) | Encryption::AeadImplicitIv(_))
}

/// Combined-mode ciphers stand alone, others with an integrity algorithm, and no proposal mixes both (RFC 7296 §3.3).
fn check_protection(name: &str, ciphers: &[(Encryption, usize)], integrity: bool) -> Result<(), ConfigError> {
    let wrong = |what| Err(ConfigError::Proposal { name: name.to_owned(), what });
    let combined = ciphers.iter().filter(|(cipher, _)| cipher.is_combined()).count();
    if ciphers.is_empty() {
        return wrong("a proposal needs a cipher");
    }
    if combined != 0 && combined != ciphers.len() {
        return wrong("a proposal mixes combined-mode ciphers with others");
    }
    if (combined != 0) == integrity {
        return wrong("a cipher needs an integrity algorithm beside it, a combined-mode one has none");
    }
    if ciphers.iter().any(|(cipher, length)| !cipher.key_lens().contains(length)) {
        return wrong("a cipher has no keys of the length given");
    }
    Ok(())
}
