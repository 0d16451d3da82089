//! `plazo import`: history that was not plazo's, from a file, with facts and verdicts and without telling anybody.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::client::{Client, Operating};
use super::output::{self, DIM, GREEN, YELLOW, styled};
use super::{Exit, Global, Outcome, absolute, real_time};
use crate::both;
use crate::config::{self, Config};
use crate::http::import::MOST_EVENTS;
use crate::import::exports;
use crate::import::records::{self, FileForm, Record, Records};
use crate::intake::json as event_json;
use crate::intake::mapping::HOOK;
use crate::intake::source::Source;
use crate::private;
use crate::text::{Both, Language};

/// Events of requests that are not known yet, which wait for the file's end.
const MOST_EARLY: usize = 500_000;
/// Events that go together; a few of a record's may be more.
const STRETCH: usize = MOST_EVENTS * 4 / 5;
/// Refusals that are told; the file of refusals has all.
const MOST_TOLD: usize = 5;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file: events in the form of docs/events.md, or an export of another system
    file: PathBuf,
    /// How an export's records become events: zendesk, zammad, chatwoot, hubspot, freshdesk, glpi, or a mapping of your own
    #[arg(long, value_name = "NAME|FILE.toml")]
    mapping: Option<String>,
    /// The source that its events bear [default: the mapping's name, or what the events say]
    #[arg(long)]
    source: Option<String>,
    /// What the mapping wants to know, such as zone=America/Bogota [default: the file's zone]
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// How the file is written [default: as its name and its first line tell]
    #[arg(long, value_enum)]
    form: Option<FileForm>,
    /// Where refused records go, with their cause [default: beside the file, as FILE.refused.ndjson]
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// Begin anew, also where the file was read in before: what is known counts once
    #[arg(long)]
    again: bool,
    /// Say what the first records would give, and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Records that were read, on their way.
#[derive(Default)]
struct Stretch {
    events: Vec<Value>,
    /// The record of each event, from 1.
    places: Vec<u64>,
    n_records: u64,
    /// Records that give no event.
    n_empty: u64,
    refused: Vec<(u64, Both, Value)>,
}

/// How a whole file went.
#[derive(Debug, Default, serde::Serialize)]
struct Totals {
    n_records: u64,
    n_skipped: u64,
    n_events: u64,
    n_known: u64,
    n_refused: u64,
    /// Records that gave no event.
    n_empty: u64,
    seconds: f64,
    events_a_second: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<PathBuf>,
}

/// By what records become events.
enum Reading {
    /// They are events already; those that name no source bear this one.
    Events(Option<String>),
    /// By a mapping.
    Mapped(Box<Source>, Box<Config>),
}

pub(super) async fn run(global: &Global, args: &Args) -> Outcome {
    let language = global.language();
    let path = absolute(&args.file);
    let shown = args.file.display();
    let unreadable = || language.of(both!("cannot read {shown}", "no se puede leer {shown}"));
    let file = std::fs::metadata(&path).with_context(unreadable)?;
    if !file.is_file() {
        // It is looked at more than once, and begun again where it was left.
        anyhow::bail!(
            "{}",
            language.of(both!(
                "{shown} is no file: write what comes into one first",
                "{shown} no es un archivo: guarde primero en uno lo que llega"
            ))
        );
    }
    let size = file.len();
    let digest = records::digest(&path).with_context(unreadable)?;
    if let Some(cause) = records::foreign(&path).with_context(unreadable)? {
        let Both { en, es } = cause;
        anyhow::bail!("{}", language.of(both!("{shown}: {en}", "{shown}: {es}")));
    }
    let records = Records::open(&path, args.form).with_context(unreadable)?;
    let reading = reading(global, args, language)?;
    if args.dry_run {
        return preview(records, &reading, language);
    }
    let operating = Client::operating(global)?;
    let known = if args.again { None } else { reached(&operating, &path, &hex::encode(digest), language).await? };
    let n_known = known.as_ref().map_or(0, |row| row["n_records"].as_u64().unwrap_or_default());
    let bar = bar(size, records.position().get());
    let (stretches, mut waiting) = mpsc::channel(2);
    let position = Arc::new(AtomicU64::new(0));
    let reached_at = Arc::clone(&position);
    let (file, form) = (path.clone(), args.form);
    drop(records);
    let reader = tokio::task::spawn_blocking(move || {
        let records = Records::open(&file, form)?;
        produce(records, &reading, n_known, &reached_at, &stretches)
    });
    let began = Instant::now();
    let mut importer = Importer {
        client: &operating.client,
        file: path.display().to_string(),
        digest: hex::encode(digest),
        language,
        totals: Totals { n_skipped: n_known, ..Totals::default() },
        refusals: Refusals::of(args, &path, 0 < n_known)?,
        told: Vec::new(),
        early: Vec::new(),
        is_second_look: false,
        taken_late: HashSet::new(),
    };
    while let Some(stretch) = waiting.recv().await {
        operating.look_at_disk().await;
        importer.send(stretch, false).await?;
        bar.set_position(position.load(Ordering::Relaxed));
    }
    reader.await?.with_context(unreadable)?;
    importer.send_early().await?;
    importer.totals.n_refused -= importer.taken_late.len() as u64;
    importer.send(Stretch::default(), true).await?;
    bar.finish_and_clear();
    let Importer { mut totals, refusals, told, taken_late, .. } = importer;
    totals.seconds = began.elapsed().as_secs_f64();
    let per_second = TimeDelta::from_std(began.elapsed())?.num_milliseconds().max(1).unsigned_abs();
    totals.events_a_second = (totals.n_events + totals.n_known) * 1_000 / per_second;
    totals.refused = refusals.finish(&taken_late)?;
    drop(operating);
    if args.json {
        output::json(&totals)?;
    } else {
        tell(&totals, &told, language)?;
    }
    let gave_nothing = 0 < totals.n_empty && totals.n_empty == totals.n_records;
    Ok(if 0 < totals.n_refused || gave_nothing { Exit::Found } else { Exit::Done })
}

/// How far the file was read in before.
async fn reached(
    operating: &Operating,
    path: &Path,
    digest: &str,
    language: Language,
) -> anyhow::Result<Option<Value>> {
    let answer = operating.client.get("/v1/imports").await?;
    let name = path.display().to_string();
    let is_it = |row: &&Value| row["file"] == name.as_str() && row["digest"] == digest;
    let row = answer["imports"].as_array().into_iter().flatten().find(is_it).cloned();
    if let Some(row) = &row {
        let n = row["n_records"].as_u64().unwrap_or_default();
        let text = if row["ended_at"].is_null() {
            both!(
                "this file was begun before: going on after record {n}",
                "este archivo se había empezado: sigue después del registro {n}"
            )
        } else {
            both!(
                "this file was read in before, {n} records of it: only what stands after them is read (--again begins anew)",
                "este archivo ya se leyó, {n} registros: solo se lee lo que haya después (--again empieza de nuevo)"
            )
        };
        anstream::eprintln!("{}", styled(DIM, language.of(text)));
    }
    Ok(row)
}

fn reading(global: &Global, args: &Args, language: Language) -> anyhow::Result<Reading> {
    let Some(name) = &args.mapping else { return Ok(Reading::Events(args.source.clone())) };
    let loaded = config::load(&global.config)?;
    let Some(own) = loaded.config.clone() else { anyhow::bail!("{}", loaded.explain(super::is_styled())) };
    let text = match exports::text(name) {
        Some(text) => text.to_owned(),
        None if Path::new(name).extension().is_some_and(|word| word == "toml") => std::fs::read_to_string(name)
            .with_context(|| language.of(both!("cannot read {name}", "no se puede leer {name}")))?,
        None => {
            let names = exports::names().collect::<Vec<_>>().join(", ");
            return Err(anyhow!(language.of(both!(
                "there is no mapping `{name}`; there are {names}, and a file of your own: --mapping FILE.toml",
                "no hay una correspondencia «{name}»; hay {names}, o un archivo propio: --mapping ARCHIVO.toml"
            ))));
        }
    };
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or("import").to_lowercase();
    let source = args.source.clone().unwrap_or(stem);
    let mut set = serde_json::Map::from_iter([("zone".to_owned(), Value::from(own.zone.name()))]);
    for setting in &args.settings {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(anyhow!(language.of(both!(
                "--set {setting} says no value; write NAME=VALUE",
                "--set {setting} no dice un valor; escriba NOMBRE=VALOR"
            ))));
        };
        if name == "zone" && value.parse::<chrono_tz::Tz>().is_err() {
            return Err(anyhow!(language.of(both!(
                "--set zone={value} is no time zone; write its IANA name, such as --set zone=America/Mexico_City",
                "--set zone={value} no es una zona horaria; escriba su nombre IANA, como --set zone=America/Mexico_City"
            ))));
        }
        set.insert(name.to_owned(), Value::from(value));
    }
    let source = Source::of_export(&source, &text, Value::Object(set))
        .map_err(|problem| anyhow!(language.of(both!("{name}: {problem}", "{name}: {problem}"))))?;
    Ok(Reading::Mapped(Box::new(source), Box::new(own)))
}

impl Reading {
    /// The events of a record; else why there are none, and the record.
    fn of(&self, record: Value) -> Result<Vec<Value>, (Both, Value)> {
        match self {
            Self::Events(source) => {
                let mut event = record;
                let Some(fields) = event.as_object_mut() else {
                    return Err((both!("it is no object", "no es un objeto"), event));
                };
                if let Some(source) = source {
                    fields.entry("source").or_insert_with(|| Value::from(source.as_str()));
                }
                Ok(vec![event])
            }
            Self::Mapped(source, config) => {
                let now = real_time().now();
                let record = source.settings.mapping.with_known_columns(record);
                let facts = source.of_answer(HOOK, record.clone(), Value::Null, &config.rulebook.directory, now);
                // Half of what happened may be worse than nothing: a ticket without its end stays open for ever.
                if let Some(fault) = facts.faults.first() {
                    let (rule, field, Both { en, es }) = (&fault.rule, &fault.field, &fault.problem);
                    return Err((both!("rule «{rule}», `{field}`: {en}", "regla «{rule}», `{field}`: {es}"), record));
                }
                // A live event without an instant happened when it came; of history that would be wrong.
                let has_no_instant = facts.events.iter().any(|(event, _)| event.at == now);
                if has_no_instant {
                    let cause = both!("it does not say when something happened", "no dice cuándo pasó algo");
                    return Err((cause, record));
                }
                let written = facts.events.iter().map(|(event, request)| {
                    let mut written = event_json::write(event);
                    if let (Some(request), Some(fields)) = (request, written.as_object_mut()) {
                        fields.insert("request".to_owned(), request.to_string().into());
                    }
                    written
                });
                Ok(written.collect())
            }
        }
    }
}

/// Reads the file, and hands over stretch after stretch.
fn produce(
    records: Records,
    reading: &Reading,
    n_known: u64,
    reached: &AtomicU64,
    stretches: &mpsc::Sender<Stretch>,
) -> std::io::Result<()> {
    let (position, is_cut) = (records.position(), records.is_cut());
    let (mut stretch, mut place) = (Stretch::default(), 0);
    let mut has_nobody = false;
    records.each(|record: Record| {
        place += 1;
        if place <= n_known {
            return ControlFlow::Continue(());
        }
        stretch.n_records += 1;
        match record.and_then(|record| reading.of(record)) {
            Ok(events) if events.is_empty() => stretch.n_empty += 1,
            Ok(events) => {
                stretch.places.extend(events.iter().map(|_| place));
                stretch.events.extend(events);
            }
            Err((cause, record)) => stretch.refused.push((place, cause, record)),
        }
        if STRETCH <= stretch.events.len().max(stretch.refused.len()) {
            reached.store(position.get(), Ordering::Relaxed);
            has_nobody = stretches.blocking_send(std::mem::take(&mut stretch)).is_err();
        }
        if has_nobody { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if is_cut.get() {
        // What is still being written is read once it is whole.
        stretch.n_records = stretch.n_records.saturating_sub(1);
    }
    if 0 < stretch.n_records || !stretch.refused.is_empty() {
        // Where nobody takes it, the sending failed and has said so.
        stretches.blocking_send(stretch).ok();
    }
    Ok(())
}

/// Where stretches go, and what became of them.
struct Importer<'a> {
    client: &'a Client,
    file: String,
    digest: String,
    language: Language,
    totals: Totals,
    refusals: Refusals,
    /// The first refusals, for people.
    told: Vec<(u64, String)>,
    /// Events of requests that were not known yet, with their records.
    early: Vec<(u64, Value)>,
    is_second_look: bool,
    /// Those that were taken then, as JSON.
    taken_late: HashSet<String>,
}

impl Importer<'_> {
    /// Tries again what belonged to requests that the file opens only later.
    async fn send_early(&mut self) -> anyhow::Result<()> {
        self.is_second_look = true;
        let early = std::mem::take(&mut self.early);
        for some in early.chunks(STRETCH) {
            let (places, events) = some.iter().cloned().unzip();
            self.send(Stretch { events, places, ..Stretch::default() }, false).await?;
        }
        Ok(())
    }

    /// Sends a stretch; with the last, what is still open is brought up to now.
    async fn send(&mut self, stretch: Stretch, is_last: bool) -> anyhow::Result<()> {
        let Stretch { mut events, mut places, n_records, n_empty, refused } = stretch;
        self.totals.n_records += n_records;
        self.totals.n_empty += n_empty;
        for (place, problem, record) in refused {
            let cause = self.language.of(problem);
            self.refuse(place, cause, &record)?;
        }
        // Before it is noted that they were read: whoever is killed then finds them in the file.
        self.refusals.flush()?;
        // A record of very many events is more than one body bears.
        loop {
            let rest = if MOST_EVENTS < events.len() { events.split_off(MOST_EVENTS) } else { Vec::new() };
            let rest_places = if MOST_EVENTS < places.len() { places.split_off(MOST_EVENTS) } else { Vec::new() };
            let is_done = rest.is_empty();
            let body = json!({
                "file": self.file, "digest": self.digest, "n_records": self.totals.n_skipped + self.totals.n_records,
                "n_refused": self.totals.n_refused, "is_last": is_last && is_done, "events": events,
            });
            let answer = self.client.post("/v1/import", &body).await?;
            let mut refused_again = HashSet::new();
            let n = |field: &str| answer[field].as_u64().unwrap_or_default();
            self.totals.n_events += n("accepted") + n("unfiled");
            self.totals.n_known += n("duplicate");
            for refusal in answer["refused"].as_array().into_iter().flatten() {
                let index = usize::try_from(refusal["index"].as_u64().unwrap_or_default()).unwrap_or_default();
                let cause = refusal["detail"].as_str().unwrap_or_default().to_owned();
                let place = places.get(index).copied().unwrap_or_default();
                let event = &body["events"][index];
                // What belongs to a request that a later part of the file may open is tried again at its end, and stands with the refused
                // until then: whoever is killed finds it there.
                let is_early = refusal["code"] == "unknown_request" && self.early.len() < MOST_EARLY;
                if is_early && !self.is_second_look {
                    self.early.push((place, event.clone()));
                }
                if self.is_second_look {
                    refused_again.insert(index);
                } else {
                    self.refuse(place, cause, event)?;
                }
            }
            if self.is_second_look {
                let events = body["events"].as_array().into_iter().flatten().enumerate();
                let taken = events.filter(|(index, _)| !refused_again.contains(index));
                self.taken_late.extend(taken.map(|(_, event)| event.to_string()));
                self.told.retain(|(place, _)| !places.contains(place));
            }
            self.refusals.flush()?;
            if is_done {
                return Ok(());
            }
            (events, places) = (rest, rest_places);
        }
    }

    fn refuse(&mut self, place: u64, cause: String, record: &Value) -> anyhow::Result<()> {
        self.totals.n_refused += 1;
        self.refusals.write(place, &cause, record)?;
        if self.told.len() < MOST_TOLD {
            self.told.push((place, cause));
        }
        Ok(())
    }
}

/// Where refused records go.
struct Refusals {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Refusals {
    /// Whoever goes on with a file goes on with what was refused of it; else what a former run left goes.
    fn of(args: &Args, path: &Path, goes_on: bool) -> anyhow::Result<Self> {
        let beside = || {
            let mut name = path.as_os_str().to_owned();
            name.push(".refused.ndjson");
            PathBuf::from(name)
        };
        let path = args.refused.clone().unwrap_or_else(beside);
        if !goes_on && path.is_file() {
            std::fs::remove_file(&path)?;
        }
        Ok(Self { path, file: None })
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        Ok(())
    }

    fn write(&mut self, place: u64, cause: &str, record: &Value) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                // What clients wrote is nobody else's business.
                let mut file = private::open(&self.path)?;
                file.seek(SeekFrom::End(0))?;
                self.file.insert(BufWriter::new(file))
            }
        };
        writeln!(file, "{}", json!({"record": place, "cause": cause, "content": record}))?;
        Ok(())
    }

    /// The file without what was taken in the end; none where there is none left.
    fn finish(self, taken_late: &HashSet<String>) -> anyhow::Result<Option<PathBuf>> {
        let Some(mut file) = self.file else { return Ok(None) };
        file.flush()?;
        if taken_late.is_empty() {
            return Ok(Some(self.path));
        }
        let text = std::fs::read_to_string(&self.path)?;
        let is_left = |line: &&str| {
            let refused = serde_json::from_str::<Value>(line).unwrap_or_default();
            !taken_late.contains(&refused["content"].to_string())
        };
        let left: Vec<_> = text.lines().filter(is_left).collect();
        if left.is_empty() {
            std::fs::remove_file(&self.path)?;
            return Ok(None);
        }
        let mut file = private::open(&self.path)?;
        file.set_len(0)?;
        writeln!(file, "{}", left.join("\n"))?;
        Ok(Some(self.path))
    }
}

fn bar(size: u64, at: u64) -> ProgressBar {
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}") {
        bar.set_style(style);
    }
    bar.set_position(at);
    bar
}

/// What the first records would give.
fn preview(records: Records, reading: &Reading, language: Language) -> Outcome {
    let (mut n, mut problem) = (0, None);
    records.each(|record| {
        n += 1;
        let told = record.and_then(|record| reading.of(record)).map_err(|(cause, _)| cause);
        let place = styled(DIM, format!("{n:>4}  "));
        let printed = match told {
            Ok(events) if events.is_empty() => {
                output::line(&format!("{place}{}", styled(YELLOW, language.of(Both { en: "nothing", es: "nada" }))))
            }
            Ok(events) => events.iter().try_for_each(|event| {
                let line = crate::text::printable::printable_line(&event.to_string());
                output::line(&format!("{place}{line}"))
            }),
            Err(cause) => output::line(&format!("{place}{}", styled(YELLOW, language.of(cause)))),
        };
        match printed {
            Ok(()) if n < 20 => ControlFlow::Continue(()),
            Ok(()) => ControlFlow::Break(()),
            Err(error) => {
                problem = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    problem.map_or(Ok(Exit::Done), Err)
}

fn tell(totals: &Totals, told: &[(u64, String)], language: Language) -> anyhow::Result<()> {
    let Totals { n_records, n_events, n_known, n_refused, seconds, events_a_second, .. } = totals;
    let line = both!(
        "{n_records} records: {n_events} events taken, {n_known} known already, {n_refused} refused; {seconds:.1} s, {events_a_second} events a second",
        "{n_records} registros: {n_events} eventos tomados, {n_known} ya conocidos, {n_refused} rechazados; {seconds:.1} s, {events_a_second} eventos por segundo"
    );
    output::line(&styled(GREEN, language.of(line)))?;
    for (place, cause) in told {
        let text = both!("  record {place}: {cause}", "  registro {place}: {cause}");
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    if 0 < totals.n_empty {
        let n = totals.n_empty;
        let text = both!(
            "  {n} records gave no event; --dry-run shows the first ones: is it the right mapping, and is its language that of the columns?",
            "  {n} registros no dieron ningún evento; --dry-run muestra los primeros: ¿es la correspondencia correcta, y está en el idioma de las columnas?"
        );
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    if let Some(path) = &totals.refused {
        let path = path.display();
        let text = both!("  each with its cause in {path}", "  cada uno con su causa en {path}");
        output::line(&styled(YELLOW, language.of(text)))?;
    }
    let nobody = Both { en: "Nobody was told of anything.", es: "No se avisó a nadie de nada." };
    output::line(&styled(DIM, language.of(nobody)))?;
    Ok(())
}
