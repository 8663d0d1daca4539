//! Packets by what stands behind their IP header, as children and facts name them: `udp/53`, `tcp/1024-65535:80`, `icmp/8.0`.

use std::ops::RangeInclusive;

use ipsec::dataplane::Selector;
use ipsec::ikev2::Service;
use ipsec_net::protocol;

/// The protocols that have a name.
const PROTOCOLS: [(&str, u8); 6] = [
    ("icmp", protocol::ICMP),
    ("tcp", protocol::TCP),
    ("udp", protocol::UDP),
    ("esp", protocol::ESP),
    ("ah", protocol::AH),
    ("icmpv6", protocol::ICMPV6),
];

/// The protocol with this name or number.
///
/// # Errors
/// When there is none.
pub(crate) fn protocol(text: &str) -> Result<u8, String> {
    let named = PROTOCOLS.iter().find(|(name, _)| *name == text).map(|(_, number)| *number);
    named.or_else(|| text.parse().ok()).ok_or_else(|| {
        let known: Vec<&str> = PROTOCOLS.iter().map(|(name, _)| *name).collect();
        format!("\"{text}\" is no protocol: write {} or a number up to 255", known.join(", "))
    })
}

/// A protocol and, behind `/`, ports at both sides, or at the near side, `:` and at the far side; `*` for all. Of ICMP the
/// type, or type, `.` and code.
///
/// # Errors
/// When the text is none; the message shows what one looks like.
pub(crate) fn service(text: &str) -> Result<Service, String> {
    let (name, behind) = text.split_once('/').map_or((text, None), |(name, behind)| (name, Some(behind)));
    let protocol = protocol(name)?;
    let all = Service::of(Some(protocol));
    let Some(behind) = behind else { return Ok(all) };
    let wrong = || {
        format!(
            "\"{text}\" is no service: write one such as \"udp/53\", \"tcp/*:80-90\", \"icmp/8\" or \"icmp/8.0\""
        )
    };
    if [protocol::ICMP, protocol::ICMPV6].contains(&protocol) {
        let messages = messages(behind).ok_or_else(wrong)?;
        return Ok(Service { local_ports: messages.clone(), remote_ports: messages, ..all });
    }
    let (near, far) = behind.split_once(':').unwrap_or((behind, behind));
    let (local_ports, remote_ports) = (ports(near).ok_or_else(wrong)?, ports(far).ok_or_else(wrong)?);
    Ok(Service { local_ports, remote_ports, ..all })
}

/// `*`, `53` or `80-90`.
fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    if text == "*" {
        return Some(Selector::ANY);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some(first..=last)
}

/// `8` or `8.0`, as ports (RFC 7296 §3.13.1).
fn messages(text: &str) -> Option<RangeInclusive<u16>> {
    let (kind, code) = text.split_once('.').map_or((text, None), |(kind, code)| (kind, Some(code)));
    let first = u16::from(kind.parse::<u8>().ok()?) << 8;
    match code {
        None => Some(first..=first | 0xff),
        Some(code) => {
            let code = first | u16::from(code.parse::<u8>().ok()?);
            Some(code..=code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read_with_ports_of_either_side_and_messages_of_icmp() {
        let read = |text: &str| {
            service(text).map(|s| (s.protocol.unwrap_or(0), s.local_ports, s.remote_ports)).unwrap()
        };
        assert_eq!(read("udp/53"), (17, 53..=53, 53..=53));
        assert_eq!(read("tcp/*:80-90"), (6, 0..=65535, 80..=90));
        assert_eq!(read("47"), (47, 0..=65535, 0..=65535));
        assert_eq!(read("icmp/8"), (1, 0x800..=0x8ff, 0x800..=0x8ff));
        assert_eq!(read("icmpv6/128.0"), (58, 0x8000..=0x8000, 0x8000..=0x8000));
    }

    #[test]
    fn what_is_no_service_is_told() {
        for text in ["udp/", "udp/90-80", "udp/65536", "udp/1:2:3", "icmp/256", "icmp/8.x", "ip/4", ""] {
            assert!(service(text).is_err(), "{text}");
        }
    }
}
