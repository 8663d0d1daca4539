//! What authenticates both ends in phase 1, as an end is told (RFC 2409 §5).

use ipsec_auth::x509::Certificate;
use ipsec_auth::{Certified, Credential, Identity, IdentityPattern, NotAuthenticated};
use ipsec_crypto::{HashAlgorithm, KeyType, Secret, Verifier};

use crate::negotiate::Method;

/// One way in which both ends prove who they are.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// By a key that both ends share (RFC 2409 §5.4).
    SharedKey(Secret),
    /// By signatures of keys that certificates bind to their identities (RFC 2409 §5.1).
    Signatures(Signatures),
    /// By a signature of the server of XAUTH alone; the client's user proves who it is afterwards
    /// (draft-ietf-ipsec-isakmp-hybrid-auth). The server has credentials, and the client knows whose certificates count.
    Hybrid(Signatures),
    /// By nonces that only who has the private key of a certificate can read (RFC 2409 §5.2, §5.3).
    Encryption(Encryption),
}

/// What signs at this end, and whose signatures count.
#[derive(Clone, Debug)]
pub struct Signatures {
    /// The methods that may be offered and accepted, best first. One for which there is no key is neither.
    pub methods: Vec<Method>,
    /// What there is to sign with, the preferred one first. The peer's certificate requests may ask for another.
    pub credentials: Vec<Credential>,
    /// Whose certificates count.
    pub peers: Certified,
}

/// What decrypts at this end, and for whose keys it encrypts.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// [`Method::RsaEncryption`] and [`Method::RevisedRsaEncryption`], best first.
    pub methods: Vec<Method>,
    /// What there is to decrypt with, all of RSA. A responder takes the one that the initiator names; an initiator is
    /// answered to the first.
    pub credentials: Vec<Credential>,
    /// The certificates of peers that are known, each with its issuers behind it: nobody can be spoken to before.
    pub known: Vec<Vec<Certificate>>,
    /// Whose certificates count.
    pub peers: Certified,
    /// Whether an initiator shows its certificate, which only the revised method can.
    pub shows_certificate: bool,
}

impl Authentication {
    /// The methods that it may be agreed on by, best first.
    #[must_use]
    pub fn methods(&self) -> Vec<Method> {
        match self {
            Self::SharedKey(_) => vec![Method::SharedKey],
            Self::Signatures(signatures) => {
                let has_key = |method: &&Method| signatures.signing_with(**method).next().is_some();
                signatures.methods.iter().filter(has_key).copied().collect()
            }
            Self::Hybrid(signatures) => {
                let has_key = |method: &&Method| {
                    signatures.credentials.is_empty() || signatures.signing_with(**method).next().is_some()
                };
                signatures.methods.iter().filter(has_key).copied().collect()
            }
            Self::Encryption(encryption) => {
                let decrypts = encryption.credentials.iter().any(|own| own.signer.key_type() == KeyType::Rsa);
                if decrypts { encryption.methods.clone() } else { Vec::new() }
            }
        }
    }
}

impl Signatures {
    /// What there is to sign with by this method.
    pub(crate) fn signing_with(&self, method: Method) -> impl Iterator<Item = &Credential> {
        let fits = move |credential: &&Credential| method.signs_with(credential.signer.key_type());
        self.credentials.iter().filter(fits)
    }
}

impl Encryption {
    /// What decrypts: what HASH(1), the hash of its certificate, names; the first where nothing is named.
    pub(crate) fn named(&self, hash: Option<&[u8]>, algorithm: HashAlgorithm) -> Option<&Credential> {
        let own = self.credentials.iter().filter(|own| own.signer.key_type() == KeyType::Rsa);
        let is_meant = |own: &&Credential| match (hash, own.chain.first()) {
            (None, _) => true,
            (Some(hash), Some(certificate)) => algorithm.digest(&[certificate.der()]) == hash,
            (Some(_), None) => false,
        };
        own.into_iter().find(is_meant)
    }

    /// The key of a peer that `expected` means, in the second `now` since 1970, and its certificate: one that is known, or
    /// that it has shown.
    pub(crate) fn key_of(
        &self,
        expected: &IdentityPattern,
        shown: &[Certificate],
        now: u64,
    ) -> Result<(Verifier, Certificate), NotAuthenticated> {
        let mut refused = None;
        for chain in std::iter::once(shown).chain(self.known.iter().map(Vec::as_slice)) {
            let Some((own, others)) = chain.split_first() else { continue };
            let key = match expected {
                IdentityPattern::Exactly(identity) => self.peers.key_of(identity, chain, now),
                // Who it is shows when it answers.
                _ => self
                    .peers
                    .trust
                    .validate(own, others, now)
                    .map(|found| found.verifier().clone())
                    .map_err(Into::into),
            };
            match key {
                Ok(key) => return Ok((key, own.clone())),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        Err(refused.unwrap_or_else(|| NotAuthenticated::NoCertificate { identity: named(expected) }))
    }

    /// A key of RSA, whosever it is.
    pub(crate) fn any_key(&self) -> Option<Verifier> {
        let known = self.known.iter().filter_map(|chain| chain.first()?.verifier().ok());
        let own = self.credentials.iter().map(|own| own.signer.verifier());
        known.chain(own).find(|key| key.key_type() == KeyType::Rsa)
    }

    /// Our certificate, if an initiator shows it.
    pub(crate) fn shown(&self) -> Option<&Certificate> {
        self.credentials.first().filter(|_| self.shows_certificate)?.chain.first()
    }
}

/// The identity that is expected, or none.
fn named(expected: &IdentityPattern) -> Identity {
    match expected {
        IdentityPattern::Exactly(identity) => identity.clone(),
        _ => Identity::Null,
    }
}
