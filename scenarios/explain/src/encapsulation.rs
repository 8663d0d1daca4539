//! Which octets in UDP are IKE, which are ESP, and which keep a NAT open (RFC 3948 §2, RFC 7296 §2.23).
//!
//! ```text
//! UDP 500     IKE
//! UDP 4500    0 0 0 0 | IKE        ESP, whose SPI is not zero        0xff alone
//! other       what looks like IKE; ESP between ports where IKE with its marker went before
//! ```

use std::collections::BTreeSet;

use ipsec_wire::{Header, IKE_PORT, NAT_PORT};

use crate::transport::Course;

/// What a datagram carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside<'a> {
    /// An IKE message.
    Ike(&'a [u8]),
    /// An ESP packet.
    Esp(&'a [u8]),
    /// One octet that keeps the mapping of a NAT alive.
    Keepalive,
    /// Nothing of ours.
    Foreign,
}

/// Knows between which ports IKE and ESP go.
#[derive(Default)]
pub(crate) struct Encapsulation {
    /// Pairs of unusual ports between which ESP may go.
    pairs: BTreeSet<(u16, u16)>,
}

impl Encapsulation {
    /// What the payload of a datagram is.
    pub(crate) fn inside<'a>(&mut self, course: Course, payload: &'a [u8]) -> Inside<'a> {
        let ports = [course.from.port(), course.to.port()];
        if ports.contains(&NAT_PORT) {
            return marked(payload);
        }
        if ports.contains(&IKE_PORT) {
            return if payload == [KEEPALIVE] { Inside::Keepalive } else { Inside::Ike(payload) };
        }
        let pair = (ports[0].min(ports[1]), ports[0].max(ports[1]));
        if self.pairs.contains(&pair) {
            return marked(payload);
        }
        match payload.strip_prefix(&MARKER) {
            Some(message) if looks_like_ike(message) => {
                if self.pairs.len() < MOST_PAIRS {
                    self.pairs.insert(pair);
                }
                Inside::Ike(message)
            }
            _ if looks_like_ike(payload) => Inside::Ike(payload),
            _ => Inside::Foreign,
        }
    }
}

/// What octets are of which four zeros mark IKE, as in UDP on port 4500 and in TCP.
pub(crate) fn marked(payload: &[u8]) -> Inside<'_> {
    match payload.strip_prefix(&MARKER) {
        Some(message) => Inside::Ike(message),
        None if payload == [KEEPALIVE] => Inside::Keepalive,
        None => Inside::Esp(payload),
    }
}

/// Whether octets on any port are an IKE message: a version that there is, an SPI, an exchange of that version, and the
/// length that the header tells.
fn looks_like_ike(octets: &[u8]) -> bool {
    let Ok(header) = Header::parse(octets) else { return false };
    let is_exchange = match header.version.major {
        1 => matches!(header.exchange.0, 1..=6 | 32..=33),
        2 => matches!(header.exchange.0, 34..=44),
        _ => false,
    };
    is_exchange
        && header.version.minor == 0
        && header.spi_i.0 != 0
        && usize::try_from(header.length) == Ok(octets.len())
}

/// What stands before IKE where ESP may stand too.
const MARKER: [u8; 4] = [0; 4];
const KEEPALIVE: u8 = 0xff;
/// So many pairs of unusual ports are remembered.
const MOST_PAIRS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn course(ports: (u16, u16)) -> Course {
        Course { from: ([192, 0, 2, 1], ports.0).into(), to: ([198, 51, 100, 1], ports.1).into() }
    }

    fn message() -> Vec<u8> {
        let mut octets = [[1; 8], [0; 8]].concat();
        octets.extend([0, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 0, 28]);
        octets
    }

    #[test]
    fn ports_and_the_marker_tell_ike_from_esp() {
        let mut encapsulation = Encapsulation::default();
        let marked = [&[0; 4][..], &message()].concat();
        let mut inside = |ports, octets: &[u8]| match encapsulation.inside(course(ports), octets) {
            Inside::Ike(octets) => format!("IKE {}", octets.len()),
            other => format!("{other:?}").split('(').next().unwrap().to_owned(),
        };
        assert_eq!(inside((500, 500), &message()), "IKE 28");
        assert_eq!(inside((500, 500), &[1, 2]), "IKE 2");
        assert_eq!(inside((1024, 4500), &marked), "IKE 28");
        assert_eq!(inside((4500, 1024), &message()), "Esp");
        assert_eq!(inside((4500, 1024), &[0xff]), "Keepalive");
        assert_eq!(inside((7000, 7001), &[9; 40]), "Foreign");
        assert_eq!(inside((7000, 7001), &message()), "IKE 28", "by its looks");
        assert_eq!(inside((7000, 7001), &marked), "IKE 28");
        assert_eq!(inside((7001, 7000), &[9; 40]), "Esp", "where IKE with its marker went");
        assert_eq!(inside((7000, 7002), &[9; 40]), "Foreign");
        assert_eq!(inside((7000, 7002), &message()[..27]), "Foreign");
    }
}
