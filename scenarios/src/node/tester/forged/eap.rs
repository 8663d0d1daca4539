//! Conversations of EAP that take a wrong turn (RFC 3748 §2.1, §4, RFC 7296 §2.16): up to there an honest machine speaks, with
//! the right password, and from there on a case.
//!
//! ```text
//! round   the tester is the initiator                the tester is the responder
//! 0       SK {IDi …}                                 SK {IDr AUTH EAP(Challenge)}
//! 1       SK {EAP(Response)}                         SK {EAP(Request, the method's Success)}
//! 2       SK {EAP(Response, the method's Success)}   SK {EAP(Success)}
//! 3       SK {AUTH}                                  SK {AUTH …}
//! ```

use ipsec::auth::eap::{EapPeer, EapServer, EapSuccess, PeerStep, ServerStep};
use ipsec::auth::{Authenticate, Prove};
use ipsec::wire::registry::NotifyType;
use ipsec::wire::v2::Payload;

use super::{Ground, Luck, Orders, eap_cases};

/// What is wrong with a conversation, and from which round on.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) name: &'static str,
    pub(super) from: u32,
    pub(super) make: fn(&Round<'_>, &mut Luck) -> Vec<Payload>,
}

/// What a case makes its next message of.
pub(super) struct Round<'a> {
    pub(super) ground: &'a Ground<'a>,
    /// The packet that an honest end would send, or else the last one that it would have sent.
    pub(super) honest: &'a [u8],
    /// The identifier of the last request.
    pub(super) identifier: u8,
    /// How many messages the case has made in this conversation.
    pub(super) said: u32,
    /// What the conversation has come to.
    pub(super) success: Option<&'a EapSuccess>,
}

/// A conversation of a tester.
pub(in crate::node::tester) struct Conversation {
    case: Turn,
    machine: Machine,
    round: u32,
    said: u32,
    identifier: u8,
    /// The last packet of the honest machine.
    honest: Vec<u8>,
    success: Option<EapSuccess>,
}

enum Machine {
    Peer(Box<EapPeer>),
    /// Not begun yet, while there is none.
    Server(Option<Box<EapServer>>),
}

impl Conversation {
    /// The conversation of the case whose turn it is; nothing if the orders are about no EAP.
    pub(in crate::node::tester) fn new(orders: &Orders, is_initiator: bool, turn: u32) -> Option<Self> {
        let (machine, cases) = match (&orders.prove, &orders.accept) {
            (Prove::Eap { user, password, methods }, _) if is_initiator => {
                let peer = EapPeer::new(user, password.clone(), methods.clone());
                (Machine::Peer(Box::new(peer)), eap_cases::OF_PEERS)
            }
            (_, Authenticate::Eap(_)) if !is_initiator => (Machine::Server(None), eap_cases::OF_SERVERS),
            _ => return None,
        };
        let case = *cases.get(usize::try_from(turn).unwrap_or(0) % cases.len())?;
        Some(Self { case, machine, round: 0, said: 0, identifier: 0, honest: Vec::new(), success: None })
    }

    /// What is wrong with it.
    pub(in crate::node::tester) fn name(&self) -> &'static str {
        self.case.name
    }

    /// What stands behind the identity in our first message.
    pub(in crate::node::tester) fn first(&mut self, ground: &Ground<'_>, luck: &mut Luck) -> Vec<Payload> {
        if let (Machine::Server(server), Authenticate::Eap(config)) =
            (&mut self.machine, &ground.orders.accept)
        {
            let user = config.users.keys().next().cloned();
            let (begun, step) = EapServer::begin(config.clone(), user, luck);
            *server = Some(Box::new(begun));
            if let ServerStep::Request(packet) = step {
                self.honest = packet;
            }
        }
        self.identifier = self.honest.get(1).copied().unwrap_or(0);
        if self.case.from == 0 {
            return self.make(ground, luck);
        }
        match self.machine {
            Machine::Peer(_) => Vec::new(),
            Machine::Server(_) => [proof(ground), vec![Payload::Eap(self.honest.clone())]].concat(),
        }
    }

    /// Our next message, behind one of the other end's; nothing if there is nothing more to say.
    pub(in crate::node::tester) fn next(
        &mut self,
        ground: &Ground<'_>,
        heard: &[Payload],
        luck: &mut Luck,
    ) -> Option<Vec<Payload>> {
        self.round += 1;
        if heard.iter().any(is_refusal) {
            return None;
        }
        let packet = heard.iter().find_map(|payload| match payload {
            Payload::Eap(packet) => Some(packet.as_slice()),
            _ => None,
        });
        if let (Machine::Peer(_), Some(identifier)) = (&self.machine, packet.and_then(|packet| packet.get(1)))
        {
            self.identifier = *identifier;
        }
        if self.said == 0 {
            match packet.and_then(|packet| self.honest(packet, luck)) {
                Some(honest) => self.honest = honest,
                None if self.success.is_none() => return None,
                None => {}
            }
        }
        if self.round >= self.case.from {
            return Some(self.make(ground, luck));
        }
        if let (Machine::Server(_), Some(identifier)) = (&self.machine, self.honest.get(1)) {
            self.identifier = *identifier;
        }
        Some(vec![Payload::Eap(self.honest.clone())])
    }

    fn make(&mut self, ground: &Ground<'_>, luck: &mut Luck) -> Vec<Payload> {
        let round = Round {
            ground,
            honest: &self.honest,
            identifier: self.identifier,
            said: self.said,
            success: self.success.as_ref(),
        };
        self.said += 1;
        (self.case.make)(&round, luck)
    }

    /// The honest answer to a packet.
    fn honest(&mut self, packet: &[u8], luck: &mut Luck) -> Option<Vec<u8>> {
        match &mut self.machine {
            Machine::Peer(peer) => match peer.handle(packet, luck).ok()? {
                PeerStep::Respond { packet, .. } => Some(packet),
                PeerStep::Succeeded(success) => {
                    self.success = Some(success);
                    None
                }
                PeerStep::Failed(_) => None,
            },
            Machine::Server(server) => Some(match server.as_mut()?.handle(packet, luck).ok()? {
                ServerStep::Request(packet) | ServerStep::Failed(packet, _) => packet,
                ServerStep::Succeeded(packet, success) => {
                    self.success = Some(success);
                    packet
                }
            }),
        }
    }
}

/// Whether the other end says with this payload that the conversation is over.
fn is_refusal(payload: &Payload) -> bool {
    let over = [NotifyType::AUTHENTICATION_FAILED, NotifyType::INVALID_SYNTAX];
    matches!(payload, Payload::Notify(notify) if over.contains(&notify.kind))
}

/// The honest certificates and AUTH of a responder, before the conversation.
pub(super) fn proof(ground: &Ground<'_>) -> Vec<Payload> {
    ground.valued(&ground.signature())
}
