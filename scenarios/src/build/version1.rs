//! Connections of version 1. What cannot be said there was refused when the file was read.

use std::sync::Arc;

use ipsec::auth::x509::{Purpose, TrustStore};
use ipsec::auth::{Authenticate, Certified, Credential, Prove};
use ipsec::crypto::Secret;
use ipsec::ikev1::{Assigns, Authentication, ChildConfig, Connection, Encryption, Method, Signatures};

use super::pki::Pki;
use super::version2::{anywhere, retransmission};
use crate::file::{self, Scenario, version1};

/// One end of an IKE configuration.
pub(super) fn connection(
    scenario: &Scenario,
    peer: &file::Peer,
    (ike, side): (&file::Ike, usize),
    pki: &Pki,
) -> Option<Connection> {
    let here = &ike.ends[side];
    let remote = here.remote.unwrap_or_else(|| anywhere(peer.address));
    let plain = Connection::new(&ike.name, peer.address, remote, Secret::from(Vec::new()));
    let asks = here.asks.iter().filter_map(|asked| version1::class(asked.kind).ok());
    Some(Connection {
        local_id: here.authentication.identity.clone(),
        remote_id: here.expects.clone(),
        authentication: authentication(ike, side, pki),
        xauth: here.xauth.clone(),
        asks: asks.filter(|_| !here.push).collect(),
        is_told: here.push && !here.asks.is_empty(),
        assigns: assigns(scenario, here),
        mode: here.older?,
        proposals: here.offer.iter().flat_map(|one| version1::ike_suites(one).unwrap_or_default()).collect(),
        lifetime: if ike.lifetime.hard.time.is_some() { ike.lifetime } else { plain.lifetime },
        liveness: here.liveness,
        nat_traversal: if here.nat.enabled { here.nat.forms.clone() } else { Vec::new() },
        encapsulate: here.nat.encapsulate,
        keepalive: here.nat.keepalive,
        starts_on_nat_port: here.nat.starts_on_nat_port,
        fragments: here.fragments.as_ref().and_then(|sizes| sizes.first().copied()),
        retransmission: retransmission(ike),
        attempts: ike.attempts,
        children: children(scenario, peer, ike),
        ..plain
    })
}

/// What an end with pools assigns and tells.
fn assigns(scenario: &Scenario, here: &file::IkeEnd) -> Option<Assigns> {
    let named = scenario.pools.iter().filter(|pool| here.assigns.contains(&pool.name));
    let attributes = named.flat_map(|pool| &pool.tells).filter_map(version1::told).collect();
    let assigns = Assigns { pools: here.assigns.clone(), attributes, unasked: here.push };
    (!here.assigns.is_empty()).then_some(assigns)
}

/// What authenticates both ends, as one of them has it.
fn authentication(ike: &file::Ike, side: usize, pki: &Pki) -> Vec<Authentication> {
    let here = &ike.ends[side];
    let told = &here.authentication;
    let prove = pki.prove(&ike.name, here, &told.proof);
    let authenticate = pki.authenticate(&ike.name, here, &told.demand);
    match (prove, authenticate) {
        (Prove::SharedKey(secret), _) => vec![Authentication::SharedKey(secret)],
        (Prove::Signature { credentials, .. }, Authenticate::Signature { trust, binds_identity, .. }) => {
            let own = (credentials, Certified { trust, binds_identity });
            by_certificates(ike, side, own, pki)
        }
        (Prove::Signature { credentials, .. }, Authenticate::Null) => {
            let nobody = Certified { trust: Arc::new(TrustStore::default()), binds_identity: true };
            vec![Authentication::Hybrid(hybrid(credentials, nobody))]
        }
        (Prove::Null, Authenticate::Signature { trust, binds_identity, .. }) => {
            vec![Authentication::Hybrid(hybrid(Vec::new(), Certified { trust, binds_identity }))]
        }
        _ => Vec::new(),
    }
}

/// What one end of hybrid authentication has: the server credentials, the client the certificates that count.
fn hybrid(credentials: Vec<Credential>, peers: Certified) -> Signatures {
    Signatures { methods: vec![Method::HybridRsa, Method::HybridDsa], credentials, peers }
}

/// The methods for certificates in the order of the file: neighbours of one kind are told together.
fn by_certificates(
    ike: &file::Ike,
    side: usize,
    (credentials, peers): (Vec<Credential>, Certified),
    pki: &Pki,
) -> Vec<Authentication> {
    let here = &ike.ends[side];
    let methods: Vec<Method> = match &here.methods {
        Some(words) => words.iter().flat_map(|word| meant(*word)).copied().collect(),
        None => {
            let types = credentials.iter().map(|credential| credential.signer.key_type());
            types.filter_map(Method::of_signatures).collect()
        }
    };
    let encrypts = |method: &Method| [Method::RsaEncryption, Method::RevisedRsaEncryption].contains(method);
    let alike = methods.chunk_by(|one, other| encrypts(one) == encrypts(other));
    let told = alike.map(|methods| match methods.first().is_some_and(encrypts) {
        false => Authentication::Signatures(Signatures {
            methods: methods.to_vec(),
            credentials: best_first(&credentials, Purpose::Signatures),
            peers: peers.clone(),
        }),
        true => Authentication::Encryption(Encryption {
            methods: methods.to_vec(),
            credentials: best_first(&credentials, Purpose::Encipherment),
            known: pki.chains(here.knows.as_deref(), &ike.ends[1 - side].authentication.proof),
            peers: Certified {
                trust: Arc::new(TrustStore { purpose: Purpose::Encipherment, ..(*peers.trust).clone() }),
                ..peers
            },
            shows_certificate: false,
        }),
    });
    told.collect()
}

/// Those first whose certificates say that their keys are for this.
fn best_first(credentials: &[Credential], purpose: Purpose) -> Vec<Credential> {
    let mut ordered = credentials.to_vec();
    ordered.sort_by_key(|own| !own.chain.first().is_some_and(|certificate| certificate.is_for(purpose)));
    ordered
}

/// The methods that a word stands for.
fn meant(word: file::Method) -> &'static [Method] {
    match word {
        file::Method::RsaSignatures => &[Method::RsaSignatures],
        file::Method::DsaSignatures => &[Method::DsaSignatures],
        file::Method::EcdsaSignatures => &[Method::Ecdsa256, Method::Ecdsa384, Method::Ecdsa521],
        file::Method::RsaEncryption => &[Method::RsaEncryption],
        file::Method::RevisedRsaEncryption => &[Method::RevisedRsaEncryption],
    }
}

fn children(scenario: &Scenario, peer: &file::Peer, ike: &file::Ike) -> Vec<ChildConfig> {
    let of_this = scenario.children.iter().filter(|child| child.ike == ike.name);
    let config = |child: &file::Child| {
        let end = child.ends.iter().find(|end| end.peer == peer.name)?;
        let (proposals, group) = version1::child_suites(&end.offer).ok()?;
        let [local, remote] = version1::sides(end).ok()?;
        let plain = ChildConfig::new(&child.name, proposals, local.addresses, remote.addresses);
        let lifetime = match end.lifetime.hard.time {
            Some(_) => end.lifetime,
            None => {
                let mut lifetime = end.lifetime;
                lifetime.hard.time = plain.lifetime.hard.time;
                lifetime
            }
        };
        Some(ChildConfig {
            group,
            local,
            remote,
            replay_window: end.replay_window,
            transport: end.mode == file::Mode::Transport,
            options: end.options,
            lifetime,
            rekey: end.rekey,
            start: end.life.start,
            on_demand: end.terms.on_demand,
            ..plain
        })
    };
    of_this.filter_map(config).collect()
}
