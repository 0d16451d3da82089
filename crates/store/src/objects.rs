//! Tables, indexes and triggers: what a store of this version has, and which of it is missing in one.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::database::postgres::{Session, made_by_migrations};
use super::database::{Database, Row};
use super::{Result, Store, Writing, schema};

/// A table, an index or a trigger that is not there, or is written otherwise than this version makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostObject {
    /// `table`, `index` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What makes it.
    pub(crate) sql: String,
}

impl LostObject {
    /// Whether it can be made anew: it holds nothing that is not elsewhere.
    pub fn can_be_rebuilt(&self) -> bool {
        self.kind != "table"
    }
}

fn objects(connection: &Connection) -> Result<BTreeMap<(String, String), String>> {
    let mut statement = connection.prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// What is missing in a PostgreSQL, by its name: how it is written there is not how it was made.
fn shared_objects(session: &Session) -> Result<Vec<LostObject>> {
    let statement = session.prepare(
        "SELECT c.relname::text FROM pg_class c WHERE pg_table_is_visible(c.oid)
         UNION ALL SELECT t.tgname::text FROM pg_trigger t WHERE NOT t.tgisinternal AND pg_table_is_visible(t.tgrelid)",
    )?;
    let rows = session.query(&statement, &[])?;
    let own = rows.iter().map(|row| Row::Postgres(row).get(0)).collect::<rusqlite::Result<BTreeSet<String>>>()?;
    let wanted = made_by_migrations().filter(|object| !own.contains(&object.name));
    Ok(wanted.collect())
}

impl Store {
    /// What is missing of the tables of this version, and of their indexes and triggers.
    pub fn lost_objects(&self) -> Result<Vec<LostObject>> {
        let connection = match &self.database {
            Database::Sqlite(connection) => connection,
            Database::Postgres(session) => return shared_objects(session),
        };
        let (mut wanted, own) = (objects(&schema::in_memory()?)?, objects(connection)?);
        wanted.retain(|key, sql| {
            // A table may have been made by another way; what it lacks shows when it is read.
            own.get(key).is_none_or(|own| key.0 != "table" && own != sql)
        });
        Ok(wanted.into_iter().map(|((kind, name), sql)| LostObject { kind, name, sql }).collect())
    }
}

impl Writing<'_> {
    /// Makes an index or a trigger anew. Whether that was possible: an index that says that nothing is there twice is not where something is.
    pub fn rebuild(&self, lost: &LostObject) -> Result<bool> {
        if !lost.can_be_rebuilt() {
            return Ok(false);
        }
        let LostObject { kind, name, sql } = lost;
        match &self.database {
            Database::Sqlite(connection) => {
                connection.execute_batch(&format!("DROP {kind} IF EXISTS \"{name}\""))?;
                Ok(connection.execute_batch(sql).is_ok())
            }
            Database::Postgres(session) => session.try_batch(sql),
        }
    }
}
