use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ipsec_crypto::{FAST, PORTABLE};

use crate::{SOURCES, replay};

#[test]
fn everything_comes_out_as_published_with_each_provider() {
    let report = replay(None, &[&PORTABLE, &FAST]);
    assert!(report.passed(), "{report}");
    let (cases, passed) = report.totals();
    assert_eq!(cases, passed);
    assert!(report.rows.iter().any(|row| row.source == "rfc5903" && row.provider == "fast"));
}

#[test]
fn nist_publishes_so_many_key_schedules() {
    for (source, cases) in [("cavs-ikev1-psk", 1_700), ("cavs-ikev1-signatures", 1_700), ("cavs-ikev2", 900)]
    {
        let report = replay(Some(source), &[&PORTABLE]);
        assert_eq!(report.totals(), (cases, cases), "{source}");
    }
}

#[test]
fn a_filter_that_fits_nothing_does_not_pass() {
    let report = replay(Some("no such source"), &[&PORTABLE]);
    assert!(!report.passed() && report.rows.is_empty());
}

/// A copy of a file in which one digit of the last value before `end`, or in the file, is another.
fn changed(data: &[u8], end: &str) -> Vec<u8> {
    let mut text = Vec::new();
    let zipped = GzDecoder::new(data).read_to_end(&mut text).is_ok();
    if !zipped {
        text = data.to_vec();
    }
    // The last run of 14 hexadecimal digits or more is a value that is compared.
    let is_digit = |octet: &u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(octet);
    let limit =
        text.windows(end.len().max(1)).rposition(|window| window == end.as_bytes()).unwrap_or(text.len());
    let end = (14..=limit).rev().find(|end| text[end - 14..*end].iter().all(is_digit)).unwrap();
    text[end - 1] = if text[end - 1] == b'0' { b'1' } else { b'0' };
    if !zipped {
        return text;
    }
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(&text).unwrap();
    out.finish().unwrap()
}

#[test]
fn one_changed_digit_in_any_file_is_noticed() {
    for source in SOURCES {
        // Behind these come values that no check compares.
        let end = match source.name {
            "rfc2759" => "\"des_key_example\"",
            "rfc4868" => "\"key_as_printed\"",
            "rfc5903" => "\"giry\"",
            "rfc5114" | "rfc6932" | "rfc6954" => "\"y_Z\"",
            _ => "",
        };
        let report = source.replay(&changed(source.data, end), &PORTABLE);
        assert!(!report.passed(), "{}: {report}", source.name);
    }
}

#[test]
fn a_broken_file_is_a_failure_and_no_panic() {
    for source in SOURCES {
        for data in [&b""[..], b"{}", b"{\"cases\": [{}], \"gcm\": [{}], \"esp\": {}}", &source.data[..40]] {
            assert!(!source.replay(data, &PORTABLE).passed(), "{}", source.name);
        }
    }
}
