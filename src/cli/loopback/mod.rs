//! Receivers on loopback for `demo` and `bench`: they take what a mail server and a webhook would take, and hand it over.

pub(super) mod smtp;
pub(super) mod webhook;
