//! A Wireshark profile folder: the tables `ikev2_decryption_table` and `esp_sa`, and the preferences that make it decrypt.
//! Wireshark reads IKE and ESP keys from nowhere else.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use ipsec::ManualSa;
use ipsec::crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm, Secret};
use ipsec::dataplane::{Encryption, Protection, SaPair, Suite};
use ipsec::ikev2::{ChildRecord, IkeKeyRecord};
use ipsec::wire::Spi;

/// The name of the profile's folder.
pub const PROFILE: &str = "wireshark-profile";

/// The file of the profile that says what stays encrypted.
pub const NOT_DECRYPTED: &str = "not-decrypted";

/// The rows of the tables. Both ends tell of the same keys; each row stands once.
#[derive(Clone, Debug, Default)]
pub struct KeyTables {
    ike: BTreeSet<String>,
    isakmp: BTreeSet<String>,
    esp: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

impl KeyTables {
    /// Adds an IKE SA.
    pub fn ike(&mut self, record: &IkeKeyRecord) {
        let Some((encryption, integrity)) = ike_names(&record.suite.protection) else {
            self.unknown.insert(format!("IKE with {}", record.suite.protection));
            return;
        };
        let keys = &record.keys;
        // Wireshark takes no key for what it does not check, and no table with a row that it does not like.
        let integrity_key =
            |key: &Secret| if integrity.starts_with("ANY") { String::new() } else { hex(key.as_bytes()) };
        self.ike.insert(format!(
            "{},{},{},{},\"{encryption}\",{},{},\"{integrity}\"",
            record.spi_i,
            record.spi_r,
            hex(keys.ei.as_bytes()),
            hex(keys.er.as_bytes()),
            integrity_key(&keys.ai),
            integrity_key(&keys.ar),
        ));
    }

    /// Adds an ISAKMP SA of version 1: Wireshark finds its key by the initiator's cookie, and its algorithms in messages.
    pub fn isakmp(&mut self, record: &ipsec::ikev1::IkeKeyRecord) {
        if record.suite.cipher == CipherAlgorithm::CamelliaCbc {
            self.unknown.insert(format!("ISAKMP with {}", record.suite));
            return;
        }
        self.isakmp.insert(format!("{},{}", record.cookie_i, hex(record.key.as_bytes())));
    }

    /// Adds both SAs of a pair, between any addresses: on the way they may be translated, and later ones may be others.
    pub fn child(&mut self, record: &ChildRecord) {
        let is_ipv4 = record.addresses.0.is_ipv4();
        let Protection::Esp(suite) = &record.protection else { return };
        for (spi, key) in [(record.inbound, &record.inbound_key), (record.outbound, &record.outbound_key)] {
            self.esp(is_ipv4, ("*", "*"), spi, suite, key);
        }
    }

    /// Adds a manual SA pair.
    pub fn manual(&mut self, manual: &ManualSa) {
        let (here, there) = manual.addresses;
        let SaPair { inbound, outbound, .. } = &manual.pair;
        for (ends, sa) in [((there, here), inbound), ((here, there), outbound)] {
            // AH hides nothing, and Wireshark does not check it.
            if let Protection::Esp(suite) = &sa.protection {
                let (from, to) = (IpAddr::to_string(&ends.0), IpAddr::to_string(&ends.1));
                self.esp(ends.0.is_ipv4(), (&from, &to), sa.spi, suite, &sa.key);
            }
        }
    }

    fn esp(&mut self, is_ipv4: bool, (from, to): (&str, &str), spi: Spi, suite: &Suite, key: &Secret) {
        let Some((encryption, integrity)) = esp_names(suite) else {
            self.unknown.insert(format!("ESP with {suite}"));
            return;
        };
        let version = if is_ipv4 { "IPv4" } else { "IPv6" };
        let (encryption_key, integrity_key) = key.as_bytes().split_at(suite.encryption_key_len());
        let prefixed = |key: &[u8]| if key.is_empty() { String::new() } else { format!("0x{}", hex(key)) };
        self.esp.insert(format!(
            "\"{version}\",\"{from}\",\"{to}\",\"0x{spi}\",\"{encryption}\",\"{}\",\"{integrity}\",\"{}\"",
            prefixed(encryption_key),
            prefixed(integrity_key),
        ));
    }

    /// What Wireshark has no name for, and leaves encrypted: `IKE with chacha20poly1305`.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.unknown.iter().map(String::as_str)
    }

    /// Writes the profile.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let table = |rows: &BTreeSet<String>| rows.iter().fold(String::new(), |text, row| text + row + "\n");
        reports::write(&folder.join("ikev2_decryption_table"), table(&self.ike).as_bytes())?;
        reports::write(&folder.join("ikev1_decryption_table"), table(&self.isakmp).as_bytes())?;
        reports::write(&folder.join("esp_sa"), table(&self.esp).as_bytes())?;
        reports::write(&folder.join(NOT_DECRYPTED), table(&self.unknown).as_bytes())?;
        reports::write(&folder.join("preferences"), PREFERENCES.as_bytes())
    }
}

const PREFERENCES: &str = "\
# Lets Wireshark decrypt ESP with the keys in esp_sa and check its ICVs.
esp.enable_encryption_decode: TRUE
esp.enable_authentication_check: TRUE
esp.do_esp_sequence_analysis: FALSE
";

/// Wireshark's names for the algorithms of an IKE SA.
fn ike_names(suite: &Suite) -> Option<(String, &'static str)> {
    let bits = suite.key_len * 8;
    let encryption = match suite.encryption {
        Encryption::Cipher(CipherAlgorithm::TripleDesCbc) => "3DES [RFC2451]".to_owned(),
        Encryption::Cipher(CipherAlgorithm::AesCbc) => format!("AES-CBC-{bits} [RFC3602]"),
        Encryption::Cipher(CipherAlgorithm::AesCtr) => format!("AES-CTR-{bits} [RFC5930]"),
        Encryption::Aead(AeadAlgorithm::AesCcm8) => format!("AES-CCM-{bits} with 8 octet ICV [RFC5282]"),
        Encryption::Aead(AeadAlgorithm::AesCcm12) => format!("AES-CCM-{bits} with 12 octet ICV [RFC5282]"),
        Encryption::Aead(AeadAlgorithm::AesCcm16) => format!("AES-CCM-{bits} with 16 octet ICV [RFC5282]"),
        Encryption::Aead(AeadAlgorithm::AesGcm8) => format!("AES-GCM-{bits} with 8 octet ICV [RFC5282]"),
        Encryption::Aead(AeadAlgorithm::AesGcm12) => format!("AES-GCM-{bits} with 12 octet ICV [RFC5282]"),
        Encryption::Aead(AeadAlgorithm::AesGcm16) => format!("AES-GCM-{bits} with 16 octet ICV [RFC5282]"),
        _ => return None,
    };
    let integrity = match suite.integrity {
        None => "NONE [RFC4306]",
        Some(IntegrityAlgorithm::HmacMd5_96) => "HMAC_MD5_96 [RFC2403]",
        Some(IntegrityAlgorithm::HmacSha1_96) => "HMAC_SHA1_96 [RFC2404]",
        Some(IntegrityAlgorithm::HmacSha2_256_128) => "HMAC_SHA2_256_128 [RFC4868]",
        Some(IntegrityAlgorithm::HmacSha2_384_192) => "HMAC_SHA2_384_192 [RFC4868]",
        Some(IntegrityAlgorithm::HmacSha2_512_256) => "HMAC_SHA2_512_256 [RFC4868]",
        Some(IntegrityAlgorithm::AesXcbc96 | IntegrityAlgorithm::AesCmac96) => {
            "ANY 96-bits of Authentication [No Checking]"
        }
        Some(_) => return None,
    };
    Some((encryption, integrity))
}

/// Wireshark's names for the algorithms of an ESP SA.
fn esp_names(suite: &Suite) -> Option<(&'static str, &'static str)> {
    let encryption = match suite.encryption {
        Encryption::Cipher(CipherAlgorithm::Null) => "NULL",
        Encryption::Cipher(CipherAlgorithm::DesCbc) => "DES-CBC [RFC2405]",
        Encryption::Cipher(CipherAlgorithm::TripleDesCbc) => "TripleDES-CBC [RFC2451]",
        Encryption::Cipher(CipherAlgorithm::AesCbc) => "AES-CBC [RFC3602]",
        Encryption::Cipher(CipherAlgorithm::AesCtr) => "AES-CTR [RFC3686]",
        Encryption::Aead(AeadAlgorithm::AesGcm8) => "AES-GCM with 8 octet ICV [RFC4106]",
        Encryption::Aead(AeadAlgorithm::AesGcm12) => "AES-GCM with 12 octet ICV [RFC4106]",
        Encryption::Aead(AeadAlgorithm::AesGcm16) => "AES-GCM with 16 octet ICV [RFC4106]",
        _ => return None,
    };
    let integrity = match suite.integrity {
        None => "NULL",
        Some(IntegrityAlgorithm::HmacMd5_96) => "HMAC-MD5-96 [RFC2403]",
        Some(IntegrityAlgorithm::HmacSha1_96) => "HMAC-SHA-1-96 [RFC2404]",
        Some(IntegrityAlgorithm::HmacSha2_256_128) => "HMAC-SHA-256-128 [RFC4868]",
        Some(IntegrityAlgorithm::HmacSha2_384_192) => "HMAC-SHA-384-192 [RFC4868]",
        Some(IntegrityAlgorithm::HmacSha2_512_256) => "HMAC-SHA-512-256 [RFC4868]",
        Some(IntegrityAlgorithm::AesXcbc96 | IntegrityAlgorithm::AesCmac96) => {
            "ANY 96 bit authentication [no checking]"
        }
        Some(
            IntegrityAlgorithm::Aes128Gmac | IntegrityAlgorithm::Aes192Gmac | IntegrityAlgorithm::Aes256Gmac,
        ) => return None,
    };
    Some((encryption, integrity))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}
