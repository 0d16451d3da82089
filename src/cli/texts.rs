//! `plazo texts`: the built-in templates, to begin one's own with.

use super::{Exit, Global, Outcome, output};
use crate::both;
use crate::text::templates::Texts;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The template to print, such as es/alert.html; without it, their names
    name: Option<String>,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let Some(name) = &args.name else {
        output::lines(Texts::names().map(str::to_owned))?;
        return Ok(Exit::Done);
    };
    match Texts::built_in(name) {
        Some(source) => {
            output::line(source.trim_end())?;
            Ok(Exit::Done)
        }
        None => Err(anyhow::anyhow!(global.look().language.of(both!(
            "there is no template `{name}`; plazo texts lists them",
            "no hay ninguna plantilla `{name}`; plazo texts las enumera"
        )))),
    }
}
