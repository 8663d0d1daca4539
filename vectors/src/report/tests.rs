use super::*;

fn row(source: &str, provider: &str, cases: [usize; 6]) -> Row {
    let [cases, passed, negative, refused, altered, altered_refused] = cases;
    Row {
        source: source.to_owned(),
        published: source != "own",
        algorithm: "AES-GCM-16".to_owned(),
        provider: provider.to_owned(),
        cases,
        passed,
        negative,
        refused,
        altered,
        altered_refused,
    }
}

fn report() -> Report {
    Report {
        rows: vec![
            row("nist", "portable", [300, 299, 20, 20, 0, 0]),
            row("nist", "fast", [300, 300, 20, 20, 0, 0]),
            row("rfc", "portable", [2, 2, 0, 0, 2, 2]),
            row("own", "portable", [10, 10, 0, 0, 5, 5]),
        ],
        not_replayed: vec![NotReplayed {
            source: "nist".to_owned(),
            what: "tags of other lengths".to_owned(),
            cases: 40,
            reason: "no such tags".to_owned(),
        }],
        failures: vec![Failure {
            source: "nist".to_owned(),
            provider: "portable".to_owned(),
            case: "17".to_owned(),
            field: "tag".to_owned(),
            expected: "0011".to_owned(),
            got: "0012".to_owned(),
            differs_at: 1,
        }],
    }
}

#[test]
fn different_cases_are_counted_once_and_replays_each_time() {
    let report = report();
    assert!(!report.passed());
    let expected = Totals {
        published: 302,
        published_negative: 20,
        replays: 642,
        came_out: 641,
        own: 10,
        own_came_out: 10,
        altered: 7,
        altered_refused: 7,
        not_replayed: 40,
    };
    assert_eq!(report.totals(), expected);
}

#[test]
fn a_report_is_a_table_with_reasons_failures_and_sums() {
    let expected = "\
source  algorithm   provider  cases  passed  negative  refused  altered  refused
nist    AES-GCM-16  portable    300     299        20       20
nist    AES-GCM-16  fast        300     300        20       20
rfc     AES-GCM-16  portable      2       2                           2        2
own     AES-GCM-16  portable     10      10                           5        5

source  what                   not replayed  why
nist    tags of other lengths            40  no such tags

nist case 17, tag (portable): octet 1 differs
  expected 0011
  got      0012

322 published cases, of which 20 have to be refused: 641 of 642 replays came out as published; 10 of 10 of Esplanade's own did; \
7 of 7 altered cases were refused; 40 published cases are not replayed, for the reasons above";
    assert_eq!(report().to_string(), expected);
}
