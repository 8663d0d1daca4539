//! What a frame carries, by the link type of its interface: IP behind Ethernet with or without tags, in Linux's cooked
//! captures, behind the family of a loopback interface, or bare.

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried<'a> {
    /// An IP packet, perhaps with padding behind it.
    Ip(&'a [u8]),
    /// Something else.
    Other,
    /// Less than its headers.
    Short,
    /// A link type that is not read here.
    Link(u32),
}

/// What a frame of this link type carries.
pub(crate) fn carried(link: u32, octets: &[u8]) -> Carried<'_> {
    match link {
        RAW | RAW_BSD | RAW_OPENBSD | IPV4 | IPV6 => Carried::Ip(octets),
        ETHERNET => typed(octets, 12, 14),
        LINUX_SLL => typed(octets, 14, 16),
        LINUX_SLL2 => typed(octets, 0, 20),
        NULL | LOOP => family(octets),
        _ => Carried::Link(link),
    }
}

/// Behind a header that names its content at `at` and ends at `end`.
fn typed(octets: &[u8], at: usize, end: usize) -> Carried<'_> {
    match (number(octets, at), octets.get(end..)) {
        (Some(kind), Some(rest)) => behind(kind, rest),
        _ => Carried::Short,
    }
}

/// What stands behind an EtherType, tags of VLANs (IEEE 802.1Q) and PPPoE (RFC 2516) passed over.
fn behind(mut kind: u16, mut rest: &[u8]) -> Carried<'_> {
    loop {
        let (next, length) = match kind {
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => return Carried::Ip(rest),
            0x8100 | 0x88a8 | 0x9100 => (number(rest, 2), 4),
            0x8864 => (number(rest, 6).map(of_ppp), 8),
            _ => return Carried::Other,
        };
        let (Some(next), Some(behind)) = (next, rest.get(length..)) else { return Carried::Short };
        (kind, rest) = (next, behind);
    }
}

/// The EtherType of what PPP calls otherwise.
fn of_ppp(protocol: u16) -> u16 {
    match protocol {
        0x0021 => ETHERTYPE_IPV4,
        0x0057 => ETHERTYPE_IPV6,
        _ => 0,
    }
}

/// Behind an address family of four octets, in the order of the machine that captured, and with its numbers.
fn family(octets: &[u8]) -> Carried<'_> {
    let Some((family, rest)) = octets.split_at_checked(4) else { return Carried::Short };
    match *family {
        [2, 0, 0, 0] | [0, 0, 0, 2] | [10 | 24 | 28 | 30, 0, 0, 0] | [0, 0, 0, 10 | 24 | 28 | 30] => {
            Carried::Ip(rest)
        }
        _ => Carried::Other,
    }
}

fn number(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..at + 2).map(|octets| u16::from_be_bytes([octets[0], octets[1]]))
}

const NULL: u32 = 0;
const ETHERNET: u32 = 1;
const RAW_BSD: u32 = 12;
const RAW_OPENBSD: u32 = 14;
const RAW: u32 = 101;
const LOOP: u32 = 108;
const LINUX_SLL: u32 = 113;
const IPV4: u32 = 228;
const IPV6: u32 = 229;
const LINUX_SLL2: u32 = 276;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ip_is_found_behind_every_kind_of_link() {
        let ip = [0x45, 1, 2, 3];
        let cases: [(u32, &[u8]); 11] = [
            (ETHERNET, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 8, 0]),
            (ETHERNET, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0x81, 0, 0, 7, 0x86, 0xdd]),
            (ETHERNET, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 8, 0]),
            (ETHERNET, &[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0x88, 0x64, 0x11, 0, 0, 1, 0, 6, 0, 0x21]),
            (LINUX_SLL, &[0, 0, 0, 1, 0, 6, 0, 1, 2, 3, 4, 5, 0, 0, 8, 0]),
            (LINUX_SLL2, &[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 0, 1, 2, 3, 4, 5, 0, 0]),
            (NULL, &[2, 0, 0, 0]),
            (NULL, &[0, 0, 0, 30]),
            (LOOP, &[0, 0, 0, 24]),
            (RAW, &[]),
            (IPV6, &[]),
        ];
        for (link, head) in cases {
            let frame = [head, &ip].concat();
            assert_eq!(carried(link, &frame), Carried::Ip(&ip), "link {link}");
            for length in 0..head.len() {
                assert_eq!(carried(link, &frame[..length]), Carried::Short, "link {link}, {length} octets");
            }
        }
        assert_eq!(carried(ETHERNET, &[0; 14]), Carried::Other);
        assert_eq!(carried(147, &ip), Carried::Link(147));
    }
}
