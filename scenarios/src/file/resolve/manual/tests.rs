//! Each statement of a manual SA once as it should be, and each of its limits once beyond.

use super::*;
use crate::file;

const KEY_16: &str = "sixteen letters.";
const KEY_20: &str = "abcdefghijklmnopqrst";

/// A file with this manual SA between west and east.
fn file_with(manual: &str) -> String {
    format!(
        r#"title = "Manual SAs"
story = '''
0s talk: start
   expect talk flows within 1s
'''
[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"
[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"
[traffic.talk]
between = ["10.1.0.10", "10.2.0.10"]
[manual.net]
ends = ["west", "east"]
{manual}"#
    )
}

fn bidirectional(statements: &str) -> String {
    file_with(&format!("[manual.net.bidirectional]\n{statements}"))
}

fn read(text: &str) -> Result<Manual, String> {
    match file::parse("manual.toml", text) {
        Ok(mut scenario) => Ok(scenario.manual.remove(0)),
        Err(diagnostics) => Err(diagnostics.render(false)),
    }
}

fn good() -> String {
    bidirectional(&format!(
        "spi = 256\nencryption = {{ algorithm = \"aes-128-cbc\", ascii-text = \"{KEY_16}\" }}\n\
         authentication = {{ algorithm = \"hmac-sha1-96\", ascii-text = \"{KEY_20}\" }}"
    ))
}

#[test]
fn a_bidirectional_sa_has_the_same_spi_and_keys_both_ways() {
    let manual = read(&good()).unwrap();
    let [west, east] = &manual.ends;
    assert_eq!((west.mode, west.replay_window), (Mode::Tunnel, 64), "what is not said");
    assert_eq!((&west.inbound, &west.outbound), (&east.outbound, &east.inbound));
    assert_eq!(west.inbound, west.outbound);
    assert_eq!(format!("{:?}", west.inbound), "aes128-sha1 SPI 00000100");
    assert_eq!(west.inbound.key, [KEY_16.as_bytes(), KEY_20.as_bytes()].concat());
}

#[test]
fn what_is_outbound_at_the_first_end_is_inbound_at_the_second() {
    let direction = |name, spi| {
        format!(
            "[manual.net.{name}]\nprotocol = \"esp\"\nspi = {spi}\n\
             encryption = {{ algorithm = \"3des-cbc\", ascii-text = \"24 characters are enough\" }}\n\
             authentication = {{ algorithm = \"hmac-md5-96\", hexadecimal = \"{}\" }}\n",
            "0f".repeat(16)
        )
    };
    let manual = read(&file_with(&(direction("inbound", 16_639) + &direction("outbound", 300)))).unwrap();
    let spis = |end: &ManualEnd| (end.inbound.spi, end.outbound.spi);
    assert_eq!(spis(&manual.ends[0]), (Spi(16_639), Spi(300)));
    assert_eq!(spis(&manual.ends[1]), (Spi(300), Spi(16_639)));
    assert_eq!(manual.ends[0].inbound.protection.to_string(), "3des-md5");
}

#[test]
fn mode_and_replay_window_are_taken_as_they_stand() {
    let text = good().replace("[manual.net.bi", "mode = \"transport\"\nreplay = 32\n[manual.net.bi");
    let manual = read(&text).unwrap();
    assert_eq!((manual.ends[0].mode, manual.ends[1].replay_window), (Mode::Transport, 32));
}

#[test]
fn ah_authenticates_alone() {
    let text = format!(
        "protocol = \"ah\"\nspi = 500\nauthentication = {{ algorithm = \"hmac-md5-96\", ascii-text = \"{KEY_16}\" }}"
    );
    let manual = read(&bidirectional(&text)).unwrap();
    assert_eq!(format!("{:?}", manual.ends[0].inbound), "ah-md5 SPI 000001f4");
    assert_eq!(manual.ends[0].inbound.key, KEY_16.as_bytes());
}

fn bundle() -> String {
    good().replace("spi = 256", "protocol = \"bundle\"\nspi = 256\nauxiliary-spi = 257")
}

#[test]
fn a_bundle_has_ah_under_the_spi_and_esp_under_the_auxiliary_one() {
    let manual = read(&bundle()).unwrap();
    let keying = &manual.ends[0].inbound;
    assert_eq!(format!("{keying:?}"), "aes128 SPI 00000101 in HMAC-SHA1-96 SPI 00000100");
    assert_eq!(keying.key, KEY_16.as_bytes());
    assert_eq!(keying.bundled.as_ref().unwrap().key, KEY_20.as_bytes());
}

#[test]
fn one_end_can_be_told_otherwise() {
    let own = good().replace("[manual.net.bidirectional]", "[manual.net.at.east.bidirectional]");
    let own = own.split_once("[manual.net.at").unwrap().1.replace("spi = 256", "spi = 300");
    let text = format!(
        "{}\n[manual.net.at.east]\nreplay = 32\nreaches = \"10.1.7.0/24\"\n[manual.net.at{own}",
        good()
    );
    let manual = read(&text).unwrap();
    let [west, east] = &manual.ends;
    assert_eq!((west.inbound.spi, east.inbound.spi, east.outbound.spi), (Spi(256), Spi(300), Spi(300)));
    assert_eq!((west.replay_window, east.replay_window), (64, 32));
    assert_eq!(east.remote, ["10.1.7.0/24".parse().unwrap()]);
}

#[test]
fn every_algorithm_of_the_tables_takes_a_key_of_its_length() {
    for (name, cipher, length) in ENCRYPTION {
        let key: String = (0..length + cipher.salt_len()).map(|octet| format!("{octet:02x}")).collect();
        let combined = cipher.is_combined();
        for (mac, integrity) in AUTHENTICATION.into_iter().take(if combined { 1 } else { 7 }) {
            let mac_key = "5a".repeat(integrity.key_len());
            let authentication = if combined {
                String::new()
            } else {
                format!("authentication = {{ algorithm = \"{mac}\", hexadecimal = \"{mac_key}\" }}")
            };
            let key = if length == 0 { String::new() } else { format!(", hexadecimal = \"{key}\"") };
            let manual = read(&bidirectional(&format!(
                "spi = 500\nencryption = {{ algorithm = \"{name}\"{key} }}\n{authentication}"
            )));
            let protection = manual.unwrap_or_else(|error| panic!("{error}")).ends[0].inbound.protection;
            let is_it = matches!(protection, Protection::Esp(suite) if suite.encryption == cipher);
            assert!(is_it && protection.authenticates(), "{name} {mac}");
        }
    }
}

#[test]
fn each_limit_is_told_where_it_is_passed() {
    let with = |from: &str, to: &str| {
        assert!(good().contains(from), "{from}");
        good().replace(from, to)
    };
    let three = |key: &str| {
        with(
            "algorithm = \"aes-128-cbc\", ascii-text = \"sixteen letters.\"",
            &format!("algorithm = \"3des-cbc\", ascii-text = \"{key}\""),
        )
    };
    let cases = [
        (with("spi = 256", "spi = 255"), "an SPI of 255 is too small", "256 to 16639"),
        (with("spi = 256", "spi = 16640"), "an SPI of 16640 is too large", "256 to 16639"),
        (with("spi = 256\n", ""), "there is no `spi`", "from 256 to 16639"),
        (
            with(KEY_16, "fifteen letters"),
            "this key has 15 octets",
            "16 characters, or 32 hexadecimal digits",
        ),
        (with(KEY_20, "abc"), "this key has 3 octets", "20 characters, or 40 hexadecimal digits"),
        (
            with("ascii-text = \"abc", "hexadecimal = \"abc"),
            "is not hexadecimal",
            "two digits for each octet",
        ),
        (with(KEY_16, "sixteen létters"), "only ASCII characters", ""),
        (
            three("samesamesamesamedifferen"),
            "the first and the second eight octets of this 3DES key are the same",
            "no stronger than DES",
        ),
        (with("hmac-sha1-96", "hmac-sha1"), "`hmac-sha1` is no authentication algorithm", "hmac-sha1-96"),
        (with("aes-128-cbc", "aes-129-cbc"), "`aes-129-cbc` is no cipher", "aes-128-cbc"),
        (with("[manual.net.bi", "replay = 48\n[manual.net.bi"), "a replay window of 48 packets", "32 or 64"),
        (with("[manual.net.bi", "mode = \"tunel\"\n[manual.net.bi"), "unknown word `tunel`", "tunnel"),
        (with("spi = 256", "spi = 256\nprotocol = \"espp\""), "unknown word `espp`", "esp"),
        (
            with("bidirectional", "inbound"),
            "does not say its keys in both directions",
            "[manual.net.outbound]",
        ),
        (with("aes-128-cbc", "aes-128-gcm-16"), "this key has 16 octets", "20 characters"),
    ];
    told(&cases);
}

#[test]
fn each_limit_of_protocols_and_options_is_told_where_it_is_passed() {
    let with = |from: &str, to: &str| good().replace(from, to);
    told(&[
        (
            with("spi = 256", "spi = 256\nauxiliary-spi = 300"),
            "an `auxiliary-spi` without a bundle",
            "bundle",
        ),
        (bundle().replace("auxiliary-spi = 257\n", ""), "there is no `auxiliary-spi`", "that of ESP"),
        (bundle().replace("auxiliary-spi = 257", "auxiliary-spi = 16640"), "an SPI of 16640", "256 to 16639"),
        (
            bundle().replace("[manual.net.bi", "mode = \"transport\"\n[manual.net.bi"),
            "a bundle in transport mode",
            "tunnel",
        ),
        (with("spi = 256", "spi = 256\nprotocol = \"ah\""), "AH encrypts nothing", "leave `encryption` out"),
        (
            with("[manual.net.bi", "[manual.net.at.north]\nreplay = 32\n[manual.net.bi"),
            "`north` is no end of `net`",
            "expected `west` or `east`",
        ),
        (
            with("[manual.net.bi", "options = { dscp = 64 }\n[manual.net.bi"),
            "a DSCP of 64 is too large",
            "0 to 63",
        ),
        (
            with("[manual.net.bi", "mode = \"transport\"\noptions = { pad-to = 100 }\n[manual.net.bi"),
            "`pad-to` is for tunnel mode",
            "",
        ),
    ]);
}

/// Each text is refused with the problem, and the help beside it.
fn told(cases: &[(String, &str, &str)]) {
    for (text, problem, help) in cases {
        let error = read(text).unwrap_err();
        assert!(error.contains(problem) && error.contains(help), "{problem}\n{error}");
    }
}

#[test]
fn a_cipher_alone_and_integrity_twice_are_both_refused() {
    let alone = bidirectional(&format!(
        "spi = 256\nencryption = {{ algorithm = \"aes-128-cbc\", ascii-text = \"{KEY_16}\" }}"
    ));
    assert!(read(&alone).unwrap_err().contains("a cipher alone protects nothing from being changed"));
    let twice = good().replace("aes-128-cbc", "aes-128-gcm-16").replace(KEY_16, KEY_20);
    assert!(read(&twice).unwrap_err().contains("this cipher authenticates by itself"));
}

#[test]
fn a_key_that_is_too_short_or_too_long_is_told_for_every_algorithm() {
    let keyed = |what: &str, name: &str, octets: usize| {
        let key = format!("{{ algorithm = \"{name}\", hexadecimal = \"{}\" }}", "1f".repeat(octets));
        format!("{what} = {key}\n")
    };
    for (name, cipher, length) in ENCRYPTION.into_iter().filter(|row| row.2 > 0) {
        let length = length + cipher.salt_len();
        for wrong in [length - 1, length + 1] {
            let text = format!("spi = 500\n{}", keyed("encryption", name, wrong));
            let (problem, help) =
                (format!("this key has {wrong} octets"), format!("expected {length} characters"));
            told(&[(bidirectional(&text), &problem, &help)]);
        }
    }
    for (name, integrity) in AUTHENTICATION {
        let length = integrity.key_len();
        for wrong in [length - 1, length + 1] {
            let text = format!("protocol = \"ah\"\nspi = 500\n{}", keyed("authentication", name, wrong));
            let (problem, help) =
                (format!("this key has {wrong} octets"), format!("expected {length} characters"));
            told(&[(bidirectional(&text), &problem, &help)]);
        }
    }
}

#[test]
fn an_sa_has_a_description_and_both_of_its_modes_and_windows() {
    for (mode, expected) in [("tunnel", Mode::Tunnel), ("transport", Mode::Transport)] {
        for window in [32, 64] {
            let statements = format!(
                "description = \"to the branch\"\nmode = \"{mode}\"\nreplay = {window}\n[manual.net.bi"
            );
            let manual = read(&good().replace("[manual.net.bi", &statements)).unwrap();
            assert!(manual.ends.iter().all(|end| (end.mode, end.replay_window) == (expected, window)));
        }
    }
}

#[test]
fn a_peer_receives_only_once_under_an_spi_of_a_protocol() {
    let second = good();
    let second = second.split_once("[manual.net]").unwrap().1.replace("manual.net", "manual.more");
    let both = |second: &str| format!("{}\n[manual.more]{second}", good());
    told(&[(both(&second), "`west` receives under SPI 256 in `net` too", "one SA of a peer")]);
    assert!(read(&both(&second.replace("spi = 256", "spi = 257"))).is_ok());
    // Of AH it is another one.
    let ah = second.lines().filter(|line| !line.starts_with("encryption")).collect::<Vec<_>>().join("\n");
    assert!(read(&both(&ah.replace("spi = 256", "spi = 256\nprotocol = \"ah\""))).is_ok());
}

#[test]
fn ends_of_two_ip_versions_are_refused() {
    let text = good().replace("198.51.100.1", "2001:db8::1");
    told(&[(text, "`west` and `east` are of different IP versions", "one version")]);
}

#[test]
fn a_tunnel_of_a_peer_that_protects_nothing_is_refused() {
    let text = good().replace("protects = \"10.2.0.0/16\"\n", "");
    let error = read(&text).unwrap_err();
    assert!(error.contains("`east` protects no network"), "{error}");
}
