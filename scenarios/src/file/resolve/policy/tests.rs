use super::*;
use crate::file;

/// What a file with this policy between west and east comes to.
fn read(policy: &str) -> Result<Policy, String> {
    let text = format!(
        r#"title = "A policy"
story = '''
0s talk: start
   expect talk reaches nobody from 0s to 1s
'''
[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"
[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"
[traffic.talk]
between = ["10.1.0.10", "10.2.0.10"]
[policy.quiet]
{policy}"#
    );
    match file::parse("policy.toml", &text) {
        Ok(mut scenario) => Ok(scenario.policies.remove(0)),
        Err(diagnostics) => Err(diagnostics.render(false)),
    }
}

#[test]
fn a_policy_reads_as_written() {
    let text = "at = [\"west\", \"east\"]\naction = \"discard\"\nfrom = \"10.1.0.0/16\"\nto = [\"10.2.0.7\", \"10.2.1.0/24\"]\nprotocol = \"udp\"\nport = 9";
    let policy = read(text).unwrap();
    assert_eq!((policy.at.len(), policy.action), (2, PolicyAction::Discard));
    assert_eq!(policy.between.each_ref().map(Vec::len), [1, 2]);
    assert_eq!((policy.protocol, policy.port), (Some(17), Some(9)));
}

#[test]
fn what_is_not_said_is_everything() {
    let policy = read("at = \"west\"\naction = \"bypass\"").unwrap();
    assert_eq!(policy.between.each_ref().map(Vec::len), [2, 2], "all of both IP versions");
    assert_eq!((policy.protocol, policy.port), (None, None));
}

#[test]
fn what_is_wrong_is_told() {
    let cases = [
        ("action = \"bypass\"", "at", "a peer"),
        ("at = \"west\"", "action", "\"bypass\" or \"discard\""),
        ("at = \"wets\"\naction = \"bypass\"", "there is no peer called `wets`", "west"),
        ("at = \"west\"\naction = \"allow\"", "unknown word `allow`", "bypass"),
        ("at = \"west\"\naction = \"bypass\"\nprotocol = \"udpp\"", "\"udpp\" is no protocol", "udp"),
        ("at = \"west\"\naction = \"bypass\"\nport = 9", "a port without a protocol", "protocol = \"udp\""),
        (
            "at = \"west\"\naction = \"bypass\"\nprotocol = \"udp\"\nport = 70000",
            "a port of 70000 is too large",
            "0 to 65535",
        ),
        ("at = \"west\"\naction = \"bypass\"\nfrom = \"10.1.0.7/16\"", "10.1.0.7/16", "10.1.0.0/16"),
    ];
    for (policy, problem, help) in cases {
        let error = read(policy).unwrap_err();
        assert!(error.contains(problem) && error.contains(help), "{problem}\n{error}");
    }
}
