//! IKE SAs that are set up alone (RFC 6023), or by themselves.

use ipsec_ikev2::{Childless, Endpoint, Failure, Output};

use crate::lab::{Lab, pair};

#[test]
fn an_ike_sa_comes_without_a_child_and_gets_one_later() {
    let mut lab = Lab::of(pair());
    lab.tell(0, |west, now| west.initiate_ike(now, "site").unwrap());
    insta::assert_snapshot!(lab.ladder());
    assert_eq!((lab.up(0).len(), lab.children(0).len()), (1, 0));
    lab.tell(1, |east, now| east.initiate(now, "net").unwrap());
    lab.deliver_all();
    assert_eq!(
        (lab.up(0).len(), lab.children(0), lab.children(1)),
        (1, vec!["net".into()], vec!["net".into()])
    );
}

#[test]
fn an_ike_sa_that_is_there_is_not_set_up_again() {
    let mut lab = Lab::established(pair());
    lab.tell(0, |west, now| west.initiate_ike(now, "site").unwrap());
    lab.tell(1, |east, now| east.initiate_ike(now, "site").unwrap());
    assert!(lab.flights.is_empty());
}

#[test]
fn a_responder_that_does_not_announce_it_is_not_asked_for_an_ike_sa_alone() {
    let mut ends = pair();
    ends[1].childless = Childless::Refuse;
    let mut lab = Lab::of(ends);
    lab.tell(0, |west, now| west.initiate_ike(now, "site").unwrap());
    lab.deliver_all();
    assert!(
        matches!(lab.failures(0)[..], [Failure::Unsupported(what)] if what.contains("does not announce"))
    );
    assert!(lab.up(0).is_empty());
}

#[test]
fn an_end_that_refuses_ike_sas_alone_does_not_begin_one() {
    let mut ends = pair();
    ends[0].childless = Childless::Refuse;
    let mut lab = Lab::of(ends);
    lab.tell(0, |west, now| west.initiate_ike(now, "site").unwrap());
    assert!(lab.flights.is_empty());
    assert!(matches!(lab.failures(0)[..], [Failure::Unsupported(_)]));
}

#[test]
fn an_initiator_that_requires_it_asks_for_children_after_ike_auth() {
    let mut ends = pair();
    ends[0].childless = Childless::Require;
    let mut lab = Lab::of(ends);
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    insta::assert_snapshot!(lab.ladder());
    assert_eq!(lab.children(1), ["net"]);
}

#[test]
fn a_child_that_is_asked_for_while_an_ike_sa_comes_alone_follows_it() {
    let mut lab = Lab::of(pair());
    lab.tell(0, |west, now| west.initiate_ike(now, "site").unwrap());
    lab.tell(0, |west, now| west.initiate(now, "other").unwrap());
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    lab.deliver_all();
    assert_eq!((lab.up(0).len(), lab.children(1)), (1, vec!["net".into(), "other".into()]));
}

#[test]
fn what_is_configured_to_start_is_there_without_an_order() {
    let mut ends = pair();
    ends[0].children[1].start = true;
    let mut lab = Lab::of(ends);
    lab.tell(0, Endpoint::start);
    lab.tell(1, Endpoint::start);
    lab.deliver_all();
    assert_eq!((lab.children(0), lab.up(0).len()), (vec!["other".to_owned()], 1));
}

#[test]
fn a_responder_can_receive_under_a_pair_before_its_answer_goes_out() {
    let mut lab = Lab::of(pair());
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    let init = lab.flights.remove(0);
    lab.deliver(&init);
    let answer = lab.flights.remove(0);
    lab.deliver(&answer);
    let auth = lab.flights.remove(0);
    lab.ends[1].handle(lab.now, auth.from, auth.to, &auth.octets);
    let outputs: Vec<Output> = std::iter::from_fn(|| lab.ends[1].poll()).collect();
    let first = |is: fn(&Output) -> bool| outputs.iter().position(is).unwrap();
    let installed = first(|output| matches!(output, Output::Install(_)));
    assert!(installed < first(|output| matches!(output, Output::Datagram { .. })), "RFC 7296 §2.8");
}
