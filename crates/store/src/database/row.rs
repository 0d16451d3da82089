//! A row of a result.

use rusqlite::types::{FromSql, FromSqlError, Type, ValueRef};

use super::postgres::values::Cell;

/// A row of either database, while it is looked at.
#[derive(Clone, Copy)]
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Row<'r> {
    /// A column, as the type that is wanted.
    ///
    /// # Errors
    ///
    /// If it holds something else, or there is no such column.
    pub(crate) fn get<T: FromSql>(&self, column: usize) -> rusqlite::Result<T> {
        if let Self::Sqlite(row) = self {
            return row.get(column);
        }
        let value = self.get_ref(column)?;
        T::column_result(value).map_err(|error| wrong(error, column, value.data_type()))
    }

    /// A column as it lies there.
    ///
    /// # Errors
    ///
    /// If there is no such column, or it is of a type that the store has nowhere.
    pub(crate) fn get_ref(&self, column: usize) -> rusqlite::Result<ValueRef<'r>> {
        match self {
            Self::Sqlite(row) => row.get_ref(column),
            Self::Postgres(row) => match row.try_get::<_, Cell<'r>>(column) {
                Ok(Cell(value)) => Ok(value),
                Err(error) => Err(rusqlite::Error::FromSqlConversionFailure(column, Type::Null, error.into())),
            },
        }
    }

    /// How many columns it has.
    pub(crate) fn n_columns(&self) -> usize {
        match self {
            Self::Sqlite(row) => row.as_ref().column_count(),
            Self::Postgres(row) => row.len(),
        }
    }
}

/// What rusqlite says of a column that is not what was wanted.
fn wrong(error: FromSqlError, column: usize, found: Type) -> rusqlite::Error {
    match error {
        FromSqlError::InvalidType => rusqlite::Error::InvalidColumnType(column, String::new(), found),
        FromSqlError::OutOfRange(value) => rusqlite::Error::IntegralValueOutOfRange(column, value),
        FromSqlError::Utf8Error(error) => rusqlite::Error::Utf8Error(column, error),
        other => rusqlite::Error::FromSqlConversionFailure(column, found, other.into()),
    }
}
