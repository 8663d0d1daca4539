//! What stands between the ends of a path: routers, address translators and packet filters, each one a
//! [`crate::Node`].
//!
//! Every packet that ends in a middlebox ends with a typed note that says why.

pub mod firewall;
mod flow;
mod fragments;
pub mod nat;
mod outbox;
mod report;
pub mod router;
mod side;

pub use firewall::Firewall;
pub use flow::Flow;
pub use fragments::FragmentLimits;
pub use nat::Nat;
pub use report::{ErrorRate, Report};
pub use router::Router;
pub use side::Side;

#[cfg(test)]
mod testing;
