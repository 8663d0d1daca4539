//! Names that a story may use and that others give: reasons for which peers drop packets, and situations that they tell of.

use std::collections::BTreeSet;

use crate::diagnostic::suggestion;

/// The reasons for which peers drop packets, in order.
#[must_use]
pub fn drop_reasons() -> BTreeSet<&'static str> {
    let dataplane = ipsec::dataplane::DropReason::ALL.iter().map(|reason| reason.name());
    let ike =
        [ipsec::ikev1::DropReason::NAMES, ipsec::ikev2::DropReason::NAMES, ipsec::DropReason::OWN_NAMES];
    dataplane.chain(ike.into_iter().flatten().copied()).collect()
}

/// The probes of both versions of IKE, in order.
#[must_use]
pub fn probes() -> BTreeSet<&'static str> {
    [ipsec::ikev1::PROBES, ipsec::ikev2::PROBES].into_iter().flatten().copied().collect()
}

/// Reads the name of a drop reason.
pub(crate) fn drop_reason(text: &str) -> Result<String, String> {
    one_of(&drop_reasons(), "drop reason", text)
}

/// Reads the name of a probe.
pub(crate) fn probe(text: &str) -> Result<String, String> {
    one_of(&probes(), "probe", text)
}

fn one_of(known: &BTreeSet<&'static str>, kind: &str, text: &str) -> Result<String, String> {
    if known.contains(text) {
        return Ok(text.to_owned());
    }
    let hint = suggestion(text, known.iter().copied()).unwrap_or_default();
    Err(format!("there is no {kind} `{text}`; {hint}"))
}
