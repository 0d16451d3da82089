//! How answers are printed: in which language, and on whose clock.

use chrono::{DateTime, Local, Offset as _, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::real_time;
use crate::both;
use crate::text::{Language, format, zone};

/// The language of tables, and the zone of their instants; the machine's without one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) language: Language,
    pub(super) zone: Option<Tz>,
}

impl Look {
    /// The zone of instants; UTC where the machine does not say its own.
    pub(super) fn zone(self) -> Tz {
        let own = || iana_time_zone::get_timezone().ok().and_then(|name| name.parse().ok());
        self.zone.or_else(own).unwrap_or(Tz::UTC)
    }

    /// A heading of instants, with the zone where it is not the machine's own: `vence (Bogotá)`.
    pub(super) fn of_zone(self, heading: &str) -> String {
        use chrono::TimeZone as _;
        let (now, zone) = (real_time().now(), self.zone());
        let theirs = zone.offset_from_utc_datetime(&now.naive_utc()).fix();
        if theirs == Local.offset_from_utc_datetime(&now.naive_utc()) {
            return heading.to_owned();
        }
        let city = zone::city(zone, self.language).unwrap_or_else(|| zone.name().replace("Etc/", ""));
        format!("{heading} ({city})")
    }

    /// An instant of the answer as people say it: `hoy 12:41`. Empty where there is none.
    pub(super) fn when(self, value: &Value) -> String {
        let at = |at| format::when(at, real_time().now(), self.zone(), self.language);
        instant(value).map(at).unwrap_or_default()
    }

    /// How long an instant of the answer is ago or ahead: `hace 3 min`, `en 2 h`. Empty where there is none.
    pub(super) fn distance(self, value: &Value) -> String {
        let Some(at) = instant(value) else { return String::new() };
        let left = at - real_time().now();
        let span = format::span(left.abs());
        self.language.of(if left < TimeDelta::zero() {
            both!("{span} ago", "hace {span}")
        } else {
            both!("in {span}", "en {span}")
        })
    }
}

/// An instant of an answer.
pub(super) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}
