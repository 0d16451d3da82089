//! Explanations in words: a section a clock, and the one line that every alert carries.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Both, Language, describe, format, proof, vocabulary};
use crate::both;
use crate::engine::calendar::Counting;
use crate::engine::clock::ClockState;
use crate::engine::derivation::{Because, Derivation, LeftOut, Spent};
use crate::engine::escalation::Offset;
use crate::engine::explain::{Cause, Explanation, Fate, Sent, StepStory, Story, Uncounted};
use crate::engine::ledger::{Holder, Ledger};
use crate::engine::plan::Basis;
use crate::engine::policy::{TargetKind, WAIT_POLICY};
use crate::engine::proof::Proof;
use crate::engine::reasons::{GivenReason, ReasonState};
use crate::engine::working_time::WorkingTime;
use crate::outbox::DeliveryState;

/// Rows of each sort in a section; the JSON has them all.
const MOST_ROWS: usize = 12;

/// What is said of one clock, or of the time by holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// Where the clock stands, if it is about one, with the word for it.
    pub state: Option<(ClockState, &'static str)>,
    /// Labels and texts; a row without label goes on with the one above.
    pub rows: Vec<(&'static str, String)>,
}

/// The whole explanation, in the order in which the clocks started, the ledger last.
pub fn sections(explanation: &Explanation, zone: Tz, language: Language) -> Vec<Section> {
    let writer = Writer { zone, language };
    let clocks = explanation.clocks.iter().map(|story| writer.clock(story));
    clocks
        .chain(writer.unproven(&explanation.unproven))
        .chain(writer.courtesies(&explanation.asks_nothing))
        .chain([writer.ledger(&explanation.ledger)])
        .collect()
}

/// How the end of a promise follows from its start, in one line.
pub fn line(derivation: &Derivation, calendar: &str, zone: Tz, language: Language) -> String {
    let writer = Writer { zone, language };
    let budget = format::working_time(derivation.budget_ms);
    let calendar = vocabulary::calendar(calendar, language);
    let brief = derivation.clone().in_brief();
    let mut spans: Vec<_> = brief.spent.iter().map(|each| writer.spent(each)).collect();
    if 0 < brief.n_more_spent {
        let n = brief.n_more_spent;
        spans.insert(spans.len() - 1, language.of(both!("… ({n} more) …", "… ({n} más) …")));
    }
    let spans = spans.join(" + ");
    let mut text = match derivation.basis {
        Basis::DueByHand => language.of(both!(
            "set by hand; {budget} of {calendar}: {spans}",
            "fijado a mano; {budget} de {calendar}: {spans}"
        )),
        Basis::DuePromised => language
            .of(both!("promised; {budget} of {calendar}: {spans}", "prometido; {budget} de {calendar}: {spans}")),
        _ => language.of(both!("{budget} of {calendar}: {spans}", "{budget} de {calendar}: {spans}")),
    };
    let reasons: Vec<_> = brief.left_out.iter().filter_map(|left_out| writer.reason(left_out)).collect();
    if !reasons.is_empty() {
        let told = reasons.join(", ");
        text += &language.of(both!("; left out: {told}", "; no cuentan: {told}"));
    }
    if 0 < brief.n_more_left_out {
        let n = brief.n_more_left_out;
        text += &language.of(both!(" and {n} more", " y {n} más"));
    }
    text
}

/// Who reads: in which zone and language.
#[derive(Clone, Copy)]
struct Writer {
    zone: Tz,
    language: Language,
}

impl Writer {
    fn of(self, en: &'static str, es: &'static str) -> &'static str {
        self.language.of(Both { en, es })
    }

    fn clock(self, story: &Story) -> Section {
        let task = vocabulary::task(story.kind, self.language);
        let nth =
            if story.cycle == 1 { String::new() } else { format!(" · {} {}", self.of("no.", "n.º"), story.cycle) };
        let mut rows = vec![(self.of("policy", "política"), self.policy(story))];
        rows.push((self.of("started", "empezó"), self.caused(story.started_at, story.started_by.as_ref())));
        if let Some(derivation) = &story.derivation {
            self.derivation(derivation, &mut rows);
        }
        rows.extend(story.floor_at.map(|at| (self.of("floor", "piso"), self.instant(at))));
        rows.push((self.of("due", "vence"), self.due(story)));
        if let Some(stopped_at) = story.stopped_at {
            let mut text = self.caused(stopped_at, story.stopped_by.as_ref());
            if let Some(why) = story.cancelled_because {
                text = format!("{text}: {}", vocabulary::cancelled(why, self.language));
            }
            if story.early {
                text = format!("{text}; {}", self.of("before its floor", "antes de su piso"));
            }
            rows.push((self.of("ended", "terminó"), text));
        }
        rows.extend(story.reason.as_ref().map(|given| (self.of("reason", "razón"), self.given(given))));
        rows.extend(story.acked_at.map(|at| {
            let until = story.acked_until.map(|until| self.instant(until));
            let until = until.map(|until| self.language.of(both!("; until {until}", "; hasta {until}")));
            let taken = self.caused(at, story.acked_by.as_ref());
            (self.of("taken", "tomado"), taken + &until.unwrap_or_default())
        }));
        let mut label = self.of("alerts", "avisos");
        for step in &story.steps {
            rows.push((std::mem::take(&mut label), self.step(step)));
        }
        Section {
            title: format!("{task}{nth}"),
            state: Some((story.state, vocabulary::state(story.state, self.language))),
            rows,
        }
    }

    /// The length of a promise, written as in `sla.toml`, as people write it.
    fn within(self, within: &str) -> String {
        let words: Vec<&str> = within.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let days = |n: &str, counting| n.parse().ok().map(|n| describe::counted(n, counting, self.language));
        let said = match words.as_slice() {
            [n, "working", _] => days(n, Counting::WorkingDays),
            [n, "days"] => days(n, Counting::CalendarDays),
            ["on_day", n] => Some(self.language.of(both!("working day {n}", "día hábil {n}"))),
            ["on_day", n, _] => Some(self.language.of(both!("calendar day {n}", "día corrido {n}"))),
            spans => spans.iter().map(|span| unit(span)).collect::<Option<Vec<_>>>().map(|spans| spans.join(" ")),
        };
        said.unwrap_or_else(|| within.to_owned())
    }

    fn policy(self, story: &Story) -> String {
        // What may at most be waited is promised by the kind of waiting, which has a name of its own.
        let name = story.policy.strip_prefix(WAIT_POLICY).filter(|_| story.kind == TargetKind::Waiting);
        let mut text = match name {
            Some(name) => self.language.of(both!("waiting, «{name}»", "espera, «{name}»")),
            None => format!("«{}»", story.policy),
        };
        if let Some(rule) = &story.rule {
            text += &self.language.of(both!(", rule {rule}", ", regla {rule}"));
        }
        if let (Some(within), Some(calendar)) = (&story.within, &story.calendar) {
            let (calendar, within) = (vocabulary::calendar(calendar, self.language), self.within(within));
            text += &self.language.of(both!(": {within} of {calendar}", ": {within} de {calendar}"));
        } else {
            let revision = story.revision;
            text += &self.language.of(both!(
                " of revision {revision}, which cannot be read any more",
                " de la revisión {revision}, que ya no se puede leer"
            ));
        }
        text
    }

    /// `El transportista («camión varado»): lo dijo Laura el lun 2 mar, 10:00; espera la aprobación, y mientras cuenta`.
    fn given(self, given: &GivenReason) -> String {
        let text = format::one_line(&given.text, 120);
        let text = if text.is_empty() { text } else { self.language.of(both!(" (\"{text}\")", " («{text}»)")) };
        let someone = |who: &Option<String>| who.clone().unwrap_or_else(|| self.of("somebody", "alguien").to_owned());
        let (name, who, at) = (&given.name, someone(&given.who), self.instant(given.at));
        let said = self.language.of(both!("{name}{text}: {who} said so, {at}", "{name}{text}: lo dijo {who}, {at}"));
        let approval = given.approval.as_ref().map(|approval| (someone(&approval.who), self.instant(approval.at)));
        let counts = match (given.state, approval) {
            (ReasonState::Counts, _) => return said,
            (ReasonState::AwaitsApproval, _) => self.of(
                "it awaits approval, and counts as broken until then",
                "falta que alguien lo apruebe, y mientras tanto cuenta como incumplida",
            ),
            (ReasonState::Excluded, None) => self.of("out of the figures", "fuera de las cifras"),
            (ReasonState::Refused, None) => self.of("not approved", "no se aprobó"),
            (ReasonState::Excluded, Some((who, at))) => {
                return self.language.of(both!(
                    "{said}; out of the figures, approved by {who}, {at}",
                    "{said}; fuera de las cifras, lo aprobó {who}, {at}"
                ));
            }
            (ReasonState::Refused, Some((who, at))) => {
                return self.language.of(both!(
                    "{said}; counts as broken: {who} did not approve it, {at}",
                    "{said}; cuenta como incumplida: {who} no lo aprobó, {at}"
                ));
            }
        };
        format!("{said}; {counts}")
    }

    fn derivation(self, derivation: &Derivation, rows: &mut Vec<(&'static str, String)>) {
        let mut label = self.of("spent", "cuenta");
        for spent in derivation.spent.iter().take(MOST_ROWS) {
            rows.push((std::mem::take(&mut label), self.spent(spent)));
        }
        self.rest(derivation.spent.len(), rows);
        let mut outside = TimeDelta::zero();
        let mut label = self.of("left out", "no cuenta");
        let mut n_reasons = 0;
        for left_out in &derivation.left_out {
            match self.reason(left_out) {
                None => outside += left_out.to - left_out.from,
                Some(reason) => {
                    n_reasons += 1;
                    if n_reasons <= MOST_ROWS {
                        rows.push((std::mem::take(&mut label), reason));
                    }
                }
            }
        }
        self.rest(n_reasons, rows);
        if TimeDelta::zero() < outside {
            let outside = format::span(outside);
            rows.push((label, self.language.of(both!("{outside} outside hours", "{outside} fuera de horario"))));
        }
    }

    fn rest(self, n: usize, rows: &mut Vec<(&'static str, String)>) {
        if MOST_ROWS < n {
            let n = n - MOST_ROWS;
            rows.push(("", self.language.of(both!("… and {n} more", "… y {n} más"))));
        }
    }

    fn due(self, story: &Story) -> String {
        let spent = story.derivation.as_ref().map(|derivation| derivation.spent_ms);
        let budget = story.derivation.as_ref().map(|derivation| derivation.budget_ms);
        let Some(due_at) = story.due_at else {
            if story.state != ClockState::Paused {
                return self.of("–", "–").to_owned();
            }
            let left = spent.zip(budget).map(|(spent, budget)| budget - spent).unwrap_or_default();
            let left = format::working_time(left);
            return self.language.of(both!(
                "no instant while it stands still; {left} left",
                "sin fecha mientras está en pausa; quedan {left}"
            ));
        };
        let mut text = self.instant(due_at);
        if let Some(derivation) = &story.derivation {
            let budget = format::working_time(derivation.budget_ms);
            text += &match derivation.basis {
                Basis::Contract => self.language.of(both!(", after {budget}", ", tras {budget}")),
                Basis::ByHand => self.language.of(both!(", {budget}, given by hand", ", {budget}, dado a mano")),
                Basis::DueByHand => self.language.of(both!(", set by hand", ", fijado a mano")),
                Basis::Promised => self.language.of(both!(", {budget}, as promised", ", {budget}, según lo prometido")),
                Basis::DuePromised => self.language.of(both!(", as promised", ", según lo prometido")),
                Basis::Appointment => self.language.of(both!(", after the appointment", ", después de la cita")),
                Basis::Frozen => {
                    let revision = story.revision;
                    self.language.of(both!(", by revision {revision}", ", según la revisión {revision}"))
                }
            };
            if !story.agrees {
                text += self.of(
                    " (the calendar's files have changed since: this derivation ends elsewhere)",
                    " (los archivos del calendario cambiaron desde entonces: esta cuenta termina en otro instante)",
                );
            }
        }
        text
    }

    fn caused(self, at: DateTime<Utc>, cause: Option<&Cause>) -> String {
        let at = self.instant(at);
        let Some(cause) = cause else { return at };
        let who = proof::told(cause.author.as_ref(), &cause.proof, self.zone, self.language);
        let who = if who.is_empty() { who } else { format!(": {who}") };
        let event = vocabulary::event(&cause.type_name, self.language);
        match vocabulary::source(&cause.source, self.language) {
            Some(source) => format!("{at} · {event} ({source}){who}"),
            None => format!("{at} · {event}{who}"),
        }
    }

    /// What counted for nothing, and what to configure.
    fn unproven(self, unproven: &[Uncounted]) -> Option<Section> {
        let mut rows = Vec::new();
        let mut label = self.of("unproven", "sin prueba");
        for Uncounted { at, event } in unproven {
            rows.push((std::mem::take(&mut label), self.caused(*at, Some(event))));
        }
        let lacks = unproven.iter().rev().find_map(|unproven| match unproven.event.proof {
            Proof::None { lacks } => lacks,
            _ => None,
        });
        rows.extend(lacks.map(|lacks| (self.of("remedy", "remedio"), self.language.of(proof::remedy(lacks)))));
        let title = self.of("what did not count", "lo que no contó").to_owned();
        (!unproven.is_empty()).then_some(Section { title, state: None, rows })
    }

    /// What started no clock, since it asks for nothing.
    fn courtesies(self, courtesies: &[Uncounted]) -> Option<Section> {
        let mut label = self.of("courtesy", "cortesía");
        let row = |courtesy: &Uncounted| (std::mem::take(&mut label), self.caused(courtesy.at, Some(&courtesy.event)));
        let rows: Vec<_> = courtesies.iter().map(row).collect();
        let title = self.of("what asks for nothing", "lo que no pide nada").to_owned();
        (!rows.is_empty()).then_some(Section { title, state: None, rows })
    }

    fn step(self, step: &StepStory) -> String {
        let at = step.at.map(|at| self.instant(at)).unwrap_or_default();
        let fate = match step.outcome {
            Fate::Told => self.of("told", "avisado"),
            Fate::Superseded => self.of("went out with a later one", "salió con uno posterior"),
            Fate::Skipped => self.of(
                "skipped: its instant had passed when the clock started or moved",
                "omitido: su instante ya había pasado cuando el reloj empezó o se movió",
            ),
            Fate::Pending => self.of("to come", "por salir"),
            Fate::History => self.of(
                "told to nobody: plazo did not know of the request yet",
                "no se avisó: plazo aún no sabía de la solicitud",
            ),
            Fate::Taken => self.of("not told: somebody took it", "no sale: alguien lo tomó"),
            Fate::NotNeeded => self.of("not needed", "no hizo falta"),
        };
        let sent: Vec<_> = step.sent.iter().map(|sent| self.sent(sent)).collect();
        let sent = if sent.is_empty() { String::new() } else { format!(" → {}", sent.join(", ")) };
        let settled = step.settled_at.filter(|settled_at| step.at.is_some_and(|at| at < *settled_at));
        let settled = settled.map(|at| format!(" ({})", self.instant(at))).unwrap_or_default();
        let when = match step.step.as_str() {
            "start" => vocabulary::step(Offset::Start, self.language),
            "floor" => vocabulary::step(Offset::Floor, self.language),
            "due" => vocabulary::step(Offset::Due, self.language),
            other => other.to_owned(),
        };
        format!("{when:<10} {at:<20} {fate}{settled}{sent}")
    }

    fn sent(self, sent: &Sent) -> String {
        let state = DeliveryState::of(&sent.state);
        let state = state.map_or(&*sent.state, |state| vocabulary::delivery_state(state, self.language));
        let at = sent.at.map(|at| format!(" {}", format::time(at, self.zone))).unwrap_or_default();
        format!("{} ({}: {state}{at})", sent.to, vocabulary::destination(&sent.by, self.language))
    }

    fn spent(self, spent: &Spent) -> String {
        let time = format::working_time(WorkingTime::of_open_stretch(spent.to - spent.from));
        format!("{} ({time})", self.between(spent.from, spent.to))
    }

    /// Why time was left out; `None` where nothing more is to be said than that it is outside hours.
    fn reason(self, left_out: &LeftOut) -> Option<String> {
        let date = |date| format::date(date, self.language);
        Some(match &left_out.because {
            Because::OutsideHours => return None,
            Because::NoHours { date: day } => {
                let day = date(*day);
                self.language.of(both!("{day} (no hours that day)", "{day} (día sin horario)"))
            }
            Because::Closed { date: day } => {
                let day = date(*day);
                self.language.of(both!("{day} (closed)", "{day} (cerrado)"))
            }
            Because::Holiday { date: day, en, es } => {
                let name = self.language.of(Both { en, es });
                let day = date(*day);
                self.language.of(both!("{day} (holiday: {name})", "{day} (feriado: {name})"))
            }
            Because::Skipped { date: day } => {
                let day = date(*day);
                self.language.of(both!("{day} (a date that the zone skips)", "{day} (fecha que la zona se salta)"))
            }
            Because::RequestClosed { open_ms } => {
                let (between, open) = (self.between(left_out.from, left_out.to), format::working_time(*open_ms));
                self.language.of(both!("{between} (closed; {open} open)", "{between} (cerrada; {open} hábiles)"))
            }
            Because::Pause { reason, open_ms } => {
                let (between, open) = (self.between(left_out.from, left_out.to), format::working_time(*open_ms));
                let reason = format::one_line(reason, 80);
                let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
                self.language
                    .of(both!("{between} (pause{reason}; {open} open)", "{between} (pausa{reason}; {open} hábiles)"))
            }
        })
    }

    fn ledger(self, ledger: &Ledger) -> Section {
        let time = |ms| format::span_in_full(TimeDelta::milliseconds(ms));
        let mut rows = Vec::new();
        let mut label = self.of("holders", "en manos de");
        for total in &ledger.totals {
            let holder = match &total.holder {
                Holder::Nobody => self.of("nobody", "nadie").to_owned(),
                Holder::Owner { owner, team: Some(team) } => format!("{owner} ({team})"),
                Holder::Owner { owner, team: None } => owner.clone(),
                Holder::Client => self.of("the client (waiting)", "el cliente (en espera)").to_owned(),
                Holder::Other { on } => self.language.of(both!("{on} (waiting)", "{on} (en espera)")),
                Holder::Closed => self.of("nobody: it was closed", "nadie: estaba cerrada").to_owned(),
            };
            rows.push((std::mem::take(&mut label), format!("{holder}: {}", time(total.ms))));
        }
        let mut label = self.of("teams", "equipos");
        for total in &ledger.teams {
            rows.push((std::mem::take(&mut label), format!("{}: {}", total.team, time(total.ms))));
        }
        rows.push((self.of("whole", "en total"), time(ledger.whole_ms)));
        Section { title: self.of("who spent the time", "quién usó el tiempo").to_owned(), state: None, rows }
    }

    /// `lun 2 mar, 17:50–18:00`, or both instants where the dates differ.
    fn between(self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        let date = |at: DateTime<Utc>| at.with_timezone(&self.zone).date_naive();
        if date(from) == date(to) {
            return format!("{}–{}", self.instant(from), format::time(to, self.zone));
        }
        format!("{} – {}", self.instant(from), self.instant(to))
    }

    fn instant(self, at: DateTime<Utc>) -> String {
        format::instant(at, self.zone, self.language)
    }
}

/// `20m` as `20 min`; none where it is no span.
fn unit(span: &str) -> Option<String> {
    let (n, unit) = span.split_at(span.len().checked_sub(1)?);
    let unit = match unit {
        "h" => "h",
        "m" => "min",
        "s" => "s",
        _ => return None,
    };
    n.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{n} {unit}"))
}
