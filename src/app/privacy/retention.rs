//! `[retention]`: what has been kept for long enough is let go, in small steps between which alerts and events come first.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::app::App;
use crate::app::metrics::LetGoLabels;
use crate::app::report::{Wanted, periods};
use crate::app::work::Work;
use crate::app::writer::WriteError;
use crate::config::Config;
use crate::engine::request_id::RequestId;
use crate::privacy;
use crate::store::StoreError;
use crate::store::keeping::Retained;

/// Requests of a step, and the pause after it: a step holds the writer for some milliseconds.
const STEP: u32 = 16;
const PAUSE: Duration = Duration::from_millis(20);

/// What was let go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LetGo {
    /// Requests whose words went.
    pub words: usize,
    /// Requests whose entries went.
    pub journal: usize,
    /// Requests of which what was told went.
    pub deliveries: usize,
    /// Requests that went whole.
    pub requests: usize,
    /// Files that went.
    pub copies: usize,
    /// Reports that were kept as they are, since what they are made of goes.
    pub reports: usize,
}

impl App {
    /// Lets go what has been kept for long enough.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written; the next time goes on where this one ended.
    pub async fn let_go(&self) -> Result<LetGo, WriteError> {
        let (config, now) = (self.config(), self.now());
        let retention = &config.retention;
        let mut let_go = LetGo::default();
        if let Some(age) = retention.figures() {
            let_go.reports = self.keep_reports(&config, now - age).await?;
        }
        if let Some(age) = retention.words {
            let_go.words = self.each(Retained::Words, now - age).await?;
            self.put_aside(now - age).await?;
        }
        if let Some(age) = retention.journal {
            let_go.journal = self.each(Retained::Journal, now - age).await?;
        }
        if let Some(age) = retention.deliveries {
            let_go.deliveries = self.each(Retained::Messages, now - age).await?;
            self.other_messages(now - age).await?;
        }
        if let Some(age) = retention.requests {
            let_go.requests = self.each(Retained::Whole, now - age).await?;
        }
        if let Some(age) = retention.copies {
            let directories = self.message_directories();
            let_go.copies = directories.iter().map(|directory| delete_copies(directory, now - age)).sum();
        }
        Ok(let_go)
    }

    /// Lets one part go of every request that ended before then. How many there were.
    async fn each(&self, part: Retained, ended_before: DateTime<Utc>) -> Result<usize, WriteError> {
        let mut n = 0;
        loop {
            let some = self.readers.look(move |store| store.to_let_go(part, ended_before, STEP)).await?;
            if some.is_empty() {
                return Ok(n);
            }
            let n_now = some.len();
            n += n_now;
            self.writer
                .write(move |work| {
                    if matches!(part, Retained::Journal | Retained::Whole) {
                        work.store().note_figures_let_go(ended_before)?;
                    }
                    some.iter().try_for_each(|request| work.let_go(*request, part))
                })
                .await?;
            self.metrics().let_go.get_or_create(&LetGoLabels { part: word(part) }).inc_by(n_now as u64);
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn put_aside(&self, before: DateTime<Utc>) -> Result<(), WriteError> {
        while 0 < self.writer.write(move |work| work.store().remove_put_aside(before, STEP)).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn other_messages(&self, before: DateTime<Utc>) -> Result<(), WriteError> {
        while 0 < self.writer.write(move |work| work.store().remove_other_messages(before, STEP)).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Keeps the reports of all whole periods up to then, and of the one after, as they are. How many were made.
    async fn keep_reports(&self, config: &Config, until: DateTime<Utc>) -> Result<usize, WriteError> {
        let Some(first) = self.readers.look(|store| store.first_event_at()).await? else { return Ok(0) };
        let mut n = 0;
        for wanted in Wanted::all(config, self.now()) {
            for period in periods(&wanted, config, first, until + TimeDelta::days(7)) {
                if self.now() < period.to {
                    continue;
                }
                let name = wanted.name.clone();
                let is_kept = self
                    .readers
                    .look(move |store| Ok(store.past_report(&name, period.from, period.to)?.is_some()))
                    .await?;
                if is_kept {
                    continue;
                }
                let mut report = self.views.report(Wanted { period, ..wanted.clone() }).await?;
                report.let_words_go();
                let text = serde_json::to_string(&report).map_err(StoreError::from)?;
                let name = wanted.name.clone();
                self.writer
                    .write(move |work| work.store().keep_report(&name, period.from, period.to, &text, work.now))
                    .await?;
                n += 1;
            }
        }
        Ok(n)
    }
}

impl Work<'_> {
    fn let_go(&mut self, id: RequestId, part: Retained) -> Result<(), StoreError> {
        match part {
            Retained::Words => self.let_words_go(id)?,
            Retained::Journal => self.store().remove_journal(id)?,
            Retained::Messages => self.store().remove_messages(id)?,
            Retained::Whole => return self.store().remove_request(id),
        }
        self.store().note_let_go(id, part)
    }

    /// Lets go what people wrote about a request. What follows from it stays.
    fn let_words_go(&mut self, id: RequestId) -> Result<(), StoreError> {
        let Some(mut request) = self.store().request(id)? else { return Ok(()) };
        let config = self.config.clone();
        for mut entry in self.store().entries(id)? {
            if let Some(event) = &mut entry.event {
                event.let_words_go(&request, &config.rulebook);
            }
            if let Ok(mut effects) = serde_json::from_str(&entry.effects)
                && privacy::let_words_go(&mut effects)
            {
                entry.effects = effects.to_string();
            }
            self.store().put_entry(&entry)?;
        }
        for told in self.store().told_of_request(id)? {
            if let Ok(mut content) = serde_json::from_str(&told.content)
                && privacy::let_words_go(&mut content)
            {
                self.store().put_content(told.id, &content.to_string())?;
            }
        }
        self.store().let_words_of_violations_go(id, privacy::let_words_go)?;
        self.store().forget_answers(id)?;
        request.let_words_go();
        self.store().put_state(&request)
    }
}

/// The word of `[retention]` for it.
const fn word(part: Retained) -> &'static str {
    match part {
        Retained::Words => "words",
        Retained::Journal => "journal",
        Retained::Messages => "deliveries",
        Retained::Whole => "requests",
    }
}

/// Deletes messages that were written as files before then. One that cannot be deleted stays.
fn delete_copies(directory: &Path, written_before: DateTime<Utc>) -> usize {
    let mut n = 0;
    for path in files(directory) {
        let is_old = fs::metadata(&path).and_then(|file| file.modified());
        if is_old.is_ok_and(|at| DateTime::<Utc>::from(at) < written_before) && fs::remove_file(&path).is_ok() {
            n += 1;
        }
    }
    n
}

/// The messages that plazo has written into a directory: others may keep files there as well.
pub(super) fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    own.filter(|entry| entry.file_name().to_str().is_some_and(is_message)).map(|entry| entry.path()).collect()
}

/// Whether a file bears the name that messages are given (`notify::file`): when it was decided, and its id.
fn is_message(name: &str) -> bool {
    let day = name.split_once('-').map(|(day, _)| day);
    day.is_some_and(|day| NaiveDateTime::parse_from_str(day, "%Y%m%dT%H%M%S").is_ok())
}
