//! Classes of attributes. The same number means something else in a transform of phase 1, in one of phase 2 and in a
//! configuration message.

use crate::registry::registry;

registry! {
    /// Attributes of an ISAKMP transform (RFC 2409 appendix A).
    Phase1Attribute(u16) {
        ENCRYPTION = 1 "encryption algorithm",
        HASH = 2 "hash algorithm",
        AUTH_METHOD = 3 "authentication method",
        GROUP = 4 "group description",
        GROUP_TYPE = 5 "group type",
        GROUP_PRIME = 6 "group prime",
        GROUP_GENERATOR_ONE = 7 "group generator one",
        GROUP_GENERATOR_TWO = 8 "group generator two",
        GROUP_CURVE_A = 9 "group curve A",
        GROUP_CURVE_B = 10 "group curve B",
        LIFE_TYPE = 11 "life type",
        LIFE_DURATION = 12 "life duration",
        PRF = 13 "PRF",
        KEY_LENGTH = 14 "key length",
        FIELD_SIZE = 15 "field size",
        GROUP_ORDER = 16 "group order",
    }
}

registry! {
    /// Attributes of an AH, ESP or IPComp transform (RFC 2407 §4.5, RFC 3168 §9.2.1, RFC 4304, RFC 4359, RFC 6407).
    Phase2Attribute(u16) {
        LIFE_TYPE = 1 "SA life type",
        LIFE_DURATION = 2 "SA life duration",
        GROUP = 3 "group description",
        ENCAPSULATION_MODE = 4 "encapsulation mode",
        AUTHENTICATION = 5 "authentication algorithm",
        KEY_LENGTH = 6 "key length",
        KEY_ROUNDS = 7 "key rounds",
        COMPRESS_DICTIONARY_SIZE = 8 "compress dictionary size",
        COMPRESS_PRIVATE_ALGORITHM = 9 "compress private algorithm",
        ECN_TUNNEL = 10 "ECN tunnel",
        EXTENDED_SEQUENCE_NUMBER = 11 "extended sequence number",
        AUTHENTICATION_KEY_LENGTH = 12 "authentication key length",
        SIGNATURE_ENCODING = 13 "signature encoding algorithm",
        ADDRESS_PRESERVATION = 14 "address preservation",
        SA_DIRECTION = 15 "SA direction",
    }
}

registry! {
    /// Attributes of a configuration message (draft-dukes-ike-mode-cfg-02 §3.4, draft-beaulieu-ike-xauth-02 §6.2, and
    /// those from 28672 on that Cisco's clients brought along).
    ConfigAttribute(u16) {
        INTERNAL_IP4_ADDRESS = 1 "INTERNAL_IP4_ADDRESS",
        INTERNAL_IP4_NETMASK = 2 "INTERNAL_IP4_NETMASK",
        INTERNAL_IP4_DNS = 3 "INTERNAL_IP4_DNS",
        INTERNAL_IP4_NBNS = 4 "INTERNAL_IP4_NBNS",
        INTERNAL_ADDRESS_EXPIRY = 5 "INTERNAL_ADDRESS_EXPIRY",
        INTERNAL_IP4_DHCP = 6 "INTERNAL_IP4_DHCP",
        APPLICATION_VERSION = 7 "APPLICATION_VERSION",
        INTERNAL_IP6_ADDRESS = 8 "INTERNAL_IP6_ADDRESS",
        INTERNAL_IP6_NETMASK = 9 "INTERNAL_IP6_NETMASK",
        INTERNAL_IP6_DNS = 10 "INTERNAL_IP6_DNS",
        INTERNAL_IP6_NBNS = 11 "INTERNAL_IP6_NBNS",
        INTERNAL_IP6_DHCP = 12 "INTERNAL_IP6_DHCP",
        INTERNAL_IP4_SUBNET = 13 "INTERNAL_IP4_SUBNET",
        SUPPORTED_ATTRIBUTES = 14 "SUPPORTED_ATTRIBUTES",
        INTERNAL_IP6_SUBNET = 15 "INTERNAL_IP6_SUBNET",
        XAUTH_TYPE = 16520 "XAUTH-TYPE",
        XAUTH_USER_NAME = 16521 "XAUTH-USER-NAME",
        XAUTH_USER_PASSWORD = 16522 "XAUTH-USER-PASSWORD",
        XAUTH_PASSCODE = 16523 "XAUTH-PASSCODE",
        XAUTH_MESSAGE = 16524 "XAUTH-MESSAGE",
        XAUTH_CHALLENGE = 16525 "XAUTH-CHALLENGE",
        XAUTH_DOMAIN = 16526 "XAUTH-DOMAIN",
        XAUTH_STATUS = 16527 "XAUTH-STATUS",
        XAUTH_NEXT_PIN = 16528 "XAUTH-NEXT-PIN",
        XAUTH_ANSWER = 16529 "XAUTH-ANSWER",
        UNITY_BANNER = 28672 "UNITY_BANNER",
        UNITY_SAVE_PASSWD = 28673 "UNITY_SAVE_PASSWD",
        UNITY_DEF_DOMAIN = 28674 "UNITY_DEF_DOMAIN",
        UNITY_SPLITDNS_NAME = 28675 "UNITY_SPLITDNS_NAME",
        UNITY_SPLIT_INCLUDE = 28676 "UNITY_SPLIT_INCLUDE",
        UNITY_NATT_PORT = 28677 "UNITY_NATT_PORT",
        UNITY_LOCAL_LAN = 28678 "UNITY_LOCAL_LAN",
        UNITY_PFS = 28679 "UNITY_PFS",
        UNITY_FW_TYPE = 28680 "UNITY_FW_TYPE",
        UNITY_BACKUP_SERVERS = 28681 "UNITY_BACKUP_SERVERS",
        UNITY_DDNS_HOSTNAME = 28682 "UNITY_DDNS_HOSTNAME",
    }
}

registry! {
    /// What XAUTH-TYPE asks for (draft-beaulieu-ike-xauth-02 §6.3).
    XauthType(u16) {
        GENERIC = 0 "generic",
        RADIUS_CHAP = 1 "RADIUS-CHAP",
        OTP = 2 "OTP",
        S_KEY = 3 "S/KEY",
    }
}

registry! {
    /// What XAUTH-STATUS tells (draft-beaulieu-ike-xauth-02 §6.2).
    XauthStatus(u16) {
        FAIL = 0 "FAIL",
        OK = 1 "OK",
    }
}
