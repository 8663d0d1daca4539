//! Every state of an IKE SA and its children against every event: what the endpoint does.
//!
//! West is looked at. What it waits for is on its way and has not arrived; what east says comes from a real endpoint in the
//! matching state, so that an event which cannot happen there is told as such.

use std::fmt::Write;

use ipsec_ikev2::{Endpoint, Gateway};
use ipsec_net::Instant;

use crate::lab::{Flight, Lab, NORTH, pair, told_of};

const WEST: usize = 0;
const EAST: usize = 1;

type Order = (&'static str, fn(&mut Endpoint, Instant));

/// What an end can be told.
const ORDERS: &[Order] = &[
    ("initiate a child that is there or coming", |end, now| end.initiate(now, "net").unwrap()),
    ("initiate another child", |end, now| end.initiate(now, "other").unwrap()),
    ("initiate the IKE SA alone", |end, now| end.initiate_ike(now, "site").unwrap()),
    ("rekey the child", |end, now| end.rekey(now, "net").unwrap()),
    ("delete the child", |end, now| end.delete(now, "net").unwrap()),
    ("rekey the IKE SA", |end, now| end.rekey_ike(now, "site").unwrap()),
    ("authenticate anew", |end, now| end.reauthenticate(now, "site").unwrap()),
    ("ask whether the peer lives", |end, now| end.check(now, "site").unwrap()),
    ("redirect", |end, now| {
        let to = Gateway::Address(NORTH.parse().unwrap());
        end.redirect(now, "site", &to).unwrap();
    }),
    ("forget the IKE SA", |end, now| end.forget_ike(now, "site").unwrap()),
    ("terminate", |end, now| end.terminate(now, "site").unwrap()),
];

/// An established pair whose west has been told something, which is on its way.
fn doing(order: fn(&mut Endpoint, Instant)) -> Lab {
    let mut lab = Lab::established(pair());
    lab.tell(WEST, order);
    lab
}

/// The messages pass one by one until so many have arrived.
fn after(mut lab: Lab, messages: usize) -> Lab {
    for _ in 0..messages {
        let flight = lab.flights.remove(0);
        lab.deliver(&flight);
    }
    lab
}

fn begun(by: usize) -> Lab {
    let mut lab = Lab::of(pair());
    lab.tell(by, |end, now| end.initiate(now, "net").unwrap());
    lab
}

fn both_rekey_the_ike_sa() -> Lab {
    let mut lab = doing(|west, now| west.rekey_ike(now, "site").unwrap());
    lab.tell(EAST, |east, now| east.rekey_ike(now, "site").unwrap());
    // East's request arrives; west's own and its answer are on their way.
    let easts = lab.flights.remove(1);
    lab.deliver(&easts);
    lab
}

type State = (&'static str, fn() -> Lab);

const STATES: &[State] = &[
    ("there is none", || Lab::of(pair())),
    ("IKE_SA_INIT is asked", || begun(WEST)),
    ("half open, IKE_AUTH is asked", || after(begun(WEST), 2)),
    ("half open, IKE_SA_INIT is answered", || after(begun(EAST), 1)),
    ("established", || Lab::established(pair())),
    ("established, a child is asked for", || doing(|west, now| west.initiate(now, "other").unwrap())),
    ("established, the child is being rekeyed", || doing(|west, now| west.rekey(now, "net").unwrap())),
    ("established, the child is rekeyed and the old one being deleted", || {
        after(doing(|west, now| west.rekey(now, "net").unwrap()), 2)
    }),
    ("established, the child is being deleted", || doing(|west, now| west.delete(now, "net").unwrap())),
    ("established, the peer is asked whether it lives", || {
        doing(|west, now| west.check(now, "site").unwrap())
    }),
    ("established, being rekeyed", || doing(|west, now| west.rekey_ike(now, "site").unwrap())),
    ("established, being rekeyed by both ends", both_rekey_the_ike_sa),
    ("rekeyed by west, the old one being deleted", || {
        after(doing(|west, now| west.rekey_ike(now, "site").unwrap()), 2)
    }),
    ("rekeyed by east, the old one still there", || {
        let mut lab = Lab::established(pair());
        lab.tell(EAST, |east, now| east.rekey_ike(now, "site").unwrap());
        after(lab, 1)
    }),
    ("being authenticated anew", || doing(|west, now| west.reauthenticate(now, "site").unwrap())),
    ("being deleted", || doing(|west, now| west.terminate(now, "site").unwrap())),
    ("closed", || {
        let mut lab = doing(|west, now| west.terminate(now, "site").unwrap());
        lab.deliver_all();
        lab
    }),
];

/// What west tells from here on.
struct Outcome {
    told: usize,
}

impl Outcome {
    fn from(lab: &Lab) -> Self {
        Self { told: lab.events[WEST].len() }
    }

    fn of(&self, lab: &Lab) -> String {
        let lines: Vec<String> = lab.events[WEST][self.told..].iter().filter_map(told_of).collect();
        if lines.is_empty() { "nothing".to_owned() } else { lines.join("; ") }
    }
}

/// Takes the messages to this end off the wire.
fn to(lab: &mut Lab, end: usize) -> Vec<Flight> {
    let address = [crate::lab::WEST, crate::lab::EAST][end];
    let (here, others) = std::mem::take(&mut lab.flights)
        .into_iter()
        .partition(|flight| flight.to.ip().to_string() == address);
    lab.flights = others;
    here
}

fn told(mut lab: Lab, order: fn(&mut Endpoint, Instant)) -> String {
    let outcome = Outcome::from(&lab);
    let before = waiting(&lab);
    lab.tell(WEST, order);
    match outcome.of(&lab) {
        nothing if nothing == "nothing" && waiting(&lab) > before => "it waits its turn".to_owned(),
        told => told,
    }
}

/// How many exchanges of west's are open or wait.
fn waiting(lab: &Lab) -> usize {
    lab.ends[WEST].status().iter().map(|sa| sa.pending).sum()
}

/// The first request of east's after it was told something.
fn asked(mut lab: Lab, order: fn(&mut Endpoint, Instant)) -> String {
    to(&mut lab, WEST);
    lab.tell(EAST, order);
    let request = to(&mut lab, WEST).into_iter().next();
    let outcome = Outcome::from(&lab);
    match request {
        Some(request) => {
            lab.deliver(&request);
            outcome.of(&lab)
        }
        None => "east does not ask that".to_owned(),
    }
}

/// What follows a response to the request that west waits for, once or `twice`, or with a `changed` octet.
fn answered(mut lab: Lab, twice: bool, changed: bool) -> String {
    let mut responses = Vec::new();
    for request in to(&mut lab, EAST) {
        lab.deliver(&request);
        responses.extend(to(&mut lab, WEST));
    }
    let Some(mut response) = responses.into_iter().next() else {
        return "nothing is waited for".to_owned();
    };
    if changed {
        *response.octets.last_mut().unwrap() ^= 1;
    }
    let mut outcome = Outcome::from(&lab);
    lab.deliver(&response);
    if twice {
        outcome = Outcome::from(&lab);
        lab.deliver(&response);
    }
    outcome.of(&lab)
}

/// What west does at its next timer, and what when nothing arrives for minutes.
fn timed_out(mut lab: Lab, minutes: u64) -> String {
    let outcome = Outcome::from(&lab);
    let end = lab.now + std::time::Duration::from_secs(60 * minutes);
    loop {
        lab.flights.clear();
        let due = lab.ends[WEST].next_timeout().filter(|(at, _)| minutes == 0 || *at <= end);
        let Some((at, _)) = due else { break };
        lab.now = at;
        lab.tell(WEST, |west, now| west.timeout(now, &|_| None));
        if minutes == 0 {
            break;
        }
    }
    let told = outcome.of(&lab);
    // Repeats are told once.
    let lines: Vec<&str> =
        told.split("; ").filter(|line| !line.contains("transmission") || minutes == 0).collect();
    if lines.is_empty() { "repeats only".to_owned() } else { lines.join("; ") }
}

#[test]
fn every_state_meets_every_event() {
    let mut table = String::new();
    let mut pairs = 0;
    for (state, build) in STATES {
        writeln!(table, "== {state}").unwrap();
        let mut row = |event: &str, outcome: String| {
            pairs += 1;
            writeln!(table, "{event}: {outcome}").unwrap();
        };
        for (name, order) in ORDERS {
            row(&format!("told to {name}"), told(build(), *order));
        }
        for (name, order) in ORDERS {
            row(&format!("east is told to {name}"), asked(build(), *order));
        }
        row("the response comes", answered(build(), false, false));
        row("the response comes twice", answered(build(), true, false));
        row("the response comes changed", answered(build(), false, true));
        row("its next timer", timed_out(build(), 0));
        row("three minutes of silence", timed_out(build(), 3));
    }
    write!(table, "pairs: {pairs}").unwrap();
    insta::assert_snapshot!(table);
}
