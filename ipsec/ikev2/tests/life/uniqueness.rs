//! One IKE SA for each peer, or several (RFC 7296 §2.4).

use ipsec_ikev2::{Cause, Failure, Uniqueness};

use crate::lab::{Lab, pair};

/// West sets the IKE SA up, forgets everything, and sets it up once more. East's connection is `unique`.
fn twice(unique: Uniqueness) -> Lab {
    let mut ends = pair();
    ends[1].unique = unique;
    let mut lab = Lab::established(ends.clone());
    let mut fresh = Lab::of(ends);
    std::mem::swap(&mut lab.ends[0], &mut fresh.ends[0]);
    lab.installed[0].clear();
    // Another stream of luck than the first life had.
    lab.tell(0, |west, now| west.initiate(now, "other").unwrap());
    lab.flights.clear();
    lab.tell(0, |west, now| west.terminate(now, "site").unwrap());
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    lab.deliver_all();
    lab
}

#[test]
fn initial_contact_takes_away_what_the_peer_has_forgotten() {
    let lab = twice(Uniqueness::InitialContact);
    assert_eq!((lab.up(0).len(), lab.up(1).len()), (1, 1));
    assert_eq!(lab.causes(1), [&Cause::Superseded]);
}

#[test]
fn never_leaves_it() {
    let lab = twice(Uniqueness::Never);
    assert_eq!((lab.up(0).len(), lab.up(1).len()), (1, 2));
}

#[test]
fn without_uniqueness_the_initiator_says_nothing_of_initial_contact() {
    for unique in [Uniqueness::InitialContact, Uniqueness::Never, Uniqueness::Replace] {
        let mut ends = pair();
        ends[0].unique = unique;
        let mut lab = Lab::of(ends);
        lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
        let said = lab.ladder().contains("INITIAL_CONTACT");
        assert_eq!(said, unique != Uniqueness::Never);
    }
}

/// Another IKE SA of the same peer, which knows of the first.
fn second(unique: Uniqueness) -> Lab {
    let mut ends = pair();
    ends[1].unique = unique;
    let mut lab = Lab::established(ends);
    lab.tell(0, |west, now| west.reauthenticate(now, "site").unwrap());
    lab
}

#[test]
fn replace_deletes_the_older_one_as_soon_as_there_is_another() {
    let mut lab = second(Uniqueness::Replace);
    lab.events.iter_mut().for_each(Vec::clear);
    insta::assert_snapshot!(lab.ladder());
    assert_eq!((lab.up(0).len(), lab.up(1).len()), (1, 1));
    assert_eq!(lab.children(0), ["net"]);
}

#[test]
fn keep_refuses_the_newer_one_while_the_older_one_stands() {
    let mut lab = second(Uniqueness::Keep);
    lab.deliver_all();
    assert!(matches!(lab.failures(0)[..], [Failure::Authentication(_)]));
    assert_eq!((lab.up(0).len(), lab.up(1).len(), lab.children(0).len()), (1, 1, 1));
    // Once it has ended there is room for another.
    lab.tell(0, |west, now| west.terminate(now, "site").unwrap());
    lab.deliver_all();
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    lab.deliver_all();
    assert_eq!((lab.up(1).len(), lab.children(1).len()), (1, 1));
}

#[test]
fn keep_gives_way_to_initial_contact_and_to_rekeying() {
    let mut lab = twice(Uniqueness::Keep);
    assert_eq!((lab.up(0).len(), lab.causes(1)), (1, vec![&Cause::Superseded]));
    lab.tell(0, |west, now| west.rekey_ike(now, "site").unwrap());
    lab.deliver_all();
    assert_eq!((lab.up(0).len(), lab.up(1).len(), lab.children(0).len()), (1, 1, 1));
}
