//! The instants that people give on the command line, in the file's zone.

use anyhow::{anyhow, bail};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use crate::replay::Window;

/// The span between `--from` and `--to`; a date in `--to` is played to its end. Without them it is `all`,
/// both ends included.
pub(super) fn window(
    from: Option<&str>,
    to: Option<&str>,
    all: (DateTime<Utc>, DateTime<Utc>),
    zone: Tz,
) -> anyhow::Result<Window> {
    let from = from.map(|text| read(text, "--from", zone, 0)).transpose()?.unwrap_or(all.0);
    let to = to.map(|text| read(text, "--to", zone, 1)).transpose()?.unwrap_or(all.1 + TimeDelta::milliseconds(1));
    if to <= from {
        bail!(
            "nothing lies between {} and {}; --from comes before --to",
            from.with_timezone(&zone),
            to.with_timezone(&zone)
        );
    }
    Ok(Window { from, to })
}

fn read(text: &str, flag: &str, zone: Tz, days_after: u64) -> anyhow::Result<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let date = text.parse::<NaiveDate>().ok().and_then(|date| date.checked_add_days(Days::new(days_after)));
    let local = date.map(|date| date.and_time(chrono::NaiveTime::MIN)).or_else(|| {
        ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    });
    let unreadable = || {
        anyhow!(
            "{flag}: `{text}` is no date and no instant; write it as 2026-03-02, or as \"2026-03-02 09:00\" ({zone})"
        )
    };
    let local = local.ok_or_else(unreadable)?;
    // An hour that a clock change skips counts as the one after it.
    let at = zone.from_local_datetime(&local).earliest();
    let at = at.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    at.map(|at| at.to_utc()).ok_or_else(unreadable)
}
