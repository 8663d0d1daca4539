//! What people are shown of each kind of failure.

use ipsec::crypto::PORTABLE;
use reports::{Colour, summary};

use super::*;
use crate::file;

const NOUNS: &str = r#"
[peer.west]
address  = "192.0.2.1"
protects = "10.1.0.0/16"

[peer.east]
address  = "198.51.100.1"
protects = "10.2.0.0/16"

[link.wan]
joins = ["west", "east"]
delay = "20ms"

[ike.site]
ends  = ["west", "east"]
auth  = { psk = "correct horse battery staple" }
offer = ["aes128gcm16-prfsha256-x25519"]
retransmit = { first = "5min", longest = "5min", tries = 3 }

[child.net]
of    = "site"
offer = ["aes128gcm16"]

[traffic.talk]
between = ["10.1.0.10", "10.2.0.10"]
rate    = "10/s"
"#;

/// What is shown of a story with this top, the tunnel set up first.
fn shown(top: &str, story: &str, events: u64) -> String {
    let text = format!(
        "title = \"A tunnel\"\nseeds = \"0..1\"\n{top}\nstory = '''\n0s west: initiate net\n\
         expect net up at west, east within 1s\n{story}'''\n{NOUNS}"
    );
    let scenario =
        Arc::new(file::parse("tunnel.toml", &text).unwrap_or_else(|e| panic!("{}", e.render(false))));
    let plan = Plan { events, ..Plan::new(vec![("tunnel.toml".to_owned(), scenario)], &PORTABLE) };
    summary(&run_all(&plan, &|_| ()), Colour::Never)
}

fn failed(top: &str, story: &str) -> String {
    shown(top, story, Options::EVENTS)
}

#[test]
fn a_fact_that_is_not_so_is_shown_with_its_line() {
    insta::assert_snapshot!(failed("", "5s expect no net at east\n"));
}

#[test]
fn what_an_oracle_has_seen_is_shown_with_what_it_expects() {
    insta::assert_snapshot!(failed("", "5s talk: start\n6s west: delete net\n7s talk: stop\n"));
}

#[test]
fn a_world_that_does_not_settle_is_shown_with_what_is_left_half_done() {
    insta::assert_snapshot!(failed("", "5s wan: cut\n+1s west: rekey net\n+1s wan: mend\n"));
}

#[test]
fn a_run_that_is_too_long_is_shown_with_its_limit() {
    insta::assert_snapshot!(shown("", "5s talk: start\n10s talk: stop\n", 200));
}

#[test]
fn a_situation_that_no_seed_has_met_is_shown() {
    insta::assert_snapshot!(failed("", "5s sometimes ikev2.cookie.demanded at east\n"));
}

#[test]
fn a_known_failure_that_is_gone_is_shown() {
    insta::assert_snapshot!(failed("known-failure = \"it fails no more\"", ""));
}
