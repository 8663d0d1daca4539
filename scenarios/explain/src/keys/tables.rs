//! Wireshark's tables of keys.
//!
//! ```text
//! ikev2_decryption_table   SPIi,SPIr,SK_ei,SK_er,"cipher",SK_ai,SK_ar,"integrity"
//! ikev1_decryption_table   initiator's cookie,key
//! esp_sa                   "IPv4","from","to","SPI","cipher","key","integrity","key"        * for any address or SPI
//! ```

use ipsec_dataplane::Encryption;

use super::{Direction, IkeKeys, Integrity, Keys, Row, address, hex, ike_spi, names, spi_of};

impl Keys {
    /// Adds a row, which tells by its columns of which table it is.
    pub(super) fn row(&mut self, row: &str) -> Result<(), String> {
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
                let algorithms = (names::esp_encryption(cipher)?, names::esp_integrity(integrity)?);
                let key = direction(algorithms, key, integrity_key)?;
                let is_ipv4 = match version {
                    "IPv4" => Some(true),
                    "IPv6" => Some(false),
                    _ => None,
                };
                let row = Row { is_ipv4, from: address(from)?, to: address(to)?, key };
                self.esp.entry(spi_of(spi)?).or_default().push(row);
            }
            [spi_i, spi_r, ei, er, cipher, ai, ar, integrity] => {
                let algorithms = (names::ike_encryption(cipher)?, names::ike_integrity(integrity)?);
                let pair = [direction(algorithms, ei, ai)?, direction(algorithms, er, ar)?];
                let keys = self.ikev2.entry((ike_spi(spi_i)?, ike_spi(spi_r)?)).or_default();
                keys.push(IkeKeys { pair, roots: None });
            }
            _ => {
                let what = "2 columns for a key of IKEv1, 8 for those of IKEv2 or of ESP";
                return Err(format!("{} columns, expected {what}", fields.len()));
            }
        }
        Ok(())
    }
}

fn direction(
    (encryption, integrity): (Encryption, Integrity),
    key: &str,
    integrity_key: &str,
) -> Result<Direction, String> {
    let (key, integrity_key) = (hex(key)?, hex(integrity_key)?);
    Direction { encryption, key, integrity, integrity_key }.proven()
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
