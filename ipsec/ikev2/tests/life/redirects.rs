//! Initiators that are sent to another gateway (RFC 5685).

use std::net::IpAddr;

use ipsec_auth::Identity;
use ipsec_ikev2::{
    Cause, Config, Connection, DropReason, Event, Failure, Gateway, RedirectPolicy, RedirectTime,
};

use crate::lab::{EAST, Lab, NORTH, WEST, connection, pair};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn to(gateway: &str) -> Gateway {
    Gateway::Address(address(gateway))
}

fn policy(to: Gateway, during: RedirectTime) -> Option<RedirectPolicy> {
    Some(RedirectPolicy { to, during })
}

/// West, which follows, and two gateways of one identity, east with this policy.
fn three(redirect: Option<RedirectPolicy>) -> [Connection; 3] {
    let [mut west, mut east] = pair();
    west.follows_redirects = true;
    east.redirect = redirect;
    let mut north = connection(NORTH, WEST);
    north.local_id = Identity::Address(address(EAST));
    [west, east, north]
}

fn lab([west, east, north]: [Connection; 3]) -> Lab {
    let config = |connection| Config::new(vec![connection]);
    let mut west = config(west);
    west.hosts.insert("north.example".into(), address(NORTH));
    Lab::with(vec![(WEST, west), (EAST, config(east)), (NORTH, config(north))])
}

fn initiate(lab: &mut Lab) {
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
}

#[test]
fn the_first_response_sends_an_initiator_on_and_leaves_nothing_behind() {
    let mut lab = lab(three(policy(to(NORTH), RedirectTime::Init)));
    initiate(&mut lab);
    insta::assert_snapshot!(lab.ladder());
    assert_eq!((lab.children(0), lab.children(2)), (vec!["net".into()], vec!["net".into()]));
    assert!(lab.ends[1].status().is_empty());
    assert!(lab.failures(0).is_empty());
}

#[test]
fn a_gateway_may_be_named_if_the_name_is_known() {
    for (name, known) in [("north.example", true), ("south.example", false)] {
        let mut lab = lab(three(policy(Gateway::Name(name.into()), RedirectTime::Init)));
        initiate(&mut lab);
        lab.deliver_all();
        assert_eq!(lab.children(2).len(), usize::from(known), "{name}");
        assert_eq!(matches!(lab.failures(0)[..], [Failure::Redirect(_)]), !known);
    }
}

#[test]
fn an_initiator_that_does_not_follow_is_served() {
    let mut ends = three(policy(to(NORTH), RedirectTime::Init));
    ends[0].follows_redirects = false;
    let mut lab = lab(ends);
    initiate(&mut lab);
    lab.deliver_all();
    assert_eq!((lab.children(1).len(), lab.children(2).len()), (1, 0));
}

#[test]
fn a_redirect_without_our_nonce_is_dropped_and_the_right_one_still_awaited() {
    let mut lab = lab(three(policy(to(NORTH), RedirectTime::Init)));
    initiate(&mut lab);
    let request = lab.flights.remove(0);
    lab.deliver(&request);
    let response = lab.flights.remove(0);
    let mut forged = response.clone();
    *forged.octets.last_mut().unwrap() ^= 1;
    lab.deliver(&forged);
    let dropped = |event: &Event| matches!(event, Event::Dropped { reason: DropReason::RedirectNonce, .. });
    assert!(lab.events[0].iter().any(dropped) && lab.flights.is_empty());
    lab.deliver(&response);
    lab.deliver_all();
    assert_eq!(lab.children(2), ["net"]);
}

#[test]
fn two_gateways_that_send_an_initiator_to_each_other_lose_it_after_five_times() {
    let mut ends = three(policy(to(NORTH), RedirectTime::Init));
    ends[2].redirect = policy(to(EAST), RedirectTime::Init);
    let mut lab = lab(ends);
    initiate(&mut lab);
    lab.deliver_all();
    assert_eq!(lab.met(0, "ikev2.redirect.followed"), 5);
    assert!(
        matches!(lab.failures(0)[..], [Failure::Redirect(why)] if why.contains("5 redirects within 300 s"))
    );
    assert!(lab.up(0).is_empty());
}

#[test]
fn redirects_that_lie_minutes_back_do_not_count() {
    let mut lab = lab(three(None));
    initiate(&mut lab);
    lab.deliver_all();
    for round in 0..7u64 {
        let (from, there) = if round % 2 == 0 { (1, NORTH) } else { (2, EAST) };
        lab.live_until(61 * (round + 1));
        lab.tell(from, |gateway, now| gateway.redirect(now, "site", &to(there)).unwrap());
        lab.deliver_all();
    }
    assert_eq!((lab.met(0, "ikev2.redirect.followed"), lab.children(2).len()), (7, 1));
    assert_eq!(lab.up(0).len(), 1);
}

#[test]
fn a_session_moves_with_its_children_and_then_the_old_one_goes() {
    let mut lab = lab(three(None));
    initiate(&mut lab);
    lab.deliver_all();
    lab.tell(0, |west, now| west.initiate(now, "other").unwrap());
    lab.deliver_all();
    lab.events.iter_mut().for_each(Vec::clear);
    lab.tell(1, |east, now| east.redirect(now, "site", &to(NORTH)).unwrap());
    insta::assert_snapshot!(lab.ladder());
    assert_eq!(
        (lab.children(0), lab.children(1).len(), lab.children(2).len()),
        (vec!["net".into(), "other".into()], 0, 2)
    );
    assert_eq!(lab.causes(0), [&Cause::Redirected]);
}

#[test]
fn a_session_stays_where_it_is_when_the_other_gateway_does_not_answer() {
    let mut lab = lab(three(None));
    initiate(&mut lab);
    lab.deliver_all();
    lab.tell(1, |east, now| east.redirect(now, "site", &to("203.0.113.99")).unwrap());
    lab.live_until(200);
    assert_eq!((lab.children(0), lab.children(1)), (vec!["net".to_owned()], vec!["net".to_owned()]));
    assert!(matches!(lab.failures(0)[..], [Failure::Timeout(_)]));
}

#[test]
fn only_a_responder_redirects_and_only_who_follows() {
    let mut lab = lab(three(None));
    initiate(&mut lab);
    lab.deliver_all();
    lab.tell(0, |west, now| west.redirect(now, "site", &to(NORTH)).unwrap());
    assert!(lab.flights.is_empty());
    let mut ends = three(None);
    ends[0].follows_redirects = false;
    let mut deaf = self::lab(ends);
    initiate(&mut deaf);
    deaf.deliver_all();
    deaf.tell(1, |east, now| east.redirect(now, "site", &to(NORTH)).unwrap());
    assert!(deaf.flights.is_empty());
    assert_eq!(deaf.met(1, "ikev2.redirect.not-supported"), 1);
}

#[test]
fn another_gateway_has_to_prove_the_identity_that_is_expected() {
    let mut ends = three(policy(to(NORTH), RedirectTime::Init));
    ends[2].local_id = Identity::Address(address(NORTH));
    let mut lab = lab(ends);
    initiate(&mut lab);
    lab.deliver_all();
    assert!(matches!(lab.failures(0)[..], [Failure::Authentication(_)]));
    assert!(lab.up(0).is_empty());
}

#[test]
fn the_attempt_after_a_failed_one_begins_at_the_first_gateway_again() {
    let mut ends = three(policy(to("203.0.113.99"), RedirectTime::Init));
    ends[0].attempts = 2;
    let mut lab = lab(ends);
    initiate(&mut lab);
    lab.live_until(200);
    assert_eq!(lab.met(1, "ikev2.redirect.sent"), 2);
    assert_eq!(lab.failures(0).len(), 2);
}

#[test]
fn the_attempt_after_a_redirect_to_nowhere_asks_for_the_same_child() {
    let mut ends = three(policy(Gateway::Name("south.example".into()), RedirectTime::Init));
    ends[0].attempts = 2;
    let mut lab = lab(ends);
    initiate(&mut lab);
    let first = lab.flights.remove(0);
    lab.deliver(&first);
    let redirect = lab.flights.remove(0);
    // The next attempt meets another policy.
    let served = self::lab(three(None));
    lab.ends[1] = served.ends.into_iter().nth(1).unwrap();
    lab.deliver(&redirect);
    lab.deliver_all();
    assert!(matches!(lab.failures(0)[..], [Failure::Redirect(_)]));
    assert_eq!((lab.children(0), lab.children(1)), (vec!["net".to_owned()], vec!["net".to_owned()]));
}

#[test]
fn a_gateway_may_send_an_initiator_on_when_both_have_proven_who_they_are() {
    let mut lab = lab(three(policy(to(NORTH), RedirectTime::Auth)));
    initiate(&mut lab);
    insta::assert_snapshot!(lab.ladder());
    assert_eq!((lab.children(0), lab.children(2)), (vec!["net".into()], vec!["net".into()]));
    assert_eq!((lab.up(1).len(), lab.up(0).len()), (0, 1));
    assert_eq!(lab.causes(0), [&Cause::Redirected]);
}
