//! A request as a row of the queue and of the wall.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::app::board::{BoardGroup, BoardPage, BoardRow, BoardWait};
use crate::both;
use crate::config::Config;
use crate::engine::request_id::RequestId;
use crate::http::pages::wording::{capitalised, due, nobody, person, span};
use crate::text::{Language, format, vocabulary};

/// Letters of a name or a subject.
const LONGEST: usize = 90;

/// Rows under one heading.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    state: &'static str,
    mark: char,
    title: String,
    n: usize,
    rows: Vec<Row>,
    more: usize,
}

/// One of them.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    what: String,
    who: String,
    subject: String,
    channel: String,
    owner: String,
    taken: Option<String>,
    when: String,
    /// How much of its time is left, in percent.
    left: Option<u8>,
    waits: Option<String>,
}

/// Who reads, and how much of it.
pub(super) struct Reading<'a> {
    pub(super) config: &'a Config,
    pub(super) language: Language,
    pub(super) now: DateTime<Utc>,
    /// Whether clients' names and subjects are left out.
    pub(super) hides_names: bool,
    /// Who took what, by request.
    pub(super) takers: &'a HashMap<RequestId, String>,
}

/// The look of a group: its class, its shape and its title.
pub(super) fn look(group: BoardGroup, language: Language) -> (&'static str, char, String) {
    let (state, mark, title) = match group {
        BoardGroup::Overdue => ("overdue", '▲', both!("Overdue", "Vencidas")),
        BoardGroup::Soon => ("soon", '◆', both!("Due soon", "Por vencer")),
        BoardGroup::InTime => ("fine", '○', both!("In time", "En plazo")),
        BoardGroup::Waiting => ("calm", '‖', both!("Waiting", "En espera")),
        BoardGroup::Calm => ("calm", '·', both!("Nothing due", "Sin plazo en curso")),
    };
    (state, mark, language.of(title))
}

/// Everything that a look found, under its headings.
pub(super) fn sections(page: &BoardPage, reading: &Reading<'_>) -> Vec<Section> {
    let section = |(group, rows): &(BoardGroup, Vec<std::sync::Arc<BoardRow>>)| {
        let (state, mark, title) = look(*group, reading.language);
        let n = page.counts[*group as usize];
        let rows: Vec<_> = rows.iter().map(|one| row(one, reading)).collect();
        Section { state, mark, title, n, more: n - rows.len(), rows }
    };
    page.rows.iter().map(section).collect()
}

/// Hour and minute.
pub(super) fn clock(at: DateTime<Utc>, zone: chrono_tz::Tz) -> String {
    at.with_timezone(&zone).format("%H:%M").to_string()
}

fn row(row: &BoardRow, reading: &Reading<'_>) -> Row {
    let Reading { config, language, now, .. } = *reading;
    let directory = &config.rulebook.directory;
    let client = row.customer.as_deref().map(|key| directory.customer_name(key)).or(row.contact.as_deref());
    let hidden = |text: Option<&str>| match text.filter(|_| !reading.hides_names) {
        Some(text) => format::one_line(text, LONGEST),
        None => String::new(),
    };
    let idle = || language.of(both!("nothing due", "sin plazo en curso"));
    let taken = row.acked_at.map(|at| {
        let at = clock(at, config.zone);
        match reading.takers.get(&row.id) {
            Some(who) => {
                let who = person(who, config);
                language.of(both!("✓ {who}, {at}", "✓ {who}, {at}"))
            }
            None => language.of(both!("✓ taken, {at}", "✓ tomada, {at}")),
        }
    });
    let waits = row.waits.as_ref().map(|BoardWait { since, on, reason }| {
        let kind = on.as_deref().and_then(|on| config.rulebook.wait(on));
        // In Spanish one word is made of «a» and «el».
        let name = kind.map_or_else(|| language.of(both!("the client", "el cliente")), |kind| kind.name.clone());
        let whom = match name.strip_prefix("el ").filter(|_| language == Language::Es) {
            Some(rest) => format!("al {rest}"),
            None => language.of(both!("{name}", "a {name}")),
        };
        let reason = if reading.hides_names || reason.is_empty() {
            String::new()
        } else {
            format!(": {}", format::one_line(reason, LONGEST))
        };
        let since = span(now - *since);
        language.of(both!("waits for {whom}, for {since}{reason}", "espera {whom} hace {since}{reason}"))
    });
    let snoozed = row.snoozed_until.filter(|until| now < *until).map(|until| {
        let until = format::when(until, now, config.zone, language);
        language.of(both!("put off until {until}", "pospuesta hasta {until}"))
    });
    Row {
        id: row.id.to_string(),
        what: row.promise.map_or_else(idle, |kind| capitalised(vocabulary::task(kind, language))),
        who: hidden(client),
        subject: hidden(row.subject.as_deref()),
        channel: vocabulary::channel(&row.channel, language),
        owner: row.owner.as_deref().map_or_else(|| nobody(language), |owner| person(owner, config)),
        taken,
        when: row.due_at.map_or_else(idle, |due_at| due(due_at, config, now, language)),
        left: row.left(&config.rulebook, now),
        waits: [waits, snoozed].into_iter().flatten().reduce(|one, other| format!("{one} · {other}")),
    }
}
