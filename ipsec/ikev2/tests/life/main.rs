//! How IKE SAs begin and end between endpoints: without children, anew after a loss, one for each peer or several.

#![allow(clippy::unwrap_used, reason = "a test stops at an error")]

mod beginnings;
mod endings;
mod lab;
mod redirects;
mod resumption;
mod table;
mod terms;
mod uniqueness;
