//! `plazo source`: the mappings that plazo brings along, and what a payload would give.

use std::io::Read as _;

use anyhow::{anyhow, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::output::{self, BLUE, Column, DIM, GREEN, RED, Table, YELLOW, styled};
use super::{Exit, Global, Outcome, real_time, source_write};
use crate::intake::mapping::{HOOK, Mapping};
use crate::intake::source::{Facts, Source};
use crate::intake::{json as event_json, presets};
use crate::text::printable::printable_line;
use crate::text::{Both, Language};
use crate::{both, config};

/// Lines of notes are no longer.
const WIDEST_NOTE: usize = 100;
/// No payload of an honest source is larger.
const LARGEST_PAYLOAD: u64 = 4 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a payload from standard input would give, without keeping anything
    Test {
        /// A source of sla.toml, or a preset
        name: String,
        /// What the payload is: a hook's body, or the answer to a fetch or poll of the mapping
        #[arg(long, default_value = HOOK)]
        on: String,
        /// Ask that system instead who plazo is there and what it may write; nothing is written
        #[arg(long, conflicts_with = "on")]
        write: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the mappings that plazo brings along
    Presets {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a preset, as a model for a mapping of your own
    Show {
        /// Its name
        preset: String,
    },
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    match &args.command {
        Command::Test { name, write: true, json, .. } => source_write::run(global, name, *json).await,
        Command::Test { name, on, json, .. } => test(global, name, on, *json),
        Command::Presets { json } => list(global, *json),
        Command::Show { preset } => {
            let language = global.language();
            let text = known(preset, language)?;
            let notes = Mapping::compile(text).ok().and_then(|mapping| mapping.notes).map(|notes| language.of(notes));
            // As comments, so that the whole stays a file to begin with.
            let room = output::width().unwrap_or(WIDEST_NOTE).min(WIDEST_NOTE).saturating_sub(2);
            for line in notes.iter().flat_map(|notes| output::wrapped(notes, room)) {
                output::line(&styled(DIM, format!("# {line}")))?;
            }
            output::line(text.trim_end())?;
            Ok(Exit::Done)
        }
    }
}

fn known(preset: &str, language: Language) -> anyhow::Result<&'static str> {
    presets::text(preset).ok_or_else(|| {
        let names: Vec<_> = presets::names().collect();
        let names = names.join(", ");
        anyhow!(
            language.of(both!(
                "there is no preset `{preset}`; there are {names}",
                "plazo no trae «{preset}»; trae {names}"
            ))
        )
    })
}

fn list(global: &Global, as_json: bool) -> Outcome {
    let language = global.look().language;
    let compiled = presets::PRESETS.iter().filter_map(|(name, text)| Some((*name, Mapping::compile(text).ok()?)));
    if as_json {
        let rows: Vec<_> = compiled
            .map(|(name, mapping)| json!({"preset": name, "title": mapping.title, "needs": mapping.needs, "notes": mapping.notes.map(|notes| json!({"en": notes.en, "es": notes.es}))}))
            .collect();
        return output::json(&rows);
    }
    let mut table = Table::new(
        language.of(Both { en: ["preset", "system", "needs"], es: ["nombre", "sistema", "necesita"] }),
        [Column::WHOLE, Column::text(16), Column::text(16)],
    );
    for (name, mapping) in compiled {
        table.add_row([name.to_owned(), mapping.title, mapping.needs.join(", ")]);
    }
    output::line(&table.to_string())?;
    let more = language.of(Both {
        en: "what to know of one, and its mapping: plazo source show NAME",
        es: "qué saber de cada uno, y su correspondencia: plazo source show NOMBRE",
    });
    for line in output::wrapped(more, output::width().unwrap_or(usize::MAX)) {
        output::line(&styled(DIM, line))?;
    }
    Ok(Exit::Done)
}

fn test(global: &Global, name: &str, on: &str, as_json: bool) -> Outcome {
    let loaded = config::load(&global.config).ok();
    let config = loaded.as_ref().and_then(|loaded| loaded.config.as_ref());
    let language = global.language();
    let settings = match config.and_then(|config| config.sources.get(name)) {
        Some(settings) => settings.clone(),
        None if presets::text(name).is_some() => bare(name, language)?,
        None => {
            if let Some(loaded) = loaded.filter(|loaded| loaded.config.is_none()) {
                bail!("{}", loaded.explain(super::is_styled()));
            }
            let file = global.config.display();
            bail!(language.of(both!(
                "there is no [source.{name}] in {file}, and no preset of that name",
                "no hay [source.{name}] en {file}, y plazo no trae nada con ese nombre"
            )));
        }
    };
    if on != HOOK && !settings.mapping.inner_sources().any(|inner| inner == on) {
        let known: Vec<_> = [HOOK].into_iter().chain(settings.mapping.inner_sources()).collect();
        let known = known.join(", ");
        bail!(language.of(both!(
            "this mapping reads nothing `on = \"{on}\"`; it reads {known}",
            "esta correspondencia no lee nada con `on = \"{on}\"`; lee {known}"
        )));
    }
    let mut payload = Vec::new();
    std::io::stdin().lock().take(LARGEST_PAYLOAD).read_to_end(&mut payload)?;
    let source = Source::without_secrets(settings);
    let directory = config.map(|config| config.rulebook.directory.clone()).unwrap_or_default();
    let facts = source.try_out(on, &payload, &directory, real_time().now()).map_err(|_| {
        anyhow!(language.of(Both {
            en: "this payload is neither JSON nor a form, whatever the mapping expects",
            es: "este contenido no es JSON ni un formulario, espere lo que espere la correspondencia",
        }))
    })?;
    let exit = if facts.faults.is_empty() { Exit::Done } else { Exit::Found };
    if as_json {
        output::json(&report(&facts))?;
    } else {
        tell(&facts, language)?;
    }
    Ok(exit)
}

/// A preset as if sla.toml named it and said nothing more.
fn bare(preset: &str, language: Language) -> anyhow::Result<crate::intake::source::SourceSettings> {
    let file = format!("timezone = \"UTC\"\n[source.{preset}]\npreset = \"{preset}\"\n");
    let mapping = Mapping::compile(known(preset, language)?)?;
    let mut file = file;
    for need in &mapping.needs {
        file += &match need.as_str() {
            "public_url" | "api" => format!("{need} = \"https://plazo.example\"\n"),
            need if need.starts_with("set.") => format!("{need} = \"UTC\"\n"),
            need => format!("{need} = {{ env = \"UNUSED\" }}\n"),
        };
    }
    let mut loaded = config::read("preset.toml".as_ref(), file);
    let settings = loaded.config.as_mut().and_then(|config| config.sources.remove(preset));
    settings.ok_or_else(|| anyhow!("{}", loaded.explain(false)))
}

fn report(facts: &Facts) -> Value {
    json!({
        "events": facts.events.iter().map(|(event, request)| {
            let mut event = event_json::write(event);
            if let (Some(request), Some(fields)) = (request, event.as_object_mut()) {
                fields.insert("request".to_owned(), request.to_string().into());
            }
            event
        }).collect::<Vec<_>>(),
        "fetches": facts.fetches.iter().map(|fetch| json!({"name": fetch.name, "id": fetch.id, "path": fetch.path})).collect::<Vec<_>>(),
        "alarms": facts.alarms.iter().map(|alarm| json!({"id": alarm.id, "en": alarm.text.en, "es": alarm.text.es})).collect::<Vec<_>>(),
        "ignored": facts.ignored.iter().map(|why| json!({"en": why.en, "es": why.es})).collect::<Vec<_>>(),
        "faults": facts.faults.iter().map(|fault| json!({"rule": fault.rule, "field": fault.field, "expression": fault.expression, "problem": fault.problem.en})).collect::<Vec<_>>(),
    })
}

fn tell(facts: &Facts, language: Language) -> anyhow::Result<()> {
    for (event, request) in &facts.events {
        let event = event_json::write(event);
        let kind = event["type"].as_str().unwrap_or_default();
        output::line(&styled(GREEN, language.of(both!("event: {kind}", "evento: {kind}"))))?;
        for (field, value) in event.as_object().into_iter().flatten().filter(|(field, _)| *field != "type") {
            let shown = printable_line(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            output::line(&format!("  {} {shown}", styled(DIM, format!("{field:<10}"))))?;
        }
        if let Some(request) = request {
            output::line(&format!("  {} {request}", styled(DIM, format!("{:<10}", "request"))))?;
        }
    }
    for fetch in &facts.fetches {
        let (name, path) = (&fetch.name, &fetch.path);
        let text = both!("to be asked for ({name}): {path}", "hay que preguntarlo ({name}): {path}");
        output::line(&styled(BLUE, language.of(text)))?;
    }
    for alarm in &facts.alarms {
        let text = language.of(alarm.text.clone());
        output::line(&styled(
            YELLOW,
            language.of(both!("the operator is told: {text}", "se avisa al operador: {text}")),
        ))?;
    }
    for why in &facts.ignored {
        let why = language.of(why.clone());
        output::line(&styled(DIM, language.of(both!("no effect: {why}", "sin efecto: {why}"))))?;
    }
    for fault in &facts.faults {
        let Both { en, es } = fault.words();
        output::line(&styled(RED, language.of(both!("failed: {en}", "falló: {es}"))))?;
    }
    let is_silent = facts.events.is_empty() && facts.fetches.is_empty() && facts.alarms.is_empty();
    if is_silent && facts.ignored.is_empty() && facts.faults.is_empty() {
        let text = Both {
            en: "no effect: no rule of the mapping holds for this payload",
            es: "sin efecto: ninguna regla de la correspondencia vale para este contenido",
        };
        output::line(&styled(DIM, language.of(text)))?;
    }
    Ok(())
}
