//! The properties, and models that are wrong on purpose, which they have to find out.

use esplanade::file::{Demand, Proof, Scenario};
use esplanade::model::agreement::{self, ChildAgreement, Course, Refusal};
use ipsec::Command;
use ipsec::auth::IdentityPattern;
use proptest::prelude::*;
use proptest::test_runner::TestError;

use crate::configurations::{End, ends, scenario};
use crate::observed::{Happened, children};
use crate::played::{Played, losses, runner};

const PEERS: [&str; 2] = ["west", "east"];

fn initiate() -> Command {
    Command::Initiate { child: "net".to_owned() }
}

/// What an order leads to.
fn order(played: &mut Played, peer: &str, command: Command) -> Happened {
    played.order(peer, command).into()
}

type Model = fn(&Scenario, &str, &str) -> Option<Course>;

/// The group of a child's own key exchange shows in no event.
fn without_group(child: &ChildAgreement) -> ChildAgreement {
    let mut child = child.clone();
    child.suite.group = None;
    child
}

/// The short name of the failure that a notify stands for.
fn failure(refusal: &Refusal) -> &'static str {
    match refusal.notify {
        "NO_PROPOSAL_CHOSEN" => "no-proposal-chosen",
        "AUTHENTICATION_FAILED" => "authentication-failed",
        "TS_UNACCEPTABLE" => "ts-unacceptable",
        other => panic!("{other} has no failure"),
    }
}

fn check_refusal(refusal: &Refusal, happened: &Happened, regroups: bool) -> Result<(), TestCaseError> {
    let name = failure(refusal);
    prop_assert_eq!(happened.failures(), [vec![name], vec![name]], "{}", refusal);
    let mut expected = vec![(refusal.exchange.to_string(), refusal.notify.to_owned())];
    if regroups {
        expected.insert(0, ("IKE_SA_INIT".to_owned(), "INVALID_KE_PAYLOAD".to_owned()));
    }
    prop_assert_eq!(happened.notifies(), [Vec::new(), expected], "{}", refusal);
    Ok(())
}

/// Both ends do what the model says when `initiator` begins, and both say the same of it.
fn plays(model: Model, ends: &[End; 2], initiator: &str) -> Result<(), TestCaseError> {
    let scenario = scenario(ends);
    let course = model(&scenario, "net", initiator).unwrap();
    let mut played = Played::new(&scenario, 1, Vec::new());
    let happened = order(&mut played, initiator, initiate());
    let ike = match &course.ike {
        Ok(ike) => ike,
        Err(refusal) => {
            check_refusal(refusal, &happened, course.regroups)?;
            prop_assert_eq!(happened.ike_suites(), [vec![], vec![]]);
            prop_assert_eq!(children(&played), [0, 0]);
            return Ok(());
        }
    };
    prop_assert_eq!(happened.ike_suites(), [vec![*ike], vec![*ike]]);
    match course.child.as_ref().unwrap() {
        Ok(child) => {
            let child = without_group(child);
            prop_assert_eq!(happened.children(), [vec![child.clone()], vec![child]]);
            let [none, sent] = happened.notifies();
            prop_assert!(none.is_empty() && sent.len() == usize::from(course.regroups), "{sent:?}");
        }
        Err(refusal) => {
            check_refusal(refusal, &happened, course.regroups)?;
            prop_assert_eq!(happened.children(), [vec![], vec![]]);
        }
    }
    Ok(())
}

#[test]
fn any_two_configurations_come_to_what_the_model_says_whoever_begins() {
    let both = (ends(), prop::sample::select(PEERS.to_vec()));
    let (mut agreed, mut refused) = ([0; 2], std::collections::BTreeMap::new());
    let counts = std::cell::RefCell::new((&mut agreed, &mut refused));
    let result = runner(1200).run(&both, |(ends, initiator)| {
        let course = agreement::initiate(&scenario(&ends), "net", initiator).unwrap();
        let (agreed, refused) = &mut *counts.borrow_mut();
        match (&course.ike, &course.child) {
            (Ok(_), Some(Ok(_))) => agreed[usize::from(course.regroups)] += 1,
            (Err(refusal), _) | (_, Some(Err(refusal))) => {
                *refused.entry((refusal.exchange.to_string(), refusal.notify)).or_insert(0) += 1;
            }
            (Ok(_), None) => panic!("an IKE SA and nothing said of the child"),
        }
        plays(agreement::initiate, &ends, initiator)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    println!("agreed at once and after another group: {agreed:?}; refused: {refused:?}");
    assert!(agreed.iter().all(|count| *count >= 30), "too few agree to prove anything: {agreed:?}");
    let kinds: Vec<usize> = refused.values().copied().collect();
    assert!(kinds.len() == 4 && kinds.iter().all(|count| *count >= 10), "too few are refused: {refused:?}");
}

/// Who begins makes no difference to whether and where two ends agree, nor to what they protect.
#[test]
fn swapping_the_roles_changes_nothing_but_whose_order_decides() {
    let course_of = |ends: &[End; 2], initiator: &str| {
        let happened = order(&mut Played::new(&scenario(ends), 1, Vec::new()), initiator, initiate());
        let networks = |children: &[ChildAgreement]| {
            children.iter().map(|child| (child.networks.clone(), child.mode)).collect::<Vec<_>>()
        };
        let [mut children, _] = happened.children().map(|children| networks(&children));
        if initiator == "east" {
            children.iter_mut().for_each(|(networks, _)| networks.reverse());
        }
        let [_, mut notifies] = happened.notifies();
        notifies.retain(|(_, notify)| notify != "INVALID_KE_PAYLOAD");
        (happened.ike_suites().map(|suites| suites.len()), children, notifies, happened.failures())
    };
    let result = runner(300).run(&ends(), |ends| {
        prop_assert_eq!(course_of(&ends, "west"), course_of(&ends, "east"));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Replacement of the child and of the IKE SA, by either end.
#[test]
fn what_replaces_a_child_or_an_ike_sa_is_what_the_model_says_whoever_asks() {
    let agree = |ends: &[End; 2]| {
        let course = agreement::initiate(&scenario(ends), "net", "west").unwrap();
        matches!(course.child, Some(Ok(_)))
    };
    let agreeing = ends().prop_filter("they agree", agree);
    let met = std::cell::RefCell::new([0usize; 3]);
    let result = runner(250).run(&(agreeing, prop::sample::select(PEERS.to_vec())), |(ends, asks)| {
        let scenario = scenario(&ends);
        let mut played = Played::new(&scenario, 1, Vec::new());
        played.order("west", initiate());
        let happened = order(&mut played, asks, Command::Rekey { child: "net".to_owned() });
        let (regroups, new) = agreement::rekey_child(&scenario, "net", asks).unwrap();
        match &new {
            Ok(new) => {
                met.borrow_mut()[usize::from(regroups)] += 1;
                prop_assert_eq!(happened.children(), [vec![without_group(new)], vec![without_group(new)]]);
                prop_assert!(happened.failures().concat().is_empty());
            }
            Err(refusal) => {
                met.borrow_mut()[2] += 1;
                check_refusal(refusal, &happened, false)?;
            }
        }
        prop_assert_eq!(children(&played), [1, 1], "one child, the new or the old one");
        let happened = order(&mut played, asks, Command::RekeyIke { connection: "site".to_owned() });
        let new = agreement::rekey_ike(&scenario, "net", asks).unwrap().unwrap();
        prop_assert_eq!(happened.ike_suites(), [vec![new], vec![new]]);
        prop_assert_eq!(children(&played), [1, 1]);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(met.borrow().iter().all(|count| *count > 5), "replaced, after another group, refused: {met:?}");
}

/// Four losses cost at most 15 s: eight transmissions are made, and an IKE SA may be half open for 30 s. A responder that
/// refuses without keeping a state tells of it each time that the request comes.
#[test]
fn loss_below_the_give_up_point_changes_only_time() {
    let result = runner(250).run(&(ends(), losses()), |(ends, losses)| {
        let scenario = scenario(&ends);
        let outcome = |losses| {
            let happened = order(&mut Played::new(&scenario, 1, losses), "west", initiate());
            let mut failures = happened.failures();
            failures.iter_mut().for_each(Vec::dedup);
            (happened.ike_suites(), happened.children(), failures)
        };
        prop_assert_eq!(outcome(losses), outcome(Vec::new()));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Whether the property finds out that a model is wrong.
fn is_found_out(model: Model) -> bool {
    let result = runner(400).run(&ends(), |ends| plays(model, &ends, "west"));
    matches!(result, Err(TestError::Fail(..)))
}

#[test]
fn a_model_in_which_the_initiators_order_decides_is_found_out() {
    assert!(is_found_out(|scenario, child, _| agreement::initiate(scenario, child, "east")));
}

#[test]
fn a_model_that_forgets_other_groups_is_found_out() {
    assert!(is_found_out(|scenario, child, initiator| {
        let course = agreement::initiate(scenario, child, initiator)?;
        Some(Course { regroups: false, ..course })
    }));
}

/// The scenario with something changed, for a model that does not see it.
fn blind(scenario: &Scenario, change: fn(&mut Scenario)) -> Option<Course> {
    let mut changed = scenario.clone();
    change(&mut changed);
    agreement::initiate(&changed, "net", "west")
}

#[test]
fn a_model_that_does_not_compare_keys_or_identities_is_found_out() {
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
}

#[test]
fn a_model_blind_to_networks_modes_or_sequence_numbers_is_found_out() {
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        let local = scenario.children[0].ends[0].local.clone();
        scenario.children[0].ends[1].remote = local;
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        scenario.children[0].ends[1].mode = scenario.children[0].ends[0].mode;
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        let proposals = scenario.children[0].ends.iter_mut().flat_map(|end| &mut end.offer);
        proposals.for_each(|proposal| proposal.extended_sequence_numbers = vec![false, true]);
    })));
}

#[test]
fn the_generated_configurations_are_the_same_each_time() {
    let all = || {
        let all = std::cell::RefCell::new(Vec::new());
        let kept = |ends: [End; 2]| {
            all.borrow_mut().push(format!("{ends:?}"));
            Ok(())
        };
        runner(20).run(&ends(), kept).unwrap();
        all.into_inner()
    };
    assert_eq!(all(), all());
}
