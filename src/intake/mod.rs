//! Intake: bytes of a source → events. A file per source that needs code; a mapping (`presets/`) for each that does not. Nothing
//! here knows requests, promises or the store.

pub mod api;
mod bounded;
pub mod email;
pub mod json;
mod jwt;
pub mod mailbox;
pub mod mapping;
pub mod presets;
pub mod reply;
pub mod signature;
pub mod source;
pub mod tls;
pub mod words;
