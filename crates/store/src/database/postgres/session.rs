//! What the store asks of a server: transactions, statements, and writes that are answered later.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::fmt;
use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rusqlite::ToSql;
use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

use super::error::{is_stale, store_error};
use super::link::{self, Link, Prepared, Sent, numbered};
use super::seen::Seen;
use super::url::PostgresUrl;
use super::values::Outgoing;
use super::{schema, tls};
use crate::{Result, StoreError};

/// How long an answer may take. A server that hangs has a system that answers for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection may take, with everything that belongs to it.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// Rows that are fetched at a time, of what may be more than fits in memory.
const FETCHED: usize = 1_000;
/// Writes without an answer at a time.
const MOST_SENT: usize = 512;

/// How a transaction is begun. Its limits are its own: a pooler gives another connection to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    Writing,
    Looking,
    Migrating,
}

impl Begin {
    const fn sql(self) -> &'static str {
        match self {
            Self::Writing => {
                "BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '30s'; \
                 SET LOCAL idle_in_transaction_session_timeout = '10s'"
            }
            Self::Looking => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = '60s'"
            }
            Self::Migrating => "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '60s'",
        }
    }
}

/// A connection to a server, made when it is needed and made anew when it was lost between two transactions.
pub(crate) struct Session {
    runtime: Option<Runtime>,
    url: PostgresUrl,
    link: RefCell<Option<Link>>,
    sent: RefCell<Vec<(Sent, Option<&'static str>)>>,
    seen: RefCell<Seen>,
    is_open: Cell<bool>,
    /// Something failed since the transaction began: the server would answer its commit with a rollback, and call it well.
    is_spoilt: Cell<bool>,
    n_changed: Cell<u64>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects for writing, and brings the tables up to date.
    pub(crate) fn open(url: &PostgresUrl) -> Result<Self> {
        let session = Self::of(url)?;
        schema::migrate(&session)?;
        Ok(session)
    }

    /// Connects for reading tables of this version.
    pub(crate) fn open_reader(url: &PostgresUrl) -> Result<Self> {
        let session = Self::of(url)?;
        schema::check(&session)?;
        Ok(session)
    }

    fn of(url: &PostgresUrl) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            runtime: Some(runtime),
            url: url.clone(),
            link: RefCell::default(),
            sent: RefCell::default(),
            seen: RefCell::default(),
            is_open: Cell::new(false),
            is_spoilt: Cell::new(false),
            n_changed: Cell::new(0),
        })
    }

    /// Rows changed since it was opened.
    pub(crate) const fn n_changed(&self) -> u64 {
        self.n_changed.get()
    }

    /// Takes note of changed rows.
    pub(crate) fn changed(&self, n: usize) {
        self.n_changed.set(self.n_changed.get() + n as u64);
    }

    /// What the open transaction has seen. Without one it is never asked.
    pub(crate) fn seen(&self) -> Option<RefMut<'_, Seen>> {
        self.is_open.get().then(|| self.seen.borrow_mut())
    }

    /// Whether a transaction is open.
    pub(crate) const fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// Begins a transaction. A connection that was lost meanwhile is made anew: nothing depended on it.
    pub(crate) fn begin(&self, how: Begin) -> Result<()> {
        let mut began = self.batch(how.sql());
        if began.as_ref().is_err_and(StoreError::is_unavailable) {
            *self.link.borrow_mut() = None;
            began = self.batch(how.sql());
        }
        began?;
        self.is_open.set(true);
        self.is_spoilt.set(false);
        self.seen.take();
        Ok(())
    }

    /// Makes everything durable.
    pub(crate) fn commit(&self) -> Result<()> {
        self.settle()?;
        if self.is_spoilt.get() {
            return Err(StoreError::Other("something of the transaction failed, and nothing of it is kept".into()));
        }
        let committed = self.batch("COMMIT");
        if committed.is_ok() {
            self.is_open.set(false);
        }
        committed
    }

    /// Undoes everything since it was begun; where the connection is lost, the server does.
    pub(crate) fn roll_back(&self) {
        self.sent.borrow_mut().clear();
        if self.batch("ROLLBACK").is_err() {
            *self.link.borrow_mut() = None;
        }
        self.is_open.set(false);
    }

    /// Runs statements that have no values.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        let link = self.link()?.client();
        self.wait(link.batch_execute(sql))
    }

    /// Runs a statement that may fail without costing the transaction anything. Whether it went well.
    pub(crate) fn try_batch(&self, sql: &str) -> Result<bool> {
        self.settle()?;
        self.batch("SAVEPOINT tried")?;
        match self.batch(sql) {
            Err(error) if error.is_unavailable() => Err(error),
            Err(_) => {
                self.batch("ROLLBACK TO SAVEPOINT tried")?;
                self.is_spoilt.set(false);
                Ok(false)
            }
            Ok(()) => self.batch("RELEASE SAVEPOINT tried").map(|()| true),
        }
    }

    /// Gets a statement ready.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Prepared> {
        let link = self.link()?;
        if let Some(prepared) = link.known(sql) {
            return Ok(prepared);
        }
        let client = link.client();
        drop(link);
        let numbered = numbered(sql);
        let prepared = if self.url.prepares {
            Prepared::Named(self.wait(client.prepare(&numbered))?)
        } else {
            Prepared::Nameless(numbered.into())
        };
        if let Some(link) = self.link.borrow_mut().as_mut() {
            link.keep(sql, prepared.clone());
        }
        Ok(prepared)
    }

    /// Asks for rows.
    pub(crate) fn query(&self, prepared: &Prepared, params: &[&dyn ToSql]) -> Result<Vec<tokio_postgres::Row>> {
        let (client, values) = (self.link()?.client(), outgoing(params)?);
        let rows = self.wait(link::query(&client, prepared, &values));
        // What was sent before was answered before; its failure is why this failed.
        self.settle()?;
        rows
    }

    /// Has rows changed, and says how many were.
    pub(crate) fn execute(&self, prepared: &Prepared, params: &[&dyn ToSql]) -> Result<usize> {
        let (client, values) = (self.link()?.client(), outgoing(params)?);
        let changed = self.wait(link::execute(&client, prepared, &values));
        self.settle()?;
        let changed = usize::try_from(changed?).unwrap_or(usize::MAX);
        self.changed(changed);
        Ok(changed)
    }

    /// Has rows changed, which is looked at later; with `or_conflict` it is a conflict if none is.
    pub(crate) fn send(
        &self,
        prepared: &Prepared,
        params: &[&dyn ToSql],
        or_conflict: Option<&'static str>,
    ) -> Result<()> {
        if MOST_SENT <= self.sent.borrow().len() {
            self.settle()?;
        }
        let values = outgoing(params)?.into_iter().map(Outgoing::into_owned).collect();
        let mut sent = link::send(self.link()?.client(), prepared.clone(), values);
        // Once looked at, it stands in the connection's queue behind those before it.
        let _turning = self.runtime.as_ref().map(Runtime::enter);
        if let Poll::Ready(answer) = sent.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            sent = Box::pin(std::future::ready(answer));
        }
        self.sent.borrow_mut().push((sent, or_conflict));
        if self.is_open.get() { Ok(()) } else { self.settle() }
    }

    /// Looks at the answers to what was sent: the first failure of all.
    pub(crate) fn settle(&self) -> Result<()> {
        let sent = self.sent.take();
        if sent.is_empty() {
            return Ok(());
        }
        self.wait_for(async {
            for (sent, or_conflict) in sent {
                let n = sent.await.map_err(|error| self.failed(&error))?;
                self.changed(usize::try_from(n).unwrap_or(usize::MAX));
                if let Some(what) = or_conflict.filter(|_| n == 0) {
                    self.is_spoilt.set(true);
                    return Err(StoreError::Conflict(what.into()));
                }
            }
            Ok(())
        })
    }

    /// Each row of a statement, fetched by the thousand.
    pub(crate) fn each_row(&self, sql: &str, each: &mut dyn FnMut(&tokio_postgres::Row) -> Result<()>) -> Result<()> {
        let is_own = !self.is_open.get();
        if is_own {
            self.begin(Begin::Looking)?;
        }
        let walked = self.walk(sql, each);
        if is_own {
            self.roll_back();
        }
        walked
    }

    fn walk(&self, sql: &str, each: &mut dyn FnMut(&tokio_postgres::Row) -> Result<()>) -> Result<()> {
        self.batch(&format!("DECLARE walked NO SCROLL CURSOR FOR {sql}"))?;
        // Not by name: its columns are another's each time.
        let fetch = Prepared::Nameless(format!("FETCH {FETCHED} FROM walked").into());
        loop {
            let rows = self.query(&fetch, &[])?;
            rows.iter().try_for_each(&mut *each)?;
            if rows.len() < FETCHED {
                return self.batch("CLOSE walked");
            }
        }
    }

    /// The connection, which is made where there is none; not within a transaction, which is lost with it.
    fn link(&self) -> Result<Ref<'_, Link>> {
        let is_there = self.link.borrow().as_ref().is_some_and(|link| !link.is_closed());
        if !is_there {
            if self.is_open.get() {
                return Err(StoreError::Unavailable("the connection was lost".into()));
            }
            *self.link.borrow_mut() = Some(self.connect()?);
        }
        Ref::filter_map(self.link.borrow(), Option::as_ref)
            .map_err(|_| StoreError::Unavailable("there is no connection".into()))
    }

    fn connect(&self) -> Result<Link> {
        let tls = tls::connector(&self.url.trust)?;
        let connecting = self.wait_within(CONNECTS_WITHIN, async {
            self.url.config.connect(tls).await.map_err(|error| store_error(&error))
        });
        let (client, connection) = connecting?;
        if let Some(runtime) = &self.runtime {
            // Turns while something is waited for. Its end is seen by whoever asks next.
            runtime.spawn(async move { connection.await.ok() });
        }
        Ok(Link::new(client))
    }

    fn wait<T>(&self, answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>) -> Result<T> {
        self.wait_for(async { answer.await.map_err(|error| self.failed(&error)) })
    }

    fn wait_for<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        self.wait_within(PATIENCE, answer)
    }

    fn wait_within<T>(&self, patience: Duration, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let Some(runtime) = &self.runtime else { return Err(StoreError::Unavailable("it is closed".into())) };
        let ask = || runtime.block_on(async { tokio::time::timeout(patience, answer).await });
        // A thread that runs futures, as commands have one, hands them to another for the while.
        let is_among_others =
            Handle::try_current().is_ok_and(|around| around.runtime_flavor() == RuntimeFlavor::MultiThread);
        let answered = if is_among_others { tokio::task::block_in_place(ask) } else { ask() };
        answered.unwrap_or_else(|_| {
            // Its answer may come yet, and would be taken for another's.
            self.is_spoilt.set(true);
            if let Ok(mut link) = self.link.try_borrow_mut() {
                *link = None;
            }
            Err(StoreError::Unavailable("the database does not answer".into()))
        })
    }

    /// What a failure means, for the transaction as for whoever asked.
    fn failed(&self, error: &tokio_postgres::Error) -> StoreError {
        self.is_spoilt.set(true);
        if is_stale(error)
            && let Ok(mut link) = self.link.try_borrow_mut()
            && let Some(link) = link.as_mut()
        {
            link.forget();
        }
        store_error(error)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without waiting, which is not allowed where futures are run.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn outgoing<'p>(params: &[&'p dyn ToSql]) -> Result<Vec<Outgoing<'p>>> {
    Ok(params.iter().map(|value| Outgoing::of(*value)).collect::<rusqlite::Result<_>>()?)
}
