//! Peers, what stands between them, and the links.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::life::Tickets;
use super::value::Texts;

/// `[peer.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Peer {
    pub(in crate::file) address: Option<Texts>,
    pub(in crate::file) elsewhere: Option<Texts>,
    pub(in crate::file) protects: Option<Texts>,
    pub(in crate::file) identity: Option<Text>,
    pub(in crate::file) mtu: Option<Spanned<i64>>,
    pub(in crate::file) cookies: Option<Cookies>,
    pub(in crate::file) think: Option<Text>,
    pub(in crate::file) half_open: Option<Text>,
    pub(in crate::file) tickets: Option<Tickets>,
    pub(in crate::file) half_open_limit: Option<Spanned<i64>>,
    pub(in crate::file) puzzles: Option<Spanned<i64>>,
    pub(in crate::file) token: Option<Text>,
    pub(in crate::file) clock: Option<Clock>,
}

/// How a peer's clock goes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Clock {
    pub(in crate::file) off: Option<Text>,
    pub(in crate::file) drift: Option<Text>,
}

/// When cookies are demanded.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Cookies {
    Never,
    Always,
    WhenBusy,
}

/// `[router.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Router {
    pub(in crate::file) address: Option<Texts>,
    pub(in crate::file) silent: Option<bool>,
    pub(in crate::file) marks: Option<bool>,
}

/// `[tester.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Tester {
    pub(in crate::file) ike: Option<Text>,
    pub(in crate::file) poses: Option<Text>,
    pub(in crate::file) attack: Option<Text>,
    pub(in crate::file) script: Option<Text>,
    pub(in crate::file) stage: Option<Text>,
    pub(in crate::file) version: Option<Spanned<i64>>,
    pub(in crate::file) victim: Option<Text>,
    pub(in crate::file) count: Option<Spanned<i64>>,
    pub(in crate::file) every: Option<Text>,
}

/// `[link.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Link {
    pub(in crate::file) joins: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) delay: Option<Text>,
    pub(in crate::file) spread: Option<Spread>,
    pub(in crate::file) loss: Option<Text>,
    pub(in crate::file) reorder: Option<Text>,
    pub(in crate::file) duplicate: Option<Text>,
    pub(in crate::file) corrupt: Option<Text>,
    pub(in crate::file) truncate: Option<Text>,
    pub(in crate::file) bursts: Option<Text>,
    pub(in crate::file) in_order: Option<bool>,
    pub(in crate::file) rate: Option<Text>,
    pub(in crate::file) queue: Option<Text>,
    pub(in crate::file) codel: Option<bool>,
    pub(in crate::file) ecn: Option<bool>,
    pub(in crate::file) outage: Option<Outage>,
    pub(in crate::file) mtu: Option<Spanned<i64>>,
    pub(in crate::file) from: BTreeMap<Text, Direction>,
}

/// `[link.NAME.from.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Direction {
    pub(in crate::file) delay: Option<Text>,
    pub(in crate::file) spread: Option<Spread>,
    pub(in crate::file) loss: Option<Text>,
    pub(in crate::file) reorder: Option<Text>,
    pub(in crate::file) duplicate: Option<Text>,
    pub(in crate::file) corrupt: Option<Text>,
    pub(in crate::file) truncate: Option<Text>,
    pub(in crate::file) bursts: Option<Text>,
    pub(in crate::file) in_order: Option<bool>,
    pub(in crate::file) rate: Option<Text>,
    pub(in crate::file) queue: Option<Text>,
    pub(in crate::file) codel: Option<bool>,
    pub(in crate::file) ecn: Option<bool>,
    pub(in crate::file) outage: Option<Outage>,
    pub(in crate::file) mtu: Option<Spanned<i64>>,
}

/// How the delays of packets are spread round their mean.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Spread {
    Even,
    Normal,
    Exponential,
}

/// When a link carries nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Outage {
    pub(in crate::file) first: Option<Text>,
    pub(in crate::file) lasts: Option<Text>,
    pub(in crate::file) every: Option<Text>,
}
