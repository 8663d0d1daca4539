//! What can be seen of a story when real implementations play peers: they tell what they hold, but not why.

use crate::file::Scenario;
use crate::story::{Fact, Sentence};

/// The scenario without expectations that only a virtual peer can meet, where a real one plays it.
pub(super) fn observable(scenario: &Scenario, real: &[&str]) -> Scenario {
    let mut seen = scenario.clone();
    seen.story.steps.retain_mut(|step| match &mut step.sentence {
        Sentence::Act(_) => true,
        Sentence::Sometimes { peer, .. } => !real.contains(&peer.as_str()),
        Sentence::Expect(Fact::Selectors { peer, .. }) => !real.contains(&peer.as_str()),
        Sentence::Expect(fact) => match told_of(fact) {
            None => true,
            Some(peers) => {
                peers.retain(|peer| !real.contains(&peer.as_str()));
                !peers.is_empty()
            }
        },
    });
    seen
}

/// The peers of a fact that is about what happened at them, not about what they hold.
fn told_of(fact: &mut Fact) -> Option<&mut Vec<String>> {
    match fact {
        Fact::Failure { at, .. }
        | Fact::FailureSaying { at, .. }
        | Fact::Told { at, .. }
        | Fact::Drop { at, .. }
        | Fact::Reaches { at, .. }
        | Fact::Probe { at, .. }
        | Fact::Retransmissions { at, .. }
        | Fact::Messages { at, .. } => Some(at),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::parse;

    #[test]
    fn what_only_virtual_peers_tell_is_expected_of_them_alone() {
        let text = "title = \"x\"\nstory = '''\n\
                    0s west: initiate net\n   expect net up at west, east within 1s\n   \
                    expect probe ikev2.liveness.answered at west, east within 1s\n   \
                    expect failure timeout at east within 1s\n   \
                    sometimes ikev2.cookie.demanded at east\n'''\n\
                    [peer.west]\naddress = \"192.0.2.1\"\nprotects = \"10.1.0.0/16\"\n\
                    [peer.east]\naddress = \"192.0.2.2\"\nprotects = \"10.2.0.0/16\"\n\
                    [ike.site]\nends = [\"west\", \"east\"]\nauth = { psk = \"secret\" }\n[child.net]\nof = \"site\"\n";
        let scenario = parse("test", text).unwrap();
        let seen = observable(&scenario, &["east"]);
        let told: Vec<String> = seen.story.steps.iter().map(|step| step.sentence.to_string()).collect();
        assert_eq!(
            told,
            [
                "west: initiate net",
                "expect net up at west, east within 1s",
                "expect probe ikev2.liveness.answered at west within 1s",
            ]
        );
        assert_eq!(observable(&scenario, &[]), scenario);
    }
}
