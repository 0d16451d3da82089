//! Messages on their way: leased, recorded, gathered, handed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;

use super::core::Core;
use super::readers::Readers;
use super::work::Work;
use super::writer::{WriteError, Writer};
use crate::both;
use crate::desk::{announcement, announcement_by};
use crate::engine::clock::ClockState;
use crate::engine::directory::Recipient;
use crate::engine::request_id::RequestId;
use crate::outbox::facts::{News, NewsKind};
use crate::outbox::hold::Hold;
use crate::outbox::message::{LEASE, Leased};
use crate::outbox::writing::way_to;
use crate::outbox::written::WrittenDeed;
use crate::outbox::{Attempt, Content, Cost, DeliveryId, HeldFor, retry};
use crate::store::gather::Gathered;
use crate::store::leases::Leases;
use crate::store::{Fault, StoreError};
use crate::text::{Both, Language, vocabulary};
use crate::unit::Input;

/// Requests that a notice names.
const MOST_NAMED: usize = 20;

/// The name under which one of several daemons gathers what is held back.
pub(super) const GATHERING: &str = "gathering";

/// What is not sent this long after its decision is overdue.
pub const OVERDUE_AFTER: TimeDelta = TimeDelta::minutes(1);

/// A delivery that was tried, and what came of it.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The delivery.
    pub id: DeliveryId,
    /// The lease under which it was tried; `None` if the store could not be written then.
    pub fence: Option<i64>,
    /// Key of the person.
    pub person: Option<String>,
    /// Its destination.
    pub destination: String,
    /// What came of it.
    pub attempt: Attempt,
    /// What it cost by itself, where that is known by now.
    pub cost: Option<Cost>,
    /// Until when the whole destination stands.
    pub hold_until: Option<DateTime<Utc>>,
}

/// Deliveries to send now, and when to ask again.
#[derive(Debug, Default)]
pub struct ToSend {
    /// Deliveries under lease.
    pub leased: Vec<Leased>,
    /// When the next waiting one may go out; told only where none was leased.
    pub next_at: Option<DateTime<Utc>>,
}

/// Messages on their way.
#[derive(Clone)]
pub struct Outbox {
    core: Arc<Core>,
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    /// Of how much that cannot be read the operator was told.
    n_told_unreadable: Arc<AtomicUsize>,
}

impl Outbox {
    pub(super) fn new(core: Arc<Core>, writer: Arc<Writer>, readers: Arc<Readers>) -> Self {
        Self { core, writer, readers, n_told_unreadable: Arc::default() }
    }

    pub(super) const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(super) const fn writer(&self) -> &Arc<Writer> {
        &self.writer
    }

    pub(super) const fn readers(&self) -> &Arc<Readers> {
        &self.readers
    }

    /// Waits until deliveries have been decided.
    pub async fn decided(&self) {
        self.core.outlet.woken().await;
    }

    /// Wakes whoever waits for deliveries.
    pub fn wake(&self) {
        self.core.outlet.wake();
    }

    /// Gives back the room of deliveries that have ended.
    pub fn give_room(&self, n: usize) {
        self.core.outlet.give_room(n);
    }

    /// The deliveries that ticks lease in their own transaction: an alert in a quiet hour costs one commit, not two. There is one
    /// taker.
    pub fn take_express(&self) -> Option<mpsc::UnboundedReceiver<Vec<Leased>>> {
        self.core.outlet.take_express()
    }

    /// Records outcomes, then, while the outbox is open, leases what there is room for, in one transaction.
    pub async fn record_and_lease(
        &self,
        tried: Vec<Tried>,
        is_open: bool,
        busy: Vec<String>,
    ) -> Result<ToSend, WriteError> {
        self.writer
            .write(move |work| {
                for tried in &tried {
                    work.record(tried)?;
                }
                if is_open && work.is_own(GATHERING) {
                    // One step: the outbox comes back at once while more is due.
                    let step = work.store().release(work.config.alerts.window, work.now)?;
                    work.wake_outbox_if(step != Gathered::Nothing);
                    work.gather_late_ones()?;
                }
                let limit = if is_open { usize::MAX } else { 0 };
                let Leases { leased, busy, .. } = work.lease(limit, &busy)?;
                // Among thousands that wait this takes a while, and is asked for only when nothing could be leased. Without room
                // there is nothing to come back for before a delivery on its way has ended, which is told.
                let asks = leased.is_empty() && 0 < work.room();
                let next_at = if asks { work.store().next_delivery_at(&busy, work.slots(), work.now)? } else { None };
                Ok(ToSend { leased, next_at })
            })
            .await
    }

    /// Deliveries that could go out, read without leasing them. What is written into a ticket can wait: where nothing is recorded, it would be
    /// written again after a kill.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot even be read.
    pub async fn peek_deliveries(&self, limit: usize) -> Result<Vec<Leased>, StoreError> {
        if self.core.share().is_some() {
            // Others may be able to write it, and send the same.
            return Ok(Vec::new());
        }
        let now = self.core.now();
        let tickets: Vec<_> = self.core.config().sources.keys().map(|source| way_to(source)).collect();
        self.readers.read(move |store| store.peek(now, limit, &tickets)).await
    }

    /// Lets go what fell due while plazo was not running, or before it heard of it, and was held back while catching up. Returns the number of messages.
    pub async fn gather(&self) -> Result<usize, WriteError> {
        if !self.core.is_own(GATHERING) {
            return Ok(0);
        }
        Ok(self.gather_all(HeldFor::Downtime).await? + self.gather_all(HeldFor::History).await?)
    }

    /// Makes messages of all that is held back for a cause, in steps between which others write.
    pub(super) async fn gather_all(&self, cause: HeldFor) -> Result<usize, WriteError> {
        let mut n_messages = 0;
        loop {
            let step = self
                .writer
                .write(move |work| {
                    let step = work.store().gather(cause, work.now)?;
                    work.wake_outbox_if(step == Gathered::Message);
                    Ok(step)
                })
                .await?;
            match step {
                Gathered::Nothing => return Ok(n_messages),
                Gathered::Some => {}
                Gathered::Message => n_messages += 1,
            }
        }
    }

    /// Lets what waits wait no longer because the wall clock was set back.
    pub async fn clock_was_set_back(&self, by: TimeDelta) -> Result<(), WriteError> {
        self.writer.write(move |work| work.store().move_waits(by, work.now)).await
    }

    /// Hands over what has waited too long for a destination that stands. Returns how many.
    pub async fn hand_over_waiting(
        &self,
        destination: String,
        fallbacks: Vec<String>,
        decided_before: DateTime<Utc>,
    ) -> Result<usize, WriteError> {
        let mut n_handed_over = 0;
        if !self.core.is_own(&destination) {
            return Ok(0);
        }
        loop {
            let (destination, fallbacks) = (destination.clone(), fallbacks.clone());
            // Looked at beside the writer: as a rule there is nothing.
            let (name, has_fallback) = (destination.clone(), !fallbacks.is_empty());
            let waiting = self.readers.read(move |store| store.waiting_for(&name, has_fallback, decided_before)).await;
            if waiting.is_ok_and(|waiting| waiting.is_empty()) {
                return Ok(n_handed_over);
            }
            let n = self.hand_over_some(destination, fallbacks, decided_before).await?;
            n_handed_over += n;
            if n == 0 {
                return Ok(n_handed_over);
            }
        }
    }

    async fn hand_over_some(
        &self,
        destination: String,
        fallbacks: Vec<String>,
        decided_before: DateTime<Utc>,
    ) -> Result<usize, WriteError> {
        self.writer
            .write(move |work| {
                let mut n_handed_over = 0;
                for (id, route) in work.store().waiting_for(&destination, !fallbacks.is_empty(), decided_before)? {
                    let Some((next, route)) = retry::way_on(&route, &fallbacks) else { continue };
                    work.store().settle_handed_over(id, work.now)?;
                    work.store().hand_over(id, next, route, work.now)?;
                    n_handed_over += 1;
                }
                work.wake_outbox_if(0 < n_handed_over);
                Ok(n_handed_over)
            })
            .await
    }

    /// Tells the operator of plazo's own troubles. Without an operator in the file, only the log has it.
    pub async fn notify_operator(&self, subject: String, text: String) -> Result<(), WriteError> {
        let config = self.core.config();
        let Some(operator) = config.operator.clone() else { return Ok(()) };
        let text = config.with_status_page(text);
        self.announce(Content::Notice { subject, text }, operator).await.map(|_| ())
    }

    /// Tells the operator of what of the store was found to be unreadable since he was told last.
    pub async fn tell_of_unreadable(&self) -> Result<(), WriteError> {
        let found = self.readers.unreadable().all();
        if found.len() <= self.n_told_unreadable.load(Ordering::Relaxed) {
            return Ok(());
        }
        let [en, es] = [Language::En, Language::Es].map(|language| {
            let line = |(id, fault): &(RequestId, Fault)| {
                let of = if id.0 == 0 { String::new() } else { format!("{id}: ") };
                format!("{of}{}, {}", vocabulary::kept_part(fault.part, language), fault.cause)
            };
            found.iter().take(MOST_NAMED).map(line).collect::<Vec<_>>().join("\n")
        });
        let n = found.len();
        let (subject, text) = (
            Both {
                en: ["thing in the store cannot be read", "things in the store cannot be read"],
                es: ["cosa de la base de datos no se puede leer", "cosas de la base de datos no se pueden leer"],
            }
            .counted(n),
            both!(
                "The store holds what plazo cannot read. It is left out of lists and reports; everything else goes on. To have it back, restore a backup. See: plazo status\n\n{en}",
                "La base de datos tiene algo que plazo no puede leer. Queda fuera de listas e informes; todo lo demás sigue. Para recuperarlo, restaure una copia de seguridad. Vea: plazo status\n\n{es}"
            ),
        );
        self.writer.write(move |work| work.tell_operator(&subject, &text)).await?;
        self.n_told_unreadable.store(n, Ordering::Relaxed);
        Ok(())
    }

    /// Writes a message that is about no clock, and returns its deliveries.
    pub async fn announce(&self, content: Content, recipient: Recipient) -> Result<Vec<DeliveryId>, WriteError> {
        let announced = move |work: &mut Work<'_>| {
            work.tell(vec![announcement(content.clone(), &recipient, &work.config, work.now)])
        };
        self.writer.write(announced).await
    }

    /// Mails a person a link anew, to their own address and by no other way.
    pub async fn mail_link(&self, person: String, deed: String, request: RequestId) -> Result<(), WriteError> {
        self.send_link((person, crate::config::EMAIL.to_owned()), deed, request).await
    }

    /// Sends a link anew to a person, by a destination that reaches nobody else.
    ///
    /// # Errors
    ///
    /// [`WriteError`] if it cannot be written.
    pub async fn send_link(
        &self,
        (person, destination): (String, String),
        deed: String,
        request: RequestId,
    ) -> Result<(), WriteError> {
        let content = Content::Link { deed, request };
        let ways = vec![(Some(person), destination)];
        let told = move |work: &mut Work<'_>| work.tell(vec![announcement_by(content.clone(), ways.clone(), work.now)]);
        self.writer.write(told).await.map(|_| ())
    }

    /// What was written back about a request by that way, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be read.
    pub async fn written(&self, request: RequestId, way: String) -> Result<Vec<WrittenDeed>, StoreError> {
        self.readers.read(move |store| store.written(request, &way)).await
    }

    /// Puts a dead delivery on its way again. Whether there was one.
    pub async fn retry_delivery(&self, id: DeliveryId) -> Result<bool, WriteError> {
        self.writer
            .write(move |work| {
                let found = work.store().retry(id, work.now)?;
                work.wake_outbox_if(found);
                Ok(found)
            })
            .await
    }

    /// Gives up a delivery that waits or is dead. Whether there was one.
    pub async fn drop_delivery(&self, id: DeliveryId) -> Result<bool, WriteError> {
        self.writer.write(move |work| work.store().drop_delivery(id, work.now)).await
    }

    /// Notes that plazo runs, and where it did not since it last noted that.
    pub async fn note_alive(&self, gap: TimeDelta) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, WriteError> {
        self.writer
            .write(move |work| {
                let daemon = work.daemon();
                work.store().note_alive(gap, daemon.as_deref(), work.now)
            })
            .await
    }

    /// How many alerts should have gone out and have not; the heartbeat is still while there are any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be counted.
    pub async fn count_overdue(&self) -> Result<usize, StoreError> {
        let decided_before = self.core.now() - OVERDUE_AFTER;
        let n_unsent = self.readers.read(move |store| store.count_unsent(decided_before)).await?;
        // Of several daemons each has a part in memory, and what is nobody's only the store knows.
        let next_at = match self.core.share() {
            Some(_) => self.readers.read(|store| store.next_wake_at()).await?,
            None => self.core.queue.next_at(),
        };
        let is_behind = next_at.is_some_and(|at| at < decided_before);
        Ok(usize::try_from(n_unsent).unwrap_or(0) + usize::from(is_behind))
    }

    /// How often in a row a destination has failed as a whole.
    pub async fn hold_failures(&self, destination: String) -> Result<u32, StoreError> {
        let hold = self.readers.read(move |store| store.hold_of(&destination)).await?;
        Ok(hold.map_or(0, |hold| hold.failures))
    }
}

impl Work<'_> {
    /// Leases at most `limit` deliveries, and no more than there is room for.
    pub(super) fn lease(&mut self, limit: usize, busy: &[String]) -> Result<Leases, StoreError> {
        let room = self.room().min(limit);
        if room == 0 {
            return Ok(Leases { busy: busy.to_vec(), ..Leases::default() });
        }
        let leases = match self.part() {
            None => self.store().lease(self.now, self.now + LEASE, room, busy, &self.config.lanes)?,
            // Whoever may be taken for dead sends nothing.
            Some(None) => return Ok(Leases { busy: busy.to_vec(), ..Leases::default() }),
            Some(Some(part)) => {
                let (store, now) = (self.store(), self.now);
                store.lease_part(now, now + LEASE, room, busy, &self.config.lanes, Some(&part))?
            }
        };
        self.leased(leases.leased.len());
        for delivery in &leases.doubtful {
            // What may be there by plazo, and is wanted no more, is taken off.
            let news = News { what: NewsKind::Over, who: None, at: self.now };
            self.tell_written(*delivery, news)?;
        }
        Ok(leases)
    }

    /// Lets go what other daemons held back as late: whoever gathers for all may have had nothing due. Not while something is due still, which
    /// belongs into the same messages.
    fn gather_late_ones(&mut self) -> Result<(), StoreError> {
        let store = self.store();
        if !store.is_shared() || !store.has_late_ones()? || store.next_wake_at()?.is_some_and(|at| at <= self.now) {
            return Ok(());
        }
        for cause in [HeldFor::Downtime, HeldFor::History] {
            let step = self.store().gather(cause, self.now)?;
            self.wake_outbox_if(step != Gathered::Nothing);
        }
        Ok(())
    }

    /// Tells the operator that a destination stands, once until it works again.
    fn tell_of_hold(&mut self, destination: &str, cause: &str) -> Result<(), StoreError> {
        let subject = both!("`{destination}` takes no alerts for now", "`{destination}` no recibe avisos por ahora");
        let text = both!(
            "Alerts by `{destination}` stand: {cause}. plazo tries again by itself, and whatever has a fallback takes it after two minutes. See: plazo deliveries --state pending",
            "Los avisos por `{destination}` están detenidos: {cause}. plazo lo intenta de nuevo por sí mismo, y lo que tiene respaldo pasa a él a los dos minutos. Vea: plazo deliveries --state pending"
        );
        self.tell_operator(&subject, &text)
    }

    /// What became of a promise while its alert was on its way, nobody could tell then.
    fn tell_news_missed(&mut self, tried: &Tried) -> Result<(), StoreError> {
        let Some(clock) = self.store().clock_of(tried.id)? else { return Ok(()) };
        let what = match clock.state {
            ClockState::Running | ClockState::Paused | ClockState::Breached => return Ok(()),
            ClockState::Met => NewsKind::Met,
            ClockState::MetLate => NewsKind::MetLate,
            ClockState::Cancelled | ClockState::Waived => NewsKind::Over,
        };
        let news = News { what, who: None, at: clock.stopped_at.unwrap_or(self.now) };
        let (person, destination) = (tried.person.clone(), tried.destination.clone());
        self.decide(Input::Update { delivery: tried.id, person, destination, news }).map(|_| ())
    }

    /// Counts what a message cost that is paid for by itself, and to whose telephone it went.
    fn count_cost(&mut self, tried: &Tried) -> Result<(), StoreError> {
        let Some(cost) = &tried.cost else { return Ok(()) };
        self.store().add_cost(&tried.destination, 1, cost, self.now)?;
        let Some(person) = &tried.person else { return Ok(()) };
        self.store().note_telephoned(tried.id, (person, &tried.destination), self.now - TimeDelta::days(2), self.now)
    }

    /// What became of a promise, for what was written about it in a help desk.
    fn tell_written(&mut self, delivery: DeliveryId, news: News) -> Result<(), StoreError> {
        let Some(Content::Write(facts)) = self.reading().content_of(delivery)? else { return Ok(()) };
        let destination = way_to(&facts.source);
        self.decide(Input::Update { delivery, person: None, destination, news }).map(|_| ())
    }

    fn record(&mut self, tried: &Tried) -> Result<(), StoreError> {
        self.count_cost(tried)?;
        let Some(fence) = tried.fence else {
            if let Attempt::Sent { answer, .. } = &tried.attempt {
                self.store().record_unleased(tried.id, answer, self.now)?;
            }
            return Ok(());
        };
        if !self.store().record(tried.id, fence, &tried.attempt, self.now)? {
            tracing::warn!(delivery = %tried.id, "the outcome came after its lease had passed on; the newer one stands");
            return Ok(());
        }
        match (&tried.attempt, tried.hold_until) {
            (Attempt::Sent { reference, began_at, .. }, _) => {
                let hold = self.store().hold_of(&tried.destination)?;
                if hold.is_some_and(|hold| hold.is_lifted(*began_at)) {
                    self.store().lift_hold(&tried.destination)?;
                    tracing::info!(destination = tried.destination, "a destination works again");
                }
                if reference.is_some() {
                    self.tell_news_missed(tried)?;
                }
            }
            (Attempt::HandedOver { to, route, .. }, _) => {
                self.store().hand_over(tried.id, to, route, self.now)?;
                self.wake_outbox_if(true);
            }
            (Attempt::Later { .. } | Attempt::Unneeded { .. } | Attempt::Dead { .. }, _) => {}
        }
        if let (
            Some(until),
            Attempt::Later { cause, .. } | Attempt::Dead { cause } | Attempt::HandedOver { cause, .. },
        ) = (tried.hold_until, &tried.attempt)
        {
            let before = self.store().hold_of(&tried.destination)?;
            let after = Hold::failed(before, until, self.now);
            self.store().set_hold(&tried.destination, after, cause)?;
            if Hold::is_told(before, after) {
                self.tell_of_hold(&tried.destination, cause)?;
            }
        }
        Ok(())
    }
}
