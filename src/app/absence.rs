//! Who is away: told while plazo runs, kept in the store, and part of the directory as if the file said so (LESSONS 52).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::core::Core;
use super::work::Work;
use super::{App, WriteError};
use crate::config::Config;
use crate::desk;
use crate::engine::absence::{self, Absence};
use crate::store::absences::AbsenceRow;
use crate::store::{Store, StoreError};

/// What is heard of later than this is not judged by who was away then.
const REMEMBERED: TimeDelta = TimeDelta::days(400);

/// What became of an absence that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AbsenceTold {
    /// It has this number.
    New(i64),
    /// It holds already.
    Known {
        /// Its number; none where it stands in the file.
        id: Option<i64>,
        /// Who said so.
        who: Option<String>,
        /// From when.
        from: DateTime<Utc>,
    },
    /// Nothing was written: everybody would be away who stands in, so that it leads back to its beginning.
    LeadsBack,
}

impl App {
    /// Absences that were told and hold now or later.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub async fn absences(&self) -> Result<Vec<AbsenceRow>, StoreError> {
        let now = self.now();
        self.readers.read(move |store| store.absences(now)).await
    }

    /// Puts an absence on record, and has it hold. One that is known already is written once, and whoever stands in is told once.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn add_absence(&self, absence: Absence, who: Option<String>) -> Result<AbsenceTold, WriteError> {
        // One after the other: two of them could make a circle together.
        let _alone = self.core.absences.lock().await;
        let config = self.config();
        if leads_back(&absence, &config) {
            return Ok(AbsenceTold::LeadsBack);
        }
        let in_force = absence::in_force(config.rulebook.directory.absences(), &absence.person, absence.from);
        if let Some(known) = in_force.filter(|one| one.until == absence.until && one.substitute == absence.substitute) {
            let row = self.absences().await?.into_iter().find(|row| row.absence == *known);
            let (id, who) = row.map_or((None, None), |row| (Some(row.id), row.who));
            return Ok(AbsenceTold::Known { id, who, from: known.from });
        }
        let person = absence.person.clone();
        let (told, by) = (absence.clone(), who.clone());
        let write = move |work: &mut Work<'_>| work.store().add_absence(&absence, who.as_deref(), work.now);
        let id = self.writer.write(write).await?;
        self.take_absences().await?;
        self.wait_until_back(person).await?;
        self.tell_stand_ins(vec![told], by).await?;
        Ok(AbsenceTold::New(id))
    }

    /// Ends an absence before its time; whether there was one.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn end_absence(&self, id: i64) -> Result<bool, WriteError> {
        let _alone = self.core.absences.lock().await;
        let person = self.writer.write(move |work| work.store().end_absence(id, work.now)).await?;
        self.take_absences().await?;
        let Some(person) = person else { return Ok(false) };
        self.wait_until_back(person).await?;
        Ok(true)
    }

    /// Tells whoever stands in for those who are away, once, when it is said or stands in the file for the first time.
    async fn tell_stand_ins(&self, absences: Vec<Absence>, by: Option<String>) -> Result<(), WriteError> {
        let write = move |work: &mut Work<'_>| {
            let config = Arc::clone(&work.config);
            let notices =
                absences.iter().filter_map(|one| desk::stand_in_notice(one, by.as_deref(), &config, work.now));
            work.tell(notices.collect()).map(|_| ())
        };
        self.writer.write(write).await
    }

    /// What waits for somebody's return waits until then, whenever that is by now.
    async fn wait_until_back(&self, person: String) -> Result<(), WriteError> {
        let write = move |work: &mut Work<'_>| {
            let absences = work.config.rulebook.directory.absences();
            let until = absence::until(absences, &person, work.now).unwrap_or(work.now);
            work.store().wait_until_back(&person, until)?;
            work.wake_outbox_if(until <= work.now);
            Ok(())
        };
        self.writer.write(write).await
    }

    /// Puts another file in force, in which whoever was said to be away is so.
    pub(super) async fn take_file(&self, mut config: Config) -> Result<(), WriteError> {
        let _alone = self.core.absences.lock().await;
        tell(&mut config, self.remembered().await?);
        let before = self.config();
        let known = before.rulebook.directory.written_absences();
        let new = config.rulebook.directory.written_absences().iter().filter(|absence| !known.contains(absence));
        let new: Vec<_> = new.cloned().collect();
        self.core.config.store(Arc::new(config));
        self.tell_stand_ins(new, None).await
    }

    async fn take_absences(&self) -> Result<(), WriteError> {
        let told = self.remembered().await?;
        self.core.config.rcu(|config| {
            let mut config = Config::clone(config);
            tell(&mut config, told.clone());
            Arc::new(config)
        });
        Ok(())
    }

    async fn remembered(&self) -> Result<Vec<AbsenceRow>, StoreError> {
        let since = self.now() - REMEMBERED;
        self.readers.read(move |store| store.absences(since)).await
    }
}

/// Makes a file's directory know who was said to be away.
pub(super) fn tell_of_store(config: &mut Config, store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    tell(config, store.absences(now - REMEMBERED)?);
    Ok(())
}

/// What a store knows of who is away.
pub(super) fn remembered_by(store: &Store, now: DateTime<Utc>) -> Result<Vec<AbsenceRow>, StoreError> {
    store.absences(now - REMEMBERED)
}

/// Makes the file in force know who was said to be away, to whichever daemon.
pub(super) fn take_over(core: &Core, told: &[AbsenceRow]) {
    core.config.rcu(|config| {
        let mut config = Config::clone(config);
        tell(&mut config, told.to_vec());
        Arc::new(config)
    });
}

fn tell(config: &mut Config, told: Vec<AbsenceRow>) {
    // Whom the file does not name any more is nobody's concern.
    let is_known = |absence: &Absence| {
        let names = [Some(&absence.person), absence.substitute.as_ref()];
        names.into_iter().flatten().all(|key| config.contacts.contains_key(key))
    };
    let known: Vec<_> = told.into_iter().map(|row| row.absence).filter(is_known).collect();
    config.rulebook.directory.tell_absences(known);
}

/// Whether an absence more would make a circle of substitutes at any time.
fn leads_back(new: &Absence, config: &Config) -> bool {
    let directory = &config.rulebook.directory;
    let mut all = directory.absences().to_vec();
    all.push(new.clone());
    let starts: Vec<_> = all.iter().map(|other| other.from.max(new.from)).filter(|from| *from < new.until).collect();
    let people = all.iter().map(|absence| absence.person.as_str());
    let is_circle = |person: &str| starts.iter().any(|from| directory.leads_back(&all, person, *from));
    people.into_iter().any(is_circle)
}
