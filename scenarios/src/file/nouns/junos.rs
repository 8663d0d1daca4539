//! Proposals and policies in the statements of the routers that version 1 is told by: `[edit services ipsec-vpn ike]` and
//! `[edit security ipsec]` of JUNOS.

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::ike::PhaseOne;

/// `[ike-proposal.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct IkeProposal {
    /// For people; nothing depends on it.
    pub(in crate::file) description: Option<Text>,
    pub(in crate::file) authentication_method: Option<Text>,
    pub(in crate::file) dh_group: Option<Text>,
    pub(in crate::file) authentication_algorithm: Option<Text>,
    pub(in crate::file) encryption_algorithm: Option<Text>,
    pub(in crate::file) lifetime_seconds: Option<Spanned<i64>>,
}

/// `[ike-policy.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct IkePolicy {
    /// For people; nothing depends on it.
    pub(in crate::file) description: Option<Text>,
    pub(in crate::file) mode: Option<Spanned<PhaseOne>>,
    pub(in crate::file) proposals: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) pre_shared_key: Option<Spanned<SharedKey>>,
}

/// A pre-shared key, in one of two ways.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct SharedKey {
    pub(in crate::file) ascii_text: Option<Text>,
    pub(in crate::file) hexadecimal: Option<Text>,
}

/// `[ipsec-proposal.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct IpsecProposal {
    /// For people; nothing depends on it.
    pub(in crate::file) description: Option<Text>,
    pub(in crate::file) protocol: Option<Text>,
    pub(in crate::file) authentication_algorithm: Option<Text>,
    pub(in crate::file) encryption_algorithm: Option<Text>,
    pub(in crate::file) lifetime_seconds: Option<Spanned<i64>>,
}

/// `[ipsec-policy.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct IpsecPolicy {
    /// For people; nothing depends on it.
    pub(in crate::file) description: Option<Text>,
    pub(in crate::file) perfect_forward_secrecy: Option<Spanned<ForwardSecrecy>>,
    pub(in crate::file) proposals: Option<Spanned<Vec<Text>>>,
}

/// Which group quick mode exchanges keys in.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct ForwardSecrecy {
    pub(in crate::file) keys: Option<Text>,
}
