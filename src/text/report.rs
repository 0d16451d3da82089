//! Reports in words: the same content for the mail, the page and the terminal.

use std::fmt::Write as _;

use chrono::TimeDelta;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use super::alert::{Attachment, Reader};
use super::chart::{Bar, Chart};
use super::templates::Texts;
use super::{Both, Language, format, violation, vocabulary};
use crate::both;
use crate::engine::check::Association;
use crate::engine::request::RequestId;
use crate::engine::working_time::WorkingTime;
use crate::report::{By, Count, Figures, Group, Measure, Report, Share};

/// Requests named under a figure of a mail; the page names all.
const MOST_NAMED: usize = 6;
/// Rows of a table of a mail.
const MOST_ROWS: usize = 12;

/// A request, and the page of it.
#[derive(Debug, Serialize)]
struct Named {
    id: String,
    link: Option<String>,
}

/// A figure beside its standard.
#[derive(Debug, Serialize)]
struct Shown {
    label: &'static str,
    value: String,
    note: String,
    standard: Option<String>,
    met: Option<bool>,
    change: Option<String>,
    better: Option<bool>,
    requests: Vec<Named>,
    more: usize,
}

/// A row of a table by team, person, client, channel or inbox.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
    requests: Vec<Named>,
}

#[derive(Debug, Serialize)]
struct Cell {
    value: String,
    met: Option<bool>,
}

/// Where a report is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a mail, with its charts attached.
    Mail,
    /// In a browser, with everything in it.
    Page,
}

/// What its templates see, and the images that go with it.
pub(super) fn shown(report: &Report, reader: &Reader<'_>, place: Place) -> (Value, Vec<Attachment>) {
    let writer = Writer { report, reader, language: reader.language, place };
    let (charts, attachments) = writer.charts();
    let (from, to) = (report.period.from, report.period.to - TimeDelta::seconds(1));
    let date =
        |at: chrono::DateTime<chrono::Utc>| format::date(at.with_timezone(&reader.zone).date_naive(), reader.language);
    let figures = report.all().map(|all| writer.main(all)).unwrap_or_default();
    let is_met = !figures.iter().any(|figure| figure.met == Some(false));
    let context = context! {
        name => report.name.clone(),
        from => date(from),
        to => date(to),
        calendar => vocabulary::calendar(&report.calendar, reader.language),
        in_working_time => report.standards.in_working_time,
        is_met,
        is_page => place == Place::Page,
        charts,
        figures => Serde(figures),
        percentiles => report.all().map(|all| writer.percentiles(all)).unwrap_or_default(),
        sections => writer.sections(),
        worst => writer.worst(),
        holders => writer.holders(),
        rules => writer.rules(),
        closings => Serde(writer.closings()),
        orphans => writer.orphans(),
        punctuality => writer.punctuality(),
        t => labels(reader.language),
    };
    (context, attachments)
}

/// A report as a page of its own.
pub fn page(report: &Report, texts: &Texts, reader: &Reader<'_>) -> String {
    let (context, _) = shown(report, reader, Place::Page);
    texts.line("report.html", reader.language, &context).unwrap_or_default()
}

/// A report as plain text.
pub fn plain(report: &Report, texts: &Texts, reader: &Reader<'_>) -> String {
    let (context, _) = shown(report, reader, Place::Mail);
    texts.line("report", reader.language, &context).unwrap_or_default()
}

/// A report as CSV: a figure of a group a line. Spans are in milliseconds; `compared` is the one that the standard is about.
pub fn csv(report: &Report) -> String {
    let heading = [
        "by",
        "key",
        "name",
        "figure",
        "n",
        "mean_ms",
        "mean_working_ms",
        "p50_ms",
        "p90_ms",
        "value",
        "standard",
        "met",
        "before",
        "requests",
    ];
    let rows = report.groups.iter().flat_map(|group| {
        let figures = &group.figures;
        let line = |figure: &str, cells: [String; 9], requests: &[RequestId]| {
            let mut row = vec![group.by.as_str().to_owned(), group.key.clone(), group.name.clone(), figure.to_owned()];
            row.extend(cells);
            row.push(requests.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
            row
        };
        let text = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
        let met = |met: Option<bool>| met.map(|met| met.to_string()).unwrap_or_default();
        let measure = |figure: &str, one: &Measure| {
            let value = one.compared(report.standards.in_working_time);
            let spans = [one.mean_ms, one.mean_working_ms, one.p50_ms, one.p90_ms, value, one.standard_ms].map(text);
            let [mean, working, p50, p90, value, standard] = spans;
            let cells =
                [one.n.to_string(), mean, working, p50, p90, value, standard, met(one.met), text(one.before_ms)];
            line(figure, cells, &one.requests)
        };
        let count = |figure: &str, one: &Count| {
            let none = String::new;
            let standard = text(one.standard.map(Into::into));
            let before = text(one.before.map(number));
            let cells =
                [one.n.to_string(), none(), none(), none(), none(), one.n.to_string(), standard, met(one.met), before];
            line(figure, cells, &one.requests)
        };
        let share = |figure: &str, one: &Share| {
            let none = String::new;
            let part = |part: Option<u32>| part.map(|part| hundredths(part.into())).unwrap_or_default();
            let n = (one.kept + one.broken).to_string();
            let standard = text(one.standard.map(Into::into));
            let cells =
                [n, none(), none(), none(), none(), part(one.percent), standard, met(one.met), part(one.before)];
            line(figure, cells, &one.requests)
        };
        vec![
            measure("first_response", &figures.first_response),
            measure("response", &figures.response),
            measure("resolution", &figures.resolution),
            share("kept", &figures.kept),
            count("unanswered", &figures.unanswered),
            count("closed_unanswered", &figures.closed_unanswered),
            count("early", &figures.early),
            count("violations", &figures.violations),
        ]
    });
    super::register::table(&heading, rows)
}

struct Writer<'a> {
    report: &'a Report,
    reader: &'a Reader<'a>,
    language: Language,
    place: Place,
}

impl Writer<'_> {
    fn of<'t>(&self, en: &'t str, es: &'t str) -> &'t str {
        self.language.of(Both { en, es })
    }

    fn main(&self, all: &Figures) -> Vec<Shown> {
        let of = |en, es| self.of(en, es);
        vec![
            self.measure(of("First response", "Primera respuesta"), &all.first_response),
            self.measure(of("Average response", "Respuesta promedio"), &all.response),
            self.measure(of("Resolution", "Solución"), &all.resolution),
            self.share(of("Promises kept", "Promesas cumplidas"), &all.kept),
            self.count(of("Without answer", "Sin respuesta"), &all.unanswered),
            self.count(of("Closed without answer", "Cerradas sin respuesta"), &all.closed_unanswered),
            self.count(of("Answered before the floor", "Respondidas antes del piso"), &all.early),
            self.count(of("Broken rules", "Reglas incumplidas"), &all.violations),
        ]
    }

    fn measure(&self, label: &'static str, measure: &Measure) -> Shown {
        let in_working_time = self.report.standards.in_working_time;
        let value = measure.compared(in_working_time).map_or_else(|| "–".to_owned(), span);
        let other = if in_working_time { measure.mean_ms } else { measure.mean_working_ms };
        let n = measure.n;
        let note = match (other.map(span), in_working_time) {
            (None, _) => self.of("none", "ninguna").to_owned(),
            (Some(other), true) => self.language.of(both!(
                "mean of {n} in working time; {other} elapsed",
                "promedio de {n} en tiempo laboral; {other} corridas"
            )),
            (Some(other), false) => self.language.of(both!(
                "mean of {n} in elapsed time; {other} of work",
                "promedio de {n} en tiempo corrido; {other} laborales"
            )),
        };
        let change = measure.change_ms(in_working_time);
        Shown {
            standard: measure.standard_ms.map(|ms| format!("< {}", span(ms))),
            met: measure.met,
            change: change.filter(|change| *change != 0).map(|change| signed(change, &span(change.abs()))),
            better: change.filter(|change| *change != 0).map(|change| change < 0),
            ..self.figure(label, value, note, &measure.requests)
        }
    }

    fn count(&self, label: &'static str, count: &Count) -> Shown {
        let change = count.before.map(|before| number(count.n) - number(before)).filter(|change| *change != 0);
        Shown {
            standard: count.standard.map(|most| most.to_string()),
            met: count.met,
            change: change.map(|change| signed(change, &change.abs().to_string())),
            better: change.map(|change| change < 0),
            ..self.figure(label, count.n.to_string(), String::new(), &count.requests)
        }
    }

    fn share(&self, label: &'static str, share: &Share) -> Shown {
        let (kept, whole) = (share.kept, share.kept + share.broken);
        let note = self.language.of(both!("{kept} of {whole}", "{kept} de {whole}"));
        let change = share.percent.zip(share.before).map(|(new, old)| i64::from(new) - i64::from(old));
        let change = change.filter(|change| *change != 0);
        Shown {
            standard: share.standard.map(|least| format!("≥ {least} %")),
            met: share.met,
            change: change.map(|change| signed(change, &hundredths(change.unsigned_abs()))),
            better: change.map(|change| 0 < change),
            ..self.figure(
                label,
                share.percent.map_or_else(|| "–".to_owned(), |part| percent(part.into())),
                note,
                &share.requests,
            )
        }
    }

    fn figure(&self, label: &'static str, value: String, note: String, requests: &[RequestId]) -> Shown {
        let named = self.named(requests);
        Shown {
            label,
            value,
            note,
            standard: None,
            met: None,
            change: None,
            better: None,
            more: requests.len() - named.len(),
            requests: named,
        }
    }

    fn named(&self, requests: &[RequestId]) -> Vec<Named> {
        let most = if self.place == Place::Page { usize::MAX } else { MOST_NAMED };
        requests.iter().take(most).map(|id| self.one(*id)).collect()
    }

    fn one(&self, id: RequestId) -> Named {
        let link = match self.place {
            Place::Mail => (self.reader.links)(id).map(|links| links.show),
            Place::Page => Some(format!("/v1/requests/{id}")),
        };
        Named { id: id.to_string(), link }
    }

    fn percentiles(&self, all: &Figures) -> Vec<Vec<String>> {
        let row = |label: &str, measure: &Measure| {
            let shown = |ms: Option<i64>| ms.map_or_else(|| "–".to_owned(), compact);
            let cells = [measure.p50_working_ms, measure.p90_working_ms, measure.p50_ms, measure.p90_ms];
            std::iter::once(label.to_owned()).chain(cells.map(shown)).collect()
        };
        vec![
            row(self.of("First response", "Primera respuesta"), &all.first_response),
            row(self.of("Response", "Respuesta"), &all.response),
            row(self.of("Resolution", "Solución"), &all.resolution),
        ]
    }

    fn sections(&self) -> Vec<Value> {
        let titles = [
            (By::Team, self.of("By team", "Por equipo")),
            (By::Person, self.of("By person", "Por persona")),
            (By::Client, self.of("By client", "Por cliente")),
            (By::Channel, self.of("By channel", "Por canal")),
            (By::Inbox, self.of("By inbox", "Por bandeja")),
        ];
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let section = |(by, title): (By, &str)| {
            let mut groups: Vec<&Group> = self.report.groups.iter().filter(|group| group.by == by).collect();
            groups.sort_by_key(|group| {
                std::cmp::Reverse(group.figures.response.n + group.figures.kept.kept + group.figures.kept.broken)
            });
            let more = groups.len().saturating_sub(most);
            let rows: Vec<Row> = groups.into_iter().take(most).map(|group| self.row(group)).collect();
            (!rows.is_empty()).then(|| context! { title, rows => Serde(rows), more })
        };
        titles.into_iter().filter_map(section).collect()
    }

    fn row(&self, group: &Group) -> Row {
        let figures = &group.figures;
        let in_working_time = self.report.standards.in_working_time;
        let span_of = |measure: &Measure| Cell {
            value: measure.compared(in_working_time).map_or_else(|| "–".to_owned(), compact),
            met: measure.met,
        };
        let count_of = |count: &Count| Cell { value: count.n.to_string(), met: count.met.filter(|_| 0 < count.n) };
        let mut behind = figures.kept.requests.clone();
        behind.extend(&figures.response.requests);
        behind.extend(&figures.unanswered.requests);
        behind.sort();
        behind.dedup();
        let name =
            if group.by == By::Channel { vocabulary::channel(&group.key, self.language) } else { group.name.clone() };
        Row {
            name: format::one_line(&name, 40),
            cells: vec![
                span_of(&figures.first_response),
                span_of(&figures.response),
                span_of(&figures.resolution),
                Cell {
                    value: figures.kept.percent.map_or_else(|| "–".to_owned(), |part| percent(part.into())),
                    met: figures.kept.met,
                },
                count_of(&figures.unanswered),
                Cell { value: figures.violations.n.to_string(), met: None },
            ],
            requests: if self.place == Place::Page { self.named(&behind) } else { Vec::new() },
        }
    }

    fn worst(&self) -> Vec<Value> {
        let rows = self.report.worst.iter().map(|worst| {
            let who = [worst.client.as_deref(), worst.subject.as_deref()].into_iter().flatten().collect::<Vec<_>>();
            context! {
                request => Serde(self.one(worst.request)),
                who => format::one_line(&who.join(" · "), 70),
                owner => worst.owner.clone(),
                from => format::instant(worst.from, self.reader.zone, self.language),
                working => span(worst.working_ms),
                elapsed => span(worst.ms),
                answered => worst.answered,
            }
        });
        rows.collect()
    }

    fn holders(&self) -> Vec<Value> {
        let name = |holder: &str| match holder {
            "nobody" => self.of("nobody", "nadie").to_owned(),
            "client" => self.of("the client", "el cliente").to_owned(),
            other => other.to_owned(),
        };
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let rows = self.report.holders.iter().take(most).map(|row| {
            context! {
                name => row.name.clone().unwrap_or_else(|| name(&row.holder)),
                n => row.n,
                working => span(row.working_ms),
                elapsed => span(row.ms),
            }
        });
        rows.collect()
    }

    fn rules(&self) -> Vec<Value> {
        let most = if self.place == Place::Page { usize::MAX } else { 4 };
        let rows = self.report.violations.iter().map(|rule| {
            let broken: Vec<_> = rule
                .broken
                .iter()
                .take(most)
                .map(|broken| {
                    context! {
                        request => Serde(self.one(broken.request)),
                        who => broken.who.clone(),
                        what => self.language.of(violation::what(&broken.violation.finding)),
                        excuse => broken.excuse.clone(),
                    }
                })
                .collect();
            let change = rule.before.map(|before| number(rule.n) - number(before)).filter(|change| *change != 0);
            context! {
                rule => rule.rule.clone(),
                n => rule.n,
                n_excused => rule.n_excused,
                change => change.map(|change| signed(change, &change.abs().to_string())),
                better => change.map(|change| change < 0),
                more => rule.n - broken.len(),
                broken,
            }
        });
        rows.collect()
    }

    fn closings(&self) -> Vec<Shown> {
        let closings = &self.report.closings;
        vec![
            self.count(self.of("Closed", "Cerradas"), &closings.closed),
            self.count(self.of("Closed without being attended", "Cerradas sin atender"), &closings.unattended),
            self.count(self.of("Wrong closings", "Mal cerradas"), &closings.wrong),
        ]
    }

    fn orphans(&self) -> Vec<Value> {
        let name = |association: &Association| match association {
            Association::Contact => self.of("contact", "contacto"),
            Association::Customer => self.of("company", "empresa"),
            Association::Ticket => self.of("ticket", "tiquete"),
        };
        let most = if self.place == Place::Page { usize::MAX } else { MOST_ROWS };
        let rows = self.report.orphans.iter().take(most).map(|orphan| {
            let missing: Vec<_> = orphan.missing.iter().map(name).collect();
            context! { request => Serde(self.one(orphan.request)), missing => missing.join(", ") }
        });
        rows.collect()
    }

    fn punctuality(&self) -> String {
        let own = &self.report.punctuality;
        if own.n == 0 {
            return self.of("plazo sent no alert.", "plazo no envió avisos.").to_owned();
        }
        let seconds = |ms: i64| match ms {
            ms if ms < 60_000 => format!("{}.{:03} s", ms / 1_000, ms.rem_euclid(1_000)),
            ms => format::span(TimeDelta::milliseconds(ms)),
        };
        let (n, p50, p99, max) = (own.n, seconds(own.p50_ms), seconds(own.p99_ms), seconds(own.max_ms));
        self.language.of(both!(
            "plazo sent {n} alerts; late by {p50} (half of them at most), {p99} (99 of 100), {max} (the latest).",
            "plazo envió {n} avisos; con un retraso de {p50} (la mitad, a lo sumo), {p99} (99 de cada 100), {max} (el mayor)."
        ))
    }

    /// The charts: where each stands in the message, and its bytes.
    fn charts(&self) -> (Vec<Value>, Vec<Attachment>) {
        let mut shown = Vec::new();
        let mut attachments = Vec::new();
        for (name, chart) in [("kept", self.kept_chart()), ("first-response", self.response_chart())] {
            let Some(chart) = chart else { continue };
            let Some(png) = chart.png() else { continue };
            let mut alt = format!("{}: ", chart.title);
            for bar in &chart.bars {
                // Writing to a String cannot fail.
                write!(alt, "{} {}; ", bar.label, bar.value).ok();
            }
            let src = match self.place {
                Place::Mail => format!("cid:{name}@plazo"),
                Place::Page => format!("data:image/png;base64,{}", encoded(&png)),
            };
            shown.push(context! { src, alt => alt.trim_end_matches("; ") });
            attachments.push(Attachment {
                name: format!("{name}.png"),
                media_type: "image/png".to_owned(),
                content_id: Some(format!("{name}@plazo")),
                bytes: png,
            });
        }
        if self.place == Place::Page { (shown, Vec::new()) } else { (shown, attachments) }
    }

    fn kept_chart(&self) -> Option<Chart> {
        let of = |by: By| -> Vec<Bar> {
            let mut groups: Vec<&Group> = self.report.groups.iter().filter(|group| group.by == by).collect();
            groups.sort_by_key(|group| std::cmp::Reverse(group.figures.kept.kept + group.figures.kept.broken));
            let bars = groups.into_iter().filter_map(|group| {
                let part = group.figures.kept.percent?;
                Some(Bar {
                    label: group.name.clone(),
                    value: percent(part.into()),
                    share: hundred(part),
                    good: group.figures.kept.met.unwrap_or(false),
                })
            });
            bars.take(8).collect()
        };
        let bars = of(By::Person);
        let standard = self.report.standards.kept;
        let name = self.language.of(both!("standard {standard} %", "meta {standard} %"));
        let title = self.of("Promises kept, by person", "Promesas cumplidas, por persona").to_owned();
        (!bars.is_empty()).then(|| Chart { title, bars, standard: Some((hundred(standard * 100), name)) })
    }

    fn response_chart(&self) -> Option<Chart> {
        let in_working_time = self.report.standards.in_working_time;
        let standard = self.report.standards.first_response.num_milliseconds().max(1);
        let groups = self.report.groups.iter().filter(|group| group.by == By::Channel);
        let spans: Vec<(&Group, i64)> =
            groups.filter_map(|group| Some((group, group.figures.first_response.compared(in_working_time)?))).collect();
        let longest = spans.iter().map(|(_, ms)| *ms).chain([standard * 5 / 4]).max()?;
        let bars: Vec<_> = spans
            .iter()
            .map(|(group, ms)| Bar {
                label: vocabulary::channel(&group.key, self.language),
                value: span(*ms),
                share: ratio(*ms, longest),
                good: *ms < standard,
            })
            .collect();
        let title = self.of("First response, mean by channel", "Primera respuesta, promedio por canal").to_owned();
        let most = span(standard);
        let name = self.language.of(both!("standard {most}", "meta {most}"));
        (!bars.is_empty()).then(|| Chart { title, bars, standard: Some((ratio(standard, longest), name)) })
    }
}

/// Words of the templates.
fn labels(language: Language) -> Value {
    let of = |en, es| language.of(Both { en, es });
    context! {
        lang => language.code(),
        title => of("Report", "Informe"),
        standard => of("standard", "meta"),
        met => of("met", "cumple"),
        not_met => of("not met", "no cumple"),
        before => of("than the period before", "que el período anterior"),
        requests => of("requests", "solicitudes"),
        more => of("more", "más"),
        percentiles => of("Percentiles", "Percentiles"),
        half => of("half of them", "la mitad"),
        nine => of("9 of 10", "9 de 10"),
        working => of("working time", "tiempo laboral"),
        elapsed => of("elapsed", "tiempo corrido"),
        worst => of("The ten longest waits", "Las diez esperas más largas"),
        open => of("still open", "sin responder"),
        holders => of("In whose hands the time went", "En manos de quién pasó el tiempo"),
        rules => of("Broken rules", "Reglas incumplidas"),
        excused => of("explained", "explicadas"),
        closings => of("Closings", "Cierres"),
        orphans => of("Without association", "Sin asociar"),
        own => of("plazo itself", "El propio plazo"),
        columns => [of("first", "primera"), of("answer", "resp."), of("solved", "soluc."), of("kept", "cumpl."), of("open", "sin r."), of("rules", "reglas")],
        measured_working => of("Means and standards are in working time of the calendar", "Los promedios y las metas están en tiempo laboral del calendario"),
        measured_elapsed => of("Means and standards are in elapsed time; working time is that of the calendar", "Los promedios y las metas están en tiempo corrido; el laboral es el del calendario"),
        whole => of("All of it, and every request behind each figure: plazo report", "Completo, y cada solicitud detrás de cada cifra: plazo report"),
    }
}

/// In hours: a day of work is no day, and one of the two must not be read as the other.
fn span(ms: i64) -> String {
    format::working_time(WorkingTime::of_open_stretch(TimeDelta::milliseconds(ms)))
}

/// In one unit, for the narrow columns of a table: `31 min`, `20.9 h`.
fn compact(ms: i64) -> String {
    match (ms / 60_000, (ms + 180_000) / 360_000) {
        (minutes, _) if minutes < 60 => format!("{minutes} min"),
        (_, tenths) if tenths % 10 == 0 || 1_000 <= tenths => format!("{} h", tenths / 10),
        (_, tenths) => format!("{}.{} h", tenths / 10, tenths % 10),
    }
}

fn signed(change: i64, size: &str) -> String {
    format!("{}{size}", if change < 0 { "−" } else { "+" })
}

fn percent(hundredth: u64) -> String {
    format!("{} %", hundredths(hundredth))
}

/// `98.3`, or `98` where nothing follows.
fn hundredths(hundredth: u64) -> String {
    let tenths = (hundredth + 5) / 10;
    if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[allow(clippy::cast_precision_loss, reason = "the length of a bar")]
fn ratio(part: i64, whole: i64) -> f32 {
    part as f32 / whole.max(1) as f32
}

fn hundred(hundredth: u32) -> f32 {
    ratio(hundredth.into(), 10_000)
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
