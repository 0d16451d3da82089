//! Timelines: each rule of the written protocols kept and broken, and the boundaries, as text in `tests/data/scenarios`.
//!
//! A file names its configuration (`config: shipped`, the repository's `sla.toml`, unless TOML stands between ``` fences; the
//! second fenced one is taken at `mon 10:00 reload`, the third at the next), the clocks that it shows (`clocks: reply deliver`;
//! all of them where that is left out), then events, one a line, and after `---` what they caused. Instants are wall time of the
//! configuration's zone in the week of Monday 2026-03-02: `mon 09:00`, `tue+1 09:00:30` a week later, `2026-11-01 01:30-05:00`
//! where a clock change leaves a doubt. `#1` is the request, 1 where it is left out. A bare name is somebody of the house, a
//! quoted one whoever the line suggests, or `by auto|bot|system "…"`.
//!
//! ```text
//! mon 09:00 message in whatsapp #1 by "Luisa" <luisa@cliente.example> "¿Hay noticias?" priority=high
//! mon 09:12 message out #1 by laura "Ya lo vemos" heard mon 09:30
//! mon 09:15 tick
//! down mon 09:20 - mon 10:30
//! until mon 18:00
//! ```
//!
//! Between events time passes as in the daemon: the engine is asked at each wake that it wants, `down` spans excepted, after the
//! last event until nothing is left to do, or `until`. An event goes before a wake of the same instant. A line of effects begins
//! with the instant to which the effect belongs; where it was noticed later, `seen` says when. An event out of order goes
//! through `engine::reorder`, and `rewritten` tells which clocks came out otherwise.
//!
//! `UPDATE_EXPECT=1` rewrites what follows `---`. Rule D1 is a report, sent by `app`, and has no timeline here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::iter::Peekable;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Days, FixedOffset, MappedLocalTime, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use plazo::engine::clock::{Cancelled, Clock, ClockState};
use plazo::engine::directory::Recipient;
use plazo::engine::effect::{Alert, ClockRef, Effect, Ignored, Outcome};
use plazo::engine::event::{
    About, Audience, Author, AuthorKind, Direction, Event, EventId, Fact, Promise, RequestKind,
};
use plazo::engine::policy::{Rulebook, TargetKind};
use plazo::engine::request::{Request, RequestId};
use plazo::engine::{self, Input};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::support;

macro_rules! scenarios {
    ($($test:ident: $prefix:literal,)*) => {
        /// Every test, and how the names of its files begin.
        const TESTS: &[(&str, &str)] = &[$((stringify!($test), $prefix)),*];
        $(
            #[test]
            fn $test() {
                check($prefix);
            }
        )*
    };
}

scenarios! {
    // Rules of PROTOCOLS.md.
    a1_kept_and_broken: "A1",
    a2_kept_and_broken: "A2",
    a3_kept_and_broken: "A3",
    a4_kept_and_broken: "A4",
    a5_kept_and_broken: "A5",
    a7_kept_and_broken: "A7",
    c2_kept_and_broken: "C2",
    c10_kept_and_broken: "C10",
    d2_kept_and_broken: "D2",
    d3_kept_and_broken: "D3",
    d5_kept_and_broken: "D5",
    e1_kept_and_broken: "E1",
    e2_kept_and_broken: "E2",
    e3_kept_and_broken: "E3",
    // LESSONS.md by number.
    l05_a_closed_date_cuts_a_night_shift: "L05",
    l11_only_working_time_in_a_pause_extends: "L11",
    l12_pauses_are_united: "L12",
    l13_a_paused_clock_cannot_breach: "L13",
    l14_pausing_erases_no_verdict: "L14",
    l15_verdicts_follow_event_times: "L15",
    l16_one_wait_is_one_breach: "L16",
    l17_only_an_unanswered_client_arms_reply: "L17",
    l18_whoever_opens_for_himself_waits_for_nobody: "L18",
    l19_bots_neither_answer_nor_end_a_wait: "L19",
    l20_a_reopened_request_begins_anew: "L20",
    l21_the_first_policy_wins: "L21",
    l22_verdicts_are_frozen: "L22",
    l23_a_merged_request_ends_its_clocks: "L23",
    l25_a_step_is_told_once: "L25",
    l26_a_step_that_passed_is_skipped: "L26",
    l29_after_an_outage_the_breach_goes_first: "L29",
    // DESIGN.md §4.
    ack_stops_further_steps: "ack",
    snooze_delays_steps: "snooze",
    senseless_events_are_ignored: "ignored",
    // Boundaries.
    boundary_due_instant: "boundary-due",
    boundary_same_instant: "boundary-same-instant",
    boundary_closing_time: "boundary-closing",
    boundary_lunch_break: "boundary-lunch",
    boundary_weekend: "boundary-weekend",
    boundary_closed_date: "boundary-closed-date",
    boundary_clock_change: "boundary-dst",
}

#[test]
fn every_file_belongs_to_one_test() {
    for file in files() {
        let owners: Vec<_> = TESTS.iter().filter(|(_, prefix)| belongs(&file, prefix)).collect();
        assert_eq!(owners.len(), 1, "{} belongs to {owners:?}; add it to `scenarios!`", file.display());
    }
}

#[test]
fn every_rule_is_shown_kept_and_broken() {
    for (test, rule) in TESTS.iter().filter(|(test, _)| test.ends_with("_kept_and_broken")) {
        assert!(test.starts_with(&format!("{}_", rule.to_lowercase())), "{test} shows rule {rule}");
        for case in ["kept", "broken"] {
            let path = directory().join(format!("{rule}-{case}.txt"));
            assert!(path.exists(), "{} is missing", path.display());
        }
    }
}

fn directory() -> PathBuf {
    support::data("scenarios")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory()).expect("tests/data/scenarios");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn belongs(file: &Path, prefix: &str) -> bool {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Plays every file whose name begins with `prefix`, and compares.
fn check(prefix: &str) {
    let files: Vec<_> = files().into_iter().filter(|file| belongs(file, prefix)).collect();
    assert!(!files.is_empty(), "no file for {prefix}");
    let failures: Vec<_> = files.iter().filter_map(|file| check_file(file).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

fn check_file(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).expect("a text file");
    let (told, expected) = text.split_once("\n---\n").unwrap_or((text.trim_end(), ""));
    let played = std::panic::catch_unwind(|| World::play(&Script::read(file, told)));
    let found = played.map_err(|_| format!("{}: it panicked, see above", file.display()))?;
    if found == expected {
        return Ok(());
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(file, format!("{told}\n---\n{found}")).expect("a file that can be written");
        return Ok(());
    }
    Err(format!("{} (- expected, + found)\n{}", file.display(), difference(expected, &found)))
}

/// Both texts line by line; what only one has is marked.
fn difference(expected: &str, found: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    // Length of the longest common rest from each pair of places on.
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(format!("  {}", old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i][j + 1] <= common[i + 1][j]) {
            lines.push(format!("- {}", old[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", new[j]));
            j += 1;
        }
    }
    lines.join("\n")
}

// Reading.

/// What stands before `---`.
struct Script {
    /// The one at the beginning, then one for each `reload`.
    rulebooks: Vec<Rulebook>,
    zone: Tz,
    /// Clocks whose effects are shown; all if empty.
    shown: Vec<TargetKind>,
    turns: Vec<Turn>,
    /// Spans in which nobody looks, half-open.
    down: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    until: Option<DateTime<Utc>>,
}

/// Something that the file makes happen.
struct Turn {
    /// When plazo learns of it.
    heard_at: DateTime<Utc>,
    what: What,
}

enum What {
    Tick,
    Reload,
    Event(RequestId, Box<Event>),
}

impl Script {
    fn read(file: &Path, text: &str) -> Self {
        let mut configs = Vec::new();
        let mut lines = String::new();
        for (n, part) in text.split("```").enumerate() {
            if n % 2 == 1 {
                configs.push(part.strip_prefix("toml").unwrap_or(part).to_owned());
                lines.push_str(&"\n".repeat(part.matches('\n').count()));
            } else {
                lines.push_str(part);
            }
        }
        if configs.is_empty() {
            configs.push(shipped());
        }
        let configs: Vec<_> =
            (1..).zip(configs).map(|(revision, config)| read_config(file, config, revision)).collect();
        let zone = configs[0].1;
        let rulebooks = configs.into_iter().map(|(rulebook, _)| rulebook).collect();
        let mut script = Self { rulebooks, zone, shown: Vec::new(), turns: Vec::new(), down: Vec::new(), until: None };
        for (number, line) in (1..).zip(lines.lines()) {
            let line = line.trim();
            if !line.is_empty() && line != "#" && !line.starts_with("# ") {
                let place = format!("{}:{number}: {line}", file.display());
                script.read_line(Words::new(line, zone, &place), number);
            }
        }
        script
    }

    fn read_line(&mut self, mut words: Words<'_>, number: usize) {
        match words.peek().unwrap_or_default() {
            "config:" => assert_eq!(words.last_of(2), "shipped", "{}: write `shipped`, or TOML in fences", words.place),
            "clocks:" => {
                words.next();
                let kind = |word: &str| TargetKind::from_word(word).unwrap_or_else(|| panic!("no kind `{word}`"));
                self.shown = std::iter::from_fn(|| words.next()).map(|word| kind(&word)).collect();
            }
            "down" => {
                words.next();
                let from = words.instant();
                assert_eq!(words.next().as_deref(), Some("-"), "{}", words.place);
                self.down.push((from, words.instant()));
            }
            "until" => {
                words.next();
                self.until = Some(words.instant());
            }
            _ => self.turns.push(turn(words, number)),
        }
    }
}

fn read_config(file: &Path, config: String, revision: i64) -> (Rulebook, Tz) {
    let loaded = plazo::config::read(file, config);
    let explained = loaded.explain(false);
    let config = loaded.config.unwrap_or_else(|| panic!("{explained}"));
    (Rulebook { revision, ..config.rulebook }, config.zone)
}

fn shipped() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sla.toml")).expect("the shipped sla.toml")
}

/// A line's words; what stands in quotes is one word, and keeps its opening quote.
struct Words<'a> {
    words: Peekable<std::vec::IntoIter<String>>,
    zone: Tz,
    place: &'a str,
}

impl<'a> Words<'a> {
    fn new(line: &str, zone: Tz, place: &'a str) -> Self {
        let mut words = Vec::new();
        for (n, part) in line.split('"').enumerate() {
            if n % 2 == 1 {
                words.push(format!("\"{part}"));
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        Self { words: words.into_iter().peekable(), zone, place }
    }

    fn peek(&mut self) -> Option<&str> {
        self.words.peek().map(String::as_str)
    }

    fn next(&mut self) -> Option<String> {
        self.words.next()
    }

    fn last_of(&mut self, count: usize) -> String {
        self.words.nth(count - 1).unwrap_or_default()
    }

    fn word(&mut self) -> String {
        self.next().unwrap_or_else(|| panic!("{}: a word is missing", self.place))
    }

    /// The next word without its quote, if it is quoted.
    fn quoted(&mut self) -> Option<String> {
        let word = self.words.next_if(|word| word.starts_with('"'))?;
        Some(word[1..].to_owned())
    }

    fn instant(&mut self) -> DateTime<Utc> {
        let (day, time) = (self.word(), self.word());
        instant(self.zone, &day, &time).unwrap_or_else(|| panic!("{}: `{day} {time}` is no instant", self.place))
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const FIRST_MONDAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();

fn instant(zone: Tz, day: &str, time: &str) -> Option<DateTime<Utc>> {
    let (name, week) = day.split_once('+').unwrap_or((day, "0"));
    let date = match DAYS.iter().position(|known| *known == name) {
        Some(place) => FIRST_MONDAY + Days::new(week.parse::<u64>().ok()? * 7 + place as u64),
        None => day.parse().ok()?,
    };
    let (time, offset) = match time.find(['+', '-']) {
        Some(place) => (&time[..place], Some(time[place..].parse::<FixedOffset>().ok()?)),
        None => (time, None),
    };
    let local = date.and_time(time.parse::<NaiveTime>().ok()?);
    match (zone.from_local_datetime(&local), offset) {
        (_, Some(offset)) => offset.from_local_datetime(&local).single().map(|at| at.to_utc()),
        (MappedLocalTime::Single(at), None) => Some(at.to_utc()),
        // Skipped or repeated by a clock change: the file has to give the offset.
        (MappedLocalTime::None | MappedLocalTime::Ambiguous(..), None) => None,
    }
}

/// Everything that a line may say besides its verb.
#[derive(Default)]
struct Said {
    request: Option<i64>,
    author: Option<Author>,
    text: Option<String>,
    bare: Vec<String>,
    due: Option<DateTime<Utc>>,
    within: Option<String>,
    until: Option<DateTime<Utc>>,
    heard_at: Option<DateTime<Utc>>,
    add: Vec<String>,
    remove: Vec<String>,
    about: About,
}

fn turn(mut words: Words<'_>, number: usize) -> Turn {
    let at = words.instant();
    let verb = words.word();
    match verb.as_str() {
        "tick" => return Turn { heard_at: at, what: What::Tick },
        "reload" => return Turn { heard_at: at, what: What::Reload },
        _ => {}
    }
    let mut said = Said::default();
    while let Some(word) = words.next() {
        hear_word(&word, &mut said, &mut words, &verb);
    }
    let request = RequestId(said.request.unwrap_or(1));
    let heard_at = said.heard_at.unwrap_or(at);
    let fact = fact(&verb, &mut said, words.place);
    let id = EventId { source: "scenario".to_owned(), id: number.to_string() };
    let (author, about) = (said.author, said.about);
    let event =
        Event { id, at, threads: Vec::new(), author, about, cc: Vec::new(), refs: serde_json::Map::new(), fact };
    Turn { heard_at, what: What::Event(request, Box::new(event)) }
}

fn hear_word(word: &str, said: &mut Said, words: &mut Words<'_>, verb: &str) {
    match word {
        "by" => said.author = Some(author(words, verb, said.bare.first().map(String::as_str))),
        "due" => said.due = Some(words.instant()),
        "until" => said.until = Some(words.instant()),
        "heard" => said.heard_at = Some(words.instant()),
        "within" => said.within = Some(words.quoted().unwrap_or_else(|| words.word())),
        _ => hear_mark(word, said, words.place),
    }
}

fn hear_mark(word: &str, said: &mut Said, place: &str) {
    if let Some(text) = word.strip_prefix('"') {
        said.text = Some(text.to_owned());
    } else if let Some(number) = word.strip_prefix('#') {
        said.request = Some(number.parse().unwrap_or_else(|_| panic!("{place}: `{word}` is no request")));
    } else if let Some(tag) = word.strip_prefix('+') {
        said.add.push(tag.to_owned());
    } else if let Some(tag) = word.strip_prefix('-') {
        said.remove.push(tag.to_owned());
    } else if let Some((key, value)) = word.split_once('=') {
        let value = value.to_owned();
        match key {
            "customer" => said.about.customer = Some(value),
            "priority" => said.about.priority = Some(value),
            "inbox" => said.about.inbox = Some(value),
            "tags" => said.about.tags = value.split(',').map(str::to_owned).collect(),
            "audience" if value == "internal" => said.about.audience = Some(Audience::Internal),
            "audience" if value == "client" => said.about.audience = Some(Audience::Client),
            _ => panic!("{place}: what is `{word}`?"),
        }
    } else {
        said.bare.push(word.to_owned());
    }
}

fn author(words: &mut Words<'_>, verb: &str, direction: Option<&str>) -> Author {
    const KINDS: [(&str, AuthorKind); 5] = [
        ("customer", AuthorKind::Customer),
        ("agent", AuthorKind::Agent),
        ("bot", AuthorKind::Bot),
        ("auto", AuthorKind::Auto),
        ("system", AuthorKind::System),
    ];
    let named = words.peek().and_then(|word| KINDS.into_iter().find(|(known, _)| *known == word));
    if named.is_some() {
        words.next();
    }
    let outsider = matches!((verb, direction), ("message", Some("in")) | ("open", _));
    let (name, guess) = match words.quoted() {
        Some(name) => (Some(name), if outsider { AuthorKind::Customer } else { AuthorKind::Agent }),
        None if named.is_some_and(|(_, kind)| kind == AuthorKind::System) => (None, AuthorKind::System),
        None => (Some(words.word()), AuthorKind::Agent),
    };
    let address = words.peek().and_then(|word| Some(word.strip_prefix('<')?.strip_suffix('>')?.to_owned()));
    if address.is_some() {
        words.next();
    }
    Author { name, address, kind: named.map_or(guess, |(_, kind)| kind) }
}

fn fact(verb: &str, said: &mut Said, place: &str) -> Fact {
    let bare = |n: usize| said.bare.get(n).cloned();
    let needed = |n: usize| bare(n).unwrap_or_else(|| panic!("{place}: `{verb}` of what?"));
    let text = said.text.clone().unwrap_or_default();
    match verb {
        "message" => {
            let direction = match needed(0).as_str() {
                "in" => Direction::In,
                "out" => Direction::Out,
                "internal" => Direction::Internal,
                word => panic!("{place}: `{word}` is no direction"),
            };
            said.about.channel = bare(1);
            Fact::Message { direction, text: said.text.clone() }
        }
        "open" => {
            let (kinds, channels): (Vec<_>, Vec<_>) = said.bare.iter().partition(|word| request_kind(word).is_some());
            said.about.kind = kinds.first().and_then(|word| request_kind(word));
            said.about.channel = channels.first().map(|word| word.to_string());
            said.about.subject = said.text.clone();
            Fact::Open { promise: promise(said) }
        }
        "own" => Fact::Own { owner: said.text.clone().or(bare(0)).filter(|owner| owner != "none") },
        "move" => Fact::Move { inbox: needed(0) },
        "tag" => Fact::Tag { add: said.add.clone(), remove: said.remove.clone() },
        "prioritise" => Fact::Prioritise { priority: needed(0) },
        "wait" => Fact::Wait { reason: text },
        "resume" => Fact::Resume,
        "promise" => Fact::Promise { promise: promise(said).unwrap_or_else(|| panic!("{place}: by when?")) },
        "deliver" => Fact::Deliver { text },
        "comment" => Fact::Comment { text },
        "close" => Fact::Close { reason: text },
        "reopen" => Fact::Reopen,
        "merge" => Fact::Merge,
        "ack" => Fact::Ack,
        "snooze" => Fact::Snooze { until: said.until.unwrap_or_else(|| panic!("{place}: until when?")) },
        _ => panic!("{place}: what is `{verb}`?"),
    }
}

fn promise(said: &Said) -> Option<Promise> {
    let within = said.within.as_deref().map(|span| plazo::span::working_time(span).expect("a span"));
    said.due.map(Promise::Due).or(within.map(Promise::Within))
}

fn request_kind(word: &str) -> Option<RequestKind> {
    const KINDS: [RequestKind; 4] = [RequestKind::Request, RequestKind::Task, RequestKind::Claim, RequestKind::Call];
    KINDS.into_iter().find(|kind| kind.as_str() == word)
}

// Playing.

/// A request, and what the store would keep of it.
struct Case {
    request: Request,
    /// As the journal keeps them, by instant; of several at one instant, as they arrived.
    events: Vec<(DateTime<Utc>, String)>,
    clocks: BTreeMap<(TargetKind, u32), Clock>,
    wake_at: Option<DateTime<Utc>>,
}

/// The daemon's part: hears events, looks when the engine wants to be asked, and writes down what follows.
struct World<'a> {
    script: &'a Script,
    rulebook: &'a Rulebook,
    /// What the next `reload` takes.
    rulebooks: std::slice::Iter<'a, Rulebook>,
    now: DateTime<Utc>,
    cases: BTreeMap<RequestId, Case>,
    told: Vec<String>,
}

/// More lines than any timeline has: the engine asks to be woken for ever.
const TOO_MUCH: usize = 1_000;

impl<'a> World<'a> {
    fn play(script: &'a Script) -> String {
        let mut rulebooks = script.rulebooks.iter();
        let rulebook = rulebooks.next().expect("a configuration");
        let now = DateTime::<Utc>::MIN_UTC;
        let mut world = Self { script, rulebook, rulebooks, now, cases: BTreeMap::new(), told: Vec::new() };
        for turn in &script.turns {
            world.pass(Bound::Excluded(turn.heard_at));
            assert!(world.now <= turn.heard_at, "events stand in the order in which they are heard");
            world.now = turn.heard_at;
            match &turn.what {
                What::Event(id, event) => world.hear(*id, event),
                What::Tick => world.look_at_all(Input::Tick),
                What::Reload => {
                    world.rulebook = world.rulebooks.next().expect("a further configuration in fences");
                    world.look_at_all(Input::Replan);
                }
            }
        }
        world.pass(script.until.map_or(Bound::Unbounded, Bound::Included));
        world.told.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Lets time go by up to `end`.
    fn pass(&mut self, end: Bound<DateTime<Utc>>) {
        while let Some((at, id)) = self.next_look() {
            let before_end = match end {
                Bound::Excluded(end) => at < end,
                Bound::Included(end) => at <= end,
                Bound::Unbounded => true,
            };
            if !before_end {
                break;
            }
            self.now = at;
            self.look(id, Input::Tick);
        }
    }

    fn look_at_all(&mut self, input: Input<'_>) {
        for id in self.cases.keys().copied().collect::<Vec<_>>() {
            self.look(id, input);
        }
    }

    fn next_look(&self) -> Option<(DateTime<Utc>, RequestId)> {
        let awake = |at: DateTime<Utc>| {
            let down = self.script.down.iter().find(|(from, to)| *from <= at && at < *to);
            down.map_or(at, |(_, to)| *to)
        };
        let wakes = self.cases.iter().filter_map(|(id, case)| Some((awake(case.wake_at?.max(self.now)), *id)));
        wakes.min()
    }

    fn look(&mut self, id: RequestId, input: Input<'_>) {
        let case = &self.cases[&id];
        let outcome = engine::advance(&case.request, self.rulebook, input, self.now);
        let spins = matches!(input, Input::Tick)
            && outcome.effects.is_empty()
            && outcome.wake.is_some_and(|wake| wake.at <= self.now);
        assert!(!spins, "{id} wants to be woken at {} again, and does nothing", self.wall(self.now));
        self.keep(id, outcome);
    }

    /// As `app::apply` does.
    fn hear(&mut self, id: RequestId, event: &Event) {
        let unopened =
            || Case { request: Request::unopened(id), events: Vec::new(), clocks: BTreeMap::new(), wake_at: None };
        let case = self.cases.entry(id).or_insert_with(unopened);
        let place = case.events.partition_point(|(at, _)| *at <= event.at);
        case.events.insert(place, (event.at, written(event)));
        if case.request.last_event_at <= event.at {
            let outcome = engine::advance(&case.request, self.rulebook, Input::Event(event), self.now);
            return self.keep(id, outcome);
        }
        let old = std::mem::take(&mut case.clocks);
        let told: Vec<_> = old.values().cloned().collect();
        let events: Vec<_> = case.events.iter().map(|(_, event)| read_back(event)).collect();
        let mut outcome = engine::reorder(&case.request, &told, &events, event, self.rulebook, self.now);
        // Said of clocks derived anew; `rewritten` tells those that came out otherwise.
        outcome.effects.retain(|effect| !matches!(effect, Effect::Started { .. } | Effect::Replanned { .. }));
        self.keep(id, outcome);
        self.tell_rewritten(id, &old);
    }

    fn keep(&mut self, id: RequestId, outcome: Outcome) {
        for effect in &outcome.effects {
            self.tell(id, effect);
        }
        assert!(self.told.len() < TOO_MUCH, "there is no end to it:\n{}", self.told.join("\n"));
        let case = self.cases.get_mut(&id).expect("a request that was heard of");
        case.request = stored(&outcome.request);
        case.clocks.extend(outcome.clocks.iter().map(|clock| ((clock.kind, clock.cycle), stored(clock))));
        case.wake_at = outcome.wake.map(|wake| wake.at);
    }

    fn tell_rewritten(&mut self, id: RequestId, old: &BTreeMap<(TargetKind, u32), Clock>) {
        let new = &self.cases[&id].clocks;
        let names: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
        let standing = |clock: Option<&Clock>| clock.map_or_else(|| "none".to_owned(), |clock| self.standing(clock));
        let lines: Vec<_> = names
            .into_iter()
            .map(|name| (name, standing(old.get(&name)), standing(new.get(&name))))
            .filter(|(_, old, new)| old != new)
            .map(|((kind, cycle), old, new)| (ClockRef { kind, cycle }, old, new))
            .filter(|(clock, ..)| self.shows(*clock))
            .collect();
        for (clock, old, new) in lines {
            self.say(id, self.now, &format!("rewritten {}: {old} -> {new}", Name(clock)));
        }
    }

    // Writing.

    fn tell(&mut self, id: RequestId, effect: &Effect) {
        let now = self.now;
        let (at, clock, words) = match effect {
            Effect::Opened => (now, None, "opened".to_owned()),
            Effect::Started { clock, started_at, due_at, .. } => {
                (*started_at, Some(*clock), format!("started {} {}", Name(*clock), self.due(*due_at)))
            }
            Effect::Replanned { clock, due_at: None } => (now, Some(*clock), format!("paused {}", Name(*clock))),
            Effect::Replanned { clock, due_at } => {
                (now, Some(*clock), format!("replanned {} {}", Name(*clock), self.due(*due_at)))
            }
            Effect::Met { clock, at } => (*at, Some(*clock), format!("met {}", Name(*clock))),
            Effect::MetLate { clock, at, due_at } => {
                (*at, Some(*clock), format!("met_late {} ({})", Name(*clock), self.due(*due_at)))
            }
            Effect::Early { clock, at } => (*at, Some(*clock), format!("early {}", Name(*clock))),
            Effect::Breached { clock, at } => (*at, Some(*clock), format!("breached {}", Name(*clock))),
            Effect::Cancelled { clock, why } => {
                (now, Some(*clock), format!("cancelled {} ({})", Name(*clock), cancelled(*why)))
            }
            Effect::Skipped { clock, step } => (now, Some(*clock), format!("skipped {} {step}", Name(*clock))),
            Effect::Superseded { clock, step } => (now, Some(*clock), format!("superseded {} {step}", Name(*clock))),
            Effect::Alert(alert) => (now, Some(alert.clock), self.alert(alert)),
            Effect::Violation { rule, who: Some(who) } => (now, None, format!("violation {rule} by \"{who}\"")),
            Effect::Violation { rule, who: None } => (now, None, format!("violation {rule}")),
            Effect::Reordered => (now, None, "reordered".to_owned()),
            Effect::Ignored { why } => (now, None, format!("ignored ({})", ignored(*why))),
        };
        if clock.is_none_or(|clock| self.shows(clock)) {
            self.say(id, at, &words);
        }
    }

    fn say(&mut self, id: RequestId, at: DateTime<Utc>, words: &str) {
        let several = self.script.turns.iter().any(|turn| matches!(turn.what, What::Event(other, _) if other.0 != 1));
        let number = if several { format!("#{} ", id.0) } else { String::new() };
        let seen = if at == self.now { String::new() } else { format!(" (seen {})", self.wall(self.now)) };
        self.told.push(format!("{} {number}{words}{seen}", self.wall(at)));
    }

    fn shows(&self, clock: ClockRef) -> bool {
        self.script.shown.is_empty() || self.script.shown.contains(&clock.kind)
    }

    fn alert(&self, alert: &Alert) -> String {
        let names = alert.recipients.iter().map(|recipient| match recipient {
            Recipient::Person(name) | Recipient::Destination(name) => name.as_str(),
        });
        let (clock, why, step) = (Name(alert.clock), alert.why.as_str(), alert.step);
        let late = if alert.late { format!(" (late, planned {})", self.wall(alert.planned_at)) } else { String::new() };
        format!("alert {clock} {why} {step} -> {}{late}", names.collect::<Vec<_>>().join(", "))
    }

    /// How a clock stands, verdict and all.
    fn standing(&self, clock: &Clock) -> String {
        let at = |at: Option<DateTime<Utc>>| at.map_or_else(|| "never".to_owned(), |at| self.wall(at));
        let ended = clock.cancelled_because.map_or_else(String::new, |why| format!(" ({})", cancelled(why)));
        let early = if clock.early { ", early" } else { "" };
        match clock.state {
            ClockState::Running => self.due(clock.due_at),
            ClockState::Paused => "paused".to_owned(),
            ClockState::Breached => format!("breached {}{ended}", at(clock.breached_at)),
            ClockState::Met => format!("met {}{early}", at(clock.stopped_at)),
            ClockState::MetLate => format!("met_late {} ({})", at(clock.stopped_at), self.due(clock.due_at)),
            ClockState::Cancelled => format!("cancelled{ended}"),
        }
    }

    fn due(&self, due_at: Option<DateTime<Utc>>) -> String {
        due_at.map_or_else(|| "paused".to_owned(), |due_at| format!("due {}", self.wall(due_at)))
    }

    fn wall(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.script.zone);
        let week = (local.date_naive() - FIRST_MONDAY).num_days().div_euclid(7);
        let day = DAYS[local.weekday().num_days_from_monday() as usize];
        let day = match week {
            0 => day.to_owned(),
            1..=3 => format!("{day}+{week}"),
            _ => local.date_naive().to_string(),
        };
        let time = match (local.second(), local.nanosecond()) {
            (0, 0) => local.format("%H:%M"),
            (_, 0) => local.format("%H:%M:%S"),
            _ => local.format("%H:%M:%S%.3f"),
        };
        let twice =
            matches!(self.script.zone.from_local_datetime(&local.naive_local()), MappedLocalTime::Ambiguous(..));
        let offset = if twice { local.format("%:z").to_string() } else { String::new() };
        format!("{day} {time}{offset}")
    }
}

/// The value as it comes back from the store.
fn stored<T: Serialize + DeserializeOwned>(value: &T) -> T {
    read_back(&written(value))
}

fn written<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("a value that can be stored")
}

fn read_back<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("the store cannot read back what it wrote: {error}: {text}"))
}

/// A clock by its kind; by its cycle too, from the second on.
struct Name(ClockRef);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.cycle {
            1 => write!(f, "{}", self.0.kind.as_str()),
            cycle => write!(f, "{}/{cycle}", self.0.kind.as_str()),
        }
    }
}

const fn cancelled(why: Cancelled) -> &'static str {
    match why {
        Cancelled::Closed => "closed",
        Cancelled::Merged => "merged",
        Cancelled::NoPolicy => "no_policy",
        Cancelled::NotOwed => "not_owed",
        Cancelled::NeverOpen => "never_open",
    }
}

const fn ignored(why: Ignored) -> &'static str {
    match why {
        Ignored::Duplicate => "duplicate",
        Ignored::AlreadySo => "already_so",
        Ignored::Merged => "merged",
        Ignored::NotOwed => "not_owed",
    }
}
