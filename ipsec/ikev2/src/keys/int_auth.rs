//! What `IKE_AUTH` proves of the `IKE_INTERMEDIATE` exchanges before it (RFC 9242 §3.3.2):
//!
//! ```text
//! IntAuth_i1 = prf(SK_pi1,              IntAuth_i1A | IntAuth_i1P)
//! IntAuth_in = prf(SK_pin, IntAuth_in-1 | IntAuth_inA | IntAuth_inP)     and so for the responder, with SK_pr
//! IntAuth    = IntAuth_iN | IntAuth_rN | message ID of IKE_AUTH
//! ```

use ipsec_crypto::{PrfAlgorithm, Provider, Secret};
use ipsec_wire::Header;
use ipsec_wire::registry::PayloadType;

/// `IntAuth_in` or `IntAuth_rn` of the message with this content, behind those of the messages `before` it; nothing before
/// the first. `sk_p` is `SK_pi` for requests and `SK_pr` for responses, of the keys that protected the message.
#[must_use]
pub fn int_auth(
    provider: &Provider,
    prf: PrfAlgorithm,
    sk_p: &Secret,
    before: &[u8],
    content: &[u8],
) -> Vec<u8> {
    (provider.prf)(prf, sk_p.as_bytes()).compute(&[before, content]).as_bytes().to_vec()
}

/// The content of a message, A and P one after the other: its header and that of its SK payload, with lengths that count
/// neither IV nor padding nor ICV, and the payloads inside SK. `first` is the type of the first of them; `reserved` the
/// second octet of the SK payload.
#[must_use]
pub fn int_auth_content(header: &Header, first: PayloadType, reserved: u8, inner: &[u8]) -> Vec<u8> {
    let length = u32::try_from(Header::LEN + GENERIC_HEADER_LEN + inner.len()).unwrap_or(u32::MAX);
    let header = Header { next_payload: PayloadType::SK, length, ..*header };
    let sk_len = u16::try_from(GENERIC_HEADER_LEN + inner.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut content = header.emit().to_vec();
    content.extend([first.0, reserved, sk_len[0], sk_len[1]]);
    content.extend_from_slice(inner);
    content
}

/// Next payload, critical bit and reserved bits, length (RFC 7296 §3.2).
const GENERIC_HEADER_LEN: usize = 4;
