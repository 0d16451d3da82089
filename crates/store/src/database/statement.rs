//! A prepared statement, and the rows that it finds.

use rusqlite::CachedStatement;
use rusqlite::types::Value;

use super::postgres::{Prepared, Session};
use super::{Params, Row};
use crate::{Result, StoreError};

/// A statement of either database.
pub(crate) enum Statement<'s> {
    Sqlite(CachedStatement<'s>),
    Postgres(&'s Session, Prepared),
}

/// Why there is no row.
#[derive(Debug)]
pub(crate) enum NoRow {
    /// None was found.
    Nowhere,
    /// It could not be asked, or read.
    Failed(StoreError),
}

impl From<NoRow> for StoreError {
    fn from(missing: NoRow) -> Self {
        match missing {
            NoRow::Nowhere => Self::Other("a row is missing".into()),
            NoRow::Failed(error) => error,
        }
    }
}

impl From<rusqlite::Error> for NoRow {
    fn from(error: rusqlite::Error) -> Self {
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) { Self::Nowhere } else { Self::Failed(error.into()) }
    }
}

/// A row that may be missing.
pub(crate) trait Optional<T> {
    /// The row, or none.
    ///
    /// # Errors
    ///
    /// Where it could not be asked, or read.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> Optional<T> for std::result::Result<T, NoRow> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(row) => Ok(Some(row)),
            Err(NoRow::Nowhere) => Ok(None),
            Err(NoRow::Failed(error)) => Err(error),
        }
    }
}

impl<'s> Statement<'s> {
    /// Runs it. How many rows it changed.
    pub(crate) fn execute(&mut self, params: impl Params) -> Result<usize> {
        params.with(|params| match self {
            Self::Sqlite(statement) => Ok(statement.execute(params)?),
            Self::Postgres(session, prepared) => session.execute(prepared, params),
        })
    }

    /// Runs it with whatever values a row had.
    pub(crate) fn execute_with(&mut self, values: &[Value]) -> Result<usize> {
        let values: Vec<&dyn rusqlite::ToSql> = values.iter().map(|value| value as _).collect();
        self.execute(values.as_slice())
    }

    /// The same, and asks for nothing.
    pub(crate) fn send_with(&mut self, values: &[Value]) -> Result<()> {
        let values: Vec<&dyn rusqlite::ToSql> = values.iter().map(|value| value as _).collect();
        self.send(values.as_slice())
    }

    /// Runs it, and asks for nothing: whether it failed is seen by whatever looks next, at the latest before the commit.
    pub(crate) fn send(&mut self, params: impl Params) -> Result<()> {
        self.send_unless(None, params)
    }

    /// The same; with a word, it must change a row, or another daemon changed it meanwhile.
    pub(crate) fn send_unless(&mut self, is_conflict: Option<&'static str>, params: impl Params) -> Result<()> {
        params.with(|params| match self {
            Self::Sqlite(statement) => Ok(statement.execute(params).map(|_| ())?),
            Self::Postgres(session, prepared) => session.send(prepared, params, is_conflict),
        })
    }

    /// Inserts one row, and returns its number; none where it was there. Prepared by `Store::prepare_insert`.
    pub(crate) fn insert(&mut self, params: impl Params) -> Result<Option<i64>> {
        params.with(|params| match self {
            Self::Sqlite(statement) => match statement.insert(params) {
                Err(rusqlite::Error::StatementChangedRows(0)) => Ok(None),
                inserted => Ok(inserted.map(Some)?),
            },
            Self::Postgres(session, prepared) => {
                let rows = session.query(prepared, params)?;
                session.changed(rows.len());
                Ok(rows.first().map(|row| Row::Postgres(row).get(0)).transpose()?)
            }
        })
    }

    /// The same of a row that nothing keeps out.
    pub(crate) fn insert_new(&mut self, params: impl Params) -> Result<i64> {
        self.insert(params)?.ok_or_else(|| StoreError::Other("a row was not inserted".into()))
    }

    /// What it finds.
    pub(crate) fn query(&mut self, params: impl Params) -> Result<Rows<'_>> {
        params.with(|params| match self {
            Self::Sqlite(statement) => Ok(Rows::Sqlite(statement.query(params)?)),
            Self::Postgres(session, prepared) => {
                Ok(Rows::Postgres { left: session.query(prepared, params)?.into_iter(), at: None })
            }
        })
    }

    /// What it finds, each row as `read` has it.
    pub(crate) fn query_map<T, F>(&mut self, params: impl Params, read: F) -> Result<Mapped<'_, F>>
    where
        F: FnMut(&Row<'_>) -> rusqlite::Result<T>,
    {
        Ok(Mapped { rows: self.query(params)?, read })
    }

    /// The first row that it finds, as `read` has it.
    pub(crate) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> std::result::Result<T, NoRow> {
        params.with(|params| match self {
            Self::Sqlite(statement) => Ok(statement.query_row(params, |row| read(&Row::Sqlite(row)))?),
            Self::Postgres(session, prepared) => {
                let rows = session.query(prepared, params).map_err(NoRow::Failed)?;
                let row = rows.first().ok_or(NoRow::Nowhere)?;
                Ok(read(&Row::Postgres(row))?)
            }
        })
    }
}

/// Rows, one after another.
pub(crate) enum Rows<'s> {
    Sqlite(rusqlite::Rows<'s>),
    Postgres { left: std::vec::IntoIter<tokio_postgres::Row>, at: Option<tokio_postgres::Row> },
}

impl Rows<'_> {
    /// The next one.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::Sqlite)),
            Self::Postgres { left, at } => {
                *at = left.next();
                Ok(at.as_ref().map(Row::Postgres))
            }
        }
    }
}

/// Rows as something else.
pub(crate) struct Mapped<'s, F> {
    rows: Rows<'s>,
    read: F,
}

impl<T, F: FnMut(&Row<'_>) -> rusqlite::Result<T>> Iterator for Mapped<'_, F> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        match self.rows.next() {
            Ok(row) => row.map(|row| Ok((self.read)(&row)?)),
            Err(error) => Some(Err(error)),
        }
    }
}
