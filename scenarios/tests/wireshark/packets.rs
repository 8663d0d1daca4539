//! Each ESP packet of whole suites: it is decrypted, and its ICV is right.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{capture_all, frames, in_one, not_decrypted, tshark_is_here};

/// Scenarios with ICVs that Wireshark 4.0 finds wrong, and why.
const WRONG_FOR_WIRESHARK: [(&str, &str); 5] = [
    ("esp/esn-across-aes128", "it does not authenticate the upper half of extended sequence numbers"),
    ("esp/esn-across-aes128gcm16", "likewise"),
    ("esp/esn-resynchronisation", "likewise"),
    ("esp/wrong-esn", "likewise, of the one end that has them"),
    ("esp/wrong-key", "the ends have different keys under the same SPI, and it takes one of them"),
];
/// Algorithms that Wireshark 4.0 does not have in ESP.
const UNKNOWN_TO_WIRESHARK: [&str; 5] = ["camellia", "ccm", "chacha20", "gmac", "iiv"];

/// An ESP packet as Wireshark sees it.
struct Packet {
    /// The link on which it ran.
    link: String,
    spi: String,
    /// Its ICV is not found wrong, and nothing is malformed.
    is_right: bool,
    /// Its ICV was checked and found right.
    is_proven: bool,
    /// The length of the padding is seen, which takes its being decrypted.
    has_trailer: bool,
    /// The UDP port inside; of fragments it stands at that with which they are whole again.
    port: String,
}

/// The ESP packets of the captures of a folder, but for those that ICMP errors quote.
fn esp_packets(folder: &Path, config: &Path) -> Vec<Packet> {
    let (whole, links) = in_one(folder);
    let filter = "esp && !(icmp.type == 3) && !(icmpv6.type == 2)";
    let fields =
        ["frame.section_number", "esp.spi", "esp.icv_bad", "esp.pad_len", "udp.dstport", "_ws.malformed"];
    let packet = |row: String| {
        let [section, spi, icv_bad, padding, port, malformed] = row.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("{row}")
        };
        Packet {
            link: links[section.parse::<usize>().unwrap() - 1].clone(),
            spi: spi.to_owned(),
            is_right: matches!(icv_bad, "" | "0") && malformed.is_empty(),
            is_proven: icv_bad == "0",
            has_trailer: !padding.is_empty(),
            port: port.to_owned(),
        }
    };
    frames(&whole, config, filter, &fields).into_iter().map(packet).collect()
}

#[test]
fn every_esp_packet_of_the_suite_ah_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("ah", 2_000, 0);
}

#[test]
fn every_esp_packet_of_the_suite_esp_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("esp", 50_000, 15);
}

#[test]
fn every_esp_packet_of_the_suite_manual_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("manual", 2_000, 22);
}

#[test]
fn every_esp_packet_of_the_suite_policy_is_decrypted_and_its_icv_is_right() {
    check_esp_packets("policy", 300, 0);
}

/// The links of a scenario that shows one algorithm; nothing for others.
fn links_of_one_algorithm(scenario: &str) -> Option<usize> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites").join(format!("{scenario}.toml"));
    let text = std::fs::read_to_string(file).unwrap();
    let title = text.lines().find_map(|line| line.strip_prefix("title  = \"")).unwrap_or_default();
    match title {
        // A link for each mode and IP version.
        _ if title.starts_with("ESP with ") && title.ends_with("in both modes over both IP versions\"") => {
            Some(4)
        }
        _ if title.starts_with("Manual SAs in ") && title.contains(" carry ") => Some(1),
        _ => None,
    }
}

/// Whether each ESP packet of a suite's captures is right for Wireshark, and there are at least so many of them and so many
/// scenarios of one algorithm that it knows.
fn check_esp_packets(suite: &str, at_least: usize, algorithms: usize) {
    if !tshark_is_here() {
        return;
    }
    let (mut seen, mut shown) = (0, 0);
    let mut surprises = Vec::new();
    for scenario in scenarios_of(suite) {
        let (out, config) = capture_all(&scenario);
        let keys = std::fs::read_to_string(config.join("profiles/esplanade/esp_sa")).unwrap();
        let packets = esp_packets(&out, &config);
        let (known, unknown): (Vec<&Packet>, Vec<&Packet>) =
            packets.iter().partition(|packet| keys.contains(&packet.spi));
        seen += known.len();
        let named = not_decrypted(&config);
        let is_unknown = |name: &String| UNKNOWN_TO_WIRESHARK.iter().any(|word| name.contains(word));
        if unknown.is_empty() != named.is_empty() || !named.iter().all(is_unknown) {
            surprises.push(format!("{scenario}: {} packets without a key, named {named:?}", unknown.len()));
        }
        // It shows no trailer of a packet that carries nothing.
        let is_dummy = |packet: &Packet| scenario.contains("dummies") && packet.is_proven;
        let is_right = |packet: &Packet| packet.is_right && (packet.has_trailer || is_dummy(packet));
        let wrong = known.iter().filter(|packet| !is_right(packet)).count();
        let may_be_wrong = WRONG_FOR_WIRESHARK.iter().any(|(name, _)| *name == scenario);
        if may_be_wrong != (wrong > 0) {
            surprises.push(format!("{scenario}: {wrong} of {} packets are wrong", known.len()));
        }
        let Some(links) = links_of_one_algorithm(&scenario).filter(|_| named.is_empty()) else { continue };
        shown += 1;
        let mut carried: BTreeMap<&str, usize> = BTreeMap::new();
        for packet in known.iter().filter(|packet| packet.port == "9") {
            *carried.entry(&packet.link).or_default() += 1;
        }
        let all = carried.values().sum::<usize>() == known.len();
        if !all || carried.len() != links || carried.values().any(|count| *count <= 100) {
            surprises.push(format!("{scenario}: {} packets, of which are read {carried:?}", known.len()));
        }
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
    assert!(seen >= at_least && shown >= algorithms, "{seen} packets, {shown} algorithms");
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
