//! Finding NAT (RFC 7296 §2.23): each message of `IKE_SA_INIT` says, by hashes, between which addresses and ports its sender
//! believes it to run. Where one does not fit the message as it came, somebody on the way has changed them.
//!
//! ```text
//! from port 500    SA KE Ni N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP)   ------->
//!                  <-------   SA KE Nr N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP)
//! from port 4500   SK {…}     if any hash did not fit                                     ------->
//! ```

use std::net::{IpAddr, SocketAddr};

use ipsec_crypto::HashAlgorithm;
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use crate::config::Connection;
use crate::message::notifies;
use crate::path::Nat;

/// The SPIs of a message's header, the initiator's first.
pub(crate) type Spis = (IkeSpi, IkeSpi);

/// Where a message comes from and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
}

/// The notifies of a message that we send, if the connection wants NAT found.
///
/// Where ESP is to go in UDP whether or not there is NAT, a source that cannot be makes the peer believe that we are behind
/// one.
pub(crate) fn detection(connection: &Connection, spis: Spis, course: Course) -> Vec<Payload> {
    if !connection.nat_traversal {
        return Vec::new();
    }
    let source = if connection.encapsulate { nowhere(course.source) } else { course.source };
    let notify = |kind, end| Payload::Notify(Notify::new(kind, hash(spis, end)));
    vec![
        notify(NotifyType::NAT_DETECTION_SOURCE_IP, source),
        notify(NotifyType::NAT_DETECTION_DESTINATION_IP, course.destination),
    ]
}

/// What the notifies of a message say that came on this course; nothing where its sender does not look for NAT.
pub(crate) fn found(payloads: &[Payload], spis: Spis, course: Course) -> Option<Nat> {
    let fits = |kind, end| {
        let mut hashes = notifies(payloads).filter(|notify| notify.kind == kind).peekable();
        hashes.peek()?;
        let expected = hash(spis, end);
        Some(hashes.any(|notify| notify.data == expected))
    };
    let source = fits(NotifyType::NAT_DETECTION_SOURCE_IP, course.source)?;
    let destination = fits(NotifyType::NAT_DETECTION_DESTINATION_IP, course.destination)?;
    Some(Nat { here: !destination, there: !source })
}

/// What is said of an end: SHA-1 over SPIs, address and port.
pub(crate) fn hash((spi_i, spi_r): Spis, end: SocketAddr) -> Vec<u8> {
    let address = match end.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let (spi_i, spi_r) = (spi_i.0.to_be_bytes(), spi_r.0.to_be_bytes());
    HashAlgorithm::Sha1.digest(&[&spi_i, &spi_r, &address, &end.port().to_be_bytes()])
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
