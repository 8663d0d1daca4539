use std::sync::Arc;

use ipsec::crypto::Provider;
use ipsec::ikev2::Stage;
use reports::Verdict;

use crate::file::parse;
use crate::run::{CaseResult, Options, run_case};

/// A scenario whose tester plays this script.
fn scenario(script: &str) -> String {
    format!(
        r#"title = "x"
story = '''
0s mallory: begin
   expect mallory done within 5s
'''
[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"
[peer.east]
address = "192.0.2.2"
protects = "10.2.0.0/16"
[link.near]
joins = ["west", "mallory"]
[link.far]
joins = ["mallory", "east"]
[ike.site]
ends = ["west", "east"]
auth = {{ psk = "secret" }}
[child.net]
of = "site"
[traffic.talk]
between = ["10.1.0.10", "10.2.0.10"]
[tester.mallory]
ike = "site"
poses = "west"
{script}
"#
    )
}

fn run(script: &str) -> CaseResult {
    let scenario = parse("test", &scenario(&format!("script = '''\n{script}\n'''"))).unwrap();
    run_case(&Arc::new(scenario), 0, Options::new(Provider::best(), "test"))
}

/// What was expected and what happened instead.
fn failure(script: &str) -> [String; 2] {
    match run(script).case.verdict {
        Verdict::Failed(failure) => [failure.expected, failure.happened],
        other => panic!("{other:?}"),
    }
}

fn problems(script: &str) -> String {
    parse("test", &scenario(script)).unwrap_err().render(false)
}

#[test]
fn a_conversation_in_good_order_comes_to_its_end_and_leaves_nothing() {
    let result =
        run("establish; ping; hear pong; alive; say rekey-ike\nhear CREATE_CHILD_SA with only SA Nonce KE");
    assert_eq!(result.case.verdict, Verdict::Passed);
    assert!(result.case.warnings.is_empty());
    let (_, east) = &result.states[1];
    assert!(east.ike.iter().all(|sa| sa.stage == Stage::Closed) && east.sas.is_empty());
}

#[test]
fn what_is_heard_instead_is_told_with_the_line() {
    insta::assert_debug_snapshot!([
        failure("key; say auth, selectors r 172.16.0.0/12; hear IKE_AUTH with SA"),
        failure("say init\n\nhear nothing"),
        failure("establish; say informational, wrong-icv; hear INFORMATIONAL within 200ms"),
        failure("say init; hear IKE_SA_INIT with only SA KE Nonce"),
        failure("answer"),
        failure("wait 10s"),
    ]);
}

#[test]
fn what_only_should_be_heard_is_a_warning_and_what_may_be_is_none() {
    let should = run("key; should hear IKE_AUTH within 200ms");
    assert_eq!(should.case.verdict, Verdict::Passed);
    let warnings: Vec<&String> = should.case.warnings.iter().collect();
    assert_eq!(warnings, ["line 27: should hear IKE_AUTH within 200ms: it hears nothing"]);
    let may = run("key; may hear IKE_AUTH within 200ms");
    assert_eq!((may.case.verdict, may.case.warnings.len()), (Verdict::Passed, 0));
}

#[test]
fn what_is_wrong_in_a_script_is_told_where_it_stands() {
    let several = "script = '''\nsay init, groop 14\nheer nothing\n'''\ncount = 3";
    insta::assert_snapshot!(
        [
            problems(several),
            problems(""),
            problems("attack = \"noise\"\nscript = '''\nkey\n'''"),
            problems("script = '''\n# nothing\n'''"),
        ]
        .join("\n")
    );
}
