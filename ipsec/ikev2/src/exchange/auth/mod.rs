//! `IKE_AUTH` (RFC 7296 §1.2, §2.15): each end proves who it is, and the first Child SA comes with it.
//!
//! ```text
//! SK {IDi [CERT] [CERTREQ] IDr AUTH SAi2 TSi TSr}   ------->
//!                                  <-------   SK {IDr [CERT] AUTH SAr2 TSi TSr}, or with N(…) where the child was refused,
//!                                             or SK {N(AUTHENTICATION_FAILED)}
//! ```
//!
//! With EAP it has several rounds under consecutive message IDs, and so it has where an end proves more than one identity
//! (RFC 4739): see [`conversation`] and [`another`].

mod abandon;
mod another;
mod bounds;
mod conversation;
mod eap;
mod initiator;
mod ppk;
mod responder;
mod resumed;
mod terms;

use ipsec_auth::eap::{EapPacket, EapSuccess};
use ipsec_auth::{
    AnnouncedMethod, Evidence, Identity, Occasion, PeerEntry, Prove, Proven, SignatureHash, SignedOctets,
    read_certificates, read_raw_keys, read_responses,
};
use ipsec_wire::registry::{AuthMethod, NotifyType};
use ipsec_wire::v2::{Authentication, Certificate, CertificateRequest, Identification, Message, Payload};

use super::child::Secrets;
use crate::context::Context;
use crate::features::Features;
use crate::keys::Keys;
use crate::message::{Opened, find_notify};
use crate::refusal::Failure;
use crate::sa::{Crypto, IkeSa, Role, State, Transcript};

pub(crate) use abandon::hear;
pub(crate) use conversation::Conversation;
pub(crate) use initiator::AuthExchange;
pub(crate) use responder::answer;
pub(crate) use terms::limit;

/// An IKE SA that has keys while nobody is authenticated yet, taken apart.
#[derive(Clone, Copy)]
struct HalfOpen<'a> {
    sa: &'a IkeSa,
    transcript: &'a Transcript,
    crypto: &'a Crypto,
    /// The keys with a PPK that `IKE_AUTH` mixes in, if it does (RFC 8784).
    ppk: Option<&'a Keys>,
}

impl<'a> HalfOpen<'a> {
    fn of(sa: &'a IkeSa) -> Option<Self> {
        match (&sa.state, &sa.crypto) {
            (State::HalfOpen(transcript), Some(crypto)) => Some(Self { sa, transcript, crypto, ppk: None }),
            _ => None,
        }
    }

    /// What the first child's keys are made of (RFC 7296 §2.17).
    fn secrets(&self) -> Secrets<'a> {
        let Transcript { nonce_i, nonce_r, .. } = self.transcript;
        Secrets { prf: self.crypto.suite.prf, sk_d: &self.keys().d, nonce_i, nonce_r, shared: None }
    }

    /// What the AUTH payload of `signer` covers (RFC 7296 §2.15).
    fn signed_octets<'b>(&self, signer: Role, id: &'b Identification) -> SignedOctets<'b>
    where
        'a: 'b,
    {
        let (nonce, sk_p) = match signer {
            Role::Initiator => (&self.transcript.nonce_r, &self.keys().pi),
            Role::Responder => (&self.transcript.nonce_i, &self.keys().pr),
        };
        let message = self.transcript.proven_by(signer);
        SignedOctets { message, nonce, id: id.body(), sk_p, int_auth: &self.transcript.int_auth }
    }

    fn keys(&self) -> &'a Keys {
        self.ppk.unwrap_or(self.crypto.keys())
    }

    /// The payloads of the `IKE_SA_INIT` message of this end; none if it is not one, which it is.
    fn said_by(&self, sender: Role) -> Vec<Payload> {
        let octets = match sender {
            Role::Initiator => &self.transcript.request,
            Role::Responder => &self.transcript.response,
        };
        Message::parse(octets).map(|message| message.payloads).unwrap_or_default()
    }

    /// The SIGNATURE_HASH_ALGORITHMS that we sent, if we did.
    fn announced(&self) -> Option<Vec<SignatureHash>> {
        Features::of(&self.said_by(self.sa.role)).signature_hashes
    }

    /// What proves that we are `id`: our certificates, and AUTH. What the peer `said` asks for certificates, by which one of
    /// several credentials is taken, and may announce which proofs it accepts.
    fn prove(
        &self,
        prove: &Prove,
        id: &Identification,
        said: &[Payload],
        cx: &mut Context<'_>,
    ) -> Result<Vec<Payload>, Failure> {
        if self.sa.resumption.is_some() {
            return Ok(vec![self.prove_resumed(id, cx)]);
        }
        let announced = self.announced();
        let occasion = Occasion {
            provider: cx.provider,
            prf: self.crypto.suite.prf,
            octets: self.signed_octets(self.sa.role, id),
            announced: announced.as_deref(),
            received: self.sa.features.signature_hashes.as_deref(),
            accepted: &accepted_by(said),
        };
        let asked = requests_of(said);
        let credential = prove.credential(&asked);
        let auth = prove.prove(credential, &occasion, cx.entropy).map_err(|why| {
            Failure::Authentication(format!("{} cannot prove itself: {why}", Identity::from_wire(id)))
        })?;
        let certificates = prove.certificates(credential, &asked).into_iter().map(Payload::Cert);
        Ok(certificates.chain([Payload::Auth(auth)]).collect())
    }

    /// The AUTH payload that shows the key which EAP has made.
    fn prove_after_eap(&self, success: &EapSuccess, id: &Identification, cx: &Context<'_>) -> Payload {
        let octets = self.signed_octets(self.sa.role, id);
        Payload::Auth(success.prove(cx.provider, self.crypto.suite.prf, &octets))
    }

    /// Whether the peer, which sent `payloads` with this AUTH payload after this conversation of EAP, if there was one, is
    /// who it says, in the way that `entry` wants.
    fn verify(
        &self,
        entry: &PeerEntry,
        id: &Identification,
        (auth, eap): (&Authentication, Option<&EapSuccess>),
        payloads: &[Payload],
        cx: &Context<'_>,
    ) -> Result<Proven, Failure> {
        let failed = |why: String| Failure::Authentication(why);
        let sender = self.sa.role.other();
        let sent = certificates(payloads);
        let certificates = read_certificates(&sent).map_err(|why| failed(why.to_string()))?;
        let asks_status = entry.authenticate.trust().is_some_and(|trust| trust.ocsp.is_some());
        let responses = if asks_status { read_responses(&sent) } else { Ok(Vec::new()) };
        let responses = responses.map_err(|why| failed(why.to_string()))?;
        let announced = self.announced();
        let evidence = Evidence {
            provider: cx.provider,
            prf: self.crypto.suite.prf,
            octets: self.signed_octets(sender, id),
            auth,
            certificates: &certificates,
            announced: announced.as_deref(),
            received: self.sa.features.signature_hashes.as_deref(),
            responses: &responses,
            raw_keys: &read_raw_keys(&sent),
            eap,
            now: cx.date(),
        };
        entry.verify(&Identity::from_wire(id), &evidence).map_err(|why| failed(why.to_string()))
    }
}

/// The sender's identity.
fn id_of<'a>(message: &'a Opened<'_>, sender: Role) -> Option<&'a Identification> {
    message.payloads.iter().find_map(|payload| match (payload, sender) {
        (Payload::IdI(id), Role::Initiator) | (Payload::IdR(id), Role::Responder) => Some(id),
        _ => None,
    })
}

/// Who a peer is for a refusal: whoever does not prove itself is nobody (RFC 7619 §2.4).
fn who(identity: &Identity, method: Option<AuthMethod>) -> String {
    match method {
        Some(AuthMethod::NULL) if *identity != Identity::Null => format!("nobody (it says {identity})"),
        _ => identity.to_string(),
    }
}

/// The sender's proof.
fn auth_of<'a>(message: &'a Opened<'_>) -> Option<&'a Authentication> {
    message.payloads.iter().find_map(|payload| match payload {
        Payload::Auth(auth) => Some(auth),
        _ => None,
    })
}

/// The EAP packet of a message.
fn eap_of(payloads: &[Payload]) -> Option<&[u8]> {
    payloads.iter().find_map(|payload| match payload {
        Payload::Eap(packet) => Some(packet.as_slice()),
        _ => None,
    })
}

/// Whether the server says with this packet that it does not believe (RFC 3748 §4.2).
fn is_failure(packet: &[u8]) -> bool {
    matches!(EapPacket::parse(packet), Ok(EapPacket::Failure { .. }))
}

fn certificates(payloads: &[Payload]) -> Vec<Certificate> {
    let certificate = |payload: &Payload| match payload {
        Payload::Cert(certificate) => Some(certificate.clone()),
        _ => None,
    };
    payloads.iter().filter_map(certificate).collect()
}

/// The proofs that the sender of these payloads says it accepts; none if it says nothing that can be read.
fn accepted_by(payloads: &[Payload]) -> Vec<AnnouncedMethod> {
    let notify = find_notify(payloads, NotifyType::SUPPORTED_AUTH_METHODS);
    notify.and_then(|notify| AnnouncedMethod::parse_list(&notify.data).ok()).unwrap_or_default()
}

fn requests_of(payloads: &[Payload]) -> Vec<CertificateRequest> {
    let request = |payload: &Payload| match payload {
        Payload::CertReq(request) => Some(request.clone()),
        _ => None,
    };
    payloads.iter().filter_map(request).collect()
}
