//! Runs scenarios: one case is a scenario with a seed, a suite is all cases of a file.

mod case;
mod fact;
mod held;
mod ladder;
mod ledger;
pub(crate) mod middlebox;
mod scene;
mod settled;
mod shard;
mod suite;
mod watch;

pub(crate) use case::replay_command;
pub use case::{CaseResult, Cast, Device, Options, run_case, run_live_case};
pub(crate) use held::as_newer;
pub(crate) use ladder::befell;
pub use ladder::{LadderLog, describe, describe_ikev1};
pub use scene::Scene;
pub use shard::Shard;
pub(crate) use suite::results_of;
pub use suite::{Plan, run_all};
pub use watch::{Both, Extra, Watch};
