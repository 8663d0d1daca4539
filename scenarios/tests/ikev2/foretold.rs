//! What the model says, in the words of what is observed.

use std::net::IpAddr;

use esplanade::model::agreement::{
    ChildAgreement, Course, Exchange, IkeAgreement, Matter, OtherEnd, Refusal, Role,
};

/// What can be seen from outside when an order has been followed; of each pair first the end that was given it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) ikes: [Vec<IkeAgreement>; 2],
    pub(crate) addresses: [Vec<IpAddr>; 2],
    pub(crate) children: [Vec<ChildAgreement>; 2],
    /// The short names of failures.
    pub(crate) failures: [Vec<&'static str>; 2],
    /// Each error notify in a response, with the name of the exchange.
    pub(crate) notifies: [Vec<(String, String)>; 2],
}

impl Outcome {
    /// What a course comes to.
    pub(crate) fn of(course: &Course) -> Self {
        let Course { regroups, ike, undone, addresses, child } = course;
        let mut outcome = Self::default();
        outcome.ikes[1].extend(ike.as_ref().ok().or(undone.as_ref()));
        outcome.addresses[1].extend(addresses.iter().flatten());
        outcome.children[1].extend(child.iter().flatten().map(without_group));
        if ike.is_ok() {
            outcome.ikes[0] = outcome.ikes[1].clone();
            outcome.addresses[0] = outcome.addresses[1].clone();
            outcome.children[0] = outcome.children[1].clone();
        }
        let child = child.as_ref().and_then(|child| child.as_ref().err());
        let [mut first, mut second] = child.map_or([None; 2], failures);
        first = first.filter(|_| ike.is_ok());
        second = second.filter(|_| ike.is_ok() || undone.is_some());
        let [own, other] = ike.as_ref().map_or_else(failures, |_| [None; 2]);
        outcome.failures =
            [first.into_iter().chain(own), second.into_iter().chain(other)].map(Iterator::collect);
        let mut said: Vec<(Exchange, &str)> = regroups.iter().map(|at| (*at, "INVALID_KE_PAYLOAD")).collect();
        // There is no child for the same reason for which there is no address, and it is said once.
        let unlent = addresses.as_ref().err();
        said.extend(unlent.and_then(word));
        said.extend(child.filter(|child| Some(*child) != unlent).and_then(word));
        said.extend(ike.as_ref().err().and_then(word));
        said.sort_by_key(|(exchange, _)| *exchange);
        outcome.notifies[1] =
            said.iter().map(|(at, notify)| (at.to_string(), (*notify).to_owned())).collect();
        outcome
    }
}

/// The group of a child's own key exchange shows in no event.
pub(crate) fn without_group(child: &ChildAgreement) -> ChildAgreement {
    let mut child = child.clone();
    child.suite.group = None;
    child
}

/// What a responder says of what it refuses.
fn word(refusal: &Refusal) -> Option<(Exchange, &'static str)> {
    match refusal.other {
        OtherEnd::Told(notify) if refusal.by == Role::Responder => Some((refusal.exchange, notify)),
        _ => None,
    }
}

/// The short names of the failures at both ends, the initiator's first.
pub(crate) fn failures(refusal: &Refusal) -> [Option<&'static str>; 2] {
    let own = match refusal.matter {
        Matter::Proposals => "no-proposal-chosen",
        Matter::Networks => "ts-unacceptable",
        Matter::Proof => "authentication-failed",
        Matter::Ability => "unsupported",
        Matter::Limit => "limit",
    };
    let other = match refusal.other {
        OtherEnd::Untouched => None,
        OtherEnd::Waits => Some("timeout"),
        OtherEnd::EapFailure => Some("authentication-failed"),
        OtherEnd::Told(notify) | OtherEnd::Undone(notify) => Some(match notify {
            "NO_PROPOSAL_CHOSEN" => "no-proposal-chosen",
            "AUTHENTICATION_FAILED" => "authentication-failed",
            "TS_UNACCEPTABLE" => "ts-unacceptable",
            _ => "refused",
        }),
    };
    match refusal.by {
        Role::Initiator => [Some(own), other],
        Role::Responder => [other, Some(own)],
    }
}
