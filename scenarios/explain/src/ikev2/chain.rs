//! What only the octets of a chain of payloads show (RFC 7296 §3.2 to §3.15): bits and fields that have to be zero, and what
//! stands behind an Encrypted payload. Parsing passes all of it over, as receivers must.

use ipsec_wire::registry::PayloadType;

use crate::rules::Rule;

/// A rule that a chain breaks, and how.
pub(crate) type Breach = (Rule, String);

/// Checks a chain that begins with a payload of this type, as far as its lengths allow.
pub(crate) fn check(first: PayloadType, octets: &[u8]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let (mut kind, mut rest, mut is_behind_sk) = (first, octets, false);
    while kind != PayloadType::NONE {
        let Some(([next, bits, high, low], behind)) = rest.split_first_chunk::<4>().map(|(h, b)| (*h, b))
        else {
            break;
        };
        if is_behind_sk {
            breaches.push((Rule::AFTER_SK, format!("a {kind} payload stands behind SK")));
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((body, behind)) = length.checked_sub(4).and_then(|length| behind.split_at_checked(length))
        else {
            break;
        };
        if bits & 0x7f != 0 {
            breaches.push((Rule::RESERVED, format!("reserved bits of {kind} are {:#04x}", bits & 0x7f)));
        }
        if bits & 0x80 != 0 && DEFINED.contains(&kind.0) {
            breaches.push((Rule::CRITICAL, format!("{kind} is marked critical")));
        }
        breaches.extend(body_check(kind, body).map(|what| (Rule::RESERVED, what)));
        is_behind_sk = matches!(kind, PayloadType::SK | PayloadType::SKF);
        if is_behind_sk {
            // Its next payload is the first one inside (§3.14).
            if !behind.is_empty() {
                breaches.push((Rule::AFTER_SK, format!("{} octets stand behind {kind}", behind.len())));
            }
            break;
        }
        (kind, rest) = (PayloadType(next), behind);
    }
    breaches
}

/// A reserved field of a payload that is not zero.
fn body_check(kind: PayloadType, body: &[u8]) -> Option<String> {
    let reserved = match kind {
        PayloadType::KE => 2..4,
        PayloadType::ID_I
        | PayloadType::ID_R
        | PayloadType::AUTH
        | PayloadType::TS_I
        | PayloadType::TS_R
        | PayloadType::CP => 1..4,
        PayloadType::SA => return association(body),
        _ => return None,
    };
    let is_set = body.get(reserved)?.iter().any(|octet| *octet != 0);
    is_set.then(|| format!("the reserved octets of {kind} are not zero"))
}

/// The reserved octets of proposals and transforms (§3.3.1, §3.3.2).
fn association(body: &[u8]) -> Option<String> {
    let mut rest = body;
    while let [_, reserved, high, low, _, _, spi_len, _, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let proposal = rest.get(..length)?;
        if reserved != 0 {
            return Some("a reserved octet of a proposal is not zero".to_owned());
        }
        let mut transforms = proposal.get(8 + usize::from(spi_len)..)?;
        while let [_, first, high, low, _, second, ..] = *transforms {
            if first != 0 || second != 0 {
                return Some("a reserved octet of a transform is not zero".to_owned());
            }
            transforms = transforms.get(usize::from(u16::from_be_bytes([high, low])).max(8)..)?;
        }
        rest = rest.get(length.max(8)..)?;
    }
    None
}

/// The payload types that RFC 7296 defines.
const DEFINED: std::ops::RangeInclusive<u8> = 33..=48;

#[cfg(test)]
mod tests {
    use ipsec_wire::registry::{Encryption, ProtocolId, TransformType};
    use ipsec_wire::v2::{
        KeyExchange, Payload, Proposal, SecurityAssociation, TrafficSelector, Transform, emit_chain,
    };

    use super::*;

    fn chain() -> (PayloadType, Vec<u8>) {
        let transforms = vec![
            Transform::new(TransformType::ENCR, Encryption::AES_CBC.0, Some(128)),
            Transform::new(TransformType::PRF, 5, None),
        ];
        let proposal = Proposal { number: 1, protocol: ProtocolId::IKE, spi: vec![7; 8], transforms };
        let selector = TrafficSelector::any([10, 0, 0, 0].into(), [10, 0, 0, 255].into());
        let payloads = [
            Payload::Sa(SecurityAssociation { proposals: vec![proposal.clone(), proposal] }),
            Payload::Ke(KeyExchange::new(31, vec![1; 32])),
            Payload::TsI(vec![selector]),
            Payload::Nonce(vec![1; 16]),
        ];
        let mut octets = Vec::new();
        (emit_chain(&payloads, PayloadType::NONE, &mut octets), octets)
    }

    #[test]
    fn what_we_write_breaks_nothing_and_each_reserved_octet_set_is_found() {
        let (first, octets) = chain();
        assert_eq!(check(first, &octets), []);
        // Generic headers, then the fields of SA, KE and TS.
        let sa_end = usize::from(u16::from_be_bytes([octets[2], octets[3]]));
        let ke_end = sa_end + 40;
        let reserved = [1, 5, 21, 25, 33, 37, sa_end + 1, sa_end + 6, ke_end + 1, ke_end + 5];
        for at in reserved {
            let mut octets = octets.clone();
            octets[at] |= 1;
            let found = check(first, &octets);
            assert!(found.iter().any(|(rule, _)| *rule == Rule::RESERVED), "octet {at}: {found:?}");
        }
        let mut critical = octets;
        critical[1] = 0x80;
        assert_eq!(check(first, &critical)[0].0, Rule::CRITICAL);
    }

    #[test]
    fn octets_behind_an_encrypted_payload_are_found() {
        let sealed = [&[33, 0, 0, 20][..], &[9; 16]].concat();
        assert_eq!(check(PayloadType::SK, &sealed), []);
        let more = [&sealed[..], &[0, 0, 0, 8, 1, 2, 3, 4]].concat();
        assert_eq!(check(PayloadType::SK, &more)[0].0, Rule::AFTER_SK);
    }
}
