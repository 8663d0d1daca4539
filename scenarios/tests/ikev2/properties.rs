//! The properties: what happens is what the model says, whoever begins and whatever gets lost.

use std::collections::BTreeSet;
use std::net::IpAddr;

use esplanade::file::Scenario;
use esplanade::model::agreement::{self, ChildAgreement, Course};
use ipsec::Command;
use proptest::prelude::*;
use proptest::sample::select;

use crate::configurations::{Pair, careful, clients, ends, proving, scenario};
use crate::foretold::{Outcome, failures, without_group};
use crate::observed::{Happened, children};
use crate::played::{Played, losses, runner};

pub(crate) const PEERS: [&str; 2] = ["west", "east"];

pub(crate) fn initiate() -> Command {
    Command::Initiate { child: "net".to_owned() }
}

/// What an order leads to.
fn order(played: &mut Played, peer: &str, command: Command) -> Happened {
    played.order(peer, command).into()
}

pub(crate) type Model = fn(&Scenario, &str, &str) -> Option<Course>;

/// Both ends do what the model says when `initiator` begins, and both say the same of it.
pub(crate) fn plays(model: Model, pair: &Pair, initiator: &str) -> Result<(), TestCaseError> {
    let scenario = scenario(pair);
    let course = model(&scenario, "net", initiator).unwrap();
    let mut played = Played::new(&scenario, 1, Vec::new());
    let happened = order(&mut played, initiator, initiate());
    prop_assert_eq!(happened.outcome(), Outcome::of(&course), "{:?}", course);
    let left = usize::from(course.ike.is_ok() && matches!(course.child, Some(Ok(_))));
    prop_assert_eq!(children(&played), [left; 2]);
    Ok(())
}

/// The property for so many of these pairs.
fn hold(cases: u32, pairs: impl Strategy<Value = Pair>) {
    let both = (pairs, select(PEERS.to_vec()));
    let result = runner(cases).run(&both, |(pair, initiator)| plays(agreement::initiate, &pair, initiator));
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn any_two_configurations_come_to_what_the_model_says_whoever_begins() {
    hold(450, ends());
}

#[test]
fn additional_key_exchanges_and_preshared_keys_come_to_what_the_model_says() {
    hold(250, careful());
}

#[test]
fn proofs_of_any_kind_come_to_what_the_model_says() {
    hold(350, proving());
}

/// Addresses, some of which another client has already, and IKE SAs without children.
#[test]
fn clients_get_what_the_model_says() {
    let begins = prop_oneof![4 => Just("west"), 1 => Just("east")];
    let cases = (clients(), begins, prop::bool::weighted(0.3));
    let result = runner(250).run(&cases, |((pair, beside), initiator, alone)| {
        let scenario = scenario(&pair);
        let mut played = Played::new(&scenario, 1, Vec::new());
        let mut lent = BTreeSet::new();
        if beside {
            played.give("north", Command::Initiate { child: "far".to_owned() });
            let other = agreement::initiate(&scenario, "far", "north").unwrap();
            lent.extend(other.addresses.iter().flatten().copied().collect::<Vec<IpAddr>>());
        }
        let (command, course) = match alone {
            true => {
                let course = agreement::initiate_ike(&scenario, "net", initiator, &lent);
                (Command::InitiateIke { connection: "site".to_owned() }, course)
            }
            false => (initiate(), agreement::initiate_beside(&scenario, "net", initiator, &lent)),
        };
        let course = course.unwrap();
        let happened = order(&mut played, initiator, command);
        prop_assert_eq!(happened.outcome(), Outcome::of(&course), "{:?}", course);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Who begins makes no difference to whether and where two ends agree, nor to what they protect.
#[test]
fn swapping_the_roles_changes_nothing_but_whose_order_decides() {
    let course_of = |pair: &Pair, initiator: &str| {
        let happened = order(&mut Played::new(&scenario(pair), 1, Vec::new()), initiator, initiate());
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
    let result = runner(150).run(&ends(), |pair| {
        prop_assert_eq!(course_of(&pair, "west"), course_of(&pair, "east"));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Replacement of the child and of the IKE SA, by either end.
#[test]
fn what_replaces_a_child_or_an_ike_sa_is_what_the_model_says_whoever_asks() {
    let agree = |pair: &Pair| {
        let course = agreement::initiate(&scenario(pair), "net", "west").unwrap();
        matches!(course.child, Some(Ok(_)))
    };
    let pairs = prop_oneof![4 => ends().boxed(), 1 => careful().boxed()];
    let agreeing = pairs.prop_filter("they agree", agree);
    let met = std::cell::RefCell::new([0usize; 3]);
    let result = runner(150).run(&(agreeing, select(PEERS.to_vec())), |(pair, asks)| {
        let scenario = scenario(&pair);
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
                let expected = failures(refusal).map(|name| name.into_iter().collect::<Vec<_>>());
                prop_assert_eq!(happened.failures(), expected, "{}", refusal);
            }
        }
        prop_assert_eq!(children(&played), [1, 1], "one child, the new or the old one");
        let happened = order(&mut played, asks, Command::RekeyIke { connection: "site".to_owned() });
        let new = agreement::rekey_ike(&scenario, "net", asks).unwrap();
        let suites: Vec<_> = new.into_iter().collect();
        prop_assert_eq!(happened.ike_suites(), [suites.clone(), suites]);
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
    let pairs = prop_oneof![2 => ends().boxed(), 1 => proving().boxed(), 1 => careful().boxed()];
    let result = runner(150).run(&(pairs, losses()), |(pair, losses)| {
        let scenario = scenario(&pair);
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

#[test]
fn the_generated_configurations_are_the_same_each_time() {
    let all = || {
        let all = std::cell::RefCell::new(Vec::new());
        let kept = |pair: Pair| {
            all.borrow_mut().push(format!("{pair:?}"));
            Ok(())
        };
        runner(20).run(&prop_oneof![ends().boxed(), proving().boxed()], kept).unwrap();
        all.into_inner()
    };
    assert_eq!(all(), all());
}
