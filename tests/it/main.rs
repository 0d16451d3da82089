//! Tests at the borders: binary, HTTP, wire, file. `scenarios` shows each rule kept and broken.

mod config;
mod intake;
mod scenarios;
mod support;
