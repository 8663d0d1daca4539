//! That the generated configurations meet each kind of agreement and each kind of refusal, for each of the reasons that there
//! are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use esplanade::file::{Demand, Ike, Proof, Scenario};
use esplanade::model::agreement::{self, Course, Exchange, Matter, OtherEnd, Refusal, Role};
use proptest::prelude::*;
use proptest::sample::select;

use crate::configurations::{Pair, careful, clients, ends, proving, scenario};
use crate::played::runner;
use crate::properties::PEERS;

/// Who refuses what, where, and what the other end learns of it.
type Kind = (Matter, Role, Exchange, OtherEnd);

const KINDS: [Kind; 20] = {
    use Exchange::{CreateChildSa, IkeAuth, IkeIntermediate, IkeSaInit};
    use Matter::{Ability, Limit, Networks, Proof, Proposals};
    use OtherEnd::{EapFailure, Told, Undone, Untouched, Waits};
    use Role::{Initiator, Responder};
    let failed = "AUTHENTICATION_FAILED";
    [
        (Proposals, Responder, IkeSaInit, Told("NO_PROPOSAL_CHOSEN")),
        (Proposals, Responder, IkeAuth, Told("NO_PROPOSAL_CHOSEN")),
        (Networks, Responder, IkeAuth, Told("TS_UNACCEPTABLE")),
        (Networks, Responder, CreateChildSa, Told("TS_UNACCEPTABLE")),
        (Networks, Initiator, IkeSaInit, Untouched),
        (Networks, Initiator, CreateChildSa, Untouched),
        (Proof, Initiator, IkeSaInit, Waits),
        (Proof, Responder, IkeIntermediate, Told(failed)),
        (Proof, Initiator, IkeIntermediate, Waits),
        (Proof, Initiator, IkeAuth, Waits),
        (Proof, Initiator, IkeAuth, Told(failed)),
        (Proof, Initiator, IkeAuth, Undone(failed)),
        (Proof, Responder, IkeAuth, Told(failed)),
        (Proof, Responder, IkeAuth, EapFailure),
        (Ability, Initiator, IkeSaInit, Untouched),
        (Ability, Initiator, IkeSaInit, Waits),
        (Ability, Responder, IkeAuth, Told(failed)),
        (Limit, Responder, IkeAuth, Told("FAILED_CP_REQUIRED")),
        (Limit, Responder, IkeAuth, Told("NO_ADDITIONAL_SAS")),
        (Limit, Responder, IkeAuth, Told("INTERNAL_ADDRESS_FAILURE")),
    ]
};

/// What stands in the reasons of refusals.
const REASONS: [&str; 37] = [
    "no encryption in common",
    "no PRF in common",
    "no group in common",
    "no additional key exchanges in common",
    "no length of sequence numbers in common",
    "needs IKE_INTERMEDIATE",
    "protect nothing in common",
    "requires a post-quantum preshared key",
    "no post-quantum preshared key in common",
    "keys of one name differ",
    "requires proof of the whole of IKE_SA_INIT",
    "does not prove the whole of IKE_SA_INIT",
    "expects",
    "pre-shared keys differ",
    "does not prove itself as",
    "knows the key of",
    "no path leads",
    "an authority above it is not valid",
    "it is not valid yet",
    "it is revoked, or nobody knows",
    "its key is not for signatures",
    "it is somebody else's",
    "announces other proofs",
    "reads no signature",
    "cannot prove itself by EAP",
    "by EAP alone",
    "no method of EAP proves both ends",
    "no method of EAP in common",
    "does not know the password",
    "EAP proves",
    "does not want EAP",
    "proofs and gets",
    "one authentication exchange only",
    "asks for no address",
    "no address left",
    "nobody has an address",
    "children in exchanges of their own",
];

/// Whether two ends have agreed in some way.
type Agreed = fn(&Scenario, &Course) -> bool;

const AGREEMENTS: [(&str, Agreed); 17] = [
    ("at once", |_, course| course.regroups.is_empty()),
    ("after another group", |_, course| course.regroups.contains(&Exchange::IkeSaInit)),
    ("on an additional key exchange", |_, course| additional(course) == 1),
    ("on two of them", |_, course| additional(course) == 2),
    ("with a post-quantum preshared key", |scenario, _| {
        site(scenario).ends.iter().all(|end| end.quantum.ppk.is_some())
    }),
    ("by shared keys", |scenario, _| proves(scenario, |proof| matches!(proof, Proof::Psk(_)))),
    ("by certificates", |scenario, _| proves(scenario, |proof| matches!(proof, Proof::Certificate(_)))),
    ("by raw keys", |scenario, _| proves(scenario, |proof| matches!(proof, Proof::RawKey(_)))),
    ("with nobody", |scenario, _| demands(scenario, &Demand::Null)),
    ("by EAP alone", |scenario, _| demands(scenario, &Demand::EapOnly)),
    ("by EAP", |scenario, _| {
        site(scenario).ends.iter().any(|end| matches!(end.authentication.demand, Demand::Eap { .. }))
    }),
    ("by several proofs", |scenario, _| {
        site(scenario).ends.iter().any(|end| !end.authentication.further.is_empty())
    }),
    ("on an inside address", |_, course| addresses(course) == 1),
    ("on one of each IP version", |_, course| addresses(course) == 2),
    ("in an exchange of the child's own", |scenario, _| {
        site(scenario).ends.iter().any(|end| end.life.childless == ipsec::ikev2::Childless::Require)
    }),
    ("on transport mode", |_, course| is_transport(course)),
    ("on AH", |_, course| course.child.iter().flatten().any(|child| child.suite.encryption.is_none())),
];

fn site(scenario: &Scenario) -> &Ike {
    scenario.ike("site").unwrap()
}

fn proves(scenario: &Scenario, how: fn(&Proof) -> bool) -> bool {
    site(scenario).ends.iter().all(|end| how(&end.authentication.proof))
}

fn demands(scenario: &Scenario, demand: &Demand) -> bool {
    site(scenario).ends.iter().any(|end| end.authentication.demand == *demand)
}

fn additional(course: &Course) -> usize {
    course.ike.iter().flat_map(|ike| ike.additional).flatten().count()
}

fn addresses(course: &Course) -> usize {
    course.addresses.iter().flatten().count()
}

fn is_transport(course: &Course) -> bool {
    course.child.iter().flatten().any(|child| child.mode == esplanade::file::Mode::Transport)
}

/// What courses have come to.
#[derive(Default)]
struct Met {
    kinds: BTreeMap<Kind, usize>,
    reasons: BTreeSet<String>,
    agreements: BTreeMap<&'static str, usize>,
}

impl Met {
    fn take(&mut self, scenario: &Scenario, course: &Course) {
        let child = course.child.as_ref().and_then(|child| child.as_ref().err());
        for refusal in course.ike.as_ref().err().into_iter().chain(child) {
            let Refusal { matter, by, exchange, other, why } = refusal;
            *self.kinds.entry((*matter, *by, *exchange, *other)).or_default() += 1;
            let known = REASONS.iter().filter(|reason| why.contains(**reason));
            self.reasons.extend(known.map(|reason| (*reason).to_owned()));
        }
        if matches!(course.child, Some(Ok(_))) && course.ike.is_ok() {
            for (how, _) in AGREEMENTS.iter().filter(|(_, agreed)| agreed(scenario, course)) {
                *self.agreements.entry(*how).or_default() += 1;
            }
        }
    }
}

/// The pairs of which the properties play some.
fn all_pairs() -> impl Strategy<Value = Pair> {
    prop_oneof![
        2 => ends().boxed(),
        2 => careful().boxed(),
        6 => proving().boxed(),
        2 => clients().prop_map(|(pair, _)| pair).boxed(),
    ]
}

#[test]
fn each_kind_of_agreement_and_refusal_is_met() {
    let met = RefCell::new(Met::default());
    let result = runner(1500).run(&(all_pairs(), select(PEERS.to_vec())), |(pair, initiator)| {
        let scenario = scenario(&pair);
        let course = agreement::initiate(&scenario, "net", initiator).unwrap();
        met.borrow_mut().take(&scenario, &course);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let met = met.into_inner();
    let unmet_kinds: Vec<_> = KINDS.iter().filter(|kind| !met.kinds.contains_key(kind)).collect();
    let unmet_reasons: Vec<_> = REASONS.iter().filter(|reason| !met.reasons.contains(**reason)).collect();
    let unmet: Vec<_> = AGREEMENTS.iter().filter(|(how, _)| !met.agreements.contains_key(how)).collect();
    let unmet: Vec<_> = unmet.iter().map(|(how, _)| how).collect();
    assert!(
        unmet_kinds.is_empty() && unmet_reasons.is_empty() && unmet.is_empty(),
        "no refusal is {unmet_kinds:?}, none says {unmet_reasons:?}, nobody agrees {unmet:?}: {:?} {:?}",
        met.kinds,
        met.agreements
    );
}
