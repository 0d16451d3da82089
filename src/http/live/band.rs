//! A request's time as a drawing: open hours, waits, in whose hands it was, what was told and answered, and when it is due. The sections
//! below say the same in words.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::both;
use crate::config::Config;
use crate::engine::derivation::Because;
use crate::engine::explain::{Explanation, Fate, Story};
use crate::engine::ledger::Holder;
use crate::engine::request::Request;
use crate::text::{Both, Language, format, vocabulary};

/// Its units across; the page scales it.
const WIDTH: i64 = 1_000;
/// The type of the event that answers.
const ANSWER: &str = "message";

/// A stretch of a lane.
#[derive(Debug, Serialize)]
struct Stretch {
    x: i64,
    width: i64,
    class: &'static str,
    title: String,
}

/// An instant.
#[derive(Debug, Serialize)]
struct Tick {
    x: i64,
    class: &'static str,
    title: String,
}

/// The drawing.
#[derive(Debug, Serialize)]
pub(super) struct Band {
    label: String,
    /// The time that counts, and what stood still.
    counted: Vec<Stretch>,
    held: Vec<Stretch>,
    ticks: Vec<Tick>,
    from: String,
    to: String,
    legend: Vec<Key>,
    /// All that is drawn in words, for whoever does not see it.
    told: Vec<String>,
}

/// What a look stands for.
#[derive(Debug, Serialize)]
struct Key {
    class: &'static str,
    title: String,
    /// Of an instant, and not of a stretch.
    is_mark: bool,
}

/// Draws the promise that is due first, or the last that ended.
pub(super) fn draw(
    request: &Request,
    explanation: &Explanation,
    config: &Config,
    now: DateTime<Utc>,
    language: Language,
) -> Band {
    let live = explanation.clocks.iter().filter(|story| story.stopped_at.is_none());
    let story = live.min_by_key(|story| story.due_at.unwrap_or(DateTime::<Utc>::MAX_UTC)).or(explanation.clocks.last());
    let from = story.map_or(request.opened_at, |story| story.started_at.min(request.opened_at));
    let ends = [story.and_then(|story| story.due_at), story.and_then(|story| story.stopped_at), Some(now)];
    let to = ends.into_iter().flatten().max().unwrap_or(now).max(from + TimeDelta::minutes(1));
    let scale = Scale { from, length: (to - from).num_milliseconds().max(1) };
    let when = |at| format::when(at, now, config.zone, language);
    let span = |from, to| format!("{} – {}", when(from), when(to));
    let mut counted = Vec::new();
    for spent in story.and_then(|story| story.derivation.as_ref()).into_iter().flat_map(|one| &one.spent) {
        let title = language.of(both!("counts", "cuenta"));
        counted.extend(scale.stretch(spent.from, spent.to, "open", format!("{title}: {}", span(spent.from, spent.to))));
    }
    for left_out in story.and_then(|story| story.derivation.as_ref()).into_iter().flat_map(|one| &one.left_out) {
        if let Because::Pause { .. } | Because::RequestClosed { .. } = left_out.because {
            let title = language.of(both!("stood still", "en espera"));
            let title = format!("{title}: {}", span(left_out.from, left_out.to));
            counted.extend(scale.stretch(left_out.from, left_out.to, "still", title));
        }
    }
    let held = explanation.ledger.held.iter().filter_map(|held| {
        let (class, who) = match &held.holder {
            Holder::Nobody => ("nobody", language.of(both!("nobody", "nadie"))),
            Holder::Owner { owner, .. } => ("held", config.name_of(owner).to_owned()),
            Holder::Client => ("still", language.of(both!("the client", "el cliente"))),
            Holder::Other { on } => ("still", on.clone()),
            Holder::Closed => return None,
        };
        scale.stretch(held.from, held.to, class, format!("{who}: {}", span(held.from, held.to)))
    });
    let held: Vec<Stretch> = held.collect();
    let ticks = story.map(|story| ticks(story, &scale, now, &when, language)).unwrap_or_default();
    let is_drawn = |class| {
        let stretches = counted.iter().chain(&held).map(|stretch: &Stretch| stretch.class);
        stretches.chain(ticks.iter().map(|tick| tick.class)).any(|drawn| drawn == class)
    };
    let stretches = [
        ("open", both!("time that counts", "tiempo que cuenta")),
        ("still", both!("waiting", "en espera")),
        ("held", both!("in somebody's hands", "en manos de alguien")),
        ("nobody", both!("nobody's", "de nadie")),
    ];
    let key = |is_mark| move |(class, words)| Key { class, title: language.of(words), is_mark };
    let legend = stretches.into_iter().map(key(false)).chain(MARKS.map(|mark| (mark, word(mark))).map(key(true)));
    let legend = legend.filter(|key| is_drawn(key.class)).collect();
    let told = counted.iter().chain(&held).map(|stretch| &stretch.title).chain(ticks.iter().map(|tick| &tick.title));
    let told = told.cloned().collect();
    let task = story.map_or("", |story| vocabulary::task(story.kind, language));
    Band {
        label: language.of(both!("The time of the promise: {task}", "El tiempo de la promesa: {task}")),
        counted,
        held,
        ticks,
        from: when(from),
        to: when(to),
        legend,
        told,
    }
}

/// The classes of instants, in the order of the legend.
const MARKS: [&str; 7] = ["told", "owed", "taken", "answered", "ended", "due", "now"];

/// What an instant of that class is.
fn word(class: &str) -> Both {
    match class {
        "told" => both!("told", "avisado"),
        "owed" => both!("to be told", "por avisar"),
        "taken" => both!("taken", "tomada"),
        "answered" => both!("answered", "respondida"),
        "ended" => both!("ended", "terminó"),
        "due" => both!("due", "vence"),
        _ => both!("now", "ahora"),
    }
}

fn ticks(
    story: &Story,
    scale: &Scale,
    now: DateTime<Utc>,
    when: &dyn Fn(DateTime<Utc>) -> String,
    language: Language,
) -> Vec<Tick> {
    let mut ticks = Vec::new();
    let mut add = |at: Option<DateTime<Utc>>, class| {
        if let Some((at, x)) = at.and_then(|at| Some((at, scale.x(at)?))) {
            let word = language.of(word(class));
            ticks.push(Tick { x, class, title: format!("{word}: {}", when(at)) });
        }
    };
    for step in &story.steps {
        match step.outcome {
            Fate::Told => add(step.settled_at.or(step.at), "told"),
            Fate::Pending => add(step.at, "owed"),
            _ => {}
        }
    }
    add(story.acked_at, "taken");
    let is_answer = story.stopped_by.as_ref().is_some_and(|cause| cause.type_name == ANSWER);
    add(story.stopped_at, if is_answer { "answered" } else { "ended" });
    add(story.due_at, "due");
    add(Some(now), "now");
    ticks
}

struct Scale {
    from: DateTime<Utc>,
    length: i64,
}

impl Scale {
    /// Where an instant lies; none outside of the drawing.
    fn x(&self, at: DateTime<Utc>) -> Option<i64> {
        let x = (at - self.from).num_milliseconds().checked_mul(WIDTH)? / self.length;
        (0..=WIDTH).contains(&x).then_some(x)
    }

    fn stretch(&self, from: DateTime<Utc>, to: DateTime<Utc>, class: &'static str, title: String) -> Option<Stretch> {
        let last = self.from + TimeDelta::milliseconds(self.length);
        let (from, to) = (from.clamp(self.from, last), to.clamp(self.from, last));
        let x = self.x(from)?;
        let width = self.x(to)? - x;
        (from < to).then_some(Stretch { x, width: width.max(1), class, title })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Of a promise from noon to one, drawn at that minute of the hour: told at the 30th, taken at the 40th, ended by `stopped_by` at the 50th.
    fn band(stopped_by: Option<&str>, minute: i64) -> Value {
        let file =
            "language = \"en\"\ntimezone = \"America/Bogota\"\n[[policy]]\nname = \"p\"\nreply = { within = \"1h\" }\n";
        let config = crate::config::read("sla.toml".as_ref(), file.to_owned()).config.expect("a valid file");
        let noon: DateTime<Utc> = "2026-03-02T17:00:00Z".parse().expect("an instant");
        let at = |minute| noon + TimeDelta::minutes(minute);
        let mut clock = json!({
            "kind": "reply", "cycle": 1, "state": "running", "policy": "p", "revision": 1, "started_at": noon, "due_at": at(60),
            "acked_at": at(40), "agrees": true,
            "steps": [
                {"step": "50%", "at": at(30), "outcome": "told", "settled_at": at(30)},
                {"step": "due", "at": at(60), "outcome": "pending"},
                {"step": "due+1h", "at": at(120), "outcome": "pending"},
                {"step": "25%", "at": at(15), "outcome": "skipped"},
            ],
        });
        if let Some(type_name) = stopped_by {
            clock["state"] = json!("met");
            clock["stopped_at"] = json!(at(50));
            clock["stopped_by"] = json!({"type": type_name, "source": "s"});
        }
        let explanation = json!({
            "request": 1, "now": at(minute), "clocks": [clock], "n_earlier": 0,
            "ledger": {
                "held": [
                    {"holder": "nobody", "from": noon, "to": at(40)},
                    {"holder": "owner", "owner": "laura", "from": at(40), "to": at(55)},
                    {"holder": "client", "from": at(55), "to": at(60)},
                ],
                "totals": [], "teams": [], "whole_ms": 3_600_000,
            },
        });
        let explanation: Explanation = serde_json::from_value(explanation).expect("an explanation");
        let mut request = Request::unopened(crate::engine::request_id::RequestId(1));
        request.opened_at = noon;
        serde_json::to_value(draw(&request, &explanation, &config, at(minute), Language::En)).expect("a drawing")
    }

    /// Class and place of each mark.
    fn marks(band: &Value) -> Vec<(String, i64)> {
        let ticks = band["ticks"].as_array().expect("marks").iter();
        ticks
            .map(|tick| (tick["class"].as_str().expect("a class").to_owned(), tick["x"].as_i64().expect("a place")))
            .collect()
    }

    #[test]
    fn each_mark_lies_at_its_instant_under_a_look_of_its_own() {
        let words = |all: &[(&str, i64)]| all.iter().map(|(class, x)| ((*class).to_owned(), *x)).collect::<Vec<_>>();
        let open = band(None, 45);
        // The step of an hour after is outside of the drawing.
        assert_eq!(
            marks(&open),
            words(&[("told", 500), ("owed", 1_000), ("taken", 666), ("due", 1_000), ("now", 750)])
        );
        let answered = marks(&band(Some("message"), 60));
        assert!(answered.contains(&("answered".to_owned(), 833)), "{answered:?}");
        let closed = marks(&band(Some("close"), 60));
        assert!(
            closed.contains(&("ended".to_owned(), 833)) && !closed.iter().any(|(class, _)| class == "answered"),
            "{closed:?}"
        );
    }

    #[test]
    fn the_legend_names_every_look_that_is_drawn_and_the_list_says_all_of_it_in_words() {
        for (stopped_by, minute) in [(None, 45), (Some("message"), 60), (Some("close"), 60)] {
            let band = band(stopped_by, minute);
            let all = |part: &str| band[part].as_array().expect("a list").clone();
            let class = |one: &Value| one["class"].as_str().expect("a class").to_owned();
            let drawn: std::collections::BTreeSet<_> =
                ["counted", "held", "ticks"].into_iter().flat_map(all).map(|one| class(&one)).collect();
            let keys: std::collections::BTreeSet<_> = all("legend").iter().map(class).collect();
            assert_eq!(keys, drawn);
            let style = include_str!("parts/plazo.css");
            for key in all("legend") {
                let class = class(&key);
                assert!(style.contains(&format!(":is(.band, .legend) .{class} {{")), "{class} looks like nothing");
                assert_eq!(key["is_mark"], MARKS.contains(&class.as_str()), "{class}");
            }
            let told: Vec<_> = all("told").iter().map(|line| line.as_str().expect("a line").to_owned()).collect();
            assert_eq!(told.len(), all("counted").len() + all("held").len() + all("ticks").len());
            assert!(told.iter().any(|line| line.starts_with("taken: ")), "{told:?}");
        }
    }
}
