//! Child configurations, and what SAs do that most do not.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::life::OnEnd;
use super::value::Texts;

/// `[child.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Child {
    pub(in crate::file) of: Option<Text>,
    pub(in crate::file) policy: Option<Text>,
    pub(in crate::file) mode: Option<Mode>,
    pub(in crate::file) offer: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) rekey: Option<Text>,
    pub(in crate::file) replay: Option<Spanned<i64>>,
    pub(in crate::file) lifetime: Option<Lifetime>,
    pub(in crate::file) options: Option<Options>,
    pub(in crate::file) attempts: Option<Spanned<i64>>,
    pub(in crate::file) on_close: Option<OnEnd>,
    pub(in crate::file) carries: Option<Texts>,
    pub(in crate::file) labels: Option<Texts>,
    pub(in crate::file) on_demand: Option<bool>,
    pub(in crate::file) single_pair: Option<bool>,
    pub(in crate::file) resources: Option<Spanned<i64>>,
    pub(in crate::file) padding: Option<Padding>,
    pub(in crate::file) later_fragments: Option<bool>,
    pub(in crate::file) at: BTreeMap<Text, ChildEnd>,
}

/// What becomes of padding against traffic analysis.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Padding {
    Taken,
    Refused,
}

/// `[child.NAME.at.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct ChildEnd {
    pub(in crate::file) policy: Option<Text>,
    pub(in crate::file) mode: Option<Mode>,
    pub(in crate::file) protects: Option<Texts>,
    pub(in crate::file) reaches: Option<Texts>,
    pub(in crate::file) names: Option<Texts>,
    pub(in crate::file) offer: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) replay: Option<Spanned<i64>>,
    pub(in crate::file) lifetime: Option<Lifetime>,
    pub(in crate::file) options: Option<Options>,
    pub(in crate::file) start: bool,
    pub(in crate::file) attempts: Option<Spanned<i64>>,
    pub(in crate::file) on_close: Option<OnEnd>,
    pub(in crate::file) carries: Option<Texts>,
    pub(in crate::file) labels: Option<Texts>,
    pub(in crate::file) on_demand: Option<bool>,
    pub(in crate::file) single_pair: Option<bool>,
    pub(in crate::file) resources: Option<Spanned<i64>>,
    pub(in crate::file) padding: Option<Padding>,
    pub(in crate::file) later_fragments: Option<bool>,
}

/// How long the SAs of a child may be used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Lifetime {
    pub(in crate::file) time: Option<Text>,
    pub(in crate::file) seconds: Option<Spanned<i64>>,
    pub(in crate::file) bytes: Option<Spanned<i64>>,
    pub(in crate::file) packets: Option<Spanned<i64>>,
    pub(in crate::file) margin: Option<Text>,
    pub(in crate::file) jitter: Option<Text>,
    pub(in crate::file) idle: Option<Text>,
}

/// What SAs do that most do not.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Options {
    pub(in crate::file) sequence: Option<Text>,
    pub(in crate::file) df: Option<DontFragment>,
    pub(in crate::file) dscp: Option<Spanned<i64>>,
    pub(in crate::file) pad_to: Option<Spanned<i64>>,
    pub(in crate::file) dummies: Option<Text>,
    pub(in crate::file) encapsulation: Option<Encapsulation>,
    pub(in crate::file) keepalive: Option<Text>,
}

/// The don't-fragment bit of outer headers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum DontFragment {
    Copy,
    Set,
    Clear,
}

/// What ESP goes in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Encapsulation {
    Udp,
}

/// How packets are encapsulated.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Mode {
    Tunnel,
    Transport,
}
