//! NAT traversal (RFC 3947, and its drafts as they were deployed): hashes tell between which addresses and ports each end
//! believes to run. Where one does not fit the message as it came, somebody on the way has changed them.
//!
//! ```text
//! main mode, from port 500     KE Nonce NAT-D NAT-D   ------->
//!                              <-------               KE Nonce NAT-D NAT-D
//! from port 4500 if found      {ID HASH}              ------->
//!
//! aggressive mode              <-------               SA KE Nonce ID HASH NAT-D NAT-D
//! from port 4500 if found      {HASH NAT-D NAT-D}     ------->
//! ```

use std::net::{IpAddr, SocketAddr};

use ipsec_crypto::HashAlgorithm;
use ipsec_dataplane::{Nat, Path};
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::v1::{EncapsulationMode, Vendor};
use ipsec_wire::v1::Payload;

use crate::config::Connection;
use crate::sa::{IsakmpSa, Role};

/// How an end gets through NAT. The drafts have numbers of their own for payloads and encapsulation modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NatTraversal {
    /// RFC 3947.
    Rfc3947,
    /// draft-ietf-ipsec-nat-t-ike-03.
    Draft03,
    /// draft-ietf-ipsec-nat-t-ike-02, by the vendor ID that is printed there: the digest has a line feed in it.
    Draft02LineFeed,
    /// draft-ietf-ipsec-nat-t-ike-02, by the digest of its name.
    Draft02,
}

impl NatTraversal {
    /// All of them, best first.
    pub const ALL: [Self; 4] = [Self::Rfc3947, Self::Draft03, Self::Draft02LineFeed, Self::Draft02];

    pub(crate) fn vendor(self) -> Vendor {
        match self {
            Self::Rfc3947 => Vendor::RFC_3947,
            Self::Draft03 => Vendor::NAT_T_03,
            Self::Draft02LineFeed => Vendor::NAT_T_02_LF,
            Self::Draft02 => Vendor::NAT_T_02,
        }
    }

    fn is_draft(self) -> bool {
        self != Self::Rfc3947
    }

    /// An address as it was before NAT changed it (§5.2).
    pub(crate) fn original(self, address: IpAddr) -> Payload {
        if self.is_draft() { Payload::NatOaDraft(address) } else { Payload::NatOa(address) }
    }

    fn discovery(self, hash: Vec<u8>) -> Payload {
        if self.is_draft() { Payload::NatDDraft(hash) } else { Payload::NatD(hash) }
    }

    fn mode(self, transport: bool) -> EncapsulationMode {
        match (self.is_draft(), transport) {
            (false, false) => EncapsulationMode::UDP_TUNNEL,
            (false, true) => EncapsulationMode::UDP_TRANSPORT,
            (true, false) => EncapsulationMode::UDP_TUNNEL_DRAFT,
            (true, true) => EncapsulationMode::UDP_TRANSPORT_DRAFT,
        }
    }
}

/// What the hashes of one ISAKMP SA are made of besides an address and a port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashing {
    /// The hash that both ends agreed on.
    pub(crate) hash: HashAlgorithm,
    pub(crate) cookies: (IkeSpi, IkeSpi),
}

impl Hashing {
    /// What is said of an end (§3.2).
    fn of(&self, end: SocketAddr) -> Vec<u8> {
        let address = match end.ip() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let (cookie_i, cookie_r) = (self.cookies.0.0.to_be_bytes(), self.cookies.1.0.to_be_bytes());
        self.hash.digest(&[&cookie_i, &cookie_r, &address, &end.port().to_be_bytes()])
    }
}

/// The NAT-D payloads of a message that we send on this path, if both ends look for NAT: first where it goes, then where it
/// comes from.
///
/// Where ESP is to go in UDP whether or not there is NAT, a source that cannot be makes the peer believe that we are behind
/// one.
pub(crate) fn detection(
    connection: &Connection,
    form: Option<NatTraversal>,
    hashing: Hashing,
    path: &Path,
) -> Vec<Payload> {
    let Some(form) = form else { return Vec::new() };
    let source = if connection.encapsulate { nowhere(path.local) } else { path.local };
    [path.remote, source].map(|end| form.discovery(hashing.of(end))).to_vec()
}

/// What the NAT-D payloads of a message say that came on this path; nothing where it has none, or NAT is not looked for.
pub(crate) fn found(
    form: Option<NatTraversal>,
    payloads: &[Payload],
    hashing: Hashing,
    came: &Path,
) -> Option<Nat> {
    let form = form?;
    let said: Vec<&Payload> = payloads
        .iter()
        .filter(|payload| matches!(payload, Payload::NatD(_) | Payload::NatDDraft(_)))
        .collect();
    let (destination, sources) = said.split_first().filter(|(_, sources)| !sources.is_empty())?;
    let [here, there] = [came.local, came.remote].map(|end| form.discovery(hashing.of(end)));
    Some(Nat { here: **destination != here, there: !sources.contains(&&there) })
}

/// Where an ISAKMP SA runs of whose path this has been found out: the initiator goes to the port that NAT leaves alone (§4).
pub(crate) fn path_with(sa: &IsakmpSa, nat: Nat) -> Path {
    let path = Path { nat, ..sa.path };
    match sa.role {
        Role::Initiator if nat.is_there() || sa.connection.encapsulate => path.floated(),
        _ => path,
    }
}

/// The encapsulation mode of IPsec SAs under an ISAKMP SA (§5.1).
pub(crate) fn mode(sa: &IsakmpSa, transport: bool) -> EncapsulationMode {
    match sa.features.nat.filter(|_| in_udp(sa)) {
        Some(form) => form.mode(transport),
        None if transport => EncapsulationMode::TRANSPORT,
        None => EncapsulationMode::TUNNEL,
    }
}

/// Whether ESP goes in UDP.
pub(crate) fn in_udp(sa: &IsakmpSa) -> bool {
    sa.path.outer(sa.connection.encapsulate, None).encapsulation.is_some()
}

/// Port 0 of no address.
fn nowhere(end: SocketAddr) -> SocketAddr {
    match end {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0; 16], 0).into(),
    }
}

#[cfg(test)]
mod tests;
