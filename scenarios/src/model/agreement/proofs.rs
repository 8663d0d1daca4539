//! One proof before one demand: whether it is given, and whether it is believed (RFC 7296 §2.15, RFC 7427, RFC 7619, RFC 7670,
//! RFC 9593).

use ipsec::auth::{Identity, SignatureHash};
use ipsec::crypto::KeyType;

use super::certificates;
use crate::file::{Authentication, Certificate, Demand, IkeEnd, Proof, Scenario, shared_key};

/// What an end is told, and another end to which it proves itself.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) prover: &'a IkeEnd,
    pub(super) verifier: &'a IkeEnd,
}

impl Before<'_> {
    /// Why the prover does not give this proof, if it does not: it cannot, or knows that it would be in vain.
    pub(super) fn withheld(&self, proof: &Proof) -> Option<String> {
        let peer = &self.prover.peer;
        let unwanted = |kind| {
            let is_unwanted = self.announced().is_some_and(|accepted| !accepted.contains(&kind));
            is_unwanted.then(|| format!("{} announces other proofs than {peer} has", self.verifier.peer))
        };
        match proof {
            Proof::Psk(_) => unwanted(Kind::Shared),
            Proof::Null => unwanted(Kind::Null),
            Proof::Eap { .. } => Some(format!("{peer} cannot prove itself by EAP as responder")),
            Proof::EapOnly => Some(format!(
                "{peer} proves itself by EAP alone, {} does not ask for that",
                self.verifier.peer
            )),
            Proof::RawKey(key) => unwanted(Kind::Signature).or_else(|| self.unsigned(*key)),
            Proof::Certificate(names) => {
                let unsigned = |certificate: &Certificate| self.unsigned(certificate.key);
                unwanted(Kind::Signature).or_else(|| {
                    certificates::shown(self.scenario, names, self.verifier)
                        .map_or_else(|| Some(format!("{peer} has no certificate")), unsigned)
                })
            }
        }
    }

    /// Why the verifier does not believe that the prover is `claimed`, if it does not. EAP comes elsewhere.
    pub(super) fn disbelief(&self, claimed: &Identity, proof: &Proof, demand: &Demand) -> Option<String> {
        let [prover, verifier] = [&self.prover.peer, &self.verifier.peer];
        match (proof, demand) {
            (Proof::Psk(own), Demand::Psk(expected)) => {
                (shared_key(own) != shared_key(expected)).then(|| "their pre-shared keys differ".to_owned())
            }
            (Proof::Certificate(names), Demand::Certificate { .. }) => {
                let shown = certificates::shown(self.scenario, names, self.verifier)?;
                certificates::distrust(self.scenario, shown, claimed, demand)
            }
            (Proof::RawKey(_), Demand::RawKey(of)) => {
                (of != prover).then(|| format!("{verifier} knows the key of {of}, not that of {prover}"))
            }
            (Proof::Null, Demand::Null) => None,
            _ => Some(format!("{prover} does not prove itself as {verifier} wants")),
        }
    }

    /// Why no key of this kind signs so that the verifier can read it, if none does.
    fn unsigned(&self, key: KeyType) -> Option<String> {
        let said = [self.prover, self.verifier].map(|end| hashes(&end.authentication));
        let signs = match (said[0].is_empty(), said[1].is_empty()) {
            (false, false) => usable_with(key).iter().any(|hash| said[1].contains(hash)),
            // Only what is bound to a method of its own can be understood.
            _ => matches!(key, KeyType::Rsa | KeyType::P256 | KeyType::P384 | KeyType::P521),
        };
        (!signs).then(|| format!("{} reads no signature that a key of {key:?} can make", self.verifier.peer))
    }

    /// The kinds of proof that the verifier says it takes, if it says so. EAP is not among what can be said.
    fn announced(&self) -> Option<Vec<Kind>> {
        let told = &self.verifier.authentication;
        let further = told.further_demands.iter().map(|(_, demand)| demand);
        let kinds = std::iter::once(&told.demand).chain(further).filter_map(|demand| match demand {
            Demand::Psk(_) => Some(Kind::Shared),
            Demand::Null => Some(Kind::Null),
            Demand::Certificate { .. } | Demand::RawKey(_) => Some(Kind::Signature),
            Demand::Eap { .. } | Demand::EapOnly => None,
        });
        let kinds: Vec<Kind> = kinds.collect();
        (told.announces_methods && !kinds.is_empty()).then_some(kinds)
    }
}

/// The kinds of proof that can be announced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shared,
    Signature,
    Null,
}

/// The hash functions that an end says it can read: those of the file, or what it needs if it signs or verifies.
fn hashes(told: &Authentication) -> Vec<SignatureHash> {
    if let Some(hashes) = &told.hashes {
        return hashes.clone();
    }
    let proofs = std::iter::once(&told.proof).chain(told.further.iter().map(|(_, proof)| proof));
    let demands = std::iter::once(&told.demand).chain(told.further_demands.iter().map(|(_, demand)| demand));
    let signs = proofs.into_iter().any(|proof| matches!(proof, Proof::Certificate(_) | Proof::RawKey(_)));
    let reads =
        demands.into_iter().any(|demand| matches!(demand, Demand::Certificate { .. } | Demand::RawKey(_)));
    if signs || reads { SignatureHash::RECOMMENDED.to_vec() } else { Vec::new() }
}

/// The hash functions that signatures of a key can be made with (RFC 7427 §4, RFC 8420 §2).
fn usable_with(key: KeyType) -> &'static [SignatureHash] {
    match key {
        KeyType::Ed25519 | KeyType::Ed448 => &[SignatureHash::Identity],
        KeyType::Dsa => &[SignatureHash::Sha2_256],
        KeyType::Rsa | KeyType::P256 | KeyType::P384 | KeyType::P521 => {
            &[SignatureHash::Sha2_256, SignatureHash::Sha2_384, SignatureHash::Sha2_512]
        }
    }
}
