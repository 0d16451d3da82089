//! Receivers on loopback for `demo` and `bench`: they take what a mail server and a webhook would take, and hand it over.

pub mod smtp;
pub mod webhook;
