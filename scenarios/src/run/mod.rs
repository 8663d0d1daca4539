//! Runs scenarios: one case is a scenario with a seed, a suite is all cases of a file.

mod case;
mod fact;
mod held;
mod ladder;
mod ledger;
mod scene;
mod settled;
mod suite;
mod watch;

pub use case::{CaseResult, Options, run_case};
pub(crate) use held::as_newer;
pub use ladder::{LadderLog, describe, describe_ikev1};
pub use scene::Scene;
pub use suite::{Plan, run_all};
pub use watch::{Extra, Watch};
