//! Manual SAs.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::child::{Mode, Options};
use super::value::Texts;

/// `[manual.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Manual {
    /// For people; nothing depends on it.
    pub(in crate::file) description: Option<Text>,
    pub(in crate::file) ends: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) mode: Option<Mode>,
    pub(in crate::file) replay: Option<Spanned<i64>>,
    pub(in crate::file) esn: Option<bool>,
    pub(in crate::file) options: Option<Options>,
    pub(in crate::file) bidirectional: Option<Spanned<ManualKeying>>,
    pub(in crate::file) inbound: Option<Spanned<ManualKeying>>,
    pub(in crate::file) outbound: Option<Spanned<ManualKeying>>,
    pub(in crate::file) at: BTreeMap<Text, ManualEnd>,
}

/// `[manual.NAME.at.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct ManualEnd {
    pub(in crate::file) mode: Option<Mode>,
    pub(in crate::file) replay: Option<Spanned<i64>>,
    pub(in crate::file) esn: Option<bool>,
    pub(in crate::file) protects: Option<Texts>,
    pub(in crate::file) reaches: Option<Texts>,
    pub(in crate::file) options: Option<Options>,
    pub(in crate::file) bidirectional: Option<Spanned<ManualKeying>>,
    pub(in crate::file) inbound: Option<Spanned<ManualKeying>>,
    pub(in crate::file) outbound: Option<Spanned<ManualKeying>>,
}

/// `[manual.NAME.bidirectional]`, or `inbound` and `outbound` as the first end sees them; below `at`, as that end does.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct ManualKeying {
    pub(in crate::file) protocol: Option<ManualProtocol>,
    pub(in crate::file) spi: Option<Spanned<i64>>,
    pub(in crate::file) auxiliary_spi: Option<Spanned<i64>>,
    pub(in crate::file) authentication: Option<Spanned<Algorithm>>,
    pub(in crate::file) encryption: Option<Spanned<Algorithm>>,
}

/// The protocol of a manual SA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum ManualProtocol {
    #[default]
    Esp,
    Ah,
    Bundle,
}

/// An algorithm and its key.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Algorithm {
    pub(in crate::file) algorithm: Option<Text>,
    pub(in crate::file) ascii_text: Option<Text>,
    pub(in crate::file) hexadecimal: Option<Text>,
}
