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
//!
//! Messages that come in pieces (RFC 7383) wait in `Fragments` until they are whole.

mod fragments;
mod requests;
mod responses;

pub(crate) use fragments::{Added, Fragments};
pub(crate) use requests::{Expiry, Requests};
pub(crate) use responses::{Incoming, Responses};
