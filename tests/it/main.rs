//! Tests at the borders: binary, HTTP, wire, file. `scenarios` shows each rule kept and broken.

mod calendar;
mod cli;
mod config;
mod daily;
mod explain;
mod faults;
mod gathering;
mod holidays;
mod http;
mod ics;
mod intake;
mod mail;
mod outgoing;
mod payloads;
mod plan;
mod reload;
mod replay;
mod restart;
mod scenarios;
mod service;
mod slack;
mod sources;
mod subscriptions;
mod support;
mod tidy;
mod transports;
