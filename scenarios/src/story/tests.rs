use std::fmt::Write;

use super::*;
use crate::diagnostic::Diagnostics;

fn names() -> Names {
    let mut names = Names::default();
    for peer in ["west", "east", "north"] {
        names.add(peer, Kind::Peer, &[]);
    }
    names.add("wan", Kind::Link, &["west", "east"]);
    names.add("home", Kind::Nat, &[]);
    names.add("edge", Kind::Firewall, &[]);
    names.add("site", Kind::Ike, &["west", "east"]);
    names.add("net", Kind::Child, &["west", "east"]);
    names.add("talk", Kind::Traffic, &[]);
    names.add("mallory", Kind::Tester, &[]);
    names.add_addresses("east", ["198.51.100.1", "198.51.100.2"].map(|own| own.parse().unwrap()).to_vec());
    names
}

fn read(text: &str) -> Result<Story, Diagnostics> {
    parse(text, 0..text.len(), &names()).map_err(|problems| Diagnostics::new("story", text, problems))
}

/// A word for each slot of a shape.
fn filled(shape: &str) -> String {
    let fill = |word: &str| {
        match word {
            "CHILD" => "net",
            "IKE" => "site",
            "TRAFFIC" => "talk",
            "PEER" | "GATEWAY" => "west",
            "PEERS" => "west, east",
            "REASON" => "no-proposal-chosen",
            "PROBE" => "ikev2.cookie.demanded",
            "TIME" => "20s",
            "START" => "1min",
            "END" => "90s",
            "SHARE" => "90%",
            "COUNT" => "3",
            "TESTER" => "mallory",
            "CLASS" => "3",
            "ADDRESS" => "203.0.113.9",
            "OTHER" => "192.0.2.1",
            "PLACE" => "198.51.100.2",
            "SA" => "net",
            "DROP" => "sa-replayed",
            "LIMIT" => "soft",
            "MEASURE" => "packets",
            "\"WORDS\"" => "\"not valid after\"",
            "\"SELECTORS\"" => "\"10.1.0.0/24 10.3.0.0/24[udp/53] === 2001:db8::/32 label:s0\"",
            "\"PROPOSAL\"" => "\"aes128gcm16-prfsha256-x25519-ke1_mlkem768\"",
            "\"ADDRESS\"" => "\"10.3.0.1\"",
            word => word,
        }
        .to_owned()
    };
    shape.replace(['[', ']'], "").split_whitespace().map(fill).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_fact_reads_and_writes_itself_again() {
    for row in &FACTS {
        for shape in [row.shape, row.shape.split(" [").next().unwrap()] {
            let text = format!("0s talk: start\nexpect {}", filled(shape));
            let story = read(&text).unwrap_or_else(|error| panic!("{}", error.render(false)));
            let written = story.steps[1].sentence.to_string();
            assert_eq!(written.replace("1min30s", "90s"), format!("expect {}", filled(shape)));
        }
    }
}

#[test]
fn every_verb_reads_and_writes_itself_again() {
    for row in &VERBS {
        let subject = match row.subject {
            Kind::Peer => "east",
            Kind::Link => "wan",
            Kind::Nat => "home",
            Kind::Firewall => "edge",
            Kind::Tester => "mallory",
            _ => "talk",
        };
        for arguments in [row.arguments, row.arguments.split('[').next().unwrap()] {
            let sentence = format!("{subject}: {} {}", row.name, filled(arguments)).trim_end().to_owned();
            let story = read(&format!("0s {sentence}\nexpect net up at west"))
                .unwrap_or_else(|e| panic!("{}", e.render(false)));
            assert_eq!(story.steps[0].sentence.to_string(), sentence);
        }
    }
}

#[test]
fn a_story_reads_as_steps_with_times_and_places() {
    let text = "\n\
        # a comment\n\
        0s       west: initiate net\r\n\
        \x20        expect net up at west, east within 20s   # soon\n\
        \x20        talk: start\n\
        1min     west, east: check site\n\
        \x20        sometimes ikev2.cookie.demanded at east\n\
        +50ms    wan: cut from east\n\
        \n\
        2min     wan: heal\n\
        \x20        expect talk loses nothing from 2min10s to 3min\n\
        \x20        expect nothing left at west, east within 30s\n";
    let story = read(text).unwrap();
    let mut shown = String::new();
    for step in &story.steps {
        let Place { line, column, text } = &step.place;
        let _ = writeln!(shown, "{:9} {line:2}:{column:<2} {} <- {text}", step.at.to_string(), step.sentence);
    }
    let _ = writeln!(shown, "ends at {}", story.end());
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_wrong_is_told_with_place_and_advice() {
    let stories = [
        ("empty", "  \n # nothing\n"),
        ("checks nothing", "0s west: initiate net"),
        ("no address of its own", "0s east: move to 198.51.100.3\nexpect net up at west"),
        ("no address", "0s east: gain wifi\nexpect net up at west"),
        ("no time", "west: initiate net\nexpect net up at west"),
        ("backwards", "5s expect net up at west\n4s expect no net at west"),
        ("relative to nothing", "+5s expect net up at west"),
        ("bad time", "5parsecs expect net up at west"),
        ("only a time", "5s   # nothing"),
        ("unknown verb", "0s west: initate net\nexpect net up at west"),
        ("verb without near word", "0s west: frobnicate net"),
        ("verb of another", "0s wan: initiate net"),
        ("a child does nothing", "0s net: initiate"),
        ("no verb", "0s west:"),
        ("no colon", "0s west initiate net"),
        ("no colon, misspelt", "0s expct net up at west"),
        ("unknown subject", "0s wset: initiate net"),
        ("unlike subjects", "0s west, wan: heal"),
        ("missing subject", "0s : heal"),
        ("dangling comma", "0s west,: initiate net"),
        ("no comma", "0s west east: initiate net"),
        ("argument of the wrong kind", "0s west: initiate site"),
        ("argument missing", "0s west: initiate"),
        ("too much", "0s west: initiate net now"),
        ("no part in it", "0s north: initiate net"),
        ("cut from a stranger", "0s wan: cut from north"),
        ("unknown fact", "0s expect nett up at west"),
        ("fact cut short", "0s expect net"),
        ("unknown peer in fact", "0s expect net up at west, eats within 5s"),
        ("no part in the fact", "0s expect site up at north"),
        ("bad duration", "0s expect net up at west within soon"),
        ("misspelt within", "0s expect net up at west withing 5s"),
        ("unknown reason", "0s expect failure authentication-faild at west"),
        ("reason far from all", "0s expect failure boredom at west"),
        ("no probe", "0s sometimes collision at west"),
        ("more than all", "0s expect talk delivers at least 130% from 1s to 2s"),
        ("empty span", "0s expect talk loses nothing from 2s to 2s"),
        ("idle traffic", "0s expect talk flows within 1s"),
        ("bad selectors", "0s expect selectors net at west are \"10.1.0.0/33 === 10.2.0.0/16\""),
        ("unquoted selectors", "0s expect selectors net at west are 10.1.0.0/16"),
        ("open quotation", "0s expect selectors net at west are \"10.1.0.0/16"),
        ("no retransmissions", "0s expect at least 0 retransmissions at west"),
    ];
    let mut shown = String::new();
    for (title, story) in stories {
        let error = read(story).expect_err(title);
        let _ = writeln!(shown, "# {title}\n{}", error.render(false));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn all_wrong_lines_are_told_at_once_and_wrong_times_do_not_spread() {
    let error = read(
        "5s wset: initiate net\n4s expect net up at west\nexpect nett up at west\n6s expect net up at west",
    )
    .unwrap_err();
    insta::assert_snapshot!(error, @r"
    story:1:4: nothing is called `wset`
    story:2:1: time goes backwards
    story:3:8: unexpected `nett`
    ");
}

#[test]
fn words_of_the_language_are_no_names() {
    for word in
        ["expect", "sometimes", "initiate", "cut", "from", "up", "at", "no", "within", "retransmissions"]
    {
        assert!(is_word(word), "{word}");
    }
    for word in ["west", "net", "CHILDREN", "site"] {
        assert!(!is_word(word), "{word}");
    }
}
