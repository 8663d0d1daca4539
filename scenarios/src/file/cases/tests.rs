use std::fmt::Write as _;

use super::*;
use crate::diagnostic::Source;
use crate::file;
use crate::file::read::parse_all;

const FILE: &str = r#"title = "± $cipher with $hash"
seeds = "0..1"
story = '''
0s   west: initiate net
     expect suite site at west is "$cipher-$hash-modp1024" within 5s
'''

[cases]
cipher = ["3des", "aes128"]     # the value of the last name changes first
hash = ["md5", "sha1"]

[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"

[peer.east]
address = "192.0.2.2"
protects = "10.2.0.0/16"

[ike.site]
ends = ["west", "east"]
version = 1
auth = { psk = "one" }
offer = ["$cipher-$hash-modp1024"]

[child.net]
of = "site"
"#;

fn cases(text: &str) -> Vec<String> {
    variants(text).unwrap().into_iter().filter_map(|variant| variant.case).collect()
}

/// What is wrong with the file, as it is shown.
fn wrong(text: &str) -> String {
    parse_all(&Source::new("cases.toml", text)).unwrap_err().render(false)
}

#[test]
fn each_combination_is_a_scenario_of_its_own() {
    assert_eq!(cases(FILE), ["3des,md5", "3des,sha1", "aes128,md5", "aes128,sha1"]);
    let all = variants(FILE).unwrap();
    let scenario = file::parse("last", &all[3].text).unwrap();
    assert_eq!(scenario.title, "± aes128 with sha1");
    assert_eq!(scenario.ikes[0].ends[0].offer[0].to_string(), "aes128-sha1-prfsha1-modp1024");
}

#[test]
fn a_file_without_cases_is_its_only_scenario_and_a_dollar_is_a_dollar() {
    let text = "title = \"$cipher\"\n[peer.west]\n";
    let all = variants(text).unwrap();
    assert_eq!((all.len(), all[0].case.clone(), all[0].text.as_str()), (1, None, text));
}

#[test]
fn several_tables_of_cases_stand_one_behind_the_other() {
    let text = "a = \"$one $two\"\n[[cases]]\none = [\"x\", \"y z\"]\ntwo = 1\n[[cases]]\none = \"w\"\ntwo = [2,\n 3]\n";
    assert_eq!(cases(text), ["x,1", "y-z,1", "w,2", "w,3"]);
    let lines = |variant: &Variant| variant.text.lines().count();
    assert!(variants(text).unwrap().iter().all(|variant| lines(variant) == 8));
}

#[test]
fn numbers_and_truth_values_stand_without_quotes_where_they_are_all_there_is() {
    let text = "a = \"$count\"\nb = \"$count times\"\n[cases]\ncount = [3]\n";
    assert!(variants(text).unwrap()[0].text.starts_with("a = 3\nb = \"3 times\"\n"));
}

#[test]
fn places_in_the_filled_text_are_places_in_the_file() {
    let variant = &variants(FILE).unwrap()[2];
    for word in
        ["± aes", "with", "title", "expect suite", "west is", "[peer.west]", "offer = ", "[child.net]"]
    {
        let (there, here) =
            (variant.text.find(word).unwrap(), FILE.find(&word.replace("aes", "$cipher")).unwrap());
        assert_eq!(variant.origin(there..there + 1).start, here, "{word}");
    }
    let value = variant.text.find("aes128-md5-modp1024\"]").unwrap();
    let name = FILE.rfind("$cipher").unwrap();
    assert_eq!(variant.origin(value..value + 6), name..name + 7);
    assert_eq!(variant.origin(value + 2..value + 4), name..name + 7, "within a value");
    assert_eq!(variant.origin(value..value + 10), name..name + 13, "a value and what follows it");
    assert_eq!(variant.origin(value..value + 19), name..FILE.rfind("\"]").unwrap());
}

#[test]
fn what_is_wrong_is_told_where_it_stands_in_the_file() {
    let hashes = "hash = [\"md5\", \"sha1\"]";
    let changes = [
        ("a name without values", "\"$cipher-$hash-modp1024\"]", "\"$cipher-$hasch-modp1024\"]"),
        ("an empty list", hashes, "hash = []"),
        ("a list of lists", hashes, "hash = [\"md5\", [\"sha1\"]]"),
        ("a value twice", hashes, "hash = [\"md5\", \"md5\"]"),
        ("a quotation mark", hashes, "hash = [\"md5\", \"\\\"\"]"),
        ("no name", hashes, "hash = [\"md5\", \"sha1\"]\nno-name = 1"),
        ("a name that stands nowhere", hashes, "hash = [\"md5\", \"sha1\"]\nidle = 1"),
        ("no TOML", hashes, "hash = [\"md5\" \"sha1\"]"),
        ("other names", hashes, "hash = \"md5\"\n[[cases]]\nhash = \"sha1\""),
        ("a mistake in one case", hashes, "hash = [\"md5\", \"sha3\"]"),
        ("a mistake in the story of one case", "\"3des\", ", "\"3des\", \"4des\", "),
        ("a mistake in all of them", "psk = \"one\"", "psk = 1"),
    ];
    let mut shown = String::new();
    for (title, from, to) in changes {
        let mut text = FILE.replace(from, to);
        assert_ne!(text, FILE, "{title}");
        if title == "other names" {
            text = text.replace("\n[cases]\n", "\n[[cases]]\n");
        }
        let _ = writeln!(shown, "# {title}\n{}", wrong(&text));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_scenario_is_named_by_its_case_and_no_other() {
    let names: Vec<String> =
        parse_all(&Source::new("m.toml", FILE)).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["m.toml#3des,md5", "m.toml#3des,sha1", "m.toml#aes128,md5", "m.toml#aes128,sha1"]);
    let error = file::parse("m.toml", FILE).unwrap_err().to_string();
    assert_eq!(error, "m.toml: there are 4 cases here");
    let error = parse_all(&Source::new("m.toml", "title = \"t\"\n[cases]\n")).unwrap_err().to_string();
    assert_eq!(error, "m.toml:2:1: there are no values here");
}
