//! What runs on a host: senders and receivers of datagrams, echo requests and streams.

use std::any::Any;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipsec_net::icmp::Echo;
use ipsec_net::{Buffer, Instant, tcp, udp};

use super::{Network, StreamNote};

/// The number of an application on its host, by the order in which applications were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId(pub(super) u32);

impl ApplicationId {
    /// The number.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an application listens to; one application a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Binding {
    /// Datagrams to this UDP port.
    Udp(u16),
    /// Segments to this TCP port.
    Tcp(u16),
    /// Echo replies with this identifier.
    Echo(u16),
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(port) => write!(f, "UDP port {port}"),
            Self::Tcp(port) => write!(f, "TCP port {port}"),
            Self::Echo(identifier) => write!(f, "echo identifier {identifier}"),
        }
    }
}

/// What the host hands to an application.
#[derive(Clone, Copy, Debug)]
pub enum Arrival<'a> {
    /// A datagram to the bound port.
    Datagram(udp::Datagram<'a>),
    /// A segment to the bound port.
    Segment(tcp::Segment<'a>),
    /// A reply with the bound identifier.
    EchoReply {
        /// Who answers.
        from: IpAddr,
        /// The numbers of the request.
        echo: Echo,
        /// What the request carried.
        payload: &'a [u8],
    },
    /// The path to a destination carries no more than this; every application is told.
    PathMtu {
        /// The destination.
        destination: IpAddr,
        /// The path's MTU in octets.
        mtu: usize,
    },
}

/// What an application wants done.
#[derive(Debug)]
pub enum Action {
    /// Send a UDP datagram, from the address that the host picks.
    Datagram {
        /// The port to send from.
        local: u16,
        /// Where it goes.
        destination: SocketAddr,
        /// What it carries.
        payload: Buffer,
        /// Whether it must stay whole: above the path MTU it is dropped rather than cut into fragments.
        dont_fragment: bool,
    },
    /// Send a TCP segment.
    Segment {
        /// Where it comes from; the address has to be the host's.
        source: SocketAddr,
        /// Where it goes.
        destination: SocketAddr,
        /// Its header.
        header: tcp::Header,
        /// What it carries.
        payload: Buffer,
    },
    /// Send an echo request.
    Echo {
        /// Where it goes.
        destination: IpAddr,
        /// Its numbers.
        echo: Echo,
        /// What it carries.
        payload: Vec<u8>,
    },
    /// Write this down.
    Note(StreamNote),
    /// Nothing now; poll again then, unless something arrives before.
    Idle {
        /// When, if ever.
        until: Option<Instant>,
    },
}

/// Something that sends and receives through its host, and measures.
///
/// After each [`Application::handle`], at the instant that the last [`Action::Idle`] named, and after
/// somebody has reached into the application, the host calls [`Application::poll`] until it says
/// [`Action::Idle`].
pub trait Application: Any + fmt::Debug {
    /// What it listens to. Must never change.
    fn binding(&self) -> Binding;

    /// Takes what has come.
    fn handle(&mut self, now: Instant, arrival: &Arrival<'_>);

    /// The next thing to do. `network` tells which source a destination gets, and how large packets may be.
    fn poll(&mut self, now: Instant, network: &Network) -> Action;
}
