//! The peer authorization database (RFC 4301 §4.4.3): who may speak, how each proves who it is, and what it may ask for.
//!
//! ```text
//! IDi ──▶ PeerDatabase::find ──▶ PeerEntry ──▶ verify (AUTH, CERT) ──▶ Proven
//!          the first that fits              └─▶ authorizes, narrow (TSi, TSr)
//! ```

mod pattern;

use std::collections::BTreeMap;
use std::sync::Arc;

use ipsec_crypto::{PrfAlgorithm, Provider, Secret, SignatureAlgorithm, Verifier};
use ipsec_wire::registry::AuthMethod;
use ipsec_wire::v2::{Authentication, TrafficSelector};
use thiserror::Error;

pub use pattern::{IdentityPattern, ParsePatternError};

use crate::certified::{Shown, key_of};
use crate::eap::{EapServerConfig, EapSuccess};
use crate::x509::{Certificate, NotTheirs, OcspResponse, TrustStore, Untrusted};
use crate::{
    Identity, NotProven, Proven, SignatureHash, SignatureRules, SignedOctets, verify_null, verify_psk,
    verify_signature,
};

/// How a peer has to prove who it is.
#[derive(Clone, Debug)]
pub enum Authenticate {
    /// By a secret that both ends know (method 2).
    SharedKey(Secret),
    /// By a signature whose key a certificate binds to the identity (methods 1, 9 to 11, 14).
    Signature {
        /// Whose certificates count.
        trust: Arc<TrustStore>,
        /// What method 14 may use, the preferred one first.
        algorithms: Vec<SignatureAlgorithm>,
        /// Whether the certificate has to be one of the asserted identity, as RFC 4945 §3.1 has it. If not, any
        /// certificate below the anchors proves any identity of the entry.
        binds_identity: bool,
    },
    /// By a conversation of EAP and a shared-key AUTH after it (RFC 7296 §2.16).
    Eap(EapServerConfig),
    /// By the key that EAP makes, without a proof before the conversation (RFC 5998); the responder to an initiator that
    /// proves itself by EAP.
    EapOnly,
    /// By a signature with one of these keys, which are known without a certificate (RFC 7670).
    RawKey {
        /// The public keys.
        keys: Vec<Verifier>,
        /// What method 14 may use, the preferred one first.
        algorithms: Vec<SignatureAlgorithm>,
    },
    /// Not at all (method 13). Only an entry for [`Identity::Null`] is ever found for such a peer.
    Null,
}

impl Authenticate {
    /// Whose certificates count, where signatures do.
    #[must_use]
    pub fn trust(&self) -> Option<&TrustStore> {
        match self {
            Self::Signature { trust, .. } => Some(trust),
            _ => None,
        }
    }

    /// The signature algorithms that are accepted, the preferred one first.
    #[must_use]
    pub fn algorithms(&self) -> &[SignatureAlgorithm] {
        match self {
            Self::Signature { algorithms, .. } | Self::RawKey { algorithms, .. } => algorithms,
            _ => &[],
        }
    }
}

/// One peer, or a group of them.
#[derive(Clone, Debug)]
pub struct PeerEntry {
    /// The name of the connection that they belong to.
    pub connection: String,
    /// Who they are.
    pub peers: IdentityPattern,
    /// How they prove it.
    pub authenticate: Authenticate,
    /// What their end of a Child SA may be (RFC 4301 §4.4.3.3); anything if there is no list.
    pub selectors: Option<Vec<TrafficSelector>>,
}

/// The entries, in the order in which they are looked at.
#[derive(Clone, Debug, Default)]
pub struct PeerDatabase {
    entries: Vec<PeerEntry>,
    by_connection: BTreeMap<String, Vec<usize>>,
    /// Those that mean one identity, which is written in one way.
    by_identity: BTreeMap<Identity, Vec<usize>>,
    /// Those that mean several, or one that is written in several ways.
    others: Vec<usize>,
}

/// What a peer brought forward to prove its identity, and when.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What makes the PRF.
    pub provider: &'a Provider,
    /// The PRF of the IKE SA.
    pub prf: PrfAlgorithm,
    /// What its AUTH payload has to cover.
    pub octets: SignedOctets<'a>,
    /// Its AUTH payload.
    pub auth: &'a Authentication,
    /// Its certificates, its own first ([`read_certificates`](crate::read_certificates)).
    pub certificates: &'a [Certificate],
    /// The SIGNATURE_HASH_ALGORITHMS that this end sent, if it did.
    pub announced: Option<&'a [SignatureHash]>,
    /// The SIGNATURE_HASH_ALGORITHMS that the peer sent, if it did.
    pub received: Option<&'a [SignatureHash]>,
    /// What it sent of OCSP responders ([`read_responses`](crate::read_responses)).
    pub responses: &'a [OcspResponse],
    /// The raw public keys that it sent ([`read_raw_keys`](crate::read_raw_keys)).
    pub raw_keys: &'a [Vec<u8>],
    /// The conversation of EAP that went before, if one did.
    pub eap: Option<&'a EapSuccess>,
    /// Seconds since 1970 in UTC.
    pub now: u64,
}

impl<'a> Evidence<'a> {
    fn rules(&self, algorithms: &'a [SignatureAlgorithm]) -> SignatureRules<'a> {
        SignatureRules { announced: self.announced, received: self.received, algorithms }
    }
}

/// Why a peer is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAuthenticated {
    /// It neither sent a certificate nor is one of the trusted ones its own.
    #[error("{identity} sent no certificate")]
    NoCertificate {
        /// Who it says it is.
        identity: Identity,
    },
    /// Its certificate is not trusted.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// Its certificate is somebody else's.
    #[error(transparent)]
    NotTheirs(#[from] NotTheirs),
    /// It did not go through EAP.
    #[error("{identity} has to authenticate itself by EAP first")]
    NoEap {
        /// Who it says it is.
        identity: Identity,
    },
    /// EAP authenticated somebody else than the entry means (RFC 7296 §2.16).
    #[error("EAP authenticated {identity}, expected {expected}")]
    OtherUser {
        /// Who was authenticated.
        identity: Identity,
        /// Whom the entry means.
        expected: IdentityPattern,
    },
    /// EAP alone has to prove the peer, and the method made no key (RFC 5998 §4).
    #[error("{identity} is to be proven by EAP alone, expected a method that makes a key")]
    NoKey {
        /// Who it says it is.
        identity: Identity,
    },
    /// Its raw public key is none of those known.
    #[error("{identity} sent a raw public key that is not known, expected one of {expected}")]
    UnknownKey {
        /// Who it says it is.
        identity: Identity,
        /// How many are known.
        expected: usize,
    },
    /// Its AUTH payload proves nothing.
    #[error("{identity}: {why}")]
    NotProven {
        /// Who it says it is.
        identity: Identity,
        /// What is wrong with the payload.
        why: NotProven,
    },
}

impl PeerDatabase {
    /// A database with these entries.
    #[must_use]
    pub fn new(entries: Vec<PeerEntry>) -> Self {
        let mut this = Self::default();
        for (place, entry) in entries.iter().enumerate() {
            this.by_connection.entry(entry.connection.clone()).or_default().push(place);
            match &entry.peers {
                IdentityPattern::Exactly(identity) if !matches!(identity, Identity::Dn(_)) => {
                    this.by_identity.entry(in_one_case(identity)).or_default().push(place);
                }
                _ => this.others.push(place),
            }
        }
        Self { entries, ..this }
    }

    /// The first entry for `identity` among those of the connections that are meant. It decides: how it wants the peer to prove
    /// itself is not a reason to look further. A peer that does not prove itself (method 13) is nobody, whatever identity it
    /// asserts (RFC 7619 §2.4); one that has sent no AUTH payload yet has no method.
    pub fn find(
        &self,
        identity: &Identity,
        method: Option<AuthMethod>,
        is_meant: impl Fn(&str) -> bool,
    ) -> Option<&PeerEntry> {
        self.matching(identity, method, is_meant).first().copied()
    }

    /// All entries for `identity` among those of the connections that are meant, in order. Only those that may fit are looked at.
    pub fn matching(
        &self,
        identity: &Identity,
        method: Option<AuthMethod>,
        is_meant: impl Fn(&str) -> bool,
    ) -> Vec<&PeerEntry> {
        let identity = if method == Some(AuthMethod::NULL) { &Identity::Null } else { identity };
        let exact = self.by_identity.get(&in_one_case(identity)).into_iter().flatten();
        let fits = |entry: &PeerEntry| entry.peers.matches(identity) && is_meant(&entry.connection);
        let mut fitting: Vec<usize> =
            exact.chain(&self.others).copied().filter(|place| fits(&self.entries[*place])).collect();
        fitting.sort_unstable();
        fitting.into_iter().map(|place| &self.entries[place]).collect()
    }

    /// The first entry of a connection.
    #[must_use]
    pub fn of(&self, connection: &str) -> Option<&PeerEntry> {
        self.by_connection.get(connection)?.first().map(|place| &self.entries[*place])
    }

    /// All entries in order.
    #[must_use]
    pub fn entries(&self) -> &[PeerEntry] {
        &self.entries
    }
}

impl PeerEntry {
    /// Checks that the peer proves to be `identity` in the way that the entry wants. After EAP what is proven is the
    /// identity of the user, whatever the peer asserted (RFC 7296 §2.16).
    ///
    /// # Errors
    /// If it does not.
    pub fn verify(&self, identity: &Identity, evidence: &Evidence<'_>) -> Result<Proven, NotAuthenticated> {
        let Evidence { provider, prf, ref octets, auth, .. } = *evidence;
        let proven = match &self.authenticate {
            Authenticate::SharedKey(secret) if auth.method == AuthMethod::SHARED_KEY => {
                verify_psk(provider, prf, secret, octets, &auth.data, identity.clone())
            }
            Authenticate::SharedKey(_) => {
                Err(NotProven::Method { expected: AuthMethod::SHARED_KEY, found: auth.method })
            }
            Authenticate::Null => verify_null(provider, prf, octets, auth),
            Authenticate::Eap(_) => {
                let no_eap = || NotAuthenticated::NoEap { identity: identity.clone() };
                let success = evidence.eap.ok_or_else(no_eap)?;
                let identity = success.identity();
                if !self.peers.matches(&identity) {
                    return Err(NotAuthenticated::OtherUser { identity, expected: self.peers.clone() });
                }
                success.verify(provider, prf, octets, auth, identity)
            }
            Authenticate::EapOnly => {
                let identity = identity.clone();
                match evidence.eap {
                    None => return Err(NotAuthenticated::NoEap { identity }),
                    Some(success) if success.msk().is_none() => {
                        return Err(NotAuthenticated::NoKey { identity });
                    }
                    Some(success) => success.verify(provider, prf, octets, auth, identity),
                }
            }
            Authenticate::RawKey { keys, algorithms } => {
                let rules = evidence.rules(algorithms);
                let is_sent =
                    |key: &&Verifier| evidence.raw_keys.first().is_none_or(|sent| *sent == key.to_spki());
                let tried = keys
                    .iter()
                    .filter(is_sent)
                    .map(|key| verify_signature(provider, prf, key, &rules, octets, auth, identity.clone()));
                let unknown =
                    NotAuthenticated::UnknownKey { identity: identity.clone(), expected: keys.len() };
                tried.reduce(Result::or).ok_or(unknown)?
            }
            Authenticate::Signature { trust, algorithms, binds_identity } => {
                let Evidence { certificates, responses, now, .. } = *evidence;
                let shown = Shown { certificates, responses };
                let key = key_of(trust, *binds_identity, identity, &shown, now)?;
                let rules = evidence.rules(algorithms);
                verify_signature(provider, prf, &key, &rules, octets, auth, identity.clone())
            }
        };
        proven.map_err(|why| NotAuthenticated::NotProven { identity: identity.clone(), why })
    }

    /// Whether the peer's end of a Child SA may be `asked`, all of it within one selector of the entry.
    #[must_use]
    pub fn authorizes(&self, asked: &TrafficSelector) -> bool {
        self.selectors.as_ref().is_none_or(|allowed| {
            allowed.iter().any(|allowed| intersection(allowed, asked).as_ref() == Some(asked))
        })
    }

    /// What is left of `asked` within the selectors of the entry.
    #[must_use]
    pub fn narrow(&self, asked: &[TrafficSelector]) -> Vec<TrafficSelector> {
        let Some(allowed) = &self.selectors else {
            return asked.to_vec();
        };
        let within = |asked| allowed.iter().filter_map(move |allowed| intersection(allowed, asked));
        asked.iter().flat_map(within).collect()
    }
}

/// An identity as it is looked for: names are the same in any case ([`IdentityPattern::Exactly`]).
fn in_one_case(identity: &Identity) -> Identity {
    match identity {
        Identity::Fqdn(name) => Identity::Fqdn(name.to_ascii_lowercase()),
        Identity::Email(address) => Identity::Email(address.to_ascii_lowercase()),
        other => other.clone(),
    }
}

/// The traffic that both select; an unknown type has nothing in common with any other.
fn intersection(one: &TrafficSelector, other: &TrafficSelector) -> Option<TrafficSelector> {
    use TrafficSelector::Addresses;
    let (
        &Addresses { protocol: p, ports: a, first: f, last: l },
        &Addresses { protocol: q, ports: b, first: g, last: m },
    ) = (one, other)
    else {
        return None;
    };
    let protocol = if p == 0 || p == q { q } else { (q == 0).then_some(p)? };
    let ports = match (a, b) {
        (ANY_PORTS, ports) | (ports, ANY_PORTS) => ports,
        (OPAQUE, OPAQUE) => OPAQUE,
        (OPAQUE, _) | (_, OPAQUE) => return None,
        (a, b) => (a.0.max(b.0), a.1.min(b.1)),
    };
    let (first, last) = (f.max(g), l.min(m));
    let is_some = (ports == OPAQUE || ports.0 <= ports.1) && f.is_ipv4() == g.is_ipv4() && first <= last;
    is_some.then_some(Addresses { protocol, ports, first, last })
}

const ANY_PORTS: (u16, u16) = (0, u16::MAX);
/// RFC 7296 §3.13.1.
const OPAQUE: (u16, u16) = (u16::MAX, 0);

#[cfg(test)]
mod tests;
