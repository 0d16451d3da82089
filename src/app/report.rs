//! Reports: their material from the store, when they are sent, and to whom; and the register of escalations (D11).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Datelike as _, Days, TimeDelta, Utc};

use super::App;
use super::desk::Desk;
use super::material::each_loaded;
use super::readers::Readers;
use super::schedule::last_time;
use super::sessions::Viewer;
use super::views::Views;
use super::work::Work;
use super::writer::WriteError;
use crate::both;
use crate::config::{Config, ReportSettings};
use crate::desk::announcement;
use crate::engine::calendar::Calendar;
use crate::engine::check::CheckKind;
use crate::engine::directory::{Directory, Role, Tell};
use crate::engine::event::Fact;
use crate::engine::request::{Phase, Request};
use crate::engine::request_id::RequestId;
use crate::engine::rota::Handover;
use crate::engine::{history, reasons};
use crate::outbox::Content;
use crate::report::{Broken, BrokenRules, By, Case, Fold, Material, Period, Report, Standards};
use crate::store::material::LoadedRequest;
use crate::store::{Store, StoreError};
use crate::text::register::RegisterEntry;
use crate::text::{Both, violation};

/// Requests named behind each figure of a report that is kept for sending; the page and the command have all.
const MOST_FROZEN: usize = 12;

/// Which report is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The period.
    pub period: Period,
    /// In whose hours working time is counted.
    pub calendar: Arc<Calendar>,
    /// What is to be reached.
    pub standards: Standards,
    /// Whose figures; everybody's where it is left out.
    pub whose: Option<Whose>,
    /// Whether the requests behind the figures are named, as people read them; programs have their numbers.
    pub names_requests: bool,
}

/// Whose requests a report counts.
#[derive(Clone)]
pub struct Whose(Arc<dyn Fn(&Request) -> bool + Send + Sync>);

impl std::fmt::Debug for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Whose")
    }
}

/// Why there is no such report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReport {
    /// The file names no such report.
    #[error("sla.toml has no report `{name}`; it has {}", listed(.known).en)]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The period ends before it begins.
    #[error("the period must end after it begins")]
    Empty,
}

/// Names as an error tells them.
fn listed(known: &str) -> Both {
    if known.is_empty() {
        both!("none: [[report]] makes one", "ninguno: [[report]] hace uno")
    } else {
        both!("{known}", "{known}")
    }
}

impl NoReport {
    /// What is wrong, in both languages.
    pub fn words(&self) -> Both {
        match self {
            Self::Unknown { name, known } => {
                let Both { en, es } = listed(known);
                both!(
                    "sla.toml has no report `{name}`; it has {en}",
                    "sla.toml no tiene un informe «{name}»; tiene {es}"
                )
            }
            Self::Empty => both!("the period must end after it begins", "el período debe terminar después de empezar"),
        }
    }
}

impl Wanted {
    /// The report of that name, else the file's first, else one by the usual standards; of the given period, else of the last whole
    /// one.
    ///
    /// # Errors
    ///
    /// [`NoReport`].
    pub fn find(
        config: &Config,
        name: Option<&str>,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        so_far: bool,
        now: DateTime<Utc>,
    ) -> Result<Self, NoReport> {
        let settings = match name {
            None => config.reports.first(),
            Some(name) => {
                let found = config.reports.iter().find(|report| report.name == name);
                let known = config.reports.iter().map(|report| report.name.as_str()).collect::<Vec<_>>().join(", ");
                Some(found.ok_or_else(|| NoReport::Unknown { name: name.to_owned(), known })?)
            }
        };
        let calendar = settings.map_or_else(|| config.usual_calendar(), |report| report.calendar.clone());
        let whole = last_whole(settings.map(|report| report.at), &calendar, now);
        let usual = if so_far { Period { from: whole.to, to: now } } else { whole };
        // Who says from when, and not until when, means until now.
        let usual_to = if from.is_some() { now } else { usual.to };
        let period = Period { from: from.unwrap_or(usual.from), to: to.unwrap_or(usual_to).min(now) };
        if period.to <= period.from {
            return Err(NoReport::Empty);
        }
        Ok(Self {
            name: settings.map_or_else(|| "plazo".to_owned(), |report| report.name.clone()),
            period,
            calendar,
            standards: settings.map(|report| report.standards).unwrap_or_default(),
            whose: None,
            names_requests: true,
        })
    }
}

impl Wanted {
    /// Each report of the file, for its last whole period; the usual one where the file has none.
    pub(super) fn all(config: &Config, now: DateTime<Utc>) -> Vec<Self> {
        let names: Vec<Option<&str>> = match config.reports.as_slice() {
            [] => vec![None],
            reports => reports.iter().map(|report| Some(report.name.as_str())).collect(),
        };
        names.into_iter().filter_map(|name| Self::find(config, name, (None, None), false, now).ok()).collect()
    }
}

/// The whole periods of a report from the one in which something happened first up to then.
pub(super) fn periods(wanted: &Wanted, config: &Config, first: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Period> {
    let settings = config.reports.iter().find(|report| report.name == wanted.name);
    let mut found = Vec::new();
    let mut end = until;
    // The end of each is the beginning of the one after it, by the midnights of its calendar.
    loop {
        let period = last_whole(settings.map(|report| report.at), &wanted.calendar, end);
        if period.to <= first || end <= period.from {
            break;
        }
        found.push(period);
        end = period.from;
    }
    found.reverse();
    found
}

/// The last whole week, or the last whole day, by the midnights of the calendar's zone. Weeks begin on Monday.
fn last_whole(at: Option<Handover>, calendar: &Calendar, now: DateTime<Utc>) -> Period {
    let today = now.with_timezone(&calendar.zone()).date_naive();
    let (end, length) = match at {
        Some(Handover::Daily(_)) => (today, 1),
        Some(Handover::Weekly(..)) | None => (today - Days::new(today.weekday().num_days_from_monday().into()), 7),
    };
    Period { from: calendar.start_of(end - Days::new(length)), to: calendar.start_of(end) }
}

impl App {
    /// Of which requests a viewer may have figures: those that the viewer sees.
    pub fn figures_of(&self, viewer: &Viewer) -> Option<Whose> {
        if viewer.sees_all(&self.config(), self.now()) {
            return None;
        }
        let (app, viewer) = (self.clone(), viewer.clone());
        Some(Whose(Arc::new(move |request| app.sees(&viewer, request))))
    }
}

impl Views {
    /// Makes a report beside the period before it.
    pub async fn report(&self, wanted: Wanted) -> Result<Report, StoreError> {
        let (config, core, readers) = (self.core.config(), Arc::clone(&self.core), Arc::clone(&self.readers));
        self.readers
            .read(move |store| match kept(store, &wanted, wanted.period)? {
                Some(report) => Ok(report),
                None => make(store, &readers, &config, &wanted, &core.report),
            })
            .await
    }

    /// How many requests the report that is being made has looked at, and of how many; of two at once, the later one's.
    pub fn report_progress(&self) -> (usize, usize) {
        let [n, of] = &self.core.report;
        (n.load(Ordering::Relaxed), of.load(Ordering::Relaxed))
    }
}

/// A report and the one before it, from what is in the store: each request is looked at once for both, and forgotten then, so that a year costs
/// no more memory than a week.
fn make(
    store: &Store,
    readers: &Readers,
    config: &Config,
    wanted: &Wanted,
    progress: &[AtomicUsize; 2],
) -> Result<Report, StoreError> {
    let length = wanted.period.to - wanted.period.from;
    let earlier = Period { from: wanted.period.from - length, to: wanted.period.from };
    let rulebook = &config.rulebook;
    let [now, before] = [wanted.period, earlier].map(|period| store.lateness_of(period.from, period.to));
    let lateness_ms = [now?, before?];
    let kept_before = kept(store, wanted, earlier)?;
    let material = |period, lateness_ms| Material {
        period,
        calendar: &wanted.calendar,
        standards: wanted.standards,
        directory: &rulebook.directory,
        lateness_ms,
        names_requests: wanted.names_requests,
    };
    let broken = broken(store, wanted, wanted.period, &rulebook.directory)?;
    let mut report = Fold::new(material(wanted.period, &lateness_ms[0]), broken, rulebook);
    let broken = self::broken(store, wanted, earlier, &rulebook.directory)?;
    let mut before = Fold::new(material(earlier, &lateness_ms[1]), broken, rulebook);
    // What happened since the later one began is all there is to look at for it, and more for the one before.
    let later: HashSet<RequestId> = store.concerned(wanted.period.from)?.into_iter().collect();
    let ids = store.concerned(if kept_before.is_some() { wanted.period.from } else { earlier.from })?;
    each_loaded(readers, &ids, progress, |LoadedRequest { id, events, clocks }| {
        let seen = history::up_to(id, &events, rulebook, [earlier.to, wanted.period.to]);
        let folds = [(kept_before.is_none(), &mut before), (later.contains(&id), &mut report)];
        for ((is_concerned, fold), history) in folds.into_iter().zip(seen) {
            let request = &history.request;
            // One that began later is none yet.
            if request.phase == Phase::Unopened
                || !is_concerned
                || !wanted.whose.as_ref().is_none_or(|Whose(counts)| counts(request))
            {
                continue;
            }
            // Whenever it was said: the figures are those of the period in which it broke.
            let reasons = reasons::of(&events, &clocks, request.owner.as_deref(), rulebook);
            fold.add(&Case { history, clocks: &clocks, reasons });
        }
    })?;
    let mut report = report.finish(&wanted.name);
    report.compare(&kept_before.unwrap_or_else(|| before.finish(&wanted.name)));
    report.let_go_until = store.figures_let_go_until()?.filter(|until| wanted.period.from < *until);
    Ok(report)
}

/// A report of everybody that was kept as it was. Of what was let go, figures can no longer be made.
fn kept(store: &Store, wanted: &Wanted, period: Period) -> Result<Option<Report>, StoreError> {
    if wanted.whose.is_some() {
        return Ok(None);
    }
    let text = store.past_report(&wanted.name, period.from, period.to)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Rules that were broken in a period.
fn broken(store: &Store, wanted: &Wanted, period: Period, directory: &Directory) -> Result<BrokenRules, StoreError> {
    let mut rules = BrokenRules::default();
    store.each_violation(period.from, period.to, |row| {
        if let Some(Whose(counts)) = &wanted.whose
            && !store.request(row.request)?.is_some_and(|request| counts(&request))
        {
            return Ok(());
        }
        let broken = Broken {
            id: row.id.0,
            request: row.request,
            violation: row.violation,
            owner: row.owner,
            excuse: row.excuse.map(|(excuse, ..)| excuse),
        };
        rules.add(broken, directory);
        Ok(())
    })?;
    Ok(rules)
}

impl Desk {
    /// Sends each report whose time has come since it last went out, once however many were missed. Figures are gathered beside the
    /// writer, whom alerts wait for.
    pub(super) async fn send_reports(&self) -> Result<(), WriteError> {
        for due in self.writer.write(|work| work.due_reports()).await? {
            let report = trimmed(self.views.report(due.wanted.clone()).await?);
            self.writer.write(move |work| work.send_report(&due, &report)).await?;
        }
        Ok(())
    }
}

/// A report whose time has come.
#[derive(Debug, Clone)]
struct DueReport {
    key: String,
    due_at: DateTime<Utc>,
    wanted: Wanted,
    tell: Vec<Tell>,
}

impl Work<'_> {
    fn due_reports(&mut self) -> Result<Vec<DueReport>, StoreError> {
        let config = self.config.clone();
        let mut found = Vec::new();
        for settings in &config.reports {
            let key = format!("report.{}", settings.name);
            let Some(last_run) = self.store().last_run(&key)? else {
                // New in the file: it begins with its next time.
                self.store().set_last_run(&key, self.now)?;
                continue;
            };
            let Some(due_at) = last_due(settings, last_run, self.now) else { continue };
            let period = last_whole(Some(settings.at), &settings.calendar, due_at);
            let wanted = Wanted {
                name: settings.name.clone(),
                period,
                calendar: settings.calendar.clone(),
                standards: settings.standards,
                whose: None,
                names_requests: true,
            };
            found.push(DueReport { key, due_at, wanted, tell: leads_of(settings, &config) });
        }
        Ok(found)
    }

    /// Writes a report's messages, unless another look was faster.
    fn send_report(&mut self, due: &DueReport, report: &Report) -> Result<(), StoreError> {
        if self.store().last_run(&due.key)?.is_some_and(|last_run| due.due_at <= last_run) {
            return Ok(());
        }
        self.store().set_last_run(&due.key, due.due_at)?;
        let content = Content::Report(Box::new(report.clone()));
        let recipients = self.config.rulebook.directory.recipients(&due.tell, None, None, self.now);
        let told =
            recipients.iter().map(|reader| announcement(content.clone(), reader, &self.config, self.now)).collect();
        self.tell(told).map(|_| ())
    }
}

/// Whom a report names; `lead` is the lead of every team, since it belongs to none.
fn leads_of(settings: &ReportSettings, config: &Config) -> Vec<Tell> {
    let leads = || config.rulebook.directory.leads().map(|lead| Tell::Person(lead.to_owned()));
    let mut told = Vec::new();
    for tell in &settings.tell {
        match tell {
            Tell::Role(Role::Lead) => told.extend(leads()),
            tell => told.push(tell.clone()),
        }
    }
    told
}

/// Without most of the requests behind each figure.
fn trimmed(mut report: Report) -> Report {
    // Those of everything stay whole: the message says how many more there are.
    for group in report.groups.iter_mut().filter(|group| group.by != By::All) {
        let figures = &mut group.figures;
        let lists = [
            &mut figures.first_response.requests,
            &mut figures.response.requests,
            &mut figures.resolution.requests,
            &mut figures.unanswered.requests,
            &mut figures.closed_unanswered.requests,
            &mut figures.kept.requests,
            &mut figures.early.requests,
            &mut figures.violations.requests,
        ];
        for list in lists {
            list.truncate(MOST_FROZEN);
        }
    }
    for rule in &mut report.violations {
        rule.broken.truncate(MOST_FROZEN);
    }
    report.orphans.truncate(MOST_FROZEN);
    for one in &mut report.waived {
        one.answers.truncate(MOST_FROZEN);
    }
    for reason in &mut report.reasons {
        reason.breaches.truncate(MOST_FROZEN);
    }
    report.still.truncate(MOST_FROZEN);
    report.kept_waiting.truncate(MOST_FROZEN);
    report
}

/// The last instant after `last_run` and up to `now` at which the report falls due, by the wall clock of its calendar.
fn last_due(settings: &ReportSettings, last_run: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let pattern = match settings.at {
        Handover::Daily(time) => time.format("%-M %-H * * *").to_string(),
        Handover::Weekly(day, time) => format!("{} {day}", time.format("%-M %-H * *")).to_uppercase(),
    };
    last_time(&pattern, &settings.calendar, (last_run, now), |_| true)
}

impl Views {
    /// The register of escalations of a period: what was handed up, and answers that say nothing or the same again.
    pub async fn escalations(&self, period: Period) -> Result<Vec<RegisterEntry>, StoreError> {
        let config = self.core.config();
        self.readers.read(move |store| register(store, &config, period)).await
    }
}

/// An entry of the register before its request is known.
struct Found {
    at: DateTime<Utc>,
    request: RequestId,
    what: String,
    why: String,
    who: Option<String>,
}

fn register(store: &Store, config: &Config, period: Period) -> Result<Vec<RegisterEntry>, StoreError> {
    let mut found: Vec<Found> = Vec::new();
    for (request, event) in store.events_of_type("escalate", period.from, period.to)? {
        let Fact::Escalate { reason: why } = event.fact else { continue };
        let who = event.author.and_then(|author| author.name.or(author.address));
        found.push(Found { at: event.at, request, what: "escalate".to_owned(), why, who });
    }
    let is_registered = |kind| matches!(kind, CheckKind::Repeated | CheckKind::Empty | CheckKind::Queues);
    store.each_violation(period.from, period.to, |row| {
        if is_registered(row.violation.check) {
            let why = config.language.of(violation::what(&row.violation.finding));
            let (what, who) = (row.violation.rule, row.violation.who);
            found.push(Found { at: row.at, request: row.request, what, why, who });
        }
        Ok(())
    })?;
    found.sort_by_key(|found| (found.at, found.request));
    let mut requests = HashMap::new();
    for id in found.iter().map(|found| found.request).collect::<BTreeSet<_>>() {
        requests.insert(id, store.request(id)?);
    }
    let directory = &config.rulebook.directory;
    let person = |word: String| directory.person(&word).map_or(word, |person| person.name.clone());
    let client = |word: &String| directory.customer_name(word).to_owned();
    let entries = found.into_iter().filter_map(|Found { at, request: id, what, why, who }| {
        let request = requests.get(&id)?.as_ref()?;
        Some(RegisterEntry {
            at,
            request: id,
            what,
            why,
            who: who.map(person),
            channel: request.facets.channel.clone(),
            client: request.facets.customer.as_ref().map(client).or_else(|| request.contact.clone()),
            subject: request.subject.clone(),
            owner: request.owner.clone().map(person),
            state: request.phase.as_str(),
        })
    });
    Ok(entries.collect())
}

/// A period of the last thirty days, for what is not given.
pub fn last_month(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Period {
    let to = to.unwrap_or(now);
    Period { from: from.unwrap_or(to - TimeDelta::days(30)), to }
}
