//! How this end proves who it is: what a connection is given to make its AUTH payload of (RFC 7296 §2.15, §2.16).
//!
//! ```text
//! Prove ──▶ asserts (which certificates to show) ──▶ prove (AUTH over the ID payload)
//!   └─ Eap: no AUTH before the conversation of an EapPeer is through
//! ```

use ipsec_crypto::{Entropy, PrfAlgorithm, Provider, Secret, SignatureAlgorithm, Signer};
use ipsec_wire::registry::{AuthMethod, CertEncoding};
use ipsec_wire::v2::{self, Authentication, CertificateRequest};
use thiserror::Error;

use crate::eap::{EapMethod, Password};
use crate::{
    AnnouncedMethod, CannotProve, Credential, SignatureHash, SignatureRules, SignedOctets, prove_null,
    prove_psk, prove_signature,
};

/// How this end proves who it is.
#[derive(Clone, Debug)]
pub enum Prove {
    /// By a secret that both ends know (method 2).
    SharedKey(Secret),
    /// By a signature, with the credential that the peer's certificate requests ask for (methods 1, 9 to 11, 14).
    Signature {
        /// What there is to choose from, the preferred one first.
        credentials: Vec<Credential>,
        /// What method 14 may use, the preferred one first.
        algorithms: Vec<SignatureAlgorithm>,
    },
    /// By a conversation of EAP and a shared-key AUTH after it; only an initiator can (RFC 7296 §2.16).
    Eap {
        /// The name that it gives when asked.
        user: String,
        /// What it knows.
        password: Password,
        /// The methods that it agrees to, the preferred one first.
        methods: Vec<EapMethod>,
    },
    /// By the key that EAP makes, without a proof before the conversation; only a responder can, to an initiator that
    /// takes it (RFC 5998).
    EapOnly,
    /// By a signature with a key that the peer knows without a certificate (RFC 7670).
    RawKey {
        /// The private key.
        signer: Signer,
        /// What method 14 may use, the preferred one first.
        algorithms: Vec<SignatureAlgorithm>,
    },
    /// Not at all (method 13, RFC 7619).
    Null,
}

/// What was said before, that a proof has to fit.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// What makes the PRF.
    pub provider: &'a Provider,
    /// The PRF of the IKE SA.
    pub prf: PrfAlgorithm,
    /// What the AUTH payload has to cover.
    pub octets: SignedOctets<'a>,
    /// The SIGNATURE_HASH_ALGORITHMS that this end sent, if it did.
    pub announced: Option<&'a [SignatureHash]>,
    /// The SIGNATURE_HASH_ALGORITHMS that the peer sent, if it did.
    pub received: Option<&'a [SignatureHash]>,
    /// What the peer says that it accepts (RFC 9593); anything if it says nothing.
    pub accepted: &'a [AnnouncedMethod],
}

impl Occasion<'_> {
    fn accepts(&self, method: AuthMethod, algorithm: Option<SignatureAlgorithm>) -> bool {
        self.accepted.is_empty() || self.accepted.iter().any(|announced| announced.allows(method, algorithm))
    }

    fn check(&self, method: AuthMethod) -> Result<(), NoProof> {
        let mut announced: Vec<AuthMethod> = self.accepted.iter().map(|announced| announced.method).collect();
        announced.dedup();
        if self.accepts(method, None) || announced.contains(&method) {
            return Ok(());
        }
        Err(NoProof::NotAccepted { method, announced })
    }
}

/// Why this end makes no AUTH payload.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoProof {
    /// There is nothing to sign with.
    #[error("there is no key to sign with")]
    NoCredential,
    /// The key cannot sign so that the peer will verify it.
    #[error(transparent)]
    Signature(#[from] CannotProve),
    /// EAP comes first.
    #[error("only an initiator can prove itself by EAP, by a conversation before AUTH")]
    Eap,
    /// The peer has announced other methods.
    #[error("expected the authentication method {}, as the peer announces, have {method}", list(.announced))]
    NotAccepted {
        /// Ours.
        method: AuthMethod,
        /// The peer's.
        announced: Vec<AuthMethod>,
    },
    /// The initiator does not take EAP as the only proof.
    #[error("it does so by EAP only, which the initiator does not ask for (RFC 5998)")]
    EapOnly,
}

fn list(methods: &[AuthMethod]) -> String {
    let names: Vec<String> = methods.iter().map(ToString::to_string).collect();
    names.join(" or ")
}

impl Prove {
    /// The credential to show to a peer that asks for certificates below these authorities, if signatures prove us.
    #[must_use]
    pub fn credential(&self, asked: &[CertificateRequest]) -> Option<&Credential> {
        match self {
            Self::Signature { credentials, .. } => Credential::select(credentials, asked),
            _ => None,
        }
    }

    /// The CERT payloads that go with a proof by this credential, or by what we are, to a peer that asks for these.
    #[must_use]
    pub fn certificates(
        &self,
        credential: Option<&Credential>,
        asked: &[CertificateRequest],
    ) -> Vec<v2::Certificate> {
        match self {
            Self::Signature { .. } => {
                let mut payloads = credential.map(Credential::payloads).unwrap_or_default();
                payloads.extend(credential.and_then(|credential| credential.status_payload(asked)));
                payloads
            }
            Self::RawKey { signer, .. } => {
                let data = signer.verifier().to_spki();
                vec![v2::Certificate { encoding: CertEncoding::RAW_PUBLIC_KEY, data }]
            }
            _ => Vec::new(),
        }
    }

    /// The algorithms that method 14 may use.
    #[must_use]
    pub fn algorithms(&self) -> &[SignatureAlgorithm] {
        match self {
            Self::Signature { algorithms, .. } | Self::RawKey { algorithms, .. } => algorithms,
            _ => &[],
        }
    }

    /// The AUTH payload, with the key of `credential` if signatures prove us. Draws what [`prove_signature`] does.
    ///
    /// # Errors
    /// If there is nothing to make it of.
    pub fn prove(
        &self,
        credential: Option<&Credential>,
        occasion: &Occasion<'_>,
        entropy: &mut dyn Entropy,
    ) -> Result<Authentication, NoProof> {
        let Occasion { provider, prf, ref octets, announced, received, .. } = *occasion;
        match self {
            Self::SharedKey(secret) => {
                occasion.check(AuthMethod::SHARED_KEY)?;
                let data = prove_psk(provider, prf, secret, octets);
                Ok(Authentication { method: AuthMethod::SHARED_KEY, data })
            }
            Self::Signature { algorithms, .. } | Self::RawKey { algorithms, .. } => {
                let signer = match self {
                    Self::RawKey { signer, .. } => signer,
                    _ => &credential.ok_or(NoProof::NoCredential)?.signer,
                };
                let accepted = |algorithm: &&SignatureAlgorithm| {
                    occasion.accepts(AuthMethod::DIGITAL_SIGNATURE, Some(**algorithm))
                };
                let algorithms: Vec<SignatureAlgorithm> =
                    algorithms.iter().filter(accepted).copied().collect();
                if algorithms.is_empty() {
                    occasion.check(AuthMethod::DIGITAL_SIGNATURE)?;
                }
                let rules = SignatureRules { announced, received, algorithms: &algorithms };
                Ok(prove_signature(provider, prf, signer, &rules, octets, entropy)?)
            }
            Self::Eap { .. } => Err(NoProof::Eap),
            Self::EapOnly => Err(NoProof::EapOnly),
            Self::Null => {
                occasion.check(AuthMethod::NULL)?;
                Ok(prove_null(provider, prf, octets))
            }
        }
    }
}
