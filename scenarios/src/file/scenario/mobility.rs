//! Peers that have several addresses, or move from one to another (RFC 4555).

use std::net::IpAddr;

use ipsec::ikev2::Routability;
use ipsec_net::Prefix;

/// An outer address that a peer has, or may have later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// The address.
    pub address: IpAddr,
    /// The link that it is at, by which its packets leave and come; any way when nothing.
    pub link: Option<String>,
    /// Whether the peer has it from the beginning.
    pub from_the_start: bool,
}

/// Whether and how the IKE SAs of one end move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mobility {
    /// Whether it speaks MOBIKE.
    pub mobike: bool,
    /// Where the other end may move to, as initiator; anywhere when empty.
    pub roams: Vec<Prefix>,
    /// When the other end has to show that it is where it says.
    pub routability: Routability,
}
