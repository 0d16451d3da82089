//! The outbox: leases deliveries, sends them side by side, records what came of each, and decides when to try again.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::writing;
use crate::app::metrics::DeliveryLabels;
use crate::app::{App, ToSend, Tried, WriteError, links};
use crate::both;
use crate::config::{Config, Contact, Destination};
use crate::engine::directory::Recipient;
use crate::net::Clients;
use crate::notify::capabilities::Readers;
use crate::notify::phone::ForPhone;
use crate::notify::{Card, DeliveryError, Message, Receipt, Transport, facts};
use crate::outbox::message::Leased;
use crate::outbox::writing::{WriteFacts, source_of, way_to};
use crate::outbox::{Attempt, Content, DeliveryId, ReaderLimit, retry};
use crate::text::format::one_line;
use crate::text::further::Further;
use crate::text::phone::{self, gsm::Alphabet};
use crate::text::printable::printable_marked;
use crate::text::reader::Reader;
use crate::text::render::{Rendered, render};
use crate::text::{Both, Language};
use crate::writeback::HelpDesk;

/// The wait after a store failed, and between looks at messages that wait behind a standing destination.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// After a lease there may be more; what is on its way usually ends sooner than this.
const AFTER_LEASE: Duration = Duration::from_millis(100);
const LONGEST_IDLE: TimeDelta = TimeDelta::seconds(30);
/// What of a peer's answer the log bears.
const LONGEST_REPLY: usize = 120;
/// How often the operator is told that a person got as much by a destination as a day allows.
const LIMIT_NOTICE_EVERY: TimeDelta = TimeDelta::days(1);
/// How often the operator is told that a destination swallows messages for good.
const DEAD_NOTICE_EVERY: TimeDelta = TimeDelta::minutes(30);

/// All by which messages go.
#[derive(Clone, Default)]
pub(super) struct Transports {
    /// Transports by the name of their destination.
    ways: HashMap<String, Transport>,
    /// Help desks by the name of their source.
    desks: HashMap<String, Arc<HelpDesk>>,
}

impl Transports {
    /// Takes over those of another file beside these.
    pub(super) fn extend(&mut self, other: Self) {
        self.ways.extend(other.ways);
        self.desks.extend(other.desks);
    }
}

/// Builds every transport of a file, so that whatever can fail fails before anything is swapped (LESSONS 35).
pub(super) fn transports(config: &Config, clients: &Clients, files: &Path) -> anyhow::Result<Transports> {
    let mut built = Transports::default();
    for (name, destination) in &config.destinations {
        let transport = Transport::new(&destination.settings, clients, files).with_context(|| {
            config.language.of(both!("destination `{name}` of sla.toml", "el destino «{name}» de sla.toml"))
        })?;
        built.ways.insert(name.clone(), transport);
    }
    let is_asked_for = config.writes_back();
    for (name, source) in &config.sources {
        match HelpDesk::of(source, clients) {
            Ok(desk) => built.desks.extend(desk.map(|desk| (name.clone(), Arc::new(desk)))),
            Err(error) if is_asked_for => {
                let of_source = both!("source `{name}` of sla.toml", "la fuente «{name}» de sla.toml");
                return Err(error).with_context(|| config.language.of(of_source));
            }
            // Whoever reads it says so, and no step writes there.
            Err(error) => tracing::debug!(source = name, %error, "nothing can be written back"),
        }
    }
    Ok(built)
}

/// Sends what was decided.
pub(super) struct Sender {
    app: App,
    transports: Arc<ArcSwap<Transports>>,
    done: mpsc::UnboundedSender<Done>,
    finished: mpsc::UnboundedReceiver<Done>,
    /// Deliveries on their way, by destination.
    in_flight: HashMap<String, usize>,
    probing: HashSet<String>,
    outcomes: Vec<Tried>,
    /// Sent while the store could not be written; not to be sent again before that is recorded.
    unrecorded: HashSet<DeliveryId>,
    dead_told_at: HashMap<String, DateTime<Utc>>,
    /// When the operator was told that a person gets no more by a destination.
    limit_told_at: HashMap<(String, String), DateTime<Utc>>,
    is_alarmed: bool,
    is_told_of_disk: bool,
    looked_at: Instant,
    express: mpsc::UnboundedReceiver<Vec<Leased>>,
    /// How many may be on their way.
    capacity: usize,
    /// Room that is not given back, since a reload made it less.
    surplus: usize,
}

/// Alarms that were told, for their names.
static N_TOLD: AtomicI64 = AtomicI64::new(0);

/// A try that ended.
struct Done {
    delivery: Leased,
    is_leased: bool,
    began_at: DateTime<Utc>,
    result: Result<Receipt, DeliveryError>,
}

impl Sender {
    pub(super) fn new(app: App, transports: Transports) -> (Self, Arc<ArcSwap<Transports>>) {
        let transports = Arc::new(ArcSwap::from_pointee(transports));
        // Bounded by what is in flight.
        let (done, finished) = mpsc::unbounded_channel();
        let capacity = app.config().alerts.in_flight;
        // There is one outbox; a second one would find nothing to take.
        let express = app.outbox.take_express().unwrap_or_else(|| mpsc::unbounded_channel().1);
        let outbox = Self {
            app,
            transports: Arc::clone(&transports),
            done,
            finished,
            in_flight: HashMap::new(),
            probing: HashSet::new(),
            outcomes: Vec::new(),
            unrecorded: HashSet::new(),
            dead_told_at: HashMap::new(),
            limit_told_at: HashMap::new(),
            is_alarmed: false,
            is_told_of_disk: false,
            looked_at: Instant::now(),
            express,
            capacity,
            surplus: 0,
        };
        (outbox, transports)
    }

    /// Runs until `draining`, then lets what is on its way end, for at most `limit`.
    pub(super) async fn run(mut self, draining: CancellationToken, limit: Duration) {
        while !draining.is_cancelled() {
            self.watch_store().await;
            let wait = match self.round(true).await {
                Ok(leases) => {
                    let has_leased = !leases.leased.is_empty();
                    self.send(leases.leased, true);
                    self.hand_over_waiting().await;
                    let now = self.app.now();
                    let idle = leases.next_at.map_or(LONGEST_IDLE, |at| at - now);
                    let idle = self.app.time().real(idle.clamp(TimeDelta::milliseconds(1), LONGEST_IDLE));
                    // Whoever waits for a destination that stands may have a fallback, and less patience than the hold.
                    match (has_leased, leases.next_at) {
                        (true, _) => AFTER_LEASE,
                        (false, Some(_)) => idle.min(AFTER_FAILURE),
                        (false, None) => idle,
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be written");
                    self.send_unwritten().await;
                    if self.app.share().is_some() {
                        // A server that is away says so at once, and whoever could not write has the outbox look again.
                        tokio::time::sleep(AFTER_FAILURE / 4).await;
                    }
                    AFTER_FAILURE
                }
            };
            tokio::select! {
                Some(done) = self.finished.recv() => self.settle(done).await,
                Some(leased) = self.express.recv() => self.send(leased, true),
                () = self.app.outbox.decided() => {}
                () = tokio::time::sleep(wait) => {}
                () = draining.cancelled() => {}
            }
            while let Ok(done) = self.finished.try_recv() {
                self.settle(done).await;
            }
        }
        while let Ok(leased) = self.express.try_recv() {
            self.send(leased, true);
        }
        let ended = async {
            while 0 < self.n_in_flight() {
                let Some(done) = self.finished.recv().await else { break };
                self.settle(done).await;
            }
        };
        if tokio::time::timeout(limit, ended).await.is_err() {
            tracing::warn!("some deliveries did not end in time; they are tried again after the next start");
        }
        if let Err(error) = self.round(false).await {
            tracing::error!(%error, "what came of the last deliveries could not be written");
        }
    }

    /// Records what is done and leases what there is room for.
    async fn round(&mut self, is_open: bool) -> Result<ToSend, WriteError> {
        let capacity = self.app.config().alerts.in_flight;
        if capacity != self.capacity {
            self.change_capacity(capacity);
        }
        let per_destination = (capacity - capacity / 4).max(1);
        let full = self.in_flight.iter().filter(|(_, n)| per_destination <= **n).map(|(name, _)| name.clone());
        let busy = full.chain(self.probing.iter().cloned()).collect();
        let outcomes = self.outcomes.clone();
        let leases = self.app.outbox.record_and_lease(outcomes, is_open, busy).await?;
        self.outcomes.clear();
        self.unrecorded.clear();
        Ok(leases)
    }

    /// A reload changed how many may be on their way: more at once, fewer as they end.
    fn change_capacity(&mut self, capacity: usize) {
        match capacity.checked_sub(self.capacity) {
            Some(more) => self.app.outbox.give_room(more),
            None => self.surplus += self.capacity - capacity,
        }
        self.capacity = capacity;
    }

    fn give_room(&mut self) {
        match self.surplus.checked_sub(1) {
            Some(less) => self.surplus = less,
            None => self.app.outbox.give_room(1),
        }
    }

    fn n_in_flight(&self) -> usize {
        self.in_flight.values().sum()
    }

    fn send(&mut self, leased: Vec<Leased>, is_leased: bool) {
        for delivery in leased {
            *self.in_flight.entry(delivery.destination.clone()).or_default() += 1;
            if delivery.is_probe {
                self.probing.insert(delivery.destination.clone());
            }
            let (app, transports, done) = (self.app.clone(), self.transports.load_full(), self.done.clone());
            tokio::spawn(async move {
                let began_at = app.now();
                let (own_app, own_delivery) = (app, delivery.clone());
                if !own_app.may_send() {
                    // Stopped for a while: others take it for dead, and may have sent it.
                    let cause = "plazo stood still".to_owned();
                    done.send(Done { delivery, is_leased, began_at, result: Err(DeliveryError::Retry { cause }) }).ok();
                    return;
                }
                let tried = tokio::spawn(async move { attempt(&own_app, &transports, &own_delivery).await });
                // A try that panics is a failed one; its room and its lease are given back.
                let panicked = |_| Err(DeliveryError::Retry { cause: "plazo failed; its log says why".to_owned() });
                let result = tried.await.unwrap_or_else(panicked);
                // The outbox outlives every try; if it is gone, the lease tells.
                done.send(Done { delivery, is_leased, began_at, result }).ok();
            });
        }
    }

    /// What was decided still goes out while the store cannot be written.
    async fn send_unwritten(&mut self) {
        let room = self.app.config().alerts.in_flight.saturating_sub(self.n_in_flight());
        let Ok(peeked) = self.app.outbox.peek_deliveries(room + self.unrecorded.len()).await else { return };
        let fresh: Vec<_> = peeked.into_iter().filter(|delivery| self.unrecorded.insert(delivery.id)).collect();
        self.send(fresh, false);
    }

    /// Raises the alarm once when the store cannot be written, and takes it back when it can.
    async fn watch_store(&mut self) {
        let is_failing = self.app.is_failing();
        match (std::mem::replace(&mut self.is_alarmed, is_failing), is_failing) {
            (false, true) => {
                self.alarm(&Both {
                    en: ("the store cannot be written", "plazo takes no events until its disk can be written again. Check space and rights of the data directory."),
                    es: ("no se puede escribir la base de datos", "plazo no recibe eventos hasta que se pueda escribir en su disco. Revise el espacio y los permisos del directorio de datos."),
                })
                .await;
            }
            (true, false) => tracing::info!("the store can be written again"),
            (false, false) | (true, true) => {}
        }
        let is_full = self.app.is_disk_full();
        if is_full && !std::mem::replace(&mut self.is_told_of_disk, is_full) {
            self.alarm(&Both {
                en: ("the disk is full", "plazo takes no events until there is room on its disk, and whoever sends them tries again. What is due still goes out, from a reserve. Make room now."),
                es: ("el disco está lleno", "plazo no recibe eventos hasta que haya espacio en su disco, y quien los envía vuelve a intentarlo. Lo que vence sale todavía, con una reserva. Haga espacio ya."),
            })
            .await;
        }
        self.is_told_of_disk = is_full;
    }

    /// Tells the operator something, past the store.
    async fn alarm(&self, told: &Both<(&'static str, &'static str)>) {
        let config = self.app.config();
        let ways: Vec<(Option<String>, String)> = match &config.operator {
            None => Vec::new(),
            Some(Recipient::Destination(name)) => vec![(None, name.clone())],
            Some(Recipient::Person(key)) => config.contacts.get(key).map_or_else(Vec::new, |contact| {
                contact.ways(self.app.now()).into_iter().map(|name| (Some(key.clone()), name.to_owned())).collect()
            }),
        };
        let language = config.operator.as_ref().map_or(config.language, |operator| config.language_of(operator));
        let (subject, text) = match language {
            Language::En => told.en,
            Language::Es => told.es,
        };
        let now = self.app.now();
        for (person, destination) in ways {
            let delivery = Leased {
                // Its own also where two are told at one instant: as a file, they would be one.
                id: DeliveryId(now.timestamp_micros() + N_TOLD.fetch_add(1, Ordering::Relaxed)),
                fence: 0,
                attempt: 1,
                in_doubt: false,
                person,
                destination,
                request: None,
                planned_at: now,
                decided_at: now,
                content: Content::Notice {
                    subject: subject.to_owned(),
                    text: config.with_status_page(text.to_owned()),
                },
                is_probe: false,
                route: Vec::new(),
                first: None,
                updates: None,
                waited: false,
            };
            let (app, transports) = (self.app.clone(), self.transports.load_full());
            tokio::spawn(async move {
                if let Err(error) = attempt(&app, &transports, &delivery).await {
                    tracing::error!(cause = error.cause(), "the operator could not be told");
                }
            });
        }
    }

    /// Turns a try's end into an outcome.
    async fn settle(&mut self, done: Done) {
        let Done { delivery, is_leased, began_at, result } = done;
        if let Some(n) = self.in_flight.get_mut(&delivery.destination) {
            *n = n.saturating_sub(1);
        }
        if is_leased {
            self.give_room();
        } else if result.is_err() {
            self.unrecorded.remove(&delivery.id);
        }
        if delivery.is_probe {
            self.probing.remove(&delivery.destination);
        }
        let now = self.app.now();
        if let Err(DeliveryError::NotToReader { limit, .. }) = &result {
            self.tell_of_limit(&delivery, *limit, now).await;
        }
        let mut cost = None;
        let (ended, hold_until) = match result {
            Ok(receipt) => {
                cost = receipt.cost;
                let is_alert = matches!(delivery.content, Content::Alert(_));
                // What waits on purpose is not late.
                if is_alert && !delivery.waited {
                    self.app.metrics().lateness.0.observe((now - delivery.planned_at).as_seconds_f64());
                }
                if delivery.in_doubt {
                    self.app.metrics().possible_doubles.inc();
                }
                (Attempt::Sent { answer: receipt.answer, reference: receipt.reference, began_at }, None)
            }
            Err(error) => {
                let failures = self.app.outbox.hold_failures(delivery.destination.clone()).await.unwrap_or(0);
                retry::judge(&self.app.config().limits_of(&delivery.destination), &delivery, &error, failures, now)
            }
        };
        let result = match &ended {
            Attempt::Sent { .. } => "sent",
            Attempt::Later { .. } => "later",
            Attempt::HandedOver { .. } => "handed_over",
            Attempt::Unneeded { .. } => "unneeded",
            Attempt::Dead { .. } => "dead",
        };
        if let Attempt::Sent { answer, .. } = &ended {
            tell_of_sent(&delivery, answer);
        }
        let labels = DeliveryLabels { destination: delivery.destination.clone(), result };
        self.app.metrics().deliveries.get_or_create(&labels).inc();
        if let Attempt::Later { cause, .. } | Attempt::HandedOver { cause, .. } | Attempt::Dead { cause } = &ended {
            let destination = &delivery.destination;
            tracing::warn!(
                delivery = %delivery.id,
                destination,
                attempt = delivery.attempt,
                result,
                cause,
                "not delivered"
            );
        }
        // An update that comes too late for its message costs nobody anything.
        let is_missed = !matches!(
            delivery.content,
            Content::Notice { .. }
                | Content::Test(_)
                | Content::Link { .. }
                | Content::Approval(_)
                | Content::Update { .. }
        );
        if let Attempt::Dead { cause } = &ended
            && is_missed
        {
            self.tell_of_dead(&delivery, cause, now).await;
        }
        self.outcomes.push(Tried {
            id: delivery.id,
            person: delivery.person,
            fence: is_leased.then_some(delivery.fence),
            destination: delivery.destination,
            attempt: ended,
            cost,
            hold_until,
        });
    }

    /// Messages behind a destination that stands do not wait for it longer than those that were tried.
    async fn hand_over_waiting(&mut self) {
        if self.looked_at.elapsed() < AFTER_FAILURE {
            return;
        }
        self.looked_at = Instant::now();
        let config = self.app.config();
        let now = self.app.now();
        let ways = config.destinations.iter().map(|(name, own)| (name.clone(), own.fallback.clone()));
        let desks = config.sources.values().filter(|source| !source.write.fallback.is_empty());
        let desks = desks.map(|source| (way_to(&source.name), source.write.fallback.clone()));
        for (name, fallback) in ways.chain(desks) {
            if !matches!(self.app.outbox.hold_failures(name.clone()).await, Ok(1..)) {
                continue;
            }
            let since = now - config.limits_of(&name).patience(true);
            match self.app.outbox.hand_over_waiting(name.clone(), fallback, since).await {
                Ok(0) => {}
                Ok(n_messages) => tracing::warn!(n_messages, from = %name, "handed over"),
                Err(error) => tracing::error!(%error, "waiting deliveries could not be handed over"),
            }
        }
    }

    /// Tells that nothing goes to a person by a destination. What waits is written down with it, so that it is told once.
    async fn tell_of_limit(&mut self, delivery: &Leased, limit: ReaderLimit, now: DateTime<Utc>) {
        let Some(person) = delivery.person.clone() else { return };
        let (destination, whose) = (delivery.destination.clone(), (person.clone(), delivery.destination.clone()));
        let told_at = self.limit_told_at.get(&whose);
        if limit == ReaderLimit::Bound && told_at.is_some_and(|told_at| now - *told_at < LIMIT_NOTICE_EVERY) {
            return;
        }
        match self.app.outbox.tell_of_limit(person, destination, limit).await {
            Ok(()) => drop(self.limit_told_at.insert(whose, now)),
            Err(error) => tracing::error!(%error, "that a person gets no more could not be told"),
        }
    }

    async fn tell_of_dead(&mut self, delivery: &Leased, cause: &str, now: DateTime<Utc>) {
        let told_at = self.dead_told_at.get(&delivery.destination);
        if told_at.is_some_and(|told_at| now - *told_at < DEAD_NOTICE_EVERY) {
            return;
        }
        self.dead_told_at.insert(delivery.destination.clone(), now);
        let destination = &delivery.destination;
        let subject = crate::both!("`{destination}` does not take alerts", "`{destination}` no recibe avisos");
        let text = crate::both!(
            "An alert could not be delivered by `{destination}`, and no fallback is left. See: plazo deliveries --state dead",
            "Un aviso no se pudo entregar por `{destination}` y no queda otro camino. Vea: plazo deliveries --state dead"
        );
        // What a help desk lacks, its operator can make: a label, a right, somebody's id.
        let (subject, text) = match &delivery.content {
            Content::Write(facts) => {
                let (source, deed, request) = (&facts.source, facts.deed.word(), facts.about.request);
                (
                    both!("something was not written in `{source}`", "algo no se escribió en `{source}`"),
                    both!(
                        "`{deed}` of {request} was not done there: {cause}. See: plazo deliveries --state dead",
                        "`{deed}` de {request} no se hizo allá: {cause}. Vea: plazo deliveries --state dead"
                    ),
                )
            }
            _ => (subject, text),
        };
        let config = self.app.config();
        let language = config.operator.as_ref().map_or(config.language, |operator| config.language_of(operator));
        if let Err(error) = self.app.outbox.notify_operator(language.of(subject), language.of(text)).await {
            tracing::error!(%error, "the operator could not be told");
        }
    }
}

async fn attempt(app: &App, transports: &Transports, delivery: &Leased) -> Result<Receipt, DeliveryError> {
    if let Content::Write(facts) = &delivery.content
        && let Some(source) = source_of(&delivery.destination)
    {
        let desk = transports.desks.get(source).ok_or_else(|| gone(&delivery.destination))?;
        return writing::attempt(app, desk, delivery, facts).await;
    }
    let transport = transports.ways.get(&delivery.destination).ok_or_else(|| gone(&delivery.destination))?;
    let message = message(app, delivery)?;
    let config = app.config();
    let terms = config.destinations.get(&delivery.destination).and_then(|destination| destination.settings.phone());
    if let (Some(terms), Some((_, number))) = (terms, &message.to) {
        app.may_telephone(delivery, number, terms).await?;
    }
    transport.send(&message, app.now()).await
}

fn gone(name: &str) -> DeliveryError {
    DeliveryError::GiveUp { cause: format!("`{name}` is no longer in sla.toml") }
}

/// What is told in the place of a note: the alert that it was, or the words that somebody wanted to have written.
fn unwritten(facts: &WriteFacts, language: Language) -> Content {
    let Some(words) = &facts.words else { return Content::Alert(Box::new(facts.about.clone())) };
    let request = facts.about.request;
    let subject = crate::both!("{request}: a note that was not written", "{request}: una nota que no se escribió");
    Content::Notice { subject: language.of(subject), text: words.clone() }
}

/// Renders a delivery in its reader's language, from the facts frozen at the decision.
fn message(app: &App, delivery: &Leased) -> Result<Message, DeliveryError> {
    let config = app.config();
    // What could not be noted somewhere is told as the alert that it was.
    let noted = match &delivery.content {
        Content::Write(facts) => Some(unwritten(facts, config.language)),
        _ => None,
    };
    let content = noted.as_ref().unwrap_or(&delivery.content);
    let destination = config.destinations.get(&delivery.destination).ok_or_else(|| gone(&delivery.destination))?;
    let contact = delivery.person.as_ref().and_then(|key| config.contacts.get(key));
    let language: Language = contact.map_or(destination.language, |contact| contact.language);
    let can = destination.settings.can();
    let reader = links::LinkReader::of(delivery.person.as_deref(), &delivery.destination);
    let links = |request| app.links(request, &reader, delivery.decided_at);
    let further = |page: &Further| app.further_link(page, &reader, delivery.decided_at);
    let reader = Reader {
        zone: config.zone,
        language,
        now: app.now(),
        doubt: delivery.in_doubt,
        by_reply: can.is_answered && config.hears_replies(),
        person: delivery.person.as_deref(),
        links: &links,
        list: app.list_link(&reader, delivery.decided_at),
        further: &further,
    };
    // Programs get the facts and a sentence; that of an alert needs no template.
    let is_rendered = can.is_read_by_people || !matches!(content, Content::Alert(_));
    let rendered = if is_rendered { render(content, &config.texts, &reader) } else { Rendered::default() };
    let card =
        if can.is_read_by_people { Card::of(content, &rendered.text, &reader).printable() } else { Card::default() };
    let subject = printable_marked(&rendered.subject.replace(['\n', '\t'], " "));
    let instance = app.instance().get(..8).unwrap_or_default();
    let whose = (delivery.id, delivery.person.as_deref(), delivery.decided_at);
    let facts =
        if can.takes_facts { facts::document(content, whose, &subject, &reader) } else { serde_json::Value::Null };
    let request = content.request().or(delivery.request);
    let phone = can.is_phone.then(|| {
        let base = config.public_url.as_deref();
        let text = |wanted| phone::text(content, &subject, base, &reader, wanted);
        ForPhone {
            folded: text(Alphabet::Gsm7),
            accented: text(Alphabet::Ucs2),
            spoken: phone::call(content, &subject, &reader),
            callback: app.phone_callback(delivery),
            is_looked_for: delivery.in_doubt,
        }
    });
    Ok(Message {
        // What is answered bears the mark by which the answer is known to be its reader's.
        id: app.mail_name(delivery.id, delivery.person.as_deref().filter(|_| can.is_answered)),
        request,
        thread: request.map(|request| format!("{instance}.{request}")),
        to: mailbox(destination, contact, &delivery.destination),
        decided_at: delivery.decided_at,
        language,
        subject,
        text: printable_marked(&rendered.text),
        html: printable_marked(&rendered.html),
        attachments: rendered.attachments,
        card: Card { key: card.key.as_ref().map(|key| format!("{instance}.{key}")), ..card },
        facts,
        first: delivery.first.clone(),
        updates: delivery.updates.clone(),
        phone,
    })
}

/// Name and address of whoever reads it there, where the transport is not told them by the file already.
fn mailbox(destination: &Destination, contact: Option<&Contact>, name: &str) -> Option<(String, String)> {
    match destination.settings.can().readers {
        Readers::ByMail => match destination.settings.address() {
            Some(address) => Some((name.to_owned(), address.to_owned())),
            None => contact.and_then(|contact| Some((contact.name.clone(), contact.email.clone()?))),
        },
        Readers::ByReach | Readers::Shared => {
            contact.and_then(|contact| Some((contact.name.clone(), contact.reach.get(name)?.clone())))
        }
    }
}

/// A line of the log for what went out: which message, to whom and by what, without anybody's words.
fn tell_of_sent(delivery: &Leased, answer: &str) {
    let (what, step) = match &delivery.content {
        Content::Alert(facts) => (facts.target.as_str(), Some(facts.step.as_str())),
        Content::Update { .. } => ("update", None),
        Content::Digest { .. } => ("digest", None),
        Content::Violation(_) => ("violation", None),
        Content::List { .. } => ("list", None),
        Content::Report(_) => ("report", None),
        Content::Invitation(_) => ("invitation", None),
        Content::Test(_) => ("test", None),
        Content::Link { .. } => ("link", None),
        Content::Approval(_) => ("approval", None),
        Content::Write(facts) => (facts.deed.word(), Some(facts.about.step.as_str())),
        Content::Notice { .. } => ("notice", None),
    };
    tracing::info!(
        delivery = %delivery.id,
        request = delivery.request.map(tracing::field::display),
        what = %what,
        step = step.map(tracing::field::display),
        to = delivery.person.as_deref().map(tracing::field::display),
        by = %delivery.destination,
        reply = one_line(answer, LONGEST_REPLY),
        "delivered"
    );
}
