//! Every algorithm that IKE SAs have, and every group, is agreed on at least once by two peers with a child; and what RFC 8247
//! advises against is used with a word of warning.

use std::collections::BTreeSet;
use std::sync::Arc;

use esplanade::file::{self, Scenario};
use esplanade::run::{Options, run_case};
use ipsec::crypto::{KeyExchangeAlgorithm, PrfAlgorithm, Provider};
use reports::Verdict;

const COMBINED: [&str; 19] = [
    "aes128gcm16",
    "aes192gcm16",
    "aes256gcm16",
    "aes128gcm12",
    "aes192gcm12",
    "aes256gcm12",
    "aes128gcm8",
    "aes192gcm8",
    "aes256gcm8",
    "aes128ccm16",
    "aes192ccm16",
    "aes256ccm16",
    "aes128ccm12",
    "aes192ccm12",
    "aes256ccm12",
    "aes128ccm8",
    "aes192ccm8",
    "aes256ccm8",
    "chacha20poly1305",
];
const CIPHERS: [&str; 11] = [
    "aes128",
    "aes192",
    "aes256",
    "aes128ctr",
    "aes192ctr",
    "aes256ctr",
    "camellia128",
    "camellia192",
    "camellia256",
    "3des",
    "des",
];
const INTEGRITY: [&str; 7] = ["md5", "sha1", "sha256", "sha384", "sha512", "aesxcbc", "aescmac"];
const PRF: [&str; 7] =
    ["prfmd5", "prfsha1", "prfsha256", "prfsha384", "prfsha512", "prfaesxcbc", "prfaescmac"];
const GROUPS: [&str; 25] = [
    "modp768",
    "modp1024",
    "modp1536",
    "modp2048",
    "modp3072",
    "modp4096",
    "modp6144",
    "modp8192",
    "ecp256",
    "ecp384",
    "ecp521",
    "modp1024s160",
    "modp2048s224",
    "modp2048s256",
    "ecp192",
    "ecp224",
    "ecp224bp",
    "ecp256bp",
    "ecp384bp",
    "ecp512bp",
    "x25519",
    "x448",
    "mlkem512",
    "mlkem768",
    "mlkem1024",
];

/// On a link that takes the largest public values in one packet.
fn scenario(ike: &str) -> Arc<Scenario> {
    let text = format!(
        "title = \"{ike}\"\nstory = '''\n0s west: initiate net\nexpect net up at west, east within 1min\n\
         10s west: rekey-ike site\nexpect one net at west, east within 1min\n1min west: terminate site\n\
         expect nothing left at west, east within 2min\n'''\n\
         [peer.west]\naddress = \"192.0.2.1\"\nprotects = [\"10.1.0.0/16\"]\n\
         [peer.east]\naddress = \"192.0.2.2\"\nprotects = [\"10.2.0.0/16\"]\n\
         [link.wan]\njoins = [\"west\", \"east\"]\nmtu = 9000\n\
         [ike.site]\nends = [\"west\", \"east\"]\nauth = {{ psk = \"one\" }}\noffer = [\"{ike}\"]\n\
         [child.net]\nof = \"site\"\n"
    );
    Arc::new(file::parse(ike, &text).unwrap_or_else(|problems| panic!("{problems:?}")))
}

/// The warnings of a run that passes.
fn warnings(ike: &str) -> BTreeSet<String> {
    let options = Options::new(Provider::best(), ike);
    let case = run_case(&scenario(ike), 1, options).case;
    assert!(matches!(case.verdict, Verdict::Passed), "{ike}: {:?}", case.verdict);
    case.warnings
}

#[test]
fn every_cipher_works_with_every_integrity_algorithm_and_every_prf() {
    // Each pair of a cipher and an integrity algorithm, with PRFs in turn, so that each meets each.
    for (number, cipher) in COMBINED.iter().enumerate() {
        for prf in [PRF[number % PRF.len()], PRF[(number + 3) % PRF.len()]] {
            warnings(&format!("{cipher}-{prf}-x25519"));
        }
    }
    for (number, cipher) in CIPHERS.iter().enumerate() {
        for (other, integrity) in INTEGRITY.iter().enumerate() {
            let prf = PRF[(number + other) % PRF.len()];
            warnings(&format!("{cipher}-{integrity}-{prf}-x25519"));
        }
    }
}

#[test]
fn every_group_works_with_every_prf() {
    assert_eq!(GROUPS.len(), KeyExchangeAlgorithm::ALL.len());
    assert_eq!(PRF.len(), PrfAlgorithm::ALL.len());
    for group in GROUPS {
        let slow = ["modp4096", "modp6144", "modp8192"].contains(&group);
        for prf in PRF.iter().take(if slow { 1 } else { PRF.len() }) {
            warnings(&format!("aes128gcm16-{prf}-{group}"));
        }
    }
}

#[test]
fn what_rfc_8247_advises_against_works_with_a_warning_and_the_rest_without() {
    let told = |ike: &str| warnings(ike).into_iter().collect::<Vec<_>>();
    assert_eq!(
        told("des-md5-prfmd5-modp768"),
        [
            "DES-CBC MUST NOT be used (RFC 8247 section 2.1)",
            "HMAC-MD5-96 MUST NOT be used (RFC 8247 section 2.3)",
            "MODP-768 MUST NOT be used (RFC 8247 section 2.4)",
            "PRF-HMAC-MD5 MUST NOT be used (RFC 8247 section 2.2)",
        ]
    );
    for (group, level) in [
        ("modp1024", "MODP-1024 SHOULD NOT"),
        ("modp1536", "MODP-1536 SHOULD NOT"),
        ("modp1024s160", "MODP-1024-160 MUST NOT"),
        ("modp2048s224", "MODP-2048-224 SHOULD NOT"),
        ("modp2048s256", "MODP-2048-256 SHOULD NOT"),
    ] {
        let warning = format!("{level} be used (RFC 8247 section 2.4)");
        assert_eq!(told(&format!("aes128gcm16-prfsha256-{group}")), [warning]);
    }
    for good in [
        "aes128-sha256-modp2048",
        "3des-sha1-ecp256",
        "aes256gcm16-prfsha384-ecp384",
        "chacha20poly1305-prfsha512-x448",
    ] {
        assert!(warnings(good).is_empty(), "{good}");
    }
}
