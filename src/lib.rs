//! plazo: an SLA timer and alerting daemon for customer-service teams.
//!
//! What is decided is pure and lies in `plazo-core`; what is kept lies in `plazo-store`, the only one that speaks SQL. The modules below stand
//! in reading order after those, and that order is a rule: nothing imports from a line below its own (`tests/it/tidy.rs`).
//! `docs/ARCHITECTURE.md` tells the flow from an event to an alert.
#![warn(missing_docs, unreachable_pub)]

pub use plazo_core::{both, engine, holidays, instant, outbox, privacy, report, slots, span, text, unit};
pub use plazo_store as store;
pub use plazo_store::private;

pub mod secret;
pub mod written;
pub mod net;
pub mod intake;
pub mod notify;
pub mod writeback;
pub mod config;
pub mod desk;
pub mod import;
pub mod replay;
pub mod app;
pub mod http;
pub mod daemon;
pub mod cli;
