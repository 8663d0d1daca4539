//! Transforms of version 1, and the values of their attributes.

use super::ProtocolId;
use crate::registry::registry;

registry! {
    /// Transforms of ISAKMP (RFC 2407 §4.4.2).
    IkeTransform(u8) {
        KEY_IKE = 1 "KEY_IKE",
    }
}

registry! {
    /// Transforms of AH (RFC 2407 §4.4.3, RFC 3566, RFC 4359, RFC 4543).
    AhTransform(u8) {
        MD5 = 2 "AH_MD5",
        SHA = 3 "AH_SHA",
        DES = 4 "AH_DES",
        SHA2_256 = 5 "AH_SHA2-256",
        SHA2_384 = 6 "AH_SHA2-384",
        SHA2_512 = 7 "AH_SHA2-512",
        RIPEMD = 8 "AH_RIPEMD",
        AES_XCBC_MAC = 9 "AH_AES-XCBC-MAC",
        RSA = 10 "AH_RSA",
        AES_128_GMAC = 11 "AH_AES-128-GMAC",
        AES_192_GMAC = 12 "AH_AES-192-GMAC",
        AES_256_GMAC = 13 "AH_AES-256-GMAC",
    }
}

registry! {
    /// Transforms of ESP (RFC 2407 §4.4.4, RFC 3602, RFC 3686, RFC 4106, RFC 4196, RFC 4309, RFC 4312, RFC 4543).
    EspTransform(u8) {
        DES_IV64 = 1 "ESP_DES_IV64",
        DES = 2 "ESP_DES",
        TRIPLE_DES = 3 "ESP_3DES",
        RC5 = 4 "ESP_RC5",
        IDEA = 5 "ESP_IDEA",
        CAST = 6 "ESP_CAST",
        BLOWFISH = 7 "ESP_BLOWFISH",
        TRIPLE_IDEA = 8 "ESP_3IDEA",
        DES_IV32 = 9 "ESP_DES_IV32",
        RC4 = 10 "ESP_RC4",
        NULL = 11 "ESP_NULL",
        AES_CBC = 12 "ESP_AES-CBC",
        AES_CTR = 13 "ESP_AES-CTR",
        AES_CCM_8 = 14 "ESP_AES-CCM_8",
        AES_CCM_12 = 15 "ESP_AES-CCM_12",
        AES_CCM_16 = 16 "ESP_AES-CCM_16",
        AES_GCM_8 = 18 "ESP_AES-GCM_8",
        AES_GCM_12 = 19 "ESP_AES-GCM_12",
        AES_GCM_16 = 20 "ESP_AES-GCM_16",
        SEED_CBC = 21 "ESP_SEED_CBC",
        CAMELLIA = 22 "ESP_CAMELLIA",
        NULL_AUTH_AES_GMAC = 23 "ESP_NULL_AUTH_AES-GMAC",
    }
}

registry! {
    /// Transforms of IPComp (RFC 2407 §4.4.5, RFC 3051).
    IpcompTransform(u8) {
        OUI = 1 "IPCOMP_OUI",
        DEFLATE = 2 "IPCOMP_DEFLATE",
        LZS = 3 "IPCOMP_LZS",
        LZJH = 4 "IPCOMP_LZJH",
    }
}

/// The name of a protocol's transform, or its number where it is unknown.
#[must_use]
pub fn transform_name(protocol: ProtocolId, id: u8) -> String {
    match protocol {
        ProtocolId::ISAKMP => IkeTransform(id).to_string(),
        ProtocolId::AH => AhTransform(id).to_string(),
        ProtocolId::ESP => EspTransform(id).to_string(),
        ProtocolId::IPCOMP => IpcompTransform(id).to_string(),
        _ => format!("transform {id}"),
    }
}

registry! {
    /// Encryption algorithms of phase 1 (RFC 2409 appendix A, RFC 3602, RFC 4312).
    Encryption(u16) {
        DES_CBC = 1 "DES-CBC",
        IDEA_CBC = 2 "IDEA-CBC",
        BLOWFISH_CBC = 3 "Blowfish-CBC",
        RC5_CBC = 4 "RC5-R16-B64-CBC",
        TRIPLE_DES_CBC = 5 "3DES-CBC",
        CAST_CBC = 6 "CAST-CBC",
        AES_CBC = 7 "AES-CBC",
        CAMELLIA_CBC = 8 "CAMELLIA-CBC",
    }
}

registry! {
    /// Hash algorithms of phase 1 (RFC 2409 appendix A, RFC 4868 §4).
    Hash(u16) {
        MD5 = 1 "MD5",
        SHA = 2 "SHA",
        TIGER = 3 "Tiger",
        SHA2_256 = 4 "SHA2-256",
        SHA2_384 = 5 "SHA2-384",
        SHA2_512 = 6 "SHA2-512",
    }
}

registry! {
    /// How phase 1 authenticates (RFC 2409 appendix A, RFC 4754; the private numbers are those of
    /// draft-ietf-ipsec-isakmp-hybrid-auth-05 and draft-beaulieu-ike-xauth-02 §7.2).
    AuthMethod(u16) {
        PRE_SHARED_KEY = 1 "pre-shared key",
        DSS_SIGNATURES = 2 "DSS signatures",
        RSA_SIGNATURES = 3 "RSA signatures",
        RSA_ENCRYPTION = 4 "encryption with RSA",
        RSA_REVISED_ENCRYPTION = 5 "revised encryption with RSA",
        ECDSA_256 = 9 "ECDSA with SHA-256 on P-256",
        ECDSA_384 = 10 "ECDSA with SHA-384 on P-384",
        ECDSA_521 = 11 "ECDSA with SHA-512 on P-521",
        HYBRID_INIT_RSA = 64221 "HybridInitRSA",
        HYBRID_RESP_RSA = 64222 "HybridRespRSA",
        HYBRID_INIT_DSS = 64223 "HybridInitDSS",
        HYBRID_RESP_DSS = 64224 "HybridRespDSS",
        XAUTH_INIT_PRE_SHARED = 65001 "XAUTHInitPreShared",
        XAUTH_RESP_PRE_SHARED = 65002 "XAUTHRespPreShared",
        XAUTH_INIT_DSS = 65003 "XAUTHInitDSS",
        XAUTH_RESP_DSS = 65004 "XAUTHRespDSS",
        XAUTH_INIT_RSA = 65005 "XAUTHInitRSA",
        XAUTH_RESP_RSA = 65006 "XAUTHRespRSA",
        XAUTH_INIT_RSA_ENCRYPTION = 65007 "XAUTHInitRSAEncryption",
        XAUTH_RESP_RSA_ENCRYPTION = 65008 "XAUTHRespRSAEncryption",
        XAUTH_INIT_RSA_REVISED_ENCRYPTION = 65009 "XAUTHInitRSARevisedEncryption",
        XAUTH_RESP_RSA_REVISED_ENCRYPTION = 65010 "XAUTHRespRSARevisedEncryption",
    }
}

registry! {
    /// Groups of both phases (RFC 2409 §6, RFC 3526, RFC 5903, RFC 5114, RFC 6932).
    Group(u16) {
        MODP_768 = 1 "MODP_768",
        MODP_1024 = 2 "MODP_1024",
        EC2N_155 = 3 "EC2N_155",
        EC2N_185 = 4 "EC2N_185",
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
    }
}

registry! {
    /// Kinds of groups (RFC 2409 appendix A).
    GroupType(u16) {
        MODP = 1 "MODP",
        ECP = 2 "ECP",
        EC2N = 3 "EC2N",
    }
}

registry! {
    /// What the life of an SA is measured in, in both phases (RFC 2409 appendix A, RFC 2407 §4.5).
    LifeType(u16) {
        SECONDS = 1 "seconds",
        KILOBYTES = 2 "kilobytes",
    }
}

registry! {
    /// How packets are encapsulated (RFC 2407 §4.5, RFC 3947 §5.1; the private numbers are those of
    /// draft-ietf-ipsec-nat-t-ike-03).
    EncapsulationMode(u16) {
        TUNNEL = 1 "tunnel",
        TRANSPORT = 2 "transport",
        UDP_TUNNEL = 3 "UDP-encapsulated tunnel",
        UDP_TRANSPORT = 4 "UDP-encapsulated transport",
        UDP_TUNNEL_DRAFT = 61443 "UDP-encapsulated tunnel (draft)",
        UDP_TRANSPORT_DRAFT = 61444 "UDP-encapsulated transport (draft)",
    }
}

registry! {
    /// Authentication algorithms of phase 2 (RFC 2407 §4.5, RFC 4868 §4, RFC 3566, RFC 4359, RFC 4543).
    Authentication(u16) {
        HMAC_MD5 = 1 "HMAC-MD5",
        HMAC_SHA = 2 "HMAC-SHA",
        DES_MAC = 3 "DES-MAC",
        KPDK = 4 "KPDK",
        HMAC_SHA2_256 = 5 "HMAC-SHA2-256",
        HMAC_SHA2_384 = 6 "HMAC-SHA2-384",
        HMAC_SHA2_512 = 7 "HMAC-SHA2-512",
        HMAC_RIPEMD = 8 "HMAC-RIPEMD",
        AES_XCBC_MAC = 9 "AES-XCBC-MAC",
        SIG_RSA = 10 "SIG-RSA",
        AES_128_GMAC = 11 "AES-128-GMAC",
        AES_192_GMAC = 12 "AES-192-GMAC",
        AES_256_GMAC = 13 "AES-256-GMAC",
    }
}

registry! {
    /// Kinds of sequence numbers (RFC 4304 §2); those of 32 bits are meant where nothing is said.
    SequenceNumbers(u16) {
        BITS_64 = 1 "64-bit sequence numbers",
    }
}
