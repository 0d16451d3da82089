//! The `plazo` command: parse, run, exit code.

mod bench;

use std::process::ExitCode;

use plazo::cli::{self, Exit, help};

/// A busy daemon allocates and frees a hundred times an event, from several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and tries again.
const TRY_LATER: u8 = 75;

/// As a shell says of whatever SIGINT ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    // reqwest and the clients of mail share it; it must be there before any of them is made.
    rustls::crypto::ring::default_provider().install_default().ok();
    clap_complete::CompleteEnv::with_factory(|| help::command(plazo::text::Language::En)).complete();
    let is_pipe = cli::is_mail_pipe(std::env::args_os());
    let failed = ExitCode::from(if is_pipe { TRY_LATER } else { 2 });
    let command = match help::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(instead) => {
            let code = instead.print();
            // A mistake in a mail server's own settings sends no mail back either (LESSONS 57).
            return if is_pipe && instead.is_mistake() { failed } else { ExitCode::from(code) };
        }
    };
    match std::panic::catch_unwind(|| command.run(bench::measure)) {
        Ok(Ok(Exit::Done)) => ExitCode::SUCCESS,
        Ok(Ok(Exit::Found)) => ExitCode::from(1),
        Ok(Ok(Exit::TryLater)) => ExitCode::from(TRY_LATER),
        Ok(Ok(Exit::Refused)) => ExitCode::from(2),
        Ok(Ok(Exit::Interrupted)) => ExitCode::from(INTERRUPTED),
        Ok(Err(error)) if cli::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            eprintln!("plazo: {}", plazo::text::printable::printable(&cli::told(&error)));
            failed
        }
        // The panic has told of itself.
        Err(_) if is_pipe => failed,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
