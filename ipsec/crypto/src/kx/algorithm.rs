//! The key exchange methods: their names and the lengths of their public values.

/// A key exchange method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyExchangeAlgorithm {
    /// Group 1, 768-bit MODP (RFC 2409 §6.1), which protects nobody any more (RFC 8247 §2.4).
    Modp768,
    /// Group 2, 1024-bit MODP (RFC 2409 §6.2).
    Modp1024,
    /// Group 5, 1536-bit MODP (RFC 3526 §2).
    Modp1536,
    /// Group 14, 2048-bit MODP (RFC 3526 §3).
    Modp2048,
    /// Group 15, 3072-bit MODP (RFC 3526 §4).
    Modp3072,
    /// Group 16, 4096-bit MODP (RFC 3526 §5).
    Modp4096,
    /// Group 17, 6144-bit MODP (RFC 3526 §6).
    Modp6144,
    /// Group 18, 8192-bit MODP (RFC 3526 §7).
    Modp8192,
    /// Group 19, 256-bit random ECP, P-256 (RFC 5903 §3.1).
    Ecp256,
    /// Group 20, 384-bit random ECP, P-384 (RFC 5903 §3.2).
    Ecp384,
    /// Group 21, 521-bit random ECP, P-521 (RFC 5903 §3.3).
    Ecp521,
    /// Group 22, 1024-bit MODP with a subgroup of 160-bit prime order (RFC 5114 §2.1).
    Modp1024s160,
    /// Group 23, 2048-bit MODP with a subgroup of 224-bit prime order (RFC 5114 §2.2).
    Modp2048s224,
    /// Group 24, 2048-bit MODP with a subgroup of 256-bit prime order (RFC 5114 §2.3).
    Modp2048s256,
    /// Group 25, 192-bit random ECP, P-192 (RFC 5114 §2.4), of about 96 bits of strength.
    Ecp192,
    /// Group 26, 224-bit random ECP, P-224 (RFC 5114 §2.5).
    Ecp224,
    /// Group 27, brainpoolP224r1 (RFC 6954).
    Brainpool224,
    /// Group 28, brainpoolP256r1 (RFC 6954).
    Brainpool256,
    /// Group 29, brainpoolP384r1 (RFC 6954).
    Brainpool384,
    /// Group 30, brainpoolP512r1 (RFC 6954).
    Brainpool512,
    /// Group 31, Curve25519 (RFC 8031).
    X25519,
    /// Group 32, Curve448 (RFC 8031).
    X448,
    /// Method 35, ML-KEM-512 (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem).
    MlKem512,
    /// Method 36, ML-KEM-768 (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem).
    MlKem768,
    /// Method 37, ML-KEM-1024 (FIPS 203, draft-ietf-ipsecme-ikev2-mlkem).
    MlKem1024,
}

impl KeyExchangeAlgorithm {
    /// All of them, in the order of their transform identifiers.
    pub const ALL: &'static [Self] = &[
        Self::Modp768,
        Self::Modp1024,
        Self::Modp1536,
        Self::Modp2048,
        Self::Modp3072,
        Self::Modp4096,
        Self::Modp6144,
        Self::Modp8192,
        Self::Ecp256,
        Self::Ecp384,
        Self::Ecp521,
        Self::Modp1024s160,
        Self::Modp2048s224,
        Self::Modp2048s256,
        Self::Ecp192,
        Self::Ecp224,
        Self::Brainpool224,
        Self::Brainpool256,
        Self::Brainpool384,
        Self::Brainpool512,
        Self::X25519,
        Self::X448,
        Self::MlKem512,
        Self::MlKem768,
        Self::MlKem1024,
    ];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modp768 => "MODP-768",
            Self::Modp1024 => "MODP-1024",
            Self::Modp1536 => "MODP-1536",
            Self::Modp2048 => "MODP-2048",
            Self::Modp3072 => "MODP-3072",
            Self::Modp4096 => "MODP-4096",
            Self::Modp6144 => "MODP-6144",
            Self::Modp8192 => "MODP-8192",
            Self::Ecp256 => "ECP-256",
            Self::Ecp384 => "ECP-384",
            Self::Ecp521 => "ECP-521",
            Self::Modp1024s160 => "MODP-1024-160",
            Self::Modp2048s224 => "MODP-2048-224",
            Self::Modp2048s256 => "MODP-2048-256",
            Self::Ecp192 => "ECP-192",
            Self::Ecp224 => "ECP-224",
            Self::Brainpool224 => "Brainpool-224",
            Self::Brainpool256 => "Brainpool-256",
            Self::Brainpool384 => "Brainpool-384",
            Self::Brainpool512 => "Brainpool-512",
            Self::X25519 => "X25519",
            Self::X448 => "X448",
            Self::MlKem512 => "ML-KEM-512",
            Self::MlKem768 => "ML-KEM-768",
            Self::MlKem1024 => "ML-KEM-1024",
        }
    }

    /// The word for it in proposals.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Modp768 => "modp768",
            Self::Modp1024 => "modp1024",
            Self::Modp1536 => "modp1536",
            Self::Modp2048 => "modp2048",
            Self::Modp3072 => "modp3072",
            Self::Modp4096 => "modp4096",
            Self::Modp6144 => "modp6144",
            Self::Modp8192 => "modp8192",
            Self::Ecp256 => "ecp256",
            Self::Ecp384 => "ecp384",
            Self::Ecp521 => "ecp521",
            Self::Modp1024s160 => "modp1024s160",
            Self::Modp2048s224 => "modp2048s224",
            Self::Modp2048s256 => "modp2048s256",
            Self::Ecp192 => "ecp192",
            Self::Ecp224 => "ecp224",
            Self::Brainpool224 => "ecp224bp",
            Self::Brainpool256 => "ecp256bp",
            Self::Brainpool384 => "ecp384bp",
            Self::Brainpool512 => "ecp512bp",
            Self::X25519 => "x25519",
            Self::X448 => "x448",
            Self::MlKem512 => "mlkem512",
            Self::MlKem768 => "mlkem768",
            Self::MlKem1024 => "mlkem1024",
        }
    }

    /// The length in bytes of the public value that the initiator sends: the length of p for MODP, of x | y for ECP
    /// and Brainpool, of the encapsulation key for ML-KEM.
    pub const fn initiator_public_len(self) -> usize {
        match self {
            Self::Modp768 => 96,
            Self::Modp1024 | Self::Modp1024s160 => 128,
            Self::Modp1536 => 192,
            Self::Modp2048 | Self::Modp2048s224 | Self::Modp2048s256 => 256,
            Self::Modp3072 => 384,
            Self::Modp4096 => 512,
            Self::Modp6144 => 768,
            Self::Modp8192 => 1024,
            Self::Ecp192 => 48,
            Self::Ecp224 | Self::Brainpool224 => 56,
            Self::Ecp256 | Self::Brainpool256 => 64,
            Self::Ecp384 | Self::Brainpool384 => 96,
            Self::Brainpool512 => 128,
            Self::Ecp521 => 132,
            Self::X25519 => 32,
            Self::X448 => 56,
            Self::MlKem512 => 800,
            Self::MlKem768 => 1184,
            Self::MlKem1024 => 1568,
        }
    }

    /// The length in bytes of the public value that the responder sends: what the initiator's has in Diffie-Hellman,
    /// the length of the ciphertext for ML-KEM.
    pub const fn responder_public_len(self) -> usize {
        match self {
            Self::MlKem512 => 768,
            Self::MlKem768 => 1088,
            Self::MlKem1024 => 1568,
            _ => self.initiator_public_len(),
        }
    }
}
