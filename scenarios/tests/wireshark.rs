//! Captures as Wireshark sees them. Skipped without `tshark`, unless `ESPLANADE_TSHARK=required` says that it must be there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whether there is a tshark to ask.
fn tshark_is_here() -> bool {
    let here = Command::new("tshark").arg("--version").output().is_ok_and(|output| output.status.success());
    let required = std::env::var("ESPLANADE_TSHARK").is_ok_and(|value| value == "required");
    assert!(here || !required, "tshark is required, but not installed");
    if !here {
        eprintln!("skipped: tshark is not installed");
    }
    here
}

/// Captures seed 0 of a scenario of a suite, such as `ikev2/clean`, and returns the capture of the link `wan` with its
/// profile installed.
fn captured(scenario: &str) -> (PathBuf, PathBuf) {
    let (out, config) = capture_all(scenario);
    (out.join("wan.pcapng"), config)
}

/// How many captures were made.
static CAPTURES: AtomicUsize = AtomicUsize::new(0);

/// Captures seed 0 of a scenario and returns the folder with a capture of each link, and the profile installed.
fn capture_all(scenario: &str) -> (PathBuf, PathBuf) {
    // Tests run side by side, and two of them may capture the same scenario.
    let number = CAPTURES.fetch_add(1, Ordering::Relaxed).to_string();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wireshark").join(number);
    let _ = std::fs::remove_dir_all(&folder);
    let file = format!("{}/suites/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
    let out = folder.join("out");
    let run = Command::new(env!("CARGO_BIN_EXE_esplanade"))
        .args(["capture", &file, "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    let config = folder.join("config");
    std::fs::create_dir_all(config.join("profiles")).unwrap();
    std::fs::rename(out.join("wireshark-profile"), config.join("profiles/esplanade")).unwrap();
    (out, config)
}

/// The frames that a display filter selects, one line of the given fields each.
fn frames(capture: &Path, config: &Path, filter: &str, fields: &[&str]) -> Vec<String> {
    let mut tshark = Command::new("tshark");
    tshark.env("WIRESHARK_CONFIG_DIR", config).args(["-C", "esplanade", "-r"]).arg(capture);
    tshark.args(["-Y", filter, "-T", "fields"]);
    fields.iter().for_each(|field| {
        tshark.args(["-e", field]);
    });
    let output = tshark.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn every_message_and_packet_is_decrypted_and_none_is_malformed() {
    if !tshark_is_here() {
        return;
    }
    for scenario in ["clean", "suites-cbc", "ipv4-in-ipv6", "ipv6-in-ipv4", "loss-5"] {
        let (capture, config) = captured(&format!("ikev2/{scenario}"));
        // Wireshark takes a repeat for the next message of its exchange, under another IV.
        let see = |filter: &str| {
            let first = format!("{filter} && !(frame.comment contains \"transmission\")");
            frames(&capture, &config, &first, &["frame.number"])
        };
        assert_eq!(see("_ws.malformed"), Vec::<String>::new(), "{scenario}: malformed frames");
        // Exchange types 35 to 37 are encrypted; an INFORMATIONAL may hold nothing but padding.
        let protected = see("isakmp.exchangetype >= 35");
        assert!(!protected.is_empty());
        assert_eq!(see("isakmp.enc.decrypted"), protected, "{scenario}: IKE messages that stay encrypted");
        let auth = see("isakmp.exchangetype == 35");
        assert_eq!(see("isakmp.exchangetype == 35 && isakmp.auth.method == 2"), auth, "{scenario}: AUTH");
        let esp = see("esp");
        assert!(esp.len() > 100);
        let inside = see("esp && (udp.port == 9 || icmp || icmpv6)");
        assert_eq!(inside, esp, "{scenario}: ESP packets that stay encrypted");
        assert_eq!(see("esp.icv_bad == 1"), Vec::<String>::new(), "{scenario}: wrong ICVs");
    }
}

#[test]
fn both_modes_of_version_1_quick_mode_and_its_packets_are_decrypted() {
    if !tshark_is_here() {
        return;
    }
    for scenario in ["main-mode", "main-mode-junos", "aggressive-mode", "combined-mode"] {
        let (capture, config) = captured(&format!("ikev1/{scenario}"));
        // Wireshark takes a repeat for the next message of its exchange, under another IV.
        let see = |filter: &str| {
            let first = format!("{filter} && !(frame.comment contains \"transmission\")");
            frames(&capture, &config, &first, &["frame.number"])
        };
        assert_eq!(see("_ws.malformed"), Vec::<String>::new(), "{scenario}: malformed frames");
        // Each encrypted message of these exchanges has a HASH payload.
        let protected = see("isakmp.flag_e == 1");
        assert!(protected.len() >= 5, "{scenario}");
        assert_eq!(
            see("isakmp.flag_e == 1 && isakmp.typepayload == 8"),
            protected,
            "{scenario}: IKE messages"
        );
        assert_eq!(see("isakmp.exchangetype == 32").len(), 3, "{scenario}: quick mode");
        let esp = see("esp");
        assert!(esp.len() > 100);
        assert_eq!(see("esp && udp.port == 9"), esp, "{scenario}: ESP packets that stay encrypted");
        assert_eq!(see("esp.icv_bad == 1"), Vec::<String>::new(), "{scenario}: wrong ICVs");
    }
}

#[test]
fn what_proves_identities_in_main_mode_with_public_keys_is_decrypted() {
    if !tshark_is_here() {
        return;
    }
    let (hash, signature) = (8, 9);
    let scenarios = [
        ("signatures-rsa", signature),
        ("signatures-dsa", signature),
        ("signatures-ecdsa-384", signature),
        ("encryption", hash),
        ("revised-encryption", hash),
    ];
    for (scenario, payload) in scenarios {
        let (capture, config) = captured(&format!("ikev1/{scenario}"));
        // Wireshark takes a repeat for the next message of its exchange, under another IV.
        let see = |filter: &str| {
            let first = format!("{filter} && !(frame.comment contains \"transmission\")");
            frames(&capture, &config, &first, &["frame.number"])
        };
        let sealed = "isakmp.exchangetype == 2 && isakmp.flag_e == 1";
        let proofs = see(sealed);
        assert_eq!(proofs.len(), 2, "{scenario}: messages 5 and 6");
        assert_eq!(
            see(&format!("{sealed} && isakmp.typepayload == {payload}")),
            proofs,
            "{scenario}: proofs"
        );
        if payload == signature {
            assert_eq!(
                see(&format!("{sealed} && isakmp.typepayload == 6")),
                proofs,
                "{scenario}: certificates"
            );
            assert_eq!(see("_ws.malformed"), Vec::<String>::new(), "{scenario}: malformed frames");
        }
        assert_eq!(see("isakmp.exchangetype == 32").len(), 3, "{scenario}: quick mode");
        assert_eq!(
            see("isakmp.exchangetype == 32 && isakmp.typepayload == 8").len(),
            3,
            "{scenario}: hashes"
        );
    }
}

#[test]
fn version_1_through_nat_and_between_phase_1_and_quick_mode_is_decrypted() {
    if !tshark_is_here() {
        return;
    }
    let scenarios = [
        "ikev1-nat/main-mode-key-by-address",
        "ikev1-nat/aggressive-mode-names",
        "ikev1-nat/transport-mode-drafts",
        "ikev1-nat/transport-mode",
        "ikev1-clients/xauth-config-behind-nat",
        "ikev1-clients/config-told",
        "ikev1-fragments/main-mode",
    ];
    for scenario in scenarios {
        let (capture, config) = captured(scenario);
        // Wireshark takes a repeat for the next message of its exchange, under another IV.
        let see = |filter: &str| {
            let first = format!("{filter} && !(frame.comment contains \"transmission\")");
            frames(&capture, &config, &first, &["frame.number"])
        };
        assert_eq!(see("_ws.malformed"), Vec::<String>::new(), "{scenario}: malformed frames");
        let protected = see("isakmp.flag_e == 1");
        assert!(protected.len() >= 5, "{scenario}");
        let read = see("isakmp.flag_e == 1 && isakmp.typepayload == 8");
        assert_eq!(read, protected, "{scenario}: IKE messages");
        let shows = match scenario.split('/').next() {
            Some("ikev1-nat") => "udp.port == 4500 && isakmp",
            Some("ikev1-clients") => "isakmp.exchangetype == 6 && isakmp.typepayload == 14",
            _ => "isakmp.typepayload == 132",
        };
        assert!(!see(shows).is_empty(), "{scenario}");
    }
}

#[test]
fn comments_say_what_the_network_did() {
    if !tshark_is_here() {
        return;
    }
    let (capture, config) = captured("ikev2/loss-5");
    let comments = frames(&capture, &config, "frame.comment", &["frame.comment"]);
    assert!(comments.iter().any(|comment| comment.starts_with("IKE_SA_INIT request 0 [SA KE Nonce ")));
    assert!(comments.iter().any(|comment| comment.ends_with("lost here")), "nothing was lost");
    let (capture, config) = captured("ikev2/duplication");
    let comments = frames(&capture, &config, "frame.comment", &["frame.comment"]);
    assert!(comments.iter().any(|comment| comment.starts_with("duplicate of packet ")), "nothing came twice");
}

/// Wireshark 4.0 has no Camellia, no CCM, and no ChaCha20 in ESP.
#[test]
fn manual_sas_are_decrypted_in_both_modes_with_every_cipher_that_wireshark_has() {
    if !tshark_is_here() {
        return;
    }
    let ciphers = ["null", "des-cbc", "3des-cbc", "aes-128-cbc", "aes-256-cbc", "aes-128-ctr", "aes-256-ctr"];
    let combined = ["aes-128-gcm-8", "aes-128-gcm-12", "aes-192-gcm-16", "aes-256-gcm-16"];
    for cipher in ciphers.into_iter().chain(combined) {
        for mode in ["tunnel", "transport"] {
            let (capture, config) = captured(&format!("manual/{cipher}-{mode}"));
            // Whole packets, and of fragmented ones the frame with which they are whole again.
            let fields = ["esp.sequence", "esp.icv_bad", "udp.dstport", "_ws.malformed"];
            let frames = frames(&capture, &config, "esp", &fields);
            assert!(frames.len() > 100, "{cipher} {mode}");
            for frame in frames {
                let [_, icv_bad, port, malformed] = frame.split('\t').collect::<Vec<_>>()[..] else {
                    panic!("{frame}")
                };
                assert!(matches!(icv_bad, "" | "0") && malformed.is_empty(), "{cipher} {mode}: {frame}");
                assert_eq!(port, "9", "{cipher} {mode}: not decrypted: {frame}");
            }
        }
    }
}

/// Both modes over both IP versions, each on a link of its own. Wireshark 4.0 has no Camellia, CCM, GMAC,
/// ChaCha20 and implicit IV in ESP.
#[test]
fn negotiated_sas_are_decrypted_in_every_mode_and_version_with_every_algorithm_that_wireshark_has() {
    if !tshark_is_here() {
        return;
    }
    let separate = ["aes128-sha1", "aes192-sha384", "aes256-sha512", "aes128-sha256", "aes128-md5"];
    let others =
        ["aes128-aesxcbc", "aes128-aescmac", "aes128ctr-sha256", "3des-sha1", "des-md5", "null-sha256"];
    let combined = ["aes128gcm8", "aes192gcm12", "aes128gcm16", "aes256gcm16"];
    for suite in separate.into_iter().chain(others).chain(combined) {
        let (out, config) = capture_all(&format!("esp/{suite}"));
        for link in ["west-a-east-a", "west-b-east-b", "west-c-east-c", "west-d-east-d"] {
            let capture = out.join(format!("{link}.pcapng"));
            let fields = ["esp.sequence", "esp.icv_bad", "udp.dstport", "_ws.malformed"];
            let frames = frames(&capture, &config, "esp", &fields);
            assert!(frames.len() > 100, "{suite} {link}: {} frames", frames.len());
            for frame in frames {
                let [_, icv_bad, port, malformed] = frame.split('\t').collect::<Vec<_>>()[..] else {
                    panic!("{frame}")
                };
                assert!(matches!(icv_bad, "" | "0") && malformed.is_empty(), "{suite} {link}: {frame}");
                assert_eq!(port, "9", "{suite} {link}: not decrypted: {frame}");
            }
        }
    }
}

#[test]
fn ah_and_bundles_read_down_to_what_they_carry() {
    if !tshark_is_here() {
        return;
    }
    for (scenario, inside) in [
        ("manual-tunnel", "ah && udp.dstport == 9"),
        ("manual-transport-ipv6", "ah && udp.dstport == 9"),
        ("bundle", "ah && esp.icv_bad == 0 || ah && esp && udp.dstport == 9"),
        ("bundle-ipv6", "ah && esp && udp.dstport == 9"),
    ] {
        let (capture, config) = captured(&format!("ah/{scenario}"));
        let see = |filter: &str| frames(&capture, &config, filter, &["frame.number"]);
        let all = see("ah");
        assert!(all.len() > 100, "{scenario}");
        assert_eq!(see(inside), all, "{scenario}: packets that show nothing inside");
        assert_eq!(see("_ws.malformed"), Vec::<String>::new(), "{scenario}: malformed frames");
    }
}

#[test]
fn esp_in_udp_is_told_from_ike_and_from_keepalives() {
    if !tshark_is_here() {
        return;
    }
    let (capture, config) = captured("esp/udp-tunnel");
    let see = |filter: &str| frames(&capture, &config, filter, &["frame.number"]).len();
    assert!(see("udpencap.nat_keepalive") > 1);
    assert_eq!(see("udp.port == 4500 && esp && udp.dstport == 9"), see("esp"));
    assert!(see("esp") > 100 && see("_ws.malformed") == 0);
}

/// Scenarios with ICVs that Wireshark 4.0 finds wrong, and why.
const WRONG_FOR_WIRESHARK: [(&str, &str); 5] = [
    ("esp/esn-across-aes128", "it does not authenticate the upper half of extended sequence numbers"),
    ("esp/esn-across-aes128gcm16", "likewise"),
    ("esp/esn-resynchronisation", "likewise"),
    ("esp/wrong-esn", "likewise, of the one end that has them"),
    ("esp/wrong-key", "the ends have different keys under the same SPI, and it takes one of them"),
];
/// In names of scenarios: algorithms that Wireshark 4.0 does not have in ESP.
const UNKNOWN_TO_WIRESHARK: [&str; 5] = ["camellia", "ccm", "chacha20", "gmac", "iiv"];

/// One row for each ESP packet, those that ICMP errors quote left out: SPI, verdict on the ICV, length of the padding, which shows
/// that it was decrypted, and malformedness.
fn esp_packets(folder: &Path, config: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let captures = files.filter(|path| path.extension().is_some_and(|extension| extension == "pcapng"));
    // Captures one after the other are sections of one capture, and starting tshark takes most of the time.
    let whole = folder.join("whole");
    std::fs::write(&whole, captures.flat_map(|capture| std::fs::read(capture).unwrap()).collect::<Vec<u8>>())
        .unwrap();
    let filter = "esp && !(icmp.type == 3) && !(icmpv6.type == 2)";
    let fields = ["esp.spi", "esp.icv_bad", "esp.pad_len", "_ws.malformed"];
    frames(&whole, config, filter, &fields)
}

#[test]
fn every_esp_packet_of_the_suite_ah_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("ah", 2_000);
}

#[test]
fn every_esp_packet_of_the_suite_esp_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("esp", 50_000);
}

#[test]
fn every_esp_packet_of_the_suite_manual_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("manual", 2_000);
}

#[test]
fn every_esp_packet_of_the_suite_policy_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("policy", 300);
}

/// Whether each ESP packet of a suite's captures is right for Wireshark, and there are at least so many of them.
fn check_esp_packets(suite: &str, at_least: usize) {
    if !tshark_is_here() {
        return;
    }
    let mut seen = 0;
    let mut surprises = Vec::new();
    for scenario in scenarios_of(suite) {
        let (out, config) = capture_all(&scenario);
        let keys = std::fs::read_to_string(config.join("profiles/esplanade/esp_sa")).unwrap();
        let packets = esp_packets(&out, &config);
        let has_key = |packet: &&String| packet.split('\t').next().is_some_and(|spi| keys.contains(spi));
        let (known, unknown): (Vec<&String>, Vec<&String>) = packets.iter().partition(has_key);
        seen += known.len();
        if !unknown.is_empty() && !UNKNOWN_TO_WIRESHARK.iter().any(|name| scenario.contains(name)) {
            surprises.push(format!(
                "{scenario}: no key for {} packets, such as {:?}",
                unknown.len(),
                unknown[0]
            ));
        }
        let is_right = |packet: &str| {
            let [_, icv_bad, padding, malformed] = packet.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{packet}")
            };
            // It shows no trailer of a packet that carries nothing.
            let is_dummy = scenario.contains("dummies") && icv_bad == "0";
            matches!(icv_bad, "" | "0") && (!padding.is_empty() || is_dummy) && malformed.is_empty()
        };
        let wrong = known.iter().filter(|packet| !is_right(packet)).count();
        let may_be_wrong = WRONG_FOR_WIRESHARK.iter().any(|(name, _)| *name == scenario);
        if may_be_wrong != (wrong > 0) {
            surprises.push(format!("{scenario}: {wrong} of {} packets are wrong", known.len()));
        }
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
    assert!(seen >= at_least, "{seen}");
}

/// The scenarios of a suite, in order.
fn scenarios_of(suite: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites").join(suite);
    let name = |path: &Path| format!("{suite}/{}", path.file_stem().unwrap().to_str().unwrap());
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| name(&entry.unwrap().path())).collect();
    names.sort();
    names
}
