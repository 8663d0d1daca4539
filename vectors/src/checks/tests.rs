use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use ipsec_crypto::{FAST, PORTABLE};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde_json::{Value, json};

use crate::source::{Data, Source};
use crate::{SOURCES, replay, replay_those, rsp};

/// Those that together take ten times as long as all others. `esplanade vectors` replays them, too.
const SLOW: [&str; 10] = [
    "nist-dsa",
    "nist-ecdh",
    "nist-ecdsa-generate",
    "nist-ecdsa-verify",
    "wycheproof-dsa",
    "wycheproof-ecdh",
    "wycheproof-ecdsa",
    "wycheproof-rsa-decryption",
    "wycheproof-rsa-pkcs1",
    "wycheproof-xdh",
];

#[test]
fn all_but_the_slow_sources_come_out_as_published_with_each_provider() {
    let report = replay_those(|source| !SLOW.contains(&source.name), &[&PORTABLE, &FAST]);
    assert!(report.passed(), "{report}");
    let totals = report.totals();
    assert_eq!(totals.replays, totals.came_out);
    assert_eq!(totals.altered, totals.altered_refused);
    assert!(report.rows.iter().any(|row| row.source == "rfc5903" && row.provider == "fast"));
    // The order is that of the sources, whichever is done first.
    let names: Vec<&str> = SOURCES.iter().map(|source| source.name).collect();
    let places = report.rows.iter().map(|row| names.iter().position(|name| *name == row.source));
    assert!(places.is_sorted());
}

#[test]
fn over_30_000_cases_are_published_for_what_there_is_and_the_readme_says_how_many() {
    let published = SOURCES.iter().filter(|source| !source.name.starts_with("own-"));
    let cases: usize = published.map(|source| source.cases).sum();
    assert!(cases > 30_000);
    let said = format!("{},{:03} published cases", cases / 1000, cases % 1000);
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    assert!(readme.contains(&said), "{said}");
}

#[test]
fn what_both_providers_do_alike_is_replayed_once() {
    let report = replay(Some("rfc5114"), &[&PORTABLE, &FAST]);
    let by = |provider: &str| {
        let rows = report.rows.iter().filter(move |row| row.provider == provider);
        rows.map(|row| row.algorithm.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(by("fast"), ["ECP-256", "ECP-384"]);
    assert_eq!(by("portable").len(), 8);
    assert_eq!((report.totals().published, report.totals().replays), (8, 10));
    let alone = replay(Some("rfc5114"), &[&FAST]);
    assert_eq!((alone.totals().published, alone.totals().replays), (8, 8));
}

#[test]
fn a_filter_that_fits_nothing_does_not_pass() {
    let report = replay(Some("no such source"), &[&PORTABLE]);
    assert!(!report.passed() && report.rows.is_empty());
}

#[test]
fn a_missing_case_is_noticed() {
    let mut one_more = *find("rfc8031");
    one_more.cases += 1;
    let report = one_more.replay(&PORTABLE, false);
    assert_eq!(report.failures[0].field, "1 cases where 2 were published");
}

#[test]
fn any_other_octet_in_any_file_is_noticed_before_its_cases_are_looked_at() {
    let files = SOURCES.iter().filter(|source| !source.file_octets().is_empty());
    for source in files {
        let octets = source.file_octets();
        for place in [0, octets.len() / 2, octets.len() - 1] {
            let mut changed = octets.to_vec();
            changed[place] ^= 1;
            let report = source.replay_file(&changed, &PORTABLE, false);
            assert!(!report.passed() && report.rows.is_empty(), "{} {place}", source.name);
            assert_eq!(report.failures[0].field, "SHA-256: it is not what was published");
            let Data::File { sha256, .. } = source.data else { continue };
            assert!(report.to_string().contains(&format!("expected {sha256}\n  got      ")), "{report}");
        }
    }
}

fn find(name: &str) -> &'static Source {
    SOURCES.iter().find(|source| source.name == name).unwrap()
}

/// Which value of a file is changed.
enum Changed<'a> {
    /// The last before the last place of this text.
    Before(&'a str),
    /// The first behind this text that stands right behind the other one.
    Behind(&'a str, &'a str),
}
use Changed::{Before, Behind};

/// A value that is compared. In most files the last one is.
fn compared(source: &str) -> Changed<'static> {
    match source {
        // Behind these come values that no check compares.
        "rfc2759" => Before("\"des_key_example\""),
        "rfc4868" => Before("\"key_as_printed\""),
        "rfc5903" => Before("\"giry\""),
        "rfc5114" | "rfc6932" | "rfc6954" => Before("\"y_Z\""),
        // These end with cases that are wrong, or that are not replayed.
        "nist-ecdsa-verify" | "nist-rsa-verify" | "nist-dsa" => Before("Result = P"),
        "nist-gcm-decrypt-128" | "nist-gcm-decrypt-192" | "nist-gcm-decrypt-256" => Behind("", "\nPT = "),
        "nist-ccm" => Behind("[Nlen = 11]", "\nCT = "),
        "nist-ecdh" => Behind("", "\nZ = "),
        "nist-points" => Behind("Point not on curve)\n\nQx = f77c2e", "\nQx = "),
        _ => Before(""),
    }
}

/// A copy of a file in which one digit of that value is another.
fn changed(data: &[u8], value: &Changed<'_>, until: &str) -> Vec<u8> {
    let unzipped = rsp::unzipped(data);
    let zipped = unzipped.is_ok();
    let mut text = unzipped.unwrap_or_else(|_| String::from_utf8(data.to_vec()).unwrap()).into_bytes();
    let find = |text: &[u8], what: &str, from: usize| {
        let found = text[from..].windows(what.len().max(1)).position(|window| window == what.as_bytes());
        from + found.unwrap_or(0) + what.len()
    };
    if !until.is_empty() {
        text.truncate(find(&text, until, 0) - until.len());
    }
    // A run of 14 hexadecimal digits or more is a value; or else the last digit is changed.
    let is_digit = |octet: &u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(octet);
    let is_value = |text: &[u8], at: usize| text[at - 14..at].iter().all(is_digit);
    let digit = match value {
        Before(end) => {
            let limit = text.windows(end.len().max(1)).rposition(|window| window == end.as_bytes());
            let limit = limit.unwrap_or(text.len());
            let last_digit = || text.iter().rposition(u8::is_ascii_hexdigit).unwrap();
            (14..=limit).rev().find(|end| is_value(&text, *end)).map_or_else(last_digit, |end| end - 1)
        }
        Behind(start, name) => {
            let mut at = find(&text, start, 0);
            while !is_value(&text, at + 14) || !text[..at].ends_with(name.as_bytes()) {
                at = find(&text, name, at);
            }
            at
        }
    };
    text[digit] = if text[digit] == b'0' { b'1' } else { b'0' };
    if !zipped {
        return text;
    }
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(&text).unwrap();
    out.finish().unwrap()
}

#[test]
fn one_changed_digit_in_any_file_is_noticed() {
    let files: Vec<&Source> = SOURCES.iter().filter(|source| !source.file_octets().is_empty()).collect();
    files.par_iter().for_each(|source| {
        // Of these the start is enough.
        let until = match source.name {
            "nist-dsa" => "[mod = L=1024, N=160, SHA-224]",
            "nist-rsa-pss" => "SHAAlg = SHA224",
            _ => "",
        };
        let data = changed(source.file_octets(), &compared(source.name), until);
        let report = source.replay_any(&data, &PORTABLE);
        // It is a value that differs, not a file that cannot be read.
        assert!(report.failures.iter().any(|failure| !failure.expected.is_empty()), "{}", source.name);
    });
}

/// A set with nothing but one valid case.
fn alone(json: &str) -> Option<Value> {
    let mut set: Value = serde_json::from_str(json).unwrap();
    let is_valid = |test: &Value| test["result"] == "valid";
    let groups = set["testGroups"].as_array()?;
    let mut group =
        groups.iter().find(|group| group["tests"].as_array().unwrap().iter().any(is_valid))?.clone();
    let test = group["tests"].as_array()?.iter().find(|test| is_valid(test))?.clone();
    group["tests"] = json!([test]);
    set["testGroups"] = json!([group]);
    set["numberOfTests"] = json!(1);
    Some(set)
}

#[test]
fn one_changed_digit_in_a_set_of_any_family_is_noticed() {
    for (name, set, field) in [
        ("wycheproof-aead", "AesGcm", "tag"),
        ("wycheproof-cbc", "AesCbcPkcs5", "ct"),
        ("wycheproof-mac", "HmacSha1", "tag"),
        ("wycheproof-gmac", "Gmac", "tag"),
        ("wycheproof-ecdh", "EcdhSecp256r1Ecpoint", "shared"),
        ("wycheproof-xdh", "X25519", "shared"),
        ("wycheproof-mlkem", "MlKem512Encaps", "c"),
        ("wycheproof-ecdsa", "EcdsaSecp256r1Sha256P1363", "sig"),
        ("wycheproof-eddsa", "Ed25519", "sig"),
        ("wycheproof-dsa", "Dsa2048_256Sha256", "sig"),
        ("wycheproof-rsa-pkcs1", "Rsa2048Sha256", "sig"),
        ("wycheproof-rsa-pss", "RsaPss2048Sha256Mgf1SaltLen32", "sig"),
        ("wycheproof-rsa-decryption", "Rsa2048", "ct"),
    ] {
        let source = find(name);
        let Data::Sets(sets) = source.data else { panic!("{name} has no sets") };
        let set = sets().into_iter().find(|found| found.name == set).unwrap();
        let mut alone = alone(set.json).unwrap();
        let right = source.replay_any(alone.to_string().as_bytes(), &PORTABLE);
        assert!(right.passed() && right.totals().replays == 1, "{name}: {right}");
        let value = &mut alone["testGroups"][0]["tests"][0][field];
        let digits = value.as_str().unwrap();
        let (start, last) = digits.split_at(digits.len() - 1);
        *value = json!(format!("{start}{}", if last == "0" { "1" } else { "0" }));
        assert!(!source.replay_any(alone.to_string().as_bytes(), &PORTABLE).passed(), "{name}");
        alone["numberOfTests"] = json!(2);
        let report = source.replay_any(alone.to_string().as_bytes(), &PORTABLE);
        assert_eq!(report.failures[0].field, "1 cases where it says 2", "{name}");
    }
    assert_eq!(SOURCES.iter().filter(|source| source.name.starts_with("wycheproof-")).count(), 13);
}

#[test]
fn a_broken_file_is_a_failure_and_no_panic() {
    for source in SOURCES {
        let start = source.file_octets().get(..40).unwrap_or_default();
        for data in [&b""[..], b"{}", b"{\"cases\": [{}], \"gcm\": [{}], \"esp\": {}}", start] {
            assert!(!source.replay_any(data, &PORTABLE).passed(), "{}", source.name);
        }
    }
}
