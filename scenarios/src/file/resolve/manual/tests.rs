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
    assert_eq!((manual.mode, manual.replay_window), (Mode::Tunnel, 64), "what is not said");
    assert_eq!(manual.keying[0], manual.keying[1]);
    assert_eq!(format!("{:?}", manual.keying[0]), "aes128-sha1 SPI 00000100");
    assert_eq!(manual.keying[0].key, [KEY_16.as_bytes(), KEY_20.as_bytes()].concat());
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
    assert_eq!(manual.keying.each_ref().map(|keying| keying.spi), [Spi(300), Spi(16_639)]);
    assert_eq!(manual.keying[0].suite.to_string(), "3des-md5");
}

#[test]
fn mode_and_replay_window_are_taken_as_they_stand() {
    let text = good().replace("[manual.net.bi", "mode = \"transport\"\nreplay = 32\n[manual.net.bi");
    let manual = read(&text).unwrap();
    assert_eq!((manual.mode, manual.replay_window), (Mode::Transport, 32));
}

#[test]
fn every_algorithm_of_the_tables_takes_a_key_of_its_length() {
    for (name, cipher, length) in ENCRYPTION {
        let key: String = (0..length + cipher.salt_len()).map(|octet| format!("{octet:02x}")).collect();
        let combined = matches!(cipher, Encryption::Aead(_));
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
            let suite = manual.unwrap_or_else(|error| panic!("{error}")).keying[0].suite;
            assert!(suite.authenticates() && suite.encryption == cipher, "{name} {mac}");
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
    for (text, problem, help) in cases {
        let error = read(&text).unwrap_err();
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
fn a_tunnel_of_a_peer_that_protects_nothing_is_refused() {
    let text = good().replace("protects = \"10.2.0.0/16\"\n", "");
    let error = read(&text).unwrap_err();
    assert!(error.contains("`east` protects no network"), "{error}");
}
