//! The situations that are told as [`Event::Probe`](crate::Event::Probe), so that a test can make sure that it has met one.

/// The names of all of them.
pub const PROBES: &[&str] = &[
    "ikev2.acquire",
    "ikev2.additional-ts.sent",
    "ikev2.address.refused",
    "ikev2.another-auth.begun",
    "ikev2.another-auth.follows",
    "ikev2.authentication.repeated",
    "ikev2.child-delete.collision",
    "ikev2.child-not-found.received",
    "ikev2.child-not-found.sent",
    "ikev2.child-rekey.collision",
    "ikev2.child.restarted",
    "ikev2.child.stillborn",
    "ikev2.childless.required",
    "ikev2.configuration.refused",
    "ikev2.cookie.demanded",
    "ikev2.eap.failure",
    "ikev2.eap.success",
    "ikev2.failover.answered",
    "ikev2.failover.asked",
    "ikev2.failover.asked-again",
    "ikev2.failover.refused",
    "ikev2.failover.skipped",
    "ikev2.failover.synchronised",
    "ikev2.followup.through",
    "ikev2.ike-delete.collision",
    "ikev2.ike-delete.forgets",
    "ikev2.ike-rekey.collision",
    "ikev2.ike.reborn",
    "ikev2.ike.restarted",
    "ikev2.ike.resumed",
    "ikev2.intermediate.answered",
    "ikev2.invalid-ike-spi.received",
    "ikev2.invalid-ike-spi.sent",
    "ikev2.invalid-ke.child",
    "ikev2.invalid-ke.ike-rekey",
    "ikev2.invalid-ke.sent",
    "ikev2.invalid-message-id.received",
    "ikev2.invalid-message-id.sent",
    "ikev2.invalid-selectors.received",
    "ikev2.invalid-selectors.sent",
    "ikev2.invalid-selectors.unknown",
    "ikev2.invalid-spi.received",
    "ikev2.invalid-spi.sent",
    "ikev2.liveness.answered",
    "ikev2.liveness.asked",
    "ikev2.message.in-pieces",
    "ikev2.mobike.another-first-way",
    "ikev2.mobike.another-way",
    "ikev2.mobike.asked",
    "ikev2.mobike.asked-elsewhere",
    "ikev2.mobike.listed",
    "ikev2.mobike.mapping-changed",
    "ikev2.mobike.nat-forbidden",
    "ikev2.mobike.older",
    "ikev2.mobike.outdated",
    "ikev2.mobike.refused",
    "ikev2.mobike.routable",
    "ikev2.mobike.told",
    "ikev2.mobike.unacceptable",
    "ikev2.mobike.unexpected-nat",
    "ikev2.mobike.updated",
    "ikev2.mobike.way-found",
    "ikev2.mobike.wrong-cookie",
    "ikev2.ppk.intermediate",
    "ikev2.ppk.mixed",
    "ikev2.ppk.unknown",
    "ikev2.puzzle.demanded",
    "ikev2.puzzle.solved",
    "ikev2.puzzle.unsolved",
    "ikev2.redirect.acknowledged",
    "ikev2.redirect.followed",
    "ikev2.redirect.ignored",
    "ikev2.redirect.not-supported",
    "ikev2.redirect.sent",
    "ikev2.request.cut-smaller",
    "ikev2.request.given-up",
    "ikev2.request.out-of-order",
    "ikev2.request.repeated",
    "ikev2.resume.refused",
    "ikev2.single-pair.retried",
    "ikev2.state-not-found.sent",
    "ikev2.temporary-failure.received",
    "ikev2.temporary-failure.sent",
    "ikev2.ticket.expired",
    "ikev2.ticket.forged",
    "ikev2.ticket.granted",
    "ikev2.ticket.not-supported",
    "ikev2.ticket.put-off",
    "ikev2.ticket.refused",
    "ikev2.ticket.spent",
    "ikev2.token.believed",
    "ikev2.token.told",
    "ikev2.window.told",
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
                let quoted = text.split('"').filter(|text| text.starts_with("ikev2.") && !text.contains(' '));
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
