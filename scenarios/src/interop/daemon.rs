//! A real implementation in the place of a peer: a daemon in a network namespace with two TUN devices, one to the network and
//! one to the hosts behind it. Seen from the world it is what a virtual peer is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;

use bridge::{BridgeError, Namespace, Tun};
use ipsec::{AddressChange, Command, Input, Output, Status};
use ipsec_net::{Instant, Prefix};

use crate::file::{Peer, Scenario};
use crate::node::Implementation;

/// What drives one implementation: gives it orders and asks what it holds.
pub(crate) trait Adapter {
    /// Gives an order. One that the implementation has not is [`io::ErrorKind::Unsupported`].
    fn command(&mut self, command: &Command) -> io::Result<()>;

    /// What it holds.
    fn status(&mut self) -> io::Result<Status>;
}

/// A daemon in its namespace.
pub(crate) struct Daemon {
    adapter: RefCell<Box<dyn Adapter>>,
    /// The first order that it refused, or that it could not be asked.
    trouble: Rc<RefCell<Option<io::Error>>>,
    place: Place,
}

/// The place where a daemon runs.
pub(crate) struct Place {
    pub(crate) wan: Rc<Tun>,
    pub(crate) lan: Rc<Tun>,
    pub(crate) namespace: Rc<Namespace>,
}

/// The routing table with the way to hosts whose addresses the daemon takes for its own.
const LENT: u32 = 100;

impl Place {
    /// Its devices: to the network, and to the hosts behind it.
    pub(crate) const OUTSIDE: &str = "wan";
    pub(crate) const INSIDE: &str = "lan";

    /// A place for this peer of a scenario.
    pub(crate) fn new(scenario: &Scenario, peer: &Peer) -> Result<Self, BridgeError> {
        let namespace = Rc::new(Namespace::new()?);
        let ends = scenario.links.iter().flat_map(|link| &link.ends);
        let mtu = ends.filter(|end| end.node == peer.name).map(|end| end.quality.mtu).min();
        let wan = Rc::new(namespace.tun(Self::OUTSIDE, peer.mtu.or(mtu).unwrap_or(1500))?);
        let lan = Rc::new(namespace.tun(Self::INSIDE, 65_535)?);
        let mut orders = String::new();
        for own in peer.addresses.iter().filter(|own| own.from_the_start) {
            orders += &address_order("add", own.address);
        }
        orders += &ways_out(peer.addresses.iter().map(|own| own.address));
        for network in &peer.protects {
            orders += &format!("route add {network} dev lan\n");
        }
        for address in inner_addresses(scenario, peer) {
            orders += &format!("address add {address} dev lo\n");
        }
        // What is to be protected never leaves as it is.
        for network in
            scenario.peers.iter().filter(|other| other.name != peer.name).flat_map(|other| &other.protects)
        {
            orders += &format!("route add blackhole {network}\n");
        }
        let lent = lent_to(scenario, peer);
        if !lent.is_empty() {
            // The daemon gives itself an address that a host behind it is to have: what comes for it out of a tunnel goes on.
            orders += "rule add pref 2 lookup local\nrule delete pref 0\n";
            for address in lent {
                orders += &format!("rule add pref 1 iif ipsec0 to {address} lookup {LENT}\n");
                orders += &format!("route add {address} dev lan table {LENT}\n");
            }
        }
        namespace.ip(&orders)?;
        Ok(Self { wan, lan, namespace })
    }
}

/// An address of the gateway's own in each network that may be a local selector of its: a daemon wants one to send from.
pub(super) fn inner_addresses(scenario: &Scenario, peer: &Peer) -> Vec<IpAddr> {
    let hosts: Vec<IpAddr> =
        scenario.traffic.iter().flat_map(|traffic| &traffic.ends).map(|host| host.address).collect();
    let ends = scenario.children.iter().flat_map(|child| {
        let [one, other] = &child.ends;
        let own = |end: &crate::file::ChildEnd| end.peer == peer.name;
        [
            (own(one), &one.local),
            (own(other), &one.remote),
            (own(one), &other.remote),
            (own(other), &other.local),
        ]
    });
    let networks = ends.filter(|(own, _)| *own).flat_map(|(_, networks)| networks);
    let mut addresses = Vec::new();
    let is_for_hosts = |network: &&Prefix| {
        let most = if network.address().is_ipv4() { 32 } else { 128 };
        network.length() + 1 < most
    };
    for network in networks.filter(is_for_hosts) {
        if !peer.protects.iter().any(|whole| whole.contains(network.address())) {
            continue;
        }
        let range = network.range();
        let free = |candidate: &IpAddr| !hosts.contains(candidate) && !addresses.contains(candidate);
        addresses.extend(last_of(range.last()).find(free));
    }
    addresses
}

/// Addresses from the last but one down.
fn last_of(last: IpAddr) -> impl Iterator<Item = IpAddr> {
    (1..16u8).map(move |back| match last {
        IpAddr::V4(last) => IpAddr::V4((u32::from(last) - u32::from(back)).into()),
        IpAddr::V6(last) => IpAddr::V6((u128::from(last) - u128::from(back)).into()),
    })
}

/// The hosts of the peer whose addresses are lent by the other end.
fn lent_to(scenario: &Scenario, peer: &Peer) -> Vec<IpAddr> {
    let asks = scenario
        .ikes
        .iter()
        .flat_map(|ike| &ike.ends)
        .any(|end| end.peer == peer.name && !end.asks.is_empty());
    let hosts = scenario
        .traffic
        .iter()
        .flat_map(|traffic| &traffic.ends)
        .filter(|host| asks && host.peer == peer.name);
    let mut lent: Vec<IpAddr> = hosts.map(|host| host.address).collect();
    lent.dedup();
    lent
}

/// The order that gives an outer address or takes it.
fn address_order(verb: &str, address: IpAddr) -> String {
    let prefix = Prefix::host(address);
    match address {
        IpAddr::V4(_) => format!("address {verb} {prefix} dev wan\n"),
        IpAddr::V6(_) if verb == "add" => format!("address add {prefix} dev wan nodad\n"),
        IpAddr::V6(_) => format!("address {verb} {prefix} dev wan\n"),
    }
}

/// The orders that lead everything else out, in the versions of these addresses.
fn ways_out(addresses: impl Iterator<Item = IpAddr>) -> String {
    let everywhere: BTreeSet<&str> =
        addresses.map(|own| if own.is_ipv4() { "0.0.0.0/0" } else { "::/0" }).collect();
    everywhere.into_iter().map(|network| format!("route replace {network} dev wan\n")).collect()
}

impl Daemon {
    pub(crate) fn new(
        place: Place,
        adapter: Box<dyn Adapter>,
        trouble: Rc<RefCell<Option<io::Error>>>,
    ) -> Self {
        Self { adapter: RefCell::new(adapter), trouble, place }
    }

    /// The devices through which its packets come.
    pub(crate) fn devices(&self) -> impl Iterator<Item = Rc<Tun>> {
        [Rc::clone(&self.place.wan), Rc::clone(&self.place.lan)].into_iter()
    }

    /// Gives outer addresses and takes them.
    fn readdress(&self, change: &AddressChange) -> Result<(), BridgeError> {
        let came = change.came.iter().map(|address| address_order("add", *address));
        let went = change.went.iter().map(|address| address_order("delete", *address));
        let orders: String = came.chain(went).collect();
        self.place.namespace.ip(&orders)?;
        // The kernel forgets the way out with the last address of a version.
        self.place.namespace.ip(&ways_out(change.came.iter().copied()))
    }

    fn note(&self, result: io::Result<()>) {
        if let Err(trouble) = result {
            self.trouble.borrow_mut().get_or_insert(trouble);
        }
    }
}

impl Implementation for Daemon {
    fn handle(&mut self, _now: Instant, input: Input) {
        match input {
            Input::Outside(packet) => {
                self.place.wan.send(&packet);
            }
            Input::Inside(packet) => {
                self.place.lan.send(&packet);
            }
            Input::Address(change) => self.note(self.readdress(&change).map_err(io::Error::other)),
            Input::Command(command) => {
                let result = self.adapter.get_mut().command(&command);
                self.note(result);
            }
            Input::Timeout => {}
        }
    }

    fn poll(&mut self, _now: Instant) -> Output {
        // The kernel also tells everybody which groups it is in: that is nobody's business here.
        let from = |tun: &Tun| {
            std::iter::from_fn(|| tun.receive()).find(|packet| !packet.destination().is_multicast())
        };
        if let Some(packet) = from(&self.place.wan) {
            return Output::Outside(packet);
        }
        match from(&self.place.lan) {
            Some(packet) => Output::Inside(packet),
            None => Output::Idle { until: None, reason: None },
        }
    }

    fn status(&self) -> Status {
        match self.adapter.borrow_mut().status() {
            Ok(status) => status,
            Err(error) => {
                let kind = error.kind();
                self.note(Err(io::Error::new(kind, format!("it does not say what it holds: {error}"))));
                Status::default()
            }
        }
    }
}
