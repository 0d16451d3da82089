//! The `plazo` command: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use plazo::cli::{Cli, Exit};

/// EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and tries again.
const TRY_LATER: u8 = 75;

fn main() -> ExitCode {
    // reqwest and the clients of mail share it; it must be there before any of them is made.
    rustls::crypto::ring::default_provider().install_default().ok();
    let is_pipe = plazo::cli::is_mail_pipe(std::env::args_os());
    let failed = ExitCode::from(if is_pipe { TRY_LATER } else { 2 });
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // A mistake in a mail server's own settings sends no mail back either (LESSONS 57).
        Err(error) if is_pipe && error.use_stderr() => {
            error.print().ok();
            return failed;
        }
        Err(error) => error.exit(),
    };
    match std::panic::catch_unwind(|| cli.run()) {
        Ok(Ok(Exit::Done)) => ExitCode::SUCCESS,
        Ok(Ok(Exit::Found)) => ExitCode::from(1),
        Ok(Ok(Exit::TryLater)) => ExitCode::from(TRY_LATER),
        Ok(Ok(Exit::Refused)) => ExitCode::from(2),
        Ok(Err(error)) if plazo::cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            eprintln!("plazo: {}", plazo::text::printable::printable(&format!("{error:#}")));
            failed
        }
        // The panic has told of itself.
        Err(_) if is_pipe => failed,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
