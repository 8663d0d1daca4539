//! Whether ends prove themselves with a shared key that is known (RFC 7296 §2.15).
//!
//! ```text
//! AUTH = prf(prf(shared key, "Key Pad for IKEv2"), own first message | nonce of the other | prf(SK_p, own ID))
//! ```

use ipsec_crypto::{Provider, Secret};
use ipsec_wire::registry::AuthMethod;
use ipsec_wire::v2::Payload;

use super::{Incoming, Sa, keyed};
use crate::keys::Keys;
use crate::teller::Teller;

/// Tells with which of the shared keys that are known, if with any, a message of `IKE_AUTH` proves who sent it. After
/// `IKE_INTERMEDIATE` or with a post-quantum key there is more in it, and with EAP it is made of another key.
pub(super) fn check(
    sa: &Sa,
    incoming: &Incoming<'_>,
    payloads: &[Payload],
    (keys, teller): (&Keys, &mut Teller<'_>),
) {
    let sender = incoming.sender();
    let proof = payloads.iter().find_map(|payload| match payload {
        Payload::Auth(auth) if auth.method == AuthMethod::SHARED_KEY => Some(&auth.data),
        _ => None,
    });
    // With EAP the last proof stands alone, and is made of EAP's key.
    let id = payloads.iter().find_map(|payload| match payload {
        Payload::IdI(id) if sender == 0 => Some(id),
        Payload::IdR(id) if sender == 1 => Some(id),
        _ => None,
    });
    let (Some(proof), Some(id), Some(roots)) = (proof, id, keyed::roots(sa)) else { return };
    let message = &sa.beginning.messages[sender];
    if keys.shared().is_empty() || message.is_empty() || sa.is_intermediate || sa.beginning.has_ppk {
        return;
    }
    let prf = |key: &Secret| (Provider::best().prf)(roots.prf, key.as_bytes());
    let id = prf(&roots.p[sender]).compute(&[&[id.kind().0, 0, 0, 0], id.data()]);
    let is_made_of = |shared: &Secret| {
        let padded = prf(shared).compute(&[b"Key Pad for IKEv2"]);
        let made = prf(&padded).compute(&[message, &sa.beginning.nonces[1 - sender], id.as_bytes()]);
        made.as_bytes() == proof.as_slice()
    };
    let text = match keys.shared().iter().position(is_made_of) {
        Some(at) => format!("proves itself with shared key {} of those that are known", at + 1),
        None => "proves itself with no shared key that is known".to_owned(),
    };
    teller.note(incoming.course.from.ip(), text);
}
