//! What an end says with its public value: in the clear, or for the eyes of who has the peer's private key (RFC 2409 §5.2,
//! §5.3). There a nonce comes back in a hash only from who could read it.
//!
//! ```text
//! with a shared key, with signatures   KE Nonce
//! encryption with RSA                  [HASH(1)] KE <ID>PubKey <Nonce>PubKey
//! the revised method                   [HASH(1)] <Nonce>PubKey <KE>Ke <ID>Ke [<CERT>Ke]
//! ```
//!
//! Whoever sends ciphertexts must not learn from our answer whether their padding was good. So what decrypts to nonsense is
//! answered as anything else, with a nonce that nobody else knows, and the hashes do not fit (`ipsec_crypto`'s `decrypt`).

use ipsec_auth::x509::Certificate;
use ipsec_auth::{Identity, IdentityPattern, NotAuthenticated, read_certificates_v1};
use ipsec_crypto::{Cipher, Verifier};
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::v1::{CertEncoding, IdType, NotifyType, PayloadType};
use ipsec_wire::v1::{self, Identification, Payload};

use super::{check_identity, check_nonce, there};
use crate::authentication::{Authentication, Encryption};
use crate::config::Connection;
use crate::context::Context;
use crate::keys::{encryption_key, prf_of};
use crate::message::Opened;
use crate::negotiate::{IkeSuite, Method, Phase1Suite};
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::Role;

/// What an end has said.
pub(in crate::exchange) struct Introduction {
    pub(in crate::exchange) public: Vec<u8>,
    pub(in crate::exchange) nonce: Vec<u8>,
    /// Who it is, where it has said so already.
    pub(in crate::exchange) who: Option<Who>,
}

/// Who an end says it is.
pub(in crate::exchange) struct Who {
    pub(in crate::exchange) id: Identification,
    /// The content of its ID payload.
    pub(in crate::exchange) octets: Vec<u8>,
    /// The certificates that it has shown.
    certificates: Vec<Certificate>,
}

/// The payloads that say so.
pub(in crate::exchange) struct Said {
    pub(in crate::exchange) payloads: Vec<Payload>,
    /// Why what the peer has said before is probably not meant for us.
    pub(in crate::exchange) doubt: Option<Failure>,
}

/// Says our public value and our nonce, under our cookie; to whom, if it has said who it is.
pub(in crate::exchange) fn introduce(
    connection: &Connection,
    agreed: Phase1Suite,
    (role, cookie): (Role, IkeSpi),
    (public, nonce): (&[u8], &[u8]),
    to: Option<&Who>,
    cx: &mut Context<'_>,
) -> Result<Said, Refusal> {
    let Some(Authentication::Encryption(encryption)) = connection.authentication_by(agreed.method) else {
        let payloads = vec![Payload::Ke(public.to_vec()), Payload::Nonce(nonce.to_vec())];
        return Ok(Said { payloads, doubt: None });
    };
    let unable =
        |what: String| Refusal::Close(NotifyType::AUTHENTICATION_FAILED, Failure::Authentication(what));
    let (key, certificate, doubt) = match to {
        None => {
            let found = encryption.key_of(&connection.remote_id, &[], cx.date());
            let (key, certificate) = found.map_err(|why| unable(missing(&why)))?;
            (key, Some(certificate), None)
        }
        Some(who) => match known(connection, encryption, who, cx.date()) {
            Ok(key) => (key, None, None),
            // What follows from a wrong identity must look like what follows from a right one.
            Err(why) => {
                (encryption.any_key().ok_or_else(|| unable("there is no key".to_owned()))?, None, Some(why))
            }
        },
    };
    let mut payloads = Vec::new();
    if let Some(certificate) = certificate.filter(|_| role == Role::Initiator) {
        payloads.push(Payload::Hash(agreed.suite.hash.digest(&[certificate.der()])));
    }
    let sealed = |octets: &[u8], cx: &mut Context<'_>| {
        key.encrypt(octets, &mut *cx.entropy).map_err(|why| unable(why.to_string()))
    };
    let id = connection.local_id.to_v1().body();
    let raw = |kind, body| Payload::Unknown { kind, body };
    if agreed.method == Method::RsaEncryption {
        payloads.push(Payload::Ke(public.to_vec()));
        payloads.push(raw(PayloadType::ID, sealed(&id, cx)?));
        payloads.push(Payload::Nonce(sealed(nonce, cx)?));
    } else {
        payloads.push(Payload::Nonce(sealed(nonce, cx)?));
        let mut ephemeral = Ephemeral::new(agreed.suite, nonce, cookie, cx)?;
        payloads.push(Payload::Ke(ephemeral.seal(public)));
        payloads.push(raw(PayloadType::ID, ephemeral.seal(&id)));
        if let Some(own) = encryption.shown().filter(|_| role == Role::Initiator) {
            let body = [&[CertEncoding::X509_SIGNATURE.0], own.der()].concat();
            payloads.push(raw(PayloadType::CERT, ephemeral.seal(&body)));
        }
    }
    Ok(Said { payloads, doubt })
}

/// The key of who says to be somebody that is expected.
fn known(connection: &Connection, encryption: &Encryption, who: &Who, now: u64) -> Result<Verifier, Failure> {
    if let Some(doubt) = unexpected(connection, who) {
        return Err(doubt);
    }
    let identity = IdentityPattern::Exactly(Identity::from_v1(&who.id));
    let found = encryption.key_of(&identity, &who.certificates, now);
    found.map(|(key, _)| key).map_err(|why| mistaken(&missing(&why)))
}

/// Why somebody who says to be this is not expected.
pub(in crate::exchange) fn unexpected(connection: &Connection, who: &Who) -> Option<Failure> {
    match check_identity(connection, &who.id).err()? {
        Refusal::Close(_, Failure::Authentication(what)) => Some(mistaken(&what)),
        _ => None,
    }
}

/// What was read makes no sense.
pub(super) fn mistaken(what: &str) -> Failure {
    Failure::Authentication(format!("it was encrypted for another key, or {what}"))
}

/// Why there is no key to encrypt for.
fn missing(why: &NotAuthenticated) -> String {
    match why {
        NotAuthenticated::NoCertificate { identity } => format!("no certificate of {identity} is known"),
        other => other.to_string(),
    }
}

/// Reads what the peer, which is `sender` and has this cookie, says of itself.
pub(in crate::exchange) fn introduced(
    connection: &Connection,
    agreed: Phase1Suite,
    (sender, cookie): (Role, IkeSpi),
    message: &Opened,
    cx: &mut Context<'_>,
) -> Result<Introduction, Refusal> {
    let (public, nonce) = (there(message.ke())?, there(message.nonce())?);
    let Some(Authentication::Encryption(encryption)) = connection.authentication_by(agreed.method) else {
        return Ok(Introduction { public: public.to_vec(), nonce: check_nonce(nonce)?, who: None });
    };
    let named = message.hash().filter(|_| sender == Role::Initiator);
    let own = encryption.named(named, agreed.suite.hash).ok_or(Refusal::Ignore(DropReason::UnknownKey))?;
    let malformed = |what: String| Refusal::Ignore(DropReason::Malformed(what));
    let opened = |octets: &[u8]| own.signer.decrypt(octets).map_err(|bad| malformed(bad.to_string()));
    let nonce = opened(nonce)?.as_bytes().to_vec();
    let mut said = Introduction { public: public.to_vec(), nonce, who: None };
    let mut who =
        Who { id: Identification::new(IdType(0), &[]), octets: Vec::new(), certificates: Vec::new() };
    if agreed.method == Method::RsaEncryption {
        let octets = opened(message.body(|payload| matches!(payload, Payload::Id(_))))?;
        who.octets = octets.as_bytes().to_vec();
    } else {
        let mut ephemeral = Ephemeral::new(agreed.suite, &said.nonce, cookie, cx)?;
        let behind = message.bodies().skip_while(|(kind, _)| *kind != PayloadType::NONCE).skip(1);
        for (kind, body) in behind {
            match kind {
                PayloadType::KE => said.public = ephemeral.open(body).map_err(malformed)?,
                PayloadType::ID => who.octets = ephemeral.open(body).map_err(malformed)?,
                PayloadType::CERT => {
                    who.certificates.extend(certificate(&ephemeral.open(body).map_err(malformed)?));
                }
                _ => {}
            }
        }
    }
    who.id = identification(&who.octets);
    said.who = Some(who);
    // Drawn in any case, so that nothing tells whether it is used.
    let other = cx.nonce();
    if check_nonce(&said.nonce).is_err() {
        said.nonce = other;
    }
    Ok(said)
}

/// An identity from the content of an ID payload; one of no type where that is too short.
fn identification(octets: &[u8]) -> Identification {
    match octets {
        [kind, protocol, high, low, data @ ..] => Identification {
            kind: IdType(*kind),
            protocol: *protocol,
            port: u16::from_be_bytes([*high, *low]),
            data: data.to_vec(),
        },
        short => Identification::new(IdType(0), short),
    }
}

/// A certificate from the content of a CERT payload; nothing where it is none.
fn certificate(octets: &[u8]) -> Vec<Certificate> {
    let Some((encoding, data)) = octets.split_first() else { return Vec::new() };
    let payload = v1::Certificate { encoding: CertEncoding(*encoding), data: data.to_vec() };
    read_certificates_v1(&[&payload]).unwrap_or_default()
}

/// What encrypts payloads behind the nonce in the revised method, each with the last block of the one before as its IV.
struct Ephemeral {
    cipher: Cipher,
    iv: Vec<u8>,
}

impl Ephemeral {
    /// Ke, made of Ne = prf(nonce, cookie) as the key of an ISAKMP SA is made of SKEYID_e (RFC 2409 appendix B).
    fn new(suite: IkeSuite, nonce: &[u8], cookie: IkeSpi, cx: &Context<'_>) -> Result<Self, Refusal> {
        let prf = prf_of(suite.hash);
        let ne = (cx.provider.prf)(prf, nonce).compute(&[&cookie.0.to_be_bytes()]);
        let key = encryption_key(cx.provider, prf, &ne, suite.key_len);
        let cipher = (cx.provider.cipher)(suite.cipher, key.as_bytes()).map_err(|error| {
            let failure = Failure::KeyExchange(error.to_string());
            Refusal::Close(NotifyType::INVALID_KEY_INFORMATION, failure)
        })?;
        Ok(Self { iv: vec![0; suite.cipher.block_len()], cipher })
    }

    /// The content of a payload, with zeros behind it and one octet that counts them.
    fn seal(&mut self, content: &[u8]) -> Vec<u8> {
        let block = self.iv.len();
        let mut octets = content.to_vec();
        octets.resize((content.len() + 1).next_multiple_of(block), 0);
        let zeros = octets.len() - content.len() - 1;
        if let Some(last) = octets.last_mut() {
            *last = u8::try_from(zeros).unwrap_or_default();
        }
        let sealed = self.cipher.encrypt(&self.iv, &mut octets);
        debug_assert!(sealed.is_ok(), "whole blocks and an IV of its own");
        self.iv = octets[octets.len() - block..].to_vec();
        octets
    }

    /// The content of a sealed payload; all of it where the padding is wrong, which shows later.
    fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, String> {
        let block = self.iv.len();
        let mut octets = sealed.to_vec();
        let next = sealed.len().checked_sub(block).map(|begin| sealed[begin..].to_vec());
        let next = next.ok_or_else(|| format!("{} encrypted octets, expected whole blocks", sealed.len()))?;
        self.cipher.decrypt(&self.iv, &mut octets).map_err(|error| error.to_string())?;
        self.iv = next;
        let zeros = octets.last().map_or(0, |last| usize::from(*last));
        let content = octets.len().checked_sub(zeros + 1);
        if let Some(content) =
            content.filter(|at| octets[*at..octets.len() - 1].iter().all(|octet| *octet == 0))
        {
            octets.truncate(content);
        }
        Ok(octets)
    }
}

#[cfg(test)]
mod tests;
