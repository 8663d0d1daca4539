//! Scripts as they are written, and what is said of those that are none.

use super::*;

fn problems(text: &str) -> Vec<String> {
    let problems = read(text, 0..text.len()).unwrap_err();
    let text = crate::diagnostic::Diagnostics::new("script", text, problems).render(false);
    text.lines()
        .filter(|line| line.contains('×') || line.contains("help"))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn shorthands_are_several_steps() {
    let text = "establish   # all of it\nalive\n";
    let script = read(text, 0..text.len()).unwrap();
    assert_eq!(script.steps.len(), 6);
    assert_eq!(script.steps[5].line, 2);
    assert_eq!(script.steps[5].text, "alive");
}

#[test]
fn changes_are_read_with_what_belongs_to_them() {
    let text = "say auth, notify REKEY_SA ESP/0x01020304 0xff, length SA -4, id +7, pieces 1/2 2/2\n";
    let script = read(text, 0..text.len()).unwrap();
    let What::Say(Base::Auth, changes) = &script.steps[0].what else { panic!("{script:?}") };
    let notify = Change::Notify {
        kind: NotifyType::REKEY_SA,
        protocol: ProtocolId::ESP,
        spi: vec![1, 2, 3, 4],
        data: vec![0xff],
    };
    let piece = |number| FragmentNumber { number, total: 2 };
    let wanted = [
        notify,
        Change::Length(PayloadType::SA, -4),
        Change::MessageId(7, true),
        Change::Pieces(vec![piece(1), piece(2)]),
    ];
    assert_eq!(changes[..], wanted);
}

#[test]
fn a_wrong_word_is_told_with_the_nearest_one() {
    let told = problems(
        "say init, groop 14\nheer nothing\nhear IKE_AUTH with AUHT\nsay aut\nhear IKE_AUTH nothing\nsay auth, public 0x1\n",
    );
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn each_step_and_change_of_the_tables_is_known() {
    for row in STEPS {
        let text = first_word(row);
        let told = read(text, 0..text.len());
        let unknown = told.err().is_some_and(|problems| format!("{problems:?}").contains("unknown step"));
        assert!(!unknown, "{text}");
    }
    for row in CHANGES {
        for change in row.shape.split(", ") {
            let word = change.split(' ').next().unwrap();
            let known = ["say init", "ping"].iter().any(|step| {
                let text = format!("{step}, {word}");
                let told = read(&text, 0..text.len());
                !told.err().is_some_and(|problems| format!("{problems:?}").contains("unknown"))
            });
            assert!(known, "{word}");
        }
    }
}
