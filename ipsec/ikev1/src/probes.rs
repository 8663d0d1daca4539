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
