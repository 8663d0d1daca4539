//! Agreement on suites and traffic selectors (RFC 7296 §2.7, §2.9), as pure functions over two offers.

mod advice;
mod disagreement;
mod numbers;
mod proposal;
mod select;
mod selectors;
mod suite;

pub use disagreement::Disagreement;
pub use proposal::{AdditionalKeyExchanges, ChildProposal, IkeProposal};
pub use suite::{ChildSuite, IkeSuite};

pub(crate) use numbers::{key_exchange, key_exchange_id, prf, prf_id};
pub(crate) use proposal::{child_offer, ike_offer};
pub(crate) use select::{check_choice, offers_group, offers_prf, select};
pub(crate) use selectors::{
    common_label, is_single_pair, local_side, narrow, of_flow, pairs, ranges, remote_side, show, subset,
};

#[cfg(test)]
mod tests;
