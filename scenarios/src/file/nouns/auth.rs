//! What may be said of how peers prove who they are, and of the laboratory's certificates.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Text, Texts};

/// How an end proves who it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Auth {
    Psk(Text),
    Certificate(Texts),
    Eap(EapUser),
    EapOnly(Spanned<bool>),
    RawKey(Text),
    Null(Spanned<bool>),
}

/// What a user of EAP knows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct EapUser {
    pub(in crate::file) user: Option<Text>,
    pub(in crate::file) password: Option<Text>,
    pub(in crate::file) methods: Option<Spanned<Vec<Text>>>,
}

/// How an end wants the other one to prove who it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Accept {
    Psk(Text),
    Certificate(AcceptCertificate),
    Eap(EapServer),
    EapOnly(Spanned<bool>),
    RawKey(Text),
    Null(Spanned<bool>),
}

/// A further authentication exchange (RFC 4739): who the end is there, and how it proves that.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct FurtherProof {
    pub(in crate::file) auth: Auth,
    pub(in crate::file) identity: Option<Text>,
}

/// How an end wants the other one to prove itself in a further exchange, and as whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::file) struct FurtherDemand {
    pub(in crate::file) accept: Accept,
    pub(in crate::file) expects: Option<Text>,
}

/// Whose certificates count.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct AcceptCertificate {
    pub(in crate::file) authorities: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) revocation: Option<Revocation>,
    pub(in crate::file) ocsp: bool,
    pub(in crate::file) responders: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) any_name: bool,
}

/// What has to be known about revocation.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Revocation {
    WhereKnown,
    Required,
}

/// What a server of EAP knows and wants.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct EapServer {
    pub(in crate::file) users: BTreeMap<Text, Text>,
    pub(in crate::file) methods: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) asks_identity: bool,
    pub(in crate::file) notice: Option<Text>,
}

/// `[authority.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Authority {
    pub(in crate::file) issuer: Option<Text>,
    pub(in crate::file) key: Option<Text>,
    pub(in crate::file) subject: Option<Text>,
    pub(in crate::file) path_length: Option<Spanned<i64>>,
    pub(in crate::file) from: Option<Text>,
    pub(in crate::file) until: Option<Text>,
    pub(in crate::file) revoked: bool,
    pub(in crate::file) list: Option<Text>,
}

/// `[certificate.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Certificate {
    pub(in crate::file) issuer: Option<Text>,
    pub(in crate::file) key: Option<Text>,
    pub(in crate::file) subject: Option<Text>,
    pub(in crate::file) names: Option<Texts>,
    pub(in crate::file) usage: Option<Usage>,
    pub(in crate::file) from: Option<Text>,
    pub(in crate::file) until: Option<Text>,
    pub(in crate::file) revoked: bool,
    pub(in crate::file) chain: Option<bool>,
    pub(in crate::file) ocsp: Option<Ocsp>,
}

/// What an OCSP responder says of a certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Ocsp {
    pub(in crate::file) says: Option<OcspWord>,
    pub(in crate::file) responder: Option<Text>,
    pub(in crate::file) from: Option<Text>,
    pub(in crate::file) until: Option<Text>,
}

/// The status of a certificate.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum OcspWord {
    Good,
    Revoked,
    Unknown,
}

/// What a certificate's key is for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum Usage {
    Signature,
    Encipherment,
    Ocsp,
}
