//! How much room the store takes and has, how fast that shrinks, and what happens when it ends.
//!
//! A file holds a reserve. When little is left no event is taken any more, so that what is decided and what was sent can still be written
//! down; when nothing is left the reserve is given up for that. Whoever sends an event is told to try again, and nothing is lost.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::statvfs::statvfs;

use super::App;
use super::writer::WriteError;
use crate::store::StoreError;
use crate::store::disk::DiskDay;
use crate::text::{Both, format};
use crate::{both, private};

/// Less than this is told as too little, in bytes.
const TOO_LITTLE: u64 = 500_000_000;
/// With less than this free no event is taken: decisions and receipts of a day fit.
const CLOSES: u64 = 24 << 20;
/// What the reserve holds.
const RESERVE: u64 = 32 << 20;
/// With so much free the reserve is filled again, and events are taken.
const OPENS: u64 = CLOSES + RESERVE + (16 << 20);
/// Its name in the data directory.
const RESERVE_FILE: &str = "reserve";
/// Days that growth is measured over, and how soon a full disk is told.
const MEASURED: i64 = 14;
const SOON: i64 = 14;

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// What the store's directory takes, without the reserve and what lies in directories below it.
    pub used: u64,
    /// What plazo may still write.
    pub free: u64,
}

/// Room, and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskOutlook {
    /// What there is.
    pub room: DiskRoom,
    /// How much more the store takes each day; none before two days were measured.
    pub growth: Option<u64>,
    /// When there is no room left, as it goes; none where that is more than ten years off.
    pub full_at: Option<DateTime<Utc>>,
    /// Whether events are refused for want of room.
    pub is_closed: bool,
    /// Whether the reserve is there.
    pub has_reserve: bool,
}

impl DiskRoom {
    /// Looks at the disk of a directory, of which so much is for others.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn of(directory: &Path, keep_free: u64) -> io::Result<Self> {
        let disk = statvfs(directory)?;
        let mut used = 0;
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_name() == RESERVE_FILE {
                continue;
            }
            // A file that is gone meanwhile takes nothing.
            used += entry.metadata().map_or(0, |found| if found.is_file() { found.len() } else { 0 });
        }
        Ok(Self { used, free: (disk.blocks_available() * disk.fragment_size()).saturating_sub(keep_free) })
    }

    /// Whether somebody should make room.
    pub const fn is_scarce(self) -> bool {
        self.free < TOO_LITTLE
    }
}

impl DiskOutlook {
    /// Whether the operator is to be told: there is little, or it will be gone in two weeks.
    pub fn is_pressing(&self, now: DateTime<Utc>) -> bool {
        self.room.is_scarce() || self.full_at.is_some_and(|at| at - now < TimeDelta::days(SOON))
    }
}

/// Whether there is room for events.
#[derive(Debug, Default)]
pub(super) struct DiskWatch {
    is_closed: AtomicBool,
}

impl DiskWatch {
    /// Whether events are refused for want of room.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }
}

/// What a look at the disk changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskChange {
    /// Nothing.
    Same,
    /// No event is taken any more.
    Closed,
    /// The reserve was given up, so that what is decided can be written.
    GaveUp,
    /// There is room again.
    Opened,
}

impl App {
    /// Whether events are refused for want of room.
    pub fn is_disk_full(&self) -> bool {
        self.core.disk.is_closed()
    }

    /// Looks at the disk: closes the door to events in time, gives the reserve up when it is needed, and fills it when it can be.
    ///
    /// # Errors
    ///
    /// If the disk cannot be asked.
    pub async fn watch_disk(&self) -> io::Result<DiskChange> {
        let (app, is_failing) = (self.clone(), self.is_failing());
        let looked = tokio::task::spawn_blocking(move || app.look_at_disk(is_failing)).await;
        looked.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn look_at_disk(&self, is_failing: bool) -> io::Result<DiskChange> {
        // What a server has left, it says by refusing.
        if self.readers.place().is_shared() {
            return Ok(DiskChange::Same);
        }
        let room = DiskRoom::of(self.readers.directory(), self.config().retention.keep_free)?;
        let reserve = self.readers.directory().join(RESERVE_FILE);
        let is_closed = &self.core.disk.is_closed;
        if is_failing && room.free < OPENS && reserve.exists() {
            fs::remove_file(&reserve)?;
            is_closed.store(true, Ordering::Relaxed);
            return Ok(DiskChange::GaveUp);
        }
        if room.free < CLOSES {
            let was_closed = is_closed.swap(true, Ordering::Relaxed);
            return Ok(if was_closed { DiskChange::Same } else { DiskChange::Closed });
        }
        if room.free < OPENS {
            return Ok(DiskChange::Same);
        }
        // A disk or a limit on files that does not allow it leaves plazo without one; the door closes in time all the same.
        if fs::metadata(&reserve).map_or(0, |file| file.len()) < RESERVE
            && let Err(error) = fill(&reserve)
        {
            tracing::debug!(%error, "no reserve on the disk");
        }
        let was_closed = is_closed.swap(false, Ordering::Relaxed);
        Ok(if was_closed { DiskChange::Opened } else { DiskChange::Same })
    }

    /// How much room there is, and how long it lasts.
    ///
    /// # Errors
    ///
    /// If the disk, or the store, cannot be read.
    pub async fn disk_outlook(&self) -> io::Result<DiskOutlook> {
        let room = self.readers.room(self.config().retention.keep_free).await?;
        let days = self.readers.look(|store| store.disk_days()).await.map_err(io::Error::other)?;
        let growth = growth(&days, room.used, self.now());
        let left = growth.filter(|growth| 0 < *growth).map(|growth| room.free / growth);
        let full_at = left.filter(|days| *days < 3_650).and_then(|days| i64::try_from(days).ok());
        Ok(DiskOutlook {
            room,
            growth,
            full_at: full_at.map(|days| self.now() + TimeDelta::days(days)),
            is_closed: self.core.disk.is_closed(),
            has_reserve: self.readers.directory().join(RESERVE_FILE).exists(),
        })
    }

    /// Notes what the store takes today, and tells the operator once a day if room runs short.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn note_disk(&self) -> Result<(), WriteError> {
        let Ok(outlook) = self.disk_outlook().await else { return Ok(()) };
        let room = outlook.room;
        let is_pressing = outlook.is_pressing(self.now());
        let is_new = self
            .writer
            .write(move |work| {
                let now = work.now;
                work.store().note_disk_day(&DiskDay { day: now.date_naive(), used: room.used, free: room.free })?;
                let told_at = work.store().last_run(TOLD)?;
                let is_new = is_pressing && told_at.is_none_or(|at| TimeDelta::days(1) <= now - at);
                if is_new {
                    work.store().set_last_run(TOLD, now)?;
                }
                Ok::<_, StoreError>(is_new)
            })
            .await?;
        if !is_new {
            return Ok(());
        }
        let config = self.config();
        let language = config.operator.as_ref().map_or(config.language, |operator| config.language_of(operator));
        let subject = language.of(both!("the disk will be full", "el disco se va a llenar"));
        let text = language.of(outlook_in_words(&outlook, config.zone));
        let remedy = language.of(both!(
            "Make room, or keep less: [retention] in sla.toml. When it is full, plazo takes no events and goes on telling what is due.",
            "Haga espacio, o guarde menos: [retention] en sla.toml. Cuando se llene, plazo no recibe eventos y sigue avisando lo que vence."
        ));
        self.outbox.notify_operator(subject, format!("{text}\n\n{remedy}")).await
    }
}

/// The schedule by which a full disk is told.
const TOLD: &str = "disk.told";

/// The outlook as people read it.
pub fn outlook_in_words(outlook: &DiskOutlook, zone: chrono_tz::Tz) -> Both {
    let date = outlook.full_at.map(|at| at.with_timezone(&zone).date_naive());
    let [en, es] = [crate::text::Language::En, crate::text::Language::Es].map(|language| {
        let date = date.map(|date| format::date(date, language));
        let [used, free, growth] = [outlook.room.used, outlook.room.free, outlook.growth.unwrap_or_default()]
            .map(|n| format::bytes(n, language));
        language.of(match (outlook.growth, date) {
            (None, _) => both!("{used} of the store, {free} free", "{used} de la base de datos, {free} libres"),
            (Some(_), None) => both!(
                "{used} of the store, {growth} more a day, {free} free",
                "{used} de la base de datos, {growth} más al día, {free} libres"
            ),
            (Some(_), Some(date)) => both!(
                "{used} of the store, {growth} more a day, {free} free: full on {date}",
                "{used} de la base de datos, {growth} más al día, {free} libres: lleno el {date}"
            ),
        })
    });
    Both { en, es }
}

/// How much more the store takes a day, by the oldest of the last two weeks; none before there are two days.
fn growth(days: &[DiskDay], used: u64, now: DateTime<Utc>) -> Option<u64> {
    let today = now.date_naive();
    let first =
        days.iter().filter(|day| (1..=MEASURED).contains(&(today - day.day).num_days())).min_by_key(|day| day.day)?;
    let n_days = (today - first.day).num_days().unsigned_abs();
    Some(used.saturating_sub(first.used) / n_days)
}

/// Fills the reserve, with blocks of the disk and not with a promise of them.
fn fill(path: &Path) -> io::Result<()> {
    let file = private::open(path)?;
    let length = i64::try_from(RESERVE).unwrap_or(i64::MAX);
    let filled =
        fallocate(&file, FallocateFlags::empty(), 0, length).map_err(io::Error::from).and_then(|()| file.sync_all());
    if filled.is_err() {
        fs::remove_file(path).ok();
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_the_last_two_weeks() {
        let now: DateTime<Utc> = "2026-11-20T10:00:00Z".parse().expect("an instant");
        let day = |ago: i64, used: u64| DiskDay { day: (now - TimeDelta::days(ago)).date_naive(), used, free: 0 };
        assert_eq!(growth(&[], 100, now), None);
        assert_eq!(growth(&[day(0, 90)], 100, now), None, "a day is not over");
        assert_eq!(growth(&[day(30, 0), day(10, 500), day(5, 1)], 1_500, now), Some(100));
        assert_eq!(growth(&[day(3, 5_000)], 1_000, now), Some(0), "what was let go makes it shrink");
    }
}
