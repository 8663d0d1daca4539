//! What main and aggressive mode have in common: keys, proofs, and what the ends say of themselves (RFC 2409 §5).

mod introduction;
mod proof;

use std::time::Duration;

use ipsec_auth::Identity;
use ipsec_crypto::{BadPublicValue, Initiator as KeyExchange, Secret};
use ipsec_dataplane::Nat;
use ipsec_wire::registry::v1::NotifyType;
use ipsec_wire::v1::{Identification, SecurityAssociation};
use ipsec_wire::{IKE_PORT, IkeSpi};

pub(super) use introduction::{Introduction, Who, introduce, introduced, unexpected};
pub(super) use proof::{Proof, Unproven, requests};

use crate::authentication::Authentication;
use crate::config::Connection;
use crate::context::Context;
use crate::effect::{Effect, Keyed};
use crate::event::Event;
use crate::keys::{self, Shared, prf_of};
use crate::message::Opened;
use crate::nat::{self, Hashing, NatTraversal};
use crate::negotiate::{Method, Phase1Suite};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IsakmpSa, PeerIdentity};

/// What both ends have said of phase 1 once the keys are there.
pub(super) struct Said {
    pub(super) cookie_i: IkeSpi,
    pub(super) cookie_r: IkeSpi,
    pub(super) public_i: Vec<u8>,
    pub(super) public_r: Vec<u8>,
    pub(super) nonce_i: Vec<u8>,
    pub(super) nonce_r: Vec<u8>,
    /// The initiator's SA payload without its generic header.
    pub(super) sa_i: Vec<u8>,
}

/// What an initiator has begun its key exchange with.
pub(super) struct Begun<'a> {
    pub(super) kx: KeyExchange,
    pub(super) nonce: Vec<u8>,
    pub(super) offer: &'a SecurityAssociation,
}

impl Begun<'_> {
    /// Makes the keys with the public value and the nonce of the responder, which calls the SA `cookie_r`.
    pub(super) fn finish(
        self,
        sa: &IsakmpSa,
        cookie_r: IkeSpi,
        agreed: Phase1Suite,
        (public_r, nonce_r): (Vec<u8>, Vec<u8>),
        cx: &Context<'_>,
    ) -> Result<(Proof, Effect), Refusal> {
        let public_i = self.kx.public().to_vec();
        let secret = self.kx.finish(&public_r).map_err(|bad| {
            let failure = match agreed.method {
                Method::RevisedRsaEncryption => introduction::mistaken(&bad.to_string()),
                _ => Failure::KeyExchange(bad.to_string()),
            };
            Refusal::Close(NotifyType::INVALID_KEY_INFORMATION, failure)
        })?;
        let (cookie_i, sa_i) = (sa.cookie_i, self.offer.body());
        let said = Said { cookie_i, cookie_r, public_i, public_r, nonce_i: self.nonce, nonce_r, sa_i };
        Ok(said.key(&sa.connection, agreed, &secret, cx))
    }
}

impl Said {
    /// Makes the keys.
    pub(super) fn key(
        self,
        connection: &Connection,
        agreed: Phase1Suite,
        secret: &Secret,
        cx: &Context<'_>,
    ) -> (Proof, Effect) {
        let Phase1Suite { suite, method, .. } = agreed;
        let shared = Shared {
            nonce_i: &self.nonce_i,
            nonce_r: &self.nonce_r,
            cookie_i: self.cookie_i,
            cookie_r: self.cookie_r,
        };
        let prf = prf_of(suite.hash);
        let skeyid = match connection.authentication_by(method) {
            Some(Authentication::SharedKey(psk)) => keys::skeyid_psk(cx.provider, prf, psk, &shared),
            Some(Authentication::Encryption(_)) => keys::skeyid_encryption(cx.provider, suite.hash, &shared),
            Some(Authentication::Signatures(_) | Authentication::Hybrid(_)) | None => {
                keys::skeyid_signatures(cx.provider, prf, secret, &shared)
            }
        };
        let keys = keys::keys(cx.provider, prf, skeyid, secret, &shared);
        let bound = method.bound_hash().map_or(prf, prf_of);
        let [hashing, signing] = [prf, bound].map(|prf| (cx.provider.prf)(prf, keys.skeyid.as_bytes()));
        let publics = [self.public_i.as_slice(), &self.public_r].concat();
        let keyed = Keyed { cookie_r: self.cookie_r, suite, keys, publics };
        (Proof::new(self, agreed, hashing, signing), Effect::Keyed(Box::new(keyed)))
    }
}

/// Answers a key exchange: our public value and the secret. A public value that came under a key made of the nonce is as good
/// as the nonce, whose padding must not show: one that cannot be used is answered as if it could.
pub(super) fn answer(
    agreed: Phase1Suite,
    public: &[u8],
    cx: &mut Context<'_>,
) -> Result<(Vec<u8>, Secret), BadPublicValue> {
    match (cx.provider.respond)(agreed.suite.group, public, &mut *cx.entropy) {
        Err(_) if agreed.method == Method::RevisedRsaEncryption => {
            let kx = (cx.provider.initiate)(agreed.suite.group, &mut *cx.entropy);
            Ok((kx.public().to_vec(), Secret::from(cx.nonce())))
        }
        other => other,
    }
}

/// Notes why the peer will probably not prove anything.
pub(super) fn doubted(doubt: Option<Failure>) -> Vec<Effect> {
    let noted =
        |failure| vec![Effect::Suspect(failure), Effect::Report(Event::Probe("ikev1.introduction.doubted"))];
    doubt.map(noted).unwrap_or_default()
}

/// Whether the peer is whom the connection means, and its identity is for no other port than that of IKE
/// (RFC 2407 §4.6.2).
pub(super) fn check_identity(connection: &Connection, id: &Identification) -> Result<(), Refusal> {
    let refuse =
        |what: String| Err(Refusal::Close(NotifyType::INVALID_ID_INFORMATION, Failure::Authentication(what)));
    let identity = shown(&Identity::from_v1(id));
    if !matches!((id.protocol, id.port), (0, 0) | (17, 0 | IKE_PORT)) {
        return refuse(format!("{identity} is for protocol {} and port {}", id.protocol, id.port));
    }
    if !connection.remote_id.matches(&Identity::from_v1(id)) {
        return refuse(format!("the peer is {identity}, expected {}", connection.remote_id));
    }
    Ok(())
}

/// An identity in words; of one whose type nobody knows the type.
fn shown(identity: &Identity) -> String {
    match identity {
        Identity::Other(kind, _) => format!("an identity of type {kind}"),
        known => known.to_string(),
    }
}

/// Which ends are behind NAT, as the NAT-D payloads of a message say.
pub(super) fn nat_found(form: Option<NatTraversal>, hashing: Hashing, message: &Opened) -> Option<Nat> {
    nat::found(form, &message.payloads, hashing, &message.came)
}

/// Nonces have 8 to 256 octets (RFC 2409 §5).
pub(super) fn check_nonce(nonce: &[u8]) -> Result<Vec<u8>, Refusal> {
    if (8..=256).contains(&nonce.len()) {
        return Ok(nonce.to_vec());
    }
    let what = format!("a nonce of {} octets, expected 8 to 256", nonce.len());
    Err(Refusal::Ignore(DropReason::Malformed(what)))
}

/// What is there according to the grammar.
pub(super) fn there<T>(payload: Option<T>) -> Result<T, Refusal> {
    payload.ok_or_else(|| Refusal::Ignore(DropReason::Malformed("a payload is missing".to_owned())))
}

/// The effects of the end of phase 1.
pub(super) fn established(sa: &IsakmpSa, peer: PeerIdentity, offered: Option<Duration>) -> Vec<Effect> {
    let own = sa.connection.lifetime.hard.time;
    let life = [own, offered].into_iter().flatten().min();
    vec![Effect::Establish(peer, life)]
}
