//! Whether the file of the store is sound, as far as a quick look tells.

use super::database::Database;
use super::{Result, Store, schema};

/// Faults that are told.
const MOST_TOLD: u32 = 3;

impl Store {
    /// What SQLite finds amiss in the pages of the file, the first few; none where it is sound. Indexes are not compared with their tables.
    ///
    /// # Errors
    ///
    /// [`StoreError`](super::StoreError) if it breaks off, which damage can do as well.
    pub fn quick_check(&self) -> Result<Vec<String>> {
        // A server looks after its own pages.
        let Database::Sqlite(_) = self.database else { return Ok(Vec::new()) };
        let mut statement = self.prepare(&format!("PRAGMA quick_check({MOST_TOLD})"))?;
        let found = statement.query_map([], |row| row.get::<String>(0))?;
        let found = found.collect::<Result<Vec<_>>>()?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// The version of the tables; a store with others is not opened.
    pub fn tables() -> u32 {
        schema::version()
    }
}
