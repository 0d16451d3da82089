//! What an instant or a number of days in a call may be, for all routes alike: instants as people write them ([`crate::instant`]), in
//! the file's zone.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};

use super::error::{Failure, HandlerResult};
use crate::app::App;
use crate::both;
use crate::engine::request::Request;
use crate::instant::{self, Here, Meant};
use crate::intake::json::FieldError;
use crate::text::Both;

/// About ten years.
const MOST_DAYS: u32 = 3_660;

/// The instant of a field, where one is given.
pub(super) fn instant(
    app: &App,
    field: &str,
    text: Option<&str>,
    meant: Meant,
) -> Result<Option<DateTime<Utc>>, FieldError> {
    instant_of(app, field, text, meant, None)
}

/// The same, of a request by whose promises a calendar is usual.
pub(super) fn instant_of(
    app: &App,
    field: &str,
    text: Option<&str>,
    meant: Meant,
    request: Option<&Request>,
) -> Result<Option<DateTime<Utc>>, FieldError> {
    read(app, text, meant, request).map_err(|problem| FieldError { field: field.to_owned(), problem })
}

/// The instant of a parameter of the address, where one is given.
pub(super) fn parameter(
    app: &App,
    name: &str,
    text: Option<&str>,
    meant: Meant,
) -> HandlerResult<Option<DateTime<Utc>>> {
    read(app, text, meant, None).map_err(|problem| {
        let Both { en, es } = problem;
        Failure::of_parameter(name, both!("`{name}`: {en}", "«{name}»: {es}"))
    })
}

fn read(app: &App, text: Option<&str>, meant: Meant, request: Option<&Request>) -> Result<Option<DateTime<Utc>>, Both> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let config = app.config();
    let live = request.into_iter().flat_map(|request| &request.clocks).filter(|clock| clock.is_live());
    let first = live.min_by_key(|clock| clock.due_at.unwrap_or(DateTime::<Utc>::MAX_UTC));
    let target = first.and_then(|clock| config.rulebook.target_of(&clock.policy, clock.kind));
    let usual = target.map(|target| target.calendar.name());
    let here = Here { now: app.now(), zone: config.zone, calendars: &config.calendars, usual };
    instant::read(text, meant, &here).map(Some)
}

/// Puts instants in the place of the words that people wrote in the fields of an event. Numbers, as systems write them, stay.
pub(super) fn instants(app: &App, event: &mut Map<String, Value>, request: Option<&Request>) -> Result<(), FieldError> {
    let due = if event.get("type").is_some_and(|kind| kind == "schedule") { Meant::Meets } else { Meant::Ends };
    for (field, meant) in [("at", Meant::Happened), ("due", due), ("until", Meant::Ends)] {
        let words = event.get(field).and_then(Value::as_str).filter(|text| text.trim().parse::<f64>().is_err());
        if let Some(at) = instant_of(app, field, words, meant, request)? {
            event.insert(field.to_owned(), at.to_rfc3339_opts(SecondsFormat::AutoSi, true).into());
        }
    }
    Ok(())
}

/// A number of days, where one is given.
pub(super) fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let days = Option::<u32>::deserialize(deserializer)?;
    if days.is_none_or(|days| (1..=MOST_DAYS).contains(&days)) {
        return Ok(days);
    }
    Err(D::Error::custom(format_args!("must be a number from 1 to {MOST_DAYS}")))
}
