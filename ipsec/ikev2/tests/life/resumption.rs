//! IKE SAs that are resumed by ticket (RFC 5723).

use std::time::Duration;

use ipsec_crypto::Secret;
use ipsec_ikev2::{Cause, Config, Connection, CookiePolicy, OnLoss, TicketPolicy};
use ipsec_net::Instant;

use crate::lab::{EAST, Lab, WEST, pair};

fn policy() -> TicketPolicy {
    let key = Secret::from(vec![0x5e; 32]);
    TicketPolicy { key, lifetime: Duration::from_secs(3600), at_once: true }
}

fn gateway(connection: Connection) -> Config {
    let mut config = Config::new(vec![connection]);
    config.tickets = Some(policy());
    config
}

/// West with tickets, and east that grants them, with an IKE SA and its child.
fn lab(change: impl Fn(&mut Connection, &mut Config)) -> Lab {
    let [mut west, east] = pair();
    west.resumes = true;
    let mut east = gateway(east);
    change(&mut west, &mut east);
    let mut lab = Lab::with(vec![(WEST, Config::new(vec![west])), (EAST, east)]);
    initiate(&mut lab);
    lab
}

fn initiate(lab: &mut Lab) {
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    lab.deliver_all();
}

fn forget(lab: &mut Lab) {
    lab.tell(0, |west, now| west.forget_ike(now, "site").unwrap());
}

fn resumed(lab: &Lab) -> [usize; 2] {
    [0, 1].map(|end| lab.met(end, "ikev2.ike.resumed"))
}

#[test]
fn what_was_lost_is_resumed_without_a_key_exchange_and_the_old_one_goes_silently() {
    let mut lab = lab(|_, _| {});
    forget(&mut lab);
    lab.events.iter_mut().for_each(Vec::clear);
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    insta::assert_snapshot!(lab.ladder());
    assert_eq!(
        (lab.up(0).len(), lab.up(1).len(), lab.children(0), lab.children(1).len()),
        (1, 1, vec!["net".into()], 1)
    );
    assert_eq!((resumed(&lab), lab.causes(1)), ([1, 1], vec![&Cause::Resumed]));
}

#[test]
fn a_resumed_ike_sa_can_be_resumed_again_and_rekeyed_and_used() {
    let mut lab = lab(|_, _| {});
    for _ in 0..3 {
        forget(&mut lab);
        initiate(&mut lab);
    }
    assert_eq!(resumed(&lab), [3, 3]);
    lab.tell(1, |east, now| east.rekey_ike(now, "site").unwrap());
    lab.deliver_all();
    lab.tell(0, |west, now| west.initiate(now, "other").unwrap());
    lab.deliver_all();
    assert_eq!((lab.up(0).len(), lab.children(1)), (1, vec!["net".to_owned(), "other".to_owned()]));
    forget(&mut lab);
    initiate(&mut lab);
    assert_eq!(resumed(&lab), [4, 4], "with the ticket that was asked for after the rekeying");
}

#[test]
fn a_gateway_that_has_lost_everything_but_its_key_takes_the_ticket() {
    for same_key in [true, false] {
        let mut lab = lab(|west, _| {
            west.liveness = Some(Duration::from_secs(10));
            west.on_loss = OnLoss::Restart;
        });
        let [_, east] = pair();
        let mut config = gateway(east);
        if !same_key {
            config.tickets = Some(TicketPolicy { key: Secret::from(vec![1; 32]), ..policy() });
        }
        lab.restart(1, config);
        lab.live_until(200);
        assert_eq!((lab.up(0).len(), lab.children(1).len()), (1, 1));
        assert_eq!(
            (resumed(&lab), lab.met(1, "ikev2.ticket.forged")),
            ([usize::from(same_key); 2], usize::from(!same_key))
        );
        assert_eq!(
            lab.met(0, "ikev2.resume.refused"),
            usize::from(!same_key),
            "then a full exchange follows"
        );
    }
}

#[test]
fn a_ticket_of_a_deleted_ike_sa_is_thrown_away() {
    for end in 0..2 {
        let mut lab = lab(|_, _| {});
        lab.tell(end, |end, now| end.terminate(now, "site").unwrap());
        lab.deliver_all();
        initiate(&mut lab);
        assert_eq!((resumed(&lab), lab.up(0).len()), ([0, 0], 1));
    }
}

#[test]
fn an_old_ticket_is_not_presented() {
    let mut lab = lab(|_, _| {});
    forget(&mut lab);
    lab.now = Instant::ZERO + Duration::from_secs(3600);
    initiate(&mut lab);
    assert_eq!((resumed(&lab), lab.up(0).len()), ([0, 0], 1));
}

#[test]
fn a_ticket_lasts_no_longer_than_the_authentication() {
    let mut lab = lab(|_, east| {
        east.connections[0].authentication_lifetime = Some(Duration::from_secs(600));
    });
    forget(&mut lab);
    lab.now = Instant::ZERO + Duration::from_secs(600);
    initiate(&mut lab);
    assert_eq!(resumed(&lab), [0, 0]);
}

#[test]
fn a_gateway_may_put_off_tickets_or_grant_none() {
    let mut late = lab(|_, east| east.tickets = Some(TicketPolicy { at_once: false, ..policy() }));
    assert_eq!((late.met(1, "ikev2.ticket.put-off"), late.met(1, "ikev2.ticket.granted")), (1, 1));
    forget(&mut late);
    initiate(&mut late);
    assert_eq!(resumed(&late), [1, 1]);
    let mut never = lab(|_, east| east.tickets = None);
    assert_eq!(never.met(1, "ikev2.ticket.refused"), 1);
    forget(&mut never);
    initiate(&mut never);
    assert_eq!((resumed(&never), never.up(0).len()), ([0, 0], 1));
}

#[test]
fn a_gateway_under_load_asks_for_a_cookie_first() {
    let mut lab = lab(|_, east| east.cookies = CookiePolicy::Always);
    forget(&mut lab);
    initiate(&mut lab);
    assert_eq!((resumed(&lab), lab.met(1, "ikev2.cookie.demanded")), ([1, 1], 2));
}

#[test]
fn a_used_ticket_is_worth_nothing_to_who_has_seen_it() {
    let mut lab = lab(|_, _| {});
    forget(&mut lab);
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    let request = lab.flights[0].clone();
    lab.deliver_all();
    // Under another SPI, or it would be a repeat.
    let mut again = request;
    again.octets[0] ^= 1;
    lab.deliver(&again);
    assert_eq!((lab.met(1, "ikev2.ticket.spent"), lab.up(1).len()), (1, 1));
    let answer = lab.flights.remove(0);
    assert!(answer.octets.len() < 60, "a refusal");
}

#[test]
fn who_has_but_the_ticket_cannot_speak() {
    let mut lab = lab(|_, _| {});
    forget(&mut lab);
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    let init = lab.flights.remove(0);
    lab.deliver(&init);
    let response = lab.flights.remove(0);
    lab.deliver(&response);
    // IKE_AUTH, changed on its way.
    let mut auth = lab.flights.remove(0);
    *auth.octets.last_mut().unwrap() ^= 1;
    lab.deliver(&auth);
    assert_eq!((resumed(&lab)[1], lab.up(1).len()), (0, 1), "the old one stands");
}

#[test]
fn to_authenticate_anew_takes_a_full_exchange() {
    let mut lab = lab(|_, _| {});
    lab.tell(0, |west, now| west.reauthenticate(now, "site").unwrap());
    lab.deliver_all();
    assert_eq!((resumed(&lab), lab.up(0).len()), ([0, 0], 1));
}

#[test]
fn a_resumption_that_nobody_answers_has_not_used_the_ticket() {
    let mut lab = lab(|west, _| west.attempts = 2);
    forget(&mut lab);
    lab.tell(0, |west, now| west.initiate(now, "net").unwrap());
    while lab.failures(0).is_empty() {
        lab.flights.clear();
        assert!(lab.wait());
    }
    lab.deliver_all();
    assert_eq!((resumed(&lab), lab.up(0).len()), ([1, 1], 1));
}
