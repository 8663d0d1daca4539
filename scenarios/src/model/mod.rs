//! What must come of a scenario, reckoned without the code that plays it: the measure that property tests hold the protocols to.

pub mod agreement;
pub mod ikev1;
