//! Sealing and opening of one packet with the keys of one SA (RFC 4303 §3.3, §3.4; RFC 4106, RFC 4543, RFC 3602).
//!
//! ```text
//!                  combined mode (RFC 4106)                  cipher and integrity (RFC 3602, RFC 4868)
//! IV               the sequence number, 64 bits              unpredictable, from the entropy source
//! nonce            salt | IV                                 IV, for CTR salt | IV
//! authenticated    SPI | [upper half] | lower half, text     packet, then [upper half], which is not sent
//!   with GMAC      SPI | [upper half] | lower half | IV, text
//! ```

use ipsec_crypto::{Aead, Cipher, Entropy, Integrity, KeyLength, Provider, Secret, WrongLength};
use ipsec_net::Buffer;
use ipsec_wire::Spi;
use ipsec_wire::esp::{Header, TRAILER_LEN};

use crate::{DropReason, Encryption, Suite, esn};

/// The keyed algorithms of one SA.
pub struct Transform {
    iv: Iv,
    iv_len: usize,
    icv_len: usize,
    /// What the encrypted part's length has to be a multiple of, in octets.
    align: usize,
    extended: bool,
    salt: Salt,
    keyed: Keyed,
}

/// Why algorithms and key do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyingError {
    /// The key material has another length than the suite asks for.
    #[error("{suite} takes {} octets of key material, not {found}", .suite.key_material_len())]
    Material {
        /// The suite.
        suite: Suite,
        /// The length that was given, in octets.
        found: usize,
    },
    /// A combined-mode algorithm comes with an integrity algorithm.
    #[error("{suite} has integrity twice: a combined-mode algorithm gives its own")]
    Integrity {
        /// The suite.
        suite: Suite,
    },
    /// The algorithm has no keys of the length that the suite names.
    #[error(transparent)]
    Algorithm(#[from] KeyLength),
}

enum Keyed {
    Aead(Aead),
    Separate(Box<Separate>),
}

struct Separate {
    cipher: Cipher,
    mac: Option<Integrity>,
}

/// Where the IV comes from.
enum Iv {
    /// The sequence number: it must only never repeat.
    Counter,
    /// The sequence number, which is not sent a second time as IV (RFC 8750).
    Implicit,
    /// The entropy source: nobody may guess it.
    Random,
}

/// The part of the nonce that comes with the key, at the end of its room.
struct Salt {
    octets: [u8; MAX_SALT],
    len: usize,
}

const MAX_SALT: usize = 4;
const MAX_IV: usize = 16;
const MAX_NONCE: usize = MAX_SALT + MAX_IV;
/// SPI, extended sequence number (RFC 4106 §5) and IV (RFC 4543 §3.5).
const MAX_AAD: usize = 12 + 8;

impl Transform {
    /// Keys the algorithms; `key` is encryption key, salt and integrity key, one after the other. `extended` says
    /// whether sequence numbers have 64 bits.
    ///
    /// A cipher may come without an integrity algorithm, as in the published packets of RFC 3602. No
    /// [`Dataplane`](crate::Dataplane) uses it so.
    ///
    /// # Errors
    /// When the key is not as long as the suite asks, or integrity comes twice.
    pub fn new(
        provider: &Provider,
        suite: &Suite,
        key: &Secret,
        extended: bool,
    ) -> Result<Self, KeyingError> {
        if key.len() != suite.key_material_len() {
            return Err(KeyingError::Material { suite: *suite, found: key.len() });
        }
        let (encryption, integrity) = key.as_bytes().split_at(suite.encryption_key_len());
        let (encryption, salt) = encryption.split_at(suite.key_len);
        let salt = Salt::new(salt);
        match suite.encryption {
            Encryption::Aead(_) | Encryption::AeadImplicitIv(_) if suite.integrity.is_some() => {
                Err(KeyingError::Integrity { suite: *suite })
            }
            Encryption::Aead(algorithm) | Encryption::AeadImplicitIv(algorithm) => Ok(Self {
                iv: match suite.encryption {
                    Encryption::AeadImplicitIv(_) => Iv::Implicit,
                    _ => Iv::Counter,
                },
                iv_len: algorithm.iv_len(),
                icv_len: algorithm.icv_len(),
                align: ALIGN,
                extended,
                salt,
                keyed: Keyed::Aead((provider.aead)(algorithm, encryption)?),
            }),
            Encryption::Cipher(algorithm) => {
                let cipher = (provider.cipher)(algorithm, encryption)?;
                let mac = suite.integrity.map(|mac| (provider.integrity)(mac, integrity)).transpose()?;
                Ok(Self {
                    // A cipher with a salt is a counter mode (RFC 3686 §4).
                    iv: if salt.len > 0 { Iv::Counter } else { Iv::Random },
                    iv_len: algorithm.iv_len(),
                    icv_len: mac.as_ref().map_or(0, |mac| mac.algorithm().icv_len()),
                    align: algorithm.block_len().max(ALIGN),
                    extended,
                    salt,
                    keyed: Keyed::Separate(Box::new(Separate { cipher, mac })),
                })
            }
        }
    }

    /// The length of the IV in octets.
    #[must_use]
    pub fn iv_len(&self) -> usize {
        self.iv_len
    }

    /// Turns the payload in `buffer` into an ESP packet, beginning with the SPI, with an IV that fits the algorithm:
    /// counter modes take the sequence number, CBC draws as many octets as the IV has (RFC 4106 §3.1, RFC 3602 §3).
    ///
    /// # Errors
    /// When the payload is longer than one nonce can protect; the content of `buffer` is then of no use.
    pub fn seal(
        &self,
        entropy: &mut dyn Entropy,
        spi: Spi,
        sequence: u64,
        next_header: u8,
        buffer: &mut Buffer,
    ) -> Result<(), WrongLength> {
        let mut iv = [0; MAX_IV];
        let iv = &mut iv[..self.iv_len];
        match self.iv {
            Iv::Counter | Iv::Implicit => iv.copy_from_slice(&sequence.to_be_bytes()),
            Iv::Random => entropy.fill(iv),
        }
        self.seal_with_iv(iv, spi, sequence, next_header, buffer)
    }

    /// [`Transform::seal`] with an IV of the caller's choice, of [`Transform::iv_len`] octets, to reproduce published
    /// packets.
    ///
    /// # Errors
    /// When the IV has another length, or the payload is longer than one nonce can protect; the content of `buffer` is
    /// then of no use.
    pub fn seal_with_iv(
        &self,
        iv: &[u8],
        spi: Spi,
        sequence: u64,
        next_header: u8,
        buffer: &mut Buffer,
    ) -> Result<(), WrongLength> {
        self.check_iv(iv)?;
        append_trailer(buffer, self.align, next_header);
        let text_len = buffer.len();
        buffer.grow_back(self.icv_len);
        let sent = &iv[..self.sent_iv_len()];
        buffer.grow_front(sent.len()).copy_from_slice(sent);
        buffer.grow_front(Header::LEN).copy_from_slice(&Header { spi, sequence: esn::low(sequence) }.emit());
        let (head, rest) = buffer.split_at_mut(Header::LEN + sent.len());
        let (text, icv) = rest.split_at_mut(text_len);
        let mut nonce = [0; MAX_NONCE];
        let nonce = self.salt.nonce(iv, &mut nonce);
        match &self.keyed {
            Keyed::Aead(aead) => {
                let aad = &mut [0; MAX_AAD];
                aead.seal(nonce, self.aad(aead, spi, sequence, iv, aad), text, icv)
            }
            Keyed::Separate(keyed) => {
                keyed.cipher.encrypt(nonce, text)?;
                match &keyed.mac {
                    Some(mac) => mac.sign(&[head, text, self.implicit(&esn::high(sequence))], icv),
                    None => Ok(()),
                }
            }
        }
    }

    /// Opens the ESP packet in `buffer`, which then holds its payload, and returns the next header. `sequence` is the
    /// full sequence number, whose lower half the packet carries.
    ///
    /// # Errors
    /// When the packet is too short or not in whole blocks, the integrity check fails, or the padding is wrong. The
    /// content of `buffer` is then of no use.
    pub fn open(&self, sequence: u64, buffer: &mut Buffer) -> Result<u8, DropReason> {
        self.decrypt(sequence, buffer)?;
        take_trailer(buffer)
    }

    /// The first half of [`Transform::open`]: after it `buffer` holds payload and trailer, and the packet is authentic.
    pub(crate) fn decrypt(&self, sequence: u64, buffer: &mut Buffer) -> Result<(), DropReason> {
        let header = Header::parse(buffer).map_err(|_| DropReason::Malformed)?;
        let head_len = Header::LEN + self.sent_iv_len();
        let text_len = buffer.len().checked_sub(head_len + self.icv_len).ok_or(DropReason::Malformed)?;
        if text_len < TRAILER_LEN || !text_len.is_multiple_of(self.align) {
            return Err(DropReason::Malformed);
        }
        let (head, rest) = buffer.split_at_mut(head_len);
        let (text, icv) = rest.split_at_mut(text_len);
        let mut nonce = [0; MAX_NONCE];
        let implicit = sequence.to_be_bytes();
        let iv = match self.iv {
            Iv::Implicit => &implicit[..],
            Iv::Counter | Iv::Random => &head[Header::LEN..],
        };
        let nonce = self.salt.nonce(iv, &mut nonce);
        match &self.keyed {
            Keyed::Aead(aead) => {
                let aad = &mut [0; MAX_AAD];
                aead.open(nonce, self.aad(aead, header.spi, sequence, iv, aad), text, icv)
                    .map_err(|_| DropReason::Integrity)?;
            }
            Keyed::Separate(keyed) => {
                if let Some(mac) = &keyed.mac {
                    mac.verify(&[head, text, self.implicit(&esn::high(sequence))], icv)
                        .map_err(|_| DropReason::Integrity)?;
                }
                keyed.cipher.decrypt(nonce, text).map_err(|_| DropReason::Malformed)?;
            }
        }
        buffer.shrink_front(head_len);
        buffer.truncate(text_len);
        Ok(())
    }

    /// How many octets of the IV are in the packet.
    fn sent_iv_len(&self) -> usize {
        match self.iv {
            Iv::Implicit => 0,
            Iv::Counter | Iv::Random => self.iv_len,
        }
    }

    /// The longest payload whose ESP packet is at most `room` octets long.
    pub(crate) fn payload_within(&self, room: usize) -> usize {
        let text = room.saturating_sub(Header::LEN + self.sent_iv_len() + self.icv_len);
        (text - text % self.align).saturating_sub(TRAILER_LEN)
    }

    fn check_iv(&self, iv: &[u8]) -> Result<(), WrongLength> {
        if iv.len() == self.iv_len {
            return Ok(());
        }
        let algorithm = match &self.keyed {
            Keyed::Aead(aead) => aead.algorithm().name(),
            Keyed::Separate(keyed) => keyed.cipher.algorithm().name(),
        };
        let nonce_len = |iv_len| self.salt.len + iv_len;
        Err(WrongLength::Nonce { algorithm, expected: nonce_len(self.iv_len), found: nonce_len(iv.len()) })
    }

    /// What a combined-mode algorithm authenticates beside the text.
    fn aad<'a>(
        &self,
        aead: &Aead,
        spi: Spi,
        sequence: u64,
        iv: &[u8],
        room: &'a mut [u8; MAX_AAD],
    ) -> &'a [u8] {
        room[..4].copy_from_slice(&spi.0.to_be_bytes());
        let mut len = if self.extended {
            room[4..12].copy_from_slice(&sequence.to_be_bytes());
            12
        } else {
            room[4..8].copy_from_slice(&esn::low(sequence).to_be_bytes());
            8
        };
        if aead.algorithm().authenticates_iv() {
            room[len..len + iv.len()].copy_from_slice(iv);
            len += iv.len();
        }
        &room[..len]
    }

    /// What a separate integrity algorithm authenticates behind the packet (RFC 4303 §2.2.1).
    fn implicit<'a>(&self, high: &'a [u8; 4]) -> &'a [u8] {
        if self.extended { high } else { &[] }
    }
}

/// The boundary that the encrypted part ends on, whatever the algorithm, in octets (RFC 4303 §2.4).
const ALIGN: usize = 4;

/// Puts padding, pad length and next header behind the payload, so that together they are a multiple of `align`.
fn append_trailer(buffer: &mut Buffer, align: usize, next_header: u8) {
    let unpadded = buffer.len() + TRAILER_LEN;
    let padding = unpadded.next_multiple_of(align) - unpadded;
    let trailer = buffer.grow_back(padding + TRAILER_LEN);
    for (octet, number) in trailer.iter_mut().zip(1..).take(padding) {
        *octet = number;
    }
    // Less than a cipher's block.
    trailer[padding] = padding as u8;
    trailer[padding + 1] = next_header;
}

/// Takes padding, pad length and next header off the payload and returns the next header. Reads what
/// [`Transform::decrypt`] leaves.
pub(crate) fn take_trailer(buffer: &mut Buffer) -> Result<u8, DropReason> {
    let [text @ .., padding, next_header] = &**buffer else { return Err(DropReason::Malformed) };
    let payload_len = text.len().checked_sub(usize::from(*padding)).ok_or(DropReason::Padding)?;
    if !text[payload_len..].iter().copied().eq(1..=*padding) {
        return Err(DropReason::Padding);
    }
    let next_header = *next_header;
    buffer.truncate(payload_len);
    Ok(next_header)
}

impl Salt {
    /// At most [`MAX_SALT`] octets, which is what the longest of all algorithms has.
    fn new(salt: &[u8]) -> Self {
        let mut octets = [0; MAX_SALT];
        octets[MAX_SALT - salt.len()..].copy_from_slice(salt);
        Self { octets, len: salt.len() }
    }

    /// Salt and IV meet at a fixed place, so that most copies have a fixed length.
    fn nonce<'a>(&self, iv: &[u8], room: &'a mut [u8; MAX_NONCE]) -> &'a [u8] {
        room[..MAX_SALT].copy_from_slice(&self.octets);
        match <[u8; 8]>::try_from(iv) {
            Ok(iv) => room[MAX_SALT..MAX_SALT + 8].copy_from_slice(&iv),
            Err(_) => room[MAX_SALT..MAX_SALT + iv.len()].copy_from_slice(iv),
        }
        &room[MAX_SALT - self.len..MAX_SALT + iv.len()]
    }
}

#[cfg(test)]
mod tests;
