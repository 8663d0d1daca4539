//! Sealing and opening of one packet with the keys of one SA.

use ipsec_crypto::{Aead, Cipher, Entropy, Integrity, KeyLength, Provider, Secret};
use ipsec_net::Buffer;
use ipsec_wire::Spi;
use ipsec_wire::esp::{Header, TRAILER_LEN};

use crate::{DropReason, Encryption, Suite};

/// The keyed algorithms of one SA.
pub struct Transform {
    iv_len: usize,
    icv_len: usize,
    /// What the encrypted part's length has to be a multiple of.
    align: usize,
    extended: bool,
    keyed: Keyed,
}

enum Keyed {
    Aead(Aead, Salt),
    Separate(Cipher, Salt, Integrity),
}

/// The part of the nonce that comes from the key: at most four octets.
#[derive(Clone, Copy)]
struct Salt {
    octets: [u8; MAX_SALT],
    len: usize,
}

const MAX_SALT: usize = 4;
const MAX_IV: usize = 16;

/// A packet that was opened: its sequence number's lower half, and what its trailer says follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The SPI and sequence number that the packet carries.
    pub header: Header,
    /// The protocol number of the payload.
    pub next_header: u8,
}

impl Transform {
    /// Keys the algorithms; `key` is encryption key, salt and integrity key, one after the other.
    ///
    /// # Errors
    /// When the key is not as long as the suite asks, or a cipher comes without an integrity algorithm.
    pub fn new(provider: &Provider, suite: &Suite, key: &Secret, extended: bool) -> Result<Self, KeyLength> {
        let wrong = KeyLength { algorithm: suite.encryption.name(), expected: &[], found: key.len() };
        if key.len() != suite.key_material_len() {
            return Err(wrong);
        }
        let (encryption, integrity) = key.as_bytes().split_at(suite.encryption_key_len());
        let (encryption, salt) = encryption.split_at(suite.key_len);
        let salt = Salt::new(salt).ok_or(wrong)?;
        let (iv_len, block, icv_len, keyed) = match (suite.encryption, suite.integrity) {
            (Encryption::Aead(algorithm), _) => {
                let aead = (provider.aead)(algorithm, encryption)?;
                (algorithm.iv_len(), 1, algorithm.icv_len(), Keyed::Aead(aead, salt))
            }
            (Encryption::Cipher(algorithm), Some(mac)) => {
                let cipher = (provider.cipher)(algorithm, encryption)?;
                let integrity = (provider.integrity)(mac, integrity)?;
                let keyed = Keyed::Separate(cipher, salt, integrity);
                (algorithm.iv_len(), algorithm.block_len(), mac.icv_len(), keyed)
            }
            (Encryption::Cipher(_), None) => return Err(wrong),
        };
        // RFC 4303 §2.4: the encrypted part ends on a boundary of four octets at least.
        Ok(Self { iv_len, icv_len, align: block.max(4), extended, keyed })
    }

    /// The length of the IV in octets.
    #[must_use]
    pub fn iv_len(&self) -> usize {
        self.iv_len
    }

    /// Turns the payload in `buffer` into an ESP packet. The IV of a counter-based algorithm is the sequence number,
    /// that of any other is drawn from `entropy` (RFC 4106 §3.1, RFC 3602 §3).
    pub fn seal(
        &self,
        entropy: &mut dyn Entropy,
        spi: Spi,
        sequence: u64,
        next_header: u8,
        buffer: &mut Buffer,
    ) {
        let mut iv = [0; MAX_IV];
        let iv = &mut iv[..self.iv_len];
        match iv.len() {
            8 if !self.draws_iv() => iv.copy_from_slice(&sequence.to_be_bytes()),
            _ => entropy.fill(iv),
        }
        self.seal_with_iv(iv, spi, sequence, next_header, buffer);
    }

    /// Turns the payload in `buffer` into an ESP packet with this IV, of [`Transform::iv_len`] octets. For published
    /// packets; elsewhere [`Transform::seal`] chooses one that cannot repeat.
    pub fn seal_with_iv(&self, iv: &[u8], spi: Spi, sequence: u64, next_header: u8, buffer: &mut Buffer) {
        let unpadded = buffer.len() + TRAILER_LEN;
        let padding = unpadded.next_multiple_of(self.align) - unpadded;
        let trailer = buffer.grow_back(padding + TRAILER_LEN);
        for (octet, number) in trailer.iter_mut().zip(1..).take(padding) {
            *octet = number;
        }
        trailer[padding] = u8::try_from(padding).unwrap_or(u8::MAX);
        trailer[padding + 1] = next_header;
        let content_len = buffer.len();
        buffer.grow_back(self.icv_len);
        buffer.grow_front(iv.len()).copy_from_slice(iv);
        buffer.grow_front(Header::LEN).copy_from_slice(&Header { spi, sequence: low(sequence) }.emit());
        let (head, rest) = buffer.split_at_mut(Header::LEN + iv.len());
        let (content, icv) = rest.split_at_mut(content_len);
        let done = match &self.keyed {
            Keyed::Aead(aead, salt) => {
                let mut nonce = [0; MAX_SALT + MAX_IV];
                let mut aad = [0; 12];
                aead.seal(salt.nonce(iv, &mut nonce), self.aad(spi, sequence, &mut aad), content, icv)
            }
            Keyed::Separate(cipher, salt, integrity) => {
                let mut nonce = [0; MAX_SALT + MAX_IV];
                let high = high(sequence);
                let high: &[u8] = if self.extended { &high } else { &[] };
                let encrypted = cipher.encrypt(salt.nonce(iv, &mut nonce), content);
                encrypted.and_then(|()| integrity.sign(&[head, content, high], icv))
            }
        };
        debug_assert!(done.is_ok(), "each part has the length that the algorithm told");
    }

    /// Checks and decrypts the ESP packet in `buffer`, which then holds its payload. `sequence` is the full sequence
    /// number, whose lower half the packet carries.
    ///
    /// # Errors
    /// When the packet is too short or not in whole blocks, the integrity check fails, or the padding is wrong. The
    /// content of `buffer` is then of no use.
    pub fn open(&self, sequence: u64, buffer: &mut Buffer) -> Result<Sealed, DropReason> {
        let header = Header::parse(buffer).map_err(|_| DropReason::Malformed)?;
        let head_len = Header::LEN + self.iv_len;
        let content_len = buffer.len().checked_sub(head_len + self.icv_len).ok_or(DropReason::Malformed)?;
        if content_len < TRAILER_LEN || !content_len.is_multiple_of(self.align) {
            return Err(DropReason::Malformed);
        }
        let (head, rest) = buffer.split_at_mut(head_len);
        let (content, icv) = rest.split_at_mut(content_len);
        let mut nonce = [0; MAX_SALT + MAX_IV];
        match &self.keyed {
            Keyed::Aead(aead, salt) => {
                let mut aad = [0; 12];
                let nonce = salt.nonce(&head[Header::LEN..], &mut nonce);
                let aad = self.aad(header.spi, sequence, &mut aad);
                aead.open(nonce, aad, content, icv).map_err(|_| DropReason::Integrity)?;
            }
            Keyed::Separate(cipher, salt, integrity) => {
                let high = high(sequence);
                let high: &[u8] = if self.extended { &high } else { &[] };
                integrity.verify(&[head, content, high], icv).map_err(|_| DropReason::Integrity)?;
                let nonce = salt.nonce(&head[Header::LEN..], &mut nonce);
                cipher.decrypt(nonce, content).map_err(|_| DropReason::Malformed)?;
            }
        }
        let (padding, next_header) = (content[content_len - 2], content[content_len - 1]);
        let payload_len =
            (content_len - TRAILER_LEN).checked_sub(usize::from(padding)).ok_or(DropReason::Padding)?;
        let counts = content[payload_len..content_len - TRAILER_LEN].iter().zip(1u8..).all(|(o, n)| *o == n);
        if !counts {
            return Err(DropReason::Padding);
        }
        buffer.shrink_front(head_len);
        buffer.truncate(payload_len);
        Ok(Sealed { header, next_header })
    }

    fn draws_iv(&self) -> bool {
        match &self.keyed {
            Keyed::Aead(..) => false,
            Keyed::Separate(_, salt, _) => salt.len == 0,
        }
    }

    /// SPI and sequence number, the upper half of it between them where numbers have 64 bits (RFC 4106 §5).
    fn aad<'a>(&self, spi: Spi, sequence: u64, room: &'a mut [u8; 12]) -> &'a [u8] {
        room[..4].copy_from_slice(&spi.0.to_be_bytes());
        if self.extended {
            room[4..].copy_from_slice(&sequence.to_be_bytes());
            room
        } else {
            room[4..8].copy_from_slice(&low(sequence).to_be_bytes());
            &room[..8]
        }
    }
}

impl Salt {
    fn new(salt: &[u8]) -> Option<Self> {
        let mut octets = [0; MAX_SALT];
        octets.get_mut(..salt.len())?.copy_from_slice(salt);
        Some(Self { octets, len: salt.len() })
    }

    fn nonce<'a>(&self, iv: &[u8], room: &'a mut [u8; MAX_SALT + MAX_IV]) -> &'a [u8] {
        room[..self.len].copy_from_slice(&self.octets[..self.len]);
        room[self.len..self.len + iv.len()].copy_from_slice(iv);
        &room[..self.len + iv.len()]
    }
}

/// The lower half, which the packet carries.
fn low(sequence: u64) -> u32 {
    (sequence & 0xffff_ffff) as u32
}

/// The upper half, which a separate integrity algorithm covers behind the packet (RFC 4303 §2.8).
fn high(sequence: u64) -> [u8; 4] {
    ((sequence >> 32) as u32).to_be_bytes()
}
