//! `plazo check`: mistakes with their places, and the file in words.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::{self, BLUE, GREEN, styled};
use super::{Exit, Global, Outcome, absolute, describe_house, is_styled, real_time, width};
use crate::app::plan::{self, EditPlan};
use crate::app::planned;
use crate::both;
use crate::config::mistake::{self, MistakeRow};
use crate::config::{self, Config, Loaded};
use crate::store::StoreError;
use crate::text::{Both, Language, describe, exposure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file [default: that of --config]
    file: Option<PathBuf>,
    /// Say as well what taking the file would do to the open requests of the store
    #[arg(long)]
    plan: bool,
    /// Only what differs from the file that the daemon took last
    #[arg(long, conflicts_with = "json")]
    short: bool,
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
    plan: Option<EditPlan>,
}

#[derive(Serialize)]
struct Meaning {
    policy: String,
    promises: Vec<String>,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let loaded = config::load(args.file.as_ref().unwrap_or(&global.config))?;
    let is_empty = loaded.config.as_ref().is_some_and(|config| config.rulebook.policies.is_empty());
    let exit = if loaded.config.is_some() && !is_empty { Exit::Done } else { Exit::Found };
    let meaning = loaded.config.as_ref().map(|config| meaning(config, loaded.language)).unwrap_or_default();
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
    // Whoever asks for the plan knows the rest of the file.
    if let (Some(plan), Some(config)) = (plan, &loaded.config) {
        for line in planned::lines(&plan, config.zone, loaded.language) {
            output::line(&wrapped(&line))?;
        }
        output::line("")?;
    }
    if args.short {
        changes(global, &loaded, &meaning)?;
    } else {
        for section in &meaning {
            output::line(&styled(BLUE, &section.policy))?;
            for line in &section.promises {
                output::line(&wrapped(&format!("  {line}")))?;
            }
        }
    }
    output::line(&verdict(&loaded))?;
    if is_empty {
        let text = Both {
            en: "It promises nothing: there is no [[policy]]. A daemon whose file promises something does not take it.",
            es: "No promete nada: no hay ninguna [[policy]]. Un servicio cuyo archivo promete algo no lo toma.",
        };
        output::line(&styled(output::YELLOW, wrapped(loaded.language.of(text))))?;
    }
    Ok(exit)
}

/// A line broken between words where the screen ends; what follows stands below the beginning of the text.
fn wrapped(line: &str) -> String {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let (first, rest) = (" ".repeat(indent), " ".repeat(indent + 4));
    let options = textwrap::Options::new(width()).initial_indent(&first).subsequent_indent(&rest);
    textwrap::fill(text, options.break_words(false))
}

/// Prints what differs from the file that the daemon took last: what it says no more, and what it says now.
fn changes(global: &Global, loaded: &Loaded, now: &[Meaning]) -> anyhow::Result<()> {
    let language = loaded.language;
    let before = last_taken(global, loaded)?;
    let mut is_same = true;
    let titles = before.iter().chain(now).map(|section| &section.policy);
    let mut seen = Vec::new();
    for title in titles {
        if seen.contains(&title) {
            continue;
        }
        seen.push(title);
        let lines = |sections: &[Meaning]| {
            let found = sections.iter().find(|section| section.policy == *title);
            found.map(|section| section.promises.clone()).unwrap_or_default()
        };
        let (old, new) = (lines(&before), lines(now));
        let gone = old.iter().filter(|line| !new.contains(line)).map(|line| (output::RED, format!("  - {line}")));
        let come = new.iter().filter(|line| !old.contains(line)).map(|line| (GREEN, format!("  + {line}")));
        let lines: Vec<_> = gone.chain(come).collect();
        if !lines.is_empty() {
            is_same = false;
            output::line(&styled(BLUE, title))?;
        }
        for (style, line) in lines {
            output::line(&styled(style, wrapped(&line)))?;
        }
    }
    if is_same {
        output::line(language.of(Both {
            en: "It means the same as the file that the daemon took last.",
            es: "Significa lo mismo que el archivo que el servicio tomó por última vez.",
        }))?;
    }
    Ok(())
}

/// What the file means that the store has as its last revision.
fn last_taken(global: &Global, loaded: &Loaded) -> anyhow::Result<Vec<Meaning>> {
    let directory = global.data();
    let opened = global.place().and_then(|place| place.open_reader());
    let source = opened.and_then(|store| store.last_revision());
    let source = source.map_err(|error| no_store(&directory, "--short", &error, loaded.language))?;
    let Some((_, source)) = source else { return Ok(Vec::new()) };
    let before = config::read(&loaded.path, source);
    Ok(before.config.as_ref().map(|config| meaning(config, loaded.language)).unwrap_or_default())
}

fn no_store(directory: &Path, option: &str, error: &StoreError, language: Language) -> anyhow::Error {
    let shown = absolute(directory);
    let shown = shown.display();
    let Both { en, es } = error.told();
    anyhow::Error::msg(language.of(both!(
        "{option} needs the store, and there is none to read in {shown} ({en}); give its directory by --data",
        "{option} necesita la base de datos, y en {shown} no hay una que leer ({es}); indique su directorio con --data"
    )))
}

fn planned(global: &Global, config: &Config, source: &str) -> anyhow::Result<EditPlan> {
    let directory = global.data();
    plan::plan(&directory, config, source, real_time().now())
        .map_err(|error| no_store(&directory, "--plan", &error, config.language))
}

fn meaning(config: &Config, language: Language) -> Vec<Meaning> {
    let section = |(policy, promises)| Meaning { policy, promises };
    let mut meaning: Vec<Meaning> = describe::policies(&config.rulebook, language).into_iter().map(section).collect();
    let checks = describe::checks(&config.rulebook, language);
    if !checks.is_empty() {
        meaning.push(Meaning { policy: "[check]".to_owned(), promises: checks });
    }
    meaning.extend(describe_house::sections(config, real_time().now(), language).into_iter().map(section));
    let title = language.of(Both { en: "[who may tell, and what counts]", es: "[quién puede avisar, y qué cuenta]" });
    meaning.push(Meaning { policy: title.to_owned(), promises: exposure::lines(&config.exposure(), language) });
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
