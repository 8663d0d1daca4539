//! The names of the reasons for which peers drop packets.

use std::collections::BTreeSet;

use crate::diagnostic::suggestion;

/// All names, in order.
#[must_use]
pub fn drop_reasons() -> BTreeSet<&'static str> {
    let dataplane = ipsec::dataplane::DropReason::ALL.iter().map(|reason| reason.name());
    let ike =
        [ipsec::ikev1::DropReason::NAMES, ipsec::ikev2::DropReason::NAMES, ipsec::DropReason::OWN_NAMES];
    dataplane.chain(ike.into_iter().flatten().copied()).collect()
}

/// Reads a name.
pub(crate) fn drop_reason(text: &str) -> Result<String, String> {
    let known = drop_reasons();
    if known.contains(text) {
        return Ok(text.to_owned());
    }
    let hint = suggestion(text, known).unwrap_or_default();
    Err(format!("there is no drop reason `{text}`; {hint}"))
}
