//! Complete ESP packets, through the code that seals and opens the peers' packets.

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm, Provider, Secret};
use ipsec_dataplane::esp::Transform;
use ipsec_dataplane::{Encryption, Suite};
use ipsec_net::{Buffer, IpPacket};
use ipsec_wire::Spi;

use super::{Case, aead, cases, cipher, json};
use crate::tally::Tally;

/// RFC 3602: AES-CBC by itself, and in ESP packets that have no ICV.
pub(crate) fn aes_cbc(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        if case.text("kind")? == "raw" {
            cipher::both_ways(&case, CipherAlgorithm::AesCbc, &case.octets("iv")?, provider, tally)?;
            continue;
        }
        let suite =
            Suite { encryption: Encryption::Cipher(CipherAlgorithm::AesCbc), key_len: 16, integrity: None };
        let outer = IpPacket::parse(case.octets("esp_ip_packet")?).map_err(|error| error.to_string())?;
        let packet = Packet {
            key: case.octets("key")?,
            sequence: case.number("seq")?,
            extended: false,
            iv: case.octets("iv")?,
            content: case.octets("pre_encryption")?,
            esp: outer.payload().to_vec(),
        };
        packet.check("ESP with AES-CBC", &suite, &case.name, provider, tally)?;
    }
    Ok(())
}

/// draft-mcgrew-gcm-test: AES-GCM with 16-octet ICVs, with and without extended sequence numbers, and AES-GMAC.
pub(crate) fn aes_gcm(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "gcm")? {
        let key = case.octets("key")?;
        let aad = case.octets("aad_spi_seq")?;
        let suite = Suite {
            encryption: Encryption::Aead(AeadAlgorithm::AesGcm16),
            key_len: key.len(),
            integrity: None,
        };
        let (spi, number) = aad.split_at(4.min(aad.len()));
        let sequence = number.iter().fold(0, |sequence: u64, octet| (sequence << 8) | u64::from(*octet));
        let low = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
        let iv = case.octets("iv")?;
        let parts = [spi, low, &iv, &case.octets("ciphertext")?, &case.octets("icv")?].concat();
        let packet = Packet {
            key: [key, case.octets("salt")?].concat(),
            sequence,
            extended: number.len() == 8,
            iv,
            content: case.octets("plaintext_with_esp_trailer")?,
            esp: parts,
        };
        packet.check("ESP with AES-GCM-16", &suite, &case.name, provider, tally)?;
    }
    cases(&file, "gmac")?.iter().try_for_each(|case| aes_gmac(case, provider, tally))
}

/// The draft's packet that is authenticated and not encrypted (RFC 4543).
fn aes_gmac(case: &Case<'_>, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let (key, esp) = (case.octets("key")?, case.octets("esp_packet")?);
    let suite =
        Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGmac), key_len: key.len(), integrity: None };
    // SPI, sequence number and IV come first, the ICV of 16 octets last.
    let [_, _, _, _, n0, n1, n2, n3, rest @ ..] = esp.as_slice() else {
        return Err(format!("case {}: no ESP header", case.name));
    };
    let (iv, rest) = rest.split_at_checked(8).ok_or_else(|| format!("case {}: no IV", case.name))?;
    let (content, _) = rest.split_last_chunk::<16>().ok_or_else(|| format!("case {}: no ICV", case.name))?;
    let packet = Packet {
        key: [key, case.octets("salt")?].concat(),
        sequence: u64::from(u32::from_be_bytes([*n0, *n1, *n2, *n3])),
        extended: false,
        iv: iv.to_vec(),
        content: content.to_vec(),
        esp: esp.clone(),
    };
    packet.check("ESP with AES-GMAC", &suite, &case.name, provider, tally)
}

/// Packets of our own: each cipher, with sequence numbers of 32 and 64 bits, on both sides of 2^32.
pub(crate) fn own(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        let extended = case.flag("extended")?;
        let suite = suite(&case)?;
        let packet = Packet {
            key: case.octets("keymat")?,
            sequence: case.number("sequence")?,
            extended,
            iv: case.octets("iv")?,
            content: case.octets("content")?,
            esp: case.octets("esp")?,
        };
        let algorithm = format!("ESP with {}", suite.encryption.name());
        packet.check(&algorithm, &suite, &case.name, provider, tally)?;
        if extended && tally.takes(has_two_implementations(&suite)) {
            let key = Secret::from(packet.key.clone());
            let transform =
                Transform::new(provider, &suite, &key, true).map_err(|error| error.to_string())?;
            let elsewhere = packet.sequence ^ (1 << 32);
            let refused = transform.open(elsewhere, &mut Buffer::copy_of(&packet.esp)).is_err();
            tally.altered(&algorithm, &format!("{} with another upper half", case.name), refused);
        }
    }
    Ok(())
}

/// The algorithms of a case, by their IKEv2 transform IDs.
fn suite(case: &Case<'_>) -> Result<Suite, String> {
    let encryption = match case.number("encr")? {
        3 => Encryption::Cipher(CipherAlgorithm::TripleDesCbc),
        11 => Encryption::Cipher(CipherAlgorithm::Null),
        12 => Encryption::Cipher(CipherAlgorithm::AesCbc),
        13 => Encryption::Cipher(CipherAlgorithm::AesCtr),
        14 => Encryption::Aead(AeadAlgorithm::AesCcm8),
        15 => Encryption::Aead(AeadAlgorithm::AesCcm12),
        16 => Encryption::Aead(AeadAlgorithm::AesCcm16),
        18 => Encryption::Aead(AeadAlgorithm::AesGcm8),
        19 => Encryption::Aead(AeadAlgorithm::AesGcm12),
        20 => Encryption::Aead(AeadAlgorithm::AesGcm16),
        21 => Encryption::Aead(AeadAlgorithm::AesGmac),
        23 => Encryption::Cipher(CipherAlgorithm::CamelliaCbc),
        28 => Encryption::Aead(AeadAlgorithm::ChaCha20Poly1305),
        29 => Encryption::AeadImplicitIv(AeadAlgorithm::AesCcm8),
        30 => Encryption::AeadImplicitIv(AeadAlgorithm::AesGcm16),
        31 => Encryption::AeadImplicitIv(AeadAlgorithm::ChaCha20Poly1305),
        other => return Err(format!("case {}: there is no cipher {other}", case.name)),
    };
    let integrity = match case.number("integ").ok() {
        None => None,
        Some(1) => Some(IntegrityAlgorithm::HmacMd5_96),
        Some(2) => Some(IntegrityAlgorithm::HmacSha1_96),
        Some(12) => Some(IntegrityAlgorithm::HmacSha2_256_128),
        Some(13) => Some(IntegrityAlgorithm::HmacSha2_384_192),
        Some(14) => Some(IntegrityAlgorithm::HmacSha2_512_256),
        Some(other) => return Err(format!("case {}: there is no integrity algorithm {other}", case.name)),
    };
    let bits = usize::try_from(case.number("key_length")?).map_err(|error| error.to_string())?;
    Ok(Suite { encryption, key_len: bits / 8, integrity })
}

/// RFC 7634: ChaCha20-Poly1305.
pub(crate) fn chacha20_poly1305(
    data: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let file = json(data)?;
    let case = Case::of(file.get("esp").ok_or("there is no \"esp\"")?, "appendix A");
    let suite =
        Suite { encryption: Encryption::Aead(AeadAlgorithm::ChaCha20Poly1305), key_len: 32, integrity: None };
    let outer = IpPacket::parse(case.octets("esp_ip_packet")?).map_err(|error| error.to_string())?;
    let packet = Packet {
        key: case.octets("keymat")?,
        sequence: case
            .text("seq")
            .map_or_else(|_| case.number("seq"), |text| text.parse().map_err(|_| "seq".into()))?,
        extended: false,
        iv: case.octets("iv")?,
        content: case.octets("plaintext")?,
        esp: outer.payload().to_vec(),
    };
    packet.check("ESP with ChaCha20-Poly1305", &suite, &case.name, provider, tally)?;
    ikev2_message(&Case::of(file.get("ikev2").ok_or("there is no \"ikev2\"")?, "appendix B"), provider, tally)
}

/// Appendix B: a whole IKEv2 message.
fn ikev2_message(case: &Case<'_>, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let (iv, aad) = (case.octets("iv")?, case.octets("aad")?);
    let keyed = (provider.aead)(AeadAlgorithm::ChaCha20Poly1305, &case.octets("key")?);
    let keyed = keyed.map_err(|error| error.to_string())?;
    let nonce = [case.octets("salt")?, iv.clone()].concat();
    let (mut content, mut icv) = (case.octets("plaintext")?, [0; 16]);
    keyed.seal(&nonce, &aad, &mut content, &mut icv).map_err(|error| error.to_string())?;
    let message = [aad, iv, content, icv.to_vec()].concat();
    tally.case(
        "IKEv2 with ChaCha20-Poly1305",
        &case.name,
        &[("message", &case.octets("message")?, &message)],
    );
    Ok(())
}

fn has_two_implementations(suite: &Suite) -> bool {
    match suite.encryption {
        Encryption::Aead(algorithm) | Encryption::AeadImplicitIv(algorithm) => {
            aead::has_two_implementations(algorithm, suite.key_len)
        }
        Encryption::Cipher(_) => false,
    }
}

/// A published packet.
struct Packet {
    /// Encryption key and salt.
    key: Vec<u8>,
    sequence: u64,
    extended: bool,
    iv: Vec<u8>,
    /// Payload, padding, pad length and next header.
    content: Vec<u8>,
    /// SPI to ICV.
    esp: Vec<u8>,
}

impl Packet {
    fn check(
        &self,
        algorithm: &str,
        suite: &Suite,
        case: &str,
        provider: &'static Provider,
        tally: &mut Tally,
    ) -> Result<(), String> {
        if !tally.takes(has_two_implementations(suite)) {
            return Ok(());
        }
        let key = Secret::from(self.key.clone());
        let transform =
            Transform::new(provider, suite, &key, self.extended).map_err(|error| error.to_string())?;
        let spi = self.esp.get(..4).and_then(|spi| spi.try_into().ok()).ok_or("a packet without an SPI")?;
        let spi = Spi(u32::from_be_bytes(spi));
        let [payload @ .., padding, next_header] = self.content.as_slice() else {
            return Err(format!("case {case}: no trailer"));
        };
        let payload =
            payload.len().checked_sub(usize::from(*padding)).and_then(|length| payload.get(..length));
        let payload = payload.ok_or_else(|| format!("case {case}: more padding than there is"))?;
        let mut sealed = Buffer::copy_of(payload);
        let done = transform.seal_with_iv(&self.iv, spi, self.sequence, *next_header, &mut sealed);
        done.map_err(|error| error.to_string())?;
        let mut opened = Buffer::copy_of(&self.esp);
        let found = transform.open(self.sequence, &mut opened);
        let mut changed = Buffer::copy_of(&self.esp);
        if let Some(last) = changed.last_mut() {
            *last ^= 1;
        }
        let has_icv = suite.integrity.is_some() || !matches!(suite.encryption, Encryption::Cipher(_));
        tally.case(
            algorithm,
            case,
            &[
                ("sealed packet", &self.esp, &sealed),
                ("opened payload", payload, &opened),
                ("next header", &[*next_header], &[found.unwrap_or(0)]),
            ],
        );
        if has_icv {
            let refused = transform.open(self.sequence, &mut changed).is_err();
            tally.altered(algorithm, &format!("{case} with another last octet"), refused);
        }
        Ok(())
    }
}
