//! One file of promises for all daemons of a store: the revision in the store is the truth, whatever lies beside each of them.

use std::path::Path;
use std::time::Duration;

use super::App;
use super::desk::Occasion;
use super::writer::WriteError;
use crate::config::{self, Config, Loaded};
use crate::store::{StoreError, StorePlace, Writing};

/// The name under which one of several daemons plans the open requests by another file.
const PLANNING: &str = "planning";
/// By then all have heard of another file.
const HEARD_BY: Duration = Duration::from_secs(4);

/// The file that is in force in a store that others share; none where there is none yet, the store is this daemon's alone, or the file beside
/// this daemon says that it is the one (`file = "here"`). Not where futures are run.
///
/// # Errors
///
/// [`StoreError`] if the store cannot be read.
pub fn in_force(config: &Config, source: &str, path: &Path) -> Result<Option<Loaded>, StoreError> {
    let Some(shared) = config.store.as_ref().filter(|shared| !shared.is_file_here) else { return Ok(None) };
    let store = match StorePlace::Server(Box::new(shared.url()?)).open_reader() {
        Ok(store) => store,
        // Nobody has made its tables yet; or they are brought up to date by whoever opens it.
        Err(StoreError::Older) => return Ok(None),
        Err(error) => return Err(error),
    };
    let own = config.revision_text(source);
    let found = store.last_revision()?.filter(|(_, text)| *text != own);
    Ok(found.map(|(_, text)| config::read(path, without_marks(text))))
}

/// The number of the file in force, where that is the one that was read from a store that others share: what it names may be another file here.
pub(super) fn number_of(config: &Config, source: &str, writing: Writing<'_>) -> Result<Option<i64>, StoreError> {
    if config.store.as_ref().is_none_or(|shared| shared.is_file_here) {
        return Ok(None);
    }
    let last = writing.last_revision()?.filter(|(_, text)| without_marks(text.clone()) == source);
    Ok(last.map(|(revision, _)| revision))
}

/// A file's text without the marks of the files that it names, which are made anew where it is read.
fn without_marks(text: String) -> String {
    let is_mark = |line: &str| line.starts_with("# ") && line.contains(" sha256:");
    let mut end = text.len();
    while let Some((before, last)) = text[..end].rsplit_once('\n')
        && is_mark(last)
    {
        end = before.len();
    }
    let mut text = text;
    text.truncate(end);
    text
}

impl App {
    /// The file that another daemon, or a command, has put in force, with its number; none where this daemon has it already.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub async fn later_file(&self, path: &Path) -> Result<Option<(i64, Loaded)>, StoreError> {
        let own = self.config().rulebook.revision;
        let last = self.readers.read(|store| store.last_revision()).await?;
        let later = last.filter(|(revision, _)| own < *revision);
        Ok(later.map(|(revision, text)| (revision, config::read(path, without_marks(text)))))
    }

    /// The text of the file in force, as it lies in the store.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be read.
    pub async fn text_in_force(&self) -> Result<Option<String>, StoreError> {
        let last = self.readers.read(|store| store.last_revision()).await?;
        Ok(last.map(|(_, text)| without_marks(text)))
    }

    /// Takes over what another daemon, or a command, has put in force. The open requests are planned by one of all daemons.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if what follows from it cannot be written.
    pub async fn take_over(&self, revision: i64, mut config: Config) -> Result<usize, WriteError> {
        config.rulebook.revision = revision;
        let people: Vec<String> = config.contacts.keys().cloned().collect();
        self.end_sessions_but_of(people).await?;
        self.take_file(config).await?;
        self.close_doors().await?;
        self.plan_if_own().await
    }

    /// Plans the open requests by the file in force, if that is this daemon's to do and nobody has.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn plan_if_own(&self) -> Result<usize, WriteError> {
        let revision = self.config().rulebook.revision;
        if !self.is_own(PLANNING) || self.readers.read(|store| store.planned_revision()).await? == Some(revision) {
            return Ok(0);
        }
        self.wait_for_others().await;
        self.desk.plan_anew(Occasion::Reload).await
    }

    /// Waits until the other daemons go by the file in force: what one of them decides by the one before is planned anew as well.
    pub(super) async fn wait_for_others(&self) {
        if self.core.share().is_some() {
            tokio::time::sleep(HEARD_BY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_and_nothing_else() {
        let file = "language = \"es\"\n# a comment\n";
        let marked = format!("{file}\n# festivos.ics sha256:ab12\n# mapa.toml sha256:cd34");
        assert_eq!(without_marks(marked), file);
        assert_eq!(without_marks(file.to_owned()), file);
    }
}
