//! What came of each line of a story.

use reports::account::{LineFate, Told};
use reports::{StoryLine, Verdict};

use crate::file::Scenario;
use crate::run::CaseResult;
use crate::story::Sentence;

/// The lines in order. A line with several subjects is one line, and its fate the worst of theirs.
pub(super) fn told(scenario: &Scenario, result: &CaseResult) -> Vec<Told> {
    let broken = match &result.case.verdict {
        Verdict::Failed(failure) => failure.line.as_ref(),
        _ => None,
    };
    let mut lines: Vec<Told> = Vec::new();
    for (index, step) in scenario.story.steps.iter().enumerate() {
        let line = StoryLine { number: step.place.line, text: step.place.text.clone() };
        let held = result.held.iter().find(|(place, _)| *place == index).map(|(_, at)| *at);
        let fate = match &step.sentence {
            Sentence::Sometimes { .. } if result.met.contains(&index) => LineFate::Met,
            Sentence::Sometimes { .. } => LineFate::Unmet,
            _ if result.acted <= index => LineFate::Unreached,
            Sentence::Act(_) => LineFate::Done,
            Sentence::Expect(_) => match held {
                Some(at) => LineFate::Held { at_nanos: at.as_nanos() },
                None if broken == Some(&line) => LineFate::Broken,
                None => LineFate::Unreached,
            },
        };
        match lines.last_mut().filter(|last| last.line == line) {
            Some(last) => last.fate = worse(last.fate.clone(), fate),
            None => lines.push(Told { at_nanos: step.at.as_nanos(), line, fate }),
        }
    }
    lines
}

/// Of two subjects' fates that of the line: what is worse, and else what came last.
fn worse(one: LineFate, other: LineFate) -> LineFate {
    let rank = |fate: &LineFate| match fate {
        LineFate::Broken => (3, 0),
        LineFate::Unreached | LineFate::Unmet => (2, 0),
        LineFate::Held { at_nanos } => (1, *at_nanos),
        LineFate::Done | LineFate::Met => (0, 0),
    };
    if rank(&other) > rank(&one) { other } else { one }
}
