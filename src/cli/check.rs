//! `plazo check`: mistakes with their places, and the file in words.

use std::path::PathBuf;

use serde::Serialize;

use super::output::{self, BLUE, GREEN, styled};
use super::{Exit, Global, Outcome, is_styled};
use crate::both;
use crate::config::mistake::{self, MistakeRow, Severity};
use crate::config::{self, Config, Loaded};
use crate::text::describe;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file [default: that of --config]
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    valid: bool,
    mistakes: Vec<MistakeRow>,
    meaning: Vec<Meaning>,
}

#[derive(Serialize)]
struct Meaning {
    policy: String,
    promises: Vec<String>,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let loaded = config::load(args.file.as_ref().unwrap_or(&global.config))?;
    let exit = if loaded.config.is_some() { Exit::Done } else { Exit::Found };
    let meaning = loaded.config.as_ref().map(|config| meaning(config, &loaded)).unwrap_or_default();
    if args.json {
        let mistakes = mistake::rows(&loaded.mistakes, &loaded.source, loaded.language);
        output::json(&Report { valid: loaded.config.is_some(), mistakes, meaning })?;
        return Ok(exit);
    }
    if !loaded.mistakes.is_empty() {
        output::line(loaded.explain(is_styled()).trim_end())?;
        output::line("")?;
    }
    for policy in &meaning {
        output::line(&styled(BLUE, &policy.policy))?;
        for promise in &policy.promises {
            output::line(&format!("  {promise}"))?;
        }
    }
    output::line(&verdict(&loaded))?;
    Ok(exit)
}

fn meaning(config: &Config, loaded: &Loaded) -> Vec<Meaning> {
    let policies = config.rulebook.policies.iter();
    policies
        .map(|policy| Meaning { policy: policy.name.clone(), promises: describe::policy(policy, loaded.language) })
        .collect()
}

fn verdict(loaded: &Loaded) -> String {
    let path = loaded.path.display();
    let count = |severity| loaded.mistakes.iter().filter(|mistake| mistake.severity == severity).count();
    let (n_errors, n_warnings) = (count(Severity::Error), count(Severity::Warning));
    if n_errors == 0 {
        let text = match n_warnings {
            0 => both!("{path} can be used.", "{path} se puede usar."),
            n => both!("{path} can be used; {n} warnings.", "{path} se puede usar; {n} avisos."),
        };
        return styled(GREEN, loaded.language.of(text));
    }
    let text = both!("{path} cannot be used: {n_errors} errors.", "{path} no se puede usar: {n_errors} errores.");
    styled(output::RED, loaded.language.of(text))
}
