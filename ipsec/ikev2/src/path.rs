//! Where an IKE SA runs, and its Child SAs with it. There is no other record of addresses; Child SAs are told when these change.

pub use ipsec_dataplane::Nat;
pub(crate) use ipsec_dataplane::Path;
