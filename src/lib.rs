//! plazo: an SLA timer and alerting daemon for customer-service teams.
#![warn(missing_docs)]

pub mod engine;
