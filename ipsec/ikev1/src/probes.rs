//! The situations that are told as [`Event::Probe`](crate::Event::Probe), so that a test can make sure that it has met one.

/// The names of all of them.
pub const PROBES: &[&str] = &[
    "ikev1.delete.repeated",
    "ikev1.fragments.sent",
    "ikev1.fragments.whole",
    "ikev1.introduction.doubted",
    "ikev1.liveness.answered",
    "ikev1.new-group.refused",
    "ikev1.notify.unused",
    "ikev1.phase1.repeated-for-phase2",
    "ikev1.pool.exhausted",
    "ikev1.quick.nothing",
    "ikev1.repeat.answered",
    "ikev1.transaction.other-identifier",
    "ikev1.xauth.wrong",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// What stands in quotes and begins like a probe.
    fn named(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                named(&path, names);
            } else if path.file_name().is_some_and(|name| name != "probes.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let quoted = text.split('"').filter(|text| text.starts_with("ikev1.") && !text.contains(' '));
                names.extend(quoted.map(str::to_owned));
            }
        }
    }

    #[test]
    fn the_list_names_what_the_sources_tell() {
        let mut names = BTreeSet::new();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        named(&here.join("src"), &mut names);
        named(&here.join("../peer/src"), &mut names);
        assert_eq!(names.into_iter().collect::<Vec<_>>(), PROBES);
    }
}
