//! One transaction of the writer, as a job sees it: what is decided is written, and what was written is known to whatever is decided next.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::core::Core;
use super::metrics::VerdictLabels;
use super::numbers::Numbers;
use crate::config::Config;
use crate::engine::effect::{Effect, Wake};
use crate::engine::event::EventId;
use crate::engine::request::Request;
use crate::engine::request_id::RequestId;
use crate::outbox::DeliveryId;
use crate::outbox::message::{Leased, NewAlert};
use crate::privacy;
use crate::slots::Slots;
use crate::store::leases::LeasePart;
use crate::store::{Store, StoreError, WriteTx, Writing};
use crate::text::Both;
use crate::unit::changes::Remark;
use crate::unit::incoming::RejectionCode;
use crate::unit::known::Ask;
use crate::unit::{Agenda, Applied, Changes, Decided, Incoming, Input, Known, Output, Rejection, Saved};
use crate::{both, desk};

/// How often something is decided anew because another daemon changed the same meanwhile: each time one of the two got on.
pub(super) const MOST_TRIES: usize = 20;

/// How jobs are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// With others, in one transaction: if one fails, all are run again, each alone.
    Group,
    /// Alone: what fails is undone, and what was done before it stays.
    Alone,
}

/// What follows from a transaction once it is on the disk.
#[derive(Default)]
struct Done {
    /// Changes of the queue.
    wakes: Vec<(RequestId, Option<Wake>)>,
    /// Deliveries that were decided.
    n_decided: usize,
    /// Which, where several daemons share the store.
    decided: Vec<DeliveryId>,
    /// Whether the outbox has something else to look at.
    wakes_outbox: bool,
    /// Deliveries leased.
    n_leased: usize,
    /// Those among them that go to the outbox without having been asked for.
    express: Vec<Leased>,
    /// Requests that changed.
    changed: Vec<Arc<Request>>,
    /// What came of promises.
    verdicts: Vec<VerdictLabels>,
}

/// One transaction.
pub(crate) struct Work<'a> {
    store: &'a Store,
    writing: Writing<'a>,
    core: &'a Core,
    pub(super) config: Arc<Config>,
    pub(super) now: DateTime<Utc>,
    company: Company,
    known: Known,
    /// None between two transactions.
    open: Option<WriteTx<'a>>,
    done: Done,
    /// Numbers for requests, as they stand in what is on the disk, and as they stand now.
    on_disk: Numbers,
    numbers: Numbers,
}

impl<'a> Work<'a> {
    pub(super) fn begin(
        store: &'a Store,
        core: &'a Core,
        numbers: &mut Numbers,
        company: Company,
    ) -> Result<Self, StoreError> {
        let (config, now) = (core.config(), core.now());
        numbers.refill(store)?;
        let numbers = *numbers;
        let (known, open) = (Known::after(numbers.last), store.begin()?);
        let writing = open.writing();
        let (open, done) = (Some(open), Done::default());
        Ok(Self { store, writing, core, config, now, company, known, open, done, on_disk: numbers, numbers })
    }

    /// Makes everything durable, and lets queue and outbox know. Returns the numbers that are left for requests.
    pub(super) fn commit(&mut self) -> Result<Numbers, StoreError> {
        if let Some(open) = self.open.take() {
            open.commit()?;
        }
        self.numbers = self.numbers.after(self.known.last_request);
        self.on_disk = self.numbers;
        if self.store.is_shared() {
            // Others write between two transactions.
            self.known = Known::after(self.numbers.last);
        }
        let Done { wakes, n_decided, decided, wakes_outbox, n_leased, changed, verdicts, express } =
            std::mem::take(&mut self.done);
        if let Some(share) = self.core.share() {
            share.decided(&decided);
        }
        match self.core.share() {
            None => self.core.queue.set(wakes),
            Some(share) => self.core.queue.set(share.near(wakes, self.now)),
        }
        self.core.board.committed(changed);
        for verdict in &verdicts {
            self.core.promises.get_or_create(verdict).inc();
        }
        self.core.outlet.take_room(n_leased, express);
        if wakes_outbox || 0 < n_decided {
            self.core.outlet.wake();
        }
        Ok(self.on_disk)
    }

    /// The numbers that are left for requests by what is on the disk.
    pub(super) const fn numbers_on_disk(&self) -> Numbers {
        self.on_disk
    }

    /// Undoes everything since the last commit.
    pub(super) fn roll_back(&mut self) {
        self.open = None;
        self.done = Done::default();
        self.numbers = self.on_disk;
        self.known = Known::after(self.numbers.last);
    }

    /// Runs `work` so that its failure costs nothing else: in a group, it fails the group, which is run again; alone, it is a transaction of
    /// its own, and is decided again where another daemon changed the same meanwhile.
    fn apart<T>(&mut self, work: impl Fn(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.company == Company::Group {
            return work(self);
        }
        if let Err(error) = self.commit() {
            self.roll_back();
            // Not the fault of what comes next.
            return Err(if error.is_conflict() { error } else { StoreError::Unavailable(error.into()) });
        }
        let mut n_tries = 0;
        loop {
            self.open = Some(self.store.begin()?);
            let result = work(self).and_then(|value| self.commit().map(|_| value));
            if result.is_err() {
                self.roll_back();
            }
            n_tries += 1;
            if n_tries < MOST_TRIES && result.as_ref().is_err_and(StoreError::is_conflict) {
                continue;
            }
            self.open = Some(self.store.begin()?);
            return result;
        }
    }

    /// The store itself, for what is no decision. What was known may not be so afterwards.
    pub(super) fn store(&mut self) -> Writing<'a> {
        self.known = Known::after(self.known.last_request);
        self.writing
    }

    /// The store, to look at.
    pub(super) const fn reading(&self) -> &'a Store {
        self.store
    }

    /// Decides an input and what follows from it, and writes what they change.
    pub(super) fn decide(&mut self, input: Input) -> Result<Output, StoreError> {
        let mut agenda = Agenda::of(input);
        while let Some(input) = agenda.take() {
            self.number()?;
            let (changes, output) = loop {
                match desk::decide(&self.known, &input, &self.config, self.now) {
                    Decided::Need(need) => self.store.load(need.0, &mut self.known, self.now)?,
                    Decided::Done(changes, output) => break (*changes, output),
                }
            };
            let saved = self.write(&changes)?;
            changes.remarks.iter().for_each(log);
            agenda.done(&input, changes, output, &saved);
        }
        Ok(agenda.into_output())
    }

    /// Sees to it that there is a number for a request that may be opened.
    pub(super) fn number(&mut self) -> Result<(), StoreError> {
        self.numbers = self.numbers.after(self.known.last_request);
        self.numbers.refill(self.store)?;
        self.known.last_request = self.numbers.last;
        Ok(())
    }

    /// Writes what is decided already.
    pub(super) fn write(&mut self, changes: &Changes) -> Result<Saved, StoreError> {
        let saved = self.writing.save(changes, self.now)?;
        self.known.take(changes);
        self.done.n_decided += saved.deliveries.len();
        if self.store.is_shared() {
            self.done.decided.extend_from_slice(&saved.deliveries);
        }
        let effects = changes.journal.iter().flat_map(|entry| &entry.effects);
        self.done.verdicts.extend(effects.filter_map(verdict));
        self.done.wakes.extend_from_slice(&changes.wakes);
        self.done.changed.extend(changes.request.as_ref().map(|update| Arc::clone(&update.request)));
        Ok(saved)
    }

    /// What is known so far.
    pub(super) const fn known(&self) -> &Known {
        &self.known
    }

    /// The same, to be added to.
    pub(super) const fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    /// Takes in the store's answers.
    pub(super) fn learn(&mut self, asks: Vec<Ask>) -> Result<(), StoreError> {
        self.store.load(asks, &mut self.known, self.now)
    }

    /// When a request wants to be looked at, by what is on the disk.
    pub(super) fn queued(&self, request: RequestId) -> Result<Option<DateTime<Utc>>, StoreError> {
        match self.core.share() {
            None => Ok(self.core.queue.wake_of(request)),
            // In the queue is only what comes soon.
            Some(_) => Ok(self.store.wake_of(request)?.and_then(DateTime::from_timestamp_millis)),
        }
    }

    /// The instant of the last event of a request that is known; none where it cannot be read.
    pub(super) fn last_event_at(&mut self, id: RequestId) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(self.request(id)?.map(|request| request.last_event_at))
    }

    /// Whether a request began before plazo knew of it.
    pub(super) fn is_history(&mut self, id: RequestId) -> Result<bool, StoreError> {
        Ok(self.request(id)?.is_some_and(|request| request.is_history(request.opened_at)))
    }

    pub(super) fn request(&mut self, id: RequestId) -> Result<Option<&Arc<Request>>, StoreError> {
        if let Err(need) = self.known.request(id) {
            self.learn(need.0)?;
        }
        Ok(self.known.request(id).ok().flatten())
    }

    /// Writes what is decided, and known to be so already.
    pub(super) fn write_unheard(&mut self, changes: &Changes) -> Result<(), StoreError> {
        self.writing.save(changes, self.now)?;
        self.done.wakes.extend_from_slice(&changes.wakes);
        self.done.changed.extend(changes.request.as_ref().map(|update| Arc::clone(&update.request)));
        Ok(())
    }

    /// Writes messages that are decided already, and returns their deliveries.
    pub(super) fn tell(&mut self, alerts: Vec<NewAlert>) -> Result<Vec<DeliveryId>, StoreError> {
        Ok(self.write(&Changes { alerts, ..Changes::default() })?.deliveries)
    }

    /// Keeps an event until its conversation begins.
    pub(super) fn park(&mut self, incoming: &Incoming) -> Result<(), StoreError> {
        let parked = vec![(incoming.event.clone(), incoming.body().to_string())];
        self.write(&Changes { parked, ..Changes::default() }).map(|_| ())
    }

    /// Writes the operator a notice. Without an operator in the file, only the log has it.
    pub(super) fn tell_operator(&mut self, subject: &Both, text: &Both) -> Result<(), StoreError> {
        tracing::warn!("{}", subject.en);
        let notice = desk::operator_notice(subject, text, &self.config, self.now);
        self.tell(notice.into_iter().collect()).map(|_| ())
    }

    /// Takes one event. One that fails is put aside with its cause; the rest goes on.
    pub(super) fn take(&mut self, incoming: &Arc<Incoming>) -> Result<Applied, StoreError> {
        let cause = match self.apart(|work| work.decide(Input::Event(Arc::clone(incoming)))) {
            Ok(Output::Applied(Applied::Rejected(Rejection { code: RejectionCode::Unreadable, detail }))) => detail.en,
            Ok(Output::Applied(applied)) => return Ok(applied),
            Ok(Output::Moved(_) | Output::Nothing) => return Ok(Applied::Unfiled),
            Err(error) if error.is_unavailable() || error.is_conflict() || self.company == Company::Group => {
                return Err(error);
            }
            Err(error) => error.to_string(),
        };
        let id = &incoming.event.id;
        tracing::error!(event = %id, error = cause, "event put aside: it could not be applied");
        self.tell_of_quarantine()?;
        self.quarantine(id, incoming.body(), &cause)?;
        let detail = both!(
            "plazo could not apply this event; it is kept aside for its operator",
            "plazo no pudo aplicar este evento; queda aparte para quien lo opera"
        );
        Ok(Applied::Rejected(Rejection { code: RejectionCode::Quarantined, detail }))
    }

    /// Puts aside what could not be taken; where the house keeps no words, its form alone.
    pub(super) fn quarantine(&self, id: &EventId, body: &str, cause: &str) -> Result<(), StoreError> {
        let kept =
            if self.config.retention.keeps_no_words { Cow::Owned(privacy::form_of(body)) } else { Cow::Borrowed(body) };
        self.writing.quarantine(id, self.now, &kept, cause)
    }

    /// Tells the operator, once an hour at most, that events are put aside.
    pub(super) fn tell_of_quarantine(&mut self) -> Result<(), StoreError> {
        if self.config.operator.is_none() || 0 < self.store.count_quarantined(self.now - TimeDelta::hours(1))? {
            return Ok(());
        }
        let subject = both!("an event was put aside", "un evento quedó aparte");
        let text = both!(
            "An event could not be applied and was put aside, in the table `quarantine` of the store. The log says which, and why.",
            "Un evento no se pudo aplicar y quedó aparte, en la tabla `quarantine` de la base de datos. El registro dice cuál y por qué."
        );
        self.tell_operator(&subject, &text)
    }

    /// Decides what becomes of a request; none if that failed, which is in the log and fails nothing else.
    pub(super) fn try_decide(&mut self, input: Input) -> Result<Option<Output>, StoreError> {
        match self.apart(|work| work.decide(input.clone())) {
            Ok(output) => Ok(Some(output)),
            Err(error) if error.is_unavailable() || error.is_conflict() || self.company == Company::Group => Err(error),
            Err(error) => {
                tracing::error!(?input, %error, "a request could not be looked at");
                Ok(None)
            }
        }
    }

    /// Shows whoever looks a request that was rewritten.
    pub(super) fn shows(&mut self, request: Request) {
        self.done.changed.push(Arc::new(request));
    }

    /// Notes when a request is to be looked at.
    pub(super) fn wake_at(&mut self, request: RequestId, wake: Wake) {
        self.done.wakes.push((request, Some(wake)));
    }

    /// Has the outbox look at what there is, once it is on the disk.
    pub(super) const fn wake_outbox_if(&mut self, is_wanted: bool) {
        self.done.wakes_outbox |= is_wanted;
    }

    /// How many deliveries were decided since the last commit.
    pub(super) const fn n_decided(&self) -> usize {
        self.done.n_decided
    }

    /// How many more deliveries may be on their way.
    pub(super) fn room(&self) -> usize {
        self.core.outlet.room().saturating_sub(self.done.n_leased)
    }

    /// Whether what has that name, of which there is to be one, is this daemon's to do.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.core.is_own(name)
    }

    /// What of the deliveries is this daemon's to lease; none where all is, and `None` within where it is not sure to live.
    pub(super) fn part(&mut self) -> Option<Option<LeasePart>> {
        let share = self.core.share()?;
        let mut decided = share.take_decided();
        // What is decided in this transaction, too.
        decided.extend_from_slice(&self.done.decided);
        let (daemon, slots) = (share.id(), share.slots());
        Some(share.is_sure().then_some(LeasePart { daemon, slots, decided }))
    }

    /// What this daemon is called among others; none where there are none.
    pub(super) fn daemon(&self) -> Option<String> {
        self.core.share().map(|share| share.id())
    }

    /// The slots that are this daemon's; none where all is.
    pub(super) fn slots(&self) -> Option<Slots> {
        self.core.share().map(|share| share.slots())
    }

    /// Takes note of deliveries that were leased.
    pub(super) const fn leased(&mut self, n: usize) {
        self.done.n_leased += n;
    }

    /// Hands leased deliveries to the outbox, once that is on the disk.
    pub(super) fn hand_out(&mut self, leased: Vec<Leased>) {
        self.done.express.extend(leased);
    }
}

/// What an effect says of a promise.
const fn verdict(effect: &Effect) -> Option<VerdictLabels> {
    let (clock, verdict) = match effect {
        Effect::Met { clock, .. } => (clock, "kept"),
        Effect::MetLate { clock, .. } => (clock, "kept_late"),
        Effect::Breached { clock, .. } => (clock, "broken"),
        _ => return None,
    };
    Some(VerdictLabels { promise: clock.kind.as_str(), verdict })
}

/// What a decision has to say to whoever reads the log.
fn log(remark: &Remark) {
    match remark {
        Remark::Flood(request) => {
            tracing::warn!(%request, "one sender opens very many requests; further mail goes to the last of them");
        }
        Remark::SharedId(request) => {
            tracing::warn!(%request, "a mail bears an id that another has; it is taken for what it is");
        }
        Remark::UnknownWait(request) => {
            tracing::warn!(%request, "an event names a kind of wait that sla.toml does not have; it is taken for waiting for the client");
        }
        Remark::NotTaken(code) => tracing::warn!(code = code.as_str(), "what follows from an event was not taken"),
    }
}
