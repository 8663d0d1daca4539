//! Exchanges, payloads, notifies and identity types of version 1.

use crate::registry::registry;

registry! {
    /// The exchange type of an ISAKMP header (RFC 2408 §3.1, RFC 2409 appendix A, draft-dukes-ike-mode-cfg-02 §3.1).
    ExchangeType(u8) {
        BASE = 1 "base",
        MAIN = 2 "main mode",
        AUTHENTICATION_ONLY = 3 "authentication only",
        AGGRESSIVE = 4 "aggressive mode",
        INFORMATIONAL = 5 "informational",
        TRANSACTION = 6 "transaction",
        QUICK = 32 "quick mode",
        NEW_GROUP = 33 "new group mode",
    }
}

registry! {
    /// The type of a payload (RFC 2408 §3.1, RFC 3947 §3.2 and §5.2, drafts), with the short names of the ladders.
    PayloadType(u8) {
        NONE = 0 "none",
        SA = 1 "SA",
        PROPOSAL = 2 "P",
        TRANSFORM = 3 "T",
        KE = 4 "KE",
        ID = 5 "ID",
        CERT = 6 "CERT",
        CERTREQ = 7 "CERTREQ",
        HASH = 8 "HASH",
        SIG = 9 "SIG",
        NONCE = 10 "Nonce",
        NOTIFY = 11 "N",
        DELETE = 12 "D",
        VENDOR_ID = 13 "V",
        ATTRIBUTES = 14 "ATTR",
        NAT_D = 20 "NAT-D",
        NAT_OA = 21 "NAT-OA",
        NAT_D_DRAFT = 130 "NAT-D(draft)",
        NAT_OA_DRAFT = 131 "NAT-OA(draft)",
        FRAGMENT = 132 "FRAG",
    }
}

registry! {
    /// A domain of interpretation (RFC 2408 §3.4).
    Doi(u32) {
        ISAKMP = 0 "ISAKMP",
        IPSEC = 1 "IPSEC",
        GDOI = 2 "GDOI",
    }
}

registry! {
    /// The protocol of a proposal, a notify or a delete (RFC 2407 §4.4.1).
    ProtocolId(u8) {
        RESERVED = 0 "reserved",
        ISAKMP = 1 "ISAKMP",
        AH = 2 "AH",
        ESP = 3 "ESP",
        IPCOMP = 4 "IPCOMP",
    }
}

registry! {
    /// The type of an identity (RFC 2407 §4.6.2.1, RFC 3554).
    IdType(u8) {
        IPV4_ADDR = 1 "ID_IPV4_ADDR",
        FQDN = 2 "ID_FQDN",
        USER_FQDN = 3 "ID_USER_FQDN",
        IPV4_ADDR_SUBNET = 4 "ID_IPV4_ADDR_SUBNET",
        IPV6_ADDR = 5 "ID_IPV6_ADDR",
        IPV6_ADDR_SUBNET = 6 "ID_IPV6_ADDR_SUBNET",
        IPV4_ADDR_RANGE = 7 "ID_IPV4_ADDR_RANGE",
        IPV6_ADDR_RANGE = 8 "ID_IPV6_ADDR_RANGE",
        DER_ASN1_DN = 9 "ID_DER_ASN1_DN",
        DER_ASN1_GN = 10 "ID_DER_ASN1_GN",
        KEY_ID = 11 "ID_KEY_ID",
        LIST = 12 "ID_LIST",
    }
}

registry! {
    /// The encoding of a certificate (RFC 2408 §3.9).
    CertEncoding(u8) {
        NONE = 0 "none",
        PKCS7 = 1 "PKCS #7 wrapped X.509 certificate",
        PGP = 2 "PGP certificate",
        DNS_SIGNED_KEY = 3 "DNS signed key",
        X509_SIGNATURE = 4 "X.509 certificate, signature",
        X509_KEY_EXCHANGE = 5 "X.509 certificate, key exchange",
        KERBEROS = 6 "Kerberos tokens",
        CRL = 7 "certificate revocation list",
        ARL = 8 "authority revocation list",
        SPKI = 9 "SPKI certificate",
        X509_ATTRIBUTE = 10 "X.509 certificate, attribute",
    }
}

registry! {
    /// The type of a notify message (RFC 2408 §3.14.1, RFC 2407 §4.6.3, RFC 3706 §5.3). Those below 16384 are errors.
    NotifyType(u16) {
        INVALID_PAYLOAD_TYPE = 1 "INVALID-PAYLOAD-TYPE",
        DOI_NOT_SUPPORTED = 2 "DOI-NOT-SUPPORTED",
        SITUATION_NOT_SUPPORTED = 3 "SITUATION-NOT-SUPPORTED",
        INVALID_COOKIE = 4 "INVALID-COOKIE",
        INVALID_MAJOR_VERSION = 5 "INVALID-MAJOR-VERSION",
        INVALID_MINOR_VERSION = 6 "INVALID-MINOR-VERSION",
        INVALID_EXCHANGE_TYPE = 7 "INVALID-EXCHANGE-TYPE",
        INVALID_FLAGS = 8 "INVALID-FLAGS",
        INVALID_MESSAGE_ID = 9 "INVALID-MESSAGE-ID",
        INVALID_PROTOCOL_ID = 10 "INVALID-PROTOCOL-ID",
        INVALID_SPI = 11 "INVALID-SPI",
        INVALID_TRANSFORM_ID = 12 "INVALID-TRANSFORM-ID",
        ATTRIBUTES_NOT_SUPPORTED = 13 "ATTRIBUTES-NOT-SUPPORTED",
        NO_PROPOSAL_CHOSEN = 14 "NO-PROPOSAL-CHOSEN",
        BAD_PROPOSAL_SYNTAX = 15 "BAD-PROPOSAL-SYNTAX",
        PAYLOAD_MALFORMED = 16 "PAYLOAD-MALFORMED",
        INVALID_KEY_INFORMATION = 17 "INVALID-KEY-INFORMATION",
        INVALID_ID_INFORMATION = 18 "INVALID-ID-INFORMATION",
        INVALID_CERT_ENCODING = 19 "INVALID-CERT-ENCODING",
        INVALID_CERTIFICATE = 20 "INVALID-CERTIFICATE",
        CERT_TYPE_UNSUPPORTED = 21 "CERT-TYPE-UNSUPPORTED",
        INVALID_CERT_AUTHORITY = 22 "INVALID-CERT-AUTHORITY",
        INVALID_HASH_INFORMATION = 23 "INVALID-HASH-INFORMATION",
        AUTHENTICATION_FAILED = 24 "AUTHENTICATION-FAILED",
        INVALID_SIGNATURE = 25 "INVALID-SIGNATURE",
        ADDRESS_NOTIFICATION = 26 "ADDRESS-NOTIFICATION",
        NOTIFY_SA_LIFETIME = 27 "NOTIFY-SA-LIFETIME",
        CERTIFICATE_UNAVAILABLE = 28 "CERTIFICATE-UNAVAILABLE",
        UNSUPPORTED_EXCHANGE_TYPE = 29 "UNSUPPORTED-EXCHANGE-TYPE",
        UNEQUAL_PAYLOAD_LENGTHS = 30 "UNEQUAL-PAYLOAD-LENGTHS",
        CONNECTED = 16384 "CONNECTED",
        RESPONDER_LIFETIME = 24576 "RESPONDER-LIFETIME",
        REPLAY_STATUS = 24577 "REPLAY-STATUS",
        INITIAL_CONTACT = 24578 "INITIAL-CONTACT",
        R_U_THERE = 36136 "R-U-THERE",
        R_U_THERE_ACK = 36137 "R-U-THERE-ACK",
    }
}

impl NotifyType {
    /// Whether the notify tells of an error.
    #[must_use]
    pub fn is_error(self) -> bool {
        self.0 < 16384
    }
}

registry! {
    /// The type of a configuration message (draft-dukes-ike-mode-cfg-02 §3.3).
    ConfigType(u8) {
        REQUEST = 1 "REQUEST",
        REPLY = 2 "REPLY",
        SET = 3 "SET",
        ACK = 4 "ACK",
    }
}
