//! The format of `own_exchanges.json`, which `data/README.md` describes for other readers.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) source: String,
    pub(super) exchanges: Vec<Conversation>,
}

/// The messages of two ends that set up an IKE SA, and perhaps go on from there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conversation {
    /// Unique in the file.
    pub(super) name: String,
    /// What it shows, and the documents that say how.
    pub(super) shows: String,
    pub(super) ike: Suite,
    pub(super) child: Suite,
    /// The pre-shared key of both ends.
    pub(super) psk: Octets,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) ppk: Option<Ppk>,
    /// The longest IP packet with a message or a piece of one, where messages are cut (RFC 7383).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) longest_packet: Option<usize>,
    /// Whether each end proves both messages of `IKE_SA_INIT`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(super) full_transcript: bool,
    /// What the initiator does once the IKE SA is up.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) then: Vec<Deed>,
    pub(super) initiator: End,
    pub(super) responder: End,
    #[serde(default)]
    pub(super) messages: Vec<Message>,
}

/// Algorithms by their IKEv2 transform IDs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suite {
    pub(super) encr: u16,
    /// The length of the cipher's key in bits, salt not counted.
    pub(super) key_length: usize,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) integ: Option<u16>,
    /// Not for a child.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) prf: Option<u16>,
    /// The key exchange, then the additional ones from ADDKE1 on. A child may do without.
    pub(super) key_exchanges: Vec<u16>,
}

/// A post-quantum preshared key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ppk {
    /// The data of a PPK_ID_FIXED.
    pub(super) id: Octets,
    pub(super) key: Octets,
    pub(super) mixed_in: MixedIn,
    /// Whether the initiator takes no IKE SA without it.
    pub(super) required: bool,
    /// Whether the responder has it.
    pub(super) known_to_responder: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum MixedIn {
    /// RFC 8784
    #[serde(rename = "IKE_AUTH")]
    Auth,
    /// RFC 9867
    #[serde(rename = "IKE_INTERMEDIATE")]
    Intermediate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Deed {
    #[serde(rename = "rekey the child")]
    RekeyChild,
    #[serde(rename = "rekey the IKE SA")]
    RekeyIke,
    /// The initiator loses the IKE SA, and goes on with the ticket that it was granted (RFC 5723).
    #[serde(rename = "resume")]
    Resume,
}

/// What one end has to itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) address: std::net::IpAddr,
    /// Its private value of each key exchange, in the order of the messages: a scalar, d | z, or m.
    pub(super) private: Vec<Octets>,
    /// All that it draws from its source of randomness, in the order in which Esplanade does so.
    pub(super) drawn: Octets,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sender {
    Initiator,
    Responder,
}

/// A message, and what can be calculated once it is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    pub(super) sender: Sender,
    /// Name of the exchange, `request` or `response`, message ID.
    pub(super) what: String,
    /// The UDP payload; of a message in pieces, one for each.
    pub(super) octets: Vec<Octets>,
    /// The payloads inside SK or SKF, decrypted, without padding.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) content: Option<Octets>,
    /// Values by their names in the RFCs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub(super) values: BTreeMap<String, Octets>,
}

/// Octets, in the file as hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Octets(pub(super) Vec<u8>);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}
