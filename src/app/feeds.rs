//! What sources tell: their facts, what came too early, and who among them has gone silent.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tokio::sync::{Notify, mpsc};

use super::core::Core;
use super::echo::{ACCOUNT, Echo};
use super::readers::Readers;
use super::work::Work;
use super::writer::{WriteError, Writer};
use crate::both;
use crate::config::Config;
use crate::engine::event::{Event, EventId, Fact};
use crate::engine::proof::Proof;
use crate::engine::request_id::RequestId;
use crate::intake::mapping::MappingFault;
use crate::intake::source::{Facts, Source, SourceError};
use crate::store::sources::{FetchRow, SourceRow};
use crate::store::{Store, StoreError};
use crate::text::Both;
use crate::text::button::Press;
use crate::unit::incoming::RejectionCode;
use crate::unit::{Applied, Incoming};

/// Clicks that wait for their answer; more are not answered.
const MOST_PRESSES: usize = 256;
/// Facts that came before their conversation are kept so long.
const PARKED_FOR: TimeDelta = TimeDelta::days(7);
/// What was asked for or told is remembered so long, so that it is once.
const REMEMBERED_FOR: TimeDelta = TimeDelta::days(60);

/// The name under which a payload is put aside that no rule knows.
const FOREIGN: &str = "not-understood";
/// Of a source, so many such payloads of a day are kept.
const MOST_FOREIGN: i64 = 20;
/// Of a payload, so much is kept aside.
const LARGEST_KEPT: usize = 256 << 10;

/// Sources by name, ready to take requests.
pub type Sources = HashMap<String, Arc<Source>>;

/// Makes every source of a file ready, so that whatever can fail fails before anything is swapped (LESSONS 35).
///
/// # Errors
///
/// The name of the source, and [`SourceError`].
pub fn ready(config: &Config) -> Result<Sources, (String, SourceError)> {
    let each = config.sources.iter().map(|(name, settings)| {
        let source = Source::new(settings.clone()).map_err(|error| (name.clone(), error))?;
        Ok((name.clone(), Arc::new(source)))
    });
    each.collect()
}

/// What became of a source's facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Events that are in the journal now.
    pub accepted: usize,
    /// Events that were known.
    pub duplicate: usize,
    /// Events kept until their conversation begins.
    pub parked: usize,
    /// Events and payloads put aside for the operator.
    pub quarantined: usize,
    /// Things to be asked for.
    pub fetches: usize,
    /// Presses of buttons that do not act.
    pub refused: usize,
    /// Acts of plazo's own that came back, and changed nothing.
    #[serde(skip_serializing_if = "is_zero")]
    pub echoes: usize,
    /// Whether it wants something erased.
    pub erases: bool,
    /// Requests that the events belong to, each once.
    #[serde(skip)]
    pub requests: Vec<RequestId>,
}

/// What is known of a source, with what is still to be asked for.
#[derive(Debug, Clone, Default)]
pub struct SourceState {
    /// From the store.
    pub row: SourceRow,
    /// Payloads of the last day on which a rule failed.
    pub n_unread: i64,
    /// Payloads of the last day whose form no rule knows.
    pub n_foreign: i64,
    /// Things still to be asked for.
    pub n_backlog: u32,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// What is known of a mailbox or of an API that is read by plazo itself, and what its facts become.
#[derive(Clone)]
pub struct Feeds {
    core: Arc<Core>,
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    inner: Arc<Inner>,
}

struct Inner {
    /// Systems that tell what happens, ready to take requests.
    sources: ArcSwap<Sources>,
    /// Wakes whoever asks sources' APIs.
    wanted: Notify,
    /// Clicks on buttons of alerts, with their source.
    presses: mpsc::Sender<(String, Press)>,
    presses_taker: Mutex<Option<mpsc::Receiver<(String, Press)>>>,
}

impl Feeds {
    pub(super) fn new(core: Arc<Core>, writer: Arc<Writer>, readers: Arc<Readers>) -> Self {
        let (presses, pressed) = mpsc::channel(MOST_PRESSES);
        let presses_taker = Mutex::new(Some(pressed));
        let inner = Inner { sources: ArcSwap::default(), wanted: Notify::new(), presses, presses_taker };
        Self { core, writer, readers, inner: Arc::new(inner) }
    }

    /// The sources in force.
    pub fn sources(&self) -> Arc<Sources> {
        self.inner.sources.load_full()
    }

    /// Takes over the sources of a new file.
    pub fn set_sources(&self, sources: Sources) {
        self.inner.sources.store(Arc::new(sources));
    }

    /// Writes what a source told; durable once answered. `payload` is kept aside if a rule of the mapping failed on it.
    pub async fn take_facts(&self, source: &str, facts: Facts, payload: &[u8]) -> Result<Told, WriteError> {
        self.take(source, facts, payload, Speech::Called).await
    }

    /// Writes what a mail says that came by a pipe.
    pub async fn take_mail(&self, source: &str, facts: Facts) -> Result<Told, WriteError> {
        self.take(source, facts, &[], Speech::Called).await
    }

    async fn take(&self, source: &str, facts: Facts, payload: &[u8], speech: Speech) -> Result<Told, WriteError> {
        // What people do by buttons is small, and ends what is due.
        let is_act = |event: &Event| matches!(event.fact, Fact::Ack { .. } | Fact::Snooze { .. });
        if self.core.disk.is_closed() && !facts.events.iter().all(|(event, _)| is_act(event)) {
            return Err(WriteError::NoRoom);
        }
        let facts = Arc::new(Prepared::new(source, facts, payload, self.core.now())?);
        let renews = facts.facts.renews;
        let told = self.writer.write(move |work| work.take_facts(&facts, speech)).await?;
        if 0 < told.fetches || renews {
            self.inner.wanted.notify_waiters();
        }
        Ok(told)
    }

    /// Hands over clicks to be answered: those of people of the file, on messages of plazo's own. Beyond a bound they are not; what
    /// they did stands all the same.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the messages cannot be looked up.
    pub async fn answer_presses(&self, source: &str, presses: Vec<Press>) -> Result<(), StoreError> {
        for press in presses {
            let Ok(request) = press.request.parse() else { continue };
            let (config, pressed, who) = (self.core.config(), press.pressed.clone(), press.who.clone());
            let is_ours = self
                .readers
                .read(move |store| is_button_of_ours(store, &config, request, (who.as_deref(), pressed.as_deref())))
                .await?;
            if !is_ours {
                continue;
            }
            self.inner.presses.try_send((source.to_owned(), press)).ok();
        }
        Ok(())
    }

    /// Where clicks to be answered come from; once only.
    pub fn take_presses(&self) -> Option<mpsc::Receiver<(String, Press)>> {
        self.inner.presses_taker.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until something has to be asked of a source's API.
    pub async fn fetches_wanted(&self) {
        self.inner.wanted.notified().await;
    }

    /// What is still to be asked of a source's API.
    pub async fn due_fetches(&self, source: String, limit: u32) -> Result<Vec<FetchRow>, StoreError> {
        let now = self.core.now();
        self.readers.read(move |store| store.due_fetches(&source, now, limit)).await
    }

    /// Writes what an answer told, then settles what was asked for.
    pub async fn take_answer(&self, fetch: FetchRow, facts: Facts, payload: &[u8]) -> Result<Told, WriteError> {
        let facts = Arc::new(Prepared::new(&fetch.source, facts, payload, self.core.now())?);
        self.writer
            .write(move |work| {
                let told = work.take_facts(&facts, Speech::Asked)?;
                work.store().settle_fetch(&fetch, None, None)?;
                Ok(told)
            })
            .await
    }

    /// Puts off or gives up something that could not be asked for.
    pub async fn put_off_fetch(
        &self,
        fetch: FetchRow,
        again_at: Option<DateTime<Utc>>,
        cause: String,
    ) -> Result<(), WriteError> {
        self.writer
            .write(move |work| {
                work.store().settle_fetch(&fetch, again_at, Some(&cause))?;
                if again_at.is_none() {
                    let (source, name) = (&fetch.source, &fetch.name);
                    let subject = both!(
                        "something of source `{source}` was not read",
                        "algo de la fuente `{source}` quedó sin leer"
                    );
                    let text = both!(
                        "`{source}` told that there is something to read ({name}), and its interface did not give it: {cause}. plazo asks no more for it; look in that system whether a request is missing here.",
                        "`{source}` avisó que hay algo que leer ({name}) y su interfaz no lo entregó: {cause}. plazo no lo pide más; mire en ese sistema si aquí falta una solicitud."
                    );
                    // Once a day: where one is refused, so are others.
                    if work.store().add_alarm(source, &format!("unread:{name}:{}", work.now.date_naive()), work.now)? {
                        work.tell_operator(&subject, &text)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Writes what a page told, then how far it was read: nothing is skipped, and what is read again is known.
    pub async fn take_page(
        &self,
        source: &str,
        facts: Facts,
        payload: &[u8],
        cursor: Option<(String, String)>,
    ) -> Result<Told, WriteError> {
        if self.core.disk.is_closed() {
            // It is read again, from where it was.
            return Err(WriteError::NoRoom);
        }
        let facts = Arc::new(Prepared::new(source, facts, payload, self.core.now())?);
        let told = self
            .writer
            .write(move |work| {
                let told = work.take_facts(&facts, Speech::Asked)?;
                if let Some((name, value)) = &cursor {
                    work.store().set_cursor(&facts.source, name, value, work.now)?;
                }
                Ok(told)
            })
            .await?;
        if 0 < told.fetches {
            self.inner.wanted.notify_waiters();
        }
        Ok(told)
    }

    /// Remembers something of a source, such as a subscription that it gave.
    pub async fn remember(&self, source: &str, name: String, value: String) -> Result<(), WriteError> {
        let source = source.to_owned();
        self.writer.write(move |work| work.store().set_cursor(&source, &name, &value, work.now)).await
    }

    /// Remembers who plazo is in a source, so that its own acts are known when they come back.
    pub async fn learn_account(&self, source: &str, words: Vec<String>) -> Result<(), WriteError> {
        let words = serde_json::Value::from(words).to_string();
        self.remember(source, ACCOUNT.to_owned(), words).await
    }

    /// What is remembered of a source, such as how far it was read.
    pub async fn cursor(&self, source: String, name: String) -> Result<Option<String>, StoreError> {
        self.readers.read(move |store| store.cursor(&source, &name)).await
    }

    /// Notes that a source can be reached again.
    pub async fn source_reached(&self, source: &str) -> Result<(), WriteError> {
        let source = source.to_owned();
        self.writer.write(move |work| work.store().source_answered(&source)).await
    }

    /// Notes that a source cannot be reached; the operator is told when that begins.
    pub async fn source_failed(&self, source: &str, cause: &str) -> Result<(), WriteError> {
        let (source, cause) = (source.to_owned(), cause.to_owned());
        self.writer
            .write(move |work| {
                if work.store().source_failed(&source, work.now, &cause)? {
                    let subject = both!("source `{source}` cannot be read", "no se puede leer la fuente `{source}`");
                    let text = both!(
                        "plazo cannot read the source `{source}`: {cause}. It tries again by itself; until then it hears nothing from there.",
                        "plazo no puede leer la fuente `{source}`: {cause}. Lo intenta de nuevo por sí mismo; hasta entonces no se entera de nada por allí."
                    );
                    work.tell_operator(&subject, &text)?;
                }
                Ok(())
            })
            .await
    }

    /// What is known of a source.
    pub async fn source_state(&self, source: String) -> Result<SourceState, StoreError> {
        let since = self.core.now() - TimeDelta::days(1);
        self.readers
            .read(move |store| {
                let (n_backlog, waiting_since) = store.fetch_backlog(&source)?;
                let n_unread = store.count_unread(&source, since)?;
                let n_foreign = store.count_foreign(&source, since)?;
                Ok(SourceState {
                    row: store.source(&source)?.unwrap_or_default(),
                    n_unread,
                    n_foreign,
                    n_backlog,
                    waiting_since,
                })
            })
            .await
    }

    /// Tells the operator that a source has been silent for longer than it should, once until it speaks again.
    pub async fn tell_silence(&self, source: String, since: DateTime<Utc>) -> Result<(), WriteError> {
        self.writer
            .write(move |work| {
                let row = work.store().source(&source)?.unwrap_or_default();
                if row.silence_told_at.is_some() || row.heard_at != Some(since) {
                    return Ok(());
                }
                work.store().silence_told(&source, work.now)?;
                let at = since.with_timezone(&work.config.zone).format("%Y-%m-%d %H:%M");
                let subject = both!(
                    "source `{source}` has been silent since {at}",
                    "la fuente `{source}` calla desde el {at}"
                );
                let text = both!(
                    "Nothing has come from `{source}` since {at}, which is longer than it should be. Is the connection still set up there? plazo status shows every source.",
                    "Nada ha llegado de `{source}` desde el {at}, más de lo que debería. ¿Sigue configurada la conexión en ese sistema? plazo status muestra todas las fuentes."
                );
                work.tell_operator(&subject, &text)
            })
            .await
    }

    /// The latest instants at which a source spoke, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read.
    pub async fn source_instants(&self, source: String) -> Result<Vec<DateTime<Utc>>, StoreError> {
        self.readers.read(move |store| store.source_instants(&source)).await
    }

    /// Forgets what sources left behind long ago.
    pub async fn tidy_sources(&self) -> Result<usize, WriteError> {
        self.writer
            .write(|work| work.store().forget_sources_before(work.now - PARKED_FOR, work.now - REMEMBERED_FOR))
            .await
    }
}

/// How a source came to speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    /// It called: it is alive, whatever it said.
    Called,
    /// It was asked: only news shows that something still happens there.
    Asked,
}

/// Facts ready to be written, as often as the transaction must be run.
pub(super) struct Prepared {
    pub(super) source: String,
    events: Vec<Arc<Incoming>>,
    pub(super) facts: Facts,
    payload: String,
}

impl Prepared {
    fn new(source: &str, mut facts: Facts, payload: &[u8], now: DateTime<Utc>) -> Result<Self, StoreError> {
        let events = std::mem::take(&mut facts.events).into_iter().map(|(mut event, request)| {
            // A source's clock may be ahead of ours; nothing has happened yet that has not.
            event.at = event.at.min(now);
            Incoming::new(event, request).map(Arc::new)
        });
        let events = events.collect::<Result<_, _>>()?;
        let payload = if facts.faults.is_empty() && !facts.is_foreign { String::new() } else { kept_payload(payload) };
        Ok(Self { source: source.to_owned(), events, facts, payload })
    }

    /// Whether words of the payload are such, for any of its events: one of them, where it has one event, and all, where it has several.
    pub(super) fn tells(&self, words: &[String], is_such: impl Fn(&String) -> bool) -> bool {
        let is_any = words.iter().any(&is_such);
        is_any && (self.events.len() == 1 || words.iter().all(is_such))
    }
}

/// A payload as it is put aside, up to a bound.
fn kept_payload(payload: &[u8]) -> String {
    String::from_utf8_lossy(&payload[..payload.len().min(LARGEST_KEPT)]).into_owned()
}

/// Whether a press of a button counts: a person of the file pressed it, known by id, in a message that plazo sent about that request. A
/// transport that gives its messages no names has sent one all the same.
fn is_button_of_ours(
    store: &Store,
    config: &Config,
    request: RequestId,
    (who, pressed): (Option<&str>, Option<&str>),
) -> Result<bool, StoreError> {
    if who.is_none_or(|who| config.rulebook.directory.person(who).is_none()) {
        return Ok(false);
    }
    let Some(pressed) = pressed.filter(|pressed| !pressed.is_empty()) else { return Ok(false) };
    let told = store.references(request)?;
    if told.iter().any(|(_, reference)| reference == pressed) {
        return Ok(true);
    }
    let nameless: Vec<&str> = config
        .destinations
        .iter()
        .filter(|(_, destination)| destination.settings.can().has_nameless_buttons)
        .map(|(name, _)| name.as_str())
        .collect();
    store.was_told_by(request, &nameless)
}

/// Whether a source says that what it told of a conversation must not be kept any more. Whoever only reaches the address says nothing.
fn wants_erasure(event: &Event) -> bool {
    event.proof.holds() && event.refs.get("erase").and_then(serde_json::Value::as_str) == Some("true")
}

impl Work<'_> {
    fn take_facts(&mut self, prepared: &Prepared, speech: Speech) -> Result<Told, StoreError> {
        let mut told = Told::default();
        let source = &prepared.source;
        for incoming in &prepared.events {
            if !self.may_press(incoming)? {
                told.refused += 1;
                tracing::warn!(
                    source,
                    "a button was pressed that does not act: not by anybody of sla.toml, or not in a message of plazo's"
                );
                continue;
            }
            let incoming = match self.echo(prepared, incoming)? {
                Echo::None => Cow::Borrowed(incoming),
                Echo::Known => {
                    told.echoes += 1;
                    continue;
                }
                Echo::Rest(rest) => Cow::Owned(rest),
            };
            let incoming = incoming.as_ref();
            match self.take(incoming)? {
                Applied::Accepted { request, .. } => {
                    told.accepted += 1;
                    if wants_erasure(&incoming.event) {
                        self.store().want_erasure(request, source, self.now)?;
                        told.erases = true;
                    }
                    if !told.requests.contains(&request) {
                        told.requests.push(request);
                    }
                }
                Applied::Duplicate { request } => {
                    told.duplicate += 1;
                    if !told.requests.contains(&request) {
                        told.requests.push(request);
                    }
                }
                Applied::Unfiled => {}
                // Webhooks come in any order: an owner may be told before the first message.
                Applied::Rejected(rejection) if rejection.code == RejectionCode::UnknownRequest => {
                    if !incoming.event.threads.is_empty() {
                        self.park(incoming)?;
                        told.parked += 1;
                    }
                }
                Applied::Rejected(rejection) => {
                    told.quarantined += 1;
                    tracing::warn!(source, code = rejection.code.as_str(), "an event of a source was put aside");
                    self.tell_of_quarantine()?;
                    self.quarantine(&incoming.event.id, incoming.body(), &rejection.detail.en)?;
                }
            }
        }
        for fetch in &prepared.facts.fetches {
            let asked = serde_json::to_string(&fetch.asked)?;
            let is_new = self.store().want_fetch(source, (&fetch.name, &fetch.id), &fetch.path, &asked, self.now)?;
            told.fetches += usize::from(is_new);
        }
        for alarm in &prepared.facts.alarms {
            if self.store().add_alarm(source, &alarm.id, self.now)? {
                let Both { en, es } = &alarm.text;
                let subject = both!("source `{source}`: {en}", "fuente `{source}`: {es}");
                self.tell_operator(&subject.clone(), &subject)?;
            }
        }
        if prepared.facts.renews {
            self.store().renew_subscriptions(source)?;
        }
        self.put_aside(prepared, speech, &mut told)?;
        if prepared.facts.is_foreign {
            self.note_foreign(prepared)?;
        }
        let event_at = prepared.events.iter().map(|incoming| incoming.event.at).max();
        if speech == Speech::Called || 0 < told.accepted {
            self.store().source_heard(source, self.now, event_at)?;
        } else {
            self.store().source_answered(source)?;
        }
        Ok(told)
    }

    /// Whether an event that comes from the press of a button may act; anything else may. A press is a claim: whoever may write to a
    /// bot may send one (LESSONS 48).
    fn may_press(&mut self, incoming: &Incoming) -> Result<bool, StoreError> {
        let event = &incoming.event;
        if !matches!(event.fact, Fact::Ack { .. } | Fact::Snooze { .. }) || event.proof != Proof::Signed {
            return Ok(event.proof.holds() || !matches!(event.fact, Fact::Ack { .. } | Fact::Snooze { .. }));
        }
        let Some(request) = incoming.request else { return Ok(false) };
        let who = event.author.as_ref().and_then(|author| author.address.as_deref());
        // A system that has buttons of its own names no message of plazo's.
        let pressed = event.refs.get("pressed").map(|pressed| pressed.as_str().unwrap_or_default());
        match pressed {
            Some(pressed) => is_button_of_ours(&self.store(), &self.config, request, (who, Some(pressed))),
            None => Ok(who.is_some_and(|who| self.config.rulebook.directory.person(who).is_some())),
        }
    }

    /// Keeps a payload that no rule knows, and tells the operator once: it is not as if it had been heard.
    fn note_foreign(&mut self, prepared: &Prepared) -> Result<(), StoreError> {
        let source = &prepared.source;
        let id = EventId { source: source.clone(), id: FOREIGN.to_owned() };
        if self.store().count_foreign(source, self.now - TimeDelta::days(1))? < MOST_FOREIGN {
            self.quarantine(&id, &prepared.payload, "no rule of the mapping knows its form")?;
        }
        if self.store().add_alarm(source, FOREIGN, self.now)? {
            let subject = both!(
                "source `{source}` sends what plazo does not understand",
                "la fuente `{source}` envía algo que plazo no entiende"
            );
            let text = both!(
                "A signed call of `{source}` has a form that no rule of its mapping knows. Nothing was heard by it, and the caller was told so (422). It is kept in the table `quarantine` of the store. Try it: plazo source test {source} < payload.json. Perhaps that system was updated, or calls with another kind of message than plazo's guide asks for.",
                "Una llamada firmada de `{source}` tiene una forma que ninguna regla de su correspondencia conoce. Por ella no se oyó nada, y así se le respondió (422). Queda en la tabla `quarantine` de la base de datos. Pruébela: plazo source test {source} < contenido.json. Quizá ese sistema se actualizó, o llama con otro tipo de mensaje que el que pide la guía de plazo."
            );
            self.tell_operator(&subject, &text)?;
        }
        Ok(())
    }

    /// Keeps a payload on which rules failed, and tells the operator which, once each.
    fn put_aside(&mut self, prepared: &Prepared, speech: Speech, told: &mut Told) -> Result<(), StoreError> {
        let faults = &prepared.facts.faults;
        let Some(first) = faults.first() else { return Ok(()) };
        let source = &prepared.source;
        let mut is_new = false;
        for fault in faults {
            let MappingFault { rule, field, .. } = fault;
            if self.store().add_alarm(source, &format!("fault:{rule}:{field}"), self.now)? {
                let subject =
                    both!("a mapping of source `{source}` failed", "falló una correspondencia de la fuente `{source}`");
                let text = both!(
                    "What `{source}` sent could not be read: rule «{rule}», field `{field}`. The payload is kept in the table `quarantine` of the store. Try it: plazo source test {source} < payload.json",
                    "Lo que envió `{source}` no se pudo leer: regla «{rule}», campo `{field}`. El contenido queda en la tabla `quarantine` de la base de datos. Pruébelo: plazo source test {source} < contenido.json"
                );
                self.tell_operator(&subject, &text)?;
                is_new = true;
            }
        }
        // A call comes once; a page that is asked for comes again and again, with the same fault.
        if speech == Speech::Called || is_new {
            let id = EventId { source: source.clone(), id: format!("payload:{}", first.rule) };
            let causes: Vec<_> = faults.iter().map(|fault| fault.words().en).collect();
            self.quarantine(&id, &prepared.payload, &causes.join("; "))?;
            told.quarantined += 1;
        }
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
const fn is_zero(n: &usize) -> bool {
    *n == 0
}
