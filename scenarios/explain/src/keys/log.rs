//! Our own log of keys: one object of JSON a line, whose name says what it holds. Octets are pairs of hexadecimal digits,
//! algorithms have the names that [`ipsec_crypto`] gives them.
//!
//! ```json
//! {"ikev2":{"spi_i":"…","spi_r":"…","encryption":"AES-GCM-16","sk_ei":"…","sk_er":"…","prf":"PRF-HMAC-SHA2-256","sk_d":"…"}}
//! {"ikev1":{"cookie_i":"…","key":"…"}}
//! {"esp":{"spi":"c0ffee00","encryption":"AES-CBC","key":"…","integrity":"HMAC-SHA2-256-128","integrity_key":"…"}}
//! {"ah":{"spi":"c0ffee00","integrity":"HMAC-SHA2-256-128","key":"…"}}
//! {"private":{"group":"x25519","value":"…"}}
//! {"agreed":{"public":"…","secret":"…"}}
//! {"shared":{"text":"correct horse battery staple"}}
//! ```
//!
//! Of `SK_d` follow the keys of Child SAs that had no key exchange of their own. A private value of either end, or what a key
//! exchange came to, gives all keys of an IKE SA of version 2, and of version 1 where signatures authenticate; with a shared
//! key, also where that one does. Which exchange it belongs to shows its public value.

use std::net::IpAddr;

use ipsec_crypto::Secret;
use ipsec_dataplane::{Protection, Suite};
use ipsec_ikev2::IkeSuite;
use ipsec_wire::{IkeSpi, Spi};
use serde::{Deserialize, Serialize};

use super::{
    AhKey, Direction, IkeKeys, Integrity, Keys, Roots, Row, address, hex, ike_spi, integrity_key_fits, names,
    spi_of,
};

/// A line of the log. Octets are hexadecimal digits; those that are left out are empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Record {
    /// The keys of an IKE SA of version 2 (RFC 7296 §2.14).
    #[expect(missing_docs, reason = "SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr as the RFC names them")]
    Ikev2 {
        /// The initiator's SPI.
        spi_i: String,
        /// The responder's SPI.
        spi_r: String,
        /// The cipher.
        encryption: String,
        /// The integrity algorithm, beside a cipher that gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        integrity: Option<String>,
        sk_ei: String,
        sk_er: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sk_ai: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sk_ar: String,
        /// The PRF, without which the rest says nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prf: Option<String>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sk_d: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sk_pi: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        sk_pr: String,
    },
    /// The key of an ISAKMP SA of version 1, with which both ends encrypt (RFC 2409 appendix B).
    Ikev1 {
        /// The initiator's cookie.
        cookie_i: String,
        /// The key.
        key: String,
    },
    /// The keys of an SA of ESP.
    Esp {
        /// The SPI.
        spi: String,
        /// Whence its packets come; left out for anywhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Where they go; left out for anywhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// The cipher.
        encryption: String,
        /// Its key, and the salt behind it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        key: String,
        /// The integrity algorithm, beside a cipher that gives none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        integrity: Option<String>,
        /// Its key.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        integrity_key: String,
    },
    /// The key of an SA of AH.
    Ah {
        /// The SPI.
        spi: String,
        /// Whence its packets come; left out for anywhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Where they go; left out for anywhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// The integrity algorithm.
        integrity: String,
        /// Its key.
        key: String,
    },
    /// The private value of one end of a key exchange.
    Private {
        /// The method, by its word in proposals: `x25519`, `ecp256`, `modp2048`.
        group: String,
        /// The value, as [`ipsec_crypto::Initiator`] draws it.
        value: String,
    },
    /// What a key exchange came to.
    Agreed {
        /// The public value of either end, as its KE payload has it.
        public: String,
        /// What both ends came to.
        secret: String,
    },
    /// A key that two ends share to prove who they are.
    Shared {
        /// As text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// As octets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        octets: Option<String>,
    },
}

impl Record {
    /// The name of the log's file, where somebody else chooses none.
    pub const FILE: &'static str = "keys.jsonl";

    /// The keys of an IKE SA with these SPIs.
    #[must_use]
    pub fn ikev2(spis: (IkeSpi, IkeSpi), suite: &IkeSuite, keys: &ipsec_ikev2::keys::Keys) -> Self {
        let Suite { encryption, integrity, .. } = suite.protection;
        Self::Ikev2 {
            spi_i: spis.0.to_string(),
            spi_r: spis.1.to_string(),
            encryption: names::of_encryption(encryption),
            integrity: integrity.map(|integrity| integrity.name().to_owned()),
            sk_ei: digits(keys.ei.as_bytes()),
            sk_er: digits(keys.er.as_bytes()),
            sk_ai: digits(keys.ai.as_bytes()),
            sk_ar: digits(keys.ar.as_bytes()),
            prf: Some(suite.prf.name().to_owned()),
            sk_d: digits(keys.d.as_bytes()),
            sk_pi: digits(keys.pi.as_bytes()),
            sk_pr: digits(keys.pr.as_bytes()),
        }
    }

    /// The key of the ISAKMP SA with this cookie of its initiator.
    #[must_use]
    pub fn ikev1(cookie_i: IkeSpi, key: &Secret) -> Self {
        Self::Ikev1 { cookie_i: cookie_i.to_string(), key: digits(key.as_bytes()) }
    }

    /// The keys of an SA with this SPI, from one address to another or between any, out of its key material.
    #[must_use]
    pub fn sa(spi: Spi, ends: Option<(IpAddr, IpAddr)>, protection: &Protection, material: &Secret) -> Self {
        let spi = spi.to_string();
        let (from, to) = ends.map(|(from, to)| (from.to_string(), to.to_string())).unzip();
        match protection {
            Protection::Esp(suite) => {
                let cut = suite.encryption_key_len().min(material.len());
                let (key, integrity_key) = material.as_bytes().split_at(cut);
                Self::Esp {
                    spi,
                    from,
                    to,
                    encryption: names::of_encryption(suite.encryption),
                    key: digits(key),
                    integrity: suite.integrity.map(|algorithm| algorithm.name().to_owned()),
                    integrity_key: digits(integrity_key),
                }
            }
            Protection::Ah(integrity) => {
                let (integrity, key) = (integrity.name().to_owned(), digits(material.as_bytes()));
                Self::Ah { spi, from, to, integrity, key }
            }
        }
    }

    /// The record in its line.
    #[must_use]
    pub fn line(&self) -> String {
        // Text alone cannot fail to become JSON.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// Octets as hexadecimal digits.
fn digits(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl Keys {
    /// Adds a line of the log.
    pub(super) fn object(&mut self, line: &str) -> Result<(), String> {
        let record = serde_json::from_str(line).map_err(|error| {
            // There is one line of each.
            error.to_string().replace(" at line 1 column ", ", at column ")
        })?;
        match record {
            Record::Ikev2 {
                spi_i,
                spi_r,
                encryption,
                integrity,
                sk_ei,
                sk_er,
                sk_ai,
                sk_ar,
                prf,
                sk_d,
                sk_pi,
                sk_pr,
            } => {
                let algorithms = (encryption.as_str(), integrity.as_deref());
                let pair = [direction(algorithms, &sk_ei, &sk_ai)?, direction(algorithms, &sk_er, &sk_ar)?];
                let roots = match prf {
                    Some(prf) if !sk_d.is_empty() => Some(Roots {
                        prf: names::prf(&prf)?,
                        d: Secret::from(hex(&sk_d)?),
                        p: [Secret::from(hex(&sk_pi)?), Secret::from(hex(&sk_pr)?)],
                    }),
                    _ => None,
                };
                let keys = self.ikev2.entry((ike_spi(&spi_i)?, ike_spi(&spi_r)?)).or_default();
                keys.push(IkeKeys { pair, roots });
            }
            Record::Ikev1 { cookie_i, key } => {
                self.ikev1.insert(ike_spi(&cookie_i)?, hex(&key)?);
            }
            Record::Esp { spi, from, to, encryption, key, integrity, integrity_key } => {
                let key = direction((&encryption, integrity.as_deref()), &key, &integrity_key)?;
                self.esp.entry(spi_of(&spi)?).or_default().push(row((from, to), key)?);
            }
            Record::Ah { spi, from, to, integrity, key } => {
                let key = AhKey { integrity: names::integrity(&integrity)?, key: hex(&key)? };
                integrity_key_fits(key.integrity, &key.key)?;
                self.ah.entry(spi_of(&spi)?).or_default().push(row((from, to), key)?);
            }
            Record::Private { group, value } => {
                self.exchanges.add_private(names::group(&group)?, hex(&value)?)?;
            }
            Record::Agreed { public, secret } => {
                self.exchanges.add_agreed(hex(&public)?, hex(&secret)?);
            }
            Record::Shared { text, octets } => self.shared.push(match (text, octets) {
                (Some(text), None) => Secret::from(text.into_bytes()),
                (None, Some(octets)) => Secret::from(hex(&octets)?),
                _ => return Err("a shared key is either \"text\" or \"octets\"".to_owned()),
            }),
        }
        Ok(())
    }
}

/// The keys of a direction.
fn direction(
    (encryption, integrity): (&str, Option<&str>),
    key: &str,
    integrity_key: &str,
) -> Result<Direction, String> {
    let integrity = match integrity {
        Some(name) => Integrity::Algorithm(names::integrity(name)?),
        None => Integrity::None,
    };
    let (key, integrity_key) = (hex(key)?, hex(integrity_key)?);
    Direction { encryption: names::encryption(encryption)?, key, integrity, integrity_key }.proven()
}

fn row<K>((from, to): (Option<String>, Option<String>), key: K) -> Result<Row<K>, String> {
    let end = |text: Option<String>| address(text.as_deref().unwrap_or("*"));
    Ok(Row { is_ipv4: None, from: end(from)?, to: end(to)?, key })
}
