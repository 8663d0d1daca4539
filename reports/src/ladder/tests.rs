use super::*;

fn message(at_ms: u64, from: &str, to: &str, label: &str, fate: Fate) -> Rung {
    Rung::Message {
        at_nanos: at_ms * 1_000_000,
        from: from.to_owned(),
        to: to.to_owned(),
        label: label.to_owned(),
        fate,
    }
}

fn lost() -> Fate {
    Fate::Ended("lost".to_owned())
}

/// A short ladder between two peers.
pub(crate) fn sample() -> String {
    let ladder = Ladder {
        participants: vec!["west".to_owned(), "east".to_owned()],
        rungs: vec![
            message(0, "west", "east", "IKE_SA_INIT request 0", Fate::Delivered),
            message(81, "east", "west", "IKE_SA_INIT response 0", Fate::Delivered),
            message(2000, "west", "east", "IKE_AUTH request 1", lost()),
            message(3000, "west", "east", "IKE_AUTH request 1", Fate::Troubled("twice".to_owned())),
            message(3040, "east", "west", "IKE_AUTH response 1", lost()),
            Rung::Note { at_nanos: 4_000_000_001, at: "east".to_owned(), text: "site is up".to_owned() },
        ],
    };
    ladder.lines().join("\n")
}

#[test]
fn two_peers_read_as_a_ladder() {
    insta::assert_snapshot!(sample());
}

#[test]
fn an_arrow_passes_the_rails_between_its_ends() {
    let ladder = Ladder {
        participants: ["west", "middle-of-nowhere", "east"].map(str::to_owned).to_vec(),
        rungs: vec![
            message(0, "west", "east", "ESP 0x1a2b3c4d #1", Fate::Delivered),
            message(1, "middle-of-nowhere", "west", "ICMP unreachable", Fate::Delivered),
            message(
                2,
                "east",
                "middle-of-nowhere",
                "a label so long that all rails have to stand further apart",
                lost(),
            ),
            message(3, "east", "south", "UDP", lost()),
            message(4, "east", "east", "UDP", Fate::Delivered),
        ],
    };
    insta::assert_snapshot!(ladder.lines().join("\n"));
}

#[test]
fn a_label_that_is_too_long_for_a_line_goes_on_below_its_arrow_between_words() {
    let said = "N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP) N(IKEV2_FRAGMENTATION_SUPPORTED) \
                N(SIGNATURE_HASH_ALGORITHMS)";
    let long = "a".repeat(80);
    let ladder = Ladder {
        participants: vec!["west".to_owned(), "east".to_owned()],
        rungs: vec![
            message(
                0,
                "west",
                "east",
                &format!("IKE_SA_INIT request 0 [SA KE Nonce {said}]"),
                Fate::Delivered,
            ),
            message(20, "east", "west", &format!("IKE_SA_INIT response 0 [{long} SA]"), lost()),
            message(40, "west", "east", "IKE_AUTH request 1", Fate::Delivered),
        ],
    };
    insta::assert_snapshot!(ladder.lines().join("\n"));
    assert_eq!(ladder.tail(1).len(), 2);
}

#[test]
fn the_tail_keeps_the_head_and_the_last_rungs() {
    let rungs = (0..5).map(|n| message(n, "a", "b", &format!("message {n}"), Fate::Delivered)).collect();
    let ladder = Ladder { participants: vec!["a".to_owned(), "b".to_owned()], rungs };
    let tail = ladder.tail(2);
    assert_eq!(tail.len(), 3);
    assert!(tail[0].starts_with("time"));
    assert!(tail[1].contains("message 3") && tail[2].contains("message 4"));
    assert_eq!(ladder.tail(9), ladder.lines());
    assert_eq!(Ladder::default().tail(3), ["time"]);
}

#[test]
fn times_of_any_length_and_no_participants_are_no_trouble() {
    let rungs = vec![message(u64::MAX / 1_000_000, "a", "b", "late", Fate::Delivered)];
    let ladder = Ladder { participants: vec!["a".to_owned(), "b".to_owned()], rungs: rungs.clone() };
    assert!(ladder.lines()[1].starts_with("18446744073.709s  |-- late ---"));
    assert!(Ladder { participants: Vec::new(), rungs }.lines()[1].contains("a to b: late"));
}
