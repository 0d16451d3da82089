//! x
use super::{Exit, Global, Outcome};
#[derive(Debug, clap::Args)]
pub(super) struct Args {}
pub(super) fn run(_: &Global, _: &Args) -> Outcome {
    Ok(Exit::Done)
}
