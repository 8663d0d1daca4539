//! Keys out of Wireshark's tables: `ikev1_decryption_table`, `ikev2_decryption_table` and `esp_sa`, alone or in the folder of a
//! profile.
//!
//! ```text
//! ikev2_decryption_table   SPIi,SPIr,SK_ei,SK_er,"cipher",SK_ai,SK_ar,"integrity"
//! ikev1_decryption_table   initiator's cookie,key
//! esp_sa                   "IPv4","from","to","SPI","cipher","key","integrity","key"        * for any address or SPI
//! ```

mod names;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm};
use ipsec_wire::{IkeSpi, Spi};

/// How a direction of traffic is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    Aead(AeadAlgorithm),
    Cipher(CipherAlgorithm),
}

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

/// A row of `esp_sa`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EspRow {
    is_ipv4: Option<bool>,
    from: Option<IpAddr>,
    to: Option<IpAddr>,
    direction: Direction,
}

/// Keys, by what they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    ikev1: BTreeMap<IkeSpi, Vec<u8>>,
    /// Several, where further key exchanges follow the first (RFC 9370) or a post-quantum key comes in (RFC 9867).
    ikev2: BTreeMap<(IkeSpi, IkeSpi), Vec<[Direction; 2]>>,
    /// By their SPI, which may be any.
    esp: BTreeMap<Option<Spi>, Vec<EspRow>>,
}

/// A row of a table that makes no sense, or a file that cannot be read.
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

/// The tables, by the names of their files.
const TABLES: [&str; 3] = ["ikev1_decryption_table", "ikev2_decryption_table", "esp_sa"];

impl Keys {
    /// Adds the keys of a table, or of all tables in the folder of a profile.
    ///
    /// # Errors
    /// When there is no such file, a folder has no table, or a row makes no sense.
    pub fn load(&mut self, path: &Path) -> Result<(), BadKeys> {
        let whole = |path: &Path, what: String| BadKeys { name: path.display().to_string(), line: 0, what };
        let mut paths = vec![path.to_owned()];
        if path.is_dir() {
            paths = TABLES.map(|table| path.join(table)).into_iter().filter(|path| path.exists()).collect();
            if paths.is_empty() {
                return Err(whole(path, format!("no table of keys in this folder: {}", TABLES.join(", "))));
            }
        }
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|error| whole(&path, error.to_string()))?;
            self.add(&path.display().to_string(), &text)?;
        }
        Ok(())
    }

    /// Adds the rows of a table; each tells by its columns which table it is of. Empty lines and those that begin with `#`
    /// say nothing.
    ///
    /// # Errors
    /// When a row makes no sense.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), BadKeys> {
        for (line, row) in (1..).zip(text.lines()) {
            let row = row.trim();
            if !row.is_empty() && !row.starts_with('#') {
                self.row(row).map_err(|what| BadKeys { name: name.to_owned(), line, what })?;
            }
        }
        Ok(())
    }

    fn row(&mut self, row: &str) -> Result<(), String> {
        let fields = fields(row);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        match fields[..] {
            [cookie, key] => {
                self.ikev1.insert(ike_spi(cookie)?, hex(key)?);
            }
            [
                version @ ("IPv4" | "IPv6" | "Any" | "*"),
                from,
                to,
                spi,
                cipher,
                key,
                integrity,
                integrity_key,
            ] => {
                let encryption = names::esp_encryption(cipher)?;
                let integrity = names::esp_integrity(integrity)?;
                let direction = direction((encryption, integrity), key, integrity_key)?;
                let is_ipv4 = match version {
                    "IPv4" => Some(true),
                    "IPv6" => Some(false),
                    _ => None,
                };
                let row = EspRow { is_ipv4, from: address(from)?, to: address(to)?, direction };
                self.esp.entry(spi_of(spi)?).or_default().push(row);
            }
            [spi_i, spi_r, ei, er, cipher, ai, ar, integrity] => {
                let algorithms = (names::ike_encryption(cipher)?, names::ike_integrity(integrity)?);
                let pair = [direction(algorithms, ei, ai)?, direction(algorithms, er, ar)?];
                self.ikev2.entry((ike_spi(spi_i)?, ike_spi(spi_r)?)).or_default().push(pair);
            }
            _ => {
                let what = "2 columns for a key of IKEv1, 8 for those of IKEv2 or of ESP";
                return Err(format!("{} columns, expected {what}", fields.len()));
            }
        }
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ikev1.is_empty() && self.ikev2.is_empty() && self.esp.is_empty()
    }

    /// The key of the ISAKMP SA with this cookie of its initiator.
    pub(crate) fn isakmp(&self, cookie: IkeSpi) -> Option<&[u8]> {
        self.ikev1.get(&cookie).map(Vec::as_slice)
    }

    /// The keys of an IKE SA: what its initiator sends, and what its responder sends. Which of several holds shows the ICV.
    pub(crate) fn ike(&self, spis: (IkeSpi, IkeSpi)) -> &[[Direction; 2]] {
        self.ikev2.get(&spis).map_or(&[], Vec::as_slice)
    }

    /// The keys that ESP packets with this SPI between these addresses may have.
    pub(crate) fn esp(&self, spi: Spi, from: IpAddr, to: IpAddr) -> impl Iterator<Item = &Direction> {
        let fits = move |row: &&EspRow| {
            row.is_ipv4.is_none_or(|is_ipv4| is_ipv4 == from.is_ipv4())
                && row.from.is_none_or(|address| address == from)
                && row.to.is_none_or(|address| address == to)
        };
        let rows = |spi: Option<Spi>| self.esp.get(&spi).into_iter().flatten();
        rows(Some(spi)).chain(rows(None)).filter(fits).map(|row| &row.direction)
    }
}

/// The keys of a direction, whose lengths are proven.
fn direction(
    (encryption, integrity): (Encryption, Integrity),
    key: &str,
    integrity_key: &str,
) -> Result<Direction, String> {
    let (key, integrity_key) = (hex(key)?, hex(integrity_key)?);
    let (name, lens, salt) = match encryption {
        Encryption::Aead(algorithm) => (algorithm.name(), algorithm.key_lens(), algorithm.salt_len()),
        Encryption::Cipher(algorithm) => (algorithm.name(), algorithm.key_lens(), algorithm.salt_len()),
    };
    if !lens.iter().any(|len| len + salt == key.len()) {
        let expected: Vec<String> = lens.iter().map(|len| (len + salt).to_string()).collect();
        return Err(format!("a key of {} octets for {name}, expected {}", key.len(), expected.join(" or ")));
    }
    if let Integrity::Algorithm(algorithm) = integrity
        && algorithm.key_len() != integrity_key.len()
    {
        let (name, expected) = (algorithm.name(), algorithm.key_len());
        return Err(format!("a key of {} octets for {name}, expected {expected}", integrity_key.len()));
    }
    Ok(Direction { encryption, key, integrity, integrity_key })
}

/// The columns of a row, without the quotes round them.
fn fields(row: &str) -> Vec<String> {
    let (mut fields, mut is_quoted) = (vec![String::new()], false);
    for letter in row.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            other => {
                if let Some(field) = fields.last_mut() {
                    field.push(other);
                }
            }
        }
    }
    fields.iter().map(|field| field.trim().to_owned()).collect()
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
