//! What is shown: the rows, how the whole stands, and where the reader is.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::app::view::RequestView;
use crate::both;
use crate::cli::client::Client;
use crate::cli::list::encoded;
use crate::cli::look::Look;
use crate::cli::real_time;
use crate::engine::check::folded;
use crate::engine::clock::ClockState;
use crate::engine::explain::Explanation;
use crate::engine::policy::TargetKind;
use crate::text::explain::{Section, sections};
use crate::text::printable::printable_line;
use crate::text::{Language, format, vocabulary};

/// Rows that are asked for.
const MOST_ROWS: usize = 200;
/// Stands for an owner where there is none.
pub(super) const NOBODY: &str = "–";
/// For how long a request is silenced, as on its page.
const SILENCE: &str = "2h";
/// Messages in the strip at the bottom.
const MOST_MESSAGES: usize = 2;
/// A daemon that has not answered for so long is silent.
const SILENT_AFTER: TimeDelta = TimeDelta::seconds(5);

/// Which requests are wanted.
#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) team: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) channel: Option<String>,
}

/// How urgent a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    Overdue,
    Soon,
    InTime,
    Waiting,
}

impl Urgency {
    /// By the daemon's word for it.
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("overdue") => Self::Overdue,
            Some("soon") => Self::Soon,
            Some("waiting") => Self::Waiting,
            _ => Self::InTime,
        }
    }
}

/// A request as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) urgency: Urgency,
    pub(super) when: String,
    /// The same without the words that its shape says too.
    pub(super) briefly: String,
    /// How much of its time is spent.
    pub(super) spent: Option<f64>,
    pub(super) what: String,
    pub(super) client: String,
    pub(super) owner: String,
    pub(super) is_taken: bool,
    /// Everything that can be searched, in lower case and without accents.
    words: String,
}

/// What fills the screen.
#[derive(Debug, Default)]
pub(super) enum Pane {
    /// The queue.
    #[default]
    Queue,
    /// One request, in lines, from one of them on.
    Request { lines: Vec<String>, from: usize },
    /// What the keys do.
    Help,
}

/// A question on the last line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prompt {
    /// What to search for.
    Search(String),
    /// Whether to take this request.
    Take(String),
    /// Whether to put it off.
    Snooze(String),
    /// Whether to silence it.
    Silence(String),
    /// To whom to hand it: so far, and the request.
    Hand(String, String),
}

/// Everything that a frame shows.
pub(super) struct Model {
    filter: Filter,
    pub(super) by: Option<String>,
    pub(super) look: Look,
    pub(super) status: Value,
    duty: Value,
    rows: Vec<Row>,
    pub(super) messages: Vec<String>,
    pub(super) place: usize,
    pub(super) pane: Pane,
    pub(super) prompt: Option<Prompt>,
    pub(super) search: String,
    /// What was done, or could not be, last.
    pub(super) said: Option<String>,
    /// Whether that is what could not be reached.
    is_trouble: bool,
    /// How many there are of each urgency, whatever is listed and searched.
    pub(super) counts: [u64; 4],
    /// Open requests that are due after those that are listed.
    pub(super) n_unseen: u64,
    heard_at: DateTime<Utc>,
}

/// What the daemon answers at a look.
pub(super) struct Answers {
    page: Value,
    status: Value,
    duty: Value,
    sent: Value,
}

/// Asks for everything that a frame shows.
pub(super) async fn ask(client: &Client, query: &str) -> anyhow::Result<Answers> {
    let page = client.get(query).await?;
    let status = client.get("/v1/status").await?;
    let duty = client.get("/v1/duty").await?;
    let sent = client.get(&format!("/v1/deliveries?limit={MOST_MESSAGES}")).await?;
    Ok(Answers { page, status, duty, sent })
}

impl Model {
    pub(super) fn new(filter: Filter, by: Option<String>, look: Look) -> Self {
        Self {
            filter,
            by,
            look,
            status: Value::Null,
            duty: Value::Null,
            rows: Vec::new(),
            messages: Vec::new(),
            place: 0,
            pane: Pane::Queue,
            prompt: None,
            search: String::new(),
            said: None,
            is_trouble: false,
            counts: [0; 4],
            n_unseen: 0,
            heard_at: real_time().now(),
        }
    }

    pub(super) fn language(&self) -> Language {
        self.look.language
    }

    /// The rows that the search lets through.
    pub(super) fn rows(&self) -> Vec<&Row> {
        let wanted = folded(&self.search);
        self.rows.iter().filter(|row| row.words.contains(&wanted)).collect()
    }

    /// The row on which the reader is.
    pub(super) fn row(&self) -> Option<&Row> {
        self.rows().get(self.place).copied()
    }

    /// Since when the daemon has not answered, once that is long.
    pub(super) fn silent_since(&self) -> Option<DateTime<Utc>> {
        (SILENT_AFTER < real_time().now() - self.heard_at).then_some(self.heard_at)
    }

    /// How long it is until something is looked at next.
    pub(super) fn until_next(&self) -> Option<String> {
        let at: DateTime<Utc> = self.status["next_wake_at"].as_str()?.parse().ok()?;
        Some(format::rough_span((at - real_time().now()).max(TimeDelta::zero())))
    }

    /// Since how long the daemon runs, from a minute on.
    pub(super) fn running_for(&self) -> Option<String> {
        let since: DateTime<Utc> = self.status["started_at"].as_str()?.parse().ok()?;
        let span = real_time().now() - since;
        (TimeDelta::minutes(1) <= span).then(|| format::rough_span(span))
    }

    /// Destinations that stand.
    pub(super) fn standing(&self) -> impl Iterator<Item = &str> {
        let standing = self.status["standing"].as_array().into_iter().flatten();
        standing.filter_map(|one| one["destination"].as_str())
    }

    /// Who is on duty, by the rotas of the file.
    pub(super) fn on_duty(&self) -> Option<String> {
        let rotas = self.duty["duty"].as_array().into_iter().flatten();
        let mut names: Vec<&str> = rotas.filter_map(|rota| rota["name"].as_str()).collect();
        names.dedup();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Asks for everything anew; what was there stays where the daemon does not answer.
    pub(super) async fn refresh(&mut self, client: &Client) {
        let answered = ask(client, &self.query()).await;
        self.hear(answered);
    }

    pub(super) async fn fetch(&mut self, client: &Client) -> anyhow::Result<()> {
        let answers = ask(client, &self.query()).await?;
        self.take(&answers);
        Ok(())
    }

    /// Which requests are wanted, as a path.
    pub(super) fn query(&self) -> String {
        let mut query = format!("/v1/requests?state=open&order=due&urgency=true&limit={MOST_ROWS}");
        let filters = [("team", &self.filter.team), ("owner", &self.filter.owner), ("channel", &self.filter.channel)];
        for (name, word) in filters {
            if let Some(word) = word {
                query += &format!("&{name}={}", encoded(word));
            }
        }
        query
    }

    /// Takes in what came of a look.
    pub(super) fn hear(&mut self, answered: anyhow::Result<Answers>) {
        match answered {
            Ok(answers) => self.take(&answers),
            Err(error) => {
                self.said = Some(printable_line(&error.to_string()));
                self.is_trouble = true;
            }
        }
    }

    /// Nobody answered in time.
    pub(super) fn miss(&mut self) {
        let text = both!("plazo does not answer", "plazo no contesta");
        self.said = Some(self.language().of(text));
        self.is_trouble = true;
    }

    fn take(&mut self, answers: &Answers) {
        let Answers { page, status, duty, sent } = answers;
        (self.status, self.duty) = (status.clone(), duty.clone());
        if std::mem::take(&mut self.is_trouble) {
            self.said = None;
        }
        let now = real_time().now();
        let views = page["requests"].as_array().into_iter().flatten();
        let views = views.filter_map(|view| serde_json::from_value::<RequestView>(view.clone()).ok());
        let id = self.row().map(|row| row.id.clone());
        let urgencies = page["urgency"].as_array().into_iter().flatten().map(|word| Urgency::of(word.as_str()));
        // A daemon of before says nothing of it.
        let urgencies = urgencies.chain(std::iter::repeat(Urgency::InTime));
        self.rows = views.zip(urgencies).map(|(view, urgency)| row(&view, urgency, now, self.look)).collect();
        let n = |word: &str| page["counts"][word].as_u64().unwrap_or_default();
        self.counts = [n("overdue"), n("soon"), n("in_time") + n("calm"), n("waiting")];
        self.n_unseen = page["total"].as_u64().unwrap_or_default().saturating_sub(self.rows.len() as u64);
        // The reader stays on the request, wherever it went.
        let rows = self.rows();
        let place = id.and_then(|id| rows.iter().position(|row| row.id == id)).unwrap_or(self.place);
        self.place = place.min(rows.len().saturating_sub(1));
        self.messages =
            sent["deliveries"].as_array().into_iter().flatten().map(|one| message(one, self.look)).collect();
        self.heard_at = now;
    }

    /// Does something with a request, in the name that was given.
    ///
    /// What comes after something that was refused is not tried, so that the refusal is read.
    pub(super) async fn act(&mut self, client: &Client, id: &str, actions: &[(&str, Value)]) {
        let mut done = Ok(());
        for (action, body) in actions {
            let mut body = body.clone();
            body["by"] = json!(self.by);
            done = client.post(&format!("/v1/requests/{id}/{action}"), &body).await.map(|_| ());
            if done.is_err() {
                break;
            }
        }
        self.say(id, done);
        self.refresh(client).await;
    }

    /// Keeps everybody from being told of a request for a while.
    pub(super) async fn silence(&mut self, client: &Client, id: &str) {
        let body = json!({ "request": id, "for": SILENCE, "by": self.by });
        let done = client.post("/v1/silences", &body).await.map(|_| ());
        self.say(id, done);
        self.refresh(client).await;
    }

    fn say(&mut self, id: &str, done: anyhow::Result<()>) {
        self.said = Some(match done {
            Ok(()) => format!("✓ {id}"),
            Err(error) => format!("✗ {}", printable_line(&error.to_string())),
        });
    }

    /// Opens a request in the pane.
    pub(super) async fn open(&mut self, client: &Client, id: String) {
        match client.get(&format!("/v1/requests/{id}?language={}", self.language().code())).await {
            Ok(whole) => {
                let mut lines = lines(&whole, self.look);
                // How each deadline follows is told where it can be.
                if let Ok(explanation) = client.get(&format!("/v1/requests/{id}/explain")).await {
                    lines.extend(derived(explanation, self.look));
                }
                self.pane = Pane::Request { lines, from: 0 };
            }
            Err(error) => self.said = Some(printable_line(&error.to_string())),
        }
    }
}

fn row(view: &RequestView, urgency: Urgency, now: DateTime<Utc>, look: Look) -> Row {
    let language = look.language;
    let live = view.clocks.iter().filter(|clock| clock.stopped_at.is_none() && clock.due_at.is_some());
    let first = live.min_by_key(|clock| clock.due_at);
    let due_at = first.and_then(|clock| clock.due_at);
    let when = due_at.map_or_else(String::new, |due_at| {
        let span = format::rough_span((due_at - now).abs());
        language.of(match () {
            () if due_at <= now => both!("{span} ago", "hace {span}"),
            () if due_at - now < TimeDelta::hours(12) => both!("in {span}", "en {span}"),
            () => {
                let at = format::when(due_at, now, look.zone(), language);
                both!("{at}", "{at}")
            }
        })
    });
    let briefly = due_at.map_or_else(String::new, |due_at| format::rough_span((due_at - now).abs()));
    let spent = first.zip(due_at).map(|(clock, due_at)| {
        let (whole, spent) = ((due_at - clock.started_at).as_seconds_f64(), (now - clock.started_at).as_seconds_f64());
        (spent / whole.max(1.0)).clamp(0.0, 1.0)
    });
    let kind = first.and_then(|clock| TargetKind::from_word(&clock.kind));
    let what = kind.map_or("–", |kind| vocabulary::task(kind, language)).to_owned();
    let client = view.customer.clone().or_else(|| view.contact.clone()).unwrap_or_default();
    let client = printable_line(&client);
    let owner = printable_line(view.owner.as_deref().unwrap_or(NOBODY));
    let subject = view.subject.as_deref().unwrap_or_default();
    let words = folded(&format!("{} {client} {owner} {what} {subject} {}", view.id, view.channel));
    let is_taken = view.clocks.iter().any(|clock| clock.stopped_at.is_none() && clock.acked_at.is_some());
    Row { id: view.id.clone(), urgency, when, briefly, spent, what, client, owner, is_taken, words }
}

/// `12:43  aviso → Laura (email): sent`.
fn message(delivery: &Value, look: Look) -> String {
    let text = |field: &str| printable_line(delivery[field].as_str().unwrap_or_default());
    let at = look.when(&delivery["decided_at"]);
    let to = Some(text("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| text("person"));
    let why = vocabulary::motive(delivery["why"].as_str().unwrap_or_default(), look.language).to_owned();
    let (request, by, answer) = (text("request"), text("destination"), text("answer"));
    let (by, answer) = (vocabulary::destination(&by, look.language), vocabulary::answer(&answer, look.language));
    format!("{at}  {why} {request} → {to} ({by})  {answer}")
}

/// How each deadline follows, as `plazo explain` says it.
fn derived(explanation: Value, look: Look) -> Vec<String> {
    let Ok(explanation) = serde_json::from_value::<Explanation>(explanation) else { return Vec::new() };
    let mut lines = Vec::new();
    for Section { title, state, rows } in sections(&explanation, look.zone(), look.language) {
        let state = state.map(|(_, word)| format!(" — {word}")).unwrap_or_default();
        lines.extend([String::new(), printable_line(&format!("{title}{state}"))]);
        lines.extend(rows.into_iter().map(|(label, text)| printable_line(&format!("  {label:<14} {text}"))));
    }
    lines
}

/// A request in lines: what is due, and what happened, the latest first.
fn lines(whole: &Value, look: Look) -> Vec<String> {
    let text = |field: &str| printable_line(whole[field].as_str().unwrap_or_default());
    let client = Some(text("customer")).filter(|client| !client.is_empty()).unwrap_or_else(|| text("contact"));
    let head: Vec<_> = [text("id"), client, text("subject")].into_iter().filter(|part| !part.is_empty()).collect();
    let mut lines = vec![head.join(" · ")];
    for clock in whole["clocks"].as_array().into_iter().flatten() {
        let task = vocabulary::task_of(clock["kind"].as_str().unwrap_or_default(), look.language).to_owned();
        let (due, left) = (look.when(&clock["due_at"]), look.distance(&clock["due_at"]));
        let state = ClockState::deserialize(&clock["state"]);
        let state = state.map_or("", |state| vocabulary::state(state, look.language));
        lines.push(format!("  {task}: {state} {due} {left}"));
    }
    lines.push(String::new());
    for told in whole["told"].as_array().into_iter().flatten().rev() {
        let said = printable_line(told["text"].as_str().unwrap_or_default());
        lines.push(format!("{}  {said}", look.when(&told["at"])));
    }
    lines
}
