//! Scenario files, the worlds they describe and the verdicts on them.

pub mod account;
pub mod build;
pub mod capture;
pub mod cli;
pub mod diagnostic;
pub mod explore;
pub mod file;
pub mod interop;
pub mod minimise;
pub mod model;
pub mod node;
pub mod oracle;
pub mod quantity;
pub mod reached;
pub mod run;
mod service;
pub mod story;
