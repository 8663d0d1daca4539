//! What RFC 8247 §2 says against algorithms of IKE SAs. They are used none the less: who tests meets them.

use ipsec_crypto::{CipherAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec_dataplane::{Advice, Encryption, Requirement};

use super::IkeSuite;

impl IkeSuite {
    /// The algorithms of the suite, those of additional key exchanges among them, that must not or should not be used any more.
    #[must_use]
    pub fn advice(&self) -> Vec<Advice> {
        let encryption = self.protection.encryption;
        let of_encryption = (encryption == Encryption::Cipher(CipherAlgorithm::DesCbc)).then_some(Advice {
            algorithm: encryption.name(),
            against: Requirement::MustNot,
            clause: "RFC 8247 section 2.1",
        });
        let of_prf = (self.prf == PrfAlgorithm::HmacMd5).then_some(Advice {
            algorithm: self.prf.name(),
            against: Requirement::MustNot,
            clause: "RFC 8247 section 2.2",
        });
        let md5 = self.protection.integrity.filter(|mac| *mac == IntegrityAlgorithm::HmacMd5_96);
        let of_integrity = md5.map(|mac| Advice {
            algorithm: mac.name(),
            against: Requirement::MustNot,
            clause: "RFC 8247 section 2.3",
        });
        let mut groups = vec![self.key_exchange];
        for group in self.additional.into_iter().flatten() {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        let of_groups = groups.into_iter().filter_map(|group| {
            let against = against_group(group)?;
            Some(Advice { algorithm: group.name(), against, clause: "RFC 8247 section 2.4" })
        });
        of_encryption.into_iter().chain(of_prf).chain(of_integrity).chain(of_groups).collect()
    }
}

fn against_group(group: KeyExchangeAlgorithm) -> Option<Requirement> {
    match group {
        KeyExchangeAlgorithm::Modp768 | KeyExchangeAlgorithm::Modp1024s160 => Some(Requirement::MustNot),
        KeyExchangeAlgorithm::Modp1024
        | KeyExchangeAlgorithm::Modp1536
        | KeyExchangeAlgorithm::Modp2048s224
        | KeyExchangeAlgorithm::Modp2048s256 => Some(Requirement::ShouldNot),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::AeadAlgorithm;
    use ipsec_dataplane::Suite;

    use super::*;

    #[test]
    fn additional_key_exchanges_are_looked_at_too_and_each_word_is_said_once() {
        let encryption = Encryption::Aead(AeadAlgorithm::AesGcm16);
        let mut additional = [None; 7];
        additional[0] = Some(KeyExchangeAlgorithm::Modp1024);
        additional[3] = Some(KeyExchangeAlgorithm::Modp1024);
        additional[4] = Some(KeyExchangeAlgorithm::MlKem768);
        let suite = IkeSuite {
            protection: Suite { encryption, key_len: 16, integrity: None },
            prf: PrfAlgorithm::HmacSha2_256,
            key_exchange: KeyExchangeAlgorithm::Modp768,
            additional,
        };
        let words: Vec<String> = suite.advice().iter().map(ToString::to_string).collect();
        let expected = [
            "MODP-768 MUST NOT be used (RFC 8247 section 2.4)",
            "MODP-1024 SHOULD NOT be used (RFC 8247 section 2.4)",
        ];
        assert_eq!(words, expected);
    }
}
