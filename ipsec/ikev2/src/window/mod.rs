//! Message IDs, retransmission and the request window (RFC 7296 §2.1–2.3), and nothing else: this folder alone counts
//! messages and decides what is sent again.
//!
//! ```text
//!   ours                       peer
//!   request 5   ------->                 waits in `Requests`, sent again until answered or given up
//!               <-------   response 5
//!               <-------   request 9
//!   response 9  ------->                 kept in `Responses`, sent again for each repeat of request 9
//! ```

mod requests;
mod responses;

pub use requests::Retransmission;
pub(crate) use requests::{Expiry, Requests};
pub(crate) use responses::{Incoming, Responses};
