//! plazo's pure core: what events and the passing of time mean for promises, what becomes of messages, what people read of it.
//!
//! It reads no clock and no file, knows no database and no network. The modules stand in reading order, and that order is a rule: nothing
//! imports from a line below its own (`tests/it/tidy.rs`).
#![warn(missing_docs, unreachable_pub)]

pub mod engine;
pub mod report;
pub mod outbox;
pub mod privacy;
pub mod text;
pub mod holidays;
pub mod span;
pub mod instant;
pub mod unit;
pub mod slots;
