//! Encryption with keys of RSA, as IKEv1 authenticates by it (RFC 2409 §5.2): RSAES-PKCS1-v1_5 (RFC 8017 §7.2).
//!
//! Wrong padding is no error: what comes out then is a message of any length that the private key and the ciphertext make, so
//! that nobody who sends ciphertexts learns anything of their padding from what follows. Whoever uses the message has to find
//! out that it is not the sender's by what else the protocol proves.

use thiserror::Error;

use super::{KeyType, Private, Public, Signer, Verifier};
use crate::{Entropy, Secret};

/// Why nothing was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CannotEncrypt {
    /// Keys of this type do not encrypt.
    #[error("a key of {} does not encrypt", .0.name())]
    Key(KeyType),
    /// The modulus has no room for the message with its padding.
    #[error("a message of {message} bytes has no room in a modulus of {modulus}")]
    NoRoom {
        /// The length of the message, in bytes.
        message: usize,
        /// The length of the modulus, in bytes.
        modulus: usize,
    },
}

/// A ciphertext that cannot be one of the key, as everybody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadCiphertext {
    /// Keys of this type do not decrypt.
    #[error("a key of {} does not decrypt", .0.name())]
    Key(KeyType),
    /// It has not the length of the modulus.
    #[error("expected a ciphertext of {expected} bytes, found {found}")]
    Length {
        /// The length of the modulus, in bytes.
        expected: usize,
        /// The length found, in bytes.
        found: usize,
    },
    /// Its number is not below the modulus.
    #[error("expected a ciphertext below the modulus")]
    Range,
}

impl Verifier {
    /// Encrypts a message for the private key of this one. Draws as many bytes as the padding has that are not 0.
    ///
    /// # Errors
    /// If the key is not one of RSA, or has no room for the message.
    pub fn encrypt(&self, message: &[u8], entropy: &mut dyn Entropy) -> Result<Vec<u8>, CannotEncrypt> {
        match &*self.0 {
            Public::Rsa(key) => key
                .encrypt(message, entropy)
                .ok_or(CannotEncrypt::NoRoom { message: message.len(), modulus: key.len() }),
            _ => Err(CannotEncrypt::Key(self.key_type())),
        }
    }
}

impl Signer {
    /// Decrypts a message; draws nothing.
    ///
    /// # Errors
    /// If the key is not one of RSA, or the ciphertext cannot be one of any message. Wrong padding is no error.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Secret, BadCiphertext> {
        let Private::Rsa(key) = &*self.0 else { return Err(BadCiphertext::Key(self.key_type())) };
        let (expected, found) = (key.public().len(), ciphertext.len());
        if found != expected {
            return Err(BadCiphertext::Length { expected, found });
        }
        key.decrypt(ciphertext).ok_or(BadCiphertext::Range)
    }
}

#[cfg(test)]
mod tests {
    use crate::FixedEntropy;
    use crate::signature::tests::{Endless, signers};

    #[test]
    fn what_is_encrypted_comes_back_and_never_looks_the_same_twice() {
        let signer = &signers()[0];
        let entropy = &mut Endless(1);
        for message in [&b""[..], b"a nonce of some octets", &[7; 245]] {
            let [one, other] = [(); 2].map(|()| signer.verifier().encrypt(message, entropy).unwrap());
            assert_ne!(one, other);
            assert_eq!(signer.decrypt(&one).unwrap().as_bytes(), message);
            assert_eq!(signer.decrypt(&other).unwrap().as_bytes(), message);
        }
        let error = signer.verifier().encrypt(&[7; 246], entropy).unwrap_err();
        assert_eq!(error.to_string(), "a message of 246 bytes has no room in a modulus of 256");
    }

    #[test]
    fn wrong_padding_gives_a_message_that_is_the_same_each_time_and_another_for_each_ciphertext() {
        let signer = &signers()[0];
        let message = |number: u8| {
            let mut ciphertext = [number; 256];
            ciphertext[0] = 0;
            signer.decrypt(&ciphertext).unwrap().as_bytes().to_vec()
        };
        for number in 1..20 {
            assert_eq!(message(number), message(number));
            assert_ne!(message(number), message(number + 1));
        }
    }

    #[test]
    fn what_everybody_sees_to_be_wrong_is_said() {
        let signers = signers();
        let refused =
            |index: usize, ciphertext: &[u8]| signers[index].decrypt(ciphertext).unwrap_err().to_string();
        assert_eq!(refused(0, &[1; 255]), "expected a ciphertext of 256 bytes, found 255");
        assert_eq!(refused(0, &[1; 4096]), "expected a ciphertext of 256 bytes, found 4096");
        assert_eq!(refused(0, &[]), "expected a ciphertext of 256 bytes, found 0");
        assert_eq!(refused(0, &[0xff; 256]), "expected a ciphertext below the modulus");
        assert_eq!(refused(1, &[1; 128]), "a key of DSA does not decrypt");
        let error = signers[2].verifier().encrypt(b"abc", &mut FixedEntropy::new([1; 64])).unwrap_err();
        assert_eq!(error.to_string(), "a key of P-256 does not encrypt");
    }
}
