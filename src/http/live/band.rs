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
use crate::text::{Language, format, vocabulary};

/// Its units across; the page scales it.
const WIDTH: i64 = 1_000;

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
}

/// What a colour stands for.
#[derive(Debug, Serialize)]
struct Key {
    class: &'static str,
    title: String,
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
    let legend = [
        ("open", both!("time that counts", "tiempo que cuenta")),
        ("still", both!("waiting", "en espera")),
        ("held", both!("in somebody's hands", "en manos de alguien")),
        ("nobody", both!("nobody's", "de nadie")),
    ];
    let is_drawn = |class| counted.iter().chain(&held).any(|stretch: &Stretch| stretch.class == class);
    let legend = legend.into_iter().filter(|(class, _)| is_drawn(*class));
    let legend = legend.map(|(class, words)| Key { class, title: language.of(words) }).collect();
    let ticks = story.map(|story| ticks(story, &scale, now, &when, language)).unwrap_or_default();
    let task = story.map_or("", |story| vocabulary::task(story.kind, language));
    Band {
        label: language.of(both!("The time of the promise: {task}", "El tiempo de la promesa: {task}")),
        counted,
        held,
        ticks,
        from: when(from),
        to: when(to),
        legend,
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
    let mut add = |at: Option<DateTime<Utc>>, class, word: String| {
        if let Some((at, x)) = at.and_then(|at| Some((at, scale.x(at)?))) {
            ticks.push(Tick { x, class, title: format!("{word}: {}", when(at)) });
        }
    };
    for step in story.steps.iter().filter(|step| matches!(step.outcome, Fate::Told | Fate::Pending)) {
        let word = match step.outcome {
            Fate::Told => language.of(both!("told", "avisado")),
            _ => language.of(both!("to be told", "por avisar")),
        };
        add(step.settled_at.or(step.at), "mark", word);
    }
    add(story.acked_at, "mark", language.of(both!("taken", "tomada")));
    add(story.stopped_at, "mark", language.of(both!("ended", "terminó")));
    add(story.due_at, "due", language.of(both!("due", "vence")));
    add(Some(now), "now", language.of(both!("now", "ahora")));
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
