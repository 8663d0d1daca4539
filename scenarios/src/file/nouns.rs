//! The nouns as TOML has them: every key optional, every value with its place in the file. What a key means is told by
//! [`super::scenario`]; what may be left out is decided where the nouns are resolved.

mod auth;
mod life;
mod mobility;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

pub(super) use auth::{Accept, Auth, Authority, Certificate, FurtherDemand, FurtherProof, Revocation, Usage};
pub(super) use life::{Childless, OnEnd, Reauthentication, Redirect, Tickets, Uniqueness};
pub(super) use mobility::Routability;

/// A text and its place.
pub(super) type Text = Spanned<String>;

/// The keys before the first table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Top {
    pub(super) title: Option<Text>,
    pub(super) covers: Vec<Text>,
    pub(super) seeds: Option<Text>,
    pub(super) tags: Vec<String>,
    pub(super) allow: Allow,
    pub(super) limit: Option<Text>,
    pub(super) faults: Option<Vec<Text>>,
    pub(super) story: Option<Text>,
}

/// What is no failure in this scenario.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Allow {
    pub(super) drops: Vec<String>,
}

/// `[peer.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Peer {
    pub(super) address: Option<Texts>,
    pub(super) elsewhere: Option<Texts>,
    pub(super) protects: Option<Texts>,
    pub(super) identity: Option<Text>,
    pub(super) mtu: Option<Spanned<i64>>,
    pub(super) cookies: Option<Cookies>,
    pub(super) think: Option<Text>,
    pub(super) half_open: Option<Text>,
    pub(super) tickets: Option<Tickets>,
    pub(super) half_open_limit: Option<Spanned<i64>>,
    pub(super) puzzles: Option<Spanned<i64>>,
    pub(super) token: Option<Text>,
}

/// When cookies are demanded.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Cookies {
    Never,
    Always,
    WhenBusy,
}

/// `[router.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Router {
    pub(super) address: Option<Texts>,
    pub(super) silent: Option<bool>,
    pub(super) marks: Option<bool>,
}

/// `[nat.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Nat {
    pub(super) address: Option<Texts>,
    pub(super) inside: Option<Text>,
    pub(super) gateway: Option<Text>,
    pub(super) mapping: Option<Dependence>,
    pub(super) filtering: Option<Dependence>,
    pub(super) ports: Option<PortAssignment>,
    pub(super) pooling: Option<Pooling>,
    pub(super) hairpinning: Option<Hairpinning>,
    pub(super) refresh: Option<Refresh>,
    pub(super) timeout: Option<Text>,
    pub(super) esp: Option<PassThrough>,
    pub(super) fragments: Option<Fragments>,
    pub(super) forwards: Vec<Text>,
}

/// On what of the remote endpoint mappings or filters depend (RFC 4787 §4.1, §5).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Dependence {
    EndpointIndependent,
    AddressDependent,
    AddressAndPortDependent,
}

/// Which outside port a mapping gets (RFC 4787 §4.2.1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PortAssignment {
    Preserving,
    Overloading,
    Sequential,
    Random,
}

/// Which of several outside addresses a mapping gets (RFC 4787 §4.1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Pooling {
    Paired,
    Arbitrary,
}

/// Whether inside hosts reach each other by their outside endpoints (RFC 4787 §6).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Hairpinning {
    Off,
    InternalSource,
    ExternalSource,
}

/// The packets that make a mapping last (RFC 4787 §4.3).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Refresh {
    Outbound,
    Inbound,
    Both,
}

/// What becomes of ESP, AH and other protocols without ports.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PassThrough {
    Pass,
    Drop,
}

/// Whether later fragments may come before the first one (RFC 4787 §11).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fragments {
    AnyOrder,
    InOrder,
}

/// `[tester.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tester {
    pub(super) ike: Option<Text>,
    pub(super) poses: Option<Text>,
    pub(super) attack: Option<Text>,
    pub(super) stage: Option<Text>,
    pub(super) victim: Option<Text>,
    pub(super) count: Option<Spanned<i64>>,
    pub(super) every: Option<Text>,
}

/// `[link.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Link {
    pub(super) joins: Option<Spanned<Vec<Text>>>,
    pub(super) delay: Option<Text>,
    pub(super) loss: Option<Text>,
    pub(super) reorder: Option<Text>,
    pub(super) duplicate: Option<Text>,
    pub(super) corrupt: Option<Text>,
    pub(super) truncate: Option<Text>,
    pub(super) bursts: Option<Text>,
    pub(super) in_order: Option<bool>,
    pub(super) rate: Option<Text>,
    pub(super) queue: Option<Text>,
    pub(super) codel: Option<bool>,
    pub(super) ecn: Option<bool>,
    pub(super) outage: Option<Outage>,
    pub(super) mtu: Option<Spanned<i64>>,
    pub(super) from: BTreeMap<Text, Direction>,
}

/// `[link.NAME.from.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Direction {
    pub(super) delay: Option<Text>,
    pub(super) loss: Option<Text>,
    pub(super) reorder: Option<Text>,
    pub(super) duplicate: Option<Text>,
    pub(super) corrupt: Option<Text>,
    pub(super) truncate: Option<Text>,
    pub(super) bursts: Option<Text>,
    pub(super) in_order: Option<bool>,
    pub(super) rate: Option<Text>,
    pub(super) queue: Option<Text>,
    pub(super) codel: Option<bool>,
    pub(super) ecn: Option<bool>,
    pub(super) outage: Option<Outage>,
    pub(super) mtu: Option<Spanned<i64>>,
}

/// When a link carries nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Outage {
    pub(super) first: Option<Text>,
    pub(super) lasts: Option<Text>,
    pub(super) every: Option<Text>,
}

/// `[pool.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Pool {
    pub(super) at: Option<Text>,
    pub(super) addresses: Option<Texts>,
    pub(super) dns: Option<Texts>,
    pub(super) nbns: Option<Texts>,
    pub(super) dhcp: Option<Texts>,
    pub(super) subnets: Option<Texts>,
    pub(super) domains: Option<Texts>,
    pub(super) version: Option<Text>,
    pub(super) resolvers: Option<Texts>,
}

/// `[ike.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ike {
    pub(super) ends: Option<Spanned<Vec<Text>>>,
    pub(super) version: Option<Spanned<i64>>,
    pub(super) mode: Option<Spanned<PhaseOne>>,
    pub(super) auth: Option<Auth>,
    pub(super) hashes: Option<Spanned<Vec<Text>>>,
    pub(super) announce_methods: Option<bool>,
    pub(super) offer: Option<Spanned<Vec<Text>>>,
    pub(super) liveness: Option<Text>,
    pub(super) selector_notices: Option<Text>,
    pub(super) retransmit: Retransmit,
    pub(super) lifetime: Option<IkeLifetime>,
    pub(super) attempts: Option<Spanned<i64>>,
    pub(super) childless: Option<Childless>,
    pub(super) unique: Option<Uniqueness>,
    pub(super) reauthentication: Option<Reauthentication>,
    pub(super) authentication_lifetime: Option<Text>,
    pub(super) on_loss: Option<OnEnd>,
    pub(super) follows_redirects: Option<bool>,
    pub(super) intermediate: Option<bool>,
    pub(super) resumes: Option<bool>,
    pub(super) ppk: Option<Ppk>,
    pub(super) downgrade_prevention: Option<Prevention>,
    pub(super) nat: NatTraversal,
    pub(super) pool: Option<Texts>,
    pub(super) most_children: Option<Spanned<i64>>,
    pub(super) fragments: Option<Spanned<Vec<Spanned<i64>>>>,
    pub(super) window: Option<Spanned<i64>>,
    pub(super) mobike: Option<bool>,
    pub(super) roams: Option<Texts>,
    pub(super) routability: Option<Routability>,
    pub(super) at: BTreeMap<Text, IkeEnd>,
}

/// `[ike.NAME.at.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct IkeEnd {
    pub(super) version: Option<Spanned<i64>>,
    pub(super) mode: Option<Spanned<PhaseOne>>,
    pub(super) auth: Option<Auth>,
    pub(super) accept: Option<Accept>,
    pub(super) further: Option<Vec<FurtherProof>>,
    pub(super) accept_further: Option<Vec<FurtherDemand>>,
    pub(super) hashes: Option<Spanned<Vec<Text>>>,
    pub(super) announce_methods: Option<bool>,
    pub(super) identity: Option<Text>,
    pub(super) expects: Option<Text>,
    pub(super) asks: Option<Texts>,
    pub(super) offer: Option<Spanned<Vec<Text>>>,
    pub(super) liveness: Option<Text>,
    pub(super) childless: Option<Childless>,
    pub(super) unique: Option<Uniqueness>,
    pub(super) reauthentication: Option<Reauthentication>,
    pub(super) authentication_lifetime: Option<Text>,
    pub(super) on_loss: Option<OnEnd>,
    pub(super) follows_redirects: Option<bool>,
    pub(super) resumes: Option<bool>,
    pub(super) redirect: Option<Spanned<Redirect>>,
    pub(super) intermediate: Option<bool>,
    pub(super) ppk: Option<Ppk>,
    pub(super) downgrade_prevention: Option<Prevention>,
    pub(super) remote: Option<Text>,
    pub(super) nat: NatTraversal,
    pub(super) fragments: Option<Spanned<Vec<Spanned<i64>>>>,
    pub(super) window: Option<Spanned<i64>>,
    pub(super) mobike: Option<bool>,
    pub(super) roams: Option<Texts>,
    pub(super) routability: Option<Routability>,
}

/// How phase 1 goes in version 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PhaseOne {
    Main,
    Aggressive,
}

impl From<PhaseOne> for ipsec::ikev1::Mode {
    fn from(mode: PhaseOne) -> Self {
        match mode {
            PhaseOne::Main => Self::Main,
            PhaseOne::Aggressive => Self::Aggressive,
        }
    }
}

/// A post-quantum preshared key, and how it is used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ppk {
    /// What both ends call it.
    pub(super) id: Text,
    pub(super) secret: Text,
    /// Whether there is to be no IKE SA without it.
    #[serde(default)]
    pub(super) required: bool,
    /// When it is mixed in; in `IKE_INTERMEDIATE` rather than in `IKE_AUTH` when the file does not say.
    pub(super) mixed: Option<Mixing>,
}

/// When a post-quantum preshared key is mixed in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mixing {
    /// RFC 8784.
    Auth,
    /// RFC 9867.
    Intermediate,
}

/// Whether both `IKE_SA_INIT` messages are part of what each end proves.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Prevention {
    Off,
    Offer,
    Require,
}

impl From<Prevention> for ipsec::ikev2::FullTranscript {
    fn from(prevention: Prevention) -> Self {
        match prevention {
            Prevention::Off => Self::Off,
            Prevention::Offer => Self::Offer,
            Prevention::Require => Self::Require,
        }
    }
}

/// How an IKE SA gets through NAT.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NatTraversal {
    pub(super) traversal: Option<bool>,
    pub(super) encapsulate: Option<bool>,
    pub(super) keepalive: Option<Text>,
    pub(super) port: Option<Spanned<i64>>,
}

/// How long an IKE SA lasts.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IkeLifetime {
    pub(super) time: Option<Text>,
    pub(super) seconds: Option<Spanned<i64>>,
    pub(super) margin: Option<Text>,
    pub(super) jitter: Option<Text>,
}

/// How requests are repeated.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Retransmit {
    pub(super) first: Option<Text>,
    pub(super) factor: Option<Spanned<Number>>,
    pub(super) longest: Option<Text>,
    pub(super) tries: Option<Spanned<i64>>,
}

/// `[child.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Child {
    pub(super) of: Option<Text>,
    pub(super) mode: Option<Mode>,
    pub(super) offer: Option<Spanned<Vec<Text>>>,
    pub(super) rekey: Option<Text>,
    pub(super) replay: Option<Spanned<i64>>,
    pub(super) lifetime: Option<Lifetime>,
    pub(super) options: Option<Options>,
    pub(super) attempts: Option<Spanned<i64>>,
    pub(super) on_close: Option<OnEnd>,
    pub(super) carries: Option<Texts>,
    pub(super) labels: Option<Texts>,
    pub(super) on_demand: Option<bool>,
    pub(super) single_pair: Option<bool>,
    pub(super) resources: Option<Spanned<i64>>,
    pub(super) padding: Option<Padding>,
    pub(super) later_fragments: Option<bool>,
    pub(super) at: BTreeMap<Text, ChildEnd>,
}

/// What becomes of padding against traffic analysis.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Padding {
    Taken,
    Refused,
}

/// `[child.NAME.at.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ChildEnd {
    pub(super) mode: Option<Mode>,
    pub(super) protects: Option<Texts>,
    pub(super) reaches: Option<Texts>,
    pub(super) offer: Option<Spanned<Vec<Text>>>,
    pub(super) replay: Option<Spanned<i64>>,
    pub(super) lifetime: Option<Lifetime>,
    pub(super) options: Option<Options>,
    pub(super) start: bool,
    pub(super) attempts: Option<Spanned<i64>>,
    pub(super) on_close: Option<OnEnd>,
    pub(super) carries: Option<Texts>,
    pub(super) labels: Option<Texts>,
    pub(super) on_demand: Option<bool>,
    pub(super) single_pair: Option<bool>,
    pub(super) resources: Option<Spanned<i64>>,
    pub(super) padding: Option<Padding>,
    pub(super) later_fragments: Option<bool>,
}

/// How long the SAs of a child may be used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Lifetime {
    pub(super) time: Option<Text>,
    pub(super) seconds: Option<Spanned<i64>>,
    pub(super) bytes: Option<Spanned<i64>>,
    pub(super) packets: Option<Spanned<i64>>,
    pub(super) margin: Option<Text>,
    pub(super) jitter: Option<Text>,
    pub(super) idle: Option<Text>,
}

/// What SAs do that most do not.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Options {
    pub(super) sequence: Option<Text>,
    pub(super) df: Option<DontFragment>,
    pub(super) dscp: Option<Spanned<i64>>,
    pub(super) pad_to: Option<Spanned<i64>>,
    pub(super) dummies: Option<Text>,
    pub(super) encapsulation: Option<Encapsulation>,
    pub(super) keepalive: Option<Text>,
}

/// The don't-fragment bit of outer headers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DontFragment {
    Copy,
    Set,
    Clear,
}

/// What ESP goes in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Encapsulation {
    Udp,
}

/// `[manual.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Manual {
    /// For people; nothing depends on it.
    pub(super) description: Option<Text>,
    pub(super) ends: Option<Spanned<Vec<Text>>>,
    pub(super) mode: Option<Mode>,
    pub(super) replay: Option<Spanned<i64>>,
    pub(super) esn: Option<bool>,
    pub(super) options: Option<Options>,
    pub(super) bidirectional: Option<Spanned<ManualKeying>>,
    pub(super) inbound: Option<Spanned<ManualKeying>>,
    pub(super) outbound: Option<Spanned<ManualKeying>>,
    pub(super) at: BTreeMap<Text, ManualEnd>,
}

/// `[manual.NAME.at.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ManualEnd {
    pub(super) mode: Option<Mode>,
    pub(super) replay: Option<Spanned<i64>>,
    pub(super) esn: Option<bool>,
    pub(super) protects: Option<Texts>,
    pub(super) reaches: Option<Texts>,
    pub(super) options: Option<Options>,
    pub(super) bidirectional: Option<Spanned<ManualKeying>>,
    pub(super) inbound: Option<Spanned<ManualKeying>>,
    pub(super) outbound: Option<Spanned<ManualKeying>>,
}

/// How packets are encapsulated.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    Tunnel,
    Transport,
}

/// `[manual.NAME.bidirectional]`, or `inbound` and `outbound` as the first end sees them; below `at`, as that end does.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ManualKeying {
    pub(super) protocol: Option<ManualProtocol>,
    pub(super) spi: Option<Spanned<i64>>,
    pub(super) auxiliary_spi: Option<Spanned<i64>>,
    pub(super) authentication: Option<Spanned<Algorithm>>,
    pub(super) encryption: Option<Spanned<Algorithm>>,
}

/// The protocol of a manual SA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ManualProtocol {
    #[default]
    Esp,
    Ah,
    Bundle,
}

/// An algorithm and its key.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Algorithm {
    pub(super) algorithm: Option<Text>,
    pub(super) ascii_text: Option<Text>,
    pub(super) hexadecimal: Option<Text>,
}

/// `[policy.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) at: Option<Texts>,
    pub(super) action: Option<PolicyAction>,
    pub(super) from: Option<Texts>,
    pub(super) to: Option<Texts>,
    pub(super) protocol: Option<Text>,
    pub(super) port: Option<Spanned<i64>>,
    pub(super) direction: Option<PolicyDirection>,
}

/// Which way the packets of a policy go, seen from its peer.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PolicyDirection {
    In,
    Out,
}

/// What a policy does with its packets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PolicyAction {
    Bypass,
    Discard,
}

/// `[traffic.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Traffic {
    pub(super) between: Option<Spanned<Vec<Text>>>,
    pub(super) kind: Option<TrafficKind>,
    pub(super) rate: Option<Text>,
    pub(super) size: Option<Spanned<Number>>,
    pub(super) both: Option<bool>,
    pub(super) df: Option<bool>,
    pub(super) hops: Option<Spanned<i64>>,
    pub(super) class: Option<Spanned<i64>>,
    pub(super) fragments: Option<Spanned<i64>>,
    pub(super) port: Option<Spanned<i64>>,
}

/// What kind of packets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TrafficKind {
    Udp,
    Ping,
    Echo,
}

/// One text or a list of them.
#[derive(Debug)]
pub(super) struct Texts(pub(super) Vec<Text>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let either = Spanned::<OneOrMany>::deserialize(deserializer)?;
        let span = either.span();
        Ok(match either.into_inner() {
            OneOrMany::One(text) => Self(vec![Spanned::new(span, text)]),
            OneOrMany::Many(texts) => Self(texts),
        })
    }
}

enum OneOrMany {
    One(String),
    Many(Vec<Text>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

struct OneOrManyVisitor;

impl<'de> Visitor<'de> for OneOrManyVisitor {
    type Value = OneOrMany;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany::Many)
    }
}

/// A number, or a text that has to mean one; kept as text.
#[derive(Debug)]
pub(super) struct Number(pub(super) String);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        Ok(Number(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number(number.to_string()))
    }
}
