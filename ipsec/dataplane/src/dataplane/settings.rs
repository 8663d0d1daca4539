//! What a host lets its data plane do.

/// What holds for all SAs of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// The MTU of the outer link in octets.
    pub link_mtu: usize,
    /// Whether routers outside are believed that a packet was too big for their link. Nothing proves what they say
    /// (RFC 4301 §6.1.1).
    pub path_mtu_discovery: bool,
    /// Whether an ICMP error belongs to the SA of the packet that it is about, whoever sends it (RFC 4301 §6.2).
    pub icmp_errors: bool,
    /// Whether an ICMP error is refused that comes on an SA for ICMP and is about a packet that this SA could not have carried:
    /// its sender may be anybody whom the SA is for, and speak of anybody's packets (RFC 4301 §6.2).
    pub check_quoted_packets: bool,
    /// Whether later fragments belong to the SA of the first one, which shows the ports (RFC 4301 §7.3).
    pub stateful_fragments: bool,
}

impl Default for Settings {
    /// 1500 octets, and all of it done.
    fn default() -> Self {
        Self {
            link_mtu: 1500,
            path_mtu_discovery: true,
            icmp_errors: true,
            check_quoted_packets: true,
            stateful_fragments: true,
        }
    }
}
