//! The properties, and models that are wrong on purpose, which they have to find out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use esplanade::file::{Demand, Proof, Scenario};
use esplanade::model::ikev1::{self, Course, Exchange, Refusal, Role};
use ipsec::Command;
use ipsec::auth::IdentityPattern;
use ipsec::ikev1::{Method, Mode};
use ipsec::wire::registry::v1::PayloadType;
use proptest::prelude::*;
use proptest::test_runner::TestError;

use crate::configurations::{End, ends, ends_with_rsa, scenario};
use crate::observed::{Happened, children};
use crate::played::{Played, losses, runner};

const PEERS: [&str; 2] = ["west", "east"];
const ADDRESSES: [&str; 2] = ["192.0.2.1", "198.51.100.1"];

type Model = fn(&Scenario, &str, &str) -> Option<Course>;

fn initiate(played: &mut Played, peer: &str) -> Happened {
    played.order(peer, Command::Initiate { child: "net".to_owned() }).into()
}

/// The addresses of the ends, that of `first` before the other.
fn addresses(first: &str) -> [&'static str; 2] {
    let [west, east] = ADDRESSES;
    if first == "west" { [west, east] } else { [east, west] }
}

/// The short names of the failures that both ends tell of, the initiator first; nothing where an end does not notice.
fn failures(refusal: &Refusal) -> [Option<&'static str>; 2] {
    match (refusal.exchange, refusal.by, refusal.notify) {
        (Exchange::Phase1(_), _, Some("INVALID-EXCHANGE-TYPE")) => {
            [Some("refused"), Some("no-proposal-chosen")]
        }
        (_, _, Some("NO-PROPOSAL-CHOSEN")) => [Some("no-proposal-chosen"); 2],
        // Nothing was sent.
        (Exchange::Phase1(_), Role::Initiator, None) => [Some("authentication-failed"), None],
        // Messages cannot be read: one waits, and the other one sees why.
        (Exchange::Phase1(_), _, None) => [Some("timeout"), Some("authentication-failed")],
        // What is told in the clear is a hint.
        (
            Exchange::Phase1(_),
            _,
            Some("AUTHENTICATION-FAILED" | "INVALID-ID-INFORMATION" | "INVALID-HASH-INFORMATION"),
        ) => [Some("authentication-failed"); 2],
        // The outcome is told in the transaction itself.
        (Exchange::Xauth, _, None) => [Some("authentication-failed"); 2],
        (Exchange::Quick, _, Some("INVALID-ID-INFORMATION")) => [Some("ts-unacceptable"); 2],
        other => panic!("{other:?} has no failures"),
    }
}

fn check_refusal(refusal: &Refusal, happened: &Happened, initiator: &str) -> Result<(), TestCaseError> {
    let expected = failures(refusal).map(|failure| failure.into_iter().collect::<Vec<_>>());
    prop_assert_eq!(happened.failures(), expected, "{}", refusal);
    let told: Vec<String> = refusal.notify.map(str::to_owned).into_iter().collect();
    let expected = match refusal.by {
        Role::Initiator => [told, Vec::new()],
        Role::Responder => [Vec::new(), told],
    };
    prop_assert_eq!(happened.notifies(addresses(initiator)), expected, "{}", refusal);
    Ok(())
}

/// What the initiator and the responder prove themselves by.
fn proofs(method: Method, initiator: &str) -> [Option<PayloadType>; 2] {
    let [signed, hashed] = [PayloadType::SIG, PayloadType::HASH].map(Some);
    match method {
        Method::SharedKey | Method::RsaEncryption | Method::RevisedRsaEncryption => [hashed; 2],
        // The user of hybrid authentication is at west.
        Method::HybridRsa | Method::HybridDsa if initiator == "west" => [hashed, signed],
        Method::HybridRsa | Method::HybridDsa => [signed, hashed],
        _ => [signed; 2],
    }
}

/// Both ends do what the model says when `initiator` begins, and both say the same of it.
fn plays(model: Model, ends: &[End; 2], initiator: &str) -> Result<(), TestCaseError> {
    let scenario = scenario(ends);
    let course = model(&scenario, "net", initiator).unwrap();
    let mut played = Played::new(&scenario, 1, Vec::new());
    let happened = initiate(&mut played, initiator);
    let phase1 = match &course.phase1 {
        Ok(phase1) => phase1,
        Err(refusal) => {
            check_refusal(refusal, &happened, initiator)?;
            prop_assert!(happened.suites()[0].is_empty(), "{}", refusal);
            prop_assert_eq!(children(&played), [0, 0]);
            return Ok(());
        }
    };
    let suite = (phase1.encryption, phase1.hash, phase1.group);
    prop_assert_eq!(happened.suites(), [vec![suite], vec![suite]]);
    prop_assert_eq!(happened.modes(), [vec![phase1.mode], vec![phase1.mode]]);
    prop_assert_eq!(happened.proofs(), proofs(phase1.method, initiator));
    match course.phase2.as_ref().unwrap() {
        Ok(agreed) => {
            prop_assert_eq!(happened.children(), [vec![agreed.clone()], vec![agreed.clone()]]);
            prop_assert!(happened.notifies(addresses(initiator)).concat().is_empty());
        }
        Err(refusal) => {
            check_refusal(refusal, &happened, initiator)?;
            prop_assert_eq!(happened.children(), [vec![], vec![]]);
        }
    }
    Ok(())
}

#[test]
fn any_two_configurations_come_to_what_the_model_says_whoever_begins() {
    let both = (ends(), prop::sample::select(PEERS.to_vec()));
    let counts = RefCell::new(BTreeMap::<String, usize>::new());
    let result = runner(450).run(&both, |(ends, initiator)| {
        let course = ikev1::initiate(&scenario(&ends), "net", initiator).unwrap();
        let kind = match (&course.phase1, &course.phase2) {
            (Ok(phase1), Some(Ok(_))) => format!("agreed in {}", Exchange::Phase1(phase1.mode)),
            (Err(refusal), _) | (_, Some(Err(refusal))) => {
                format!(
                    "{} in {} by the {:?}",
                    refusal.notify.unwrap_or("silence"),
                    refusal.exchange,
                    refusal.by
                )
            }
            (Ok(_), None) => panic!("an ISAKMP SA and nothing said of the child"),
        };
        *counts.borrow_mut().entry(kind).or_default() += 1;
        plays(ikev1::initiate, &ends, initiator)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let counts = counts.into_inner();
    println!("{counts:#?}");
    assert!(
        counts.len() == 16 && counts.values().all(|count| *count >= 3),
        "too few of some kind: {counts:#?}"
    );
    assert!(counts.iter().filter(|(kind, _)| kind.starts_with("agreed")).all(|(_, count)| *count >= 30));
}

#[test]
fn two_ends_with_keys_of_rsa_come_to_what_the_model_says_whoever_begins() {
    let met = RefCell::new(BTreeSet::new());
    let both = (ends_with_rsa(), prop::sample::select(PEERS.to_vec()));
    let result = runner(40).run(&both, |(ends, initiator)| {
        let course = ikev1::initiate(&scenario(&ends), "net", initiator).unwrap();
        if let Ok(phase1) = course.phase1 {
            met.borrow_mut().extend([format!("{:?}", phase1.method), format!("{:?}", phase1.mode)]);
        }
        plays(ikev1::initiate, &ends, initiator)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(met.borrow().len(), 4 + 2, "not each method and each mode: {met:?}");
}

/// Who begins makes no difference to whether two ends agree and what they protect. In aggressive mode the first group of who
/// begins is the only one, so that it does there.
#[test]
fn swapping_the_roles_changes_nothing_but_whose_order_decides() {
    let outcome = |ends: &[End; 2], initiator: &str| {
        let mut played = Played::new(&scenario(ends), 1, Vec::new());
        let happened = initiate(&mut played, initiator);
        let [mut pairs, _] = happened.children().map(|pairs| {
            pairs
                .into_iter()
                .map(|pair| (pair.networks, pair.mode, pair.group, pair.life, pair.octets))
                .collect::<Vec<_>>()
        });
        if initiator == "east" {
            pairs.iter_mut().for_each(|pair| pair.0.reverse());
        }
        // The last end to refuse an identity says so under protection, in another word.
        let word = |notify: String| match notify.as_str() {
            "AUTHENTICATION-FAILED" => "INVALID-ID-INFORMATION".to_owned(),
            _ => notify,
        };
        let notifies: Vec<String> =
            happened.notifies(addresses(initiator)).concat().into_iter().map(word).collect();
        (notifies, children(&played), pairs)
    };
    let in_main_mode =
        |ends: &[End; 2]| scenario(ends).ikes[0].ends.iter().all(|end| end.older == Some(Mode::Main));
    let result = runner(100).run(&ends().prop_filter("main mode", in_main_mode), |ends| {
        prop_assert_eq!(outcome(&ends, "west"), outcome(&ends, "east"));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Messages are sent eight times. A refusal is told once: where that is lost, the other end waits in vain, and so its own
/// words may be others; what comes up does not change.
#[test]
fn loss_below_the_give_up_point_changes_only_time() {
    let result = runner(100).run(&(ends(), losses()), |(ends, losses)| {
        let scenario = scenario(&ends);
        let outcome = |losses| {
            let happened = initiate(&mut Played::new(&scenario, 1, losses), "west");
            let failed = happened.failures().map(|failures| !failures.is_empty());
            let mut suites = happened.suites();
            // Who believes to be through while the other one refuses may do so once more.
            suites.iter_mut().for_each(Vec::dedup);
            (suites, happened.children(), failed)
        };
        prop_assert_eq!(outcome(losses), outcome(Vec::new()));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Whether the property finds out that a model is wrong.
fn is_found_out(model: Model) -> bool {
    let result = runner(500).run(&ends(), |ends| plays(model, &ends, "west"));
    matches!(result, Err(TestError::Fail(..)))
}

/// What the model says of a scenario in which something is not as it is.
fn blind(scenario: &Scenario, change: impl Fn(&mut Scenario)) -> Option<Course> {
    let mut changed = scenario.clone();
    change(&mut changed);
    ikev1::initiate(&changed, "net", "west")
}

#[test]
fn a_model_in_which_the_responders_order_decides_is_found_out() {
    assert!(is_found_out(|scenario, child, _| ikev1::initiate(scenario, child, "east")));
}

#[test]
fn a_model_blind_to_keys_identities_or_modes_of_phase_1_is_found_out() {
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        for end in &mut scenario.ikes[0].ends {
            end.xauth = None;
        }
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        for end in &mut scenario.ikes[0].ends {
            end.authentication.proof = Proof::Psk("same".to_owned());
            end.authentication.demand = Demand::Psk("same".to_owned());
        }
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        for side in 0..2 {
            let asserted = scenario.ikes[0].ends[1 - side].authentication.identity.clone();
            scenario.ikes[0].ends[side].expects = IdentityPattern::Exactly(asserted);
        }
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        scenario.ikes[0].ends[1].older = scenario.ikes[0].ends[0].older;
    })));
}

#[test]
fn a_model_blind_to_networks_groups_modes_or_lives_of_phase_2_is_found_out() {
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        let [west, east] = &mut scenario.children[0].ends;
        (east.remote, east.local) = (west.local.clone(), west.remote.clone());
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        let proposals = scenario.children[0].ends.iter_mut().flat_map(|end| &mut end.offer);
        proposals.for_each(|proposal| proposal.groups = Vec::new());
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        scenario.children[0].ends[1].mode = scenario.children[0].ends[0].mode;
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        scenario.children[0].ends[1].lifetime = scenario.children[0].ends[0].lifetime;
    })));
}
