//! What a story tells peers, links, translators, testers and traffic to do, done to the world.

use std::net::IpAddr;
use std::sync::Arc;

use ipsec::ikev2::Gateway;
use ipsec::{AddressChange, Command};
use sim::Direction;

use super::Run;
use crate::node::{self, Node};
use crate::story::Act;

impl Run {
    /// Carries one sentence out, at this instant.
    pub(super) fn act(&mut self, act: &Act) {
        let world = &mut self.built.world;
        match act {
            Act::Initiate { peer, child } => self.command(peer, Command::Initiate { child: child.clone() }),
            Act::InitiateIke { peer, ike } => {
                self.command(peer, Command::InitiateIke { connection: ike.clone() });
            }
            Act::Delete { peer, child } => self.command(peer, Command::Delete { child: child.clone() }),
            Act::Terminate { peer, ike } => {
                self.command(peer, Command::Terminate { connection: ike.clone() });
            }
            Act::Rekey { peer, child } => self.command(peer, Command::Rekey { child: child.clone() }),
            Act::RekeyIke { peer, ike } => {
                self.command(peer, Command::RekeyIke { connection: ike.clone() });
            }
            Act::Forget { peer, ike } => self.command(peer, Command::Forget { connection: ike.clone() }),
            Act::Redirect { peer, ike, to } => {
                let to = self.scenario.peer(to).map(|gateway| Gateway::Address(gateway.address));
                let command = to.map(|to| Command::Redirect { connection: ike.clone(), to });
                command.into_iter().for_each(|command| self.command(peer, command));
            }
            Act::Reauthenticate { peer, ike } => {
                self.command(peer, Command::Reauthenticate { connection: ike.clone() });
            }
            Act::AskConfiguration { peer, ike } => {
                self.command(peer, Command::AskConfiguration { connection: ike.clone() });
            }
            Act::Check { peer, ike } => self.command(peer, Command::Check { connection: ike.clone() }),
            Act::Move { peer, to } => self.readdress(peer, &[*to], |own| own != *to),
            Act::Gain { peer, address } => self.readdress(peer, &[*address], |_| false),
            Act::Lose { peer, address } => self.readdress(peer, &[], |own| own == *address),
            Act::LoseMappings { nat } => world.with(self.built.places.nats[nat], |node, _| {
                if let Node::Nat(nat) = node {
                    nat.restart();
                }
            }),
            Act::LoseFlows { firewall } => world.with(self.built.places.firewalls[firewall], |node, _| {
                if let Node::Firewall(firewall) = node {
                    firewall.restart();
                }
            }),
            Act::Crash { peer } => world.crash(self.built.places.peers[peer]),
            Act::Restart { peer } => self.restart(peer),
            Act::UpdateStandby { peer } => self.command(peer, Command::UpdateStandby),
            Act::FailOver { peer } => self.command(peer, Command::FailOver),
            Act::Attack { tester } | Act::Begin { tester } => {
                world.with(self.built.places.testers[tester], |node, now| match node {
                    Node::Tester(tester) => tester.begin(now),
                    Node::Scripted(scripted) => scripted.begin(now),
                    _ => {}
                });
            }
            Act::Start { traffic } => self.set_running(traffic, true),
            Act::Stop { traffic } => self.set_running(traffic, false),
            Act::Cut { link, from } => {
                let direction = from.as_ref().and_then(|from| self.scenario.link(link).map(|l| (l, from)));
                let direction = direction.map(|(l, from)| match l.ends[0].node == *from {
                    true => Direction::Forward,
                    false => Direction::Backward,
                });
                world.set_cut(self.built.places.links[link], direction, true);
            }
            Act::Mend { link } => world.set_cut(self.built.places.links[link], None, false),
            Act::Heal { link } => world.heal(self.built.places.links[link]),
        }
    }

    /// Lets a gateway begin anew with what it is configured.
    fn restart(&mut self, name: &str) {
        let restarts = self.restarts.entry(name.to_owned()).or_default();
        *restarts += 1;
        let scenario = Arc::clone(&self.scenario);
        let Some(peer) = scenario.peer(name) else { return };
        let made = self.built.peer(&scenario, peer, &self.setup, self.provider, *restarts);
        // What could be set up once can be set up again.
        let Ok(made) = made else { return };
        self.built.world.restart(self.built.places.peers[name], |before, now| match before {
            Node::Gateway(gateway) => Node::Gateway(Box::new(gateway.anew(made, now))),
            _ => Node::Gateway(Box::new(node::Gateway::new(made, peer.think))),
        });
        self.built.world.observer_mut().restarted(name);
    }

    /// Gives a gateway an order.
    pub(super) fn command(&mut self, peer: &str, command: Command) {
        self.built.world.with(self.built.places.peers[peer], |node, now| {
            if let Node::Gateway(gateway) = node {
                gateway.command(now, command);
            }
        });
    }

    /// Gives a gateway outer addresses, and takes those away that `goes` says.
    fn readdress(&mut self, peer: &str, came: &[IpAddr], goes: impl Fn(IpAddr) -> bool) {
        self.built.world.with(self.built.places.peers[peer], |node, now| {
            if let Node::Gateway(gateway) = node {
                let went = gateway.addresses().into_iter().filter(|own| goes(*own)).collect();
                gateway.readdress(now, AddressChange { came: came.to_vec(), went });
            }
        });
    }

    fn set_running(&mut self, traffic: &str, running: bool) {
        let scenario = Arc::clone(&self.scenario);
        let found = (0u8..).zip(&scenario.traffic).find(|(_, t)| t.name == traffic);
        let Some((index, traffic)) = found else { return };
        for end in &traffic.ends {
            self.built.world.with(self.built.places.hosts[&end.address], |node, now| {
                if let Node::Host(host) = node {
                    host.set_running(index, running, now);
                }
            });
        }
    }
}
