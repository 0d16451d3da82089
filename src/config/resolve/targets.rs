//! One promise of a policy: how long, in which hours, and whether its steps can ever be told.

use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::calendars::{self, Calendars};
use super::ladders::Ladders;
use crate::config::mistake::Mistakes;
use crate::config::raw::{self, At, WordOr};
use crate::engine::calendar::{ALWAYS, Calendar, Counting};
use crate::engine::escalation::{Escalation, Offset, Span};
use crate::engine::policy::{From, Limit, Reopen, Target, TargetKind};
use crate::engine::working_time::WorkingTime;
use crate::text::Both;
use crate::{both, span};

/// A week in which no file closes or opens a date, from which promises in days are measured.
const SOME_WEEK: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// The promise; `None` is the file's `"none"`.
pub(super) fn resolve(
    target: &At<WordOr<raw::Target>>,
    kind: TargetKind,
    calendars: &Calendars,
    ladders: &Ladders,
    mistakes: &mut Mistakes,
) -> Option<Target> {
    let span = target.span();
    let target = match &**target {
        WordOr::Word(word) if word == "none" => return None,
        WordOr::Word(word) => {
            mistakes.error(
                span,
                super::unreadable(word),
                both!(
                    "write \"none\", or a promise such as {{ within = \"20m\" }}",
                    "escriba \"none\", o una promesa como {{ within = \"20m\" }}"
                ),
            );
            return None;
        }
        WordOr::Table(target) => target,
    };
    // The steps of an appointment count down to the instant that is agreed on, however far ahead.
    let is_bounded = kind != TargetKind::Appointment;
    if let Some(reopen) = target.reopen.as_ref().filter(|_| !Reopen::KINDS.contains(&kind)) {
        let kind = kind.as_str();
        mistakes.error(
            reopen.span(),
            both!(
                "opening a request again does not bring `{kind}` back",
                "reabrir una solicitud no vuelve a poner `{kind}`"
            ),
            both!(
                "`reopen` belongs to deliver and to answer; remove it here",
                "`reopen` es de deliver y de answer; quítelo aquí"
            ),
        );
    }
    resolve_table(target, &span, (calendars, ladders), is_bounded, mistakes)
}

/// The promise of a table at `span`. Where it `is_bounded`, its steps must have room in it.
pub(super) fn resolve_table(
    target: &raw::Target,
    span: &Range<usize>,
    (calendars, ladders): (&Calendars, &Ladders),
    is_bounded: bool,
    mistakes: &mut Mistakes,
) -> Option<Target> {
    let n_before = mistakes.n_found();
    // All parts are read before anything is given up, so that each has its say.
    let limit = limit(target, span, mistakes);
    let mut read = |field: &Option<At<String>>| {
        field.as_ref().and_then(|text| Some((super::read(text, mistakes, span::working_time)?, text.span())))
    };
    let (floor, aim) = (read(&target.floor), read(&target.aim));
    let calendar = match &target.calendar {
        Some(name) => calendars::find(calendars, name, mistakes),
        None => calendars.get(ALWAYS).cloned(),
    };
    let ladder = target.escalation.as_ref().map(|name| ladder(name, ladders, mistakes));
    let from = from(target, mistakes);
    let reopen = reopen(target, mistakes);
    let length = limit.and_then(|limit| length(limit, calendar.as_deref()));
    if let Some(length) = length {
        if let Some((floor, place)) = floor.as_ref().filter(|(floor, _)| length <= *floor) {
            mistakes.error(place.clone(), not_before("floor", "piso", *floor, length), shorten("floor"));
        }
        if let Some((aim, place)) = aim.as_ref().filter(|(aim, _)| length <= *aim) {
            mistakes.error(place.clone(), not_before("aim", "meta", *aim, length), shorten("aim"));
        }
        if let (Some(name), Some(Some(ladder)), true) = (&target.escalation, &ladder, is_bounded) {
            check_ladder(ladder, length, target.floor.is_some(), name, mistakes);
        }
    }
    if ladder.is_none() && n_before == mistakes.n_found() {
        warn_of_silence(span, mistakes);
    }
    let (limit, calendar) = (limit?, calendar?);
    let nobody = || Some(Arc::new(Escalation { name: String::new(), steps: Vec::new() }));
    let escalation = ladder.unwrap_or_else(nobody)?;
    let rule = target.rule.as_ref().map(|rule| rule.to_string());
    let (aim, floor) = (aim.map(|(aim, _)| aim), floor.map(|(floor, _)| floor));
    let pauses = target.pauses.as_deref().copied();
    Some(Target { limit, aim, floor, calendar, escalation, rule, from, pauses, reopen })
}

fn from(target: &raw::Target, mistakes: &mut Mistakes) -> From {
    match target.from.as_ref().map(|from| (from, from.as_str())) {
        None | Some((_, "start")) => From::Start,
        Some((_, "match")) => From::Match,
        Some((from, word)) => {
            let what = Both { en: "unknown beginning", es: "comienzo desconocido" };
            mistakes.unknown(from.span(), what, word, ["start", "match"]);
            From::Start
        }
    }
}

fn reopen(target: &raw::Target, mistakes: &mut Mistakes) -> Reopen {
    match target.reopen.as_ref().map(|reopen| (reopen, reopen.as_str())) {
        None | Some((_, "new")) => Reopen::New,
        Some((_, "goes on")) => Reopen::GoesOn,
        Some((reopen, word)) => {
            let what = Both { en: "unknown way to open again", es: "manera desconocida de reabrir" };
            mistakes.unknown(reopen.span(), what, word, ["new", "goes on"]);
            Reopen::New
        }
    }
}

fn not_before(en: &str, es: &str, span: WorkingTime, length: WorkingTime) -> Both {
    let (span, length) = (Span(span), Span(length));
    both!(
        "the {en} of {span} does not lie before the end: the promise has {length} of open hours",
        "`{en}` ({es}) de {span} no cae antes del límite: la promesa tiene {length} de horario abierto"
    )
}

fn shorten(key: &str) -> Both {
    both!("make `{key}` shorter than the promise", "haga `{key}` más corto que la promesa")
}

fn limit(target: &raw::Target, span: &Range<usize>, mistakes: &mut Mistakes) -> Option<Limit> {
    let counting = match target.count.as_ref().map(|count| (count, count.as_str())) {
        None | Some((_, "working")) => Some(Counting::WorkingDays),
        Some((_, "calendar")) => Some(Counting::CalendarDays),
        Some((count, word)) => {
            let what = Both { en: "unknown way to count", es: "manera de contar desconocida" };
            mistakes.unknown(count.span(), what, word, ["working", "calendar"]);
            None
        }
    };
    match (&target.within, &target.on_day) {
        (Some(within), None) => {
            let limit = super::read(within, mistakes, span::limit)?;
            if limit == Limit::Spend(WorkingTime::ZERO) {
                mistakes.error(
                    within.span(),
                    both!("a promise of no time is always broken", "una promesa sin tiempo siempre se incumple"),
                    both!("write a longer span, such as \"20m\"", "escriba un plazo más largo, como \"20m\""),
                );
                return None;
            }
            Some(limit)
        }
        (None, Some(day)) if (1..=366).contains(&**day) => Some(Limit::OnDay { day: **day, counting: counting? }),
        (None, Some(day)) => {
            mistakes.error(
                day.span(),
                both!("the day must lie between 1 and 366", "el día debe estar entre 1 y 366"),
                both!(
                    "the day of opening is day 0, so the next is 1",
                    "el día en que se abre es el 0, así que el siguiente es el 1"
                ),
            );
            None
        }
        (Some(_), Some(day)) => {
            mistakes.error(
                day.span(),
                both!("`within` and `on_day` exclude each other", "`within` y `on_day` se excluyen"),
                both!("keep one of them", "deje uno de los dos"),
            );
            None
        }
        (None, None) => {
            mistakes.missing(span, span.clone(), "within", "\"20m\"");
            None
        }
    }
}

/// The most open time that the promise can have; steps further before its end would come before its start.
///
/// `None` if that cannot be told: the calendar is unknown, or has only dates and no week.
fn length(limit: Limit, calendar: Option<&Calendar>) -> Option<WorkingTime> {
    if let Limit::Spend(within) = limit {
        return Some(within);
    }
    let calendar = calendar?;
    let open_from = |start| {
        let due_at = match limit {
            Limit::Spend(within) => calendar.due_at(start, within),
            Limit::Days { days, counting } => calendar.days_later(start, days, counting),
            Limit::OnDay { day, counting } => calendar.opening_of_day(start, day, counting),
        };
        Some(calendar.open_between(start, due_at.ok()?))
    };
    // One start for each day of a week, as early on it as can be.
    let starts = (0..7).filter_map(|day| calendar.next_opening(SOME_WEEK + TimeDelta::days(day)).ok());
    starts.filter_map(open_from).max()
}

fn ladder(name: &At<String>, ladders: &Ladders, mistakes: &mut Mistakes) -> Option<Arc<Escalation>> {
    let ladder = ladders.get(name.as_str()).cloned();
    if ladder.is_none() {
        let what = Both { en: "unknown escalation", es: "escalamiento desconocido" };
        mistakes.unknown(name.span(), what, name, ladders.keys().map(String::as_str));
    }
    ladder
}

fn warn_of_silence(span: &Range<usize>, mistakes: &mut Mistakes) {
    if !mistakes.is_flawed(span) {
        mistakes.warning(
            span.clone(),
            both!("nobody is told of this promise", "de esta promesa no se avisa a nadie"),
            both!(
                "add escalation = \"…\", the name of a list of steps under [escalation]",
                "agregue escalation = \"…\", el nombre de una lista de pasos de [escalation]"
            ),
        );
    }
}

/// Finds steps that this promise can never tell.
fn check_ladder(ladder: &Escalation, length: WorkingTime, has_floor: bool, name: &At<String>, mistakes: &mut Mistakes) {
    let is_early = |at: Offset| matches!(at, Offset::Before(before) if length <= before);
    let early: Vec<_> = ladder.steps.iter().map(|step| step.at).filter(|at| is_early(*at)).collect();
    if !early.is_empty() {
        let steps = early.iter().map(ToString::to_string).collect::<Vec<_>>().join("`, `");
        let length = Span(length);
        let cause = if early.len() == 1 {
            both!(
                "its step `{steps}` comes before the clock starts: the promise has {length}",
                "su paso `{steps}` cae antes de que arranque el reloj: la promesa tiene {length}"
            )
        } else {
            both!(
                "its steps `{steps}` come before the clock starts: the promise has {length}",
                "sus pasos `{steps}` caen antes de que arranque el reloj: la promesa tiene {length}"
            )
        };
        mistakes.error(
            name.span(),
            cause,
            both!(
                "write a shorter lead, a share such as \"50%\", or use another ladder here",
                "escriba una anticipación más corta, una parte como \"50%\", o use aquí otro escalamiento"
            ),
        );
    }
    if !has_floor && ladder.steps.iter().any(|step| step.at == Offset::Floor) {
        mistakes.error(
            name.span(),
            both!("its step `floor` needs a floor", "su paso `floor` necesita un piso"),
            both!(
                "add floor = \"15m\" here, or use another ladder",
                "agregue aquí floor = \"15m\", o use otro escalamiento"
            ),
        );
    }
}
