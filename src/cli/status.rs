//! `plazo status`: every source and how it does, and `plazo unknown`: who is not in the directory.

use serde_json::Value;

use super::client::Client;
use super::output::{self, BLUE, GREEN, RED, YELLOW, styled};
use super::show::local;
use super::{Exit, Global, Outcome};
use crate::both;
use crate::engine::proof::Lack;
use crate::text::{Both, Language, proof};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct UnknownArgs {
    /// How many days back
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Exit code 1 if a source is failing or silent, or something of the store cannot be read.
pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let status = Client::reading(global)?.get("/v1/sources").await?;
    let sources = status["sources"].as_array().cloned().unwrap_or_default();
    let is_bad = |source: &Value| {
        ["failing", "silent", "faulty", "not_understood"].iter().any(|state| source["state"] == *state)
    };
    let is_damaged = status["unreadable"].as_array().is_some_and(|rows| !rows.is_empty());
    let exit = if is_damaged || sources.iter().any(is_bad) { Exit::Found } else { Exit::Done };
    if args.json {
        output::json(&status)?;
        return Ok(exit);
    }
    let look = global.look();
    let language = look.language;
    if sources.is_empty() {
        output::line(language.of(Both {
            en: "no source in sla.toml: plazo hears by its HTTP interface, its command line and ingest-email only",
            es: "no hay fuentes en sla.toml: plazo solo se entera por HTTP, por la línea de comandos y por ingest-email",
        }))?;
        unproven(&status, language)?;
        unreadable(&status, language)?;
        return Ok(exit);
    }
    let mut table = output::table(&language.of(Both {
        en: ["source", "state", "system", "last heard", "told of", "backlog", "lag", "cause"],
        es: ["fuente", "estado", "sistema", "última noticia", "de cuándo", "pendiente", "atraso", "causa"],
    }));
    for source in &sources {
        let text = |field: &str| source[field].as_str().unwrap_or_default().to_owned();
        let state = text("state");
        let (style, word) = match state.as_str() {
            "failing" => (RED, Both { en: "failing", es: "falla" }),
            "silent" => (YELLOW, Both { en: "silent", es: "calla" }),
            "not_understood" => (RED, Both { en: "not understood", es: "no se entiende" }),
            "faulty" => (YELLOW, Both { en: "faulty", es: "con errores" }),
            "behind" => (YELLOW, Both { en: "behind", es: "atrasada" }),
            "new" => (BLUE, Both { en: "new", es: "nueva" }),
            _ => (GREEN, Both { en: "ok", es: "bien" }),
        };
        let word = language.of(word);
        let lag = source["lag_seconds"].as_f64().unwrap_or(0.0);
        table.add_row([
            text("name"),
            if super::is_styled() { styled(style, word) } else { word.to_owned() },
            text("system"),
            local(&source["heard_at"], look),
            local(&source["event_at"], look),
            source["backlog"].to_string(),
            if lag == 0.0 { String::new() } else { format!("{lag:.0} s") },
            match state.as_str() {
                "faulty" => unread(&source["unread"], language),
                "not_understood" => foreign(&source["not_understood"], language),
                _ => text("cause"),
            },
        ]);
    }
    output::line(&table.to_string())?;
    unproven(&status, language)?;
    unreadable(&status, language)?;
    Ok(exit)
}

/// Mail of the house that nobody vouches for, and what to configure.
fn unproven(status: &Value, language: Language) -> anyhow::Result<()> {
    for row in status["unproven_mail"].as_array().into_iter().flatten() {
        let Ok(lacks) = serde_json::from_value::<Lack>(row["lacks"].clone()) else { continue };
        let (n, why) = (&row["n"], language.of(proof::lack(lacks)));
        let text = language.of(both!(
            "mails of the last week with an address of the house that stop no clock: {n} ({why})",
            "correos de la última semana con una dirección de la casa que no detienen ningún reloj: {n} ({why})"
        ));
        output::line(&styled(YELLOW, text))?;
        output::line(&format!("  {}", language.of(proof::remedy(lacks))))?;
    }
    Ok(())
}

/// What of the store cannot be read.
fn unreadable(status: &Value, language: Language) -> anyhow::Result<()> {
    for row in status["unreadable"].as_array().into_iter().flatten() {
        let (request, part) = (row["request"].as_str().unwrap_or("–"), row["part"].as_str().unwrap_or_default());
        let cause = row["cause"].as_str().unwrap_or_default();
        let text = language.of(both!(
            "{request}: its {part} in the store cannot be read and is left out ({cause})",
            "{request}: su {part} en la base de datos no se puede leer y queda fuera ({cause})"
        ));
        output::line(&styled(RED, text))?;
    }
    Ok(())
}

fn foreign(n: &Value, language: Language) -> String {
    language.of(both!(
        "{n} payloads since yesterday have a form that no rule knows: nothing was heard by them",
        "desde ayer, {n} contenidos tienen una forma que ninguna regla conoce: no se oyó nada por ellos"
    ))
}

fn unread(n: &Value, language: Language) -> String {
    language.of(both!(
        "{n} payloads could not be read since yesterday; they are kept aside",
        "desde ayer, {n} contenidos no se pudieron leer; quedan aparte"
    ))
}

pub(super) async fn unknown(global: &Global, args: &UnknownArgs) -> Outcome {
    let page = Client::reading(global)?.get(&format!("/v1/unknown?days={}", args.days)).await?;
    if args.json {
        return output::json(&page);
    }
    let look = global.look();
    let language = look.language;
    let mut table = output::table(&language.of(Both {
        en: ["address", "name", "taken for", "channel", "events", "last", "request"],
        es: ["dirección", "nombre", "se toma por", "canal", "eventos", "último", "solicitud"],
    }));
    for row in page["unknown"].as_array().into_iter().flatten() {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let kind = match row["kind"].as_str() {
            Some("agent") => Both { en: "a colleague", es: "colega" },
            _ => Both { en: "a client", es: "cliente" },
        };
        table.add_row([
            text("address"),
            text("name"),
            language.of(kind).to_owned(),
            text("channel"),
            row["events"].to_string(),
            local(&row["last_at"], look),
            text("request"),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}
