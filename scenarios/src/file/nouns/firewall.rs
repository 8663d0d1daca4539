//! Packet filters.

use serde::Deserialize;
use toml::Spanned;

use super::Text;

/// `[firewall.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Firewall {
    pub(in crate::file) inside: Option<Text>,
    pub(in crate::file) drops: Vec<Text>,
    pub(in crate::file) lets_in: Vec<Text>,
    pub(in crate::file) lets_out: Option<Vec<Text>>,
    pub(in crate::file) timeout: Option<Text>,
    pub(in crate::file) flows: Option<Spanned<i64>>,
}
