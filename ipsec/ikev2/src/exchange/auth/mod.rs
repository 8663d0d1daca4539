//! `IKE_AUTH` (RFC 7296 §1.2, §2.15): each end proves who it is, and the first Child SA comes with it.
//!
//! ```text
//! SK {IDi [CERT] [CERTREQ] IDr AUTH SAi2 TSi TSr}   ------->
//!                                  <-------   SK {IDr [CERT] AUTH SAr2 TSi TSr}, or with N(…) where the child was refused,
//!                                             or SK {N(AUTHENTICATION_FAILED)}
//! ```

mod abandon;
mod initiator;
mod responder;

use ipsec_auth::{
    Evidence, Identity, Occasion, PeerEntry, Proven, SignatureHash, SignedOctets, read_certificates,
};
use ipsec_wire::v2::{Authentication, Certificate, CertificateRequest, Identification, Message, Payload};

use super::child::Secrets;
use crate::config::Connection;
use crate::context::Context;
use crate::features::Features;
use crate::message::Opened;
use crate::refusal::Failure;
use crate::sa::{Crypto, IkeSa, Role, State, Transcript};

pub(crate) use initiator::AuthExchange;
pub(crate) use responder::answer;

/// An IKE SA that has keys while nobody is authenticated yet, taken apart.
#[derive(Clone, Copy)]
struct HalfOpen<'a> {
    sa: &'a IkeSa,
    transcript: &'a Transcript,
    crypto: &'a Crypto,
}

impl<'a> HalfOpen<'a> {
    fn of(sa: &'a IkeSa) -> Option<Self> {
        match (&sa.state, &sa.crypto) {
            (State::HalfOpen(transcript), Some(crypto)) => Some(Self { sa, transcript, crypto }),
            _ => None,
        }
    }

    /// What the first child's keys are made of (RFC 7296 §2.17).
    fn secrets(&self) -> Secrets<'a> {
        let Transcript { nonce_i, nonce_r, .. } = self.transcript;
        Secrets { crypto: self.crypto, nonce_i, nonce_r, shared: None }
    }

    /// What the AUTH payload of `signer` covers (RFC 7296 §2.15).
    fn signed_octets<'b>(&self, signer: Role, id: &'b Identification) -> SignedOctets<'b>
    where
        'a: 'b,
    {
        let (message, nonce, sk_p) = match signer {
            Role::Initiator => (&self.transcript.request, &self.transcript.nonce_r, &self.crypto.keys.pi),
            Role::Responder => (&self.transcript.response, &self.transcript.nonce_i, &self.crypto.keys.pr),
        };
        SignedOctets { message, nonce, id: id.body(), sk_p, int_auth: &[] }
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

    /// What proves that we are `id`: our certificates, and AUTH. Of several credentials the one is taken that `asked`
    /// ask for.
    fn prove(
        &self,
        connection: &Connection,
        id: &Identification,
        asked: &[CertificateRequest],
        cx: &mut Context<'_>,
    ) -> Result<(Vec<Payload>, Payload), Failure> {
        let announced = self.announced();
        let occasion = Occasion {
            provider: cx.provider,
            prf: self.crypto.suite.prf,
            octets: self.signed_octets(self.sa.role, id),
            announced: announced.as_deref(),
            received: self.sa.features.signature_hashes.as_deref(),
        };
        let credential = connection.prove.credential(asked);
        let auth = connection.prove.prove(credential, &occasion, cx.entropy).map_err(|why| {
            Failure::Authentication(format!("{} cannot prove itself: {why}", connection.local_id))
        })?;
        let certificates = credential.iter().flat_map(|credential| credential.payloads());
        Ok((certificates.map(Payload::Cert).collect(), Payload::Auth(auth)))
    }

    /// Whether the peer, which sent `message` with this AUTH payload, is who it says, in the way that `entry` wants.
    fn verify(
        &self,
        entry: &PeerEntry,
        id: &Identification,
        auth: &Authentication,
        message: &Opened<'_>,
        cx: &Context<'_>,
    ) -> Result<Proven, Failure> {
        let failed = |why: String| Failure::Authentication(why);
        let sender = self.sa.role.other();
        let certificates =
            read_certificates(&certificates(message)).map_err(|why| failed(why.to_string()))?;
        let announced = self.announced();
        let evidence = Evidence {
            provider: cx.provider,
            prf: self.crypto.suite.prf,
            octets: self.signed_octets(sender, id),
            auth,
            certificates: &certificates,
            announced: announced.as_deref(),
            received: self.sa.features.signature_hashes.as_deref(),
            eap: None,
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

/// The sender's proof.
fn auth_of<'a>(message: &'a Opened<'_>) -> Option<&'a Authentication> {
    message.payloads.iter().find_map(|payload| match payload {
        Payload::Auth(auth) => Some(auth),
        _ => None,
    })
}

fn certificates(message: &Opened<'_>) -> Vec<Certificate> {
    let certificate = |payload: &Payload| match payload {
        Payload::Cert(certificate) => Some(certificate.clone()),
        _ => None,
    };
    message.payloads.iter().filter_map(certificate).collect()
}

fn certificate_requests(payloads: &[Payload]) -> Vec<CertificateRequest> {
    let request = |payload: &Payload| match payload {
        Payload::CertReq(request) => Some(request.clone()),
        _ => None,
    };
    payloads.iter().filter_map(request).collect()
}
