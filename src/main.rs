//! The `plazo` command: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use plazo::cli::{Cli, Exit};

fn main() -> ExitCode {
    // reqwest and the clients of mail share it; it must be there before any of them is made.
    rustls::crypto::ring::default_provider().install_default().ok();
    match Cli::parse().run() {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Found) => ExitCode::from(1),
        Ok(Exit::TryLater) => ExitCode::from(75),
        Err(error) if plazo::cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plazo: {error:#}");
            ExitCode::from(2)
        }
    }
}
