//! Names that a story may use and that others give: reasons for which peers drop packets, and situations that they tell of.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::diagnostic::suggestion;

/// The reasons for which peers drop packets, in order.
#[must_use]
pub fn drop_reasons() -> &'static BTreeSet<&'static str> {
    static NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let dataplane = ipsec::dataplane::DropReason::ALL.iter().map(|reason| reason.name());
        let ike =
            [ipsec::ikev1::DropReason::NAMES, ipsec::ikev2::DropReason::NAMES, ipsec::DropReason::OWN_NAMES];
        dataplane.chain(ike.into_iter().flatten().copied()).collect()
    });
    &NAMES
}

/// The probes of both versions of IKE, in order.
#[must_use]
pub fn probes() -> &'static BTreeSet<&'static str> {
    static NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        [ipsec::ikev1::PROBES, ipsec::ikev2::PROBES].into_iter().flatten().copied().collect()
    });
    &NAMES
}

/// Reads the name of a drop reason.
pub(crate) fn drop_reason(text: &str) -> Result<String, String> {
    one_of(drop_reasons(), "drop reason", text)
}

/// Reads the name of a probe.
pub(crate) fn probe(text: &str) -> Result<String, String> {
    one_of(probes(), "probe", text)
}

fn one_of(known: &BTreeSet<&'static str>, kind: &str, text: &str) -> Result<String, String> {
    if known.contains(text) {
        return Ok(text.to_owned());
    }
    let hint = suggestion(text, known.iter().copied()).unwrap_or_default();
    Err(format!("there is no {kind} `{text}`; {hint}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What stands in quotes in the sources and begins like a probe, but for the lists themselves.
    fn named(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                named(&path, names);
            } else if path.file_name().is_some_and(|name| name != "probes.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let is_probe =
                    |text: &&str| ["ikev1.", "ikev2."].iter().any(|version| text.starts_with(version));
                let quoted = text.split('"').filter(|text| is_probe(text) && !text.contains(' '));
                names.extend(quoted.map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_lists_of_probes_name_what_the_sources_tell_each_once_and_in_order() {
        let mut names = BTreeSet::new();
        for package in ["ikev1", "ikev2", "peer"] {
            named(
                &Path::new(env!("CARGO_MANIFEST_DIR")).join("../ipsec").join(package).join("src"),
                &mut names,
            );
        }
        let listed: Vec<&str> = [ipsec::ikev1::PROBES, ipsec::ikev2::PROBES].concat();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), listed);
    }
}
