//! plazo: an SLA timer and alerting daemon for customer-service teams.
//!
//! The modules below stand in reading order, and that order is a rule: nothing imports from a line below its own
//! (`tests/it/tidy.rs`). `docs/ARCHITECTURE.md` tells the flow from an event to an alert.
#![warn(missing_docs)]

pub mod app;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod engine;
pub mod http;
pub mod intake;
pub mod notify;
pub mod secret;
pub mod span;
pub mod store;
pub mod text;
