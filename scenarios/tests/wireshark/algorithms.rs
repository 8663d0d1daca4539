//! Each algorithm of IKE: its messages are decrypted, or the profile says that they are not.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{capture_file, frames, in_one, not_decrypted, tshark_is_here};

/// IKE SAs whose messages Wireshark 4.0 decrypts.
const IKE: [&str; 27] = [
    "3des-md5",
    "3des-sha1",
    "aes128-md5",
    "aes128-aesxcbc",
    "aes128-aescmac",
    "aes128-sha1",
    "aes192-sha256",
    "aes256-sha384",
    "aes256-sha512",
    "aes128ctr-sha256",
    "aes192ctr-sha256",
    "aes256ctr-sha256",
    "aes128gcm8",
    "aes128gcm12",
    "aes128gcm16",
    "aes192gcm8",
    "aes192gcm12",
    "aes192gcm16",
    "aes256gcm8",
    "aes256gcm12",
    "aes256gcm16",
    "aes128ccm8",
    "aes128ccm12",
    "aes128ccm16",
    "aes192ccm16",
    "aes256ccm8",
    "aes256ccm16",
];
/// Those that it does not.
const IKE_UNKNOWN: [&str; 4] =
    ["camellia128-sha256", "camellia192-sha1", "camellia256-sha512", "chacha20poly1305"];
/// Ciphers and hashes of version 1 that it decrypts.
const ISAKMP: [&str; 7] =
    ["des-md5", "des-sha1", "3des-md5", "3des-sha1", "aes128-sha1", "aes192-sha256", "aes256-sha512"];
/// Those that it does not.
const ISAKMP_UNKNOWN: [&str; 2] = ["camellia128-sha1", "camellia256-sha256"];

/// Pairs of peers, each on a link of its own that is called as the algorithms of its IKE SA are.
fn pairs_of_peers() -> String {
    let newer = IKE.iter().chain(&IKE_UNKNOWN).map(|suite| (2, *suite, format!("{suite}-prfsha256-x25519")));
    let older = ISAKMP.iter().chain(&ISAKMP_UNKNOWN).map(|suite| (1, *suite, format!("{suite}-modp1024")));
    let (mut story, mut nouns) = ([const { String::new() }; 4], String::new());
    for (n, (version, suite, offer)) in (1..).zip(newer.chain(older)) {
        let lines = [
            format!("0s w{n}: initiate c{n}\n"),
            format!("expect c{n} up at w{n}, e{n} within 5s\n"),
            format!("10s w{n}: rekey c{n}\n"),
            format!("20s w{n}: terminate i{n}\n"),
        ];
        story.iter_mut().zip(&lines).for_each(|(part, line)| *part += line);
        nouns += &format!(
            "[peer.w{n}]\naddress = \"192.0.2.{n}\"\nprotects = \"10.1.{n}.0/24\"\n\
             [peer.e{n}]\naddress = \"198.51.100.{n}\"\nprotects = \"10.2.{n}.0/24\"\n\
             [link.v{version}-{suite}]\njoins = [\"w{n}\", \"e{n}\"]\ndelay = \"10ms\"\n\
             [ike.i{n}]\nends = [\"w{n}\", \"e{n}\"]\nversion = {version}\noffer = [\"{offer}\"]\n\
             auth = {{ psk = \"correct horse battery staple\" }}\n\
             [child.c{n}]\nof = \"i{n}\"\noffer = [\"aes128-sha256\"]\n"
        );
    }
    format!("title = \"Each algorithm of IKE\"\nstory = \'\'\'\n{}\'\'\'\n{nouns}", story.concat())
}

#[test]
fn ike_is_decrypted_in_both_versions_with_each_algorithm_or_the_profile_names_it() {
    if !tshark_is_here() {
        return;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("each-algorithm-of-ike.toml");
    std::fs::write(&file, pairs_of_peers()).unwrap();
    let (folder, config) = capture_file(file.to_str().unwrap());
    let unknown = IKE_UNKNOWN.map(|suite| format!("IKE with {suite}")).into_iter();
    let unknown = unknown.chain(ISAKMP_UNKNOWN.map(|suite| format!("ISAKMP with {suite}-modp1024")));
    assert_eq!(not_decrypted(&config), unknown.collect::<Vec<_>>());
    let (whole, links) = in_one(&folder);
    // What is encrypted: in version 2 by its exchange, in version 1 by its flag; it shows a payload of SK, or HASH.
    let sealed =
        "(isakmp.exchangetype >= 35 || isakmp.flag_e == 1) && !(frame.comment contains \"transmission\")";
    let fields = ["frame.section_number", "isakmp.enc.decrypted", "isakmp.typepayload", "_ws.malformed"];
    let mut seen: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for row in frames(&whole, &config, sealed, &fields) {
        let [section, decrypted, payloads, malformed] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let link = &links[section.parse::<usize>().unwrap() - 1];
        let (hash, auth) = ("8", "39");
        let has = |kind: &str| payloads.split(',').any(|payload| payload == kind);
        let is_read = if link.starts_with("v1-") { has(hash) } else { !decrypted.is_empty() };
        let [all, read, proofs] = seen.entry(link.as_str()).or_default();
        *all += 1;
        *read += usize::from(is_read && malformed.is_empty());
        *proofs += usize::from(has(auth));
    }
    assert_eq!(seen.len(), IKE.len() + IKE_UNKNOWN.len() + ISAKMP.len() + ISAKMP_UNKNOWN.len());
    for (link, [all, read, proofs]) in seen {
        let is_unknown = ["camellia", "chacha20"].iter().any(|word| link.contains(word));
        assert!(all >= 7, "{link}: {all} messages");
        assert_eq!(read, if is_unknown { 0 } else { all }, "{link}: messages that are read");
        let both_proofs = link.starts_with("v2-") && !is_unknown;
        assert_eq!(proofs, if both_proofs { 2 } else { 0 }, "{link}: messages of IKE_AUTH with AUTH");
    }
}
