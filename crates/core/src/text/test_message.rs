//! The test message: who asked for it, from where and when, and what will come by the same way, with an alert as it will look.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::{Value, context};

use super::links::Links;
use super::reader::Reader;
use super::templates::{self, Texts};
use super::{format, render};
use crate::outbox::Content;
use crate::outbox::facts::{AlertFacts, TestFacts};

/// Where a button of the sample leads. It is taken out again: nothing of the sample can be done.
const NOWHERE: &str = "plazo:nowhere";

/// What its templates see.
pub(super) fn shown(facts: &TestFacts, texts: &Texts, reader: &Reader<'_>) -> Value {
    let links = |_| {
        let [take, snooze15, snooze60, show] = [NOWHERE; 4].map(str::to_owned);
        Some(Links { take, snooze15, snooze60, show, ..Links::default() })
    };
    let sample = Content::Alert(Box::new(sample(facts.at)));
    let bare = Reader::plain(reader.zone, reader.language, facts.at);
    let with_buttons = Reader { links: &links, ..Reader::plain(reader.zone, reader.language, facts.at) };
    let body = render::template(&sample, texts, &with_buttons).and_then(|(name, context)| {
        let name = format!("{}/{name}.html", reader.language.code());
        Some(texts.block(&name, "body", &context)?.replace(&format!(" href=\"{NOWHERE}\""), ""))
    });
    context! {
        by => Some(format::one_line(&facts.by, 80)).filter(|by| !by.is_empty()),
        host => facts.host.as_deref().map(|host| format::one_line(host, 80)),
        at => format::dated(facts.at, reader.zone, reader.language),
        headline => render::render(&sample, texts, &bare).subject,
        sample => body.map(Value::from_safe_string),
    }
}

/// An alert of a moment ago, about nobody.
fn sample(now: DateTime<Utc>) -> AlertFacts {
    let facts = templates::sample();
    let due_at = now - TimeDelta::minutes(2);
    AlertFacts {
        started_at: due_at - TimeDelta::minutes(20),
        due_at: Some(due_at),
        planned_at: due_at,
        decided_at: due_at,
        late: false,
        down: None,
        derivation: None,
        next: Some(("+30m".to_owned(), due_at + TimeDelta::minutes(30))),
        contact_by: None,
        place: None,
        ..facts
    }
}
