//! Policies and traffic.

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::value::{Number, Texts};

/// `[policy.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Policy {
    pub(in crate::file) at: Option<Texts>,
    pub(in crate::file) action: Option<PolicyAction>,
    pub(in crate::file) from: Option<Texts>,
    pub(in crate::file) to: Option<Texts>,
    pub(in crate::file) protocol: Option<Text>,
    pub(in crate::file) port: Option<Spanned<i64>>,
    pub(in crate::file) direction: Option<PolicyDirection>,
}

/// Which way the packets of a policy go, seen from its peer.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum PolicyDirection {
    In,
    Out,
}

/// What a policy does with its packets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum PolicyAction {
    Bypass,
    Discard,
}

/// `[traffic.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Traffic {
    pub(in crate::file) between: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) kind: Option<TrafficKind>,
    pub(in crate::file) rate: Option<Text>,
    pub(in crate::file) size: Option<Spanned<Number>>,
    pub(in crate::file) both: Option<bool>,
    pub(in crate::file) df: Option<bool>,
    pub(in crate::file) hops: Option<Spanned<i64>>,
    pub(in crate::file) class: Option<Spanned<i64>>,
    pub(in crate::file) fragments: Option<Spanned<i64>>,
    pub(in crate::file) port: Option<Spanned<i64>>,
}

/// What kind of packets.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum TrafficKind {
    Udp,
    Ping,
    Echo,
}
