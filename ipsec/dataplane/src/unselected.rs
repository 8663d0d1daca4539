//! A packet that came out of an SA whose selectors it does not match (RFC 4301 §5.2 step 4): what an audit log holds of it,
//! and what its sender is told.

use std::fmt;

use ipsec_net::IpPacket;

use crate::{Flow, SaParameters, Selector};

/// Such a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unselected {
    /// What selectors see of it.
    pub flow: Flow,
    /// Those of the SA.
    pub selectors: Vec<Selector>,
    /// Its first octets, at most [`Unselected::SHOWN`].
    pub head: Vec<u8>,
}

impl Unselected {
    /// So many octets of the packet are shown to its sender, as many as an ICMP error has to show at least, with room for IPv6
    /// headers (RFC 7296 §3.10.1).
    pub const SHOWN: usize = 128;

    pub(crate) fn new(packet: &IpPacket, sa: &SaParameters) -> Self {
        let octets = packet.as_bytes();
        let head = octets[..octets.len().min(Self::SHOWN)].to_vec();
        Self { flow: Flow::inbound(packet), selectors: sa.selectors.clone(), head }
    }
}

/// `10.2.0.9 === 10.1.0.1 [17/53:4000], where the SA is for 10.2.0.0/29 === 10.1.0.0/16`.
impl fmt::Display for Unselected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flow { local, remote, protocol, ports } = self.flow;
        write!(f, "{local} === {remote} [{protocol}")?;
        if let Some((here, there)) = ports {
            write!(f, "/{here}:{there}")?;
        }
        f.write_str("], where the SA is for ")?;
        for (index, selector) in self.selectors.iter().enumerate() {
            let Selector { local, remote, protocol, local_ports, remote_ports } = selector;
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{local} === {remote}")?;
            if let Some(protocol) = protocol {
                write!(f, " [{protocol}/{}-{}", local_ports.start(), local_ports.end())?;
                write!(f, ":{}-{}]", remote_ports.start(), remote_ports.end())?;
            }
        }
        Ok(())
    }
}
