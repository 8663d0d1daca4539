//! What stands between the ends of a path: routers, address translators and packet filters, each one a [`crate::Node`].
//!
//! Every packet that ends in a middlebox ends with a typed note that says why.

mod flow;
mod outbox;
mod report;
pub mod router;

pub use flow::Flow;
pub use report::{ErrorRate, Report};
pub use router::Router;

#[cfg(test)]
mod testing;
