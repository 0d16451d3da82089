//! `plazo silence`: what nobody wants to hear of for a while, made, listed and ended; and `plazo duty`: who is on duty.

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::Client;
use super::list::encoded;
use super::output::{self, BLUE, Cell, Column, DIM, GREEN, Table, YELLOW};
use super::show::local;
use super::{Exit, Global, Outcome, away};
use crate::both;
use crate::text::{Both, Language};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Those that are over too
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Hold alerts back; they come as one message when the silence ends
    Add(Box<AddArgs>),
    /// End a silence before its time
    End {
        /// Its number
        silence: i64,
    },
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// Everything, as for a holiday
    #[arg(long, conflicts_with_all = ["request", "person", "channel", "customer", "inbox", "team", "priority", "tag"])]
    all: bool,
    /// Of this request only, such as R-17
    #[arg(long)]
    request: Option<String>,
    /// Only what goes to this person
    #[arg(long)]
    person: Vec<String>,
    /// Of requests by these channels
    #[arg(long)]
    channel: Vec<String>,
    /// Of these clients
    #[arg(long)]
    customer: Vec<String>,
    /// Of these inboxes
    #[arg(long)]
    inbox: Vec<String>,
    /// Of these teams
    #[arg(long)]
    team: Vec<String>,
    /// Of these priorities
    #[arg(long)]
    priority: Vec<String>,
    /// With these tags
    #[arg(long)]
    tag: Vec<String>,
    /// For how long, such as 2h
    #[arg(long = "for", value_name = "SPAN", required_unless_present = "until")]
    lasts: Option<String>,
    /// Until when, such as "mon 08:00" or 2026-12-08, that day included
    #[arg(long, value_name = "WHEN", conflicts_with = "lasts", allow_hyphen_values = true)]
    until: Option<String>,
    /// From when, such as "tomorrow 12:00" [default: now]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    from: Option<String>,
    /// Who wants it
    #[arg(long, value_name = "PERSON")]
    by: Option<String>,
    /// Why
    #[arg(long)]
    why: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct DutyArgs {
    /// At another time, such as 2026-12-08, "sat 08:00" or +8h [default: now]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let look = global.look();
    let language = look.language;
    match &args.command {
        Some(Command::Add(new)) => {
            let made = Client::writing(global)?.post("/v1/silences", &body(new)).await?;
            let (id, until) = (made["id"].clone(), local(&made["ends_at"], look));
            output::line(&language.of(both!(
                "silence {id} holds until {until}; what it holds back comes as one message then",
                "el silencio {id} dura hasta {until}; lo que retiene llega entonces en un solo mensaje"
            )))?;
            output::line(&language.of(would_hold(&made["would_hold"])))?;
            return Ok(Exit::Done);
        }
        Some(Command::End { silence }) => {
            Client::writing(global)?.post(&format!("/v1/silences/{silence}/end"), &json!({})).await?;
            output::line(&language.of(both!("silence {silence} is over", "el silencio {silence} terminó")))?;
            return Ok(Exit::Done);
        }
        None => {}
    }
    let page = Client::reading(global)?.get(&format!("/v1/silences?all={}", args.all)).await?;
    if args.json {
        return output::json(&page);
    }
    let silences = page["silences"].as_array().cloned().unwrap_or_default();
    if silences.is_empty() {
        output::line(language.of(Both { en: "nothing is silenced", es: "no hay nada en silencio" }))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(
        language.of(Both {
            en: ["silence", "state", "of", "from", "until", "by", "why"],
            es: ["silencio", "estado", "de", "desde", "hasta", "por", "motivo"],
        }),
        [
            Column::NUMBER,
            Column::WHOLE,
            Column::text(16),
            Column::WHOLE.leaves(1),
            Column::WHOLE,
            Column::text(8).leaves(2),
            Column::text(10).leaves(3),
        ],
    );
    for silence in &silences {
        let text = |field: &str| silence[field].as_str().unwrap_or_default().to_owned();
        let (style, word) = match silence["state"].as_str() {
            Some("holds") => (YELLOW, Both { en: "holds", es: "en curso" }),
            Some("planned") => (BLUE, Both { en: "planned", es: "previsto" }),
            _ => (DIM, Both { en: "over", es: "terminado" }),
        };
        let word = language.of(word);
        table.add_row([
            Cell::from(silence["id"].to_string()),
            Cell::styled(style, word),
            matcher(&silence["silenced"], language).into(),
            local(&silence["starts_at"], look).into(),
            local(&silence["ends_at"], look).into(),
            text("who").into(),
            text("why").into(),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}

/// What a new silence would hold back, as things stand.
fn would_hold(foreseen: &Value) -> Both {
    let (alerts, requests) =
        (foreseen["alerts"].as_u64().unwrap_or_default(), foreseen["requests"].as_u64().unwrap_or_default());
    match (alerts, requests) {
        (0, _) => both!("as things stand, it would hold back nothing", "como está todo ahora, no retendría nada"),
        (1, _) => both!("as things stand, it would hold back 1 alert", "como está todo ahora, retendría 1 aviso"),
        (_, 1) => both!(
            "as things stand, it would hold back {alerts} alerts of 1 request",
            "como está todo ahora, retendría {alerts} avisos de 1 solicitud"
        ),
        _ => both!(
            "as things stand, it would hold back {alerts} alerts of {requests} requests",
            "como está todo ahora, retendría {alerts} avisos de {requests} solicitudes"
        ),
    }
}

fn body(new: &AddArgs) -> Value {
    let mut body = json!({
        "all": new.all,
        "person": new.person,
        "match": {
            "channel": new.channel, "customer": new.customer, "inbox": new.inbox, "team": new.team,
            "priority": new.priority, "tags": new.tag,
        },
    });
    let words = [
        ("request", &new.request),
        ("for", &new.lasts),
        ("until", &new.until),
        ("from", &new.from),
        ("by", &new.by),
        ("why", &new.why),
    ];
    for (key, word) in words {
        if let Some(word) = word {
            body[key] = word.clone().into();
        }
    }
    body
}

/// What a silence holds back, in a line.
fn matcher(silenced: &Value, language: Language) -> String {
    if silenced["all"] == true {
        return language.of(Both { en: "everything", es: "todo" }).to_owned();
    }
    let fields = silenced.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let words = match value {
            Value::String(word) => vec![word.clone()],
            Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::Number(number) => vec![format!("R-{number}")],
            _ => Vec::new(),
        };
        let name = language.of(match name.as_str() {
            "request" => Both { en: "request", es: "solicitud" },
            "person" => Both { en: "what goes to", es: "lo que va para" },
            "channel" => Both { en: "channel", es: "canal" },
            "customer" => Both { en: "client", es: "cliente" },
            "inbox" => Both { en: "inbox", es: "bandeja" },
            "team" => Both { en: "team", es: "equipo" },
            "priority" => Both { en: "priority", es: "prioridad" },
            "tags" => Both { en: "tags", es: "etiquetas" },
            "kind" => Both { en: "kind", es: "tipo" },
            "stage" => Both { en: "stage", es: "etapa" },
            other => Both { en: other, es: other },
        });
        (!words.is_empty()).then(|| format!("{name} {}", words.join(", ")))
    });
    fields.collect::<Vec<_>>().join(" · ")
}

pub(super) async fn duty(global: &Global, args: &DutyArgs) -> Outcome {
    let at = args.at.iter().map(|at| format!("?at={}", encoded(at))).collect::<String>();
    let page = Client::reading(global)?.get(&format!("/v1/duty{at}")).await?;
    if args.json {
        return output::json(&page);
    }
    let look = global.look();
    let language = look.language;
    let duty = page["duty"].as_array().cloned().unwrap_or_default();
    if duty.is_empty() {
        output::line(
            language.of(Both { en: "no [rota.NAME] in sla.toml", es: "no hay ningún [rota.NOMBRE] en sla.toml" }),
        )?;
        away::tell(&page, look)?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(
        language.of(Both { en: ["rota", "on duty", "until", "then"], es: ["turno", "de turno", "hasta", "después"] }),
        [Column::text(10), Column::text(10), Column::WHOLE, Column::text(10)],
    );
    let mut exit = Exit::Done;
    for row in &duty {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let nobody = language.of(Both { en: "nobody", es: "nadie" });
        let (style, word) = match (row["name"].as_str(), row["stands_in_for_name"].as_str()) {
            (Some(name), None) => (GREEN, name.to_owned()),
            (Some(name), Some(other)) => {
                (GREEN, language.of(both!("{name}, in place of {other}", "{name}, en lugar de {other}")))
            }
            (None, _) => {
                exit = Exit::Found;
                (YELLOW, nobody.to_owned())
            }
        };
        table.add_row([
            Cell::from(text("rota")),
            Cell::styled(style, word),
            local(&row["until"], look).into(),
            row["next_name"].as_str().map_or_else(|| text("next"), str::to_owned).into(),
        ]);
    }
    output::line(&table.to_string())?;
    away::tell(&page, look)?;
    Ok(exit)
}
