//! IKE configurations and pools.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Text;
use super::auth::{Accept, Auth, FurtherDemand, FurtherProof};
use super::life::{Childless, OnEnd, Reauthentication, Redirect, Synchronisation, Uniqueness};
use super::mobility::Routability;
use super::nat::NatTraversal;
use super::quantum::{Ppk, Prevention};
use super::value::{Number, Texts};

/// `[pool.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Pool {
    pub(in crate::file) at: Option<Text>,
    pub(in crate::file) addresses: Option<Texts>,
    pub(in crate::file) dns: Option<Texts>,
    pub(in crate::file) nbns: Option<Texts>,
    pub(in crate::file) dhcp: Option<Texts>,
    pub(in crate::file) subnets: Option<Texts>,
    pub(in crate::file) domains: Option<Texts>,
    pub(in crate::file) version: Option<Text>,
    pub(in crate::file) resolvers: Option<Texts>,
}

/// `[ike.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct Ike {
    pub(in crate::file) ends: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) version: Option<Spanned<i64>>,
    pub(in crate::file) mode: Option<Spanned<PhaseOne>>,
    pub(in crate::file) methods: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) policy: Option<Text>,
    pub(in crate::file) auth: Option<Auth>,
    pub(in crate::file) hashes: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) announce_methods: Option<bool>,
    pub(in crate::file) offer: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) liveness: Option<Text>,
    pub(in crate::file) selector_notices: Option<Text>,
    pub(in crate::file) retransmit: Retransmit,
    pub(in crate::file) lifetime: Option<IkeLifetime>,
    pub(in crate::file) attempts: Option<Spanned<i64>>,
    pub(in crate::file) childless: Option<Childless>,
    pub(in crate::file) unique: Option<Uniqueness>,
    pub(in crate::file) reauthentication: Option<Reauthentication>,
    pub(in crate::file) authentication_lifetime: Option<Text>,
    pub(in crate::file) on_loss: Option<OnEnd>,
    pub(in crate::file) follows_redirects: Option<bool>,
    pub(in crate::file) intermediate: Option<bool>,
    pub(in crate::file) resumes: Option<bool>,
    pub(in crate::file) ppk: Option<Ppk>,
    pub(in crate::file) downgrade_prevention: Option<Prevention>,
    pub(in crate::file) nat: NatTraversal,
    pub(in crate::file) pool: Option<Texts>,
    pub(in crate::file) push: Option<Spanned<bool>>,
    pub(in crate::file) xauth: Option<Spanned<Xauth>>,
    pub(in crate::file) most_children: Option<Spanned<i64>>,
    pub(in crate::file) fragments: Option<Spanned<Vec<Spanned<i64>>>>,
    pub(in crate::file) window: Option<Spanned<i64>>,
    pub(in crate::file) mobike: Option<bool>,
    pub(in crate::file) roams: Option<Texts>,
    pub(in crate::file) routability: Option<Routability>,
    pub(in crate::file) synchronises: Option<Synchronisation>,
    pub(in crate::file) at: BTreeMap<Text, IkeEnd>,
}

/// `[ike.NAME.at.PEER]`
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::file) struct IkeEnd {
    pub(in crate::file) version: Option<Spanned<i64>>,
    pub(in crate::file) mode: Option<Spanned<PhaseOne>>,
    pub(in crate::file) methods: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) policy: Option<Text>,
    pub(in crate::file) auth: Option<Auth>,
    pub(in crate::file) accept: Option<Accept>,
    pub(in crate::file) knows: Option<Texts>,
    pub(in crate::file) further: Option<Vec<FurtherProof>>,
    pub(in crate::file) accept_further: Option<Vec<FurtherDemand>>,
    pub(in crate::file) hashes: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) announce_methods: Option<bool>,
    pub(in crate::file) identity: Option<Text>,
    pub(in crate::file) expects: Option<Text>,
    pub(in crate::file) asks: Option<Texts>,
    pub(in crate::file) offer: Option<Spanned<Vec<Text>>>,
    pub(in crate::file) liveness: Option<Text>,
    pub(in crate::file) childless: Option<Childless>,
    pub(in crate::file) unique: Option<Uniqueness>,
    pub(in crate::file) reauthentication: Option<Reauthentication>,
    pub(in crate::file) authentication_lifetime: Option<Text>,
    pub(in crate::file) on_loss: Option<OnEnd>,
    pub(in crate::file) follows_redirects: Option<bool>,
    pub(in crate::file) resumes: Option<bool>,
    pub(in crate::file) redirect: Option<Spanned<Redirect>>,
    pub(in crate::file) intermediate: Option<bool>,
    pub(in crate::file) ppk: Option<Ppk>,
    pub(in crate::file) downgrade_prevention: Option<Prevention>,
    pub(in crate::file) remote: Option<Text>,
    pub(in crate::file) nat: NatTraversal,
    pub(in crate::file) fragments: Option<Spanned<Vec<Spanned<i64>>>>,
    pub(in crate::file) window: Option<Spanned<i64>>,
    pub(in crate::file) mobike: Option<bool>,
    pub(in crate::file) roams: Option<Texts>,
    pub(in crate::file) routability: Option<Routability>,
    pub(in crate::file) synchronises: Option<Synchronisation>,
}

/// Who uses the client in version 1, and what proves that.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Xauth {
    pub(in crate::file) client: Option<Text>,
    pub(in crate::file) user: Option<Text>,
    pub(in crate::file) password: Option<Text>,
    pub(in crate::file) mistakes: Option<Texts>,
    pub(in crate::file) tries: Option<Spanned<i64>>,
}

/// How phase 1 goes in version 1.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::file) enum PhaseOne {
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

/// How long an IKE SA lasts.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct IkeLifetime {
    pub(in crate::file) time: Option<Text>,
    pub(in crate::file) seconds: Option<Spanned<i64>>,
    pub(in crate::file) margin: Option<Text>,
    pub(in crate::file) jitter: Option<Text>,
}

/// How requests are repeated.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::file) struct Retransmit {
    pub(in crate::file) first: Option<Text>,
    pub(in crate::file) factor: Option<Spanned<Number>>,
    pub(in crate::file) longest: Option<Text>,
    pub(in crate::file) tries: Option<Spanned<i64>>,
}
