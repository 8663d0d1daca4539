use std::fmt::Write;

use ipsec_net::Instant;
use proptest::prelude::*;

use super::read::parse_all;
use super::*;
use crate::diagnostic::{Diagnostics, Source};

/// A file that uses each noun and most keys.
const WHOLE: &str = include_str!("tests/whole.toml");

/// The least that is a scenario.
const LEAST: &str = r#"title = "Two gateways set up a tunnel"
story = '''
0s  west: initiate net
    expect net up at west, east within 20s
'''

[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"

[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"

[ike.site]
ends = ["west", "east"]
auth = { psk = "secret" }

[child.net]
of = "site"
"#;

fn read(text: &str) -> Result<Scenario, Diagnostics> {
    parse("first-tunnel.toml", text)
}

fn valid(text: &str) -> Scenario {
    read(text).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// The messages about the least file with one piece replaced, under a title each.
fn messages(changes: &[(&str, &str, &str)]) -> String {
    let mut shown = String::new();
    for (title, old, new) in changes {
        assert!(LEAST.contains(old), "{title}: {old}");
        let error = read(&LEAST.replacen(old, new, 1)).expect_err(title);
        let _ = writeln!(shown, "# {title}\n{}", error.render(false));
    }
    shown
}

#[test]
fn the_least_file_has_sensible_defaults() {
    insta::assert_debug_snapshot!(valid(LEAST));
}

#[test]
fn a_whole_file_reads_as_written() {
    insta::assert_debug_snapshot!(valid(WHOLE));
}

#[test]
fn broken_toml_is_told_with_its_place() {
    let shown = messages(&[
        ("no closing quote", "\"192.0.2.1\"", "\"192.0.2.1"),
        ("no value", "of = \"site\"", "of ="),
        ("the same table twice", "[peer.east]", "[peer.west]"),
        ("the same key twice", "address = \"192.0.2.1\"", "address = \"192.0.2.1\"\naddress = \"192.0.2.2\""),
        ("two mistakes", "ends = [\"west\", \"east\"]", "ends = [\"west\", \"east\"\nversion 2"),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn keys_and_types_are_told_with_the_nearest_known_word() {
    let shown = messages(&[
        ("unknown key", "address = \"192.0.2.1\"", "adress = \"192.0.2.1\""),
        ("unknown key far from all", "of = \"site\"", "of = \"site\"\ncolour = \"red\""),
        ("unknown table", "[peer.west]", "[pear.west]"),
        ("a noun without a name", "[ike.site]", "[ike]"),
        ("a noun that is a text", "[peer.west]", "peer = \"west\"\n[peers.west]"),
        ("wrong type", "address = \"192.0.2.1\"", "address = 5"),
        ("neither text nor list", "protects = \"10.1.0.0/16\"", "protects = 10"),
        ("a list with a number", "protects = \"10.1.0.0/16\"", "protects = [\"10.1.0.0/16\", 5]"),
        ("unknown way to prove", "psk =", "pks ="),
        ("unknown word", "protects = \"10.1.0.0/16\"", "cookies = \"allways\""),
        ("two at once", "address = \"192.0.2.1\"", "adress = \"192.0.2.1\"\nmtu = \"small\"\nthink = 5"),
        ("deep inside", "auth =", "at.west.offers = []\nretransmit = { frist = \"1s\" }\nauth ="),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn peers_and_links_are_checked() {
    let link = |keys: &str| format!("[link.wan]\njoins = [\"west\", \"east\"]\n{keys}\n\n[child.net]");
    let links = [
        "loss = \"130%\"",
        "loss = \"five\"",
        "delay = \"10ms ± 20ms\"",
        "delay = \"40\"",
        "mtu = 40",
        "spread = \"norml\"",
        "from.north.loss = \"1%\"",
    ]
    .map(link);
    let mut changes = vec![
        ("no address", "address = \"192.0.2.1\"\n", ""),
        ("bad address", "\"192.0.2.1\"", "\"192.0.2\""),
        ("clock off", "address = \"192.0.2.1\"\n", "address = \"192.0.2.1\"\nclock = { off = \"1.5s\" }\n"),
        (
            "clock drifts",
            "address = \"192.0.2.1\"\n",
            "address = \"192.0.2.1\"\nclock = { drift = \"60%\" }\n",
        ),
        ("address twice", "\"198.51.100.1\"", "\"192.0.2.1\""),
        (
            "address twice, once later",
            "address = \"192.0.2.1\"",
            "address = \"192.0.2.1\"\nelsewhere = \"198.51.100.1\"",
        ),
        ("no link", "\"192.0.2.1\"", "\"192.0.2.1 by wifi\""),
        (
            "link of others",
            "address = \"192.0.2.1\"",
            "address = \"192.0.2.1 by wan\"\n[peer.north]\naddress = \"192.0.2.9\"\n[peer.south]\naddress = \"192.0.2.8\"\n[link.wan]\njoins = [\"north\", \"south\"]\n[peer.more]\naddress = \"192.0.2.7\"",
        ),
        ("bad prefix", "\"10.1.0.0/16\"", "\"10.1.0.0/33\""),
        ("host bits", "\"10.1.0.0/16\"", "\"10.1.2.3/16\""),
        ("overlap", "\"10.2.0.0/16\"", "[\"10.9.0.0/16\", \"10.1.7.0/24\"]"),
        ("outer address inside", "\"10.2.0.0/16\"", "\"198.51.100.0/24\""),
        ("peer's MTU", "address = \"192.0.2.1\"", "mtu = 67\naddress = \"192.0.2.1\""),
        ("IPv6 MTU", "address = \"192.0.2.1\"", "mtu = 1279\naddress = \"2001:db8::1\""),
        ("bad name", "[peer.west]", "[peer.\"we st\"]"),
        ("name is a word", "[peer.west]", "[peer.up]"),
        ("name taken", "[ike.site]", "[ike.east]"),
        ("unknown peer in a link", "[child.net]", "[link.wan]\njoins = [\"wset\", \"east\"]\n\n[child.net]"),
        ("joins nothing", "[child.net]", "[link.wan]\n\n[child.net]"),
        ("joins one", "[child.net]", "[link.wan]\njoins = [\"west\"]\n\n[child.net]"),
        ("joins itself", "[child.net]", "[link.wan]\njoins = [\"west\", \"west\"]\n\n[child.net]"),
        (
            "two links",
            "[child.net]",
            "[link.a]\njoins = [\"west\", \"east\"]\n[link.b]\njoins = [\"east\", \"west\"]\n\n[child.net]",
        ),
    ];
    changes.extend(links.iter().map(|link| ("link", "[child.net]", link.as_str())));
    let shown = messages(&changes);
    insta::assert_snapshot!(shown);
}

#[test]
fn ike_children_and_traffic_are_checked() {
    let traffic = |keys: &str| format!("[traffic.talk]\n{keys}\n\n[child.net]");
    let traffics = [
        "",
        "between = [\"10.1.0.1\"]",
        "between = [\"10.1.0.1\", \"10.3.0.1\"]",
        "between = [\"10.1.0.1\", \"10.1.0.2\"]",
        "between = [\"10.1.0.1\", \"10.2.0.1\"]\nrate = \"often\"",
        "between = [\"10.1.0.1\", \"10.2.0.1\"]\nsize = 5",
        "between = [\"10.1.0.1\", \"10.2.0.1\"]\nsize = \"1400..64\"",
        "between = [\"10.1.0.1\", \"10.2.0.1\"]\nkind = \"upd\"",
    ]
    .map(traffic);
    let mut changes = vec![
        ("ends missing", "ends = [\"west\", \"east\"]\n", ""),
        ("unknown end", "ends = [\"west\", \"east\"]", "ends = [\"west\", \"esat\"]"),
        ("a child as end", "ends = [\"west\", \"east\"]", "ends = [\"west\", \"net\"]"),
        ("version", "auth =", "version = 3\nauth ="),
        ("no auth", "auth = { psk = \"secret\" }\n", ""),
        ("empty key", "\"secret\"", "\"\""),
        ("unknown algorithm", "auth =", "offer = [\"aes256gmc16-prfsha384-ecp384\"]\nauth ="),
        ("no group", "auth =", "offer = [\"aes128gcm16-prfsha256\"]\nauth ="),
        ("no prf", "auth =", "offer = [\"aes128gcm16-x25519\"]\nauth ="),
        ("empty offer", "auth =", "offer = []\nauth ="),
        ("liveness", "auth =", "liveness = \"0s\"\nauth ="),
        ("selector notices", "auth =", "selector-notices = \"seldom\"\nauth ="),
        ("retransmission", "auth =", "retransmit = { first = \"0s\", factor = 0.5, tries = 0 }\nauth ="),
        ("no such end", "auth =", "at.north.liveness = \"5s\"\nauth ="),
        ("IP versions", "\"192.0.2.1\"", "\"2001:db8::1\""),
        ("child of nothing", "of = \"site\"", ""),
        ("child of an unknown", "of = \"site\"", "of = \"sites\""),
        ("child of a peer", "of = \"site\"", "of = \"west\""),
        ("child with prf", "of = \"site\"", "of = \"site\"\noffer = [\"aes128gcm16-prfsha256\"]"),
        ("mode", "of = \"site\"", "of = \"site\"\nmode = \"beet\""),
        ("rekey", "of = \"site\"", "of = \"site\"\nrekey = \"1h\""),
        ("replay", "of = \"site\"", "of = \"site\"\nreplay = 16"),
        ("nothing to protect", "protects = \"10.1.0.0/16\"\n", ""),
        ("nothing in common", "\"10.1.0.0/16\"", "\"2001:db8:1::/48\""),
    ];
    changes.extend(traffics.iter().map(|traffic| ("traffic", "[child.net]", traffic.as_str())));
    let shown = messages(&changes);
    insta::assert_snapshot!(shown);
}

#[test]
fn the_life_of_ike_sas_is_checked() {
    let at = |key: &'static str, value: &str| format!("\n[ike.site.at.{key}]\n{value}\n\n[child.net]");
    let west = |value: &str| at("west", value);
    let changes = [
        ("An unknown policy", west("unique = \"replaced\"")),
        ("A term that is no whole number of seconds", west("authentication-lifetime = \"1500ms\"")),
        ("A term of nothing", west("authentication-lifetime = \"0s\"")),
        ("A redirect to nowhere", west("redirect = { during = \"auth\" }")),
        ("A redirect to somebody unknown", west("redirect = { to = \"north\" }")),
        ("A redirect at an unknown time", west("redirect = { to = \"east\", during = \"child\" }")),
        ("Something to do that is not done", west("on-loss = \"retry\"")),
    ];
    let changes: Vec<(&str, &str, &str)> =
        changes.iter().map(|(title, new)| (*title, "\n[child.net]", new.as_str())).collect();
    let mut shown = messages(&changes);
    shown += &messages(&[
        ("No attempt at all", "of = \"site\"", "of = \"site\"\nattempts = 0"),
        ("A start that both ends make", "of = \"site\"", "of = \"site\"\nstart = true"),
        (
            "Tickets for fractions of a second",
            "[peer.east]",
            "[peer.east]\ntickets = { lifetime = \"100ms\" }",
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn what_version_1_cannot_say_is_told() {
    let older = "version = 1\noffer = [\"aes128-sha1-modp1024\"]\nauth =";
    assert!(valid(&LEAST.replacen("auth =", older, 1)).ikes[0].ends.iter().all(|end| end.older.is_some()));
    insta::assert_snapshot!(messages(&[
        ("a mode of version 2", "auth =", "mode = \"aggressive\"\nauth ="),
        ("an unknown mode", "auth =", "version = 1\nmode = \"base\"\nauth ="),
        (
            "a combined-mode cipher",
            "auth =",
            "version = 1\noffer = [\"aes128gcm16-prfsha256-modp2048\"]\nauth ="
        ),
        ("a new group", "auth =", "version = 1\noffer = [\"aes128-sha256-x25519\"]\nauth ="),
        ("a window", "auth =", "version = 1\nwindow = 4\nauth ="),
        ("forms of NAT traversal in version 2", "auth =", "nat = { forms = [\"draft-03\"] }\nauth ="),
        ("no form", "auth =", "version = 1\nnat = { forms = [] }\nauth ="),
        ("an unknown form", "auth =", "version = 1\nnat = { forms = [\"draft-01\"] }\nauth ="),
        ("XAUTH in version 2", "auth =", "xauth = { user = \"alice\", password = \"x\" }\nauth ="),
        ("XAUTH of nobody", "auth =", "version = 1\nxauth = { user = \"alice\" }\nauth ="),
        (
            "XAUTH of a stranger",
            "auth =",
            "version = 1\nxauth = { client = \"north\", user = \"alice\", password = \"x\" }\nauth ="
        ),
        ("fragments of several sizes", "auth =", "version = 1\nfragments = [1280, 576]\nauth ="),
        ("a push in version 2", "auth =", "push = true\nauth ="),
        ("an unknown method", "auth =", "version = 1\nmethods = [\"rsa-signature\"]\nauth ="),
        ("methods with a shared key", "auth =", "version = 1\nmethods = [\"rsa-signatures\"]\nauth ="),
        ("methods of version 2", "auth =", "methods = [\"rsa-signatures\"]\nauth ="),
        ("a certificate that nobody has", "auth =", "version = 1\nat.west.knows = \"east\"\nauth ="),
        ("unequal proofs", "auth =", "version = 1\nat.west.auth = { null = true }\nauth ="),
    ]));
}

#[test]
fn settings_of_version_2_mean_nothing_in_version_1() {
    let told = |from: &str, to: &str| read(&LEAST.replacen(from, to, 1)).unwrap_err().to_string();
    let mobility = told("auth =", "version = 1\noffer = [\"aes128-sha1-modp1024\"]\nmobike = true\nauth =");
    assert!(
        mobility.contains("`mobike` has no meaning in version 1 of IKE, which `west` speaks"),
        "{mobility}"
    );
    let older = "[ike.site.at.west]\nversion = 1\noffer = [\"aes128-sha1-modp1024\"]\n";
    let padding = told("[child.net]", &format!("{older}[child.net]\npadding = \"refused\""));
    assert!(
        padding.contains("`padding` has no meaning in version 1 of IKE, which `west` speaks"),
        "{padding}"
    );
}

#[test]
fn proofs_and_certificates_are_checked() {
    let auth = "auth = { psk = \"secret\" }";
    let ways = [
        "auth = { certificate = \"west\" }",
        "auth = { eap = { user = \"alice\" } }",
        "auth = { eap = { user = \"alice\", password = \"x\", methods = [\"mschap\"] } }",
        "auth = { raw-key = \"ecdsa-p255\" }",
        "auth = { null = false }",
        "auth = { psk = \"0x123\" }",
        "auth = { psk = \"secret\" }\nhashes = [\"sha2\"]",
        "auth = { psk = \"secret\" }\nat.west.accept = { certificate = { authorities = [\"root\"] } }",
        "auth = { psk = \"secret\" }\nat.west.accept = { certificate = { responders = [\"status\"] } }",
        "auth = { psk = \"secret\" }\nat.west.accept = { raw-key = \"north\" }",
        "auth = { psk = \"secret\" }\nat.west.accept = { eap-only = false }",
        "auth = { psk = \"secret\" }\nat.west.further = [{ auth = { eap-only = true } }]",
        "auth = { psk = \"secret\" }\nat.west.further = [{ psk = \"another\" }]",
        "auth = { psk = \"secret\" }\nat.west.accept-further = [{ accept = { psk = \"\" } }]",
        "auth = { psk = \"secret\" }\nat.west.expects = \"10.1.2.3/16\"",
    ];
    let tables = [
        "[certificate.west]",
        "[authority.root]\n[authority.other]\n[certificate.west]",
        "[authority.root]\n[certificate.west]\nissuer = \"toor\"",
        "[authority.site]\nissuer = \"root\"\n[authority.root]",
        "[authority.root]\nkey = \"rsa-1024\"",
        "[authority.root]\nsubject = \"root\"",
        "[authority.root]\npath-length = 256",
        "[authority.root]\nlist = \"never\"",
        "[authority.root]\nfrom = \"2h\"\nuntil = \"1h\"",
        "[authority.root]\nuntil = \"10ms\"",
        "[authority.root]\n[certificate.west]\nusage = \"signing\"",
        "[authority.root]\n[certificate.west]\nocsp = { says = \"fine\" }",
        "[authority.root]\n[certificate.west]\nocsp = { responder = \"wset\", until = \"10ms\" }",
    ]
    .map(|table| format!("{table}\n\n[child.net]"));
    let mut changes: Vec<(&str, &str, &str)> = ways.iter().map(|way| ("proof", auth, *way)).collect();
    changes.extend(tables.iter().map(|table| ("table", "[child.net]", table.as_str())));
    insta::assert_snapshot!(messages(&changes));
}

#[test]
fn fragments_windows_and_testers_are_checked() {
    let testers = [
        "",
        "ike = \"site\"",
        "ike = \"sites\"\nposes = \"west\"\nattack = \"noise\"",
        "ike = \"site\"\nposes = \"north\"\nattack = \"noise\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"noice\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"noise\"\nstage = \"everywhere\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"noise\"\ncount = 0\nevery = \"0s\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"addresses\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"addresses\"\nvictim = \"north\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"signatures\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"certificates\"\nstage = \"answering\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"eap\"\nstage = \"half-open\"",
        "ike = \"site\"\nposes = \"west\"\nattack = \"noise\"\nstage = \"answering\"",
    ]
    .map(|keys| format!("[tester.mallory]\n{keys}\n\n[child.net]"));
    let mut changes = vec![
        ("sizes that grow", "auth =", "fragments = [576, 1280]\nauth ="),
        ("a size too small", "auth =", "fragments = [1280, 100]\nauth ="),
        ("a window of nothing", "auth =", "window = 0\nauth ="),
        ("an end's window", "auth =", "at.west.window = 1000\nauth ="),
        ("where nobody moves to", "auth =", "roams = \"192.0.2.0/24\"\nauth ="),
        ("no time for a check", "auth =", "mobike = true\nroutability = \"sometimes\"\nauth ="),
        ("no such counters", "auth =", "synchronises = \"counters\"\nauth ="),
        ("a limit of nothing", "address = \"192.0.2.1\"", "half-open-limit = 0\naddress = \"192.0.2.1\""),
    ];
    changes.extend(testers.iter().map(|tester| ("tester", "[child.net]", tester.as_str())));
    insta::assert_snapshot!(messages(&changes));
}

#[test]
fn the_top_of_the_file_and_its_story_are_checked() {
    let shown = messages(&[
        ("no title", "title = \"Two gateways set up a tunnel\"\n", ""),
        ("empty title", "\"Two gateways set up a tunnel\"", "\" \""),
        ("bad clause", "story =", "covers = [\"rfc7296#2.8\", \"rfc7296 2.8\"]\nstory ="),
        ("no seeds", "story =", "seeds = \"5..5\"\nstory ="),
        ("early limit", "story =", "limit = \"10s\"\nstory ="),
        ("no story", "story =", "stroy ="),
        ("wrong line", "0s  west: initiate net", "0s  west: inititate net"),
        ("checks nothing", "    expect net up at west, east within 20s\n", ""),
        ("empty", "0s  west: initiate net\n    expect net up at west, east within 20s\n", ""),
    ]);
    insta::assert_snapshot!(shown);
    insta::assert_snapshot!("no_story_at_all", read("title = \"x\"").unwrap_err().render(false));
}

#[test]
fn problems_of_all_kinds_are_told_together_in_the_order_of_the_file() {
    let text = LEAST
        .replace("initiate net", "initiate nett")
        .replace("\"10.1.0.0/16\"", "\"10.1.0.0/99\"")
        .replace("auth =", "liveness = \"often\"\nauth =");
    insta::assert_snapshot!(read(&text).unwrap_err(), @r#"
    first-tunnel.toml:3:20: unexpected `nett`
    first-tunnel.toml:9:12: a prefix length of 99 is more than the address's 32 bits
    first-tunnel.toml:17:12: "often" is no time to wait for a sign of life: write "off" or a duration such as "30s"
    "#);
}

#[test]
fn a_story_stands_where_it_stands_whatever_its_quotes() {
    let line = "0s expect net up at west";
    let shapes = [
        (format!("'{line}'"), (2, 13)),
        (format!("\"{line}\""), (2, 13)),
        (format!("'''{line}'''"), (2, 15)),
        (format!("'''\n{line}'''"), (3, 4)),
        (format!("\"\"\"\r\n{line}\r\n\"\"\""), (3, 4)),
    ];
    let (before, rest) = LEAST.split_once("story = ").unwrap();
    let after = rest.split_once("'''\n\n").unwrap().1;
    for (story, place) in shapes {
        let scenario = valid(&format!("{before}story = {story}\n\n{after}"));
        let found = &scenario.story.steps[0].place;
        assert_eq!((found.line, found.column), place, "{story}");
        assert_eq!(found.text, "expect net up at west");
    }
    let error = read(&format!("{before}story = \"0s expect net up\\u0020at west\"\n\n{after}")).unwrap_err();
    insta::assert_snapshot!(error, @"first-tunnel.toml:2:26: a story has no escape sequences");
}

#[test]
fn the_limit_follows_the_story() {
    assert_eq!(valid(LEAST).limit, Instant::from_nanos(80_000_000_000));
    let told = LEAST.replace("story =", "limit = \"20s\"\nstory =");
    assert_eq!(valid(&told).limit, Instant::from_nanos(20_000_000_000));
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let error = load(std::path::Path::new("no/such.toml")).unwrap_err();
    assert!(error.to_string().starts_with("no/such.toml: "), "{error}");
}

/// What happens to a piece of a file.
fn mutated() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just(String::new()),
        "[ -~±\n]{0,8}",
        "[0-9.:/%]{1,12}",
        Just("'''".to_owned()),
        Just("west".to_owned()),
        Just("18446744073709551615".to_owned()),
    ];
    let edit = (any::<prop::sample::Index>(), 0usize..12, word);
    prop::collection::vec(edit, 1..5).prop_map(|edits| {
        let mut text: Vec<char> = WHOLE.chars().collect();
        for (at, len, word) in edits {
            let at = at.index(text.len());
            let end = (at + len).min(text.len());
            text.splice(at..end, word.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn a_mutated_file_is_read_or_refused_in_words(text in mutated()) {
        if let Err(error) = read(&text) {
            prop_assert!(!error.to_string().is_empty());
            prop_assert!(!error.render(false).is_empty());
        }
    }

    #[test]
    fn any_text_is_read_or_refused_in_words(text in any::<String>()) {
        prop_assert!(read(&text).is_err());
    }
}

#[test]
fn a_known_failure_is_of_an_implementation_or_of_one_case_with_it() {
    let with = |known: &str| format!("known-failure{known}\n{LEAST}");
    assert_eq!(valid(&with(" = \"why\"")).known_failure("ours"), Some("why"));
    let other = valid(&with(".strongswan = \"why\""));
    assert_eq!((other.known_failure("strongswan"), other.known_failure("ours")), (Some("why"), None));
    let cases = format!(
        "known-failure.other.two = \"why\"\n{}\n[cases]\ncase = [\"one\", \"two\"]\n",
        LEAST.replacen("title = \"", "title = \"$case ", 1)
    );
    let all = parse_all(&Source::new("test", &cases)).unwrap();
    let known: Vec<Option<&str>> = all.iter().map(|(_, scenario)| scenario.known_failure("other")).collect();
    assert_eq!(known, [None, Some("why")]);
    let wrong = [
        with(" = \" \""),
        with(".strongswan.a.b = \"why\""),
        with(" = 3"),
        with(".other.two = \"why\""),
        cases.replace("other.two", "other.twoo"),
    ];
    let told = wrong.map(|text| parse_all(&Source::new("test", &text)).unwrap_err().render(false));
    insta::assert_snapshot!(told.join("\n"));
}
