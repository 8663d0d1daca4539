//! What proves who an end is: HASH_I and HASH_R themselves, or signatures over them with the certificates that go with them
//! (RFC 2409 §5.1, RFC 4945).

use ipsec_auth::{
    Credential, HashedOctets, Identity, NotAuthenticated, certificate_requests_v1, prove_hash,
    prove_hash_signature, read_certificates_v1, verify_hash, verify_hash_signature,
};
use ipsec_crypto::{Prf, SignatureAlgorithm};
use ipsec_wire::registry::v1::NotifyType;
use ipsec_wire::v1::{Identification, Payload};

use super::Said;
use crate::authentication::{Authentication, Signatures};
use crate::config::Connection;
use crate::context::Context;
use crate::grammar::Means;
use crate::message::Opened;
use crate::negotiate::{Method, Phase1Suite};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{PeerIdentity, Role};

/// What the proofs of both ends cover, and how they are made.
pub(in crate::exchange) struct Proof {
    said: Said,
    agreed: Phase1Suite,
    /// Under SKEYID: what makes hashes that are sent.
    hashing: Prf,
    /// The same for those that are signed.
    signing: Prf,
}

/// Why a peer has not proven who it is.
pub(in crate::exchange) enum Unproven {
    /// Its hash is not that of somebody with the same secrets.
    Hash(Failure),
    /// Its certificates or its signature are not good.
    Signature(NotifyType, Failure),
}

impl Unproven {
    /// A wrong hash was changed on its way, where nothing else protects it: the right one may still come. Of signatures the
    /// peer is told, as the keys of the ends are the same whoever they are.
    pub(in crate::exchange) fn hash_ignored(self) -> Refusal {
        match self {
            Self::Hash(_) => Refusal::Ignore(DropReason::Integrity),
            Self::Signature(kind, failure) => Refusal::Close(kind, failure),
        }
    }

    /// The peer is told of either.
    pub(in crate::exchange) fn told(self) -> Refusal {
        match self {
            Self::Hash(failure) => Refusal::Close(NotifyType::INVALID_HASH_INFORMATION, failure),
            Self::Signature(kind, failure) => Refusal::Close(kind, failure),
        }
    }
}

impl Proof {
    pub(super) fn new(said: Said, agreed: Phase1Suite, hashing: Prf, signing: Prf) -> Self {
        Self { said, agreed, hashing, signing }
    }

    /// What the end in this role proves by.
    pub(in crate::exchange) fn means(&self, role: Role) -> Means {
        self.agreed.means(role)
    }

    /// What the hash of one end covers.
    fn covered<'a>(&'a self, role: Role, id: &'a [u8]) -> HashedOctets<'a> {
        let said = &self.said;
        let (own_public, other_public, own_cookie, other_cookie) = match role {
            Role::Initiator => (&said.public_i, &said.public_r, said.cookie_i, said.cookie_r),
            Role::Responder => (&said.public_r, &said.public_i, said.cookie_r, said.cookie_i),
        };
        HashedOctets { own_public, other_public, own_cookie, other_cookie, sa: &said.sa_i, id }
    }

    /// The payloads that prove who we are: HASH, or SIG with certificates before it, as `asked` asks for them.
    pub(in crate::exchange) fn prove(
        &self,
        connection: &Connection,
        role: Role,
        asked: &Opened,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Payload>, Refusal> {
        let id = connection.local_id.to_v1().body();
        let covered = self.covered(role, &id);
        let Some((signatures, algorithm)) = self.signatures(connection, role) else {
            return Ok(vec![Payload::Hash(prove_hash(&self.hashing, &covered))]);
        };
        let unable =
            |what: String| Refusal::Close(NotifyType::AUTHENTICATION_FAILED, Failure::Authentication(what));
        let credential = chosen(signatures, self.agreed.method, asked)
            .ok_or_else(|| unable(format!("there is no key for {}", self.agreed.method)))?;
        let key = (&credential.signer, algorithm);
        let signature = prove_hash_signature(&self.signing, &covered, key, &mut *cx.entropy)
            .map_err(|why| unable(why.to_string()))?;
        let certificates = credential.payloads_v1().into_iter().map(Payload::Cert);
        Ok(certificates.chain([Payload::Sig(signature)]).collect())
    }

    /// Checks the other end's proof of its identity, whose payload has these octets. The hash of who leaves the proof to its user
    /// shows only that it is the one who has said the rest.
    pub(in crate::exchange) fn verify(
        &self,
        connection: &Connection,
        role: Role,
        (id, octets): (&Identification, &[u8]),
        message: &Opened,
        cx: &Context<'_>,
    ) -> Result<PeerIdentity, Unproven> {
        let identity = Identity::from_v1(id);
        let covered = self.covered(role, octets);
        let Some((signatures, algorithm)) = self.signatures(connection, role) else {
            let hash = message.hash().unwrap_or_default();
            let proven = verify_hash(&self.hashing, &covered, hash, identity.clone())
                .map_err(|why| Unproven::Hash(Failure::Authentication(format!("{identity}: {why}"))))?;
            return Ok(match self.agreed.leaves_to_user(role) {
                true => PeerIdentity::Claimed(identity),
                false => PeerIdentity::Proven(proven),
            });
        };
        let refuse = |kind, what: String| Unproven::Signature(kind, Failure::Authentication(what));
        let certificates = read_certificates_v1(&message.certificates())
            .map_err(|why| refuse(NotifyType::INVALID_CERT_ENCODING, format!("{identity}: {why}")))?;
        let key = signatures
            .peers
            .key_of(&identity, &certificates, cx.date())
            .map_err(|why| refuse(blamed(&why), why.to_string()))?;
        let signature = message.signature().unwrap_or_default();
        verify_hash_signature(&self.signing, &covered, (&key, algorithm), signature, identity.clone())
            .map(PeerIdentity::Proven)
            .map_err(|why| refuse(NotifyType::INVALID_SIGNATURE, format!("{identity}: {why}")))
    }

    /// What signs and whose signatures count, if the end in this role signs.
    fn signatures<'a>(
        &self,
        connection: &'a Connection,
        role: Role,
    ) -> Option<(&'a Signatures, SignatureAlgorithm)> {
        let method = self.agreed.method;
        match connection.authentication_by(method)? {
            Authentication::Signatures(signatures) | Authentication::Hybrid(signatures)
                if self.means(role) == Means::Signature =>
            {
                Some((signatures, method.signature()?))
            }
            _ => None,
        }
    }
}

/// The credential that the peer's certificate requests ask for, else the first (RFC 4945 §3.2.7).
fn chosen<'a>(signatures: &'a Signatures, method: Method, asked: &Opened) -> Option<&'a Credential> {
    let requests = asked.certificate_requests();
    let answers = |credential: &&Credential| credential.answers_v1(&requests);
    signatures.signing_with(method).find(answers).or_else(|| signatures.signing_with(method).next())
}

/// The notify for a certificate that proves nothing.
fn blamed(why: &NotAuthenticated) -> NotifyType {
    match why {
        NotAuthenticated::NoCertificate { .. } => NotifyType::CERTIFICATE_UNAVAILABLE,
        NotAuthenticated::NotTheirs(_) => NotifyType::INVALID_ID_INFORMATION,
        _ => NotifyType::INVALID_CERTIFICATE,
    }
}

/// What we ask the peer for, if `methods` may make it sign.
pub(in crate::exchange) fn requests(connection: &Connection, methods: &[Method]) -> Vec<Payload> {
    let mut requests = Vec::new();
    for authentication in methods.iter().filter_map(|method| connection.authentication_by(*method)) {
        let signatures = match authentication {
            Authentication::Signatures(signatures) => signatures,
            // Only the client is shown certificates.
            Authentication::Hybrid(signatures) if signatures.credentials.is_empty() => signatures,
            _ => continue,
        };
        for request in certificate_requests_v1(&signatures.peers.trust).into_iter().map(Payload::CertReq) {
            if !requests.contains(&request) {
                requests.push(request);
            }
        }
    }
    requests
}
