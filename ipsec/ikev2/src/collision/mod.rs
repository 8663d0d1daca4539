//! What both ends do at once (RFC 7296 §2.8.1, §2.8.2, §2.25), as pure functions: they know four nonces and who did what,
//! and nothing of messages or time.

mod reply;
mod survivor;
mod wait;

pub(crate) use reply::{Asked, Doing, Reply, reply};
pub(crate) use survivor::{End, survivor};
pub(crate) use wait::wait;
