//! Two endpoints and the wire between them: both modes of phase 1, quick mode, and what befalls their messages.

mod hostile;
mod ladders;
mod life;
mod losses;
mod refused;
mod storms;
mod suites;
mod world;
