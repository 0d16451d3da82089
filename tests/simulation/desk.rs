//! The daemon's part, in one thread and in virtual time: the real application over a real store, the timer's and the outbox's
//! rounds, crashes and restarts.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use fastrand::Rng;
use plazo::app::absence::AbsenceTold;
use plazo::app::time::TimeSource;
use plazo::app::{App, Applied, Incoming, Occasion, Tried, WriteError};
use plazo::config::{self, Config};
use plazo::engine::absence::Absence;
use plazo::outbox::Attempt;
use plazo::outbox::message::Leased;
use plazo::outbox::retry;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::check::{Failure, View};
use crate::peer::{Peers, Try};
use crate::plan::{Moment, Plan, Said, What};

/// Rounds of one run; more than any takes that comes to rest.
const MOST_ROUNDS: usize = 50_000;
/// Everything has an end by then, the last repeated escalation of the longest promise too.
const HORIZON: TimeDelta = TimeDelta::days(60);
const BATCH: usize = 256;
/// Events between two looks at the whole store.
const LOOK_EVERY: usize = 8;

/// What happened in a run, so that a simulation in which nothing happens is noticed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    pub events: usize,
    pub duplicates: usize,
    pub alerts: usize,
    pub crashes: usize,
    pub edits: usize,
    pub clock_steps: usize,
    pub absences: usize,
    pub failed_tries: usize,
    pub digests: usize,
    pub breaches: usize,
    pub reordered: usize,
    pub dead: usize,
    pub handed_over: usize,
    /// Everything that was decided, as text: of one run only.
    pub journal: String,
}

impl Summary {
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.alerts += other.alerts;
        self.crashes += other.crashes;
        self.edits += other.edits;
        self.clock_steps += other.clock_steps;
        self.absences += other.absences;
        self.failed_tries += other.failed_tries;
        self.digests += other.digests;
        self.breaches += other.breaches;
        self.reordered += other.reordered;
        self.dead += other.dead;
        self.handed_over += other.handed_over;
    }

    pub fn assert_has_everything(&self) {
        let each = [
            ("events", self.events),
            ("duplicates", self.duplicates),
            ("alerts", self.alerts),
            ("crashes", self.crashes),
            ("edits", self.edits),
            ("clock_steps", self.clock_steps),
            ("absences", self.absences),
            ("failed_tries", self.failed_tries),
            ("digests", self.digests),
            ("breaches", self.breaches),
            ("reordered", self.reordered),
            ("dead", self.dead),
            ("handed_over", self.handed_over),
        ];
        for (what, n) in each {
            assert!(0 < n, "not one of: {what}");
        }
    }
}

/// The process died.
struct Crashed;

pub struct Desk<'a> {
    plan: &'a Plan,
    runtime: Runtime,
    directory: TempDir,
    app: App,
    writer: Option<JoinHandle<()>>,
    express: UnboundedReceiver<Vec<Leased>>,
    files: std::slice::Iter<'a, String>,
    file: &'a str,
    /// True time.
    now: DateTime<Utc>,
    /// The wall clock, in milliseconds.
    wall: Arc<AtomicI64>,
    rng: Rng,
    pub peers: Peers,
    tries: Vec<Try>,
    outcomes: Vec<Tried>,
    /// The crash that waits for the next commit.
    armed: Option<(Moment, TimeDelta)>,
    catching_up: bool,
    /// Events whose sender was not told that they were taken.
    unanswered: Vec<Said>,
    /// Events whose sender was told so.
    pub answered: HashSet<u32>,
    /// Absences of which it was said that they hold, with their numbers, and since when they did.
    pub away: Vec<(i64, Absence)>,
    rounds: usize,
    /// What `plazo verify` found wrong after a crash.
    unsound: Option<Failure>,
    summary: Summary,
}

/// Runs a plan to its end, with `check` asked after each turn and at the end.
pub fn run(plan: &Plan, check: &mut dyn FnMut(&View<'_>) -> Result<(), Failure>) -> Result<Summary, Failure> {
    let mut desk = Desk::new(plan);
    let result = desk.play(check);
    desk.app.close();
    if let Some(writer) = desk.writer.take() {
        writer.join().expect("the writer ends");
    }
    result.map(|()| desk.summary)
}

fn config(text: &str) -> Config {
    let loaded = config::read("sla.toml".as_ref(), text.to_owned());
    let explained = loaded.explain(false);
    loaded.config.unwrap_or_else(|| panic!("the plan drew a file that is refused:\n{explained}\n{text}"))
}

/// A directory in memory where there is one: what is tested is what is written, not the disk.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary directory")
}

fn open(directory: &Path, file: &str, wall: &Arc<AtomicI64>) -> (App, JoinHandle<()>, UnboundedReceiver<Vec<Leased>>) {
    let wall = Arc::clone(wall);
    let time = TimeSource::new(move || {
        Utc.timestamp_millis_opt(wall.load(Ordering::SeqCst)).single().expect("an instant of the plan")
    });
    let (app, writer) = App::open(directory, config(file), file, time).expect("the store opens");
    let express = app.outbox.take_express().expect("one taker");
    (app, writer, express)
}

impl<'a> Desk<'a> {
    fn new(plan: &'a Plan) -> Self {
        let now = plan.turns.first().map_or(DateTime::UNIX_EPOCH, |turn| turn.at) - TimeDelta::minutes(1);
        let wall = Arc::new(AtomicI64::new(now.timestamp_millis()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let directory = directory();
        let mut files = plan.files.iter();
        let file = files.next().expect("a file");
        let (app, writer, express) = open(directory.path(), file, &wall);
        let mut desk = Self {
            plan,
            runtime,
            directory,
            app,
            writer: Some(writer),
            express,
            files,
            file,
            now,
            wall,
            rng: Rng::with_seed(plan.seed ^ 0x5eed),
            peers: Peers::default(),
            tries: Vec::new(),
            outcomes: Vec::new(),
            armed: None,
            catching_up: true,
            unanswered: Vec::new(),
            answered: HashSet::new(),
            away: Vec::new(),
            rounds: 0,
            unsound: None,
            summary: Summary::default(),
        };
        desk.plan_at_start();
        desk
    }

    fn plan_at_start(&mut self) {
        let app = self.app.clone();
        self.runtime.block_on(app.desk.plan_anew(Occasion::Start)).expect("planned");
    }

    fn play(&mut self, check: &mut dyn FnMut(&View<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        for (place, turn) in self.plan.turns.iter().enumerate() {
            self.pass(turn.at)?;
            // Whoever was not answered tries again.
            for said in std::mem::take(&mut self.unanswered) {
                self.hear(&said);
            }
            self.turn(&turn.what);
            self.pass(self.now)?;
            // Most of what is judged is history, and is seen at the end as well.
            if place % LOOK_EVERY == 0 || !matches!(turn.what, What::Hear(_)) {
                self.judge(check, false)?;
            }
        }
        // Healed: what was not taken is sent again, and everything must come to rest.
        self.peers.heal();
        self.armed = None;
        self.set_clock(self.now.timestamp_millis() - self.wall_now().timestamp_millis());
        let end = self.now + HORIZON;
        while !self.unanswered.is_empty() {
            for said in std::mem::take(&mut self.unanswered) {
                self.hear(&said);
            }
            self.pass(self.now)?;
        }
        self.pass(end)?;
        self.judge(check, true)
    }

    fn judge(&mut self, check: &mut dyn FnMut(&View<'_>) -> Result<(), Failure>, is_over: bool) -> Result<(), Failure> {
        let view =
            View::read(self.directory.path(), &self.app, self.plan, &self.peers, (&self.answered, &self.away), is_over);
        check(&view)?;
        if is_over {
            view.count(&mut self.summary);
        }
        Ok(())
    }

    fn turn(&mut self, what: &What) {
        match what {
            What::Hear(said) => self.hear(said),
            What::Edit => self.edit(),
            What::Crash { when, down } => self.armed = Some((*when, *down)),
            What::Trouble { destination, trouble, lasts } => {
                self.peers.trouble(destination, *trouble, self.now + *lasts);
            }
            What::SetClock { by } => self.set_clock(by.num_milliseconds()),
            What::Away { person, lasts, substitute } => self.leave(person, *lasts, *substitute),
            What::Back => self.come_back(),
        }
    }

    fn hear(&mut self, said: &Said) {
        let incoming = Incoming::new(said.event(), None).expect("an event");
        match self.write(async |app| app.desk.submit(vec![incoming]).await) {
            Ok(applied) => match &applied[0] {
                Applied::Accepted { .. } => {
                    self.answered.insert(said.number);
                }
                Applied::Duplicate { .. } => {
                    self.answered.insert(said.number);
                    self.summary.duplicates += 1;
                }
                // Our clock is behind the sender's, who tries again.
                Applied::Rejected(rejection) if rejection.code.as_str() == "at_in_future" => {
                    self.unanswered.push(said.clone());
                }
                Applied::Rejected(_) | Applied::Unfiled => {}
            },
            Err(Crashed) => self.unanswered.push(said.clone()),
        }
    }

    fn edit(&mut self) {
        let Some(file) = self.files.next() else { return };
        self.file = file;
        self.summary.edits += 1;
        let (config, source) = (config(file), file.clone());
        // After a crash in the middle, the file on the disk is the new one all the same.
        self.write(async |app| app.reload(config, source).await).ok();
    }

    fn leave(&mut self, person: &str, lasts: TimeDelta, substitute: Option<&str>) {
        let from = self.wall_now();
        let (person, substitute) = (person.to_owned(), substitute.map(str::to_owned));
        let absence = Absence { person, from, until: from + lasts, substitute };
        let told = absence.clone();
        // A circle is refused, and what holds already is no second absence.
        if let Ok(AbsenceTold::New(id)) = self.write(async |app| app.add_absence(told, None).await) {
            self.away.push((id, absence));
            self.summary.absences += 1;
        }
    }

    fn come_back(&mut self) {
        let Some((id, absence)) = self.away.last_mut() else { return };
        let (id, now) = (*id, self.app.now());
        absence.until = absence.until.min(now);
        self.write(async |app| app.end_absence(id).await).ok();
    }

    fn set_clock(&mut self, milliseconds: i64) {
        if milliseconds == 0 {
            return;
        }
        self.wall.fetch_add(milliseconds, Ordering::SeqCst);
        self.summary.clock_steps += 1;
        if milliseconds < 0 {
            self.write(async |app| app.outbox.clock_was_set_back(TimeDelta::milliseconds(-milliseconds)).await).ok();
        }
    }

    fn wall_now(&self) -> DateTime<Utc> {
        self.app.now()
    }

    /// Lets everything happen that happens up to `until`, true time.
    fn pass(&mut self, until: DateTime<Utc>) -> Result<(), Failure> {
        loop {
            self.rounds += 1;
            if MOST_ROUNDS < self.rounds {
                return Err(Failure::new("comes to rest", format!("still busy at {}", self.now)));
            }
            if let Some(failure) = self.unsound.take() {
                return Err(failure);
            }
            let next = match self.round() {
                Ok(next) => next,
                // Restarted; the next round is an ordinary morning.
                Err(Crashed) => continue,
            };
            match next {
                Some(next) if next <= until => self.advance(next),
                _ => {
                    if self.now < until {
                        self.advance(until);
                    }
                    return Ok(());
                }
            }
        }
    }

    fn advance(&mut self, to: DateTime<Utc>) {
        let passed = (to - self.now).max(TimeDelta::zero());
        self.now += passed;
        self.wall.fetch_add(passed.num_milliseconds(), Ordering::SeqCst);
    }

    /// Does what is due now, as the timer and the outbox do, and says when to come back.
    fn round(&mut self) -> Result<Option<DateTime<Utc>>, Crashed> {
        let due = self.app.queue().due(self.wall_now(), BATCH);
        if !due.is_empty() {
            self.catching_up = true;
            self.write(async |app| app.desk.tick(due).await)?;
            return Ok(Some(self.now));
        }
        if std::mem::take(&mut self.catching_up) {
            self.write(async |app| app.outbox.gather().await)?;
        }
        while let Ok(leased) = self.express.try_recv() {
            self.send(leased);
        }
        self.end_tries();
        let (outcomes, busy) = (self.outcomes.clone(), self.busy());
        let leases = self.write(async |app| app.outbox.record_and_lease(outcomes, true, busy).await)?;
        self.outcomes.clear();
        if !leases.leased.is_empty() {
            self.send(leases.leased);
            return Ok(Some(self.now));
        }
        let mut next = self.hand_over_waiting()?;
        let to_true = |wall: DateTime<Utc>, desk: &Self| desk.now + (wall - desk.wall_now());
        let wakes = [self.app.queue().next_at(), leases.next_at];
        for at in wakes.into_iter().flatten().map(|wall| to_true(wall, self)) {
            let at = at.max(self.now + TimeDelta::milliseconds(1));
            next = Some(next.map_or(at, |next| next.min(at)));
        }
        let ends = self.tries.iter().map(|tried| tried.ends_at).min();
        Ok(ends.into_iter().chain(next).min())
    }

    fn per_destination(&self) -> usize {
        let capacity = self.app.config().alerts.in_flight;
        (capacity - capacity / 4).max(1)
    }

    fn busy(&self) -> Vec<String> {
        let mut busy = Vec::new();
        for name in ["d1", "d2", config::EMAIL] {
            let on_their_way = self.tries.iter().filter(|tried| tried.delivery.destination == name);
            let (n, is_probed) =
                on_their_way.fold((0, false), |(n, is_probed), tried| (n + 1, is_probed || tried.delivery.is_probe));
            if is_probed || self.per_destination() <= n {
                busy.push(name.to_owned());
            }
        }
        busy
    }

    fn send(&mut self, leased: Vec<Leased>) {
        for delivery in leased {
            let tried = self.peers.send(delivery, (self.now, self.app.now()), &mut self.rng);
            self.tries.push(tried);
        }
    }

    /// Takes in what came of the tries that have ended.
    fn end_tries(&mut self) {
        let (ended, on_their_way) = std::mem::take(&mut self.tries).into_iter().partition(|t| t.ends_at <= self.now);
        self.tries = on_their_way;
        let ended: Vec<Try> = ended;
        for Try { delivery, result, .. } in ended {
            self.app.outbox.give_room(1);
            let (attempt, hold_until) = match result {
                Ok(receipt) => {
                    let began_at = self.wall_now();
                    (Attempt::Sent { answer: receipt.answer, reference: receipt.reference, began_at }, None)
                }
                Err(error) => {
                    self.summary.failed_tries += 1;
                    let failures = self.runtime.block_on(self.app.outbox.hold_failures(delivery.destination.clone()));
                    let failures = failures.expect("the store can be read");
                    retry::judge(
                        &self.app.config().limits_of(&delivery.destination),
                        &delivery,
                        &error,
                        failures,
                        self.wall_now(),
                    )
                }
            };
            let (id, fence) = (delivery.id, Some(delivery.fence));
            let Leased { person, destination, .. } = delivery;
            self.outcomes.push(Tried { id, person, fence, destination, attempt, cost: None, hold_until });
        }
    }

    fn hand_over_waiting(&mut self) -> Result<Option<DateTime<Utc>>, Crashed> {
        let config = self.app.config();
        let mut next = None;
        for (name, destination) in &config.destinations {
            if destination.fallback.is_empty() {
                continue;
            }
            let failures =
                self.runtime.block_on(self.app.outbox.hold_failures(name.clone())).expect("the store can be read");
            if failures == 0 {
                continue;
            }
            let since = self.wall_now() - config.limits_of(name).patience(true);
            let (from, to) = (name.clone(), destination.fallback.clone());
            let n = self.write(async |app| app.outbox.hand_over_waiting(from, to, since).await)?;
            let again = self.now + if 0 < n { TimeDelta::zero() } else { TimeDelta::seconds(10) };
            next = Some(again).filter(|_| 0 < n || self.is_anything_waiting());
        }
        Ok(next)
    }

    fn is_anything_waiting(&self) -> bool {
        let counts = self.runtime.block_on(self.app.views.count_deliveries());
        counts.expect("the store can be read").iter().any(|(state, ..)| *state == plazo::outbox::DeliveryState::Pending)
    }

    /// One write; the process may die around its commit.
    fn write<T>(&mut self, work: impl AsyncFnOnce(App) -> Result<T, WriteError>) -> Result<T, Crashed> {
        let Some((moment, down)) = self.armed.take() else {
            let app = self.app.clone();
            return Ok(self.runtime.block_on(work(app)).expect("the store can be written"));
        };
        let before = (moment == Moment::BeforeCommit).then(|| copied(self.directory.path()));
        let app = self.app.clone();
        self.runtime.block_on(work(app)).expect("the store can be written");
        self.die(before, down);
        Err(Crashed)
    }

    /// The process ends, with `disk` as it was last written, and is started again.
    fn die(&mut self, disk: Option<TempDir>, down: TimeDelta) {
        self.summary.crashes += 1;
        self.app.close();
        if let Some(writer) = self.writer.take() {
            writer.join().expect("the writer ends");
        }
        for tried in self.tries.drain(..) {
            self.peers.forget(&tried);
        }
        // What was taken and not yet recorded, too.
        for outcome in self.outcomes.drain(..) {
            let taken = self.peers.taken.iter_mut().filter(|taken| taken.delivery.id == outcome.id);
            taken.for_each(|taken| taken.in_doubt = true);
        }
        if let Some(disk) = disk {
            self.directory = disk;
        }
        self.advance(self.now + down);
        let (app, writer, express) = open(self.directory.path(), self.file, &self.wall);
        (self.app, self.writer, self.express) = (app, Some(writer), express);
        self.catching_up = true;
        self.plan_at_start();
        self.verify();
    }

    /// What `plazo verify` says of the store as the dead process left it: nothing.
    fn verify(&mut self) {
        let store = plazo::store::Store::open_reader(self.directory.path()).expect("the store opens");
        let verified = plazo::app::verify::verify(&store, &self.app.config(), self.wall_now(), None, |_| ());
        let deviations = verified.expect("the store can be read").deviations;
        if !deviations.is_empty() {
            let told: Vec<_> = deviations.into_iter().map(|deviation| deviation.told.en).collect();
            self.unsound = Some(Failure::new("verify finds nothing after a crash", told.join("; ")));
        }
    }
}

/// The store as it is on the disk, in a directory of its own.
fn copied(from: &Path) -> TempDir {
    let to = directory();
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        // The index of the log is in memory only; the next process builds it anew.
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), to.path().join(entry.file_name())).expect("copied");
        }
    }
    to
}
