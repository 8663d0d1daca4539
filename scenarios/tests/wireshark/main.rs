//! Captures as Wireshark sees them. Skipped without `tshark`, unless `ESPLANADE_TSHARK=required` says that it must be there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
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

/// What is asked of frames, all at once: each question of its own would start tshark anew.
const FIELDS: [&str; 16] = [
    "frame.number",
    "frame.comment",
    "isakmp.exchangetype",
    "isakmp.flag_e",
    "isakmp.enc.decrypted",
    "isakmp.auth.method",
    "isakmp.typepayload",
    "ah.spi",
    "esp.spi",
    "esp.icv_bad",
    "udp.port",
    "udp.dstport",
    "udpencap.nat_keepalive",
    "icmp.type",
    "icmpv6.type",
    "_ws.malformed",
];

/// A frame as Wireshark sees it: the fields that it has.
struct Frame(BTreeMap<&'static str, String>);

impl Frame {
    fn has(&self, field: &str) -> bool {
        assert!(FIELDS.contains(&field), "{field}");
        self.0.contains_key(field)
    }

    /// Whether the field has this value, perhaps among others.
    fn is(&self, field: &str, value: u16) -> bool {
        assert!(FIELDS.contains(&field), "{field}");
        let values = self.0.get(field).into_iter().flat_map(|values| values.split(','));
        values.flat_map(str::parse).any(|found: u16| found == value)
    }

    fn is_ike(&self) -> bool {
        self.has("isakmp.exchangetype")
    }

    fn is_esp(&self) -> bool {
        self.has("esp.spi")
    }

    /// Whether the E flag of version 1 is set.
    fn is_sealed(&self) -> bool {
        self.is("isakmp.flag_e", 1)
    }
}

/// The frames of a capture.
struct Seen(Vec<Frame>);

impl Seen {
    fn all(capture: &Path, config: &Path) -> Self {
        let frame = |row: String| {
            let fields = FIELDS.into_iter().zip(row.split('\t').map(str::to_owned));
            Frame(fields.filter(|(_, value)| !value.is_empty()).collect())
        };
        Self(frames(capture, config, "frame", &FIELDS).into_iter().map(frame).collect())
    }

    /// Those that are sent for the first time: Wireshark takes a repeat for the next message of its exchange, under another IV.
    fn first(capture: &Path, config: &Path) -> Self {
        let mut all = Self::all(capture, config);
        all.0.retain(|frame| {
            !frame.0.get("frame.comment").is_some_and(|comment| comment.contains("transmission"))
        });
        all
    }

    /// The numbers of those that are so.
    fn those(&self, are_so: impl Fn(&Frame) -> bool) -> Vec<&str> {
        self.0.iter().filter(|frame| are_so(frame)).map(|frame| frame.0["frame.number"].as_str()).collect()
    }

    fn assert_that_none_is_malformed(&self, scenario: &str) {
        assert_eq!(self.those(|frame| frame.has("_ws.malformed")), [""; 0], "{scenario}: malformed frames");
    }

    /// There are packets of ESP, what is inside is seen, and no ICV is wrong.
    fn assert_that_esp_is_read(&self, scenario: &str, is_read: impl Fn(&Frame) -> bool) {
        let esp = self.those(Frame::is_esp);
        assert!(esp.len() > 100, "{scenario}: {} ESP packets", esp.len());
        let inside = self.those(|frame| frame.is_esp() && is_read(frame));
        assert_eq!(inside, esp, "{scenario}: ESP packets that stay encrypted");
        assert_eq!(self.those(|frame| frame.is("esp.icv_bad", 1)), [""; 0], "{scenario}: wrong ICVs");
    }

    /// Each encrypted message of version 1 has a HASH payload.
    fn assert_that_version_1_is_read(&self, scenario: &str) {
        let sealed = self.those(Frame::is_sealed);
        assert!(sealed.len() >= 5, "{scenario}");
        let read = self.those(|frame| frame.is_sealed() && frame.is("isakmp.typepayload", HASH));
        assert_eq!(read, sealed, "{scenario}: IKE messages");
    }
}

// Exchanges and payloads, by their numbers.
const MAIN_MODE: u16 = 2;
const TRANSACTION: u16 = 6;
const QUICK_MODE: u16 = 32;
const IKE_AUTH: u16 = 35;
const CERT: u16 = 6;
const HASH: u16 = 8;
const SIG: u16 = 9;
const ATTRIBUTES: u16 = 14;
const FRAGMENT: u16 = 132;

#[test]
fn every_message_and_packet_is_decrypted_and_none_is_malformed() {
    if !tshark_is_here() {
        return;
    }
    for scenario in ["clean", "suites-cbc", "ipv4-in-ipv6", "ipv6-in-ipv4", "loss-5"] {
        let (capture, config) = captured(&format!("ikev2/{scenario}"));
        let seen = Seen::first(&capture, &config);
        seen.assert_that_none_is_malformed(scenario);
        // Exchange types 35 to 37 are encrypted; an INFORMATIONAL may hold nothing but padding.
        let protected = seen.those(|frame| (35..38).any(|kind| frame.is("isakmp.exchangetype", kind)));
        assert!(!protected.is_empty());
        let read = seen.those(|frame| frame.has("isakmp.enc.decrypted"));
        assert_eq!(read, protected, "{scenario}: IKE messages that stay encrypted");
        let auth = seen.those(|frame| frame.is("isakmp.exchangetype", IKE_AUTH));
        let by_key =
            |frame: &Frame| frame.is("isakmp.exchangetype", IKE_AUTH) && frame.is("isakmp.auth.method", 2);
        assert_eq!(seen.those(by_key), auth, "{scenario}: AUTH");
        seen.assert_that_esp_is_read(scenario, |frame| {
            frame.is("udp.port", 9) || frame.has("icmp.type") || frame.has("icmpv6.type")
        });
    }
}

#[test]
fn both_modes_of_version_1_quick_mode_and_its_packets_are_decrypted() {
    if !tshark_is_here() {
        return;
    }
    for scenario in ["main-mode", "main-mode-junos", "aggressive-mode", "combined-mode"] {
        let (capture, config) = captured(&format!("ikev1/{scenario}"));
        let seen = Seen::first(&capture, &config);
        seen.assert_that_none_is_malformed(scenario);
        seen.assert_that_version_1_is_read(scenario);
        let quick = seen.those(|frame| frame.is("isakmp.exchangetype", QUICK_MODE));
        assert_eq!(quick.len(), 3, "{scenario}: quick mode");
        seen.assert_that_esp_is_read(scenario, |frame| frame.is("udp.port", 9));
    }
}

#[test]
fn what_proves_identities_in_main_mode_with_public_keys_is_decrypted() {
    if !tshark_is_here() {
        return;
    }
    let scenarios = [
        ("signatures-rsa", SIG),
        ("signatures-dsa", SIG),
        ("signatures-ecdsa-384", SIG),
        ("encryption", HASH),
        ("revised-encryption", HASH),
    ];
    for (scenario, payload) in scenarios {
        let (capture, config) = captured(&format!("ikev1/{scenario}"));
        let seen = Seen::first(&capture, &config);
        let is_proof = |frame: &Frame| frame.is("isakmp.exchangetype", MAIN_MODE) && frame.is_sealed();
        let proofs = seen.those(is_proof);
        assert_eq!(proofs.len(), 2, "{scenario}: messages 5 and 6");
        let with = |payload| seen.those(|frame| is_proof(frame) && frame.is("isakmp.typepayload", payload));
        assert_eq!(with(payload), proofs, "{scenario}: proofs");
        if payload == SIG {
            assert_eq!(with(CERT), proofs, "{scenario}: certificates");
            seen.assert_that_none_is_malformed(scenario);
        }
        let quick = seen.those(|frame| frame.is("isakmp.exchangetype", QUICK_MODE));
        let hashed = |frame: &Frame| {
            frame.is("isakmp.exchangetype", QUICK_MODE) && frame.is("isakmp.typepayload", HASH)
        };
        assert_eq!((quick.len(), seen.those(hashed)), (3, quick), "{scenario}: quick mode");
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
        let seen = Seen::first(&capture, &config);
        seen.assert_that_none_is_malformed(scenario);
        seen.assert_that_version_1_is_read(scenario);
        let shows = |frame: &Frame| match scenario.split('/').next() {
            Some("ikev1-nat") => frame.is("udp.port", 4500) && frame.is_ike(),
            Some("ikev1-clients") => {
                frame.is("isakmp.exchangetype", TRANSACTION) && frame.is("isakmp.typepayload", ATTRIBUTES)
            }
            _ => frame.is("isakmp.typepayload", FRAGMENT),
        };
        assert!(!seen.those(shows).is_empty(), "{scenario}");
    }
}

#[test]
fn ah_and_bundles_read_down_to_what_they_carry() {
    if !tshark_is_here() {
        return;
    }
    for scenario in ["manual-tunnel", "manual-transport-ipv6", "bundle", "bundle-ipv6"] {
        let (capture, config) = captured(&format!("ah/{scenario}"));
        let seen = Seen::all(&capture, &config);
        let all = seen.those(|frame| frame.has("ah.spi"));
        assert!(all.len() > 100, "{scenario}");
        let is_read = |frame: &Frame| match scenario {
            "bundle" => frame.is("esp.icv_bad", 0) || frame.is_esp() && frame.is("udp.dstport", 9),
            "bundle-ipv6" => frame.is_esp() && frame.is("udp.dstport", 9),
            _ => frame.is("udp.dstport", 9),
        };
        let read = seen.those(|frame| frame.has("ah.spi") && is_read(frame));
        assert_eq!(read, all, "{scenario}: packets that show nothing inside");
        seen.assert_that_none_is_malformed(scenario);
    }
}

#[test]
fn esp_in_udp_is_told_from_ike_and_from_keepalives() {
    if !tshark_is_here() {
        return;
    }
    let (capture, config) = captured("esp/udp-tunnel");
    let seen = Seen::all(&capture, &config);
    assert!(seen.those(|frame| frame.has("udpencap.nat_keepalive")).len() > 1);
    seen.assert_that_esp_is_read("udp-tunnel", |frame| {
        frame.is("udp.port", 4500) && frame.is("udp.dstport", 9)
    });
    seen.assert_that_none_is_malformed("udp-tunnel");
}
