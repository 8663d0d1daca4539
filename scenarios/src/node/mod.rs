//! What stands in a scenario's world: gateways, which are IPsec peers, and the hosts behind them.

mod gateway;
mod host;
mod probe;
mod tester;

use std::fmt::Write as _;

use ipsec::Event;
use ipsec_net::{Instant, IpPacket};
use sim::middlebox::firewall::FirewallNote;
use sim::middlebox::nat::NatNote;
use sim::middlebox::router::RouterNote;
use sim::middlebox::{Firewall, Nat, Router};
use sim::{Port, Step};

pub use gateway::{Gateway, Implementation};
pub use host::{Flow, Host, Manner};
pub use probe::{MAGIC, Probe};
pub use tester::script::{Pinged, Script, Scripted, Told, Voice};
pub use tester::{Attack, Orders, Phase1, Stage, Tester};
pub(crate) use tester::{is_own, is_own_sa, older_cases, script};

/// A node of a scenario's world.
pub enum Node {
    /// A security gateway.
    Gateway(Box<Gateway>),
    /// A host behind one.
    Host(Host),
    /// A router between gateways.
    Router(Box<Router>),
    /// A translator between them.
    Nat(Box<Nat>),
    /// A packet filter between them.
    Firewall(Box<Firewall>),
    /// Somebody on the path who says what is wrong.
    Tester(Box<Tester>),
    /// Somebody there who plays a script.
    Scripted(Box<Scripted>),
}

/// What nodes tell of themselves.
#[derive(Clone, Debug)]
pub enum Note {
    /// Something that happened in a gateway's IPsec.
    Peer(Event),
    /// A gateway has a packet for a host that is not there.
    NoHost,
    /// A packet came to a gateway for an address that it has not, or has no longer.
    Gone,
    /// Something that a router did besides forwarding.
    Router(RouterNote),
    /// Something that a translator did besides forwarding.
    Nat(NatNote),
    /// Something that a packet filter did besides forwarding.
    Firewall(FirewallNote),
    /// A tester says something that has a name.
    Says(&'static str),
    /// What comes of a script.
    Script(Told),
    /// A host sent a probe.
    Sent(Probe),
    /// A probe came to a host.
    Received {
        /// The probe, if the packet holds one.
        probe: Option<Probe>,
        /// Whether it came unchanged and to the right host.
        intact: bool,
        /// The traffic class that it came with: DSCP and ECN.
        class: u8,
    },
}

impl sim::Note for Note {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Peer(event) => {
                let mut text = String::new();
                let _ = write!(text, "{event:?}");
                out.push(0);
                out.extend_from_slice(text.as_bytes());
            }
            Self::NoHost => out.push(1),
            Self::Gone => out.push(6),
            Self::Says(name) => {
                out.push(7);
                out.extend_from_slice(name.as_bytes());
            }
            Self::Script(told) => {
                out.push(8);
                told.write(out);
            }
            Self::Router(note) => {
                out.push(4);
                note.write(out);
            }
            Self::Nat(note) => {
                out.push(5);
                note.write(out);
            }
            Self::Firewall(note) => {
                out.push(9);
                note.write(out);
            }
            Self::Sent(probe) => {
                out.push(2);
                probe.write(out);
            }
            Self::Received { probe, intact, class } => {
                out.extend([3, u8::from(*intact), *class]);
                if let Some(probe) = probe {
                    probe.write(out);
                }
            }
        }
    }
}

impl sim::Node for Node {
    type Note = Note;

    fn handle(&mut self, now: Instant, port: Port, packet: IpPacket) {
        match self {
            Self::Gateway(gateway) => gateway.handle(now, port, packet),
            Self::Host(host) => host.handle(now, &packet),
            Self::Router(router) => router.handle(now, port, packet),
            Self::Nat(nat) => nat.handle(now, port, packet),
            Self::Firewall(firewall) => firewall.handle(now, port, packet),
            Self::Tester(tester) => tester.handle(now, packet),
            Self::Scripted(scripted) => scripted.handle(now, packet),
        }
    }

    fn wake(&mut self, now: Instant) {
        match self {
            Self::Gateway(gateway) => gateway.wake(now),
            Self::Nat(nat) => nat.wake(now),
            Self::Firewall(firewall) => firewall.wake(now),
            Self::Tester(tester) => tester.wake(now),
            Self::Scripted(scripted) => scripted.wake(now),
            Self::Host(_) | Self::Router(_) => {}
        }
    }

    fn poll(&mut self, now: Instant) -> Step<Note> {
        match self {
            Self::Gateway(gateway) => gateway.poll(now),
            Self::Host(host) => host.poll(now),
            Self::Router(router) => told_by(router.poll(now), Note::Router),
            Self::Nat(nat) => told_by(nat.poll(now), Note::Nat),
            Self::Firewall(firewall) => told_by(firewall.poll(now), Note::Firewall),
            Self::Tester(tester) => tester.poll(now),
            Self::Scripted(scripted) => scripted.poll(now),
        }
    }
}

/// A step of a middlebox, what it tells as a note of this world.
fn told_by<N>(step: Step<N>, note: fn(N) -> Note) -> Step<Note> {
    match step {
        Step::Send { port, packet } => Step::Send { port, packet },
        Step::Note(told) => Step::Note(note(told)),
        Step::Idle { until } => Step::Idle { until },
    }
}

impl Node {
    /// The gateway that this is, if it is one.
    #[must_use]
    pub fn gateway(&self) -> Option<&Gateway> {
        match self {
            Self::Gateway(gateway) => Some(gateway),
            _ => None,
        }
    }
}
