//! One of several daemons on one store: which part of time and of other work is its own, and for how long.
//!
//! A thread of its own says every three seconds that this daemon lives, takes and gives up slots, and twice a second brings the wakes of its
//! slots into the queue. Whatever it holds it holds until an instant of the machine's own clock, which goes on while a process is stopped:
//! one that wakes after a while holds nothing, before it has asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

use super::core::Core;
use super::elsewhere::Elsewhere;
use super::keys::Keys;
use super::outbox::GATHERING;
use crate::engine::effect::Wake;
use crate::engine::request_id::RequestId;
use crate::outbox::DeliveryId;
use crate::slots::Slots;
use crate::store::daemons::{Beat, LIVES, Membership};
use crate::store::{Store, StoreError, StorePlace};

/// How often it says that it lives.
const BEAT_EVERY: Duration = Duration::from_secs(3);
/// How often it looks for wakes.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Wakes up to so far ahead wait in memory.
const AHEAD: TimeDelta = TimeDelta::seconds(2);
/// Wakes that are taken in at a look.
const MOST_WAKES: u32 = 20_000;
/// Nothing is begun so shortly before what is held runs out.
const MARGIN: Duration = Duration::from_secs(1);
/// A clock that differs from the server's by more looks after nothing.
const MOST_AHEAD: TimeDelta = TimeDelta::seconds(1);
/// How long after the death of another one is looked again.
const AFTER_DEATH: Duration = Duration::from_millis(50);

/// The part of one daemon.
pub struct OwnPart {
    /// Its name, random for each process, and another one where it is not known what became of a commit.
    id: Mutex<String>,
    held: Mutex<Held>,
    /// Deliveries that were decided here and that nobody has leased yet, as far as is known.
    decided: Mutex<Vec<DeliveryId>>,
    /// Whether its clock is right enough.
    is_clock_right: AtomicBool,
    has_other_file: AtomicBool,
    /// Whether it is about to end, and looks after nothing more.
    is_leaving: AtomicBool,
    /// Wakes whoever takes the file over that another daemon put in force.
    newer: Notify,
}

fn random_name() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[derive(Default)]
struct Held {
    slots: Slots,
    until: Option<Instant>,
    revision: i64,
}

impl OwnPart {
    fn new() -> Self {
        Self {
            id: Mutex::new(random_name()),
            held: Mutex::default(),
            decided: Mutex::default(),
            is_clock_right: AtomicBool::new(true),
            has_other_file: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
            newer: Notify::new(),
        }
    }

    /// Its name.
    pub fn id(&self) -> String {
        self.id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes another name, and holds nothing until it has said that it lives. Whatever the old one had is taken for that of a dead daemon.
    pub(super) fn begin_anew(&self) {
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = random_name();
        let mut held = self.held();
        *held = Held { revision: held.revision, ..Held::default() };
        drop(held);
        tracing::warn!("it is not known whether the last commit took place: this daemon begins anew among the others");
    }

    /// The slots that it may look after at this moment.
    pub fn slots(&self) -> Slots {
        let held = self.held();
        let is_held = held.until.is_some_and(|until| Instant::now() + MARGIN < until);
        if is_held { held.slots } else { Slots::NONE }
    }

    /// Whether it is sure to live: whoever is not sends nothing.
    pub fn is_sure(&self) -> bool {
        self.held().until.is_some_and(|until| Instant::now() + MARGIN < until)
    }

    /// Whether its clock is right enough to look after anything.
    pub fn is_clock_right(&self) -> bool {
        self.is_clock_right.load(Ordering::Relaxed)
    }

    /// Says whether the file beside it is another than the one in force.
    pub fn set_has_other_file(&self, is_other: bool) {
        self.has_other_file.store(is_other, Ordering::Relaxed);
    }

    /// Has the others look after what was its own; what it sends it still sends.
    pub fn give_up(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }

    /// Waits until another daemon has put a later file in force than that one.
    pub async fn later_than(&self, revision: i64) {
        while self.held().revision <= revision {
            self.newer.notified().await;
        }
    }

    /// Notes what was decided here.
    pub(super) fn decided(&self, deliveries: &[DeliveryId]) {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(deliveries);
    }

    /// What was decided here since it was asked last.
    pub(super) fn take_decided(&self) -> Vec<DeliveryId> {
        std::mem::take(&mut *self.decided.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which of these wakes belong into the queue; another one is taken out of it.
    pub(super) fn near(
        &self,
        wakes: Vec<(RequestId, Option<Wake>)>,
        now: DateTime<Utc>,
    ) -> Vec<(RequestId, Option<Wake>)> {
        let slots = self.slots();
        let is_near = |id: RequestId, wake: &Wake| slots.has(id) && wake.at <= now + AHEAD;
        wakes.into_iter().map(|(id, wake)| (id, wake.filter(|wake| is_near(id, wake)))).collect()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a daemon has to do with others.
pub(super) struct Sharing {
    ends: Mutex<Option<SyncSender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Sharing {
    /// Begins to share, and returns once this daemon is known to the others.
    pub(super) fn start(
        place: &StorePlace,
        core: &Arc<Core>,
        keys: &Arc<Keys>,
        share: &Arc<OwnPart>,
        url: impl Fn() -> Option<String> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let store = place.open()?;
        let (ends, ended) = sync_channel(0);
        let mut beater = Beater {
            store,
            core: Arc::clone(core),
            keys: Arc::clone(keys),
            share: Arc::clone(share),
            ahead: TimeDelta::zero(),
            next_death: None,
            elsewhere: Elsewhere::default(),
            url: Box::new(url),
        };
        beater.measure()?;
        beater.beat()?;
        beater.look()?;
        let thread = std::thread::spawn(move || beater.run(&ended));
        Ok(Self { ends: Mutex::new(Some(ends)), thread: Mutex::new(Some(thread)) })
    }

    /// Gives everything up, and returns once the others know.
    pub(super) fn end(&self) {
        drop(self.ends.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // One that panicked has said so.
        thread.map(JoinHandle::join);
    }
}

impl Core {
    /// The part of this daemon; none where it shares with nobody.
    pub(super) const fn share(&self) -> Option<&Arc<OwnPart>> {
        self.share.as_ref()
    }
}

/// The thread that says that this daemon lives.
struct Beater {
    store: Store,
    core: Arc<Core>,
    keys: Arc<Keys>,
    share: Arc<OwnPart>,
    /// By how much this clock is ahead of the server's.
    ahead: TimeDelta,
    /// When the next of the others is dead, by the machine's own clock.
    next_death: Option<Instant>,
    elsewhere: Elsewhere,
    url: Box<dyn Fn() -> Option<String> + Send>,
}

impl Beater {
    fn run(mut self, ended: &Receiver<()>) {
        let mut beaten_at = Instant::now();
        while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            let is_leaving = self.share.is_leaving.load(Ordering::Relaxed) && !self.share.held().slots.is_empty();
            let is_death = self.next_death.is_some_and(|at| at <= Instant::now());
            let is_due = BEAT_EVERY <= beaten_at.elapsed() || is_death || is_leaving;
            if is_due {
                beaten_at = Instant::now();
                self.next_death = None;
                if let Err(error) = self.measure().and_then(|()| self.beat()) {
                    tracing::warn!(%error, "the other daemons could not be told that this one lives");
                }
            }
            if let Err(error) = self.look() {
                tracing::debug!(%error, "no wakes were looked for");
            }
        }
        let left = self.store.begin().and_then(|open| {
            open.writing().leave(&self.share.id(), self.core.now())?;
            open.commit()
        });
        *self.share.held() = Held::default();
        if let Err(error) = left {
            tracing::warn!(%error, "the other daemons could not be told that this one ends; they notice in ten seconds");
        }
    }

    /// Compares this clock with the server's, as far as the way between them allows.
    fn measure(&mut self) -> Result<(), StoreError> {
        let before = self.core.now();
        let there = self.store.server_now()?;
        let after = self.core.now();
        self.ahead = if there < before {
            before - there
        } else if after < there {
            after - there
        } else {
            TimeDelta::zero()
        };
        let is_right = self.ahead.abs() <= MOST_AHEAD;
        if self.share.is_clock_right.swap(is_right, Ordering::Relaxed) != is_right {
            let milliseconds = self.ahead.num_milliseconds();
            if is_right {
                tracing::info!("the clock is the database's again");
            } else {
                tracing::error!(milliseconds, "the clock is not the database's: others look after what is due");
            }
        }
        Ok(())
    }

    fn beat(&mut self) -> Result<(), StoreError> {
        // Before it is asked: the answer may take long.
        let began = Instant::now();
        let beat = Beat {
            id: self.share.id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            url: (self.url)(),
            ahead: self.ahead,
            has_other_file: self.share.has_other_file.load(Ordering::Relaxed),
            may_share: self.share.is_clock_right() && !self.share.is_leaving.load(Ordering::Relaxed),
        };
        let open = self.store.begin()?;
        let standing = open.writing().renew(&beat, self.core.now())?;
        open.commit()?;
        let Membership { now, slots, next_death, n_sharing, revision, n_freed } = standing;
        self.next_death = next_death.and_then(|at| (at - now).to_std().ok()).map(|wait| began + wait + AFTER_DEATH);
        let before = {
            let mut held = self.share.held();
            let before = held.slots;
            if beat.id != self.share.id() {
                // Given up meanwhile: the next beat says the new name.
                return Ok(());
            }
            *held = Held { slots, until: began.checked_add(LIVES.to_std().unwrap_or_default()), revision };
            before
        };
        if before != slots {
            tracing::info!(n_slots = slots.len(), n_daemons = n_sharing, "looks after another part of what is due");
            self.core.queue.keep(|id| slots.has(id));
        }
        if 0 < n_freed {
            tracing::warn!(n_freed, "another daemon is gone, and what it was sending is sent again");
            self.core.outlet.wake();
        }
        self.share.newer.notify_waiters();
        self.keys.take_over(self.store.shared_link_key("")?);
        self.elsewhere.hear(&self.store, &self.core)
    }

    /// Brings wakes that come soon into the queue, and has the outbox look where something may go.
    fn look(&mut self) -> Result<(), StoreError> {
        // What others gave up is its own before it says again that it lives; what it gave up it knows.
        let given = self.store.slots_of(&self.share.id())?;
        self.share.held().slots = given;
        let (slots, now) = (self.share.slots(), self.core.now());
        if slots.is_empty() {
            self.core.queue.keep(|_| false);
            return self.elsewhere.look(&self.store, &self.core);
        }
        let wakes = self.store.wakes_of(slots, now + AHEAD, MOST_WAKES)?;
        self.core.queue.set(wakes.into_iter().map(|(id, wake)| (id, Some(wake))));
        if self.store.has_deliveries(now)? || slots.has_name(GATHERING) && self.store.has_late_ones()? {
            self.core.outlet.wake();
        }
        // Last: whoever looks at a page keeps no alert waiting.
        self.elsewhere.look(&self.store, &self.core)
    }
}

/// The part of a daemon that is about to share a store with others.
pub(super) fn of(place: &StorePlace) -> Option<Arc<OwnPart>> {
    place.is_shared().then(|| Arc::new(OwnPart::new()))
}
