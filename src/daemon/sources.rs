//! What plazo asks of sources by itself: what a hook was too thin to tell, what has no hook; and who among them has gone silent.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{mailboxes, polls, sockets, subscriptions};
use crate::app::App;
use crate::app::feeds::Sources;
use crate::intake::api::{ApiClient, ApiError};
use crate::intake::source::{AllowedSilence, Source};
use crate::net::Clients;
use crate::store::sources::FetchRow;

/// How often a change of the sources, and what is due again, is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const FETCHES_AT_A_TIME: u32 = 16;
/// Waits after the first, second, … failure in a row; the last one from then on.
const BACKOFF: [TimeDelta; 6] = [
    TimeDelta::seconds(2),
    TimeDelta::seconds(10),
    TimeDelta::seconds(60),
    TimeDelta::minutes(5),
    TimeDelta::minutes(10),
    TimeDelta::minutes(15),
];
/// What has been asked for in vain so often is given up and told: about two days.
const MOST_TRIES: u32 = 200;
const SILENCE_EVERY: Duration = Duration::from_secs(5);
/// How long what is usual for a source is believed.
const USUAL_FOR: TimeDelta = TimeDelta::hours(1);
/// Fewer instants tell nothing about what is usual.
const FEWEST_INSTANTS: usize = 50;
/// A silence shorter than this is never unusual.
const SHORTEST_SILENCE: TimeDelta = TimeDelta::minutes(30);
/// The name under which one of several daemons watches who has gone silent.
const SILENCE: &str = "silence";
const TIDY_EVERY: TimeDelta = TimeDelta::hours(6);

/// Runs what each source needs, anew after each reload.
pub(super) async fn run(app: App, clients: Clients, stop: CancellationToken) {
    // What plazo did not hear while it was down is no silence of theirs.
    let since = app.now();
    while !stop.is_cancelled() {
        let sources = app.feeds.sources();
        let own = own(&app);
        let (generation, mut tasks) = (stop.child_token(), JoinSet::new());
        for source in sources.values().filter(|source| own.contains(&source.settings.name)) {
            start(&app, source, &clients, &generation, &mut tasks);
        }
        for mailbox in app.config().mailboxes.values().filter(|mailbox| own.contains(&mailbox.name)) {
            let mailbox = Arc::new(mailbox.clone());
            for folder in mailbox.folders.clone() {
                let (app, client, stop) = (app.clone(), clients.any().clone(), generation.clone());
                tasks.spawn(mailboxes::watch(app, Arc::clone(&mailbox), folder, client, stop));
            }
        }
        let is_own_silence = app.is_own(SILENCE);
        if is_own_silence {
            tasks.spawn(watch_silence(app.clone(), Arc::clone(&sources), since, generation.clone()));
        }
        while !stop.is_cancelled()
            && Arc::ptr_eq(&sources, &app.feeds.sources())
            && own == self::own(&app)
            && is_own_silence == app.is_own(SILENCE)
        {
            pause(LOOK_EVERY, &stop).await;
            // What panicked is begun again, with all the others.
            if std::iter::from_fn(|| tasks.try_join_next()).any(|ended| ended.is_err()) {
                tracing::error!("what reads a source ended badly; all are begun anew");
                break;
            }
        }
        generation.cancel();
        while tasks.join_next().await.is_some() {}
    }
}

/// Sources and mailboxes that are this daemon's to ask: all, where it shares with nobody.
fn own(app: &App) -> BTreeSet<String> {
    let config = app.config();
    config.sources.keys().chain(config.mailboxes.keys()).filter(|name| app.is_own(name)).cloned().collect()
}

fn start(app: &App, source: &Arc<Source>, clients: &Clients, stop: &CancellationToken, tasks: &mut JoinSet<()>) {
    let name = &source.settings.name;
    match ApiClient::of(source, clients) {
        Ok(None) => {}
        Ok(Some(api)) => {
            let api = Arc::new(api);
            if source.opens_socket() {
                tasks.spawn(sockets::run(app.clone(), Arc::clone(source), Arc::clone(&api), stop.clone()));
            }
            if !source.settings.mapping.subscriptions.is_empty() {
                tasks.spawn(subscriptions::hold(app.clone(), Arc::clone(source), Arc::clone(&api), stop.clone()));
            }
            tasks.spawn(fetch(app.clone(), Arc::clone(source), Arc::clone(&api), stop.clone()));
            for poll in &source.settings.mapping.polls {
                tasks.spawn(polls::ask(app.clone(), Arc::clone(source), Arc::clone(&api), poll.clone(), stop.clone()));
            }
        }
        Err(error) => {
            let (app, name, cause) = (app.clone(), name.clone(), error.to_string());
            tasks.spawn(async move { note_failure(&app, &name, &cause).await });
        }
    }
}

pub(super) async fn pause(time: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = stop.cancelled() => {}
    }
}

pub(super) async fn note_failure(app: &App, source: &str, cause: &str) {
    tracing::warn!(source, cause, "a source cannot be read");
    if let Err(error) = app.feeds.source_failed(source, cause).await {
        tracing::error!(%error, "the failure of a source could not be written");
    }
}

pub(super) fn backoff(failures: u32) -> TimeDelta {
    BACKOFF[usize::try_from(failures).unwrap_or(usize::MAX).min(BACKOFF.len() - 1)]
}

/// Asks for what hooks were too thin to tell.
async fn fetch(app: App, source: Arc<Source>, api: Arc<ApiClient>, stop: CancellationToken) {
    let name = source.settings.name.clone();
    let mut failures = 0;
    while !stop.is_cancelled() {
        let due = app.feeds.due_fetches(name.clone(), FETCHES_AT_A_TIME).await.unwrap_or_else(|error| {
            tracing::error!(%error, source = name, "what is to be asked for cannot be read");
            Vec::new()
        });
        if due.is_empty() {
            tokio::select! {
                () = app.feeds.fetches_wanted() => {}
                () = pause(LOOK_EVERY, &stop) => {}
            }
            continue;
        }
        for wanted in due {
            let fetched = tokio::select! {
                fetched = fetch_one(&app, &source, &api, wanted, failures) => fetched,
                () = stop.cancelled() => return,
            };
            match fetched {
                None => failures = 0,
                // Whatever kept one keeps the next: the whole source stands.
                Some(wait) => {
                    failures += 1;
                    pause(app.time().real(wait), &stop).await;
                    break;
                }
            }
        }
    }
}

/// Asks for one thing. The wait after a failure that will pass.
async fn fetch_one(app: &App, source: &Source, api: &ApiClient, wanted: FetchRow, failures: u32) -> Option<TimeDelta> {
    let now = app.now();
    let name = &source.settings.name;
    let written = match api.get(&wanted.path, now).await {
        Ok(body) => {
            let payload = body.to_string();
            let asked = serde_json::from_str(&wanted.asked).unwrap_or(Value::Null);
            let facts = source.of_answer(&wanted.name, body, asked, &app.config().rulebook.directory, now);
            app.feeds.take_answer(wanted, facts, payload.as_bytes()).await.map(|_| None)
        }
        Err(ApiError::Later { after, cause, .. }) => {
            // The source may stand, or this one thing alone.
            let wait = backoff(failures).max(after.unwrap_or(TimeDelta::zero()));
            let again = backoff(wanted.attempts).max(wait);
            note_failure(app, name, &cause).await;
            let gives_up = MOST_TRIES <= wanted.attempts;
            let again_at = (!gives_up).then(|| now + again);
            app.feeds.put_off_fetch(wanted, again_at, cause).await.map(|()| Some(wait))
        }
        Err(ApiError::Gone { cause }) => {
            tracing::warn!(source = name, cause, "what a hook told of is not there");
            app.feeds.put_off_fetch(wanted, None, cause).await.map(|()| None)
        }
    };
    written.unwrap_or_else(|error| {
        tracing::error!(%error, source = name, "what a source answered could not be written");
        Some(backoff(failures))
    })
}

/// Why a source cannot be read, and for how long it is not to be asked, where it says so itself.
pub(super) type Failure = (Option<TimeDelta>, String);

pub(super) fn failure(error: ApiError) -> Failure {
    match error {
        ApiError::Later { after, cause, .. } => (after, cause),
        ApiError::Gone { cause } => (None, cause),
    }
}

/// Looks now and then whether a source has been silent for longer than it should.
async fn watch_silence(app: App, sources: Arc<Sources>, since: DateTime<Utc>, stop: CancellationToken) {
    let mut usual: HashMap<String, (DateTime<Utc>, Option<TimeDelta>)> = HashMap::new();
    let mut tidied_at = None;
    while !stop.is_cancelled() {
        let now = app.now();
        let config = app.config();
        let of_sources = sources.values().map(|source| (&source.settings.name, &source.settings.silence));
        let of_mailboxes = config.mailboxes.values().map(|mailbox| (&mailbox.name, &mailbox.silence));
        for (name, silence) in of_sources.chain(of_mailboxes) {
            if let Err(error) = look_for_silence(&app, name, silence, &mut usual, since, now).await {
                tracing::error!(%error, source = name, "the silence of a source could not be looked at");
            }
        }
        if tidied_at.is_none_or(|at| TIDY_EVERY < now - at) {
            tidied_at = Some(now);
            if let Err(error) = app.feeds.tidy_sources().await {
                tracing::error!(%error, "what sources left behind could not be tidied");
            }
        }
        pause(SILENCE_EVERY, &stop).await;
    }
}

async fn look_for_silence(
    app: &App,
    name: &str,
    silence: &AllowedSilence,
    usual: &mut HashMap<String, (DateTime<Utc>, Option<TimeDelta>)>,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let (calendar, after) = match silence {
        AllowedSilence::Never => return Ok(()),
        AllowedSilence::After(after, calendar) => (calendar, TimeDelta::from_std(*after).ok()),
        AllowedSilence::Unusual(calendar) => {
            let known = usual.get(name).filter(|(at, _)| now - *at < USUAL_FOR).map(|(_, longest)| *longest);
            let longest = match known {
                Some(longest) => longest,
                None => {
                    let instants = app.feeds.source_instants(name.to_owned()).await?;
                    let gaps = instants.windows(2).map(|pair| open(calendar, pair[0], pair[1]));
                    let longest = gaps.max().filter(|_| FEWEST_INSTANTS <= instants.len());
                    usual.insert(name.to_owned(), (now, longest));
                    longest
                }
            };
            (calendar, longest.map(|longest| (longest * 2).max(SHORTEST_SILENCE)))
        }
    };
    let Some(after) = after else { return Ok(()) };
    let row = app.feeds.source_state(name.to_owned()).await?.row;
    let Some(heard_at) = row.heard_at.filter(|_| row.silence_told_at.is_none()) else { return Ok(()) };
    if after < open(calendar, heard_at.max(since), now) {
        app.feeds.tell_silence(name.to_owned(), heard_at).await?;
    }
    Ok(())
}

fn open(calendar: &crate::engine::calendar::Calendar, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
    TimeDelta::milliseconds(calendar.open_between(from, to).as_milliseconds())
}
