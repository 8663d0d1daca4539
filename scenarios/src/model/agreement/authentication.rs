//! Whether two ends come to believe each other in `IKE_AUTH`, and who of them refuses first (RFC 7296 §2.15, §2.16, RFC 4739).
//!
//! ```text
//! initiator gives a proof ──▶ responder believes it and gives its own ──▶ initiator believes that ──▶ the next ones
//! ```
//!
//! A proof by EAP is a conversation in between: the responder has given its own before.

use ipsec::auth::eap::EapMethod;
use ipsec::auth::{Identity, IdentityPattern};

use super::identities::is_expected;
use super::proofs::Before;
use super::{Ends, Exchange, Matter, OtherEnd, Refusal, Role, eap, quantum};
use crate::file::{Demand, IkeEnd, Proof};

/// The first refusal, if there is one.
pub(super) fn course(ends: &Ends<'_>) -> Result<(), Refusal> {
    let last = ends.ike.map(|end| end.authentication.further.len()).into_iter().max().unwrap_or_default();
    let rounds = Rounds { ends, last };
    (0..=last).try_for_each(|round| rounds.play(round))
}

/// Whether an end has more than one authentication exchange in mind.
pub(super) fn is_repeated(end: &IkeEnd) -> bool {
    proofs(end).len() > 1 || demands(end).len() > 1
}

/// Who an end says it is and how it proves that, in its order.
fn proofs(end: &IkeEnd) -> Vec<(&Identity, &Proof)> {
    let told = &end.authentication;
    let further = told.further.iter().map(|(identity, proof)| (identity, proof));
    std::iter::once((&told.identity, &told.proof)).chain(further).collect()
}

/// Whom an end expects, and which proof it demands.
fn demands(end: &IkeEnd) -> Vec<(&IdentityPattern, &Demand)> {
    let further = end.authentication.further_demands.iter().map(|(expects, demand)| (expects, demand));
    std::iter::once((&end.expects, &end.authentication.demand)).chain(further).collect()
}

/// A responder's refusal of a proof.
fn refused(why: Option<String>) -> Result<(), Refusal> {
    let notify = "AUTHENTICATION_FAILED";
    why.map_or(Ok(()), |why| Err(Refusal::answered(Exchange::IkeAuth, Matter::Proof, notify, why)))
}

/// An initiator's, of which it tells the responder in an exchange of its own (RFC 7296 §2.21.2); `late` if that one believes
/// that all is well.
fn abandoned(why: Option<String>, late: bool) -> Result<(), Refusal> {
    let notify = "AUTHENTICATION_FAILED";
    let other = if late { OtherEnd::Undone(notify) } else { OtherEnd::Told(notify) };
    let (exchange, by, matter) = (Exchange::IkeAuth, Role::Initiator, Matter::Proof);
    why.map_or(Ok(()), |why| Err(Refusal { exchange, by, matter, other, why }))
}

/// Rounds in which each end gives one proof, as far as it has one.
struct Rounds<'a> {
    ends: &'a Ends<'a>,
    last: usize,
}

impl Rounds<'_> {
    fn play(&self, at: usize) -> Result<(), Refusal> {
        let [initiator, responder] = self.ends.ike;
        let ours = proofs(initiator).get(at).copied();
        let theirs = proofs(responder).get(at).copied();
        let by_eap = matches!(ours, Some((_, Proof::Eap { .. })));
        let alone = at == 0 && by_eap && self.is_eap_alone();
        if let Some((_, proof)) = ours.filter(|_| !by_eap)
            && let Some(why) = self.before(Role::Initiator).withheld(proof)
        {
            return Err(Refusal::unheard(Exchange::IkeAuth, Matter::Proof, why));
        }
        refused(ours.and_then(|ours| self.seen_by_responder(at, ours)))?;
        refused(theirs.filter(|_| !alone).and_then(|(_, p)| self.before(Role::Responder).withheld(p)))?;
        let believed =
            |late| abandoned(theirs.and_then(|theirs| self.seen_by_initiator(at, theirs, alone)), late);
        if let Some(ours) = ours.filter(|_| by_eap) {
            believed(false)?;
            self.conversation(at, ours, alone)?;
        }
        if ours.is_some() {
            self.counted_by_responder(at)?;
        }
        if at == self.last {
            refused(quantum::missing(self.ends.ike))?;
        }
        if !by_eap {
            believed(at == self.last)?;
        }
        self.counted_by_initiator(at)
    }

    fn before(&self, prover: Role) -> Before<'_> {
        let [initiator, responder] = self.ends.ike;
        let (prover, verifier) = match prover {
            Role::Initiator => (initiator, responder),
            Role::Responder => (responder, initiator),
        };
        Before { scenario: self.ends.scenario, prover, verifier }
    }

    /// Whether the responder proves itself by the key of the initiator's EAP and by nothing else (RFC 5998).
    fn is_eap_alone(&self) -> bool {
        let [initiator, responder] = self.ends.ike;
        initiator.authentication.demand == Demand::EapOnly && responder.authentication.proof == Proof::EapOnly
    }

    /// Why the responder does not take what the initiator comes with, if it does not: before a conversation of EAP, or after
    /// its proof.
    fn seen_by_responder(&self, at: usize, (identity, proof): (&Identity, &Proof)) -> Option<String> {
        let [initiator, responder] = self.ends.ike;
        let (expected, demand) = demands(responder).get(at).copied()?;
        if at == 0 && asks_for_another(initiator, responder) {
            return Some(stranger(
                initiator,
                &initiator.expects,
                responder,
                &responder.authentication.identity,
            ));
        }
        if !is_expected(expected, claimed(at, identity, proof)) {
            return Some(stranger(responder, expected, initiator, identity));
        }
        match (proof, demand) {
            (Proof::Eap { .. }, Demand::Eap { methods, .. }) => {
                let keyless = at == 0 && self.is_eap_alone() && !methods.contains(&EapMethod::MsChapV2);
                keyless.then(|| "no method of EAP proves both ends".to_owned())
            }
            (Proof::Eap { .. }, _) => Some(format!("{} does not want EAP", responder.peer)),
            _ => {
                let mixed = if at == 0 { quantum::disbelief(self.ends.ike) } else { None };
                mixed.or_else(|| self.before(Role::Initiator).disbelief(identity, proof, demand))
            }
        }
    }

    /// What a conversation of EAP comes to, and the proof behind it.
    fn conversation(
        &self,
        at: usize,
        (identity, proof): (&Identity, &Proof),
        alone: bool,
    ) -> Result<(), Refusal> {
        let Some((expected, demand)) = demands(self.ends.ike[1]).get(at).copied() else { return Ok(()) };
        let user = eap::user(identity, proof, demand, alone).map_err(|why| Refusal {
            exchange: Exchange::IkeAuth,
            by: Role::Responder,
            matter: Matter::Proof,
            other: OtherEnd::EapFailure,
            why,
        })?;
        if !is_expected(expected, &user) {
            return refused(Some(format!("EAP proves {user}, not {expected}")));
        }
        refused(if at == 0 { quantum::disbelief(self.ends.ike) } else { None })
    }

    /// Why the initiator does not take what the responder comes with, if it does not; `alone` where EAP is to prove that later.
    fn seen_by_initiator(
        &self,
        at: usize,
        (identity, proof): (&Identity, &Proof),
        alone: bool,
    ) -> Option<String> {
        let [initiator, responder] = self.ends.ike;
        let (expected, demand) = demands(initiator).get(at).copied()?;
        if !is_expected(expected, claimed(at, identity, proof)) {
            return Some(stranger(initiator, expected, responder, identity));
        }
        if alone { None } else { self.before(Role::Responder).disbelief(identity, proof, demand) }
    }

    /// The initiator goes on as long as the responder wants it to, and no longer.
    fn counted_by_responder(&self, at: usize) -> Result<(), Refusal> {
        let [initiator, responder] = self.ends.ike;
        let [given, wanted] = [proofs(initiator).len(), demands(responder).len()];
        if (at + 1 < given) != (at + 1 < wanted) {
            return refused(Some(format!("{} wants {wanted} proofs and gets {given}", responder.peer)));
        }
        if proofs(responder).len() > 1 && !is_repeated(initiator) {
            let why = format!("{} takes one authentication exchange only", initiator.peer);
            let notify = "AUTHENTICATION_FAILED";
            return Err(Refusal::answered(Exchange::IkeAuth, Matter::Ability, notify, why));
        }
        Ok(())
    }

    /// And the responder as long as the initiator does: that there are more it knows at once, that there are fewer in the end.
    fn counted_by_initiator(&self, at: usize) -> Result<(), Refusal> {
        let [initiator, responder] = self.ends.ike;
        let [wanted, given] = [demands(initiator).len(), proofs(responder).len()];
        let (more, fewer) = (at + 1 < given && at + 1 == wanted, at == self.last && given < wanted);
        let why = || format!("{} wants {wanted} proofs and gets {given}", initiator.peer);
        abandoned((more || fewer).then(why), fewer)
    }
}

/// Whether the initiator says in IDr that it wants to speak with somebody else (RFC 7296 §3.5).
fn asks_for_another(initiator: &IkeEnd, responder: &IkeEnd) -> bool {
    let asked = matches!(initiator.expects, IdentityPattern::Exactly(_));
    asked && !is_expected(&initiator.expects, &responder.authentication.identity)
}

fn stranger(end: &IkeEnd, expected: &IdentityPattern, other: &IkeEnd, identity: &Identity) -> String {
    format!("{} expects {expected}, {} is {identity}", end.peer, other.peer)
}

/// Whoever does not prove itself is nobody, whatever it says (RFC 7619 §2.4).
fn claimed<'a>(at: usize, identity: &'a Identity, proof: &Proof) -> &'a Identity {
    if at == 0 && *proof == Proof::Null { &Identity::Null } else { identity }
}
