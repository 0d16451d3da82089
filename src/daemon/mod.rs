//! The daemon: starts timer, outbox, schedules, reload and HTTP, joins them, and drains them at the end.

mod buttons;
mod heartbeat;
mod keeping;
mod lock;
mod mailboxes;
mod outbox;
mod polls;
mod reload;
mod service;
mod sockets;
mod sources;
mod subscriptions;
mod timer;
mod watchdog;
mod writing;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::{Datelike as _, TimeDelta};
use tokio::net::{TcpListener, UnixListener};
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::time::TimeSource;
use crate::app::token::Open;
use crate::app::{App, Occasion, feeds, shared_file};
use crate::config::store::SharedStore;
use crate::config::{self, Config};
use crate::http::listener::{self, Server};
use crate::intake::source::SourceError;
use crate::text::{Both, Language};
use crate::{both, net, private};

pub use lock::{FILE as LOCK, Lock, address as running_address};
use outbox::Sender;
use reload::Reloader;

/// Deliveries on their way get this long to end when plazo stops; within `TimeoutStopSec` of the unit.
const DRAIN: Duration = Duration::from_secs(20);
/// How often the parts are looked after.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// When our own schedule is asked; each second where the time runs faster than the real one.
const EACH_MINUTE: &str = "0 * * * * *";
const EACH_SECOND: &str = "* * * * * *";
/// Years after which the time zones that are built in are too old.
const OLDEST_ZONES: i32 = 2;
/// The name under which one of several daemons does what is to be done at certain times.
const SCHEDULES: &str = "schedules";
pub use crate::app::OUTBOX_DIRECTORY;

/// What `plazo run` is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sla.toml`.
    pub config: PathBuf,
    /// The data directory.
    pub data: PathBuf,
    /// Address of the HTTP interface, instead of the file's.
    pub listen: Option<SocketAddr>,
    /// The source of the time.
    pub time: TimeSource,
    /// Whether the terminal takes colours.
    pub styled: bool,
}

/// A pause between two processes that is worth telling.
const SHORTEST_DOWNTIME: TimeDelta = TimeDelta::seconds(5);
/// It is noted each minute that plazo runs; a longer pause within a process is one of the machine.
const LONGEST_SILENCE: TimeDelta = TimeDelta::seconds(150);

/// A `sla.toml` with mistakes, explained.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub String);

/// Runs until `stop`. `ready` is told the address of the HTTP interface once everything serves.
///
/// # Errors
///
/// If something that is needed at start is not to be had; the text names it and the remedy.
pub async fn run(
    options: Options,
    stop: CancellationToken,
    ready: impl FnOnce(SocketAddr, &App) + Send,
) -> anyhow::Result<()> {
    let own = config::load(&options.config)?;
    let Some(config) = own.config.clone() else {
        return Err(BadConfig(own.explain(options.styled)).into());
    };
    let language = config.language;
    let listen = options.listen.unwrap_or(config.listen);
    // Where several daemons share a store, what that has as the last revision is in force, whatever lies here.
    let (source, path) = (own.source.clone(), options.config.clone());
    let found = tokio::task::spawn_blocking(move || shared_file::in_force(&config, &source, &path)).await?;
    let found = found
        .with_context(|| language.of(both!("cannot read the file in force", "no se puede leer el archivo en vigor")))?;
    let has_other_file = found.is_some();
    let loaded = found.unwrap_or(own);
    let Some(mut config) = loaded.config.clone() else {
        return Err(BadConfig(loaded.explain(options.styled)).into());
    };
    if has_other_file {
        tracing::warn!(
            "sla.toml here is another than the one in force, which plazo goes by (plazo apply puts one in force)"
        );
        config.store = store_of(&options.config)?;
    }
    make_directory(&options.data, language)?;
    let lock = Lock::take(&options.data, language)?;
    let clients =
        net::clients().with_context(|| language.of(both!("cannot set up HTTP", "no se puede preparar HTTP")))?;
    let files = options.data.join(OUTBOX_DIRECTORY);
    let transports = outbox::transports(&config, &clients, &files)?;
    let sources = feeds::ready(&config).map_err(|(name, error)| in_source(&name, error, language))?;
    warn_of_files(&config, &files);
    warn_of_old_zones(&options.time);
    // A server is not to be asked where futures are run.
    let (data, source, time) = (options.data.clone(), loaded.source.clone(), options.time.clone());
    let opened = tokio::task::spawn_blocking(move || App::open(&data, config, &source, time)).await?;
    let (app, writer) = opened.with_context(|| {
        let data = options.data.display();
        language.of(both!("cannot open the store in {data}", "no se puede abrir el almacén en {data}"))
    })?;
    app.set_loopback(listen.ip().is_loopback());
    check_access(&app, listen).await?;
    app.feeds.set_sources(sources);
    let alive = app.outbox.note_alive(SHORTEST_DOWNTIME).await;
    let alive =
        alive.with_context(|| language.of(both!("cannot write to the store", "no se puede escribir en el almacén")))?;
    if let Some((from, to)) = alive {
        tracing::warn!(%from, %to, "plazo did not run; what fell due then is told as late");
    }
    let planned = app.desk.plan_anew(Occasion::Start).await;
    let n_planned = planned.with_context(|| {
        language.of(both!(
            "cannot plan the open requests by the new sla.toml",
            "no se pueden planificar las solicitudes abiertas según el sla.toml nuevo"
        ))
    })?;
    if 0 < n_planned {
        tracing::info!(n_planned, "open requests planned by the new sla.toml");
    }
    let listener = TcpListener::bind(listen).await;
    let listener = listener
        .with_context(|| language.of(both!("cannot listen on {listen}", "no se puede escuchar en {listen}")))?;
    let address = listener.local_addr()?;
    let sockets = sockets_of_machine(&app, &options.data)?;
    lock.publish(address)?;
    app.set_address(address);
    app.set_file(options.config.clone());
    if let Some(share) = app.share() {
        share.set_has_other_file(has_other_file);
    }
    let sharing = app.clone();
    let shared = tokio::task::spawn_blocking(move || sharing.begin_sharing()).await?;
    shared.with_context(|| {
        language.of(both!("cannot share the store with others", "no se puede compartir la base de datos con otros"))
    })?;

    let tasks = TaskTracker::new();
    let (outbox, transports) = Sender::new(app.clone(), transports);
    let draining = CancellationToken::new();
    let sending = tokio::spawn(outbox.run(draining.clone(), DRAIN));
    tasks.spawn(timer::run(app.clone(), stop.clone()));
    tasks.spawn(watchdog::run(app.clone(), stop.clone()));
    tasks.spawn(sources::run(app.clone(), clients.clone(), stop.clone()));
    tasks.spawn(keeping::run(app.clone(), stop.clone()));
    tasks.spawn(heartbeat::run(app.clone(), clients.clone(), stop.clone()));
    tasks.spawn(buttons::run(app.clone(), clients.clone(), stop.clone()));
    let reloader = Reloader::new(app.clone(), options.config.clone(), loaded.source, transports, clients, files);
    tasks.spawn(reloader.run(stop.clone()));
    let server = Arc::new(Server::new(app.clone()));
    tasks.spawn(Arc::clone(&server).serve(listener, stop.clone()));
    for socket in sockets {
        tasks.spawn(Arc::clone(&server).serve(socket, stop.clone()));
    }
    let schedules = schedules(app.clone()).await;
    let mut schedules = schedules.with_context(|| {
        language.of(both!("cannot start the schedules", "no se pueden iniciar las tareas periódicas"))
    })?;
    tracing::info!(%address, queued = app.queue().len(), revision = app.config().rulebook.revision, "ready");
    service::ready();
    ready(address, &app);

    let failed = supervise(&stop, &sending, &writer).await;
    stop.cancel();
    if let Some(share) = app.share() {
        share.give_up();
    }
    app.end_pages();
    tracing::info!("stopping");
    service::stopping();
    schedules.shutdown().await.ok();
    tasks.close();
    if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
        tracing::warn!("a connection did not end in time");
    }
    // The outbox last: what the others decided still goes out or is written down.
    draining.cancel();
    sending.await.with_context(|| language.of(both!("the outbox ended badly", "la bandeja de salida terminó mal")))?;
    if let Err(error) = app.outbox.note_alive(LONGEST_SILENCE).await {
        tracing::warn!(%error, "the end could not be noted");
    }
    app.close();
    let sharing = app.clone();
    let ended = tokio::task::spawn_blocking(move || {
        let ended = writer.join();
        sharing.end_sharing();
        ended
    });
    if ended.await?.is_err() {
        bail!(language.of(both!("the writer ended badly", "el proceso que escribe en el almacén terminó mal")));
    }
    if let Some(socket) = app.socket() {
        std::fs::remove_file(&*socket).ok();
    }
    drop(lock);
    tracing::info!("stopped");
    match failed {
        Some(Both { en, es }) => bail!(language.of(both!(
            "the {en} ended by itself; see the log above",
            "{es} terminó por su cuenta; vea el registro más arriba"
        ))),
        None => Ok(()),
    }
}

/// Where the file beside this daemon says that the store is: the file of all may name secrets that are kept elsewhere here.
fn store_of(path: &Path) -> anyhow::Result<Option<SharedStore>> {
    Ok(config::load(path)?.config.and_then(|config| config.store))
}

/// What is wrong with a source of `sla.toml`.
fn in_source(name: &str, error: SourceError, language: Language) -> anyhow::Error {
    anyhow::Error::new(error)
        .context(language.of(both!("source `{name}` of sla.toml", "la fuente «{name}» de sla.toml")))
}

/// Waits for `stop`, or for a part to end that never should: then the process ends too, and systemd starts it anew.
async fn supervise(
    stop: &CancellationToken,
    sending: &tokio::task::JoinHandle<()>,
    writer: &std::thread::JoinHandle<()>,
) -> Option<Both> {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return None,
            _ = look.tick() => {}
        }
        if writer.is_finished() {
            return Some(both!("writer", "el proceso que escribe en el almacén"));
        }
        if sending.is_finished() {
            return Some(both!("outbox", "la bandeja de salida"));
        }
    }
}

/// Makes the data directory, for its owner alone; of one that is open to others it is said.
fn make_directory(directory: &Path, language: Language) -> anyhow::Result<()> {
    private::make_directory(directory).with_context(|| {
        let directory = directory.display();
        language.of(both!(
            "cannot make the data directory {directory}",
            "no se puede crear el directorio de datos {directory}"
        ))
    })?;
    if private::is_open_to_others(directory) {
        tracing::warn!(directory = %directory.display(), "others of this machine may look into the data directory; chmod 700 it");
    }
    Ok(())
}

/// The sockets by which this machine's own users come in: in the data directory, which is closed to others, and where systemd, or whoever
/// starts the service, gives it a place that everybody reaches.
fn sockets_of_machine(app: &App, data: &Path) -> anyhow::Result<Vec<UnixListener>> {
    let cannot = |directory: &Path| {
        let directory = directory.display();
        let told = both!("cannot make the socket in {directory}", "no se puede crear el socket en {directory}");
        app.config().language.of(told)
    };
    let mut sockets = vec![listener::listen(data).with_context(|| cannot(data))?];
    let mut path = data.join(listener::SOCKET);
    if let Some(directory) = std::env::var_os("RUNTIME_DIRECTORY").map(PathBuf::from) {
        sockets.push(listener::listen(&directory).with_context(|| cannot(&directory))?);
        path = directory.join(listener::SOCKET);
    }
    app.set_socket(std::path::absolute(&path).unwrap_or(path));
    Ok(sockets)
}

/// An address that others can reach needs a token; what loopback leaves open without one, is said.
async fn check_access(app: &App, listen: SocketAddr) -> anyhow::Result<()> {
    let open = app.open_without_token().await?;
    if !listen.ip().is_loopback() && !app.has_token().await? {
        bail!(app.config().language.of(both!(
            "{listen} can be reached from other machines, and no token exists.\n\
             Make one first: plazo token create --name NAME --scope ingest,read,operate",
            "a {listen} se llega desde otras máquinas, y no hay ningún token.\n\
             Cree uno primero: plazo token create --name NOMBRE --scope ingest,read,operate"
        )));
    }
    if open == Open::Everything && listen.ip().is_loopback() {
        tracing::warn!(%listen, "no token exists: every program of this machine may use the interface (plazo token create)");
    }
    Ok(())
}

/// Zones change their rules; a version that is years old tells wrong hours somewhere.
fn warn_of_old_zones(time: &TimeSource) {
    let version = chrono_tz::IANA_TZDB_VERSION;
    let year = version.get(..4).and_then(|year| year.parse::<i32>().ok());
    if year.is_some_and(|year| year + OLDEST_ZONES < time.now().year()) {
        tracing::warn!(version, "the time zones are more than two years old; install a newer plazo");
    }
}

fn warn_of_files(config: &Config, files: &Path) {
    if config.mail_server().is_none() {
        tracing::warn!(directory = %files.display(), "no [smtp] in sla.toml: mail is written as files");
    }
}

/// A job each minute asks our own schedule what fell due; that scheduler's zone-aware jobs freeze their offset.
async fn schedules(app: App) -> anyhow::Result<JobScheduler> {
    let scheduler = JobScheduler::new().await?;
    let is_real = Duration::from_secs(60) <= app.time().real(TimeDelta::minutes(1));
    let pattern = if is_real { EACH_MINUTE } else { EACH_SECOND };
    let job = Job::new_async(pattern, move |_, _| {
        let app = app.clone();
        Box::pin(async move {
            if let Err(error) = app.outbox.note_alive(LONGEST_SILENCE).await {
                tracing::error!(%error, "it could not be noted that plazo runs");
            }
            if app.share().is_some()
                && let Err(error) = app.plan_if_own().await
            {
                tracing::error!(%error, "the open requests could not be planned by the file in force");
            }
            if !app.is_own(SCHEDULES) {
                return;
            }
            // Whoever ended it may have gone before all was let go.
            if let Err(error) = app.outbox.release_silenced().await {
                tracing::error!(%error, "what a silence held back could not be let go");
            }
            if let Err(error) = app.outbox.tell_of_unreadable().await {
                tracing::error!(%error, "the operator could not be told of what cannot be read");
            }
            if let Err(error) = app.desk.run_schedules().await {
                tracing::error!(%error, "the morning's lists could not be written");
            }
        })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}
