//! What RFC 8247 §2 says against algorithms of IKE SAs. They are used none the less: who tests meets them.

use ipsec_crypto::{CipherAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec_dataplane::{Advice, Encryption, Requirement};

use super::IkeSuite;

impl IkeSuite {
    /// The algorithms of the suite that must not or should not be used any more.
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
        let of_group = against_group(self.key_exchange).map(|against| Advice {
            algorithm: self.key_exchange.name(),
            against,
            clause: "RFC 8247 section 2.4",
        });
        of_encryption.into_iter().chain(of_prf).chain(of_integrity).chain(of_group).collect()
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
