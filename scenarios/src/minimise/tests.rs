use ipsec::crypto::PORTABLE;

use super::*;

/// Bad weather, much traffic, and an expectation that a single loss breaks.
const SCENARIO: &str = r#"title = "A tunnel that has to be up at once"
covers = ["rfc7296#2.1"]

story = '''
0s    west: initiate net
      expect net up at west, east within 400ms
1s    talk: start
2s    talk: stop
3s    west: check site
'''

[peer.west]
address  = "192.0.2.1"
protects = "10.1.0.0/16"
cookies  = "never"

[peer.east]
address  = "198.51.100.1"
protects = "10.2.0.0/16"

[peer.north]
address = "203.0.113.1"

[link.wan]
joins     = ["west", "east"]
delay     = "40ms ± 10ms"
loss      = "20%"
reorder   = "20%"
duplicate = "20%"

[ike.site]
ends = ["west", "east"]
auth = { psk = "secret" }

[child.net]
of = "site"

[traffic.talk]
between = ["10.1.0.10", "10.2.0.10"]
rate = "10/s"
"#;

fn scenario() -> Arc<Scenario> {
    Arc::new(file::parse("test.toml", SCENARIO).unwrap_or_else(|error| panic!("{}", error.render(false))))
}

fn failing() -> u64 {
    (0..).find(|seed| run(&scenario(), *seed, &PORTABLE, Options::EVENTS, None).0.is_some()).unwrap()
}

#[test]
fn what_is_left_is_the_one_loss_and_the_two_lines_that_matter() {
    let seed = failing();
    let small = minimise(SCENARIO, &scenario(), seed, &PORTABLE).unwrap();
    assert_eq!(small.after, Size { faults: 1, lines: 2, nouns: 5, ..small.after }, "{}", small.text);
    assert!(small.before.faults > 1 && small.before.lines == 5 && small.before.nouns == 7);
    assert!(small.text.contains(" lost\""), "{}", small.text);
    assert!(!small.text.contains("talk") && !small.text.contains("north"), "{}", small.text);
}

#[test]
fn what_is_left_fails_alone_whatever_the_seed_and_cannot_be_made_smaller() {
    let small = minimise(SCENARIO, &scenario(), failing(), &PORTABLE).unwrap();
    let again =
        Arc::new(file::parse("small.toml", &small.text).unwrap_or_else(|e| panic!("{}", e.render(false))));
    for seed in 0..5 {
        let failure = run(&again, seed, &PORTABLE, Options::EVENTS, None).0.unwrap();
        assert_eq!(
            (failure.check, failure.expected),
            (small.failure.check.clone(), small.failure.expected.clone())
        );
    }
    let seed = again.seeds.start;
    let smaller = minimise(&small.text, &again, seed, &PORTABLE).unwrap();
    assert_eq!(smaller.text, small.text);
}

#[test]
fn a_case_that_passes_has_nothing_to_make_small() {
    let seed =
        (0..).find(|seed| run(&scenario(), *seed, &PORTABLE, Options::EVENTS, None).0.is_none()).unwrap();
    let error = minimise(SCENARIO, &scenario(), seed, &PORTABLE).unwrap_err();
    assert_eq!(error.to_string(), format!("seed {seed} passes: there is no failure to make small"));
}
