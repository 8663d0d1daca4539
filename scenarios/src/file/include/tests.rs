use std::fs;

use crate::file::load;

const NOUNS: &str = r#"# Two gateways.
[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"

[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"

[ike.site]
ends = ["west", "east"]
auth = { psk = "secret" }
"#;

const STORY: &str = r#"title = "Shared nouns"
include = "INCLUDED"
story = '''
0s  west: initiate net
    expect net up at west, east within 20s
'''

[child.net]
of = "site"
"#;

/// What is said of a file that includes these, and whether it is a scenario.
fn told(story: &str, nouns: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("nouns.toml"), nouns).unwrap();
    let file = folder.path().join("story.toml");
    fs::write(&file, story).unwrap();
    let place = format!("{}/", folder.path().display());
    load(&file).map(|_| ()).map_err(|error| error.to_string().replace(&place, ""))
}

fn including(files: &str) -> String {
    STORY.replace("\"INCLUDED\"", files)
}

#[test]
fn the_nouns_of_another_file_stand_behind_those_of_the_file() {
    assert_eq!(told(&including("\"nouns.toml\""), NOUNS), Ok(()));
    assert_eq!(told(&including("[\"nouns.toml\"]"), NOUNS), Ok(()));
}

#[test]
fn what_is_wrong_is_told_in_the_file_where_it_stands() {
    let wrong = NOUNS.replace("address = \"198", "addres = \"198");
    let error = told(&including("\"nouns.toml\""), &wrong).unwrap_err();
    assert!(error.starts_with("nouns.toml:7:1: unknown key `addres`"), "{error}");
    let error =
        told(&including("\"nouns.toml\"").replace("of = \"site\"", "of = \"sit\""), NOUNS).unwrap_err();
    assert!(error.starts_with("story.toml:9:6: "), "{error}");
    let twice = format!("{}\n[peer.west]\n", including("\"nouns.toml\""));
    let error = told(&twice, NOUNS).unwrap_err();
    assert!(error.starts_with("nouns.toml:2:"), "{error}");
}

#[test]
fn a_file_that_is_not_there_or_that_holds_more_than_nouns_is_refused() {
    let error = told(&including("\"noun.toml\""), NOUNS).unwrap_err();
    assert!(error.starts_with("story.toml:2:11: noun.toml: "), "{error}");
    let error = told(&including("\"nouns.toml\""), &format!("seeds = \"0..3\"\n{NOUNS}")).unwrap_err();
    assert_eq!(error, "story.toml:2:11: nouns.toml holds more than nouns");
}

#[test]
fn a_text_without_a_file_includes_nothing() {
    let error = crate::file::parse("text", &including("\"nouns.toml\"")).unwrap_err().to_string();
    assert!(error.starts_with("text:2:11: only a file"), "{error}");
}
