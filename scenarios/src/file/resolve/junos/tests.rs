use ipsec::ikev1::Mode;

use crate::file::{self, Proof, Scenario};

const FILE: &str = r#"title = "Policies"
story = """
0s   west: initiate net
     expect net up at west, east within 5s
"""

[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"

[peer.east]
address = "192.0.2.2"
protects = "10.2.0.0/16"

[ike-proposal.strong]
authentication-method = "pre-shared-keys"
dh-group = "group14"
authentication-algorithm = "sha-256"
encryption-algorithm = "aes-256-cbc"

[ike-proposal.old]
description = "as it was"
authentication-method = "pre-shared-keys"
dh-group = "group2"
authentication-algorithm = "sha1"
encryption-algorithm = "3des-cbc"

[ike-policy.both]
mode = "aggressive"
proposals = ["strong", "old"]
pre-shared-key = { ascii-text = "secret" }

[ike-policy.old]
mode = "aggressive"
proposals = ["old"]
pre-shared-key = { hexadecimal = "736563726574" }

[ipsec-proposal.old]
protocol = "esp"
authentication-algorithm = "hmac-sha1-96"
encryption-algorithm = "3des-cbc"
lifetime-seconds = 28800

[ipsec-proposal.bundle]
protocol = "bundle"
authentication-algorithm = "hmac-md5-96"
encryption-algorithm = "des-cbc"

[ipsec-policy.tunnel]
perfect-forward-secrecy = { keys = "group2" }
proposals = ["bundle", "old"]

[ike.site]
ends = ["west", "east"]
policy = "both"

[ike.site.at.east]
policy = "old"

[child.net]
of = "site"
policy = "tunnel"
replay = 32
"#;

fn read(text: &str) -> Result<Scenario, String> {
    file::parse("junos.toml", text).map_err(|diagnostics| diagnostics.render(false))
}

#[test]
fn policies_are_what_ends_and_children_offer() {
    let scenario = read(FILE).unwrap();
    let ike = &scenario.ikes[0];
    let offers = ike.ends.each_ref().map(|end| end.offer.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(offers[0], ["aes256-sha256-prfsha256-modp2048", "3des-sha1-prfsha1-modp1024"]);
    assert_eq!(offers[1], ["3des-sha1-prfsha1-modp1024"]);
    for end in &ike.ends {
        assert_eq!(end.older, Some(Mode::Aggressive));
        assert_eq!(end.authentication.proof, Proof::Psk("secret".to_owned()));
    }
    assert_eq!(ike.lifetime.hard.time, Some(std::time::Duration::from_secs(3_600)));
    let child = &scenario.children[0].ends[0];
    let offer: Vec<String> = child.offer.iter().map(ToString::to_string).collect();
    assert_eq!(offer, ["bundle-des-md5-modp1024-noesn", "3des-sha1-modp1024-noesn"]);
    assert_eq!(child.lifetime.hard.time, Some(std::time::Duration::from_secs(28_800)));
}

#[test]
fn the_shorter_lifetime_of_both_ends_is_the_one_that_both_have() {
    let old = "encryption-algorithm = \"3des-cbc\"\n\n[ike-policy.both]";
    let shorter = FILE.replace(old, &old.replace("\n\n", "\nlifetime-seconds = 180\n\n"));
    let east = shorter.replace("proposals = [\"strong\", \"old\"]", "proposals = [\"strong\"]");
    assert_eq!(read(&east).unwrap().ikes[0].lifetime.hard.time, Some(std::time::Duration::from_secs(180)));
}

#[test]
fn each_limit_is_an_error_with_its_place() {
    let changes = [
        ("a lifetime too short", "lifetime-seconds = 28800", "lifetime-seconds = 179"),
        ("a lifetime too long", "lifetime-seconds = 28800", "lifetime-seconds = 86401"),
        ("a replay window of another size", "replay = 32", "replay = 48"),
        ("an unknown group", "keys = \"group2\"", "keys = \"group3\""),
        ("an unknown cipher", "\"aes-256-cbc\"", "\"aes-256-gcm\""),
        ("an unknown hash", "\"sha-256\"", "\"sha256\""),
        ("an unknown protocol", "\"bundle\"\nauth", "\"bundel\"\nauth"),
        (
            "an unknown method",
            "\"pre-shared-keys\"\ndh-group = \"group14\"",
            "\"pre-shared-key\"\ndh-group = \"group14\"",
        ),
        ("no group", "dh-group = \"group14\"\n", ""),
        ("no proposals", "proposals = [\"old\"]\n", "proposals = []\n"),
        ("an unknown proposal", "[\"bundle\", \"old\"]", "[\"bundle\", \"odl\"]"),
        ("an unknown policy", "policy = \"tunnel\"", "policy = \"tunel\""),
        ("what the policy says", "policy = \"tunnel\"", "policy = \"tunnel\"\noffer = [\"aes128-sha1\"]"),
        ("a proof beside the policy's", "policy = \"both\"", "policy = \"both\"\nauth = { psk = \"other\" }"),
        ("a key twice", "{ ascii-text = \"secret\" }", "{ ascii-text = \"secret\", hexadecimal = \"00\" }"),
        ("no key", "pre-shared-key = { ascii-text = \"secret\" }\n", ""),
        ("an odd number of digits", "\"736563726574\"", "\"73656372657\""),
        ("a key that is no text", "\"736563726574\"", "\"ff00\""),
        ("a cipher for AH", "protocol = \"esp\"", "protocol = \"ah\""),
        ("lifetimes that differ", "lifetime-seconds = 28800", "lifetime-seconds = 3600"),
        (
            "signatures without a certificate",
            "\"pre-shared-keys\"\ndh-group = \"group2\"",
            "\"rsa-signatures\"\ndh-group = \"group2\"",
        ),
    ];
    for (title, from, to) in changes {
        let text = FILE.replacen(from, to, 1);
        assert_ne!(text, FILE, "{title}");
        let told = read(&text).expect_err(title);
        assert!(told.contains("─[junos.toml:"), "{title}: {told}");
    }
}

#[test]
fn bundles_are_for_version_1() {
    let newer = FILE
        .replace("policy = \"both\"", "auth = { psk = \"secret\" }")
        .replace("policy = \"old\"\n\n[child", "\n[child");
    let text = read(&newer).unwrap_err();
    assert!(text.contains("version 2 of IKE, which has no bundles"), "{text}");
}
