//! Values between SQLite's types, in which the store speaks, and PostgreSQL's.

use std::borrow::Cow;
use std::error::Error;

use bytes::BytesMut;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use tokio_postgres::types::{self, FromSql, IsNull, Type, to_sql_checked};

type Boxed = Box<dyn Error + Sync + Send>;

/// A value on its way to the server.
#[derive(Debug, Clone)]
pub(super) enum Outgoing<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(Cow<'a, [u8]>),
    Blob(Cow<'a, [u8]>),
}

impl<'a> Outgoing<'a> {
    /// What a value is.
    ///
    /// # Errors
    ///
    /// If it is none that the store has.
    pub(super) fn of(value: &'a dyn ToSql) -> rusqlite::Result<Self> {
        Ok(match value.to_sql()? {
            ToSqlOutput::Borrowed(ValueRef::Null) | ToSqlOutput::Owned(Value::Null) => Self::Null,
            ToSqlOutput::Borrowed(ValueRef::Integer(value)) | ToSqlOutput::Owned(Value::Integer(value)) => {
                Self::Integer(value)
            }
            ToSqlOutput::Borrowed(ValueRef::Real(value)) | ToSqlOutput::Owned(Value::Real(value)) => Self::Real(value),
            ToSqlOutput::Borrowed(ValueRef::Text(text)) => Self::Text(without_nul(text)),
            ToSqlOutput::Owned(Value::Text(text)) => Self::Text(Cow::Owned(without_nul(text.as_bytes()).into_owned())),
            ToSqlOutput::Borrowed(ValueRef::Blob(bytes)) => Self::Blob(Cow::Borrowed(bytes)),
            ToSqlOutput::Owned(Value::Blob(bytes)) => Self::Blob(Cow::Owned(bytes)),
            other => return Err(rusqlite::Error::ToSqlConversionFailure(format!("{other:?}").into())),
        })
    }

    /// The same, borrowing nothing.
    pub(super) fn into_owned(self) -> Outgoing<'static> {
        match self {
            Self::Null => Outgoing::Null,
            Self::Integer(value) => Outgoing::Integer(value),
            Self::Real(value) => Outgoing::Real(value),
            Self::Text(text) => Outgoing::Text(Cow::Owned(text.into_owned())),
            Self::Blob(bytes) => Outgoing::Blob(Cow::Owned(bytes.into_owned())),
        }
    }

    /// Its type, for a statement that is not prepared. What is null has whatever the statement makes of it.
    pub(super) const fn sql_type(&self) -> Type {
        match self {
            Self::Null => Type::UNKNOWN,
            Self::Integer(_) => Type::INT8,
            Self::Real(_) => Type::FLOAT8,
            Self::Text(_) => Type::TEXT,
            Self::Blob(_) => Type::BYTEA,
        }
    }
}

/// Text as PostgreSQL takes it: a NUL, which it does not, stands as U+FFFD.
pub(super) fn without_nul(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&0) {
        Cow::Owned(String::from_utf8_lossy(text).replace('\0', "\u{fffd}").into_bytes())
    } else {
        Cow::Borrowed(text)
    }
}

impl types::ToSql for Outgoing<'_> {
    fn to_sql(&self, wanted: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Integer(value) => match *wanted {
                Type::INT4 => out.extend_from_slice(&i32::try_from(*value)?.to_be_bytes()),
                Type::INT2 => out.extend_from_slice(&i16::try_from(*value)?.to_be_bytes()),
                Type::BOOL => out.extend_from_slice(&[u8::from(*value != 0)]),
                _ => out.extend_from_slice(&value.to_be_bytes()),
            },
            Self::Real(value) => out.extend_from_slice(&value.to_be_bytes()),
            Self::Text(bytes) | Self::Blob(bytes) => out.extend_from_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column of a row.
pub(crate) struct Cell<'a>(pub(crate) ValueRef<'a>);

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(Self(match *found {
            Type::INT8 => ValueRef::Integer(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => ValueRef::Integer(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => ValueRef::Integer(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => ValueRef::Integer((raw != [0]).into()),
            Type::FLOAT8 => ValueRef::Real(f64::from_be_bytes(raw.try_into()?)),
            Type::BYTEA => ValueRef::Blob(raw),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => ValueRef::Text(raw),
            ref other => return Err(format!("a column of type {other}").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Boxed> {
        Ok(Self(ValueRef::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
