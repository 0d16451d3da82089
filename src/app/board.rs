//! The board: every open request as the pages list it, in memory and by due instant, so that a look costs what is shown and not what
//! lies in the store.
//!
//! It is filled at the first look and kept up by what the writer commits. The writer only hands over what changed; whoever looks takes
//! that in, so that nobody who looks holds the writer up. Where nobody has looked for long, it is given up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::readers::Readers;
use crate::config::Config;
use crate::engine::check::folded;
use crate::engine::clock::{Clock, ClockState};
use crate::engine::policy::TargetKind;
use crate::engine::request::{Phase, Request};
use crate::engine::request_id::RequestId;
use crate::engine::rulebook::Rulebook;
use crate::engine::working_time::WorkingTime;
use crate::store::StoreError;

/// Changes that wait for somebody to look; with more, the board is given up and filled anew at the next look.
const MOST_WAITING: usize = 20_000;

/// What stands in place of the number of changes when there will be no more.
pub const CLOSED: u64 = u64::MAX;

/// An open request, as the pages list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRow {
    /// Its number.
    pub id: RequestId,
    /// Open, or waiting.
    pub phase: Phase,
    /// The promise that is due first; none where none runs.
    pub promise: Option<TargetKind>,
    /// The policy that gave it.
    policy: Option<Box<str>>,
    /// When that began.
    pub started_at: DateTime<Utc>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// When a quarter of its time is left, by the calendar of its promise.
    soon_at: Option<DateTime<Utc>>,
    /// How many of its promises are broken and still owed.
    pub n_broken: u8,
    /// When somebody took it.
    pub acked_at: Option<DateTime<Utc>>,
    /// Alerts wait until then.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Key or name of the client.
    pub customer: Option<Box<str>>,
    /// The person at the client.
    pub contact: Option<Box<str>>,
    /// What it is about.
    pub subject: Option<Box<str>>,
    /// Its channel.
    pub channel: Box<str>,
    /// Its inbox.
    pub inbox: Option<Box<str>>,
    /// Key of the owner, or a word by which a channel names somebody.
    pub owner: Option<Box<str>>,
    /// Its owner's teams.
    teams: Box<[Box<str>]>,
    /// The policies by which promises run on it.
    policies: Box<[Box<str>]>,
    /// What the team waits for.
    pub waits: Option<BoardWait>,
    /// The name and the subject, in lower case and without accents, to be searched.
    words: Box<str>,
}

/// What the team waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardWait {
    /// Since when.
    pub since: DateTime<Utc>,
    /// For whom: a key of `[wait]`; the client where it is left out.
    pub on: Option<Box<str>>,
    /// What for.
    pub reason: Box<str>,
}

/// How urgent a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoardGroup {
    /// A promise is broken.
    Overdue,
    /// A quarter of its time is left, or less.
    Soon,
    /// In time.
    InTime,
    /// The team waits for somebody.
    Waiting,
    /// Nothing runs on it.
    Calm,
}

impl BoardGroup {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 5] = [Self::Overdue, Self::Soon, Self::InTime, Self::Waiting, Self::Calm];
}

impl BoardRow {
    /// The row of a request; none where it is not open.
    fn of(request: &Request, rulebook: &Rulebook) -> Option<Self> {
        if !request.phase.is_live() {
            return None;
        }
        let live = || request.clocks.iter().filter(|clock| clock.is_live());
        let first: Option<&Clock> = live().filter(|clock| clock.due_at.is_some()).min_by_key(|clock| clock.due_at);
        let policies: BTreeSet<&str> = live().map(|clock| clock.policy.as_str()).collect();
        let words = [&request.subject, &request.contact, &request.facets.customer];
        let words: Vec<String> = words.into_iter().flatten().map(|word| folded(word)).collect();
        let boxed = |text: &Option<String>| text.as_deref().map(Box::from);
        Some(Self {
            id: request.id,
            phase: request.phase,
            promise: first.map(|clock| clock.kind),
            policy: first.map(|clock| clock.policy.as_str().into()),
            started_at: first.map_or(request.opened_at, |clock| clock.started_at),
            due_at: first.and_then(|clock| clock.due_at),
            soon_at: first.and_then(|clock| soon(clock, rulebook)),
            n_broken: u8::try_from(live().filter(|clock| clock.state == ClockState::Breached).count())
                .unwrap_or(u8::MAX),
            acked_at: live().filter_map(|clock| clock.acked_at).max(),
            snoozed_until: request.snoozed_until,
            customer: boxed(&request.facets.customer),
            contact: boxed(&request.contact.clone().or_else(|| request.contact_by())),
            subject: boxed(&request.subject),
            channel: request.facets.channel.as_str().into(),
            inbox: boxed(&request.facets.inbox),
            owner: boxed(&request.owner),
            teams: request.facets.teams.iter().map(|team| Box::from(team.as_str())).collect(),
            policies: policies.into_iter().map(Box::from).collect(),
            waits: request.pauses.last().filter(|pause| pause.to.is_none() && request.phase == Phase::Waiting).map(
                |pause| BoardWait {
                    since: pause.from,
                    on: pause.on.as_deref().map(Box::from),
                    reason: pause.reason.as_str().into(),
                },
            ),
            words: words.join(" ").into(),
        })
    }

    /// Whether it is a team's: its owner's, or the one of a policy by which a promise runs.
    pub fn is_of_team(&self, team: &str, rulebook: &Rulebook) -> bool {
        self.teams.iter().any(|own| **own == *team)
            || self.policies.iter().any(|policy| rulebook.team_of(policy) == Some(team))
    }

    /// Whether a policy of some team promises anything on it.
    pub fn is_of_any_team(&self, rulebook: &Rulebook) -> bool {
        self.policies.iter().any(|policy| rulebook.team_of(policy).is_some())
    }

    /// How urgent it is at `now`.
    pub fn group(&self, now: DateTime<Utc>) -> BoardGroup {
        match self.due_at {
            Some(due_at) if due_at <= now => BoardGroup::Overdue,
            Some(_) if self.soon_at.is_some_and(|soon_at| soon_at <= now) => BoardGroup::Soon,
            _ if self.phase == Phase::Waiting => BoardGroup::Waiting,
            Some(_) => BoardGroup::InTime,
            None => BoardGroup::Calm,
        }
    }

    /// How much of its time is left, in percent, by the calendar of its promise.
    pub fn left(&self, rulebook: &Rulebook, now: DateTime<Utc>) -> Option<u8> {
        let due_at = self.due_at?;
        let target =
            self.policy.as_deref().zip(self.promise).and_then(|(policy, kind)| rulebook.target_of(policy, kind));
        let between = |from: DateTime<Utc>, to: DateTime<Utc>| match target {
            Some(target) => target.calendar.open_between(from, to).as_milliseconds(),
            None => (to - from).num_milliseconds(),
        };
        let (whole, left) = (between(self.started_at, due_at), between(now.min(due_at), due_at));
        u8::try_from((left.max(0) * 100).checked_div(whole.max(1))?.min(100)).ok()
    }

    fn order(&self) -> Order {
        (self.due_at.map_or(i64::MAX, |at| at.timestamp_millis()), self.id)
    }
}

/// When three quarters of a promise's time are spent.
fn soon(clock: &Clock, rulebook: &Rulebook) -> Option<DateTime<Utc>> {
    let due_at = clock.due_at?;
    let by_the_wall = due_at - (due_at - clock.started_at) / 4;
    let Some(target) = rulebook.target_of(&clock.policy, clock.kind) else { return Some(by_the_wall) };
    let whole = target.calendar.open_between(clock.started_at, due_at);
    let three_quarters = WorkingTime::milliseconds(whole.as_milliseconds() * 3 / 4);
    Some(target.calendar.due_at(clock.started_at, three_quarters).unwrap_or(by_the_wall))
}

/// What is to be listed; an empty filter lists everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardFilter {
    /// Key of a team: what its people own, and what its policies promise.
    pub team: Option<String>,
    /// Key of the owner; `-` is nobody.
    pub person: Option<String>,
    /// Key or name of the client.
    pub client: Option<String>,
    /// A channel.
    pub channel: Option<String>,
    /// An inbox.
    pub inbox: Option<String>,
    /// Words of the number, the name or the subject.
    pub search: Option<String>,
}

impl BoardFilter {
    /// Whether a row is wanted.
    fn wants(&self, row: &BoardRow, rulebook: &Rulebook) -> bool {
        let directory = &rulebook.directory;
        let is = |wanted: &Option<String>, own: Option<&str>| {
            wanted.as_ref().is_none_or(|wanted| own.is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
        };
        let is_team = |wanted: &String| row.is_of_team(wanted, rulebook);
        let is_person = |wanted: &String| match (row.owner.as_deref().unwrap_or_default(), wanted.as_str()) {
            ("", "-") => true,
            (owner, wanted) => owner == wanted,
        };
        let is_client = |wanted: &String| {
            let own = row.customer.as_deref().or(row.contact.as_deref()).unwrap_or_default();
            own.eq_ignore_ascii_case(wanted) || directory.customer_name(own).eq_ignore_ascii_case(wanted)
        };
        let is_found = |words: &String| {
            let client = row.customer.as_deref().map(|key| folded(directory.customer_name(key))).unwrap_or_default();
            let owner = row.owner.as_deref().map(|key| folded(directory.name_of(key))).unwrap_or_default();
            let id = row.id.0.to_string();
            let is_there = |word: &str| {
                row.words.contains(word)
                    || client.contains(word)
                    || owner.contains(word)
                    || word.strip_prefix("r-").unwrap_or(word) == id
            };
            folded(words).split_whitespace().all(is_there)
        };
        self.team.as_ref().is_none_or(is_team)
            && self.person.as_ref().is_none_or(is_person)
            && self.client.as_ref().is_none_or(is_client)
            && is(&self.channel, Some(&row.channel))
            && is(&self.inbox, row.inbox.as_deref())
            && self.search.as_ref().is_none_or(is_found)
    }
}

/// What one look finds.
#[derive(Debug, Default)]
pub struct BoardPage {
    /// The rows of each group that has any, what is due first at the top; not more than was asked for.
    pub rows: Vec<(BoardGroup, Vec<Arc<BoardRow>>)>,
    /// How many there are in each group, in the order of [`BoardGroup::ALL`].
    pub counts: [usize; 5],
}

/// Words that open requests bear, by which they can be asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BoardWords {
    /// Keys of owners, or words by which channels name them.
    pub owners: BTreeSet<Box<str>>,
    /// Channels.
    pub channels: BTreeSet<Box<str>>,
    /// Keys or names of clients.
    pub clients: BTreeSet<Box<str>>,
    /// Inboxes.
    pub inboxes: BTreeSet<Box<str>>,
}

/// Rows that are looked at for their words, the most urgent.
const MOST_WORDED: usize = 1_000;

type Order = (i64, RequestId);

/// The rows, once somebody has looked.
#[derive(Default)]
struct Rows {
    by_due: BTreeMap<Order, Arc<BoardRow>>,
    places: HashMap<RequestId, Order>,
}

impl Rows {
    fn take(&mut self, request: &Request, rulebook: &Rulebook) {
        if let Some(order) = self.places.remove(&request.id) {
            self.by_due.remove(&order);
        }
        if let Some(row) = BoardRow::of(request, rulebook) {
            self.places.insert(row.id, row.order());
            self.by_due.insert(row.order(), Arc::new(row));
        }
    }
}

/// Every open request, and how often something has changed.
pub(super) struct Board {
    rows: Mutex<Option<Rows>>,
    /// What was committed since somebody looked.
    waiting: Mutex<Vec<Arc<Request>>>,
    /// Whether somebody has looked, so that changes are kept.
    is_kept: AtomicBool,
    /// Held by whoever fills it.
    filling: tokio::sync::Mutex<()>,
    changed: watch::Sender<u64>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            rows: Mutex::new(None),
            waiting: Mutex::default(),
            is_kept: AtomicBool::new(false),
            filling: tokio::sync::Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under the locks can panic half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// Takes what a commit changed.
    pub(super) fn committed(&self, requests: Vec<Arc<Request>>) {
        if requests.is_empty() {
            return;
        }
        if self.is_kept.load(Ordering::Acquire) {
            let mut waiting = lock(&self.waiting);
            waiting.extend(requests);
            if MOST_WAITING < waiting.len() {
                // Nobody looks: the next one fills it anew.
                waiting.clear();
                self.is_kept.store(false, Ordering::Release);
            }
        }
        self.changed.send_modify(|n| *n = n.saturating_add(1));
    }

    /// Whether somebody has looked, and wants to hear of changes.
    pub(super) fn is_kept(&self) -> bool {
        self.is_kept.load(Ordering::Acquire)
    }

    /// Has the next one who looks read all anew.
    pub(super) fn give_up(&self) {
        self.is_kept.store(false, Ordering::Release);
        self.changed.send_modify(|n| *n = n.saturating_add(1));
    }

    /// Tells everybody who listens that nothing will change any more.
    pub(super) fn close(&self) {
        self.changed.send_replace(CLOSED);
    }

    /// Tells of every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The rows that the filter and `sees` let through, at most so many a group.
    pub(super) async fn page(
        &self,
        readers: &Arc<Readers>,
        filter: &BoardFilter,
        config: &Arc<Config>,
        sees: impl Fn(&BoardRow) -> bool,
        (most, now): (usize, DateTime<Utc>),
    ) -> Result<BoardPage, StoreError> {
        loop {
            if let Some(page) = self.look(filter, &config.rulebook, &sees, (most, now)) {
                return Ok(page);
            }
            // Nobody has looked for long; or it was given up meanwhile, and is filled once more.
            self.fill(readers, config).await?;
        }
    }

    /// By what those rows can be asked for that `sees` lets through; nothing where nobody has looked yet.
    pub(super) fn words(&self, sees: impl Fn(&BoardRow) -> bool) -> BoardWords {
        let kept = lock(&self.rows);
        let mut words = BoardWords::default();
        let rows = kept.iter().flat_map(|rows| rows.by_due.values()).filter(|row| sees(row));
        for row in rows.take(MOST_WORDED) {
            words.channels.insert(row.channel.clone());
            words.owners.extend(row.owner.clone());
            words.inboxes.extend(row.inbox.clone());
            words.clients.extend(row.customer.clone().or_else(|| row.contact.clone()));
        }
        words
    }

    /// What is there; none where it has to be filled first.
    fn look(
        &self,
        filter: &BoardFilter,
        rulebook: &Rulebook,
        sees: &impl Fn(&BoardRow) -> bool,
        (most, now): (usize, DateTime<Utc>),
    ) -> Option<BoardPage> {
        let mut kept = lock(&self.rows);
        let rows = kept.as_mut().filter(|_| self.is_kept.load(Ordering::Acquire))?;
        // The writer goes on while what it handed over is taken in.
        let committed = std::mem::take(&mut *lock(&self.waiting));
        for request in committed {
            rows.take(&request, rulebook);
        }
        let mut page = BoardPage::default();
        let mut listed: [Vec<Arc<BoardRow>>; 5] = Default::default();
        for row in rows.by_due.values().filter(|row| sees(row) && filter.wants(row, rulebook)) {
            let place = row.group(now) as usize;
            page.counts[place] += 1;
            if listed[place].len() < most {
                listed[place].push(Arc::clone(row));
            }
        }
        let groups = BoardGroup::ALL.into_iter().zip(listed);
        page.rows = groups.filter(|(_, rows)| !rows.is_empty()).collect();
        Some(page)
    }

    /// Reads all that is open. What is committed meanwhile waits, and is taken in after it.
    async fn fill(&self, readers: &Arc<Readers>, config: &Arc<Config>) -> Result<(), StoreError> {
        let _alone = self.filling.lock().await;
        if self.is_kept.load(Ordering::Acquire) && lock(&self.rows).is_some() {
            return Ok(());
        }
        *lock(&self.rows) = None;
        // What waited since before this is in what is read now.
        lock(&self.waiting).clear();
        self.is_kept.store(true, Ordering::Release);
        let config = Arc::clone(config);
        let filled = readers
            .look(move |store| {
                let mut rows = Rows::default();
                store.each_live(|request| rows.take(request, &config.rulebook))?;
                Ok(rows)
            })
            .await;
        if filled.is_err() {
            self.is_kept.store(false, Ordering::Release);
        }
        let filled = filled?;
        *lock(&self.rows) = Some(filled);
        Ok(())
    }
}
