//! The keywords of scenario files for algorithms, by their names in the registries of both versions of IKE.

/// Ciphers, whose keyword has the length of the key in the place of `*`.
const CIPHERS: &[(&str, &str)] = &[
    ("ENCR_AES_CBC", "aes*"),
    ("ENCR_AES_CTR", "aes*ctr"),
    ("ENCR_AES_CCM_8", "aes*ccm8"),
    ("ENCR_AES_CCM_12", "aes*ccm12"),
    ("ENCR_AES_CCM_16", "aes*ccm16"),
    ("ENCR_AES_GCM_8", "aes*gcm8"),
    ("ENCR_AES_GCM_12", "aes*gcm12"),
    ("ENCR_AES_GCM_16", "aes*gcm16"),
    ("ENCR_NULL_AUTH_AES_GMAC", "aes*gmac"),
    ("ENCR_AES_CCM_8_IIV", "aes*ccm8iiv"),
    ("ENCR_AES_GCM_16_IIV", "aes*gcm16iiv"),
    ("ENCR_CAMELLIA_CBC", "camellia*"),
    ("AES-CBC", "aes*"),
    ("CAMELLIA-CBC", "camellia*"),
    ("ESP_AES-CBC", "aes*"),
    ("ESP_AES-CTR", "aes*ctr"),
    ("ESP_AES-CCM_8", "aes*ccm8"),
    ("ESP_AES-CCM_12", "aes*ccm12"),
    ("ESP_AES-CCM_16", "aes*ccm16"),
    ("ESP_AES-GCM_8", "aes*gcm8"),
    ("ESP_AES-GCM_12", "aes*gcm12"),
    ("ESP_AES-GCM_16", "aes*gcm16"),
    ("ESP_NULL_AUTH_AES-GMAC", "aes*gmac"),
    ("ESP_CAMELLIA", "camellia*"),
];

/// Everything whose keyword is the same whatever its key.
const OTHERS: &[(&str, &str)] = &[
    ("ENCR_DES", "des"),
    ("ENCR_3DES", "3des"),
    ("ENCR_NULL", "null"),
    ("ENCR_CHACHA20_POLY1305", "chacha20poly1305"),
    ("ENCR_CHACHA20_POLY1305_IIV", "chacha20poly1305iiv"),
    ("DES-CBC", "des"),
    ("3DES-CBC", "3des"),
    ("ESP_DES", "des"),
    ("ESP_3DES", "3des"),
    ("ESP_NULL", "null"),
    ("PRF_HMAC_MD5", "prfmd5"),
    ("PRF_HMAC_SHA1", "prfsha1"),
    ("PRF_AES128_XCBC", "prfaesxcbc"),
    ("PRF_HMAC_SHA2_256", "prfsha256"),
    ("PRF_HMAC_SHA2_384", "prfsha384"),
    ("PRF_HMAC_SHA2_512", "prfsha512"),
    ("PRF_AES128_CMAC", "prfaescmac"),
    ("AUTH_HMAC_MD5_96", "md5"),
    ("AUTH_HMAC_SHA1_96", "sha1"),
    ("AUTH_AES_XCBC_96", "aesxcbc"),
    ("AUTH_AES_CMAC_96", "aescmac"),
    ("AUTH_AES_128_GMAC", "aes128gmac"),
    ("AUTH_AES_192_GMAC", "aes192gmac"),
    ("AUTH_AES_256_GMAC", "aes256gmac"),
    ("AUTH_HMAC_SHA2_256_128", "sha256"),
    ("AUTH_HMAC_SHA2_384_192", "sha384"),
    ("AUTH_HMAC_SHA2_512_256", "sha512"),
    ("MD5", "md5"),
    ("SHA", "sha1"),
    ("SHA2-256", "sha256"),
    ("SHA2-384", "sha384"),
    ("SHA2-512", "sha512"),
    ("HMAC-MD5", "md5"),
    ("HMAC-SHA", "sha1"),
    ("HMAC-SHA2-256", "sha256"),
    ("HMAC-SHA2-384", "sha384"),
    ("HMAC-SHA2-512", "sha512"),
    ("AES-XCBC-MAC", "aesxcbc"),
    ("MODP_768", "modp768"),
    ("MODP_1024", "modp1024"),
    ("MODP_1536", "modp1536"),
    ("MODP_2048", "modp2048"),
    ("MODP_3072", "modp3072"),
    ("MODP_4096", "modp4096"),
    ("MODP_6144", "modp6144"),
    ("MODP_8192", "modp8192"),
    ("ECP_192", "ecp192"),
    ("ECP_224", "ecp224"),
    ("ECP_256", "ecp256"),
    ("ECP_384", "ecp384"),
    ("ECP_521", "ecp521"),
    ("MODP_1024_160", "modp1024s160"),
    ("MODP_2048_224", "modp2048s224"),
    ("MODP_2048_256", "modp2048s256"),
    ("BRAINPOOL_P224R1", "ecp224bp"),
    ("BRAINPOOL_P256R1", "ecp256bp"),
    ("BRAINPOOL_P384R1", "ecp384bp"),
    ("BRAINPOOL_P512R1", "ecp512bp"),
    ("CURVE25519", "x25519"),
    ("CURVE448", "x448"),
    ("ML_KEM_512", "mlkem512"),
    ("ML_KEM_768", "mlkem768"),
    ("ML_KEM_1024", "mlkem1024"),
    ("partially transmitted 64-bit sequence numbers", "esn"),
    ("64-bit sequence numbers", "esn"),
];

/// Names that go without saying: they add nothing to a proposal.
const UNSAID: [&str; 1] = ["NONE"];

/// A proposal in keywords, or the name that has none.
pub(super) fn proposal(names: &[String]) -> Result<String, &str> {
    let mut words = Vec::new();
    for name in names {
        words.extend(word(name).map_err(|()| name.as_str())?);
    }
    Ok(words.join("-"))
}

/// The keyword for a name; none where it goes without saying.
fn word(name: &str) -> Result<Option<String>, ()> {
    if let Some((place, name)) = name.strip_prefix("ADDKE").and_then(|rest| rest.split_once(' ')) {
        let group = word(name)?.unwrap_or_else(|| "none".to_owned());
        return Ok(Some(format!("ke{place}_{group}")));
    }
    if UNSAID.contains(&name) || name.starts_with("AH_") {
        return Ok(None);
    }
    if let Some((_, word)) = OTHERS.iter().find(|(known, _)| *known == name) {
        return Ok(Some((*word).to_owned()));
    }
    let (cipher, bits) = name.rsplit_once('-').ok_or(())?;
    let (_, word) = CIPHERS.iter().find(|(known, _)| *known == cipher).ok_or(())?;
    Ok(Some(word.replace('*', bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(names: &[&str]) -> Result<String, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        proposal(&names).map_err(str::to_owned)
    }

    #[test]
    fn names_of_both_versions_become_keywords() {
        assert_eq!(
            words(&[
                "ENCR_AES_GCM_16-256",
                "PRF_HMAC_SHA2_384",
                "ECP_384",
                "ADDKE1 ML_KEM_768",
                "ADDKE2 NONE"
            ]),
            Ok("aes256gcm16-prfsha384-ecp384-ke1_mlkem768-ke2_none".to_owned())
        );
        assert_eq!(words(&["AES-CBC-128", "SHA", "MODP_2048"]), Ok("aes128-sha1-modp2048".to_owned()));
        assert_eq!(words(&["ESP_AES-CBC-256", "HMAC-SHA2-256"]), Ok("aes256-sha256".to_owned()));
        assert_eq!(words(&["AH_SHA", "HMAC-SHA"]), Ok("sha1".to_owned()));
        assert_eq!(words(&["ENCR_AES_CBC-128", "Encryption 99"]), Err("Encryption 99".to_owned()));
    }
}
