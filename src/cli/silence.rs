//! `plazo silence`: what nobody wants to hear of for a while, made, listed and ended; and `plazo duty`: who is on duty.

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::Client;
use super::list::encoded;
use super::output::{self, BLUE, DIM, GREEN, YELLOW, styled};
use super::show::local;
use super::{Exit, Global, Outcome};
use crate::both;
use crate::text::Both;

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
    /// Of this request only, such as R-17
    #[arg(long)]
    request: Option<String>,
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
    /// Until when: an instant
    #[arg(long, value_name = "INSTANT", conflicts_with = "lasts")]
    until: Option<String>,
    /// From when: an instant [default: now]
    #[arg(long, value_name = "INSTANT")]
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
    /// At an instant [default: now]
    #[arg(long, value_name = "INSTANT")]
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
    let mut table = output::table(&language.of(Both {
        en: ["silence", "state", "of", "from", "until", "by", "why"],
        es: ["silencio", "estado", "de", "desde", "hasta", "por", "motivo"],
    }));
    for silence in &silences {
        let text = |field: &str| silence[field].as_str().unwrap_or_default().to_owned();
        let (style, word) = match silence["state"].as_str() {
            Some("holds") => (YELLOW, Both { en: "holds", es: "en curso" }),
            Some("planned") => (BLUE, Both { en: "planned", es: "previsto" }),
            _ => (DIM, Both { en: "over", es: "terminado" }),
        };
        let word = language.of(word);
        table.add_row([
            silence["id"].to_string(),
            if super::is_styled() { styled(style, word) } else { word.to_owned() },
            matcher(&silence["silenced"]),
            local(&silence["starts_at"], look),
            local(&silence["ends_at"], look),
            text("who"),
            text("why"),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(Exit::Done)
}

fn body(new: &AddArgs) -> Value {
    let mut body = json!({
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
fn matcher(silenced: &Value) -> String {
    let fields = silenced.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let words = match value {
            Value::String(word) => vec![word.clone()],
            Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::Number(number) => vec![format!("R-{number}")],
            _ => Vec::new(),
        };
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
        return Ok(Exit::Done);
    }
    let mut table = output::table(
        &language.of(Both { en: ["rota", "on duty", "until", "then"], es: ["turno", "de turno", "hasta", "después"] }),
    );
    let mut exit = Exit::Done;
    for row in &duty {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let nobody = language.of(Both { en: "nobody", es: "nadie" });
        let (style, word) = match row["name"].as_str() {
            Some(name) => (GREEN, name),
            None => {
                exit = Exit::Found;
                (YELLOW, nobody)
            }
        };
        table.add_row([
            text("rota"),
            if super::is_styled() { styled(style, word) } else { word.to_owned() },
            local(&row["until"], look),
            text("next"),
        ]);
    }
    output::line(&table.to_string())?;
    Ok(exit)
}
