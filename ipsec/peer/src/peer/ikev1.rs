//! What a peer does with version 1 of IKE: which messages are its, what is ordered of it, and what it wants done.

use ipsec_ikev1::{Event as Ikev1, Output as Ikev1Output, UnknownName};
use ipsec_net::Instant;
use ipsec_wire::Header;

use super::{Output, Peer};
use crate::command::Command;
use crate::event::Event;

impl Peer {
    /// Carries out an order that no connection of version 2 is meant by.
    pub(super) fn command_ikev1(&mut self, now: Instant, command: &Command) -> Result<(), UnknownName> {
        match command {
            Command::Initiate { child } => self.ikev1.initiate(now, child),
            Command::InitiateIke { connection } => self.ikev1.initiate_ike(now, connection),
            Command::Delete { child } => self.ikev1.delete(now, child),
            Command::Rekey { child } => self.ikev1.rekey(now, child),
            // To replace an ISAKMP SA is to authenticate anew.
            Command::RekeyIke { connection } | Command::Reauthenticate { connection } => {
                self.ikev1.rekey_ike(now, connection)
            }
            Command::Forget { connection } => self.ikev1.forget_ike(now, connection),
            Command::Terminate { connection } => self.ikev1.terminate(now, connection),
            Command::Check { connection } => self.ikev1.check(now, connection),
            // Version 1 has neither redirects nor questions about configuration. The rest is for both versions at once.
            Command::Redirect { .. }
            | Command::AskConfiguration { .. }
            | Command::Start
            | Command::UpdateStandby
            | Command::FailOver => Ok(()),
        }
    }

    /// Does what IKEv1 asks for, in its order.
    pub(super) fn drain_ikev1(&mut self, now: Instant) {
        while let Some(output) = self.ikev1.poll() {
            match output {
                Ikev1Output::Install(pair) => {
                    let child = pair.policy.clone();
                    self.dataplane.install(now, *pair);
                    self.waiting.release(&child);
                }
                Ikev1Output::Remove { inbound } => {
                    self.dataplane.remove(inbound);
                }
                Ikev1Output::Event(event) => {
                    self.abandon_ikev1(&event);
                    self.out.push_back(Output::Event(Event::Ikev1(event)));
                }
                Ikev1Output::Readdress { inbound, outer } => {
                    self.dataplane.readdress(now, inbound, &outer);
                }
                Ikev1Output::Datagram { source, destination, octets } => {
                    self.send_message(now, source, destination, &octets);
                }
                Ikev1Output::Keepalive { source, destination } => {
                    self.send_keepalive(now, source, destination);
                }
            }
        }
    }

    /// Whether a message is of version 1 and that is spoken here. Both versions have their number in the same place. What is
    /// of a version that is not spoken here is dropped for that reason by the one that is, and by IKEv2 where both are.
    pub(super) fn is_for_ikev1(&self, octets: &[u8]) -> bool {
        let is_version_1 = Header::parse(octets).is_ok_and(|header| header.version.major == 1);
        let is_spoken_alone = self.config.ikev2.connections.is_empty();
        (is_version_1 || is_spoken_alone) && !self.config.ikev1.connections.is_empty()
    }

    /// Drops the packets that wait for what an event says will not come.
    fn abandon_ikev1(&mut self, event: &Ikev1) {
        let children: Vec<String> = match event {
            Ikev1::ChildFailed { child, .. } => vec![child.clone()],
            Ikev1::IkeFailed { connection, retries: false, .. } => {
                let failed = self.config.ikev1.connections.iter().filter(|known| known.name == *connection);
                failed.flat_map(|known| known.children.iter().map(|child| child.name.clone())).collect()
            }
            _ => return,
        };
        self.give_up(&children);
    }
}

#[cfg(test)]
mod tests;
