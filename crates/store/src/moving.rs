//! Everything of one store into another, empty one: from a file to a server, or back.

use rusqlite::types::Value;

use super::database::Database;
use super::{Result, Store, StoreError, Writing, schema};

/// Tables that are a store's own, or follow from the others: where it stands, what its triggers count, who shares it.
const NOT_MOVED: [&str; 3] = ["counts", "meta", "refinery_schema_history"];
/// Of `meta`, what belongs to the house and not to the place.
const MOVED_WORDS: &str = "SELECT key, value FROM meta WHERE key <> 'link_key'";
/// After so many rows it is said how far it is.
const SAID_EVERY: u64 = 1_000;

impl Store {
    /// Whether nothing was kept here yet.
    pub fn is_unused(&self) -> Result<bool> {
        let mut statement = self.prepare(
            "SELECT NOT EXISTS (SELECT 1 FROM requests) AND NOT EXISTS (SELECT 1 FROM journal) AND NOT EXISTS (SELECT 1 FROM alerts)",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// How many rows are to be moved.
    pub fn n_rows(&self) -> Result<u64> {
        let mut n = 0;
        for (table, _) in tables()? {
            let counted: i64 =
                self.prepare(&format!("SELECT count(*) FROM {table}"))?.query_row([], |row| row.get(0))?;
            n += counted.unsigned_abs();
        }
        Ok(n)
    }
}

impl Writing<'_> {
    /// Takes in all that another store has, as it is at one moment. This one must be unused: whatever it says of files and schedules goes.
    ///
    /// # Errors
    ///
    /// [`StoreError`] from either; nothing is kept then, if the transaction is dropped.
    pub fn take_all(&self, from: &Store, mut progress: impl FnMut(u64)) -> Result<u64> {
        let mut n = 0;
        for (table, columns) in tables()? {
            self.execute(&format!("DELETE FROM {table}"))?;
            let places: Vec<_> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
            let (listed, places) = (columns.join(", "), places.join(", "));
            let mut insert = self.prepare(&format!("INSERT INTO {table} ({listed}) VALUES ({places})"))?;
            from.each_row(&format!("SELECT {listed} FROM {table}"), |row| {
                let values = (0..columns.len()).map(|column| row.get::<Value>(column));
                insert.send_with(&values.collect::<rusqlite::Result<Vec<_>>>()?)?;
                n += 1;
                if n % SAID_EVERY == 0 {
                    progress(n);
                }
                Ok(())
            })?;
            if let (Database::Postgres(_), Some(id)) = (&self.database, numbered(table.as_str())) {
                self.prepare(&format!(
                    "SELECT setval(pg_get_serial_sequence('{table}', '{id}'), (SELECT coalesce(max({id}), 1) FROM {table}),
                            EXISTS (SELECT 1 FROM {table}))"
                ))?
                .query_row([], |row| row.get::<i64>(0))
                .map_err(StoreError::from)?;
            }
        }
        let mut words = Vec::new();
        from.each_row(MOVED_WORDS, |row| {
            words.push((row.get::<String>(0)?, row.get::<String>(1)?));
            Ok(())
        })?;
        for (key, value) in words {
            self.set_meta(&key, &value)?;
        }
        progress(n);
        Ok(n)
    }
}

/// Tables that are moved, with their columns: those of a file, which a server has as well.
fn tables() -> Result<Vec<(String, Vec<String>)>> {
    let connection = schema::in_memory()?;
    let mut statement = connection.prepare(
        "SELECT m.name, x.name FROM sqlite_master m, pragma_table_xinfo(m.name) x
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND x.hidden = 0 ORDER BY m.name, x.cid",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for row in rows {
        let (table, column) = row?;
        match found.last_mut().filter(|(last, _)| *last == table) {
            Some((_, columns)) => columns.push(column),
            None => found.push((table, vec![column])),
        }
    }
    found.retain(|(table, _)| !NOT_MOVED.contains(&table.as_str()));
    Ok(found)
}

/// The column of a table whose numbers a server gives itself.
fn numbered(table: &str) -> Option<&'static str> {
    match table {
        "journal" | "quarantine" => Some("seq"),
        "absences" | "acts" | "alerts" | "deliveries" | "erasures" | "imports" | "revisions" | "sessions"
        | "silences" | "tokens" | "violations" => Some("id"),
        _ => None,
    }
}
