//! Exchanges of both ends that meet: each family of collisions in every order of events, most with every single loss and
//! every single delay of a message. The reports count the runs.

use std::fmt::Write;

use ipsec_ikev2::Reauthentication;

use crate::explore::{Family, Left, explore_from};
use crate::world::{Lowest, Order, World, connection};

/// What was seen in a family, for people.
fn report(family: &Family) -> String {
    report_from(family, World::new)
}

/// What was seen in a family from another beginning.
fn report_from(family: &Family, begin: fn(Lowest) -> World) -> String {
    let seen = explore_from(family, begin);
    let mut text = format!("runs: {}", seen.runs);
    for (name, count) in &seen.occurred {
        write!(text, "\n{name}: {count}").unwrap();
    }
    text
}

#[test]
fn both_ends_rekey_the_same_child() {
    let orders = &[(0, Order::RekeyChild), (1, Order::RekeyChild)];
    let family =
        Family { orders, at_once: 0, nonces: true, misfortune: true, left: Left::Children(&["net"]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn both_ends_rekey_the_ike_sa() {
    let orders = &[(0, Order::RekeyIke), (1, Order::RekeyIke)];
    let family =
        Family { orders, at_once: 0, nonces: true, misfortune: true, left: Left::Children(&["net"]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_rekeys_the_ike_sa_and_the_other_creates_a_child() {
    let orders = &[(0, Order::RekeyIke), (1, Order::CreateOther)];
    let family = Family {
        orders,
        at_once: 0,
        nonces: false,
        misfortune: true,
        left: Left::Children(&["net", "other"]),
    };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_rekeys_the_ike_sa_and_the_other_a_child() {
    let orders = &[(0, Order::RekeyIke), (1, Order::RekeyChild)];
    let family =
        Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Children(&["net"]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_rekeys_the_ike_sa_and_the_other_deletes_a_child() {
    let orders = &[(0, Order::RekeyIke), (1, Order::DeleteChild)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Children(&[]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_rekeys_a_child_that_the_other_deletes() {
    let orders = &[(0, Order::RekeyChild), (1, Order::DeleteChild)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Children(&[]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_authenticates_anew_and_the_other_rekeys_a_child() {
    let orders = &[(0, Order::Reauthenticate), (1, Order::RekeyChild)];
    let family =
        Family { orders, at_once: 0, nonces: false, misfortune: false, left: Left::Children(&["net"]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_authenticates_anew_and_the_other_rekeys_the_ike_sa() {
    let orders = &[(0, Order::Reauthenticate), (1, Order::RekeyIke)];
    let family =
        Family { orders, at_once: 0, nonces: false, misfortune: false, left: Left::Children(&["net"]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn both_ends_delete_the_same_child() {
    let orders = &[(0, Order::DeleteChild), (1, Order::DeleteChild)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Children(&[]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_rekeys_the_ike_sa_that_the_other_deletes() {
    let orders = &[(0, Order::RekeyIke), (1, Order::Terminate)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Nothing };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn both_ends_delete_the_ike_sa() {
    let orders = &[(0, Order::Terminate), (1, Order::Terminate)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Nothing };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_deletes_the_child_that_it_rekeys() {
    let orders = &[(0, Order::RekeyChild), (0, Order::DeleteChild)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Children(&[]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_deletes_the_ike_sa_that_it_rekeys() {
    let orders = &[(0, Order::RekeyIke), (0, Order::Terminate)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Nothing };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_rekeys_both_a_child_and_the_ike_sa() {
    let orders = &[(0, Order::RekeyChild), (0, Order::RekeyIke)];
    let family =
        Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Children(&["net"]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn both_ends_rekey_a_child_that_one_deletes() {
    let orders = &[(0, Order::RekeyChild), (1, Order::RekeyChild), (1, Order::DeleteChild)];
    let family = Family { orders, at_once: 2, nonces: true, misfortune: false, left: Left::Children(&[]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn both_ends_rekey_the_ike_sa_and_one_deletes_a_child() {
    let orders = &[(0, Order::RekeyIke), (1, Order::RekeyIke), (1, Order::DeleteChild)];
    let family = Family { orders, at_once: 2, nonces: true, misfortune: false, left: Left::Children(&[]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn both_ends_rekey_the_ike_sa_and_one_a_child() {
    let orders = &[(0, Order::RekeyIke), (1, Order::RekeyIke), (1, Order::RekeyChild)];
    let family =
        Family { orders, at_once: 2, nonces: false, misfortune: false, left: Left::Children(&["net"]) };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_creates_a_child_while_the_other_rekeys_another() {
    let orders = &[(0, Order::CreateOther), (1, Order::RekeyChild)];
    let left = Left::Children(&["net", "other"]);
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn both_ends_create_the_same_child() {
    let orders = &[(0, Order::CreateOther), (1, Order::CreateOther)];
    let left = Left::Children(&["net", "other", "other"]);
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_deletes_the_ike_sa_while_the_other_rekeys_a_child() {
    let orders = &[(0, Order::Terminate), (1, Order::RekeyChild)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Nothing };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_deletes_the_ike_sa_while_the_other_creates_a_child() {
    let orders = &[(0, Order::Terminate), (1, Order::CreateOther)];
    let family = Family { orders, at_once: 2, nonces: false, misfortune: true, left: Left::Nothing };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_deletes_the_ike_sa_while_the_other_deletes_a_child() {
    let orders = &[(0, Order::Terminate), (1, Order::DeleteChild)];
    let family = Family { orders, at_once: 0, nonces: false, misfortune: true, left: Left::Nothing };
    insta::assert_snapshot!(report(&family));
}

#[test]
fn one_end_authenticates_anew_on_a_bad_path() {
    let orders = &[(0, Order::Reauthenticate)];
    let left = Left::Children(&["net"]);
    let family = Family { orders, at_once: 1, nonces: false, misfortune: true, left };
    insta::assert_snapshot!(report(&family));
}

fn breaking_first(lowest: Lowest) -> World {
    let mut ends = [connection(0), connection(1)];
    ends[0].reauthentication = Reauthentication::BreakBeforeMake;
    World::of(ends, lowest)
}

#[test]
fn one_end_breaks_before_it_makes_and_the_other_rekeys_a_child() {
    let orders = &[(0, Order::Reauthenticate), (1, Order::RekeyChild)];
    let left = Left::Children(&["net"]);
    let family = Family { orders, at_once: 2, nonces: false, misfortune: true, left };
    insta::assert_snapshot!(report_from(&family, breaking_first));
}

#[test]
fn one_end_breaks_before_it_makes_and_the_other_rekeys_the_ike_sa() {
    let orders = &[(0, Order::Reauthenticate), (1, Order::RekeyIke)];
    let left = Left::Children(&["net"]);
    let family = Family { orders, at_once: 2, nonces: false, misfortune: true, left };
    insta::assert_snapshot!(report_from(&family, breaking_first));
}

fn resuming(lowest: Lowest) -> World {
    let mut ends = [connection(0), connection(1)];
    ends[0].resumes = true;
    World::of(ends, lowest)
}

#[test]
fn one_end_resumes_what_it_has_lost_on_a_bad_path() {
    let orders = &[(0, Order::Forget), (0, Order::CreateNet)];
    let left = Left::Children(&["net"]);
    let family = Family { orders, at_once: 2, nonces: false, misfortune: true, left };
    insta::assert_snapshot!(report_from(&family, resuming));
}

#[test]
fn one_end_resumes_what_the_other_rekeys() {
    let orders = &[(0, Order::Forget), (0, Order::CreateNet), (1, Order::RekeyIke)];
    let left = Left::Children(&["net"]);
    let family = Family { orders, at_once: 2, nonces: false, misfortune: false, left };
    insta::assert_snapshot!(report_from(&family, resuming));
}

fn following(lowest: Lowest) -> World {
    let mut ends = [connection(0), connection(1)];
    ends[0].follows_redirects = true;
    World::of(ends, lowest)
}

#[test]
fn one_end_is_redirected_on_a_bad_path() {
    let orders = &[(1, Order::Redirect)];
    let left = Left::Children(&["net"]);
    let family = Family { orders, at_once: 1, nonces: false, misfortune: true, left };
    insta::assert_snapshot!(report_from(&family, following));
}

#[test]
fn one_end_is_redirected_while_it_rekeys_a_child() {
    let orders = &[(1, Order::Redirect), (0, Order::RekeyChild)];
    let left = Left::Children(&["net"]);
    let family = Family { orders, at_once: 2, nonces: false, misfortune: false, left };
    insta::assert_snapshot!(report_from(&family, following));
}
