//! The span that a replay shows.

use anyhow::{anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};

use crate::both;
use crate::config::Config;
use crate::instant::{self, Here, Meant};
use crate::replay::Window;
use crate::text::format;

/// The span between `--from` and `--to`, as people write them, in the file's zone; a date in `--to` is played to its end. Without
/// them it is `all`, both ends included.
pub(super) fn window(
    from: Option<&str>,
    to: Option<&str>,
    all: (DateTime<Utc>, DateTime<Utc>),
    config: &Config,
    now: DateTime<Utc>,
) -> anyhow::Result<Window> {
    let language = config.language;
    let here = Here { now, zone: config.zone, calendars: &config.calendars, usual: None };
    let read = |option: &str, text: &str, meant| {
        let at = instant::read(text, meant, &here);
        at.map_err(|problem| anyhow!("{option}: {}", language.of(problem)))
    };
    let from = from.map(|text| read("--from", text, Meant::Happened)).transpose()?.unwrap_or(all.0);
    let to = to.map(|text| read("--to", text, Meant::HappenedUpTo)).transpose()?;
    let to = to.unwrap_or(all.1 + TimeDelta::milliseconds(1));
    if to <= from {
        let local = |at| format::instant(at, config.zone, language);
        let (from, to) = (local(from), local(to));
        bail!(
            "{}",
            language.of(both!(
                "nothing lies between {from} and {to}; --from comes before --to",
                "no hay nada entre {from} y {to}; --from va antes que --to"
            ))
        );
    }
    Ok(Window { from, to })
}
