//! `GET /v1/about`: who answers, in which language and zone; and `GET /v1/status`: whether all is well, in one answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Read;
use super::error::{HandlerResult, Problem};
use crate::app::App;
use crate::app::disk::{DiskOutlook, outlook_in_words};
use crate::app::share::OwnPart;
use crate::app::views::Counts;
use crate::config::{Config, EMAIL};
use crate::outbox::DeliveryState;
use crate::store::daemons::DaemonRow;
use crate::store::telephones::CostRow;
use crate::text::{Language, phone};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(about)).routes(routes!(status))
}

/// Who answers.
#[derive(Debug, Serialize, ToSchema)]
struct About {
    /// The version of plazo.
    version: &'static str,
    /// The file's language: `es` or `en`.
    language: &'static str,
    /// The file's zone, such as `America/Bogota`.
    zone: &'static str,
    /// Now, as plazo sees it.
    now: DateTime<Utc>,
    /// Since when the daemon runs; none where none does and the store is only read.
    started_at: Option<DateTime<Utc>>,
    /// The number of the file's revision in force.
    revision: Option<i64>,
    /// When that one was taken.
    revision_taken_at: Option<DateTime<Utc>>,
    /// Where the file lies; none where no daemon runs.
    file: Option<String>,
    /// The name of this run, which `/a/` says in its header `plazo-run`: by it a daemon is known at its public address. None where no
    /// daemon runs.
    run: Option<String>,
}

/// Whether all is well.
#[derive(Debug, Serialize, ToSchema)]
struct Status {
    #[serde(flatten)]
    about: About,
    /// Live requests, those that wait included.
    open: i64,
    /// Of these, those whose team waits: for the client, or for whoever else is a kind of `[wait]`.
    waiting: i64,
    /// Of these, those with a promise that is overdue.
    overdue: i64,
    /// Requests that wait for an instant.
    queued: usize,
    /// The earliest of these instants.
    next_wake_at: Option<DateTime<Utc>>,
    /// Messages that wait to go out now.
    pending: i64,
    /// Messages held back on purpose.
    held: i64,
    /// Messages that could not be delivered, and that nobody retried or dropped.
    dead: i64,
    /// Messages that should have gone out by now.
    overdue_unsent: usize,
    /// When a message last went out.
    last_sent_at: Option<DateTime<Utc>>,
    /// Silences in force.
    silences: usize,
    /// The mail server, as `host:port`; none where mail goes to files.
    mail_server: Option<String>,
    /// Names of the destinations besides mail.
    destinations: Vec<String>,
    /// Destinations that stand.
    standing: Vec<Standing>,
    /// What destinations cost this month (UTC) that are paid for by message.
    paid: Vec<Paid>,
    /// Room on the disk; none where it cannot be asked.
    disk: Option<Disk>,
    /// The daemons that share one PostgreSQL; none where plazo has its store to itself.
    daemons: Vec<Sharer>,
}

/// Room on the disk, and how long it lasts.
#[derive(Debug, Serialize, ToSchema)]
struct Disk {
    /// What the store takes, in bytes.
    used: u64,
    /// What is free, in bytes.
    free: u64,
    /// How much more the store takes each day, in bytes; none before two days were measured.
    growth: Option<u64>,
    /// When there is no room left, as it goes.
    full_at: Option<DateTime<Utc>>,
    /// Whether events are refused for want of room.
    closed: bool,
    /// Whether a reserve is there for what is due when the disk is full.
    reserve: bool,
    /// Whether somebody should make room.
    pressing: bool,
    /// All of it in a sentence.
    told: String,
}

impl Disk {
    fn new(outlook: &DiskOutlook, config: &Config, now: DateTime<Utc>) -> Self {
        Self {
            used: outlook.room.used,
            free: outlook.room.free,
            growth: outlook.growth,
            full_at: outlook.full_at,
            closed: outlook.is_closed,
            reserve: outlook.has_reserve,
            pressing: outlook.is_pressing(now),
            told: config.language.of(outlook_in_words(outlook, config.zone)),
        }
    }
}

/// A destination that stands: nothing goes there before a try succeeds, and none is made until then.
#[derive(Debug, Serialize, ToSchema)]
struct Standing {
    /// Its name.
    destination: String,
    /// Until when.
    until: DateTime<Utc>,
    /// Why.
    cause: String,
}

/// What a destination cost this month that is paid for by message.
#[derive(Debug, Serialize, ToSchema)]
struct Paid {
    /// Its name.
    destination: String,
    /// `2026-03`, in UTC.
    month: String,
    /// Messages.
    messages: i64,
    /// Segments of texts, minutes of calls.
    units: i64,
    /// What they cost, as the vendor or `sla.toml` says; none where neither does.
    amount: Option<f64>,
    /// Of the amount: three letters.
    currency: Option<String>,
    /// All of it in a sentence.
    told: String,
}

impl Paid {
    fn new(row: CostRow, language: Language) -> Self {
        let told = language.of(phone::spent((row.messages, row.units, row.micros), &row.currency));
        let is_priced = !row.currency.is_empty();
        Self {
            told,
            amount: is_priced.then_some(row.micros as f64 / 1e6),
            currency: is_priced.then_some(row.currency),
            destination: row.destination,
            month: row.month,
            messages: row.messages,
            units: row.units,
        }
    }
}

/// A daemon among those that share one store.
#[derive(Debug, Serialize, ToSchema)]
struct Sharer {
    /// Its name, random for each process.
    id: String,
    /// Whether it is the one that answers.
    answers: bool,
    /// Since when it runs.
    since: DateTime<Utc>,
    /// Whether it lives.
    lives: bool,
    /// Its version.
    version: String,
    /// Where it is reached.
    url: Option<String>,
    /// How many of the 64 slots it looks after.
    slots: u32,
    /// By how many milliseconds its clock is ahead of the database's.
    ahead_ms: i64,
    /// Whether the file beside it is another than the one in force.
    other_file: bool,
}

impl Sharer {
    fn new(row: DaemonRow, share: Option<&Arc<OwnPart>>) -> Self {
        let DaemonRow { id, since, lives, version, url, ahead_ms, has_other_file, n_slots } = row;
        let answers = share.is_some_and(|share| share.id() == id);
        Self { id, answers, since, lives, version, url, slots: n_slots, ahead_ms, other_file: has_other_file }
    }
}

/// Who answers, in which language and zone.
#[utoipa::path(get, path = "/v1/about", tag = "health",
    responses((status = 200, body = About), (status = "4XX", body = Problem)))]
async fn about(_: Read, State(app): State<App>) -> HandlerResult<Json<About>> {
    Ok(Json(introduction(&app).await?))
}

async fn introduction(app: &App) -> HandlerResult<About> {
    let revision = app.views.revision().await?;
    let config = app.config();
    Ok(About {
        version: env!("CARGO_PKG_VERSION"),
        language: config.language.code(),
        zone: config.zone.name(),
        now: app.now(),
        started_at: app.started_at(),
        revision: revision.map(|(id, _)| id),
        revision_taken_at: revision.and_then(|(_, taken_at)| taken_at),
        file: app.started_at().and(app.file_path()).map(|path| absolute(&path).display().to_string()),
        run: app.started_at().map(|_| app.run().to_owned()),
    })
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether all is well: requests, messages, destinations.
#[utoipa::path(get, path = "/v1/status", tag = "health",
    responses((status = 200, body = Status), (status = "4XX", body = Problem)))]
async fn status(_: Read, State(app): State<App>) -> HandlerResult<Json<Status>> {
    let (now, config) = (app.now(), app.config());
    let about = introduction(&app).await?;
    let Counts { phases, n_overdue, deliveries, last_sent_at, silences, holds, n_unsent, costs } =
        app.views.counts().await?;
    let (n_queued, next_wake_at) = app.queued().await?;
    let in_phase = |word: &str| phases.iter().filter(|(phase, _)| phase == word).map(|(_, n)| n).sum::<i64>();
    let in_state = |wanted: DeliveryState| {
        deliveries.iter().filter(|(state, ..)| *state == wanted).map(|(_, n, _)| n).sum::<i64>()
    };
    Ok(Json(Status {
        about,
        open: in_phase("open") + in_phase("waiting"),
        waiting: in_phase("waiting"),
        overdue: n_overdue,
        queued: n_queued,
        next_wake_at,
        pending: in_state(DeliveryState::Pending) + in_state(DeliveryState::Leased),
        held: in_state(DeliveryState::Held),
        dead: in_state(DeliveryState::Dead),
        overdue_unsent: usize::try_from(n_unsent).unwrap_or_default(),
        last_sent_at,
        silences: silences.iter().filter(|silence| silence.starts_at <= now).count(),
        mail_server: config.mail_server().map(|server| format!("{}:{}", server.host, server.port)),
        destinations: config.destinations.keys().filter(|name| *name != EMAIL).cloned().collect(),
        standing: holds.into_iter().map(|(destination, until, cause)| Standing { destination, until, cause }).collect(),
        paid: costs
            .into_iter()
            .filter(|row| row.month == now.format("%Y-%m").to_string())
            .map(|row| Paid::new(row, config.language))
            .collect(),
        disk: match app.share() {
            None => app.disk_outlook().await.ok().map(|outlook| Disk::new(&outlook, &config, now)),
            Some(_) => None,
        },
        daemons: app.views.daemons().await?.into_iter().map(|row| Sharer::new(row, app.share())).collect(),
    }))
}
