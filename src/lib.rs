//! plazo: an SLA timer and alerting daemon for customer-service teams.
//!
//! The modules below stand in reading order, and that order is a rule: nothing imports from a line below its own
//! (`tests/it/tidy.rs`). `docs/ARCHITECTURE.md` tells the flow from an event to an alert.
#![warn(missing_docs)]

pub mod engine;
pub mod report;
pub mod outbox;
pub mod text;
pub mod holidays;
pub mod span;
pub mod instant;
pub mod secret;
pub mod written;
pub mod net;
mod private;
pub mod intake;
pub mod notify;
pub mod config;
pub mod desk;
pub mod store;
pub mod replay;
pub mod app;
pub mod http;
pub mod daemon;
pub mod cli;
