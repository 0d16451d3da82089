//! Reload: on SIGHUP, and when `sla.toml` changes. Whatever can fail is built first; a bad file changes nothing (LESSONS 35).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use arc_swap::ArcSwap;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::outbox::{self, Transports};
use super::service;
use crate::app::{App, feeds};
use crate::config::{self, AttachedFile, Loaded};
use crate::net::Clients;
use crate::text::edit;

/// An editor writes in several steps; they are waited for.
const SETTLE: Duration = Duration::from_millis(300);

pub(super) struct Reloader {
    app: App,
    path: PathBuf,
    /// The text that was last looked at, good or bad.
    source: String,
    /// The files that it names, as they were then; none if it was bad.
    files_seen: Option<Vec<AttachedFile>>,
    transports: Arc<ArcSwap<Transports>>,
    clients: Clients,
    files: PathBuf,
    /// Where the file that was last looked at is wrong.
    first_error: Option<String>,
    /// Whether the text that was last looked at is the one in force.
    is_in_force: bool,
}

impl Reloader {
    pub(super) fn new(
        app: App,
        path: PathBuf,
        source: String,
        transports: Arc<ArcSwap<Transports>>,
        clients: Clients,
        files: PathBuf,
    ) -> Self {
        let files_seen = Some(app.config().attachments.clone());
        Self { app, path, source, files_seen, transports, clients, files, first_error: None, is_in_force: true }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        let (changed, mut changes) = mpsc::channel(1);
        let watcher = watch(&self.path, changed);
        if let Err(error) = &watcher {
            tracing::warn!(%error, "sla.toml is not watched; reload by SIGHUP");
        }
        let mut hangup = signal(SignalKind::hangup()).ok();
        // The last one of the others' files that could not be taken over.
        let mut later_tried = 0;
        loop {
            let is_asked = tokio::select! {
                () = stop.cancelled() => return,
                () = later_file(&self.app, later_tried) => {
                    later_tried = self.follow().await;
                    continue;
                }
                Some(()) = changes.recv() => false,
                () = hung_up(&mut hangup) => true,
            };
            if !is_asked {
                tokio::time::sleep(SETTLE).await;
                while changes.try_recv().is_ok() {}
            }
            service::reloading();
            self.reload(is_asked).await;
            service::ready();
        }
    }

    /// Goes by what another daemon, or a command, has put in force. The number of one that cannot be read here.
    async fn follow(&mut self) -> i64 {
        let later = match self.app.later_file(&self.path).await {
            Ok(Some(later)) => later,
            Ok(None) => return self.app.config().rulebook.revision,
            Err(error) => {
                tracing::warn!(%error, "the file in force cannot be read");
                return 0;
            }
        };
        let (revision, loaded) = later;
        if let Err(error) = self.take_over(revision, loaded).await {
            tracing::error!(
                error = format!("{error:#}"),
                revision,
                "the file that is in force for all cannot be taken here"
            );
            self.app.set_refused_file(Some(error.to_string().lines().next().unwrap_or_default().to_owned()));
        }
        revision
    }

    async fn take_over(&mut self, revision: i64, loaded: Loaded) -> anyhow::Result<()> {
        let mut config = loaded.config.clone().ok_or_else(|| anyhow!("{}", loaded.explain(false)))?;
        config.store = self.app.config().store.clone();
        let transports = outbox::transports(&config, &self.clients, &self.files)?;
        let sources = feeds::ready(&config).map_err(|(name, error)| super::in_source(&name, error, config.language))?;
        let mut both = Transports::clone(&self.transports.load());
        both.extend(transports.clone());
        self.transports.store(Arc::new(both));
        self.compare(&loaded.source);
        let n_requests = self.app.take_over(revision, config).await?;
        self.transports.store(Arc::new(transports));
        self.app.feeds.set_sources(sources);
        self.app.set_refused_file(None);
        self.app.outbox.wake();
        tracing::info!(revision, n_requests, "sla.toml taken that was put in force for all");
        Ok(())
    }

    /// Says whether the file here is another than the one in force.
    fn compare(&self, in_force: &str) {
        if let Some(share) = self.app.share() {
            let own = config::load(&self.path);
            share.set_has_other_file(own.is_ok_and(|own| own.source != in_force));
        }
    }

    async fn reload(&mut self, is_asked: bool) {
        match self.take(is_asked).await {
            // What was away for a moment is back.
            Ok(None) if self.is_in_force => self.app.set_refused_file(None),
            Ok(None) => {}
            Ok(Some(n_requests)) => {
                self.app.set_refused_file(None);
                let revision = self.app.config().rulebook.revision;
                tracing::info!(revision, n_requests, "sla.toml taken");
            }
            Err(error) => {
                // The whole text quotes the file, which names people: that is for the operator, not for the log.
                let error_text = format!("{error:#}");
                let first_line =
                    self.first_error.take().unwrap_or_else(|| error_text.lines().next().unwrap_or_default().to_owned());
                tracing::error!(error = first_line, "sla.toml was not taken; the old one stays (plazo check says why)");
                self.app.set_refused_file(Some(first_line));
                let language = self.app.config().language;
                let subject =
                    crate::both!("sla.toml was not taken; the old one stays", "sla.toml no se tomó; sigue el anterior");
                if let Err(error) = self.app.outbox.notify_operator(language.of(subject), format!("{error:#}")).await {
                    tracing::error!(%error, "the operator could not be told");
                }
            }
        }
    }

    async fn take(&mut self, is_asked: bool) -> anyhow::Result<Option<usize>> {
        let loaded = config::load(&self.path)?;
        let is_for_all =
            loaded.config.as_ref().and_then(|config| config.store.as_ref()).is_some_and(|store| store.is_file_here);
        if self.app.share().is_some() && !is_for_all {
            self.source.clone_from(&loaded.source);
            let is_other = self.app.text_in_force().await?.is_none_or(|text| text != loaded.source);
            if let Some(share) = self.app.share() {
                share.set_has_other_file(is_other);
            }
            if !is_other {
                return Ok(None);
            }
            tracing::warn!("sla.toml was saved here, and all daemons go by another one: plazo apply puts it in force");
            return Ok(None);
        }
        let files = loaded.config.as_ref().map(|config| config.attachments.clone());
        if loaded.source == self.source && files == self.files_seen && !is_asked {
            return Ok(None);
        }
        self.source.clone_from(&loaded.source);
        self.files_seen = files;
        self.is_in_force = false;
        self.first_error = loaded.first_error();
        let config = loaded.config.clone().ok_or_else(|| anyhow!("{}", loaded.explain(false)))?;
        let n_promises = self.app.config().n_promises();
        if config.n_promises() == 0 && 0 < n_promises {
            // An editor, a copy or a full disk leaves an empty file for a moment; nobody's deadlines end by that.
            let file = self.path.display().to_string();
            bail!("{}", edit::promises_nothing(n_promises, &file, self.app.config().language));
        }
        let transports = outbox::transports(&config, &self.clients, &self.files)?;
        let sources = feeds::ready(&config).map_err(|(name, error)| super::in_source(&name, error, config.language))?;
        // While requests are planned anew, alerts may go by the old file and by the new one.
        let mut both = Transports::clone(&self.transports.load());
        both.extend(transports.clone());
        self.transports.store(Arc::new(both));
        let n_requests = self.app.reload(config, loaded.source).await?;
        self.transports.store(Arc::new(transports));
        self.app.feeds.set_sources(sources);
        self.app.outbox.wake();
        self.is_in_force = true;
        Ok(Some(n_requests))
    }
}

/// Waits until a later file is in force than this daemon goes by, or has tried in vain.
async fn later_file(app: &App, tried: i64) {
    match app.share() {
        Some(share) => share.later_than(app.config().rulebook.revision.max(tried)).await,
        None => std::future::pending().await,
    }
}

async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => {
            hangup.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Watches the directory: editors replace a file rather than write into it.
fn watch(path: &Path, changed: mpsc::Sender<()>) -> anyhow::Result<RecommendedWatcher> {
    let path = path.canonicalize()?;
    let directory = path.parent().context("no directory")?.to_owned();
    let name = path.file_name().context("no file name")?.to_owned();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = |event: &notify::Event| {
            // Holidays, mappings, directories: whether it names the file, and whether that changed, is seen by reading.
            let is_named = |path: &Path| {
                let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
                ["ics", "toml", "csv", "json"].contains(&ending.as_str())
            };
            let is_ours = |path: &PathBuf| path.file_name() == Some(&name) || is_named(path);
            !event.kind.is_access() && event.paths.iter().any(is_ours)
        };
        if event.is_ok_and(|event| concerns(&event)) {
            // One change waiting is as good as many.
            changed.try_send(()).ok();
        }
    })?;
    watcher.watch(&directory, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
