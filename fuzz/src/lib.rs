//! What must hold of whatever strangers send: a module for each parser that they reach, with one function that takes any bytes and
//! panics if something does not hold.
//!
//! The fuzz targets call them, and so does an ordinary test with every sample that there is (`tests/it/fuzzed.rs`), which reads this
//! very file. What every one of them holds: the parser returns, twice alike, and what it makes is bounded.

pub mod event;
pub mod hook;
pub mod ics;
pub mod link;
pub mod mail;
pub mod reply;
pub mod signature;
pub mod sla;
pub mod words;
pub mod written;

use chrono::{DateTime, Utc};

/// The instant at which everything comes in; years of the samples lie around it.
pub fn now() -> DateTime<Utc> {
    // Saturday, 28 November 2026, 12:00.
    DateTime::from_timestamp(1_795_867_200, 0).expect("an instant")
}
