//! `plazo status`: whether all is well, and every source and how it does; and `plazo unknown`: who is not in the directory.

use anstyle::Style;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::client::Client;
use super::look::Look;
use super::output::{self, BLUE, Cell, Column, DIM, GREEN, RED, Table, YELLOW, styled};
use super::show::local;
use super::{Exit, Global, Outcome, away};
use crate::both;
use crate::engine::proof::Lack;
use crate::text::{Both, Language, proof, vocabulary};

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

/// Exit code 1 if something is to be seen to: a source fails or is silent, a message was not delivered or should be out by now, a
/// destination stands, `sla.toml` was not taken, or something of the store cannot be
/// read.
pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let client = Client::reading(global)?;
    let mut status = client.get("/v1/status").await?;
    let heard = client.get("/v1/sources").await?;
    if let (Some(status), Value::Object(heard)) = (status.as_object_mut(), heard) {
        status.extend(heard);
    }
    // A daemon of an older version knows nobody who is away.
    if let Ok(away) = client.get("/v1/away").await {
        let now: Vec<Value> =
            away["away"].as_array().into_iter().flatten().filter(|one| one["holds"] == true).cloned().collect();
        status["away"] = now.into();
    }
    let exit = if is_amiss(&status) { Exit::Found } else { Exit::Done };
    if args.json {
        output::json(&status)?;
        return Ok(exit);
    }
    let look = global.look_of(&client).await;
    refused_file(&status, look)?;
    overview(&status, look)?;
    daemons(&status, look)?;
    sources(status["sources"].as_array().map(Vec::as_slice).unwrap_or_default(), look)?;
    away::tell(&status, look)?;
    unproven(&status, look.language)?;
    unreadable(&status, look.language)?;
    Ok(exit)
}

/// Whether something is to be seen to, by the answers of `/v1/status` and `/v1/sources` in one.
pub(super) fn is_amiss(status: &Value) -> bool {
    let is_bad = |source: &Value| {
        ["failing", "silent", "faulty", "not_understood"].iter().any(|state| source["state"] == *state)
    };
    let any = |field: &str| status[field].as_array().is_some_and(|rows| !rows.is_empty());
    let some = |field: &str| status[field].as_u64().is_some_and(|n| 0 < n);
    any("unreadable")
        || !status["refused_file"].is_null()
        || any("standing")
        || some("dead")
        || some("overdue_unsent")
        || status["disk"]["closed"] == true
        || status["sources"].as_array().is_some_and(|sources| sources.iter().any(is_bad))
}

/// The daemon, its requests, its messages and where they go, a line each.
fn overview(status: &Value, look: Look) -> anyhow::Result<()> {
    let language = look.language;
    let of = |both: Both| language.of(both);
    let n = |field: &str| status[field].as_u64().unwrap_or_default();
    let when = |field: &str| look.when(&status[field]);
    let ago = |field: &str| look.distance(&status[field]);
    let version = status["version"].as_str().unwrap_or_default();
    let runs = if status["started_at"].is_null() {
        of(both!("not running: this is what the store says", "detenido: esto es lo que dice la base de datos"))
    } else {
        let (since, ago) = (when("started_at"), ago("started_at"));
        of(both!("runs since {since} ({ago})", "en marcha desde {since} ({ago})"))
    };
    let (zone, revision, taken) =
        (status["zone"].as_str().unwrap_or_default(), &status["revision"], when("revision_taken_at"));
    let (open, waiting, overdue) = (n("open"), n("waiting"), n("overdue"));
    let next = match when("next_wake_at") {
        next if next.is_empty() => of(both!("nothing is to come", "no hay nada por venir")),
        next => of(both!("next look {next}", "próxima mirada {next}")),
    };
    let (pending, held, dead, unsent) = (n("pending"), n("held"), n("dead"), n("overdue_unsent"));
    let last = match ago("last_sent_at") {
        none if none.is_empty() => of(both!("none went out yet", "todavía no ha salido ninguno")),
        ago => of(both!("the last one {ago}", "el último {ago}")),
    };
    let mail = match status["mail_server"].as_str() {
        Some(server) => of(both!("by {server}", "por {server}")),
        None => of(both!("into files: there is no [smtp] in sla.toml", "a archivos: no hay [smtp] en sla.toml")),
    };
    let names: Vec<_> = status["destinations"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let silences = n("silences");
    let labels = language.of(Both {
        en: ["plazo", "file", "requests", "alerts", "mail", "also by", "silences", "disk"],
        es: ["plazo", "archivo", "solicitudes", "avisos", "correo", "también por", "silencios", "disco"],
    });
    let lines = [
        (Style::new(), format!("{version} · {runs}")),
        (
            Style::new(),
            of(both!("revision {revision}, taken {taken} · {zone}", "revisión {revision}, tomada {taken} · {zone}")),
        ),
        (
            if 0 < overdue { RED } else { Style::new() },
            of(both!(
                "{open} open, {waiting} of them wait, {overdue} overdue · {next}",
                "abiertas {open}, en espera {waiting}, vencidas {overdue} · {next}"
            )),
        ),
        (
            if 0 < dead + unsent { RED } else { Style::new() },
            of(both!(
                "{pending} to go out, {held} held back, {unsent} late, {dead} not delivered · {last}",
                "{pending} por salir, {held} retenidos, {unsent} tarde, {dead} no entregados · {last}"
            )),
        ),
        (Style::new(), mail),
        (Style::new(), names.join(", ")),
        (
            if 0 < silences { YELLOW } else { Style::new() },
            if 0 < silences { silences.to_string() } else { String::new() },
        ),
        disk(&status["disk"], language),
    ];
    let widest = labels.iter().map(|label| label.width()).max().unwrap_or_default();
    let room = output::width().unwrap_or(usize::MAX).saturating_sub(widest + 2);
    for (label, (style, text)) in labels.into_iter().zip(lines).filter(|(_, (_, text))| !text.is_empty()) {
        for (row, text) in output::wrapped(&text, room).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            let padding = " ".repeat(widest - label.width());
            output::line(&format!("{}{padding}  {}", styled(DIM, label), styled(style, text)))?;
        }
    }
    for row in status["standing"].as_array().into_iter().flatten() {
        let (name, cause) =
            (row["destination"].as_str().unwrap_or_default(), row["cause"].as_str().unwrap_or_default());
        let (name, until) = (vocabulary::destination(name, language), look.when(&row["until"]));
        output::line(&styled(
            RED,
            of(both!(
                "{name} takes no alerts: {cause}. Next try {until}",
                "{name} no recibe avisos: {cause}. Próximo intento {until}"
            )),
        ))?;
    }
    for row in status["paid"].as_array().into_iter().flatten() {
        let (name, told) = (row["destination"].as_str().unwrap_or_default(), row["told"].as_str().unwrap_or_default());
        output::line(&of(both!("{name} this month: {told}", "{name} este mes: {told}")))?;
    }
    if 0 < dead {
        output::line(&styled(
            RED,
            of(both!(
                "what was not delivered: plazo deliveries --state dead",
                "lo no entregado: plazo deliveries --state dead"
            )),
        ))?;
    }
    output::line("")
}

/// Those that share one store, and what is amiss with one of them.
fn daemons(status: &Value, look: Look) -> anyhow::Result<()> {
    let language = look.language;
    let rows = status["daemons"].as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() {
        return Ok(());
    }
    let [daemon, slots, version, since, amiss] = language.of(Both {
        en: ["daemon", "slots", "version", "since", "amiss"],
        es: ["servicio", "turnos", "versión", "desde", "problema"],
    });
    let mut table = Table::new(
        [daemon, slots, version, &look.of_zone(since), amiss],
        [Column::WHOLE, Column::NUMBER, Column::WHOLE, Column::WHOLE, Column::text(30)],
    );
    for row in rows {
        let (ahead, mut wrong) = (row["ahead_ms"].as_i64().unwrap_or_default(), Vec::new());
        if row["lives"] != true {
            wrong.push(language.of(both!("does not answer", "no responde")));
        }
        if 1_000 < ahead.abs() {
            wrong.push(language.of(both!("its clock is {ahead} ms ahead", "su reloj va {ahead} ms adelantado")));
        }
        if row["other_file"] == true {
            wrong.push(language.of(both!("its sla.toml is another", "su sla.toml es otro")));
        }
        let id = row["id"].as_str().unwrap_or_default();
        let name = row["url"].as_str().unwrap_or(id);
        let own = if row["answers"] == true { language.of(both!(" (this one)", " (este)")) } else { String::new() };
        table.add_row([
            Cell::from(format!("{name}{own}")),
            row["slots"].to_string().into(),
            row["version"].as_str().unwrap_or_default().to_owned().into(),
            look.when(&row["since"]).into(),
            Cell::styled(if wrong.is_empty() { Style::new() } else { RED }, wrong.join(", ")),
        ]);
    }
    output::line(&table.to_string())?;
    output::line("")
}

/// Room on the disk, and whether it presses.
fn disk(disk: &Value, language: Language) -> (Style, String) {
    let told = disk["told"].as_str().unwrap_or_default();
    if disk["closed"] == true {
        let text = both!(
            "FULL: no event is taken; what is due still goes out. {told}",
            "LLENO: no se recibe nada; lo que vence sale todavía. {told}"
        );
        return (RED, language.of(text));
    }
    (if disk["pressing"] == true { RED } else { Style::new() }, told.to_owned())
}

fn sources(sources: &[Value], look: Look) -> anyhow::Result<()> {
    let language = look.language;
    if sources.is_empty() {
        return output::line(language.of(Both {
            en: "no source in sla.toml: plazo hears by its HTTP interface, its command line and ingest-email only",
            es: "no hay fuentes en sla.toml: plazo solo se entera por HTTP, por la línea de comandos y por ingest-email",
        }));
    }
    let [source, state, system, heard, told_of, backlog, lag, cause] = language.of(Both {
        en: ["source", "state", "system", "last heard", "told of", "backlog", "lag", "cause"],
        es: ["fuente", "estado", "sistema", "última noticia", "de cuándo", "pendiente", "atraso", "causa"],
    });
    let heard = look.of_zone(heard);
    let mut table = Table::new(
        [source, state, &heard, cause, system, told_of, backlog, lag],
        [
            Column::WHOLE,
            Column::WHOLE,
            Column::WHOLE,
            Column::text(20),
            Column::text(8).leaves(4),
            Column::WHOLE.leaves(3),
            Column::NUMBER.leaves(2),
            Column::NUMBER.leaves(1),
        ],
    );
    for source in sources {
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
        let (lag, backlog) = (source["lag_seconds"].as_f64().unwrap_or(0.0), source["backlog"].as_u64().unwrap_or(0));
        table.add_row([
            Cell::from(text("name")),
            Cell::styled(style, language.of(word)),
            look.when(&source["heard_at"]).into(),
            match state.as_str() {
                "faulty" => unread(&source["unread"], language),
                "not_understood" => foreign(&source["not_understood"], language),
                _ => text("cause"),
            }
            .into(),
            text("system").into(),
            look.when(&source["event_at"]).into(),
            if backlog == 0 { String::new() } else { backlog.to_string() }.into(),
            if lag == 0.0 { String::new() } else { format!("{lag:.0} s") }.into(),
        ]);
    }
    output::line(&table.to_string())
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

/// Why the file as it stands is not in force.
fn refused_file(status: &Value, look: Look) -> anyhow::Result<()> {
    let Some(cause) = status["refused_file"]["cause"].as_str() else { return Ok(()) };
    let at = local(&status["refused_file"]["at"], look);
    let text = look.language.of(both!(
        "sla.toml was not taken ({at}); the one before stays in force: {cause}",
        "sla.toml no se tomó ({at}); sigue en vigor el anterior: {cause}"
    ));
    output::line(&styled(RED, text))
}

/// What of the store cannot be read.
fn unreadable(status: &Value, language: Language) -> anyhow::Result<()> {
    for row in status["unreadable"].as_array().into_iter().flatten() {
        let of = row["request"].as_str().map(|request| format!("{request}: ")).unwrap_or_default();
        let part = vocabulary::kept_part(row["part"].as_str().unwrap_or_default(), language);
        let cause = row["cause"].as_str().unwrap_or_default();
        let text = language.of(both!(
            "{of}{part} cannot be read in the store and is left out ({cause})",
            "{of}{part} no se puede leer en la base de datos y queda fuera ({cause})"
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
    let client = Client::reading(global)?;
    let page = client.get(&format!("/v1/unknown?days={}", args.days)).await?;
    if args.json {
        return output::json(&page);
    }
    let look = global.look_of(&client).await;
    let language = look.language;
    let rows = page["unknown"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() {
        output::line(
            language.of(Both {
                en: "everybody who wrote is in sla.toml",
                es: "todos los que escribieron están en sla.toml",
            }),
        )?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(
        language.of(Both {
            en: ["address", "name", "taken for", "channel", "events", "last", "request"],
            es: ["dirección", "nombre", "se toma por", "canal", "eventos", "último", "solicitud"],
        }),
        [
            Column::text(20),
            Column::text(10),
            Column::WHOLE,
            Column::WHOLE.leaves(1),
            Column::NUMBER.leaves(2),
            Column::WHOLE.leaves(4),
            Column::WHOLE.leaves(3),
        ],
    );
    for row in &rows {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let kind = match row["kind"].as_str() {
            Some("agent") => Both { en: "a colleague", es: "colega" },
            _ => Both { en: "a client", es: "cliente" },
        };
        table.add_row([
            text("address"),
            text("name"),
            language.of(kind).to_owned(),
            vocabulary::channel(&text("channel"), language),
            row["events"].to_string(),
            look.when(&row["last_at"]),
            text("request"),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}
