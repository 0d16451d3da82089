//! What will happen, drawn from a seed: files, and turns in the order in which plazo meets them.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use plazo::engine::event::{
    About, Audience, Author, AuthorKind, BrokenPromise, Direction, Event, EventId, Fact, Promise, RequestKind,
};
use plazo::engine::proof::Proof;

/// All that happens in one run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    /// `sla.toml` at the beginning, then after each edit.
    pub files: Vec<String>,
    pub turns: Vec<Turn>,
}

/// Something that happens to plazo, and when, by true time.
#[derive(Debug, Clone)]
pub struct Turn {
    pub at: DateTime<Utc>,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// plazo hears of something.
    Hear(Said),
    /// The next file is taken.
    Edit,
    /// The process dies around its next commit, and is started again after a while.
    Crash { when: Moment, down: TimeDelta },
    /// A destination misbehaves for a while.
    Trouble { destination: &'static str, trouble: Trouble, lasts: TimeDelta },
    /// The wall clock is set.
    SetClock { by: TimeDelta },
    /// Somebody is said to be away from now on.
    Away { person: &'static str, lasts: TimeDelta, substitute: Option<&'static str> },
    /// Whoever was said to be away last is back.
    Back,
}

/// Around which side of the commit the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The work is done and not yet on the disk.
    BeforeCommit,
    /// It is on the disk, and nobody has been answered.
    AfterCommit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody listens.
    Down,
    /// Too many; come back later.
    RateLimit,
    /// Now and then a 5xx.
    Flaky,
    /// The connection is lost after the message was taken.
    ResetAfterAcceptance,
    /// This recipient never.
    Refuses,
}

/// An event, in the terms of a timeline.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its id; the same again is the same event.
    pub number: u32,
    /// Which conversation, and on which channel.
    pub request: i64,
    pub channel: &'static str,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    pub by: By,
    pub verb: Verb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Client,
    Laura,
    /// Known, and in no team that answers clients.
    Pedro,
    Bot,
    /// Somebody who says that she is Laura, and proves nothing.
    Stranger,
}

#[derive(Debug, Clone)]
pub enum Verb {
    In,
    Out,
    OpenTask,
    Own(Option<&'static str>),
    Wait,
    Resume,
    Promise(u32),
    Deliver,
    Comment,
    Close,
    Reopen,
    Ack,
    Snooze(DateTime<Utc>),
    Prioritise(&'static str),
    Merge,
    Thanks,
    WaitUntil(DateTime<Utc>),
    /// For the supplier, whose wait is watched.
    WaitOn,
    Waive,
    /// Why the last promise broke.
    Blame,
    /// That what was blamed leaves the figures, or stays in them.
    Approve(bool),
    /// That an earlier event of the conversation was not so: its number.
    Undo(u32),
}

/// Mondays before which clocks are changed somewhere, and one without.
const WEEKS: [&str; 5] = [
    "2026-03-02T00:00:00Z",
    "2026-03-07T00:00:00Z",
    "2026-03-28T00:00:00Z",
    "2026-10-24T00:00:00Z",
    "2026-10-31T00:00:00Z",
];

impl Plan {
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let n_edits = [0, 0, 0, 1, 2][rng.usize(..5)];
        let zone = ["America/Bogota", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe"][rng.usize(..4)];
        let week: DateTime<Utc> = WEEKS[rng.usize(..WEEKS.len())].parse().expect("an instant");
        let files = (0..=n_edits).map(|_| file(&mut rng, zone, week)).collect();
        let start = week + TimeDelta::minutes(rng.i64(0..3 * 1_440));
        let mut turns = conversations(&mut rng, start);
        let last = turns.iter().map(|turn| turn.at).max().unwrap_or(start);
        let within = |rng: &mut Rng| start + TimeDelta::seconds(rng.i64(0..=(last - start).num_seconds() + 7_200));
        for _ in 0..n_edits {
            turns.push(Turn { at: within(&mut rng), what: What::Edit });
        }
        for _ in 0..rng.usize(..4) {
            let when = if rng.bool() { Moment::BeforeCommit } else { Moment::AfterCommit };
            let down = [TimeDelta::zero(), TimeDelta::seconds(rng.i64(1..120)), TimeDelta::minutes(rng.i64(5..600))];
            turns.push(Turn { at: within(&mut rng), what: What::Crash { when, down: down[rng.usize(..3)] } });
        }
        for _ in 0..rng.usize(..4) {
            let troubles =
                [Trouble::Down, Trouble::RateLimit, Trouble::Flaky, Trouble::ResetAfterAcceptance, Trouble::Refuses];
            let what = What::Trouble {
                destination: ["d1", "d2"][rng.usize(..2)],
                trouble: troubles[rng.usize(..troubles.len())],
                lasts: TimeDelta::seconds(rng.i64(1..7_200)),
            };
            turns.push(Turn { at: within(&mut rng), what });
        }
        for _ in 0..[0, 0, 1, 2][rng.usize(..4)] {
            let by = TimeDelta::seconds(rng.i64(-7_200..14_400));
            turns.push(Turn { at: within(&mut rng), what: What::SetClock { by } });
        }
        // Drawn last, so that the plans of before are the same but for this.
        for _ in 0..[0, 0, 1, 2][rng.usize(..4)] {
            let person = ["laura", "ana", "pedro"][rng.usize(..3)];
            let substitute = [None, Some("pedro"), Some("ana")][rng.usize(..3)].filter(|key| *key != person);
            let lasts = TimeDelta::minutes(rng.i64(1..5_000));
            turns.push(Turn { at: within(&mut rng), what: What::Away { person, lasts, substitute } });
            if rng.bool() {
                turns.push(Turn { at: within(&mut rng), what: What::Back });
            }
        }
        turns.sort_by_key(|turn| turn.at);
        Self { seed, files, turns }
    }
}

/// What is said on a few conversations, each heard at once, late, or twice.
fn conversations(rng: &mut Rng, start: DateTime<Utc>) -> Vec<Turn> {
    let mut turns = Vec::new();
    let mut number = 0;
    for request in 1..=rng.i64(1..=4) {
        let mut at = start + TimeDelta::minutes(rng.i64(0..600));
        let channel = ["whatsapp", "email"][rng.usize(..2)];
        let is_task = rng.u8(..6) == 0;
        for step in 0..rng.usize(1..9) {
            number += 1;
            let (by, verb) = match step {
                0 if is_task => (By::Laura, Verb::OpenTask),
                0 => (By::Client, Verb::In),
                // What a client said, or plazo does not know, stays.
                _ if rng.u8(..12) == 0 => {
                    (By::Laura, Verb::Undo(number - rng.u32(1..=u32::try_from(step).expect("few"))))
                }
                _ => drawn(rng, at),
            };
            // Some fall on one instant, or on a whole quarter of an hour, where deadlines fall too.
            let said = Said { number, request, channel, happened_at: at, by, verb };
            let delay = if rng.u8(..5) == 0 { TimeDelta::seconds(rng.i64(1..9_000)) } else { TimeDelta::zero() };
            turns.push(Turn { at: at + delay, what: What::Hear(said.clone()) });
            if rng.u8(..8) == 0 {
                let again = at + delay + TimeDelta::seconds(rng.i64(0..4_000));
                turns.push(Turn { at: again, what: What::Hear(said) });
            }
            at += match rng.u8(..8) {
                0 => TimeDelta::zero(),
                1 => TimeDelta::minutes(15),
                2 => TimeDelta::seconds(rng.i64(1..60)),
                3 => TimeDelta::hours(rng.i64(1..40)),
                _ => TimeDelta::seconds(rng.i64(60..7_200)),
            };
        }
    }
    turns
}

fn drawn(rng: &mut Rng, at: DateTime<Utc>) -> (By, Verb) {
    let house = if rng.u8(..5) == 0 { By::Pedro } else { By::Laura };
    let (by, verb) = drawn_by(rng, house, at);
    // Whatever the house does, somebody else may claim in its name.
    if matches!(by, By::Laura | By::Pedro) && rng.u8(..6) == 0 { (By::Stranger, verb) } else { (by, verb) }
}

fn drawn_by(rng: &mut Rng, house: By, at: DateTime<Utc>) -> (By, Verb) {
    match rng.u8(..29) {
        0..=4 => (By::Client, Verb::In),
        5..=9 => (house, Verb::Out),
        10 => (By::Bot, Verb::Out),
        11 => (By::Laura, Verb::Own([Some("laura"), Some("ana"), None][rng.usize(..3)])),
        12 => (By::Laura, Verb::Wait),
        13 => (By::Laura, Verb::Resume),
        14 => (By::Laura, Verb::Promise(rng.u32(10..3_000))),
        15 => (By::Laura, Verb::Deliver),
        16 => (By::Laura, Verb::Comment),
        17 => (By::Laura, Verb::Close),
        18 => (By::Laura, Verb::Reopen),
        19 => (By::Laura, Verb::Ack),
        20 => (By::Laura, Verb::Snooze(at + TimeDelta::minutes(rng.i64(5..120)))),
        21 => (By::Client, Verb::Thanks),
        22 => (By::Laura, Verb::WaitUntil(at + TimeDelta::minutes(rng.i64(5..600)))),
        23 => (By::Laura, Verb::Waive),
        24 => (By::Laura, Verb::WaitOn),
        25 => (By::Laura, Verb::Blame),
        26 => (By::Laura, Verb::Approve(rng.bool())),
        _ if rng.u8(..8) == 0 => (By::Laura, Verb::Merge),
        _ => (By::Laura, Verb::Prioritise(["high", "normal"][rng.usize(..2)])),
    }
}

/// A file that `plazo check` takes.
fn file(rng: &mut Rng, zone: &str, week: DateTime<Utc>) -> String {
    let hours = [
        "\"24x7\"",
        "{ mon-fri = [\"08:00-12:00\", \"13:00-18:00\"], sat = [\"08:00-12:00\"] }",
        "{ mon-sun = [\"22:00-06:00\"] }",
        "{ mon-sun = [\"00:00-02:30\", \"04:00-24:00\"] }",
    ];
    let mut file = format!(
        "language = \"en\"\ntimezone = \"{zone}\"\noperator = \"d2\"\n\
         [alerts]\ngather = {}\nsummary_above = {}\nretry_for = \"{}\"\nin_flight = {}\nwindow = \"{}\"\n\
         [calendar.c]\nhours = {}\n\
         [person.ana]\nname = \"Ana\"\nnotify = [\"d1\", \"d2\"]\n\
         [person.laura]\nname = \"Laura\"\nemail = \"laura@casa.example\"\nnotify = [\"{}\"]\n\
         [person.pedro]\nname = \"Pedro\"\naddresses = [\"pedro@casa.example\"]\nnotify = \"d2\"\n\
         [team.social]\nlead = \"ana\"\nmembers = [\"laura\"]\nanswers_clients = true\n\
         [roles]\nsupervisor = \"ana\"\n\
         [destination.d1]\ntype = \"file\"\npath = \"d1\"\n{}\
         [destination.d2]\ntype = \"file\"\npath = \"d2\"\n",
        rng.u8(..4) != 0,
        [0, 1, 20][rng.usize(..3)],
        ["10m", "24h"][rng.usize(..2)],
        [1, 4, 64][rng.usize(..3)],
        ["0s", "2m", "15m"][rng.usize(..3)],
        hours[rng.usize(..hours.len())],
        ["d1", "email"][rng.usize(..2)],
        ["", "fallback = \"d2\"\n"][rng.usize(..2)],
    );
    file += ["", "[answers]\nasks_nothing = true\n"][rng.usize(..2)];
    if rng.bool() {
        // Laura is away for some days of it, and Ana or nobody in particular stands in.
        let from = week + TimeDelta::hours(rng.i64(0..72));
        let until = from + TimeDelta::hours(rng.i64(1..96));
        let [from, until] = [from, until].map(|at| at.format("%Y-%m-%d %H:%M").to_string());
        let substitute = ["", ", substitute = \"ana\""][rng.usize(..2)];
        let away = format!("away = [{{ from = \"{from}\", until = \"{until}\"{substitute} }}]\n");
        file = file.replace("[person.pedro]\n", &format!("{away}[person.pedro]\n"));
    }
    let at_most = ["30m", "3h", "2 working days"][rng.usize(..3)];
    let stops = ["", "stops = [\"deliver\", \"reply\"]\n"][rng.usize(..2)];
    file += &format!("[wait.supplier]\nname = \"the supplier\"\nat_most = \"{at_most}\"\nescalation = \"e1\"\n{stops}");
    file += "[reasons.carrier]\nname = \"the carrier\"\nexcluded = true\napproval = [\"lead\"]\n";
    file += "[escalation]\n";
    for name in ["e1", "e2", "with-floor"] {
        writeln!(file, "{name} = [{}]", ladder(rng, name == "with-floor")).expect("a string");
    }
    if rng.bool() {
        file += "[[policy]]\nname = \"first\"\nmatch = { priority = \"high\" }\n";
        file += &format!("reply = {}\n", promise(rng, &["7m", "10m"]));
    }
    file += "[[policy]]\nname = \"all\"\nmatch = { kind = \"request\" }\nteam = \"social\"\n";
    for target in ["reply", "first_reply", "acknowledge", "deliver", "assign", "attend"] {
        if rng.u8(..3) != 0 || target == "reply" {
            let spans: &[&str] =
                if target == "deliver" { &["8h", "2 working days", "48h"] } else { &["15m", "20m", "1h"] };
            file += &format!("{target} = {}\n", promise(rng, spans));
        }
    }
    let day = rng.u8(1..4);
    file += &format!(
        "[[policy]]\nname = \"tasks\"\nmatch = {{ kind = \"task\" }}\nanswer = {{ on_day = {day}, calendar = \"c\", escalation = \"e1\" }}\n"
    );
    file
}

fn promise(rng: &mut Rng, spans: &[&str]) -> String {
    let span = spans[rng.usize(..spans.len())];
    let calendar = ["c", "always"][rng.usize(..2)];
    let (limits, escalation) = match rng.u8(..6) {
        0 if !span.contains("days") => ("floor = \"3m\", ", "with-floor"),
        1 if !span.contains("days") => ("aim = \"4m\", ", "e1"),
        _ => ("", ["e1", "e2"][rng.usize(..2)]),
    };
    // Of a request that is opened again only the delivery goes on.
    let is_delivery = spans.contains(&"8h");
    let reopen = if is_delivery && rng.bool() { "reopen = \"goes on\", " } else { "" };
    format!("{{ {limits}{reopen}within = \"{span}\", calendar = \"{calendar}\", escalation = \"{escalation}\" }}")
}

/// A ladder; every one tells the breach itself.
fn ladder(rng: &mut Rng, has_floor: bool) -> String {
    let mut steps = Vec::new();
    for (at, tell) in [("50%", "owner"), ("-5m", "laura"), ("floor", "owner")] {
        if if at == "floor" { has_floor } else { rng.bool() } {
            steps.push(format!("{{ at = \"{at}\", tell = [\"{tell}\"] }}"));
        }
    }
    steps.push(format!("{{ at = \"due\", tell = [\"{}\"] }}", ["lead", "social", "d1"][rng.usize(..3)]));
    match rng.u8(..3) {
        0 => steps.push("{ at = \"+30m\", tell = [\"supervisor\"], repeat = \"30m\", times = 3 }".to_owned()),
        1 => steps.push("{ at = \"+1h\", tell = [\"d2\"] }".to_owned()),
        _ => {}
    }
    steps.join(", ")
}

impl Said {
    pub fn event(&self) -> Event {
        let (direction, kind) = match &self.verb {
            Verb::In | Verb::Thanks => (Direction::In, AuthorKind::Customer),
            _ if self.by == By::Bot => (Direction::Out, AuthorKind::Bot),
            _ => (Direction::Out, AuthorKind::Agent),
        };
        let (name, address) = match self.by {
            By::Client => ("Luisa", "luisa@cliente.example"),
            By::Laura | By::Stranger => ("Laura", "laura@casa.example"),
            By::Pedro => ("Pedro", "pedro@casa.example"),
            By::Bot => ("Robot", "robot@casa.example"),
        };
        let text = |text: &str| Some(text.to_owned());
        let fact = match &self.verb {
            Verb::In => Fact::Message { direction, text: text("¿Hay noticias?") },
            Verb::Out => Fact::Message { direction, text: text("Ya lo vemos") },
            Verb::Thanks => Fact::Message { direction, text: text("Muchas gracias") },
            Verb::WaitUntil(until) => Fact::Wait { reason: String::new(), on: None, until: Some(*until) },
            Verb::WaitOn => Fact::Wait { reason: "parts".to_owned(), on: text("supplier"), until: None },
            Verb::Blame => {
                let of = BrokenPromise::default();
                Fact::Reason { reason: "carrier".to_owned(), of, text: "it was late".to_owned() }
            }
            Verb::Approve(refuse) => Fact::Approve { of: BrokenPromise::default(), refuse: *refuse },
            Verb::Waive => Fact::Waive { reason: String::new(), seen: None },
            Verb::OpenTask => Fact::Open { promise: None, owner: None },
            Verb::Own(owner) => Fact::Own { owner: owner.map(str::to_owned) },
            Verb::Wait => Fact::Wait { reason: "papers".to_owned(), on: None, until: None },
            Verb::Resume => Fact::Resume,
            Verb::Promise(minutes) => {
                let within = plazo::span::working_time(&format!("{minutes}m")).expect("a span");
                Fact::Promise { promise: Promise::Within(within) }
            }
            Verb::Deliver => Fact::Deliver { text: "done".to_owned() },
            Verb::Comment => Fact::Comment { text: "noted".to_owned() },
            Verb::Close => Fact::Close { reason: "solved".to_owned(), ground: None },
            Verb::Reopen => Fact::Reopen,
            Verb::Ack => Fact::Ack { until: None },
            Verb::Snooze(until) => Fact::Snooze { until: *until },
            Verb::Prioritise(priority) => Fact::Prioritise { priority: (*priority).to_owned() },
            Verb::Merge => Fact::Merge,
            Verb::Undo(number) => Fact::Undo { of: event_id(*number).to_string() },
        };
        let is_task = matches!(self.verb, Verb::OpenTask);
        let about = About {
            channel: text(self.channel),
            kind: is_task.then_some(RequestKind::Task),
            audience: Some(Audience::Client),
            ..About::default()
        };
        Event {
            id: event_id(self.number),
            at: self.happened_at,
            threads: vec![format!("t-{}", self.request)],
            author: Some(Author { name: text(name), address: text(address), kind }),
            about,
            cc: Vec::new(),
            recipients: Vec::new(),
            attached: false,
            proof: if self.by == By::Stranger { Proof::NONE } else { Proof::Machine { user: None } },
            gist: None,
            refs: serde_json::Map::new(),
            fact,
        }
    }
}

fn event_id(number: u32) -> EventId {
    EventId { source: "simulation".to_owned(), id: number.to_string() }
}
