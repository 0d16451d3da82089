//! What people do with requests from the command line: each is a call of the HTTP interface.

use serde_json::{Map, Value, json};

use super::client::Client;
use super::output::{self, DIM, styled};
use super::{Exit, Global, Look, Outcome};
use crate::both;
use crate::text::Both;

#[derive(Debug, clap::Args)]
pub(super) struct OpenArgs {
    /// What it is about
    subject: Option<String>,
    /// The channel, such as whatsapp, email or phone
    #[arg(long)]
    channel: String,
    /// The client
    #[arg(long)]
    customer: Option<String>,
    /// request, task, claim or call
    #[arg(long)]
    kind: Option<String>,
    /// Who opens it for the house; without it, the client asked
    #[arg(long, value_name = "PERSON")]
    by: Option<String>,
    /// Its owner
    #[arg(long, value_name = "PERSON")]
    owner: Option<String>,
    /// A priority such as high
    #[arg(long)]
    priority: Option<String>,
    /// Its inbox
    #[arg(long)]
    inbox: Option<String>,
    /// Tags
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// A deadline of its own: an instant
    #[arg(long, value_name = "INSTANT", conflicts_with = "within")]
    due: Option<String>,
    /// A deadline of its own: a span such as 4h
    #[arg(long, value_name = "SPAN")]
    within: Option<String>,
    /// When it happened [default: now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct PlainArgs {
    /// The request, such as R-17
    request: String,
    /// Who
    #[arg(long, value_name = "PERSON")]
    by: Option<String>,
    /// When it happened [default: now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ReasonArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct TextArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// What was said
    #[arg(long)]
    text: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct AnswerArgs {
    #[command(flatten)]
    text: TextArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct OwnArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// The owner; without one it has none
    owner: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct SnoozeArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// For how long, such as 30m
    #[arg(long = "for", value_name = "SPAN", required_unless_present = "until")]
    span: Option<String>,
    /// Until when
    #[arg(long, value_name = "INSTANT")]
    until: Option<String>,
}

pub(super) async fn open(global: &Global, args: OpenArgs) -> Outcome {
    let kind = if args.by.is_some() { "agent" } else { "customer" };
    let mut event = given([
        ("channel", Some(args.channel)),
        ("customer", args.customer),
        ("kind", args.kind),
        ("subject", args.subject),
        ("priority", args.priority),
        ("inbox", args.inbox),
        ("due", args.due),
        ("within", args.within),
        ("at", args.at),
    ]);
    event.insert("id".to_owned(), uuid::Uuid::new_v4().to_string().into());
    event.insert("source".to_owned(), "cli".into());
    event.insert("type".to_owned(), "open".into());
    event.insert("tags".to_owned(), args.tag.into());
    event.insert("author".to_owned(), json!({ "name": args.by, "kind": kind }));
    let client = Client::writing(global)?;
    let answer = client.post("/v1/events", &Value::Object(event)).await?;
    let id = answer["requests"][0].as_str().unwrap_or_default().to_owned();
    if let Some(owner) = args.owner {
        client.post(&format!("/v1/requests/{id}/own"), &json!({ "owner": owner })).await?;
    }
    let request = client.get(&format!("/v1/requests/{id}")).await?;
    tell(&request, &[], args.json, global.look())
}

pub(super) async fn plain(global: &Global, action: &str, args: PlainArgs) -> Outcome {
    act(global, action, args, Map::new()).await
}

pub(super) async fn reason(global: &Global, action: &str, args: ReasonArgs) -> Outcome {
    act(global, action, args.plain, given([("reason", args.reason)])).await
}

pub(super) async fn text(global: &Global, action: &str, args: TextArgs) -> Outcome {
    act(global, action, args.plain, given([("text", args.text)])).await
}

pub(super) async fn answer(global: &Global, args: AnswerArgs) -> Outcome {
    text(global, "answer", args.text).await
}

pub(super) async fn own(global: &Global, args: OwnArgs) -> Outcome {
    act(global, "own", args.plain, given([("owner", args.owner)])).await
}

pub(super) async fn snooze(global: &Global, args: SnoozeArgs) -> Outcome {
    act(global, "snooze", args.plain, given([("for", args.span), ("until", args.until)])).await
}

async fn act(global: &Global, action: &str, args: PlainArgs, mut body: Map<String, Value>) -> Outcome {
    body.extend(given([("by", args.by), ("at", args.at)]));
    let path = format!("/v1/requests/{}/{action}", args.request);
    let answer = Client::writing(global)?.post(&path, &Value::Object(body)).await?;
    let effects = answer["effects"].as_array().cloned().unwrap_or_default();
    tell(&answer["request"], &effects, args.json, global.look())
}

fn given<const N: usize>(fields: [(&str, Option<String>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

/// Says what the request is like now. An action that changed nothing exits with 1.
fn tell(request: &Value, effects: &[Value], json: bool, look: Look) -> Outcome {
    let language = look.language;
    let ignored = effects.iter().find(|effect| effect["effect"] == "ignored");
    let is_violation = effects.iter().any(|effect| effect["effect"] == "violation");
    let exit = if ignored.is_some() || is_violation { Exit::Found } else { Exit::Done };
    if json {
        output::json(&json!({ "request": request, "effects": effects }))?;
        return Ok(exit);
    }
    if let Some(why) = ignored.and_then(|effect| effect["why"].as_str()) {
        let why = language.of(match why {
            "already_so" => Both { en: "it is so already", es: "ya estaba así" },
            "merged" => Both { en: "the request is part of another", es: "la solicitud es parte de otra" },
            "not_owed" => Both { en: "nobody waits for it", es: "nadie lo espera" },
            other => Both { en: other, es: other },
        });
        output::line(&styled(output::YELLOW, language.of(both!("nothing changed: {why}", "nada cambió: {why}"))))?;
    }
    for violation in effects.iter().filter(|effect| effect["effect"] == "violation") {
        let rule = violation["rule"].as_str().unwrap_or_default();
        let text = both!(
            "this breaks rule {rule}: it does not count as an answer",
            "esto rompe la regla {rule}: no cuenta como respuesta"
        );
        output::line(&styled(output::YELLOW, language.of(text)))?;
    }
    super::show::summary(request, look)?;
    if request["clocks"].as_array().is_none_or(Vec::is_empty) {
        output::line(&styled(DIM, language.of(both!("no promise runs on it", "no tiene plazos corriendo"))))?;
    }
    Ok(exit)
}
