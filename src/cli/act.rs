//! What people do with requests from the command line: each is a call of the HTTP interface.

use serde_json::{Map, Value, json};

use super::client::Client;
use super::output::{self, DIM, styled};
use super::{Exit, Global, Look, Outcome};
use crate::both;
use crate::engine::check::Violation;
use crate::engine::request_id::RequestId;
use crate::text::{Both, Language, violation};

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
    /// What it is [default: request]
    #[arg(long, value_parser = ["request", "task", "claim", "call"])]
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
    /// A deadline of its own, such as "tomorrow 17:00" or 2026-12-08, that day included
    #[arg(long, value_name = "WHEN", conflicts_with = "within", allow_hyphen_values = true)]
    due: Option<String>,
    /// A deadline of its own: a span such as 4h
    #[arg(long, value_name = "SPAN")]
    within: Option<String>,
    /// When it happened, such as 08:00, "yesterday 18:05" or -2h [default: now]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
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
    /// When it happened, such as 08:00, "yesterday 18:05" or -2h [default: now]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
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
pub(super) struct BrokenArgs {
    /// Which promise, such as deliver [default: the one that broke last]
    #[arg(long, value_name = "KIND")]
    promise: Option<String>,
    /// Which of its kind on the request, from 1 [default: the last]
    #[arg(long, value_name = "NUMBER")]
    cycle: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(super) struct BreachArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// A key or name of [reasons]
    #[arg(value_name = "REASON")]
    why: String,
    #[command(flatten)]
    of: BrokenArgs,
    /// What there is to say to it
    #[arg(long)]
    text: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ApproveArgs {
    #[command(flatten)]
    plain: PlainArgs,
    #[command(flatten)]
    of: BrokenArgs,
    /// Leave the breach in the figures
    #[arg(long)]
    refuse: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct UndoArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// Which act, by its event's id; the last one where it is left out
    event: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct WaitArgs {
    #[command(flatten)]
    reason: ReasonArgs,
    /// Who is waited for, a key of [wait]; the client where it is left out
    #[arg(long, value_name = "KIND")]
    on: Option<String>,
    /// When the wait ends by itself, such as "mon 08:00" or "next opening"
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    until: Option<String>,
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
    /// Until when, such as "mon 08:00" or "next opening"
    #[arg(long, value_name = "WHEN", conflicts_with = "span", allow_hyphen_values = true)]
    until: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct AckArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// Until when, such as "mon 08:00" or "next opening"; then the ladder goes on
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    until: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct PromiseArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// By when, such as "tomorrow 17:00", "next opening" or 2026-12-08, that day included
    #[arg(long, value_name = "WHEN", required_unless_present = "within", allow_hyphen_values = true)]
    due: Option<String>,
    /// In how long: a span such as 4h
    #[arg(long, value_name = "SPAN", conflicts_with = "due")]
    within: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct CloseArgs {
    #[command(flatten)]
    reason: ReasonArgs,
    /// On which ground: answered, moved, task, or confirmed by the client
    #[arg(long, value_parser = ["answered", "moved", "task", "confirmed"])]
    ground: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct CommentArgs {
    #[command(flatten)]
    text: TextArgs,
    /// The context
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
    /// What was done
    #[arg(long, value_name = "TEXT")]
    actions: Option<String>,
    /// What comes next
    #[arg(long, value_name = "TEXT")]
    next_steps: Option<String>,
    /// What is not known
    #[arg(long, value_name = "TEXT")]
    missing_data: Option<String>,
    /// By which other channel it was spoken of
    #[arg(long, value_name = "TEXT")]
    external_channel: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// With whom
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// By what: email, whatsapp, phone, skype
    #[arg(long)]
    medium: Option<String>,
    /// What for
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// What was given or received
    #[arg(long, value_name = "TEXT")]
    inputs: Option<String>,
    /// What is still to be done
    #[arg(long, value_name = "TEXT")]
    pending: Option<String>,
    /// What solved it
    #[arg(long, value_name = "TEXT")]
    solution: Option<String>,
    /// Whether a protocol was applied
    #[arg(long, value_name = "true|false")]
    protocol: Option<bool>,
    /// Of a call: with how many requests it dealt
    #[arg(long, value_name = "NUMBER")]
    items: Option<u32>,
    /// Of a call: the line was busy
    #[arg(long)]
    busy: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ScheduleArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// When it begins, such as "tomorrow 15:00"
    #[arg(long, value_name = "WHEN", required_unless_present_any = ["within", "cancel"])]
    due: Option<String>,
    /// In how long it begins, such as 2h
    #[arg(long, value_name = "SPAN", conflicts_with = "due")]
    within: Option<String>,
    /// Call it off
    #[arg(long, conflicts_with_all = ["due", "within"])]
    cancel: bool,
    /// Addresses of those who take part besides the owner; plazo invites only people of sla.toml
    #[arg(long = "with", value_name = "ADDRESS")]
    participants: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct BlockArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// The request that must be done first
    blocker: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct SplitArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// What each part is about; each becomes a task
    parts: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct StageArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// The stage that the claim enters; `done` after the last
    to: String,
    /// The number under which the claim is tracked (CUN)
    #[arg(long)]
    number: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct PriorityArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// The priority, such as high
    #[arg(value_name = "PRIORITY")]
    to: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct MoveArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// The inbox
    #[arg(value_name = "INBOX")]
    to: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct TagArgs {
    #[command(flatten)]
    plain: PlainArgs,
    /// Tags to add
    #[arg(long, value_name = "TAG", required_unless_present = "remove")]
    add: Vec<String>,
    /// Tags to remove
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
}

/// What people do besides answering and closing.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Work {
    /// Add an internal note, with its five parts where the rules ask for them
    Comment(Box<CommentArgs>),
    /// Write down an interaction with the client
    Log(Box<LogArgs>),
    /// Agree on a call or session, move it, or call it off; people of the house who take part are invited
    Schedule(ScheduleArgs),
    /// The appointment took place
    Held(PlainArgs),
    /// A call broke off: the client is to be called back
    CallDropped(PlainArgs),
    /// The client was called
    CallMade(PlainArgs),
    /// The client was asked how it goes
    FollowUp(PlainArgs),
    /// It cannot go on before another request is done
    Block(BlockArgs),
    /// It can go on
    Unblock(PlainArgs),
    /// Split tasks off a request
    Split(SplitArgs),
    /// Take a formal claim to another stage
    Stage(StageArgs),
    /// Hand a critical case up: the whole chain is told at once
    Escalate(ReasonArgs),
    /// Agree with the client on another instant for the delivery
    Promise(PromiseArgs),
    /// The client's message needs no answer: its clock ends, neither kept nor broken
    Waive(ReasonArgs),
    /// Say why a promise broke, by a key of [reasons]
    Reason(BreachArgs),
    /// Let a breach out of the figures for its reason, or leave it in
    Approve(ApproveArgs),
    /// Take an act back as if it had not been: a wrong answer, wait or closing
    Undo(UndoArgs),
    /// What was written by WhatsApp was sent by email too
    Replica(PlainArgs),
    /// Put a request into another inbox
    Move(MoveArgs),
    /// Add and remove tags
    Tag(TagArgs),
    /// Give a request another priority
    Prioritise(PriorityArgs),
}

pub(super) async fn work(global: &Global, work: Work) -> Outcome {
    match work {
        Work::Comment(args) => {
            let CommentArgs { text, context, actions, next_steps, missing_data, external_channel } = *args;
            let body = given([
                ("text", text.text),
                ("context", context),
                ("actions", actions),
                ("next_steps", next_steps),
                ("missing_data", missing_data),
                ("external_channel", external_channel),
            ]);
            act(global, "comment", text.plain, body).await
        }
        Work::Log(args) => {
            let LogArgs { plain, person, medium, reason, inputs, pending, solution, protocol, items, busy } = *args;
            let mut body = given([
                ("person", person),
                ("medium", medium),
                ("reason", reason),
                ("inputs", inputs),
                ("pending", pending),
                ("solution", solution),
            ]);
            body.insert("protocol".to_owned(), json!(protocol));
            body.insert("items".to_owned(), json!(items));
            body.insert("busy".to_owned(), busy.into());
            act(global, "log", plain, body).await
        }
        Work::Schedule(args) => {
            let mut body = given([("due", args.due), ("within", args.within)]);
            body.insert("participants".to_owned(), args.participants.into());
            act(global, "schedule", args.plain, body).await
        }
        Work::Held(args) => plain(global, "held", args).await,
        Work::CallDropped(args) => plain(global, "call_dropped", args).await,
        Work::CallMade(args) => plain(global, "call_made", args).await,
        Work::FollowUp(args) => plain(global, "follow_up", args).await,
        Work::Block(args) => act(global, "block", args.plain, given([("blocker", Some(args.blocker))])).await,
        Work::Unblock(args) => plain(global, "unblock", args).await,
        Work::Split(args) => {
            let body = Map::from_iter([("parts".to_owned(), args.parts.into())]);
            act(global, "split", args.plain, body).await
        }
        Work::Stage(args) => {
            act(global, "stage", args.plain, given([("to", Some(args.to)), ("number", args.number)])).await
        }
        Work::Escalate(args) => reason(global, "escalate", args).await,
        Work::Reason(BreachArgs { plain, why, of, text }) => {
            let mut body = given([("reason", Some(why)), ("text", text), ("promise", of.promise)]);
            body.insert("cycle".to_owned(), json!(of.cycle));
            act(global, "reason", plain, body).await
        }
        Work::Approve(ApproveArgs { plain, of, refuse }) => {
            let mut body = given([("promise", of.promise)]);
            body.insert("cycle".to_owned(), json!(of.cycle));
            body.insert("refuse".to_owned(), refuse.into());
            act(global, "approve", plain, body).await
        }
        Work::Undo(args) => act(global, "undo", args.plain, given([("of", args.event)])).await,
        Work::Promise(PromiseArgs { plain, due, within }) => {
            act(global, "promise", plain, given([("due", due), ("within", within)])).await
        }
        Work::Waive(args) => reason(global, "waive", args).await,
        Work::Replica(args) => plain(global, "replica", args).await,
        Work::Move(args) => act(global, "move", args.plain, given([("to", Some(args.to))])).await,
        Work::Tag(args) => {
            let body = Map::from_iter([("tags".to_owned(), args.add.into()), ("untag".to_owned(), args.remove.into())]);
            act(global, "tag", args.plain, body).await
        }
        Work::Prioritise(args) => act(global, "prioritise", args.plain, given([("to", Some(args.to))])).await,
    }
}

pub(super) async fn close(global: &Global, args: CloseArgs) -> Outcome {
    let body = given([("reason", args.reason.reason), ("ground", args.ground)]);
    act(global, "close", args.reason.plain, body).await
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
        ("owner", args.owner),
    ]);
    event.insert("id".to_owned(), uuid::Uuid::new_v4().to_string().into());
    event.insert("source".to_owned(), "cli".into());
    event.insert("type".to_owned(), "open".into());
    event.insert("tags".to_owned(), args.tag.into());
    event.insert("author".to_owned(), json!({ "name": args.by, "kind": kind }));
    let client = Client::writing(global)?;
    // A person is told what is wrong, instead of opening what was not meant.
    let answer = client.post("/v1/events?strict=true", &Value::Object(event)).await?;
    let id = answer["requests"][0].as_str().unwrap_or_default().to_owned();
    warn(&answer);
    let request = client.get(&format!("/v1/requests/{id}")).await?;
    tell(&request, &[], args.json, global.look())
}

pub(super) async fn plain(global: &Global, action: &str, args: PlainArgs) -> Outcome {
    act(global, action, args, Map::new()).await
}

pub(super) async fn reason(global: &Global, action: &str, args: ReasonArgs) -> Outcome {
    act(global, action, args.plain, given([("reason", args.reason)])).await
}

pub(super) async fn wait(global: &Global, args: WaitArgs) -> Outcome {
    let ReasonArgs { plain, reason } = args.reason;
    act(global, "wait", plain, given([("reason", reason), ("on", args.on), ("until", args.until)])).await
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

pub(super) async fn ack(global: &Global, args: AckArgs) -> Outcome {
    act(global, "ack", args.plain, given([("until", args.until)])).await
}

pub(super) async fn snooze(global: &Global, args: SnoozeArgs) -> Outcome {
    act(global, "snooze", args.plain, given([("for", args.span), ("until", args.until)])).await
}

async fn act(global: &Global, action: &str, args: PlainArgs, mut body: Map<String, Value>) -> Outcome {
    body.extend(given([("by", args.by), ("at", args.at)]));
    let path = format!("/v1/requests/{}/{action}", args.request);
    let answer = Client::writing(global)?.post(&path, &Value::Object(body)).await?;
    let effects = answer["effects"].as_array().cloned().unwrap_or_default();
    warn(&answer);
    let look = global.look();
    if let Some(act) = answer["took_back"].as_str().filter(|_| !args.json) {
        output::line(&look.language.of(both!("taken back: {act}", "se deshizo: {act}")))?;
    }
    tell(&answer["request"], &effects, args.json, look)
}

/// Says on standard error what was taken although somebody may have meant something else.
fn warn(answer: &Value) {
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        let detail = warning["detail"].as_str().unwrap_or_default();
        anstream::eprintln!("{}", styled(output::YELLOW, detail));
    }
}

/// A rule that the action broke, in words.
fn broken(effect: &Value, language: Language) -> String {
    match serde_json::from_value::<Violation>(effect.clone()) {
        Ok(violation) => violation::sentences(&violation, language),
        // A daemon of another version may know more.
        Err(_) => effect["rule"].as_str().unwrap_or_default().to_owned(),
    }
}

fn split_off(effect: &Value, language: Language) -> String {
    let request = effect["request"].as_i64().map(|id| RequestId(id).to_string()).unwrap_or_default();
    let subject = effect["subject"].as_str().map_or_else(String::new, |subject| format!(": {subject}"));
    language.of(match effect["kind"].as_str() {
        Some("claim") => both!("opened the claim {request}{subject}", "se abrió el reclamo {request}{subject}"),
        _ => both!("opened the task {request}{subject}", "se abrió la tarea {request}{subject}"),
    })
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
            "nothing_to_undo" => {
                Both { en: "there was nothing to take back then", es: "entonces no había nada que deshacer" }
            }
            other => Both { en: other, es: other },
        });
        output::line(&styled(output::YELLOW, language.of(both!("nothing changed: {why}", "nada cambió: {why}"))))?;
    }
    for effect in effects {
        match effect["effect"].as_str().unwrap_or_default() {
            "violation" => output::line(&styled(output::YELLOW, broken(effect, language)))?,
            "split_off" => output::line(&split_off(effect, language))?,
            _ => {}
        }
    }
    super::show::summary(request, look)?;
    if request["clocks"].as_array().is_none_or(Vec::is_empty) {
        output::line(&styled(DIM, language.of(both!("no promise runs on it", "no tiene plazos corriendo"))))?;
    }
    Ok(exit)
}
