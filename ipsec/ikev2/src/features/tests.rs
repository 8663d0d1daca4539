//! A man in the middle who has broken the first key exchange and knows the initiator's credential, but not the responder's,
//! makes both ends do without ML-KEM (draft-ietf-ipsecme-ikev2-downgrade-prevention §1); and what keeps him from it.

use std::net::SocketAddr;

use ipsec_auth::{SignedOctets, prove_psk};
use ipsec_crypto::{AeadAlgorithm, FixedEntropy, KeyExchangeAlgorithm, PORTABLE, PrfAlgorithm, Secret};
use ipsec_dataplane::Encryption;
use ipsec_net::Instant;
use ipsec_wire::registry::TransformType;
use ipsec_wire::v2::Message;

use super::*;
use crate::config::Config;
use crate::protect::Protection;
use crate::sa::Role;
use crate::{Endpoint, Event, IkeKeyRecord, IkeProposal, Output, Stage};

const ENDS: [&str; 2] = ["192.0.2.1:500", "198.51.100.1:500"];
const PSK: &[u8] = b"what the initiator proves itself by";

/// An end that prefers ML-KEM but can do without.
fn end(side: usize, full_transcript: FullTranscript) -> Endpoint {
    let [local, remote] = [side, 1 - side].map(|end| ENDS[end].parse::<SocketAddr>().unwrap().ip());
    let mut proposal = IkeProposal {
        encryption: vec![(Encryption::Aead(AeadAlgorithm::AesGcm16), 16)],
        prf: vec![PrfAlgorithm::HmacSha2_256],
        key_exchange: vec![KeyExchangeAlgorithm::X25519],
        ..IkeProposal::default()
    };
    proposal.additional[0] = vec![Some(KeyExchangeAlgorithm::MlKem768), None];
    let connection = Connection {
        proposals: vec![proposal],
        full_transcript,
        ..Connection::new("site", local, remote, Secret::from(PSK))
    };
    let luck: Vec<u8> = (0u32..4096).map(|at| (at * at * 7 + at + 31 * side as u32) as u8).collect();
    Endpoint::new(Config::new(vec![connection]), &PORTABLE, Box::new(FixedEntropy::new(luck)))
}

/// What an end has to say: the last message, and the last keys.
fn drain(end: &mut Endpoint) -> (Option<Vec<u8>>, Option<IkeKeyRecord>) {
    let (mut sent, mut keyed) = (None, None);
    while let Some(output) = end.poll() {
        match output {
            Output::Datagram { octets, .. } => sent = Some(octets),
            Output::Event(Event::IkeKeyed(record)) => keyed = Some(record),
            _ => {}
        }
    }
    (sent, keyed)
}

/// Gives the end on this side a message from the other.
fn deliver(ends: &mut [Endpoint; 2], side: usize, octets: &[u8]) -> (Option<Vec<u8>>, Option<IkeKeyRecord>) {
    let [here, there] = [side, 1 - side].map(|end| ENDS[end].parse().unwrap());
    ends[side].handle(Instant::ZERO, there, here, octets);
    drain(&mut ends[side])
}

/// Without ML-KEM and IKE_INTERMEDIATE, and without the notify that asks for full transcripts if `strips` it.
fn downgraded(request: &[u8], strips: bool) -> Vec<u8> {
    let mut message = Message::parse(request).unwrap();
    message.payloads.retain(|payload| match payload {
        Payload::Notify(notify) => match notify.kind {
            NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED => false,
            NotifyType::IKE_SA_INIT_FULL_TRANSCRIPT_AUTH => !strips,
            _ => true,
        },
        _ => true,
    });
    for payload in &mut message.payloads {
        if let Payload::Sa(sa) = payload {
            sa.proposals[0].transforms.retain(|transform| transform.kind != TransformType::ADDKE1);
        }
    }
    message.emit()
}

/// The initiator's `IKE_AUTH` request with a proof of the request that the responder has seen.
fn forged(original: &[u8], seen: &[u8], response: &[u8], record: &IkeKeyRecord) -> Vec<u8> {
    let keyed =
        |role| Protection::new(&PORTABLE, &record.suite.protection, record.keys.clone(), role).unwrap();
    let mut payloads = keyed(Role::Responder).open(original).unwrap().1.payloads().unwrap();
    let said = Message::parse(response).unwrap().payloads;
    let nonce = said.iter().find_map(|payload| match payload {
        Payload::Nonce(nonce) => Some(nonce.clone()),
        _ => None,
    });
    let full = Features::of(&Message::parse(seen).unwrap().payloads).full_transcript
        && Features::of(&said).full_transcript;
    let message = if full { [&[0; 8], response, seen].concat() } else { seen.to_vec() };
    let id = payloads.iter().find_map(|payload| match payload {
        Payload::IdI(id) => Some(id.body().to_vec()),
        _ => None,
    });
    let (nonce, id) = (nonce.unwrap(), id.unwrap());
    let octets =
        SignedOctets { message: &message, nonce: &nonce, id: &id, sk_p: &record.keys.pi, int_auth: &[] };
    for payload in &mut payloads {
        if let Payload::Auth(auth) = payload {
            auth.data = prove_psk(&PORTABLE, record.suite.prf, &Secret::from(PSK), &octets);
        }
    }
    let header = ipsec_wire::Header::parse(original).unwrap();
    let mut entropy = FixedEntropy::new(Vec::new());
    keyed(Role::Initiator).seal(&header, &payloads, None, &mut entropy).concat()
}

/// Whether both ends are deceived: established, and without ML-KEM.
fn attack(full: [FullTranscript; 2], strips: bool) -> bool {
    let mut ends = [0, 1].map(|side| end(side, full[side]));
    ends[0].initiate_ike(Instant::ZERO, "site").unwrap();
    let request = drain(&mut ends[0]).0.unwrap();
    let seen = downgraded(&request, strips);
    let (response, record) = deliver(&mut ends, 1, &seen);
    let response = response.unwrap();
    let Some(auth) = deliver(&mut ends, 0, &response).0 else { return false };
    let forged = forged(&auth, &seen, &response, &record.unwrap());
    let Some(answer) = deliver(&mut ends, 1, &forged).0 else { return false };
    deliver(&mut ends, 0, &answer);
    ends.iter().all(|end| {
        let status = end.status();
        let up = status.iter().find(|sa| sa.stage == Stage::Established);
        up.and_then(|sa| sa.suite).is_some_and(|suite| suite.additional == [None; 7])
    })
}

#[test]
fn without_full_transcripts_both_ends_are_deceived() {
    assert!(attack([FullTranscript::Off; 2], false));
}

#[test]
fn with_full_transcripts_the_initiator_notices() {
    assert!(!attack([FullTranscript::Offer; 2], false));
    assert!(!attack([FullTranscript::Require; 2], false));
}

/// The responder says what it can do to each initiator, and its response cannot be changed.
#[test]
fn taking_the_notify_away_does_not_help() {
    assert!(!attack([FullTranscript::Offer; 2], true));
    assert!(!attack([FullTranscript::Require; 2], true));
}

#[test]
fn one_end_alone_prevents_nothing() {
    assert!(attack([FullTranscript::Offer, FullTranscript::Off], false));
    assert!(attack([FullTranscript::Off, FullTranscript::Offer], false));
}

/// RFC 9242 §3.1.
#[test]
fn data_of_a_notify_that_has_none_are_ignored() {
    let said = Notify::new(NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED, vec![1, 2, 3]);
    assert!(Features::of(&[Payload::Notify(said)]).intermediate);
}
