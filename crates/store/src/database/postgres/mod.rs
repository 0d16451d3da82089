//! PostgreSQL: a connection that is made anew where it was lost, and what a transaction knows of others.

mod error;
mod link;
mod schema;
mod seen;
mod session;
mod tls;
mod url;
pub(crate) mod values;

pub(crate) use link::Prepared;
pub(crate) use schema::made_by_migrations;
pub(crate) use seen::Seen;
pub(crate) use session::{Begin, Session};
pub use url::{PostgresUrl, UrlError};
