//! A report's figures as tables on a terminal.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::both;
use crate::cli::look::Look;
use crate::cli::output::{self, BLUE, Cell, Column, DIM, GREEN, RED, Table, YELLOW, styled};
use crate::engine::request_id::RequestId;
use crate::engine::working_time::WorkingTime;
use crate::report::{By, Count, Figures, Group, Measure, Report, Share};
use crate::text::{Both, Language, format, report, vocabulary};

/// Rows of each table; `--json` and `--csv` have them all.
const MOST_ROWS: usize = 20;

pub(super) fn print(report: &Report, look: Look) -> anyhow::Result<()> {
    let writer = Writer { report, look, language: look.language };
    writer.heading()?;
    if let Some(all) = report.all() {
        output::line(&writer.overall(all).to_string())?;
    }
    for (by, title) in [
        (By::Team, Both { en: "By team", es: "Por equipo" }),
        (By::Person, Both { en: "By person", es: "Por persona" }),
        (By::Client, Both { en: "By client", es: "Por cliente" }),
        (By::Channel, Both { en: "By channel", es: "Por canal" }),
        (By::Inbox, Both { en: "By inbox", es: "Por bandeja" }),
    ] {
        let groups: Vec<_> = report.groups.iter().filter(|group| group.by == by).collect();
        writer.section(writer.language.of(title), groups.len(), || writer.groups(&groups))?;
    }
    let waits = Both { en: "The longest waits", es: "Las esperas más largas" };
    writer.section(writer.language.of(waits), report.worst.len(), || writer.worst())?;
    let rules = Both { en: "Broken rules", es: "Reglas incumplidas" };
    writer.section(writer.language.of(rules), report.violations.len(), || writer.rules())?;
    let waived = Both { en: "Answers that were not needed", es: "Respuestas que no hacían falta" };
    writer.section(writer.language.of(waived), report.waived.len(), || writer.waived())?;
    let reasons = Both { en: "Why promises broke", es: "Por qué se incumplió" };
    writer.section(writer.language.of(reasons), report.reasons.len(), || writer.reasons())?;
    let still = Both { en: "How long it stood still", es: "Cuánto tiempo estuvo en espera" };
    writer.section(writer.language.of(still), report.still.len(), || writer.still())?;
    let waiting = Both { en: "Kept, after long waits", es: "Cumplidas, después de largas esperas" };
    writer.section(writer.language.of(waiting), report.kept_waiting.len(), || writer.kept_waiting())?;
    writer.punctuality()
}

struct Writer<'a> {
    report: &'a Report,
    look: Look,
    language: Language,
}

impl Writer<'_> {
    fn of(&self, both: Both) -> String {
        self.language.of(both)
    }

    fn heading(&self) -> anyhow::Result<()> {
        let date = |at: DateTime<Utc>| format::date(at.with_timezone(&self.look.zone()).date_naive(), self.language);
        let (name, from) = (&self.report.name, date(self.report.period.from));
        let to = date(self.report.period.to - TimeDelta::seconds(1));
        let calendar = vocabulary::calendar(&self.report.calendar, self.language);
        output::line(&styled(BLUE, format!("{name} · {from} – {to}")))?;
        let counted = if self.report.standards.in_working_time {
            both!(
                "means in working time of the calendar {calendar}",
                "promedios en tiempo laboral del calendario {calendar}"
            )
        } else {
            both!("means in elapsed time", "promedios en tiempo corrido")
        };
        output::line(&styled(DIM, self.of(counted)))?;
        if let Some(until) = self.report.let_go_until {
            output::line(&styled(YELLOW, self.of(report::let_go(&date(until)))))?;
        }
        output::line("")
    }

    fn section(&self, title: &str, n_rows: usize, table: impl FnOnce() -> Table) -> anyhow::Result<()> {
        if n_rows == 0 {
            return Ok(());
        }
        output::line("")?;
        output::line(&styled(BLUE, title))?;
        output::line(&table().to_string())?;
        let n_more = n_rows.saturating_sub(MOST_ROWS);
        if 0 < n_more {
            output::line(&styled(DIM, self.of(both!("and {n_more} more: --json", "y {n_more} más: --json"))))?;
        }
        Ok(())
    }

    fn overall(&self, all: &Figures) -> Table {
        let [figure, value, count, standard, before] = self.language.of(Both {
            en: ["figure", "value", "of", "standard", "period before"],
            es: ["cifra", "valor", "de", "meta", "período anterior"],
        });
        let mut table = Table::new(
            [figure, value, count, standard, before],
            [Column::text(14), Column::NUMBER, Column::NUMBER.leaves(1), Column::NUMBER, Column::NUMBER.leaves(2)],
        );
        let measures = [
            (Both { en: "First response", es: "Primera respuesta" }, &all.first_response),
            (Both { en: "Average response", es: "Respuesta promedio" }, &all.response),
            (Both { en: "Resolution", es: "Solución" }, &all.resolution),
        ];
        for (label, measure) in measures {
            table.add_row([
                Cell::from(self.language.of(label)),
                self.measured(measure),
                measure.n.to_string().into(),
                measure.standard_ms.map(|ms| format!("< {}", span(ms))).unwrap_or_default().into(),
                measure.before_ms.map(span).unwrap_or_default().into(),
            ]);
        }
        let kept = &all.kept;
        table.add_row([
            Cell::from(self.language.of(Both { en: "Promises kept", es: "Promesas cumplidas" })),
            self.shared(kept),
            (kept.kept + kept.broken).to_string().into(),
            kept.standard.map(|least| format!("≥ {least} %")).unwrap_or_default().into(),
            kept.before.map(|part| self.percent(part)).unwrap_or_default().into(),
        ]);
        if let Some(excluded) = &all.excluded {
            let part = excluded.percent.map_or_else(|| "–".to_owned(), |part| self.percent(part));
            table.add_row([
                Cell::from(self.of(both!("… without what was let out", "… sin lo excluido"))),
                part.into(),
                (kept.kept + kept.broken).saturating_sub(excluded.n).to_string().into(),
                String::new().into(),
                String::new().into(),
            ]);
        }
        let counts = [
            (Both { en: "Without answer", es: "Sin respuesta" }, &all.unanswered),
            (Both { en: "Closed without answer", es: "Cerradas sin respuesta" }, &all.closed_unanswered),
            (Both { en: "Answered before the floor", es: "Respondidas antes del piso" }, &all.early),
            (Both { en: "Broken rules", es: "Reglas incumplidas" }, &all.violations),
        ];
        for (label, count) in counts {
            table.add_row([
                Cell::from(self.language.of(label)),
                counted(count),
                Cell::default(),
                count.standard.map(|most| most.to_string()).unwrap_or_default().into(),
                count.before.map(|before| before.to_string()).unwrap_or_default().into(),
            ]);
        }
        table
    }

    fn groups(&self, groups: &[&Group]) -> Table {
        let mut table = Table::new(
            self.language.of(Both {
                en: ["name", "first", "response", "resolution", "kept", "no answer", "rules"],
                es: ["nombre", "primera", "respuesta", "solución", "cumplidas", "sin respuesta", "reglas"],
            }),
            [
                Column::text(12),
                Column::NUMBER,
                Column::NUMBER.leaves(2),
                Column::NUMBER.leaves(1),
                Column::NUMBER,
                Column::NUMBER.leaves(4),
                Column::NUMBER.leaves(3),
            ],
        );
        let mut groups = groups.to_vec();
        // What is worst stands at the top.
        groups.sort_by_key(|group| {
            let kept = &group.figures.kept;
            (kept.percent.unwrap_or(u32::MAX), std::cmp::Reverse(kept.broken))
        });
        for group in groups.into_iter().take(MOST_ROWS) {
            let figures = &group.figures;
            let name = match group.by {
                By::Channel => vocabulary::channel(&group.key, self.language),
                _ => group.name.clone(),
            };
            table.add_row([
                Cell::from(name),
                self.measured(&figures.first_response),
                self.measured(&figures.response),
                self.measured(&figures.resolution),
                self.shared(&figures.kept),
                counted(&figures.unanswered),
                counted(&figures.violations),
            ]);
        }
        table
    }

    fn worst(&self) -> Table {
        let mut table = Table::new(
            self.language.of(Both {
                en: ["request", "wait", "client", "owner", "subject"],
                es: ["solicitud", "espera", "cliente", "responsable", "asunto"],
            }),
            [Column::WHOLE, Column::NUMBER, Column::text(12), Column::text(10), Column::text(12).leaves(1)],
        );
        for wait in self.report.worst.iter().take(MOST_ROWS) {
            let text = |text: &Option<String>| Cell::from(text.clone().unwrap_or_default());
            let ms = if self.report.standards.in_working_time { wait.working_ms } else { wait.ms };
            table.add_row([
                Cell::from(wait.request.to_string()),
                span(ms).into(),
                text(&wait.client),
                text(&wait.owner),
                text(&wait.subject),
            ]);
        }
        table
    }

    fn waived(&self) -> Table {
        let mut table = Table::new(
            self.language.of(Both {
                en: ["said to need no answer", "times", "requests"],
                es: ["dijo que no hacía falta responder", "veces", "solicitudes"],
            }),
            [Column::text(12), Column::NUMBER, Column::text(12)],
        );
        for one in self.report.waived.iter().take(MOST_ROWS) {
            let requests = once(one.answers.iter().map(|row| row.request));
            table.add_row([one.who.clone().unwrap_or_default(), one.n.to_string(), requests]);
        }
        table
    }

    fn reasons(&self) -> Table {
        let mut table = Table::new(
            self.language.of(Both {
                en: ["reason", "times", "let out", "undecided", "said by", "approved by", "requests"],
                es: ["razón", "veces", "excluidas", "por decidir", "lo dijo", "aprobó", "solicitudes"],
            }),
            [
                Column::text(12),
                Column::NUMBER,
                Column::NUMBER,
                Column::NUMBER.leaves(1),
                Column::text(10).leaves(3),
                Column::text(10).leaves(2),
                Column::text(12),
            ],
        );
        for reason in self.report.reasons.iter().take(MOST_ROWS) {
            let said: BTreeSet<_> = reason.breaches.iter().filter_map(|breach| breach.who.as_deref()).collect();
            let approved: BTreeSet<_> =
                reason.breaches.iter().filter_map(|breach| breach.approved_by.as_deref()).collect();
            table.add_row([
                reason.name.clone(),
                reason.n.to_string(),
                reason.n_excluded.to_string(),
                reason.n_awaiting.to_string(),
                said.into_iter().collect::<Vec<_>>().join(", "),
                approved.into_iter().collect::<Vec<_>>().join(", "),
                once(reason.breaches.iter().map(|breach| breach.request)),
            ]);
        }
        table
    }

    fn still(&self) -> Table {
        let mut table = Table::new(
            self.language.of(Both {
                en: ["person", "waited for", "requests", "part of their time", "working", "elapsed"],
                es: ["persona", "esperó a", "solicitudes", "parte de su tiempo", "laboral", "corrido"],
            }),
            [
                Column::text(12),
                Column::text(10),
                Column::NUMBER.leaves(1),
                Column::NUMBER,
                Column::NUMBER.leaves(2),
                Column::NUMBER,
            ],
        );
        let nobody = self.language.of(Both { en: "nobody", es: "nadie" });
        let client = self.language.of(Both { en: "the client", es: "el cliente" });
        for still in self.report.still.iter().take(MOST_ROWS) {
            table.add_row([
                still.who.clone().unwrap_or_else(|| nobody.to_owned()),
                still.name.clone().unwrap_or_else(|| client.to_owned()),
                still.n.to_string(),
                self.percent(still.share),
                span(still.working_ms),
                elapsed(still.ms),
            ]);
        }
        table
    }

    fn kept_waiting(&self) -> Table {
        let mut table = Table::new(
            self.language.of(Both {
                en: ["request", "promise", "after waiting", "owner"],
                es: ["solicitud", "promesa", "tras esperar", "responsable"],
            }),
            [Column::WHOLE, Column::text(12), Column::NUMBER, Column::text(10)],
        );
        for kept in self.report.kept_waiting.iter().take(MOST_ROWS) {
            table.add_row([
                kept.request.to_string(),
                vocabulary::task(kept.promise, self.language).to_owned(),
                elapsed(kept.ms),
                kept.who.clone().unwrap_or_default(),
            ]);
        }
        table
    }

    fn rules(&self) -> Table {
        let mut table = Table::new(
            self.language.of(Both {
                en: ["rule", "times", "explained", "period before", "requests"],
                es: ["regla", "veces", "explicadas", "período anterior", "solicitudes"],
            }),
            [Column::WHOLE, Column::NUMBER, Column::NUMBER, Column::NUMBER.leaves(1), Column::text(12)],
        );
        for rule in self.report.violations.iter().take(MOST_ROWS) {
            let requests = once(rule.broken.iter().map(|row| row.request));
            table.add_row([
                rule.rule.clone(),
                rule.n.to_string(),
                rule.n_excused.to_string(),
                rule.before.map(|before| before.to_string()).unwrap_or_default(),
                requests,
            ]);
        }
        table
    }

    fn punctuality(&self) -> anyhow::Result<()> {
        let own = &self.report.punctuality;
        let n = own.n;
        if n == 0 {
            return Ok(());
        }
        let seconds = |ms: i64| self.decimal(&format!("{}.{:01} s", ms / 1_000, ms % 1_000 / 100));
        let (half, latest) = (seconds(own.p50_ms), seconds(own.max_ms));
        let (alerts, avisos) = if n == 1 { ("alert", "aviso") } else { ("alerts", "avisos") };
        output::line("")?;
        output::line(&styled(
            DIM,
            self.of(both!(
                "{n} {alerts} went out; half of them within {half} of their instant, the latest after {latest}",
                "{n} {avisos} enviados; la mitad salió antes de {half} de su momento, el más lento tras {latest}"
            )),
        ))
    }

    fn measured(&self, measure: &Measure) -> Cell {
        let value = measure.compared(self.report.standards.in_working_time).map_or_else(|| "–".to_owned(), span);
        coloured(measure.met, value)
    }

    fn shared(&self, share: &Share) -> Cell {
        coloured(share.met, share.percent.map_or_else(|| "–".to_owned(), |part| self.percent(part)))
    }

    /// Hundredths of a percent: `61,7 %`.
    fn percent(&self, hundredths: u32) -> String {
        let tenths = (hundredths + 5) / 10;
        match tenths % 10 {
            0 => format!("{} %", tenths / 10),
            tenth => self.decimal(&format!("{}.{tenth} %", tenths / 10)),
        }
    }

    /// The figure with the point of the language.
    fn decimal(&self, figure: &str) -> String {
        match self.language {
            Language::Es => figure.replace('.', ","),
            Language::En => figure.to_owned(),
        }
    }
}

fn coloured(met: Option<bool>, value: String) -> Cell {
    match met {
        Some(true) => Cell::styled(GREEN, value),
        Some(false) => Cell::styled(RED, format!("{value} ✗")),
        None => value.into(),
    }
}

fn counted(count: &Count) -> Cell {
    coloured(count.met.filter(|_| 0 < count.n), count.n.to_string())
}

/// Requests in a row, each once where it stands several times in succession.
fn once(requests: impl Iterator<Item = RequestId>) -> String {
    let mut requests: Vec<_> = requests.map(|request| request.to_string()).collect();
    requests.dedup();
    requests.join(" ")
}

/// In days and hours.
fn elapsed(ms: i64) -> String {
    format::span(TimeDelta::milliseconds(ms))
}

/// In hours: a day of work is no day.
fn span(ms: i64) -> String {
    format::working_time(WorkingTime::of_open_stretch(TimeDelta::milliseconds(ms)))
}
