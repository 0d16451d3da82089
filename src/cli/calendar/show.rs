//! `plazo calendar show`: a calendar's days with their hours, and why a day is closed.

use anyhow::{anyhow, bail};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use crate::both;
use crate::cli::output::{self, BLUE, DIM, GREEN, YELLOW, styled};
use crate::cli::{Exit, Global, Outcome, real_time};
use crate::config::mistake::suggestion;
use crate::config::{self, Config};
use crate::engine::calendar::{Calendar, Day, Reason};
use crate::engine::working_time::WorkingTime;
use crate::instant::{self, Here, Meant};
use crate::text::{Language, format};

/// The span shown where none is given, in days.
const DEFAULT_DAYS: u64 = 28;
/// The longest span that is shown, in days.
const MOST_DAYS: i64 = 3_660;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The calendar's name in sla.toml [default: lists them]
    name: Option<String>,
    /// First day, such as 2026-12-01, monday or +7d [default: today]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    from: Option<String>,
    /// Last day [default: four weeks later]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    to: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    calendar: String,
    timezone: String,
    open_seconds: i64,
    days: Vec<ShownDay>,
}

#[derive(Serialize)]
struct ShownDay {
    date: NaiveDate,
    hours: Vec<String>,
    /// As long as they really are, clock changes included.
    open_seconds: i64,
    /// Why it is closed, or has hours of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// How far the zone's clock is set that day, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_change_seconds: Option<i64>,
}

pub(super) fn run(global: &Global, args: &Args) -> Outcome {
    let loaded = config::load(&global.config)?;
    let config = loaded.config.clone().ok_or_else(|| anyhow!("{}", loaded.explain(false)))?;
    let Some(name) = &args.name else { return list(&config, args.json) };
    let language = config.language;
    let calendar = config.calendars.get(name).ok_or_else(|| {
        let known = language.of(suggestion(name, config.calendars.keys().map(String::as_str)));
        anyhow!(
            "{}",
            language.of(both!("there is no calendar `{name}`; {known}", "no hay un calendario `{name}`; {known}"))
        )
    })?;
    let here = Here { now: real_time().now(), zone: calendar.zone(), calendars: &config.calendars, usual: None };
    let date = |option: &str, text: &str| {
        // Also one that the zone skips.
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Ok(date);
        }
        let at = instant::read(text, Meant::Begins, &here);
        let at = at.map_err(|problem| anyhow!("{option}: {}", language.of(problem)))?;
        anyhow::Ok(at.with_timezone(&calendar.zone()).date_naive())
    };
    let from = args.from.as_deref().map_or_else(|| date("--from", "today"), |text| date("--from", text))?;
    let to = args.to.as_deref().map(|text| date("--to", text)).transpose()?;
    let to = to.or_else(|| from.checked_add_days(Days::new(DEFAULT_DAYS - 1))).unwrap_or(from);
    let n_days = (to - from).num_days() + 1;
    if !(1..=MOST_DAYS).contains(&n_days) || chrono::Datelike::year(&to) > 9_900 || chrono::Datelike::year(&from) < 1 {
        bail!(
            "{}",
            language.of(both!(
                "--from {from} --to {to}: show between 1 and {MOST_DAYS} days, of the years 1 to 9900",
                "--from {from} --to {to}: pida entre 1 y {MOST_DAYS} días, de los años 1 a 9900"
            ))
        );
    }
    let days: Vec<_> =
        from.iter_days().take_while(|date| *date <= to).map(|date| day(calendar, date, language)).collect();
    let shown = Shown {
        calendar: name.clone(),
        timezone: calendar.zone().name().to_owned(),
        open_seconds: days.iter().map(|day| day.open_seconds).sum(),
        days,
    };
    if args.json {
        return output::json(&shown);
    }
    print(&shown, language)
}

fn list(config: &Config, json: bool) -> Outcome {
    if json {
        return output::json(&config.calendars.keys().collect::<Vec<_>>());
    }
    for calendar in config.calendars.values() {
        output::line(&format!("{}  {}", styled(BLUE, calendar.name()), calendar.zone().name()))?;
    }
    Ok(Exit::Done)
}

fn day(calendar: &Calendar, date: NaiveDate, language: Language) -> ShownDay {
    let day = calendar.day(date);
    let (start, end) =
        (calendar.start_of(date), date.succ_opt().map_or(DateTime::<Utc>::MAX_UTC, |next| calendar.start_of(next)));
    let change = TimeDelta::days(1) - (end - start);
    let clock = |second: u32| format!("{:02}:{:02}", second / 3_600, second / 60 % 60);
    ShownDay {
        date,
        hours: day.hours.iter().map(|hours| format!("{}-{}", clock(hours.start()), clock(hours.end()))).collect(),
        open_seconds: calendar.open_between(start, end).as_seconds(),
        why: why(day, language),
        clock_change_seconds: (!change.is_zero()).then_some(change.num_seconds()),
    }
}

fn why(day: Day<'_>, language: Language) -> Option<String> {
    let is_closed = day.hours.is_empty();
    Some(language.of(match day.reason {
        _ if day.is_skipped => both!("the zone skips this date", "la zona se salta esta fecha"),
        Some(Reason::Holiday { en, es }) => both!("holiday: {en}", "feriado: {es}"),
        Some(Reason::Open) if !is_closed => both!("hours of its own", "horario propio"),
        Some(Reason::Closed | Reason::Open) => both!("closed by sla.toml", "cerrado en sla.toml"),
        None if is_closed => both!("no hours that weekday", "día de la semana sin horario"),
        None => return None,
    }))
}

fn print(shown: &Shown, language: Language) -> Outcome {
    output::line(&format!("{}  {}", styled(BLUE, &shown.calendar), shown.timezone))?;
    let time = |seconds| format::working_time(WorkingTime::seconds(seconds));
    let widest = shown.days.iter().map(|day| day.hours.join("  ").chars().count()).max().unwrap_or_default();
    for day in &shown.days {
        let hours = if day.hours.is_empty() { "–".to_owned() } else { day.hours.join("  ") };
        let padding = " ".repeat(widest.saturating_sub(hours.chars().count()));
        let hours = if day.hours.is_empty() { styled(DIM, hours) } else { styled(GREEN, hours) };
        let open = if day.open_seconds == 0 { String::new() } else { time(day.open_seconds) };
        let change = day.clock_change_seconds.map(|change| {
            let span = format::span(TimeDelta::seconds(change.abs()));
            language.of(if 0 < change {
                both!("the clock goes forward {span}", "el reloj se adelanta {span}")
            } else {
                both!("the clock goes back {span}", "el reloj se atrasa {span}")
            })
        });
        let notes: Vec<_> = day.why.iter().cloned().chain(change).collect();
        let date = format!("{}  {:<10}", day.date, format::date(day.date, language));
        let line = format!("{date}  {hours}{padding}  {open:<11}");
        let notes = notes.join("; ");
        let line =
            if notes.is_empty() { line.trim_end().to_owned() } else { format!("{line} {}", styled(YELLOW, notes)) };
        output::line(&line)?;
    }
    let open = time(shown.open_seconds);
    output::line(&language.of(both!("{open} open in all", "{open} de horario en total")))?;
    Ok(Exit::Done)
}
