//! What is judged: each rule with its name, how binding it is, where it stands, and what it says.

use serde::Serialize;

/// How binding a rule is (RFC 2119).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// An end that breaks it does not follow the standard.
    Must,
    /// An end may have a reason to break it.
    Should,
    /// What the network may have done, and no end has to have done.
    Note,
}

impl Level {
    /// `MUST`, `SHOULD` or `note`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Note => "note",
        }
    }
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rule {
    /// Its name, for scripts.
    pub name: &'static str,
    /// How binding it is.
    pub level: Level,
    /// Where it stands, such as `RFC 7296 §2.3`.
    pub clause: &'static str,
    /// What it says, in a sentence.
    pub says: &'static str,
}

macro_rules! rules {
    ($($constant:ident = $name:literal $level:ident $clause:literal $says:literal;)*) => {
        impl Rule {
            $(
                #[doc = concat!($clause, ": ", $says)]
                pub const $constant: Self =
                    Self { name: $name, level: Level::$level, clause: $clause, says: $says };
            )*

            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$constant,)*];
        }
    };
}

rules! {
    MALFORMED = "malformed" Must "RFC 7296 §3" "A message has the lengths and the form that its fields tell.";
    LENGTH = "length" Must "RFC 7296 §3.1" "The length in the header is that of the whole message.";
    FLAGS = "header-flags" Must "RFC 7296 §3.1" "Reserved bits of the header and the version flag are cleared.";
    ROLE = "initiator-flag" Must "RFC 7296 §3.1" "The initiator flag is set by the original initiator, and by nobody else.";
    SPI_ZERO = "ike-spi-zero" Must "RFC 7296 §3.1" "The initiator's SPI is not zero; the responder's is zero in the first message only.";
    RESERVED = "reserved" Must "RFC 7296 §3.2" "Reserved fields are sent as zero.";
    CRITICAL = "critical-bit" Must "RFC 7296 §3.2" "The critical bit of a payload of the standard is zero.";
    UNPROTECTED = "unprotected" Must "RFC 7296 §3.14" "Every exchange behind IKE_SA_INIT has its payloads in an Encrypted payload.";
    AFTER_SK = "payload-after-sk" Must "RFC 7296 §3.14" "The Encrypted payload is the last one.";
    ICV = "icv" Must "RFC 7296 §3.14" "The ICV is that of the message under the keys of its sender.";
    IV = "iv-repeated" Must "RFC 5282 §3.1" "An IV stands for one message under a key.";
    WINDOW = "window" Must "RFC 7296 §2.3" "A request stays within the window behind the oldest one without a response.";
    MESSAGE_ID = "message-id" Note "RFC 7296 §2.2" "Message IDs begin at zero and grow by one; those between were left out, or went where nothing was captured.";
    REPEAT_REQUEST = "repeat-of-request" Must "RFC 7296 §2.1" "A request that is repeated is the same, octet for octet.";
    REPEAT_RESPONSE = "repeat-of-response" Must "RFC 7296 §2.1" "A request has one response, and repeats of it are the same, octet for octet.";
    UNASKED = "unasked-response" Must "RFC 7296 §2.2" "A response has the message ID and the exchange type of a request.";
    COOKIE = "cookie" Must "RFC 7296 §2.6" "An initiator that is given a cookie returns it, first of its payloads.";
    PROPOSAL = "proposal" Must "RFC 7296 §3.3" "A response takes one proposal of those offered, with one transform of each type.";
    NONCE = "nonce-length" Must "RFC 7296 §2.10" "A nonce has 16 to 256 octets, and half the key of the PRF at least.";
    MISSING = "payload-missing" Must "RFC 7296 §1.2" "A message has the payloads that its exchange asks for.";
    CHILD_SPI = "child-spi" Must "RFC 4303 §2.1" "An SPI is neither zero nor one of those that are reserved, 1 to 255.";
    FRAGMENT = "fragment" Must "RFC 7383 §2.5" "Fragment numbers begin at one and reach to their total; only the first names a payload.";
    ESP_REPEATED = "sequence-repeated" Must "RFC 4303 §2.2" "A sequence number stands for one packet under an SPI.";
    ESP_IV = "packet-iv-repeated" Must "RFC 4106 §3.1" "An IV stands for one packet under a key.";
    ESP_ICV = "packet-icv" Must "RFC 4303 §3.3.2" "The ICV is that of the packet under the keys of its SA.";
    ESP_PADDING = "padding" Must "RFC 4303 §2.4" "Padding is 1, 2, 3 and so on.";
    ESP_REPLAYED = "replayed" Note "RFC 4303 §3.4.3" "A packet comes once; somebody on the way repeats it.";
    AH_REPEATED = "ah-sequence-repeated" Must "RFC 4302 §2.5" "A sequence number stands for one packet under an SPI.";
    AH_ICV = "ah-icv" Must "RFC 4302 §3.3.3" "The ICV is that of the packet and of what does not change of its IP headers, under the key of its SA.";
    AH_REPLAYED = "ah-replayed" Note "RFC 4302 §3.4.3" "A packet comes once; somebody on the way repeats it.";
    V1_MALFORMED = "v1-malformed" Must "RFC 2408 §3" "A message has the lengths and the form that its fields tell.";
    V1_FLAGS = "v1-header-flags" Must "RFC 2408 §3.1" "Reserved bits of the header are cleared.";
    V1_COOKIE = "v1-cookie" Must "RFC 2408 §3.1" "The initiator's cookie is not zero; the responder's is zero in the first message only.";
    V1_MESSAGE_ID = "v1-message-id" Must "RFC 2408 §3.1" "Phase 1 has the message ID zero, and phase 2 another.";
    V1_SA_FIRST = "v1-sa-first" Must "RFC 2409 §5" "The SA payload comes before all others of phase 1.";
    V1_HASH_FIRST = "v1-hash-first" Must "RFC 2409 §5.5" "In quick mode HASH comes first, then SA.";
    V1_NONCE = "v1-nonce-length" Must "RFC 2409 §5" "A nonce has 8 to 256 octets.";
    V1_PROPOSAL = "v1-proposal" Must "RFC 2408 §4.2" "A response takes one transform of those offered, unchanged.";
    V1_MISSING = "v1-payload-missing" Must "RFC 2409 §5" "A message has the payloads that its exchange asks for.";
    V1_CLEAR = "v1-clear" Must "RFC 2409 §5.5" "Everything in phase 2 is encrypted.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_clause() {
        let mut names: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for rule in Rule::ALL {
            assert!(rule.clause.starts_with("RFC ") && rule.clause.contains('§'), "{}", rule.name);
            assert!(rule.says.ends_with('.'), "{}", rule.name);
        }
    }
}
