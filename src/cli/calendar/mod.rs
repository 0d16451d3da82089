//! `plazo calendar`: a calendar's days (`show`), and working time by JSON lines (`eval`).

mod eval;
mod inline;
mod show;

use clap::Subcommand;

use super::{Global, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a calendar's days with their hours, and why a day is closed
    Show(show::Args),
    /// Answer questions about working time: one JSON object a line on standard input, one answer a line
    ///
    /// {"id", "calendar": name or {"timezone", "hours", "holidays", "extra"}, "op": "add", "start", "amount_seconds"},
    /// or "op": "between", "start", "end", or "op": "is_open", "at". Answers are {"id", "result"} or {"id", "error"}.
    #[command(verbatim_doc_comment)]
    Eval,
}

pub(super) fn run(global: &Global, args: Args) -> Outcome {
    match args.command {
        Command::Show(args) => show::run(global, &args),
        Command::Eval => eval::run(global),
    }
}
