//! The tables' version, and bringing them up to date: by one daemon at a time, which holds the row that says it.

use std::cmp::Ordering;

use rusqlite::ToSql;

use super::session::{Begin, Session};
use crate::database::Row;
use crate::objects::LostObject;
use crate::{Result, StoreError};

/// Migrations in their order; the first makes version 1.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/V1__initial.sql")];

/// The version of this program's tables.
const VERSION: i64 = MIGRATIONS.len() as i64;

/// How often two that make the table of the version at one instant may be in each other's way.
const MOST_TRIES: usize = 10;

/// Brings the tables up to date, and gives a new store its name. Whoever comes meanwhile waits for it.
///
/// # Errors
///
/// [`StoreError::Newer`] if a later version wrote them; [`StoreError::Migration`] if they cannot be brought up to date.
pub(super) fn migrate(session: &Session) -> Result<()> {
    let mut tries = 0;
    while let Err(error) = make_row(session) {
        tries += 1;
        if error.is_unavailable() || MOST_TRIES <= tries {
            return Err(failed(error));
        }
    }
    session.begin(Begin::Migrating)?;
    let migrated = migrate_open(session).and_then(|()| session.commit());
    if migrated.is_err() {
        session.roll_back();
    }
    migrated
}

/// The row that is waited for. `IF NOT EXISTS` does not keep two from making it at one instant: one of them fails, and finds it made.
fn make_row(session: &Session) -> Result<()> {
    session.batch(
        "CREATE TABLE IF NOT EXISTS plazo_version (
             only_one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (only_one), version BIGINT NOT NULL);
         INSERT INTO plazo_version (version) VALUES (0) ON CONFLICT DO NOTHING",
    )
}

fn migrate_open(session: &Session) -> Result<()> {
    let found = version(session, "SELECT version FROM plazo_version FOR UPDATE")?.unwrap_or_default();
    if VERSION < found {
        return Err(StoreError::Newer);
    }
    let from = usize::try_from(found).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(from) {
        session.batch(migration).map_err(failed)?;
    }
    let statement = session.prepare("UPDATE plazo_version SET version = ?1 WHERE version <> ?1")?;
    session.execute(&statement, &[&VERSION])?;
    let name = uuid::Uuid::new_v4().simple().to_string();
    let statement = session.prepare("INSERT INTO meta (key, value) VALUES ('instance', ?1) ON CONFLICT DO NOTHING")?;
    session.execute(&statement, &[&name as &dyn ToSql])?;
    Ok(())
}

/// Whether the tables are of this version.
///
/// # Errors
///
/// [`StoreError::Older`] and [`StoreError::Newer`] if not.
pub(super) fn check(session: &Session) -> Result<()> {
    let there = version(session, "SELECT 1::bigint FROM pg_class WHERE oid = to_regclass('plazo_version')")?;
    let found = there.map_or(Ok(None), |_| version(session, "SELECT version FROM plazo_version"))?;
    match found.unwrap_or_default().cmp(&VERSION) {
        Ordering::Less => Err(StoreError::Older),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StoreError::Newer),
    }
}

/// Tables, indexes and triggers of this version, with what makes each.
pub(crate) fn made_by_migrations() -> impl Iterator<Item = LostObject> {
    let statements = MIGRATIONS.iter().flat_map(|migration| migration.split(";\n"));
    statements.filter_map(|statement| {
        let start = statement.find("CREATE ")?;
        let mut words = statement[start..].split_whitespace().skip(1).filter(|word| *word != "UNIQUE");
        let kind = words.next().filter(|kind| ["TABLE", "INDEX", "TRIGGER"].contains(kind))?;
        let name = words.next()?.to_owned();
        Some(LostObject { kind: kind.to_lowercase(), name, sql: statement[start..].to_owned() })
    })
}

fn version(session: &Session, sql: &str) -> Result<Option<i64>> {
    let statement = session.prepare(sql)?;
    let rows = session.query(&statement, &[])?;
    Ok(rows.first().map(|row| Row::Postgres(row).get(0)).transpose()?)
}

fn failed(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(_) => error,
        other => StoreError::Migration(other.into()),
    }
}
