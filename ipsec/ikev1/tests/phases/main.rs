//! Two endpoints and the wire between them: both modes of phase 1, quick mode, and what befalls their messages.

mod clients;
mod encryption;
mod fragments;
mod hostile;
mod hybrid;
mod ladders;
mod life;
mod losses;
mod nat;
mod pki;
mod refused;
mod signatures;
mod storms;
mod suites;
mod world;
