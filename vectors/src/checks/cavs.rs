//! NIST's CAVS files for the key derivation of IKE (SP 800-135), in their own text format.

pub(crate) mod ikev1;
pub(crate) mod ikev2;

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use ipsec_crypto::PrfAlgorithm;
use ipsec_wire::IkeSpi;

/// One case of a file: what stands above its group, and its own fields.
struct Case<'a> {
    group: &'a Fields,
    fields: &'a Fields,
    /// Its number, counted through the whole file from 1.
    number: usize,
}

type Fields = BTreeMap<String, String>;

/// Calls `replay` for each case of a file.
fn each_case(data: &[u8], mut replay: impl FnMut(&Case<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let mut group = Fields::new();
    let mut fields = Fields::new();
    let mut number = 0;
    for line in text.lines().map(str::trim).chain([""]) {
        if let Some(inside) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            match inside.split_once(" = ") {
                Some((name, value)) => group.insert(name.to_owned(), value.to_owned()),
                None => group.insert("hash".to_owned(), inside.to_owned()),
            };
        } else if let Some((name, value)) = line.split_once(" = ") {
            fields.insert(name.to_owned(), value.to_owned());
        } else if line.is_empty() && !fields.is_empty() {
            number += 1;
            replay(&Case { group: &group, fields: &fields, number })?;
            fields.clear();
        }
    }
    Ok(())
}

impl Case<'_> {
    /// A field of octets.
    fn octets(&self, name: &str) -> Result<Vec<u8>, String> {
        let number = self.number;
        let text = self.fields.get(name).ok_or_else(|| format!("case {number} has no {name}"))?;
        hex::decode(text).map_err(|error| format!("case {number}, {name}: {error}"))
    }

    /// A field of eight octets.
    fn spi(&self, name: &str) -> Result<IkeSpi, String> {
        let octets = self.octets(name)?;
        let wrong = |_| format!("case {}: {name} is not 8 octets", self.number);
        Ok(IkeSpi(u64::from_be_bytes(octets.as_slice().try_into().map_err(wrong)?)))
    }

    /// HMAC with the hash function of the group.
    fn prf(&self) -> Result<PrfAlgorithm, String> {
        match self.group.get("hash").map(String::as_str) {
            Some("SHA-1") => Ok(PrfAlgorithm::HmacSha1),
            Some("SHA-256") => Ok(PrfAlgorithm::HmacSha2_256),
            Some("SHA-384") => Ok(PrfAlgorithm::HmacSha2_384),
            Some("SHA-512") => Ok(PrfAlgorithm::HmacSha2_512),
            other => Err(format!("case {}: no PRF is called {other:?}", self.number)),
        }
    }
}
