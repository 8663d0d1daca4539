//! What the ends agree on: algorithms of the ISAKMP SA (phase 1), of IPsec SAs (phase 2), and which packets these carry
//! (the identities of quick mode).

mod disagreement;
mod method;
mod numbers;
mod phase1;
mod phase2;
mod side;

pub use disagreement::Disagreement;
pub use method::Method;
pub use phase1::IkeSuite;
pub(crate) use phase1::{
    Chosen, Phase1Suite, accepted as ike_accepted, choose as ike_choose, offer as ike_offer,
};
pub(crate) use phase2::{Agreed, Spis, accepted, choose, offer, responder_lifetime};
pub use phase2::{ChildSuite, protection};
pub use side::Side;
