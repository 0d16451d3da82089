//! `plazo check`: mistakes with their places, and the file in words.

use std::path::PathBuf;

use serde::Serialize;

use super::output::{self, BLUE, GREEN, styled};
use super::{Exit, Global, Outcome, absolute, describe_plan, is_styled, real_time};
use crate::app::plan::{self, Plan};
use crate::both;
use crate::config::mistake::{self, MistakeRow};
use crate::config::{self, Config, Loaded};
use crate::text::{Both, describe, exposure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file [default: that of --config]
    file: Option<PathBuf>,
    /// Say as well what taking the file would do to the open requests of the store
    #[arg(long)]
    plan: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    valid: bool,
    mistakes: Vec<MistakeRow>,
    meaning: Vec<Meaning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
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
    let plan = match loaded.config.as_ref().filter(|_| args.plan) {
        Some(config) => Some(planned(global, config, &loaded.source)?),
        None => None,
    };
    if args.json {
        let mistakes = mistake::rows(&loaded.mistakes, &loaded.source, loaded.language);
        output::json(&Report { valid: loaded.config.is_some(), mistakes, meaning, plan })?;
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
    if let (Some(plan), Some(config)) = (plan, &loaded.config) {
        for line in describe_plan::lines(&plan, config.zone, loaded.language) {
            output::line(&line)?;
        }
    }
    Ok(exit)
}

fn planned(global: &Global, config: &Config, source: &str) -> anyhow::Result<Plan> {
    let directory = global.data();
    plan::plan(&directory, config, source, real_time().now()).map_err(|error| {
        let shown = absolute(&directory);
        let shown = shown.display();
        let text = both!(
            "--plan needs the store, and there is none to read in {shown} ({error}); give its directory by --data",
            "--plan necesita la base de datos, y en {shown} no hay una que leer ({error}); indique su directorio con --data"
        );
        anyhow::anyhow!("{}", config.language.of(text))
    })
}

fn meaning(config: &Config, loaded: &Loaded) -> Vec<Meaning> {
    let policies = config.rulebook.policies.iter();
    let mut meaning: Vec<Meaning> = policies
        .map(|policy| Meaning { policy: policy.name.clone(), promises: describe::policy(policy, loaded.language) })
        .collect();
    let checks = describe::checks(&config.rulebook.checks, loaded.language);
    if !checks.is_empty() {
        meaning.push(Meaning { policy: "[check]".to_owned(), promises: checks });
    }
    let title =
        loaded.language.of(Both { en: "[who may tell, and what counts]", es: "[quién puede avisar, y qué cuenta]" });
    meaning.push(Meaning { policy: title.to_owned(), promises: exposure::lines(&config.exposure(), loaded.language) });
    meaning
}

fn verdict(loaded: &Loaded) -> String {
    let path = loaded.path.display();
    let warnings = match loaded.n_warnings {
        0 => None,
        1 => Some(both!("1 warning", "1 aviso")),
        n => Some(both!("{n} warnings", "{n} avisos")),
    };
    if loaded.n_errors == 0 {
        let text = match warnings {
            None => both!("{path} can be used.", "{path} se puede usar."),
            Some(Both { en, es }) => both!("{path} can be used; {en}.", "{path} se puede usar; {es}."),
        };
        return styled(GREEN, loaded.language.of(text));
    }
    let errors = match loaded.n_errors {
        1 => both!("1 error", "1 error"),
        n => both!("{n} errors", "{n} errores"),
    };
    let found = match warnings {
        None => errors,
        Some(Both { en, es }) => Both { en: format!("{}, {en}", errors.en), es: format!("{}, {es}", errors.es) },
    };
    let Both { en, es } = found;
    let text = both!("{path} cannot be used: {en}.", "{path} no se puede usar: {es}.");
    styled(output::RED, loaded.language.of(text))
}
