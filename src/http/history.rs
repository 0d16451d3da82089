//! What happened to a request, in sentences: the same for the interface, the command line and the pages.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::config::Config;
use crate::engine::event::Event;
use crate::engine::request_id::RequestId;
use crate::store::StoreError;
use crate::text::{Language, history};

/// The history of a request.
pub(super) struct Told {
    /// Its lines, oldest first.
    pub(super) lines: Vec<history::Line>,
    /// Where the conversation is, as its source said.
    pub(super) link: Option<String>,
}

/// What an event says, in a sentence.
pub(super) fn sentence(config: &Config, event: &Event, now: DateTime<Utc>) -> String {
    let (zone, language) = (config.zone, config.language);
    history::Writer { rulebook: &config.rulebook, event: &|_| None, now, zone, language }.fact(event)
}

/// Reads the history of a request and writes it out.
pub(super) async fn told(app: &App, id: RequestId, language: Language) -> Result<Told, StoreError> {
    let (happenings, rows) = app.views.story(id).await?;
    let config = app.config();
    let events = || happenings.iter().filter_map(|happening| happening.event.as_ref());
    let writer = history::Writer {
        rulebook: &config.rulebook,
        event: &|name| events().find(|event| event.id.to_string() == name),
        now: app.now(),
        zone: config.zone,
        language,
    };
    let happened = happenings.iter().flat_map(|row| writer.happened(row.at, row.event.as_ref(), &row.effects));
    let told = rows.iter().map(|row| {
        let (person, kind) = (row.person.as_deref(), row.kind.as_deref());
        let message =
            history::HistoryMessage { why: &row.why, kind, person, destination: &row.destination, state: row.state };
        writer.told(row.at, &message)
    });
    let mut lines: Vec<_> = happened.chain(told).collect();
    // What was told follows what it was about.
    lines.sort_by_key(|line| line.at);
    let link = history::link(events());
    Ok(Told { lines, link })
}
