//! Authentication that holds for a while (RFC 4478), and children that do not come with it (RFC 6023).

use std::time::Duration;

use ipsec_ikev2::{Cause, Childless, Event, OnLoss, Reauthentication, Uniqueness};

use crate::lab::{Lab, pair};

/// East wants west to authenticate every hour.
fn hourly(change: impl Fn(&mut ipsec_ikev2::Connection)) -> Lab {
    let mut ends = pair();
    ends[1].authentication_lifetime = Some(Duration::from_secs(3600));
    change(&mut ends[0]);
    Lab::established(ends)
}

#[test]
fn the_initiator_authenticates_anew_in_time_again_and_again() {
    for how in [Reauthentication::MakeBeforeBreak, Reauthentication::BreakBeforeMake] {
        let mut lab = hourly(|west| west.reauthentication = how);
        lab.live_until(10 * 3600);
        assert_eq!(lab.met(0, "ikev2.authentication.repeated"), 11, "every 54 minutes");
        assert_eq!((lab.up(0).len(), lab.children(0), lab.children(1).len()), (1, vec!["net".to_owned()], 1));
        assert!(!lab.causes(1).contains(&&Cause::Expired));
    }
}

#[test]
fn the_term_outlives_a_rekeying_from_either_end() {
    for end in 0..2 {
        let mut lab = hourly(|_| {});
        lab.live_until(1800);
        lab.tell(end, |end, now| end.rekey_ike(now, "site").unwrap());
        lab.deliver_all();
        lab.live_until(3300);
        assert_eq!(lab.met(0, "ikev2.authentication.repeated"), 1);
        assert_eq!((lab.up(0).len(), lab.children(1).len()), (1, 1));
    }
}

#[test]
fn who_does_not_authenticate_anew_loses_the_ike_sa() {
    let mut lab = hourly(|_| {});
    // No IKE_SA_INIT of west's arrives any more.
    while lab.up(1).len() == 1 && lab.wait() {
        let initial = |octets: &[u8]| octets.get(18) == Some(&34);
        lab.flights.retain(|flight| !initial(&flight.octets));
        lab.deliver_all();
    }
    assert_eq!(lab.causes(1), [&Cause::Expired]);
    assert!(lab.met(0, "ikev2.authentication.repeated") == 1 && lab.up(0).is_empty());
}

#[test]
fn a_gateway_that_keeps_the_older_ike_sa_refuses_the_new_one_and_ends_the_old_one_in_the_end() {
    let mut ends = pair();
    ends[1].authentication_lifetime = Some(Duration::from_secs(3600));
    ends[1].unique = Uniqueness::Keep;
    ends[0].on_loss = OnLoss::Restart;
    let mut lab = Lab::established(ends);
    lab.live_until(3700);
    assert_eq!((lab.failures(0).len(), lab.causes(1)), (1, vec![&Cause::Expired]));
}

#[test]
fn a_responder_that_requires_it_refuses_the_child_in_ike_auth_and_takes_it_afterwards() {
    let mut ends = pair();
    ends[1].childless = Childless::Require;
    ends[0].children[0].attempts = 2;
    let mut lab = Lab::of(ends);
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    lab.deliver_all();
    let failed = |event: &&Event| matches!(event, Event::ChildFailed { .. });
    assert_eq!((lab.up(0).len(), lab.children(0).len()), (1, 0));
    assert_eq!(lab.events[0].iter().filter(failed).count(), 1);
    lab.live_until(5);
    assert_eq!((lab.up(0).len(), lab.children(1)), (1, vec!["net".to_owned()]));
}
