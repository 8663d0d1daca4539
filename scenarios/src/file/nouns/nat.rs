//! Translators, and how IKE SAs get through them.

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::value::Texts;

/// `[nat.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Nat {
    pub(in crate::file) address: Option<Texts>,
    pub(in crate::file) inside: Option<Text>,
    pub(in crate::file) gateway: Option<Text>,
    pub(in crate::file) mapping: Option<Dependence>,
    pub(in crate::file) filtering: Option<Dependence>,
    pub(in crate::file) ports: Option<PortAssignment>,
    pub(in crate::file) pooling: Option<Pooling>,
    pub(in crate::file) hairpinning: Option<Hairpinning>,
    pub(in crate::file) refresh: Option<Refresh>,
    pub(in crate::file) timeout: Option<Text>,
    pub(in crate::file) esp: Option<PassThrough>,
    pub(in crate::file) fragments: Option<Fragments>,
    pub(in crate::file) forwards: Vec<Text>,
}

/// On what of the remote endpoint mappings or filters depend (RFC 4787 §4.1, §5).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Dependence {
    EndpointIndependent,
    AddressDependent,
    AddressAndPortDependent,
}

/// Which outside port a mapping gets (RFC 4787 §4.2.1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum PortAssignment {
    Preserving,
    Overloading,
    Sequential,
    Random,
}

/// Which of several outside addresses a mapping gets (RFC 4787 §4.1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Pooling {
    Paired,
    Arbitrary,
}

/// Whether inside hosts reach each other by their outside endpoints (RFC 4787 §6).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Hairpinning {
    Off,
    InternalSource,
    ExternalSource,
}

/// The packets that make a mapping last (RFC 4787 §4.3).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Refresh {
    Outbound,
    Inbound,
    Both,
}

/// What becomes of ESP, AH and other protocols without ports.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum PassThrough {
    Pass,
    Drop,
}

/// Whether later fragments may come before the first one (RFC 4787 §11).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Fragments {
    AnyOrder,
    InOrder,
}

/// How an IKE SA gets through NAT.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct NatTraversal {
    pub(in crate::file) traversal: Option<bool>,
    pub(in crate::file) encapsulate: Option<bool>,
    pub(in crate::file) keepalive: Option<Text>,
    pub(in crate::file) port: Option<Spanned<i64>>,
    pub(in crate::file) forms: Option<Spanned<Vec<Spanned<NatForm>>>>,
}

/// How NAT traversal is spoken in version 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum NatForm {
    Rfc3947,
    #[serde(rename = "draft-03")]
    Draft03,
    #[serde(rename = "draft-02-lf")]
    Draft02LineFeed,
    #[serde(rename = "draft-02")]
    Draft02,
}

impl From<NatForm> for ipsec::ikev1::NatTraversal {
    fn from(form: NatForm) -> Self {
        match form {
            NatForm::Rfc3947 => Self::Rfc3947,
            NatForm::Draft03 => Self::Draft03,
            NatForm::Draft02LineFeed => Self::Draft02LineFeed,
            NatForm::Draft02 => Self::Draft02,
        }
    }
}
