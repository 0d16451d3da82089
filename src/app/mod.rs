//! Use cases: what events, ticks, people and the outbox do to the store.
//!
//! Every change passes here, whatever door it came by. What becomes of it is decided by `desk`; this module gives it what it asks for, and
//! writes what it says. Four services have it among them: the [`Desk`] takes events, ticks and edits of the file, the [`Outbox`] moves
//! messages, [`Feeds`] are the systems that tell, [`Views`] are what people and programs look at. Whatever writes fails with [`WriteError`] if
//! nothing could be written, whatever looks with [`StoreError`] if the store cannot be read; where one can fail otherwise it says so.

pub mod absence;
mod agenda;
pub mod board;
mod core;
mod desk;
mod echo;
mod edited;
mod elsewhere;
mod explain;
pub mod disk;
pub mod file;
pub mod feeds;
mod import;
mod keys;
pub mod links;
mod material;
pub mod metrics;
pub mod moving;
mod numbers;
mod outbox;
pub mod phone;
pub mod plan;
pub mod planned;
pub mod privacy;
pub mod pulse;
pub mod queue;
mod readers;
mod readiness;
mod refusals;
mod replies;
pub mod report;
pub mod route;
mod schedule;
pub mod sessions;
pub mod share;
pub mod shared_file;
pub mod silence;
pub mod time;
pub mod token;
pub mod verify;
pub mod view;
pub mod views;
pub mod walls;
mod work;
mod write_back;
mod writer;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};

use crate::config::{self, Config};
use crate::engine::request_id::RequestId;
use crate::store::checkpoint::Checkpointer;
use crate::store::{Store, StoreError};

pub use crate::desk::{DOOR, LINK_DOOR, OWN_SOURCE, REPLY_DOOR};
pub use crate::intake::json::CLOCK_SKEW;
pub use crate::unit::{Applied, Incoming, Rejection};
pub use desk::{Desk, Occasion};
pub use edited::RefusedFile;
pub use feeds::Feeds;
pub use outbox::{OVERDUE_AFTER, Outbox, ToSend, Tried};
pub use views::Views;
pub use write_back::WriteAsked;
pub use writer::WriteError;

use self::core::Core;
use metrics::Metrics;
use pulse::Pulse;
use queue::Queue;
use readers::Readers;
use readiness::Readiness;
use refusals::Refusals;
use share::{OwnPart, Sharing};
use time::TimeSource;
use writer::Writer;

/// Where messages are written as files, in the data directory.
pub const OUTBOX_DIRECTORY: &str = "outbox";

/// What is known of the doors, and of the file that does not hold.
struct Doors {
    /// Whether only this machine reaches the interface.
    is_loopback: AtomicBool,
    /// Where the file of promises lies.
    file: ArcSwapOption<PathBuf>,
    /// Who changed it last from a page, and the digest of what they made of it.
    file_author: ArcSwapOption<(String, file::FileAuthor)>,
    /// Held by whoever tries a change of it, and by whoever writes it.
    trying: tokio::sync::Mutex<()>,
    writing: std::sync::Mutex<()>,
    /// The address at which it listens.
    address: ArcSwapOption<SocketAddr>,
    /// The socket by which this machine's own users come in.
    socket: ArcSwapOption<PathBuf>,
    /// Calls that were refused.
    refusals: Refusals,
    /// Whether events are taken, as strangers were told last.
    readiness: Readiness,
    /// Why the file as it stands is not in force.
    refused_file: ArcSwapOption<RefusedFile>,
}

impl Doors {
    fn new() -> Self {
        Self {
            is_loopback: AtomicBool::new(true),
            file: ArcSwapOption::empty(),
            file_author: ArcSwapOption::empty(),
            trying: tokio::sync::Mutex::default(),
            writing: std::sync::Mutex::default(),
            address: ArcSwapOption::empty(),
            socket: ArcSwapOption::empty(),
            refusals: Refusals::default(),
            readiness: Readiness::default(),
            refused_file: ArcSwapOption::empty(),
        }
    }
}

/// The application: one store, one writer, one configuration at a time.
#[derive(Clone)]
pub struct App {
    /// Events, the passing of time, edits of the file.
    pub desk: Desk,
    /// Messages on their way.
    pub outbox: Outbox,
    /// Systems that tell what happens.
    pub feeds: Feeds,
    /// What people and programs look at.
    pub views: Views,
    core: Arc<Core>,
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    doors: Arc<Doors>,
    metrics: Arc<Metrics>,
    tokens: Arc<token::Known>,
    instance: Arc<str>,
    /// What it has to do with other daemons; none where it shares with nobody, or only looks.
    sharing: Arc<OnceLock<Sharing>>,
    /// Signs links and marks alerts' mail.
    keys: Arc<keys::Keys>,
    /// When it began to run; none where it only looks.
    started_at: Option<DateTime<Utc>>,
    /// The name of this run.
    run: Arc<str>,
}

/// What an application is made of.
struct Parts {
    core: Arc<Core>,
    writer: Writer,
    readers: Readers,
    tokens: token::Known,
    instance: String,
    keys: keys::Keys,
    started_at: Option<DateTime<Utc>>,
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        let Parts { core, writer, readers, tokens, instance, keys, started_at } = parts;
        let (writer, readers) = (Arc::new(writer), Arc::new(readers));
        let views = Views { core: Arc::clone(&core), readers: Arc::clone(&readers) };
        let metrics = Metrics::new(core.promises.clone());
        let outbox = Outbox::new(Arc::clone(&core), Arc::clone(&writer), Arc::clone(&readers));
        let desk = Desk {
            core: Arc::clone(&core),
            writer: Arc::clone(&writer),
            readers: Arc::clone(&readers),
            outbox: outbox.clone(),
            views: views.clone(),
        };
        Self {
            desk,
            feeds: Feeds::new(Arc::clone(&core), Arc::clone(&writer), Arc::clone(&readers)),
            outbox,
            views,
            core,
            writer,
            readers,
            doors: Arc::new(Doors::new()),
            metrics: Arc::new(metrics),
            tokens: Arc::new(tokens),
            instance: instance.into(),
            sharing: Arc::default(),
            keys: Arc::new(keys),
            started_at,
            run: uuid::Uuid::new_v4().simple().to_string().into(),
        }
    }
}

impl App {
    /// Opens the store of a data directory, takes `config` as its revision and rebuilds the queue. The thread ends after
    /// [`App::close`]; joining it makes sure that everything is on the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be opened or written.
    pub fn open(
        directory: &Path,
        mut config: Config,
        source: &str,
        time: TimeSource,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let place = config::store::place(config.store.as_ref(), directory)?;
        let store = place.open()?;
        let unreadable = store.unreadable().clone();
        let now = time.now();
        let keys = keys::Keys::of(&place, &store)?;
        let open = store.begin()?;
        let writing = open.writing();
        config.rulebook.revision = match shared_file::number_of(&config, source, writing)? {
            Some(revision) => revision,
            None => writing.revision(&config.revision_text(source), now, (None, None))?,
        };
        if writing.last_request()? == 0 {
            // Of nothing, everything is planned.
            writing.set_planned_revision(config.rulebook.revision)?;
        }
        if !store.is_shared() {
            writing.forget_link_key()?;
        }
        token::close_doors(writing, token::Open::by(&config))?;
        writing.end_sessions_but_of(&config.contacts.keys().map(String::as_str).collect::<Vec<_>>())?;
        // Whatever was on its way when the last process ended may have arrived.
        writing.free_leases(now)?;
        open.commit()?;
        let instance = store.instance()?;
        let queue = if store.is_shared() { Queue::default() } else { filled_queue(&store)? };
        absence::tell_of_store(&mut config, &store, now)?;
        let core = Arc::new(Core::new(config, queue, time).sharing(share::of(&place)));
        let checkpointer = place.directory().map(Checkpointer::open).transpose()?;
        let (writer, thread) = Writer::start(store, checkpointer, Arc::clone(&core))?;
        let (readers, tokens) = (Readers::new(directory, place, unreadable), token::Known::default());
        let app = Self::from(Parts { core, writer, readers, tokens, instance, keys, started_at: Some(now) });
        Ok((app, thread))
    }

    /// Begins to share time and other work with the daemons of the same store, if there may be others. Not where futures are run.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be told of this one.
    pub fn begin_sharing(&self) -> Result<(), StoreError> {
        let Some(share) = self.core.share() else { return Ok(()) };
        let (doors, core) = (Arc::clone(&self.doors), Arc::clone(&self.core));
        let url = move || {
            let public = core.config().public_url.clone();
            public.or_else(|| doors.address.load_full().map(|address| format!("http://{address}")))
        };
        let sharing = Sharing::start(self.readers.place(), &self.core, &self.keys, share, url)?;
        self.sharing.set(sharing).ok();
        Ok(())
    }

    /// Gives up what is this daemon's part, and returns once the others know. Not where futures are run.
    pub fn end_sharing(&self) {
        if let Some(sharing) = self.sharing.get() {
            sharing.end();
        }
    }

    /// Its part, where several daemons share the store.
    pub fn share(&self) -> Option<&Arc<OwnPart>> {
        self.core.share()
    }

    /// Whether what has that name, of which there is to be one, is this daemon's to do.
    pub fn is_own(&self, name: &str) -> bool {
        self.core.is_own(name)
    }

    /// Whether what was leased may be sent: whoever may be taken for dead sends nothing.
    pub fn may_send(&self) -> bool {
        self.core.share().is_none_or(|share| share.is_sure())
    }

    /// Requests whose wake has come, and that are this daemon's to look at.
    pub fn due(&self, limit: usize) -> Vec<RequestId> {
        let due = self.core.queue.due(self.now(), limit);
        match self.core.share() {
            None => due,
            Some(share) => {
                let slots = share.slots();
                due.into_iter().filter(|id| slots.has(*id)).collect()
            }
        }
    }

    /// How many requests wait for their time, and when the next one's comes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub async fn queued(&self) -> Result<(usize, Option<DateTime<Utc>>), StoreError> {
        if self.core.share().is_none() {
            return Ok((self.core.queue.len(), self.core.queue.next_at()));
        }
        let (n, next) = self.readers.read(|store| store.count_wakes()).await?;
        Ok((usize::try_from(n).unwrap_or(usize::MAX), next))
    }

    /// Whether only this machine reaches the interface.
    pub fn is_loopback(&self) -> bool {
        self.doors.is_loopback.load(Ordering::Relaxed)
    }

    /// Says whether only this machine reaches the interface; else nobody is let in without a token.
    pub fn set_loopback(&self, is_loopback: bool) {
        self.doors.is_loopback.store(is_loopback, Ordering::Relaxed);
    }

    /// Says at which address it listens.
    pub fn set_address(&self, address: SocketAddr) {
        self.doors.address.store(Some(Arc::new(address)));
    }

    /// What addresses of pages begin with: the public one, else where it listens.
    pub fn base(&self) -> String {
        if let Some(url) = &self.config().public_url {
            return url.as_str().trim_end_matches('/').to_owned();
        }
        let address = self.doors.address.load_full().map_or_else(|| self.config().listen, |address| *address);
        // Whoever listens everywhere is reached from here by the loopback.
        let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
        format!("http://{}", SocketAddr::new(ip, address.port()))
    }

    /// Ends what pages listen to; the daemon stops.
    pub fn end_pages(&self) {
        self.core.board.close();
    }

    /// The socket by which this machine's own users come in, once there is one.
    pub fn socket(&self) -> Option<Arc<PathBuf>> {
        self.doors.socket.load_full()
    }

    /// Says where that socket is.
    pub fn set_socket(&self, path: PathBuf) {
        self.doors.socket.store(Some(Arc::new(path)));
    }

    /// The user as whom plazo runs.
    pub fn own_uid(&self) -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    /// Calls that were refused.
    pub fn refusals(&self) -> &Refusals {
        &self.doors.refusals
    }

    /// Takes nothing more to be written; what waits still is.
    pub fn close(&self) {
        self.writer.close();
    }

    /// Opens the store of a data directory for looking only: no daemon need run, and whatever would write is refused.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if there is no store, or it cannot be read.
    pub fn open_reading(directory: &Path, mut config: Config, time: TimeSource) -> Result<Self, StoreError> {
        let place = config::store::place(config.store.as_ref(), directory)?;
        let store = place.open_reader()?;
        absence::tell_of_store(&mut config, &store, time.now())?;
        let core = Arc::new(Core::new(config, filled_queue(&store)?, time));
        Ok(Self::from(Parts {
            core,
            writer: Writer::none(),
            readers: Readers::new(directory, place, store.unreadable().clone()),
            // Whoever may read the file needs no token.
            tokens: token::Known::everybody(),
            instance: store.instance()?,
            keys: keys::Keys::none(),
            started_at: None,
        }))
    }

    /// The same for one command, while no daemon runs: whoever may write the file needs no token.
    ///
    /// # Errors
    ///
    /// As [`App::open`].
    pub fn open_alone(
        directory: &Path,
        config: Config,
        source: &str,
        time: TimeSource,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (app, thread) = Self::open(directory, config, source, time)?;
        Ok((Self { tokens: Arc::new(token::Known::everybody()), started_at: None, ..app }, thread))
    }

    /// When it began to run; none where it only looks into the store.
    pub fn started_at(&self) -> Option<DateTime<Utc>> {
        self.started_at
    }

    /// The name of this run, made at its start: whoever is told the same at two doors stands before the same daemon.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Signs of life of writer and timer.
    pub fn pulse(&self) -> &Pulse {
        &self.core.pulse
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        self.core.config()
    }

    /// The queue of requests.
    pub fn queue(&self) -> &Queue {
        &self.core.queue
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether the store could not be written when it was last tried.
    pub fn is_failing(&self) -> bool {
        self.core.is_failing.load(Ordering::Relaxed)
    }

    /// The source of the time.
    pub fn time(&self) -> &TimeSource {
        &self.core.time
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.core.now()
    }

    /// The name of this store, part of each message's id.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Takes a new revision of the file, and plans all live requests by it.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be recorded; the old one stays.
    pub async fn reload(&self, mut config: Config, source: String) -> Result<usize, WriteError> {
        let now = self.now();
        let by = self.file_author(&source);
        let source = config.revision_text(&source);
        let written = move |work: &mut work::Work<'_>| {
            let (who, comment) = by.as_ref().map(|by| (by.who.as_str(), by.comment.as_deref())).unzip();
            work.store().revision(&source, now, (who, comment.flatten()))
        };
        config.rulebook.revision = self.writer.write(written).await?;
        let people: Vec<String> = config.contacts.keys().cloned().collect();
        self.end_sessions_but_of(people).await?;
        self.take_file(config).await?;
        self.close_doors().await?;
        self.wait_for_others().await;
        self.desk.plan_anew(Occasion::Reload).await
    }
}

fn filled_queue(store: &Store) -> Result<Queue, StoreError> {
    let queue = Queue::default();
    let mut wakes = Vec::new();
    store.each_wake(|id, wake| wakes.push((id, Some(wake))))?;
    queue.set(wakes);
    Ok(queue)
}
