mod exchanged;
mod refused;

use std::sync::Arc;

use ipsec_crypto::{FixedEntropy, PORTABLE};

use super::*;
use crate::seeded::Seeded;

fn config(methods: &[EapMethod]) -> EapServerConfig {
    let users = [("alice@example.org", "wonderland"), ("User", "clientPass")];
    let users = users.map(|(user, password)| (user.to_owned(), Password::from(password)));
    EapServerConfig {
        name: "gate".to_owned(),
        methods: methods.to_vec(),
        users: Arc::new(EapUsers::from(users)),
        asks_identity: false,
        notice: None,
    }
}

fn alice(methods: &[EapMethod]) -> EapPeer {
    EapPeer::new("alice@example.org", "wonderland".into(), methods.to_vec())
}

/// A conversation to its end, as each end sees it, and all packets of it.
struct Story {
    server: Result<EapSuccess, EapFailure>,
    peer: Result<EapSuccess, EapFailure>,
    packets: Vec<EapPacket>,
    notices: Vec<String>,
}

fn talk(mut peer: EapPeer, config: EapServerConfig, user: Option<&str>) -> Story {
    let (ours, theirs) = (&mut Seeded::new(1), &mut Seeded::new(2));
    let (mut server, mut step) = EapServer::begin(config, user.map(str::to_owned), ours);
    let (mut packets, mut notices) = (Vec::new(), Vec::new());
    loop {
        let (packet, end) = match step {
            ServerStep::Request(packet) => (packet, None),
            ServerStep::Succeeded(packet, success) => (packet, Some(Ok(success))),
            ServerStep::Failed(packet, failure) => (packet, Some(Err(failure))),
        };
        packets.push(EapPacket::parse(&packet).unwrap());
        let response = match (peer.handle(&packet, theirs).unwrap(), end) {
            (PeerStep::Respond { packet, notice }, None) => {
                notices.extend(notice);
                packet
            }
            (PeerStep::Succeeded(success), Some(server)) => {
                return Story { server, peer: Ok(success), packets, notices };
            }
            (PeerStep::Failed(failure), Some(server)) => {
                return Story { server, peer: Err(failure), packets, notices };
            }
            (step, end) => panic!("{step:?} and {end:?}"),
        };
        packets.push(EapPacket::parse(&response).unwrap());
        step = server.handle(&response, ours).unwrap();
    }
}

fn kinds(packets: &[EapPacket]) -> Vec<String> {
    let name = |packet: &EapPacket| match packet {
        EapPacket::Request { kind, .. } => format!("> {kind}"),
        EapPacket::Response { kind, .. } => format!("< {kind}"),
        EapPacket::Success { .. } => "> Success".to_owned(),
        EapPacket::Failure { .. } => "> Failure".to_owned(),
    };
    packets.iter().map(name).collect()
}
