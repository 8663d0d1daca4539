//! Protocols, transforms and authentication methods.

use super::registry;

registry! {
    /// The protocol of a proposal, a notify or a delete (RFC 7296 §3.3.1).
    ProtocolId(u8) {
        NONE = 0 "none",
        IKE = 1 "IKE",
        AH = 2 "AH",
        ESP = 3 "ESP",
    }
}

registry! {
    /// The type of a transform (RFC 7296 §3.3.2, RFC 9370, RFC 9827).
    TransformType(u8) {
        ENCR = 1 "encryption",
        PRF = 2 "PRF",
        INTEG = 3 "integrity",
        KE = 4 "key exchange",
        SN = 5 "sequence numbers",
        ADDKE1 = 6 "additional key exchange 1",
        ADDKE2 = 7 "additional key exchange 2",
        ADDKE3 = 8 "additional key exchange 3",
        ADDKE4 = 9 "additional key exchange 4",
        ADDKE5 = 10 "additional key exchange 5",
        ADDKE6 = 11 "additional key exchange 6",
        ADDKE7 = 12 "additional key exchange 7",
    }
}

registry! {
    /// How an AUTH payload proves an identity (RFC 7296 §3.8).
    AuthMethod(u8) {
        RSA_SIGNATURE = 1 "RSA digital signature",
        SHARED_KEY = 2 "shared key",
        DSS_SIGNATURE = 3 "DSS digital signature",
        ECDSA_256 = 9 "ECDSA with SHA-256 on P-256",
        ECDSA_384 = 10 "ECDSA with SHA-384 on P-384",
        ECDSA_521 = 11 "ECDSA with SHA-512 on P-521",
        NULL = 13 "NULL",
        DIGITAL_SIGNATURE = 14 "digital signature",
    }
}

registry! {
    /// Encryption algorithms (transform type 1).
    Encryption(u16) {
        DES = 2 "ENCR_DES",
        TRIPLE_DES = 3 "ENCR_3DES",
        NULL = 11 "ENCR_NULL",
        AES_CBC = 12 "ENCR_AES_CBC",
        AES_CTR = 13 "ENCR_AES_CTR",
        AES_CCM_8 = 14 "ENCR_AES_CCM_8",
        AES_CCM_12 = 15 "ENCR_AES_CCM_12",
        AES_CCM_16 = 16 "ENCR_AES_CCM_16",
        AES_GCM_8 = 18 "ENCR_AES_GCM_8",
        AES_GCM_12 = 19 "ENCR_AES_GCM_12",
        AES_GCM_16 = 20 "ENCR_AES_GCM_16",
        NULL_AUTH_AES_GMAC = 21 "ENCR_NULL_AUTH_AES_GMAC",
        CAMELLIA_CBC = 23 "ENCR_CAMELLIA_CBC",
        CHACHA20_POLY1305 = 28 "ENCR_CHACHA20_POLY1305",
        AES_CCM_8_IIV = 29 "ENCR_AES_CCM_8_IIV",
        AES_GCM_16_IIV = 30 "ENCR_AES_GCM_16_IIV",
        CHACHA20_POLY1305_IIV = 31 "ENCR_CHACHA20_POLY1305_IIV",
    }
}

registry! {
    /// Pseudo-random functions (transform type 2).
    Prf(u16) {
        HMAC_MD5 = 1 "PRF_HMAC_MD5",
        HMAC_SHA1 = 2 "PRF_HMAC_SHA1",
        AES128_XCBC = 4 "PRF_AES128_XCBC",
        HMAC_SHA2_256 = 5 "PRF_HMAC_SHA2_256",
        HMAC_SHA2_384 = 6 "PRF_HMAC_SHA2_384",
        HMAC_SHA2_512 = 7 "PRF_HMAC_SHA2_512",
        AES128_CMAC = 8 "PRF_AES128_CMAC",
    }
}

registry! {
    /// Integrity algorithms (transform type 3).
    Integrity(u16) {
        NONE = 0 "NONE",
        HMAC_MD5_96 = 1 "AUTH_HMAC_MD5_96",
        HMAC_SHA1_96 = 2 "AUTH_HMAC_SHA1_96",
        AES_XCBC_96 = 5 "AUTH_AES_XCBC_96",
        AES_CMAC_96 = 8 "AUTH_AES_CMAC_96",
        AES_128_GMAC = 9 "AUTH_AES_128_GMAC",
        AES_192_GMAC = 10 "AUTH_AES_192_GMAC",
        AES_256_GMAC = 11 "AUTH_AES_256_GMAC",
        HMAC_SHA2_256_128 = 12 "AUTH_HMAC_SHA2_256_128",
        HMAC_SHA2_384_192 = 13 "AUTH_HMAC_SHA2_384_192",
        HMAC_SHA2_512_256 = 14 "AUTH_HMAC_SHA2_512_256",
    }
}

registry! {
    /// Key exchange methods (transform type 4).
    KeyExchange(u16) {
        NONE = 0 "NONE",
        MODP_768 = 1 "MODP_768",
        MODP_1024 = 2 "MODP_1024",
        MODP_1536 = 5 "MODP_1536",
        MODP_2048 = 14 "MODP_2048",
        MODP_3072 = 15 "MODP_3072",
        MODP_4096 = 16 "MODP_4096",
        MODP_6144 = 17 "MODP_6144",
        MODP_8192 = 18 "MODP_8192",
        ECP_256 = 19 "ECP_256",
        ECP_384 = 20 "ECP_384",
        ECP_521 = 21 "ECP_521",
        MODP_1024_160 = 22 "MODP_1024_160",
        MODP_2048_224 = 23 "MODP_2048_224",
        MODP_2048_256 = 24 "MODP_2048_256",
        ECP_192 = 25 "ECP_192",
        ECP_224 = 26 "ECP_224",
        BRAINPOOL_P224R1 = 27 "BRAINPOOL_P224R1",
        BRAINPOOL_P256R1 = 28 "BRAINPOOL_P256R1",
        BRAINPOOL_P384R1 = 29 "BRAINPOOL_P384R1",
        BRAINPOOL_P512R1 = 30 "BRAINPOOL_P512R1",
        CURVE25519 = 31 "CURVE25519",
        CURVE448 = 32 "CURVE448",
        ML_KEM_512 = 35 "ML_KEM_512",
        ML_KEM_768 = 36 "ML_KEM_768",
        ML_KEM_1024 = 37 "ML_KEM_1024",
    }
}

registry! {
    /// Kinds of sequence numbers (transform type 5, RFC 9827).
    SequenceNumbers(u16) {
        BITS_32 = 0 "32-bit sequence numbers",
        BITS_64 = 1 "partially transmitted 64-bit sequence numbers",
    }
}

/// The name of a transform, or its numbers where they are unknown.
#[must_use]
pub fn transform_name(kind: TransformType, id: u16) -> String {
    match kind {
        TransformType::ENCR => Encryption(id).to_string(),
        TransformType::PRF => Prf(id).to_string(),
        TransformType::INTEG => Integrity(id).to_string(),
        TransformType::SN => SequenceNumbers(id).to_string(),
        TransformType::KE => KeyExchange(id).to_string(),
        TransformType(6..=12) => KeyExchange(id).to_string(),
        _ => format!("{kind} {id}"),
    }
}
