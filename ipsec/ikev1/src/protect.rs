//! Encryption of messages (RFC 2409 appendix B): CBC over everything behind the header. The IV of a message is the last block
//! of ciphertext of the one before in the same exchange, whoever sent it.

use ipsec_crypto::Cipher;
use ipsec_wire::Malformed;
use ipsec_wire::v1::{Header, Payload, content, lay_out};

/// An encrypted message with these payloads, and the IV of the next message of the exchange.
pub(crate) fn seal(cipher: &Cipher, iv: &[u8], header: &Header, payloads: &[Payload]) -> (Vec<u8>, Vec<u8>) {
    let block = cipher.algorithm().block_len();
    let mut octets = lay_out(header, payloads, block);
    // The layout is made of whole blocks, and the IV comes from this cipher's own.
    let sealed = cipher.encrypt(iv, &mut octets[Header::LEN..]);
    debug_assert!(sealed.is_ok(), "an IV of another cipher");
    let next = octets[octets.len() - block..].to_vec();
    (octets, next)
}

/// The message in the clear, its header as it came, and the IV of the next message of the exchange. Whether it is the
/// sender's only shows from what it says.
///
/// # Errors
/// When it is not made of whole encrypted blocks.
pub(crate) fn open(cipher: &Cipher, iv: &[u8], octets: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
    let block = cipher.algorithm().block_len();
    let range = content(octets, block)?;
    let next = octets[octets.len() - block..].to_vec();
    let mut clear = octets.to_vec();
    let opened = cipher.decrypt(iv, &mut clear[range]);
    debug_assert!(opened.is_ok(), "an IV of another cipher");
    Ok((clear, next))
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::CipherAlgorithm;
    use ipsec_wire::registry::v1::{ExchangeType, PayloadType};
    use ipsec_wire::v1::{Flags, parse_chain};
    use ipsec_wire::{IkeSpi, Version};

    use super::*;

    fn header() -> Header {
        Header {
            spi_i: IkeSpi(1),
            spi_r: IkeSpi(2),
            next_payload: PayloadType::NONE,
            version: Version::V1,
            exchange: ExchangeType::QUICK,
            flags: Flags::default(),
            message_id: 7,
            length: 0,
        }
    }

    #[test]
    fn messages_open_in_their_order_and_in_no_other() {
        for (algorithm, key_len) in [(CipherAlgorithm::DesCbc, 8), (CipherAlgorithm::AesCbc, 32)] {
            let cipher = Cipher::new(algorithm, &vec![5; key_len]).unwrap();
            let iv = vec![9; algorithm.block_len()];
            let payloads = [Payload::Hash(vec![1; 20]), Payload::Nonce(vec![2; 17])];
            let (first, next) = seal(&cipher, &iv, &header(), &payloads);
            let (second, after) = seal(&cipher, &next, &header(), &payloads);
            assert_ne!(first, second, "the IV tells them apart");
            let read = |iv: &[u8], octets: &[u8]| {
                let (clear, next) = open(&cipher, iv, octets).unwrap();
                let first = Header::parse(&clear).unwrap().next_payload;
                let chain = parse_chain(first, &clear[Header::LEN..], Header::LEN);
                (chain.map(|chain| chain.payloads), next)
            };
            assert_eq!(read(&iv, &first), (Ok(payloads.to_vec()), next.clone()));
            assert_eq!(read(&next, &second), (Ok(payloads.to_vec()), after));
            assert_ne!(read(&iv, &second).0, Ok(payloads.to_vec()));
        }
    }

    #[test]
    fn what_is_not_made_of_encrypted_blocks_is_malformed() {
        let cipher = Cipher::new(CipherAlgorithm::AesCbc, &[5; 16]).unwrap();
        let (mut octets, _) = seal(&cipher, &[0; 16], &header(), &[Payload::Hash(vec![1; 20])]);
        assert!(open(&cipher, &[0; 16], &octets[..octets.len() - 1]).is_err());
        octets[19] = 0;
        assert!(open(&cipher, &[0; 16], &octets).is_err(), "not marked as encrypted");
    }
}
