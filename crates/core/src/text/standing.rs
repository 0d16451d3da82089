//! Where a promise stands when its message goes out, in words that stay true when it is read later: an instant beside each span.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use chrono_tz::Tz;
use regex::Regex;

use super::{Language, format, vocabulary};
use crate::both;
use crate::engine::effect::Why;
use crate::outbox::facts::AlertFacts;

/// What stands before an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing: `12:26`, `lun 2 mar, 09:20`.
    Plain,
    /// `a las 12:26`, `el lun 2 mar, 09:20`.
    At,
    /// `de las 12:26`, `del lun 2 mar, 09:20`.
    Of,
}

/// Where a promise stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether its time is over.
    pub is_over: bool,
    /// In a word and a span: `Vencido hace 14 min`, `Por vencer en 5 min`, `Escalado: vencido hace 30 min`.
    pub head: String,
    /// The same with its instant: `Venció 12:26, hace 14 min`, `Antes de las 12:26 (quedan 5 min)`. Without a due instant, the head.
    pub when: String,
}

/// Where the promise of an alert stands at `now`, whatever it was when the alert was decided.
pub(super) fn of(facts: &AlertFacts, now: DateTime<Utc>, zone: Tz, language: Language) -> Standing {
    let word = |why| vocabulary::why(why, language);
    let Some(due_at) = facts.due_at else {
        let head = word(facts.why).to_owned();
        return Standing { is_over: matches!(facts.why, Why::Breach | Why::Escalation), when: head.clone(), head };
    };
    let is_over = due_at <= now;
    let span = format::span((due_at - now).abs());
    let head = match (is_over, facts.why) {
        (true, Why::Escalation) if due_at < now => {
            language.of(both!("Escalated: overdue by {span}", "Escalado: vencido hace {span}"))
        }
        (true, Why::Escalation) | (false, Why::Escalation | Why::Breach | Why::Attention) => word(facts.why).to_owned(),
        (true, _) if due_at < now => language.of(both!("Overdue by {span}", "Vencido hace {span}")),
        (true, _) => word(Why::Breach).to_owned(),
        (false, Why::Warning) => {
            let word = word(Why::Warning);
            language.of(both!("{word} in {span}", "{word} en {span}"))
        }
    };
    let mut when = if is_over {
        let at = instant(due_at, now, zone, language, Form::Plain);
        let ago = if due_at < now { language.of(both!(", {span} ago", ", hace {span}")) } else { String::new() };
        language.of(both!("was due {at}{ago}", "venció {at}{ago}"))
    } else {
        let at = instant(due_at, now, zone, language, Form::Of);
        let by = instant(due_at, now, zone, language, Form::Plain);
        // One unit alone is singular: «queda 1 h».
        let left = if span.starts_with("1 ") { "queda" } else { "quedan" };
        language.of(both!("by {by} ({span} left)", "antes {at} ({left} {span})"))
    };
    if let Some(edited_at) = facts.edited_at {
        let at = instant(edited_at, now, zone, language, Form::Of);
        when += &language.of(both!(", by the change of sla.toml {at}", ", por el cambio de sla.toml {at}"));
    }
    let when = match facts.why {
        Why::Escalation => format!("{} · {when}", word(Why::Escalation)),
        Why::Attention if !is_over => format!("{} · {when}", word(Why::Attention)),
        _ => capitalised(&when),
    };
    Standing { is_over, head, when }
}

/// An instant without seconds: of the day of `now` its time alone, of another its date, with the year where that is another one.
pub(super) fn instant(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz, language: Language, form: Form) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone).date_naive());
    let (day, time) = (local.date_naive(), local.format("%H:%M"));
    if day == today {
        let before = match (form, language, local.hour()) {
            (Form::Plain, ..) => "",
            (Form::At, Language::Es, 1) => "a la ",
            (Form::At, Language::Es, _) => "a las ",
            (Form::Of, Language::Es, 1) => "de la ",
            (Form::Of, Language::Es, _) => "de las ",
            (Form::At, Language::En, _) => "at ",
            (Form::Of, Language::En, _) => "of ",
        };
        return format!("{before}{time}");
    }
    let before = match (form, language) {
        (Form::Plain, _) => "",
        (Form::At, Language::Es) => "el ",
        (Form::Of, Language::Es) => "del ",
        (Form::At, Language::En) => "on ",
        (Form::Of, Language::En) => "of ",
    };
    let year = if day.year() == today.year() { String::new() } else { format!(" {}", day.year()) };
    format!("{before}{}{year}, {time}", format::date(day, language))
}

/// A figure and its unit, and two such spans in a row.
static SPANS: LazyLock<Option<[Regex; 2]>> = LazyLock::new(|| {
    let unit = Regex::new(r"(\d) (d|h|min|s)\b").ok()?;
    let row = Regex::new("(\\d\u{a0}(?:d|h|min)) (\\d+\u{a0}(?:h|min|s)\\b)").ok()?;
    Some([unit, row])
});

/// The text with no-break spaces within its spans: `2 h 30 min` is not torn apart at the end of a line.
pub(super) fn tied(text: &str) -> String {
    let Some([unit, row]) = SPANS.as_ref() else { return text.to_owned() };
    row.replace_all(&unit.replace_all(text, "$1\u{a0}$2"), "$1\u{a0}$2").into_owned()
}

/// The text with a capital at its beginning.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
