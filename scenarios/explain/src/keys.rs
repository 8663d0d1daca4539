//! Keys, and what they can be made of: Wireshark's tables `ikev1_decryption_table`, `ikev2_decryption_table` and `esp_sa`,
//! alone or in the folder of a profile, and our own log of keys.
//!
//! ```text
//! tables    one row a line, which tells by its columns of which table it is
//! log       one object of JSON a line: keys of IKEv2, IKEv1, ESP and AH, private values, shared keys
//! ```
//!
//! Both may stand in one file: a line of the log begins with a brace.

mod exchange;
mod log;
mod names;
mod tables;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use ipsec_crypto::{IntegrityAlgorithm, PrfAlgorithm, Secret};
use ipsec_dataplane::{Encryption, Suite};
use ipsec_wire::{IkeSpi, Spi};

pub use log::Record;

use exchange::Exchanges;

/// The keys of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Direction {
    pub(crate) encryption: Encryption,
    /// The key, and the salt behind it.
    pub(crate) key: Vec<u8>,
    pub(crate) integrity: Integrity,
    pub(crate) integrity_key: Vec<u8>,
}

/// How a direction of traffic is authenticated beside its encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Integrity {
    /// Not at all, or by the encryption.
    None,
    Algorithm(IntegrityAlgorithm),
    /// By an algorithm that is not known, with an ICV of so many octets.
    Unchecked(usize),
}

/// What AH protects with, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AhKey {
    pub(crate) integrity: IntegrityAlgorithm,
    pub(crate) key: Vec<u8>,
}

/// The keys of an IKE SA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IkeKeys {
    /// What its initiator sends is under the first, what its responder sends under the second.
    pub(crate) pair: [Direction; 2],
    /// What other keys are made of, where it is known.
    pub(crate) roots: Option<Roots>,
}

/// `SK_d`, and `SK_pi` and `SK_pr`, with the PRF that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roots {
    pub(crate) prf: PrfAlgorithm,
    pub(crate) d: Secret,
    pub(crate) p: [Secret; 2],
}

/// Keys of SAs with an SPI, which may be between any addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row<K> {
    is_ipv4: Option<bool>,
    from: Option<IpAddr>,
    to: Option<IpAddr>,
    key: K,
}

/// Rows by their SPI, which may be any.
type Rows<K> = BTreeMap<Option<Spi>, Vec<Row<K>>>;

/// Keys, by what they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    ikev1: BTreeMap<IkeSpi, Vec<u8>>,
    /// Several, where further key exchanges follow the first (RFC 9370) or a post-quantum key comes in (RFC 9867).
    ikev2: BTreeMap<(IkeSpi, IkeSpi), Vec<IkeKeys>>,
    esp: Rows<Direction>,
    ah: Rows<AhKey>,
    exchanges: Exchanges,
    /// Keys that two ends share to prove who they are.
    shared: Vec<Secret>,
}

/// A line of a file that makes no sense, or a file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadKeys {
    /// The file.
    pub name: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// `esp_sa:3: "AES-CBX" is no cipher; did you mean "AES-CBC [RFC3602]"?`.
impl fmt::Display for BadKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.name, self.what),
            line => write!(f, "{}:{line}: {}", self.name, self.what),
        }
    }
}

impl std::error::Error for BadKeys {}

/// What holds keys in a folder: Wireshark's tables and our log.
const FILES: [&str; 4] = ["ikev1_decryption_table", "ikev2_decryption_table", "esp_sa", Record::FILE];

impl Keys {
    /// Adds the keys of a file, or of all files with keys in a folder, such as a profile of Wireshark.
    ///
    /// # Errors
    /// When there is no such file, a folder has none, or a line makes no sense.
    pub fn load(&mut self, path: &Path) -> Result<(), BadKeys> {
        let whole = |path: &Path, what: String| BadKeys { name: path.display().to_string(), line: 0, what };
        let mut paths = vec![path.to_owned()];
        if path.is_dir() {
            paths = FILES.map(|file| path.join(file)).into_iter().filter(|path| path.exists()).collect();
            if paths.is_empty() {
                return Err(whole(path, format!("no keys in this folder: {}", FILES.join(", "))));
            }
        }
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|error| whole(&path, error.to_string()))?;
            self.add(&path.display().to_string(), &text)?;
        }
        Ok(())
    }

    /// Adds the rows of tables and the objects of a log. Empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// When a line makes no sense.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), BadKeys> {
        for (line, row) in (1..).zip(text.lines()) {
            let row = row.trim();
            let read = match row.as_bytes().first() {
                None | Some(b'#') => Ok(()),
                Some(b'{') => self.object(row),
                Some(_) => self.row(row),
            };
            read.map_err(|what| BadKeys { name: name.to_owned(), line, what })?;
        }
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The key of the ISAKMP SA with this cookie of its initiator.
    pub(crate) fn isakmp(&self, cookie: IkeSpi) -> Option<&[u8]> {
        self.ikev1.get(&cookie).map(Vec::as_slice)
    }

    /// The keys of an IKE SA. Which of several holds shows the ICV.
    pub(crate) fn ike(&self, spis: (IkeSpi, IkeSpi)) -> &[IkeKeys] {
        self.ikev2.get(&spis).map_or(&[], Vec::as_slice)
    }

    /// The keys that ESP packets with this SPI between these addresses may have.
    pub(crate) fn esp(&self, spi: Spi, from: IpAddr, to: IpAddr) -> impl Iterator<Item = &Direction> {
        fitting(&self.esp, spi, from, to)
    }

    /// The keys that AH packets with this SPI between these addresses may have.
    pub(crate) fn ah(&self, spi: Spi, from: IpAddr, to: IpAddr) -> impl Iterator<Item = &AhKey> {
        fitting(&self.ah, spi, from, to)
    }

    /// What a key exchange with these two public values came to, the initiator's first.
    pub(crate) fn exchanged(&self, publics: [&[u8]; 2]) -> Option<Secret> {
        self.exchanges.secret(publics)
    }

    /// The keys that two ends may share to prove who they are.
    pub(crate) fn shared(&self) -> &[Secret] {
        &self.shared
    }
}

fn fitting<K>(rows: &Rows<K>, spi: Spi, from: IpAddr, to: IpAddr) -> impl Iterator<Item = &K> {
    let fits = move |row: &&Row<K>| {
        row.is_ipv4.is_none_or(|is_ipv4| is_ipv4 == from.is_ipv4())
            && row.from.is_none_or(|address| address == from)
            && row.to.is_none_or(|address| address == to)
    };
    let of = |spi: Option<Spi>| rows.get(&spi).into_iter().flatten();
    of(Some(spi)).chain(of(None)).filter(fits).map(|row| &row.key)
}

impl Direction {
    /// The keys of a direction out of its key material: encryption key, salt, integrity key (RFC 7296 §2.17).
    pub(crate) fn of(suite: &Suite, material: &[u8]) -> Option<Self> {
        let (key, integrity_key) = material.split_at_checked(suite.encryption_key_len())?;
        Some(Self {
            encryption: suite.encryption,
            key: key.to_vec(),
            integrity: suite.integrity.map_or(Integrity::None, Integrity::Algorithm),
            integrity_key: integrity_key.to_vec(),
        })
    }

    /// The same keys, whose lengths are proven.
    fn proven(self) -> Result<Self, String> {
        let (lens, salt) = (self.encryption.key_lens(), self.encryption.salt_len());
        if !lens.iter().any(|len| len + salt == self.key.len()) {
            let expected: Vec<String> = lens.iter().map(|len| (len + salt).to_string()).collect();
            let (length, name) = (self.key.len(), self.encryption.name());
            return Err(format!("a key of {length} octets for {name}, expected {}", expected.join(" or ")));
        }
        if let Integrity::Algorithm(algorithm) = self.integrity {
            integrity_key_fits(algorithm, &self.integrity_key)?;
        }
        Ok(self)
    }
}

fn integrity_key_fits(algorithm: IntegrityAlgorithm, key: &[u8]) -> Result<(), String> {
    if algorithm.key_len() == key.len() {
        return Ok(());
    }
    let (name, expected) = (algorithm.name(), algorithm.key_len());
    Err(format!("a key of {} octets for {name}, expected {expected}", key.len()))
}

fn digits(text: &str) -> &str {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text)
}

fn hex(text: &str) -> Result<Vec<u8>, String> {
    let digits = digits(text);
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(format!("\"{text}\" is no key, expected pairs of hexadecimal digits"));
    }
    let pairs = (0..digits.len()).step_by(2);
    Ok(pairs.filter_map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect())
}

fn ike_spi(text: &str) -> Result<IkeSpi, String> {
    let wrong = || format!("\"{text}\" is no SPI of an IKE SA, expected 16 hexadecimal digits");
    let digits = digits(text);
    if digits.len() != 16 {
        return Err(wrong());
    }
    u64::from_str_radix(digits, 16).map(IkeSpi).map_err(|_| wrong())
}

/// The SPI of an SA; none for `*`.
fn spi_of(text: &str) -> Result<Option<Spi>, String> {
    if text == "*" {
        return Ok(None);
    }
    let wrong = |_| format!("\"{text}\" is no SPI, expected up to 8 hexadecimal digits or *");
    u32::from_str_radix(digits(text), 16).map(|spi| Some(Spi(spi))).map_err(wrong)
}

fn address(text: &str) -> Result<Option<IpAddr>, String> {
    match text {
        "*" | "" => Ok(None),
        _ => text.parse().map(Some).map_err(|_| format!("\"{text}\" is no address, expected one or *")),
    }
}

#[cfg(test)]
mod tests;
