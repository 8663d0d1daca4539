//! The key that certificates bind to an identity: whose word counts, and which certificate is the peer's own.

use std::sync::Arc;

use ipsec_crypto::Verifier;

use crate::x509::{Certificate, OcspResponse, TrustStore, Trusted};
use crate::{Identity, NotAuthenticated};

/// Whose certificates prove an identity.
#[derive(Clone, Debug)]
pub struct Certified {
    /// Whose certificates count.
    pub trust: Arc<TrustStore>,
    /// Whether the certificate has to be one of the asserted identity, as RFC 4945 §3.1 has it. If not, any certificate
    /// below the anchors proves any identity.
    pub binds_identity: bool,
}

impl Certified {
    /// The key of `identity`, by these certificates, the peer's own first, in the second `now` since 1970 in UTC. Without
    /// one from the peer a trust anchor may be its own.
    ///
    /// # Errors
    /// If no valid path leads to the certificate, or it is somebody else's.
    pub fn key_of(
        &self,
        identity: &Identity,
        certificates: &[Certificate],
        now: u64,
    ) -> Result<Verifier, NotAuthenticated> {
        let shown = Shown { certificates, responses: &[] };
        key_of(&self.trust, self.binds_identity, identity, &shown, now)
    }
}

/// What a peer shows for its key.
pub(crate) struct Shown<'a> {
    /// Its own certificate first.
    pub(crate) certificates: &'a [Certificate],
    /// What OCSP responders say.
    pub(crate) responses: &'a [OcspResponse],
}

pub(crate) fn key_of(
    trust: &TrustStore,
    binds_identity: bool,
    identity: &Identity,
    shown: &Shown<'_>,
    now: u64,
) -> Result<Verifier, NotAuthenticated> {
    let trusted = trusted(trust, identity, shown, now)?;
    if binds_identity {
        trusted.speaks_for(identity)?;
    }
    Ok(trusted.verifier().clone())
}

/// The peer's certificate with a path to it; without one from the peer, a trusted one that is its own.
fn trusted<'a>(
    trust: &'a TrustStore,
    identity: &Identity,
    shown: &Shown<'a>,
    now: u64,
) -> Result<Trusted<'a>, NotAuthenticated> {
    if let Some((own, others)) = shown.certificates.split_first() {
        return Ok(trust.validate_with(own, others, shown.responses, now)?);
    }
    let mut pinned = trust.anchors.iter().filter_map(|anchor| trust.validate(anchor, &[], now).ok());
    pinned
        .find(|trusted| trusted.speaks_for(identity).is_ok())
        .ok_or_else(|| NotAuthenticated::NoCertificate { identity: identity.clone() })
}
