//! Results as a suite of three scenarios might give them.

use super::*;

pub(crate) fn results() -> Results {
    Results { suites: vec![first_tunnel(), lossy(), rekey()] }
}

fn case(seed: u64, verdict: Verdict) -> Case {
    Case {
        simulated_nanos: 61_300_000_000,
        digest: format!("{:016x}", 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(seed + 1)),
        counters: BTreeMap::from([("ike.sent".to_owned(), 8), ("link.lost".to_owned(), seed)]),
        elapsed: Some(Duration::from_millis(1500)),
        ..Case::new(seed, verdict)
    }
}

fn first_tunnel() -> Suite {
    Suite {
        name: "ikev2/first-tunnel.toml".to_owned(),
        title: "Two gateways set up a tunnel".to_owned(),
        covers: vec!["rfc7296#1.2".to_owned()],
        seeds: 0..2,
        known_failure: None,
        cases: (0..2).map(|seed| case(seed, Verdict::Passed)).collect(),
        sometimes: Vec::new(),
    }
}

fn lossy() -> Suite {
    let failure = Failure {
        check: "story".to_owned(),
        line: Some(StoryLine { number: 7, text: "expect net up at west, east within 20s".to_owned() }),
        expected: "an SA pair of net at west and east by 20.000s".to_owned(),
        happened: "there is none at west".to_owned(),
        at_nanos: 20_000_000_000,
        ladder: crate::ladder::sample().lines().map(str::to_owned).collect(),
        replay: "esplanade replay ikev2/lossy.toml --seed 1".to_owned(),
    };
    let line = |text: &str| StoryLine { number: 9, text: text.to_owned() };
    Suite {
        name: "ikev2/lossy.toml".to_owned(),
        title: "A tunnel comes up on a path that loses packets".to_owned(),
        covers: vec!["rfc7296#2.1".to_owned(), "rfc7296#2.4".to_owned()],
        seeds: 0..2,
        known_failure: None,
        cases: vec![case(0, Verdict::Passed), case(1, Verdict::Failed(Box::new(failure)))],
        sometimes: vec![
            Situation {
                line: line("sometimes ikev2.request.repeated at west"),
                met_by: BTreeSet::from([0, 1]),
            },
            Situation { line: line("sometimes ikev2.cookie.demanded at east"), met_by: BTreeSet::new() },
        ],
    }
}

fn rekey() -> Suite {
    Suite {
        name: "ikev2/rekey.toml".to_owned(),
        title: "A child is rekeyed".to_owned(),
        covers: Vec::new(),
        seeds: 0..1,
        known_failure: None,
        cases: vec![case(0, Verdict::Unsupported("the other end cannot rekey".to_owned()))],
        sometimes: Vec::new(),
    }
}
