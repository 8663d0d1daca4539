//! What the two ends tell each other in `IKE_SA_INIT` that they can do beyond RFC 7296, by notifies: one field for each.

use ipsec_auth::{AnnouncedMethod, Authenticate, Prove, SignatureHash, certificate_requests};
use ipsec_crypto::SignatureAlgorithm;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use crate::config::{Childless, Connection, FullTranscript, PpkMethod, Synchronisation};
use crate::message::find_notify;

/// What the peer has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// The responder takes an `IKE_AUTH` that asks for no child (RFC 6023).
    pub(crate) childless: bool,
    /// It verifies signatures with these hash functions, and knows method 14 (RFC 7427 §4).
    pub(crate) signature_hashes: Option<Vec<SignatureHash>>,
    /// The initiator goes where it is sent (RFC 5685).
    pub(crate) redirect: bool,
    /// It speaks `IKE_INTERMEDIATE` (RFC 9242 §3.1).
    pub(crate) intermediate: bool,
    /// It has PPKs that it would mix in with `IKE_AUTH` (RFC 8784 §3); a responder says so only if that is what happens.
    pub(crate) ppk: bool,
    /// The same in `IKE_INTERMEDIATE` (RFC 9867 §3.1).
    pub(crate) ppk_int: bool,
    /// It proves both `IKE_SA_INIT` messages (draft-ietf-ipsecme-ikev2-downgrade-prevention).
    pub(crate) full_transcript: bool,
    /// It looks for NAT and gets through it (RFC 7296 §2.23).
    pub(crate) nat_traversal: bool,
    /// It takes several authentication exchanges (RFC 4739); an initiator says so in `IKE_AUTH`.
    pub(crate) multiple_auth: bool,
    /// It takes messages in pieces (RFC 7383 §2.3). In the record of an IKE SA: and so do we.
    pub(crate) fragmentation: bool,
    /// What it sets right after a failover (RFC 6311), as it says in `IKE_AUTH`. In the record of an IKE SA: and so do we.
    pub(crate) synchronises: Synchronisation,
}

impl Features {
    /// What the peer says in its `IKE_SA_INIT` message.
    pub(crate) fn of(payloads: &[Payload]) -> Self {
        let says = |kind| find_notify(payloads, kind).is_some();
        let hashes = find_notify(payloads, NotifyType::SIGNATURE_HASH_ALGORITHMS);
        Self {
            childless: says(NotifyType::CHILDLESS_IKEV2_SUPPORTED),
            signature_hashes: hashes.and_then(|notify| SignatureHash::parse_list(&notify.data).ok()),
            redirect: says(NotifyType::REDIRECT_SUPPORTED) || says(NotifyType::REDIRECTED_FROM),
            intermediate: says(NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED),
            ppk: says(NotifyType::USE_PPK),
            ppk_int: says(NotifyType::USE_PPK_INT),
            full_transcript: says(NotifyType::IKE_SA_INIT_FULL_TRANSCRIPT_AUTH),
            nat_traversal: says(NotifyType::NAT_DETECTION_SOURCE_IP)
                && says(NotifyType::NAT_DETECTION_DESTINATION_IP),
            multiple_auth: says(NotifyType::MULTIPLE_AUTH_SUPPORTED),
            fragmentation: says(NotifyType::IKEV2_FRAGMENTATION_SUPPORTED),
            synchronises: Synchronisation::default(),
        }
    }
}

/// What an initiator says.
pub(crate) fn offered(connection: &Connection) -> Vec<Payload> {
    let redirect = connection.follows_redirects.then(|| said(NotifyType::REDIRECT_SUPPORTED));
    let mut payloads: Vec<Payload> = signature_hashes(&[connection]).into_iter().chain(redirect).collect();
    let additional = connection.proposals.iter().flat_map(|proposal| proposal.additional.iter().flatten());
    let ppk_int = connection.allows_ppk(PpkMethod::Intermediate);
    if connection.intermediate && (ppk_int || additional.flatten().next().is_some()) {
        payloads.push(said(NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED));
    }
    let ppk = connection.allows_ppk(PpkMethod::Auth);
    payloads.extend(ppk.then(|| said(NotifyType::USE_PPK)));
    payloads.extend(ppk_int.then(|| said(NotifyType::USE_PPK_INT)));
    payloads.extend(full_transcript(&[connection]));
    if connection.fragmentation.is_some() {
        payloads.push(said(NotifyType::IKEV2_FRAGMENTATION_SUPPORTED));
    }
    payloads
}

/// What a responder says to a peer with these features, before it knows which of the connections is meant.
pub(crate) fn answered(connections: &[&Connection], theirs: &Features) -> Vec<Payload> {
    let childless = connections.iter().any(|connection| connection.childless != Childless::Refuse);
    let mut payloads: Vec<Payload> =
        childless.then(|| said(NotifyType::CHILDLESS_IKEV2_SUPPORTED)).into_iter().collect();
    // The session runs under the first one until the peer has proven who it is.
    if theirs.fragmentation && connections.first().is_some_and(|first| first.fragmentation.is_some()) {
        payloads.push(said(NotifyType::IKEV2_FRAGMENTATION_SUPPORTED));
    }
    if theirs.signature_hashes.is_some() {
        payloads.extend(signature_hashes(connections));
    }
    let ways: Vec<&Authenticate> = connections.iter().flat_map(|connection| connection.ways()).collect();
    payloads.extend(certificate_requests(&ways).into_iter().map(Payload::CertReq));
    payloads.extend(accepted_methods(connections));
    if speaks_intermediate(connections, theirs) {
        payloads.push(said(NotifyType::INTERMEDIATE_EXCHANGE_SUPPORTED));
    }
    payloads.extend(ppk_answer(connections, theirs).map(said));
    if connections.iter().any(|connection| !connection.further.is_empty()) {
        payloads.push(said(NotifyType::MULTIPLE_AUTH_SUPPORTED));
    }
    // Said to each initiator: who takes the notify out of the request is found out by the response.
    payloads.extend(full_transcript(connections));
    payloads
}

fn full_transcript(connections: &[&Connection]) -> Option<Payload> {
    let wanted = connections.iter().any(|connection| connection.full_transcript != FullTranscript::Off);
    wanted.then(|| said(NotifyType::IKE_SA_INIT_FULL_TRANSCRIPT_AUTH))
}

/// How a responder with these connections lets PPKs be mixed in, if at all: one way, the one that protects more.
fn ppk_answer(connections: &[&Connection], theirs: &Features) -> Option<NotifyType> {
    let allows = |method| connections.iter().any(|connection| connection.allows_ppk(method));
    if theirs.ppk_int && theirs.intermediate && allows(PpkMethod::Intermediate) {
        return Some(NotifyType::USE_PPK_INT);
    }
    (theirs.ppk && allows(PpkMethod::Auth)).then_some(NotifyType::USE_PPK)
}

/// Whether a responder with these connections and a peer with these features both speak `IKE_INTERMEDIATE`.
pub(crate) fn speaks_intermediate(connections: &[&Connection], theirs: &Features) -> bool {
    theirs.intermediate && connections.iter().any(|connection| connection.intermediate)
}

/// SUPPORTED_AUTH_METHODS with the proofs that these connections accept, if one of them tells that.
pub(crate) fn accepted_methods(connections: &[&Connection]) -> Option<Payload> {
    let ways: Vec<&Authenticate> = connections.iter().flat_map(|connection| connection.ways()).collect();
    let data = AnnouncedMethod::emit_list(&AnnouncedMethod::for_ways(&ways));
    let tells = connections.iter().any(|connection| connection.announces_methods);
    tells.then(|| Payload::Notify(Notify::new(NotifyType::SUPPORTED_AUTH_METHODS, data)))
}

/// SIGNATURE_HASH_ALGORITHMS with what any of the connections needs, whichever end signs.
fn signature_hashes(connections: &[&Connection]) -> Option<Payload> {
    let needed = |connection: &&Connection| match &connection.signature_hashes {
        Some(hashes) => hashes.clone(),
        None => {
            let further = connection.further.ours.iter().map(|(_, prove)| prove);
            let own = std::iter::once(&connection.prove).chain(further).map(Prove::algorithms);
            let all: Vec<&[SignatureAlgorithm]> =
                connection.ways().map(Authenticate::algorithms).chain(own).collect();
            SignatureHash::needed_by(&all.concat())
        }
    };
    let mut hashes: Vec<SignatureHash> = connections.iter().flat_map(needed).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let notify = Notify::new(NotifyType::SIGNATURE_HASH_ALGORITHMS, SignatureHash::emit_list(&hashes));
    (!hashes.is_empty()).then_some(Payload::Notify(notify))
}

fn said(kind: NotifyType) -> Payload {
    Payload::Notify(Notify::new(kind, Vec::new()))
}

#[cfg(test)]
mod tests;
