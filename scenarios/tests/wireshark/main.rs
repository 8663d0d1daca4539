//! Captures as Wireshark sees them. Skipped without `tshark`, unless `ESPLANADE_TSHARK=required` says that it must be there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use esplanade::capture::NOT_DECRYPTED;

mod algorithms;
mod comments;
mod packets;

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

/// Captures seed 0 of a scenario of a suite and returns the folder with a capture of each link, and the profile installed.
fn capture_all(scenario: &str) -> (PathBuf, PathBuf) {
    capture_file(&format!("{}/suites/{scenario}.toml", env!("CARGO_MANIFEST_DIR")))
}

/// Captures seed 0 of the scenario in a file likewise.
fn capture_file(file: &str) -> (PathBuf, PathBuf) {
    // Tests run side by side, and two of them may capture the same scenario.
    let number = CAPTURES.fetch_add(1, Ordering::Relaxed).to_string();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wireshark").join(number);
    let _ = std::fs::remove_dir_all(&folder);
    let out = folder.join("out");
    let run = Command::new(env!("CARGO_BIN_EXE_esplanade"))
        .args(["capture", file, "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let told = [&run.stdout[..], &run.stderr].concat();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&told));
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

/// The captures of a folder one behind the other, which are sections of one capture: starting tshark takes most of the time.
/// With it come the names of their links, in the order of the sections.
fn in_one(folder: &Path) -> (PathBuf, Vec<String>) {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_capture = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "pcapng");
    let mut captures: Vec<PathBuf> = files.filter(is_capture).collect();
    captures.sort();
    let whole = folder.join("whole");
    let octets: Vec<u8> = captures.iter().flat_map(|capture| std::fs::read(capture).unwrap()).collect();
    std::fs::write(&whole, octets).unwrap();
    let link = |capture: &PathBuf| capture.file_stem().unwrap().to_str().unwrap().to_owned();
    (whole, captures.iter().map(link).collect())
}

/// What the profile says that it does not decrypt.
fn not_decrypted(config: &Path) -> Vec<String> {
    let list = std::fs::read_to_string(config.join("profiles/esplanade").join(NOT_DECRYPTED)).unwrap();
    list.lines().map(str::to_owned).collect()
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
