//! Reading: what a timeline's file says before `---`.

use std::iter::Peekable;
use std::path::Path;

use chrono::{DateTime, Days, FixedOffset, MappedLocalTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use plazo::engine::event::{
    About, Audience, Author, AuthorKind, Direction, Event, EventId, Fact, Promise, RequestKind,
};
use plazo::engine::policy::TargetKind;
use plazo::engine::proof::Proof;
use plazo::engine::request_id::RequestId;
use plazo::engine::rulebook::Rulebook;

/// What stands before `---`.
pub struct Script {
    /// The one at the beginning, then one for each `reload`.
    pub rulebooks: Vec<Rulebook>,
    pub zone: Tz,
    /// Clocks whose effects are shown; all if empty.
    pub shown: Vec<TargetKind>,
    pub turns: Vec<Turn>,
    /// Spans in which nobody looks, half-open.
    pub down: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub until: Option<DateTime<Utc>>,
}

/// Something that the file makes happen.
pub struct Turn {
    /// When plazo learns of it.
    pub heard_at: DateTime<Utc>,
    pub what: What,
}

pub enum What {
    Tick,
    Reload,
    Event(RequestId, Box<Event>),
}

impl Script {
    pub fn read(file: &Path, text: &str) -> Self {
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

pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
pub const FIRST_MONDAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();

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
    cc: Vec<String>,
    recipients: Vec<String>,
    is_unproven: bool,
    is_attached: bool,
    /// Fields of a `log`, a `stage`, a `close`, by their names in event JSON.
    fields: serde_json::Map<String, serde_json::Value>,
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
    let (author, about, cc) = (said.author, said.about, said.cc);
    let proof = if said.is_unproven { Proof::NONE } else { Proof::Machine { user: None } };
    let (threads, recipients, refs) = (Vec::new(), said.recipients, serde_json::Map::new());
    let attached = said.is_attached;
    let event = Event { id, at, threads, author, about, cc, recipients, attached, proof, gist: None, refs, fact };
    Turn { heard_at, what: What::Event(request, Box::new(event)) }
}

fn hear_word(word: &str, said: &mut Said, words: &mut Words<'_>, verb: &str) {
    match word {
        "by" => said.author = Some(author(words, verb, said.bare.first().map(String::as_str))),
        "due" => said.due = Some(words.instant()),
        "until" => said.until = Some(words.instant()),
        "heard" => said.heard_at = Some(words.instant()),
        "cc" => said.cc.push(words.quoted().unwrap_or_else(|| words.word())),
        "to" => said.recipients.push(words.quoted().unwrap_or_else(|| words.word())),
        "unproven" => said.is_unproven = true,
        "attached" => said.is_attached = true,
        "off_thread" => said.about.off_thread = true,
        "busy" => drop(said.fields.insert("busy".to_owned(), true.into())),
        "with" => {
            let field = words.word();
            let value = words.quoted().unwrap_or_else(|| words.word());
            said.fields.insert(field, value.into());
        }
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
            "contact" => said.about.contact = Some(value),
            "subject" => said.about.subject = Some(value),
            "ticket" => said.about.ticket = Some(value),
            "channel" => said.about.channel = Some(value),
            "protocol" => drop(said.fields.insert(key.to_owned(), (value == "yes").into())),
            "number" | "ground" => drop(said.fields.insert(key.to_owned(), value.into())),
            "items" => drop(said.fields.insert(key.to_owned(), value.parse::<u32>().expect("a number").into())),
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
            Fact::Open { promise: promise(said), owner: None }
        }
        "own" => Fact::Own { owner: said.text.clone().or(bare(0)).filter(|owner| owner != "none") },
        "move" => Fact::Move { inbox: needed(0) },
        "tag" => Fact::Tag { add: said.add.clone(), remove: said.remove.clone() },
        "prioritise" => Fact::Prioritise { priority: needed(0) },
        "wait" => Fact::Wait { reason: text, on: bare(0), until: said.until },
        "resume" => Fact::Resume,
        "promise" => Fact::Promise { promise: promise(said).unwrap_or_else(|| panic!("{place}: by when?")) },
        "deliver" => Fact::Deliver { text },
        "comment" => Fact::Comment { text },
        "reopen" => Fact::Reopen,
        "merge" => Fact::Merge,
        "ack" => Fact::Ack { until: said.until },
        "snooze" => Fact::Snooze { until: said.until.unwrap_or_else(|| panic!("{place}: until when?")) },
        _ => by_json(verb, said, place),
    }
}

/// Types of event that are written by the names of their fields: `stage "supervisor" number=CUN-1`, `log with person Luisa`.
fn by_json(verb: &str, said: &Said, place: &str) -> Fact {
    let mut fields = said.fields.clone();
    let first = said.text.clone().or(said.bare.first().cloned());
    match (verb, first) {
        ("undo", Some(of)) => drop(fields.insert("of".to_owned(), of.into())),
        ("stage", Some(to)) => drop(fields.insert("to".to_owned(), to.into())),
        ("block" | "unblock", Some(blocker)) => drop(fields.insert("blocker".to_owned(), blocker.into())),
        ("split", Some(parts)) => {
            let parts: Vec<_> = parts.split(", ").map(serde_json::Value::from).collect();
            fields.insert("parts".to_owned(), parts.into());
        }
        (_, Some(text)) => drop(fields.insert("text".to_owned(), text.into())),
        (_, None) => {}
    }
    if let Some(due) = said.due {
        fields.insert("due".to_owned(), due.to_rfc3339().into());
    }
    fields.insert("type".to_owned(), verb.into());
    fields.insert("id".to_owned(), "1".into());
    let read = plazo::intake::json::event(fields.into(), "scenario", said.due.unwrap_or_default());
    read.unwrap_or_else(|error| panic!("{place}: {error}")).0.fact
}

fn promise(said: &Said) -> Option<Promise> {
    let within = said.within.as_deref().map(|span| plazo::span::working_time(span).expect("a span"));
    said.due.map(Promise::Due).or(within.map(Promise::Within))
}

fn request_kind(word: &str) -> Option<RequestKind> {
    const KINDS: [RequestKind; 4] = [RequestKind::Request, RequestKind::Task, RequestKind::Claim, RequestKind::Call];
    KINDS.into_iter().find(|kind| kind.as_str() == word)
}
