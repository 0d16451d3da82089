//! The file of promises, for those who may change it from a page: what is in force and was before, what a change would do, and taking it.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use nix::unistd::{AccessFlags, access};
use sha2::{Digest as _, Sha256};

use super::App;
use super::plan::{self, EditPlan};
use crate::config::{self, Config};
use crate::engine::clock::ClockState;
use crate::replay::{self, Belongs, Heard, Run};
use crate::store::StoreError;
use crate::store::admin::RevisionRow;

/// How far back a change is tried on what happened.
const TRIED_ON: TimeDelta = TimeDelta::days(30);
/// Events on which it is tried, the latest.
const MOST_EVENTS: usize = 60_000;
/// Revisions that are listed.
const MOST_LISTED: u32 = 50;

/// Promises that came to an end, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptCount {
    /// KeptCount.
    pub kept: usize,
    /// Broken.
    pub broken: usize,
}

impl KeptCount {
    fn of(run: &Run) -> Self {
        let count = |is: fn(ClockState) -> bool| run.clocks.iter().filter(|(_, clock)| is(clock.state)).count();
        Self {
            kept: count(|state| state == ClockState::Met),
            broken: count(|state| matches!(state, ClockState::MetLate | ClockState::Breached)),
        }
    }

    /// KeptCount, in hundredths of a percent.
    pub fn share(self) -> Option<usize> {
        (self.kept * 10_000).checked_div(self.kept + self.broken)
    }
}

/// How the last weeks come out by the file in force and by another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// By the file in force.
    pub before: KeptCount,
    /// By the other one.
    pub after: KeptCount,
    /// Of how many events, where there were more than are played: the latest.
    pub only_latest: Option<usize>,
}

/// What a change of the file would do.
#[derive(Debug)]
pub struct TriedFile {
    /// Its mistakes and warnings in words, with the places; empty where there are none.
    pub said: String,
    /// What taking it would do to what is open, and how the last weeks come out; none where it cannot be used.
    pub outcome: Option<(EditPlan, Compared)>,
}

/// Who changed the file from a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAuthor {
    /// Name.
    pub who: String,
    /// What was said of the change.
    pub comment: Option<String>,
}

/// Why a changed file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It has mistakes, or promises nothing any more.
    #[error("it cannot be used")]
    Unusable,
    /// Somebody else changed the file since it was shown.
    #[error("the file was changed meanwhile")]
    Changed,
    /// The file cannot be written.
    #[error(transparent)]
    Unwritable(#[from] io::Error),
}

/// By what a text is known again.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

impl App {
    /// Where the file lies; none where nobody has said so.
    pub fn file_path(&self) -> Option<Arc<PathBuf>> {
        self.doors.file.load_full()
    }

    /// The file as it lies on the disk.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn file_text(&self) -> io::Result<String> {
        fs::read_to_string(&*self.doors.file.load_full().ok_or(io::ErrorKind::NotFound)?)
    }

    /// Whether the file may be written.
    pub fn may_write_file(&self) -> bool {
        let Some(path) = self.doors.file.load_full().and_then(|path| path.canonicalize().ok()) else { return false };
        // It is written beside and renamed.
        let may_be_made = |directory: &Path| access(directory, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
        access(&path, AccessFlags::W_OK).is_ok() && path.parent().is_some_and(may_be_made)
    }

    /// The revisions that were in force, the latest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub async fn revisions(&self) -> Result<Vec<RevisionRow>, StoreError> {
        self.readers.look(|store| store.revisions(MOST_LISTED)).await
    }

    /// The text of a revision.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn revision_text(&self, revision: i64) -> Result<Option<String>, StoreError> {
        self.readers.look(move |store| store.revision_text(revision)).await
    }

    /// What would come of a file with that text.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub async fn try_file(&self, text: String) -> Result<TriedFile, StoreError> {
        // One at a time: each reads a month.
        let _alone = self.doors.trying.lock().await;
        let (today, now) = (self.config(), self.now());
        let path = today.directory.join("sla.toml");
        let tried = self.readers.read(move |store| {
            let loaded = config::read(&path, text);
            let said = loaded.explain(false);
            // What promises nothing any more is not taken, and so not offered.
            let is_usable = |changed: &Config| 0 < changed.n_promises() || today.n_promises() == 0;
            let Some(changed) = loaded.config.clone().filter(is_usable) else {
                return Ok(TriedFile { said, outcome: None });
            };
            let plan = plan::of(store, &changed, &loaded.source, now)?;
            let mut heard: VecDeque<Heard> = VecDeque::new();
            let mut is_cut = false;
            let mut reached = DateTime::<Utc>::MIN_UTC;
            store.each_event(|request, heard_at, event| {
                reached = reached.max(heard_at);
                if now - TRIED_ON <= event.at {
                    heard.push_back(Heard { event: Arc::new(event), belongs: Belongs::To(request), heard_at: reached });
                    if MOST_EVENTS < heard.len() {
                        heard.pop_front();
                        is_cut = true;
                    }
                }
            })?;
            let heard = Vec::from(heard);
            let play = |config: &Config| KeptCount::of(&replay::play(config, &heard, now, |_| ()));
            let (before, after) = (play(&today), play(&changed));
            let compared = Compared { before, after, only_latest: is_cut.then_some(MOST_EVENTS) };
            Ok(TriedFile { said, outcome: Some((plan, compared)) })
        });
        tried.await
    }

    /// Writes the file anew, whole or not at all; it is taken as after any other edit. `shown` is the digest of what was changed.
    ///
    /// # Errors
    ///
    /// [`NotTaken`]; then nothing has changed.
    pub fn take_file_text(&self, text: &str, shown: &str, by: FileAuthor) -> Result<(), NotTaken> {
        let path = self.doors.file.load_full().ok_or(io::Error::from(io::ErrorKind::NotFound))?;
        let _alone = self.doors.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // A browser has no other ends of lines, and the file keeps its own.
        let before = fs::read_to_string(&*path)?;
        if digest(&before.replace("\r\n", "\n")) != shown {
            return Err(NotTaken::Changed);
        }
        let text = text.replace("\r\n", "\n");
        let text = &if before.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
        let changed = config::read(&path, text.to_owned()).config.ok_or(NotTaken::Unusable)?;
        // As the reload has it: nobody's deadlines end by an empty field.
        if changed.n_promises() == 0 && 0 < self.config().n_promises() {
            return Err(NotTaken::Unusable);
        }
        self.doors.file_author.store(Some(Arc::new((digest(text), by))));
        write_whole(&path, text)?;
        Ok(())
    }

    /// Who changed the file to that text from a page.
    pub(super) fn file_author(&self, text: &str) -> Option<FileAuthor> {
        let author = self.doors.file_author.load_full()?;
        (author.0 == digest(text)).then(|| author.1.clone())
    }

    /// Says where the file lies.
    pub fn set_file(&self, path: std::path::PathBuf) {
        self.doors.file.store(Some(Arc::new(path)));
    }
}

/// Writes beside the file and renames, with the rights and the owner that it has.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let kept = fs::metadata(&path)?;
    let draft = path.with_extension(format!("toml.{}", uuid::Uuid::new_v4().simple()));
    let written = write_draft(&draft, &kept, text).and_then(|()| fs::rename(&draft, &path));
    if written.is_err() {
        fs::remove_file(&draft).ok();
    }
    written
}

fn write_draft(draft: &Path, kept: &fs::Metadata, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(fs::Permissions::from_mode(kept.mode() & 0o777))?;
    // Whoever runs plazo may give a file away only as root; else it is plazo's own as it was.
    std::os::unix::fs::fchown(&file, Some(kept.uid()), Some(kept.gid())).ok();
    file.sync_all()
}
