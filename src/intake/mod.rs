//! Intake: bytes of a source → events. A file per source. Nothing here knows requests, promises or the store.

pub mod email;
pub mod json;
