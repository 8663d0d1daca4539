//! What follows when an IKE SA or a child ends that is still wanted.

use std::time::Duration;

use ipsec_ikev2::{Cause, OnClose, OnLoss, Reauthentication};

use crate::lab::{Lab, pair};

/// Nothing arrives until west has given its peer up.
fn fall_silent(lab: &mut Lab) {
    while lab.up(0).len() == 1 {
        lab.flights.clear();
        assert!(lab.wait());
    }
}

#[test]
fn an_ike_sa_whose_peer_is_gone_is_set_up_anew_where_that_is_wanted() {
    for (on_loss, left) in [(OnLoss::Forget, 0), (OnLoss::Restart, 1)] {
        let mut ends = pair();
        ends[0].liveness = Some(Duration::from_secs(10));
        ends[0].on_loss = on_loss;
        let mut lab = Lab::established(ends);
        lab.tell(0, |west, now| west.initiate(now, "other").unwrap());
        lab.deliver_all();
        fall_silent(&mut lab);
        lab.deliver_all();
        assert!(matches!(lab.causes(0)[..], [Cause::Failed(_)]));
        assert_eq!((lab.met(0, "ikev2.ike.restarted"), lab.up(0).len()), (left, left));
        assert_eq!(lab.children(0).len(), 2 * left, "with the children that it had");
    }
}

#[test]
fn the_attempts_to_come_back_are_those_of_the_connection() {
    let mut ends = pair();
    ends[0].liveness = Some(Duration::from_secs(10));
    ends[0].on_loss = OnLoss::Restart;
    ends[0].attempts = 3;
    let mut lab = Lab::established(ends);
    while lab.failures(0).len() < 3 {
        lab.flights.clear();
        assert!(lab.wait());
    }
    lab.flights.clear();
    while lab.wait() {
        assert!(lab.flights.is_empty(), "no fourth attempt");
    }
}

#[test]
fn a_child_that_the_peer_deletes_comes_back_where_that_is_wanted() {
    for (on_close, left) in [(OnClose::Forget, 0), (OnClose::Restart, 1)] {
        let mut ends = pair();
        ends[0].children[0].on_close = on_close;
        let mut lab = Lab::established(ends);
        lab.tell(1, |east, now| east.delete(now, "net").unwrap());
        lab.deliver_all();
        assert_eq!((lab.children(0).len(), lab.children(1).len()), (left, left));
        assert_eq!(lab.met(0, "ikev2.child.restarted"), left);
    }
}

#[test]
fn a_child_that_we_delete_ourselves_does_not_come_back() {
    let mut ends = pair();
    ends.iter_mut().for_each(|end| end.children[0].on_close = OnClose::Restart);
    let mut lab = Lab::established(ends);
    for end in [0, 1] {
        lab.tell(end, |end, now| end.delete(now, "net").unwrap());
    }
    lab.deliver_all();
    assert_eq!((lab.children(0).len(), lab.children(1).len()), (0, 0), "both wanted it gone");
}

#[test]
fn of_an_ike_sa_that_the_peer_deletes_only_the_children_come_back_that_are_wanted() {
    let mut ends = pair();
    ends[0].children[1].on_close = OnClose::Restart;
    let mut lab = Lab::established(ends);
    lab.tell(0, |west, now| west.initiate(now, "other").unwrap());
    lab.deliver_all();
    lab.tell(1, |east, now| east.terminate(now, "site").unwrap());
    lab.deliver_all();
    assert_eq!((lab.children(0), lab.up(1).len()), (vec!["other".to_owned()], 1));
}

#[test]
fn a_child_that_is_replaced_does_not_come_back() {
    let mut ends = pair();
    ends.iter_mut().for_each(|end| end.children[0].on_close = OnClose::Restart);
    let mut lab = Lab::established(ends);
    lab.tell(1, |east, now| east.rekey(now, "net").unwrap());
    lab.deliver_all();
    lab.tell(1, |east, now| east.rekey_ike(now, "site").unwrap());
    lab.deliver_all();
    assert_eq!((lab.children(0), lab.met(0, "ikev2.child.restarted")), (vec!["net".to_owned()], 0));
}

#[test]
fn a_refused_child_is_asked_for_as_often_as_it_has_attempts() {
    let mut ends = pair();
    ends[0].children[1].attempts = 4;
    // East reaches nothing of it: TS_UNACCEPTABLE.
    ends[1].children.truncate(1);
    let mut lab = Lab::established(ends);
    lab.tell(0, |west, now| west.initiate(now, "other").unwrap());
    lab.live_until(100);
    let failed = |lab: &Lab| {
        let child = |event: &&ipsec_ikev2::Event| matches!(event, ipsec_ikev2::Event::ChildFailed { .. });
        lab.events[0].iter().filter(child).count()
    };
    assert_eq!(failed(&lab), 4, "after 2, 4 and 8 seconds");
    assert_eq!(lab.up(0).len(), 1);
}

#[test]
fn the_old_ike_sa_breaks_before_the_new_one_is_made_where_that_is_wanted() {
    let mut ends = pair();
    ends[0].reauthentication = Reauthentication::BreakBeforeMake;
    let mut lab = Lab::established(ends);
    lab.events.iter_mut().for_each(Vec::clear);
    lab.tell(0, |west, now| west.reauthenticate(now, "site").unwrap());
    insta::assert_snapshot!(lab.ladder());
    assert_eq!((lab.up(1).len(), lab.children(1)), (1, vec!["net".to_owned()]));
}

#[test]
fn breaking_before_making_survives_a_deletion_from_the_other_end_and_a_rekeying() {
    for both in [true, false] {
        let mut ends = pair();
        ends[0].reauthentication = Reauthentication::BreakBeforeMake;
        let mut lab = Lab::established(ends);
        match both {
            true => lab.tell(1, |east, now| east.terminate(now, "site").unwrap()),
            false => lab.tell(0, |west, now| west.rekey_ike(now, "site").unwrap()),
        }
        lab.tell(0, |west, now| west.reauthenticate(now, "site").unwrap());
        lab.deliver_all();
        assert_eq!((lab.up(0).len(), lab.children(1)), (1, vec!["net".to_owned()]), "{both}");
    }
}
