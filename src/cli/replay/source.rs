//! Where a replay gets its events: the journal of the store, or a file with one event a line.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::Value;

use crate::both;
use crate::cli::{Global, absolute};
use crate::engine::proof::Proof;
use crate::intake::json;
use crate::replay::{Belongs, Heard};
use crate::text::{Both, Language};

/// Mistakes of a file that are told at once.
const MOST_TOLD: usize = 10;
/// Name of the source of events that give none.
const SOURCE: &str = "replay";

/// Events in the order in which they were heard of, and the lines where they stand.
pub(super) struct Recorded {
    pub(super) heard: Vec<Heard>,
    /// Line of each; empty for a journal.
    pub(super) lines: Vec<usize>,
}

/// All events of the journal. What it says of arrival stands, except that time never goes back.
pub(super) fn journal(global: &Global) -> anyhow::Result<Recorded> {
    let directory = global.data();
    let store = global.place().and_then(|place| place.open_reader()).map_err(|error| {
        let shown = absolute(&directory);
        let shown = shown.display();
        let Both { en, es } = error.told();
        global.error(both!(
            "there is no journal to replay in {shown} ({en}); name the data directory by --data, or a file by --events",
            "en {shown} no hay un diario que repasar ({es}); indique el directorio de datos con --data, o un archivo con --events"
        ))
    })?;
    let mut heard: Vec<Heard> = Vec::new();
    let mut now = DateTime::<Utc>::MIN_UTC;
    store.each_event(|request, heard_at, event| {
        now = now.max(heard_at);
        heard.push(Heard { event: Arc::new(event), belongs: Belongs::To(request), heard_at: now });
    })?;
    Ok(Recorded { heard, lines: Vec::new() })
}

/// The events of a file. Each was heard of at its `at`, or at its `received_at`, which may be later.
pub(super) fn file(path: &Path, language: Language) -> anyhow::Result<Recorded> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| language.of(both!("cannot read {shown}", "no se puede leer {shown}")))?;
    let mut events = Vec::new();
    let mut wrong = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match read_line(line) {
            Ok(heard) => events.push((heard, number)),
            Err(problem) => wrong.push(format!("{shown}:{number}: {}", language.of(problem))),
        }
    }
    if !wrong.is_empty() {
        let rest = wrong.len().saturating_sub(MOST_TOLD);
        wrong.truncate(MOST_TOLD);
        if 0 < rest {
            wrong.push(language.of(both!("and {rest} more", "y {rest} más")));
        }
        let wrong = wrong.join("\n");
        bail!(language.of(both!(
            "{wrong}\nThe form of events is described in docs/events.md.",
            "{wrong}\nLa forma de los eventos se describe en docs/events.md."
        )));
    }
    // Stable: of two at one instant, the one that stands first.
    events.sort_by_key(|(heard, _): &(Heard, usize)| heard.heard_at);
    let (heard, lines) = events.into_iter().unzip();
    Ok(Recorded { heard, lines })
}

fn read_line(line: &str) -> Result<Heard, Both> {
    let mut value: Value = serde_json::from_str(line).map_err(|error| {
        both!(
            "this is not JSON ({error}); write one event a line",
            "esto no es JSON ({error}); escriba un evento por línea"
        )
    })?;
    let at = instant(&value, "at")?.ok_or_else(|| {
        both!(
            "`at`: is missing; a replay needs the instant of each event, such as 2026-03-02T09:05:00-05:00",
            "`at`: falta; para repasar hace falta el instante de cada evento, por ejemplo 2026-03-02T09:05:00-05:00"
        )
    })?;
    let heard_at = instant(&value, "received_at")?.unwrap_or(at).max(at);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("received_at");
    }
    let (mut event, request) = json::event(value, SOURCE, at).map_err(|error| error.words())?;
    // What a file of events tells is taken as it was.
    event.proof = Proof::Unrecorded;
    let belongs = request.map_or(Belongs::ByThread, Belongs::Names);
    Ok(Heard { event: Arc::new(event), belongs, heard_at })
}

fn instant(value: &Value, field: &str) -> Result<Option<DateTime<Utc>>, Both> {
    let Some(text) = value.get(field).and_then(Value::as_str) else { return Ok(None) };
    let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| {
        both!(
            "`{field}`: `{text}` is no instant; write it as 2026-03-02T09:05:00-05:00",
            "`{field}`: «{text}» no es un instante; escríbalo así: 2026-03-02T09:05:00-05:00"
        )
    })?;
    Ok(Some(parsed.to_utc().trunc_subsecs(3)))
}
