//! strongSwan's names of algorithms in what it tells over VICI, and ours.

use ipsec::dataplane::Suite;
use ipsec::ikev2::IkeSuite;

use super::super::held;
use super::super::vici::Section;

/// Names that stand for a keyword; a cipher's is completed by the length of its key, at the `*`.
const NAMES: [(&str, &str); 49] = [
    ("AES_CBC", "aes*"),
    ("AES_CTR", "aes*ctr"),
    ("AES_GCM_8", "aes*gcm8"),
    ("AES_GCM_12", "aes*gcm12"),
    ("AES_GCM_16", "aes*gcm16"),
    ("AES_CCM_8", "aes*ccm8"),
    ("AES_CCM_12", "aes*ccm12"),
    ("AES_CCM_16", "aes*ccm16"),
    ("CAMELLIA_CBC", "camellia*"),
    ("CHACHA20_POLY1305", "chacha20poly1305"),
    ("3DES_CBC", "3des"),
    ("DES_CBC", "des"),
    ("NULL", "null"),
    ("HMAC_MD5_96", "md5"),
    ("HMAC_SHA1_96", "sha1"),
    ("HMAC_SHA2_256_128", "sha256"),
    ("HMAC_SHA2_384_192", "sha384"),
    ("HMAC_SHA2_512_256", "sha512"),
    ("AES_XCBC_96", "aesxcbc"),
    ("AES_CMAC_96", "aescmac"),
    ("PRF_HMAC_MD5", "prfmd5"),
    ("PRF_HMAC_SHA1", "prfsha1"),
    ("PRF_HMAC_SHA2_256", "prfsha256"),
    ("PRF_HMAC_SHA2_384", "prfsha384"),
    ("PRF_HMAC_SHA2_512", "prfsha512"),
    ("PRF_AES128_XCBC", "prfaesxcbc"),
    ("PRF_AES128_CMAC", "prfaescmac"),
    ("MODP_768", "modp768"),
    ("MODP_1024", "modp1024"),
    ("MODP_1024_160", "modp1024s160"),
    ("MODP_1536", "modp1536"),
    ("MODP_2048", "modp2048"),
    ("MODP_2048_224", "modp2048s224"),
    ("MODP_2048_256", "modp2048s256"),
    ("MODP_3072", "modp3072"),
    ("MODP_4096", "modp4096"),
    ("MODP_6144", "modp6144"),
    ("MODP_8192", "modp8192"),
    ("ECP_192", "ecp192"),
    ("ECP_224", "ecp224"),
    ("ECP_256", "ecp256"),
    ("ECP_384", "ecp384"),
    ("ECP_521", "ecp521"),
    ("ECP_224_BP", "ecp224bp"),
    ("ECP_256_BP", "ecp256bp"),
    ("ECP_384_BP", "ecp384bp"),
    ("ECP_512_BP", "ecp512bp"),
    ("CURVE_25519", "x25519"),
    ("CURVE_448", "x448"),
];

/// The algorithms of an IKE SA; nothing when one of them has no name here.
pub(super) fn suite(sa: &Section) -> Option<IkeSuite> {
    held::ike_suite(&words(sa, &["encr", "integ", "prf", "dh-group"])?)
}

/// The algorithms of an SA pair under ESP; nothing when one of them has no name here.
pub(super) fn child_suite(child: &Section) -> Option<Suite> {
    held::child_suite(&words(child, &["encr", "integ"])?)
}

/// A proposal of the algorithms that a section names.
fn words(section: &Section, parts: &[&str]) -> Option<String> {
    let named = parts.iter().map(|part| {
        let name = section.text(&format!("{part}-alg"));
        (if name.is_empty() { section.text(part) } else { name }, section.text(&format!("{part}-keysize")))
    });
    let words: Option<Vec<String>> =
        named.filter(|(name, _)| !name.is_empty()).map(|(name, size)| keyword(name, size)).collect();
    Some(words?.join("-"))
}

fn keyword(name: &str, size: &str) -> Option<String> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, word)| word.replace('*', size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::IkeProposal;

    #[test]
    fn the_algorithms_of_an_ike_sa_are_read_as_we_write_them() {
        let combined = Section::default()
            .with("encr-alg", "AES_GCM_16")
            .with("encr-keysize", "128")
            .with("prf-alg", "PRF_HMAC_SHA2_256")
            .with("dh-group", "CURVE_25519");
        assert_eq!(suite(&combined).unwrap().to_string(), "aes128gcm16-prfsha256-x25519");
        let two = Section::default()
            .with("encr-alg", "AES_CBC")
            .with("encr-keysize", "256")
            .with("integ-alg", "HMAC_SHA2_512_256")
            .with("prf-alg", "PRF_HMAC_SHA2_512")
            .with("dh-group", "ECP_521");
        assert_eq!(suite(&two).unwrap().to_string(), "aes256-sha512-prfsha512-ecp521");
        assert_eq!(suite(&Section::default().with("encr-alg", "ROT13")), None);
    }

    #[test]
    fn each_keyword_is_one_of_ours() {
        for (name, word) in NAMES {
            let word = word.replace('*', "128");
            let whole = match word.as_str() {
                _ if name.starts_with("PRF") => format!("aes128gcm16-{word}-x25519"),
                _ if name.starts_with("HMAC") || name.ends_with("_96") => format!("aes128-{word}-x25519"),
                _ if ["MODP", "ECP", "CURVE"].iter().any(|group| name.starts_with(group)) => {
                    format!("aes128gcm16-prfsha256-{word}")
                }
                "null" => continue,
                _ if name.contains("CBC") || name.contains("CTR") => format!("{word}-sha256-x25519"),
                _ => format!("{word}-prfsha256-x25519"),
            };
            assert!(IkeProposal::parse(&whole).is_ok(), "{whole}");
        }
    }
}
