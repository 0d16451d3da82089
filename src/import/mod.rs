//! Files of history: their records, and the mappings by which those of other systems become events.

pub mod exports;
pub mod records;
